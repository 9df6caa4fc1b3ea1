"""The top eigenvector of symmetric matrices, compiled: the union meter asks for several in every block.

The vector is built from Krylov vectors, each kept at a right angle to all before. Matrices of blocks have a few rows to
some hundred. The values of all eigenvectors are never needed, so that a complete decomposition wastes most of its work.

*Source:* C. Lanczos, An iteration method for the solution of the eigenvalue problem (1950); Golub and Van Loan, Matrix
Computations, 4th ed., sections 10.1 to 10.3.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wasl.registers.compiled import njit
from wasl.registers.compiled.symmetric import dot, largest_of_tridiagonal, multiply

__all__ = ["top_eigenvector"]

MOST_STEPS = 160
"""Krylov vectors at most. Noise of 300 rows needs about 60 for the tolerance below."""
CHECKED_EVERY = 8
"""Steps after which the remaining error is looked at."""
TOLERANCE = 1e-8
"""Length of what is left of ``A v − λ v``, as a share of the largest eigenvalue's bound, at which the search ends."""


@njit(cache=True, nogil=True)
def _is_above(value: float, diagonal: NDArray[np.float64], squares: NDArray[np.float64]) -> bool:
    """Whether a number is above all eigenvalues of a tridiagonal matrix, as rounding has it."""
    pivot = value - diagonal[0]
    i = 1
    while pivot > 0.0 and i < len(diagonal):
        pivot = value - diagonal[i] - squares[i - 1] / pivot
        i += 1
    return bool(pivot > 0.0)


@njit(cache=True, nogil=True)
def _just_above(diagonal: NDArray[np.float64], beside: NDArray[np.float64], count: int) -> float:
    """A number just above the largest eigenvalue of a tridiagonal matrix, reached from Gershgorin's bound."""
    bound = diagonal[0]
    for i in range(count):
        radius = (beside[i - 1] if i > 0 else 0.0) + (beside[i] if i < count - 1 else 0.0)
        bound = max(bound, diagonal[i] + radius)
    squares = beside[: count - 1] * beside[: count - 1]
    value = largest_of_tridiagonal(diagonal[:count], squares, bound)
    step = 1e-16 * max(abs(bound), abs(diagonal[0]), 1e-300)
    while not _is_above(value, diagonal[:count], squares):  # rounding may end a little below
        value += step
        step *= 2.0
    return value


@njit(cache=True, nogil=True)
def _vector_of(
    diagonal: NDArray[np.float64], beside: NDArray[np.float64], count: int, value: float, scale: float
) -> NDArray[np.float64]:
    """The eigenvector of a tridiagonal matrix for its largest eigenvalue, by inverse iteration."""
    pivots = np.empty(count)
    vector = np.ones(count)
    least = 1e-15 * scale
    for i in range(count):
        pivots[i] = value - diagonal[i]
        if i > 0:
            pivots[i] -= beside[i - 1] * beside[i - 1] / pivots[i - 1]
        pivots[i] = max(pivots[i], least)
    for _ in range(3):
        for i in range(1, count):
            vector[i] += beside[i - 1] * vector[i - 1] / pivots[i - 1]
        vector[count - 1] /= pivots[count - 1]
        for i in range(count - 2, -1, -1):
            vector[i] = (vector[i] + beside[i] * vector[i + 1]) / pivots[i]
        vector /= np.sqrt((vector * vector).sum())
    return vector


@njit(cache=True, nogil=True)
def _combine(weights: NDArray[np.float64], basis: NDArray[np.float64], count: int) -> None:
    """Write the sum of the weighted first vectors of a basis, with length 1, over the first of them."""
    found = basis[0]
    n = len(found)
    for i in range(n):
        found[i] *= weights[0]
    for k in range(1, count):
        one, weight = basis[k], weights[k]
        for i in range(n):
            found[i] += weight * one[i]
    length = np.sqrt(dot(found, found, n))
    for i in range(n):
        found[i] /= length


@njit(cache=True, nogil=True)
def top_eigenvector(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The eigenvector of length 1 for the largest eigenvalue.

    Args:
        matrix: (n, n) symmetric, C-contiguous. Of a zero matrix every vector is an eigenvector.
    """
    n = matrix.shape[0]
    most = min(n, MOST_STEPS)
    basis = np.zeros((most, n))
    diagonal, beside, image = np.zeros(most), np.zeros(most), np.empty(n)
    length = 0.0
    for i in range(n):  # no eigenvector of any likely matrix stands at a right angle to these numbers
        basis[0, i] = ((i + 1) * 0.6180339887498949) % 1.0 - 0.45
        length += basis[0, i] * basis[0, i]
    basis[0] /= np.sqrt(length)
    scale = 0.0
    for k in range(most):
        multiply(matrix, n, basis[k], image)
        diagonal[k] = dot(image, basis[k], n)
        for j in range(k + 1):
            earlier = basis[j]
            share = dot(image, earlier, n)
            for i in range(n):
                image[i] -= share * earlier[i]
        beside[k] = np.sqrt(dot(image, image, n))
        scale = max(scale, abs(diagonal[k]) + beside[k])
        if scale == 0.0:
            break
        last = k == most - 1 or beside[k] <= 1e-13 * scale
        if last or k % CHECKED_EVERY == CHECKED_EVERY - 1:
            count = k + 1
            weights = _vector_of(diagonal, beside, count, _just_above(diagonal, beside, count), scale)
            if last or beside[k] * abs(weights[k]) <= TOLERANCE * scale:
                _combine(weights, basis, count)
                break
        following = basis[k + 1]
        for i in range(n):
            following[i] = image[i] / beside[k]
    found: NDArray[np.float64] = basis[0]
    return found
