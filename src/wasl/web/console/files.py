"""Files of a register: upload with progress and digest, history, withdrawal; and the deliveries of every register."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Set
from typing import Any

from anyio.to_thread import run_sync
from starlette.responses import Response

from wasl.errors import NotFoundError
from wasl.service import submissions
from wasl.service.access import Action
from wasl.service.fetched import asked_for_delivery
from wasl.service.ports import Incoming
from wasl.service.projects import register_id
from wasl.service.records import Register, Run, Submission, SubmissionKind
from wasl.service.returns import return_name
from wasl.service.states import RunStatus
from wasl.web.console.charts import Bar, Chart, bars
from wasl.web.console.pages import AnyPage, Page, Pages
from wasl.web.console.uploads import receive_file
from wasl.web.downloads import send_file

__all__ = ["pages"]

pages = Pages()

BASE = "/console/projects/{project}/files"
REGISTER = BASE + "/{register}"
HISTORY = 50
RUNS = 20
PLURALS = {
    "deliveries": SubmissionKind.DELIVERY,
    "join-maps": SubmissionKind.JOIN_MAP,
    "payloads": SubmissionKind.PAYLOAD,
}


@pages("GET", BASE, Action.DELIVERY_READ)
def show_files(page: AnyPage, project: str) -> Response:
    """What every register has sent, by round; a holder goes on to his own register."""
    if page.actor.register is not None:
        return page.go(f"/console/projects/{project}/files/{page.actor.register}")
    with page.office.ledger.reading() as state:
        registers = state.select(Register, project=project)
        sent = state.select(Submission, project=project, descending=True)
    rounds: dict[str, dict[str, dict[str, Submission]]] = defaultdict(lambda: defaultdict(dict))
    newest: dict[str, str] = {}
    for one in sorted(sent, key=lambda one: one.sent_at or one.created_at):
        name = str(one.header.get("round", "")) if one.kind is SubmissionKind.DELIVERY else newest.get(one.register, "")
        newest[one.register] = name
        if not one.withdrawn:
            rounds[name][one.register][one.kind.value] = one
    return page.render(
        "files.html", registers=registers, rounds=dict(rounds), kinds=[kind.value for kind in SubmissionKind]
    )


@pages("GET", REGISTER, Action.DELIVERY_READ)
def show_register(page: AnyPage, project: str, register: str) -> Response:
    """One register: what was sent, what is missing, and where to send it."""
    with page.office.ledger.reading() as state:
        declared = state.get(Register, register_id(project, register))
        sent = state.select(Submission, project=project, register=register, limit=HISTORY, descending=True)
        runs = state.select(Run, project=project, descending=True, limit=RUNS)
        runs += state.select(Run, project=project, status=RunStatus.RESOLVED, descending=True, limit=RUNS)
    current = {one.kind.value: one for one in reversed(sent) if not one.withdrawn and not one.purged}
    used, later, earlier = _runs_of(runs, {one.id for one in sent}, return_name(register))
    linked = _linked(used, register)
    return page.render(
        "register_files.html",
        register=declared,
        sent=sent,
        current=current,
        kinds={kind.value: plural for plural, kind in PLURALS.items()},
        used=used,
        later=later,
        earlier=earlier,
        linked=linked,
        quality=_quality(page, linked),
        returned=used is not None and bool(used.artifacts.get(return_name(register))),
        no_return=declared.definition.get("return") == "none",
    )


@pages("POST", REGISTER + "/deliveries", Action.DELIVERY_SEND, streams=True)
async def send_delivery(page: AnyPage, project: str, register: str) -> Response:
    """Send a delivery."""
    return await _send(page, project, register, SubmissionKind.DELIVERY)


@pages("POST", REGISTER + "/join-maps", Action.JOIN_MAP_SEND, streams=True)
async def send_join_map(page: AnyPage, project: str, register: str) -> Response:
    """Send a join map."""
    return await _send(page, project, register, SubmissionKind.JOIN_MAP)


@pages("POST", REGISTER + "/payloads", Action.PAYLOAD_SEND, streams=True)
async def send_payload(page: AnyPage, project: str, register: str) -> Response:
    """Send a payload."""
    return await _send(page, project, register, SubmissionKind.PAYLOAD)


@pages("POST", REGISTER + "/{submission}/withdraw", Action.DELIVERY_WITHDRAW)
def withdraw(page: AnyPage, project: str, register: str, submission: str) -> Response:
    """Take a file back, so that later runs do not use it."""
    version = page.form.version
    page.once(
        lambda caller: submissions.withdraw(
            page.office, caller, project=project, register=register, submission=submission, version=version
        )
    )
    return page.go(f"/console/projects/{project}/files/{register}", said="file-withdrawn")


@pages("GET", REGISTER + "/{submission}/file", Action.DELIVERY_DOWNLOAD)
def download(page: AnyPage, project: str, register: str, submission: str) -> Any:
    """A delivery's file: for its holder and for the linkage unit."""
    with page.office.ledger.reading() as state:
        found = submissions.find_submission(state, project, register, submission, SubmissionKind.DELIVERY)
    if found.purged:
        raise NotFoundError("this file was erased.")
    return send_file(
        page.request,
        page.caller,
        project=project,
        subject=found.id,
        area=submissions.AREAS[SubmissionKind.DELIVERY],
        digest=found.file,
        name=f"{register}.parquet",
        asked=asked_for_delivery(page.caller, found),
    )


async def _send(page: Page, project: str, register: str, kind: SubmissionKind) -> Response:
    incoming, _ = await receive_file(page, submissions.AREAS[kind])
    with incoming:
        await run_sync(lambda: _receive(page, project, register, kind, incoming))
    return page.go(f"/console/projects/{project}/files/{register}", said="file-received")


def _receive(page: Page, project: str, register: str, kind: SubmissionKind, incoming: Incoming) -> None:
    submissions.receive(page.office, page.caller, project=project, register=register, kind=kind, incoming=incoming)


def _runs_of(runs: Iterable[Run], sent: Set[str], returned: str) -> tuple[Run | None, Run | None, list[Run]]:
    """The runs that used what a register sent.

    Args:
        runs: Runs of the project.
        sent: Ids of the register's files.
        returned: Name of the register's return among the artifacts of a run.

    Returns:
        The newest that is resolved, else the newest; a newer one that is not resolved yet; older ones with a return.
    """
    mine = {run.id: run for run in runs if not sent.isdisjoint(run.deliveries)}
    newest = sorted(mine.values(), key=lambda run: run.created_at, reverse=True)
    resolved = [run for run in newest if run.status is RunStatus.RESOLVED]
    used = next(iter(resolved or newest), None)
    later = newest[0] if newest and newest[0] is not used else None
    return used, later, [run for run in resolved[1:] if run.artifacts.get(returned)]


def _linked(run: Run | None, register: str) -> dict[str, Any] | None:
    """The part of a run's report on one register: its linked records and the estimated errors."""
    if run is None:
        return None
    quality = run.report.get("resolution", {}).get("quality") or {}
    for row in quality.get("by_register", ()):
        if row.get("group") == register:
            return dict(row)
    return None


def _quality(page: Page, linked: dict[str, Any] | None) -> Any:
    """The shares of linked records as a chart."""
    if not linked or not linked.get("records"):
        return ""
    _ = page.language.text
    chart = Chart(
        _("Records of this register"),
        _("Bars: how many records there are, and how many were linked to another record."),
        page.language,
        lambda value: page.language.number(round(value)),
    )
    rows = [Bar(_("records"), linked["records"], "soft"), Bar(_("linked"), linked["linked"])]
    return bars(chart, rows)
