"""The cuts that a single sum gives: enough of the other cells of the sum must move to carry an unsafe one to its level.

They need no linear program and are computed for all sums and unsafe cells at once. They hold in every table, and on
large ones they bring the bound near to where the attacker's programs bring it, in a small share of the time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wasl.tables.cells import Floats, Ints, added
from wasl.tables.suppression.attack import SMALL, Cut
from wasl.tables.suppression.problem import Problem

__all__ = ["RowCuts"]

VIOLATED = 1e-4
"""A cut whose left side falls short of 1 by less is not worth a row of the program."""


class RowCuts:
    """All cuts of single sums, for outsiders and for lone contributors."""

    def __init__(self, problem: Problem) -> None:
        self._free = ~problem.unsafe
        target, other, lower, upper, known = _pairs(problem)
        relations = problem.relations
        beside = relations.index[other]
        self._target, self._beside = np.cumsum(_changes(target, known)) - 1, beside
        head = np.flatnonzero(_changes(target, known))
        self._weight: list[Floats] = []
        self._certain: list[Floats] = []
        self._useful: list[NDArray[np.bool_]] = []
        same = relations.sign[other] == relations.sign[target]
        moves = ~_knows(problem, known, beside)
        factor = np.abs(relations.sign[other] / relations.sign[target])  # 1 in sums, not in what a ratio says
        sides = [(True, np.maximum(upper, lower))] if problem.symmetric else [(True, upper), (False, lower)]
        for upwards, level in sides:
            # A cell on the same side of the sum moves against the target, one on the other side with it.
            room = np.where(same == upwards, problem.down[beside], problem.up[beside]) * moves * factor
            weight = np.divide(np.minimum(room, level), level, out=np.zeros(len(level)), where=level > 0)
            certain = added(self._target, weight * problem.unsafe[beside], len(head))
            self._weight.append(weight)
            self._certain.append(np.asarray(certain, dtype=np.float64))
            self._useful.append((level[head] > 0) & (certain < 1 - SMALL))
        self._added: set[tuple[int, int]] = set()

    def violated(self, pattern: Floats) -> list[Cut]:
        """The cuts that a pattern violates and that were not given before."""
        found: list[Cut] = []
        free = self._free[self._beside]
        for side, (weight, certain, useful) in enumerate(zip(self._weight, self._certain, self._useful, strict=True)):
            reach = np.bincount(self._target, weights=weight * pattern[self._beside] * free, minlength=len(certain))
            short = np.flatnonzero(useful & (reach + certain < 1 - VIOLATED))
            first = np.searchsorted(self._target, short)
            last = np.searchsorted(self._target, short, side="right")
            for number, start, end in zip(short.tolist(), first.tolist(), last.tolist(), strict=True):
                if (side, number) in self._added:
                    continue
                self._added.add((side, number))
                at = np.arange(start, end)[free[start:end]]
                part = np.minimum(weight[at] / (1 - certain[number]), 1.0)
                found.append(Cut(self._beside[at][part > SMALL].astype(np.int32), part[part > SMALL]))
        return found


def _changes(target: Ints, known: Ints) -> NDArray[np.bool_]:
    change = np.ones(len(target), dtype=np.bool_)
    change[1:] = (target[1:] != target[:-1]) | (known[1:] != known[:-1])
    return change


def _knows(problem: Problem, attacker: Ints, cell: Ints) -> NDArray[np.bool_]:
    """Whether each attacker knows the cell beside it; outsiders (-1) know none."""
    known = [number * problem.cells + own for number, own in enumerate(problem.singletons)]
    if not known:
        return np.zeros(len(cell), dtype=np.bool_)
    return np.isin(attacker * problem.cells + cell, np.concatenate(known))


def _pairs(problem: Problem) -> tuple[Ints, Ints, Floats, Floats, Ints]:
    """Entry of a target, entry of another cell of its sum, the target's levels, and who attacks; sorted by target."""
    relations = problem.relations
    row = relations.row_of_entry()
    length = np.diff(relations.start)
    unsafe = np.flatnonzero(problem.unsafe[relations.index])
    target = [unsafe]
    known = [np.full(len(unsafe), -1, dtype=np.int64)]
    for number, own in enumerate(problem.singletons):
        rows = np.unique(row[np.isin(relations.index, own)])
        mine = unsafe[np.isin(row[unsafe], rows) & ~np.isin(relations.index[unsafe], own)]
        target.append(mine)
        known.append(np.full(len(mine), number, dtype=np.int64))
    entry, who = np.concatenate(target), np.concatenate(known)
    cell = relations.index[entry]
    upper, lower = problem.upper[cell].copy(), problem.lower[cell].copy()
    for (attacker, at, direction), level in problem.relief.items():
        hit = (who == attacker) & (cell == at)
        for side in (upper, lower) if problem.symmetric else (upper,) if direction > 0 else (lower,):
            side[hit] = np.minimum(side[hit], level)
    count = length[row[entry]]
    which: Ints = np.repeat(np.arange(len(entry)), count)
    offset = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    other = np.repeat(relations.start[row[entry]], count) + offset
    keep = other != entry[which]
    which, other = which[keep], other[keep]
    return entry[which], other, lower[which], upper[which], who[which]
