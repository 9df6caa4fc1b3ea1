"""Sets of keys as bits: the smallest that covers the differences of a class to enough others."""

from __future__ import annotations

import numpy as np

from wasl.registers.compiled import njit

__all__ = ["CANDIDATES", "SEEDS", "ones", "smallest_set"]

SEEDS = 24
"""Nearest classes from which a set of keys is grown."""

CANDIDATES = 160
"""Nearest classes considered together."""


@njit(cache=True, nogil=True)
def ones(bits):  # type: ignore[no-untyped-def]
    """How many bits are set."""
    count = 0
    while bits:
        bits &= bits - 1
        count += 1
    return count


@njit(cache=True, nogil=True)
def smallest_set(differ, chosen, distance, sizes, count, k, m, best, best_size):  # type: ignore[no-untyped-def]
    """The smallest set found that covers the differences to classes of k rows together, or ``best`` if none is smaller.

    From each of the nearest classes a set grows by the difference that widens it least.

    Args:
        differ: The keys in which each chosen class differs, as bits.
        chosen: The classes; the first ``count`` of them.
        distance: Of every class, in how many keys it differs.
        sizes: Rows of every class.
        count: How many classes are chosen.
        k: The rows wanted.
        m: How many keys there are.
        best: A set known already, or -1.
        best_size: Its size; more than any size where there is none.
    """
    order = np.argsort(distance[chosen[:count]])
    for s in range(min(count, SEEDS)):
        grown = differ[order[s]]
        size = ones(grown)
        while size <= best_size:
            total = 0
            for c in range(count):
                if differ[c] & ~grown == 0:
                    total += sizes[chosen[c]]
            if total >= k:
                if size < best_size or grown < best:
                    best = grown
                    best_size = size
                break
            next_grown = np.int64(-1)
            next_size = m + 1
            for c in range(count):
                if differ[c] & ~grown:
                    wider = grown | differ[c]
                    wide = ones(wider)
                    if wide < next_size or (wide == next_size and wider < next_grown):
                        next_grown = wider
                        next_size = wide
            if next_grown < 0:
                break
            grown = next_grown
            size = next_size
    return best
