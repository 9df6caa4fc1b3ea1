"""Programs over the sums or cells near a target: their cuts and movements hold in the whole table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from wasl.tables import interval_audit
from wasl.tables.cells import Relations
from wasl.tables.suppression import nearby as nearby_module
from wasl.tables.suppression import search
from wasl.tables.suppression.attack import AttackModel
from wasl.tables.suppression.complete_nearby import complete_nearby
from wasl.tables.suppression.heuristic import complete
from wasl.tables.suppression.improve import prune
from wasl.tables.suppression.master import Master
from wasl.tables.suppression.nearby import STEPS, Nearby
from wasl.tables.suppression.problem import Problem
from wasl.tables.suppression.row_cuts import RowCuts
from wasl.tables.suppression.search import suppress
from wasl.tables.suppression.work_meter import Meter


def cube(seed, *, lopsided=False):
    """A made-up cube of 60 cells with margins; some cells can move further up than down."""
    rng = np.random.default_rng([seed, 286])
    value = np.where(rng.random((4, 3, 2)) < 0.1, 0.0, np.round(rng.lognormal(3, 1.5, (4, 3, 2)), 1))
    for axis in range(3):
        value = np.concatenate([value.sum(axis=axis, keepdims=True), value], axis=axis)
    number = np.arange(value.size).reshape(value.shape)
    rows = [row for axis in range(3) for row in np.moveaxis(number, axis, 0).reshape(value.shape[axis], -1).T]
    sign = np.concatenate([[-1.0] + [1.0] * (len(row) - 1) for row in rows])
    start = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    flat = value.reshape(-1)
    unsafe = (rng.random(flat.size) < 0.25) & (flat > 0)
    unsafe[0] = False
    level = np.where(unsafe, flat * 0.2, 0.0)
    down = flat * np.where(lopsided & ~unsafe, rng.choice([0.6, 0.8, 1.0], flat.size), 1.0)
    relations = Relations(flat.size, start, np.concatenate(rows).astype(np.int64), sign)
    return Problem(relations, down, flat, unsafe, level, level, flat, (flat == 0) & ~unsafe)


def is_protected(problem, pattern):
    return not AttackModel(problem).check(pattern.astype(float), tolerance=1e-6).open


@pytest.mark.parametrize("lopsided", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_cuts_of_near_sums_hold_for_every_lean_pattern(seed, lopsided):
    problem = cube(seed, lopsided=lopsided)
    attack = AttackModel(problem)
    nearby = Nearby(attack)
    rng = np.random.default_rng(seed)
    lean = []
    for _ in range(6):  # patterns none of whose cells is idle, from different starts
        pattern = complete(problem, attack, problem.unsafe | ((rng.random(problem.cells) < 0.3) & ~problem.fixed))
        lean.append(prune(problem, attack, pattern)[0])
    cuts = []
    for share in (0.0, 0.1, 0.4):
        between = np.where(problem.unsafe, 1.0, share * rng.random(problem.cells)) * ~(problem.fixed & ~problem.unsafe)
        for steps in STEPS:
            found = nearby.cuts(between, nearby.targets, steps=steps, tolerance=1e-3)
            assert {*found.hit, *found.missed} == {*nearby.targets}
            assert all(cut.weight @ between[cut.cells] < 1 for cut in found.cuts)
            cuts += found.cuts
    assert cuts
    assert all(cut.weight @ pattern[cut.cells] >= 1 - 1e-6 for cut in cuts for pattern in lean)


@pytest.mark.parametrize("seed", range(3))
def test_what_near_sums_hold_the_whole_holds(seed):
    problem = cube(seed)
    attack = AttackModel(problem)
    nearby = Nearby(attack)
    pattern = complete(problem, attack, problem.unsafe)
    assert not any(nearby.held(pattern.astype(float), target, tolerance=1e-6) for target in nearby.targets)
    told = 0
    for cell in np.flatnonzero(pattern & ~problem.unsafe):
        fewer = pattern.copy()
        fewer[cell] = False
        attack.open_cells(fewer.astype(float))
        for target in nearby.targets:
            if nearby.held(fewer.astype(float), target, tolerance=1e-6) is not None:
                told += 1
                assert attack.attack(*target).reach < target[2] * (1 - 1e-7)
    assert told


def test_removal_of_idle_cells_ends_alike_whether_near_sums_are_asked():
    problem = cube(1)
    attack = AttackModel(problem)
    everything = ~problem.fixed | problem.unsafe
    rows = RowCuts(problem).violated(problem.unsafe.astype(float))
    asked, cuts = prune(problem, attack, everything, cuts=rows, nearby=Nearby(attack))
    assert is_protected(problem, asked)
    assert all(cut.weight @ asked[cut.cells] >= 1 - 1e-6 for cut in cuts)


@pytest.mark.parametrize("lopsided", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_movements_of_near_cells_protect(seed, lopsided):
    problem = cube(seed, lopsided=lopsided)
    meter = Meter()
    pattern, left = complete_nearby(problem, problem.unsafe, meter)
    assert meter.units > 0
    if not left:
        assert is_protected(problem, pattern)
    assert complete_nearby(problem, problem.unsafe, meter, stop=lambda: True) is None


def test_cells_that_move_one_way_only_serve_where_no_others_do():
    relations = Relations(3, np.array([0, 3]), np.array([0, 1, 2]), np.array([-1.0, 1.0, 1.0]))
    unsafe = np.array([False, True, False])
    level = np.array([0.0, 1.0, 0.0])
    room, nothing = np.array([0.0, 5.0, 5.0]), np.zeros(3)
    fixed = np.array([True, False, False])
    problem = Problem(relations, room, room, unsafe, nothing, level, room, fixed)
    one_way = replace(problem, up=np.array([0.0, 5.0, 0.0]))  # the other cell only falls
    for item in (problem, one_way):
        pattern, left = complete_nearby(item, unsafe, Meter())
        assert not left
        assert pattern.tolist() == [False, True, True]
    assert complete_nearby(replace(problem, fixed=np.array([True, False, True])), unsafe, Meter())[1] == [(1, 1, 1.0)]


@pytest.mark.parametrize("seed", range(3))
def test_a_search_that_counts_as_very_large_protects_and_keeps_its_bound(seed, monkeypatch):
    problem = cube(seed)
    usual = suppress(problem)
    assert usual.proven
    monkeypatch.setattr(search, "SLOW", 0.0)
    monkeypatch.setattr(search, "HUGE", 0)
    large = suppress(problem)
    assert large.steps["first_answer"] == "heuristic"
    assert is_protected(problem, large.suppressed)
    assert large.bound <= usual.cost * (1 + 1e-6) <= large.cost * (1 + 2e-6)
    stopped = suppress(problem, stop=lambda: True)
    assert is_protected(problem, stopped.suppressed)


def test_an_integer_program_that_was_interrupted_does_not_end_the_next_one():
    problem = cube(2)
    master, rows = Master(problem), RowCuts(problem)
    master.add(rows.violated(problem.unsafe.astype(float)))
    master.solve(seconds=60, gap=0.0, stop=lambda: True)
    again = master.solve(seconds=60, gap=0.0)
    assert again.finished
    assert again.pattern is not None
    assert master.relax() is not None


@pytest.mark.parametrize("seed", range(6))
def test_an_audit_by_near_cells_says_what_all_programs_say(seed, monkeypatch):
    problem = cube(seed)
    rng = np.random.default_rng([seed, 287])
    hidden = problem.unsafe | (rng.random(problem.cells) < rng.choice([0.2, 0.6, 1.0])) & ~problem.fixed
    parts = {"unsafe": problem.unsafe, "lower": problem.lower, "upper": problem.upper}
    all_of = (problem.relations, problem.up, hidden, problem.down, problem.up)
    usual = interval_audit.audit_intervals(*all_of, **parts)
    assert usual.inner == 0
    monkeypatch.setattr(interval_audit, "LARGE", 0)
    near = interval_audit.audit_intervals(*all_of, **parts)
    assert near.passed == usual.passed
    assert near.exact.tolist() == usual.exact.tolist()
    assert near.within.tolist() == usual.within.tolist()
    assert (near.low >= usual.low - 1e-6 * problem.up).all()
    assert (near.high <= usual.high + 1e-6 * problem.up).all()
    if usual.passed:
        assert near.inner > 0


def test_programs_of_most_of_the_table_are_not_made(monkeypatch):
    monkeypatch.setattr(nearby_module, "SMALLEST", 0)
    monkeypatch.setattr(nearby_module, "WIDEST", 0.01)
    problem = cube(1)
    nearby = Nearby(AttackModel(problem))
    found = nearby.cuts(problem.unsafe.astype(float), nearby.targets, steps=STEPS[0], tolerance=1e-3)
    assert (found.cuts, found.missed) == ([], nearby.targets)
    assert nearby.held(problem.unsafe.astype(float), nearby.targets[0], tolerance=1e-6) is None
