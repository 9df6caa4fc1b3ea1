"""The manifest of a release: the digest of every file in it, signed, so that one changed byte is found and named."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from wasl.audit.notes import NoteSigner, NoteVerifier
from wasl.errors import VerificationError
from wasl.registers.exchange.digests import digest_bytes

__all__ = [
    "MANIFEST_FORMAT",
    "MANIFEST_NAME",
    "PUBLIC_KEY_NAME",
    "SIGNATURE_NAME",
    "FileEntry",
    "Manifest",
    "open_manifest_signature",
    "sign_manifest",
]

MANIFEST_FORMAT = "wasl-release/1"
MANIFEST_NAME = "manifest.json"
SIGNATURE_NAME = "manifest.json.sig"
PUBLIC_KEY_NAME = "public-key.txt"


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file of the release.

    Attributes:
        size_bytes: Its length.
        digest: ``sha256:…`` of its bytes.
    """

    size_bytes: int
    digest: str

    @classmethod
    def of(cls, data: bytes) -> Self:
        """The entry of these bytes."""
        return cls(len(data), digest_bytes(data))


@dataclass(frozen=True, slots=True)
class Manifest:
    """The files of a release and their origin.

    Attributes:
        dataset_id, version, title: The dataset.
        created: When the release was made, ISO 8601 UTC.
        software: Name and version of the program that made it.
        rows: Rows of the data files.
        description_digest: Digest of the dataset's description.
        report_digest: Digest of the public report of its protection.
        signer: The key that signs it, ``name+id+base64``.
        log_checkpoint: Signed checkpoint of the audit log just before publication, or empty.
        files: Every other file of the package by its path, but for the signature.
    """

    dataset_id: str
    version: str
    title: str
    created: str
    software: str
    rows: int
    description_digest: str
    report_digest: str
    signer: str
    log_checkpoint: str
    files: Mapping[str, FileEntry]

    def to_bytes(self) -> bytes:
        """The manifest as JSON that a person can read: sorted keys, UTF-8."""
        value = {"format": MANIFEST_FORMAT, **asdict(self)}
        return json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False).encode() + b"\n"

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The manifest in these bytes.

        Raises:
            VerificationError: Not a manifest of this format.
        """
        try:
            value: dict[str, Any] = json.loads(data)
            if value.pop("format") != MANIFEST_FORMAT:
                raise ValueError("another format")
            files = {str(path): FileEntry(**entry) for path, entry in value.pop("files").items()}
            manifest = cls(files=files, **value)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise VerificationError(f"{MANIFEST_NAME}: not the manifest of a release, or it was changed.") from error
        numbers = [manifest.rows, *(entry.size_bytes for entry in files.values())]
        texts = [getattr(manifest, name) for name in TEXTS] + [entry.digest for entry in files.values()]
        if not all(type(number) is int for number in numbers) or not all(isinstance(text, str) for text in texts):
            raise VerificationError(f"{MANIFEST_NAME}: a field is of another type: it was changed.")
        return manifest


TEXTS = (
    "dataset_id",
    "version",
    "title",
    "created",
    "software",
    "description_digest",
    "report_digest",
    "signer",
    "log_checkpoint",
)
"""The attributes of a manifest that are texts."""


def sign_manifest(manifest: bytes, dataset_id: str, signer: NoteSigner) -> bytes:
    """The signature file: a signed note over the manifest's digest."""
    return signer.sign(f"{MANIFEST_FORMAT}\n{dataset_id}\n{digest_bytes(manifest)}\n").encode()


def open_manifest_signature(signature: bytes, verifier: NoteVerifier) -> str:
    """The digest of the manifest that this key signed.

    Raises:
        VerificationError: The signature does not verify.
    """
    try:
        lines = verifier.open(signature.decode()).split("\n")
    except UnicodeDecodeError as error:
        raise VerificationError(f"{SIGNATURE_NAME}: not UTF-8 text: it was changed.") from error
    if len(lines) != 4 or lines[0] != MANIFEST_FORMAT:
        raise VerificationError(f"{SIGNATURE_NAME}: signs something else than a release.")
    return lines[2]
