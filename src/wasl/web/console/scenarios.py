"""The risk–utility explorer: policies side by side on the microdata of a release."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from wasl.errors import WaslError
from wasl.locale import N_
from wasl.service import release_steps
from wasl.service.access import Action
from wasl.service.records import Job, JobKind, JobStatus
from wasl.service.scenarios import MOST_SCENARIOS, read_comparison, request_comparison
from wasl.web.console.charts import Bar, Chart, Point, bars, scatter
from wasl.web.console.forms import Form, PageFault
from wasl.web.console.pages import AnyPage, Page, Pages
from wasl.web.console.sayings import say_error
from wasl.web.console.titles import variable_labels
from wasl.web.problems import status_of

__all__ = ["pages"]

pages = Pages()

BASE = "/console/projects/{project}/releases/{release}/scenarios"
ROWS = 4
"""Scenarios that the form offers."""

ACTIVE = (JobStatus.QUEUED, JobStatus.RUNNING)
GEOGRAPHY = ("region", "province", "city")


@pages("GET", BASE, Action.RISK_READ, logged_as="scenarios")
def show_scenarios(page: AnyPage, project: str, release: str) -> Response:
    """The scenarios compared last, and the form for others."""
    return _page(page, project, release)


@pages("POST", BASE, Action.RELEASE_PREPARE)
def ask(page: AnyPage, project: str, release: str) -> Response:
    """Ask for a comparison; the job does the work."""
    with page.office.ledger.reading() as state:
        found = release_steps.find_release(state, project, release)
    try:
        scenarios = _read(page.form, found.policy)
        page.once(
            lambda caller: request_comparison(
                page.office,
                caller,
                project=project,
                release=release,
                scenarios=scenarios,
                groups=page.form.every("group"),
            )
        )
    except WaslError as error:
        return _page(page, project, release, say_error(error, status_of(error), page.language))
    return page.go(f"/console/projects/{project}/releases/{release}/scenarios")


@pages("GET", BASE + "/progress", Action.RELEASE_READ)
def show_progress(page: AnyPage, project: str, release: str) -> Response:
    """How far the comparison is."""
    with page.office.ledger.reading() as state:
        release_steps.find_release(state, project, release)
    job = _job(page, release)
    working = job is not None and job.status in ACTIVE
    source = f"/console/projects/{project}/releases/{release}/scenarios"
    response = page.fragment("progress.html", job=job, working=working, source=source)
    if not working:
        response.headers["HX-Refresh"] = "true"
    return response


def _page(page: Page, project: str, release: str, fault: Any = None) -> Response:
    with page.office.ledger.reading() as state:
        found = release_steps.find_release(state, project, release)
    comparison = read_comparison(page.office, found)
    job = _job(page, release)
    keys = [one["name"] for one in found.policy.get("variables", ()) if one.get("role") == "key"]
    levels = {name: _level(found.policy, name) for name in keys if _level(found.policy, name) is not None}
    return page.render(
        "scenarios.html",
        status=fault.status if fault else 200,
        fault=fault,
        release=found,
        job=job,
        working=job is not None and job.status in ACTIVE,
        source=f"/console/projects/{project}/releases/{release}/scenarios",
        comparison=comparison,
        charts=_charts(page, comparison) if comparison else {},
        rows=range(1, ROWS + 1),
        keys=keys,
        levels=levels,
        labels=variable_labels(found.description, page.language),
        geography=next((name for name in keys if name in GEOGRAPHY), keys[0] if keys else ""),
        thresholds=found.policy.get("thresholds", {}),
        most=MOST_SCENARIOS,
    )


def _job(page: Page, release: str) -> Job | None:
    with page.office.ledger.reading() as state:
        jobs = state.select(Job, kind=JobKind.COMPARE, subject=release, descending=True, limit=1)
    return jobs[0] if jobs else None


def _read(form: Form, policy: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The scenarios of the form: each is the release's policy with other thresholds, or less coarse geography.

    Raises:
        PageFault: A field holds no number.
    """
    found = []
    for row in range(1, ROWS + 1):
        name = form.text(f"name{row}", most=60)
        if not name:
            continue
        changed = copy.deepcopy(dict(policy))
        thresholds = changed["thresholds"]
        k, risk, distinct = (form.text(f"{field}{row}", most=20).replace(",", ".") for field in ("k", "risk", "l"))
        try:
            if k:
                thresholds["k"] = int(k)
            if risk:
                thresholds["individual_risk"] = float(risk)
            if distinct and thresholds.get("sensitive"):
                thresholds["sensitive"] = [{**one, "l_distinct": int(distinct)} for one in thresholds["sensitive"]]
            variable, level = form.text(f"variable{row}", most=60), form.text(f"level{row}", most=5)
            if variable and level:
                _recode(changed, variable, int(level))
        except ValueError:
            raise PageFault(422, N_("A field of the scenario “{name}” takes a number."), name=name) from None
        found.append((name, changed))
    return found


def _recode(policy: dict[str, Any], variable: str, level: int) -> None:
    """Set the level to which a variable is recoded; level 0 leaves it as it is."""
    methods = []
    for one in policy.get("methods", ()):
        if one.get("kind") == "recode" and one.get("variable") == variable:
            if level:
                methods.append({**one, "level": level})
        else:
            methods.append(one)
    policy["methods"] = methods


def _level(policy: Mapping[str, Any], variable: str) -> int | None:
    """The level to which a policy recodes a variable; None where it does not."""
    for one in policy.get("methods", ()):
        if one.get("kind") == "recode" and one.get("variable") == variable:
            level: int = one["level"]
            return level
    return None


def _charts(page: Page, comparison: Mapping[str, Any]) -> dict[str, Any]:
    _ = page.language.text
    points = [
        Point(one["name"], one["risk"], one["utility"], "bad" if not one["passed"] else "good")
        for one in comparison["scenarios"]
        if one["risk"] is not None and one["utility"] is not None
    ]
    original = comparison["original"]
    if original["risk"] is not None and original["utility"] is not None:
        points.append(Point(_("original"), original["risk"], original["utility"], "soft"))
    made: dict[str, Any] = {}
    if points:
        made["map"] = scatter(
            Chart(
                _("Risk–utility map"),
                _("Each point is a scenario. Further up is more useful, further left is safer."),
                page.language,
                lambda value: page.language.percent(value, 0),
            ),
            points,
            x_name=_("expected re-identifications, share of rows"),
            y_name=_("utility"),
        )
    for name in next((one["groups"] for one in comparison["scenarios"] if one["groups"]), {}):
        made.setdefault("groups", {})[name] = [
            (
                one["name"],
                bars(
                    Chart(
                        _("What each group keeps: {scenario}", scenario=one["name"]),
                        _("Bars: the share of the group's rows in which it is still named."),
                        page.language,
                        lambda value: page.language.percent(value, 0),
                    ),
                    [Bar(group["group"], group["named"], "good") for group in one["groups"].get(name, ())][:20],
                    most=1.0,
                ),
                one["groups"].get(name, ()),
            )
            for one in comparison["scenarios"]
            if one["groups"]
        ]
    return made
