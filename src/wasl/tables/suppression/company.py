"""How far a cell can move in company: the others of each of its sums must take up what it moves.

If a cell moves by y, the movements of the others of one of its sums come to at least y. None of them counts for more
than y: ``y <= sum over the others of min(room, room of the cell) * suppressed``. A small part of a large cell is
therefore worth no more than that part of the small cell beside it. Without this a small flow through a large cell
costs a small part of the cell, where whole cells must be suppressed.

*Source:* M. Padberg, T. Van Roy and L. Wolsey, "Valid linear inequalities for fixed charge problems", Operations
Research 33 (1985), 842-861 (single-node flows).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from wasl.tables.cells import Floats, Ints
from wasl.tables.suppression.problem import Problem

__all__ = ["Bounded", "Company"]


@dataclass(frozen=True, slots=True)
class Bounded:
    """How far each cell moves at most under a pattern, and what says so.

    Attributes:
        reach: For each cell.
        entry: Its entry in the sum whose other cells keep it from moving further; -1 where its own room does.
    """

    reach: Floats = field(repr=False)
    entry: Ints = field(repr=False)


class Company:
    """The other cells of each entry of each sum."""

    def __init__(self, problem: Problem) -> None:
        relations = problem.relations
        self._down, self._up = problem.down, problem.up
        self._room = np.maximum(problem.down, problem.up)
        length = np.diff(relations.start)
        row = relations.row_of_entry()
        count = length[row]
        entry: Ints = np.repeat(np.arange(len(row)), count)
        offset = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
        other = np.repeat(relations.start[row], count) + offset
        keep = other != entry
        self._cell = relations.index
        self._entry, self._beside = entry[keep], relations.index[other[keep]]
        self._factor = np.abs(relations.sign[other[keep]] / relations.sign[entry[keep]])  # 1 in sums
        self._start = np.concatenate([[0], np.cumsum(count - 1)])
        self._order = np.argsort(relations.index, kind="stable")
        self._first = np.searchsorted(relations.index[self._order], np.arange(problem.cells + 1))

    def bound(self, pattern: Floats, most: float) -> Bounded:
        """How far each cell moves at most, none further than ``most``, under a pattern between 0 and 1."""
        room = np.minimum(self._room, most)
        own = room * pattern
        taken = np.minimum(room[self._beside] * self._factor, room[self._cell[self._entry]]) * pattern[self._beside]
        total = np.bincount(self._entry, weights=taken, minlength=len(self._cell))
        reach, entry = own.copy(), np.full(len(own), -1, dtype=np.int64)
        ranked = np.lexsort((total, self._cell))
        head = np.flatnonzero(np.diff(self._cell[ranked], prepend=-1))
        cell, best = self._cell[ranked[head]], ranked[head]
        less = total[best] < own[cell] * (1 - 1e-9)
        reach[cell[less]], entry[cell[less]] = total[best[less]], best[less]
        return Bounded(reach, entry)

    def spread(self, slope: Floats, entry: Ints, target: int, level: float) -> Floats:
        """The weights of a cut before it is scaled: movements that others hold are written as movements of these.

        Args:
            slope: Growth of the target's reach with the movement of each cell.
            entry: What holds each cell, from ``bound``.
            target: The attacked cell: beside others it moves by its level, and its own room counts for nothing.
            level: Its level.
        """
        side = np.where(slope > 0, self._up, self._down)
        price = np.abs(slope)
        result = np.where(entry < 0, price * side, 0.0)
        result[target] = 0.0
        for cell in np.flatnonzero((entry >= 0) & (price > 0)).tolist():
            if cell == target:
                continue
            others = slice(self._start[entry[cell]], self._start[entry[cell] + 1])
            beside = self._beside[others]
            room = np.where(beside == target, level, self._room[beside]) * self._factor[others]
            result[beside] += price[cell] * np.minimum(room, side[cell])
        return result
