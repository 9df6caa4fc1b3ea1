"""Dates as registers write them: several layouts, parts unknown, month names, spreadsheet serials, Hijri years.

A date is read as a number ``yyyymmdd`` whose unknown parts are 0: ``19850000`` is the year 1985, ``19850300`` March
1985, ``19850312`` a whole date. What had to be assumed is said in flags, which the reader counts per column.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntFlag
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from wasl.registers.reading.date_text import tidy_date, without_words
from wasl.registers.reading.hijri_names import hijri_month
from wasl.registers.reading.marks import fold_digits, without_marks
from wasl.registers.reading.month_names import MONTHS, MONTHS_OF_TWO_WORDS, WEEKDAYS

__all__ = [
    "EARLIEST_YEAR",
    "EXCEL_DAY_0",
    "LATEST_YEAR",
    "Calendar",
    "DateNote",
    "DateRule",
    "local_day",
    "parse_month",
    "read_date",
    "states_month_first",
]

EARLIEST_YEAR = 1880
"""Before this no living person of a register was born; a schema of older registers says ``earliest_year``."""
LATEST_YEAR = 2100
HIJRI_YEARS = range(1300, 1500)
"""Years that may be Hijri: 1882 to 2077."""
EXCEL_DAY_0 = dt.date(1899, 12, 30)
"""Day 0 of spreadsheet serials; right from 1 March 1900 on, for Lotus 1-2-3 counted a 29 February 1900."""
ZONE = ZoneInfo("Africa/Casablanca")
UNKNOWN = r"[xX?*_.\-]{1,2}"
UNKNOWN_YEAR = r"[xX?*_\-]{2,4}"
HIJRI_MARK = re.compile(r"(?:(?<!\s)\s+)?(?:هـ|هجرية?|ه$|(?<=\d)\s*(?:A\.?H\.?|H\.?)$)\s*", re.IGNORECASE)
GREGORIAN_MARK = re.compile(r"(?:(?<!\s)\s+)?(?:ميلادية?|م$|(?<=\d)\s*(?:A\.?D\.?|C\.?E\.?)$)\s*", re.IGNORECASE)
TIME = re.compile(
    r"^(?P<date>.*?\d)(?:T|,?\s+(?:[àa]\s+)?)(?P<h>\d{1,2})[:hH](?P<m>\d{2})(?::(?P<s>\d{2}))?(?:[.,]\d+)?\s*(?P<half>[AaPp]\.?[Mm]\.?)?"
    r"\s*(?P<zone>Z|(?:UTC|GMT)?[+-]\d{2}:?\d{2}|(?:UTC|GMT)?[+-]\d{2}|UTC|GMT)?(?:\s+\D*)?$",
    re.IGNORECASE,
)
WEEK_DATE = re.compile(
    r"(?P<y>\d{4})-?W(?P<w>\d{2})-?(?P<day>[1-7])|(?P<year>\d{4})[-./ ](?P<ordinal>(?!000)[0-3]\d\d)", re.IGNORECASE
)
UTC_ZONES = frozenset(["Z", "UTC", "GMT", "+00:00", "+0000", "+00", "-00:00", "-0000", "-00"])
WORDS_IN_DATES = frozenset(
    ["er", "le", "the", "de", "del", "of", "st", "nd", "rd", "th", "eme", "e", "d", "do", "di", "den", "ta",
     "و", "من", "لسنة", "г", "года",
     "р", "року", "roku", "r"]
)  # fmt: skip

Calendar = Literal["gregorian", "hijri", "mixed"]


class DateNote(IntFlag):
    """Assumptions and losses in reading a date."""

    NONE = 0
    PARTIAL = 1
    """The cell itself leaves a part unknown (1985, 00/03/1985, XX/XX/1985)."""
    DAY_LOST = 2
    """No such day (31/02/1990): year and month are kept."""
    MONTH_FIRST = 4
    """The month stands before the day, which the number of the day betrays (05/27/1990)."""
    TWO_DIGITS = 8
    """The century was added by the schema's rule."""
    SERIAL = 16
    """A spreadsheet's day number."""
    HIJRI = 32
    """Converted from the Hijri calendar."""
    ZONED = 64
    """A time with a zone: the day is the local one."""
    YEAR_REFUSED = 128
    """A date, but its year is outside the schema's limits: read as missing."""
    COUNTED = 256
    """A count since a day, or the number of a day in its year."""


