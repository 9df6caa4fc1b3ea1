"""Verifies an export of a log, with nothing but a public key and, better, a checkpoint kept from before.

The verification finds: an entry altered, removed, added or moved; a log cut off before its signed end; a checkpoint
that the key did not sign. With a checkpoint the auditor kept: a log rewritten or forked and signed anew by the key's
owner, and a log rolled back to an earlier state. With an earlier export: the first entry in which the two differ.

Does not protect against: entries never written; a log rewritten by the owner of its key before anybody else kept a
checkpoint; wrong times in entries.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, repeat
from typing import Any

from wasl.audit.checkpoint import Checkpoint
from wasl.audit.export import (
    CONSISTENCY_FORMAT,
    EXPORT_FORMAT,
    INCLUSION_FORMAT,
    encode_base64,
    parse_consistency,
    parse_inclusion,
)
from wasl.audit.merkle import EMPTY_ROOT, Frontier, leaf_hash, verify_consistency, verify_inclusion
from wasl.audit.notes import NoteVerifier
from wasl.audit.rotation import Rotation, trusted_keys
from wasl.errors import VerificationError
from wasl.registers.exchange.digests import canonical_json

__all__ = ["FaultKind", "LogFault", "LogVerification", "export_leaves", "verify_export", "verify_proof"]


class FaultKind(StrEnum):
    """Kinds of fault in a log."""

    MALFORMED = "malformed"
    SIGNATURE = "signature"
    ALTERED = "altered"
    MISPLACED = "misplaced"
    TRUNCATED = "truncated"
    UNSIGNED = "unsigned"
    FORKED = "forked"


@dataclass(frozen=True, slots=True)
class LogFault:
    """The first thing found wrong.

    Attributes:
        kind: What.
        message: A sentence for the auditor.
        entry: The first bad entry, or the first that may be; None when it is not about an entry.
        last: The last entry that may be the first bad one; equal to ``entry`` when that is known exactly.
    """

    kind: FaultKind
    message: str
    entry: int | None = None
    last: int | None = None


@dataclass(frozen=True, slots=True)
class LogVerification:
    """What verifying an export showed.

    Attributes:
        origin: The log.
        entries: Entries read and found good.
        root: Root over them, base64.
        checkpoints: Signed checkpoints that agreed, the last one included.
        since: Size of the kept checkpoint the log was found to continue, or None.
        fault: The first thing wrong, or None.
    """

    origin: str
    entries: int
    root: str
    checkpoints: int
    since: int | None
    fault: LogFault | None

    @property
    def verified(self) -> bool:
        """Whether nothing is wrong."""
        return self.fault is None

    def require(self) -> None:
        """Refuse a log with a fault.

        Raises:
            VerificationError: Says what is wrong and names the first bad entry.
        """
        if self.fault is not None:
            raise VerificationError(self.fault.message)

    def to_json(self) -> dict[str, Any]:
        """The result as a JSON value."""
        fault = self.fault
        return {
            "verified": self.verified,
            "origin": self.origin,
            "entries": self.entries,
            "root": self.root,
            "checkpoints": self.checkpoints,
            "since": self.since,
            "fault": fault and fault.kind.value,
            "message": fault and fault.message,
            "first_bad_entry": fault and fault.entry,
            "first_bad_entry_at_most": fault and fault.last,
        }


class _FaultError(Exception):
    def __init__(self, fault: LogFault) -> None:
        self.fault = fault
        super().__init__(fault.message)


def verify_export(
    lines: Iterable[bytes],
    verifier: NoteVerifier,
    *,
    since: Checkpoint | None = None,
    known_leaves: Iterable[bytes] = (),
) -> LogVerification:
    """Verify an export, line by line, in memory that does not grow with it.

    Args:
        lines: The export's lines.
        verifier: The log's public key, got from somewhere else than the export.
        since: A checkpoint of this log kept from before, already verified.
        known_leaves: Leaf hashes out of an export kept from before, to name the entry in which a forked log differs.
    """
    check = _ExportCheck(verifier, since)
    fault: LogFault | None = None
    try:
        check.run(lines, known_leaves)
    except _FaultError as found:
        fault = found.fault
    return LogVerification(
        verifier.name,
        check.frontier.size,
        encode_base64(check.frontier.root),
        check.agreed,
        since.size if since is not None and fault is None else None,
        fault,
    )


def export_leaves(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The leaf hashes of an export that was already verified."""
    for line in _skip_first(lines):
        yield leaf_hash(canonical_json(json.loads(line)["event"]))


def _skip_first(lines: Iterable[bytes]) -> Iterator[bytes]:
    iterator = iter(lines)
    next(iterator, None)
    return iterator


