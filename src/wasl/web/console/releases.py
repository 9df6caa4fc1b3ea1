"""Releases: prepared and protected at the desk, decided by another person, published; with risks and losses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.responses import Response

from wasl.disclosure.report.attack_tables import attack_name
from wasl.errors import NotFoundError, WaslError
from wasl.service import packages, release_steps, releases
from wasl.service.access import Action
from wasl.service.fetched import asked_for_protected
from wasl.service.ports import Area, Office
from wasl.service.records import Job, JobStatus, Release, Run
from wasl.service.states import RELEASE_STEPS, ReleaseStatus, ReleaseStep, RunStatus
from wasl.web.console.charts import Bar, Chart, bars
from wasl.web.console.documents import (
    NOUNS,
    THRESHOLDS,
    read_document,
    read_thresholds,
    written,
)
from wasl.web.console.method_words import method_in_words
from wasl.web.console.pages import AnyPage, Page, Pages
from wasl.web.console.sayings import say_error
from wasl.web.console.shipped import offered, shipped_text
from wasl.web.console.titles import methods_of, said_in_words, variable_labels
from wasl.web.downloads import send_file
from wasl.web.problems import status_of
from wasl.web.reports import send_internal_file, send_internal_report

__all__ = ["pages"]

pages = Pages()

BASE = "/console/projects/{project}/releases"
RELEASE = BASE + "/{release}"
SHOWN = 50
ACTIVE = (JobStatus.QUEUED, JobStatus.RUNNING)
MOST_SEED = (1 << 62) - 1
DOCUMENTS = ("specification", "policy", "description")
STARTS = {"policy": "public-use", "specification": "foreign-workers", "description": "foreign-workers-puf"}
"""The shipped documents that a new release begins with."""
STEP_SAID = {
    "request": "requested",
    "approve": "approved",
    "refuse": "refused",
    "revoke": "revoked",
    "publish": "publishing",
    "withdraw": "withdrawn",
}


@pages("GET", BASE, Action.RELEASE_READ)
def show_releases(page: AnyPage, project: str) -> Response:
    """The project's releases, the newest first."""
    with page.office.ledger.reading() as state:
        found = state.select(Release, project=project, limit=SHOWN, descending=True)
    return page.render("releases.html", releases=found)


@pages("GET", BASE + "/new", Action.RELEASE_PREPARE)
def show_new(page: AnyPage, project: str) -> Response:
    """The page where a file is prepared."""
    asked = page.request.query_params
    if asked.get("from"):
        earlier = _find(page.office, project, asked["from"])
        return _new_page(
            page, project, earlier.run, earlier.title, {name: written(getattr(earlier, name)) for name in DOCUMENTS}
        )
    texts = {
        "specification": shipped_text("microdata", asked.get("specification", STARTS["specification"])),
        "policy": shipped_text("disclosure", asked.get("policy", STARTS["policy"])),
        "description": shipped_text("publication", asked.get("description", STARTS["description"])),
    }
    return _new_page(page, project, asked.get("run", ""), "", texts)


@pages("POST", BASE + "/new", Action.RELEASE_PREPARE)
def prepare(page: AnyPage, project: str) -> Response:
    """Assemble microdata and protect them; the job does the work."""
    form = page.form
    run, title = form.text("run", most=80), form.text("title", most=300)
    try:
        documents = {name: read_document(form, name, NOUNS[name]) for name in DOCUMENTS}
        seed = form.number("seed", most=MOST_SEED) if form.text("seed", most=30) else None
        release = page.once(
            lambda caller: releases.prepare_release(
                page.office,
                caller,
                project=project,
                run=run,
                title=title or run,
                seed=seed,
                purpose=form.text("purpose", most=60),
                specification=documents["specification"],
                policy=documents["policy"],
                description=documents["description"],
            )
        )
    except WaslError as error:
        texts = {name: form.text(name, most=300_000) for name in DOCUMENTS}
        return _new_page(page, project, run, title, texts, say_error(error, status_of(error), page.language))
    return page.go(f"/console/projects/{project}/releases/{release}", said="release-asked")


@pages("GET", RELEASE, Action.RISK_READ, logged_as="risk report")
def show_release(page: AnyPage, project: str, release: str) -> Response:
    """A release: what is to be published, its risks and attacks, what is lost, the differences from an earlier one."""
    with page.office.ledger.reading() as state:
        found = release_steps.find_release(state, project, release)
        job = state.find(Job, found.job) if found.job else None
        run = state.find(Run, found.run)
        earlier = [
            one
            for one in state.select(Release, project=project, status=ReleaseStatus.PUBLISHED, descending=True)
            if one.id != release and one.id < release
        ]
    working = job is not None and job.status in ACTIVE
    return page.render(
        "release.html",
        release=found,
        run=run,
        job=job,
        working=working,
        source=f"/console/projects/{project}/releases/{release}",
        steps=_steps(page, found),
        mine=_first_eyes(page, found),
        risk=releases.without_seed(found.risk),
        internal=page.can(Action.RELEASE_INTERNAL, project=project) and releases.INTERNAL_FILE in found.artifacts,
        before=found.risk.get("risk_before") or {},
        after=found.risk.get("risk_after") or {},
        utility=found.risk.get("utility") or {},
        attacks=(found.risk.get("attacks") or {}).get("attacks", []),
        charts=_charts(page, found),
        earlier=earlier[0] if earlier else None,
        differences=_differences(page, found, earlier[0]) if earlier else [],
        thresholds=THRESHOLDS,
        labels=variable_labels(found.description, page.language),
        methods=methods_of(found, page.language),
        failure=said_in_words(found.failure, variable_labels(found.description, page.language), page.language),
    )


