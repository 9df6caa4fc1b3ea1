"""Compare a repeated linkage run with the figures and digests that the log recorded of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from wasl.audit.events import AuditEvent
from wasl.errors import NotFoundError

__all__ = ["RecordedRun", "Reproduction", "find_run"]


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """A linkage run as its two events tell it.

    Attributes:
        run, project: Which run of which project.
        entry: Number of the entry that recorded the spine.
        plan_digest: The plan it followed.
        delivery_digests: The deliveries it linked, in order.
        pairs_digest, spine_digest: What came of it.
        decided: How many pairs reviewers had decided.
    """

    run: str
    project: str
    entry: int
    plan_digest: str
    delivery_digests: tuple[str, ...]
    pairs_digest: str
    spine_digest: str
    decided: int = 0


@dataclass(frozen=True, slots=True)
class Reproduction:
    """A recorded run beside the same run done again.

    Attributes:
        recorded: What the log says.
        pairs_digest, spine_digest: What doing it again gave.
    """

    recorded: RecordedRun
    pairs_digest: str
    spine_digest: str

    @property
    def differing(self) -> tuple[str, ...]:
        """What came out otherwise: ``pairs``, ``spine``."""
        pairs = ("pairs",) if self.pairs_digest != self.recorded.pairs_digest else ()
        spine = ("spine",) if self.spine_digest != self.recorded.spine_digest else ()
        return pairs + spine

    def to_json(self) -> dict[str, Any]:
        """The comparison as a JSON value."""
        return {
            "run": self.recorded.run,
            "entry": self.recorded.entry,
            "reproduced": not self.differing,
            "differing": list(self.differing),
            "plan_digest": self.recorded.plan_digest,
            "delivery_digests": list(self.recorded.delivery_digests),
            "recorded": {"pairs": self.recorded.pairs_digest, "spine": self.recorded.spine_digest},
            "found": {"pairs": self.pairs_digest, "spine": self.spine_digest},
        }


def find_run(events: Iterable[AuditEvent], *, run: str = "", spine_digest: str = "") -> RecordedRun:
    """The latest run of that name, or the latest that gave that spine.

    A later run built onto the spine that changed nothing gives the same spine. The run that made the spine is found.

    Args:
        events: The log from its first entry on.
        run: Name of the run.
        spine_digest: Instead: digest of its spine.

    Raises:
        NotFoundError: The log records no such run, or not the linkage before it.
    """
    linkages: dict[tuple[str, str], AuditEvent] = {}
    requests: dict[str, AuditEvent] = {}
    found: tuple[int, AuditEvent, AuditEvent | None] | None = None
    for index, event in enumerate(events):
        if event.kind == "LinkageRequested":
            requests[event.subject] = event
        elif event.kind == "LinkageCompleted":
            for name in ("plan_digest", "pairs_digest"):
                linkages[event.project, str(event.detail.get(name))] = event
        elif event.kind == "SpineResolved" and (
            event.subject == run or (spine_digest and event.detail.get("spine_digest") == spine_digest)
        ):
            unchanged = bool(spine_digest) and event.detail.get("onto_digest") == spine_digest
            if found is None or not unchanged:
                found = index, event, _linkage_of(event, linkages)
    what = f"a run {run!r}" if run else "a run that gave this spine"
    if found is None:
        raise NotFoundError(
            f"the log records no {what.removeprefix('a ')}.", remedy="`wasl audit show` lists the runs."
        )
    entry, resolved, linked = found
    if linked is None:
        raise NotFoundError(f"the log records {what}, but not the linkage before it.")
    digests = linked.detail.get("delivery_digests")
    if digests is None and resolved.subject in requests:  # the service of release 0.1.0 logged them with the request
        digests = requests[resolved.subject].detail.get("deliveries")
    decided = resolved.detail.get("decided")
    return RecordedRun(
        resolved.subject,
        resolved.project,
        entry,
        str(resolved.detail.get("plan_digest", linked.detail.get("plan_digest"))),
        tuple(digests) if isinstance(digests, list) else (),
        str(linked.detail.get("pairs_digest")),
        str(resolved.detail.get("spine_digest")),
        decided if isinstance(decided, int) else 0,
    )


def _linkage_of(resolved: AuditEvent, linkages: Mapping[tuple[str, str], AuditEvent]) -> AuditEvent | None:
    """The linkage whose pairs were resolved: by the digest of the pairs, in old logs by the digest of the plan."""
    for name in ("pairs_digest", "plan_digest"):
        linked = linkages.get((resolved.project, str(resolved.detail.get(name))))
        if linked is not None and name in resolved.detail:
            return linked
    return linkages.get((resolved.project, str(resolved.detail.get("plan_digest"))))
