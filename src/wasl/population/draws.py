"""Random draws that are the same on every machine: streams named by purpose, shares by cumulative sums.

Only uniform numbers, integers and permutations are taken from numpy's generator, and nothing goes through a logarithm
or an exponential, whose last bit differs between processors.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["Draws", "largest_remainder", "stable_order"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def stable_order(words: Sequence[str]) -> list[str]:
    """Words without repetitions in an order that looks random but depends only on the words."""
    return sorted(dict.fromkeys(words), key=lambda word: (zlib.crc32(word.encode()), word))


def largest_remainder(shares: npt.ArrayLike, total: int) -> Ints:
    """``total`` split in whole numbers as nearly as possible in proportion to ``shares``."""
    weights = np.asarray(shares, np.float64)
    exact = weights * (total / np.cumsum(weights)[-1])
    counts = np.floor(exact).astype(np.int64)
    rest = total - int(counts.sum())
    counts[np.argsort(counts - exact, kind="stable")[:rest]] += 1
    return np.asarray(counts, np.int64)


class Draws:
    """One stream of random draws, named by its purpose, so that a change in one place moves nothing elsewhere."""

    def __init__(self, seed: int, purpose: str) -> None:
        self.generator = np.random.Generator(
            np.random.PCG64(np.random.SeedSequence([seed, zlib.crc32(purpose.encode())]))
        )

    def uniform(self, n: int) -> Floats:
        """``n`` numbers in [0, 1)."""
        return np.asarray(self.generator.random(n), np.float64)

    def integers(self, low: npt.ArrayLike, high: npt.ArrayLike, n: int) -> Ints:
        """``n`` whole numbers from ``low`` to ``high`` inclusive (bounds may be arrays of length n)."""
        low, high = np.asarray(low, np.int64), np.asarray(high, np.int64)
        return np.asarray(low + np.floor(self.uniform(n) * (high - low + 1)), np.int64)

    def happens(self, probability: npt.ArrayLike, n: int) -> Bools:
        """For each of ``n`` whether something of this probability (one, or one each) happens."""
        return self.uniform(n) < np.asarray(probability, np.float64)

    def choose(self, shares: npt.ArrayLike, n: int) -> Ints:
        """``n`` indices into ``shares``, each as often as its share says."""
        edges = np.cumsum(np.asarray(shares, np.float64))
        # The clip guards against u · total rounding up to the total itself.
        found = np.searchsorted(edges, self.uniform(n) * edges[-1], side="right")
        return np.minimum(np.asarray(found, np.int64), len(edges) - 1)

    def choose_by(self, table: Floats, rows: Ints) -> Ints:
        """For each of ``rows`` an index into the columns of that row of ``table`` (rows are shares)."""
        edges = np.cumsum(table, axis=1)
        target = self.uniform(len(rows)) * edges[rows, -1]
        found = np.asarray((edges[rows] <= target[:, None]).sum(axis=1), np.int64)
        return np.asarray(np.minimum(found, table.shape[1] - 1), np.int64)

    def bands(self, bands: Sequence[Sequence[float]], n: int) -> Ints:
        """``n`` whole numbers from ``bands`` of (from, to, share), uniform within a band."""
        low, high, share = (np.asarray(column) for column in zip(*bands, strict=True))
        band = self.choose(share, n)
        return self.integers(low[band], high[band], n)

    def sample(self, candidates: Ints, k: int) -> Ints:
        """``k`` different ones of ``candidates`` (all of them when there are fewer)."""
        return np.asarray(self.generator.permutation(candidates)[:k], np.int64)

    def permutation(self, n: int) -> Ints:
        """0 … n−1 in random order."""
        return np.asarray(self.generator.permutation(n), np.int64)
