"""Sets of two to four columns that tell another together: children, adults and elderly tell the size of a household.

Of each set a compiled pass walks a sample of rows. For every row it predicts the category by that of the last row with
the same categories in the set. It leaves a set once the predictions fail too often, mostly after some dozens of rows.
The others are counted on all rows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from wasl.disclosure.keys.coding import MISSING
from wasl.registers.compiled import njit

__all__ = ["Telling", "share_of_errors", "telling_sets"]

Codes = NDArray[np.int32]

SAMPLE = 20_000
"""Rows that are looked at first; with so many, sets of three columns with a million cells repeat 200 times."""

MOST_COLUMNS = {1: 40, 2: 40, 3: 25, 4: 16}
"""Columns of which sets of each size are made: 780 pairs, 2,300 threes and 1,820 fours for each variable."""

LEAST_REPEATED = 2
"""Rows of a cell that tell something: of a cell with one row nobody knows whether the next has the same category."""

OFFSET, SLOPE = 6.0, 3.0
"""A set is left once it has more failures than `OFFSET` and `SLOPE` times the errors that are allowed. One error lets
two predictions fail. A set whose errors are as many as allowed is left by mistake in less than 1 % of cases (Wald's
bound for a walk with drift)."""


@dataclass(frozen=True, slots=True)
class Telling:
    """A set of columns that tells another.

    Attributes:
        places: The columns, by their places.
        codes: For each row, the category that they tell; -1 where they tell none.
        exact: Whether there is no exception.
    """

    places: tuple[int, ...]
    codes: Codes = field(repr=False)
    exact: bool


def share_of_errors(target: Codes, sure: float, fewer: float) -> float:
    """The share of errors up to which a column counts as told: few, and few beside the usual ones.

    Args:
        target: Codes of the column.
        sure: Share of rows that must be right.
        fewer: Errors at most, as a share of those made by always guessing the most frequent category.
    """
    counts = np.bincount(target[target >= 0])
    usual = counts.max(initial=0) / max(int(counts.sum()), 1)
    return float(min(1.0 - sure, fewer * (1.0 - usual)))


def telling_sets(target: Codes, columns: Sequence[Codes], allowed: float, chance: float) -> list[Telling]:
    """The sets of two, three and four columns that tell a column; larger ones contain no set that tells it already.

    Args:
        target: Codes of the column that may follow.
        columns: Codes of the others, in the order of their use; no one tells the target without exception.
        allowed: Share of errors up to which a set tells; sets without any error are exact.
        chance: How likely chance may explain one of all sets.
    """
    columns = columns[: max(MOST_COLUMNS.values())]
    if len(columns) < 2 or not np.any(target >= 0):
        return []
    rows = _sample(len(target))
    coded = np.ascontiguousarray([column[rows] for column in columns], np.int32)
    first = np.ascontiguousarray(target[rows])
    found: list[Telling] = []
    known: set[frozenset[int]] = set()
    for size in MOST_COLUMNS:
        sets = _sets(len(columns), size, known)
        if not len(sets):
            continue
        failures, predictions = _walk(coded, first, sets, allowed)
        needed = _needed(first, chance / len(sets)) * (len(rows) / len(target)) ** 2
        new = set()
        for one in np.flatnonzero((failures >= 0) & (predictions >= needed)):
            places = tuple(int(place) for place in sets[one])
            result = _whole(places, target, columns, allowed, chance / len(sets))
            covered = any(frozenset((place,)) in known for place in places)
            if size > 1 and (result.exact or (result.tells and not covered)):
                found.append(Telling(places, result.codes, result.exact))
            if result.tells:
                new.add(frozenset(places))
        known |= new
    return found


def _sets(columns: int, size: int, known: set[frozenset[int]]) -> NDArray[np.int64]:
    """The sets of so many columns, one a row; threes and fours contain nothing that tells already."""
    sets = [
        places
        for places in combinations(range(min(columns, MOST_COLUMNS[size])), size)
        if size <= 2 or not known or not any(frozenset(part) in known for part in _parts(places))
    ]
    return np.array(sets, np.int64).reshape(len(sets), size)


def _parts(places: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """The smaller sets of columns in a set."""
    for size in range(1, len(places)):
        yield from combinations(places, size)


def _needed(target: Codes, chance: float) -> float:
    """How many right predictions chance does not explain."""
    shares = np.bincount(target[target >= 0]) / max(int(np.count_nonzero(target >= 0)), 1)
    alike = float(np.sum(shares**2))
    return math.log(chance) / math.log(alike) if 0.0 < alike < 1.0 else math.inf


def _sample(rows: int) -> NDArray[np.int64]:
    """Rows by chance and in an order by chance; which ones protects nothing, so they are always the same."""
    return np.random.default_rng(0).permutation(rows)[:SAMPLE]


@dataclass(frozen=True, slots=True)
class _Whole:
    """A set looked at in all rows; the attributes are those of `Telling`."""

    tells: bool
    exact: bool
    codes: Codes = field(repr=False)


def _whole(places: tuple[int, ...], target: Codes, columns: Sequence[Codes], allowed: float, chance: float) -> _Whole:
    """Count the categories of the target in each cell of a set, over all rows.

    A row counts if its cell has others. It is right if the most frequent category of the others is its own.
    """
    nothing = np.full(len(target), MISSING, np.int32)
    known = np.flatnonzero(np.all([columns[place] >= 0 for place in places], axis=0))
    cells = _cells([columns[place][known] for place in places])
    seen = target[known] >= 0
    width = int(target.max()) + 1
    pairs, counts = np.unique(cells[seen] * width + target[known][seen], return_counts=True)
    owner = pairs // width
    start = np.flatnonzero(np.diff(owner, prepend=-1))
    if not len(start):
        return _Whole(False, False, nothing)
    total, most = np.add.reduceat(counts, start), np.maximum.reduceat(counts, start)
    runs = np.repeat(np.arange(len(start)), np.diff(start, append=len(counts)))
    modes = np.flatnonzero(counts == most[runs])
    mode = modes[np.searchsorted(runs[modes], np.arange(len(start)))]
    exact = bool(np.all(most == total))
    repeated = total >= LEAST_REPEATED
    rows, right = int(total[repeated].sum()), int(most[repeated & (2 * most > total)].sum())
    overall = np.bincount(target[known][seen], minlength=width) / max(int(seen.sum()), 1)
    # Without exception a row of a cell confirms the one before it, so a cell with two rows is one confirmation.
    evidence = (int(total.sum()) - len(total)) * -math.log(float(np.sum(overall**2))) if exact else 0.0
    if not exact and rows and rows - right <= allowed * rows:
        evidence = rows / 2 * _divergence(right / rows, float(overall.max()))
    if float(overall.max()) == 1.0 or evidence < -math.log(chance):
        return _Whole(False, False, nothing)
    told = np.where((2 * most > total) & (exact | repeated), pairs[mode] % width, MISSING).astype(np.int32)
    by_cell = np.full(int(cells.max()) + 1, MISSING, np.int32)
    by_cell[owner[start]] = told
    nothing[known] = by_cell[cells]
    return _Whole(True, exact, nothing)


def _cells(columns: Sequence[Codes]) -> NDArray[np.int64]:
    """One number for each combination of categories, from 0 without gaps."""
    cells = columns[0].astype(np.int64)
    for column in columns[1:]:
        cells = cells * (int(column.max(initial=0)) + 1) + column
    return np.unique(cells, return_inverse=True)[1].astype(np.int64)


def _divergence(share: float, usual: float) -> float:
    """Kullback-Leibler divergence of two shares, the exponent of Chernoff's bound; 0 where the first is not larger."""
    if share <= usual:
        return 0.0
    rest = (1.0 - share) * math.log((1.0 - share) / (1.0 - usual)) if share < 1.0 else 0.0
    return share * math.log(share / usual) + rest


