"""Whole months and years by the calendar, against a count of birthdays."""

from __future__ import annotations

import datetime as dt

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wasl.registers.codes.elapsed import whole_months, whole_years

DAYS = st.dates(dt.date(1900, 1, 1), dt.date(2100, 12, 31))


def days(*dates: dt.date | None) -> np.ndarray:
    return np.array([np.nan if one is None else (one - dt.date(1970, 1, 1)).days for one in dates], float)


def counted(start: dt.date, until: dt.date) -> int:
    """Months, one after the other, until the next one would end after the last day."""
    months = 0
    while True:
        total = start.year * 12 + start.month - 1 + months + 1
        year, month = divmod(total, 12)
        try:
            reached = dt.date(year, month + 1, start.day)
        except ValueError:
            reached = dt.date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
        if reached > until:
            return months
        months += 1


@given(DAYS, st.integers(0, 6000))
def test_months_and_years_are_those_that_one_counts(start: dt.date, length: int) -> None:
    until = start + dt.timedelta(days=length)
    assert whole_months(days(start), days(until))[0] == counted(start, until)
    assert whole_years(days(start), days(until))[0] == counted(start, until) // 12


@given(DAYS, st.integers(1, 50))
def test_an_anniversary_is_a_whole_year_and_the_day_before_is_not(start: dt.date, years: int) -> None:
    start = start.replace(day=min(start.day, 28))
    end = start.replace(year=start.year + years)
    assert whole_years(days(start), days(end))[0] == years
    assert whole_years(days(start), days(end - dt.timedelta(days=1)))[0] == years - 1


def test_an_unknown_day_leaves_the_time_unknown_and_a_later_start_is_negative() -> None:
    found = whole_months(
        days(None, dt.date(2025, 1, 1), dt.date(2025, 3, 2)), days(dt.date(2025, 1, 1), None, dt.date(2025, 3, 1))
    )
    assert np.isnan(found[:2]).all()
    assert found[2] == -1
