"""Dates as registers write them: several formats, spreadsheet leftovers, Hijri years."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from functools import lru_cache

__all__ = ["EARLIEST_YEAR", "LATEST_YEAR", "parse_date", "parse_month"]

EARLIEST_YEAR = 1880
LATEST_YEAR = 2100
HIJRI_YEARS = range(1300, 1500)
"""Years read as Hijri: 1882 to 2077."""


@lru_cache(maxsize=64)
def _pattern(layout: str) -> re.Pattern[str]:
    groups = {"%d": r"(?P<d>\d{1,2})", "%m": r"(?P<m>\d{1,2})", "%Y": r"(?P<y>\d{4})"}
    if "%m%d" in layout or "%d%m" in layout or "%m%Y" in layout or "%Y%m" in layout:
        groups |= {"%d": r"(?P<d>\d{2})", "%m": r"(?P<m>\d{2})"}
    text = re.escape(layout)
    for code, group in groups.items():
        text = text.replace(re.escape(code), group)
    return re.compile(text)


def parse_date(text: str, formats: Sequence[str]) -> tuple[dt.date | None, bool]:
    """The date a cell means, and whether it was written in the Hijri calendar; None where it is no date.

    A time of day after the date is ignored. Formats are tried in order and understand ``%d``, ``%m``, ``%Y``.
    """
    bare = text.strip().split("T")[0].split(" ")[0]
    for layout in formats:
        found = _pattern(layout).fullmatch(bare)
        if found is None:
            continue
        year, month, day = int(found["y"]), int(found["m"]), int(found["d"])
        if year in HIJRI_YEARS:
            return _from_hijri(year, month, day), True
        try:
            date = dt.date(year, month, day)
        except ValueError:
            continue
        if EARLIEST_YEAR <= year <= LATEST_YEAR:
            return date, False
    return None, False


def parse_month(text: str, formats: Sequence[str]) -> str | None:
    """The month a cell means, as ``YYYY-MM``; None where it is none."""
    for layout in formats:
        found = _pattern(layout).fullmatch(text.strip())
        if found is not None and 1 <= int(found["m"]) <= 12 and EARLIEST_YEAR <= int(found["y"]) <= LATEST_YEAR:
            return f"{int(found['y']):04d}-{int(found['m']):02d}"
    return None


def _from_hijri(year: int, month: int, day: int) -> dt.date | None:
    from hijridate import Hijri

    try:
        return Hijri(year, month, day).to_gregorian()
    except (ValueError, OverflowError):
        return None