@njit(cache=True, nogil=True)
def _walk(codes, target, sets, allowed):  # type: ignore[no-untyped-def]
    """Failures (-1 where a set was left) and predictions of each set; a table has the last category of each cell."""
    rows = target.shape[0]
    widths = np.empty(codes.shape[0], np.int64)
    for v in range(codes.shape[0]):
        widths[v] = 1
        for i in range(rows):
            widths[v] = max(widths[v], codes[v, i] + 1)
    size = 1024
    while size < 2 * rows:
        size *= 2
    owner = np.full(size, -1, np.int64)
    cell = np.zeros(size, np.int64)
    last = np.zeros(size, np.int32)
    wrong = np.zeros(sets.shape[0], np.int64)
    asked = np.zeros(sets.shape[0], np.int64)
    for s in range(sets.shape[0]):
        for i in range(rows):
            t = target[i]
            if t < 0:
                continue
            number = 0
            for j in range(sets.shape[1]):
                v = sets[s, j]
                c = codes[v, i]
                if c < 0:
                    number = -1
                    break
                number = number * widths[v] + c
            if number < 0:
                continue
            place = ((number * 0x9E3779B97F4A7C1) >> 20) & (size - 1)
            while owner[place] == s and cell[place] != number:
                place = (place + 1) & (size - 1)
            if owner[place] != s:
                owner[place] = s
                cell[place] = number
                last[place] = t
                continue
            asked[s] += 1
            if last[place] != t:
                wrong[s] += 1
                last[place] = t
                if wrong[s] > OFFSET + SLOPE * allowed * asked[s]:
                    wrong[s] = -1
                    break
    return wrong, asked
