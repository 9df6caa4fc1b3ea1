"""A few twins in a file show in no count of pairs, and are still no matches."""

from __future__ import annotations

import numpy as np
import pytest

from wasl.linkage.comparison.patterns import Comparison, PatternCounts
from wasl.linkage.model.fitting import fit_pass
from wasl.linkage.model.match_model import TWINS, PassModel
from wasl.linkage.plan import ModelOptions

LEVELS = 11
NAMES = ("surname", "given", "birth")
COMPARISONS = tuple(Comparison(name, "filter", LEVELS + 1, tuple(range(LEVELS - 1))) for name in NAMES)
ROWS = 2_000
SAME = np.array([0.001, 0.001, 0.004, 0.01, 0.01, 0.03, 0.06, 0.02, 0.004, 0.01, 0.85])
CHANGED = np.array([0.3, 0.1, 0.05, 0.05, 0.04, 0.04, 0.03, 0.02, 0.01, 0.01, 0.35])
FAR = np.array([0.65, 0.24, 0.08, 0.02, 0.005, 0.002, 0.001, 0.0005, 0.0005, 0.0005, 0.0005])


def fitted(twins: int, given: np.ndarray, sources: tuple[str, str], seed: int = 1) -> tuple[PassModel, PatternCounts]:
    """A model of one block of all rows: a tenth are matches, and some pairs are twins."""
    rng = np.random.default_rng(seed)
    matches, strangers = ROWS // 10, 200_000
    shapes = ((matches, (SAME, given, SAME)), (strangers, (FAR, FAR, FAR)), (twins, (SAME, FAR, SAME)))
    drawn = np.concatenate(
        [np.stack([1 + rng.choice(LEVELS, n, p=p / p.sum()) for p in tables], axis=1) for n, tables in shapes]
    )
    states, counts = np.unique(drawn, axis=0, return_counts=True)
    zero = np.zeros(len(states), np.int64)
    codes = np.arange(len(states), dtype=np.uint64)
    patterns = PatternCounts(codes, counts, states.astype(np.int8), zero, np.zeros(1, np.int64))
    model = fit_pass("all", patterns, COMPARISONS, ((*sources, 11),), np.array([float(ROWS)]), ModelOptions())
    return model, patterns


def probability(model: PassModel, *levels: int) -> float:
    return float(model.score(np.array([levels], np.int8), np.zeros(1, np.int64))[1][0])


@pytest.mark.parametrize("twins", [0, 1, 2, 6])
@pytest.mark.parametrize("birth", [11, 9])
def test_one_pair_of_twins_in_a_register_is_no_match(twins: int, birth: int) -> None:
    model, _ = fitted(twins, SAME, ("r", "r"))
    assert TWINS in model.classes
    assert probability(model, 11, 1, birth) < 0.5
    assert probability(model, 11, 2, birth) < 0.5
    assert probability(model, 11, 7, birth) > 0.9  # a misspelled given name
    assert probability(model, 6, 11, birth) > 0.9


def test_where_persons_have_other_given_names_they_are_still_found_between_registers() -> None:
    model, patterns = fitted(2, CHANGED, ("a", "b"))
    assert probability(model, 11, 1, 11) > 0.8
    _, found = model.score(patterns.states, patterns.stratum)
    assert (patterns.counts * found).sum() == pytest.approx(ROWS / 10, rel=0.1)


def test_without_a_comparison_of_given_names_there_is_no_class_of_twins() -> None:
    model, _ = fitted(2, SAME, ("r", "r"))
    one = tuple(Comparison(c.name.replace("given", "street"), c.kind, c.states, c.limits) for c in COMPARISONS)
    counts = PatternCounts(
        np.arange(2, dtype=np.uint64), np.array([50, 5_000]), np.array([[11, 11, 11], [1, 1, 1]], np.int8),
        np.zeros(2, np.int64), np.zeros(1, np.int64),
    )  # fmt: skip
    other = fit_pass("all", counts, one, (("r", "r", 11),), np.array([float(ROWS)]), ModelOptions())
    assert TWINS in model.classes
    assert TWINS not in other.classes
