"""Rotation of a log's signing key: the old key signs the new one, and the log holds both.

The name of the log stays; only the key changes. The old key signs a note whose text names both keys and the number of
entries at that time. The note stands in a `KeyRotated` entry. One trusted key leads to all others.

Does not protect against: a thief of the old key, who can name a successor of his own; a lost key cannot sign, so its
successor is trusted by hand.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wasl.audit.notes import NoteSigner, NoteVerifier
from wasl.errors import KeyFileError, VerificationError

__all__ = ["Rotation", "endorse", "trusted_keys"]

TITLE = "wasl key rotation"


@dataclass(frozen=True, slots=True)
class Rotation:
    """One change of the key, as a `KeyRotated` entry holds it.

    Attributes:
        old_key, new_key: The public keys, ``name+id+base64``.
        endorsement: The note signed by the old key; empty when that key was lost.
    """

    old_key: str
    new_key: str
    endorsement: str


def endorse(old: NoteSigner, new: NoteVerifier, entries: int) -> Rotation:
    """The rotation from a key that is at hand to a new one.

    Args:
        old: The key in use.
        new: The public half of the new key; it has the name of the old one, which is the log's.
        entries: How many entries the log has.

    Raises:
        VerificationError: The new key has another name.
    """
    if new.name != old.name:
        raise VerificationError("the new key must have the name of the log.")
    return Rotation(str(old.verifier), str(new), old.sign(_text(str(old.verifier), str(new), entries)))


def trusted_keys(trusted: NoteVerifier, rotations: Iterable[Rotation]) -> list[NoteVerifier]:
    """The keys of a log that can be trusted because one of them is, in the order of their use.

    Args:
        trusted: A key got from somewhere else than the log.
        rotations: Every change of the key, oldest first.

    Raises:
        VerificationError: An endorsement does not hold, or the chain is not one.
    """
    keys = [trusted]
    steps = list(rotations)
    for step in steps:  # forward: each old key that is trusted vouches for the next
        if step.old_key == str(keys[-1]) and step.endorsement:
            keys.append(_endorsed(step))
    for step in reversed(steps):  # backward: the old key signed the new one itself
        if step.new_key == str(keys[0]) and step.endorsement:
            _endorsed(step)
            keys.insert(0, _parsed(step.old_key))
    return keys


def _endorsed(step: Rotation) -> NoteVerifier:
    old, new = _parsed(step.old_key), _parsed(step.new_key)
    lines = old.open(step.endorsement).split("\n")
    if lines[:3] != [TITLE, step.old_key, step.new_key] or new.name != old.name:
        raise VerificationError("the note of a key rotation names other keys than its entry.")
    return new


def _parsed(text: str) -> NoteVerifier:
    try:
        return NoteVerifier.parse(text)
    except KeyFileError as error:
        raise VerificationError("an entry of a key rotation holds no key.") from error


def _text(old: str, new: str, entries: int) -> str:
    return f"{TITLE}\n{old}\n{new}\n{entries}\n"
