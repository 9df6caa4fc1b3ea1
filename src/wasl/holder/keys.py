"""The project's secret, and the keys derived from it.

Two kinds of derivation exist:

- :meth:`LinkageKey.derive` gives what must stay equal from period to period: the key's id and the key of record ids.
  Only the spine keeper and the release desk see record ids.
- :class:`RoundKey` gives everything else. Its derivations include the *round* and the digest of the encoding profile,
  so two deliveries of different rounds or profiles share no row id, block label, token, seed or filter.

*Does not protect against:* a holder of the secret, who can recompute every token (dictionary attack).
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
from wasl.registers.exchange.delivery_header import SCHEME_VERSION
from wasl.registers.exchange.digests import canonical_json

__all__ = ["SECRET_BYTES", "LastingPurpose", "LinkageKey", "Purpose", "RoundKey"]

SECRET_BYTES = 32
SALT = b"wasl linkage key"

LASTING_VERSION = 1
"""Version of the derivation of key ids and record ids. It has not changed since the first edition: a spine made then
can still be continued with ``--onto``."""

LastingPurpose = Literal["key-id", "record-id", "household"]
"""Purposes of keys that derive from the secret and the project alone, and stay equal in every round."""
Purpose = Literal["row-id", "part", "block", "token", "filter", "spread", "diffusion"]
"""Purposes of the derived keys of a round; keys of different purposes are independent."""


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

    def derive(self, purpose: LastingPurpose) -> bytes:
        """A 32-byte key that is the same in every round, under every profile.

        *Source:* HKDF with SHA-256, RFC 5869; the context is the canonical JSON of version, project and purpose.
        """
        return _expand(self.secret, ["wasl", LASTING_VERSION, self.project, purpose, "", "", ""])

    def for_round(self, round_name: str, profile_digest: str) -> RoundKey:
        """The key of one round under one profile.

        Args:
            round_name: Name of the round; empty for deliveries made without one.
            profile_digest: Digest of the encoding profile.
        """
        return RoundKey(self.secret, self.project, round_name, profile_digest)

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


@dataclass(frozen=True, slots=True)
class RoundKey:
    """The secret of a project within one round and under one profile. Its text form never shows the secret.

    Attributes:
        secret: The project's 32 secret bytes.
        project, round_name, profile_digest: Part of every derivation.
    """

    secret: bytes = field(repr=False)
    project: str
    round_name: str
    profile_digest: str

    def derive(self, purpose: Purpose, *, pass_: str = "", block: str = "", group: str = "") -> bytes:
        """A 32-byte key for one purpose, pass, block component and group.

        *Source:* HKDF with SHA-256, RFC 5869; the context is the canonical JSON of scheme version, project, round,
        profile digest and the arguments.
        """
        place = [self.project, self.round_name, self.profile_digest]
        return _expand(self.secret, ["wasl", SCHEME_VERSION, *place, purpose, pass_, block, group])


def _expand(secret: bytes, context: list[str | int]) -> bytes:
    """HKDF-SHA-256 of the secret for a context."""
    info = canonical_json(context)
    return HKDF(algorithm=hashes.SHA256(), length=SECRET_BYTES, salt=SALT, info=info).derive(secret)
