"""On every small table the search finds what trying all patterns finds."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import csr_matrix

from wasl.tables.cells import CellTable, join_tables
from wasl.tables.hierarchy import Hierarchy
from wasl.tables.suppression.infeasible import InfeasibleDemandError
from wasl.tables.suppression.master import Master
from wasl.tables.suppression.problem import Problem
from wasl.tables.suppression.search import suppress

SHAPES = [
    ([("N", "a"), ("N", "b"), ("S", "c"), ("S", "d"), ("S", "e")],),
    ([("a",), ("b",)], [("x",), ("y",), ("z",)]),
    ([("N", "a"), ("N", "b"), ("S",)], [("x",), ("y",)]),
    ([("a",)], [("x",), ("y",)], [("p",)]),
    ([("N", "a"), ("N", "b"), ("N", "c"), ("S", "d"), ("S", "e"), ("S", "f"), ("E", "g", "h"), ("E", "i")],),
]
"""Paths of each dimension's codes: two and three levels, two and three dimensions; 8 to 14 cells, some equal."""


def table_of(shape: tuple, leaves: list[int]) -> CellTable:
    dimensions = tuple(Hierarchy.of_paths(f"d{i}", "T", paths) for i, paths in enumerate(shape))
    sizes = [d.size for d in dimensions]
    value = np.zeros(sizes)
    finest = [np.flatnonzero(d.is_leaf()) for d in dimensions]
    for place, amount in zip(itertools.product(*finest), itertools.cycle(leaves), strict=False):
        for above in itertools.product(*[_path(d, p) for d, p in zip(dimensions, place, strict=True)]):
            value[above] += amount
    flat = value.reshape(-1)
    places = np.stack(np.unravel_index(np.arange(flat.size), sizes), axis=1).astype(np.int32)
    nothing = np.zeros(flat.size)
    return CellTable("t", dimensions, places, flat, flat, nothing, np.zeros((flat.size, 0)))


def _path(dimension: Hierarchy, place: int) -> list[int]:
    path = [int(place)]
    while path[-1]:
        path.append(int(dimension.parents[path[-1]]))
    return path


def protects(problem: Problem, pattern: np.ndarray) -> bool:
    """Whether an attacker stays outside all levels; a general solver, no code of the search."""
    relations = problem.relations
    matrix = csr_matrix((relations.sign, relations.index, relations.start), (relations.rows, relations.cells))
    bounds = np.stack([-problem.down * pattern, problem.up * pattern], axis=1)
    zeros = np.zeros(relations.rows)
    for cell in np.flatnonzero(problem.unsafe):
        for direction, level in ((1, problem.upper[cell]), (-1, problem.lower[cell])):
            objective = np.zeros(relations.cells)
            objective[cell] = -direction
            reach = -linprog(objective, A_eq=matrix, b_eq=zeros, bounds=bounds, method="highs").fun
            if reach < level * (1 - 1e-6):
                return False
    return True


@pytest.mark.slow
@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(
    shape=st.sampled_from(SHAPES),
    leaves=st.lists(st.integers(0, 60), min_size=6, max_size=6),
    picks=st.lists(st.integers(0, 13), min_size=1, max_size=2, unique=True),
    level=st.sampled_from([0.1, 0.4, 0.9]),
    ones=st.booleans(),
    before=st.lists(st.integers(0, 13), max_size=3),
)
def test_search_finds_the_cheapest_of_all_patterns(shape, leaves, picks, level, ones, before):
    _, relations, value = join_tables([table_of(shape, leaves)], [""])
    unsafe = np.zeros(relations.cells, dtype=bool)
    unsafe[[pick % relations.cells for pick in picks]] = True
    unsafe &= value > 0
    assume(unsafe.any())
    cost = np.ones(relations.cells) if ones else value.copy()
    levels = np.where(unsafe, level * value, 0.0)
    withheld = np.zeros(relations.cells, dtype=bool)  # in an earlier table, to protect others: needs no protection now
    withheld[[pick % relations.cells for pick in before]] = True
    unsafe |= withheld & (value > 0)
    problem = Problem(relations, value, value, unsafe, levels, levels, cost, (value == 0) & ~unsafe)
    free = np.flatnonzero(~unsafe & (value > 0))
    patterns = sorted(
        (float(cost[list(chosen)].sum()), chosen)
        for size in range(len(free) + 1)
        for chosen in itertools.combinations(free.tolist(), size)
    )
    try:
        found = suppress(problem)
    except InfeasibleDemandError:
        everything = np.zeros(relations.cells)
        everything[free] = 1
        assert not protects(problem, np.maximum(everything, unsafe))
        return
    assert found.proven
    assert protects(problem, found.suppressed.astype(float))
    for price, chosen in patterns:
        if price >= found.cost - 1e-6:
            break
        pattern = unsafe.astype(float)
        pattern[list(chosen)] = 1
        assert not protects(problem, pattern)


def test_a_cell_withheld_before_needs_no_company():
    """It stays withheld, but nobody need be kept from computing it: no pattern costs more for its sake."""
    shape = ([(code,) for code in "abcd"], [(code,) for code in "wxyz"])
    _, relations, value = join_tables([table_of(shape, [*[10] * 5, 200, *[70] * 6, 1000, 70, 70, 500])], [""])
    number = np.arange(25).reshape(5, 5)
    unsafe = np.zeros(25, dtype=bool)
    unsafe[[number[1, 1], number[4, 4]]] = True
    level = np.where(np.arange(25) == number[1, 1], 5.0, 0.0)
    problem = Problem(relations, value, value, unsafe, level, level, value.copy(), value < 0)
    pattern = unsafe.copy()
    pattern[[number[1, 3], number[2, 1], number[2, 3]]] = True
    assert protects(problem, pattern.astype(float))
    master = Master(problem)
    while master.add_bridges((relaxed := master.relax()).pattern):
        assert relaxed.cost <= value[pattern & ~unsafe].sum()
    assert relaxed.cost <= value[pattern & ~unsafe].sum()
    assert suppress(problem).cost == 90.0
