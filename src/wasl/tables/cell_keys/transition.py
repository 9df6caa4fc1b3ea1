"""Transition tables of the cell-key method: with which probability a count becomes which other count.

For each original count i the distribution of the published count has maximum entropy under these conditions. It has no
bias, at most the given variance, and no noise larger than D. Negative counts and forbidden small counts have
probability zero. No noise is more probable than a smaller one on the same side of zero.

*Source:* S. Giessing, "Computational issues in the design of transition probabilities and disclosure risk estimation
for additive noise", Privacy in Statistical Databases 2016.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from wasl.errors import InputError
from wasl.tables.specification import CellKeyOptions

__all__ = ["TransitionTable", "transition_table"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TransitionTable:
    """The distributions of all original counts; counts above the last row have its distribution.

    Attributes:
        noise: Possible noise, -D … D.
        probability: Shape (rows, 2 D + 1); row i belongs to the original count i.
        variance: Variance reached in each row; near zero it can be smaller than asked.
    """

    noise: NDArray[np.int64] = field(repr=False)
    probability: Floats = field(repr=False)
    variance: Floats = field(repr=False)

    def cumulative(self) -> Floats:
        """Cumulated probabilities of each row, the last exactly one."""
        result = np.cumsum(self.probability, axis=1)
        result[:, -1] = 1.0
        return result


@lru_cache(maxsize=64)
def transition_table(options: CellKeyOptions) -> TransitionTable:
    """The table for these parameters.

    Zeros stay zeros. Near zero, where negative counts and forbidden small counts leave little room, the variance is
    reached as far as it can be; the mean is always kept.

    Raises:
        InputError: No distribution without bias exists: the noise is too small for the forbidden counts.
    """
    D, small = options.maximum, options.small
    noise = np.arange(-D, D + 1)
    rows = D + small + 1
    probability = np.zeros((rows + 1, len(noise)))
    probability[0, D] = 1.0
    for i in range(1, rows + 1):
        to = i + noise
        support = (to >= 0) & ((to == 0) | (to > small))
        if i == rows:
            support[:] = True
        probability[i, support] = _maximum_entropy(noise[support], options.variance, options.stay, i)
    variance = (probability * noise**2).sum(axis=1)
    return TransitionTable(noise, probability, variance)


def _maximum_entropy(noise: NDArray[np.int64], variance: float, stay: float | None, count: int) -> Floats:
    if noise.min() > 0 or noise.max() < 0:
        raise InputError(
            f"cell keys: a count of {count} cannot be perturbed without bias.",
            remedy="Raise the largest noise (maximum), or lower the largest forbidden count (small).",
        )
    if noise.min() == 0 or noise.max() == 0:
        return np.asarray(noise == 0, dtype=np.float64)
    if stay is not None and 0 in noise and len(noise) > 2:
        rest = noise[noise != 0]
        moved = _two_moments(rest, variance / (1 - stay))
        result = np.zeros(len(noise))
        result[noise == 0] = stay
        result[noise != 0] = (1 - stay) * moved
        return result
    return _two_moments(noise, variance)


def _two_moments(noise: NDArray[np.int64], variance: float) -> Floats:
    """The distribution on ``noise`` of largest entropy with mean zero, at most this variance, and its mode at zero.

    Without the mode it has the form exp(a d + b d^2) with b <= 0. For small
    counts that can rise away from zero, because negative counts are cut off. Neighbours that are out of order then
    share one probability, whose logarithm is the mean of a d + b d^2 over them.
    """
    d = noise.astype(np.float64)
    group = np.arange(len(d))
    while True:
        size = np.bincount(group)
        first = (np.bincount(group, weights=d) / size)[group]
        second = (np.bincount(group, weights=d**2) / size)[group]
        result = _solve(d, first, second, variance)
        rising = [
            j for j in range(len(d) - 1) if _outward(noise[j], noise[j + 1], result[j], result[j + 1], 0 in noise)
        ]
        rising = [j for j in rising if group[j] != group[j + 1]]
        if not rising:
            return result
        group = np.where(group > group[rising[0]], group - 1, group)


def _outward(left: int, right: int, p_left: float, p_right: float, has_zero: bool) -> bool:
    """True if the probability rises away from zero noise between two neighbours."""
    if not has_zero:
        return False
    return p_right > p_left + 1e-12 if left >= 0 else (p_left > p_right + 1e-12 if right <= 0 else False)


def _solve(d: Floats, first: Floats, second: Floats, variance: float) -> Floats:
    def distribution(b: float) -> Floats:
        def mean(a: float) -> float:
            return float((_weights(first, second, a, b) * d).sum())

        span = 60.0 + 60.0 * abs(b) * max(1.0, float(np.abs(d).max()))
        tilt = brentq(mean, -span, span, xtol=1e-13, rtol=1e-14)
        return _weights(first, second, tilt, b)

    def excess(b: float) -> float:
        return float((distribution(b) * d**2).sum()) - variance

    low, high = -40.0, 0.0
    if excess(high) <= 0:
        return distribution(high)
    if excess(low) >= 0:
        return distribution(low)
    return distribution(brentq(excess, low, high, xtol=1e-13, rtol=1e-14))


def _weights(first: Floats, second: Floats, a: float, b: float) -> Floats:
    power = a * first + b * second
    weights = np.exp(power - power.max())
    return np.asarray(weights / weights.sum(), dtype=np.float64)
