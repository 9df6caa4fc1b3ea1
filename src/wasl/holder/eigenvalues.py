"""The top eigenvalue of small symmetric matrices, compiled: the leak meter asks for one for each block and group."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["centre", "largest_eigenvalue", "times_above", "top_eigenvalue"]

POWER_FROM = 64
"""Matrices above this size get their top eigenvalue by power iteration."""
POWER_STEPS = 300
LAGUERRE_STEPS = 50
EXCEEDS_STEPS = 8
"""Steps after which the search for a quotient above the bound gives up. Far above the limit one to three suffice."""


@njit(cache=True, nogil=True)
def centre(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The matrix with row and column means taken out."""
    n = matrix.shape[0]
    means = np.empty(n)
    for i in range(n):
        means[i] = matrix[i].mean()
    whole = means.mean()
    out = np.empty_like(matrix)
    for i in range(n):
        for j in range(n):
            out[i, j] = matrix[i, j] - means[i] - means[j] + whole
    return out


@njit(cache=True, nogil=True)
def _tridiagonal(matrix: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Diagonal and squared off-diagonal of a tridiagonal matrix with the eigenvalues of a symmetric one.

    *Source:* Householder's reduction, Golub and Van Loan, Matrix Computations, 4th ed., section 8.3.1.
    """
    a = matrix.copy()
    n = len(a)
    squares = np.zeros(n)
    v, p = np.empty(n), np.empty(n)
    for k in range(n - 2):
        length = 0.0
        for i in range(k + 1, n):
            v[i] = a[i, k]
            length += v[i] * v[i]
        squares[k] = length
        v[k + 1] += np.sqrt(length) if v[k + 1] >= 0.0 else -np.sqrt(length)
        half = 0.0
        for i in range(k + 1, n):
            half += v[i] * v[i]
        half /= 2.0
        if half == 0.0:
            continue
        share = 0.0
        for i in range(k + 1, n):
            value = 0.0
            for j in range(k + 1, n):
                value += a[i, j] * v[j]
            p[i] = value / half
            share += p[i] * v[i]
        share /= 2.0 * half
        for i in range(k + 1, n):
            p[i] -= share * v[i]
        for i in range(k + 1, n):
            for j in range(k + 1, n):
                a[i, j] -= v[i] * p[j] + p[i] * v[j]
    if n > 1:
        squares[n - 2] = a[n - 1, n - 2] ** 2
    return np.diag(a).copy(), squares


@njit(cache=True, nogil=True)
def largest_eigenvalue(matrix: NDArray[np.float64], above: float) -> float:
    """The largest eigenvalue of a small symmetric matrix, from a bound above it.

    Laguerre's iteration on the characteristic polynomial: its zeros are real, so from above it falls on the largest
    and never below.

    *Source:* Wilkinson, The Algebraic Eigenvalue Problem (1965), chapter 7.
    """
    diagonal, squares = _tridiagonal(matrix)
    n = len(diagonal)
    value = above
    for _ in range(LAGUERRE_STEPS):
        q = value - diagonal[0]
        first, second = 1.0, 0.0
        if q <= 0.0:
            break
        total, curve = 1.0 / q, 1.0 / (q * q)
        for i in range(1, n):
            ratio, bend = first / q, second / q
            scale = squares[i - 1] / q
            q = value - diagonal[i] - scale
            first, second = 1.0 + scale * ratio, scale * (bend - 2.0 * ratio * ratio)
            if q <= 0.0:
                break
            total += first / q
            curve += (first / q) ** 2 - second / q
        if q <= 0.0:
            break
        step = n / (total + np.sqrt(max(0.0, (n - 1) * (n * curve - total * total))))
        value -= step
        if step <= 1e-13 * above:
            break
    return float(value)


@njit(cache=True, nogil=True)
def top_eigenvalue(matrix: NDArray[np.float64], enough: float, shift: float) -> float:
    """Top eigenvalue of a centred matrix; its Frobenius norm instead, where already that is below ``enough``.

    Agreement with itself, left out on the diagonal, would make the matrix positive: ``shift`` (1 for each group) puts
    it back for the power iteration on large blocks.
    """
    norm = np.sqrt((matrix * matrix).sum())
    if norm <= enough:
        return float(norm)
    n = len(matrix)
    if n <= POWER_FROM:
        return max(0.0, largest_eigenvalue(matrix, norm))
    vector = np.empty(n)
    for i in range(n):
        vector[i] = 1.0 if (i * 2654435761) & 65536 else -1.0
    vector /= np.sqrt(n)
    value = 0.0
    for _ in range(POWER_STEPS):
        image = np.dot(matrix, vector) + shift * vector
        length = np.sqrt((image * image).sum())
        if length == 0.0:
            return 0.0
        vector = image / length
        if abs(length - value) < 1e-4 * length:
            value = length
            break
        value = length
    return max(0.0, float(value - shift))


@njit(cache=True, nogil=True)
def times_above(matrix: NDArray[np.float64], bound: float, shift: float) -> float:
    """How many times a bound the top eigenvalue is at least, if a few steps show that it is above; 0 says nothing.

    Every Rayleigh quotient is below the top eigenvalue, so one above the bound decides. The steps begin at the row that
    stands out most.
    """
    n = len(matrix)
    start, longest = 0, -1.0
    for i in range(n):
        length = 0.0
        for j in range(n):
            length += matrix[i, j] * matrix[i, j]
        if length > longest:
            start, longest = i, length
    vector = matrix[start].copy()
    vector[start] += np.sqrt(max(longest, 0.0))
    for _ in range(EXCEEDS_STEPS):
        length = np.sqrt((vector * vector).sum())
        if length == 0.0:
            return 0.0
        vector /= length
        image = np.dot(matrix, vector)
        quotient = (vector * image).sum()
        if quotient > bound:
            return float(quotient / bound)
        vector = image + shift * vector
    return 0.0
