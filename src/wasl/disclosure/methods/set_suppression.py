"""Local suppression by sets of keys: the smallest set without which at least k rows agree with a violating class.

For one set of keys at a time, all classes that still violate are looked up together. So classes that agree without the
set suppress it together, and each certainly counts towards the others' k. The cost grows with the number of sets, that
is exponentially with the number of keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations as subsets_of
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from wasl.disclosure.keys.classes import PackedKeys, hash_words, same_words
from wasl.disclosure.keys.frequencies import Missing, missing_patterns
from wasl.registers.compiled import njit

__all__ = ["RELEASED", "UNREACHED", "choose_sets", "suppression_order"]

UNREACHED, RELEASED = -1, -2
"""No set is enough yet; none is needed any more, because others' suppressions have made the class safe."""

SEARCHED_SETS = 1 << 14
"""Sets of keys tried at most, the smallest first: all of them up to 14 keys."""


def suppression_order(suppressible: Sequence[int], importance: Sequence[int]) -> list[tuple[int, ...]]:
    """Sets of variables that may be suppressed, the cheapest first; at most ``SEARCHED_SETS`` and the whole set.

    Fewer variables come first; among equals, the set whose most important member is the least important.
    """
    sets: list[tuple[int, ...]] = []
    for size in range(1, len(suppressible) + 1):
        sets += islice(subsets_of(suppressible, size), max(0, SEARCHED_SETS - len(sets)))
    if len(suppressible) and sets[-1] != tuple(suppressible):
        sets.append(tuple(suppressible))
    return sorted(sets, key=lambda chosen: (len(chosen), sorted(-importance[v] for v in chosen)[::-1]))


def choose_sets(
    packed: PackedKeys,
    sizes: NDArray[np.int64],
    violating: NDArray[np.int64],
    k: int,
    order: list[tuple[int, ...]],
    meaning: Missing,
) -> NDArray[np.int64]:
    """For each class, the position in ``order`` of the set to suppress, ``UNREACHED`` or ``RELEASED``."""
    if meaning.alpha == 1.0:
        return _choose_compatible(packed, sizes, violating, k, order)
    return _choose_certain(packed, sizes, violating, k, order, category=meaning.alpha is None)


def _choose_compatible(
    packed: PackedKeys, sizes: NDArray[np.int64], violating: NDArray[np.int64], k: int, order: list[tuple[int, ...]]
) -> NDArray[np.int64]:
    """The choice under a full wildcard, where every suppression can only raise other rows' counts.

    All sets of one size are tried, in order, until none helps any more; the holes made so far count. Before more
    variables are taken, classes that others' holes have made safe are let go.
    """
    chosen = np.full(len(sizes), UNREACHED, np.int64)
    holes = missing_patterns(packed)
    pending = violating
    for size in sorted({len(variables) for variables in order}):
        candidates = [(position, variables) for position, variables in enumerate(order) if len(variables) == size]
        progress = True
        while progress and len(pending):
            progress = False
            for position, variables in candidates:
                bits = sum(1 << v for v in variables)
                eligible = pending[holes[pending] & bits == 0]
                safe = eligible[_compatible_rows(packed, holes, eligible, bits, sizes) >= k]
                if len(safe):
                    chosen[safe] = position
                    holes[safe] |= bits
                    pending = np.setdiff1d(pending, safe, assume_unique=True)
                    progress = True
                if len(pending) == 0:
                    return chosen
        released = pending[_compatible_rows(packed, holes, pending, 0, sizes) >= k]
        chosen[released] = RELEASED
        pending = np.setdiff1d(pending, released, assume_unique=True)
        if len(pending) == 0:
            break
    return chosen


def _compatible_rows(
    packed: PackedKeys, holes: NDArray[np.int64], asking: NDArray[np.int64], bits: int, sizes: NDArray[np.int64]
) -> NDArray[np.int64]:
    """How many rows each asking class would be compatible with if it also missed the variables in ``bits``."""
    totals = np.zeros(len(asking), np.int64)
    patterns, members = np.unique(holes, return_inverse=True)
    givers_of = np.split(np.argsort(members, kind="stable"), np.cumsum(np.bincount(members))[:-1])
    for own in np.unique(holes[asking]):
        askers = np.flatnonzero(holes[asking] == own)
        for pattern, givers in zip(patterns, givers_of, strict=True):
            unknown = int(own) | bits | int(pattern)
            mask = packed.mask_of([v for v in range(packed.variables) if not unknown >> v & 1])
            totals[askers] += _matching_rows(packed.words, mask, asking[askers], givers, sizes)
    return totals


def _choose_certain(
    packed: PackedKeys,
    sizes: NDArray[np.int64],
    violating: NDArray[np.int64],
    k: int,
    order: list[tuple[int, ...]],
    *,
    category: bool,
) -> NDArray[np.int64]:
    """The choice when only certain matches count: complete, quiet classes and those that will miss the same variables.

    With missing as a category, complete classes count only where they miss the same variables.
    """
    chosen = np.full(len(sizes), UNREACHED, np.int64)
    patterns = missing_patterns(packed)
    quiet = np.ones(len(sizes), np.bool_)
    quiet[violating] = False
    complete = np.flatnonzero(quiet & (patterns == 0))
    for pattern in np.unique(patterns[violating]):
        pending = violating[patterns[violating] == pattern]
        bits = int(pattern)
        for position, variables in enumerate(order):
            if any(bits >> v & 1 for v in variables):
                continue
            target = bits | sum(1 << v for v in variables)
            mask = packed.mask_of([v for v in range(packed.variables) if not target >> v & 1])
            alike = np.flatnonzero(quiet & (patterns == target)) if category else complete
            reached = _matching_rows(packed.words, mask, pending, np.concatenate([alike, pending]), sizes) >= k
            chosen[pending[reached]] = position
            pending = pending[~reached]
            if len(pending) == 0:
                break
    return chosen


@njit(cache=True, nogil=True)
def _matching_rows(words, mask, pending, givers, sizes):  # type: ignore[no-untyped-def]
    """For each pending class, how many rows the givers hold that agree with it under the mask."""
    capacity = 16
    while capacity < 2 * pending.shape[0]:
        capacity *= 2
    top = np.uint64(capacity - 1)
    slots = np.zeros(capacity, np.int32)
    owner = np.empty(pending.shape[0], np.int64)
    total = np.zeros(pending.shape[0], np.int64)
    place = np.empty(pending.shape[0], np.int64)
    count = 0
    for p in range(pending.shape[0]):
        row = pending[p]
        slot = np.int64(hash_words(words, row, mask) & top)
        while slots[slot] and not same_words(words, row, words, owner[slots[slot] - 1], mask):
            slot = (slot + 1) & (capacity - 1)
        if slots[slot] == 0:
            owner[count] = row
            count += 1
            slots[slot] = count
        place[p] = slots[slot] - 1
    for g in range(givers.shape[0]):
        row = givers[g]
        slot = np.int64(hash_words(words, row, mask) & top)
        while slots[slot] and not same_words(words, row, words, owner[slots[slot] - 1], mask):
            slot = (slot + 1) & (capacity - 1)
        if slots[slot]:
            total[slots[slot] - 1] += sizes[row]
    matching = np.empty(pending.shape[0], np.int64)
    for p in range(pending.shape[0]):
        matching[p] = total[place[p]]
    return matching
