"""How many pairs are strangers', counted in registers that hold nobody twice."""

import numpy as np
import pytest

from wasl.linkage.comparison.patterns import Comparison, PatternCounts
from wasl.linkage.model.fitting import fit_pass
from wasl.linkage.model.known_nonmatches import Strangers, expect_strangers, tells_of_strangers
from wasl.linkage.plan import ModelOptions
from wasl.registers.exchange.delivery_header import DeliveryHeader, PassSummary


def header(register, rows, blocks):
    summary = PassSummary("birth", rows, blocks, 2, 0.5, {})
    return DeliveryHeader(
        1, "guarded", "p", "project", "key", "holder", register, "s", "", rows, 0, (), {}, 0.5, (summary,), "d", "t"
    )


def expected(headers, telling, strata, pairs, capacity, share=1.0):
    return expect_strangers(
        "birth",
        headers,
        [h.register for h in headers],
        telling,
        strata,
        np.array(pairs, float),
        np.array(capacity, float),
        share,
    )


def company(places):
    """Pairs that share a place."""
    _, sizes = np.unique(places, return_counts=True)
    return int((sizes * (sizes - 1) // 2).sum())


def test_as_often_as_strangers_share_a_block_within_a_register_they_do_between_two():
    rng = np.random.default_rng(5)
    blocks, people = 200_000, 4_000  # nobody is in both registers: every pair that meets is a pair of strangers
    left, right = rng.integers(0, blocks, people), rng.integers(0, blocks, people)
    met = sum(int((left == block).sum()) for block in right)
    found = expected(
        [header("a", people, len(np.unique(left))), header("b", people, len(np.unique(right)))],
        (True, True),
        [("a", "b", 1), ("a", "a", 2), ("b", "b", 2)],
        [met, company(left), company(right)],
        [met, 0, 0],
    )
    assert found.pairs[0] == pytest.approx(met, rel=0.5)
    assert found.known.tolist() == [False, True, True]
    assert found.weight == pytest.approx(1.0, rel=0.01)


def test_of_two_candidates_for_one_person_one_is_a_stranger():
    found = expected(
        [header("a", 100, 100), header("b", 101, 100)], (True, True), [("a", "b", 1), ("a", "b", 2)], [50, 2], [50, 1]
    )
    assert found.pairs[1] >= 1


def test_a_register_that_may_hold_people_twice_tells_nothing():
    assert expected([header("a", 100, 90)], (False,), [("a", "a", 1)], [10], [10]) is None


def test_one_block_for_all_is_not_counted():
    assert not tells_of_strangers("birth", header("a", 100, 1))
    assert tells_of_strangers("birth", header("a", 100, 80))
    assert not tells_of_strangers("another pass", header("a", 100, 80))


def test_there_are_never_more_strangers_than_pairs():
    found = expected(
        [header("a", 5_000, 4_100), header("b", 5_000, 4_100)],
        (True, True),
        [("a", "b", 1), ("a", "a", 2)],
        [40, 900],
        [30, 0],
    )
    assert found.pairs[0] == 40


def test_namesakes_seen_at_home_are_not_taken_for_matches():
    """In blocks by a word of the name strangers are namesakes: only pairs known to be strangers' show how often."""
    names, birth = Comparison("names", "filter", 4, (0, 1)), Comparison("birth", "filter", 4, (0, 1))
    strata = (("a", "b", 1), ("a", "a", 2))

    def counts(rows):
        stratum, name, born, many = (np.array(column, np.int64) for column in zip(*rows, strict=True))
        states = np.column_stack([name, born]).astype(np.int8)
        codes = np.arange(len(rows), dtype=np.uint64)
        return PatternCounts(codes, many, states, stratum, np.arange(2))

    between = [(0, 3, 3, 900), (0, 2, 3, 60), (0, 3, 2, 40), (0, 3, 1, 30), (0, 2, 1, 30), (0, 1, 1, 40)]
    at_home = [(1, 3, 1, 300), (1, 2, 1, 280), (1, 1, 1, 400), (1, 3, 2, 3), (1, 1, 2, 3)]
    patterns = counts(between + at_home)
    known = Strangers(np.array([False, True]), np.array([100.0, 986.0]), 1.0)
    model = fit_pass("word", patterns, (names, birth), strata, np.array([1000.0, 0.0]), ModelOptions(), strangers=known)
    _, probability = model.score(patterns.states, patterns.stratum)
    found = {tuple(row[:3]): p for row, p in zip(between, probability[: len(between)], strict=True)}
    assert found[0, 3, 3] > 0.99
    assert found[0, 3, 2] > 0.9
    assert found[0, 3, 1] < 0.2
    assert max(probability[len(between) :]) < 1e-6


@pytest.mark.parametrize("size", [12, 20, 30])
def test_blocks_cut_to_one_size_hold_more_strangers_between_registers_than_within(size):
    blocks = 40  # nobody is in both registers; each holder cut every block to the same size
    within, between = blocks * size * (size - 1) // 2, blocks * size * size
    rows = blocks * size
    found = expected(
        [header("a", rows, blocks), header("b", rows, blocks)],
        (True, True),
        [("a", "b", 4), ("a", "a", 4), ("b", "b", 4)],
        [between, within, within],
        [rows, 0, 0],
    )
    short = between - found.pairs[0]
    assert 0 < short <= 1.01 * found.large_rows  # what the count is short of, at most one pair for each such row
    assert found.large_rows == rows


@pytest.mark.parametrize("twice", [0, 100, 400, 1_500])
def test_a_register_that_holds_persons_twice_does_not_make_strangers_of_matches(twice):
    """Registers `a` and `b` have 2,000 persons in common, and blocks hold hardly any strangers."""
    found = expected(
        [header("a", 4_000, 3_950), header("b", 3_000, 2_990)],
        (True, True),
        [("a", "b", 1), ("a", "a", 2), ("b", "b", 2)],
        [2_000, 20 + twice, 10],
        [2_000, 0, 0],
    )
    assert found.pairs[0] < 300  # with one rate for both registers 1,500 copies made strangers of all matches
    assert found.pairs[0] >= 20


def test_registers_alike_have_one_rate():
    one = expected([header("a", 4_000, 3_900), header("b", 4_000, 3_900)], (True, True),
                   [("a", "b", 1), ("a", "a", 2), ("b", "b", 2)], [1_000, 60, 45], [1_000, 0, 0])  # fmt: skip
    assert one.pairs[0] == pytest.approx((60 + 45 + 0.5) / (4_000 * 3_999) * 4_000 * 4_000, rel=1e-6)
