"""Self-checks that notice what probabilities alone do not show."""

from __future__ import annotations

import numpy as np
import pytest

from wasl.linkage.persons.merging import MergedPairs
from wasl.linkage.persons.records import Records, Roster
from wasl.linkage.quality.block_matches import check_blocks
from wasl.linkage.quality.doubt import check_one_kind
from wasl.linkage.quality.held_once import check_held_once
from wasl.linkage.quality.torn_records import check_torn, count_torn
from wasl.linkage.quality.unknown_recall import check_unknown_recall


def two_registers(count: int) -> Records:
    ids = np.array([k.to_bytes(16, "big") for k in range(2 * count)], "V16")
    source = (np.arange(2 * count) // count).astype(np.int32)
    roster = Roster(("a", "b"), source, ids, np.arange(2 * count))
    return Records(("a", "b"), ("a", "b"), source, source, ids, ("names",), np.ones((2 * count, 1), bool), roster)


def pairs(left, right, probability, pattern=0) -> MergedPairs:
    count, p = len(left), np.asarray(probability, float)
    ones = np.ones(count, np.int32)
    return MergedPairs(np.array(left), np.array(right), p, p, ones, pattern * ones, 0 * ones)


@pytest.mark.parametrize(
    ("excess", "error", "believed", "passed"),
    [
        (1_000, 30, 1_010, True),
        (1_000, 30, 860, True),
        (1_000, 30, 600, False),
        (1_000, 400, 10, True),  # the count is too uncertain
        (40, 2, 0, False),
        (20, 2, 0, True),  # too few to judge
    ],
)
def test_blocks_with_more_pairs_than_matches_and_strangers(excess, error, believed, passed) -> None:
    row = {"left": "a", "right": "b", "excess": excess, "error": error}
    matches = np.array([[[0.0, believed], [0.0, 0.0]]])
    check = check_blocks([{"pass": "names", "excess": [row]}, {"pass": "names"}], matches, two_registers(3))
    assert check.passed is passed
    assert ("a and b" in check.message) is not passed


@pytest.mark.parametrize(("torn", "passed"), [(0, True), (15, True), (40, False)])
def test_records_whose_names_fit_another_record(torn: int, passed: bool) -> None:
    count = 300
    records = two_registers(2 * count)
    left, right = np.arange(count), 2 * count + np.arange(count)
    rival = pairs([*left, *left[:torn]], [*right, *(right[:torn] + count)], [0.9] * count + [0.6] * torn)
    linked = np.arange(count + torn) < count
    twins = linked & (np.arange(count + torn) < 100)
    found = count_torn(rival, linked, twins, records)
    assert found == torn
    check = check_torn(found, count)
    assert check.passed is passed
    assert count_torn(rival, linked, np.zeros(count + torn, bool), records) == 0


@pytest.mark.parametrize(
    ("value", "links", "passed"), [(0.02, 400, False), (0.97, 400, True), (None, 400, True), (0.02, 5, True)]
)
def test_recall_is_unknown_and_passes_find_other_matches(value: float | None, links: int, passed: bool) -> None:
    recall = {"value": None, "low": 0.0, "high": 1.0, "reason": "cannot be estimated"}
    check = check_unknown_recall({"recall": recall | ({} if value is None else {"if_independent": value})}, links)
    assert check.passed is passed


@pytest.mark.parametrize(
    ("sure", "probability", "alike", "warned"),
    [(300, 0.47, 150, True), (300, 0.47, 30, False), (300, 0.95, 150, False), (0, 0.5, 10, False), (0, 0.5, 0, False)],
)
def test_one_number_decides_on_many_pairs(sure: int, probability: float, alike: int, warned: bool) -> None:
    count = sure + alike
    every = pairs(np.arange(count), count + np.arange(count), [0.99] * sure + [probability] * alike)
    check = check_one_kind(every, 1)
    assert check.passed
    assert check.warning is warned
    assert (f"{alike} pairs" in check.message) is warned


@pytest.mark.parametrize(
    ("count", "twice", "passed"), [(1_000, 0, True), (300, 9, True), (1_000, 13, True), (1_000, 19, False)]
)
def test_a_few_records_with_two_equal_partners(count: int, twice: int, passed: bool) -> None:
    records = two_registers(2 * count)
    left, right = np.arange(count), 2 * count + np.arange(count)
    ends = [*left, *left[:twice]], [*right, *(right[:twice] + count)]
    before = pairs(*ends, np.full(count + twice, 0.99))
    rivals = np.where(np.arange(count + twice) % count < twice, 0.5, 0.99)
    check = check_held_once(before, pairs(*ends, rivals), records, np.ones(2, bool))
    assert (check.passed, check.warning) == (passed, False)
