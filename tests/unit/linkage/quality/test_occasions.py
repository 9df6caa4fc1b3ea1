"""Passes that could have shown a match independently: nested ones and those without matches are none of their own."""

from __future__ import annotations

import numpy as np
import pytest

from wasl.holder.profile import EncodingProfile
from wasl.lab.quality.measure import link_prepared, plan_of, prepare
from wasl.lab.quality.unusual import UNUSUAL
from wasl.linkage.persons.merging import group_meetings, merge_meetings
from wasl.linkage.persons.opened_pairs import RecordPairs
from wasl.linkage.persons.records import Records, Roster
from wasl.linkage.quality.occasions import share_with_few_occasions


def share(met: np.ndarray, could: np.ndarray | None = None) -> float:
    """The share for matches that met in these passes.

    Args:
        met: (matches, passes) whether a match met there.
        could: (matches, passes) whether both records have a row there; all by default.
    """
    matches, passes = met.shape
    held = np.ones(met.shape, bool) if could is None else could
    ids = np.array([k.to_bytes(16, "big") for k in range(2 * matches)], "V16")
    source = np.repeat([0, 1], matches).astype(np.int32)
    roster = Roster(("a", "b"), source, ids, np.arange(2 * matches))
    names = tuple(f"p{k}" for k in range(passes))
    records = Records(("a", "b"), ("a", "b"), source, source, ids, names, np.vstack([held, held]), roster)
    pair, step = np.nonzero(met & held)
    count = len(pair)
    opened = RecordPairs(
        pair.astype(np.int32), (pair + matches).astype(np.int32), step.astype(np.int16), np.full(count, 20.0),
        np.full(count, 0.999), np.zeros(count, np.int32), ("",),
    )  # fmt: skip
    meetings = group_meetings(opened, 2 * matches)
    return share_with_few_occasions(merge_meetings(meetings, records), meetings, records)


def independent(passes: int, matches: int = 600, rate: float = 0.9, seed: int = 0) -> np.ndarray:
    met = np.random.default_rng(seed).random((matches, passes)) < rate
    met[~met.any(axis=1), 0] = True  # a match that met nowhere is not seen
    return met


@pytest.mark.parametrize(("passes", "expected"), [(3, 0.0), (5, 0.0), (9, 0.0), (2, 0.0)])
def test_independent_passes_are_occasions(passes: int, expected: float) -> None:
    """Two passes alone are counted by the caller."""
    assert share(independent(passes)) == expected


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("narrow", [1, 3, 6])
def test_passes_within_others_are_none_of_their_own(narrow: int, seed: int) -> None:
    met = independent(2, seed=seed)
    rng = np.random.default_rng(100 + seed)
    inside = [met[:, k % 2] & (rng.random(len(met)) < 0.8) for k in range(narrow)]
    assert share(np.column_stack([met, *inside])) == 1.0
    third = independent(1, seed=50 + seed, rate=0.85)
    assert share(np.column_stack([met, *inside, third])) == 0.0


def test_passes_in_which_hardly_any_match_meets_are_none() -> None:
    met = np.column_stack([independent(2), np.zeros((600, 5), bool)])
    met[:3, 2:] = True
    assert share(met) == 1.0


def test_the_share_is_of_the_records_that_lack_the_other_passes() -> None:
    met = independent(6)
    could = np.ones(met.shape, bool)
    could[:240, 2:] = False
    assert share(met, could) == pytest.approx(0.4, abs=0.02)


def test_equal_passes_are_one() -> None:
    met = independent(2)
    assert share(np.column_stack([met, met[:, 0], met[:, 1]])) == 1.0


def test_a_pass_in_which_every_match_meets_hides_nothing() -> None:
    """Then all others lie within it by chance, and no match is unmet."""
    met = np.column_stack([np.ones((600, 1), bool), independent(4)])
    assert share(met) == 0.0


@pytest.mark.parametrize(("seed", "needing"), [(0, 4), (1, 6), (2, 3)])
@pytest.mark.parametrize("wrong", [0.25, 0.5, 0.85])
def test_passes_that_are_missed_together_are_none(seed: int, needing: int, wrong: float) -> None:
    """A code that is wrong in a share of the matches keeps them out of every pass that needs it."""
    met = independent(2 + needing, seed=seed)
    rng = np.random.default_rng(seed)
    met[:, 2:] = rng.random((600, needing)) < 0.97
    met[rng.random(600) < wrong, 2:] = False
    met = met[met.any(axis=1)]
    assert share(met) == pytest.approx(wrong, abs=0.08)


def test_few_matches_show_nothing() -> None:
    met = independent(2, matches=60)
    assert share(np.column_stack([met, met[:, 0]])) == 0.0


@pytest.mark.parametrize(
    ("name", "known"), [("without-sex", False), ("other-sex", False), ("one-nation", True), ("slipped-sex", False)]
)
def test_recall_is_no_figure_where_passes_lie_within_each_other(name: str, known: bool) -> None:
    kind = UNUSUAL[name]
    sample = kind.draw(kind.persons, np.random.default_rng(23))
    found = link_prepared(
        prepare(sample, EncodingProfile.load("guarded", family=kind.family), kind.family), plan_of(sample)
    )
    assert (found.quality["recall"]["value"] is not None) is known
    assert found.covers("recall")
    assert known or "independent passes" in found.quality["recall"]["reason"]
