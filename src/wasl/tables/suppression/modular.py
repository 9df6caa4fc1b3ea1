"""A start for tables too large for one search: sub-tables one after the other, from the totals down.

A sub-table has one code of each dimension and the codes directly below it. Each is a small problem, solved as any
other. Its withheld cells are unsafe in the sub-tables that share them, by as much as they move there; these are solved
(again) until none changes. The whole is attacked afterwards as any pattern is: a movement may go through several
sub-tables, and fit into each but not into all. The heuristic of the whole then protects the cells that are left open.

*Source:* the order of sub-tables is that of P.-P. de Wolf, "HiTaS: a heuristic approach to cell suppression in
hierarchical tables", in Inference Control in Statistical Databases, LNCS 2316 (2002), 74-82.

Does not protect against: anything by itself; the completion and the interval audit do.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from wasl.tables.cells import Floats, Ints, Relations
from wasl.tables.suppression.attack import AttackModel
from wasl.tables.suppression.heuristic import TOLERANCE
from wasl.tables.suppression.infeasible import InfeasibleDemandError
from wasl.tables.suppression.problem import Problem, Suppression
from wasl.tables.suppression.search import SearchProgress, suppress

__all__ = ["Start", "start_from_parts", "suppress_in_parts"]

AT_ONCE = 20
"""The limit of one sub-table is the whole limit over this at most: most take far less, and the rest is for others."""
SHARE = 0.5
"""Share of the limit for all sub-tables; the rest is for the completion, which protects."""
EFFORT = 40_000
"""Unsafe cells times cells, summed over all sub-tables, for each second of their share. Above it the time is not enough
for them, and they are left out. 120 sub-tables of 3,168 cells took 30 s at 1,000,000."""
MOST_PASSES = 6
"""Passes over the sub-tables; those that still change then are left to the completion."""


@dataclass(frozen=True, slots=True)
class Start:
    """A pattern to begin with, and how it came about.

    Attributes:
        pattern: Unsafe cells, and what the sub-tables withhold.
        solved: Sub-tables solved, repetitions included.
        settled: Whether no sub-table changed any more.
        work: Units of work done.
    """

    pattern: NDArray[np.bool_] = field(repr=False)
    solved: int
    settled: bool
    work: float


def suppress_in_parts(
    problem: Problem,
    parts: Sequence[Ints],
    *,
    seconds: float = 60.0,
    work: float | None = None,
    gap: float = 0.0,
    stop: Callable[[], bool] | None = None,
    progress: SearchProgress | None = None,
) -> Suppression:
    """A protecting pattern that begins with sub-tables, and a bound of the whole.

    Args:
        problem: The whole.
        parts: The cells of each sub-table, from the totals down.
        seconds: Limit of time; infinity: none.
        work: Limit of work; None: none.
        gap: Relative gap between cost and bound at which the search may stop.
        stop: Asked now and then whether to end with the best pattern.
        progress: Told about bound and cost.

    Raises:
        PolicyError: No pattern protects some cell; names the cells and sums that make it so.
    """
    began = time.monotonic()
    half = None if work is None else SHARE * work
    effort = sum(int(problem.unsafe[cells].sum()) * len(cells) for cells in parts)
    start = None
    if effort <= EFFORT * SHARE * (seconds if work is None else work):
        start = start_from_parts(problem, parts, seconds=SHARE * seconds, work=half, stop=stop)
    done, solved, settled = (0.0, 0, False) if start is None else (start.work, start.solved, start.settled)
    answer = suppress(
        problem,
        seconds=max(seconds - (time.monotonic() - began), (1 - SHARE) * seconds),
        work=None if work is None else max(work - done, (1 - SHARE) * work),
        gap=gap,
        fast=True,
        stop=stop,
        progress=progress,
        start=None if start is None else start.pattern,
    )
    steps = {"sub_tables": len(parts), "sub_tables_solved": solved, "sub_tables_settled": settled}
    steps["work"] = round(answer.steps["work"] + done, 3)
    return replace(answer, method="modular", steps=answer.steps | steps)


def start_from_parts(
    problem: Problem,
    parts: Sequence[Ints],
    *,
    seconds: float,
    work: float | None = None,
    stop: Callable[[], bool] | None = None,
) -> Start:
    """Solve the sub-tables in their order, until none changes or the limit strikes.

    Args:
        problem: The whole.
        parts: The cells of each sub-table, from the totals down.
        seconds: Limit of time; infinity: none.
        work: Limit of work; None: none.
        stop: Asked between sub-tables whether to end.
    """
    began, done, solved = time.monotonic(), 0.0, 0
    pattern = problem.unsafe.copy()
    lower = np.where(problem.unsafe, problem.lower, 0.0)
    upper = np.where(problem.unsafe, problem.upper, 0.0)
    rows_of = _rows_of(problem.relations, parts)
    todo = [bool(len(rows)) for rows in rows_of]
    entries, part_of_entry = np.concatenate(parts), np.repeat(np.arange(len(parts)), [len(cells) for cells in parts])
    for _ in range(MOST_PASSES):
        for number, (cells, rows) in enumerate(zip(parts, rows_of, strict=True)):
            if not todo[number] or not pattern[cells].any():
                continue
            late = time.monotonic() - began > seconds or (work is not None and done > work)
            if late or (stop is not None and stop()):
                return Start(pattern, solved, False, done)
            todo[number] = False
            part = _part(problem, cells, rows, pattern, lower, upper)
            limits = {"seconds": seconds / AT_ONCE, "work": None if work is None else work / AT_ONCE}
            withheld, units = _solve(part, stop, limits)
            solved, done = solved + 1, done + units
            reach, more = _movements(part, withheld)
            done += more
            fresh = withheld & ~pattern[cells]
            grown = withheld & (np.maximum(reach, 0.0) > np.maximum(lower, upper)[cells] * (1 + 1e-6)) & ~part.unsafe
            pattern[cells[withheld]] = True
            lower[cells[grown]] = upper[cells[grown]] = reach[grown]
            changed = np.zeros(problem.cells, np.bool_)
            changed[cells[fresh]] = True
            for other in np.unique(part_of_entry[changed[entries]]):
                todo[other] = todo[other] or (other != number and bool(len(rows_of[other])))
        if not any(todo[i] and pattern[cells].any() for i, cells in enumerate(parts)):
            return Start(pattern, solved, True, done)
    return Start(pattern, solved, False, done)


def _rows_of(relations: Relations, parts: Sequence[Ints]) -> list[Ints]:
    """For each sub-table the sums all of whose cells are in it."""
    found = []
    row = relations.row_of_entry()
    for cells in parts:
        inside = np.zeros(relations.cells, dtype=np.bool_)
        inside[cells] = True
        out = np.bincount(row, weights=~inside[relations.index], minlength=relations.rows)
        found.append(np.flatnonzero(out == 0))
    return found


def _part(
    problem: Problem, cells: Ints, rows: Ints, pattern: NDArray[np.bool_], lower: Floats, upper: Floats
) -> Problem:
    local = np.full(problem.cells, -1, dtype=np.int64)
    local[cells] = np.arange(len(cells))
    sums = problem.relations.subset(rows)
    known = [local[own][local[own] >= 0] for own in problem.singletons]
    return Problem(
        Relations(len(cells), sums.start, local[sums.index], sums.sign),
        problem.down[cells],
        problem.up[cells],
        pattern[cells],
        np.minimum(lower[cells], problem.down[cells]),
        np.minimum(upper[cells], problem.up[cells]),
        problem.cost[cells],
        problem.fixed[cells],
        tuple(own for own in known if len(own)),
    )


def _solve(
    part: Problem, stop: Callable[[], bool] | None, limits: dict[str, float | None]
) -> tuple[NDArray[np.bool_], float]:
    """The cells withheld in a sub-table; all that may be, where its demand cannot be met within it."""
    try:
        answer = suppress(part, stop=stop, **limits)  # type: ignore[arg-type]
    except InfeasibleDemandError:
        return part.unsafe | ~part.fixed, 0.0
    return answer.suppressed, float(answer.steps["work"])


def _movements(part: Problem, pattern: NDArray[np.bool_]) -> tuple[Floats, float]:
    """How far one movement for each target carries each cell, and the work it took."""
    attack = AttackModel(part)
    attack.open_cells(pattern.astype(np.float64))
    most = np.zeros(part.cells)
    reached = {1: np.zeros(part.cells), -1: np.zeros(part.cells)}
    for cell, direction, level in sorted(part.targets(), key=lambda target: -target[2]):
        if reached[direction][cell] >= level * (1 - TOLERANCE):
            continue
        moves = attack.attack(cell, direction, level).moves
        rise, fall = attack.extents(moves)
        reached[1], reached[-1] = np.maximum(reached[1], rise), np.maximum(reached[-1], fall)
        most = np.maximum(most, np.abs(moves))
    return most, attack.meter.units