@pages("GET", RELEASE + "/internal-report.html", Action.RISK_READ, logged_as="risk report")
def download_internal_report(page: AnyPage, project: str, release: str) -> Response:
    """The confidential report as one file, in the language of the page."""
    return send_internal_report(page.request, page.caller, project, release, page.language.language)


@pages("GET", RELEASE + "/internal-report.json", Action.RELEASE_INTERNAL)
def download_internal_file(page: AnyPage, project: str, release: str) -> Response:
    """The confidential report with the seed, for the release desk."""
    return send_internal_file(page.request, page.caller, project, release)


@pages("GET", RELEASE + "/progress", Action.RELEASE_READ)
def show_progress(page: AnyPage, project: str, release: str) -> Response:
    """How far the release's job is."""
    with page.office.ledger.reading() as state:
        found = release_steps.find_release(state, project, release)
        job = state.find(Job, found.job) if found.job else None
    working = job is not None and job.status in ACTIVE
    source = f"/console/projects/{project}/releases/{release}"
    response = page.fragment("progress.html", job=job, working=working, source=source)
    if not working:
        response.headers["HX-Refresh"] = "true"
    return response


@pages("GET", RELEASE + "/policy", Action.RELEASE_PREPARE, logged_as="policy")
def show_policy(page: AnyPage, project: str, release: str) -> Response:
    """The policy editor: thresholds as fields, the whole document as text, checked before anything is done."""
    found = _find(page.office, project, release)
    return _policy_page(page, found, found.policy, written(found.policy))


@pages("POST", RELEASE + "/policy", Action.RELEASE_PREPARE)
def protect_again(page: AnyPage, project: str, release: str) -> Response:
    """Check the policy, or protect the file anew under it."""
    from wasl.service.documents import accept_policy

    form = page.form
    found = _find(page.office, project, release)
    text = form.text("policy", most=300_000)
    try:
        policy = read_thresholds(form, read_document(form, "policy", "the policy"))
        policy = {
            **policy,
            "hierarchy_texts": {**found.policy.get("hierarchy_texts", {}), **policy.get("hierarchy_texts", {})},
        }
        accepted = accept_policy(policy)
        if form.text("act", most=20) == "check":
            return _policy_page(page, found, accepted, written(accepted), checked=True)
        version = form.version
        page.once(
            lambda caller: releases.protect_again(
                page.office,
                caller,
                project=project,
                release=release,
                version=version,
                policy=policy,
                purpose=form.text("purpose", most=60),
            )
        )
    except WaslError as error:
        return _policy_page(page, found, found.policy, text, say_error(error, status_of(error), page.language))
    return page.go(f"/console/projects/{project}/releases/{release}", said="release-asked")


@pages("GET", RELEASE + "/protected.parquet", Action.RELEASE_READ)
def download_protected(page: AnyPage, project: str, release: str) -> Any:
    """The protected file, as it would be published."""
    found = _find(page.office, project, release)
    if not found.protected:
        raise NotFoundError(f"release {release} has no protected file yet.")
    return send_file(
        page.request,
        page.caller,
        project=project,
        subject=f"protected file of {release}",
        area=Area.RELEASE,
        digest=found.protected,
        name="protected.parquet",
        asked=asked_for_protected(page.caller, found),
    )


def _add_step(step: str, act: Callable[..., Release], *, confirms: bool, reasoned: bool) -> None:
    """The button of one step of a release."""
    action = ReleaseStep(step).action
    assert action is not None  # noqa: S101 - the steps below are those that people take

    @pages("POST", f"{RELEASE}/{step}", action, confirms=confirms)
    def take(page: AnyPage, project: str, release: str) -> Response:
        version = page.form.version
        given = {"reason": page.form.text("reason", most=2000)} if reasoned else {}
        page.once(lambda caller: act(page.office, caller, project=project, release=release, version=version, **given))
        return page.go(f"/console/projects/{project}/releases/{release}", said=STEP_SAID[step])


_add_step("request", release_steps.request_release, confirms=False, reasoned=False)
_add_step("approve", release_steps.approve_release, confirms=True, reasoned=True)
_add_step("refuse", release_steps.refuse_release, confirms=False, reasoned=True)
_add_step("revoke", release_steps.revoke_approval, confirms=False, reasoned=True)
_add_step("publish", packages.publish_release, confirms=True, reasoned=False)
_add_step("withdraw", release_steps.withdraw_release, confirms=False, reasoned=True)