class _ExportCheck:
    """One pass over an export: what has been found good so far."""

    def __init__(self, verifier: NoteVerifier, since: Checkpoint | None) -> None:
        self.verifier = verifier
        self.keys = [verifier]  # those that can be trusted because the given one is
        self.rotations: list[dict[str, Any]] = []  # as the export's header names them
        self.rotated: list[dict[str, Any]] = []  # as the entries name them
        self.since = since
        self.frontier = Frontier()
        self.agreed = 0  # signed checkpoints that agreed
        self.anchored = 0  # entries vouched for by the latest of them

    def run(self, lines: Iterable[bytes], known_leaves: Iterable[bytes]) -> None:
        iterator = iter(lines)
        header = self._header(next(iterator, b""))
        final = self._open(header["checkpoint"], "the export's checkpoint", None)
        if self.since is not None:
            self._require_not_rolled_back(self.since, final)
        carried = 0
        for line, known in zip(iterator, chain(known_leaves, repeat(None)), strict=False):
            index = self.frontier.size
            if index >= final.size:
                raise _fault(FaultKind.UNSIGNED, f"entry {index} lies beyond the signed end of the log.", index)
            carried += self._entry(line, known, final)
        if self.frontier.size < final.size:
            first = self.frontier.size
            raise _fault(
                FaultKind.TRUNCATED,
                f"the log was cut off: entry {first} and those after it, to {final.size - 1}, are missing.",
                first,
            )
        self._require_root(final, FaultKind.ALTERED)
        if self.rotations != self.rotated:
            raise _fault(FaultKind.SIGNATURE, "the export's header names other changes of the key than its entries.")
        if canonical_json([header["entries"], header["checkpoints"]]) != canonical_json([final.size, carried]):
            raise _fault(FaultKind.MALFORMED, "the export's header does not count what follows: it was changed.")

    def _header(self, line: bytes) -> dict[str, Any]:
        header = _canonical_object(line)
        expected = {"checkpoint", "checkpoints", "entries", "format", "origin", "verifier"}
        if header is None or set(header) - {"rotations"} != expected or header["format"] != EXPORT_FORMAT:
            raise _fault(FaultKind.MALFORMED, "not an export of a log, or its first line was changed.")
        self._follow_keys(header.get("rotations", []))
        if header["origin"] != self.verifier.name or header["verifier"] not in [str(key) for key in self.keys]:
            raise _fault(FaultKind.SIGNATURE, "the export names another key than the one given.")
        return header

    def _follow_keys(self, rotations: Any) -> None:
        """Trust the keys that the given one signed, and those that signed it."""
        try:
            self.rotations = list(rotations)
            self.keys = trusted_keys(self.verifier, [Rotation(**one) for one in self.rotations])
        except (TypeError, VerificationError) as error:
            raise _fault(FaultKind.SIGNATURE, "a change of the log's key does not verify.") from error

    def _entry(self, line: bytes, known: bytes | None, final: Checkpoint) -> int:
        index = self.frontier.size
        entry = _canonical_object(line)
        if entry is None or set(entry) - {"checkpoint"} != {"event", "index", "leaf"}:
            raise _fault(FaultKind.ALTERED, f"entry {index} was altered: its line is not that of an entry.", index)
        if type(entry["index"]) is not int or entry["index"] != index:
            raise _fault(
                FaultKind.MISPLACED,
                f"entry {index} was removed or moved: another entry stands in its place.",
                index,
            )
        leaf = leaf_hash(canonical_json(entry["event"]))
        if entry["leaf"] != encode_base64(leaf):
            raise _fault(FaultKind.ALTERED, f"entry {index} was altered: it does not match its leaf hash.", index)
        if known is not None and known != leaf:
            raise _fault(
                FaultKind.FORKED,
                f"entry {index} is not the one in the export kept from before: the log was rewritten.",
                index,
            )
        self.frontier, _ = self.frontier.append(leaf)
        if isinstance(entry["event"], dict) and entry["event"].get("kind") == "KeyRotated":
            detail = entry["event"].get("detail", {})
            self.rotated.append({name: detail.get(name) for name in ("old_key", "new_key", "endorsement")})
        if self.since is not None and self.frontier.size == self.since.size:
            self._require_root(self.since, FaultKind.FORKED)
        if "checkpoint" not in entry:
            return 0
        signed = self._open(entry["checkpoint"], f"the checkpoint after entry {index}", index)
        if signed.size != self.frontier.size:
            raise _fault(FaultKind.MISPLACED, f"the checkpoint after entry {index} is of {signed.size} entries.", index)
        if signed.size < final.size:  # the last one is judged, and counted, at the end
            self._require_root(signed, FaultKind.ALTERED)
        elif signed.root != final.root:
            raise _fault(FaultKind.FORKED, "the log was forked: it signed two states of the same length.", 0, index)
        return 1

    def _open(self, note: object, what: str, index: int | None) -> Checkpoint:
        try:
            if not isinstance(note, str):
                raise VerificationError("it is not a text.")
            if index is not None and self._before_known_keys():
                return Checkpoint.parse(note.rpartition("\n\n")[0] + "\n")  # its root is checked like any other
            return self._opened(note)
        except VerificationError as error:
            raise _fault(FaultKind.SIGNATURE, f"{what} does not verify: {error.message}", index) from error

    def _before_known_keys(self) -> bool:
        """Tell if the entries so far were signed by a key that was lost before the first trusted one."""
        lost = [number for number, one in enumerate(self.rotations) if one["new_key"] == str(self.keys[0])]
        return bool(lost) and len(self.rotated) <= lost[0]

    def _opened(self, note: str) -> Checkpoint:
        for key in self.keys[:-1]:
            try:
                return Checkpoint.open(note, key)
            except VerificationError:
                continue
        return Checkpoint.open(note, self.keys[-1])

    def _require_not_rolled_back(self, since: Checkpoint, final: Checkpoint) -> None:
        if since.size > final.size:
            raise _fault(
                FaultKind.TRUNCATED,
                f"the log was cut off: the checkpoint kept from before has {since.size} entries, this export is signed "
                f"for {final.size}; entry {final.size} and those after it are missing.",
                final.size,
            )
        if since.size == 0 and since.root != EMPTY_ROOT:
            raise _fault(FaultKind.FORKED, "the checkpoint kept from before is of no entries, yet names a root.")

    def _require_root(self, signed: Checkpoint, kind: FaultKind) -> None:
        if self.frontier.root == signed.root:
            self.agreed += kind is FaultKind.ALTERED
            self.anchored = signed.size
            return
        first, last = self.anchored, max(signed.size - 1, 0)
        if kind is FaultKind.FORKED:
            what = "the log does not continue the checkpoint kept from before: it was rewritten or forked"
            first = 0
        else:
            what = f"the entries do not lead to the signed checkpoint of {signed.size} entries"
        where = (
            f"entry {first} was altered" if first == last else f"the first bad entry lies between {first} and {last}"
        )
        raise _fault(kind, f"{what}; {where}.", first, last)


