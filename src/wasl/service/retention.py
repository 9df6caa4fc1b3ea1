"""Retention: how long what a register sent is kept, and which submissions are due to be erased."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from wasl.audit.events import RetentionDeclared
from wasl.errors import InputError
from wasl.service.access import Action
from wasl.service.ports import Caller, Office, Reader
from wasl.service.projects import register_id
from wasl.service.records import Project, Register, RetentionRule, Submission

__all__ = [
    "Due",
    "calendar",
    "declare_retention",
    "due_day",
    "due_now",
    "due_submissions",
]

LONGEST_DAYS = 36_500


def declare_retention(
    office: Office, caller: Caller, *, project: str, register: str, round_name: str, days: int
) -> RetentionRule:
    """Set how long what a register sent is kept; an empty register or round stands for all without a rule of its own.

    Raises:
        InputError: The number of days is not one.
    """
    caller.check(Action.RETENTION_SET, project=project)
    if not 0 <= days <= LONGEST_DAYS:
        raise InputError(f"a retention rule has between 0 and {LONGEST_DAYS:,} days.")
    name = f"{project}/{register}/{round_name}"
    with office.ledger.writing(caller) as ledger:
        ledger.get(Project, project)
        if register:
            ledger.get(Register, register_id(project, register))
        known = ledger.find(RetentionRule, name)
        rule = RetentionRule(
            id=name,
            version=0 if known is None else known.version,
            created_at=caller.stamp,
            created_by=caller.actor.name,
            project=project,
            register=register,
            round=round_name,
            days=days,
        )
        happening = RetentionDeclared(register=register, round=round_name, days=days)
        ledger.save(rule, event=caller.event(happening, project=project, subject=name))
        return ledger.get(RetentionRule, name)


@dataclass(frozen=True, slots=True)
class Due:
    """When a submission is to be erased.

    Attributes:
        submission: What is kept.
        day: The day of its rule, ISO 8601; empty where it is withdrawn, or where no rule concerns it.
        now: Whether it is to be erased now.
    """

    submission: Submission
    day: str
    now: bool


def calendar(submissions: Sequence[Submission], rules: Sequence[RetentionRule], now: datetime) -> list[Due]:
    """When each submission is to be erased: withdrawn ones, what is due, the rest by day, what no rule concerns."""
    due = due_submissions(submissions, rules, now)
    made = [Due(one, "" if one.withdrawn else due_day(one, rules) or "", one.id in due) for one in submissions]
    return sorted(made, key=lambda one: (not one.now, not one.now and not one.day, one.day, one.submission.id))


def due_day(submission: Submission, rules: Sequence[RetentionRule]) -> str | None:
    """The day from which a submission is to be erased by its rule, ISO 8601; None where no rule concerns it."""
    days = _days(submission, rules)
    return None if days is None else (_sent(submission) + timedelta(days=days)).date().isoformat()


def due_submissions(submissions: Iterable[Submission], rules: Sequence[RetentionRule], now: datetime) -> dict[str, str]:
    """The ids of the submissions to erase, each with the reason."""
    due: dict[str, str] = {}
    for one in submissions:
        days = _days(one, rules)
        if one.withdrawn:
            due[one.id] = "withdrawn by its holder"
        elif days is not None and now - _sent(one) >= timedelta(days=days):
            due[one.id] = f"kept for {days} days, as its rule says"
    return due


def _days(submission: Submission, rules: Sequence[RetentionRule]) -> int | None:
    """The days of the nearest rule: of register and round, register, round, project."""
    known = {(rule.register, rule.round): rule.days for rule in rules}
    round_name = str(submission.header.get("round", ""))
    keys = ((submission.register, round_name), (submission.register, ""), ("", round_name), ("", ""))
    return next((known[key] for key in keys if key in known), None)


def _sent(submission: Submission) -> datetime:
    return datetime.fromisoformat(submission.sent_at or submission.created_at)


def due_now(ledger: Reader, project: str, now: datetime) -> list[tuple[Submission, str]]:
    """The submissions to erase, each with the reason."""
    sent = ledger.select(Submission, project=project, purged=False)
    due = due_submissions(sent, ledger.select(RetentionRule, project=project), now)
    return [(one, due[one.id]) for one in sent if one.id in due]
