"""Suppressed values that no goal needs are put back, key by key, the most important keys first.

This holds under a full wildcard only. There, a value put back changes two kinds of frequencies: those of the class
itself, and those of the classes that were compatible with it through the missing value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wasl.disclosure.keys.compatible import BLOCK, ShortCodes, distances
from wasl.registers.compiled import njit

__all__ = ["Condition", "put_back"]


@dataclass(frozen=True, slots=True)
class Condition:
    """A goal that must go on holding.

    Attributes:
        keys: bool per key: whether the goal looks at it.
        k: The least frequency.
        possible: int64 per class, its frequency now (every compatible row counts).
        certain: The same, counting only rows that are complete or miss the same keys; a class that reaches k keeps it.
            None where that does not matter.
    """

    keys: NDArray[np.bool_] = field(repr=False)
    k: int
    possible: NDArray[np.int64] = field(repr=False)
    certain: NDArray[np.int64] | None = field(default=None, repr=False)


def put_back(
    codes: ShortCodes, sizes: NDArray[np.int64], holes: NDArray[np.int64], conditions: Sequence[Condition]
) -> NDArray[np.int64]:
    """The holes that are left when every value has been put back without which all conditions still hold.

    Args:
        codes: Key codes of the classes before suppression, shape (keys, classes), the most dispensable key first.
        sizes: Rows per class.
        holes: Suppressed keys of each class, as bits (bit 0 is the first key).
        conditions: What must go on holding.
    """
    left = holes.copy()
    work = codes.copy()
    missing = np.zeros(len(holes), np.int64)
    for v in range(len(codes)):
        work[v, holes >> v & 1 == 1] = 0
        missing |= (work[v] == 0).astype(np.int64) << v
    members = np.array([condition.keys for condition in conditions])
    least = np.array([condition.k for condition in conditions], np.int64)
    possible = np.array([condition.possible for condition in conditions], np.int64)
    guarded = all(condition.certain is not None for condition in conditions)
    certain = np.array([c.possible if c.certain is None else c.certain for c in conditions], np.int64)
    touched = np.flatnonzero(holes)
    # Classes with many holes have most to give back.
    order = touched[np.argsort(-np.bitwise_count(holes[touched].astype(np.uint64)).astype(np.int64), kind="stable")]
    _put_back(codes, work, missing, sizes, left, order, members, least, possible, certain, guarded)
    return left


@njit(cache=True, nogil=True)
def _put_back(codes, work, missing, sizes, left, order, members, least, possible, certain, guarded):  # type: ignore[no-untyped-def]
    """Per class, one scan for each goal finds the classes it is compatible with; then key by key is put back."""
    m, n = codes.shape
    goals = members.shape[0]
    gaps = np.empty(n, np.uint8)
    lows = np.empty(n // BLOCK + 1, np.uint8)
    friends = np.empty((goals, n), np.int32)
    through = np.empty((goals, n), np.int64)
    known = np.zeros(goals, np.int64)
    costs = np.ones(m, np.uint8)
    masks = np.zeros(goals, np.int64)
    for g in range(goals):
        for v in range(m):
            if members[g, v]:
                masks[g] |= np.int64(1) << v
    for p in range(order.shape[0]):
        i = order[p]
        row = codes[:, i].copy()
        for g in range(goals):
            for v in range(m):
                costs[v] = 1 if members[g, v] else 0
            distances(work, row, left[i], costs, gaps, lows)
            known[g] = 0
            for block in range((n + BLOCK - 1) // BLOCK):
                if lows[block]:
                    continue
                for j in range(block * BLOCK, min(n, block * BLOCK + BLOCK)):
                    if gaps[j] or j == i:
                        continue
                    bits = np.int64(0)
                    for v in range(m):
                        if members[g, v] and left[i] >> v & 1 and work[v, j] != 0 and work[v, j] != row[v]:
                            bits |= np.int64(1) << v
                    if bits or guarded:
                        friends[g, known[g]] = j
                        through[g, known[g]] = bits
                        known[g] += 1
        for v in range(m - 1, -1, -1):
            bit = np.int64(1) << v
            if not left[i] & bit:
                continue
            safe = True
            for g in range(goals):
                if not members[g, v] or not safe:
                    continue
                lost = 0
                own = sizes[i]
                before = missing[i] & masks[g]
                after = before & ~bit
                for f in range(known[g]):
                    j = friends[g, f]
                    other = missing[j] & masks[g]
                    if through[g, f] & bit:
                        lost += sizes[j]
                        if possible[g, j] - sizes[i] < least[g] or possible[g, i] - lost < least[g]:
                            safe = False
                            break
                        if guarded and before == other and _falls(certain[g, j], sizes[i], least[g]):
                            safe = False
                            break
                    elif guarded:
                        if other in (0, after):
                            own += sizes[j]
                        if before == other and after and _falls(certain[g, j], sizes[i], least[g]):
                            safe = False
                            break
                if guarded and safe and certain[g, i] >= least[g] and own < least[g]:
                    safe = False
            if not safe:
                continue
            for g in range(goals):
                if not members[g, v]:
                    continue
                kept = 0
                own = sizes[i]
                before = missing[i] & masks[g]
                after = before & ~bit
                for f in range(known[g]):
                    j = friends[g, f]
                    other = missing[j] & masks[g]
                    gone = through[g, f] & bit
                    if before == other:
                        certain[g, j] -= sizes[i]
                    if gone:
                        possible[g, i] -= sizes[j]
                        possible[g, j] -= sizes[i]
                        continue
                    if after in (0, other):
                        certain[g, j] += sizes[i]
                    if other in (0, after):
                        own += sizes[j]
                    friends[g, kept] = j
                    through[g, kept] = through[g, f]
                    kept += 1
                known[g] = kept
                certain[g, i] = own
            left[i] &= ~bit
            missing[i] &= ~bit
            work[v, i] = codes[v, i]


@njit(cache=True, nogil=True)
def _falls(count, loss, least):  # type: ignore[no-untyped-def]
    """Whether a count that reaches the least does not reach it without the loss."""
    return count >= least and count - loss < least
