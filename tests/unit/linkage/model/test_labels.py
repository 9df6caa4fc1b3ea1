"""Decisions of reviewers train m-probabilities: they right a fit that is wrong, and harm none that is right."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from wasl.errors import InputError, MismatchError
from wasl.linkage.comparison.patterns import Comparison, PatternCounts, spell
from wasl.linkage.model.fitting import fit_pass
from wasl.linkage.model.labels import LabelledPatterns, labels_of, use_labels
from wasl.linkage.plan import ModelOptions

LEVELS = 5
COMPARISONS = tuple(Comparison(n, "filter", LEVELS + 1, tuple(range(4))) for n in ("names", "number", "street"))
SAME, FAR = np.array([0.03, 0.03, 0.06, 0.18, 0.7]), np.array([0.8, 0.15, 0.04, 0.008, 0.002])
HALF = np.array([0.2, 0.15, 0.15, 0.15, 0.35])
OPTIONS = ModelOptions(personal=(), unshared=())
STRATA, CAPACITY = (("a", "b", 12),), np.array([4_000.0])


def drawn(rng: np.random.Generator, kinds: list[tuple[int, tuple[np.ndarray, ...]]]) -> list[np.ndarray]:
    return [np.stack([1 + rng.choice(LEVELS, n, p=p) for p in tables], axis=1).astype(np.int8) for n, tables in kinds]


def counted(parts: list[np.ndarray]) -> tuple[PatternCounts, np.ndarray]:
    """Patterns of all pairs, and how many of each are of the first kind."""
    states, place, counts = np.unique(np.concatenate(parts), axis=0, return_inverse=True, return_counts=True)
    right = np.bincount(place.reshape(-1)[: len(parts[0])], minlength=len(states))
    zero = np.zeros(len(states), np.int64)
    codes = np.arange(len(states), dtype=np.uint64)
    return PatternCounts(codes, counts, states, zero, np.zeros(1, np.int64)), right


@pytest.fixture(scope="module")
def misleading() -> tuple[PatternCounts, np.ndarray, list[np.ndarray]]:
    """Three thousand namesakes among whom EM sees its matches, and three hundred pairs that are matches."""
    rng = np.random.default_rng(5)
    parts = drawn(rng, [(300, (SAME, SAME, HALF)), (3_000, (SAME, FAR, SAME)), (300_000, (FAR, FAR, FAR))])
    return *counted(parts), parts


def labelled(matches: np.ndarray, others: np.ndarray) -> LabelledPatterns:
    patterns = spell(np.concatenate([matches, others]), COMPARISONS)
    match = np.arange(len(patterns)) < len(matches)
    return LabelledPatterns(tuple(patterns), match, np.ones(len(patterns)))


def quality(patterns: PatternCounts, right: np.ndarray, labels: LabelledPatterns | None) -> float:
    """F1 of the pairs above one half."""
    decided, _ = use_labels(labels, "all", COMPARISONS)
    model = fit_pass("all", patterns, COMPARISONS, STRATA, CAPACITY, OPTIONS, decided=decided)
    linked = model.score(patterns.states, patterns.stratum)[1] >= 0.5
    return float(2 * right[linked].sum() / (patterns.counts[linked].sum() + right.sum()))


def test_a_fit_that_takes_namesakes_for_matches_is_righted(misleading) -> None:
    patterns, right, parts = misleading
    without = quality(patterns, right, None)
    labels = labelled(parts[0][:100], parts[1][:100])
    assert without < 0.4
    assert quality(patterns, right, labels) > 0.75


@pytest.fixture(scope="module")
def sound() -> tuple[PatternCounts, np.ndarray, list[np.ndarray]]:
    rng = np.random.default_rng(6)
    parts = drawn(rng, [(500, (SAME, SAME, SAME)), (300_000, (FAR, FAR, FAR))])
    return *counted(parts), parts


@pytest.mark.parametrize("decided", [1, 5, 20, 100])
def test_few_decisions_do_no_harm(sound, decided: int) -> None:
    patterns, right, parts = sound
    without = quality(patterns, right, None)
    assert without > 0.9
    assert quality(patterns, right, labelled(parts[0][:decided], parts[1][:decided])) > without - 0.01


def test_decisions_that_contradict_the_data_are_not_used(sound) -> None:
    patterns, right, parts = sound
    turned = labelled(parts[1][:50], parts[0][:50])
    _, report = use_labels(turned, "all", COMPARISONS)
    assert not report["used"]
    assert "agree more" in report["reason"]
    assert quality(patterns, right, turned) == quality(patterns, right, None)


def test_decisions_that_contradict_each_other_do_no_harm(sound) -> None:
    patterns, right, parts = sound
    rng = np.random.default_rng(1)
    both = np.concatenate([parts[0][:60], parts[1][:60]])[rng.permutation(120)]
    assert quality(patterns, right, labelled(both[:60], both[60:])) > quality(patterns, right, None) - 0.02


def review(decisions: list[str]) -> tuple[pa.Table, pd.DataFrame]:
    count = len(decisions)
    design = pa.table(
        {
            "pair": np.arange(1, count + 1),
            "inclusion": np.where(np.arange(count) % 2 == 0, 1.0, 0.1),
            "pass": ["all"] * count,
            "pattern": spell(np.full((count, 3), 4, np.int8), COMPARISONS),
        }
    )
    return design, pd.DataFrame({"pair": np.arange(1, count + 1), "decision": decisions})


def test_decisions_count_by_the_chance_of_being_drawn_and_undecided_pairs_do_not() -> None:
    labels = labels_of(*review(["match", "match", "unsure", "non-match", ""]))
    part = labels.by_pass["all"]
    assert labels.decided == 3
    assert part.match.tolist() == [True, True, False]
    assert part.weight[1] == pytest.approx(10 * part.weight[0])
    assert part.weight.mean() == pytest.approx(1.0)


def test_without_a_decision_there_is_nothing_to_learn() -> None:
    with pytest.raises(InputError, match="no pair is decided"):
        labels_of(*review(["", "unsure"]))


def test_decisions_on_other_fields_are_refused() -> None:
    labels = labels_of(*review(["match", "non-match"]))
    other = (Comparison("birth", "filter", 6, tuple(range(4))),)
    with pytest.raises(MismatchError, match="other fields"):
        use_labels(labels.by_pass["all"], "all", other)
