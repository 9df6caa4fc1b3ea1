from __future__ import annotations

import numpy as np
import pytest

from wasl.estimation.dual_system import LinkQuality
from wasl.estimation.multiple_systems import _linkage_matrix, multiple_systems


def _draw(rng, persons, rates, tie):
    """Three lists; a person on the first is ``tie`` times as likely to be on the second."""
    one = rng.random(persons) < rates[0]
    two = rng.random(persons) < np.where(one, rates[1] * tie, rates[1])
    three = rng.random(persons) < rates[2]
    flags = np.stack([one, two, three], axis=1).astype(int)
    histories, counts = np.unique(flags, axis=0, return_counts=True)
    return {tuple(h): float(n) for h, n in zip(histories.tolist(), counts, strict=True) if any(h)}


def test_dependence_of_two_lists_is_found_and_corrected():
    rng = np.random.default_rng(3)
    counts = _draw(rng, 20_000, (0.5, 0.3, 0.4), 1.8)
    result = multiple_systems(counts, rng=rng)
    assert result.dependences == ((0, 1),)
    assert result.estimate.value == pytest.approx(20_000, rel=0.03)
    assert result.estimate.low < 20_000 < result.estimate.high


@pytest.mark.slow
@pytest.mark.parametrize("tie", [1.0, 1.15])
def test_interval_covers_the_truth(monkeypatch, tie):
    from wasl.estimation import multiple_systems as module

    monkeypatch.setattr(module, "DRAWS", 100)
    rng = np.random.default_rng(5)
    covered = 0
    for _ in range(200):
        estimate = multiple_systems(_draw(rng, 4_000, (0.5, 0.3, 0.4), tie), rng=rng).estimate
        covered += estimate.value is not None and estimate.low <= 4_000 <= estimate.high
    assert covered >= 186  # 93 % of 200: 0.95 less one standard error


def test_missed_and_false_links_are_undone():
    histories = [(0, 0, 1), (0, 1, 0), (0, 1, 1), (1, 0, 0), (1, 0, 1), (1, 1, 0), (1, 1, 1)]
    true = np.array([3000, 2000, 900, 2500, 800, 700, 400.0])
    quality = LinkQuality(recall=0.9)
    matrix = _linkage_matrix(histories, quality)
    seen = dict(zip(histories, matrix @ true, strict=True))
    assert seen[(1, 1, 1)] == pytest.approx(400 * (0.9**3 + 3 * 0.9**2 * 0.1))
    result = multiple_systems(seen, quality=quality, rng=np.random.default_rng(0))
    assert [result.corrected[h] for h in histories] == pytest.approx(true)


def test_two_lists_and_lists_without_common_persons_cannot_be_estimated():
    rng = np.random.default_rng(0)
    assert "fewer than three" in multiple_systems({(1, 0): 5.0, (1, 1): 3.0}, rng=rng).estimate.reason
    apart = {(1, 0, 0): 50.0, (0, 1, 0): 60.0, (0, 0, 1): 70.0}
    assert "in common" in multiple_systems(apart, rng=rng).estimate.reason
