"""Periods that registers describe, as days: a period is covered if it lies within one that was authorized."""

from __future__ import annotations

import datetime as dt

from wasl.registers.reading.reference_periods import days_of_period

__all__ = ["covers", "days_of"]


def days_of(period: str) -> tuple[dt.date, dt.date] | None:
    """First and last day of ``2024``, ``2024-T1``, ``2024-03-01`` or ``2020/2024-06``; None for another text."""
    whole = days_of_period(period)
    if whole is not None:
        return whole
    first, mark, last = period.partition("/")
    begin, end = (days_of_period(first), days_of_period(last)) if mark else (None, None)
    if begin is None or end is None or begin[0] > end[1]:
        return None
    return begin[0], end[1]


def covers(authorized: str, period: str) -> bool:
    """Tell if a period lies within an authorized one; what names no days is covered by the same text only."""
    outer, inner = days_of(authorized), days_of(period)
    if outer is None or inner is None:
        return authorized == period
    return outer[0] <= inner[0] and inner[1] <= outer[1]
