"""Chooses entries of the log: by kind, by who, by project, by subject, by time."""

from __future__ import annotations

from dataclasses import dataclass

from wasl.audit.events import AuditEvent

__all__ = ["EventFilter"]


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
