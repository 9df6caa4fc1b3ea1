"""Bands of published figures: wide, and with edges that one record cannot move predictably."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wasl.registers.exchange.bound_randomness import bound_generator

__all__ = [
    "Band",
    "Blur",
    "band_at_most",
    "band_between",
    "banded",
]

SHARES = (0.01, 0.05, 0.1, 0.2, 0.5, 1.0)

KEPT = (0.25, 0.5, 0.75, 0.9, 1.0)

DISTANCES = (0.05, 0.1, 0.2, 1.0)

SHIFTS = (0.05, 0.1, 0.25, 0.5, 1.0)
"""Upper ends of the bands. They are as wide as the distinctions a user needs: negligible, small, marked, large."""

FIGURE_EPSILON = math.log(2.0) / 4.0
"""Privacy loss of one figure. At most four figures depend on one cell: changed cells, distance, detail, two-way tables.
Together they make no value of the cell more than twice as likely as before, compared with another value."""

MARGIN = math.log(100.0)
"""Scales of noise by which a band is widened on both sides: noise is greater in one case of 100."""


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


@dataclass(frozen=True, slots=True)
class Blur:
    """Bands whose edges one record cannot move predictably: each figure gets random noise before it is put in a band.

    The noise of a figure is Laplace distributed. Its scale is what one record can change, over ``FIGURE_EPSILON``. So
    any published band is at most ``exp(FIGURE_EPSILON)`` times as likely for one value of a cell as for another. The
    bands are widened by ``MARGIN`` scales, so that 99 of 100 hold their figure.

    Attributes:
        secret: Source of the noise. The same figure of the same file has the same noise, so that repeated reports tell
            nothing more.

    Source: Dwork, McSherry, Nissim, Smith (2006), Calibrating noise to sensitivity, TCC.
    """

    secret: bytes

    def near(self, name: str, value: float, reach: float) -> tuple[float, float]:
        """The ends between which a figure lies, as far as may be told.

        Args:
            name: Of the figure; each has noise of its own.
            value: The figure.
            reach: How much one record can change it.
        """
        scale = reach / FIGURE_EPSILON
        noisy = value + float(bound_generator(self.secret, "band", name).laplace(0.0, scale))
        return noisy - MARGIN * scale, noisy + MARGIN * scale

    def band(self, name: str, value: float, reach: float, ends: Sequence[float]) -> Band | None:
        """The bands that a figure can lie in, as one; None if they are all there are, so that nothing would be told."""
        return band_between(*self.near(name, value, reach), ends)


def band_between(low: float, high: float, ends: Sequence[float]) -> Band | None:
    """The smallest union of bands that holds an interval; None if it is the union of all."""
    top = float(ends[-1])
    first, last = (int(np.searchsorted(ends[:-1], min(max(v, 0.0), top), side="right")) for v in (low, high))
    if first == 0 and last == len(ends) - 1:
        return None
    return Band(0.0 if first == 0 else float(ends[first - 1]), float(ends[last]))
