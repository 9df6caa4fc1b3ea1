"""The threshold join against the coefficient of every pair."""

from __future__ import annotations

import numpy as np
import pytest

from wasl.linkage.comparison.similarity import similar_pairs


@pytest.mark.parametrize(("words", "threshold"), [(16, 0.8), (5, 0.5), (33, 0.3), (16, 1.0)])
def test_exactly_the_pairs_that_reach_the_threshold(words, threshold):
    rng = np.random.default_rng(words)
    dense = rng.random((150, words * 64)) < rng.uniform(0.1, 0.5, (150, 1))
    noisy = dense[rng.integers(0, 150, 170)] ^ (rng.random((170, words * 64)) < rng.choice([0, 0.03, 0.1], (170, 1)))
    left, right = (np.packbits(b, axis=1, bitorder="little").view(np.uint64) for b in (dense, noisy))
    shared = dense.astype(np.int64) @ noisy.T.astype(np.int64)
    total = dense.sum(axis=1)[:, None] + noisy.sum(axis=1)[None, :]
    expected = np.argwhere(2.0 * shared / total >= threshold)
    for threads in (1, 2):
        found = similar_pairs(left, right, threshold, threads=threads)
        assert len(expected) > 0
        assert np.array_equal(np.column_stack(found), expected)
