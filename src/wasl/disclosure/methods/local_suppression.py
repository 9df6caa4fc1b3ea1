"""Local suppression: the fewest single cells made missing so that every key combination occurs k times.

Each violating class is made safe by its own suppressions: the smallest set of variables (among equals, the least
important ones) without which at least k rows agree with it. Work is done on classes with multiplicities: for one set
of variables at a time, all still violating classes are looked up together.

*Does not protect against* attribute disclosure (see diversity), nor against an intruder who can tell *why* a cell is
missing; publish how many cells were suppressed per variable, never which rule struck where.

Source: the k-anonymity-by-suppression problem of Sweeney (2002), IJUFKS 10(5); the order of preference by importance
follows Templ, Kowarik, Meindl (2015), J. Stat. Software 67(4), section 4.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations as subsets_of

import numpy as np
from numba import njit
from numpy.typing import NDArray

from wasl.disclosure.keys.classes import PackedKeys, group, hash_words, pack_keys, same_words
from wasl.disclosure.keys.coding import MISSING, CodedColumn
from wasl.disclosure.keys.frequencies import Missing, frequencies, missing_patterns
from wasl.errors import InputError, PolicyError

__all__ = [
    "Combination",
    "Suppression",
    "default_importance",
    "local_suppression",
    "suppress_above_risk",
    "suppression_order",
]


UNREACHED, RELEASED = -1, -2
"""No set is enough yet; none is needed any more, because others' suppressions have made the class safe."""


@dataclass(frozen=True, slots=True)
class Combination:
    """A set of key variables that must be k-anonymous together.

    Attributes:
        keys: The variables.
        k: How often every combination of their values must occur.
    """

    keys: tuple[str, ...]
    k: int


@dataclass(frozen=True, slots=True)
class Suppression:
    """What local suppression did.

    Attributes:
        columns: The key columns, with suppressed cells missing.
        cells: For each variable, how many cells were newly suppressed.
        rows: How many rows were touched.
        rounds: How often the whole was verified and repaired.
    """

    columns: tuple[CodedColumn, ...] = field(repr=False)
    cells: dict[str, int]
    rows: int
    rounds: int

    @property
    def total(self) -> int:
        """All newly suppressed cells."""
        return sum(self.cells.values())


def default_importance(columns: Sequence[CodedColumn]) -> tuple[int, ...]:
    """Ranks by number of categories: the variable with the fewest is the most important (rank 1)."""
    order = sorted(range(len(columns)), key=lambda v: (len(columns[v].labels), v))
    ranks = [0] * len(columns)
    for rank, variable in enumerate(order, 1):
        ranks[variable] = rank
    return tuple(ranks)


def suppression_order(suppressible: Sequence[int], importance: Sequence[int]) -> list[tuple[int, ...]]:
    """All sets of variables that may be suppressed, the cheapest first.

    Fewer variables come first; among equals, the set whose most important member is the least important.
    """
    sets = [chosen for size in range(1, len(suppressible) + 1) for chosen in subsets_of(suppressible, size)]
    return sorted(sets, key=lambda chosen: (len(chosen), sorted(-importance[v] for v in chosen)[::-1]))


def local_suppression(
    columns: Sequence[CodedColumn],
    k: int,
    *,
    importance: Sequence[int] | None = None,
    never: Sequence[str] = (),
    strata: CodedColumn | None = None,
    combinations: Sequence[Combination] = (),
    missing: Missing | None = None,
) -> Suppression:
    """Suppress cells until every row's key combination occurs at least ``k`` times.

    Args:
        columns: The key columns.
        k: The least allowed frequency; ignored where ``combinations`` are given.
        importance: A rank per column, 1 the most important (suppressed last); default: by number of categories.
        never: Columns that must not be suppressed.
        strata: k must hold inside each of its categories; never suppressed itself.
        combinations: Sets of keys with their own k, instead of all keys together.
        missing: What a missing value means when counting; default ``Missing.wildcard()``.

    Raises:
        InputError: A name or rank does not fit the columns.
        PolicyError: The thresholds cannot be reached by suppression.
    """
    names = [column.name for column in columns]
    ranks = tuple(importance) if importance is not None else default_importance(columns)
    if len(ranks) != len(columns):
        raise InputError(f"{len(ranks)} importance ranks were given for {len(columns)} key variables.")
    goals = list(combinations) or [Combination(tuple(names), k)]
    unknown = sorted({key for goal in goals for key in goal.keys} | set(never) - set(names))
    unknown = [name for name in unknown if name not in names]
    if unknown:
        raise InputError(f"not a key variable: {', '.join(unknown)}.", remedy=f"The keys are: {', '.join(names)}.")
    meaning = missing or Missing()
    current = [column.codes.copy() for column in columns]
    limit = len(columns) * max(1, len(goals)) * 4 + 4
    rounds = 0
    changed = True
    while changed:
        changed = False
        rounds += 1
        if rounds > limit:
            raise PolicyError(
                "local suppression does not settle.", remedy="Recode globally first, or lower importance."
            )
        for goal in goals:
            members = [names.index(key) for key in goal.keys]
            changed |= _repair(columns, current, members, goal.k, ranks, set(never), strata, meaning)
        # Under a full wildcard other rows' suppressions can only raise a count, so one round is final.
        if meaning.alpha == 1.0:
            break
    results = tuple(column.with_codes(codes) for column, codes in zip(columns, current, strict=True))
    lost = [(codes == MISSING) & (column.codes != MISSING) for column, codes in zip(columns, current, strict=True)]
    cells = {column.name: int(np.count_nonzero(gone)) for column, gone in zip(columns, lost, strict=True)}
    touched = int(np.count_nonzero(np.logical_or.reduce(lost))) if lost else 0
    return Suppression(results, cells, touched, rounds)


