"""Coverage of corrected totals where strata are small, links are wrong, and being linked depends on the stratum."""

from __future__ import annotations

import numpy as np
import pytest

from wasl.estimation.linked_totals import corrected_total, design_error, propensity_classes

DRAWS, TRUE = 50, 0.95
POPULATIONS = range(8)
"""A population with one cluster that nobody draws has poor intervals, whatever the method: several are needed."""


def population(rng, strata, clusters):
    """Clusters of 6 to 17 records whose amounts are skewed; strata differ in level."""
    found = []
    for stratum in range(strata):
        for _ in range(clusters):
            level = rng.normal(0, 0.4) + 0.3 * stratum
            found.append((stratum, np.exp(rng.normal(level, 1.0, rng.integers(6, 18)))))
    return found


def draws(strata, clusters, drawn, *, seed, lone=0, uneven=0.0):
    """Estimates from repeated samples, and the true total."""
    rng = np.random.default_rng(seed)
    everybody = population(rng, strata, clusters)
    pool = np.concatenate([amounts for _, amounts in everybody])
    for _ in range(DRAWS):
        parts = []
        for stratum in range(strata):
            own = [amounts for at, amounts in everybody if at == stratum]
            count = 1 if stratum < lone else drawn
            parts += [(own[i], stratum, clusters / count) for i in rng.choice(clusters, count)]
        sizes = [len(amounts) for amounts, _, _ in parts]
        amounts = np.concatenate([one for one, _, _ in parts])
        stratum = np.repeat([at for _, at, _ in parts], sizes)
        weight = np.repeat([each for _, _, each in parts], sizes)
        cluster = np.repeat(np.arange(len(parts)), sizes)
        linked = rng.random(len(amounts)) < 0.9 + uneven * (stratum / strata - 0.5)
        value = np.where(rng.random(len(amounts)) < TRUE, amounts, rng.choice(pool, len(amounts)))
        probability = np.where(linked, TRUE, 0.0)
        recall = 0.9 * TRUE
        if uneven:
            dummies = (stratum[:, None] == np.arange(1, strata)).astype(float)
            classes = propensity_classes(linked, dummies, weight, classes=strata, probability=probability)
            weight, recall = weight * classes.factor, 1.0
        known = {"recall": recall, "pool_mean": pool.mean(), "strata": stratum, "clusters": cluster}
        yield corrected_total(value, probability, weight, **known), pool.sum()


@pytest.mark.parametrize(
    ("strata", "clusters", "drawn", "more"),
    [
        (10, 20, 5, {}),
        (10, 20, 2, {}),
        (4, 20, 2, {}),
        (10, 20, 2, {"lone": 5}),
        (5, 20, 3, {"lone": 3}),
        (6, 30, 4, {"uneven": 0.5}),
        (3, 60, 20, {"uneven": 0.3}),
    ],
)
def test_intervals_of_small_samples_hold_the_truth(strata, clusters, drawn, more):
    found = [one for seed in POPULATIONS for one in draws(strata, clusters, drawn, seed=seed, **more)]
    assert all(one.value is not None for one, _ in found)
    assert np.mean([one.low <= truth <= one.high for one, truth in found]) >= 0.93
    assert np.mean([one.value / truth for one, truth in found]) == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize(("strata", "drawn", "lone"), [(2, 2, 0), (1, 3, 0), (5, 1, 0), (9, 2, 6)])
def test_samples_that_do_not_show_their_error_have_no_interval(strata, drawn, lone):
    for estimate, _ in draws(strata, 20, drawn, seed=1, lone=lone):
        assert estimate.value is None
        assert estimate.reason.startswith("its error cannot be known")


def test_false_links_do_not_lower_totals_adjusted_by_classes():
    rng = np.random.default_rng(3)
    amounts, group = rng.gamma(2.0, 50.0, 40_000), rng.integers(0, 2, 40_000)
    linked = rng.random(40_000) < np.where(group == 1, 0.6, 0.9)
    true = np.where(group == 1, 0.8, 0.98)
    value = np.where(rng.random(40_000) < true, amounts, rng.permutation(amounts))
    probability = np.where(linked, true, 0.0)
    classes = propensity_classes(
        linked, group[:, None].astype(float), np.ones(40_000), classes=2, probability=probability
    )
    found = corrected_total(value, probability, classes.factor, recall=1.0, pool_mean=amounts.mean())
    assert found.value == pytest.approx(amounts.sum(), rel=0.02)


def test_a_stratum_of_one_cluster_adds_to_the_variance():
    part, strata, clusters = np.array([1.0, 3.0, 2.0, 5.0, 9.0]), np.array([0, 0, 1, 1, 2]), np.arange(5)
    found = design_error(part, strata, clusters)
    assert found.variance == pytest.approx(2 * 2.0 + 2 * 4.5 + (9 - 4) ** 2)
    assert found.free == 2
    assert found.degrees == pytest.approx((4.0 + 9.0) ** 2 / (4.0**2 + 9.0**2))
