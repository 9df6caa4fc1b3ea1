"""The search for the cheapest protecting pattern: cuts, a heuristic that keeps a feasible answer, and the proof.

1. The relaxation grows by the attacker's cuts until it protects every unsafe cell fractionally: a first bound.
2. The heuristic completes the relaxation to a pattern: a first feasible answer.
3. Cells too dear for any better pattern are fixed (reduced costs).
4. The integer program is solved over the cuts; its answer is attacked; new cuts follow, until it withstands: then it
   is optimal. Each answer is also completed to a feasible pattern, so the best one stands whenever the search ends.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wasl.tables.suppression.attack import AttackModel
from wasl.tables.suppression.heuristic import TOLERANCE, complete, cost_of, prune
from wasl.tables.suppression.infeasible import require_feasible
from wasl.tables.suppression.master import Master, Relaxed
from wasl.tables.suppression.problem import Problem, Suppression, reduce_problem

__all__ = ["SearchProgress", "suppress"]

SearchProgress = Callable[[str, float, float], None]
"""Called with (what is being done, bound, cost of the best pattern; infinity before there is one)."""

TAIL_ROUNDS = 12
"""Rounds of cuts over which the bound must rise by ``TAIL_RISE`` of itself; else the integer program takes over."""
TAIL_RISE = 1e-3
PRUNE_SHARE = 0.3
"""Share of the remaining time that the first removal of idle cells may take; the integer program needs the rest."""
REPAIR_EVERY = 4
"""Rounds of the integer program between two repairs of its answer: a repair costs as much as a round."""


@dataclass(slots=True)
class _State:
    """The best pattern, the bound, and the clock of a search."""

    problem: Problem
    seconds: float
    stop: Callable[[], bool] | None
    progress: SearchProgress | None
    began: float = field(default_factory=time.monotonic)
    best: NDArray[np.bool_] | None = None
    cost: float = float("inf")
    bound: float = 0.0
    interrupted: bool = False
    steps: dict[str, Any] = field(default_factory=dict)

    def left(self) -> float:
        return self.seconds - (time.monotonic() - self.began)

    def over(self) -> bool:
        if self.left() <= 0 or (self.stop is not None and self.stop()):
            self.interrupted = True
        return self.interrupted

    def offer(self, pattern: NDArray[np.bool_] | None) -> None:
        if pattern is None:
            return
        cost = cost_of(self.problem, pattern)
        if self.best is None or cost < self.cost:
            self.best, self.cost = pattern, cost

    def raise_bound(self, bound: float) -> None:
        if np.isfinite(bound):
            self.bound = max(self.bound, min(bound, self.cost))

    def report(self, what: str) -> None:
        if self.progress is not None:
            self.progress(what, self.bound, self.cost)

    def closed(self, gap: float) -> bool:
        return self.best is not None and self.cost - self.bound <= max(gap, 1e-9) * max(self.cost, 1e-12)


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
    state = _State(small, seconds, stop, progress)
    attack = AttackModel(small)
    require_feasible(problem, small, keep, attack)
    if start is not None and complete(small, attack, start[keep]) is not None:
        state.offer(complete(small, attack, start[keep]))
    master = Master(small)
    relaxed = _relax(master, attack, state)
    _first_answer(small, attack, relaxed, state)
    if not fast and relaxed is not None:
        _prove(master, attack, state, gap)
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


def _first_answer(problem: Problem, attack: AttackModel, relaxed: Relaxed | None, state: _State) -> None:
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


def _relax(master: Master, attack: AttackModel, state: _State) -> Relaxed | None:
    """Add cuts to the relaxation until it is protected, or its bound hardly rises."""
    history: list[float] = []
    relaxed = None
    while not state.over():
        relaxed = master.relax()
        if relaxed is None:
            return None
        state.raise_bound(relaxed.cost)
        history.append(relaxed.cost)
        bridges = master.add_bridges(relaxed.pattern)
        check = attack.check(relaxed.pattern, tolerance=1e-4)
        for known in range(len(attack.problem.singletons)):
            if state.over():
                break
            check.cuts.extend(attack.check(relaxed.pattern, tolerance=1e-4, known=known).cuts)
        state.report("cuts")
        if not bridges and not check.cuts:
            break
        if len(history) > TAIL_ROUNDS and history[-1] - history[-1 - TAIL_ROUNDS] < TAIL_RISE * abs(history[-1]):
            break
        master.add(check.cuts)
    state.steps["relaxation_rounds"] = len(history)
    state.steps["relaxation_bound"] = state.bound
    return relaxed


def _prove(master: Master, attack: AttackModel, state: _State, gap: float) -> None:
    rounds = 0
    problem = state.problem
    while not state.over() and not state.closed(gap):
        fresh = master.relax()
        if fresh is None:  # cells dearer than the best pattern are fixed, so nothing cheaper is left
            state.raise_bound(state.cost)
            break
        relaxed = fresh
        state.raise_bound(relaxed.cost)
        free = master.fix_by_reduced_cost(relaxed, state.cost)
        state.steps["free"] = free
        solved = master.solve(seconds=state.left(), gap=gap / 2, stop=state.over)
        rounds += 1
        state.raise_bound(solved.bound)
        if solved.pattern is None:
            if solved.finished:  # nothing within the cuts is cheaper than the best pattern
                state.raise_bound(state.cost)
            break
        pattern = solved.pattern | problem.unsafe
        cuts = attack.check(pattern.astype(np.float64), tolerance=TOLERANCE).cuts
        bridges = master.add_bridges(pattern.astype(np.float64))
        if not cuts:
            for known in range(len(problem.singletons)):
                cuts.extend(attack.check(pattern.astype(np.float64), tolerance=TOLERANCE, known=known).cuts)
        if not cuts:
            state.offer(pattern)
            if solved.finished and not bridges:
                state.raise_bound(solved.bound)
                if state.closed(max(gap, 1e-7)):
                    state.bound = max(state.bound, state.cost * (1 - 1e-9)) if gap == 0 else state.bound
                break
        else:
            master.add(cuts)
            if rounds % REPAIR_EVERY == 1 or not solved.finished:
                found = complete(problem, attack, pattern, guide=pattern.astype(np.float64), stop=state.over)
                state.offer(None if found is None else prune(problem, attack, found, stop=state.over))
        state.report("proof")
        if not cuts and not bridges and not solved.finished:
            break
    state.steps["integer_rounds"] = rounds
