"""Marginals of random matchings, against enumeration of all matchings."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from wasl.linkage.persons.matchings import matching_marginals


def enumerated(weight: np.ndarray, slot: np.ndarray) -> np.ndarray:
    """Marginal probabilities by listing every set of pairs in which no slot occurs twice."""
    total, marginal = 0.0, np.zeros(len(weight))
    for chosen in itertools.product((False, True), repeat=len(weight)):
        held = [s for k, taken in enumerate(chosen) if taken for s in slot[2 * k : 2 * k + 2].tolist() if s >= 0]
        if len(set(held)) < len(held):
            continue
        share = float(np.prod(weight[list(chosen)]))
        total += share
        marginal += share * np.array(chosen)
    return marginal / total


@pytest.mark.parametrize("seed", range(20))
def test_exact_on_trees(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ends = [(int(rng.integers(0, k)), k) for k in range(1, 9)]  # every record but the first hangs on an earlier one
    weight = np.exp(rng.normal(0, 4, len(ends)))
    slot = np.array(ends).reshape(-1)
    found, _ = matching_marginals(weight, slot)
    assert found == pytest.approx(enumerated(weight, slot), abs=1e-5)


@pytest.mark.parametrize("seed", range(20))
def test_close_on_graphs_with_cycles(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ends = [(a, 4 + b) for a, b in itertools.product(range(4), range(3))]
    weight = np.exp(rng.normal(0, 3, len(ends)))
    slot = np.array(ends).reshape(-1)
    found, _ = matching_marginals(weight, slot)
    assert np.abs(found - enumerated(weight, slot)).max() < 0.15
    for end in range(7):
        assert found[(slot.reshape(-1, 2) == end).any(axis=1)].sum() <= 1 + 1e-6


def test_a_side_without_constraint_lets_several_pairs_be_matches() -> None:
    slot = np.array([0, -1, 1, -1])  # two records, each may match the one record of a register with duplicates
    found, _ = matching_marginals(np.array([3.0, 3.0]), slot)
    assert found == pytest.approx([0.75, 0.75])


def test_a_rival_with_its_own_partner_hardly_counts() -> None:
    # The father of register a resembles the son of register b a little; both have a partner of their own.
    slot = np.array([0, 10, 1, 11, 0, 11])
    found, _ = matching_marginals(np.array([1e4, 1e4, 20.0]), slot)
    assert found[0] > 0.999
    assert found[2] < 1e-3


@pytest.mark.parametrize("length", [2, 3, 50, 51, 1000])
def test_long_chains_of_equal_rivals_settle(length: int) -> None:
    slot = np.array([(k, k + 1) for k in range(length)]).reshape(-1)
    found, sweeps = matching_marginals(np.full(length, 1e3), slot)
    assert sweeps < 500
    assert np.isfinite(found).all()
    for record in range(length + 1):
        assert found[max(record - 1, 0) : record + 1].sum() <= 1 + 1e-6
