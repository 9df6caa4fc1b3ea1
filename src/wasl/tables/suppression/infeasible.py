"""Demands that no pattern can meet, and the smallest set of cells that makes them so.

Suppressing more cells never helps an attacker. A demand is therefore infeasible only if one cell cannot be protected
although everything that may be suppressed is. The sums that hold this cell fast are found by taking sums away one by
one as long as the cell stays fast: what is left cannot be reduced further.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import highspy
import numpy as np

from wasl.errors import PolicyError
from wasl.tables.cells import Floats, Ints
from wasl.tables.solver import quiet_model
from wasl.tables.suppression.attack import AttackModel
from wasl.tables.suppression.heuristic import TOLERANCE
from wasl.tables.suppression.presolve import Reduced, movable_cells
from wasl.tables.suppression.problem import Problem

__all__ = ["InfeasibleDemandError", "require_feasible"]


LEAST = 1e-3
"""Share of a level below which a lone contributor is taken to know a cell exactly."""


class InfeasibleDemandError(PolicyError):
    """A cell that cannot be protected, with the cells and sums that make it so.

    Attributes:
        cell: Number of the unsafe cell in the system.
        cells: Numbers of the cells that hold it, itself included: a smallest set.
        sums: Numbers of the sums among them.
        reach, level: How far the cell can move at most, and how far it must.
        known: Cell of the single contributor from whom it cannot be protected; -1 for outsiders.
    """

    def __init__(
        self, cell: int, cells: list[int], sums: list[int], reach: float, level: float, known: int = -1
    ) -> None:
        self.cell, self.cells, self.sums, self.reach, self.level, self.known = cell, cells, sums, reach, level, known
        super().__init__(
            f"cell {cell} cannot be protected: with everything suppressed that may be, its interval covers "
            f"{reach / level:.0%} of its protection level.",
            remedy="Allow more cells to be suppressed, widen attacker_bounds, lower the level, or join categories.",
        )


def require_feasible(
    problem: Problem, reduced: Reduced, attack: AttackModel, stop: Callable[[], bool] | None = None
) -> bool:
    """Check that everything suppressed protects every unsafe cell.

    From a lone contributor, who knows more, some cells cannot be kept by their full level. For these a smaller level is
    noted (``relief``), so that at least nothing can be computed exactly.

    Args:
        problem: What to protect.
        reduced: The same, reduced.
        attack: The attacker's programs for the reduced problem.
        stop: Asked now and then whether to end.

    Returns:
        Whether the check came to its end.

    Raises:
        InfeasibleDemandError: It does not; names a smallest set of cells that makes it so.
    """
    for cell, reach, level in _narrow(problem):
        raise InfeasibleDemandError(cell, [cell], [], reach, level)
    held = problem.unsafe & (reduced.place < 0) & ((problem.lower > 0) | (problem.upper > 0))
    narrow = held.any() or any(True for _ in _narrow(reduced.problem))
    if not narrow:
        found = _unprotected(reduced.problem, attack, stop)
        if found is None or not found[1]:
            return found is not None
    small, keep = movable_cells(problem)  # with all sums in it, so that the message can name them
    found = _unprotected(small, AttackModel(small, attack.meter), None)  # most likely a refusal, which must be certain
    if found is not None and found[1]:
        raise _smallest(small, keep, *found)
    return True


def _narrow(problem: Problem) -> Iterator[tuple[int, float, float]]:
    """The unsafe cells whose own bounds are narrower than a level: cell, reach, level."""
    for room, level in ((problem.down, problem.lower), (problem.up, problem.upper)):
        for cell in np.flatnonzero(problem.unsafe & (room < level * (1 - TOLERANCE))).tolist():
            yield int(cell), float(room[cell]), float(level[cell])


def _unprotected(
    problem: Problem, attack: AttackModel, stop: Callable[[], bool] | None
) -> tuple[int, list[tuple[int, int, float, float]]] | None:
    """An attacker, and the targets that this attacker reaches although everything is suppressed; None on stop."""
    everything = (~problem.fixed | problem.unsafe).astype(np.float64)
    for known in problem.attackers:
        while True:
            check = attack.check(everything, tolerance=TOLERANCE, known=known, stop=stop)
            if check.stopped:
                return None
            # Of two directions that end alike the check names one; with relief for it, the next check names the other.
            less = {(known, c, d): reach / 2 for c, d, level, reach in check.open if reach > LEAST * level}
            if known < 0 or not less.keys() - problem.relief.keys():
                break
            problem.relief.update(less)
        if check.open:
            return known, check.open
    return -1, []


def _smallest(
    problem: Problem, keep: Ints, known: int, found: list[tuple[int, int, float, float]]
) -> InfeasibleDemandError:
    """The refusal, with the smallest of the sets that hold the first targets."""
    everything = (~problem.fixed | problem.unsafe).astype(np.float64)
    best: tuple[list[int], tuple[int, int, float, float]] | None = None
    for target in found[:10]:
        rows = _holding_rows(problem, everything, target, known)
        if best is None or len(rows) < len(best[0]):
            best = (rows, target)
    assert best is not None  # noqa: S101
    rows, (cell, _, level, reach) = best
    numbers = {int(keep[cell])}
    for row in rows:
        part = problem.relations.index[problem.relations.start[row] : problem.relations.start[row + 1]]
        numbers |= {int(keep[c]) for c in part}
    who = -1 if known < 0 else int(keep[problem.known_to(known)[0]])
    return InfeasibleDemandError(int(keep[cell]), sorted(numbers), rows, reach, level, who)


def _holding_rows(problem: Problem, pattern: Floats, target: tuple[int, int, float, float], known: int) -> list[int]:
    """A set of sums that keeps the cell from its level, none of which can be left out."""
    cell, direction, level, _ = target
    relations = problem.relations
    scale = level
    model = quiet_model()
    low, high = -problem.down * pattern / scale, problem.up * pattern / scale
    own = problem.known_to(known)
    low[own] = high[own] = 0.0
    model.addVars(problem.cells, low, high)
    zeros = np.zeros(relations.rows)
    model.addRows(
        relations.rows,
        zeros,
        zeros,
        len(relations.index),
        relations.start[:-1].astype(np.int32),
        relations.index.astype(np.int32),
        relations.sign,
    )
    model.changeObjectiveSense(highspy.ObjSense.kMaximize)
    model.changeColBounds(cell, -1.0 if direction < 0 else 0.0, 1.0 if direction > 0 else 0.0)
    model.changeColCost(cell, float(direction))
    model.run()
    duals = np.array(model.getSolution().row_dual)
    rows = [int(row) for row in np.flatnonzero(np.abs(duals) > 1e-9)]
    infinity = highspy.kHighsInf
    for row in range(relations.rows):
        if row not in rows:
            model.changeRowBounds(row, -infinity, infinity)
    for row in list(rows):
        model.changeRowBounds(row, -infinity, infinity)
        model.run()
        if model.getInfo().objective_function_value >= 1 - TOLERANCE:
            model.changeRowBounds(row, 0.0, 0.0)
        else:
            rows.remove(row)
    return rows
