"""A release as the log recorded it, beside the same release made again from the deliveries on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wasl.audit.events import AuditEvent
from wasl.audit.recorded_inputs import RecordedFile, SubmittedFiles, number_of
from wasl.audit.reproduction import RecordedRun, find_run
from wasl.errors import NotFoundError

__all__ = [
    "RecordedAssembly",
    "RecordedRelease",
    "ReleaseReproduction",
    "assembly_at",
    "entry_before",
    "find_release",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedAssembly:
    """Microdata that something was made of, as the log tells it from the deliveries on.

    Attributes:
        release, project: What was made of them, in which project.
        assembled: Number of the entry that recorded the assembly.
        specification_digest, spine_digest, payload_digests, microdata_digest: What assembly went by, and what it gave.
        run: The linkage run that gave the spine, or None where the log does not know it.
        objected, objections_digest: Records of persons who objected that assembly left out, and the digest of their
            list; 0 and empty where none were, or where an older service did not record it.
        files: What the log says of the payloads' files.
    """

    release: str
    project: str
    assembled: int
    specification_digest: str
    spine_digest: str
    payload_digests: tuple[str, ...]
    microdata_digest: str
    run: RecordedRun | None
    objected: int = 0
    objections_digest: str = ""
    files: Mapping[str, RecordedFile] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRelease(RecordedAssembly):
    """A published release, as its events tell it from the deliveries on.

    Attributes:
        published, protected: Numbers of the entries that recorded publication and protection.
        protected_on: The day of protection, ISO 8601.
        manifest_digest, description_digest, protected_digest: Of the package, its description and its table.
        policy_digest, seed_digest, data_digest: What protection went by, and the microdata without person ids.
    """

    published: int
    protected: int
    protected_on: str
    manifest_digest: str
    description_digest: str
    protected_digest: str
    policy_digest: str
    seed_digest: str
    data_digest: str


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
            f"the log records no {what}.",
            remedy="`wasl audit show --kind ReleasePublished` lists the releases. If another installation made it, "
            "give the export of its log with --log.",
        )
    published = entries[place]
    digest = published.detail["protected_digest"]
    protected = entry_before(
        entries, place, "ProtectionApplied", what, lambda one: one.detail["protected_digest"] == digest
    )
    applied = entries[protected]
    subject, project = applied.subject, applied.project
    assembled = _assembled_before(entries, protected, what, specification_digest)
    texts: dict[str, Any] = {
        **{name: str(published.detail[name]) for name in ("manifest_digest", "description_digest", "protected_digest")},
        **{name: str(applied.detail[name]) for name in ("policy_digest", "seed_digest", "data_digest")},
    }
    return RecordedRelease(
        release=published.subject,
        published=place,
        protected=protected,
        protected_on=applied.at[:10],
        **{**assembly_at(entries, assembled, subject, project), "project": published.project},
        **texts,
    )


def assembly_at(entries: Sequence[AuditEvent], place: int, subject: str, project: str) -> dict[str, Any]:
    """The fields of a `RecordedAssembly` but the name of what was made of it.

    Args:
        entries: The log from its first entry on.
        place: Number of the entry that recorded the assembly.
        subject: What was made of it.
        project: In which project.
    """
    made = entries[place]
    payloads = made.detail["payload_digests"]
    files = SubmittedFiles()
    for index, event in enumerate(entries):
        files.read(index, event)
    return {
        "project": project,
        "assembled": place,
        **{name: str(made.detail[name]) for name in ("specification_digest", "spine_digest", "microdata_digest")},
        "payload_digests": tuple(payloads) if isinstance(payloads, list) else (),
        "run": _run_of(entries[:place], subject, str(made.detail["spine_digest"])),
        "objected": number_of(made.detail.get("objected")),
        "objections_digest": str(made.detail.get("objections_digest", "")),
        "files": files.of(project),
    }


def _run_of(entries: Sequence[AuditEvent], release: str, spine_digest: str) -> RecordedRun | None:
    """The run that gave a release's spine: by the spine's digest, else the one the release was asked for from.

    Tables were ordered from a menu, and the menu was offered from a run.

    After objections the release has fewer persons than the run, so its spine has another digest.
    """
    asked = [
        one.detail for one in entries if one.kind in ("ProtectionRequested", "TablesOrdered") and one.subject == release
    ]
    of_menu = {one.subject: one.detail.get("run", "") for one in entries if one.kind == "TableMenuOffered"}
    named = str(asked[-1].get("run", of_menu.get(str(asked[-1].get("menu")), ""))) if asked else ""
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
    return entry_before(entries, place, "MicrodataAssembled", what, lambda one: one in chosen, subject=applied.subject)


def entry_before(
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
