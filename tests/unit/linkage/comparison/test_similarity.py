"""The threshold join against the coefficient of every pair."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wasl.linkage.comparison import similarity
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


@settings(max_examples=40, deadline=None)
@given(
    words=st.integers(1, 21),
    rows=st.tuples(st.integers(0, 90), st.integers(0, 140)),
    fill=st.floats(0.0, 1.0),
    noise=st.floats(0.0, 0.4),
    threshold=st.floats(0.05, 1.0),
    probe=st.integers(1, 21),
    seed=st.integers(0, 2**32 - 1),
)
def test_how_many_words_are_looked_at_first_changes_nothing(words, rows, fill, noise, threshold, probe, seed):
    rng = np.random.default_rng(seed)
    dense = rng.random((rows[0], words * 64)) < fill
    copies = rng.random((rows[1], words * 64)) < fill
    shared = min(rows) // 2
    copies[:shared] = dense[:shared] ^ (rng.random((shared, words * 64)) < noise)
    left, right = (
        np.packbits(b, axis=1, bitorder="little").view(np.uint64).reshape(-1, words) for b in (dense, copies)
    )
    both = dense.astype(np.int64) @ copies.T.astype(np.int64)
    total = dense.sum(axis=1)[:, None] + copies.sum(axis=1)[None, :]
    coefficient = np.divide(2.0 * both, total, out=np.zeros(total.shape), where=total > 0)
    expected = np.argwhere(coefficient >= threshold).tolist()
    for chosen in (None, min(probe, words)):
        with pytest.MonkeyPatch.context() as patch:
            if chosen is not None:
                patch.setattr(similarity, "_probe_words", lambda *_, first=chosen: first)
            found = similarity.similar_pairs(left, right, threshold)
        assert np.column_stack(found).tolist() == expected
