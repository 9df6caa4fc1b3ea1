"""The model of one pass, on pattern counts whose classes are known."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from wasl.linkage.comparison.patterns import Comparison, PatternCounts
from wasl.linkage.model.fitting import fit_pass
from wasl.linkage.plan import ModelOptions

LEVELS = 4  # missing, worst, middling, best
COMPARISONS = tuple(Comparison(name, "filter", LEVELS, (0, 100)) for name in ("names", "contact", "origin"))


def counted(classes: list[tuple[float, tuple[float, float, float]]]) -> PatternCounts:
    """Expected counts of every pattern; each class with its pairs and how often it shows each level."""
    states = np.array(list(itertools.product(range(1, LEVELS), repeat=3)), np.int8)
    counts = sum(pairs * np.prod(np.array(shares)[states - 1], axis=1) for pairs, shares in classes)
    counts = np.asarray(np.round(counts), np.int64)
    kept = counts > 0
    codes = np.arange(len(states), dtype=np.uint64)[kept]
    return PatternCounts(codes, counts[kept], states[kept], np.zeros(kept.sum(), np.int64), np.zeros(1, np.int64))


def fitted(patterns: PatternCounts, capacity: float) -> float:
    model = fit_pass("all", patterns, COMPARISONS, (("a", "b", 0),), np.array([capacity]), ModelOptions(personal=()))
    return model.expected_matches


def test_matches_with_errors_are_matches() -> None:
    found = fitted(
        counted([(4_000, (0.02, 0.08, 0.90)), (1_000, (0.3, 0.4, 0.3)), (10_000_000, (0.995, 0.00499, 0.00001))]),
        50_000,
    )
    assert found == pytest.approx(5_000, rel=0.1)


@pytest.mark.parametrize("share", [0.002, 0.005, 0.02])
def test_strangers_who_resemble_each_other_by_chance_are_no_matches(share: float) -> None:
    total = 10_000_000
    strangers = [(total * (1 - share), (0.998, 0.002, 0.0)), (total * share, (0.94, 0.059, 0.001))]
    found = fitted(counted([(5_000, (0.05, 0.10, 0.85)), *strangers]), 50_000)
    assert found == pytest.approx(5_000, rel=0.1)
