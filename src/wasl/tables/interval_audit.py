"""The interval audit: what an attacker can compute of every unpublished cell from everything that is published.

Published cells are known, so only unpublished ones remain as unknowns. They fall into groups that no sum connects;
each group is one small linear system, whose two extreme solutions per cell are the attacker's interval.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from wasl.tables.cells import Floats, Ints, Relations
from wasl.tables.suppression.attack import quiet_model

__all__ = ["Audit", "audit_intervals"]

TOLERANCE = 1e-6
"""Share of a protection level, and of a value, within which two figures count as equal."""


@dataclass(frozen=True, slots=True)
class Audit:
    """The intervals of the attacker.

    Attributes:
        low, high: The interval of each cell; for published cells their value.
        exact: Unsafe cells whose interval is one point.
        within: Unsafe cells whose interval does not reach their protection levels.
        groups: Groups of unpublished cells that no sum connects.
    """

    low: Floats = field(repr=False)
    high: Floats = field(repr=False)
    exact: Ints
    within: Ints
    groups: int

    @property
    def passed(self) -> bool:
        """True if every unsafe cell is protected."""
        return not len(self.exact) and not len(self.within)


def audit_intervals(
    relations: Relations,
    value: Floats,
    hidden: NDArray[np.bool_],
    down: Floats,
    up: Floats,
    *,
    unsafe: NDArray[np.bool_],
    lower: Floats,
    upper: Floats,
) -> Audit:
    """The attacker's interval of every cell.

    Args:
        relations: All sums among published and unpublished cells.
        value: True values.
        hidden: Cells that are not published anywhere.
        down: How far below the true value an attacker considers a cell possible beforehand.
        up: The same above it.
        unsafe: Cells that must be protected.
        lower: Protection levels below the value.
        upper: The same above it.
    """
    low, high = value.copy(), value.copy()
    cells = np.flatnonzero(hidden)
    groups = 0
    if len(cells):
        number = np.full(relations.cells, -1, dtype=np.int64)
        number[cells] = np.arange(len(cells))
        there = number[relations.index] >= 0
        row, column, sign = relations.row_of_entry()[there], number[relations.index[there]], relations.sign[there]
        _, row = np.unique(row, return_inverse=True)
        rows = int(row.max()) + 1 if len(row) else 0
        graph = coo_matrix((np.ones(len(row)), (column, len(cells) + row)), shape=(len(cells) + rows,) * 2)
        groups, label = connected_components(graph, directed=False)
        groups = len(np.unique(label[: len(cells)]))
        entries_by_group = np.argsort(label[column], kind="stable")
        bounds = np.searchsorted(label[column][entries_by_group], np.arange(label.max() + 2))
        cells_by_group = np.argsort(label[: len(cells)], kind="stable")
        cell_bounds = np.searchsorted(label[: len(cells)][cells_by_group], np.arange(label.max() + 2))
        for group in range(int(label.max()) + 1):
            members = cells_by_group[cell_bounds[group] : cell_bounds[group + 1]]
            if not len(members):
                continue
            entries = entries_by_group[bounds[group] : bounds[group + 1]]
            reach_down, reach_up = _group(members, row[entries], column[entries], sign[entries], down[cells], up[cells])
            low[cells[members]] -= reach_down
            high[cells[members]] += reach_up
    reached_low = value - low >= lower * (1 - TOLERANCE)
    reached_high = high - value >= upper * (1 - TOLERANCE)
    narrow = high - low <= TOLERANCE * np.maximum(np.abs(value), 1e-9)
    exact = np.flatnonzero(unsafe & narrow & ((lower > 0) | (upper > 0)))
    within = np.flatnonzero(unsafe & ~(reached_low & reached_high))
    return Audit(low, high, exact, np.setdiff1d(within, exact), groups)


def _group(members: Ints, row: Ints, column: Ints, sign: Floats, down: Floats, up: Floats) -> tuple[Floats, Floats]:
    """Largest movement of each cell of one group, down and up."""
    n = len(members)
    local = {int(cell): i for i, cell in enumerate(members)}
    scale = float(np.median(np.maximum(down[members], up[members]))) or 1.0
    low, high = -down[members] / scale, up[members] / scale
    if len(row) == 0:
        return -low * scale, high * scale
    order = np.argsort(row, kind="stable")
    _, first = np.unique(row[order], return_index=True)
    model = quiet_model()
    model.setOptionValue("presolve", "off")
    model.setOptionValue("simplex_strategy", 4)
    model.setOptionValue("primal_feasibility_tolerance", 1e-9)
    model.addVars(
        n, np.where(np.isfinite(low), low, -highspy.kHighsInf), np.where(np.isfinite(high), high, highspy.kHighsInf)
    )
    index = np.array([local[int(c)] for c in column[order]], dtype=np.int32)
    zeros = np.zeros(len(first))
    model.addRows(len(first), zeros, zeros, len(index), first.astype(np.int32), index, sign[order])
    model.changeObjectiveSense(highspy.ObjSense.kMaximize)
    reach = np.zeros((2, n))
    for side, direction in enumerate((-1.0, 1.0)):
        for cell in range(n):
            model.changeColCost(cell, direction)
            model.run()
            status = model.getModelStatus()
            if status == highspy.HighsModelStatus.kOptimal:
                reach[side, cell] = model.getInfo().objective_function_value
            else:
                reach[side, cell] = np.inf
            model.changeColCost(cell, 0.0)
    return np.maximum(reach[0], 0.0) * scale, np.maximum(reach[1], 0.0) * scale
