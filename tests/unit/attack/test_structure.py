"""Multiplicities, gaps and membership patterns betray rows; equal rows stay apart from nobody."""

from __future__ import annotations

import numpy as np

from wasl.attack.equality import match_colours, match_frequencies
from wasl.attack.observation import PassView, labels, match_labels
from wasl.attack.outcomes import Outcome, wilson
from wasl.attack.patterns import match_patterns, mine_patterns


def view(block: list[int], **classes: list[int]) -> PassView:
    n = len(block)
    ids = np.arange(16 * n, dtype=np.uint8).reshape(n, 16)
    return PassView(
        "p", ids, np.zeros(n, np.int64), np.array(block), {k: np.array(v) for k, v in classes.items()}, {}, {}
    )


def test_rows_nobody_resembles_are_named_and_twins_are_not() -> None:
    population = view([0, 0, 0, 1, 1, 2], passport=[0, 1, -1, 2, 3, 4])
    order = np.array([5, 2, 0, 4, 1, 3])
    rows, records = match_colours(population.take(order), population)
    named = dict(zip(order[rows].tolist(), records.tolist(), strict=True))
    # Row 2 alone lacks a passport, row 5 is alone in its block; 0 and 1, 3 and 4 are twins.
    assert named == {2: 2, 5: 5}


def test_blocks_of_a_size_of_their_own_are_recognised() -> None:
    population = view([0] * 5 + [1] * 3 + [2] * 3 + [3])
    rows, records = match_frequencies(population, population)
    assert rows.tolist() == records.tolist() == [0, 1, 2, 3, 4]


def test_bits_that_always_go_together_are_a_pattern() -> None:
    rng = np.random.default_rng(1)
    grams = rng.random((400, 12)) < np.linspace(0.1, 0.6, 12)
    left, right = (
        np.packbits(np.repeat(grams, 6, axis=1)[:, rng.permutation(72)], axis=1, bitorder="little") for _ in range(2)
    )
    carried = mine_patterns(left)
    assert carried.shape == (400, 12)
    assert np.allclose(np.sort(carried.mean(axis=0)), np.sort(grams.mean(axis=0)))
    order = rng.permutation(400)
    rows, records = match_patterns(left[order], right)
    assert (grams[order[rows]] == grams[records]).all(axis=1).mean() > 0.9


def test_random_bits_hold_no_pattern() -> None:
    noise = np.random.default_rng(2).integers(0, 256, (300, 32)).astype(np.uint8)
    assert mine_patterns(noise).shape[1] == 0


def test_labels_are_matched_by_value() -> None:
    among = np.random.default_rng(3).integers(0, 256, (50, 16)).astype(np.uint8)
    wanted = np.vstack([among[[7, 3]], np.zeros((1, 16), np.uint8)])
    assert match_labels(wanted, among).tolist() == [7, 3, -1]


def test_missing_labels_are_minus_one() -> None:
    import pyarrow as pa

    column = pa.chunked_array([pa.array([b"a" * 16, None, b"b" * 16, b"a" * 16], pa.binary(16))])
    assert labels(column).tolist() == [labels(column)[0], -1, labels(column)[2], labels(column)[0]]


def test_the_interval_is_wilsons() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    low, high = wilson(20, 1000)
    assert round(low, 4) == 0.0130
    assert round(high, 4) == 0.0307
    outcome = Outcome("plain", "linkage", "equality", "dgsn-permits", 10, 10, 1.0, 4, 10, 3, 3, 0.0)
    assert outcome.rate == 0.3
    assert Outcome("plain", "linkage", "equality", "dgsn-permits", 10, 10, None, 4, None, None, None, 0.0).rate is None
