from __future__ import annotations

import numpy as np
import pytest

from wasl.errors import InputError, PolicyError
from wasl.estimation.calibration import calibrate
from wasl.estimation.linked_totals import (
    corrected_total,
    design_variance,
    propensity_classes,
    replicate_weights,
)


def _sample(rng, n=600):
    sex, region = rng.integers(0, 2, n), rng.integers(0, 4, n)
    auxiliary = np.stack([sex == 0, sex == 1, *(region == r for r in range(3))], axis=1).astype(float)
    return rng.uniform(5, 15, n), auxiliary


@pytest.mark.parametrize("distance", ["linear", "raking", "bounded"])
def test_known_totals_are_met(distance):
    rng = np.random.default_rng(1)
    weights, auxiliary = _sample(rng)
    totals = auxiliary.T @ weights * np.array([1.1, 0.9, 1.2, 0.95, 0.9])
    totals[:2] *= (auxiliary.T @ weights)[:2].sum() / totals[:2].sum()
    result = calibrate(weights, auxiliary, totals, distance=distance, bounds=(0.5, 2.0))
    assert auxiliary.T @ result.weights == pytest.approx(totals)
    if distance == "bounded":
        assert 0.5 <= result.factors.min() < result.factors.max() <= 2.0
    if distance == "raking":  # the classic: fit one margin after the other
        ipf = weights.copy()
        for _ in range(200):
            for column in (auxiliary[:, :2], np.c_[auxiliary[:, 2:], 1 - auxiliary[:, 2:].sum(axis=1)]):
                known = totals[:2] if column.shape[1] == 2 else np.r_[totals[2:], totals[:2].sum() - totals[2:].sum()]
                ipf *= column @ (known / (column.T @ ipf))
        assert result.weights == pytest.approx(ipf, rel=1e-6)


def test_totals_that_cannot_be_met_are_refused():
    rng = np.random.default_rng(1)
    weights, auxiliary = _sample(rng)
    with pytest.raises(PolicyError, match="does not meet the totals"):
        calibrate(weights, auxiliary, auxiliary.T @ weights * 9, distance="bounded", bounds=(0.5, 2.0))
    with pytest.raises(InputError, match="not positive"):
        calibrate(weights - 10, auxiliary, auxiliary.T @ weights)


def test_classes_make_up_for_links_missed_by_group():
    rng = np.random.default_rng(2)
    group = rng.integers(0, 2, 20_000)
    wage = np.where(group == 1, 100.0, 20.0)
    linked = rng.random(20_000) < np.where(group == 1, 0.5, 0.9)
    classes = propensity_classes(linked, group[:, None].astype(float), np.ones(20_000), classes=2)
    assert classes.rate == pytest.approx([0.5, 0.9], abs=0.02)
    naive = wage[linked].sum() / linked.mean()
    assert abs(naive / wage.sum() - 1) > 0.05
    assert (wage * classes.factor).sum() == pytest.approx(wage.sum(), rel=0.01)


@pytest.mark.parametrize("census", [True, False])
def test_corrected_total_covers_the_truth(census):
    rng = np.random.default_rng(4)
    covered, naive_off, recall, draws = 0, [], 0.9, 200
    for _ in range(draws):
        frame = rng.gamma(2.0, 50.0, 8_000)
        here = np.ones(8_000, bool) if census else rng.permutation(8_000) < 800
        weight = np.full(here.sum(), 1.0 if census else 10.0)
        y = frame[here]
        found = rng.random(len(y)) < recall
        probability = np.where(rng.random(len(y)) < 0.5, 0.99, 0.85)
        # Accepted links: the found true ones, and false ones so frequent that each link's probability is right.
        false = found & (rng.random(len(y)) < 1 - probability)
        value = np.where(false, rng.permutation(frame)[: len(y)], y)
        share = recall * probability.mean()
        estimate = corrected_total(
            value,
            np.where(found, probability, 0.0),
            weight,
            recall=share,
            pool_mean=frame.mean(),
            census=census,
        )
        truth = frame.sum()
        covered += estimate.low <= truth <= estimate.high
        naive_off.append((value * found * weight).sum() / truth)
    assert covered / draws >= 0.93
    assert np.mean(naive_off) < 0.95


def test_replicates_give_the_design_variance():
    rng = np.random.default_rng(6)
    clusters = np.repeat(np.arange(60), 5)
    weights = np.full(300, 4.0)
    y = rng.normal(10, 2, 300) + rng.normal(0, 3, 60)[clusters]
    replicates = replicate_weights(weights, None, clusters, groups=60)
    full = (weights * y).sum()
    jackknife = 59 / 60 * ((replicates.T @ y - full) ** 2).sum()
    assert jackknife == pytest.approx(design_variance(weights * y, None, clusters), rel=0.02)


@pytest.mark.parametrize("where", range(3))
@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("distance", ["linear", "raking", "bounded"])
def test_missing_or_infinite_figures_are_refused_with_their_number(distance, value, where):
    weights, auxiliary = _sample(np.random.default_rng(2), 40)
    given = [weights, auxiliary, auxiliary.T @ weights]
    given[where].flat[1] = value
    with pytest.raises(InputError, match="1 weights, auxiliary values or totals"):
        calibrate(given[0], given[1], given[2], distance=distance)
