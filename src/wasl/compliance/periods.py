"""Periods that registers describe, as days: a period is covered if it lies within one that was authorized."""

from __future__ import annotations

import calendar
import datetime as dt
import re

__all__ = ["covers", "days_of"]

_MONTH = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?")


def days_of(period: str) -> tuple[dt.date, dt.date] | None:
    """First and last day of ``2024``, ``2024-03``, ``2024-03-01`` or ``2020/2024-06``; None for another text."""
    first, mark, last = period.partition("/")
    begin, end = _days(first), _days(last) if mark else _days(first)
    if begin is None or end is None or begin[0] > end[1]:
        return None
    return begin[0], end[1]


def covers(authorized: str, period: str) -> bool:
    """Tell if a period lies within an authorized one; what names no days is covered by the same text only."""
    outer, inner = days_of(authorized), days_of(period)
    if outer is None or inner is None:
        return authorized == period
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def _days(text: str) -> tuple[dt.date, dt.date] | None:
    found = _MONTH.fullmatch(text)
    if found is None:
        return None
    year, month, day = (int(part) if part else 0 for part in found.groups())
    try:
        if day:
            return dt.date(year, month, day), dt.date(year, month, day)
        if month:
            return dt.date(year, month, 1), dt.date(year, month, calendar.monthrange(year, month)[1])
        return dt.date(year, 1, 1), dt.date(year, 12, 31)
    except (ValueError, calendar.IllegalMonthError):
        return None
