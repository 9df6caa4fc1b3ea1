"""Pairs met in several passes: merged once, and how often they were met counts."""

from __future__ import annotations

import numpy as np
import pytest

from wasl.linkage.persons.meetings import MEETING_BOUND, MEETING_SHARE
from wasl.linkage.persons.merging import merge_passes
from wasl.linkage.persons.opened_pairs import RecordPairs
from wasl.linkage.persons.records import Records, Roster

PASSES = ("a", "b", "c", "d")


def records(count, in_pass=None):
    ids = np.array([bytes([k // 256, k % 256]) + bytes(14) for k in range(count)], "V16")
    zero = np.zeros(count, np.int32)
    held = np.ones((count, len(PASSES)), bool) if in_pass is None else in_pass
    roster = Roster(("r",), zero, ids, np.arange(count))
    return Records(("r",), ("r",), zero, zero, ids, PASSES, held, roster)


def pairs(rows):
    """Rows of left, right, pass, probability."""
    left, right, step, p = (np.array(column) for column in zip(*rows, strict=True))
    weight = np.log2(p / (1 - p))
    return RecordPairs(
        left.astype(np.int64), right.astype(np.int64), step.astype(np.int32), weight, p, step.astype(np.int32), PASSES
    )


def people(namesakes):
    """Two hundred people met in three and four passes, and namesakes met in one, of one probability each."""
    rows = []
    for k in range(200):
        rows += [(2 * k, 2 * k + 1, step, 0.95) for step in range(3 + k % 2)]
    for k in range(namesakes):
        rows.append((400 + 2 * k, 401 + 2 * k, k % 4, 0.5))
    return merge_passes(pairs(rows), records(400 + 2 * namesakes))


def test_pairs_met_once_lose_and_pairs_met_often_gain():
    found = people(100)
    once = found.met == 1
    assert len(found) == 300
    assert (found.probability[once] < 0.4).all()
    assert (found.probability[~once] > 0.95).all()
    shift = found.weight[once] - np.log2(0.5 / 0.5)
    assert np.allclose(shift, shift[0])
    assert abs(shift[0]) <= MEETING_SHARE * MEETING_BOUND / np.log(2) + 1e-9
    # Weight and probability move together.
    assert np.log2(found.probability[once] / (1 - found.probability[once])) == pytest.approx(shift)


def test_passes_that_could_not_show_a_pair_say_nothing():
    held = np.ones((20, len(PASSES)), bool)
    held[:, 1:] = False
    rows = [(2 * k, 2 * k + 1, 0, 0.7) for k in range(10)]
    found = merge_passes(pairs(rows), records(20, held))
    assert found.probability == pytest.approx(0.7)
    assert found.weight == pytest.approx(np.log2(0.7 / 0.3))


def test_the_order_of_pairs_makes_no_difference():
    rows = [(k, k + 50, step, 0.3 + 0.01 * k) for k in range(50) for step in range(1 + k % 4)]
    forward, backward = (merge_passes(pairs(order), records(100)) for order in (rows, rows[::-1]))
    assert forward.left.tolist() == backward.left.tolist()
    assert forward.probability == pytest.approx(backward.probability, rel=1e-12)
