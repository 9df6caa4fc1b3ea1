"""Messages of one language: texts, plurals, numbers and dates."""

from __future__ import annotations

import datetime as dt
import gettext
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import BytesIO
from typing import TYPE_CHECKING, Any, Literal, get_args

from wasl.locale.sentences import (
    DAY,
    DECIMAL,
    DEEPEST,
    LIST_PLACES,
    NOUN_PLACES,
    VERBATIM_PLACES,
    Recognizer,
    grouped_number,
)

if TYPE_CHECKING:
    from babel.core import Locale
    from babel.messages.catalog import Message

__all__ = ["LANGUAGES", "N_", "Language", "Messages", "in_language", "messages", "negotiate", "read_catalogue"]

Language = Literal["fr", "ar", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

_NAMES: dict[Language, str] = {"fr": "Français", "ar": "العربية", "en": "English"}
_LOCALES: dict[Language, str] = {"fr": "fr", "ar": "ar_MA", "en": "en_GB"}
"""Locales of CLDR for numbers and dates. Morocco writes Arabic with Latin digits (``ar_MA``). For French ``fr`` is
taken and not ``fr_MA``: the statistical office separates thousands by a space, not by a point."""


@cache
def _locale(language: Language) -> Locale:
    """The locale, parsed once: a report writes some thousand numbers."""
    from babel.core import Locale

    return Locale.parse(_LOCALES[language])


_COLONS: dict[Language, str] = {"fr": "\u00a0: ", "ar": ": ", "en": ": "}
_COMMAS: dict[Language, str] = {"fr": ", ", "ar": "، ", "en": ", "}
_SEMICOLONS: dict[Language, str] = {"fr": " ; ", "ar": "؛ ", "en": "; "}


LEFT_TO_RIGHT = "\u200e"
"""The mark that keeps signs beside their number in a text from right to left."""
NOT_ZERO = re.compile("[1-9]")


@dataclass(frozen=True, slots=True)
class Messages:
    """The messages of one language.

    Attributes:
        language: ``fr``, ``ar`` or ``en``.
        catalogue: The translations; English has none, its texts are the keys.
    """

    language: Language
    catalogue: gettext.NullTranslations

    @property
    def direction(self) -> Literal["ltr", "rtl"]:
        """The direction of writing."""
        return "rtl" if self.language == "ar" else "ltr"

    @property
    def name(self) -> str:
        """The name of the language in the language."""
        return _NAMES[self.language]

    @property
    def colon(self) -> str:
        """The colon of the language with its spaces: French sets one before it."""
        return _COLONS[self.language]

    def text(self, key: str, **values: object) -> str:
        """The message in this language, with values in the places of ``{name}``.

        Args:
            key: The English text. A text without translation comes back in English.
            values: What stands in the places. Numbers are written as this language writes them.
        """
        translated = self.catalogue.gettext(key) if key else ""
        return translated.format(**self._written(values)) if values else translated

    def sentence(self, english: str) -> str:
        """A finished English sentence of wasl's in this language; the English one where no message makes it.

        Args:
            english: What an error, a check, a line of a report says, with its values in place.
        """
        known = self.known(english)
        return english if known is None else known

    def known(self, english: str, *, isolate: bool = False) -> str | None:
        """A finished English sentence in this language, or None where no message makes it.

        Args:
            english: The sentence.
            isolate: Put marks around values that keep their direction in a text of the other one, for pages.
        """
        return english if self.language == "en" else self._known(english, isolate, 0)

    def _known(self, english: str, isolate: bool, depth: int) -> str | None:
        text = english.strip()
        if not text or depth > DEEPEST:
            return None
        recognizer = _recognizer(self.language)
        found = recognizer.find(text)
        if found is not None and not any(self._mixed(value, depth) for value in found[1].values()):
            return self._filled(*found, isolate, depth)
        for cut in recognizer.cuts(text):
            first = self._known(text[:cut], isolate, depth + 1)
            if first is not None:
                rest = self._known(text[cut:], isolate, depth + 1)
                if rest is not None:
                    return f"{first} {rest}"
        phrases = text.removesuffix(".").split("; ")
        known = [self._known(phrase, isolate, depth + 1) for phrase in phrases] if len(phrases) > 1 else [None]
        if all(phrase is not None for phrase in known):
            return ("؛ " if self.language == "ar" else " ; ").join(map(str, known))
        if found is not None:  # a value that holds sentences itself
            return self._filled(*found, isolate, depth)
        for mark in re.finditer(": ", text):
            rest = self._known(text[mark.end() :], isolate, depth + 1)
            if rest is not None:
                return f"{self._inner('', text[: mark.start()], isolate, depth + 1)}: {rest}"
        if text.endswith(".") and recognizer.find(text[:-1]) is not None:  # a phrase that ends a longer sentence
            phrase = self._known(text[:-1], isolate, depth + 1)
            return None if phrase is None else f"{phrase.removesuffix('.')}."
        return None

    def _mixed(self, value: str, depth: int) -> bool:
        """Whether a value reaches beyond one part of a sentence, so that the sentence may have to be taken apart."""
        if _recognizer(self.language).cuts(value):
            return True
        return "; " in value and self._known(value, False, depth + 1) is None

    def _filled(self, key: str, values: dict[str, str], isolate: bool, depth: int) -> str:
        """The translation of a message with its values in place."""
        said = {name: self._inner(name, value, isolate, depth + 1) for name, value in values.items()}
        return self.catalogue.gettext(key).format(**said)

    def _inner(self, place: str, value: str, isolate: bool, depth: int) -> str:
        """A value of a sentence: a sentence itself, a noun, a number, or what it is in every language."""
        if place in LIST_PLACES:
            return _COMMAS[self.language].join(self._inner("what", one, isolate, depth) for one in value.split(", "))
        number = grouped_number(value)
        if number is not None:
            return self.number(number)
        if place.rstrip("0123456789") not in VERBATIM_PLACES:
            if DECIMAL.fullmatch(value):
                return self.number(float(value), len(value.partition(".")[2]))
            if DAY.fullmatch(value):
                try:
                    return self.date(dt.date.fromisoformat(value))
                except ValueError:
                    pass  # it looks like a day and is none
        noun = place.rstrip("0123456789") in NOUN_PLACES and _recognizer(self.language).is_word(value)
        if noun or " " in value or ":" in value:
            known = self._known(value, isolate, depth)
            if known is not None:
                start, end = len(value) - len(value.lstrip()), len(value.rstrip())
                return value[:start] + known + value[end:]
        return f"\u2068{value}\u2069" if isolate and value else value

    def plural(self, one: str, many: str, count: int, **values: object) -> str:
        """The message that goes with a count; ``{count}`` stands for it.

        Args:
            one: The English text for one thing.
            many: The English text for any other number.
            count: The number.
            values: What stands in the other places.
        """
        return self.catalogue.ngettext(one, many, count).format(**self._written({"count": count, **values}))

    def number(self, value: float, decimals: int | None = None) -> str:
        """A number as this language writes it; ``decimals`` fixes the digits after the point."""
        from babel.numbers import format_decimal

        pattern = None if decimals is None else "#,##0" + ("." + "0" * decimals if decimals else "")
        return self._signed(format_decimal(value, format=pattern, locale=_locale(self.language)))

    def significant(self, value: float, digits: int = 4) -> str:
        """A number with so many digits that count; whole numbers and numbers from 1,000 on are written in full."""
        if isinstance(value, int) or not math.isfinite(value) or abs(value) >= 1000:
            return self.number(value, 0) if math.isfinite(value) else str(value)
        from babel.numbers import format_decimal

        places = digits - 1 - math.floor(math.log10(abs(value))) if value else 0
        pattern = "#,##0." + "#" * max(places, 1)
        return self._signed(format_decimal(value, format=pattern, locale=_locale(self.language)))

    def _signed(self, number: str) -> str:
        """A number whose minus sign stays on its left in a text from right to left (U+200E, as CLDR has it).

        A number that is rounded to zero has no sign.
        """
        if number.startswith("-") and not NOT_ZERO.search(number):
            return number[1:]
        return f"\u200e{number}" if number.startswith("-") and self.direction == "rtl" else number

    def percent(self, share: float, decimals: int = 0) -> str:
        """A share from 0 to 1 as a percentage."""
        from babel.numbers import format_percent

        pattern = "#,##0" + ("." + "0" * decimals if decimals else "") + "\u00a0%"
        written = self._signed(format_percent(share, format=pattern, locale=_locale(self.language)))
        return f"\u200e{written.lstrip(LEFT_TO_RIGHT)}\u200e" if self.direction == "rtl" else written

    def date(self, value: dt.date, length: Literal["short", "medium", "long", "full"] = "long") -> str:
        """A day."""
        from babel.dates import format_date

        return str(format_date(value, format=length, locale=_locale(self.language)))

    def time(self, value: dt.datetime, length: Literal["short", "medium", "long"] = "medium") -> str:
        """A moment, in the time zone that it carries."""
        from babel.dates import format_datetime

        return str(format_datetime(value, format=length, tzinfo=value.tzinfo, locale=_locale(self.language)))

    @property
    def comma(self) -> str:
        """The comma of the language, with the space behind it."""
        return _COMMAS[self.language]

    def parts(self, phrases: Iterable[str]) -> str:
        """Several phrases behind each other, with the semicolon of the language between them."""
        return _SEMICOLONS[self.language].join(phrases)

    def list(self, items: list[str]) -> str:
        """Several things in one sentence: "a, b and c"."""
        from babel.lists import format_list

        return str(format_list(items, locale=_locale(self.language)))

    def _written(self, values: dict[str, object]) -> dict[str, object]:
        return {name: self._value(value) for name, value in values.items()}

    def _value(self, value: object) -> object:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return value
        return self.number(value)


def N_(key: str) -> str:  # noqa: N802 - gettext's customary name
    """Mark a text for the catalogue that is translated later, where it is shown."""
    return key


def in_language(language: str, english: str, french: str, arabic: str) -> str:
    """The text of a document in a language; where it has none the French one, which offices read, or the English."""
    return {"en": english, "ar": arabic}.get(language, french) or french or english


@cache
def messages(language: Language) -> Messages:
    """The messages of a language.

    Raises:
        ValueError: When there is no such language.
    """
    if language not in LANGUAGES:
        raise ValueError(f"no language {language!r}; there are {', '.join(LANGUAGES)}")
    if language == "en":
        return Messages("en", gettext.NullTranslations())
    return Messages(language, read_catalogue(files("wasl.locale").joinpath("catalogues", language), language))


@cache
def _recognizer(language: Language) -> Recognizer:
    """What recognizes the sentences of a language's catalogue."""
    return Recognizer(message_keys(files("wasl.locale").joinpath("catalogues", language), language))


def message_keys(folder: Traversable, language: Language) -> list[str]:
    """The English texts of all gettext files of a folder that have one translation, not one for each count."""
    return [key for catalogue in _catalogues(folder, language) for key in catalogue if isinstance(key, str)]


def read_catalogue(folder: Traversable, language: Language) -> gettext.NullTranslations:
    """All gettext files of a folder as one catalogue."""
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo

    whole = Catalog(locale=language)
    for catalogue in _catalogues(folder, language):
        for key, message in catalogue.items():
            whole[key] = message
    compiled = BytesIO()
    write_mo(compiled, whole)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def _catalogues(folder: Traversable, language: Language) -> Iterator[dict[Any, Message]]:
    """The translated messages of each gettext file."""
    from babel.messages.pofile import read_po

    for file in sorted(folder.iterdir(), key=lambda item: item.name):
        if file.name.endswith(".po"):
            read = read_po(BytesIO(file.read_bytes()), locale=language)
            yield {message.id: message for message in read if message.id and message.string and not message.fuzzy}


def negotiate(*wishes: str | None, default: Language = "fr") -> Language:
    """The first language that a wish names and wasl has.

    Args:
        wishes: In order of their weight: a choice of the person, ``WASL_LANG``, the browser's ``Accept-Language``.
            Each is a language (``ar``, ``fr-MA``, ``en_GB.UTF-8``) or a header (``ar;q=.9, fr``); others are passed.
        default: The language where no wish can be met.
    """
    for wish in wishes:
        for language in _ranked(wish or ""):
            if language in LANGUAGES:
                return language
    return default


def _ranked(header: str) -> list[str]:
    """The primary languages of an ``Accept-Language`` header, the most wanted first. Source: RFC 9110, 12.5.4."""
    ranked: list[tuple[float, int, str]] = []
    for place, item in enumerate(header[:1000].split(",")):
        tag, _, parameter = item.strip().partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=")) if parameter.strip() else 1.0
        except ValueError:
            weight = 0.0
        if weight > 0:
            ranked.append((-weight, place, tag.strip().replace("_", "-").split("-")[0].lower()))
    return [language for _, _, language in sorted(ranked)]
