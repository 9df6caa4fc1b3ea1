"""Makes a protecting pattern cheaper: cells that protect nothing are published again.

A movement that carries an unsafe cell to its level is kept as its witness. A cell that no witness moves is idle.
Publishing other cells again only requires the programs of those targets whose witness moved them. Where an unsafe cell
would be the only unpublished one of a sum, the answer is known without a program.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wasl.tables.cells import Floats, Ints
from wasl.tables.suppression.attack import AttackModel
from wasl.tables.suppression.heuristic import TOLERANCE, Stop
from wasl.tables.suppression.problem import Problem

__all__ = ["prune"]


def prune(
    problem: Problem,
    attack: AttackModel,
    pattern: NDArray[np.bool_],
    *,
    stop: Stop | None = None,
) -> NDArray[np.bool_]:
    """Publish secondary cells again where every unsafe cell stays protected; the dearest first."""
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
            todo[self._note(outcome.moves, known, left)] = False
        return True

    def _note(self, moves: Floats, known: int, among: Ints) -> Ints:
        """Keep a movement as the witness of the first target, and of the others that it carries to their levels."""
        moved = np.abs(moves) > 1e-12 * self._attack.scale
        reached = self._direction[among] * moves[self._cell[among]] >= self._level[among] * (1 - TOLERANCE)
        who = self._known[among]
        tells = np.array([False, *(moved[own].any() for own in self._problem.singletons)])  # its own cell moved
        reached &= (who == known) | ~tells[who + 1]
        reached[0] = True
        self.moved[among[reached]] = moved
        return among[reached]
