"""Compare a repeated linkage run, or a release made again, with the digests that the log recorded of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wasl.audit.events import AuditEvent
from wasl.audit.recorded_inputs import Opinions, RecordedFile, SubmittedFiles
from wasl.errors import NotFoundError

__all__ = [
    "RecordedRelease",
    "RecordedRun",
    "ReleaseReproduction",
    "Reproduction",
    "find_release",
    "find_run",
]


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
            f"the log records no {what.removeprefix('a ')}.", remedy="`wasl audit show` lists the runs."
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
        decided=_number(resolved.detail.get("decided")),
        verdicts=verdicts,
        objected=_number(said.get("objected")),
        objections_digest=str(said.get("objections_digest", "")),
        onto_digest=str(resolved.detail.get("onto_digest", "")),
        model_digest=str(made.detail.get("model_digest", "")),
        labels=_number(made.detail.get("labels")),
        received=made.kind != "LinkageCompleted",
        files={digest: own[digest] for digest in digests or () if digest in own} if isinstance(digests, list) else {},
    )


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


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


@dataclass(frozen=True, slots=True)
class RecordedRelease:
    """A published release, as its events tell it from the deliveries on.

    Attributes:
        release, project: Which release of which project.
        published, protected, assembled: Numbers of the entries that recorded publication, protection and assembly.
        protected_on: The day of protection, ISO 8601.
        manifest_digest, description_digest, protected_digest: Of the package, its description and its table.
        policy_digest, seed_digest, data_digest: What protection went by, and the microdata without person ids.
        specification_digest, spine_digest, payload_digests, microdata_digest: What assembly went by, and what it gave.
        run: The linkage run that gave the spine, or None where the log does not know it.
        objected, objections_digest: Records of persons who objected that assembly left out, and the digest of their
            list; 0 and empty where none were, or where an older service did not record it.
        files: What the log says of the payloads' files.
    """

    release: str
    project: str
    published: int
    protected: int
    assembled: int
    protected_on: str
    manifest_digest: str
    description_digest: str
    protected_digest: str
    policy_digest: str
    seed_digest: str
    data_digest: str
    specification_digest: str
    spine_digest: str
    payload_digests: tuple[str, ...]
    microdata_digest: str
    run: RecordedRun | None
    objected: int = 0
    objections_digest: str = ""
    files: Mapping[str, RecordedFile] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReleaseReproduction:
    """A recorded release beside the same release made again.

    Attributes:
        recorded: What the log says.
        found: Digest of each step made again: ``spine``, ``microdata``, ``protected``.
        files: Files of the package compared, and those that came out otherwise.
    """

    recorded: RecordedRelease
    found: Mapping[str, str]
    files: tuple[int, tuple[str, ...]] = (0, ())

    @property
    def differing(self) -> tuple[str, ...]:
        """What came out otherwise: steps, then files of the package."""
        stated = {
            "spine": self.recorded.spine_digest,
            "microdata": self.recorded.microdata_digest,
            "protected": self.recorded.protected_digest,
        }
        return (*(name for name, digest in self.found.items() if digest != stated[name]), *self.files[1])

    def to_json(self) -> dict[str, Any]:
        """The comparison as a JSON value."""
        recorded = self.recorded
        return {
            "release": recorded.release,
            "entries": {
                "assembled": recorded.assembled,
                "protected": recorded.protected,
                "published": recorded.published,
            },
            "reproduced": not self.differing,
            "differing": list(self.differing),
            "run": recorded.run.run if recorded.run else None,
            "manifest_digest": recorded.manifest_digest,
            "recorded": {
                "spine": recorded.spine_digest,
                "microdata": recorded.microdata_digest,
                "protected": recorded.protected_digest,
            },
            "found": dict(self.found),
            "files_compared": self.files[0],
        }


def find_release(
    events: Iterable[AuditEvent], *, release: str = "", manifest_digest: str = "", specification_digest: str = ""
) -> RecordedRelease:
    """The latest published release of that name, or the one with that manifest, with every step before it.

    Args:
        events: The log from its first entry on.
        release: Subject of the publication: the id of a release in a service, or name and version of a dataset.
        manifest_digest: Instead: digest of the manifest of its package.
        specification_digest: Which of several assemblies before it is meant, in logs that do not link the two.

    Raises:
        NotFoundError: The log records no such release, or a step before it is missing.
    """
    entries = list(events)
    place = next(
        (
            index
            for index in range(len(entries) - 1, -1, -1)
            if entries[index].kind == "ReleasePublished"
            and (entries[index].subject == release or entries[index].detail.get("manifest_digest") == manifest_digest)
        ),
        None,
    )
    what = f"release {release!r}" if release else "release with this manifest"
    if place is None:
        raise NotFoundError(
            f"the log records no {what}.", remedy="`wasl audit show --kind ReleasePublished` lists the releases."
        )
    published = entries[place]
    digest = published.detail["protected_digest"]
    protected = _before(entries, place, "ProtectionApplied", what, lambda one: one.detail["protected_digest"] == digest)
    applied = entries[protected]
    subject, project = applied.subject, applied.project
    assembled = _assembled_before(entries, protected, what, specification_digest)
    made = entries[assembled]
    spine = str(made.detail["spine_digest"])
    payloads = made.detail["payload_digests"]
    files = SubmittedFiles()
    for index, event in enumerate(entries):
        files.read(index, event)
    texts = {
        **{name: str(published.detail[name]) for name in ("manifest_digest", "description_digest", "protected_digest")},
        **{name: str(applied.detail[name]) for name in ("policy_digest", "seed_digest", "data_digest")},
        **{name: str(made.detail[name]) for name in ("specification_digest", "spine_digest", "microdata_digest")},
    }
    return RecordedRelease(
        release=published.subject,
        project=published.project,
        published=place,
        protected=protected,
        assembled=assembled,
        protected_on=applied.at[:10],
        payload_digests=tuple(payloads) if isinstance(payloads, list) else (),
        run=_run_of(entries[:assembled], subject, spine),
        objected=_number(made.detail.get("objected")),
        objections_digest=str(made.detail.get("objections_digest", "")),
        files=files.of(project),
        **texts,
    )


def _run_of(entries: Sequence[AuditEvent], release: str, spine_digest: str) -> RecordedRun | None:
    """The run that gave a release's spine: by the spine's digest, else the one the release was asked for from.

    After objections the release has fewer persons than the run, so its spine has another digest.
    """
    asked = [one for one in entries if one.kind == "ProtectionRequested" and one.subject == release]
    named = str(asked[-1].detail.get("run", "")) if asked else ""
    for wanted in ({"spine_digest": spine_digest}, {"run": named}):
        try:
            return find_run(entries, **wanted)
        except NotFoundError:
            continue
    return None


def _assembled_before(entries: Sequence[AuditEvent], place: int, what: str, specification: str) -> int:
    """The assembly of the data that were protected: by their digest, else by its specification, else the nearest."""
    applied = entries[place]
    # An act on the command line may state its project or not.
    projects = {applied.project, ""} if applied.project else None
    before = [
        one
        for one in entries[:place]
        if one.kind == "MicrodataAssembled" and (projects is None or one.project in projects)
    ]
    same_data = [one for one in before if one.detail.get("data_digest") == applied.detail["data_digest"]]
    chosen = same_data or [one for one in before if one.detail["specification_digest"] == specification] or before
    return _before(entries, place, "MicrodataAssembled", what, lambda one: one in chosen, subject=applied.subject)


def _before(
    entries: Sequence[AuditEvent],
    place: int,
    kind: str,
    what: str,
    fits: Callable[[AuditEvent], bool],
    *,
    subject: str = "",
) -> int:
    """The nearest earlier entry of a kind that fits; one of the same subject is preferred.

    Raises:
        NotFoundError: There is none.
    """
    found = [index for index in range(place) if entries[index].kind == kind and fits(entries[index])]
    if not found:
        raise NotFoundError(f"the log records the {what}, but no {kind} before it.")
    same = [index for index in found if subject and entries[index].subject == subject]
    return (same or found)[-1]
