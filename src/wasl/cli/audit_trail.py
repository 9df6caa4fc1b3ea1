"""What verbs call to leave an entry in this installation's log (`wasl.storage.local_log`)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress

from wasl.audit.events import AuditEvent, DetailValue, EventKind
from wasl.errors import WaslError
from wasl.storage.local_log import LocalLog, actor, now

__all__ = ["open_log", "record_event", "record_reading"]


def record_event(
    kind: EventKind, *, project: str = "", subject: str, detail: Mapping[str, DetailValue] | None = None
) -> None:
    """Append an event to the local log: who is the user of the machine, when is now.

    Args:
        kind: What happened.
        project: In which project, or empty.
        subject: To which thing: a register, a run, a release.
        detail: Digests, counts and measures, never a person's value; measures that are not finite become null.

    Raises:
        VerificationError: The log or its checkpoint was tampered with.
    """
    plain = {name: _plain(value) for name, value in (detail or {}).items()}
    open_log().append(AuditEvent(kind, now(), actor(), project, subject, plain))


def record_reading(kind: EventKind, *, subject: str, detail: Mapping[str, DetailValue] | None = None) -> None:
    """Append an event that changes nothing (an export, a verification), where that is possible.

    Who only verifies need not have a place to write, and a broken log must not stop the verb that examines it.
    """
    with suppress(OSError, WaslError):
        record_event(kind, subject=subject, detail=detail)


def open_log() -> LocalLog:
    """The log of this installation."""
    from wasl.settings import Settings

    return LocalLog(Settings().home_dir)


def _plain(value: DetailValue) -> DetailValue:
    item = getattr(value, "item", None)  # numpy scalars
    plain = item() if callable(item) else value
    if isinstance(plain, list | tuple):
        return [str(element) for element in plain]
    return None if isinstance(plain, float) and not math.isfinite(plain) else plain
