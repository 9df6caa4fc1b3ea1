"""Sentences as a page shows them: values that are written in the other direction do not turn their order."""

from __future__ import annotations

import re
from dataclasses import dataclass

from markupsafe import Markup, escape

from wasl.locale.messages import Messages

__all__ = ["PageText", "begun", "isolated", "said"]

ARABIC = re.compile("[\u0600-\u06ff]")
LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
FIRST_WORD = re.compile("(?!wasl )[a-z\u00e0-\u00ff]+(?:'[a-z\u00e0-\u00ff]+)?(?= )")
"""A word in small letters at the beginning of a sentence; names with digits, hyphens or a colon are none."""
FIRST_STRONG, POP = "\u2068", "\u2069"


def isolated(language: Messages, value: object) -> object:
    """A value for a sentence of a page: a text with letters of the other direction keeps its own order.

    Source: Unicode Standard Annex 9, isolates (FSI, PDI).
    """
    if not isinstance(value, str) or value.startswith(FIRST_STRONG):
        return value
    other = LATIN if language.direction == "rtl" else ARABIC
    return f"{FIRST_STRONG}{value}{POP}" if other.search(value) else value


def begun(sentence: str) -> str:
    """A finished sentence with a capital letter at its beginning.

    Messages begin small, since the command line sets the place before them.
    """
    return sentence[0].upper() + sentence[1:] if sentence.endswith(".") and FIRST_WORD.match(sentence) else sentence


@dataclass(frozen=True, slots=True)
class PageText:
    """The messages of a page: as `Messages` has them, with values of the other direction isolated."""

    language: Messages

    def text(self, key: str, **values: object) -> str:
        """The message with values in the places of ``{name}``."""
        return self.language.text(key, **{name: isolated(self.language, one) for name, one in values.items()})

    def plural(self, one: str, many: str, count: int, **values: object) -> str:
        """The message that goes with a count."""
        shown = {name: isolated(self.language, value) for name, value in values.items()}
        return self.language.plural(one, many, count, **shown)


def said(language: Messages, english: object) -> Markup:
    """The sentence in the language; one that no message makes stays English, and the page marks it as such.

    In Arabic the values of a sentence (names, paths, numbers) are isolated, so that they do not turn its order.
    """
    text = str(english)
    known = language.known(text, isolate=language.direction == "rtl")
    if known is not None:
        return escape(begun(known))
    return Markup('<span lang="en" dir="ltr">{}</span>').format(text)
