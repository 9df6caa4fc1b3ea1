"""The auditor's view: entries in three languages, proofs, checkpoints and the export."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from wasl.audit.checkpoint import Checkpoint
from wasl.audit.events import (
    AccessDenied,
    AuditEvent,
    CheckpointSigned,
    FileRead,
    KeyRotated,
    Language,
    LogExported,
    RecordRead,
)
from wasl.audit.export import ExportEntry, consistency_document, export_lines, inclusion_document
from wasl.audit.filters import log_moment
from wasl.audit.notes import NoteSigner
from wasl.audit.rotation import Rotation, endorse
from wasl.audit.sentences import say_event
from wasl.audit.tree import consistency_proof, inclusion_proof, load_frontier
from wasl.errors import AccessError, NotFoundError, StateError
from wasl.publication.log_proofs import CONFIDENTIAL, PROVEN
from wasl.registers.exchange.digests import canonical_json
from wasl.service.access import Action, Actor
from wasl.service.ports import Caller, LogEntry, Office, Reader

__all__ = [
    "SaidEntry",
    "deny",
    "export_log",
    "prove_consistency",
    "prove_inclusion",
    "prove_release",
    "read_entries",
    "record_look",
    "record_read",
    "rotation_event",
    "sign_checkpoint",
]

EXPORT_PAGE = 1000
MOST_ENTRIES = 1 << 40
DENIED_SUBJECT_CHARS = 200


@dataclass(frozen=True, slots=True)
class SaidEntry:
    """An entry as an auditor reads it."""

    index: int
    event: AuditEvent
    sentences: Mapping[Language, str]


def event_of(data: bytes) -> AuditEvent:
    """The event in an entry's canonical bytes."""
    return AuditEvent.from_json(json.loads(data))


def read_entries(
    office: Office, caller: Caller, *, first: int, limit: int, after: str = "", before: str = "", **where: str
) -> list[SaidEntry]:
    """Entries from a number on, as sentences; ``where`` names a kind, an actor, a project, a subject.

    Raises:
        InputError: ``after`` or ``before`` is neither a day nor a time.
    """
    after, before = log_moment(after), log_moment(before)
    caller.check(Action.AUDIT_READ, project=where.get("project") or None)
    with office.ledger.reading() as state:
        entries = state.log_entries(first=first, limit=limit, after=after, before=before, **_within(caller, where))
    return [_said(entry) for entry in entries]


def _said(entry: LogEntry) -> SaidEntry:
    event = event_of(entry.data)
    languages: tuple[Language, ...] = ("fr", "ar", "en")
    return SaidEntry(entry.index, event, {language: say_event(event, language) for language in languages})


def _within(caller: Caller, where: Mapping[str, str]) -> dict[str, str]:
    """The conditions of a request, narrowed to the project of a token that is tied to one."""
    asked = {name: value for name, value in where.items() if value}
    return asked if caller.actor.project is None else {**asked, "project": caller.actor.project}


def sign_checkpoint(office: Office, caller: Caller) -> str:
    """Sign the state of the log, keep the checkpoint and log that it was made; gives the signed note.

    A log that has not grown but by such signings gives the checkpoint it has.
    """
    with office.ledger.writing(caller) as ledger:
        size = ledger.log_size()
        note = Checkpoint.of(office.signer.name, load_frontier(ledger, size)).sign(office.signer)
        event = caller.event(CheckpointSigned(entries=size, root=_root(note)), subject=office.signer.name)
        ledger.keep_checkpoint(note, size, event=event)
    return note


def prove_inclusion(office: Office, caller: Caller, index: int) -> dict[str, Any]:
    """An entry with the proof that it is in the log, under the latest checkpoint that covers it."""
    caller.check(Action.AUDIT_READ)
    _require_length(office, index + 1)
    note, size = _covering(office, caller, index + 1)
    with office.ledger.reading() as state:
        entries = state.log_entries(first=index, limit=1)
        proof = inclusion_proof(state, index, size)
    caller.check(Action.AUDIT_READ, project=event_of(entries[0].data).project or None)
    return inclusion_document(entries[0].data, proof, note)


def prove_consistency(office: Office, caller: Caller, old_size: int) -> dict[str, Any]:
    """The proof that the log continues its state of ``old_size`` entries, under the latest checkpoint."""
    caller.check(Action.AUDIT_READ)
    _require_length(office, old_size)
    note, size = _covering(office, caller, old_size)
    with office.ledger.reading() as state:
        return consistency_document(consistency_proof(state, old_size, size), note)


