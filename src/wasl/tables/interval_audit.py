"""The interval audit: what an attacker can compute of every unpublished cell from everything that is published.

Published cells are known, so only unpublished ones remain as unknowns. Unknowns that are equal become one. They fall
into groups that no sum connects; each group is one small linear system, whose two extreme solutions per cell are the
attacker's interval. Bounds that follow from one sum at a time come first. One solution moves many cells, and a cell
that some solution has moved as far as its bounds allow needs no program of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from wasl.errors import WaslError
from wasl.tables.cells import Floats, Ints, Relations
from wasl.tables.solver import quiet_model, settle
from wasl.tables.suppression.complete_nearby import reach_nearby
from wasl.tables.suppression.presolve import join_equal
from wasl.tables.suppression.problem import Problem
from wasl.tables.suppression.work_meter import Meter

__all__ = ["Audit", "audit_intervals", "largest_movements"]

TOLERANCE = 1e-6
"""Share of a protection level, and of a value, within which two figures count as equal."""


REACHED = 1e-9
"""Share of a bound within which a cell counts as moved to it."""
WORTH_A_BATCH = 0.1
"""Share of the remaining cells that a program over all of them must bring to their bounds to be repeated."""
LEAST_SHARE = 1e-6
"""Bound, as a share of the median one, below which cells of one program weigh alike. The rest of a
rounded ratio can be 1e-15, and weighed by its inverse it stopped the solver."""
NARROWING_ROUNDS = 20
LARGE = 4_000
"""Cells of one group above which programs over all of them take a second each. Movements of near cells then show that
unsafe cells reach their levels; only where they do not, all programs follow."""


@dataclass(frozen=True, slots=True)
class Audit:
    """The intervals of the attacker.

    Attributes:
        low, high: The interval of each cell; for published cells their value.
        exact: Unsafe cells whose interval is one point.
        within: Unsafe cells whose interval does not reach their protection levels.
        groups: Groups of unpublished cells that no sum connects.
        inner: Cells of groups above ``LARGE``: their intervals reach at least so far, those of unsafe cells at least to
            their levels.
    """

    low: Floats = field(repr=False)
    high: Floats = field(repr=False)
    exact: Ints
    within: Ints
    groups: int
    inner: int = 0

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
    place, _, sums = join_equal(relations, hidden & ((down > 0) | (up > 0)))
    moving = np.flatnonzero(place >= 0)
    room_down, room_up = np.full(sums.cells, np.inf), np.full(sums.cells, np.inf)
    np.minimum.at(room_down, place[moving], down[moving])
    np.minimum.at(room_up, place[moving], up[moving])
    reach = np.stack([room_down, room_up])
    row = sums.row_of_entry()
    graph = coo_matrix((np.ones(len(row)), (sums.index, sums.cells + row)), shape=(sums.cells + sums.rows,) * 2)
    groups, label = connected_components(graph, directed=False)
    order = np.argsort(label[: sums.cells], kind="stable")
    ends = np.searchsorted(label[: sums.cells][order], np.arange(groups + 1))
    row_order = np.argsort(label[sums.cells :], kind="stable")
    row_ends = np.searchsorted(label[sums.cells :][row_order], np.arange(groups + 1))
    needs = np.zeros((2, sums.cells))
    wanted = moving[unsafe[moving]]
    np.maximum.at(needs[0], place[wanted], lower[wanted])
    np.maximum.at(needs[1], place[wanted], upper[wanted])
    local, inner = np.empty(sums.cells, dtype=np.int64), 0
    for group in range(groups):
        members, rows = order[ends[group] : ends[group + 1]], row_order[row_ends[group] : row_ends[group + 1]]
        if len(rows):
            local[members] = np.arange(len(members))
            part = sums.subset(rows)
            part = Relations(len(members), part.start, local[part.index], part.sign)
            rooms = room_down[members], room_up[members]
            found = _enough(part, *rooms, needs[:, members]) if len(members) > LARGE else None
            inner += 0 if found is None else len(members)
            reach[:, members] = largest_movements(part, *rooms) if found is None else found
    low, high = value.copy(), value.copy()
    low[moving] -= reach[0, place[moving]]
    high[moving] += reach[1, place[moving]]
    reached_low = value - low >= lower * (1 - TOLERANCE)
    reached_high = high - value >= upper * (1 - TOLERANCE)
    narrow = high - low <= TOLERANCE * np.maximum(np.abs(value), 1e-9)
    exact = np.flatnonzero(unsafe & narrow & ((lower > 0) | (upper > 0)))
    within = np.flatnonzero(unsafe & ~(reached_low & reached_high))
    return Audit(low, high, exact, np.setdiff1d(within, exact), groups, inner)


def _enough(relations: Relations, down: Floats, up: Floats, needs: Floats) -> Floats | None:
    """Movements of each cell of one group, down and up, that bring all to what they need; None if near cells do not."""
    unsafe: NDArray[np.bool_] = np.asarray(needs.max(axis=0) > 0, dtype=np.bool_)
    nothing = np.zeros(relations.cells)
    problem = Problem(relations, down, up, unsafe, needs[0], needs[1], nothing, nothing.astype(np.bool_))
    fall, rise, left = reach_nearby(problem, Meter())
    return None if left else np.stack([fall, rise])


def largest_movements(relations: Relations, down: Floats, up: Floats) -> Floats:
    """Largest movement of each cell of one group, down (first row) and up."""
    n = relations.cells
    scale = float(np.median(np.maximum(down, up))) or 1.0
    low, high = -down / scale, up / scale
    least, most = _narrowed(relations, low, high)
    model = quiet_model()
    model.setOptionValue("presolve", "off")
    model.setOptionValue("simplex_strategy", 4)  # primal: the basis stays feasible when the objective changes
    model.setOptionValue("primal_feasibility_tolerance", 1e-9)
    infinity = highspy.kHighsInf
    model.addVars(n, np.where(np.isfinite(low), low, -infinity), np.where(np.isfinite(high), high, infinity))
    zeros = np.zeros(relations.rows)
    index = relations.index.astype(np.int32)
    model.addRows(
        relations.rows, zeros, zeros, len(index), relations.start[:-1].astype(np.int32), index, relations.sign
    )
    model.changeObjectiveSense(highspy.ObjSense.kMaximize)
    columns = np.arange(n, dtype=np.int32)
    wanted = np.stack([-least, most])
    found = np.zeros((2, n))

    def moved(weight: Floats, *, alone: bool) -> bool:
        model.changeColsCost(n, columns, weight)
        status = settle(model)
        if status in (highspy.HighsModelStatus.kUnbounded, highspy.HighsModelStatus.kUnboundedOrInfeasible):
            return False  # no movement at all is always possible, so it is not infeasible
        if status != highspy.HighsModelStatus.kOptimal and not alone:
            return False  # each cell gets a program of its own
        if status != highspy.HighsModelStatus.kOptimal:
            raise WaslError(f"a linear program of the audit ended as {status}.", remedy="Report this as a defect.")
        values = np.array(model.getSolution().col_value)
        found[0], found[1] = np.maximum(found[0], -values), np.maximum(found[1], values)
        return True

    for side, direction in enumerate((-1.0, 1.0)):
        left = n
        while True:  # all cells at once that no solution has moved to their bounds
            open_cells = np.isfinite(wanted[side]) & (found[side] < wanted[side] * (1 - REACHED))
            if open_cells.sum() > left * (1 - WORTH_A_BATCH) or not open_cells.any():
                break
            left = int(open_cells.sum())
            share = np.where(open_cells, direction / np.maximum(wanted[side], LEAST_SHARE), 0.0)
            if not moved(share, alone=False):
                break
        for cell in np.flatnonzero(found[side] < wanted[side] * (1 - REACHED)):
            if found[side, cell] >= wanted[side, cell] * (1 - REACHED):
                continue
            weight = np.zeros(n)
            weight[cell] = direction
            if not moved(weight, alone=True):
                found[side, cell] = np.inf
    return found * scale


def _narrowed(relations: Relations, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Bounds of each cell that follow from one sum at a time; they enclose what the programs find."""
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        return low, high
    row, index, positive = relations.row_of_entry(), relations.index, relations.sign > 0
    size = np.abs(relations.sign)
    for _ in range(NARROWING_ROUNDS):
        least = np.where(positive, low[index], -high[index]) * size
        most = np.where(positive, high[index], -low[index]) * size
        below = np.bincount(row, weights=least, minlength=relations.rows)[row] - least
        above = np.bincount(row, weights=most, minlength=relations.rows)[row] - most
        new_low, new_high = low.copy(), high.copy()
        np.maximum.at(new_low, index, np.where(positive, -above, below) / size)
        np.minimum.at(new_high, index, np.where(positive, -below, above) / size)
        new_low, new_high = np.minimum(new_low, 0.0), np.maximum(new_high, 0.0)  # no movement is always possible
        same = np.allclose(new_low, low, rtol=REACHED, atol=0) and np.allclose(new_high, high, rtol=REACHED, atol=0)
        low, high = new_low, new_high
        if same:
            break
    return low, high
