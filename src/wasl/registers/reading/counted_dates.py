"""Dates that a column writes as bare numbers: counts since a day, days of a year, and digits without separators.

One number can mean several dates: 45001 is a day of 2023 in a spreadsheet and the first day of 1945 in a mainframe. So
the whole column decides. It is rewritten only where one meaning fits nearly all cells and the others do not.

*Sources:* POSIX (seconds since 1970); SAS and Stata (days, seconds and milliseconds since 1960); IBM SPSS (seconds
since 14 October 1582); ISO 8601 (ordinal dates); JD Edwards (CYYDDD); the Julian day number of astronomy.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wasl.registers.reading.bare_digits import spelled_digits, whole_number
from wasl.registers.reading.dates import DateNote, DateRule, local_day

__all__ = ["COUNTED_FORMAT", "NumberDates", "are_eastern_midnights", "number_dates"]

COUNTED_FORMAT = re.compile(r"(days|seconds|milliseconds|microseconds|nanoseconds) since (\d{4}-\d{2}-\d{2})")
"""A format of a schema that says how dates are counted."""
ORDINALS = ("%Y%j", "%y%j")
"""Formats of a schema that count the days of a year."""
UNITS = {"seconds": 1, "milliseconds": 10**3, "microseconds": 10**6, "nanoseconds": 10**9}
MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}):(\d{2})(?::00(?:[.,]0+)?)?\s?(?:Z|UTC|GMT|[+-]00(?::?00)?)", re.IGNORECASE
)
"""A moment in UTC."""
NOON = 12 * 60
MOST_TIMES = 3
"""Times of day, in UTC, of midnights in one country: summer, winter, and a zone that changed."""
ENOUGH = 0.8
"""Share of a column's cells that must be bare numbers, or moments."""
FITS = 0.98
"""Share of the numbers that a meaning must fit."""
FEWEST = 10
"""Different numbers that days of a year need: by chance one number in three ends in 001 to 366."""
FAR = 10**8
"""Seconds (three years) that half of the moments must be away from the first day: smaller numbers are no moments."""
AHEAD = 0.005
"""Share of births after today from which on a first day is refused."""
NO_SERIAL = 1827
"""Spreadsheets write days before 1905 below this number. Where a share of `OLD` is below, no spreadsheet wrote them."""
OLD = 0.03
UNIX, SAS, SPSS = dt.date(1970, 1, 1), dt.date(1960, 1, 1), dt.date(1582, 10, 14)
DAY = 86_400


@dataclass(frozen=True, slots=True)
class NumberDates:
    """A column of dates with its numbers rewritten.

    Attributes:
        texts: The cells, as ISO 8601 where a number was rewritten.
        notes: Per cell, what was assumed.
        format: How a schema states the meaning; empty where nothing was rewritten.
        unclear: Per cell, whether it counts days from a day that the column does not tell; its text is empty.
    """

    texts: list[str] = field(repr=False)
    notes: NDArray[np.int32]
    format: str = ""
    unclear: NDArray[np.bool_] | None = None


def number_dates(
    cells: Sequence[str], weights: NDArray[np.int64], rule: DateRule, today: dt.date, *, births: bool
) -> NumberDates:
    """The dates that a column writes as numbers, rewritten; other cells stay.

    Args:
        cells: Distinct cells, tidied.
        weights: The rows of each.
        rule: How dates are read; its formats may say how they are counted.
        today: No birth lies after it.
        births: Whether the dates are births.
    """
    if any(MOMENT.fullmatch(text) for text in cells[:MOST_TIMES]):
        return _midnights(cells, weights)
    column = _Numbers.of(cells, weights, rule)
    stated = next((text for text in rule.formats if COUNTED_FORMAT.fullmatch(text) or text in ORDINALS), "")
    if stated:
        return column.rewritten(stated, column.days(stated))
    if column.share(column.there) < ENOUGH:
        return NumberDates(list(cells), column.no_notes())
    meaning = _meaning(column, today, births=births)
    if meaning == "unclear":
        texts = ["" if there else text for text, there in zip(cells, column.there.tolist(), strict=True)]
        return NumberDates(texts, column.no_notes(), unclear=column.there)
    if meaning:
        return column.rewritten(meaning, column.days(meaning))
    texts, notes, layout = spelled_digits(cells, weights, rule)
    return NumberDates(texts, notes, layout)


