"""Messages of one language: texts, plurals, numbers and dates."""

from __future__ import annotations

import datetime as dt
import gettext
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import BytesIO
from typing import Literal, get_args

__all__ = ["LANGUAGES", "N_", "Language", "Messages", "messages", "negotiate", "read_catalogue"]

Language = Literal["fr", "ar", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

_NAMES: dict[Language, str] = {"fr": "Français", "ar": "العربية", "en": "English"}
_LOCALES: dict[Language, str] = {"fr": "fr", "ar": "ar_MA", "en": "en_GB"}
"""Locales of CLDR for numbers and dates. Morocco writes Arabic with Latin digits (``ar_MA``). For French ``fr`` is
taken and not ``fr_MA``: the statistical office separates thousands by a space, not by a point."""


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

    def text(self, key: str, **values: object) -> str:
        """The message in this language, with values in the places of ``{name}``.

        Args:
            key: The English text. A text without translation comes back in English.
            values: What stands in the places. Numbers are written as this language writes them.
        """
        translated = self.catalogue.gettext(key) if key else ""
        return translated.format(**self._written(values)) if values else translated

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
        return str(format_decimal(value, format=pattern, locale=_LOCALES[self.language]))

    def percent(self, share: float, decimals: int = 0) -> str:
        """A share from 0 to 1 as a percentage."""
        from babel.numbers import format_percent

        pattern = "#,##0" + ("." + "0" * decimals if decimals else "") + "\u00a0%"
        return str(format_percent(share, format=pattern, locale=_LOCALES[self.language]))

    def date(self, value: dt.date, length: Literal["short", "medium", "long", "full"] = "long") -> str:
        """A day."""
        from babel.dates import format_date

        return str(format_date(value, format=length, locale=_LOCALES[self.language]))

    def time(self, value: dt.datetime, length: Literal["short", "medium", "long"] = "medium") -> str:
        """A moment, in the time zone that it carries."""
        from babel.dates import format_datetime

        return str(format_datetime(value, format=length, tzinfo=value.tzinfo, locale=_LOCALES[self.language]))

    def list(self, items: list[str]) -> str:
        """Several things in one sentence: "a, b and c"."""
        from babel.lists import format_list

        return str(format_list(items, locale=_LOCALES[self.language]))

    def _written(self, values: dict[str, object]) -> dict[str, object]:
        return {name: self._value(value) for name, value in values.items()}

    def _value(self, value: object) -> object:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return value
        return self.number(value)


def N_(key: str) -> str:  # noqa: N802 - gettext's customary name
    """Mark a text for the catalogue that is translated later, where it is shown."""
    return key


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


def read_catalogue(folder: Traversable, language: Language) -> gettext.NullTranslations:
    """All gettext files of a folder as one catalogue."""
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    whole = Catalog(locale=language)
    for file in sorted(folder.iterdir(), key=lambda item: item.name):
        if not file.name.endswith(".po"):
            continue
        for message in read_po(BytesIO(file.read_bytes()), locale=language):
            if message.id and message.string and not message.fuzzy:
                whole[message.id] = message
    compiled = BytesIO()
    write_mo(compiled, whole)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


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
