"""Passes with few comparisons: what the pairs alone do not determine must not be taken for matches."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from wasl.linkage.comparison.patterns import Comparison, PatternCounts
from wasl.linkage.model.fitting import fit_pass
from wasl.linkage.model.match_model import PassModel
from wasl.linkage.plan import ModelOptions

LEVELS = 6
NAMES, BIRTH = (Comparison(name, "filter", LEVELS + 1, (0, 1, 2, 3, 4)) for name in ("names", "birth"))
WITHIN = (("people", "people", 14),)
"""One register compared with itself in one block of some ten thousand rows."""
MATCH_NAMES, MATCH_BIRTH = (0.01, 0.02, 0.05, 0.1, 0.1, 0.72), (0.02, 0.05, 0.04, 0.02, 0.02, 0.85)
REST_NAMES, REST_BIRTH = (0.95, 0.03, 0.012, 0.005, 0.0028, 2e-4), (0.9, 0.08, 0.015, 0.004, 9.6e-4, 4e-5)


def counted(classes: list[tuple[float, list[tuple[float, ...]]]], rng: np.random.Generator) -> PatternCounts:
    """Poisson counts of every pattern."""
    states = np.array(list(itertools.product(range(1, LEVELS + 1), repeat=len(classes[0][1]))), np.int8)
    expected = sum(
        pairs * np.prod([np.array(shares)[states[:, c] - 1] for c, shares in enumerate(tables)], axis=0)
        for pairs, tables in classes
    )
    counts = rng.poisson(expected)
    kept = counts > 0
    codes = np.flatnonzero(kept).astype(np.uint64)
    return PatternCounts(codes, counts[kept], states[kept], np.zeros(kept.sum(), np.int64), np.zeros(1, np.int64))


def fitted(patterns: PatternCounts, comparisons: tuple[Comparison, ...], strata=WITHIN) -> PassModel:
    return fit_pass("all", patterns, comparisons, strata, np.array([float(patterns.pairs)]), ModelOptions())


@pytest.mark.parametrize("matches", [100, 1_000, 10_000])
def test_names_and_birth_only(matches: int) -> None:
    rest = (5e7, [REST_NAMES, REST_BIRTH])
    patterns = counted([(matches, [MATCH_NAMES, MATCH_BIRTH]), rest], np.random.default_rng(matches))
    model = fitted(patterns, (NAMES, BIRTH))
    assert model.expected_matches == pytest.approx(matches, abs=0.15 * matches + 50)


@pytest.mark.parametrize("seed", range(5))
def test_distinct_persons_stay_distinct(seed: int) -> None:
    patterns = counted([(5e7, [REST_NAMES, REST_BIRTH])], np.random.default_rng(seed))
    model = fitted(patterns, (NAMES, BIRTH))
    _, probability = model.score(patterns.states, patterns.stratum)
    assert patterns.counts[probability > 0.5].sum() <= 3


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_one_comparison_in_narrow_blocks(share: float) -> None:
    """Persons of one name: those born on the same day are matches, and nobody else."""
    narrow = (("people", "people", 1),)
    total = 2_000
    classes = [(max(share * total, 1e-9), [MATCH_BIRTH]), ((1 - share) * total, [REST_BIRTH])]
    model = fitted(counted(classes, np.random.default_rng(1)), (BIRTH,), narrow)
    assert model.expected_matches == pytest.approx(share * total, abs=0.1 * total)


def test_a_fit_whose_matches_disagree_on_birth_is_rejected() -> None:
    """Namesakes born on other days are many, and no matches, however well they would fill a class."""
    namesakes = (40_000, [(0, 0, 0, 0.05, 0.15, 0.8), REST_BIRTH])
    rest = (5e7, [REST_NAMES, REST_BIRTH])
    patterns = counted([(1_000, [MATCH_NAMES, MATCH_BIRTH]), namesakes, rest], np.random.default_rng(3))
    model = fitted(patterns, (NAMES, BIRTH))
    assert model.expected_matches == pytest.approx(1_000, rel=0.3)
    assert model.m[1][-1] > 0.6
