"""The search for the cheapest protecting pattern: cuts, a heuristic that keeps a feasible answer, and the proof.

1. Equal cells become one, and cells that cannot move are left out.
2. A heuristic finds a first feasible answer in one pass.
3. The relaxation grows by the attacker's cuts until it protects every unsafe cell fractionally: a first bound.
4. The heuristic completes the relaxation to a better pattern.
5. Cells too dear for any better pattern are fixed (reduced costs).
6. The integer program is solved over the cuts; its answer is attacked; new cuts follow, until it withstands: then it
   is optimal. Each answer is also completed to a feasible pattern, so the best one stands whenever the search ends.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from wasl.tables.suppression.attack import AttackModel
from wasl.tables.suppression.heuristic import complete, complete_quickly, prune
from wasl.tables.suppression.infeasible import require_feasible
from wasl.tables.suppression.master import Master, Relaxed
from wasl.tables.suppression.presolve import reduce_problem
from wasl.tables.suppression.problem import Problem, Suppression
from wasl.tables.suppression.proof import prove, relax
from wasl.tables.suppression.row_cuts import RowCuts
from wasl.tables.suppression.state import SearchProgress, State

__all__ = ["SearchProgress", "suppress"]

GRACE = 0.1
"""Share of the time limit by which a first answer may pass it, and the seconds it gets at least."""
LEAST_GRACE = 2.0
ONE_HALF = 0.5
PRUNE_SHARE = 0.3
"""Share of the remaining time that the first removal of idle cells may take; the integer program needs the rest."""


def suppress(
    problem: Problem,
    *,
    seconds: float = 60.0,
    gap: float = 0.0,
    fast: bool = False,
    stop: Callable[[], bool] | None = None,
    progress: SearchProgress | None = None,
    start: NDArray[np.bool_] | None = None,
) -> Suppression:
    """A protecting pattern, the cheapest one where time allows, and a bound for its cost.

    A first feasible pattern is found before anything else. Where the time limit or the user ends the search before
    there is one, it gets ``GRACE`` of the time limit more; then everything that may be is suppressed.

    Args:
        problem: What to protect.
        seconds: Time limit, wall clock.
        gap: Relative gap between cost and bound at which the search may stop.
        fast: Stop after the heuristic; the bound is then that of the relaxation.
        stop: Asked now and then; True ends the search with the best pattern.
        progress: Told about bound and cost.
        start: A pattern to begin with, if one is known.

    Raises:
        PolicyError: No pattern protects some cell; names the cells and sums that make it so.
    """
    reduced = reduce_problem(problem)
    small = reduced.problem
    state = State(small, seconds, stop, progress, reduced.base)
    attack = AttackModel(small)
    require_feasible(problem, reduced, attack)
    _first_answer(small, attack, None if start is None else reduced.shrunk(start), state)
    master, rows = Master(small), RowCuts(small)
    relaxed = relax(master, rows, attack, state)
    _guided_answer(small, attack, relaxed, state)
    if not fast and relaxed is not None:
        prove(master, rows, attack, state, gap)
    assert state.best is not None  # noqa: S101 - the first answer exists, else require_feasible had refused
    pattern = problem.unsafe | reduced.spread(state.best)
    proven = state.closed(gap)
    cost, bound = state.cost + reduced.base, state.bound + reduced.base
    state.steps |= {"attacks": attack.solved, "cuts": len(master.cuts), "cells_after_reduction": small.cells}
    return Suppression(
        pattern,
        cost,
        cost if proven and gap == 0 else min(bound, cost),
        proven,
        "heuristic" if fast else "exact",
        state.interrupted and not proven,
        state.steps,
    )


def _first_answer(problem: Problem, attack: AttackModel, start: NDArray[np.bool_] | None, state: State) -> None:
    """A pattern that protects, as soon as possible: the time limit must not strike before there is one."""
    until: list[float] = []

    def too_late() -> bool:
        if not until and state.over():
            until.append(time.monotonic() + max(LEAST_GRACE, GRACE * state.seconds))
        return bool(until) and time.monotonic() > until[0]

    begin = problem.unsafe if start is None else start | problem.unsafe
    pattern = complete_quickly(problem, attack, begin, stop=too_late)
    state.steps["first_answer"] = "heuristic" if pattern is not None else "everything"
    if pattern is None:
        pattern = ~problem.fixed | problem.unsafe  # suppressing everything protects: this was checked before
    state.offer(pattern)
    state.report("heuristic")


def _guided_answer(problem: Problem, attack: AttackModel, relaxed: Relaxed | None, state: State) -> None:
    """Round the relaxation and complete it; then remove idle cells from the cheaper of the answers."""
    guide = None if relaxed is None else relaxed.pattern
    rounded = problem.unsafe.copy() if guide is None else (guide > ONE_HALF) | problem.unsafe
    state.offer(complete(problem, attack, rounded, guide=guide, stop=state.over))
    until = state.left() * (1 - PRUNE_SHARE)
    assert state.best is not None  # noqa: S101
    state.offer(prune(problem, attack, state.best, stop=lambda: state.over() or state.left() < until))
    state.steps["first_cost"] = state.cost + state.base
    state.report("heuristic")
