"""Sentences as a page shows them: values that are written in the other direction do not turn their order."""

from __future__ import annotations

import re
from dataclasses import dataclass

from markupsafe import Markup, escape

from wasl.locale.messages import Messages

__all__ = ["PageText", "isolated", "said"]

ARABIC = re.compile("[\u0600-\u06ff]")
LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
FIRST_STRONG, POP = "\u2068", "\u2069"


def isolated(language: Messages, value: object) -> object:
    """A value for a sentence of a page: a text with letters of the other direction keeps its own order.

    Source: Unicode Standard Annex 9, isolates (FSI, PDI).
    """
    if not isinstance(value, str) or value.startswith(FIRST_STRONG):
        return value
    other = LATIN if language.direction == "rtl" else ARABIC
    return f"{FIRST_STRONG}{value}{POP}" if other.search(value) else value


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
        return escape(known)
    return Markup('<span lang="en" dir="ltr">{}</span>').format(text)
