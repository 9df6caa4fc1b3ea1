"""TOML of strangers: parsed only where its cost grows with its length.

The parser of Python copies the parts of a dotted key for each of them. So its time and memory grow with the square of
the parts: a line of 300 kB would take some 90 GB. No document of wasl has keys of more than six parts.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

__all__ = ["MOST_KEY_DOTS", "KeyDepthError", "read_toml"]

MOST_KEY_DOTS = 40
"""Dots in one key."""

STRINGS = re.compile(
    r'''"""(?:[^"\\]|\\.|"(?!""))*+(?:"{3,5}|\\?\Z)|'''
    r"""'''(?:[^']|'(?!''))*+(?:'{3,5}|\Z)|"""
    r""""(?:[^"\\\n]|\\.)*+(?:"|\n|\\?\Z)|'[^'\n]*+(?:'|\n|\Z)|\#[^\n]*+""",
    re.DOTALL,
)
"""Strings and comments: their dots are no parts of keys. A string without an end goes to the end of its line or of the
text, so that no quotation mark is looked at from twice."""

BETWEEN_KEYS = re.compile(r"[=,{}\[\]\n]")


class KeyDepthError(ValueError):
    """A key has more dots than any document needs."""


def read_toml(text: str) -> dict[str, Any]:
    """The value of a TOML text.

    Raises:
        KeyDepthError: A key has more than ``MOST_KEY_DOTS`` dots.
        ValueError: It is not TOML (``tomllib.TOMLDecodeError``), or has a number of too many digits.
        RecursionError: Its arrays or tables are nested too deeply.
    """
    if any(piece.count(".") > MOST_KEY_DOTS for piece in BETWEEN_KEYS.split(STRINGS.sub("", text))):
        raise KeyDepthError(f"a key of the TOML has more than {MOST_KEY_DOTS} dots.")
    return tomllib.loads(text)
