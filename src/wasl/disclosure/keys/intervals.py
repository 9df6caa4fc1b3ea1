"""Classes of numbers and days: the interval of a value, and the label of the interval.

A released file holds the labels of its classes ("20-29", "65+", "2024-Q1"). They are read back here, so that a
protected file can be protected again under its policy. A label that lies inside a class becomes that class. A label
that is a class, or a union of classes, stays.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from wasl.errors import InputError

__all__ = ["band_numbers", "break_labels", "date_labels", "interval_label", "is_class_label", "width_labels"]

Closed = Literal["left", "right"]
Period = Literal["month", "quarter", "half-year", "year", "decade"]

NUMBER = r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?"
WHOLE = re.compile(r"(-?\d+)-(-?\d+)")
HALF_OPEN = re.compile(rf"([\[(])({NUMBER}), ({NUMBER})([\])])")
UPWARDS = re.compile(rf"({NUMBER})\+|>({NUMBER})")
DOWNWARDS = re.compile(rf"<(=?)({NUMBER})")

PERIODS: tuple[tuple[Period | Literal["day"], re.Pattern[str]], ...] = (
    ("day", re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ].*)?")),
    ("month", re.compile(r"(\d{4})-(\d{2})")),
    ("quarter", re.compile(r"(\d{4})-Q([1-4])")),
    ("half-year", re.compile(r"(\d{4})-H([12])")),
    ("year", re.compile(r"(\d{4})")),
    ("decade", re.compile(r"(\d{3})0s")),
)
"""Spellings of a day and of each period, from the finest to the coarsest."""


def interval_label(low: float, high: float, *, whole: bool, closed: Closed = "left") -> str:
    """``15-19`` for whole numbers (``15`` where it is one number), ``[15, 20)`` or ``(15, 20]`` for others."""
    if not whole:
        return f"[{low:g}, {high:g})" if closed == "left" else f"({low:g}, {high:g}]"
    first, last = (int(low), int(high) - 1) if closed == "left" else (int(low) + 1, int(high))
    return str(first) if first == last else f"{first}-{last}"


def width_labels(
    texts: Sequence[str],
    width: float,
    *,
    origin: float = 0.0,
    bottom: float | None = None,
    top: float | None = None,
    closed: Closed = "left",
    coarser: Collection[str] = (),
) -> dict[str, str]:
    """For each category, its interval of equal width; classes of a coarser level (``coarser``) stay.

    Left-closed: below ``bottom`` becomes ``<bottom``, from ``top`` on ``top+``. Right-closed: up to ``bottom`` becomes
    ``<=bottom``, above ``top`` becomes ``>top``.

    Raises:
        InputError: The width is not positive, or a category is neither a number nor a class of them.
    """
    if not width > 0:
        raise InputError("the width of intervals must be positive.")
    whole = float(width).is_integer() and float(origin).is_integer() and _all_whole(texts)

    def label(number: float) -> str:
        if top is not None and (number >= top if closed == "left" else number > top):
            return _above(top, closed)
        if bottom is not None and (number < bottom if closed == "left" else number <= bottom):
            return _below(bottom, closed)
        if not np.isfinite(number):
            return _above(np.inf, closed) if number > 0 else _below(-np.inf, closed)
        if closed == "left":
            low = origin + width * np.floor((number - origin) / width)
        else:
            low = origin + width * (np.ceil((number - origin) / width) - 1.0)
        lower = max(low, bottom) if bottom is not None else low
        upper = min(low + width, top) if top is not None else low + width
        return interval_label(lower, upper, whole=whole, closed=closed)

    return {text: text if text in coarser else _label_of(text, label) for text in texts}


def break_labels(
    texts: Sequence[str], breaks: Sequence[float], *, closed: Closed = "left", coarser: Collection[str] = ()
) -> dict[str, str]:
    """For each category, its interval between breaks; below the first and from the last on are open.

    Classes of a coarser level (``coarser``) stay.

    Raises:
        InputError: No breaks are given, or a category is neither a number nor a class of them.
    """
    if not breaks:
        raise InputError("a list of breaks needs at least one number.")
    whole = all(float(b).is_integer() for b in breaks) and _all_whole(texts)
    find = bisect_right if closed == "left" else bisect_left

    def label(number: float) -> str:
        place = find(breaks, number)
        if place == 0:
            return _below(breaks[0], closed)
        if place == len(breaks):
            return _above(breaks[-1], closed)
        return interval_label(breaks[place - 1], breaks[place], whole=whole, closed=closed)

    return {text: text if text in coarser else _label_of(text, label) for text in texts}


def date_labels(texts: Sequence[str], period: Period) -> dict[str, str]:
    """For each day (``2024-03-31``) or period, the period it lies in; a coarser period stays.

    Raises:
        InputError: A category is neither a day nor a period.
    """
    names = [name for name, _ in PERIODS]
    labels: dict[str, str] = {}
    for text in texts:
        found = next(((name, match) for name, shape in PERIODS if (match := shape.fullmatch(text))), None)
        if found is None:
            raise InputError("a date rule needs days such as 2024-03-31; a category is not one.")
        name, match = found
        labels[text] = text if names.index(name) >= names.index(period) else _period_of(name, match, period)
    return labels


def band_numbers(name: str, texts: Sequence[str], bands: Sequence[float]) -> NDArray[np.int32]:
    """For each category of a recoded number, the band that holds all of its values; bands begin at the cut points.

    Raises:
        InputError: A category is no class of numbers, or its values lie in several bands.
    """
    numbers = []
    for text in texts:
        ends = _ends(text)
        low, high = (-1, -2) if ends is None or any(np.isnan(ends)) else (bisect_right(bands, end) for end in ends[1:3])
        numbers.append(low if low == high else -1)
    apart = numbers.count(-1)
    if apart:
        raise InputError(
            f"the rule for {name!r} counts bands, but {apart} of {len(texts)} released categories do not lie in one.",
            remedy="Let every cut point of the bands be one of the classes, or give the rule no bands.",
        )
    return np.array(numbers, np.int32)


def is_class_label(text: str) -> bool:
    """Whether a text is how a class of numbers or days is written (and not itself a number or a day)."""
    if _ends(text) is not None and not _is_number(text):
        return True
    return any(name not in ("day", "year") and shape.fullmatch(text) for name, shape in PERIODS)


def _period_of(name: str, match: re.Match[str], period: Period) -> str:
    if name == "decade":
        return match.group(0)
    year = int(match.group(1))
    part = int(match.group(2)) if name in ("day", "month", "quarter", "half-year") else 1
    month = part * {"quarter": 3, "half-year": 6}.get(name, 1)
    return {
        "month": f"{year:04d}-{month:02d}",
        "quarter": f"{year:04d}-Q{(month + 2) // 3}",
        "half-year": f"{year:04d}-H{(month + 5) // 6}",
        "year": f"{year:04d}",
        "decade": f"{year // 10:03d}0s",
    }[period]


def _above(bound: float, closed: Closed) -> str:
    return f"{bound:g}+" if closed == "left" else f">{bound:g}"


def _below(bound: float, closed: Closed) -> str:
    return f"<{bound:g}" if closed == "left" else f"<={bound:g}"


def _all_whole(texts: Sequence[str]) -> bool:
    """Whether every category is a whole number or a class of whole numbers."""
    for text in texts:
        if _is_number(text):
            if not float(text).is_integer():
                return False
        elif HALF_OPEN.fullmatch(text):
            return False
    return True


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _ends(text: str) -> tuple[float, float, float, float] | None:
    """Of a class of numbers: the number just below it, its first, its last, and the number just above it."""
    if _is_number(text):
        value = float(text)
        return value, value, value, value
    if match := WHOLE.fullmatch(text):
        low, high = float(match.group(1)), float(match.group(2))
        return low - 1, low, high, high + 1
    if match := HALF_OPEN.fullmatch(text):
        low, high = float(match.group(2)), float(match.group(3))
        first = low if match.group(1) == "[" else np.nextafter(low, np.inf)
        last = high if match.group(4) == "]" else np.nextafter(high, -np.inf)
        return float(np.nextafter(first, -np.inf)), first, last, float(np.nextafter(last, np.inf))
    if match := UPWARDS.fullmatch(text):
        bound = float(match.group(1) or match.group(2))
        first = bound if match.group(1) else float(np.nextafter(bound, np.inf))
        return float(np.nextafter(first, -np.inf)), first, np.inf, np.inf
    if match := DOWNWARDS.fullmatch(text):
        bound = float(match.group(2))
        last = bound if match.group(1) else float(np.nextafter(bound, -np.inf))
        return -np.inf, -np.inf, last, float(np.nextafter(last, np.inf))
    return None


def _label_of(text: str, label: Callable[[float], str]) -> str:
    """The class of a number, or of a class of numbers that lies inside one class or is made of whole classes.

    Raises:
        InputError: The category is neither.
    """
    ends = _ends(text)
    if ends is None or any(np.isnan(end) for end in ends):
        raise InputError("intervals need a numeric variable; a category is not a number.")
    before, first, last, after = ends
    own = label(first)
    if own == label(last):
        return own
    starts = first == -np.inf or label(before) != own
    stops = last == np.inf or label(after) != label(last)
    if starts and stops:
        return text
    raise InputError(
        "a category is a class of numbers that cuts across the classes of the policy.",
        remedy="Protect the original file, or change the policy's classes.",
    )