def _fault(kind: FaultKind, message: str, entry: int | None = None, last: int | None = None) -> _FaultError:
    return _FaultError(LogFault(kind, message, entry, entry if last is None else last))


def _canonical_object(line: bytes) -> dict[str, Any] | None:
    """The JSON object of a line that ends with a newline and is spelled canonically; None otherwise."""
    if not line.endswith(b"\n"):
        return None
    try:
        value = json.loads(line)
        if not isinstance(value, dict) or canonical_json(value) + b"\n" != line:
            return None
    except (ValueError, RecursionError):
        return None
    return value


def verify_proof(document: dict[str, Any], verifier: NoteVerifier, *, since: Checkpoint | None = None) -> Checkpoint:
    """Verify a proof of one entry, or that the log continues a kept checkpoint; gives the checkpoint it leads to.

    Args:
        document: What ``wasl audit prove`` wrote.
        verifier: The log's public key.
        since: For a proof of consistency: the checkpoint kept from before, already verified.

    Raises:
        VerificationError: The proof is malformed or does not hold.
    """
    if document.get("format") == INCLUSION_FORMAT:
        leaf, inclusion, note = parse_inclusion(document)
        checkpoint = Checkpoint.open(note, verifier)
        _require_size(inclusion.size, checkpoint)
        verify_inclusion(inclusion, leaf, checkpoint.root)
        return checkpoint
    if document.get("format") == CONSISTENCY_FORMAT:
        if since is None:
            raise VerificationError(
                "a proof of consistency is checked against a checkpoint kept from before.", remedy="Give --since."
            )
        consistency, note = parse_consistency(document)
        checkpoint = Checkpoint.open(note, verifier)
        _require_size(consistency.size, checkpoint)
        _require_size(consistency.old_size, since)
        verify_consistency(consistency, since.root, checkpoint.root)
        return checkpoint
    raise VerificationError("not a proof of a log.")


def _require_size(size: int, checkpoint: Checkpoint) -> None:
    if size != checkpoint.size:
        raise VerificationError(f"the proof is for {size} entries, its checkpoint for {checkpoint.size}.")
