"""Dates written as digits without separators: which of them are the day, the month and the year.

120514 is 12 May 2014, 14 May 2012 or, in some months, a month of a year. The cells of the column that can be read one
way only decide. A program that wrote the dates as numbers took their leading zeros: they are put back.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wasl.registers.reading.dates import DateNote, DateRule

__all__ = ["spelled_digits", "whole_number"]

NUMBER = re.compile(r"[+-]?\d{1,19}(?:[.,]0+)?|[+-]?\d[.,]\d+E\+?\d{1,2}", re.IGNORECASE)
LARGEST = 2**63
MOST = 0.9
"""Share of a column's cells that must be digits of one length, but for zeros that were taken."""
FULL = 0.1
"""Least share of the dates that have all their digits: three months in twelve have two."""
LEAD = 0.02
"""How many more of the cells the chosen order must fit than the next one."""
FITS = 0.95
Cut = tuple[int, int, int]
ORDERS = {
    6: ("%d%m%y", "%y%m%d", "%m%d%y", "%Y%m", "%m%Y"),
    8: ("%d%m%Y", "%Y%m%d", "%m%d%Y"),
}
WIDTHS = {"%d": 2, "%m": 2, "%y": 2, "%Y": 4}


def spelled_digits(
    cells: Sequence[str], weights: NDArray[np.int64], rule: DateRule
) -> tuple[list[str], NDArray[np.int32], str]:
    """Dates of bare digits as ISO 8601 where the column tells their order; the notes per cell; and the order.

    Args:
        cells: Distinct cells, tidied.
        weights: The rows of each.
        rule: How dates are read.
    """
    texts = list(cells)
    notes = np.zeros(len(texts), np.int32)
    bare = [_digits(text) for text in texts]
    lengths = np.array([len(text) for text in bare])
    width = 8 if np.dot(lengths >= 7, weights) > np.dot(lengths <= 6, weights) else 6
    least = width - 1 if width == 8 else 3
    own = (lengths >= least) & (lengths <= width)
    full = float(np.dot(lengths == width, weights) / max(1, np.dot(own, weights)))
    if np.dot(own, weights) < MOST * weights.sum() or full < FULL:
        return texts, notes, ""
    padded = [text.zfill(width) if mine else "" for text, mine in zip(bare, own.tolist(), strict=True)]
    read = {order: [_parts(text, order, rule) for text in padded] for order in ORDERS[width]}
    shares = {
        order: float(np.dot([parts is not None for parts in found], weights) / max(1, np.dot(own, weights)))
        for order, found in read.items()
    }
    best, second = sorted(shares, key=lambda order: -shares[order])[:2]
    if shares[best] < FITS or shares[best] - shares[second] < LEAD or best in ("%Y%m", "%m%Y"):
        return texts, notes, ""
    note = DateNote.TWO_DIGITS if "%y" in best else DateNote.NONE
    if best.startswith("%m"):
        note |= DateNote.MONTH_FIRST
    for place, parts in enumerate(read[best]):
        if parts is not None:
            texts[place] = f"{parts[0]:04d}-{parts[1]:02d}-{parts[2]:02d}"
            notes[place] = int(note)
    return texts, notes, best


def whole_number(text: str) -> int | None:
    """The whole number in a cell, also in scientific notation with all its digits; else None."""
    if NUMBER.fullmatch(text) is None:
        return None
    mantissa, _, power = text.upper().replace(",", ".").partition("E")
    whole, _, decimals = mantissa.partition(".")
    if power and (len(decimals) < int(power) or decimals[int(power) :].strip("0")):
        return None  # digits were lost
    value = int(whole + decimals[: int(power or 0)])
    return value if abs(value) < LARGEST else None


def _digits(text: str) -> str:
    """The digits of a date without separators, with the leading zeros that are there; else nothing."""
    if text.isdigit():
        return text
    number = whole_number(text)
    return "" if number is None or number < 0 else str(number)


def _parts(text: str, order: str, rule: DateRule) -> Cut | None:
    """Year, month and day of digits in an order; None where they are no day within the rule's years."""
    cut: dict[str, int] = {}
    at = 0
    for part in re.findall(r"%[a-zA-Z]", order):
        cut[part] = int(text[at : at + WIDTHS[part]] or 0)
        at += WIDTHS[part]
    year, month, day = cut.get("%Y", 0), cut["%m"], cut.get("%d", 1)
    if "%y" in cut:
        year = cut["%y"] + (2000 if cut["%y"] < rule.pivot else 1900)
    if not text or not rule.earliest <= year <= rule.latest:
        return None
    try:
        dt.date(year, month, day)
    except ValueError:
        return None
    return year, month, day
