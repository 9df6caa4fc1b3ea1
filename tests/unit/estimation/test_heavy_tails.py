"""Totals that few large amounts carry, or of small domains: the interval holds the truth, or none is given."""

from __future__ import annotations

import numpy as np
import pytest

from wasl.estimation.heavy_tails import tail_reason
from wasl.estimation.linked_totals import corrected_total

PERSONS, TRUE, RECALL = 20_000, 0.97, 0.9


def results(spread, drawn, domain):
    """What each of 50 samples from each of four populations says: nothing, the truth, or something else."""
    said = {"unknown": 0, "true": 0, "wrong": 0}
    for seed in range(4):
        rng = np.random.default_rng(seed)
        amounts, inside = np.exp(rng.normal(0, spread, PERSONS)), rng.random(PERSONS) < domain
        truth = amounts[inside].sum()
        for _ in range(50):
            here = rng.choice(PERSONS, drawn, replace=False)
            linked = (rng.random(drawn) < RECALL) & inside[here]
            value = np.where(rng.random(drawn) < TRUE, amounts[here], rng.choice(amounts, drawn))
            found = corrected_total(
                value,
                np.where(linked, TRUE, 0.0),
                np.full(drawn, PERSONS / drawn),
                recall=RECALL * TRUE,
                pool_mean=float(amounts.mean()),
            )
            if found.value is None:
                said["unknown"] += 1
            else:
                said["true" if found.low <= truth <= found.high else "wrong"] += 1
    return said


@pytest.mark.parametrize(
    ("spread", "drawn", "domain"),
    [
        *((spread, drawn, 1.0) for spread in (2.0, 3.0) for drawn in (20, 100, 400)),
        *((1.0, 100, domain) for domain in (0.3, 0.1, 0.05, 0.02)),
        *((1.0, 400, domain) for domain in (0.1, 0.05, 0.02)),
        *((0.6, drawn, 1.0) for drawn in (20, 100, 400)),
    ],
)
def test_the_interval_holds_the_truth_or_none_is_given(spread, drawn, domain):
    said = results(spread, drawn, domain)
    assert said["wrong"] / sum(said.values()) <= 0.07
    if domain == 1.0 and spread < 1.0:
        assert not said["unknown"]


@pytest.mark.parametrize("units", [2, 13, 400])
def test_equal_amounts_have_no_tail_and_their_scale_does_not_count(units):
    stratum = np.zeros(units, np.int64)
    assert tail_reason(np.full(units, 7.0), stratum) == ""
    amounts = np.exp(np.random.default_rng(1).normal(0, 3, units))
    assert tail_reason(amounts, stratum) == tail_reason(1e6 * amounts, stratum)


def test_strata_of_different_level_are_no_tail():
    rng = np.random.default_rng(2)
    stratum = np.repeat(np.arange(10), 20)
    amounts = np.exp(rng.normal(0, 0.3, 200) + 2.0 * stratum)
    assert tail_reason(amounts, stratum) == ""
    assert "few large amounts" in tail_reason(amounts, np.zeros(200, np.int64))


def test_small_domains_name_how_many_amounts_there_are():
    sums = np.zeros(100)
    sums[:9] = 5.0
    assert tail_reason(sums, np.zeros(100, np.int64)) == "only 9 of 100 clusters have an amount, and 12 are needed"
    assert tail_reason(sums[:10], np.zeros(10, np.int64)) == ""
