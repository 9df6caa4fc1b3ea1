"""Lone contributors from whom a cell cannot be kept by its full level."""

from __future__ import annotations

import numpy as np
import pytest

from wasl.tables.cells import Relations
from wasl.tables.suppression.infeasible import InfeasibleDemandError
from wasl.tables.suppression.problem import Problem
from wasl.tables.suppression.search import suppress


def problem(small, *, uneven, lower=10.0, upper=10.0):
    """Total = own + other + small, and total = first + second + none; the lone contributor knows its own cell."""
    value = np.array([150.0, 20, 130 - small, small, 70, 80, 0])
    up = value.copy()
    up[6] = 5.0 if uneven else 0.0
    unsafe = np.array([False, True, True, False, False, False, False])
    demand = np.where([False, False, True, False, False, False, False], 1.0, 0.0)
    sums = Relations(
        7,
        np.array([0, 4, 8]),
        np.array([0, 1, 2, 3, 0, 4, 5, 6]),
        np.array([-1.0, 1, 1, 1, -1.0, 1, 1, 1]),
    )
    fixed = np.array([True, False, False, False, False, False, not uneven])
    return Problem(sums, value, up, unsafe, lower * demand, upper * demand, value, fixed, (np.array([1]),))


@pytest.mark.parametrize("uneven", [False, True])
@pytest.mark.parametrize("small", [1.0, 4.0, 9.0])
@pytest.mark.parametrize(("lower", "upper"), [(10.0, 10.0), (10.0, 12.0), (3.0, 10.0)])
def test_half_of_what_is_possible_does_in_both_directions(small, uneven, lower, upper):
    found = suppress(problem(small, uneven=uneven, lower=lower, upper=upper))
    assert found.suppressed[3]
    assert found.proven
    assert found.steps["lone_levels_lowered"] in ({1} if not uneven or small >= lower else {2})


@pytest.mark.parametrize("uneven", [False, True])
def test_what_a_lone_contributor_computes_is_refused(uneven):
    with pytest.raises(InfeasibleDemandError):
        suppress(problem(0.0, uneven=uneven))
