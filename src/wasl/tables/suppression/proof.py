"""The proof: a relaxation that grows by cuts, and an integer program whose answers are attacked."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from wasl.tables.cells import Floats
from wasl.tables.suppression.attack import AttackModel, Check, Cut
from wasl.tables.suppression.heuristic import TOLERANCE, complete, cost_of
from wasl.tables.suppression.improve import prune
from wasl.tables.suppression.master import Master, Relaxed
from wasl.tables.suppression.nearby import STEPS
from wasl.tables.suppression.row_cuts import RowCuts
from wasl.tables.suppression.state import State

__all__ = ["PRUNE_SHARE", "cheap_cuts", "prove", "relax", "relax_nearby"]

TAIL_ROUNDS = 12
"""Rounds of cuts over which the bound must rise by ``TAIL_RISE`` of itself; else the integer program takes over."""
TAIL_RISE = 1e-3
INWARDS = (0.1, 0.02, 0.005)
"""Shares of everything suppressed that are mixed into the relaxation before it is attacked, one after the other. The
relaxation lies in a corner, where many cuts are equally good; a little inwards one of them is left, which few patterns
satisfy. On 3,168 cells the bound after 12 s is a tenth higher, on two unsafe cells of them a third."""
FEW, FEW_OF_ALL = 0.3, 0.03
"""Where less than this share of the targets that gave a cut before gives another, all are attacked again. Where less
than this share of all gives one, the relaxation is attacked nearer to its corner."""
RELAX_SHARE = 0.25
RELAX_SHARE_WHEN_SLOW = 0.25
"""Share of the time that the relaxation may take; the integer program raises the bound by more."""
REPAIR_EVERY = 4
"""Rounds of the integer program between two repairs of its answer: a repair costs as much as a round."""
BLENDS = (0.1, 0.01, 0.001)
"""Shares of a protected pattern mixed into the one that is attacked. A pattern of zeros and ones gives many equally
good cuts; a little room in the other cells singles out one that few patterns satisfy. On the reference tables these
cuts raise the bound several times faster."""
BLEND_NEARBY = 0.02
"""The same for attacks by the sums near each target."""
BLENDS_WHEN_SLOW = (0.01,)
LOOSE = 0.3
"""Share of the present gap to which the integer program is solved: its answers will be cut off anyway."""
LOOSEST = 0.01
BETWEEN = 25
"""Most small programs after each integer program over all cells."""
ONE_HALF = 0.5
PRUNE_SHARE = 0.3
"""Share of the remaining time that one removal of idle cells may take; the integer program needs the rest."""
IDLE_BLENDS = 0.25
"""Where blends give fewer further cuts than this share of those already found, a slow search goes without them."""
LONGEST = 0.05
"""Share of the time limit that one integer program may take where the search is slow: the cuts of its answer, attacked,
raise the bound by more than its end."""
ENOUGH = 0.05
"""Where the sums near the targets give so many cuts for each, an answer is not attacked by programs over all sums."""
WORTH = 1.1
"""Patterns dearer than the best one by more are not pruned: removal of idle cells rarely saves a tenth."""


def relax(master: Master, rows: RowCuts, attack: AttackModel, state: State) -> Relaxed | None:
    """Add cuts to the relaxation until it is protected, or its bound hardly rises."""
    history: list[float] = []
    most = state.limit * (RELAX_SHARE_WHEN_SLOW if state.slow else RELAX_SHARE)
    until = state.left() - most
    relaxed = relax_nearby(master, rows, state, most)
    if state.nearby is not None and not attack.problem.singletons:
        state.steps["relaxation_bound"] = state.bound
        return relaxed  # integer programs, whose answers are attacked by all sums, raise the bound by more
    everything = (~attack.problem.fixed | attack.problem.unsafe).astype(np.float64)
    shares, targets = [*INWARDS, 0.0], None
    most = len(attack.problem.targets())
    while relaxed is not None and not state.over():
        state.raise_bound(relaxed.cost)
        history.append(relaxed.cost)
        inner = (1 - shares[0]) * relaxed.pattern + shares[0] * everything
        cuts, hit = attack.clipped(inner, tolerance=1e-3, targets=targets)
        if len(cuts) >= max(FEW_OF_ALL * most if targets is None else FEW * len(targets), 1):
            targets = hit if state.slow else None
        elif targets is not None:
            targets = None
        elif len(shares) > 1:
            shares = shares[1:]
        elif not cuts:
            cuts = attack.check(relaxed.pattern, tolerance=1e-4).cuts
        for known in range(len(attack.problem.singletons)):
            if state.over():
                break
            cuts.extend(attack.check(relaxed.pattern, tolerance=1e-4, known=known).cuts)
        state.report("cuts")
        if (not cuts and targets is None and len(shares) == 1) or state.left() < until:
            break
        if len(history) > TAIL_ROUNDS and history[-1] - history[-1 - TAIL_ROUNDS] < TAIL_RISE * abs(history[-1]):
            break
        master.add(cuts)
        relaxed = cheap_cuts(master, rows, state)
    state.steps["relaxation_rounds"] = len(history)
    state.steps["relaxation_bound"] = state.bound
    return relaxed


def relax_nearby(master: Master, rows: RowCuts, state: State, most: float) -> Relaxed | None:
    """Add cuts of the sums near each target to the relaxation, until few give one.

    Args:
        master: The relaxation.
        rows: Cuts of single sums.
        state: Best pattern, bound and clock.
        most: Seconds or units of work for it.
    """
    until = state.left() - most
    relaxed = cheap_cuts(master, rows, state)
    nearby = state.nearby
    if nearby is None:
        return relaxed
    everything = (~state.problem.fixed | state.problem.unsafe).astype(np.float64)
    least = max(FEW_OF_ALL * len(nearby.targets), 1)
    for share in (*INWARDS[:2], 0.0):
        targets, count = nearby.targets, np.inf
        while relaxed is not None and count >= least and not state.past(until):
            state.raise_bound(relaxed.cost)
            inner = (1 - share) * relaxed.pattern + share * everything
            found = nearby.cuts(inner, targets, steps=STEPS[0], tolerance=1e-3)
            targets, count = found.hit, len(found.cuts)
            master.add(found.cuts)
            relaxed = cheap_cuts(master, rows, state)
            state.report("cuts")
    if relaxed is not None:
        state.raise_bound(relaxed.cost)
    return relaxed


def cheap_cuts(master: Master, rows: RowCuts, state: State) -> Relaxed | None:
    """Solve the relaxation, add cuts of single sums and cover inequalities, until none is violated."""
    while True:
        relaxed = master.relax()
        if relaxed is None:
            return None
        cuts = rows.violated(relaxed.pattern)
        master.add(cuts)
        added = len(cuts) + master.add_bridges(relaxed.pattern)
        added += master.add_covers(relaxed.pattern)
        if not added or state.over():
            return relaxed


def prove(
    master: Master, rows: RowCuts, attack: AttackModel, state: State, gap: float, *, until: float | None = None
) -> None:
    """Solve the integer program, attack its answer, add cuts, until the answer withstands or time is over.

    Args:
        master: The relaxation and the integer program.
        rows: Cuts of single sums.
        attack: The attacker's programs.
        state: Best pattern, bound and clock.
        gap: Relative gap at which to stop.
        until: Stop when fewer seconds are left, and repair no answer before.
    """
    rounds = int(state.steps.get("integer_rounds", 0))
    problem, longest = state.problem, LONGEST
    while not state.past(until or 0.0) and not state.closed(gap):
        relaxed = cheap_cuts(master, rows, state)
        if relaxed is None:  # cells dearer than the best pattern are fixed, so nothing cheaper is left
            state.raise_bound(state.cost)
            break
        state.raise_bound(relaxed.cost)
        state.steps["free"] = master.fix_by_reduced_cost(relaxed, state.cost)
        present = (state.cost - state.bound) / state.cost if state.cost > 0 else 0.0
        asked = max(gap / 2, min(LOOSE * present, LOOSEST) if present > 4e-4 else 0.0)
        most = state.limit * longest if state.slow else np.inf
        seconds = min(state.left() - (until or 0.0), most)
        solved = master.solve(seconds=seconds, gap=asked, stop=state.over, plain=state.slow)
        rounds += 1
        state.raise_bound(solved.bound)
        if solved.pattern is None:
            if solved.finished:  # nothing within the cuts is cheaper than the best pattern
                state.raise_bound(state.cost)
            break
        state.answer = pattern = solved.pattern | problem.unsafe
        bridges = master.add_bridges(pattern.astype(np.float64))
        near = _nearby_cuts(state, pattern)
        if state.nearby is not None and len(near) >= ENOUGH * len(state.nearby.targets):
            master.add(near)
            state.report("proof")
            continue
        check = _attacked(attack, pattern)
        if check.open:
            master.add(_deep_cuts(attack, pattern, check, state))
            if not state.slow:  # on slow problems the attacks of many small programs would take all the time
                _search_between(master, rows, attack, state, pattern)
            if until is None and (rounds % REPAIR_EVERY == 1 or not solved.finished):
                found = complete(problem, attack, pattern, guide=pattern.astype(np.float64), stop=state.over)
                if found is not None and cost_of(problem, found) < state.cost * WORTH:
                    until = state.left() * (1 - PRUNE_SHARE) if state.slow else 0.0
                    state.offer(found)
                    pruned, cuts = prune(
                        problem,
                        attack,
                        found,
                        stop=partial(state.past, until),
                        cuts=master.cuts,
                        nearby=state.nearby,
                    )
                    state.offer(pruned)
                    master.add(cuts)
        else:
            state.offer(pattern)
            longest *= 2  # the same program would end with the same answer
        state.report("proof")
        cut_short = not solved.finished and not state.slow
        if not check.open and not bridges and (cut_short or asked <= max(gap / 2, 1e-9)):
            if solved.finished and state.closed(max(gap, 1e-7)) and gap == 0:
                state.bound = max(state.bound, state.cost * (1 - 1e-9))
            break
    state.steps["integer_rounds"] = rounds


def _search_between(
    master: Master, rows: RowCuts, attack: AttackModel, state: State, pattern: NDArray[np.bool_]
) -> None:
    """Look for a pattern between the last answer, the relaxation and the best pattern; every failure gives cuts.

    The programs are small, because cells on which all three agree are fixed: dozens of them cost less than one
    integer program over all cells.
    """
    for _ in range(BETWEEN):
        if state.over() or state.best is None:
            return
        relaxed = cheap_cuts(master, rows, state)
        if relaxed is None:
            return
        state.raise_bound(relaxed.cost)
        near = [pattern, state.best, relaxed.pattern > ONE_HALF]
        solved = master.solve(seconds=min(2.0, state.left()), gap=1e-4, near=near, stop=state.over)
        if solved.pattern is None:
            return
        pattern = solved.pattern | attack.problem.unsafe
        if cost_of(attack.problem, pattern) >= state.cost * (1 - 1e-9):
            return
        check = _attacked(attack, pattern)
        master.add_bridges(pattern.astype(np.float64))
        if not check.open:
            state.offer(pattern)
            continue
        master.add(_deep_cuts(attack, pattern, check, state))


def _attacked(attack: AttackModel, pattern: NDArray[np.bool_]) -> Check:
    """What outsiders find under a pattern, and if that is nothing, what lone contributors find."""
    check = attack.check(pattern.astype(np.float64), tolerance=TOLERANCE)
    if check.open:
        return check
    for known in range(len(attack.problem.singletons)):
        found = attack.check(pattern.astype(np.float64), tolerance=TOLERANCE, known=known)
        check.cuts.extend(found.cuts)
        check.open.extend(found.open)
    return check


def _nearby_cuts(state: State, pattern: NDArray[np.bool_]) -> list[Cut]:
    """Cuts of the sums near each target under a mixture with everything suppressed; none where the search is fast."""
    cuts: list[Cut] = []
    if state.nearby is None:
        return cuts
    everything = (~state.problem.fixed | state.problem.unsafe).astype(np.float64)
    mixed, left = (1 - BLEND_NEARBY) * pattern + BLEND_NEARBY * everything, state.nearby.targets
    for steps in STEPS:
        if not state.over():
            found = state.nearby.cuts(mixed, left, steps=steps, tolerance=1e-3)
            cuts, left = cuts + found.cuts, found.missed
    return cuts


def _deep_cuts(attack: AttackModel, pattern: NDArray[np.bool_], check: Check, state: State) -> list[Cut]:
    """The cuts found, and those under slight mixtures with the best pattern and with everything suppressed."""
    problem = attack.problem
    cuts = list(check.cuts)
    everything = (~problem.fixed | problem.unsafe).astype(np.float64)
    ends: list[Floats] = [everything]
    if state.best is not None and not state.slow:
        ends.append(state.best.astype(np.float64))
    if state.slow and state.blends_idle:
        return cuts
    for end in ends:
        for share in BLENDS_WHEN_SLOW if state.slow else BLENDS:
            if state.over():
                return cuts
            mixed = (1 - share) * pattern + share * end
            if state.slow:  # other limits for every target double the time of an attack
                cuts.extend(attack.check(mixed, tolerance=TOLERANCE).cuts)
            else:
                cuts.extend(attack.clipped(mixed, tolerance=1e-6)[0])
    state.blends_idle = len(cuts) - len(check.cuts) < IDLE_BLENDS * len(check.cuts)
    return cuts
