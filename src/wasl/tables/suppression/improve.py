"""Makes a protecting pattern cheaper: cells that protect nothing are published again.

A movement that carries an unsafe cell to its level is kept as its witness. A cell that no witness moves is idle.
Publishing other cells again only requires the programs of those targets whose witness moved them. Where an unsafe cell
would be the only unpublished one of a sum, or a known cut would not hold any more, the answer is known without a
program. A program that fails gives one more cut.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wasl.tables.cells import Floats, Ints
from wasl.tables.suppression.attack import AttackModel, Cut
from wasl.tables.suppression.heuristic import TOLERANCE, Stop
from wasl.tables.suppression.nearby import Nearby
from wasl.tables.suppression.problem import Problem

__all__ = ["prune"]

BROKEN = 1e-6
"""A cut whose left side falls short of 1 by more does not hold; the programs' weights are less exact."""

TRIED, WORTH_ASKING = 50, 0.1
"""After so many questions to the sums near a target, these are asked only while this share of them tells something."""


def prune(
    problem: Problem,
    attack: AttackModel,
    pattern: NDArray[np.bool_],
    *,
    stop: Stop | None = None,
    cuts: Sequence[Cut] = (),
    nearby: Nearby | None = None,
) -> tuple[NDArray[np.bool_], list[Cut]]:
    """Publish secondary cells again where every unsafe cell stays protected; the dearest first.

    Args:
        problem: What to protect.
        attack: The attacker's programs for it.
        pattern: A protecting pattern.
        stop: Asked now and then whether to end.
        cuts: Cuts found so far.
        nearby: Asked before the programs over all sums whether a target is held; default: nobody is.

    Returns:
        The cheaper pattern, and the cuts found on the way.
    """
    pattern = pattern.copy()
    sums = _Sums(problem, pattern)
    known = _Held(problem, pattern, cuts)
    witnesses = _Witnesses(problem, attack)
    if not witnesses.find(pattern, np.arange(witnesses.count), stop=stop):
        return pattern, []
    secondary = np.flatnonzero(pattern & ~problem.unsafe)
    for cell in secondary[np.argsort(-problem.cost[secondary], kind="stable")]:
        if stop is not None and stop():
            break
        if not pattern[cell]:
            continue
        fall = sums.falling(pattern, int(cell))
        if fall is None or known.broken_by(fall):
            continue
        users = np.flatnonzero(witnesses.moved[:, fall].any(axis=1))
        pattern[fall] = False
        if len(users):
            kept = witnesses.moved[users].copy()
            witnesses.nearby = nearby
            if not witnesses.find(pattern, users, stop=stop):
                witnesses.moved[users] = kept
                pattern[fall] = True
                known.add(pattern, witnesses.cuts[known.count :])
                continue
        sums.drop(fall)
        known.drop(fall)
    return pattern, witnesses.cuts


class _Held:
    """How far known cuts are satisfied by a pattern, and which of them break when cells are published."""

    def __init__(self, problem: Problem, pattern: NDArray[np.bool_], cuts: Sequence[Cut]) -> None:
        self.count = 0
        self._uses: list[list[tuple[int, float]]] = [[] for _ in range(problem.cells)]
        self._sum: list[float] = []
        self._take(pattern, cuts)

    def _take(self, pattern: NDArray[np.bool_], cuts: Sequence[Cut]) -> None:
        for cut in cuts:
            number = len(self._sum)
            self._sum.append(float(cut.weight @ pattern[cut.cells]))
            for cell, weight in zip(cut.cells.tolist(), cut.weight.tolist(), strict=True):
                self._uses[cell].append((number, weight))

    def add(self, pattern: NDArray[np.bool_], cuts: Sequence[Cut]) -> None:
        """Note cuts found on the way."""
        self.count += len(cuts)
        self._take(pattern, cuts)

    def broken_by(self, cells: list[int]) -> bool:
        """Whether some cut does not hold once the cells are published."""
        less = dict[int, float]()
        for cell in cells:
            for number, weight in self._uses[cell]:
                less[number] = less.get(number, 0.0) + weight
        return any(self._sum[number] - fall < 1 - BROKEN for number, fall in less.items())

    def drop(self, cells: list[int]) -> None:
        """Note that cells are published."""
        for cell in cells:
            for number, weight in self._uses[cell]:
                self._sum[number] -= weight


class _Sums:
    """How many cells of each sum are suppressed: the last one of a sum can be computed, and protects nothing."""

    def __init__(self, problem: Problem, pattern: NDArray[np.bool_]) -> None:
        relations = problem.relations
        row = relations.row_of_entry()
        order = np.argsort(relations.index, kind="stable")
        self._unsafe, self._demanded = problem.unsafe, problem.demanded
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
                if any(self._demanded[other] for other in last):
                    return None
                fall.extend(other for other in last if not self._unsafe[other])
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
        self.cuts: list[Cut] = []
        self.nearby: Nearby | None = None
        self._asked = self._told = 0
        self._failed = np.zeros(self.count, dtype=np.int64)

    def find(self, pattern: NDArray[np.bool_], which: Ints, *, stop: Stop | None = None) -> bool:
        """Find a movement for each of the given targets; False as soon as one has none, or on stop."""
        opened: int | None = None
        todo = np.zeros(self.count, dtype=np.bool_)
        todo[which] = True
        order = np.argsort(-self._failed, kind="stable")  # those that failed before are likely to fail again
        while len(left := order[todo[order]]):
            if stop is not None and stop():
                return False
            number = left[0]
            known = int(self._known[number])
            if known < 0 and self._held(pattern, int(number)):
                return False
            if opened != known:
                self._attack.open_cells(pattern.astype(np.float64), known=known)
                opened = known
            level = float(self._level[number])
            outcome = self._attack.attack(int(self._cell[number]), int(self._direction[number]), level)
            if outcome.reach < level * (1 - TOLERANCE):
                self._failed[number] += 1
                cut = self._attack.cut(int(self._cell[number]), level, known)
                if cut is not None:
                    self.cuts.append(cut)
                return False
            todo[self._note(outcome.moves, known, left)] = False
        return True

    def _held(self, pattern: NDArray[np.bool_], number: int) -> bool:
        """Whether the sums near a target tell that it is not protected; asked as long as they often do."""
        if self.nearby is None or self._told < WORTH_ASKING * (self._asked - TRIED):
            return False
        target = int(self._cell[number]), int(self._direction[number]), float(self._level[number])
        cut = self.nearby.held(pattern.astype(np.float64), target, tolerance=TOLERANCE)
        self._asked += 1
        if cut is None:
            return False
        self._told += 1
        self._failed[number] += 1
        self.cuts.append(cut)
        return True

    def _note(self, moves: Floats, known: int, among: Ints) -> Ints:
        """Keep a movement as the witness of the first target, and of the others that it carries to their levels."""
        moved = np.abs(moves) > 1e-12 * self._attack.scale
        cell, upwards = self._cell[among], self._direction[among] > 0
        rise, fall = self._attack.extents(moves)
        reached = np.where(upwards, rise[cell], fall[cell]) >= self._level[among] * (1 - TOLERANCE)
        who = self._known[among]
        tells = np.array([False, *(moved[own].any() for own in self._problem.singletons)])  # its own cell moved
        reached &= (who == known) | ~tells[who + 1]
        reached[0] = True
        self.moved[among[reached]] = moved
        return among[reached]
