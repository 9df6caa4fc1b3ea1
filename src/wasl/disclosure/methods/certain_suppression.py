"""Local suppression for many keys where only certain company counts: ``alpha`` below 1, or missing as a category.

A class that suppresses keys counts others that miss the same keys. Under ``alpha`` it also counts complete classes that
keep all their values. So a violating class takes the smallest set of keys that covers its differences to k rows. Every
other violating class that agrees with it outside this set suppresses the same set. Classes that need few keys come
first. A class may also join an earlier group.

Cost: violating classes times classes times keys, in byte operations of the processor's vector unit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wasl.disclosure.keys.compatible import BLOCK, DECISIVE, ShortCodes, distances
from wasl.disclosure.methods.key_sets import CANDIDATES, SEEDS, ones, smallest_set
from wasl.registers.compiled import njit

__all__ = ["ABSENT", "choose_certain", "widen"]

ABSENT = 1
"""The code of a missing value here: a value of its own, which differs from every other."""

NEVER = np.int64(1) << 60
"""The cost of what is impossible."""


def choose_certain(
    codes: ShortCodes,
    sizes: NDArray[np.int64],
    violating: NDArray[np.int64],
    k: int,
    kept: NDArray[np.bool_],
    *,
    category: bool,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The keys that each class misses afterwards so that all violating classes have certain company of k rows.

    Args:
        codes: Key codes of the classes, shape (keys, classes), the most dispensable key first; ``ABSENT`` is missing.
        sizes: Rows per class.
        violating: Classes below k.
        k: The least frequency.
        kept: Keys that must not be suppressed.
        category: Whether missing is a category: then complete classes are no company of a class that misses keys.

    Returns:
        Per class the keys it misses as bits (bit 0 is the first key), and the classes that cannot reach k.
    """
    missing = np.zeros(codes.shape[1], np.int64)
    for v in range(len(codes)):
        missing |= (codes[v] == ABSENT).astype(np.int64) << v
    pending = np.zeros(codes.shape[1], np.bool_)
    pending[violating] = True
    _cluster(codes.copy(), missing, sizes, pending, violating, k, kept, category)
    return missing, np.flatnonzero(pending)


@njit(cache=True, nogil=True)
def _differences(codes, i, j, held):  # type: ignore[no-untyped-def]
    """Keys outside ``held`` in which two classes differ, as bits."""
    bits = np.int64(0)
    for v in range(codes.shape[0]):
        if codes[v, i] != codes[v, j] and not held >> v & 1:
            bits |= np.int64(1) << v
    return bits


@njit(cache=True, nogil=True)
def _needed(codes, missing, sizes, pending, i, k, costs, fixed, category, distance, lows, chosen, differ):  # type: ignore[no-untyped-def]
    """The smallest set of further keys that gives class i company of k rows, as bits; -1 for none."""
    m, n = codes.shape
    held = missing[i]
    distances(codes, codes[:, i].copy(), held, costs, distance, lows)
    blocks = (n + BLOCK - 1) // BLOCK
    best = np.int64(-1)
    best_size = m + 1
    reach = 1
    count = 0
    while reach <= m:
        before = count
        count = 0
        total = 0
        for block in range(blocks):
            if lows[block] > reach:
                continue
            for j in range(block * BLOCK, min(n, block * BLOCK + BLOCK)):
                if distance[j] > reach:
                    continue
                if pending[j] and (missing[j] ^ missing[i]) & fixed:
                    continue
                if not pending[j] and (category or missing[j] != 0):
                    # A group that has k rows by itself; it is company of those who miss exactly its keys.
                    if distance[j] == reach and reach < best_size:
                        bits = _differences(codes, i, j, held)
                        if held | bits == missing[j]:
                            best = bits
                            best_size = reach
                    continue
                if count < chosen.shape[0]:
                    chosen[count] = j
                    count += 1
                    total += sizes[j]
        if best_size <= reach:
            break
        if total >= k and (count >= SEEDS or before > 0 or count == chosen.shape[0]):
            break
        if total < k and count == chosen.shape[0]:
            break
        if total < k:
            count = 0
        reach += 1
    if count == 0 or (best_size <= reach and total < k):
        return best
    for c in range(count):
        differ[c] = _differences(codes, i, chosen[c], held)
    return smallest_set(differ, chosen, distance, sizes, count, k, m, best, best_size)


