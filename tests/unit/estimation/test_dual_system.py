from __future__ import annotations

import numpy as np
import pytest

from wasl.estimation.dual_system import LinkQuality, dual_system

DRAWS = 1_000
"""Of 200 draws, .92 hold the truth by chance once in thirty designs where .95 do."""


def test_perfect_links_give_the_textbook_figure():
    assert dual_system(25_343, 24_613, 24_043).value == pytest.approx(25_943.8, abs=0.05)


def test_missed_links_inflate_the_naive_figure_and_are_corrected():
    links = 24_043 * 0.97
    assert dual_system(25_343, 24_613, links).value / 25_943.8 == pytest.approx(1.031, abs=5e-4)
    corrected = dual_system(25_343, 24_613, links, LinkQuality(recall=0.97))
    assert corrected.value == pytest.approx(25_943.8, rel=0.003)
    assert corrected.low < 25_943.8 < corrected.high


def test_both_ways_of_stating_false_links_agree():
    # 20,000 true matches of which .95 are linked; 2 % of the 5,000 others are linked falsely.
    links = 0.95 * 20_000 + 0.02 * 5_000
    quality = LinkQuality.of_rates(links, 25_000, 0.95, 0.02)
    assert links * quality.precision / quality.recall == pytest.approx(20_000)


@pytest.mark.parametrize(
    ("persons", "first", "second", "recall", "precision", "error"),
    [
        (25_943, 0.977, 0.949, 0.97, 0.99, 0.003),
        (5_000, 0.6, 0.5, 0.9, 0.97, 0.01),
        (800, 0.3, 0.2, 0.9, 0.95, 0.01),
        (2_000, 0.8, 0.7, 1.0, 1.0, 0.0),
        (5_000, 0.2, 0.1, 0.85, 0.95, 0.02),
        (300, 0.8, 0.7, 0.9, 0.9, 0.03),
        (100, 0.5, 0.5, 0.9, 0.95, 0.03),
        (100, 0.6, 0.4, 0.8, 0.9, 0.05),
    ],
)
def test_interval_covers_the_truth(persons, first, second, recall, precision, error):
    rng = np.random.default_rng(17)
    covered = 0
    for _ in range(DRAWS):
        a, b = rng.random(persons) < first, rng.random(persons) < second
        hit = rng.binomial((a & b).sum(), recall)
        links = hit + rng.poisson(hit * (1 - precision) / precision)
        known = np.clip([rng.normal(recall, error), rng.normal(precision, error)], 0.01, 1.0)
        estimate = dual_system(a.sum(), b.sum(), links, LinkQuality(*known, error, error))
        covered += estimate.low <= persons <= estimate.high
    assert covered / DRAWS >= 0.93


@pytest.mark.parametrize(
    ("first", "second", "links", "quality", "reason"),
    [
        (100, 50, 60, LinkQuality(), "more links than persons"),
        (100, 50, 3, LinkQuality(), "fewer than 7 matches"),
        (1000, 500, 490, LinkQuality(recall=0.5), "recall is understated"),
        (9000, 9000, 200, LinkQuality(recall=0.5, recall_error=0.3), "wider than twice"),
    ],
)
def test_what_cannot_be_estimated_is_said(first, second, links, quality, reason):
    estimate = dual_system(first, second, links, quality)
    assert estimate.value is None
    assert reason in estimate.reason
    assert estimate.to_json()["estimate"] == "cannot be estimated"
