"""The form in which a log leaves its installation, to be verified anywhere with nothing but a public key.

JSON Lines, each line canonical JSON (sorted keys, no spaces, UTF-8):

- first ``{"checkpoint":…,"checkpoints":M,"entries":N,"format":"wasl-log-export/1","origin":…,"verifier":…}``;
- then, for each entry in order, ``{"event":{…},"index":I,"leaf":"<base64>"}``, with ``"checkpoint":…`` before it
  where the log was signed just after this entry.

The event stands in its canonical bytes, so any language can cut them out and hash them. The leaf hash lets a verifier
name an altered entry; the earlier checkpoints let it name the entry even if leaf hashes were altered too; the last
checkpoint decides.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from wasl.audit.merkle import ConsistencyProof, InclusionProof, leaf_hash
from wasl.audit.notes import NoteVerifier, decode_base64
from wasl.audit.rotation import Rotation
from wasl.errors import VerificationError
from wasl.registers.exchange.digests import canonical_json

__all__ = [
    "CONSISTENCY_FORMAT",
    "EXPORT_FORMAT",
    "INCLUSION_FORMAT",
    "ExportEntry",
    "consistency_document",
    "encode_base64",
    "export_lines",
    "inclusion_document",
    "parse_consistency",
    "parse_inclusion",
]

EXPORT_FORMAT = "wasl-log-export/1"
INCLUSION_FORMAT = "wasl-log-inclusion/1"
CONSISTENCY_FORMAT = "wasl-log-consistency/1"

HASH_BYTES = 32
"""Bytes of a leaf hash (SHA-256)."""


@dataclass(frozen=True, slots=True)
class ExportEntry:
    """An entry as it is stored.

    Attributes:
        data: The event's canonical bytes.
        leaf: The leaf hash as stored in the tree; None to compute it from the bytes.
        checkpoint: The signed checkpoint made just after this entry, or None.
    """

    data: bytes
    leaf: bytes | None = None
    checkpoint: str | None = None


def encode_base64(data: bytes) -> str:
    """Standard base64 with padding."""
    return base64.b64encode(data).decode()


def export_lines(
    checkpoint: str,
    verifier: NoteVerifier,
    entries: Iterable[ExportEntry],
    *,
    size: int,
    checkpoints: int,
    rotations: Sequence[Rotation] = (),
) -> Iterator[bytes]:
    """The lines of an export, each with its newline; entries stream through.

    Args:
        checkpoint: The latest signed checkpoint.
        verifier: The key that signed it.
        entries: All entries, in order.
        size: How many entries there are.
        checkpoints: How many of them carry a checkpoint.
        rotations: Every change of the key, oldest first; each is a `KeyRotated` entry too.
    """
    header: dict[str, Any] = {
        "checkpoint": checkpoint,
        "checkpoints": checkpoints,
        "entries": size,
        "format": EXPORT_FORMAT,
        "origin": verifier.name,
        "verifier": str(verifier),
    }
    if rotations:
        header["rotations"] = [asdict(one) for one in rotations]
    yield canonical_json(header) + b"\n"
    for index, entry in enumerate(entries):
        leaf = encode_base64(leaf_hash(entry.data) if entry.leaf is None else entry.leaf)
        signed = b"" if entry.checkpoint is None else b'"checkpoint":%b,' % canonical_json(entry.checkpoint)
        yield b'{%b"event":%b,"index":%d,"leaf":"%b"}\n' % (signed, entry.data, index, leaf.encode())


def inclusion_document(
    data: bytes, proof: InclusionProof, checkpoint: str, *, confidential: bool = False
) -> dict[str, Any]:
    """An entry and the proof that it is in the log, as a JSON value that verifies by itself.

    Args:
        data: The entry's bytes.
        proof: Its place in the log.
        checkpoint: The signed checkpoint of the proof.
        confidential: Whether the document is for people who may not read the entry: it then has the leaf hash only, and
            whoever has the log finds the entry by it.
    """
    shown = {"leaf": encode_base64(leaf_hash(data))} if confidential else {"event": json.loads(data)}
    return {
        "checkpoint": checkpoint,
        **shown,
        "format": INCLUSION_FORMAT,
        "index": proof.index,
        "path": [encode_base64(value) for value in proof.path],
        "size": proof.size,
    }


def consistency_document(proof: ConsistencyProof, checkpoint: str) -> dict[str, Any]:
    """The proof that the log continues an earlier state of itself, as a JSON value."""
    return {
        "checkpoint": checkpoint,
        "format": CONSISTENCY_FORMAT,
        "old_size": proof.old_size,
        "path": [encode_base64(value) for value in proof.path],
        "size": proof.size,
    }


def parse_inclusion(document: dict[str, Any]) -> tuple[bytes, InclusionProof, str]:
    """The entry's leaf hash, the proof and the signed checkpoint out of an inclusion document.

    The leaf hash follows from the entry, or is given where the entry is confidential.

    Raises:
        VerificationError: A field is missing or of another type.
    """
    index, size = _whole(document, "index"), _whole(document, "size")
    if ("event" in document) == ("leaf" in document):
        raise VerificationError("the proof is malformed: it has either 'event' or 'leaf'.")
    if "leaf" not in document and not isinstance(document["event"], dict):
        raise VerificationError("the proof is malformed: 'event' is not an object.")
    return (
        _hash(_text(document, "leaf")) if "leaf" in document else leaf_hash(canonical_json(document["event"])),
        InclusionProof(index, size, _hashes(document)),
        _text(document, "checkpoint"),
    )


def parse_consistency(document: dict[str, Any]) -> tuple[ConsistencyProof, str]:
    """The proof and the signed checkpoint out of a consistency document.

    Raises:
        VerificationError: A field is missing or of another type.
    """
    proof = ConsistencyProof(_whole(document, "old_size"), _whole(document, "size"), _hashes(document))
    return proof, _text(document, "checkpoint")


def _whole(document: dict[str, Any], name: str) -> int:
    value = document.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise VerificationError(f"the proof is malformed: {name!r} is missing or is not a whole number.")
    return value


def _text(document: dict[str, Any], name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str):
        raise VerificationError(f"the proof is malformed: {name!r} is missing or is not a text.")
    return value


def _hash(text: str) -> bytes:
    try:
        value = decode_base64(text)
    except (ValueError, TypeError) as error:
        raise VerificationError("the proof is malformed: 'leaf' is not a hash.") from error
    if len(value) != HASH_BYTES:
        raise VerificationError("the proof is malformed: 'leaf' is not a hash.")
    return value


def _hashes(document: dict[str, Any]) -> tuple[bytes, ...]:
    path = document.get("path")
    try:
        if not isinstance(path, list):
            raise ValueError("not a list")
        return tuple(decode_base64(value) for value in path)
    except (ValueError, TypeError) as error:
        raise VerificationError("the proof is malformed: 'path' is not a list of hashes.") from error
