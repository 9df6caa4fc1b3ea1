"""A fast pattern that protects every unsafe cell: cheapest movements one after the other.

For each unprotected cell a linear program finds the cheapest movement of published cells that reaches the level; the
cells that move are suppressed and cost nothing from then on.

*Source:* the idea of the first step is that of J. Kelly, B. Golden and A. Assad, "Cell suppression: disclosure
protection for sensitive tabular data", Networks 22 (1992), 397-417.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field

import highspy
import numpy as np
from numpy.typing import NDArray

from wasl.tables.cells import Floats, Ints
from wasl.tables.solver import quiet_model
from wasl.tables.suppression.attack import AttackModel
from wasl.tables.suppression.problem import Problem

__all__ = ["PROGRAMS", "TOLERANCE", "Movements", "Need", "Stop", "complete", "complete_quickly", "cost_of", "prices"]

TOLERANCE = 1e-7
"""Share of a protection level that may be missing in a finished pattern: far below any published digit."""

MOVED = 1e-9
"""Share of a typical level above which a cell counts as moved."""
FORBIDDEN = 1e7
"""Price of a cell that must not move: above all prices of others."""
PROGRAMS = 24
"""Most programs for one movement. On 3,168 cells one cost 12.3 million after the first and 6.3 after 24, in 1 s."""
MOST_GUIDED = 0.98
"""Most of a cell's cost that a guide takes away."""
WORTH = 1e-3
"""Share of a pattern's cost up to which the new cells of a movement are not made cheaper."""
LEAST_LACKING = 1e-3
"""Share of a level that counts as lacking at least, so that prices stay within the solver's precision."""

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
        self._model = model = quiet_model(attack.meter)
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

    def lean(self, target: tuple[int, int, float], need: Need) -> NDArray[np.bool_] | None:
        """The cells of a movement whose new cells cost little together; None if no movement reaches the level.

        A price per unit spreads a movement over many cells. In further programs the price of a cell that moved comes
        nearer to the one at which this movement costs what the cell does (slope scaling).

        *Source:* D. Kim and P. Pardalos, "A solution approach to the fixed charge network flow problem using a dynamic
        slope scaling procedure", Operations Research Letters 24 (1999), 195-203.

        Args:
            target: The cell to be carried to its level, +1 for upwards or -1 for downwards, the level above zero.
            need: What is suppressed already, and what the rest costs.
        """
        problem, taken = self.problem, need.taken
        cost = problem.cost if need.cost is None else need.cost
        guided = cost if need.guide is None else cost * (1.0 - np.minimum(need.guide, MOST_GUIDED))
        price = np.where(taken, 0.0, prices(problem, guided, need.lacking))
        price[need.still] = FORBIDDEN
        best: NDArray[np.bool_] | None = None
        lowest = np.inf
        programs = self._with_level(*target, price, need.programs)
        for moves in programs:
            moved = np.asarray(np.abs(moves) > MOVED * self.scale, dtype=np.bool_)
            new = moved & ~taken
            total = float(cost[new].sum())
            if not moved[need.still].any() and total < lowest:
                best, lowest = moved, total
            if total <= need.worth or (need.more is not None and not need.more()):
                break
            whole = prices(problem, cost, need.lacking, moved=np.where(new, np.abs(moves), np.nan))
            price[new] = np.sqrt(price[new] * whole[new])
        programs.close()
        return best

    def _with_level(
        self, cell: int, direction: int, level: float, price: Floats, programs: int
    ) -> Generator[Floats, None, None]:
        """The cheapest movement that reaches the level, again and again; the caller may change the prices between."""
        n, model = self.problem.cells, self._model
        here, back = (cell, cell + n) if direction > 0 else (cell + n, cell)
        need = level / self.scale
        top, other = float(self._up[cell]), float(self._down[cell])
        limits = (top, other) if direction > 0 else (other, top)
        if limits[0] < need * (1 - TOLERANCE):
            return
        model.changeColBounds(here, min(need, limits[0]), limits[0])
        model.changeColBounds(back, 0.0, 0.0)
        try:
            for number in range(programs):
                model.changeColsCost(2 * n, self._columns, np.concatenate([price, price]))
                model.setOptionValue("simplex_strategy", 4 if number else 1)  # primal: the basis stays feasible
                model.run()
                if model.getModelStatus() != highspy.HighsModelStatus.kOptimal:
                    return
                values = np.array(model.getSolution().col_value)
                yield np.asarray((values[:n] - values[n:]) * self.scale, dtype=np.float64)
        finally:
            model.changeColBounds(here, 0.0, limits[0])
            model.changeColBounds(back, 0.0, limits[1])


