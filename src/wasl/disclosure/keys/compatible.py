"""Classes that are compatible when values are missing, by a scan whose cost does not depend on the missing patterns.

Two classes are compatible when they agree in every key that neither misses. The scan adds up, key by key, the
differences of one class to all others in bytes, which the processor's vector unit does 16 to 64 at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from wasl.registers.compiled import njit

__all__ = ["BLOCK", "DECISIVE", "MOST_KEYS", "ShortCodes", "compatible_sums", "distances", "short_codes"]

BLOCK = 1024
"""Classes whose differences are added up at a time: the counters stay in the first-level cache."""

DECISIVE = np.uint8(128)
"""Distance of a difference that rules a class out: above any number of keys (at most ``MOST_KEYS``)."""

MOST_KEYS = 62
"""Keys whose missing values are counted at most: missing patterns are bits of one word."""

ShortCodes: TypeAlias = NDArray[np.unsignedinteger[Any]]
"""Key codes of classes, shape (keys, classes); 0 is missing."""


def short_codes(codes: Sequence[NDArray[np.int32]]) -> ShortCodes:
    """Key codes (-1 for missing) in the shortest unsigned type, 0 for missing; shape (keys, classes)."""
    table = np.array(codes) + 1
    highest = int(table.max(initial=0))
    if highest < 1 << 8:
        return np.ascontiguousarray(table.astype(np.uint8))
    return np.ascontiguousarray(table.astype(np.uint16 if highest < 1 << 16 else np.uint32))


def compatible_sums(
    codes: ShortCodes, patterns: NDArray[np.int64], sums: NDArray[np.float64], alpha: float
) -> NDArray[np.float64]:
    """For each class, the sums over the classes it is compatible with.

    Args:
        codes: Key codes of the classes, shape (keys, classes), at most ``MOST_KEYS``.
        patterns: The keys each class misses, as bits.
        sums: float64, shape (classes, c).
        alpha: How much a compatible class counts that misses other keys.
    """
    totals: NDArray[np.float64] = _sum_compatible(codes, patterns, sums, alpha)
    return totals


@njit(cache=True, nogil=True)
def distances(codes, row, held, costs, out, lows):  # type: ignore[no-untyped-def]
    """Differences of one row to every class (missing on either side is none), and the least of each block.

    Args:
        codes: Key codes, shape (keys, classes).
        row: The row's codes.
        held: Keys that are left out, as bits.
        costs: uint8 per key: 0, 1, or ``DECISIVE`` for a key in which a difference rules the class out.
        out: uint8 per class; filled in.
        lows: uint8 per block of ``BLOCK`` classes; filled in.
    """
    m, n = codes.shape
    block = 0
    for a in range(0, n, BLOCK):
        b = min(n, a + BLOCK)
        part = out[a:b]
        for j in range(b - a):
            part[j] = 0
        for v in range(m):
            own = row[v]
            if own == 0 or held >> v & 1 or costs[v] == 0:
                continue
            column = codes[v, a:b]
            if costs[v] >= DECISIVE:
                for j in range(b - a):
                    part[j] |= DECISIVE if (column[j] != own) & (column[j] != 0) else np.uint8(0)
            else:
                for j in range(b - a):
                    part[j] += np.uint8(1) if (column[j] != own) & (column[j] != 0) else np.uint8(0)
        low = np.uint8(255)
        for j in range(b - a):
            low = min(low, part[j])
        lows[block] = low
        block += 1


@njit(cache=True, nogil=True)
def _sum_compatible(codes, patterns, sums, alpha):  # type: ignore[no-untyped-def]
    m, n = codes.shape
    width = sums.shape[1]
    totals = np.zeros((n, width), np.float64)
    found = np.empty(n, np.uint8)
    lows = np.empty(n // BLOCK + 1, np.uint8)
    costs = np.ones(m, np.uint8)
    for i in range(n):
        distances(codes, codes[:, i].copy(), np.int64(0), costs, found, lows)
        for block in range((n + BLOCK - 1) // BLOCK):
            if lows[block]:
                continue
            for j in range(block * BLOCK, min(n, block * BLOCK + BLOCK)):
                if found[j] == 0:
                    certain = patterns[j] == 0 or patterns[j] == patterns[i]
                    for c in range(width):
                        totals[i, c] += sums[j, c] if certain else alpha * sums[j, c]
    return totals
