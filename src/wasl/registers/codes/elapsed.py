"""Whole months and years between two days, by the calendar: from 1 January to 1 January of the next year is a year.

Days divided by the mean length of a year or month are wrong at each anniversary. Payloads state dates by month, so
many periods end on an anniversary: a permit of one year would fall short of twelve months in three years of four.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["whole_months", "whole_years"]

Days = NDArray[np.float64]
"""Days since 1 January 1970, NaN where unknown."""


def whole_months(start: Days, until: Days) -> NDArray[np.float64]:
    """Months that have passed from each start to each end; negative if the end comes first, NaN if one is unknown.

    A month has passed when the day of the month is reached again. In a shorter month it passes with the first day of
    the next: from 31 January to 1 March is one month.
    """
    known = ~(np.isnan(start) | np.isnan(until))
    first, last = _dates(np.where(known, start, 0.0)), _dates(np.where(known, until, 0.0))
    months = (_months(last) - _months(first)).astype(np.int64)
    months -= _day_of_month(last) < _day_of_month(first)
    return np.where(known, months, np.nan)


def whole_years(start: Days, until: Days) -> NDArray[np.float64]:
    """Years that have passed from each start to each end, as ``whole_months`` counts."""
    return np.floor(whole_months(start, until) / 12)


def _dates(days: Days) -> NDArray[np.datetime64]:
    return days.astype(np.int64).astype("datetime64[D]")


def _months(dates: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
    return dates.astype("datetime64[M]")


def _day_of_month(dates: NDArray[np.datetime64]) -> NDArray[np.int64]:
    since = dates - _months(dates).astype("datetime64[D]")
    return np.asarray(since.astype(np.int64), np.int64)
