"""The attacker's linear programs: how far an unsafe cell can move while all sums hold.

One HiGHS model serves all cells: only bounds and objective change, so every program starts from the basis of the one
before. Its dual solution is the cut that a pattern must satisfy to keep the attacker away.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import highspy
import numpy as np
from numpy.typing import NDArray

from wasl.errors import WaslError
from wasl.tables.cells import Floats
from wasl.tables.solver import SETTLED, quiet_model, settle
from wasl.tables.suppression.company import Company
from wasl.tables.suppression.problem import Problem
from wasl.tables.suppression.work_meter import Meter

__all__ = ["Attack", "AttackModel", "Check", "Cut", "Target"]

SMALL = 1e-9
"""Coefficients of a cut below this share of its right-hand side are dropped: HiGHS ignores them, too."""


SAME_LEVEL = 1e-3
"""Targets whose levels differ by a smaller share are attacked under the same limits."""


Target = tuple[int, int, float]
"""An unsafe cell, +1 for upwards or -1 for downwards, the level to be reached."""


@dataclass(frozen=True, slots=True)
class Attack:
    """The outcome of one program.

    Attributes:
        reach: How far the cell can move, at most the level asked for.
        moves: Movement of every cell in the attacker's solution.
    """

    reach: float
    moves: Floats = field(repr=False)


@dataclass(frozen=True, slots=True)
class Cut:
    """An inequality every protecting pattern satisfies: sum of ``weight * suppressed`` over ``cells`` >= 1."""

    cells: NDArray[np.int32] = field(repr=False)
    weight: Floats = field(repr=False)


@dataclass(frozen=True, slots=True)
class Check:
    """What attacking all unsafe cells under one pattern found.

    Attributes:
        cuts: One cut for each unprotected target.
        open: The unprotected targets: (cell, direction, level, reach); of two directions that end alike, one.
        stopped: Whether the user ended it before all were attacked.
    """

    cuts: list[Cut]
    open: list[tuple[int, int, float, float]]
    stopped: bool = False


class AttackModel:
    """All attacks on one problem."""

    def __init__(self, problem: Problem, meter: Meter | None = None) -> None:
        self.problem = problem
        self.meter = Meter() if meter is None else meter
        levels = np.concatenate([problem.upper[problem.unsafe], problem.lower[problem.unsafe]])
        positive = levels[levels > 0]
        self.scale = float(np.median(positive)) if len(positive) else 1.0
        self.solved = 0
        self.symmetric = problem.symmetric
        self._uneven = problem.uneven
        n = problem.cells
        self._columns = np.arange(n, dtype=np.int32)
        self._low, self._high = np.zeros(n), np.zeros(n)
        self._target = -1
        self._companies: Company | None = None
        self._model = model = quiet_model(self.meter)
        model.setOptionValue("presolve", "off")
        model.setOptionValue("simplex_strategy", 4)  # primal: the basis stays feasible when the objective changes
        model.setOptionValue("primal_feasibility_tolerance", 1e-9)
        model.addVars(n, self._low, self._high)
        relations = problem.relations
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

    def open_cells(
        self, pattern: Floats, *, known: int = -1, most: float = np.inf, within: Floats | None = None
    ) -> None:
        """Let every cell move as far as ``pattern`` (0 published, 1 suppressed, or between) allows.

        Args:
            pattern: Between 0 and 1 for each cell.
            known: Number of the attacker; the cells a lone contributor knows do not move.
            most: No cell moves further than this times ``pattern``.
            within: No cell moves further than this; default: no such limit.
        """
        self._low = -np.minimum(self.problem.down, most) * pattern / self.scale
        self._high = np.minimum(self.problem.up, most) * pattern / self.scale
        if within is not None:
            self._low = np.maximum(self._low, -within / self.scale)
            self._high = np.minimum(self._high, within / self.scale)
        own = self.problem.known_to(known)
        self._low[own] = self._high[own] = 0.0
        self._model.changeColsBounds(len(self._columns), self._columns, self._low, self._high)
        self._release()

    def _release(self) -> None:
        if self._target >= 0:
            self._model.changeColCost(self._target, 0.0)
            self._model.changeColBounds(self._target, self._low[self._target], self._high[self._target])
            self._target = -1

    def attack(self, cell: int, direction: int, level: float) -> Attack:
        """Move one cell up or down, as far as possible but no further than its level."""
        self._release()
        model = self._model
        limit = level / self.scale
        model.changeColBounds(cell, -limit if direction < 0 else 0.0, limit if direction > 0 else 0.0)
        model.changeColCost(cell, float(direction))
        self._target = cell
        model.run()
        self.solved += 1
        if model.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            self._from_scratch()
        solution = model.getSolution()
        moves = np.array(solution.col_value) * self.scale
        return Attack(direction * float(moves[cell]), moves)

    def extents(self, moves: Floats) -> tuple[Floats, Floats]:
        """How far a movement carries each cell up, and how far down; turned round where that is possible, too."""
        if self.symmetric or not moves[self._uneven].any():
            size = np.abs(moves)
            return size, size
        return moves, -moves

    def mirrored(self, target: Target) -> bool:
        """Whether attacking the same cell the other way would end like the last attack: same reach, same cut."""
        cell, direction, level = target
        other = self.problem.lower if direction > 0 else self.problem.upper
        if abs(float(other[cell]) - level) > SMALL * level:
            return False
        slope = self.slope()[self._uneven]
        return not slope[self._uneven != cell].any()

    def slope(self) -> Floats:
        """Growth of the last attack's reach with the bounds of each cell (reduced costs)."""
        return np.array(self._model.getSolution().col_dual)

    def _from_scratch(self) -> None:
        """Solve again without the old basis: after many changes it can be numerically worn."""
        self._model.clearSolver()
        self._model.setOptionValue("simplex_strategy", 1)
        self._model.run()
        self._model.setOptionValue("simplex_strategy", 4)
        status = self._model.getModelStatus()
        if status not in SETTLED:
            status = settle(self._model)
        if status != highspy.HighsModelStatus.kOptimal:
            raise WaslError(f"the attacker's linear program ended as {status}.", remedy="Report this as a defect.")

    def check(
        self,
        pattern: Floats,
        *,
        tolerance: float,
        known: int = -1,
        limit: int | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> Check:
        """Attack every unsafe cell under a pattern.

        Args:
            pattern: Between 0 and 1 for each cell.
            tolerance: Share of a level that may be missing.
            known: Number of the attacker; -1 for outsiders.
            limit: Stop after so many unprotected targets.
            stop: Asked before each attack whether to end.
        """
        problem = self.problem
        self.open_cells(pattern, known=known)
        cuts: list[Cut] = []
        unprotected: list[tuple[int, int, float, float]] = []
        reached_up, reached_down = np.zeros(problem.cells, np.bool_), np.zeros(problem.cells, np.bool_)
        slack = 1 - tolerance / 2
        settled: set[tuple[int, int]] = set()
        wanted_up = (np.maximum(problem.upper, problem.lower) if self.symmetric else problem.upper) * slack
        for cell, direction, level in problem.targets(known):
            if (cell, direction) in settled or (reached_up[cell] if direction > 0 else reached_down[cell]):
                continue
            if stop is not None and stop():
                return Check(cuts, unprotected, stopped=True)
            outcome = self.attack(cell, direction, level)
            rise, fall = self.extents(outcome.moves)
            reached_up |= rise >= wanted_up
            reached_down |= fall >= problem.lower * slack
            if outcome.reach >= level * (1 - tolerance):
                continue
            unprotected.append((cell, direction, level, outcome.reach))
            if self.mirrored((cell, direction, level)):
                settled.add((cell, -direction))
            cut = self.cut(cell, level, known)
            if cut is not None:
                cuts.append(cut)
            if limit is not None and len(unprotected) >= limit:
                break
        return Check(cuts, unprotected)

    def clipped(
        self, pattern: Floats, *, tolerance: float, targets: Sequence[Target] | None = None
    ) -> tuple[list[Cut], list[Target]]:
        """Cuts for a pattern between 0 and 1, of cells none of which moves further than the target's level.

        A movement that carries the target to its level seldom moves another cell further. Without this limit a small
        part of a large cell serves as much as the whole, and few cuts are found. The cuts hold for all movements.

        Args:
            pattern: Between 0 and 1 for each cell.
            tolerance: Share of a level that may be missing.
            targets: Those to attack; default: all.

        Returns:
            The cuts, and the target of each.
        """
        problem = self.problem
        cuts: list[Cut] = []
        hit: list[Target] = []
        reached = {1: np.zeros(problem.cells), -1: np.zeros(problem.cells)}
        opened = np.inf
        settled: set[tuple[int, int]] = set()
        company = self.company
        asked = problem.targets() if targets is None else targets
        for cell, direction, level in sorted(asked, key=lambda target: -target[2]):
            if (cell, direction) in settled or reached[direction][cell] >= level * (1 - tolerance / 2):
                continue
            if level < opened * (1 - SAME_LEVEL):
                bounded = company.bound(pattern, level)
                self.open_cells(pattern, most=level, within=bounded.reach)
                opened = level
            outcome = self.attack(cell, direction, level)
            rise, fall = self.extents(outcome.moves)
            reached[1] = np.maximum(reached[1], rise)
            reached[-1] = np.maximum(reached[-1], fall)
            if outcome.reach >= level * (1 - tolerance):
                continue
            if self.mirrored((cell, direction, level)):
                settled.add((cell, -direction))
            rooms = company.spread(self.slope(), bounded.entry, cell, level)
            cut = self.scaled(cell, level, -1, rooms, float(rooms[cell]))
            if cut is not None and float(cut.weight @ pattern[cut.cells]) < 1 - tolerance:
                cuts.append(cut)
                hit.append((cell, direction, level))
        return cuts, hit

    @property
    def company(self) -> Company:
        """How far cells move in company; made when it is first asked for."""
        if self._companies is None:
            self._companies = Company(self.problem)
        return self._companies

    def cut(self, cell: int, level: float, known: int) -> Cut | None:
        """The cut that the last attack gives; None if no pattern could satisfy it more than this one."""
        slope = self.slope()
        return self.scaled(cell, level, known, np.where(slope > 0, slope * self.problem.up, -slope * self.problem.down))

    def scaled(self, cell: int, level: float, known: int, rooms: Floats, owed: float = 0.0) -> Cut | None:
        """The same; ``rooms`` is what it takes of each cell, ``owed`` what the target's own movement gives."""
        problem = self.problem
        weight = rooms / level
        weight[cell] = 0.0
        weight[problem.known_to(known)] = 0.0
        certain = float(weight[problem.unsafe].sum()) + owed / level
        if certain >= 1 - SMALL:
            return None
        weight[problem.unsafe] = 0.0
        weight /= 1 - certain
        cells = np.flatnonzero(weight > SMALL)
        return Cut(cells.astype(np.int32), np.minimum(weight[cells], 1.0))
