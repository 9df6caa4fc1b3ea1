"""What strangers look like in narrow blocks is read off the pairs that disagree elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from wasl.linkage.comparison.patterns import Comparison, PatternCounts
from wasl.linkage.model.fitting import fit_pass
from wasl.linkage.model.known_nonmatches import Strangers
from wasl.linkage.model.trust_in_counts import TRUST, trust_in
from wasl.linkage.plan import ModelOptions

LEVELS = 11
NAMES, BIRTH = (Comparison(name, "filter", LEVELS + 1, tuple(range(LEVELS - 1))) for name in ("names", "birth"))


def counted(rng: np.random.Generator, matches: int, strangers: int, peak: int) -> tuple[PatternCounts, np.ndarray]:
    """Patterns of a block of one surname, and how many pairs of each are matches.

    Strangers share the surname, so that their names lie around level `peak` of filters of all names.
    """
    good = 0.9 * (np.arange(1, LEVELS + 1) == LEVELS) + 0.1 * np.linspace(0.3, 1.7, LEVELS) / LEVELS
    far = 0.25 ** np.arange(LEVELS)
    near = 0.5 ** np.abs(np.arange(1, LEVELS + 1) - peak)
    table: dict[tuple[int, int], list[int]] = {}
    for count, names, birth, right in ((matches, good, good, 1), (strangers, near, far, 0)):
        drawn = [1 + rng.choice(LEVELS, count, p=p / p.sum()) for p in (names, birth)]
        for a, b in zip(*(side.tolist() for side in drawn), strict=True):
            table.setdefault((a, b), [0, 0])[right] += 1
    keys = sorted(table)
    states = np.array(keys, np.int8)
    counts = np.array([sum(table[key]) for key in keys], np.int64)
    patterns = PatternCounts(
        np.arange(len(keys), dtype=np.uint64), counts, states, np.zeros(len(keys), np.int64), np.zeros(1, np.int64)
    )
    return patterns, np.array([table[key][1] for key in keys])


@pytest.mark.parametrize(("strangers", "peak"), [(300, 3), (600, 4), (600, 1), (2_000, 5)])
def test_moderate_agreement_of_namesakes_is_not_taken_for_a_match(strangers: int, peak: int) -> None:
    patterns, right = counted(np.random.default_rng(strangers), 3_000, strangers, peak)
    model = fit_pass("surname", patterns, (NAMES, BIRTH), (("r", "r", 2),), np.array([4_000.0]), ModelOptions())
    _, probability = model.score(patterns.states, patterns.stratum)
    expected = patterns.counts * probability
    middle = (patterns.states[:, 0] <= 6) & (patterns.states[:, 1] <= 6)
    assert expected[middle].sum() == pytest.approx(right[middle].sum(), abs=0.03 * strangers + 8)
    assert expected.sum() == pytest.approx(right.sum(), rel=0.025)


def test_counted_strangers_are_trusted_as_far_as_they_are_precise() -> None:
    known = np.array([False, True])

    def trust(others: float, matches: float) -> float:
        return trust_in(Strangers(known, np.array([others, 50.0]), 1.0), np.array([others + matches, 50.0]))

    assert trust(20.0, 700.0) == TRUST
    assert trust(5_000.0, 850.0) == 1.0  # the difference of two large counts
    assert trust(5_000.0, 0.0) == 1.0
    assert trust(100.0, 300.0) > trust(200.0, 300.0)


def test_counts_from_blocks_that_were_cut_are_trusted_little() -> None:
    known = np.array([False, True])
    held = np.array([30_000.0, 50.0])
    small, large = (Strangers(known, np.array([28_000.0, 50.0]), 1.0, rows) for rows in (0.0, 1_500.0))
    assert trust_in(large, held) < 0.1 * trust_in(small, held)
