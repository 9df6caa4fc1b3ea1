"""Variables that others determine, as a commune determines its region: a suppressed region follows from the commune.

A variable determines another if each of its categories meets one category of the other only. Chance must not explain
it: among independent variables this is rarer than `CHANCE`. Two relations are looked for beside it. Single categories
of a variable can tell with few exceptions: 98 of 100 persons of a commune live in one region. And two to four
variables can tell another together, with few exceptions or without: the numbers of children, adults and elderly tell
the size of the household.

*Does not protect against* a variable that follows from five others together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wasl.disclosure.keys.coding import MISSING, CodedColumn
from wasl.disclosure.keys.joint_telling import share_of_errors, telling_sets

__all__ = [
    "Dependences",
    "Relation",
    "closed_under",
    "dependences",
    "determines",
    "relations_of",
    "suppressed_together",
]

CHANCE = 0.01
"""A dependence that chance explains more often is none: a column of numbers that occur once determines everything."""

FIRST_ROWS = 20_000
"""Rows that are looked at first: nearly every pair of independent variables contradicts itself there."""

SURE = 0.95
"""Share of the rows of a category that have the told category: a reader who fills it in errs once in twenty at most."""

FEWER_ERRORS = 0.1
"""A category tells only what is not likely anyway: who fills in what it tells errs at most a tenth as often as who
fills in the same category everywhere."""

WIDEST = 4_000_000
"""Cells of the table of two variables that is counted; of wider ones only dependences without exception are found."""

LEAST_AVERAGE, MOST_CATEGORIES = 5, 2_000
"""Sets are made of columns whose categories have at least so many rows on average, and that have so many categories at
most. Amounts that hardly repeat determine everything with any second column, which takes long to find out."""


@dataclass(frozen=True, slots=True)
class Relation:
    """What one to four columns tell about another.

    Attributes:
        coarse: The column that follows.
        sources: The columns from which it follows.
        codes: For each row, the category of ``coarse`` that the sources tell; -1 where they tell none.
        exact: Whether there is no exception, in any category.
    """

    coarse: str
    sources: tuple[str, ...]
    codes: NDArray[np.int32] = field(repr=False)
    exact: bool


@dataclass(frozen=True, slots=True)
class Dependences:
    """The relations among the keys of a file before suppression.

    Attributes:
        relations: What was found.
        yields: For each relation, the source that is suppressed together with the cell that follows.
    """

    relations: tuple[Relation, ...] = ()
    yields: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.relations)

    def to_json(self) -> dict[str, list[str]]:
        """For each column that follows, what is suppressed with it; for the internal report."""
        found: dict[str, list[str]] = {}
        for relation, name in zip(self.relations, self.yields, strict=True):
            known = found.setdefault(relation.coarse, [])
            if name not in known:
                known.append(name)
        return found


def determines(fine: CodedColumn, coarse: CodedColumn) -> bool:
    """Whether each category of the first variable meets one category of the second only, beyond what chance explains.

    Args:
        fine: The variable that may determine the other.
        coarse: The variable that may follow.
    """
    return _determines(fine.codes, coarse.codes, FIRST_ROWS, CHANCE)


def _determines(fine: NDArray[np.int32], coarse: NDArray[np.int32], rows: int, chance: float) -> bool:
    """The same of codes; ``rows`` are looked at first, and ``chance`` is what chance may explain."""
    first = slice(0, rows)
    if not _agrees(fine[first], coarse[first]) or not _agrees(fine, coarse):
        return False
    both = (fine >= 0) & (coarse >= 0)
    known = int(np.count_nonzero(both))
    shares = np.bincount(coarse[both]) / max(known, 1)
    alike = float(np.sum(shares**2))
    repeats = known - len(np.unique(fine[both]))
    return 0.0 < alike < 1.0 and repeats * math.log(alike) <= math.log(chance)


def _agrees(fine: NDArray[np.int32], coarse: NDArray[np.int32]) -> bool:
    """Whether no code of the first column meets two codes of the second."""
    both = (fine >= 0) & (coarse >= 0)
    last = np.full(int(fine.max(initial=-1)) + 1, MISSING, np.int32)
    last[fine[both]] = coarse[both]
    return bool(np.all(last[fine[both]] == coarse[both]))


def _last_met(fine: NDArray[np.int32], coarse: NDArray[np.int32]) -> NDArray[np.int32]:
    """For each row, the category that its category of the first column meets; -1 where it meets none."""
    both = (fine >= 0) & (coarse >= 0)
    known = np.full(int(fine.max(initial=-1)) + 2, MISSING, np.int32)
    known[fine[both]] = coarse[both]
    return known[fine]


def _told(fine: NDArray[np.int32], coarse: NDArray[np.int32]) -> NDArray[np.int32] | None:
    """For each row, the category that its category of the first column tells with few exceptions; None if none does.

    The test of a category is that of a binomial share (Chernoff's bound), over all categories of the column.
    """
    width = int(coarse.max(initial=-1)) + 1
    height = int(fine.max(initial=-1)) + 1
    if width < 2 or height < 1 or width * height > WIDEST:
        return None
    both = (fine >= 0) & (coarse >= 0)
    counts = np.bincount(fine[both].astype(np.int64) * width + coarse[both], minlength=width * height)
    table = counts.reshape(height, width)
    rows, most = table.sum(axis=1), table.max(axis=1)
    mode = table.argmax(axis=1)
    overall = table.sum(axis=0) / max(int(rows.sum()), 1)
    share = most / np.maximum(rows, 1)
    usual = overall[mode]
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = np.where(share > 0, share * np.log(share / usual), 0.0)
        gain += np.where(share < 1, (1 - share) * np.log((1 - share) / (1 - usual)), 0.0)
    sure = (rows > 0) & (usual < 1) & (share >= SURE) & (1 - share <= FEWER_ERRORS * (1 - usual))
    sure &= rows * np.nan_to_num(gain) >= math.log(height / CHANCE)
    if not sure.any():
        return None
    return np.array([*np.where(sure, mode, MISSING), MISSING], np.int32)[fine]


def relations_of(coarse: CodedColumn, others: Sequence[CodedColumn]) -> list[Relation]:
    """The relations of the other columns to one: of each alone, then of two to four that do not tell it alone.

    Args:
        coarse: The column that may follow.
        others: The columns it may follow from.
    """
    found, left = [], []
    for fine in others:
        if determines(fine, coarse):
            found.append(Relation(coarse.name, (fine.name,), _last_met(fine.codes, coarse.codes), exact=True))
            continue
        told = _told_at_all(fine, coarse)
        if told is not None:
            found.append(Relation(coarse.name, (fine.name,), told, exact=False))
        left.append(fine)
    most = min(len(coarse.codes) / LEAST_AVERAGE, MOST_CATEGORIES)
    return found + _by_several(coarse, [fine for fine in left if 1 < len(fine.labels) <= most])


def _told_at_all(fine: CodedColumn, coarse: CodedColumn) -> NDArray[np.int32] | None:
    """The categories that a column tells with exceptions; of many rows the first must show some."""
    if len(fine.codes) > FIRST_ROWS and _told(fine.codes[:FIRST_ROWS], coarse.codes[:FIRST_ROWS]) is None:
        return None
    return _told(fine.codes, coarse.codes)


def _by_several(coarse: CodedColumn, others: Sequence[CodedColumn]) -> list[Relation]:
    """The sets of two to four columns that tell one together; with exceptions, if each alone tells it worse."""
    allowed = share_of_errors(coarse.codes, SURE, FEWER_ERRORS)
    return [
        Relation(coarse.name, tuple(others[place].name for place in one.places), one.codes, one.exact)
        for one in telling_sets(coarse.codes, [other.codes for other in others], allowed, CHANCE)
    ]


def dependences(columns: Sequence[CodedColumn], importance: Sequence[int], never: Sequence[str]) -> Dependences:
    """The relations of the keys of a file to each other.

    Args:
        columns: The key columns.
        importance: Of each column; 1 is suppressed last.
        never: Columns that must not be suppressed.
    """
    ranks = dict(zip([column.name for column in columns], importance, strict=True))
    found = [
        relation
        for coarse in columns
        for relation in relations_of(coarse, [fine for fine in columns if fine is not coarse])
    ]
    yields = [max(one.sources, key=lambda name: (name not in never, ranks[name])) for one in found]
    return Dependences(tuple(found), tuple(yields))


def closed_under(never: Sequence[str], found: Dependences) -> tuple[str, ...]:
    """Columns whose cells must stay, and those that follow from them: their suppression would be undone.

    Args:
        never: Columns that must not be suppressed.
        found: What the columns tell about each other.
    """
    stays = set(never)
    # What follows from what follows: once more for each column at most.
    for _ in found.relations:
        more = {one.coarse for one in found.relations if one.exact and stays.issuperset(one.sources)}
        if more <= stays:
            break
        stays |= more
    return tuple(sorted(stays))


def suppressed_together(
    before: Sequence[CodedColumn], after: Sequence[CodedColumn], found: Dependences, never: Sequence[str] = ()
) -> tuple[CodedColumn, ...]:
    """Columns in which each suppressed cell takes along a cell from which it would follow.

    Args:
        before: The columns before suppression.
        after: The columns after it.
        found: What the columns tell about each other, before suppression.
        never: Columns that must not be suppressed.
    """
    codes = {column.name: column.codes.copy() for column in after}
    own = {column.name: column.codes for column in before}
    struck = {old.name: (new.codes < 0) & (old.codes >= 0) for old, new in zip(before, after, strict=True)}
    for relation, name in zip(found.relations, found.yields, strict=True):
        if name in never:
            continue
        follows = struck[relation.coarse] & (relation.codes == own[relation.coarse])
        codes[name][follows & np.all([codes[source] >= 0 for source in relation.sources], axis=0)] = MISSING
    return tuple(column.with_codes(codes[column.name]) for column in after)
