"""The top eigenvalue of small symmetric matrices, compiled: the leak meter asks for one for each block and group."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wasl.registers.compiled import njit
from wasl.registers.compiled.symmetric import dot, largest_of_tridiagonal, multiply

__all__ = ["centre", "frobenius", "largest_eigenvalue", "top_eigenvalue", "top_of_centred"]

EXACT_TO = 24
"""Matrices up to this size are reduced to tridiagonal form as a whole."""
KRYLOV_STEPS = 96
KRYLOV_PRECISION = 1e-5
"""Relative gain in four steps from which the value is taken as reached."""


@njit(cache=True, nogil=True)
def centre(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The matrix with row and column means taken out."""
    n = matrix.shape[0]
    means = np.empty(n)
    for i in range(n):
        total = 0.0
        for j in range(n):
            total += matrix[i, j]
        means[i] = total / n
    whole = means.mean()
    out = np.empty((n, n))
    for i in range(n):
        shift = whole - means[i]
        for j in range(n):
            out[i, j] = matrix[i, j] - means[j] + shift
    return out


@njit(cache=True, nogil=True)
def _tridiagonal(matrix: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Diagonal and squared off-diagonal of a tridiagonal matrix with the eigenvalues of a symmetric one.

    Rows are padded with zeros to whole vectors of eight numbers, and vectors are zero outside the part that is left.
    So the inner loops have no remainder: twice as fast for 24 rows.

    *Source:* Householder's reduction, Golub and Van Loan, Matrix Computations, 4th ed., section 8.3.1.
    """
    n = len(matrix)
    wide = (n + 7) & -8
    a, v, p, squares = np.zeros((n, wide)), np.zeros(wide), np.zeros(wide), np.zeros(n)
    a[:, :n] = matrix
    for k in range(n - 2):
        row, length = a[k], 0.0
        v[k] = 0.0
        for i in range(k + 1, n):
            v[i] = row[i]
            length += row[i] * row[i]
        squares[k] = length
        root = np.sqrt(length)
        half = length + abs(v[k + 1]) * root
        if half == 0.0:
            continue
        v[k + 1] += root if v[k + 1] >= 0.0 else -root
        p[:] = 0.0
        for j in range(k + 1, n):
            row, weight = a[j], v[j] / half
            for i in range(wide):
                p[i] += row[i] * weight
        share = 0.0
        for i in range(k + 1, n):
            share += p[i] * v[i]
        share /= 2.0 * half
        for i in range(wide):
            p[i] -= share * v[i]
        for i in range(k + 1, n):
            row, mine, other = a[i], v[i], p[i]
            for j in range(wide):
                row[j] -= mine * p[j] + other * v[j]
    diagonal = np.empty(n)
    for i in range(n):
        diagonal[i] = a[i, i]
    if n > 1:
        squares[n - 2] = a[n - 2, n - 1] ** 2
    return diagonal, squares


@njit(cache=True, nogil=True)
def largest_eigenvalue(matrix: NDArray[np.float64], above: float) -> float:
    """The largest eigenvalue of a small symmetric matrix, from a bound above it."""
    diagonal, squares = _tridiagonal(matrix)
    return largest_of_tridiagonal(diagonal, squares, above)


@njit(cache=True, nogil=True)
def _krylov_eigenvalue(matrix: NDArray[np.float64], norm: float) -> float:
    """Top eigenvalue of a large centred matrix, to ``KRYLOV_PRECISION``.

    The projection on the vectors reached so far is tridiagonal; each new vector is made orthogonal to all before.

    *Source:* Lanczos's method with complete reorthogonalization, Golub and Van Loan, section 10.3.
    """
    n = len(matrix)
    most = min(n, KRYLOV_STEPS)
    basis = np.empty((most, n))
    diagonal, squares, along = np.empty(most), np.empty(most), np.empty(most)
    vector = np.empty(n)
    for i in range(n):
        vector[i] = 1.0 if (i * 2654435761) & 65536 else -1.0
    vector -= vector.mean()
    length, value = np.sqrt(dot(vector, vector, n)), 0.0
    for step in range(most):
        if length <= 1e-12 * norm:
            break
        own = basis[step]
        for i in range(n):
            own[i] = vector[i] / length
        multiply(matrix, n, own, vector)
        diagonal[step] = dot(own, vector, n)
        for _ in range(2):  # twice is enough
            for before in range(step + 1):
                along[before] = dot(basis[before], vector, n)
            for before in range(step + 1):
                row, share = basis[before], along[before]
                for i in range(n):
                    vector[i] -= share * row[i]
        squares[step] = dot(vector, vector, n)
        length = np.sqrt(squares[step])
        if step % 4 == 3 or step + 1 == most or length <= 1e-12 * norm:
            found = largest_of_tridiagonal(diagonal[: step + 1], squares[:step], norm)
            if found - value <= KRYLOV_PRECISION * found:
                value = found
                break
            value = found
    return value * (1.0 + KRYLOV_PRECISION)


@njit(cache=True, nogil=True)
def top_of_centred(matrix: NDArray[np.float64], norm: float) -> float:
    """Top eigenvalue of a centred matrix of this Frobenius norm."""
    if len(matrix) <= EXACT_TO:
        return max(0.0, largest_eigenvalue(matrix, norm))
    return max(0.0, _krylov_eigenvalue(matrix, norm))


@njit(cache=True, nogil=True)
def top_eigenvalue(matrix: NDArray[np.float64], enough: float) -> float:
    """Top eigenvalue of a centred matrix; its Frobenius norm instead, where already that is below ``enough``."""
    norm = frobenius(matrix)
    return norm if norm <= enough else top_of_centred(matrix, norm)


@njit(cache=True, nogil=True)
def frobenius(matrix: NDArray[np.float64]) -> float:
    """The root of the sum of squares."""
    n, total = len(matrix), 0.0
    for i in range(n):
        total += dot(matrix[i], matrix[i], n)
    return float(np.sqrt(total))
