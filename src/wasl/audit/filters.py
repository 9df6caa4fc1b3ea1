"""Chooses entries of the log: by kind, by who, by project, by subject, by time."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from wasl.audit.events import AuditEvent
from wasl.errors import InputError

__all__ = ["EventFilter", "day_after", "log_day", "log_moment"]

DAY_FIRST = re.compile(r"(?P<day>\d{1,2})[/.-](?P<month>\d{1,2})[/.-](?P<year>\d{4})")
"""A day as people in Morocco write it."""


def log_moment(text: str) -> str:
    """A day or time as entries of the log have theirs, in UTC; empty stays empty.

    Args:
        text: ``2026-03-01``, ``01/03/2026``, ``2026-03-01T14:00``, with ``Z`` or an offset; without one it is UTC.

    Raises:
        InputError: It is neither. As a text it would compare with every entry, and choose all or none.
    """
    if not text.strip():
        return ""
    written = DAY_FIRST.fullmatch(text.strip())
    try:
        if written is not None:
            year, month, day = (int(written[part]) for part in ("year", "month", "day"))
            moment = dt.datetime(year, month, day, tzinfo=dt.UTC)
        else:
            moment = dt.datetime.fromisoformat(text.strip())
            moment = moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"{text!r} is neither a day nor a time.", remedy="Write 2026-03-01, or 2026-03-01T14:00:00Z."
        ) from error
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def log_day(text: str) -> str:
    """A day as ``2026-03-01``; empty stays empty.

    Raises:
        InputError: The text is no day, or has a time.
    """
    moment = log_moment(text)
    if moment and (":" in text or not moment.endswith("T00:00:00.000Z")):
        raise InputError(f"{text!r} is not a day.", remedy="Write days as 2026-03-01.")
    return moment[:10]


def day_after(day: str) -> str:
    """The day after ``2026-03-01``; empty stays empty."""
    if not day:
        return ""
    following = dt.date.fromisoformat(day)
    return (following + dt.timedelta(days=1)).isoformat() if following < dt.date.max else ""


@dataclass(frozen=True, slots=True)
class EventFilter:
    """The conditions on the entries to show; an empty condition holds for every entry.

    Attributes:
        kinds: Any of these kinds.
        actor, project: Exactly this actor, this project.
        subject: A part of the subject.
        after, before: ISO 8601 UTC times or dates; ``after`` is included, ``before`` is not.
    """

    kinds: frozenset[str] = frozenset()
    actor: str = ""
    project: str = ""
    subject: str = ""
    after: str = ""
    before: str = ""

    def matches(self, event: AuditEvent) -> bool:
        """Whether an event is among those chosen. ISO 8601 UTC times compare as texts."""
        return (
            (not self.kinds or event.kind in self.kinds)
            and self.actor in ("", event.actor)
            and self.project in ("", event.project)
            and self.subject in event.subject
            and self.after <= event.at
            and (not self.before or event.at < self.before)
        )
