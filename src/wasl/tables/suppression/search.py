"""The search for the cheapest protecting pattern: cuts, a heuristic that keeps a feasible answer, and the proof.

1. The relaxation grows by the attacker's cuts until it protects every unsafe cell fractionally: a first bound.
2. The heuristic completes the relaxation to a pattern: a first feasible answer.
3. Cells too dear for any better pattern are fixed (reduced costs).
4. The integer program is solved over the cuts; its answer is attacked; new cuts follow, until it withstands: then it
   is optimal. Each answer is also completed to a feasible pattern, so the best one stands whenever the search ends.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from wasl.tables.suppression.attack import AttackModel
from wasl.tables.suppression.heuristic import complete, prune
from wasl.tables.suppression.infeasible import require_feasible
from wasl.tables.suppression.master import Master, Relaxed
from wasl.tables.suppression.problem import Problem, Suppression, reduce_problem
from wasl.tables.suppression.proof import prove, relax
from wasl.tables.suppression.row_cuts import RowCuts
from wasl.tables.suppression.state import SearchProgress, State

__all__ = ["SearchProgress", "suppress"]

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

    The first feasible pattern is always completed, even past the time limit: an answer is never left half protected.

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
    small, keep = reduce_problem(problem)
    state = State(small, seconds, stop, progress)
    attack = AttackModel(small)
    require_feasible(problem, small, keep, attack)
    if start is not None and complete(small, attack, start[keep]) is not None:
        state.offer(complete(small, attack, start[keep]))
    master, rows = Master(small), RowCuts(small)
    relaxed = relax(master, rows, attack, state)
    _first_answer(small, attack, relaxed, state)
    if not fast and relaxed is not None:
        prove(master, rows, attack, state, gap)
    assert state.best is not None  # noqa: S101 - the first answer exists, else require_feasible had refused
    pattern = problem.unsafe.copy()
    pattern[keep[state.best]] = True
    proven = state.closed(gap)
    state.steps |= {"attacks": attack.solved, "cuts": len(master.cuts)}
    return Suppression(
        pattern,
        state.cost,
        state.cost if proven and gap == 0 else min(state.bound, state.cost),
        proven,
        "heuristic" if fast else "exact",
        state.interrupted and not proven,
        state.steps,
    )


def _first_answer(problem: Problem, attack: AttackModel, relaxed: Relaxed | None, state: State) -> None:
    """Round the relaxation and complete it; without time for that, suppress what the heuristic says unguided."""
    guide = None if relaxed is None else relaxed.pattern
    rounded = problem.unsafe.copy() if guide is None else (guide > 0.5) | problem.unsafe
    pattern = complete(problem, attack, rounded, guide=guide)
    if pattern is None:
        pattern = ~problem.fixed | problem.unsafe  # suppressing everything protects: this was checked before
    state.offer(pattern)
    until = state.left() * (1 - PRUNE_SHARE)
    state.offer(prune(problem, attack, pattern, stop=lambda: state.over() or state.left() < until))
    state.steps["first_cost"] = state.cost
    state.report("heuristic")
