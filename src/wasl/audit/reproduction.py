"""Compare a repeated linkage run with the digests that the log recorded of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from wasl.audit.events import AuditEvent
from wasl.audit.recorded_inputs import Opinions, RecordedFile, SubmittedFiles, number_of
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
        verdicts: What each reviewer said last, by number of the pair in the run's review queue.
        objected: How many records of persons who objected it left out.
        objections_digest: The digest of their list, or empty.
        onto_digest: The spine it was built onto, or empty.
        model_digest: The model of an earlier run it used, or empty.
        labels: How many decisions of an earlier run its model learned from.
        received: Whether the pairs came from another installation, so that the log does not know the deliveries.
        files: What the log says of the deliveries' files: register, and why a file is no longer kept.
    """

    run: str
    project: str
    entry: int
    plan_digest: str
    delivery_digests: tuple[str, ...]
    pairs_digest: str
    spine_digest: str
    decided: int = 0
    verdicts: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    objected: int = 0
    objections_digest: str = ""
    onto_digest: str = ""
    model_digest: str = ""
    labels: int = 0
    received: bool = False
    files: Mapping[str, RecordedFile] = field(default_factory=dict)


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
    objections: dict[str, AuditEvent] = {}
    found: tuple[int, AuditEvent, AuditEvent | None, dict[int, tuple[str, ...]]] | None = None
    opinions = Opinions()
    files = SubmittedFiles()
    for index, event in enumerate(events):
        opinions.read(event)
        files.read(index, event)
        if event.kind in ("LinkageRequested", "PairsReceived"):
            requests[event.subject] = event
        if event.kind in ("LinkageRequested", "ResolutionRequested") and "objected" in event.detail:
            objections[event.subject] = event
        elif event.kind == "LinkageCompleted":
            for name in ("plan_digest", "pairs_digest"):
                linkages[event.project, str(event.detail.get(name))] = event
        elif event.kind == "SpineResolved" and (
            event.subject == run or (spine_digest and event.detail.get("spine_digest") == spine_digest)
        ):
            unchanged = bool(spine_digest) and event.detail.get("onto_digest") == spine_digest
            if found is None or not unchanged:
                linked = _linkage_of(event, linkages, requests.get(event.subject))
                found = index, event, linked, opinions.of(event.subject)
    what = f"a run {run!r}" if run else "a run that gave this spine"
    if found is None:
        raise NotFoundError(
            f"the log records no {what.removeprefix('a ')}.",
            remedy="`wasl audit show` lists the runs. If another installation made it, give the export of its log "
            "with --log.",
        )
    entry, resolved, linked, verdicts = found
    if linked is None and "pairs_digest" not in resolved.detail:
        raise NotFoundError(f"the log records {what}, but not the linkage before it.")
    made = resolved if linked is None else linked  # the spine keeper's own log knows the pairs, not the deliveries
    digests = made.detail.get("delivery_digests")
    asked = requests.get(resolved.subject)
    if digests is None and asked is not None:  # the service of release 0.1.0 logged them with the request
        digests = asked.detail.get("deliveries")
    heard = resolved if "objected" in resolved.detail else objections.get(resolved.subject)
    said = {} if heard is None else heard.detail
    own = files.of(resolved.project)
    return RecordedRun(
        resolved.subject,
        resolved.project,
        entry,
        str(resolved.detail.get("plan_digest", made.detail.get("plan_digest"))),
        tuple(digests) if isinstance(digests, list) else (),
        str(made.detail.get("pairs_digest")),
        str(resolved.detail.get("spine_digest")),
        decided=number_of(resolved.detail.get("decided")),
        verdicts=verdicts,
        objected=number_of(said.get("objected")),
        objections_digest=str(said.get("objections_digest", "")),
        onto_digest=str(resolved.detail.get("onto_digest", "")),
        model_digest=str(made.detail.get("model_digest", "")),
        labels=number_of(made.detail.get("labels")),
        received=made.kind != "LinkageCompleted",
        files={digest: own[digest] for digest in digests or () if digest in own} if isinstance(digests, list) else {},
    )


def _linkage_of(
    resolved: AuditEvent, linkages: Mapping[tuple[str, str], AuditEvent], asked: AuditEvent | None
) -> AuditEvent | None:
    """The linkage whose pairs were resolved: by the digest of the pairs, in old logs by the digest of the plan.

    Pairs that came from another installation are their own linkage.
    """
    if asked is not None and asked.kind == "PairsReceived":
        return asked
    for name in ("pairs_digest", "plan_digest"):
        linked = linkages.get((resolved.project, str(resolved.detail.get(name))))
        if linked is not None and name in resolved.detail:
            return linked
    return linkages.get((resolved.project, str(resolved.detail.get("plan_digest"))))
