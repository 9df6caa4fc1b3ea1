"""Merged scores keep the expected matches of every pass."""

from __future__ import annotations

import numpy as np
import pytest

from wasl.linkage.persons.totals import keep_totals


def meetings(rng, pairs=6_000):
    """Pairs with their log-odds, met in pass 0 and half of them in pass 1; passes are calibrated, the merge is not."""
    odds = rng.normal(0, 3, pairs)
    second = np.flatnonzero(rng.random(pairs) < 0.5)
    group = np.concatenate([np.arange(pairs), second])
    in_pass = np.concatenate([np.zeros(pairs, np.int32), np.ones(len(second), np.int32)])
    return odds, group, in_pass, 1 / (1 + np.exp(-odds[group]))


@pytest.mark.parametrize("bias", [-2.0, -0.7, 0.0, 0.7, 2.0])
def test_a_merge_that_is_biased_is_brought_back(bias: float) -> None:
    odds, group, in_pass, probability = meetings(np.random.default_rng(3))
    found = keep_totals(odds + bias, group, in_pass, probability)
    true = 1 / (1 + np.exp(-odds))
    assert (1 / (1 + np.exp(-found))).sum() == pytest.approx(true.sum(), rel=0.02)
    doubt = np.abs(odds) < 3  # beyond, a class has hardly a match, or hardly anything else, to go by
    assert np.abs(found - odds)[doubt].mean() <= 0.25 * abs(bias) + 1e-6


@pytest.mark.parametrize("seed", range(5))
def test_every_pass_keeps_its_matches_whatever_the_merge_says(seed: int) -> None:
    rng = np.random.default_rng(seed)
    odds, group, in_pass, probability = meetings(rng)
    found = 1 / (1 + np.exp(-keep_totals(odds + rng.normal(0.5, 1, len(odds)), group, in_pass, probability)))
    for number in (0, 1):
        for low, high in ((0.2, 0.4), (0.4, 0.8), (0.8, 0.9)):
            mine = (in_pass == number) & (probability >= low) & (probability < high)
            assert found[group[mine]].sum() == pytest.approx(probability[mine].sum(), rel=0.06)


def test_a_class_of_few_pairs_keeps_its_scores() -> None:
    found = keep_totals(np.zeros(1), np.zeros(1, np.int64), np.zeros(1, np.int32), np.array([0.95]))
    assert abs(found[0]) < 0.15


def test_nothing_met_is_nothing_changed() -> None:
    empty = np.empty(0, np.int64)
    assert len(keep_totals(np.empty(0), empty, empty.astype(np.int32), np.empty(0))) == 0
