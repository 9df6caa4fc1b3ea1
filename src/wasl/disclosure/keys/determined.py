"""Variables that others determine, as a commune determines its region: a suppressed region follows from the commune.

A variable determines another if each of its categories meets one category of the other only. Chance must not explain
it: among independent variables this is rarer than `CHANCE`.

*Does not protect against* a variable that follows from two others together, or from one of them with exceptions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from wasl.disclosure.keys.coding import MISSING, CodedColumn

__all__ = ["closed_under", "determined_pairs", "determines", "followed", "suppressed_together"]

CHANCE = 0.01
"""A dependence that chance explains more often is none: a column of numbers that occur once determines everything."""

FIRST_ROWS = 20_000
"""Rows that are looked at first: nearly every pair of independent variables contradicts itself there."""


def determines(fine: CodedColumn, coarse: CodedColumn) -> bool:
    """Whether each category of the first variable meets one category of the second only, beyond what chance explains.

    Args:
        fine: The variable that may determine the other.
        coarse: The variable that may follow.
    """
    first = slice(0, FIRST_ROWS)
    if not _agrees(fine.codes[first], coarse.codes[first]) or not _agrees(fine.codes, coarse.codes):
        return False
    both = (fine.codes >= 0) & (coarse.codes >= 0)
    known = int(np.count_nonzero(both))
    shares = np.bincount(coarse.codes[both]) / max(known, 1)
    alike = float(np.sum(shares**2))
    repeats = known - len(np.unique(fine.codes[both]))
    return 0.0 < alike < 1.0 and repeats * math.log(alike) <= math.log(CHANCE)


def _agrees(fine: NDArray[np.int32], coarse: NDArray[np.int32]) -> bool:
    """Whether no code of the first column meets two codes of the second."""
    both = (fine >= 0) & (coarse >= 0)
    last = np.full(int(fine.max(initial=-1)) + 1, MISSING, np.int32)
    last[fine[both]] = coarse[both]
    return bool(np.all(last[fine[both]] == coarse[both]))


def determined_pairs(columns: Sequence[CodedColumn]) -> dict[str, tuple[str, ...]]:
    """For each column that others determine, their names.

    Args:
        columns: The key columns.
    """
    found = {
        coarse.name: tuple(fine.name for fine in columns if fine is not coarse and determines(fine, coarse))
        for coarse in columns
    }
    return {name: finer for name, finer in found.items() if finer}


def closed_under(never: Sequence[str], pairs: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Columns whose cells must stay, and those that follow from one of them: their suppression would be undone.

    Args:
        never: Columns that must not be suppressed.
        pairs: What `determined_pairs` found.
    """
    stays = set(never)
    stays |= {coarse for coarse, finer in pairs.items() if stays & set(finer)}
    return tuple(sorted(stays))


def suppressed_together(
    before: Sequence[CodedColumn], after: Sequence[CodedColumn], pairs: Mapping[str, Sequence[str]]
) -> tuple[CodedColumn, ...]:
    """Columns in which each suppressed cell takes along the cells from which it would follow.

    Args:
        before: The columns before suppression.
        after: The columns after it.
        pairs: What `determined_pairs` found.
    """
    codes = {column.name: column.codes.copy() for column in after}
    struck = {old.name: (new.codes < 0) & (old.codes >= 0) for old, new in zip(before, after, strict=True)}
    for coarse, finer in pairs.items():
        for name in finer:
            codes[name][struck[coarse]] = MISSING
    return tuple(column.with_codes(codes[column.name]) for column in after)


def followed(
    coarse: CodedColumn, others: Sequence[CodedColumn], truth: NDArray[np.int32]
) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """The codes of a column with its missing cells filled from other columns that determine it, and which did.

    In a file with many suppressed cells, few combinations are complete, and columns seem to determine each other. So
    a column counts only if what it fills in is true.

    Args:
        coarse: A column as released.
        others: The other columns as released.
        truth: Codes of the cells before they were suppressed; -1 where that is not known.
    """
    codes, used = coarse.codes.copy(), []
    for fine in others:
        missing = (codes < 0) & (fine.codes >= 0)
        if not missing.any() or not determines(fine, coarse):
            continue
        both = (fine.codes >= 0) & (coarse.codes >= 0)
        known = np.full(int(fine.codes.max(initial=-1)) + 1, MISSING, np.int32)
        known[fine.codes[both]] = coarse.codes[both]
        fill, true = known[fine.codes[missing]], truth[missing]
        if np.any(fill >= 0) and np.all((fill == true) | (fill < 0) | (true < 0)):
            codes[missing] = fill
            used.append(fine.name)
    return codes, tuple(used)
