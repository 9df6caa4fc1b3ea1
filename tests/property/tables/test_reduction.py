"""Joined cells and the faster audit change no attacker's interval; a refusal names a set that cannot be reduced."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import csr_matrix
from tests.property.tables.test_optimum import SHAPES, table_of

from wasl.tables.cells import Relations, join_tables
from wasl.tables.interval_audit import audit_intervals
from wasl.tables.suppression.infeasible import InfeasibleDemandError
from wasl.tables.suppression.presolve import movable_cells, reduce_problem
from wasl.tables.suppression.problem import Problem
from wasl.tables.suppression.search import suppress

FEW = settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
AMOUNTS = st.lists(st.sampled_from([0, 0, 1, 3, 20, 60, 5000]), min_size=8, max_size=8)


def reach(relations: Relations, down: np.ndarray, up: np.ndarray, cell: int, direction: int, rows: list[int]) -> float:
    """How far a cell can move under some of the sums; a general solver, no code of the search."""
    matrix = csr_matrix((relations.sign, relations.index, relations.start), (relations.rows, relations.cells))
    objective = np.zeros(relations.cells)
    objective[cell] = -direction
    chosen = matrix[rows] if rows else csr_matrix((1, relations.cells))
    answer = linprog(objective, A_eq=chosen, b_eq=np.zeros(chosen.shape[0]), bounds=np.stack([-down, up], axis=1))
    return float(-answer.fun)


@FEW
@given(shape=st.sampled_from(SHAPES), leaves=AMOUNTS, hidden=st.integers(0, 2**14 - 1))
def test_audit_finds_the_intervals_of_a_general_solver(shape, leaves, hidden):
    _, relations, value = join_tables([table_of(shape, leaves)], [""])
    pattern = (hidden >> np.arange(relations.cells)) % 2 == 1
    nothing = np.zeros(relations.cells)
    audit = audit_intervals(relations, value, pattern, value, value, unsafe=pattern, lower=nothing, upper=nothing)
    rows = list(range(relations.rows))
    for cell in np.flatnonzero(pattern):
        for direction, found in ((1, audit.high[cell] - value[cell]), (-1, value[cell] - audit.low[cell])):
            assert found == pytest.approx(reach(relations, value * pattern, value * pattern, cell, direction, rows))
    assert (audit.low[~pattern] == value[~pattern]).all()


@FEW
@given(shape=st.sampled_from(SHAPES), leaves=AMOUNTS, unsafe=st.integers(1, 2**14 - 1))
def test_cells_that_are_joined_have_one_value_and_move_together(shape, leaves, unsafe):
    _, relations, value = join_tables([table_of(shape, leaves)], [""])
    chosen = ((unsafe >> np.arange(relations.cells)) % 2 == 1) & (value > 0)
    problem = Problem(relations, value, value, chosen, value / 9, value / 9, value.copy(), (value == 0) & ~chosen)
    reduced = reduce_problem(problem)
    for group in range(reduced.problem.cells):
        members = np.flatnonzero(reduced.place == group)
        assert len(set(value[members].tolist())) == 1
        assert reduced.problem.unsafe[group] == chosen[members].any()
    rows, small = list(range(relations.rows)), reduced.problem
    for cell in np.flatnonzero(chosen & (reduced.place >= 0))[:3]:
        full = reach(relations, value, value, cell, 1, rows)
        merged = reach(small.relations, small.down, small.up, reduced.place[cell], 1, list(range(small.relations.rows)))
        assert merged == pytest.approx(full)
    everything = reduced.spread(np.ones(small.cells, dtype=bool))
    cost = float(problem.cost[everything & ~chosen].sum())
    assert cost == pytest.approx(reduced.base + float(small.cost[~small.unsafe].sum()))


@FEW
@given(
    shape=st.sampled_from(SHAPES),
    leaves=AMOUNTS,
    pick=st.integers(0, 13),
    narrow=st.sampled_from([0.02, 0.1, 0.5]),
    published=st.integers(0, 2**14 - 1),
)
def test_a_refusal_names_a_set_that_holds_the_cell_and_cannot_be_reduced(shape, leaves, pick, narrow, published):
    _, relations, value = join_tables([table_of(shape, leaves)], [""])
    cell = pick % relations.cells
    assume(value[cell] > 0)
    unsafe = np.arange(relations.cells) == cell
    fixed = (((published >> np.arange(relations.cells)) % 2 == 1) | (value == 0)) & ~unsafe
    level = np.where(unsafe, 0.4 * value, 0.0)
    bounds = np.where(unsafe, value, narrow * value)
    problem = Problem(relations, bounds, bounds, unsafe, level, level, value.copy(), fixed)
    free = (~fixed).astype(float)
    low, high = bounds * free, bounds * free
    everything = list(range(relations.rows))
    held = min(reach(relations, low, high, cell, side, everything) for side in (1, -1)) < level[cell] * (1 - 1e-6)
    if not held:
        suppress(problem, fast=True)
        return
    with pytest.raises(
        InfeasibleDemandError
    ):  # the user ends the check: what cannot be protected is refused all the same
        suppress(problem, fast=True, stop=lambda: True)
    with pytest.raises(InfeasibleDemandError) as refusal:
        suppress(problem, fast=True)
    error = refusal.value
    assert error.cell == cell
    assert cell in error.cells
    small, keep = movable_cells(problem)
    at = int(np.flatnonzero(keep == cell)[0])

    def farthest(rows: list[int]) -> float:
        return min(reach(small.relations, small.down, small.up, at, side, rows) for side in (1, -1))

    assert error.sums
    assert farthest(error.sums) < level[cell] * (1 - 1e-6)
    one_side = [
        max(reach(small.relations, small.down, small.up, at, side, list(set(error.sums) - {row})) for side in (1, -1))
        for row in error.sums
    ]
    assert min(one_side) >= level[cell] * (1 - 1e-6)
