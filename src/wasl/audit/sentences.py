"""Audit events as sentences for auditors, in French, Arabic and English: what happened, then its fields.

The sentence of a kind stands with the kind (`wasl.audit.events`). A field without a word of its own is named by its
name.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata

from wasl.audit.events import KINDS, AuditEvent, DetailValue, Language
from wasl.audit.field_words import DETAIL_WORDS
from wasl.audit.value_words import say_value
from wasl.locale import messages

__all__ = ["DETAIL_WORDS", "say_detail", "say_event", "say_kind"]

HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of characters that are not shown but act: controls, direction marks, separators of lines."""

_TRUTH: dict[Language, tuple[str, str]] = {"fr": ("non", "oui"), "ar": ("لا", "نعم"), "en": ("no", "yes")}
_PROJECT: dict[Language, str] = {"fr": "projet : ", "ar": "المشروع: ", "en": "project: "}
_DIGEST_SHOWN = len("sha256:") + 12
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d.*")
_ISOLATE, _END = "\u2068", "\u2069"
"""Around a value in an Arabic sentence: without them a name in Latin letters turns the order of what stands beside it.
Source: Unicode Standard Annex 9, sections 2.4 and 6.3."""
DIGITS = 4
"""Digits of a decimal number that count."""


def say_event(event: AuditEvent, language: Language) -> str:
    """The event as a sentence, with its project and fields in brackets; control characters are made visible."""
    subject = _apart(_visible(event.subject) or "–", language)
    sentence = event.happening.text[language].format(actor=_apart(_visible(event.actor), language), subject=subject)
    colon = " : " if language == "fr" else ": "
    parts = [f"{_PROJECT[language]}{_apart(_visible(event.project), language)}"] if event.project else []
    context = {name: text for name in ("request", "role") if (text := getattr(event, name))}
    for name, value in {**event.detail, **context}.items():
        word = DETAIL_WORDS.get(name, {}).get(language, _visible(name.replace("_", " ")))
        parts.append(f"{word}{colon}{_apart(say_detail(value, language, name), language)}")
    return f"{sentence} ({messages(language).parts(parts)})." if parts else f"{sentence}."


def say_detail(value: DetailValue, language: Language, field: str = "") -> str:
    """A detail as its language writes it: numbers grouped, days, moments and codes in words, digests shortened.

    Args:
        value: The value of a field, or a moment.
        language: The reader's.
        field: Its name, for codes: a role, a state, a check.
    """
    if value is None or value in ("", []):
        return "–"
    if isinstance(value, bool):
        return _TRUTH[language][value]
    if isinstance(value, int):
        return messages(language).number(value)
    if isinstance(value, float):
        return messages(language).significant(value, DIGITS)
    if isinstance(value, list):
        return ("، " if language == "ar" else ", ").join(say_detail(item, language, field) for item in value)
    if value.startswith("sha256:"):
        return f"{value[:_DIGEST_SHOWN]}…"
    return _timed(value, language) or say_value(field, value, language) or _visible(value)


def say_kind(kind: str, language: Language) -> str:
    """What happened in an event of a kind, with dots for who did it and to what."""
    return KINDS[kind].sentences[language].format(actor="…", subject="…")


def _timed(value: str, language: Language) -> str:
    """A day or a moment in the words of a language; empty for any other text."""
    says = messages(language)
    try:
        if _DAY.fullmatch(value):
            return says.date(dt.date.fromisoformat(value))
        if _MOMENT.fullmatch(value):
            moment = dt.datetime.fromisoformat(value)
            zone = " UTC" if moment.utcoffset() == dt.timedelta(0) else moment.strftime(" %z").rstrip()
            return says.time(moment) + zone
    except ValueError:
        return ""
    return ""


def _apart(text: str, language: Language) -> str:
    """A value inside a sentence, isolated where the sentence runs from right to left."""
    return f"{_ISOLATE}{text}{_END}" if language == "ar" else text


def _visible(text: str) -> str:
    """A text whose control characters do nothing to the terminal or page it is shown on."""
    return "".join("\ufffd" if unicodedata.category(character) in HIDDEN else character for character in text)
