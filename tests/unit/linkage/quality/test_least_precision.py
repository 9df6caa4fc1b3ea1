"""The probability down to which pairs are linked so that the links are as precise as the plan asks."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wasl.linkage.quality.least_precision import LEAST_LINKS, cautious_precision, least_probability, mostly_faint

linked = st.lists(st.floats(0.5, 1.0) | st.sampled_from([0.55, 0.7, 0.95, 0.99]), max_size=200).map(np.array)
"""Probabilities of links, some of them equal."""


@given(linked, st.floats(0.0, 0.99), st.floats(0.3, 0.6))
def test_the_probability_never_falls_and_what_is_left_is_precise_enough(
    probability: np.ndarray, minimum: float, least: float
) -> None:
    found = least_probability(probability, minimum, least)
    assert found >= least
    if found > least:
        left = probability[probability >= found]
        assert len(left) >= LEAST_LINKS
        assert cautious_precision(float(left.mean())) >= minimum - 1e-9


@given(linked, st.floats(0.0, 0.99))
def test_a_raised_probability_leaves_as_many_links_as_it_can(probability: np.ndarray, minimum: float) -> None:
    found = least_probability(probability, minimum, 0.5)
    lower = probability[probability < found]
    if found > 0.5 and len(lower):
        more = probability[probability >= lower.max()]
        assert cautious_precision(float(more.mean())) < minimum + 1e-9


def test_precise_links_few_links_and_hopeless_links_leave_the_costs_alone() -> None:
    good, bad = np.full(100, 0.99), np.full(100, 0.6)
    assert least_probability(good, 0.9, 0.5) == 0.5
    assert least_probability(bad[: LEAST_LINKS - 1], 0.9, 0.5) == 0.5
    assert least_probability(bad, 0.9, 0.5) == 0.5
    assert least_probability(bad, 0.0, 0.5) == 0.5


def test_half_of_the_links_in_doubt_are_left_out() -> None:
    mixed = np.concatenate([np.full(100, 0.99), np.full(100, 0.6)])
    assert least_probability(mixed, 0.9, 0.5) == 0.99


def test_where_matches_are_faint_links_need_a_higher_probability() -> None:
    mixed = np.concatenate([np.full(100, 0.99), np.full(15, 0.6)])
    assert least_probability(mixed, 0.9, 0.5) == 0.5
    assert least_probability(mixed, 0.9, 0.5, faint=True) == 0.99


def test_half_of_the_passes_decide_whether_matches_are_faint() -> None:
    assert not mostly_faint([])
    assert not mostly_faint([{"faint": True}, {}, {"faint": False}])
    assert mostly_faint([{"faint": True}, {}])
