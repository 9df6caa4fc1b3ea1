"""A protecting pattern of a very large table: the cheapest movement of each unsafe cell among the cells near it.

Cells that are far from the target do not move, so every sum with a movable cell is in the program and the movement
holds in the whole. Where none of the near cells carries the target to its level, further ones may move, and smaller
ones. A program of all cells takes 3 to 5 s on 25,984 cells in four dimensions, one of near cells .05 to .2 s.

Does not protect against: lone contributors, who know their own cells.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from wasl.tables.cells import Floats, Ints
from wasl.tables.solver import quiet_model
from wasl.tables.suppression.attack import Target
from wasl.tables.suppression.heuristic import Stop, prices
from wasl.tables.suppression.problem import Problem
from wasl.tables.suppression.work_meter import Meter

__all__ = ["complete_nearby", "reach_nearby"]

WIDER = ((3, 0.2), (4, 0.5), (6, 0.5), (4, 0.2), (6, 0.2), (6, 0.01))
"""Steps from sum to sum, and the least room of a cell as a share of the level: tried one after the other."""
REACHED = 1e-9
"""Share of a level that a movement may lack: that of the solver's precision."""
MOVED = 1e-9
PACE = 0.3
"""Work of an iteration, as a share of one of an attack: measured on 805 programs of 100 to 8,000 cells."""
HIGHEST = 1e6
"""Rooms beyond so many levels count as this: they do not bind."""


def complete_nearby(
    problem: Problem,
    pattern: NDArray[np.bool_],
    meter: Meter,
    *,
    guide: Floats | None = None,
    stop: Stop | None = None,
) -> tuple[NDArray[np.bool_], list[Target]] | None:
    """A pattern with at least the given cells, and the targets it leaves open; None on stop.

    Args:
        problem: What to protect from outsiders.
        pattern: Cells to start from.
        meter: Counts the work.
        guide: A pattern between 0 and 1 whose cells are cheaper.
        stop: Asked before each program whether to give up.
    """
    found = _carried(problem, pattern | problem.unsafe, meter, guide, stop)
    return None if found is None else (found.taken, found.left)


def reach_nearby(problem: Problem, meter: Meter) -> tuple[Floats, Floats, list[Target]]:
    """How far movements of near cells carry each cell down and up, and the targets they do not carry to their levels.

    Args:
        problem: The unpublished cells.
        meter: Counts the work.
    """
    found = _carried(problem, np.ones(problem.cells, dtype=np.bool_), meter, None, None)
    assert found is not None  # noqa: S101 - nothing stops it
    return found.fall, found.rise, found.left


@dataclass(frozen=True, slots=True)
class _Carried:
    taken: NDArray[np.bool_]
    left: list[Target]
    rise: Floats
    fall: Floats


def _carried(
    problem: Problem, taken: NDArray[np.bool_], meter: Meter, guide: Floats | None, stop: Stop | None
) -> _Carried | None:
    near = _Near(problem, meter)
    taken = taken.copy()
    cost = problem.cost if guide is None else problem.cost * (1.0 - np.minimum(guide, 0.98))
    rise, fall = np.zeros(problem.cells), np.zeros(problem.cells)
    uneven = problem.uneven
    left: list[Target] = []
    for target in sorted(problem.targets(), key=lambda item: -item[2]):
        cell, direction, level = target
        if (rise if direction > 0 else fall)[cell] >= level * (1 - REACHED):
            continue
        moves: Floats | None = None
        for steps, share, room in near.tries:
            if stop is not None and stop():
                return None
            moves = near.movement(target, taken, cost, near.cells(cell, steps, room, share * level))
            if moves is not None:
                break
        if moves is None:
            left.append(target)
            continue
        taken |= np.abs(moves) > MOVED * level
        both = not moves[uneven].any()
        rise = np.maximum(rise, np.abs(moves) if both else moves)
        fall = np.maximum(fall, np.abs(moves) if both else -moves)
    return _Carried(taken, left, rise, fall)


class _Near:
    """Programs over the cells near a target."""

    def __init__(self, problem: Problem, meter: Meter) -> None:
        relations = problem.relations
        self.problem, self.meter = problem, meter
        self._sums = csr_matrix((relations.sign, relations.index, relations.start), (relations.rows, problem.cells))
        self._uses, self._columns = self._sums.T.tocsr(), self._sums.tocsc()
        movable = ~problem.fixed | problem.unsafe
        even, most = (side(problem.down, problem.up) * movable for side in (np.minimum, np.maximum))
        self.tries = [(steps, share, even) for steps, share in WIDER]
        """Steps, share, rooms: first of cells that move as far up as down, so that a movement can be turned round."""
        if len(problem.uneven):
            self.tries += [(steps, share, most) for steps, share in WIDER]

    def cells(self, cell: int, steps: int, room: Floats, least: float) -> Ints:
        """The cells near a target that have more than the least room."""
        cells = np.array([cell])
        for _ in range(steps):
            rows = np.unique(self._uses[cells].indices)
            cells = np.unique(self._sums[rows].indices)
        return np.asarray(cells[(room[cells] > least) | (cells == cell)], dtype=np.int64)

    def movement(self, target: Target, taken: NDArray[np.bool_], cost: Floats, cells: Ints) -> Floats | None:
        """The cheapest movement that carries the target to its level; None if the cells have none."""
        problem, (cell, direction, level) = self.problem, target
        n, at = len(cells), int(np.searchsorted(cells, cell))
        part = self._columns[:, cells].tocsr()
        part = part[np.flatnonzero(np.diff(part.indptr))]
        high = np.minimum(np.concatenate([problem.up[cells], problem.down[cells]]) / level, HIGHEST)
        low = np.zeros(2 * n)
        here, back = (at, at + n) if direction > 0 else (at + n, at)
        if high[here] < 1 - REACHED:
            return None
        low[here], high[here], high[back] = min(1.0, high[here]), max(high[here], 1.0), 0.0
        price = np.where(taken[cells], 0.0, prices(problem, cost, level)[cells])
        index, sign = np.empty(2 * part.nnz, dtype=np.int32), np.empty(2 * part.nnz)
        index[0::2], index[1::2] = part.indices, part.indices + n
        sign[0::2], sign[1::2] = part.data, -part.data
        rows = part.shape[0]
        zeros = np.zeros(rows)
        model = quiet_model(self.meter, PACE)
        model.setOptionValue("presolve", "off")
        model.setOptionValue("simplex_strategy", 1)  # dual: no movement at all is where it starts, and costs nothing
        model.addVars(2 * n, low, high)
        model.changeColsCost(2 * n, np.arange(2 * n, dtype=np.int32), np.concatenate([price, price]))
        model.addRows(rows, zeros, zeros, len(index), (2 * part.indptr[:-1]).astype(np.int32), index, sign)
        model.run()
        if model.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        values = np.array(model.getSolution().col_value)
        moves = np.zeros(problem.cells)
        moves[cells] = (values[:n] - values[n:]) * level
        return moves
