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
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wasl.tables.suppression.attack import AttackModel
from wasl.tables.suppression.complete_nearby import complete_nearby
from wasl.tables.suppression.heuristic import PROGRAMS, complete, complete_quickly, cost_of
from wasl.tables.suppression.improve import prune
from wasl.tables.suppression.infeasible import require_feasible
from wasl.tables.suppression.master import Master, Relaxed
from wasl.tables.suppression.nearby import Nearby
from wasl.tables.suppression.presolve import Reduced, reduce_problem
from wasl.tables.suppression.problem import Problem, Suppression
from wasl.tables.suppression.proof import PRUNE_SHARE, cheap_cuts, prove, relax, relax_nearby
from wasl.tables.suppression.row_cuts import RowCuts
from wasl.tables.suppression.state import SearchProgress, State
from wasl.tables.suppression.work_meter import Clock

__all__ = ["SearchProgress", "suppress"]

PROOF_SHARE = 0.45
"""Share of the time for integer programs before the heuristic, where the search is slow. On 3,168 cells the heuristic
ends six percent cheaper after four of them than after the relaxation."""
HASTY = 1
"""Programs for one movement in the first answer of a slow search."""
SCALING_SHARE = 0.1
"""Share of the time in which movements of a slow search are made cheaper; without a limit it took half of 60 s."""
GRACE = 0.1
"""Share of the time limit by which a first answer may pass it, and the seconds it gets at least."""
LEAST_GRACE = 2.0
LEAST_GAP = 1e-6
"""Share of the cost by which it may exceed the bound where the search ended with a proof."""
CERTAIN = 5e-7
"""Share of a level that may be missing at the end; the interval audit refuses tables at 1e-6."""
ONE_HALF = 0.5
TAKEN = 1e-6
"""Cells of which the first relaxation suppresses more are in the first answer of a slow search: few targets are then
open. From the unsafe cells alone it took five times as long on 3,168 cells without hierarchies."""
HUGE = 5_000
"""Cells after reduction above which one program over all of them takes a second or more: none is then solved, unless
the near cells do not suffice."""
NEAR_SHARE = 0.15
"""Share of the limit for the bound of so large a table."""
SLOW = 10_000
"""Unsafe cells times cells for each second of the time limit; above it the search attacks less. It does not depend on
the clock. Attacking all unsafe cells takes .1 to .3 s at 300,000 (1,000 cells) and 1 to 2 s at 1,200,000 (3,168)."""
LONG = 100.0
"""Limit above which more time is no reason to attack more. On 3,168 cells a search of 1,400 units that attacked all
spent two thirds in one integer program, and its pattern cost 1.3 % more than that of 60 units (decision 349)."""


