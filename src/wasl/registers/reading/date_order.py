"""Whether a column of dates has the day or the month first, judged by all its cells.

A cell such as 05/06/1990 can be read both ways. A cell such as 05/27/1990 or 27/05/1990 can be read one way only. These
cells decide how the others are read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

__all__ = ["DayOrder", "day_order", "has_day_after_year"]

NUMERIC = r"^\D{0,3}(?P<first>\d{1,2})\s*[/\-. ]\s*(?P<second>\d{1,2})\s*[/\-. ]\s*(?:\d{4}|\d{2})(?:\D|$)"
YEAR_FIRST = r"^\D{0,3}\d{4}\s*[/\-. ]\s*(?P<first>\d{1,2})\s*[/\-. ]\s*(?P<second>\d{1,2})(?:\D|$)"
SURE = 9
"""One order holds for the whole column if it has at least this many times the evidence of the other."""
FEWEST = 10
"""Cells of evidence that each of two parts of a file needs, so that they are read in their own orders."""


@dataclass(frozen=True, slots=True)
class DayOrder:
    """How to read the numeric dates of a column.

    Attributes:
        month_first: Per row, whether its date is read month first.
        mixed: Cells that can be read both ways in a column with evidence of both orders; 0 where the order is clear.
    """

    month_first: NDArray[np.bool_]
    mixed: int


def day_order(distinct: pa.Array, places: NDArray[np.int64], *, month_first: bool) -> DayOrder:
    """The order of day and month in each row of a column.

    Args:
        distinct: The distinct cells, with ASCII digits.
        places: Per row, the place of its cell in ``distinct``; -1 where missing.
        month_first: The order that the schema states.
    """
    unclear = DayOrder(np.full(len(places), month_first), 0)
    parts = pc.extract_regex(distinct, NUMERIC)
    if parts.null_count == len(parts):
        return unclear
    first, second = (
        np.asarray(pc.struct_field(parts, name).cast(pa.int16()).fill_null(0), dtype=np.int64)
        for name in ("first", "second")
    )
    day = (first > 12) & (first <= 31) & (second >= 1) & (second <= 12)
    month = (second > 12) & (second <= 31) & (first >= 1) & (first <= 12)
    both = (first >= 1) & (first <= 12) & (second >= 1) & (second <= 12) & (first != second)
    there = places >= 0
    at = np.maximum(places, 0)
    days, months = np.flatnonzero(there & day[at]), np.flatnonzero(there & month[at])
    if not len(months) or not len(days):
        return DayOrder(np.full(len(places), bool(len(months)) or (month_first and not len(days))), 0)
    if max(len(days), len(months)) >= SURE * min(len(days), len(months)):
        return DayOrder(np.full(len(places), len(months) > len(days)), 0)
    ambiguous = int(np.count_nonzero(there & both[at]))
    if min(len(days), len(months)) >= FEWEST:
        if days[-1] < months[0]:
            return DayOrder(np.arange(len(places)) >= _middle(days[-1], months[0]), ambiguous)
        if months[-1] < days[0]:
            return DayOrder(np.arange(len(places)) < _middle(months[-1], days[0]), ambiguous)
    return DayOrder(np.full(len(places), month_first), ambiguous)


def has_day_after_year(distinct: pa.Array, places: NDArray[np.int64]) -> bool:
    """Whether the dates of a column that begin with the year have the day next (1985-31-12), and the month last.

    Args:
        distinct: The distinct cells, with ASCII digits.
        places: Per row, the place of its cell in ``distinct``; -1 where missing.
    """
    parts = pc.extract_regex(distinct, YEAR_FIRST)
    if parts.null_count == len(parts):
        return False
    first, second = (
        np.asarray(pc.struct_field(parts, name).cast(pa.int16()).fill_null(0), dtype=np.int64)
        for name in ("first", "second")
    )
    at = places[places >= 0]
    day_next = int(np.count_nonzero(((first > 12) & (first <= 31) & (second >= 1) & (second <= 12))[at]))
    month_next = int(np.count_nonzero(((second > 12) & (second <= 31) & (first >= 1) & (first <= 12))[at]))
    return day_next > 0 and day_next >= SURE * month_next


def _middle(last: np.int64, first: np.int64) -> int:
    return int(last + first + 1) // 2
