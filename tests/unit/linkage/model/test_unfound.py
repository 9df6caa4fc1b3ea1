"""Pairs that agree on the birth date beyond chance are counted whatever else is compared."""

from __future__ import annotations

import numpy as np
import pytest

from wasl.linkage.model.checks import scoring_checks
from wasl.linkage.model.match_model import MatchModel
from wasl.linkage.model.unfound import Unfound, counted_once, excess_of


def counts(rng: np.random.Generator, people: int, shares: np.ndarray) -> np.ndarray:
    return rng.multinomial(people, shares).astype(float)


@pytest.mark.parametrize("heaped", [0.0, 0.3])
@pytest.mark.parametrize("older", [False, True])
def test_strangers_alone_show_no_excess(heaped: float, older: bool) -> None:
    rng = np.random.default_rng(1)
    shares = np.linspace(2.0, 0.0, 5_000) ** 2
    shares[::365] += heaped * shares.sum() / len(shares[::365])
    shares /= shares.sum()
    for _ in range(20):
        excess, error = excess_of(counts(rng, 3_000, shares), counts(rng, 2_000, shares[::-1] if older else shares))
        assert excess < 4.0 * error


def test_matches_are_counted_beside_strangers() -> None:
    rng = np.random.default_rng(2)
    shares = np.full(10_000, 1e-4)
    found = []
    for _ in range(20):
        common = counts(rng, 400, shares)
        excess, error = excess_of(common + counts(rng, 1_600, shares), common + counts(rng, 2_000, shares))
        assert abs(excess - 400) < 4.0 * error
        found.append(excess)
    assert np.mean(found) == pytest.approx(400, abs=30)


def test_people_who_are_there_twice_only_lower_the_count() -> None:
    rng = np.random.default_rng(3)
    shares = np.full(10_000, 1e-4)
    left = counts(rng, 2_000, shares)
    plain, _ = excess_of(left, counts(rng, 2_000, shares))
    doubled, error = excess_of(2.0 * left, counts(rng, 2_000, shares))
    assert doubled < max(plain, 0.0) + 4.0 * error


@pytest.mark.parametrize(("expected", "passed"), [(95.0, True), (70.0, True), (10.0, False), (0.0, False)])
def test_the_check_fails_where_most_matches_are_not_found(expected: float, passed: bool) -> None:
    row = Unfound("a", "b", "birth", 100.0, 5.0, expected, 0.9).to_json()
    checks = {check.name: check for check in scoring_checks(MatchModel(()), [{"pass": "all", "unfound": [row]}])}
    assert checks["unfound-matches"].passed is passed
    assert ("a and b" in checks["unfound-matches"].message) is not passed


def test_a_report_without_the_count_passes() -> None:
    assert all(check.passed for check in scoring_checks(MatchModel(()), [{"pass": "all"}]))


def test_matches_that_two_comparisons_or_passes_count_are_counted_once() -> None:
    rows = [
        Unfound("a", "b", comparison, excess, 0.0, 10.0).to_json()
        for comparison, excess in (("birth", 110.0), ("sex", 60.0), ("birth", 90.0))
    ]
    assert counted_once(rows) == (100.0, 100.0)
    assert counted_once([*rows, Unfound("a", "c", "birth", 25.0, 0.0, 10.0).to_json()]) == (115.0, 115.0)
    assert counted_once([Unfound("a", "b", "birth", 5.0, 0.0, 10.0).to_json()]) == (0.0, 0.0)
    assert counted_once([]) == (0, 0)
