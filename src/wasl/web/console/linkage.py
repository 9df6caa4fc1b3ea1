"""Linkage runs: plan and deliveries, progress, the report with its charts, the union leak meter, resolution."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from starlette.responses import Response

from wasl.errors import InputError, WaslError
from wasl.linkage.plan import LinkagePlan
from wasl.registers.documents import config_dir
from wasl.registers.exchange.parquet_tables import read_parquet
from wasl.registers.known_names import known_as
from wasl.service import linkages, resolutions, reviews
from wasl.service.access import Action
from wasl.service.fetched import asked_for_run
from wasl.service.ports import Area
from wasl.service.records import Job, JobStatus, Run, Submission, SubmissionKind
from wasl.service.states import RunStatus
from wasl.web.console.charts import Bar, Chart, bars, columns
from wasl.web.console.documents import read_toml_field
from wasl.web.console.pages import AnyPage, Page, Pages
from wasl.web.console.sayings import say_error
from wasl.web.console.shipped import offered, shipped
from wasl.web.downloads import send_file
from wasl.web.problems import status_of
from wasl.web.reports import send_linkage_report

__all__ = ["pages"]

pages = Pages()

BASE = "/console/projects/{project}/runs"
RUN = BASE + "/{run}"
SHOWN = 30
LONGEST_PLAN = 100_000
ACTIVE = (JobStatus.QUEUED, JobStatus.RUNNING)
SHOWN_CONFLICTS = 100


@pages("GET", BASE, Action.LINKAGE_READ)
def show_runs(page: AnyPage, project: str) -> Response:
    """The project's runs, the newest first."""
    with page.office.ledger.reading() as state:
        runs = state.select(Run, project=project, limit=SHOWN, descending=True)
    return page.render("runs.html", runs=runs)


@pages("GET", BASE + "/new", Action.LINKAGE_REQUEST)
def show_new_run(page: AnyPage, project: str) -> Response:
    """The page where a run is prepared: the plan, the deliveries by round, the spine to continue."""
    return _new_run(page, project, page.request.query_params.get("plan", "morocco"))


@pages("POST", BASE + "/new", Action.LINKAGE_REQUEST)
def start_run(page: AnyPage, project: str) -> Response:
    """Ask for a run."""
    name, text = page.form.text("plan", most=80), page.form.text("document", most=LONGEST_PLAN)
    deliveries = page.form.every("delivery")
    try:
        plan: Mapping[str, Any] = read_toml_field(text, "the plan") if text else {"name": name}
        run = page.once(
            lambda caller: linkages.request_linkage(
                page.office,
                caller,
                project=project,
                plan=plan,
                deliveries=deliveries,
                onto=page.form.text("onto", most=80),
                purpose=page.form.text("purpose", most=60),
            )
        )
    except WaslError as error:
        return _new_run(page, project, name, text, say_error(error, status_of(error), page.language))
    return page.go(f"/console/projects/{project}/runs/{run}", said="run-asked")


@pages("GET", RUN, Action.LINKAGE_READ, logged_as="linkage report")
def show_run(page: AnyPage, project: str, run: str) -> Response:
    """A run with its report."""
    with page.office.ledger.reading() as state:
        found = linkages.find_run(state, project, run)
        job = state.find(Job, found.job) if found.job else None
        used = [state.get(Submission, one) for one in found.deliveries]
        queue = reviews.review_queue(state, run) if found.status is not RunStatus.REQUESTED else []
    return page.render(
        "run.html",
        run=found,
        job=job,
        working=job is not None and job.status in ACTIVE,
        deliveries=used,
        report=found.report,
        resolution=found.report.get("resolution", {}),
        reviewed=Counter(one.state.value for one in queue),
        charts=_charts(page, found.report),
        plan=found.plan,
    )


@pages("GET", RUN + "/report.html", Action.LINKAGE_READ, logged_as="linkage report")
def download_report(page: AnyPage, project: str, run: str) -> Response:
    """The report as one file, made on request in the language of the page."""
    return send_linkage_report(page.request, project, run, page.language.language)


@pages("GET", RUN + "/progress", Action.LINKAGE_READ)
def show_progress(page: AnyPage, project: str, run: str) -> Response:
    """How far the run's job is; the page asks for this part again and again while it is at work."""
    with page.office.ledger.reading() as state:
        found = linkages.find_run(state, project, run)
        job = state.find(Job, found.job) if found.job else None
    working = job is not None and job.status in ACTIVE
    response = page.fragment(
        "progress.html", job=job, working=working, source=f"/console/projects/{project}/runs/{run}"
    )
    if not working:
        response.headers["HX-Refresh"] = "true"
    return response


@pages("POST", RUN + "/cancel", Action.LINKAGE_CANCEL)
def cancel_run(page: AnyPage, project: str, run: str) -> Response:
    """Ask the run's job to stop."""
    page.once(lambda caller: linkages.cancel_run(page.office, caller, project=project, run=run))
    return page.go(f"/console/projects/{project}/runs/{run}", said="run-cancelled")


@pages("POST", RUN + "/resolution", Action.SPINE_RESOLVE)
def resolve_run(page: AnyPage, project: str, run: str) -> Response:
    """Ask for the table of persons."""
    page.once(lambda caller: resolutions.request_resolution(page.office, caller, project=project, run=run))
    return page.go(f"/console/projects/{project}/runs/{run}", said="resolution-asked")


