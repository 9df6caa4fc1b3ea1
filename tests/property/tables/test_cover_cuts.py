"""A cover inequality is satisfied by every pattern that satisfies its cut, and by no pattern it was found for."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from wasl.tables.suppression.attack import Cut
from wasl.tables.suppression.cover_cuts import CoverCuts

PARTS = st.floats(0, 1, allow_subnormal=False)
WEIGHTS = st.floats(1e-3, 1, allow_subnormal=False)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(WEIGHTS, PARTS), min_size=1, max_size=8))
def test_cover_inequalities_hold_for_all_patterns(entries):
    weight, pattern = (np.array(column) for column in zip(*entries, strict=True))
    cells = np.arange(len(weight), dtype=np.int32)
    covers = CoverCuts()
    covers.note([Cut(cells, weight)])
    for cover in covers.violated(pattern):
        assert cover.weight @ pattern[cover.cells] < 1 - 1e-4
        for chosen in product((0.0, 1.0), repeat=len(weight)):
            whole = np.array(chosen)
            if weight @ whole >= 1:
                assert cover.weight @ whole[cover.cells] >= 1 - 1e-9


def test_a_cell_that_the_others_cannot_replace_is_asked_for_whole():
    # The others bring at most .8, so every pattern suppresses the last cell; the cut alone asks for a fifth of it.
    covers = CoverCuts()
    covers.note([Cut(np.array([3, 5, 8], dtype=np.int32), np.array([0.4, 0.4, 1.0]))])
    pattern = np.zeros(9)
    pattern[[3, 5]], pattern[8] = 1.0, 0.2
    (cover,) = covers.violated(pattern)
    assert cover.cells.tolist() == [8]
    assert cover.weight.tolist() == [1.0]
    assert not covers.violated(pattern)  # given once
