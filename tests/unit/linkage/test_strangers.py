"""How many pairs are strangers', counted in registers that hold nobody twice."""

import numpy as np
import pytest

from wasl.linkage.strangers import expect_strangers
from wasl.registers.delivery import DeliveryHeader, PassSummary


def header(register, rows, blocks):
    summary = PassSummary("birth", rows, blocks, 2, 0.5, {})
    return DeliveryHeader(
        1, "guarded", "p", "project", "key", "holder", register, "s", "", rows, 0, (), {}, 0.5, (summary,), "d", "t"
    )


def expected(headers, once, strata, pairs, capacity, share=1.0):
    return expect_strangers(
        "birth",
        headers,
        [h.register for h in headers],
        once,
        strata,
        np.array(pairs, float),
        np.array(capacity, float),
        share,
    )


def test_as_often_as_strangers_share_a_block_within_a_register_they_do_between_two():
    rng = np.random.default_rng(5)
    blocks, people = 200_000, 4_000  # nobody is in both registers: every pair that meets is a pair of strangers
    left, right = rng.integers(0, blocks, people), rng.integers(0, blocks, people)
    met = sum(int((left == block).sum()) for block in right)
    found = expected(
        [header("a", people, len(np.unique(left))), header("b", people, len(np.unique(right)))],
        (True, True),
        [("a", "b", 1)],
        [met],
        [met],
    )
    assert found.pairs[0] == pytest.approx(met, rel=0.5)
    assert found.weight == pytest.approx(1.0, rel=0.01)


def test_of_two_candidates_for_one_person_one_is_a_stranger():
    found = expected(
        [header("a", 100, 100), header("b", 101, 100)], (True, True), [("a", "b", 1), ("a", "b", 2)], [50, 2], [50, 1]
    )
    assert found.pairs[1] >= 1


def test_a_register_that_may_hold_people_twice_tells_nothing():
    assert expected([header("a", 100, 90)], (False,), [("a", "a", 1)], [10], [10]) is None


def test_one_block_for_all_tells_nothing():
    both = [header("a", 100, 1), header("b", 100, 1)]
    assert expected(both, (True, True), [("a", "b", 7)], [10_000], [100]) is None


def test_there_are_never_more_strangers_than_pairs():
    found = expected(
        [header("a", 5_000, 4_100), header("b", 5_000, 4_100)], (True, True), [("a", "b", 1)], [40], [30], share=1.0
    )
    assert found.pairs[0] == 40
