"""Attacks that use only the sums near the target: small programs, whose cuts hold for the whole.

An attacker who uses some of the sums only knows less. Where even that one keeps the target from its level, so does the
attacker who uses all: the cut is one of the whole problem. On 3,168 cells a program over the sums at most two steps
from the target takes .8 ms and finds every third open target; three steps find two thirds in 3 ms. A program over all
takes 16 to 40 ms. Cuts of near sums have few cells, and raise the bound sooner.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from wasl.tables.cells import Floats, Ints
from wasl.tables.solver import quiet_model
from wasl.tables.suppression.attack import SAME_LEVEL, AttackModel, Cut, Target

__all__ = ["STEPS", "Found", "Nearby"]

STEPS = (2, 3)
"""Steps from sum to sum: those next to the target are one step away. One step is what ``RowCuts`` has."""
WIDEST = 0.35
"""Share of all cells that the sums of a program may have: where sums are long, three steps reach the whole table, and
such programs save nothing."""
SMALLEST = 200
"""Programs of so few cells are always made."""
MOST_KEPT = 3_000
"""Programs that are kept for later patterns; one of three steps has some 400 columns."""


@dataclass(frozen=True, slots=True)
class Found:
    """Cuts, and the targets.

    Attributes:
        cuts: Valid for every protecting pattern.
        hit: The target of each cut.
        missed: Targets that gave none.
    """

    cuts: list[Cut] = field(default_factory=list)
    hit: list[Target] = field(default_factory=list)
    missed: list[Target] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _System:
    model: Any
    cells: Ints
    target: int
    columns: NDArray[np.int32]


class Nearby:
    """Attacks on one problem by outsiders who use the sums near the target."""

    def __init__(self, attack: AttackModel) -> None:
        self.problem, self._attack = attack.problem, attack
        relations = self.problem.relations
        shape = (relations.rows, self.problem.cells)
        self._sums = csr_matrix((relations.sign, relations.index, relations.start), shape)
        self._uses = self._sums.T.tocsr()
        self._systems: dict[tuple[int, int], _System | None] = {}
        best: dict[int, Target] = {}
        for target in self.problem.targets():
            if target[0] not in best or best[target[0]][2] < target[2]:
                best[target[0]] = target
        self.targets = sorted(best.values(), key=lambda target: -target[2])
        """One for each unsafe cell, the highest level first."""

    def cuts(self, pattern: Floats, targets: Sequence[Target], *, steps: int, tolerance: float) -> Found:
        """Cuts for a pattern between 0 and 1, under the limits of `AttackModel.clipped`.

        Args:
            pattern: Between 0 and 1 for each cell.
            targets: Those to attack, the highest level first.
            steps: How far from the target the sums may be.
            tolerance: Share of a level that may be missing.
        """
        found, opened = Found(), np.inf
        company = self._attack.company
        for target in targets:
            cell, direction, level = target
            if level < opened * (1 - SAME_LEVEL):
                bounded, opened = company.bound(pattern, level), level
            system = self._system(cell, steps)
            if system is None:
                found.missed.append(target)
                continue
            limit = np.minimum(bounded.reach[system.cells], level)
            reach = self._run(system, pattern, direction, level, limit)
            if reach >= 1 - tolerance:
                found.missed.append(target)
                continue
            slope = np.zeros(self.problem.cells)
            slope[system.cells] = system.model.getSolution().col_dual
            rooms = company.spread(slope, bounded.entry, cell, level)
            cut = self._attack.scaled(cell, level, -1, rooms, float(rooms[cell]))
            if cut is None or float(cut.weight @ pattern[cut.cells]) >= 1 - tolerance:
                found.missed.append(target)
            else:
                found.cuts.append(cut)
                found.hit.append(target)
        return found

    def held(self, pattern: Floats, target: Target, *, tolerance: float) -> Cut | None:
        """A cut that says that a pattern does not protect a target; None where the near sums do not tell."""
        cell, direction, level = target
        system = self._system(cell, STEPS[0])
        if system is None or self._run(system, pattern, direction, level, None) >= 1 - tolerance:
            return None
        slope = np.zeros(self.problem.cells)
        slope[system.cells] = system.model.getSolution().col_dual
        rooms = np.where(slope > 0, slope * self.problem.up, -slope * self.problem.down)
        return self._attack.scaled(cell, level, -1, rooms)

    def _run(self, system: _System, pattern: Floats, direction: int, level: float, limit: Floats | None) -> float:
        """The share of its level that the target reaches; 1 where the program does not end."""
        problem, model, cells = self.problem, system.model, system.cells
        low, high = -problem.down[cells] * pattern[cells] / level, problem.up[cells] * pattern[cells] / level
        if limit is not None:
            low, high = np.maximum(low, -limit / level), np.minimum(high, limit / level)
        low[system.target], high[system.target] = (0.0, 1.0) if direction > 0 else (-1.0, 0.0)
        model.changeColsBounds(len(cells), system.columns, low, high)
        model.changeColCost(system.target, float(direction))
        model.run()
        if model.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            model.clearSolver()
            return 1.0
        return direction * float(model.getSolution().col_value[system.target])

    def _system(self, cell: int, steps: int) -> _System | None:
        """The program of the sums near a cell; None where they have too many of all cells."""
        if (cell, steps) in self._systems:
            return self._systems[cell, steps]
        if len(self._systems) >= MOST_KEPT:
            self._systems.clear()
        cells, rows = np.array([cell]), np.zeros(0, dtype=np.int64)
        for _ in range(steps):
            rows = np.unique(self._uses[cells].indices)
            cells = np.unique(self._sums[rows].indices)
        if len(cells) > max(WIDEST * self.problem.cells, SMALLEST):
            self._systems[cell, steps] = None
            return None
        part = self._sums[rows]
        model = quiet_model(self._attack.meter)
        model.setOptionValue("presolve", "off")
        model.setOptionValue("simplex_strategy", 4)
        model.changeObjectiveSense(highspy.ObjSense.kMaximize)
        zeros = np.zeros(len(cells))
        model.addVars(len(cells), zeros, zeros)
        sides = np.zeros(len(rows))
        model.addRows(
            len(rows),
            sides,
            sides,
            part.nnz,
            part.indptr[:-1].astype(np.int32),
            np.searchsorted(cells, part.indices).astype(np.int32),
            part.data,
        )
        system = _System(
            model, cells.astype(np.int64), int(np.searchsorted(cells, cell)), np.arange(len(cells), dtype=np.int32)
        )
        self._systems[cell, steps] = system
        return system
