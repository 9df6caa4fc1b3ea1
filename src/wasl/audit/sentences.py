"""Audit events as sentences for auditors, in French, Arabic and English: what happened, then its fields.

The sentence of a kind stands with the kind (`wasl.audit.events`). A field without a word of its own is named by its
name.
"""

from __future__ import annotations

import unicodedata

from wasl.audit.events import AuditEvent, DetailValue, Language
from wasl.audit.field_words import DETAIL_WORDS

__all__ = ["DETAIL_WORDS", "say_detail", "say_event"]

HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of characters that are not shown but act: controls, direction marks, separators of lines."""

_TRUTH: dict[Language, tuple[str, str]] = {"fr": ("non", "oui"), "ar": ("لا", "نعم"), "en": ("no", "yes")}
_PROJECT: dict[Language, str] = {"fr": "projet : ", "ar": "المشروع: ", "en": "project: "}
_SEPARATOR: dict[Language, str] = {"fr": " ; ", "ar": "؛ ", "en": "; "}
_DIGEST_SHOWN = len("sha256:") + 12


def say_event(event: AuditEvent, language: Language) -> str:
    """The event as a sentence, with its project and fields in brackets; control characters are made visible."""
    subject = _visible(event.subject) or "–"
    sentence = event.happening.text[language].format(actor=_visible(event.actor), subject=subject)
    colon = " : " if language == "fr" else ": "
    parts = [f"{_PROJECT[language]}{_visible(event.project)}"] if event.project else []
    context = {name: text for name in ("request", "role") if (text := getattr(event, name))}
    for name, value in {**event.detail, **context}.items():
        word = DETAIL_WORDS.get(name, {}).get(language, _visible(name.replace("_", " ")))
        parts.append(f"{word}{colon}{say_detail(value, language)}")
    return f"{sentence} ({_SEPARATOR[language].join(parts)})." if parts else f"{sentence}."


def say_detail(value: DetailValue, language: Language) -> str:
    """A detail as its language writes it: numbers grouped, digests shortened."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return _TRUTH[language][value]
    if isinstance(value, int):
        grouped = f"{value:,}"
        return grouped.replace(",", "\u202f") if language == "fr" else grouped
    if isinstance(value, float):
        written = f"{value:.4g}"
        return written.replace(".", ",") if language == "fr" else written
    if isinstance(value, list):
        return ", ".join(say_detail(item, language) for item in value)
    return f"{value[:_DIGEST_SHOWN]}…" if value.startswith("sha256:") else _visible(value)


def _visible(text: str) -> str:
    """A text whose control characters do nothing to the terminal or page it is shown on."""
    return "".join("\ufffd" if unicodedata.category(character) in HIDDEN else character for character in text)
