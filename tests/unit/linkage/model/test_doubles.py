"""Pairs within a register that look like one person, where it is said to hold nobody twice."""

from __future__ import annotations

import numpy as np
import pytest

from wasl.linkage.comparison.patterns import Comparison, PatternCounts
from wasl.linkage.model.doubles import Doubles, find_doubles, most_doubles

BIRTH, NAMES, TOKEN = (
    Comparison("birth", "filter", 12),
    Comparison("names", "filter", 12),
    Comparison("cin", "token", 3),
)


STRATA = [("a", "a", 1), ("a", "b", 1)]


def found(states, counts, comparisons=(BIRTH, NAMES, TOKEN)):
    """What is found in register a; each pattern is met within it, and between two."""
    n = len(states)
    patterns = PatternCounts(
        np.arange(2 * n).astype(np.uint64),
        np.tile(counts, 2).astype(np.int64),
        np.tile(np.array(states, np.int8), (2, 1)),
        np.repeat([0, 1], n),
        np.arange(2),
    )
    return find_doubles(["a"], patterns, STRATA, comparisons, ("birth",), {"a": 1_000}, 1.0)


@pytest.mark.parametrize(
    ("states", "alike"),
    [
        ((11, 11, 2), True),
        ((9, 9, 2), True),
        ((9, 9, 0), True),  # what is missing does not count
        ((11, 0, 0), True),  # one personal comparison
        ((0, 11, 0), False),  # one that is not
        ((11, 8, 2), False),
        ((11, 11, 1), False),
        ((0, 0, 0), False),  # nothing is compared
    ],
)
def test_pairs_agree_where_all_that_is_compared_is_in_the_upper_levels(states, alike):
    assert [one.pairs for one in found([states], [40])] == ([40] if alike else [])


def test_comparisons_on_which_strangers_agree_by_chance_show_nothing():
    sex, town = Comparison("origin", "filter", 12), Comparison("contact", "filter", 12)
    met = found([(11, 11), (11, 1), (1, 11), (1, 1)], [90, 810, 10, 90], (sex, town))
    assert met[0].expected == pytest.approx(90)
    assert not met[0].contradict
    copied = found([(11, 11), (11, 1), (1, 11), (1, 1)], [290, 810, 10, 90], (sex, town))
    assert copied[0].contradict


@pytest.mark.parametrize(
    ("pairs", "expected", "contradict"),
    [(9, 0.0, False), (10, 0.0, True), (40, 20.0, False), (60, 20.0, True), (1_000, 100_000.0, False)],
)
def test_so_many_pairs_contradict_that_nobody_is_there_twice(pairs, expected, contradict):
    counted = Doubles("a", 500, pairs, expected)
    assert counted.contradict is contradict
    assert counted.records == (2 * (pairs - expected) if contradict else 0)


def test_at_most_all_records_share_a_person():
    assert Doubles("a", 500, 10_000, 0.0).records == 500


def test_the_largest_count_of_a_register_stands_for_all_passes():
    rows = [Doubles("a", 500, pairs, 0.0).to_json() for pairs in (20, 30, 12)]
    most = most_doubles([{"doubles": rows[:2]}, {}, {"doubles": [*rows[2:], Doubles("b", 9, 11, 0.0).to_json()]}])
    assert {name: row["pairs"] for name, row in most.items()} == {"a": 30, "b": 11}
