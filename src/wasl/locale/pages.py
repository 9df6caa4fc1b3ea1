"""A finished English sentence as a page shows it: in the language of the page, or marked as English."""

from __future__ import annotations

from markupsafe import Markup, escape

from wasl.locale.messages import Messages

__all__ = ["said"]


def said(language: Messages, english: object) -> Markup:
    """The sentence in the language; one that no message makes stays English, and the page marks it as such.

    In Arabic the values of a sentence (names, paths, numbers) are isolated, so that they do not turn its order.
    """
    text = str(english)
    known = language.known(text, isolate=language.direction == "rtl")
    if known is not None:
        return escape(known)
    return Markup('<span lang="en" dir="ltr">{}</span>').format(text)
