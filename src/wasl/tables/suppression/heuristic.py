"""A fast pattern that protects every unsafe cell: cheapest movements one after the other.

For each unprotected cell a linear program finds the cheapest movement of published cells that reaches the level; the
cells that move are suppressed and cost nothing from then on.

*Source:* the idea of the first step is that of J. Kelly, B. Golden and A. Assad, "Cell suppression: disclosure
protection for sensitive tabular data", Networks 22 (1992), 397-417.
"""

from __future__ import annotations

from collections.abc import Callable

import highspy
import numpy as np
from numpy.typing import NDArray

from wasl.tables.cells import Floats
from wasl.tables.suppression.attack import AttackModel, quiet_model
from wasl.tables.suppression.problem import Problem

__all__ = ["TOLERANCE", "Movements", "Stop", "complete", "complete_quickly", "cost_of", "prices"]

TOLERANCE = 1e-7
"""Share of a protection level that may be missing in a finished pattern: far below any published digit."""

Stop = Callable[[], bool]


def cost_of(problem: Problem, pattern: NDArray[np.bool_]) -> float:
    """Cost of the secondary cells of a pattern."""
    return float(problem.cost[pattern & ~problem.unsafe].sum())


class Movements:
    """Linear programs for the cheapest movement of published cells that carries one cell to its level."""

    def __init__(self, problem: Problem, attack: AttackModel) -> None:
        self.problem, self.scale = problem, attack.scale
        n, relations = problem.cells, problem.relations
        self._columns = np.arange(2 * n, dtype=np.int32)
        self._model = model = quiet_model()
        model.setOptionValue("presolve", "off")
        up, down = problem.up / self.scale, problem.down / self.scale
        if not np.isfinite(up).all():
            up = np.where(np.isfinite(up), up, highspy.kHighsInf)
        model.addVars(2 * n, np.zeros(2 * n), np.concatenate([up, down]))
        self._up, self._down = up, down
        start = 2 * relations.start[:-1]
        index = np.empty(2 * len(relations.index), dtype=np.int32)
        sign = np.empty(2 * len(relations.index))
        index[0::2], index[1::2] = relations.index, relations.index + n
        sign[0::2], sign[1::2] = relations.sign, -relations.sign
        zeros = np.zeros(relations.rows)
        model.addRows(relations.rows, zeros, zeros, len(index), start.astype(np.int32), index, sign)

    def cheapest(self, cell: int, direction: int, level: float, price: Floats) -> Floats | None:
        """The movement of every cell; None if no movement reaches the level."""
        n, model = self.problem.cells, self._model
        model.changeColsCost(2 * n, self._columns, np.concatenate([price, price]))
        here, back = (cell, cell + n) if direction > 0 else (cell + n, cell)
        need = level / self.scale
        top, other = float(self._up[cell]), float(self._down[cell])
        limits = (top, other) if direction > 0 else (other, top)
        if limits[0] < need * (1 - TOLERANCE):
            return None
        model.changeColBounds(here, min(need, limits[0]), limits[0])
        model.changeColBounds(back, 0.0, 0.0)
        model.run()
        optimal = model.getModelStatus() == highspy.HighsModelStatus.kOptimal
        values = np.array(model.getSolution().col_value) if optimal else None
        model.changeColBounds(here, 0.0, limits[0])
        model.changeColBounds(back, 0.0, limits[1])
        if values is None:
            return None
        return np.asarray((values[:n] - values[n:]) * self.scale, dtype=np.float64)


