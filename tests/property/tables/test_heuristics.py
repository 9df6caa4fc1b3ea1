"""Whatever the table, heuristics protect, removal of idle cells keeps protection, and every cut found holds."""

from __future__ import annotations

import itertools
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import csr_matrix

from wasl.tables.cells import Relations
from wasl.tables.suppression import search, work_meter
from wasl.tables.suppression.attack import AttackModel
from wasl.tables.suppression.heuristic import Movements, Need, complete, complete_quickly, cost_of
from wasl.tables.suppression.improve import prune
from wasl.tables.suppression.presolve import reduce_problem
from wasl.tables.suppression.problem import Problem
from wasl.tables.suppression.row_cuts import RowCuts
from wasl.tables.suppression.search import suppress

SEEDS = range(4)


def cube(seed, *, shape=(4, 4, 3), share=0.2):
    """A made-up cube with margins, some cells of which are unsafe; levels a fifth of the value."""
    rng = np.random.default_rng([seed, 15])
    inner = np.where(rng.random(shape) < 0.15, 0.0, np.round(rng.lognormal(3, 1.5, shape), 1))
    value = inner
    for axis in range(3):
        value = np.concatenate([value.sum(axis=axis, keepdims=True), value], axis=axis)
    number = np.arange(value.size).reshape(value.shape)
    rows = [np.moveaxis(number, axis, 0).reshape(value.shape[axis], -1).T for axis in range(3)]
    rows = [row for lines in rows for row in lines]
    index = np.concatenate(rows)
    sign = np.concatenate([[-1.0] + [1.0] * (len(row) - 1) for row in rows])
    start = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    flat = value.reshape(-1)
    unsafe = (rng.random(flat.size) < share) & (flat > 0)
    unsafe[number[0, 0, 0]] = False
    level = np.where(unsafe, flat * 0.2, 0.0)
    relations = Relations(flat.size, start.astype(np.int64), index.astype(np.int64), sign)
    return Problem(relations, flat, flat, unsafe, level, level, flat, (flat == 0) & ~unsafe)


def protects(problem, pattern):
    """Whether every level is reached; a general solver, no code of the search."""
    relations = problem.relations
    matrix = csr_matrix((relations.sign, relations.index, relations.start), (relations.rows, relations.cells))
    bounds = np.stack([-problem.down * pattern, problem.up * pattern], axis=1)
    for cell in np.flatnonzero(problem.unsafe):
        for direction, level in ((1, problem.upper[cell]), (-1, problem.lower[cell])):
            objective = np.zeros(relations.cells)
            objective[cell] = -direction
            zeros = np.zeros(relations.rows)
            if -linprog(objective, A_eq=matrix, b_eq=zeros, bounds=bounds, method="highs").fun < level * (1 - 1e-6):
                return False
    return True


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("make", [complete, complete_quickly])
def test_heuristics_protect_and_removal_keeps_that(seed, make):
    problem = cube(seed)
    attack = AttackModel(problem)
    pattern = make(problem, attack, problem.unsafe)
    assert pattern is not None
    assert protects(problem, pattern)
    rows = RowCuts(problem).violated(problem.unsafe.astype(float))
    leaner, cuts = prune(problem, attack, pattern, cuts=rows)
    assert cost_of(problem, leaner) <= cost_of(problem, pattern)
    assert protects(problem, leaner)
    for cut in (*rows, *cuts):  # they hold for every pattern that protects
        assert cut.weight @ leaner[cut.cells] >= 1 - 1e-6
        assert cut.weight @ pattern[cut.cells] >= 1 - 1e-6


@pytest.mark.parametrize("seed", SEEDS)
def test_removal_with_cuts_ends_as_removal_without(seed):
    problem = cube(seed)
    attack = AttackModel(problem)
    pattern = complete(problem, attack, problem.unsafe)
    bare, found = prune(problem, attack, pattern)
    attacks = attack.solved
    again, _ = prune(problem, attack, pattern, cuts=found)
    assert cost_of(problem, again) == pytest.approx(cost_of(problem, bare))
    assert attack.solved - attacks <= attacks  # the programs that failed need not fail again