def suppress_above_risk(
    columns: Sequence[CodedColumn], variable: str, risks: NDArray[np.float64], threshold: float
) -> Suppression:
    """Suppress one variable in every row whose risk is above a threshold.

    Args:
        columns: The key columns.
        variable: The one to suppress.
        risks: Risk per row.
        threshold: A risk, between 0 and 1.

    Raises:
        InputError: The variable is not among the columns, or the threshold is not a probability.
    """
    if not 0.0 <= threshold <= 1.0:
        raise InputError(f"the risk threshold is {threshold}, but is a probability between 0 and 1.")
    if variable not in [column.name for column in columns]:
        raise InputError(f"{variable!r} is not a key variable.")
    results, cells, rows = [], {}, 0
    for column in columns:
        if column.name != variable:
            results.append(column)
            cells[column.name] = 0
            continue
        strike = (risks > threshold) & (column.codes != MISSING)
        results.append(column.with_codes(np.where(strike, np.int32(MISSING), column.codes).astype(np.int32)))
        cells[column.name] = rows = int(np.count_nonzero(strike))
    return Suppression(tuple(results), cells, rows, 1)


def _repair(
    columns: Sequence[CodedColumn],
    current: list[NDArray[np.int32]],
    members: list[int],
    k: int,
    ranks: tuple[int, ...],
    never: set[str],
    strata: CodedColumn | None,
    meaning: Missing,
) -> bool:
    """One round for one combination: suppress in every row that violates it now. Returns whether anything changed."""
    keys = [columns[v].with_codes(current[v]) for v in members]
    fixed = [] if strata is None else [strata]
    packed = pack_keys([*keys, *fixed])
    classes = group(packed.words, packed.full_mask)
    found = frequencies([*keys, *fixed], missing=meaning)
    violating = np.flatnonzero(found.sample[classes.first] < k)
    if len(violating) == 0:
        return False
    if len(keys[0].codes) < k:
        raise PolicyError(f"the file has {len(keys[0].codes)} rows, fewer than k = {k}.")
    suppressible = [v for v, column in enumerate(keys) if column.name not in never]
    order = suppression_order(suppressible, [ranks[v] for v in members])
    chosen = _choose(packed.take(classes.first), classes.sizes, violating, k, order, meaning)
    if np.any(chosen[violating] == UNREACHED) and meaning.alpha != 1.0 and len(suppressible) == packed.variables:
        _gather(chosen, classes.sizes, violating, k, len(order) - 1)
    if np.any(chosen[violating] == UNREACHED):
        count = int(classes.sizes[violating][chosen[violating] == UNREACHED].sum())
        raise PolicyError(
            f"{count} rows cannot reach k = {k} by local suppression of the allowed variables.",
            remedy="Recode globally, allow more variables to be suppressed, or suppress records.",
        )
    per_row = chosen[classes.ids]
    for v in suppressible:
        strikes = np.array([v in chosen_set for chosen_set in order] + [False, False])
        current[members[v]][strikes[per_row]] = MISSING
    return True


def _gather(
    chosen: NDArray[np.int64], sizes: NDArray[np.int64], violating: NDArray[np.int64], k: int, whole: int
) -> None:
    """A last resort where rows find no company: all violating classes lose every key and hide among each other.

    Where they are fewer than k rows, the smallest other classes join them.
    """
    chosen[violating] = whole
    lacking = k - int(sizes[violating].sum())
    others = np.flatnonzero(chosen == UNREACHED)
    for other in others[np.argsort(sizes[others], kind="stable")]:
        if lacking <= 0:
            break
        chosen[other] = whole
        lacking -= int(sizes[other])


def _choose(
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
