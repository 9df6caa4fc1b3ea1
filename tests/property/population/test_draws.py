"""Laws of the random draws."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from wasl.population.draws import Draws, largest_remainder
from wasl.population.people import day_number
from wasl.population.writing import civil

shares = st.lists(st.floats(0.001, 1000), min_size=1, max_size=20)


@settings(max_examples=40, deadline=None)
@given(shares, st.integers(0, 10_000))
def test_largest_remainder_adds_up_and_stays_within_one(weights: list[float], total: int) -> None:
    counts = largest_remainder(weights, total)
    assert counts.sum() == total
    assert (np.abs(counts - np.array(weights) / sum(weights) * total) <= 1 + 1e-9).all()


@settings(max_examples=40, deadline=None)
@given(shares, st.integers(0, 2**32), st.integers(1, 200))
def test_choices_are_indices_and_depend_on_seed_and_purpose_only(weights: list[float], seed: int, n: int) -> None:
    chosen = Draws(seed, "a").choose(weights, n)
    assert ((chosen >= 0) & (chosen < len(weights))).all()
    assert (chosen == Draws(seed, "a").choose(weights, n)).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(-30_000, 30_000))
def test_civil_dates_and_day_numbers_are_inverse(day: int) -> None:
    days = np.array([day])
    assert day_number(*civil(days)) == days
