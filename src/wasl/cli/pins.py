"""Keys of others that this user has seen: the first one is pinned, another one later is refused.

The pins lie in ``pins.json`` in the home folder: what the key is for, whose it is, and the key.

*Does not protect against:* a false key at the first use; compare it with its owner, or name the key.
"""

from __future__ import annotations

import json
from typing import Literal

from wasl.errors import VerificationError
from wasl.registers.exchange.whole_files import write_whole
from wasl.settings import Settings

__all__ = ["pin_key"]

FILE = "pins.json"


def pin_key(kind: Literal["publisher", "issuer"], owner: str, key: str) -> Literal["new", "known"]:
    """Pin a key at its first use, and hold later ones against it.

    Args:
        kind: A publisher of releases, or an issuer of wrapped keys.
        owner: Whose: a server's address, or a project.
        key: The public key as text.

    Returns:
        Whether the key is new or known.

    Raises:
        VerificationError: Another key is pinned for this owner.
    """
    path = Settings().home_dir / FILE
    try:
        pins = dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}
    except (ValueError, TypeError) as error:
        raise VerificationError(f"{path}: the file of pinned keys is damaged.", remedy="Restore it.") from error
    known = pins.get(f"{kind} {owner}")
    if known == key:
        return "known"
    if known is not None:
        raise VerificationError(
            f"the {kind} of {owner} used the key {known} before and now uses {key}.",
            remedy=f"Ask the {kind} by another way. If the key was really replaced, remove its line from {path}.",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps(pins | {f"{kind} {owner}": key}, indent=2) + "\n", mode=0o600)
    return "new"
