"""Not to meet where both hold a number speaks against a pair; not to meet in a block of what is compared does not."""

from __future__ import annotations

import numpy as np
import pytest

from wasl.linkage.persons.meetings import OTHER_NUMBER_BOUND, weight_of_other_numbers
from wasl.linkage.persons.records import Records, Roster


def records(count: int) -> Records:
    """Records that have a row in both of two passes."""
    ids = np.array([k.to_bytes(4, "big") + bytes(12) for k in range(count)], "V16")
    zero = np.zeros(count, np.int32)
    roster = Roster(("r",), zero, ids, np.arange(count))
    return Records(("r",), ("r",), zero, zero, ids, ("words", "number"), np.ones((count, 2), bool), roster)


def taken(meets: np.ndarray, odds: np.ndarray) -> np.ndarray:
    """What is taken from pairs that all meet in pass 0, and in pass 1 as given."""
    pairs = len(odds)
    second = np.flatnonzero(meets)
    group = np.concatenate([np.arange(pairs), second])
    in_pass = np.concatenate([np.zeros(pairs, np.int32), np.ones(len(second), np.int32)])
    left = 2 * np.arange(pairs)
    return weight_of_other_numbers(odds, group, in_pass, left, left + 1, records(2 * pairs))


def people(rng: np.random.Generator, count: int = 4_000) -> tuple[np.ndarray, np.ndarray]:
    """Whether pairs are matches, and their log-odds, which are calibrated."""
    odds = rng.choice([-7.0, -5.0, 1.0, 4.0, 8.0], count, p=[0.4, 0.3, 0.02, 0.1, 0.18])
    return rng.random(count) < 1 / (1 + np.exp(-odds)), odds


@pytest.mark.parametrize("kept", [0.7, 0.9, 0.98])
def test_numbers_that_differ_count_against_a_pair(kept: float) -> None:
    rng = np.random.default_rng(7)
    match, odds = people(rng)
    meets = match & (rng.random(len(match)) < kept)
    lost = taken(meets, odds)
    assert (lost[meets] == 0).all()
    doubt = ~meets & (odds == 1.0)
    assert lost[doubt].max() < 0.6 * np.log(1 - kept)
    assert lost.min() >= -OTHER_NUMBER_BOUND


@pytest.mark.parametrize("errors", [0.5, 0.8])
def test_a_block_of_what_is_compared_tells_nothing_new(errors: float) -> None:
    rng = np.random.default_rng(8)
    match, odds = people(rng)
    # Pairs that agree entirely share the block; of the others few do, for they differ in what the block is made of.
    meets = match & ((odds > 5) | (rng.random(len(match)) < (1 - errors) * (odds > 2)))
    lost = taken(meets, odds)
    assert lost[(odds == 1.0) & ~meets].min() > -0.3
