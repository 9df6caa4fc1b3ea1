"""Counted strangers outweigh opinions on strangers, and chance among them is not taken for errors of matches."""

from __future__ import annotations

import numpy as np
import pytest

from wasl.linkage.comparison.patterns import Comparison, PatternCounts
from wasl.linkage.model.fitting import fit_pass
from wasl.linkage.model.known_nonmatches import Strangers
from wasl.linkage.model.match_model import PassModel
from wasl.linkage.plan import ModelOptions

LEVELS = 11
NAMES, TOWN, SEX, BIRTH = (
    Comparison(name, "filter", LEVELS + 1, tuple(range(LEVELS - 1))) for name in ("names", "contact", "origin", "birth")
)
GOOD = 0.93 * (np.arange(1, LEVELS + 1) == LEVELS) + 0.07 * np.array([0, 0, 0, 0, 1, 2, 5, 4, 2, 1, 1]) / 16
FAR = 0.3 ** np.arange(LEVELS)
STRATA = (("a", "b", 1), ("a", "a", 2))


def shared(often: float) -> np.ndarray:
    """Levels of strangers of whom a share agrees entirely."""
    return (1.0 - often) * FAR / FAR.sum() + often * (np.arange(1, LEVELS + 1) == LEVELS)


def drawn(
    rng: np.random.Generator, matches: int, strangers: int, m: list[np.ndarray], u: list[np.ndarray], more: int = 0
) -> tuple[PatternCounts, np.ndarray]:
    """Patterns of matches and strangers between registers and of strangers within them; and the pairs of each.

    Args:
        rng: Source of randomness.
        matches: Pairs of one person.
        strangers: Pairs of two persons within registers.
        m: (states) levels of matches by comparison.
        u: The same of strangers.
        more: So many more strangers are between the registers.
    """
    table: dict[tuple[int, ...], list[int]] = {}
    for count, levels, stratum, right in ((matches, m, 0, 1), (strangers + more, u, 0, 0), (strangers, u, 1, 0)):
        states = [1 + rng.choice(LEVELS, count, p=p / p.sum()) for p in levels]
        for row in zip(*(side.tolist() for side in states), strict=True):
            table.setdefault((stratum, *row), [0, 0])[right] += 1
    keys = np.array(sorted(table), np.int64)
    pairs = np.array([table[tuple(key)] for key in keys.tolist()], np.int64)
    codes = np.arange(len(keys), dtype=np.uint64)
    counted = PatternCounts(codes, pairs.sum(axis=1), keys[:, 1:].astype(np.int8), keys[:, 0], np.arange(2))
    return counted, pairs


def fitted(comparisons, counted: PatternCounts, matches: int, strangers: int, borrowed=()) -> PassModel:
    """The model of a pass of two registers that hold a person once, of which one has counted strangers."""
    known = Strangers(np.array([False, True]), np.array([float(strangers), float(strangers)]), 1.0)
    capacity = np.array([1.3 * matches, 0.0])
    return fit_pass("names", counted, comparisons, STRATA, capacity, ModelOptions(), strangers=known, borrowed=borrowed)


@pytest.mark.parametrize("often", [0.5, 0.9, 0.97])
@pytest.mark.parametrize("strangers", [200, 400])
def test_namesakes_of_one_sex_in_another_town_are_strangers(often: float, strangers: int) -> None:
    """Names are the block, town and sex are compared, and most pairs are matches. Namesakes nearly always share sex."""
    rng, matches = np.random.default_rng([strangers, int(100 * often)]), 1_300
    rich = drawn(rng, 1_200, 2_400, [GOOD, GOOD, GOOD], [FAR, FAR, shared(0.8)])[0]
    lender = fitted((NAMES, TOWN, SEX), rich, 1_200, 2_400)
    counted, pairs = drawn(rng, matches, strangers, [GOOD, GOOD], [shared(0.06), shared(often)])
    model = fitted((TOWN, SEX), counted, matches, strangers, (lender,))
    _, probability = model.score(counted.states, counted.stratum)
    between = counted.stratum == 0
    expected = float((counted.counts * probability)[between].sum())
    assert expected == pytest.approx(matches, rel=0.03)
    assert float((pairs[:, 0] * probability)[between].sum()) < 0.35 * strangers


@pytest.mark.parametrize("strangers", [1_250, 1_800])
@pytest.mark.parametrize("often", [0.01, 0.9])
@pytest.mark.parametrize("more", [0, 110])
def test_chance_among_many_strangers_makes_no_matches_with_errors(strangers: int, often: float, more: int) -> None:
    """A hundred and thirty matches stand out by agreement, and levels where chance brought more pairs do not."""
    matches, false = 130, []
    for seed in range(8):
        rng = np.random.default_rng([seed, strangers])
        counted, pairs = drawn(rng, matches, strangers, [GOOD, GOOD], [FAR, shared(often)], more)
        model = fitted((BIRTH, SEX), counted, matches, strangers)
        _, probability = model.score(counted.states, counted.stratum)
        false.append(float((pairs[:, 0] * probability).sum()))
        found = float((pairs[:, 1] * probability).sum())
        assert found > 0.95 * matches
    assert np.mean(false) < 0.02 * matches


@pytest.mark.parametrize("strangers", [5, 7, 12, 40])
@pytest.mark.parametrize("often", [0.8, 1.0])
def test_few_strangers_of_one_sex_outweigh_the_opinion_that_they_have_two(strangers: int, often: float) -> None:
    """One birth date and a word of the name are the block: hardly anybody else is there, and names tell who."""
    false = []
    for seed in range(12):
        rng = np.random.default_rng([seed, strangers, 7])
        counted, pairs = drawn(rng, 138, strangers, [GOOD, GOOD], [FAR, shared(often)])
        model = fitted((NAMES, SEX), counted, 138, strangers)
        _, probability = model.score(counted.states, counted.stratum)
        between = counted.stratum == 0
        false.append(float((pairs[:, 0] * probability)[between].sum()) / strangers)
    assert np.mean(false) < 0.4
