"""Checkpoints: how long the log is and what its root is, signed; who keeps one can tell whether the log was rewritten.

Source: C2SP tlog-checkpoint v1.0.0: three lines (origin, size, base64 of the root) in a signed note.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Self

from wasl.audit.merkle import HASH_BYTES, Frontier
from wasl.audit.notes import NoteSigner, NoteVerifier, decode_base64
from wasl.errors import VerificationError

__all__ = ["Checkpoint"]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a log.

    Attributes:
        origin: Which log; also the name of the key that signs it.
        size: Number of entries.
        root: Root of the Merkle tree over them, 32 bytes.
    """

    origin: str
    size: int
    root: bytes

    @classmethod
    def of(cls, origin: str, frontier: Frontier) -> Self:
        """The checkpoint of a tree."""
        return cls(origin, frontier.size, frontier.root)

    @property
    def text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    def sign(self, signer: NoteSigner) -> str:
        """The checkpoint as a signed note.

        Raises:
            ValueError: The signer's key is not named for this log.
        """
        if signer.name != self.origin:
            raise ValueError("a log's checkpoints are signed by the key named for it")
        return signer.sign(self.text)

    @classmethod
    def open(cls, note: str, verifier: NoteVerifier) -> Self:
        """The checkpoint in a note signed by this log's key.

        Raises:
            VerificationError: Malformed, of another log, or badly signed.
        """
        checkpoint = cls.parse(verifier.open(note))
        if checkpoint.origin != verifier.name:
            raise VerificationError(f"the checkpoint is of the log {checkpoint.origin!r}, not of {verifier.name!r}.")
        return checkpoint

    @classmethod
    def parse(cls, text: str) -> Self:
        """The checkpoint a text says; extension lines after the third are passed over.

        Raises:
            VerificationError: Not a checkpoint.
        """
        malformed = VerificationError("the checkpoint is malformed.")
        origin, size, root, *rest = [*text.split("\n"), "", "", ""]
        if not text.endswith("\n") or not origin or len(rest) < 1:
            raise malformed
        if not (size.isascii() and size.isdigit()) or (size != "0" and size.startswith("0")):
            raise malformed
        try:
            root_bytes = decode_base64(root)
        except ValueError as error:
            raise malformed from error
        if len(root_bytes) != HASH_BYTES:
            raise malformed
        return cls(origin, int(size), root_bytes)