@dataclass(frozen=True, slots=True)
class Need:
    """Cells for a movement, and their costs.

    Attributes:
        taken: Cells that are suppressed already.
        still: Cells that must not move.
        lacking: What the movement of the cells taken lacks of the level.
        worth: Cost of new cells at which no further program is worth its time.
        guide: A pattern between 0 and 1 (from the relaxation) whose cells are cheaper in the first program.
        cost: Costs to use in place of the problem's.
        programs: Most programs for the movement.
        more: Asked whether there is time for a further program; default: yes.
    """

    taken: NDArray[np.bool_] = field(repr=False)
    still: Ints = field(repr=False)
    lacking: float
    worth: float = 0.0
    guide: Floats | None = field(default=None, repr=False)
    cost: Floats | None = field(default=None, repr=False)
    programs: int = PROGRAMS
    more: Stop | None = None


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
            # The highest level first: what protects a large cell protects many small ones, too.
            for cell, direction, level, found in sorted(check.open, key=lambda target: -target[2]):
                reach = found
                if stop is not None and stop():
                    return None
                if grown:  # cells suppressed for another target may protect this one; that costs little to find out
                    if stale:
                        attack.open_cells(pattern.astype(np.float64), known=known)
                        stale = False
                    reach = attack.attack(cell, direction, level).reach
                    if reach >= level * (1 - TOLERANCE):
                        continue
                worth = WORTH * cost_of(problem, pattern)
                need = Need(pattern, mine, _lacking(level, reach), worth, guide)
                moved = movements.lean((cell, direction, level), need)
                if moved is None:
                    return None
                pattern, grown, stale = pattern | moved, True, True
            if int(pattern.sum()) == before:
                return None
    return pattern


def prices(problem: Problem, cost: Floats, level: float, moved: Floats | None = None) -> Floats:
    """The price of moving each cell by one unit, where a movement as large as the level costs what the cell does.

    Args:
        problem: What to protect.
        cost: Cost of suppressing each cell.
        level: The level to be reached.
        moved: Movements that cost what the cell does, in place of the level; not a number where there is none.
    """
    room = np.minimum(problem.up, problem.down)
    room = np.maximum(np.where(room > 0, room, np.maximum(problem.up, problem.down)), 1e-12)
    whole = cost + 1e-9 * max(float(cost.max(initial=0.0)), 1e-12)
    price = whole / np.minimum(room, level)
    unit = max(float(np.median(price)) if price.size else 0.0, 1e-30)  # no cell where earlier tables settle every one
    if moved is not None:
        price = np.where(np.isfinite(moved), whole / np.maximum(moved, 1e-12), price)
    return np.asarray(np.clip(price / unit, 1e-6, 1e6), dtype=np.float64)


def _lacking(level: float, reach: float) -> float:
    """What new cells are to move: priced for the whole level, a small rest would be spread over all small cells."""
    return max(level - reach, LEAST_LACKING * level)


def complete_quickly(
    problem: Problem,
    attack: AttackModel,
    pattern: NDArray[np.bool_],
    *,
    guide: Floats | None = None,
    cost: Floats | None = None,
    programs: int = PROGRAMS,
    more: Stop | None = None,
    stop: Stop | None = None,
) -> NDArray[np.bool_] | None:
    """The same in one pass, the highest level first: what protects a large cell protects many small ones, too.

    The patterns cost some percent more than those of ``complete``, and take a third of the time on large tables.

    Args:
        problem: What to protect.
        attack: The attacker's programs for it.
        pattern: Cells to start from.
        guide: A pattern between 0 and 1 (from the relaxation) whose cells are cheaper.
        cost: Costs to use in place of the problem's.
        programs: Most programs for one movement.
        more: Asked whether there is time for a further program of one movement; default: yes.
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
                worth = WORTH * cost_of(problem, pattern)
                need = Need(pattern, mine, _lacking(level, outcome.reach), worth, guide, cost, programs, more)
                moved = movements.lean((cell, direction, level), need)
                if moved is None:
                    return None
                pattern = pattern | moved
                attack.open_cells(pattern.astype(np.float64), known=known)
                moves = attack.attack(cell, direction, level).moves
            rise, fall = attack.extents(moves)
            reached[1] = np.maximum(reached[1], rise)
            reached[-1] = np.maximum(reached[-1], fall)
    return pattern
