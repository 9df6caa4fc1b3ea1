"""The master problem: the cheapest pattern that satisfies all cuts found so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

from wasl.tables.cells import Floats
from wasl.tables.solver import quiet_model
from wasl.tables.suppression.attack import Cut
from wasl.tables.suppression.cover_cuts import CoverCuts
from wasl.tables.suppression.problem import Problem
from wasl.tables.suppression.work_meter import Clock

__all__ = ["Master", "Relaxed", "Solved"]

Stop = Callable[[], bool]
HEURISTICS = ("mip_heuristic_run_rins", "mip_heuristic_run_rens", "mip_heuristic_run_root_reduced_cost")
"""Heuristics of HiGHS that run whatever effort is asked of them."""


@dataclass(frozen=True, slots=True)
class Relaxed:
    """The optimum of the relaxation: a pattern between 0 and 1, its cost, and the reduced costs."""

    pattern: Floats = field(repr=False)
    cost: float
    reduced: Floats = field(repr=False)


@dataclass(frozen=True, slots=True)
class Solved:
    """The answer of the integer program: a pattern (or None), and a bound no pattern can go below."""

    pattern: NDArray[np.bool_] | None = field(repr=False)
    bound: float
    finished: bool


class Master:
    """The relaxation, which grows by cuts, and the integer program over the same cuts."""

    def __init__(self, problem: Problem, clock: Clock | None = None) -> None:
        self.problem = problem
        self.clock = Clock(np.inf) if clock is None else clock
        secondary = ~problem.unsafe & ~problem.fixed & (problem.cost > 0)
        self.unit = float(problem.cost[secondary].mean()) if secondary.any() else 1.0
        """Costs are divided by it, for numerical reasons."""
        self.cuts: list[Cut] = []
        self._low = problem.unsafe.astype(np.float64)
        self._high = np.where(problem.fixed & ~problem.unsafe, 0.0, 1.0)
        self._cost = np.where(problem.unsafe, 0.0, problem.cost) / self.unit
        self._columns = np.arange(problem.cells, dtype=np.int32)
        self._row = problem.relations.row_of_entry()
        self._bridges: set[tuple[int, int]] = set()
        self._accompanied = (~problem.unsafe | problem.demanded)[problem.relations.index]
        self._covers = CoverCuts()
        self._model = quiet_model(self.clock.meter)
        self._model.addVars(problem.cells, self._low, self._high)
        self._model.changeColsCost(problem.cells, self._columns, self._cost)

    def add(self, cuts: Sequence[Cut]) -> None:
        """Add cuts, and later their cover inequalities."""
        self._covers.note(cuts)
        self._add_rows(cuts)

    def add_covers(self, pattern: Floats) -> int:
        """Add violated cover inequalities of the cuts; return how many."""
        cuts = self._covers.violated(pattern)
        self._add_rows(cuts)
        return len(cuts)

    def _add_rows(self, cuts: Sequence[Cut]) -> None:
        if not cuts:
            return
        self.cuts.extend(cuts)
        start = np.concatenate([[0], np.cumsum([len(cut.cells) for cut in cuts])])
        self._model.addRows(
            len(cuts),
            np.ones(len(cuts)),
            np.full(len(cuts), highspy.kHighsInf),
            int(start[-1]),
            start[:-1].astype(np.int32),
            np.concatenate([cut.cells for cut in cuts]),
            np.concatenate([cut.weight for cut in cuts]),
        )

    def add_bridges(self, pattern: Floats) -> int:
        """Add violated bridge inequalities; return how many.

        A lone suppressed cell in a sum can be computed, so suppressing it protects nothing: an optimal pattern
        suppresses none or at least two cells of each sum. A cell that stays suppressed although nobody need be kept
        from computing it (it was withheld in an earlier table) may be the only one.
        """
        relations = self.problem.relations
        at = pattern[relations.index]
        total = np.bincount(self._row, weights=at, minlength=relations.rows)[self._row]
        violated = np.flatnonzero((at > total - at + 1e-6) & self._accompanied)
        added = 0
        for entry in violated:
            row, cell = int(self._row[entry]), int(relations.index[entry])
            if (row, cell) in self._bridges:
                continue
            self._bridges.add((row, cell))
            others = relations.index[relations.start[row] : relations.start[row + 1]]
            weight = np.where(others == cell, -1.0, 1.0)
            self._model.addRow(0.0, highspy.kHighsInf, len(others), others.astype(np.int32), weight)
            added += 1
        return added

    def relax(self) -> Relaxed | None:
        """The optimum of the relaxation; None if no pattern satisfies the cuts."""
        self._model.run()
        if self._model.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            self._model.clearSolver()
            self._model.run()
            if self._model.getModelStatus() != highspy.HighsModelStatus.kOptimal:
                return None
        solution = self._model.getSolution()
        pattern = np.clip(np.array(solution.col_value), 0.0, 1.0)
        cost = self._model.getInfo().objective_function_value * self.unit
        return Relaxed(pattern, cost, np.array(solution.col_dual) * self.unit)

    def fix_by_reduced_cost(self, relaxed: Relaxed, incumbent: float) -> int:
        """Fix cells whose change would cost more than the best known pattern; return how many are still free."""
        slack = incumbent - relaxed.cost
        out = (relaxed.pattern < 1e-9) & (relaxed.reduced > slack * (1 + 1e-9) + 1e-9 * max(1.0, incumbent))
        into = (relaxed.pattern > 1 - 1e-9) & (-relaxed.reduced > slack * (1 + 1e-9) + 1e-9 * max(1.0, incumbent))
        self._high[out & ~self.problem.unsafe] = 0.0
        self._low[into & (self._high > 0)] = 1.0
        self._model.changeColsBounds(len(self._columns), self._columns, self._low, self._high)
        return int((self._low < self._high).sum())

    def solve(
        self,
        *,
        seconds: float,
        gap: float,
        near: Sequence[NDArray[np.bool_]] = (),
        stop: Stop | None = None,
        plain: bool = False,
    ) -> Solved:
        """The integer program over all cuts.

        Args:
            seconds: Time limit; units of work where the clock counts these.
            gap: Relative gap at which to stop.
            near: Patterns that agree on most cells; only where they differ may the answer vary. The bound is then
                none of the whole problem.
            stop: Asked now and then whether to give up.
            plain: Without HiGHS's heuristics. Where answers will be cut off anyway, they took half of the time.
        """
        # A model of its own: after an interrupted integer program HiGHS 1.16 refuses the next one of the same model,
        # and given a solution to start from, it can return that one in place of its optimum.
        model = quiet_model(self.clock.meter)
        model.passModel(self._model.getLp())
        if plain:
            model.setOptionValue("mip_heuristic_effort", 0.0)
            for heuristic in HEURISTICS:
                model.setOptionValue(heuristic, False)
        if near:
            low = np.where(np.logical_and.reduce(near), self._high, self._low)
            high = np.where(np.logical_or.reduce(near), self._high, self._low)
            model.changeColsBounds(len(self._columns), self._columns, low, high)
        kinds = np.full(len(self._columns), highspy.HighsVarType.kInteger)
        model.changeColsIntegrality(len(self._columns), self._columns, kinds)
        checks = self.clock.checks(seconds, model.getNumRow())
        if checks is None:
            model.setOptionValue("time_limit", max(seconds, 0.1))
        model.setOptionValue("mip_rel_gap", max(gap, 1e-9))
        model.setOptionValue("mip_abs_gap", 1e-9)
        asked = 0

        def check(event: Any) -> None:
            nonlocal asked
            asked += 1
            if (checks is not None and asked > checks) or (stop is not None and stop()):
                event.interrupt()

        meter, before = self.clock.meter, self.clock.meter.units
        model.cbMipInterrupt.subscribe(check)
        try:
            model.run()
        finally:
            model.cbMipInterrupt.clear()  # type: ignore[no-untyped-call]
        if checks is not None and asked > checks:  # it had all that it was given
            meter.units = max(meter.units, before + seconds)
        status = model.getModelStatus()
        info = model.getInfo()
        values = np.array(model.getSolution().col_value)
        found = len(values) > 0 and info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        return Solved(
            values > 0.5 if found else None,
            float(info.mip_dual_bound) * self.unit,
            status in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kInfeasible),
        )
