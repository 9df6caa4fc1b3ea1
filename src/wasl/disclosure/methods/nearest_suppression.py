"""Local suppression for many keys: each violating class is made compatible with the nearest other classes.

The keys in which two classes differ are what must be suppressed for one to be compatible with the other. So for each
violating class the nearest others are found by a scan, and the smallest set of keys is taken that covers the
differences to at least k rows. Classes that need few keys come first, because their suppressions make others safe.
Afterwards ``put_back`` restores every suppressed value that the goals do not need.

Cost: violating classes times classes times keys, in byte operations of the processor's vector unit. Nothing depends on
the number of subsets of keys.

Holes are handled under the full wildcard meaning of missing values only: further holes never lower a frequency.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wasl.disclosure.keys.compatible import BLOCK, DECISIVE, ShortCodes, distances
from wasl.disclosure.methods.key_sets import CANDIDATES, SEEDS, ones, smallest_set
from wasl.registers.compiled import njit

__all__ = ["choose_nearest"]


def choose_nearest(
    codes: ShortCodes,
    sizes: NDArray[np.int64],
    pending: NDArray[np.int64],
    k: int,
    fixed: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The keys to suppress in each pending class so that it is compatible with at least k rows.

    Args:
        codes: Key codes of the classes, shape (keys, classes), the most dispensable key first; 0 is missing.
        sizes: Rows per class.
        pending: Classes below k.
        k: The least frequency.
        fixed: Keys that must not be suppressed.

    Returns:
        Per class the keys to suppress as bits (bit 0 is the first key), and the classes that cannot reach k.
    """
    holes = np.zeros(codes.shape[1], np.int64)
    work = codes.copy()
    # What a class needs at first is an upper bound: holes made for others only bring classes nearer.
    estimate = _estimates(work, sizes, pending, k, fixed)
    stuck = pending[estimate < 0]
    pending, estimate = pending[estimate >= 0], estimate[estimate >= 0]
    for size in range(1, len(codes) + 1):
        _suppress(work, sizes, pending[estimate == size], k, fixed, holes)
    return holes, stuck


@njit(cache=True, nogil=True)
def _needed(codes, sizes, i, held, k, costs, distance, lows, chosen, differ):  # type: ignore[no-untyped-def]
    """The smallest set of keys that makes class i compatible with k rows, as bits beside ``held``; -1 for none."""
    m = codes.shape[0]
    row = codes[:, i].copy()
    distances(codes, row, held, costs, distance, lows)
    blocks = (codes.shape[1] + BLOCK - 1) // BLOCK
    reach = np.int64(255)
    for block in range(blocks):
        if lows[block] < reach:
            reach = np.int64(lows[block])
    count = 0
    while True:
        # Everything as near as ``reach``; then a step farther, so that there is a choice.
        before = count
        count = 0
        total = 0
        for block in range(blocks):
            if lows[block] > reach:
                continue
            for j in range(block * BLOCK, min(codes.shape[1], block * BLOCK + BLOCK)):
                if distance[j] <= reach and (count < chosen.shape[0]):
                    chosen[count] = j
                    count += 1
                    total += sizes[j]
        if total >= k and (reach == 0 or count >= SEEDS or before > 0 or count == chosen.shape[0]):
            break
        if reach >= m:
            if total < k:
                if count == chosen.shape[0]:
                    break
                return np.int64(-1)
            break
        reach += 1
        if total < k:
            count = 0
    if count == chosen.shape[0] and total < k:
        return np.int64(-1)
    for c in range(count):
        j = chosen[c]
        bits = np.int64(0)
        for v in range(m):
            if row[v] != 0 and codes[v, j] != 0 and codes[v, j] != row[v] and not held >> v & 1:
                bits |= np.int64(1) << v
        differ[c] = bits
    best = np.int64(-1)
    best_size = m + 1
    return smallest_set(differ, chosen, distance, sizes, count, k, m, best, best_size)


@njit(cache=True, nogil=True)
def _costs(fixed):  # type: ignore[no-untyped-def]
    costs = np.ones(fixed.shape[0], np.uint8)
    for v in range(fixed.shape[0]):
        if fixed[v]:
            costs[v] = DECISIVE
    return costs


@njit(cache=True, nogil=True)
def _estimates(codes, sizes, pending, k, fixed):  # type: ignore[no-untyped-def]
    """How many keys each pending class would need now; -1 where no set is enough."""
    n = codes.shape[1]
    costs = _costs(fixed)
    distance = np.empty(n, np.uint8)
    lows = np.empty(n // BLOCK + 1, np.uint8)
    chosen = np.empty(max(CANDIDATES, 2 * k), np.int64)
    differ = np.empty(max(CANDIDATES, 2 * k), np.int64)
    out = np.empty(pending.shape[0], np.int64)
    for p in range(pending.shape[0]):
        found = _needed(codes, sizes, pending[p], np.int64(0), k, costs, distance, lows, chosen, differ)
        out[p] = -1 if found < 0 else ones(found)
    return out


@njit(cache=True, nogil=True)
def _suppress(codes, sizes, due, k, fixed, holes):  # type: ignore[no-untyped-def]
    """Suppress, one class after the other, what each due class still needs; suppressed codes become 0."""
    n = codes.shape[1]
    costs = _costs(fixed)
    distance = np.empty(n, np.uint8)
    lows = np.empty(n // BLOCK + 1, np.uint8)
    chosen = np.empty(max(CANDIDATES, 2 * k), np.int64)
    differ = np.empty(max(CANDIDATES, 2 * k), np.int64)
    for p in range(due.shape[0]):
        i = due[p]
        found = _needed(codes, sizes, i, np.int64(0), k, costs, distance, lows, chosen, differ)
        if found <= 0:
            continue
        holes[i] |= found
        for v in range(codes.shape[0]):
            if found >> v & 1:
                codes[v, i] = 0
