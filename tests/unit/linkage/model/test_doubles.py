"""Pairs within a register that look like one person, where it is said to hold nobody twice."""

from __future__ import annotations

import numpy as np
import pytest

from wasl.linkage.comparison.patterns import Comparison
from wasl.linkage.model.doubles import Doubles, _alike, most_doubles

BIRTH, NAMES, TOKEN = (
    Comparison("birth", "filter", 12),
    Comparison("names", "filter", 12),
    Comparison("cin", "token", 3),
)


@pytest.mark.parametrize(
    ("states", "alike"),
    [
        ((11, 11, 2), True),
        ((9, 9, 2), True),
        ((9, 9, 0), True),  # what is missing does not count
        ((11, 8, 2), False),
        ((11, 11, 1), False),
        ((0, 0, 0), False),  # nothing is compared
    ],
)
def test_pairs_agree_where_all_that_is_compared_is_in_the_upper_levels(states, alike):
    assert _alike(np.array([states], np.int8), (BIRTH, NAMES, TOKEN)).tolist() == [alike]


@pytest.mark.parametrize(
    ("pairs", "expected", "contradict"),
    [(9, 0.0, False), (10, 0.0, True), (40, 20.0, False), (60, 20.0, True), (1_000, 100_000.0, False)],
)
def test_so_many_pairs_contradict_that_nobody_is_there_twice(pairs, expected, contradict):
    found = Doubles("a", 500, pairs, expected)
    assert found.contradict is contradict
    assert found.records == (2 * (pairs - expected) if contradict else 0)


def test_at_most_all_records_share_a_person():
    assert Doubles("a", 500, 10_000, 0.0).records == 500


def test_the_largest_count_of_a_register_stands_for_all_passes():
    rows = [Doubles("a", 500, pairs, 0.0).to_json() for pairs in (20, 30, 12)]
    found = most_doubles([{"doubles": rows[:2]}, {}, {"doubles": [*rows[2:], Doubles("b", 9, 11, 0.0).to_json()]}])
    assert {name: row["pairs"] for name, row in found.items()} == {"a": 30, "b": 11}
