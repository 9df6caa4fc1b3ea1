"""The project's secret, and the keys derived from it: one per purpose, pass, block and group.

Does not protect against: a holder of the secret, who can recompute every token (dictionary attack).
"""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass, field
from typing import Literal, Self

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from wasl.errors import KeyFileError
from wasl.registers.exchange.delivery import SCHEME_VERSION
from wasl.registers.exchange.digests import canonical_json

__all__ = ["SECRET_BYTES", "LinkageKey", "Purpose"]

SECRET_BYTES = 32
SALT = b"wasl linkage key"

Purpose = Literal["key-id", "record-id", "row-id", "part", "block", "token", "filter", "spread", "diffusion"]
"""What a derived key is for; keys of different purposes are independent."""


@dataclass(frozen=True, slots=True)
class LinkageKey:
    """A project's secret. Its text form never shows the secret.

    Attributes:
        secret: 32 random bytes.
        project: The project it belongs to; part of every derivation.
    """

    secret: bytes = field(repr=False)
    project: str

    def __post_init__(self) -> None:
        if len(self.secret) != SECRET_BYTES:
            raise KeyFileError(f"a linkage key has {SECRET_BYTES} bytes, not {len(self.secret)}.")
        if not self.project:
            raise KeyFileError("a linkage key belongs to a project, and its name is empty.")

    @classmethod
    def new(cls, project: str, random_bytes: bytes) -> Self:
        """A key from 32 bytes of the operating system's randomness, drawn by the caller."""
        return cls(random_bytes, project)

    @property
    def key_id(self) -> str:
        """A name for the key, safe to publish: 16 hexadecimal digits."""
        return self.derive("key-id")[:8].hex()

    def derive(self, purpose: Purpose, *, pass_: str = "", block: str = "", group: str = "") -> bytes:
        """A 32-byte key for one purpose, pass, block component and group.

        *Source:* HKDF with SHA-256, RFC 5869; the context is the canonical JSON of the arguments.
        """
        context = canonical_json(["wasl", SCHEME_VERSION, self.project, purpose, pass_, block, group])
        return HKDF(algorithm=hashes.SHA256(), length=SECRET_BYTES, salt=SALT, info=context).derive(self.secret)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, LinkageKey)
            and self.project == other.project
            and hmac.compare_digest(self.secret, other.secret)
        )

    def __hash__(self) -> int:
        return hash((self.project, self.key_id))

    def encoded_secret(self) -> str:
        """The secret as base64, for a key file only."""
        return base64.b64encode(self.secret).decode()

    @classmethod
    def from_encoded(cls, secret: str, project: str) -> Self:
        """The key from its base64 form.

        Raises:
            KeyFileError: Not base64, or not 32 bytes.
        """
        try:
            return cls(base64.b64decode(secret, validate=True), project)
        except (binascii.Error, ValueError) as error:
            raise KeyFileError("the key file's secret is damaged.") from error
