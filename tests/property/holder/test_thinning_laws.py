"""Laws of thinning a block: the shortcuts give what the whole matrices would."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wasl.holder.eigenvalues import centre, top_eigenvalue
from wasl.holder.thinning import thin_block
from wasl.registers.compiled.symmetric import multiply

LAWS = settings(max_examples=40, deadline=None)
BITS = 256


def agreement(size, seed, families, groups):
    """Made-up agreement: rows of a family agree, others by chance; (groups + 2, size, size) with no tokens."""
    rng = np.random.default_rng(seed)
    family = rng.integers(0, families, size)
    found = np.zeros((groups + 2, size, size))
    for group in range(groups):
        matrix = np.where(family[:, None] == family, rng.uniform(0.1, 0.6), 0.0)
        matrix = np.triu(matrix * rng.random((size, size)) + rng.normal(0, 0.02, (size, size)), 1)
        found[group] = matrix + matrix.T
    found[-1] = found[:groups].sum(axis=0)
    return found


def exact_leak(whole, groups):
    """T from LAPACK's eigenvalues of the centred matrices."""
    n = whole.shape[1]
    noise = np.sqrt(n / BITS)
    values = []
    for kind, matrix in enumerate(whole):
        if matrix.any():
            centred = matrix - matrix.mean(0) - matrix.mean(1)[:, None] + matrix.mean()
            unit = noise * (np.sqrt(groups) if kind == groups + 1 else 1.0)
            values.append(np.linalg.eigvalsh(centred)[-1] / unit)
    return max(values)


@LAWS
@given(st.integers(3, 160), st.integers(0, 2**31), st.integers(1, 12), st.integers(2, 3))
def test_what_is_left_is_within_the_limit_by_exact_eigenvalues(size, seed, families, groups):
    whole = agreement(size, seed, families, groups)
    out = np.zeros(size, bool)
    leak, lost = thin_block(whole.copy(), groups, BITS, 1.0, 1.0, True, True, False, out)
    left = whole[:, ~out][:, :, ~out]
    assert not lost
    if left.shape[1] >= 3:
        exact = exact_leak(left, groups)
        assert exact <= 1.0 + 1e-3
        assert leak == pytest.approx(exact, rel=1e-3) or exact <= leak <= 1.0  # a small one is reported as its norm
    if exact_leak(whole, groups) <= 0.999:
        assert not out.any()


@LAWS
@given(st.integers(3, 120), st.integers(0, 2**31))
def test_without_dropping_nothing_is_left_out(size, seed):
    whole = agreement(size, seed, 2, 2)
    out = np.zeros(size, bool)
    leak, lost = thin_block(whole.copy(), 2, BITS, 1.0, 1.0, False, True, False, out)
    assert leak == pytest.approx(exact_leak(whole, 2), rel=1e-3)
    assert not out.any()
    assert not lost


@LAWS
@given(st.integers(25, 200), st.integers(0, 2**31), st.integers(1, 30))
def test_the_eigenvalue_of_a_large_matrix_is_that_of_lapack(size, seed, families):
    centred = centre(agreement(size, seed, families, 1)[0])
    assert top_eigenvalue(centred, 0.0) == pytest.approx(np.linalg.eigvalsh(centred)[-1], rel=1e-3)


@LAWS
@given(st.integers(1, 70), st.integers(0, 20), st.integers(0, 2**31))
def test_a_product_with_a_part_of_a_matrix(n, more, seed):
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(n + more, n + more))
    matrix += matrix.T
    vector, out = rng.normal(size=n), np.empty(n)
    multiply(matrix, n, vector, out)
    np.testing.assert_allclose(out, matrix[:n, :n] @ vector, atol=1e-9)
