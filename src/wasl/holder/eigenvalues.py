"""The top eigenvalue of small symmetric matrices, compiled: the leak meter asks for one for each block and group."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wasl.registers.compiled import njit

__all__ = ["centre", "dot", "frobenius", "largest_eigenvalue", "multiply", "top_eigenvalue", "top_of_centred"]

EXACT_TO = 24
"""Matrices up to this size are reduced to tridiagonal form as a whole."""
KRYLOV_STEPS = 96
KRYLOV_PRECISION = 1e-5
"""Relative gain in four steps from which the value is taken as reached."""
LAGUERRE_STEPS = 50
LAGUERRE_SETTLED = 1e-6
"""Step, as a share of the bound above, after which the iteration ends."""


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
def _largest_of_tridiagonal(diagonal: NDArray[np.float64], squares: NDArray[np.float64], above: float) -> float:
    """The largest eigenvalue of a tridiagonal matrix, from a bound above it.

    Laguerre's iteration on the characteristic polynomial: its zeros are real, so from above it falls on the largest
    and never below. Near a simple zero the error is cubed in each step, so that after a step of ``LAGUERRE_SETTLED``
    nothing is left to gain.

    *Source:* Wilkinson, The Algebraic Eigenvalue Problem (1965), chapter 7.
    """
    n = len(diagonal)
    value = above
    for _ in range(LAGUERRE_STEPS):
        q = value - diagonal[0]
        if q <= 0.0:
            break
        first, second, inverse = 1.0, 0.0, 1.0 / q
        total, curve = inverse, inverse * inverse
        for i in range(1, n):
            ratio, bend, scale = first * inverse, second * inverse, squares[i - 1] * inverse
            q = value - diagonal[i] - scale
            if q <= 0.0:
                break
            first, second = 1.0 + scale * ratio, scale * (bend - 2.0 * ratio * ratio)
            inverse = 1.0 / q
            ratio = first * inverse
            total += ratio
            curve += ratio * ratio - second * inverse
        if q <= 0.0:
            break
        step = n / (total + np.sqrt(max(0.0, (n - 1) * (n * curve - total * total))))
        value -= step
        if step <= LAGUERRE_SETTLED * above:
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
            found = _largest_of_tridiagonal(diagonal[: step + 1], squares[:step], norm)
            if found - value <= KRYLOV_PRECISION * found:
                value = found
                break
            value = found
    return value * (1.0 + KRYLOV_PRECISION)


@njit(cache=True, nogil=True)
def dot(left: NDArray[np.float64], right: NDArray[np.float64], n: int) -> float:
    """The sum of products, in four sums side by side."""
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    for i in range(0, n - 3, 4):
        a += left[i] * right[i]
        b += left[i + 1] * right[i + 1]
        c += left[i + 2] * right[i + 2]
        d += left[i + 3] * right[i + 3]
    for i in range(n - n % 4, n):
        a += left[i] * right[i]
    return (a + b) + (c + d)


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