@pages("POST", RUN + "/reproduction", Action.LINKAGE_REPRODUCE)
def reproduce_run(page: AnyPage, project: str, run: str) -> Response:
    """Ask that the run be repeated and compared."""
    job = page.once(lambda caller: resolutions.request_reproduction(page.office, caller, project=project, run=run))
    return page.go(f"/console/jobs/{job}", said="reproduction-asked")


@pages("GET", RUN + "/conflicts", Action.LINKS_READ, logged_as="conflicts")
def show_conflicts(page: AnyPage, project: str, run: str) -> Response:
    """The spine keeper's page: pairs that could not be linked, and persons who were merged or split."""
    with page.office.ledger.reading() as state:
        found = linkages.find_run(state, project, run)
    rows: list[dict[str, Any]] = []
    total = 0
    reasons: Counter[str] = Counter()
    if found.conflicts:
        table, _ = read_parquet(page.office.files.path(Area.SPINE, found.conflicts), "conflicts")
        total = table.num_rows
        rows = _masked(table.slice(0, SHOWN_CONFLICTS))
        reasons = _counted(table)
    return page.render(
        "conflicts.html",
        run=found,
        rows=rows,
        total=total,
        reasons=reasons,
        changes=found.report.get("resolution", {}).get("changes", {}),
    )


@pages("GET", RUN + "/{what}.parquet", Action.LINKS_READ)
def download(page: AnyPage, project: str, run: str, what: str) -> Any:
    """Links, conflicts or the spine; for the spine keeper."""
    with page.office.ledger.reading() as state:
        found = linkages.find_run(state, project, run)
    digest = {"links": found.links, "conflicts": found.conflicts, "spine": found.spine}.get(what, "")
    if not digest:
        raise InputError("this run has no such file yet.")
    return send_file(
        page.request,
        page.caller,
        project=project,
        subject=f"{what} of {run}",
        area=Area.SPINE,
        digest=digest,
        name=f"{what}.parquet",
        asked=asked_for_run(found),
    )


def _new_run(page: Page, project: str, name: str, text: str = "", fault: Any = None) -> Response:
    with page.office.ledger.reading() as state:
        sent = state.select(
            Submission, project=project, kind=SubmissionKind.DELIVERY, withdrawn=False, purged=False, descending=True
        )
        runs = state.select(Run, project=project, status=RunStatus.RESOLVED, limit=SHOWN, descending=True)
    rounds: dict[str, list[Submission]] = {}
    for one in sent:
        rounds.setdefault(str(one.header.get("round", "")), []).append(one)
    plans = shipped("linkage")
    name = name if name in plans else plans[0]
    plan = LinkagePlan.load(name)
    return page.render(
        "new_run.html",
        status=fault.status if fault else 200,
        fault=fault,
        plans=offered("linkage", page.language),
        plan=plan,
        chosen=name,
        text=text,
        source=(config_dir() / "linkage" / f"{name}.toml").read_text(encoding="utf-8"),
        rounds=rounds,
        runs=runs,
    )


def _charts(page: Page, report: Mapping[str, Any]) -> dict[str, Any]:
    """The charts of a report; each has its numbers in a table of the page."""
    _ = page.language.text
    whole = lambda value: page.language.number(round(value))  # noqa: E731 - one line in three places
    made: dict[str, Any] = {}
    bins: Counter[int] = Counter()
    matches: Counter[int] = Counter()
    for flow in report.get("passes", ()):
        for weight, pairs, expected in flow.get("weights", ()):
            bins[int(weight)] += pairs
            matches[int(weight)] += expected
    if bins:
        span = range(min(bins), max(bins) + 1)
        made["weights"] = columns(
            Chart(
                _("Pairs by match weight"),
                _("Columns: pairs on a logarithmic scale; the filled part are expected matches."),
                page.language,
                whole,
            ),
            [(weight, bins[weight], matches[weight]) for weight in span],
            x_name=_("match weight (bits)"),
        )
        made["weight_rows"] = [(weight, bins[weight], matches[weight]) for weight in span if bins[weight]]
    leak = [one for one in report.get("union_leak", ()) if one.get("largest")]
    if leak:
        made["leak"] = bars(
            Chart(
                _("Union leak meter"),
                _("Bars: the largest T of each pass over all deliveries together. The less, the better."),
                page.language,
                lambda value: page.language.number(value, 2),
            ),
            [
                Bar(known_as(one["pass"], page.language), one["largest"], "warn" if one["largest"] > 1 else "main")
                for one in leak
            ],
        )
    sizes = report.get("resolution", {}).get("cluster_sizes", {})
    if sizes:
        made["sizes"] = bars(
            Chart(
                _("Persons by number of records"),
                _("Bars: how many persons have so many records."),
                page.language,
                whole,
            ),
            [Bar(str(size), count) for size, count in sizes.items()],
        )
    return made


def _masked(table: pa.Table) -> list[dict[str, Any]]:
    """Rows of the conflicts without the ids of records."""
    kept = [name for name in table.column_names if not name.endswith(("record_id", "row_id", "person_id"))]
    return [dict(row) for row in table.select(kept).to_pylist()]


def _counted(table: pa.Table) -> Counter[str]:
    name = next((one for one in ("reason", "kind", "rule") if one in table.column_names), None)
    if name is None:
        return Counter()
    counts: Sequence[Mapping[str, Any]] = pc.value_counts(table.column(name).cast(pa.string())).to_pylist()
    return Counter({str(one["values"]): int(one["counts"]) for one in counts})
