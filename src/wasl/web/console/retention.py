"""Retention calendar, objections of persons, erasure and its certificates."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from wasl.service import erasure, log, objections, retention
from wasl.service.access import Action
from wasl.service.records import Job, JobKind, Objection, Register, RetentionRule, Submission
from wasl.web.console.pages import AnyPage, Page, Pages

__all__ = ["pages"]

pages = Pages()

BASE = "/console/projects/{project}/retention"
OBJECTIONS = "/console/projects/{project}/objections"
SHOWN = 100
LONGEST_LIST = 400_000


@pages("GET", BASE, Action.RETENTION_READ)
def show_retention(page: AnyPage, project: str) -> Response:
    """The rules, the calendar of what falls due, and the certificates of what was erased."""
    with page.office.ledger.reading() as state:
        rules = state.select(RetentionRule, project=project)
        registers = state.select(Register, project=project)
        sent = state.select(Submission, project=project, purged=False)
        jobs = state.select(Job, project=project, kind=JobKind.ERASE, descending=True, limit=10)
    calendar = sorted((retention.due_day(one, rules) or "", one.id, one) for one in sent)
    due = retention.due_submissions(sent, rules, page.caller.at)
    return page.render(
        "retention.html",
        rules=rules,
        registers=registers,
        calendar=[(day, one, one.id in due) for day, _, one in calendar if day][:SHOWN],
        forever=sum(not day for day, _, _ in calendar),
        due=len(due),
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
    """The objections that a register's holder sent, without the record ids, and the form for others."""
    register = page.actor.register or ""
    with page.office.ledger.reading() as state:
        found = state.select(Objection, project=project, register=register, descending=True, limit=SHOWN)
    return page.render("objections.html", register=register, objections=found)


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


def _certificates(page: Page, project: str) -> list[Any]:
    """The entries of the log that certify an erasure, the newest first; for those who may read the log."""
    if not page.can(Action.AUDIT_READ):
        return []
    found = log.read_entries(page.office, page.caller, first=0, limit=5000, kind="FilesErased", project=project)
    return list(reversed(found))[:SHOWN]