def _find(office: Office, project: str, release: str) -> Release:
    with office.ledger.reading() as state:
        return release_steps.find_release(state, project, release)


def _steps(page: Page, release: Release) -> set[str]:
    """The steps that are possible now and that the caller may take."""
    return {
        step.value
        for (status, step) in RELEASE_STEPS
        if status is release.status and step.action is not None and page.can(step.action, project=release.project)
    }


def _first_eyes(page: Page, release: Release) -> bool:
    """Whether the caller prepared, protected or requested the release, so that another must decide on it."""
    try:
        release_steps.require_other_eyes(release, page.caller)
    except WaslError:
        return True
    return False


def _new_page(page: Page, project: str, run: str, title: str, texts: Mapping[str, str], fault: Any = None) -> Response:
    with page.office.ledger.reading() as state:
        runs = state.select(Run, project=project, status=RunStatus.RESOLVED, descending=True, limit=SHOWN)
    return page.render(
        "new_release.html",
        status=fault.status if fault else 200,
        fault=fault,
        runs=runs,
        run=run,
        title=title,
        texts=texts,
        policies=offered("disclosure", page.language),
        specifications=offered("microdata", page.language),
        descriptions=offered("publication", page.language),
        asked={**STARTS, **page.request.query_params},
    )


def _policy_page(
    page: Page, release: Release, policy: Mapping[str, Any], text: str, fault: Any = None, *, checked: bool = False
) -> Response:
    labels = variable_labels(release.description, page.language)
    return page.render(
        "policy.html",
        status=fault.status if fault else 200,
        fault=fault,
        release=release,
        policy=policy,
        methods=[method_in_words(one, labels, page.language) for one in policy.get("methods", ())],
        text=text,
        checked=checked,
        thresholds=THRESHOLDS,
        possible="protect-again" in _steps(page, release),
    )


def _charts(page: Page, release: Release) -> dict[str, Any]:
    _ = page.language.text
    percent = lambda value: page.language.percent(value, 1)  # noqa: E731 - one line in three places
    whole = lambda value: page.language.number(round(value, 1))  # noqa: E731
    labels = variable_labels(release.description, page.language)
    made: dict[str, Any] = {}
    after = release.risk.get("risk_after") or {}
    before = release.risk.get("risk_before") or {}
    contributions = after.get("contributions") or before.get("contributions") or {}
    if contributions:
        made["variables"] = bars(
            Chart(
                _("Contribution of each key to special uniques"),
                _("Bars: percent of the special uniques in which the variable takes part."),
                page.language,
                whole,
            ),
            [Bar(labels.get(name, name), one.get("suda_contribution") or 0) for name, one in contributions.items()],
        )
    attacks = (release.risk.get("attacks") or {}).get("attacks", [])
    if attacks:
        made["attacks"] = bars(
            Chart(
                _("Success of the attacks"),
                _("Bars: the share of persons an attacker gets right."),
                page.language,
                percent,
            ),
            [Bar(attack_name(one["attack"], page.language, labels), one["main"]["value"], "warn") for one in attacks],
            most=1.0,
        )
    variables = (release.risk.get("utility") or {}).get("variables") or {}
    if variables:
        made["detail"] = bars(
            Chart(
                _("Detail that each variable keeps"),
                _("Bars: the share of the original's detail (entropy) that is left."),
                page.language,
                percent,
            ),
            [Bar(labels.get(name, name), one["detail_kept"], "good") for name, one in variables.items()],
            most=1.0,
        )
    return made


def _differences(page: Page, new: Release, old: Release) -> list[tuple[str, Any, Any]]:
    """What differs between a release and the one that is published: in words, the earlier value, the new value."""
    _ = page.language.text
    found: list[tuple[str, Any, Any]] = []

    def differ(name: str, first: Any, second: Any) -> None:
        if first != second:
            found.append((name, first, second))

    differ(_("rows"), old.public_report.get("rows"), new.public_report.get("rows"))
    limits = [one.policy.get("thresholds", {}) for one in (old, new)]
    for name in sorted({*limits[0], *limits[1]}):
        differ(_("threshold {name}", name=name), limits[0].get(name), limits[1].get(name))
    after = [one.risk.get("risk_after") or {} for one in (old, new)]
    differ(_("value of k"), after[0].get("k"), after[1].get("k"))
    shares = [(one.get("individual_risk") or {}).get("share") for one in after]
    differ(_("expected re-identifications"), shares[0], shares[1])
    variables = [{one["name"] for one in release.public_report.get("variables", ())} for release in (old, new)]
    differ(_("variables only here"), sorted(variables[0] - variables[1]), sorted(variables[1] - variables[0]))
    methods = [methods_of(release, page.language) for release in (old, new)]
    differ(
        _("methods only here"),
        [one for one in methods[0] if one not in methods[1]],
        [one for one in methods[1] if one not in methods[0]],
    )
    differ(_("run"), old.run, new.run)
    return found
