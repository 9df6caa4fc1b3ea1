"""Retention calendar, objections of persons, erasure and its certificates."""

from __future__ import annotations

from collections import deque
from typing import Any

from anyio.to_thread import run_sync
from starlette.responses import Response

from wasl.locale import N_
from wasl.service import erasure, log, objection_effects, objections, retention
from wasl.service.access import Action
from wasl.service.ports import Area, Incoming
from wasl.service.records import Job, JobKind, Register, RetentionRule, Submission
from wasl.web.console.forms import PageFault
from wasl.web.console.pages import AnyPage, Page, Pages
from wasl.web.console.uploads import receive_file

__all__ = ["pages"]

pages = Pages()

BASE = "/console/projects/{project}/retention"
OBJECTIONS = "/console/projects/{project}/objections"
SHOWN = 100
ENTRIES_AT_A_TIME = 5000
LONGEST_LIST = 400_000
MOST_LIST_BYTES = 2**20
"""Size of a file with the 10,000 record ids that one list may have: 0.4 MB as CSV with long register names."""

EFFECTS = {
    "void": N_("void: it has to be protected again, without these persons"),
    "left out": N_("made without these persons"),
    "in the making": N_("in the making; what is kept is made without these persons"),
    "public before": N_("published before the objection; copies cannot be called back"),
    "withdrawn before": N_("withdrawn"),
    "not made": N_("could not be protected; nothing is kept"),
}
"""Effects of an objection on a file."""


@pages("GET", BASE, Action.RETENTION_READ)
def show_retention(page: AnyPage, project: str) -> Response:
    """The rules, the calendar of what falls due, and the certificates of what was erased."""
    with page.office.ledger.reading() as state:
        rules = state.select(RetentionRule, project=project)
        registers = state.select(Register, project=project)
        sent = state.select(Submission, project=project, purged=False)
        jobs = state.select(Job, project=project, kind=JobKind.ERASE, descending=True, limit=10)
    calendar = retention.calendar(sent, rules, page.caller.at)
    return page.render(
        "retention.html",
        rules=rules,
        registers=registers,
        calendar=[one for one in calendar if one.now or one.day][:SHOWN],
        forever=sum(not one.now and not one.day for one in calendar),
        due=sum(one.now for one in calendar),
        jobs=jobs,
        certificates=_certificates(page, project),
    )


@pages("POST", BASE + "/rules", Action.RETENTION_SET)
def set_rule(page: AnyPage, project: str) -> Response:
    """Set how long what a register sent for a round is kept."""
    form = page.form
    register, round_name, days = form.text("register", most=63), form.text("round", most=100), form.number("days")
    page.once(
        lambda caller: retention.declare_retention(
            page.office, caller, project=project, register=register, round_name=round_name, days=days
        )
    )
    return page.go(f"/console/projects/{project}/retention", said="rule-set")


@pages("POST", BASE + "/erasures", Action.ERASE, confirms=True)
def ask_for_erasure(page: AnyPage, project: str) -> Response:
    """Delete what is withdrawn or past its rule; the log keeps digest and reason as the certificate."""
    page.once(lambda caller: erasure.request_erasure(page.office, caller, project=project))
    return page.go(f"/console/projects/{project}/retention", said="erasure-asked")


@pages("GET", OBJECTIONS, Action.OBJECTION_SEND)
def show_objections(page: AnyPage, project: str) -> Response:
    """The lists that a register's holder sent, without the record ids, what they changed, and the forms for others."""
    register = page.actor.register or ""
    found = objection_effects.sent_objections(page.office, page.caller, project=project, register=register)
    return page.render("objections.html", register=register, sent=found[:SHOWN], of=len(found), effects=EFFECTS)


@pages("GET", OBJECTIONS + "/{objection}", Action.OBJECTION_SEND)
def show_certificate(page: AnyPage, project: str, objection: str) -> Response:
    """The certificate of one list: its entry in the log, its digest, and what it changed until today."""
    register = page.actor.register or ""
    found = objection_effects.sent_objections_of(
        page.office, page.caller, project=project, register=register, objection=objection
    )
    return page.render("objection.html", register=register, one=found, effects=EFFECTS, today=page.caller.stamp)


@pages("POST", OBJECTIONS + "/file", Action.OBJECTION_SEND, streams=True)
async def send_objections_file(page: AnyPage, project: str) -> Response:
    """Send record ids of persons who object as a file: one a line, CSV or JSON."""
    incoming, _ = await receive_file(page, Area.RELEASE)
    with incoming:
        await run_sync(lambda: _receive_file(page, project, incoming))
    return page.go(f"/console/projects/{project}/objections", said="objections-received")


@pages("POST", OBJECTIONS, Action.OBJECTION_SEND)
def send_objections(page: AnyPage, project: str) -> Response:
    """Send record ids of persons who object to the use of their data."""
    register = page.actor.register or ""
    records = page.form.text("records", most=LONGEST_LIST).split()
    page.once(
        lambda caller: objections.receive_objections(
            page.office, caller, project=project, register=register, records=records
        )
    )
    return page.go(f"/console/projects/{project}/objections", said="objections-received")


def _receive_file(page: Page, project: str, incoming: Incoming) -> None:
    if incoming.path.stat().st_size > MOST_LIST_BYTES:
        raise PageFault(413, N_("The file is larger than a list of objections can be."))
    register = page.actor.register or ""
    records = objections.records_in_file(incoming.path.read_bytes(), register)
    objections.receive_objections(page.office, page.caller, project=project, register=register, records=records)


def _certificates(page: Page, project: str) -> list[Any]:
    """The entries of the log that certify an erasure, the newest first; for those who may read the log.

    Entries without files are left out: an erasure that found nothing once made one.
    """
    if not page.can(Action.AUDIT_READ):
        return []
    newest: deque[Any] = deque(maxlen=SHOWN)
    first = 0
    while True:
        some = log.read_entries(
            page.office, page.caller, first=first, limit=ENTRIES_AT_A_TIME, kind="FilesErased", project=project
        )
        newest.extend(one for one in some if one.event.detail.get("files"))
        if len(some) < ENTRIES_AT_A_TIME:
            return list(reversed(newest))
        first = some[-1].index + 1
