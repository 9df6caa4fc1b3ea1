"""Noise for sums: shares of the largest contributions of a cell, with direction and size from its cell key.

A published sum is ``value + direction * (m_1 s_1 x_1 + m_2 s_2 x_2 + ...)``. Here x_k is the k-th largest contribution,
m_k its share (a parameter), and s_k a random factor between one half and one and a half. Direction and factors are
computed from the sum of the record keys alone. The same set of records therefore has the same noise in every table. All
parts have the same direction, so that they cannot cancel: the noise is never smaller than half of ``m_1 x_1``.

*Source:* G. Thompson, S. Broadfoot and D. Elazar, "Methodology for the automatic confidentialisation of statistical
outputs from remote servers at the Australian Bureau of Statistics", UNECE work session on statistical data
confidentiality, Ottawa 2013 (noise on the largest contributions, looked up by keys).

Does not protect against: an attacker who knows the shares and all contributions of a cell but the largest. That
attacker learns the largest one up to the noise, which may be as small as half of its share. A contributor of several
records counts as one only where the specification names contributors.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wasl.tables.cells import Floats
from wasl.tables.protection import CellKeyOptions

__all__ = ["LARGEST_FACTOR", "LEAST_FACTOR", "decimals_of", "magnitude_noise"]

LEAST_FACTOR, LARGEST_FACTOR = 0.5, 1.5
"""Range of the random factors. Their mean is 1, so a share is the mean noise; the least is far from no noise."""
ONE_HALF = 0.5
MOST_DECIMALS = 6
STEP = np.uint64(0x9E3779B97F4A7C15)
"""Increment of SplitMix64. Source: G. Steele, D. Lea and C. Flood, OOPSLA 2014."""
_MULTIPLIERS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


def magnitude_noise(largest: Floats, keys: NDArray[np.uint64], options: CellKeyOptions) -> Floats:
    """The noise of each sum.

    Args:
        largest: The largest contributions of each cell in absolute value, shape (cells, at least the shares given).
        keys: Sum of the record keys of each cell.
        options: Shares and modulus.
    """
    key = keys % np.uint64(options.modulus)
    noise = np.zeros(len(keys))
    for number, share in enumerate(options.shares):
        factor = LEAST_FACTOR + (LARGEST_FACTOR - LEAST_FACTOR) * _uniform(key, number + 1)
        noise += share * factor * largest[:, number]
    return np.asarray(np.where(_uniform(key, 0) < ONE_HALF, -noise, noise), dtype=np.float64)


def decimals_of(values: Floats) -> int:
    """Decimals that the values have, at most ``MOST_DECIMALS``: noise is published with no more."""
    for decimals in range(MOST_DECIMALS):
        if np.allclose(np.round(values, decimals), values, rtol=1e-12, atol=1e-9):
            return decimals
    return MOST_DECIMALS


def _uniform(key: NDArray[np.uint64], number: int) -> Floats:
    """A random number in [0, 1) per key: one output of SplitMix64 that starts at the key's own."""
    state = _mixed(key + STEP) + np.uint64(int(STEP) * (number + 1) % 2**64)
    return np.asarray((_mixed(state) >> np.uint64(11)).astype(np.float64) * 2.0**-53, dtype=np.float64)


def _mixed(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    value = (value ^ (value >> np.uint64(30))) * _MULTIPLIERS[0]
    value = (value ^ (value >> np.uint64(27))) * _MULTIPLIERS[1]
    return value ^ (value >> np.uint64(31))
