"""Doubtful pairs are held to what sure pairs contradict."""

from __future__ import annotations

import numpy as np
import pytest

from wasl.linkage.persons.conflicts import AS_OFTEN, correct_by_conflicts
from wasl.linkage.persons.merging import MergedPairs
from wasl.linkage.persons.records import Records, Roster

SOURCES = ("a", "b", "c")
PEOPLE, BELIEVED = 4_000, 0.6


def records():
    """Three registers that hold everybody once: record of person k in register s is s · PEOPLE + k."""
    count = len(SOURCES) * PEOPLE
    ids = np.arange(count, dtype=">u8").repeat(2).view("V16")
    source = np.repeat(np.arange(len(SOURCES), dtype=np.int32), PEOPLE)
    roster = Roster(SOURCES, source, ids, np.arange(count))
    return Records(SOURCES, SOURCES, source, source, ids, ("x",), np.ones((count, 1), bool), roster)


def draw(share_true, share_sure=0.6, doubtful=600, seed=0):
    """Sure pairs of a part of the people between all registers, and doubtful pairs of a and b, some of them matches.

    The records of doubtful pairs of different people are in a sure pair `AS_OFTEN` times as often as others.
    """
    rng = np.random.default_rng(seed)
    sure = np.sort(rng.permutation(PEOPLE)[: int(share_sure * PEOPLE)])
    alone = np.setdiff1d(np.arange(PEOPLE), sure)
    both = 1.0 - (1.0 - share_sure) ** 2  # ends are in a group that reaches the other register, or hold a third
    matches = rng.choice(alone, int(share_true * doubtful), replace=False)
    wrong = doubtful - len(matches)
    clash = rng.random(wrong) < AS_OFTEN * both
    left = np.where(clash, rng.choice(sure, wrong), rng.choice(alone, wrong))
    right = np.where(clash & (rng.random(wrong) < 0.5), rng.choice(sure, wrong), rng.choice(alone, wrong))
    ends = [(sure + s * PEOPLE, sure + t * PEOPLE) for s, t in ((0, 1), (0, 2), (1, 2))]
    ends += [(matches, matches + PEOPLE), (left, right + PEOPLE)]
    a, b = (np.concatenate(side) for side in zip(*ends, strict=True))
    probability = np.concatenate([np.full(3 * len(sure), 0.999), np.full(doubtful, BELIEVED)])
    zero = np.zeros(len(a), np.int32)
    pairs = MergedPairs(a, b, np.zeros(len(a)), probability, zero, zero, zero, None, zero.astype(np.int64))
    return pairs, clash, 3 * len(sure), len(matches)


def corrected(pairs):
    odds = correct_by_conflicts(pairs, pairs.probability, records(), np.ones(len(SOURCES), bool))
    return 1.0 / (1.0 + np.exp(-odds))


@pytest.mark.parametrize("share_true", [0.1, 0.3, 0.6, 0.9])
@pytest.mark.parametrize("seed", range(3))
def test_expected_matches_are_those_the_contradictions_leave(share_true, seed):
    pairs, clash, sure, matches = draw(share_true, seed=seed)
    found = corrected(pairs)
    assert found[:sure] == pytest.approx(0.999)
    free = np.append(np.ones(matches, bool), ~clash)
    expected, before = float(found[sure:][free].sum()), BELIEVED * len(pairs.left[sure:])
    assert abs(expected - matches) < abs(before - matches) or abs(expected - matches) < 60
    assert abs(expected - matches) < 120


def test_a_pair_without_contradiction_is_likelier_than_one_with():
    pairs, clash, sure, matches = draw(0.5)
    found = corrected(pairs)[sure:]
    assert found[:matches].min() > found[matches:][clash].max()


@pytest.mark.parametrize("free", [(True, False, False), (False, False, False)])
def test_nothing_contradicts_where_registers_hold_a_person_several_times(free):
    pairs, *_ = draw(0.3)
    odds = correct_by_conflicts(pairs, pairs.probability, records(), np.array(free))
    several = not any(free)
    assert np.allclose(1.0 / (1.0 + np.exp(-odds)), pairs.probability) is several


def test_no_pairs_and_no_sure_pairs_are_left_as_they_are():
    pairs, _, sure, _ = draw(0.3)
    none, doubtful = pairs.at(np.zeros(len(pairs), bool)), pairs.at(np.arange(len(pairs)) >= sure)
    assert len(corrected(none)) == 0
    assert corrected(doubtful) == pytest.approx(BELIEVED)


def test_pairs_of_one_register_are_left_as_they_are():
    pairs, *_ = draw(0.3)
    met, pattern, in_pass, shown = (np.append(one, 0) for one in (pairs.met, pairs.pattern, pairs.in_pass, pairs.shown))
    left, right = np.append(pairs.left, 0), np.append(pairs.right, 1)
    weight, probability = np.append(pairs.weight, 0.0), np.append(pairs.probability, 0.5)
    inside = MergedPairs(left, right, weight, probability, met, pattern, in_pass, None, shown)
    assert corrected(inside)[-1] == pytest.approx(0.5)
