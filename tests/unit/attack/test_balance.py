"""Probabilities of a one-to-one correspondence."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from wasl.attack.balance import best_pair, posteriors


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 8), st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_no_row_and_no_column_is_matched_more_than_once(rows: int, columns: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    row, column = (side.ravel() for side in np.indices((rows, columns)))
    found = posteriors(row, column, rng.normal(0, 3, rows * columns), rng.normal(0, 3, rows), columns)
    assert (found >= 0).all()
    assert np.bincount(row, found).max() <= 1 + 1e-9
    assert np.bincount(column, found).max() <= 1 + 1e-9


def test_two_rows_alike_share_two_columns_evenly() -> None:
    row, column = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    found = posteriors(row, column, np.zeros(4), np.full(2, -50.0), 2)
    assert np.allclose(found, 0.5)


def test_a_row_that_fits_nobody_is_matched_to_nobody() -> None:
    found = posteriors(np.array([0]), np.array([0]), np.array([-40.0]), np.array([0.0]), 1)
    assert found[0] < 1e-10


def test_who_is_taken_by_another_is_left_to_it() -> None:
    # Column 0 fits both rows, column 1 only the second: the second must leave column 0 to the first.
    row, column = np.array([0, 1, 1]), np.array([0, 0, 1])
    found = posteriors(row, column, np.zeros(3), np.full(2, -20.0), 2)
    assert found[0] > 0.9
    assert found[2] > 0.9


def test_the_best_pair_of_each_row() -> None:
    assert best_pair(np.array([3, 1, 3, 1]), np.array([0.2, 0.1, 0.7, 0.8])).tolist() == [3, 2]
