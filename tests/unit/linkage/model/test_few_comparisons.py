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


def lender(m: tuple[float, ...], matches: float = 2_000.0) -> PassModel:
    """The model of a pass of numbers, in which births are compared beside names and origin."""
    from wasl.linkage.model.match_model import Fit

    third = Comparison("origin", "filter", LEVELS + 1, (0, 1, 2, 3, 4))
    tables = tuple(np.array([[1.0, *table], [1.0, *REST_BIRTH]]) for table in (MATCH_NAMES, m, MATCH_NAMES))
    fit = Fit(1, True, 0.0, 0.0)
    prior = np.array([[0.9, 0.1]])
    return PassModel("passport", (NAMES, BIRTH, third), ("match", "rest"), tables, prior, WITHIN, fit, matches, 2_000)


@pytest.mark.parametrize("matches", [300, 2_000])
@pytest.mark.parametrize("namesakes", [10_000, 40_000])
def test_namesakes_are_no_matches_where_another_pass_knows_better(matches: int, namesakes: int) -> None:
    """All names agree by the block; only births are compared. Narrow blocks have more namesakes born years apart."""
    m = (0.001, 0.002, 0.01, 0.02, 0.03, 0.937)
    strata = (("a", "b", 1), ("a", "b", 12))
    rng = np.random.default_rng(matches)
    wide = counted([(matches, [m]), (namesakes, [REST_BIRTH])], rng)
    narrow = counted([(matches, [m]), (namesakes / 10, [(0.97, 0.02, 0.006, 0.003, 0.00098, 2e-5)])], rng)
    patterns = PatternCounts(
        np.concatenate([wide.codes, narrow.codes + np.uint64(100)]),
        np.concatenate([wide.counts, narrow.counts]),
        np.concatenate([wide.states, narrow.states]),
        np.repeat([1, 0], [len(wide.codes), len(narrow.codes)]),
        np.arange(2),
    )
    capacity = np.minimum(patterns.per_stratum, 4.0 * matches)
    model = fit_pass("names", patterns, (BIRTH,), strata, capacity, ModelOptions(), borrowed=[lender(m)])
    _, probability = model.score(patterns.states, patterns.stratum)
    apart = patterns.states[:, 0] == 1
    assert (patterns.counts * probability)[apart].sum() < 0.02 * 2 * matches
    assert (probability[patterns.states[:, 0] == LEVELS] > 0.5).all()
