"""Bands of published figures: wide, fixed, and checked for what other figures would have fallen into them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = [
    "Band",
    "band_at_most",
    "banded",
    "fixed_band",
    "same_band",
    "stable_band",
]

SHARES = (0.01, 0.05, 0.1, 0.2, 0.5, 1.0)

KEPT = (0.25, 0.5, 0.75, 0.9, 1.0)

DISTANCES = (0.05, 0.1, 0.2, 1.0)

SHIFTS = (0.05, 0.1, 0.25, 0.5, 1.0)
"""Upper ends of the bands. They are as wide as the distinctions a user needs: negligible, small, marked, large."""


@dataclass(frozen=True, slots=True)
class Band:
    """A figure from ``low`` (excluded where it is 0) to below ``high``; equal ends are an exact figure."""

    low: float
    high: float

    def to_json(self) -> dict[str, float]:
        """The band as a JSON value."""
        return {"from": self.low, "below": self.high}


def banded(value: float, ends: Sequence[float]) -> Band:
    """The band of a figure of at least 0: exactly 0 (nothing happened), or between two ends."""
    if value <= 0.0:
        return Band(0.0, 0.0)
    place = int(np.searchsorted(ends, value, side="right"))
    if place == len(ends):
        return Band(ends[-1], ends[-1]) if value == ends[-1] else Band(ends[-1], float("inf"))
    return Band(0.0 if place == 0 else ends[place - 1], ends[place])


def band_at_most(value: float, ends: Sequence[float]) -> Band:
    """The band from 0 to the first end that is not below the value; exactly 0 where nothing can have happened."""
    if value <= 0.0:
        return Band(0.0, 0.0)
    return Band(0.0, float(ends[min(int(np.searchsorted(ends, value)), len(ends) - 1)]))


def stable_band(value: float | None, reach: float, ends: Sequence[float]) -> Band | None:
    """The band of a figure, if it is the same within ``reach`` of it on both sides; exact 0 is left to the caller."""
    if value is None or not np.isfinite(value):
        return None
    return same_band(value, value - reach, value + reach, ends)


def same_band(value: float, low: float, high: float, ends: Sequence[float]) -> Band | None:
    """The band that holds the figure and both ends of what it could have been; None if they lie in several bands."""
    if value <= 0.0 and high <= 0.0:
        return banded(0.0, ends)
    top = float(ends[-1])
    place = [int(np.searchsorted(ends[:-1], min(max(v, 0.0), top), side="right")) for v in (low, value, high)]
    if place[0] != place[2]:
        return None
    return Band(0.0 if place[1] == 0 else ends[place[1] - 1], float(ends[place[1]]))


def fixed_band(value: float, ends: Sequence[float]) -> Band:
    """The band of a figure above 0 that does not depend on a single masked cell."""
    place = int(np.searchsorted(ends[:-1], min(value, float(ends[-1])), side="right"))
    return Band(0.0 if place == 0 else float(ends[place - 1]), float(ends[place]))