@dataclass(frozen=True, slots=True)
class DateRule:
    """The rule for reading the dates of one column.

    Attributes:
        formats: Layouts to try in order, of ``%d``, ``%m``, ``%Y`` and ``%y``; a separator stands for any separator.
        earliest, latest: Years outside are refused (and counted).
        calendar: ``gregorian``; ``hijri``; or ``mixed``, where years 1300 to 1499 are Hijri.
        pivot: Two-digit years below it are of this century, others of the last.
        month_first: Numeric dates have the month before the day, whatever the formats say.
        day_zero: Day 0 of the file's spreadsheet serials.
        year_day_month: Numeric dates that begin with the year have the day next (1985-31-12).
    """

    formats: tuple[str, ...]
    earliest: int = EARLIEST_YEAR
    latest: int = LATEST_YEAR
    calendar: Calendar = "gregorian"
    pivot: int = 30
    month_first: bool = False
    day_zero: dt.date = EXCEL_DAY_0
    year_day_month: bool = False


Read = tuple[int, DateNote]
NAMED_LAYOUTS = ("%d/%m/%Y", "%m/%Y", "%d/%m/%y", "%m/%y")
NOTHING: Read = (0, DateNote.NONE)


@lru_cache(maxsize=256)
def _pattern(layout: str) -> re.Pattern[str]:
    """The regular expression of a layout; parts may be unknown marks, separators are interchangeable."""
    if re.search(r"%[a-zA-Z]%", layout):  # no separator: fixed widths
        groups = {
            "%d": r"(?P<d>\d{2}|[xX?*_]{2})",
            "%m": r"(?P<m>\d{2}|[xX?*_]{2})",
            "%Y": r"(?P<y>\d{4})",
            "%y": r"(?P<y>\d{2})",
        }
        return re.compile("".join(groups.get(part, re.escape(part)) for part in re.findall(r"%[a-zA-Z]|.", layout)))
    groups = {
        "%d": rf"(?P<d>\d{{1,2}}|{UNKNOWN})",
        "%m": rf"(?P<m>\d{{1,2}}|{UNKNOWN})",
        "%Y": rf"(?P<y>\d{{4}}|{UNKNOWN_YEAR})",
        "%y": r"'?(?P<y>\d{2})",
    }
    parts = re.findall(r"%[a-zA-Z]|[/\-. ]|.", layout)
    separator = r"\s*[/\-.,\s]\s*"
    return re.compile("".join(groups.get(part, separator if part in "/-. " else re.escape(part)) for part in parts))


@lru_cache(maxsize=64)
def _layouts(formats: tuple[str, ...], month_first: bool, year_day_month: bool = False) -> tuple[str, ...]:
    """The schema's layouts, then ISO, then year and month alone, then the same layouts with two-digit years."""
    if year_day_month:
        formats = ("%Y-%d-%m", *formats)
    order = month_first or states_month_first(formats)
    if month_first:
        formats = tuple(dict.fromkeys(_swapped(layout) for layout in formats))
    separated = [layout for layout in formats if "%Y" in layout]
    default = ("%m/%d/%Y",) if order else ("%d/%m/%Y",)
    whole = dict.fromkeys([*formats, "%Y-%m-%d", *default, "%Y%m%d", "%m%d%Y" if order else "%d%m%Y"])
    months = ("%m/%Y", "%Y-%m", "%m%Y", "%Y%m")
    short = [layout.replace("%Y", "%y") for layout in [*separated, *default]]
    compact = ("%d%m%y", "%y%m%d") if not order else ("%m%d%y", "%y%m%d")
    return tuple(dict.fromkeys([*whole, *months, *short, "%y/%m/%d", *compact]))


def states_month_first(formats: Sequence[str]) -> bool:
    """Whether the first layout with a whole year has the month before the day and the year last."""
    first = next((layout for layout in formats if "%Y" in layout), "")
    return 0 <= first.find("%m") < first.find("%d") < first.find("%Y")


def _swapped(layout: str) -> str:
    """A layout that ends in the year, with the month first."""
    if layout.find("%d") < layout.find("%m") < layout.lower().find("%y"):
        return layout.replace("%d", "%?").replace("%m", "%d").replace("%?", "%m")
    return layout


def read_date(text: str, rule: DateRule) -> Read:
    """Read the date in a cell: ``yyyymmdd`` with 0 for unknown parts (0: nothing), and what was assumed."""
    bare, zoned, hour = _without_time(by_week_or_day(tidy_date(text)))
    code, note = _read_day(bare, rule)
    if hour is not None and code > 0 and code % 100:
        year, month, day = code // 10_000, code // 100 % 100, code % 100
        if _is_day(year, month, day):
            local = local_day(dt.datetime(year, month, day, *hour, tzinfo=dt.UTC))
            code = _code(local.year, local.month, local.day)
    return code, note | (DateNote.ZONED if zoned and code else DateNote.NONE)