def complete(
    problem: Problem,
    attack: AttackModel,
    pattern: NDArray[np.bool_],
    *,
    guide: Floats | None = None,
    stop: Stop | None = None,
) -> NDArray[np.bool_] | None:
    """A pattern with at least the given cells that protects every unsafe one; None if there is none, or on stop.

    Args:
        problem: What to protect.
        attack: The attacker's programs for it.
        pattern: Cells to start from.
        guide: A pattern between 0 and 1 (from the relaxation) whose cells are cheaper.
        stop: Asked now and then whether to give up.
    """
    pattern = pattern | problem.unsafe
    movements = Movements(problem, attack)
    # The price of moving a cell by one unit: its cost, spread over a movement of typical size.
    room = np.minimum(problem.up, problem.down)
    room = np.where(room > 0, np.minimum(room, attack.scale * 10), np.maximum(problem.up, problem.down))
    price = (problem.cost + 1e-9) / np.maximum(room, 1e-12) * attack.scale
    if price.size:  # no cell is left where earlier tables settle every one
        price /= max(float(np.median(price)), 1e-30)
    if guide is not None:
        price = price * (1.0 - np.minimum(guide, 0.98))
    price = np.minimum(np.maximum(price, 1e-6), 1e6)
    for known in problem.attackers:
        mine = problem.known_to(known)
        while True:
            if stop is not None and stop():
                return None
            check = attack.check(pattern.astype(np.float64), tolerance=TOLERANCE, known=known)
            if not check.open:
                break
            before = int(pattern.sum())
            grown = stale = False
            for cell, direction, level, _ in check.open:
                if stop is not None and stop():
                    return None
                if grown:  # cells suppressed for another target may protect this one; that costs little to find out
                    if stale:
                        attack.open_cells(pattern.astype(np.float64), known=known)
                        stale = False
                    if attack.attack(cell, direction, level).reach >= level * (1 - TOLERANCE):
                        continue
                own = np.where(pattern, 0.0, price)
                own[mine] = 1e7
                moves = movements.cheapest(cell, direction, level, own)
                if moves is None:
                    return None
                moved = _moved(moves, attack)
                if moved[mine].any():
                    return None
                pattern, grown, stale = pattern | moved, True, True
            if int(pattern.sum()) == before:
                return None
    return pattern


def prices(problem: Problem, cost: Floats, level: float) -> Floats:
    """The price of moving each cell by one unit, where a movement as large as the level costs what the cell does."""
    room = np.minimum(problem.up, problem.down)
    room = np.maximum(np.where(room > 0, room, np.maximum(problem.up, problem.down)), 1e-12)
    price = (cost + 1e-9 * max(float(cost.max(initial=0.0)), 1e-12)) / np.minimum(room, level)
    price /= max(float(np.median(price)), 1e-30)
    return np.asarray(np.clip(price, 1e-6, 1e6), dtype=np.float64)


def _moved(moves: Floats, attack: AttackModel) -> NDArray[np.bool_]:
    return np.asarray(np.abs(moves) > 1e-9 * attack.scale, dtype=np.bool_)


def complete_quickly(
    problem: Problem,
    attack: AttackModel,
    pattern: NDArray[np.bool_],
    *,
    cost: Floats | None = None,
    stop: Stop | None = None,
) -> NDArray[np.bool_] | None:
    """The same in one pass, the highest level first: what protects a large cell protects many small ones, too.

    The patterns cost some percent more than those of ``complete``, and take a third of the time on large tables.

    Args:
        problem: What to protect.
        attack: The attacker's programs for it.
        pattern: Cells to start from.
        cost: Costs to use in place of the problem's.
        stop: Asked now and then whether to give up.
    """
    pattern = pattern | problem.unsafe
    movements = Movements(problem, attack)
    cost = problem.cost if cost is None else cost
    for known in problem.attackers:
        mine = problem.known_to(known)
        reached = {1: np.zeros(problem.cells), -1: np.zeros(problem.cells)}
        stale = True
        for cell, direction, level in sorted(problem.targets(known), key=lambda target: -target[2]):
            if reached[direction][cell] >= level * (1 - TOLERANCE / 2):
                continue
            if stop is not None and stop():
                return None
            if stale:
                attack.open_cells(pattern.astype(np.float64), known=known)
                stale = False
            outcome = attack.attack(cell, direction, level)
            moves = outcome.moves
            if outcome.reach < level * (1 - TOLERANCE):
                own = np.where(pattern, 0.0, prices(problem, cost, level))
                own[mine] = 1e7
                found = movements.cheapest(cell, direction, level, own)
                if found is None:
                    return None
                moved = _moved(found, attack)
                if moved[mine].any():
                    return None
                pattern, stale, moves = pattern | moved, True, found
            reached[1] = np.maximum(reached[1], moves)
            reached[-1] = np.maximum(reached[-1], -moves)
    return pattern
