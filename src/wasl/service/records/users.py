"""Records of people: users, accounts of an issuer, tokens."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from wasl.service.records.base import Noun

__all__ = ["Identity", "Token", "TokenStatus", "User"]


@dataclass(frozen=True, slots=True, kw_only=True)
class User(Noun):
    """Somebody known to the installation; the id is the name.

    Attributes:
        title: Full name or office, for readers of the log.
        disabled: Whether all tokens are dead.
    """

    title: str = ""
    disabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity(Noun):
    """An account of an OIDC issuer and the user it stands for; the id is a hash of issuer and subject.

    Attributes:
        user: The user name.
        issuer: Who vouches for the account.
        released: Whether the name was given to another account; this one is refused.
    """

    user: str
    issuer: str
    released: bool = False


class TokenStatus(StrEnum):
    """Where a token stands."""

    REQUESTED = "requested"
    """One administrator asked for it; another must agree."""
    INVITED = "invited"
    """Its owner can redeem the invitation and see the secret, once."""
    ACTIVE = "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token(Noun):
    """A bearer token: its secret is stored hashed and was shown once.

    Attributes:
        user, role, project, register: Whose, for what, and how far it reaches (None: everywhere).
        secret_hash: Argon2id hash of the secret.
        expires_at: ISO 8601 UTC.
        revoked: Whether it is dead before that.
        status: Whether it is in use yet.
        approved_by: The second administrator, where two were needed.
        invitation: SHA-256 of each part of the invitation, in hexadecimal.
    """

    user: str
    role: str
    project: str | None
    register: str | None
    secret_hash: str = field(repr=False)
    expires_at: str
    revoked: bool = False
    status: TokenStatus = TokenStatus.ACTIVE
    approved_by: str = ""
    invitation: list[str] = field(default_factory=list)
