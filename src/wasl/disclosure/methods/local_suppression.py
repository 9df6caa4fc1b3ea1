"""Local suppression: as few single cells as possible made missing so that every key combination occurs k times.

Two ways lead there. ``sets`` takes, for every violating class, the smallest set of keys without which k rows agree;
rows that suppress the same set are certain company for each other. ``nearest`` makes each violating class compatible
with the nearest others. It needs fewer cells, and its cost does not grow with the number of sets of keys. But more rows
are safe only because others could be they, and some stay complete and alone. So ``auto`` does not take it for its fewer
cells where sets can be searched and missing values count in full. Afterwards every suppressed value that is not needed
is put back.

*Does not protect against* attribute disclosure (see diversity), nor against an intruder who can tell *why* a cell is
missing. Publish the number of suppressed cells per variable, never the rule that suppressed a cell.

Source: the k-anonymity-by-suppression problem of Sweeney (2002), IJUFKS 10(5); the order of preference by importance
follows Templ, Kowarik, Meindl (2015), J. Stat. Software 67(4), section 4.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.disclosure.keys.classes import equivalence_classes, group, pack_keys
from wasl.disclosure.keys.coding import MISSING, CodedColumn, Frame, coded
from wasl.disclosure.keys.compatible import MOST_KEYS, short_codes
from wasl.disclosure.keys.frequencies import Missing, frequencies
from wasl.disclosure.methods.nearest_holes import PAIRS, join_groups, nearest_holes, require_reached
from wasl.disclosure.methods.put_back import Condition, put_back
from wasl.disclosure.methods.set_suppression import UNREACHED, choose_sets, suppression_order
from wasl.errors import InputError, PolicyError

__all__ = [
    "Combination",
    "Suppression",
    "default_importance",
    "local_suppression",
    "suppress_above_risk",
    "suppression_order",
]


Search = Literal["auto", "sets", "nearest"]

SET_KEYS = 8
"""``auto`` searches sets up to so many keys (256 sets: 0.04 s for 1,000 rows, 0.4 s for a million)."""

FEW_KEYS, FEW_CLASSES = 10, 2_000
"""Up to so many keys ``auto`` still searches sets, if at most so many classes violate (1,024 sets: 0.5 s)."""


SET_STEPS = 16_500_000
"""Sets times classes up to which sets are searched beside the nearest classes (0.5 s: 14 keys of 1,000 rows)."""

BOTH_PAIRS = 1_000_000_000
"""Pairs of classes up to which the nearest classes are searched beside sets (about 2 s)."""


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
    def table(self) -> pa.Table:
        """The key columns as a table again, with suppressed cells missing."""
        return pa.table({column.name: column.decode() for column in self.columns})

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


def local_suppression(
    data: Frame | Sequence[CodedColumn],
    k: int,
    *,
    keys: Sequence[str] | None = None,
    importance: Sequence[int] | None = None,
    never: Sequence[str] = (),
    strata: CodedColumn | None = None,
    combinations: Sequence[Combination] = (),
    missing: Missing | None = None,
    search: Search = "auto",
) -> Suppression:
    """Suppress cells until every row's key combination occurs at least ``k`` times.

    Args:
        data: The key columns, coded, or a frame.
        keys: The key columns of the frame; default: all.
        k: The least allowed frequency; ignored where ``combinations`` are given.
        importance: A rank per column, 1 the most important (suppressed last); default: by number of categories.
        never: Columns that must not be suppressed.
        strata: k must hold inside each of its categories; never suppressed itself.
        combinations: Sets of keys with their own k, instead of all keys together.
        missing: What a missing value means when counting; default ``Missing.wildcard()``.
        search: ``sets``, ``nearest``, or what suits the number of keys.

    Raises:
        InputError: A name or rank does not fit the columns.
        PolicyError: The thresholds cannot be reached by suppression.
    """
    columns = coded(data, keys)
    names = [column.name for column in columns]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise InputError(f"key named twice: {', '.join(doubled)}.", remedy="Name each key once.")
    ranks = tuple(importance) if importance is not None else default_importance(columns)
    if len(ranks) != len(columns):
        raise InputError(f"{len(ranks)} importance ranks were given for {len(columns)} key variables.")
    goals = list(combinations) or [Combination(tuple(names), k)]
    unknown = sorted({key for goal in goals for key in goal.keys} | set(never) - set(names))
    unknown = [name for name in unknown if name not in names]
    if unknown:
        raise InputError(f"not a key variable: {', '.join(unknown)}.", remedy=f"The keys are: {', '.join(names)}.")
    if len(columns) + (strata is not None) > MOST_KEYS:
        raise InputError(
            f"local suppression takes at most {MOST_KEYS} keys, the strata among them; these are {len(columns)}.",
            remedy="Use named combinations of fewer keys, or treat some variables as sensitive instead of keys.",
        )
    meaning = missing or Missing()
    found: tuple[list[NDArray[np.int32]], int] | None = None
    for way in _searches(columns, goals, meaning, search):
        tried = _suppress(columns, names, goals, ranks, set(never), strata, meaning, way)
        if found is None or _holes(tried[0]) < _holes(found[0]):
            found = tried
    assert found is not None  # noqa: S101 - there is always a way
    current, rounds = found
    results = tuple(column.with_codes(codes) for column, codes in zip(columns, current, strict=True))
    lost = [(codes == MISSING) & (column.codes != MISSING) for column, codes in zip(columns, current, strict=True)]
    cells = {column.name: int(np.count_nonzero(gone)) for column, gone in zip(columns, lost, strict=True)}
    touched = int(np.count_nonzero(np.logical_or.reduce(lost))) if lost else 0
    return Suppression(results, cells, touched, rounds)


def _searches(
    columns: Sequence[CodedColumn], goals: Sequence[Combination], meaning: Missing, search: Search
) -> list[Search]:
    """The ways to try, of which the one with fewest suppressed cells is taken.

    Under ``alpha`` below 1, and where missing is a category, neither way always needs fewer cells; both are tried where
    both are cheap.
    """
    if search != "auto" or meaning.alpha == 1.0 or not columns:
        return [search]
    keys = max(len(goal.keys) for goal in goals)
    classes = len(equivalence_classes(columns))
    ways: list[Search] = []
    if keys <= SET_KEYS or (1 << keys) * classes <= SET_STEPS:
        ways.append("sets")
    if not ways or classes * classes <= BOTH_PAIRS:
        ways.append("nearest")
    return ways


def _holes(codes: Sequence[NDArray[np.int32]]) -> int:
    """How many cells are missing."""
    return sum(int(np.count_nonzero(column == MISSING)) for column in codes)


def _suppress(
    columns: Sequence[CodedColumn],
    names: Sequence[str],
    goals: Sequence[Combination],
    ranks: tuple[int, ...],
    never: set[str],
    strata: CodedColumn | None,
    meaning: Missing,
    search: Search,
) -> tuple[list[NDArray[np.int32]], int]:
    """The key codes after suppression in one way, and how often the whole was verified.

    Raises:
        PolicyError: The thresholds cannot be reached by suppression.
    """
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
            changed |= _repair(columns, current, members, goal.k, ranks, never, strata, meaning, search)
        # Under a full wildcard other rows' suppressions can only raise a count, so one round is final.
        if meaning.alpha == 1.0:
            _restore(
                columns, current, names, goals, ranks, strata, guarded=search != "nearest" and len(columns) <= FEW_KEYS
            )
            break
    return current, rounds


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
    search: Search,
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
    ranked = sorted(range(len(keys)), key=lambda v: -ranks[members[v]])
    kept = np.array([keys[v].name in never for v in ranked] + [True] * len(fixed), np.bool_)
    table = [column.codes[classes.first] for column in [*(keys[v] for v in ranked), *fixed]]
    if _by_nearest(search, len(suppressible), len(violating)):
        holes, unreached = nearest_holes(table, kept, classes.sizes, violating, k, meaning)
    else:
        order = suppression_order(suppressible, [ranks[v] for v in members])
        chosen = choose_sets(packed.take(classes.first), classes.sizes, violating, k, order, meaning)
        bits = np.array([sum(1 << ranked.index(v) for v in taken) for taken in order] + [0, 0], np.int64)
        holes, unreached = bits[chosen], violating[chosen[violating] == UNREACHED]
        if len(unreached) and meaning.alpha != 1.0:
            unreached = join_groups(table, kept, classes.sizes, holes, unreached, k)
    require_reached(classes.sizes[unreached], k)
    for bit, v in enumerate(ranked):
        current[members[v]][(holes >> bit & 1 == 1)[classes.ids]] = MISSING
    return True


def _by_nearest(search: Search, keys: int, violating: int) -> bool:
    """Whether the nearest classes are looked for, instead of sets of keys."""
    if search != "auto":
        return search == "nearest"
    return keys > FEW_KEYS or (keys > SET_KEYS and violating > FEW_CLASSES)


def _restore(
    columns: Sequence[CodedColumn],
    current: list[NDArray[np.int32]],
    names: Sequence[str],
    goals: Sequence[Combination],
    ranks: tuple[int, ...],
    strata: CodedColumn | None,
    *,
    guarded: bool,
) -> None:
    """Put back every suppressed value that no goal needs, under a full wildcard.

    Args:
        columns: The key columns before suppression.
        current: Their codes after it; changed.
        names: The keys.
        goals: What must go on holding.
        ranks: Importance of each key.
        strata: Where k must hold inside each category.
        guarded: Whether rows with k certain matches must keep them.
    """
    order = sorted(range(len(columns)), key=lambda v: -ranks[v])
    fixed = [] if strata is None else [strata]
    packed = pack_keys([*columns, *fixed])
    classes = group(packed.words, packed.full_mask)
    first = classes.first
    holes = np.zeros(len(classes), np.int64)
    for bit, v in enumerate(order):
        struck = (current[v][first] == MISSING) & (columns[v].codes[first] != MISSING)
        holes |= struck.astype(np.int64) << bit
    touched = int(np.count_nonzero(holes))
    if not touched or len(goals) * touched * len(classes) > PAIRS:
        return
    conditions: list[Condition] = []
    for goal in goals:
        inside = np.array([names[v] in goal.keys for v in order] + [True] * len(fixed))
        keys = [columns[v].with_codes(current[v]) for v in order if names[v] in goal.keys]
        found = frequencies([*keys, *fixed]).sample[first].astype(np.int64)
        sure = None
        if guarded:
            sure = frequencies([*keys, *fixed], missing=Missing(0.0)).sample[first].astype(np.int64)
        conditions.append(Condition(inside, goal.k, found, sure))
    codes = short_codes([column.codes[first] for column in [*(columns[v] for v in order), *fixed]])
    left = put_back(codes, classes.sizes, holes, conditions)
    for bit, v in enumerate(order):
        back = ((holes & ~left) >> bit & 1 == 1)[classes.ids]
        current[v][back] = columns[v].codes[back]
