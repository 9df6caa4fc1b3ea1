"""The top eigenvalue of small symmetric matrices, compiled: the leak meter asks for one for each block and group."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wasl.registers.compiled import njit

__all__ = ["centre", "largest_eigenvalue", "multiply", "top_eigenvalue"]

EXACT_TO = 24
"""Matrices up to this size are reduced to tridiagonal form as a whole."""
KRYLOV_STEPS = 96
KRYLOV_PRECISION = 1e-5
"""Relative gain in four steps from which the value is taken as reached."""
LAGUERRE_STEPS = 50


@njit(cache=True, nogil=True)
def multiply(matrix: NDArray[np.float64], n: int, vector: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """The product of the first n rows and columns of a symmetric matrix with a vector, four rows at a time."""
    for i in range(n):
        out[i] = 0.0
    for j in range(0, n - 3, 4):
        a, b, c, d = vector[j], vector[j + 1], vector[j + 2], vector[j + 3]
        one, two, three, four = matrix[j], matrix[j + 1], matrix[j + 2], matrix[j + 3]
        for i in range(n):
            out[i] += a * one[i] + b * two[i] + c * three[i] + d * four[i]
    for j in range(n - n % 4, n):
        a, one = vector[j], matrix[j]
        for i in range(n):
            out[i] += a * one[i]


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
def _largest_of_tridiagonal(diagonal: NDArray[np.float64], squares: NDArray[np.float64], above: float) -> float:
    """The largest eigenvalue of a tridiagonal matrix, from a bound above it.

    Laguerre's iteration on the characteristic polynomial: its zeros are real, so from above it falls on the largest
    and never below.

    *Source:* Wilkinson, The Algebraic Eigenvalue Problem (1965), chapter 7.
    """
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
def largest_eigenvalue(matrix: NDArray[np.float64], above: float) -> float:
    """The largest eigenvalue of a small symmetric matrix, from a bound above it."""
    diagonal, squares = _tridiagonal(matrix)
    return _largest_of_tridiagonal(diagonal, squares, above)


@njit(cache=True, nogil=True)
def _krylov_eigenvalue(matrix: NDArray[np.float64], norm: float) -> float:
    """Top eigenvalue of a large centred matrix, to ``KRYLOV_PRECISION``.

    The projection on the vectors reached so far is tridiagonal; each new vector is made orthogonal to all before.

    *Source:* Lanczos's method with complete reorthogonalization, Golub and Van Loan, section 10.3.
    """
    n = len(matrix)
    basis = np.empty((KRYLOV_STEPS, n))
    diagonal, squares = np.empty(KRYLOV_STEPS), np.empty(KRYLOV_STEPS)
    vector = np.empty(n)
    for i in range(n):
        vector[i] = 1.0 if (i * 2654435761) & 65536 else -1.0
    vector -= vector.mean()
    length, value = np.sqrt((vector * vector).sum()), 0.0
    for step in range(min(n, KRYLOV_STEPS)):
        if length <= 1e-12 * norm:
            break
        basis[step] = vector / length
        multiply(matrix, n, basis[step], vector)
        diagonal[step] = (basis[step] * vector).sum()
        for _ in range(2):  # twice is enough
            for before in range(step + 1):
                vector -= (basis[before] * vector).sum() * basis[before]
        squares[step] = (vector * vector).sum()
        length = np.sqrt(squares[step])
        if step % 4 == 3 or step + 1 == min(n, KRYLOV_STEPS) or length <= 1e-12 * norm:
            found = _largest_of_tridiagonal(diagonal[: step + 1], squares[:step], norm)
            if found - value <= KRYLOV_PRECISION * found:
                value = found
                break
            value = found
    return value * (1.0 + KRYLOV_PRECISION)


@njit(cache=True, nogil=True)
def top_eigenvalue(matrix: NDArray[np.float64], enough: float) -> float:
    """Top eigenvalue of a centred matrix; its Frobenius norm instead, where already that is below ``enough``."""
    norm = np.sqrt((matrix * matrix).sum())
    if norm <= enough:
        return float(norm)
    if len(matrix) <= EXACT_TO:
        return max(0.0, largest_eigenvalue(matrix, norm))
    return max(0.0, _krylov_eigenvalue(matrix, norm))
