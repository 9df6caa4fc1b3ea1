"""Shipped encoding profiles by digest: a shipped name means the shipped document and nothing else.

The linkage unit and the service know profiles only through the headers of deliveries. They compare a header's digest
with ``config/profiles/digests.json``, which lists every shipped profile.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from typing import Protocol

from wasl.errors import MismatchError, SchemaError
from wasl.registers.documents import config_dir

__all__ = ["ProfileHeader", "require_known_profiles", "shipped_digests", "shipped_profiles"]


class ProfileHeader(Protocol):
    """Fields of a delivery's header about its profile."""

    @property
    def register(self) -> str:
        """The delivery's register."""

    @property
    def profile(self) -> str:
        """The profile's name."""

    @property
    def profile_digest(self) -> str:
        """The profile's digest."""


@cache
def shipped_profiles() -> dict[str, str]:
    """Digests of the shipped profiles by ``family/name``.

    Raises:
        SchemaError: The list is missing or damaged.
    """
    path = config_dir() / "profiles" / "digests.json"
    try:
        return {str(name): str(digest) for name, digest in json.loads(path.read_text(encoding="utf-8")).items()}
    except (OSError, ValueError, AttributeError) as error:
        raise SchemaError(f"{path}: the list of shipped profiles cannot be read.", remedy="Reinstall wasl.") from error


def shipped_digests(name: str) -> frozenset[str]:
    """Digests of the shipped profiles of this name: of one family if given as ``family/name``, else of all.

    Empty if the name is no shipped one.
    """
    if "/" in name and name in shipped_profiles():
        return frozenset({shipped_profiles()[name]})
    plain = name.rsplit("/", 1)[-1]
    return frozenset(digest for known, digest in shipped_profiles().items() if known.rsplit("/", 1)[-1] == plain)


def require_known_profiles(headers: Iterable[ProfileHeader]) -> None:
    """Refuse deliveries whose profile has a shipped name but is another document.

    Raises:
        MismatchError: Names the register and the profile.
    """
    for header in headers:
        known = shipped_digests(header.profile)
        if known and header.profile_digest not in known:
            raise MismatchError(
                f"the delivery of {header.register!r} names profile {header.profile!r}, but was made under another "
                f"document than the shipped one ({header.profile_digest}).",
                remedy="Encode it under the shipped profile, or give your own profile another name.",
            )
