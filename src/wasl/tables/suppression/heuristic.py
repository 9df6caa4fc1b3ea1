"""A fast pattern that protects every unsafe cell: cheapest movements one after the other, then removal of what is idle.

For each unprotected cell a linear program finds the cheapest movement of published cells that reaches the level; the
cells that move are suppressed and cost nothing from then on. Afterwards secondary cells are published again, the
dearest first, wherever every unsafe cell stays protected.

*Source:* the idea of the first step is that of J. Kelly, B. Golden and A. Assad, "Cell suppression: disclosure
protection for sensitive tabular data", Networks 22 (1992), 397-417.
"""

from __future__ import annotations

from collections.abc import Callable

import highspy
import numpy as np
from numpy.typing import NDArray

from wasl.tables.cells import Floats, Ints
from wasl.tables.suppression.attack import AttackModel, quiet_model
from wasl.tables.suppression.problem import Problem

__all__ = ["TOLERANCE", "complete", "complete_quickly", "cost_of", "prune"]

TOLERANCE = 1e-7
"""Share of a protection level that may be missing in a finished pattern: far below any published digit."""

Stop = Callable[[], bool]


def cost_of(problem: Problem, pattern: NDArray[np.bool_]) -> float:
    """Cost of the secondary cells of a pattern."""
    return float(problem.cost[pattern & ~problem.unsafe].sum())


class _Movements:
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
    movements = _Movements(problem, attack)
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
    movements = _Movements(problem, attack)
    cost = problem.cost if cost is None else cost
    cost = cost + 1e-9 * max(float(cost.max(initial=0.0)), 1e-12)
    room = np.minimum(problem.up, problem.down)
    room = np.maximum(np.where(room > 0, room, np.maximum(problem.up, problem.down)), 1e-12)
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
                price = cost / np.minimum(room, level)
                price /= max(float(np.median(price)), 1e-30)
                own = np.where(pattern, 0.0, np.clip(price, 1e-6, 1e6))
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


def prune(
    problem: Problem,
    attack: AttackModel,
    pattern: NDArray[np.bool_],
    *,
    stop: Stop | None = None,
) -> NDArray[np.bool_]:
    """Publish secondary cells again where every unsafe cell stays protected; the dearest first.

    A movement that reaches a level is kept as its witness. A cell that no witness moves is idle. Publishing another
    cell again only requires the programs of those targets whose witness moved it. None is needed where an unsafe cell
    would be the only unpublished one of a sum.
    """
    pattern = pattern.copy()
    sums = _Sums(problem, pattern)
    witnesses = _Witnesses(problem, attack)
    if not witnesses.find(pattern, np.arange(witnesses.count), stop=stop):
        return pattern
    secondary = np.flatnonzero(pattern & ~problem.unsafe)
    for cell in secondary[np.argsort(-problem.cost[secondary], kind="stable")]:
        if stop is not None and stop():
            break
        if not pattern[cell]:
            continue
        fall = sums.falling(pattern, int(cell))
        if fall is None:
            continue
        users = np.flatnonzero(witnesses.moved[:, fall].any(axis=1))
        pattern[fall] = False
        if len(users):
            kept = witnesses.moved[users].copy()
            if not witnesses.find(pattern, users, stop=stop):
                witnesses.moved[users] = kept
                pattern[fall] = True
                continue
        sums.drop(fall)
    return pattern


class _Sums:
    """How many cells of each sum are suppressed: the last one of a sum can be computed, and protects nothing."""

    def __init__(self, problem: Problem, pattern: NDArray[np.bool_]) -> None:
        relations = problem.relations
        row = relations.row_of_entry()
        order = np.argsort(relations.index, kind="stable")
        self._unsafe = problem.unsafe
        self._start, self._cells = relations.start, relations.index
        self._first = np.searchsorted(relations.index[order], np.arange(problem.cells + 1))
        self._rows = row[order]
        self._count = np.bincount(row, weights=pattern[relations.index], minlength=relations.rows).astype(np.int64)

    def falling(self, pattern: NDArray[np.bool_], cell: int) -> list[int] | None:
        """The cells that protect nothing once a cell is published, itself first; None if an unsafe one is computed."""
        fall, less = [cell], dict[int, int]()
        for one in fall:  # grows on the way
            for row in self._rows[self._first[one] : self._first[one + 1]].tolist():
                less[row] = less.get(row, 0) + 1
                if self._count[row] - less[row] != 1:
                    continue
                others = self._cells[self._start[row] : self._start[row + 1]]
                last = [other for other in others[pattern[others]].tolist() if other not in fall]
                if any(self._unsafe[other] for other in last):
                    return None
                fall.extend(last)
        return fall

    def drop(self, cells: list[int]) -> None:
        """Note that cells are published."""
        for cell in cells:
            self._count[self._rows[self._first[cell] : self._first[cell + 1]]] -= 1


class _Witnesses:
    """For every target (cell, direction, who attacks) the cells that one movement to its level moves."""

    def __init__(self, problem: Problem, attack: AttackModel) -> None:
        targets = [(*target, known) for known in problem.attackers for target in problem.targets(known)]
        self._problem = problem
        self.count = len(targets)
        self._attack = attack
        self._cell = np.array([target[0] for target in targets], dtype=np.int64)
        self._direction = np.array([target[1] for target in targets], dtype=np.int64)
        self._level = np.array([target[2] for target in targets])
        self._known = np.array([target[3] for target in targets], dtype=np.int64)
        self.moved = np.zeros((self.count, problem.cells), dtype=np.bool_)

    def find(self, pattern: NDArray[np.bool_], which: Ints, *, stop: Stop | None = None) -> bool:
        """Find a movement for each of the given targets; False as soon as one has none, or on stop."""
        opened: int | None = None
        todo = np.zeros(self.count, dtype=np.bool_)
        todo[which] = True
        while len(left := np.flatnonzero(todo)):
            if stop is not None and stop():
                return False
            number = left[0]
            known = int(self._known[number])
            if opened != known:
                self._attack.open_cells(pattern.astype(np.float64), known=known)
                opened = known
            level = float(self._level[number])
            outcome = self._attack.attack(int(self._cell[number]), int(self._direction[number]), level)
            if outcome.reach < level * (1 - TOLERANCE):
                return False
            moves = outcome.moves
            moved = np.abs(moves) > 1e-12 * self._attack.scale
            reached = self._direction[left] * moves[self._cell[left]] >= self._level[left] * (1 - TOLERANCE)
            who = self._known[left]
            tells = np.array([False, *(moved[own].any() for own in self._problem.singletons)])  # its own cell moved
            reached &= (who == known) | ~tells[who + 1]
            reached[0] = True
            self.moved[left[reached]] = moved
            todo[left[reached]] = False
        return True
