"""Periods as people write them, in one notation: ``2024``, ``2024-Q1``, ``2024-S2``, ``2024-03``, ``2020-01-01/P5Y``.

*Source:* SDMX 3.0, section 6 (time formats); a duration is that of ISO 8601.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
import unicodedata
from typing import Annotated

from pydantic import BeforeValidator

from wasl.errors import InputError
from wasl.locale import N_
from wasl.registers.reading.marks import fold_digits, without_marks
from wasl.registers.reading.month_names import MONTHS, MONTHS_OF_TWO_WORDS

__all__ = ["FORMS", "ReferencePeriod", "days_of_period", "read_period", "required_period"]

FORMS = '"2024", "2024-Q1", "2024-S2", "2024-03", "2020-01-01/P5Y"'
NOT_A_PERIOD = N_("not a reference period. Write it as one of {forms}")
YEAR = r"(?P<year>(?:19|20)\d\d)"
PARTS = {
    "Q": r"(?:[qt]|trim(?:estre)?|quarter|الربع|ربع|الفصل|فصل)",
    "S": r"(?:[sh]|sem(?:estre)?|half|النصف|نصف|الاسدس|اسدس)",
}
"""Words for quarters and half-years."""
ORDINALS = {
    "الاول": "1", "الثاني": "2", "الثالث": "3", "الرابع": "4", "اول": "1", "ثاني": "2", "ثالث": "3", "رابع": "4",
    "premier": "1", "deuxieme": "2", "troisieme": "3", "quatrieme": "4", "second": "2", "first": "1", "third": "3",
    "fourth": "4",
}  # fmt: skip
MOST_PARTS = {"Q": 4, "S": 2}
MONTHS_OF = {"Q": 3, "S": 6}
DURATION = re.compile(r"(?P<start>\d{4}-\d{2}-\d{2})/P(?P<count>[1-9]\d{0,3})(?P<unit>[YMD])")
NOTATION = re.compile(r"(?P<year>\d{4})(?:-(?P<kind>[QS])(?P<number>[1-4])|-(?P<month>\d{2})(?:-(?P<day>\d{2}))?)?")


def read_period(text: str) -> str | None:
    """A period in the notation above; None where the text is no period.

    Understood are ``2024-T1``, ``T1 2024``, ``1er trimestre 2024``, ``2024S2``, ``03/2024``, ``mars 2024``,
    ``مارس ٢٠٢٤``, ``2020/2024``, ``2024-01-01/2024-06-30`` and the notation itself.
    """
    folded = _folded(text)
    if DURATION.fullmatch(folded.upper()) and _day(folded[:10]):
        return folded.upper()
    if re.fullmatch(YEAR, folded):
        return folded
    return _part_of_year(folded) or _month(folded) or _range(folded)


def required_period(text: str) -> str:
    """A period in the notation above.

    Raises:
        InputError: The text is no period; says how periods are written.
    """
    found = read_period(text)
    if found is None:
        raise InputError(f"--period {text!r} is not a reference period.", remedy=f"Write it as one of {FORMS}.")
    return found


def _valid(value: object) -> object:
    """A period of a document in the notation; empty where there is none."""
    if not isinstance(value, str) or not value:
        return value
    found = read_period(value)
    if found is None:
        raise ValueError(NOT_A_PERIOD.format(forms=FORMS))
    return found


ReferencePeriod = Annotated[str, BeforeValidator(_valid)]
"""The type of a period in a document."""


def days_of_period(text: str) -> tuple[dt.date, dt.date] | None:
    """First and last day of a period; None for a text that names no days."""
    period = read_period(text) or text.strip()
    lasting = DURATION.fullmatch(period)
    if lasting is not None:
        start = _day(lasting["start"])
        return None if start is None else (start, _after(start, int(lasting["count"]), lasting["unit"]))
    found = NOTATION.fullmatch(period)
    if found is None:
        return None
    year = int(found["year"])
    if found["day"]:
        day = _day(period)
        return None if day is None else (day, day)
    first, count = 1, 12
    if found["kind"]:
        count = MONTHS_OF[found["kind"]]
        first = count * (int(found["number"]) - 1) + 1
    elif found["month"]:
        first, count = int(found["month"]), 1
    if not 1 <= first <= 12 or year < 1:
        return None
    last = first + count - 1
    return dt.date(year, first, 1), dt.date(year, last, calendar.monthrange(year, last)[1])


def _folded(text: str) -> str:
    """A text in small letters without accents, with ASCII digits and one form of alif."""
    plain = unicodedata.normalize("NFD", without_marks(fold_digits(text)).lower().replace("أ", "ا").replace("إ", "ا"))
    return "".join(sign for sign in plain if not unicodedata.combining(sign)).replace("\u2013", "-")


def _part_of_year(text: str) -> str | None:
    """A quarter or half-year."""
    for word, number in ORDINALS.items():
        text = re.sub(rf"(?<!\w){word}(?!\w)", number, text)
    for kind, words in PARTS.items():
        number = rf"(?P<number>[1-{MOST_PARTS[kind]}])(?:er|e|eme|ere|st|nd|rd|th)?"
        part = rf"(?:{words}\.?\s?{number}|{number.replace('<number>', '<other>')}\s?{words}\.?)"
        for pattern in (rf"{YEAR}[\s/-]*{part}", rf"{part}[\s/-]*(?:de\s)?{YEAR}"):
            found = re.fullmatch(pattern, text)
            if found is not None:
                return f"{found['year']}-{kind}{found['number'] or found['other']}"
    return None


def _month(text: str) -> str | None:
    """A month."""
    found = re.fullmatch(rf"{YEAR}[-/.](?P<month>0?[1-9]|1[0-2])", text) or re.fullmatch(
        rf"(?P<month>0?[1-9]|1[0-2])[-/.\s]{YEAR}", text
    )
    if found is not None:
        return f"{found['year']}-{int(found['month']):02d}"
    named = re.fullmatch(rf"(?P<name>\D+?)\.?\s*{YEAR}", text) or re.fullmatch(rf"{YEAR}\s*(?P<name>\D+)", text)
    if named is None:
        return None
    names = dict(MONTHS_OF_TWO_WORDS) | MONTHS
    number = names.get(named["name"].strip(" -/."))
    return None if number is None else f"{named['year']}-{number:02d}"


def _range(text: str) -> str | None:
    """Several years, or the days from one to another."""
    years = re.fullmatch(r"((?:19|20)\d\d)\s?[-/]\s?((?:19|20)\d\d)", text)
    if years is not None:
        count = int(years[2]) - int(years[1]) + 1
        return f"{years[1]}-01-01/P{count}Y" if count > 0 else None
    days = re.fullmatch(r"(\d{4}-\d{2}-\d{2})/(\d{4}-\d{2}-\d{2})", text)
    first, last = (_day(days[1]), _day(days[2])) if days is not None else (None, None)
    if first is None or last is None or last < first:
        return None
    return f"{first.isoformat()}/P{(last - first).days + 1}D"


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def _after(start: dt.date, count: int, unit: str) -> dt.date:
    """The last day of a duration; one that ends after the calendar ends with it."""
    try:
        if unit == "D":
            return start + dt.timedelta(days=count - 1)
        months = start.year * 12 + start.month - 1 + count * (12 if unit == "Y" else 1)
        year, month = divmod(months, 12)
        day = min(start.day, calendar.monthrange(year, month + 1)[1])
        return dt.date(year, month + 1, day) - dt.timedelta(days=1)
    except (ValueError, OverflowError):
        return dt.date.max