def suppress(
    problem: Problem,
    *,
    seconds: float = 60.0,
    work: float | None = None,
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
        seconds: Time limit, wall clock; infinity: none.
        work: Limit of work (see `Clock`): two searches that it ends have the same pattern, on whatever machine.
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
    clock = Clock(seconds, work)
    state = State(small, clock, stop, progress, reduced.base)
    attack = AttackModel(small, clock.meter)
    # Where a pattern to begin with is given, or near cells give one, attacking it shows as much; the check follows if
    # it cannot be completed.
    huge = small.cells > HUGE and not small.singletons
    later = (start is not None or huge) and not small.singletons
    checked = require_feasible(problem, reduced, attack, (lambda: True) if later else stop)
    state.slow = np.isfinite(clock.limit) and len(small.targets()) * small.cells > SLOW * min(clock.limit, LONG)
    state.nearby = Nearby(attack) if state.slow else None
    master, rows = Master(small, clock), RowCuts(small)
    begin = None if start is None else reduced.shrunk(start)
    if state.slow and begin is None:
        early = cheap_cuts(master, rows, state)
        begin = None if early is None else early.pattern > TAKEN
    if huge:
        begin = _by_near_cells(small, master, rows, begin, state)
    if huge and state.best is not None:
        return _result(problem, reduced, state, gap, fast, {"demand_checked_first": checked, "cuts": len(master.cuts)})
    _first_answer(small, attack, begin, state)
    relaxed = relax(master, rows, attack, state)
    if state.slow and not fast and relaxed is not None:  # the integer program guides better than the relaxation
        prove(master, rows, attack, state, gap, until=state.limit * (1 - PROOF_SHARE))
    _guided_answer(small, attack, relaxed, state, master)
    if not fast and relaxed is not None:
        prove(master, rows, attack, state, gap)
    if not _protects(small, attack, state) and not checked:  # the check that the demand can be met was ended, or left
        require_feasible(problem, reduced, attack)
    more = {"demand_checked_first": checked, "attacks": attack.solved, "cuts": len(master.cuts)}
    return _result(problem, reduced, state, gap, fast, more)


def _result(
    problem: Problem, reduced: Reduced, state: State, gap: float, fast: bool, steps: dict[str, Any]
) -> Suppression:
    """The best pattern, as one of the whole problem."""
    assert state.best is not None  # noqa: S101 - the first answer exists, else require_feasible had refused
    pattern = problem.unsafe | reduced.spread(state.best)
    proven = state.closed(gap)
    cost, bound = state.cost + reduced.base, state.bound + reduced.base
    state.over()  # the last program may have used up what was left
    ended = "proof" if proven else state.ended_by
    state.steps |= {"ended_by": "gap" if proven and cost > bound * (1 + LEAST_GAP) else ended}
    state.steps |= {"lone_levels_lowered": len(reduced.problem.relief)}
    state.steps |= {"work": round(state.clock.meter.units, 3), "cells_after_reduction": reduced.problem.cells} | steps
    return Suppression(
        pattern,
        cost,
        cost if proven and gap == 0 else min(bound, cost),
        proven,
        "heuristic" if fast else "exact",
        state.interrupted and not proven,
        state.steps,
    )


def _by_near_cells(
    problem: Problem, master: Master, rows: RowCuts, start: NDArray[np.bool_] | None, state: State
) -> NDArray[np.bool_] | None:
    """Offer a pattern, and raise the bound, without any program over all cells.

    The second pattern is guided by the relaxation of near sums, and taken if it is cheaper.

    Returns:
        A pattern to begin with where some target needs all cells; nothing is offered then.
    """
    begin, meter = problem.unsafe if start is None else start | problem.unsafe, state.clock.meter
    found = complete_nearby(problem, begin, meter, stop=state.over)
    if found is None or found[1]:
        return start if found is None else found[0]
    took = state.clock.now()
    state.steps |= {"first_answer": "heuristic", "first_answer_seconds": round(time.monotonic() - state.clock.began, 2)}
    state.offer(found[0])
    state.report("heuristic")
    relaxed = relax_nearby(master, rows, state, NEAR_SHARE * state.limit)
    if relaxed is not None and state.left() > took:
        guided = complete_nearby(problem, problem.unsafe, meter, guide=relaxed.pattern, stop=state.over)
        if guided is not None and not guided[1]:
            state.offer(guided[0])
            state.report("heuristic")
    return found[0]


def _first_answer(problem: Problem, attack: AttackModel, start: NDArray[np.bool_] | None, state: State) -> None:
    """A pattern that protects, as soon as possible: the time limit must not strike before there is one."""
    until: list[float] = []

    def too_late() -> bool:
        if not until and state.over():
            limit = state.limit if np.isfinite(state.limit) else 0.0
            until.append(state.clock.now() + max(LEAST_GRACE, GRACE * limit))
        return bool(until) and state.clock.now() > until[0]

    begin = problem.unsafe if start is None else start | problem.unsafe
    programs = HASTY if state.slow else PROGRAMS
    pattern = complete_quickly(problem, attack, begin, programs=programs, stop=too_late)
    state.steps["first_answer"] = "heuristic" if pattern is not None else "everything"
    if pattern is None:
        pattern = ~problem.fixed | problem.unsafe  # suppressing everything protects: this was checked before
    state.offer(pattern)
    state.steps["first_answer_seconds"] = round(time.monotonic() - state.clock.began, 2)
    state.report("heuristic")


def _protects(problem: Problem, attack: AttackModel, state: State) -> bool:
    """Attack the best pattern a last time: movements near the solver's precision may have been taken for none.

    Returns:
        False where it does not protect and cannot be repaired; everything that may be is then suppressed.
    """
    assert state.best is not None  # noqa: S101
    for known in problem.attackers:
        if attack.check(state.best.astype(np.float64), tolerance=CERTAIN, known=known, limit=1).open:
            repaired = complete(problem, attack, state.best)
            state.best = ~problem.fixed | problem.unsafe if repaired is None else repaired
            state.cost = cost_of(problem, state.best)
            state.steps["repaired_at_the_end"] = True
            return repaired is not None
    return True


def _guided_answer(
    problem: Problem, attack: AttackModel, relaxed: Relaxed | None, state: State, master: Master
) -> None:
    """Round the relaxation and complete it; then remove idle cells from the cheaper of the answers."""
    guide = like = None if relaxed is None else relaxed.pattern
    rounded = problem.unsafe.copy() if guide is None else (guide > ONE_HALF) | problem.unsafe
    if state.answer is not None:
        rounded, guide = state.answer, None
    if state.slow:
        least = state.left() - SCALING_SHARE * state.limit
        pattern = complete_quickly(
            problem, attack, rounded, guide=like, more=lambda: state.left() > least, stop=state.over
        )
        state.offer(pattern)
    else:
        state.offer(complete(problem, attack, rounded, guide=guide, stop=state.over))
    until = 0.0 if state.slow else state.left() * (1 - PRUNE_SHARE)
    state.report("heuristic")
    assert state.best is not None  # noqa: S101
    pruned, cuts = prune(
        problem, attack, state.best, stop=partial(state.past, until), cuts=master.cuts, nearby=state.nearby
    )
    state.offer(pruned)
    master.add(cuts)
    state.steps["first_cost"] = state.cost + state.base
    state.report("heuristic")