@njit(cache=True, nogil=True)
def _cluster(codes, missing, sizes, pending, violating, k, kept, category):  # type: ignore[no-untyped-def]
    """Settle one class after the other, those that need fewest keys first."""
    m, n = codes.shape
    costs = np.ones(m, np.uint8)
    fixed = np.int64(0)
    for v in range(m):
        if kept[v]:
            costs[v] = DECISIVE
            fixed |= np.int64(1) << v
    distance = np.empty(n, np.uint8)
    lows = np.empty(n // BLOCK + 1, np.uint8)
    chosen = np.empty(max(CANDIDATES, 2 * k), np.int64)
    differ = np.empty(max(CANDIDATES, 2 * k), np.int64)
    # What a class needs at first is a lower bound: those who are settled are company of their own kind only.
    needs = np.full(violating.shape[0], -1, np.int64)
    for size in range(-1, m + 1):
        for p in range(violating.shape[0]):
            i = violating[p]
            if not pending[i] or needs[p] != size:
                continue
            found = _needed(
                codes, missing, sizes, pending, i, k, costs, fixed, category, distance, lows, chosen, differ
            )
            needs[p] = NEVER if found < 0 else ones(found)
            if needs[p] <= size:
                _settle(codes, missing, pending, i, found, fixed, distance, lows)


@njit(cache=True, nogil=True)
def _settle(codes, missing, pending, i, further, fixed, distance, lows):  # type: ignore[no-untyped-def]
    """Class i and all pending classes that agree with it outside the set suppress the set."""
    m, n = codes.shape
    target = missing[i] | further
    reach = ones(further)
    held = missing[i]
    for block in range((n + BLOCK - 1) // BLOCK):
        if lows[block] > reach:
            continue
        for j in range(block * BLOCK, min(n, block * BLOCK + BLOCK)):
            if distance[j] > reach or not pending[j] or j == i:
                continue
            if (missing[j] ^ held) & fixed or _differences(codes, i, j, held) & ~further:
                continue
            for v in range(m):
                if target >> v & 1:
                    codes[v, j] = ABSENT
            missing[j] = target
            pending[j] = False
    for v in range(m):
        if target >> v & 1:
            codes[v, i] = ABSENT
    missing[i] = target
    pending[i] = False


def widen(
    codes: ShortCodes,
    sizes: NDArray[np.int64],
    missing: NDArray[np.int64],
    alone: NDArray[np.int64],
    k: int,
    kept: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """A last resort: a class without company joins the group that costs fewest cells, and both miss the same keys then.

    Args:
        codes: Key codes of the classes before suppression, shape (keys, classes); ``ABSENT`` is missing.
        sizes: Rows per class.
        missing: Keys each class misses, as bits; changed.
        alone: Classes without company.
        k: The least frequency.
        kept: Keys that must not be suppressed.

    Returns:
        The classes that no group can take in.
    """
    bits = np.int64(1) << np.arange(len(codes), dtype=np.int64)
    work = codes.copy()
    for v in range(len(codes)):
        work[v, missing >> v & 1 == 1] = ABSENT
    _, first, groups = np.unique(work, axis=1, return_index=True, return_inverse=True)
    groups = groups.reshape(-1)
    rows = np.bincount(groups, weights=sizes).astype(np.int64)
    shown, lost = work[:, first], missing[first]
    stuck = []
    for i in alone:
        while rows[groups[i]] < k:
            mine = groups[i]
            differ = shown != shown[:, [mine]]
            target = lost[mine] | lost | (bits[:, None] * differ).sum(axis=0)
            own = np.bitwise_count((target & ~lost[mine]).astype(np.uint64)).astype(np.int64)
            theirs = np.bitwise_count((target & ~lost).astype(np.uint64)).astype(np.int64)
            possible = ~differ[kept].any(axis=0) & (rows > 0)
            possible[mine] = False
            if not possible.any():
                stuck.append(i)
                break
            enough = possible & (rows + rows[mine] >= k)
            cost = np.where(enough if enough.any() else possible, own * rows[mine] + theirs * rows, NEVER)
            best = int(np.argmin(cost))
            groups[groups == mine] = best
            rows[best] += rows[mine]
            rows[mine] = 0
            lost[best] = target[best]
            struck = (target[best] & bits) != 0
            shown[struck, best] = ABSENT
            missing[groups == best] = target[best]
    return np.array(stuck, np.int64)