def _read_day(bare: str, rule: DateRule) -> Read:
    """Read a date without a time of day."""
    hijri = HIJRI_MARK.search(bare) is not None
    if hijri:
        bare = HIJRI_MARK.sub(" ", bare)
    gregorian = not hijri and GREGORIAN_MARK.search(bare) is not None
    if gregorian:
        bare = GREGORIAN_MARK.sub(" ", bare)
    bare, named = _name_to_number(without_words(bare))
    hijri = hijri or named == "hijri"
    gregorian = gregorian or named == "named"  # 12 mars 1405 is no Hijri date
    if named == "unknown word":
        return NOTHING
    if rule.calendar == "hijri" and not gregorian:
        hijri = True
    refused = False
    damaged: Read | None = None
    found = [
        match.groupdict() | ({} if re.search(r"[/\-. ]", layout) else {"fixed": layout})
        for layout in (NAMED_LAYOUTS if named else _layouts(rule.formats, rule.month_first, rule.year_day_month))
        if (match := _pattern(layout).fullmatch(bare)) is not None
    ]
    lone = re.fullmatch(r"(\d{4})(?:[.,]0+)?", bare)
    if lone is not None:
        found.append({"y": lone[1], "m": None, "d": None})
    for parts in found:
        read = _assemble(parts, rule, hijri, gregorian)
        if read is None:
            continue
        if read[0] and DateNote.DAY_LOST not in read[1]:
            return read
        if (parts.get("fixed") or "").endswith("%Y") and read[0] % 10_000 == 0:
            continue  # eight digits of which only the last four could be a year
        damaged = damaged or (read if read[0] else None)
        refused |= DateNote.YEAR_REFUSED in read[1]
    if damaged is not None:
        return damaged
    serial = re.fullmatch(r"(\d{5})(?:[.,]\d+)?", bare)
    if serial is not None:
        date = rule.day_zero + dt.timedelta(days=int(serial[1]))
        if rule.earliest <= date.year <= rule.latest:
            return _code(date.year, date.month, date.day), DateNote.SERIAL
    return 0, DateNote.YEAR_REFUSED if refused else DateNote.NONE


def by_week_or_day(text: str) -> str:
    """A date that ISO 8601 counts by week (1985-W11-2) or day of the year (1985-071), by month and day; others stay."""
    found = WEEK_DATE.fullmatch(text)
    if found is None:
        return text
    try:
        if found["day"]:
            day = dt.date.fromisocalendar(int(found["y"]), int(found["w"]), int(found["day"]))
        else:
            day = dt.date(int(found["year"]), 1, 1) + dt.timedelta(days=int(found["ordinal"]) - 1)
    except ValueError:
        return text
    return day.isoformat() if day.year == int(found["year"] or day.year) else text


def _code(year: int, month: int, day: int) -> int:
    return year * 10_000 + month * 100 + day


def _number(text: str | None) -> int:
    return int(text) if text is not None and text.isdigit() else 0


def _assemble(parts: dict[str, str | None], rule: DateRule, hijri: bool, gregorian: bool) -> Read | None:
    """The date of the parts a layout found, or None where they cannot be a date in this layout."""
    written = parts.get("y") or ""
    year, month, day = _number(written), _number(parts.get("m")), _number(parts.get("d"))
    note = DateNote.NONE
    if len(written) == 4 and 99 in (month, day):  # a program's mark of what is not known
        month, day = month % 99, day % 99
    if len(written) == 2 and written.isdigit():
        year += 2000 if year < rule.pivot else 1900
        note |= DateNote.TWO_DIGITS
    if month > 12:
        if not 1 <= day <= 12 or month > 31 or hijri or "fixed" in parts:
            if month > 31 and "d" not in parts:
                return None
            month, day = 0, 0
            note |= DateNote.DAY_LOST
        else:
            month, day = day, month
            note |= DateNote.MONTH_FIRST
    if not (year or (month and day)):
        return None
    if year and (hijri or (rule.calendar == "mixed" and not gregorian)) and year in HIJRI_YEARS:
        return _from_hijri(year, month, day, rule, note | DateNote.HIJRI)
    if year and not rule.earliest <= year <= rule.latest:
        return 0, note | DateNote.YEAR_REFUSED
    if day and (day > 31 or (month and not _is_day(year or 2000, month, day))):
        day = 0
        note |= DateNote.DAY_LOST
    if not (year and month and day) and DateNote.DAY_LOST not in note:
        note |= DateNote.PARTIAL
    if not year and not (month and day):
        return None
    return _code(year, month, day), note


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        dt.date(year, month, day)
    except ValueError:
        return False
    return True


