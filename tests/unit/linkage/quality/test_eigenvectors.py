"""The top eigenvector beside numpy's complete decomposition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wasl.linkage.quality.eigenvectors import top_eigenvector


@settings(max_examples=60, deadline=None)
@given(rows=st.integers(1, 70), seed=st.integers(0, 2**32 - 1), rank=st.integers(1, 70), centred=st.booleans())
def test_it_reaches_the_largest_eigenvalue(rows, seed, rank, centred):
    rng = np.random.default_rng(seed)
    half = rng.normal(size=(rows, min(rank, rows)))
    matrix = half @ np.diag(rng.normal(size=half.shape[1])) @ half.T
    if centred:
        matrix = matrix - matrix.mean(axis=0)
        matrix = matrix - matrix.mean(axis=1)[:, None]
    matrix = np.ascontiguousarray((matrix + matrix.T) / 2)
    vector = top_eigenvector(matrix)
    largest = np.linalg.eigvalsh(matrix)[-1]
    scale = max(1e-12, float(np.abs(matrix).max()) * rows)
    assert np.linalg.norm(vector) == pytest.approx(1.0)
    assert vector @ matrix @ vector == pytest.approx(largest, abs=1e-9 * scale)
    assert np.linalg.norm(matrix @ vector - largest * vector) <= 1e-6 * scale


@pytest.mark.parametrize("matrix", [np.zeros((4, 4)), np.eye(5), np.ones((6, 6)), -np.ones((3, 3))])
def test_matrices_with_equal_eigenvalues(matrix):
    vector = top_eigenvector(matrix)
    assert vector @ matrix @ vector == pytest.approx(np.linalg.eigvalsh(matrix)[-1], abs=1e-9)


def test_noise_of_a_large_block_converges():
    noise = np.random.default_rng(5).normal(size=(300, 300))
    noise = noise + noise.T
    _values, vectors = np.linalg.eigh(noise)
    assert abs(top_eigenvector(noise) @ vectors[:, -1]) == pytest.approx(1.0, abs=1e-8)
