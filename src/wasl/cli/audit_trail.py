"""What verbs call to leave an entry in this installation's log (`wasl.storage.local_log`)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from wasl.audit.events import AuditEvent, Happening
from wasl.errors import WaslError
from wasl.storage.local_log import LocalLog, actor, now

__all__ = ["open_log", "record_event", "record_reading", "recorded_refusal"]


def record_event(happening: Happening, *, project: str = "", subject: str) -> None:
    """Append an event to the local log: who is the user of the machine, when is now.

    Args:
        happening: What happened.
        project: In which project, or empty.
        subject: To which thing: a register, a run, a release.

    Raises:
        VerificationError: The log or its checkpoint was tampered with.
    """
    open_log().append(AuditEvent(happening, now(), actor(), project, subject))


@contextmanager
def recorded_refusal(subject: str, *, project: str = "") -> Iterator[None]:
    """Record the event that an act attached to its refusal, then let the refusal pass."""
    try:
        yield
    except WaslError as error:
        if isinstance(error.event, Happening):
            record_event(error.event, project=project, subject=subject)
        raise


def record_reading(happening: Happening, *, subject: str) -> None:
    """Append an event that changes nothing (an export, a verification), where that is possible.

    A user who only verifies needs no place to write, and a broken log must not stop the verb that examines it.
    """
    with suppress(OSError, WaslError):
        record_event(happening, subject=subject)


def open_log() -> LocalLog:
    """The log of this installation."""
    from wasl.settings import Settings

    return LocalLog(Settings().home_dir)