@pytest.mark.parametrize("seed", SEEDS)
def test_a_small_rest_does_not_suppress_many_cells(seed):
    # Nearly all of a level is there: what lacks must not be gathered from a little of every small cell.
    problem = cube(seed, shape=(7, 6, 5), share=0.05)
    attack = AttackModel(problem)
    target = max(problem.targets(), key=lambda item: item[2])
    cell, direction, level = target
    taken = problem.unsafe.copy()
    moved = Movements(problem, attack).lean(target, Need(taken, np.zeros(0, dtype=np.int64), lacking=level))
    assert moved is not None
    attack.open_cells((moved | taken).astype(float))
    assert attack.attack(cell, direction, level).reach >= level * (1 - 1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_search_that_counts_as_slow_protects_and_keeps_its_bound(seed, monkeypatch):
    problem = cube(seed, shape=(3, 2, 2))
    usual = suppress(problem)
    assert usual.proven
    monkeypatch.setattr(search, "SLOW", 0.0)
    slow = suppress(problem, gap=0.02)
    assert protects(problem, slow.suppressed)
    assert slow.bound <= usual.cost * (1 + 1e-6) <= slow.cost * (1 + 2e-6)


@pytest.mark.parametrize(
    ("limit", "slow"), [(1.0, True), (90.0, True), (110.0, True), (5_000.0, True), (np.inf, False)]
)
def test_a_longer_limit_does_not_change_how_a_large_table_is_searched(limit, slow, monkeypatch):
    problem = cube(1, shape=(3, 2, 2))
    seen = []
    first = search._first_answer
    monkeypatch.setattr(search, "_first_answer", lambda *given: (seen.append(given[-1].slow), first(*given)))
    small = reduce_problem(problem).problem
    monkeypatch.setattr(search, "SLOW", len(small.targets()) * small.cells / (search.LONG * 1.5))
    found = suppress(problem, seconds=np.inf, work=None if np.isinf(limit) else limit)
    assert protects(problem, found.suppressed)
    assert seen == [slow]


@pytest.mark.parametrize("seed", range(3))
def test_targets_and_movements_that_can_be_turned_round_are_attacked_once(seed):
    problem = cube(seed, shape=(4, 3, 3))
    few = np.flatnonzero(~problem.fixed & ~problem.unsafe)[:: 17 - seed]
    narrow = problem.down.copy()
    narrow[few] *= 0.5
    uneven = replace(problem, down=narrow)
    assert not uneven.symmetric
    pattern = complete_quickly(uneven, AttackModel(uneven), uneven.unsafe)
    assert pattern is not None
    assert protects(uneven, pattern)
    attack = AttackModel(uneven)
    pattern[np.argmax(np.where(pattern & ~uneven.unsafe, uneven.cost, -1))] = False
    found = attack.check(pattern.astype(float), tolerance=1e-7)
    assert bool(found.open) != protects(uneven, pattern)
    assert attack.solved < len(uneven.targets())


@pytest.mark.parametrize("slow", [False, True])
@pytest.mark.parametrize("limit", [0.02, 0.1])
def test_a_limit_of_work_ends_the_search_alike_whatever_the_clock_says(slow, limit, monkeypatch):
    problem = cube(3, shape=(4, 4, 3))
    if slow:
        monkeypatch.setattr(search, "SLOW", 0.0)
    found = []
    for pace in (0.0, 1e-3, 10.0):  # a clock that stands still, an ordinary one, a very slow machine
        moments = itertools.count()
        clock = SimpleNamespace(monotonic=lambda pace=pace, moments=moments: pace * next(moments))
        monkeypatch.setattr(work_meter, "time", clock)
        found.append(suppress(problem, seconds=np.inf, work=limit))
    assert {item.steps["ended_by"] for item in found} <= ({"work", "programs"} if slow else {"work"})
    assert len({(item.suppressed.tobytes(), item.bound, item.steps["work"]) for item in found}) == 1
    assert protects(problem, found[0].suppressed)
    assert not found[0].proven


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("lopsided", ["", "some", "all"])
def test_cuts_of_patterns_between_hold_for_every_lean_pattern(seed, lopsided):
    problem = cube(seed, shape=(3, 3, 2), share=0.3)
    rng = np.random.default_rng([seed, 271])
    if lopsided:  # cells that can move further up than down
        factor = rng.choice([0.6, 0.8, 1.0], problem.cells)
        if lopsided == "some":
            factor[rng.random(problem.cells) < 0.8] = 1.0
        problem = replace(problem, down=np.maximum(problem.down * factor, problem.lower))
        if lopsided == "all":
            problem = replace(problem, upper=problem.upper * 1.2)
    assert problem.symmetric != bool(lopsided)
    assert bool(len(problem.uneven)) == bool(lopsided)
    attack = AttackModel(problem)
    lean = []
    for _ in range(3):  # other costs, other lean patterns
        priced = replace(problem, cost=problem.cost * rng.lognormal(0, 1, problem.cells))
        pattern = complete_quickly(priced, AttackModel(priced), problem.unsafe)
        assert pattern is not None
        pattern, _ = prune(priced, attack, pattern)
        assert protects(problem, pattern)
        lean.append(pattern.astype(float))
    movable = ~problem.fixed | problem.unsafe
    found = 0
    for share in (0.02, 0.3):
        between = np.where(movable, share * rng.random(problem.cells), 0.0)
        for part in (between, np.where(rng.random(problem.cells) < 0.2, movable * 1.0, between)):
            for cut in attack.clipped(np.where(problem.unsafe, 1.0, part), tolerance=1e-4)[0]:
                found += 1
                for pattern in lean:
                    assert cut.weight @ pattern[cut.cells] >= 1 - 1e-6
    assert found