def prove_release(office: Office, release: str) -> tuple[str, dict[str, bytes]]:
    """A checkpoint signed now, and proofs under it that a release was protected, requested and approved.

    Raises:
        StateError: The log lacks one of the three.
    """
    note = sign_checkpoint(office, Caller(Actor("service", None), office.now()))
    size = Checkpoint.parse(office.signer.verifier.open(note)).size
    proofs: dict[str, bytes] = {}
    with office.ledger.reading() as state:
        for name, kinds in PROVEN.items():
            entries = [
                entry
                for kind in kinds
                for entry in state.log_entries(first=0, limit=MOST_ENTRIES, kind=kind, subject=release)
            ]
            if not entries:
                raise StateError(
                    f"the log holds no entry {' or '.join(kinds)} of release {release}.", remedy="Verify the log."
                )
            last = max(entries, key=lambda entry: entry.index)
            place = inclusion_proof(state, last.index, size)
            document = inclusion_document(last.data, place, note, confidential=name in CONFIDENTIAL)
            proofs[name] = canonical_json(document)
    return note, proofs


def export_log(office: Office, caller: Caller) -> Iterator[bytes]:
    """The export of the log up to a fresh checkpoint, line by line; the export itself is logged first."""
    caller.check(Action.AUDIT_EXPORT)
    if caller.actor.project is not None:
        raise AccessError("the export holds every project's entries; this token reaches one.")
    event = caller.event(LogExported(), subject=office.signer.name)
    with office.ledger.writing(caller) as ledger:
        ledger.save(event=event)
    note = sign_checkpoint(office, caller)
    size = Checkpoint.parse(office.signer.verifier.open(note)).size
    with office.ledger.reading() as state:
        notes = {at: text for at, text in state.checkpoints().items() if 0 < at <= size}
        rotations = _rotations(state)
    entries = _entries(office, size, notes)
    return export_lines(note, office.signer.verifier, entries, size=size, checkpoints=len(notes), rotations=rotations)


def record_read(office: Office, caller: Caller, *, project: str, subject: str, digest: str) -> None:
    """Log that a file was read."""
    event = caller.event(FileRead(file=digest), project=project, subject=subject)
    with office.ledger.writing(caller) as ledger:
        ledger.save(event=event)


def record_look(office: Office, caller: Caller, *, project: str, subject: str, what: str) -> None:
    """Log that a sensitive record was read: a risk report, a review queue, the log itself."""
    event = caller.event(RecordRead(what=what), project=project, subject=subject)
    with office.ledger.writing(replace(caller, receipt=None)) as ledger:
        ledger.save(event=event)


def deny(
    office: Office, caller: Caller, *, what: str, reason: str, target: str = "", address_class: str | None = None
) -> None:
    """Log a denied attempt: at which route and project it was aimed, and from what class of address it came.

    The entry belongs to the project of the caller's token, whose auditor is to see it.
    """
    happening = AccessDenied(reason=reason, target=target or None, address_class=address_class)
    event = caller.event(happening, project=caller.actor.project or "", subject=what[:DENIED_SUBJECT_CHARS])
    with office.ledger.writing(replace(caller, receipt=None)) as ledger:
        ledger.save(event=event)


def rotation_event(office: Office, caller: Caller, new: NoteSigner, *, size: int, reason: str) -> AuditEvent:
    """The entry of a change of the signing key, which the old key signs."""
    old = office.signer
    rotation = endorse(old, new.verifier, size)
    happening = KeyRotated(
        old_key=rotation.old_key, new_key=rotation.new_key, endorsement=rotation.endorsement, reason=reason
    )
    return caller.event(happening, subject=old.name)


def _rotations(state: Reader) -> list[Rotation]:
    details = [
        json.loads(one.data)["detail"] for one in state.log_entries(first=0, limit=MOST_ENTRIES, kind="KeyRotated")
    ]
    return [Rotation(one["old_key"], one["new_key"], one["endorsement"]) for one in details]


def _entries(office: Office, size: int, notes: Mapping[int, str]) -> Iterator[ExportEntry]:
    first = 0
    while first < size:
        with office.ledger.reading() as state:
            page = state.log_entries(first=first, limit=min(EXPORT_PAGE, size - first))
            leaves = state.read_nodes([(0, entry.index) for entry in page])
        for entry in page:
            yield ExportEntry(entry.data, leaves[0, entry.index], notes.get(entry.index + 1))
        if not page:
            raise StateError(f"the log ends before entry {first}.", remedy="Verify it: it was cut off.")
        first = page[-1].index + 1


def _require_length(office: Office, size: int) -> None:
    with office.ledger.reading() as state:
        found = state.log_size()
    if found < size:
        raise NotFoundError(f"the log has {found} entries.")


def _covering(office: Office, caller: Caller, size: int) -> tuple[str, int]:
    """The latest checkpoint, or a fresh one when it does not cover so many entries yet."""
    with office.ledger.reading() as state:
        note = state.latest_checkpoint()
    latest = None if note is None else Checkpoint.open(note, office.signer.verifier)
    if note is not None and latest is not None and latest.size >= size:
        return note, latest.size
    note = sign_checkpoint(office, caller)
    return note, Checkpoint.open(note, office.signer.verifier).size


def _root(note: str) -> str:
    return note.split("\n")[2]