def _midnights(cells: Sequence[str], weights: NDArray[np.int64]) -> NumberDates:
    """Moments in UTC that are midnights east of Africa, as the days that begin then; others stay."""
    texts = list(cells)
    notes = np.zeros(len(texts), np.int32)
    found = [MOMENT.fullmatch(text) for text in texts]
    there = np.array([one is not None for one in found], bool)
    minutes = np.array([int(one[2]) * 60 + int(one[3]) if one else 0 for one in found], np.int64)
    if np.dot(there, weights) < ENOUGH * weights.sum() or not are_eastern_midnights(minutes[there]):
        return NumberDates(texts, notes)
    for place, one in enumerate(found):
        if one is not None:
            with suppress(ValueError, OverflowError):
                texts[place] = (dt.date.fromisoformat(one[1]) + dt.timedelta(days=1)).isoformat()
                notes[place] = int(DateNote.ZONED)
    return NumberDates(texts, notes)


def are_eastern_midnights(minutes: NDArray[np.int64]) -> bool:
    """Whether minutes of the day in UTC are midnights of a country east of UTC: few times, all after noon."""
    times = np.unique(minutes)
    return 0 < len(times) <= MOST_TIMES and bool(times[0] > NOON) and bool(times[-1] - times[0] <= 120)


@dataclass(frozen=True, slots=True)
class _Numbers:
    """The cells of a column as whole numbers; 0 and not ``there`` where a cell is none."""

    cells: Sequence[str]
    weights: NDArray[np.int64]
    rule: DateRule
    values: NDArray[np.int64]
    there: NDArray[np.bool_]

    @classmethod
    def of(cls, cells: Sequence[str], weights: NDArray[np.int64], rule: DateRule) -> _Numbers:
        """Of texts."""
        read = [whole_number(text) for text in cells]
        values = np.array([value or 0 for value in read], np.int64)
        return cls(cells, weights, rule, values, np.array([value is not None for value in read], bool))

    def no_notes(self) -> NDArray[np.int32]:
        """No note on any cell."""
        return np.zeros(len(self.cells), np.int32)

    def share(self, flags: NDArray[np.bool_], among: NDArray[np.bool_] | None = None) -> float:
        """The share of rows whose cell is marked, among all or some cells."""
        weights = self.weights if among is None else self.weights * among
        return float(np.dot(flags, weights) / max(1, weights.sum()))

    def fits(self, meaning: str) -> NDArray[np.bool_]:
        """Per cell, whether it is a day within the rule's years."""
        earliest, latest = self.rule.earliest, self.rule.latest
        return np.array([day is not None and earliest <= day.year <= latest for day in self.days(meaning)], bool)

    def days(self, meaning: str) -> list[dt.date | None]:
        """The day that each number means, or None."""
        moments = self.values
        unit, _, first = meaning.partition(" since ")
        if unit in UNITS and first == str(UNIX):
            seconds = moments // UNITS[unit]
            if are_eastern_midnights(seconds[self.there] % DAY // 60):
                moments = (seconds // DAY + 1) * DAY * UNITS[unit]
        values = zip(moments.tolist(), self.there.tolist(), strict=True)
        return [_day(value, meaning, self.rule.pivot) if there else None for value, there in values]

    def rewritten(self, meaning: str, days: Sequence[dt.date | None]) -> NumberDates:
        """The column with the days in place of their numbers."""
        texts = [text if day is None else day.isoformat() for text, day in zip(self.cells, days, strict=True)]
        note = DateNote.COUNTED | (DateNote.TWO_DIGITS if meaning == "%y%j" else DateNote.NONE)
        notes = np.array([0 if day is None else int(note) for day in days], np.int32)
        return NumberDates(texts, notes, meaning)


def _meaning(column: _Numbers, today: dt.date, *, births: bool) -> str:
    """The format that a column's numbers have; ``unclear`` for days from a day not told; else empty."""
    values, there = column.values, column.there
    for unit, parts in UNITS.items():
        if column.share(np.abs(values) >= FAR * parts, there) < 0.5:
            break  # numbers of a smaller unit are larger still
        meaning = f"{unit} since {UNIX}"
        minutes = values % (60 * parts) == 0
        if column.share(minutes & column.fits(meaning), there) >= FITS:
            return _first_day(column, meaning, today, births=births)
        if (
            unit == "seconds"
            and column.share((values % DAY == 0) & column.fits(f"seconds since {SPSS}"), there) >= FITS
        ):
            return f"seconds since {SPSS}"
    seven = (values >= 10**6) & (values < 10**7)
    for meaning in ("%Y%j", "days since -4713-11-24"):
        if column.share(seven & column.fits(meaning), there) >= FITS:
            return meaning
    return _few_digits(column, today, births=births)


def _first_day(column: _Numbers, meaning: str, today: dt.date, *, births: bool) -> str:
    """The count since 1970, or since 1960 where births would lie after today."""
    if births and _ahead(column, meaning, today) > AHEAD:
        other = meaning.replace(str(UNIX), str(SAS))
        if _ahead(column, other, today) <= AHEAD:
            return other
    return meaning


def _ahead(column: _Numbers, meaning: str, today: dt.date) -> float:
    late = np.array([day is not None and day > today for day in column.days(meaning)], bool)
    return column.share(late, column.there)


def _few_digits(column: _Numbers, today: dt.date, *, births: bool) -> str:
    """Days of a year, or days since 1960 or 1970, where no spreadsheet can have written the numbers."""
    values, there = column.values, column.there
    own = values[there]
    if len(own) < FEWEST or np.abs(own).max() < 10_000 or np.abs(own).max() >= 200_000:
        return ""
    centuries = (own >= 100_000).any()
    if centuries and not (own < 100_000).any():
        return ""  # six digits each: a day, a month and a year of two digits
    if column.share(column.fits("%y%j"), there) >= FITS and len(np.unique(own // 1000)) >= 5:
        return "%y%j"
    years = (own >= column.rule.earliest) & (own <= column.rule.latest)
    if centuries or years.mean() >= 0.5 or column.share(there & (values < NO_SERIAL), there) < OLD:
        return ""
    unix, sas = f"days since {UNIX}", f"days since {SAS}"
    if births and column.share(column.fits(sas), there) >= FITS and _ahead(column, sas, today) <= AHEAD:
        return sas if _ahead(column, unix, today) > AHEAD else "unclear"
    return "unclear" if column.share(column.fits(unix), there) >= FITS else ""


def _day(value: int, meaning: str, pivot: int) -> dt.date | None:
    """The day that a number means, or None where it means none."""
    try:
        if meaning in ORDINALS:
            return _day_of_year(value, meaning, pivot)
        if meaning == "days since -4713-11-24":
            return dt.date.fromordinal(value - 1_721_425)
        unit, _, day = meaning.partition(" since ")
        first = dt.date.fromisoformat(day)
        if unit == "days":
            return first + dt.timedelta(days=value)
        seconds = value // UNITS[unit]
        if first != UNIX:  # these programs know no zone
            return first + dt.timedelta(days=seconds // DAY)
        return local_day(dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds))
    except (ValueError, OverflowError):
        return None


def _day_of_year(value: int, meaning: str, pivot: int) -> dt.date | None:
    """The day of a year and its number in the year; the year has two digits, four, or three from 1900 on."""
    year, number = divmod(value, 1000)
    if meaning == "%y%j":
        year += 1900 if year >= 100 or year >= pivot else 2000
    if value < 0 or not 1 <= number <= 366:
        return None
    day = dt.date(year, 1, 1) + dt.timedelta(days=number - 1)
    return day if day.year == year else None
