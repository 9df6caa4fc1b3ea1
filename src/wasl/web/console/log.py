"""The auditor's pages: the log by person, kind and day, proofs, checkpoints, the visit report, the export."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from starlette.responses import Response, StreamingResponse

from wasl.audit.checkpoint import Checkpoint
from wasl.audit.events import KINDS, AuditEvent
from wasl.audit.notes import NoteVerifier
from wasl.audit.sentences import say_event
from wasl.audit.tree import load_frontier
from wasl.audit.visit_report import visit_report
from wasl.errors import InputError, WaslError
from wasl.locale import N_
from wasl.service import jobs, log
from wasl.service.access import Action
from wasl.service.records import User
from wasl.web.console.forms import PageFault
from wasl.web.console.pages import PAGE_HEADERS, AnyPage, Page, Pages
from wasl.web.console.sayings import say_error
from wasl.web.problems import status_of

__all__ = ["pages"]

pages = Pages()

PER_PAGE = 50
READ_AT_ONCE = 1000
LONGEST_FILTER = 200
LONGEST_NOTE = 20_000
FILTERS = ("kind", "actor", "project", "subject")


@pages("GET", "/console/log", Action.AUDIT_READ, logged_as="log")
def show_log(page: AnyPage) -> Response:
    """The log, chosen by person, kind, project, thing and day."""
    asked = {name: page.request.query_params.get(name, "")[:LONGEST_FILTER].strip() for name in FILTERS}
    first_day, last_day = _day(page, "from"), _day(page, "to")
    if asked["kind"] and asked["kind"] not in KINDS:
        raise PageFault(422, N_("There is no such kind of event."), N_("Choose one from the list."))
    after = first_day.isoformat() if first_day else ""
    before = (last_day + timedelta(days=1)).isoformat() if last_day else ""
    text = page.request.query_params.get("first", "0")
    first = int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0
    found = log.read_entries(
        page.office, page.caller, first=first, limit=PER_PAGE + 1, after=after, before=before, **asked
    )
    with page.office.ledger.reading() as state:
        size = state.log_size()
        people = [one.id for one in state.select(User, limit=200)]
    filters = {
        **asked,
        "from": page.request.query_params.get("from", ""),
        "to": page.request.query_params.get("to", ""),
    }
    return page.render(
        "log.html",
        entries=found[:PER_PAGE],
        following=found[PER_PAGE].index if len(found) > PER_PAGE else None,
        filters=filters,
        kinds=sorted(KINDS),
        people=people,
        size=size,
        first=first,
    )


@pages("GET", "/console/log/entries/{index}", Action.AUDIT_READ, logged_as="log entry")
def show_entry(page: AnyPage, index: int) -> Response:
    """One entry in three languages, as it was hashed, with the proof that it is in the log."""
    proof = log.prove_inclusion(page.office, page.caller, index)
    entry = log.read_entries(page.office, page.caller, first=index, limit=1)
    if not entry or entry[0].index != index:
        raise InputError("there is no such entry.")
    return page.render(
        "log_entry.html",
        entry=entry[0],
        proof=json.dumps(proof, ensure_ascii=False, indent=2),
        data=json.dumps(json.loads(entry[0].event.canonical_bytes()), ensure_ascii=False, indent=2),
    )


@pages("GET", "/console/log/checkpoints", Action.AUDIT_READ)
def show_checkpoints(page: AnyPage) -> Response:
    """The latest checkpoint, and the page where one kept from before is compared."""
    return _checkpoints(page)


@pages("POST", "/console/log/checkpoints", Action.CHECKPOINT_SIGN)
def sign_checkpoint(page: AnyPage) -> Response:
    """Sign the state of the log now."""
    log.sign_checkpoint(page.office, page.caller)
    return page.go("/console/log/checkpoints", said="checkpoint-signed")


@pages("POST", "/console/log/comparison", Action.AUDIT_READ)
def compare_checkpoint(page: AnyPage) -> Response:
    """Compare a checkpoint that the auditor kept with the log: it must have grown from it, and nothing else."""
    note = page.form.text("note", most=LONGEST_NOTE)
    try:
        old = Checkpoint.open(note.strip() + "\n", page.office.signer.verifier)
        proof = log.prove_consistency(page.office, page.caller, old.size)
        with page.office.ledger.reading() as state:
            same = load_frontier(state, old.size).root == old.root
    except (WaslError, ValueError) as error:
        known = error if isinstance(error, WaslError) else InputError("this is not a signed checkpoint.")
        return _checkpoints(page, fault=say_error(known, status_of(known), page.language))
    return _checkpoints(page, old=old, same=same, proof=json.dumps(proof, indent=2))


@pages("GET", "/console/log/visit", Action.AUDIT_READ, logged_as="visit report")
def show_visit(page: AnyPage) -> Response:
    """The visit report on a period of the log, to print and sign."""
    first_day, last_day = _day(page, "from"), _day(page, "to")
    report = visit_report(
        _events(page),
        first_day=first_day.isoformat() if first_day else "",
        last_day=last_day.isoformat() if last_day else "",
    )
    with page.office.ledger.reading() as state:
        note = state.latest_checkpoint()
    return page.render(
        "visit.html",
        report=report,
        checkpoint=Checkpoint.open(note, page.office.signer.verifier) if note else None,
        origin=page.office.signer.name,
        asked={name: page.request.query_params.get(name, "") for name in ("from", "to")},
        sentence=lambda event: say_event(event, page.language.language),
    )


@pages("GET", "/console/log/export", Action.AUDIT_EXPORT)
def export(page: AnyPage) -> Any:
    """The whole log as a file, for `wasl audit verify`."""
    lines: Iterator[bytes] = log.export_log(page.office, page.caller)
    headers = {**PAGE_HEADERS, "Content-Disposition": 'attachment; filename="log.jsonl"'}
    return StreamingResponse(lines, media_type="application/jsonl", headers=headers)


@pages("GET", "/console/jobs/{job}", Action.JOB_READ)
def show_job(page: AnyPage, job: str) -> Response:
    """A job with its progress and its result."""
    found = jobs.find_job(page.office, page.caller, job)
    return page.render(
        "job.html", job=found, working=found.status in ("queued", "running"), source=f"/console/jobs/{job}"
    )


@pages("GET", "/console/jobs/{job}/progress", Action.JOB_READ)
def show_job_progress(page: AnyPage, job: str) -> Response:
    """How far a job is."""
    found = jobs.find_job(page.office, page.caller, job)
    working = found.status in ("queued", "running")
    response = page.fragment("progress.html", job=found, working=working, source=f"/console/jobs/{job}")
    if not working:
        response.headers["HX-Refresh"] = "true"
    return response


def _checkpoints(page: Page, *, fault: Any = None, old: Any = None, same: bool = True, proof: str = "") -> Response:
    verifier: NoteVerifier = page.office.signer.verifier
    with page.office.ledger.reading() as state:
        note, size = state.latest_checkpoint(), state.log_size()
    return page.render(
        "checkpoints.html",
        status=fault.status if fault else 200,
        fault=fault,
        note=note or "",
        latest=Checkpoint.open(note, verifier) if note else None,
        size=size,
        old=old,
        same=same,
        proof=proof,
        verifier=str(verifier),
    )


def _events(page: Page) -> Iterator[tuple[int, AuditEvent]]:
    """Every entry that the caller may read, in order."""
    first = 0
    while True:
        found = log.read_entries(page.office, page.caller, first=first, limit=READ_AT_ONCE)
        for one in found:
            yield one.index, one.event
        if len(found) < READ_AT_ONCE:
            return
        first = found[-1].index + 1


def _day(page: Page, name: str) -> date | None:
    text = page.request.query_params.get(name, "").strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise PageFault(422, N_("“{text}” is not a day."), N_("Write days as 2026-03-01."), text=text[:20]) from None