def _from_hijri(year: int, month: int, day: int, rule: DateRule, note: DateNote) -> Read:
    """A Hijri date in the Gregorian calendar; where a part is unknown, the parts that the middle of the rest gives."""
    from hijridate import Hijri

    for whole in (bool(month and day), False):
        try:
            date = Hijri(year, month or 7, day if whole else 15).to_gregorian()
        except (ValueError, OverflowError):
            continue
        if not rule.earliest <= date.year <= rule.latest:
            return 0, note | DateNote.YEAR_REFUSED
        if whole:
            return _code(date.year, date.month, date.day), note
        lost = DateNote.DAY_LOST if month and day else DateNote.PARTIAL
        return _code(date.year, date.month if month else 0, 0), note | lost
    return 0, note


def _without_time(text: str) -> tuple[str, bool, tuple[int, int] | None]:
    """The date before a time of day, whether the time had a zone, and hour and minute where the zone is UTC.

    An offset that is written makes the written day the local one.
    """
    found = TIME.fullmatch(text)
    if found is None:
        return text, False, None
    date, zone = found["date"].strip().rstrip(","), (found["zone"] or "").upper()
    hour, minute = int(found["h"]), int(found["m"])
    if zone not in UTC_ZONES or hour > 23 or minute > 59:
        return date, bool(zone), None
    return date, True, (hour, minute)


def local_day(moment: dt.datetime) -> dt.date:
    """The day in Morocco of a moment in UTC.

    A birth date that a program turned into UTC was midnight where the program ran. So 22:00 or 23:00 UTC is read as
    midnight of the next day, one or two hours east. Morocco's offset in that year does not matter.
    """
    if moment.minute == 0 and moment.second == 0 and moment.hour in (22, 23):
        return (moment + dt.timedelta(hours=2)).date()
    return moment.astimezone(ZONE).date()


def _name_to_number(text: str) -> tuple[str, str]:
    """A date with its month's name as a number, and ``named``, ``hijri``, ``unknown word`` or nothing."""
    if text.isascii() and not any(c.isalpha() for c in text.replace("X", "").replace("x", "")):
        return text, ""
    kind = ""
    month = 0
    before = False
    numbers: list[str] = []
    lowered = text.casefold()
    for name, number in MONTHS_OF_TWO_WORDS:
        if name in lowered:
            lowered, month, kind = lowered.replace(name, " ", 1), number, "named"
            break
    if not month:
        lowered, month = hijri_month(lowered)
        kind = "hijri" if month else ""
    for token in re.findall(r"[^\W\d_]+|\d+|[?*_]+", lowered):
        if not token[0].isalpha() or set(token) <= {"x"}:
            numbers.append(token)
        elif not month and _plain(token) in MONTHS:
            month, kind, before = MONTHS[_plain(token)], "named", bool(numbers)
        elif kind == "named" and MONTHS.get(_plain(token)) == month:
            continue  # passports name the month twice: 12 FEV/FEB 1985
        elif _plain(token) not in WORDS_IN_DATES and _plain(token) not in WEEKDAYS:
            return text, "unknown word"
    if not kind:
        return text, ""
    if len(numbers) == 3 and numbers[1].isdigit() and int(numbers[1]) == month:
        del numbers[1]  # the month as a name and as a number: 12 كانون الأول/12 1985
    if len(numbers) == 2 and len(numbers[0]) == 4:  # the year first
        numbers.reverse()
    if len(numbers) == 1 and len(numbers[0]) <= 2 and before:  # a day and a month without a year
        return f"{numbers[0]}/{month}/xxxx", kind
    numbers.insert(max(0, len(numbers) - 1), str(month))
    return "/".join(numbers), kind


def _plain(token: str) -> str:
    import unicodedata

    flat = unicodedata.normalize("NFKD", token.replace("ı", "i"))
    return (
        "".join(c for c in flat if not unicodedata.combining(c)).replace("ى", "ي").replace("أ", "ا").replace("إ", "ا")
    )


def parse_month(text: str, formats: Sequence[str]) -> str | None:
    """The month a cell means, as ``YYYY-MM``; None where it is none."""
    bare = fold_digits(without_marks(text))
    bare, named = _name_to_number(bare)
    for layout in ("%m/%Y", "%Y/%m") if named == "named" else formats:
        found = _pattern(layout).fullmatch(bare)
        if found is None:
            continue
        year, month = _number(found["y"]), _number(found["m"])
        if 1 <= month <= 12 and EARLIEST_YEAR <= year <= LATEST_YEAR:
            return f"{year:04d}-{month:02d}"
    return None
