"""Products of small symmetric matrices and the largest eigenvalue of tridiagonal ones, for kernels of several rooms."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wasl.registers.compiled import njit

__all__ = ["dot", "largest_of_tridiagonal", "multiply", "padded", "total"]

LAGUERRE_STEPS = 50
LAGUERRE_SETTLED = 1e-6
"""Step, as a share of the bound above, after which the iteration ends."""


@njit(cache=True, nogil=True)
def padded(n: int) -> int:
    """The least whole number of vectors of eight numbers that hold n, in numbers."""
    return (n + 7) & -8


@njit(cache=True, nogil=True)
def multiply(
    matrix: NDArray[np.float64], n: int, vector: NDArray[np.float64], out: NDArray[np.float64], wide: int = 0
) -> None:
    """The product of the first n rows and columns of a symmetric matrix with a vector, four rows at a time.

    Args:
        matrix: Symmetric as far as n.
        n: Rows and columns.
        vector: (n) or longer.
        out: Written as far as ``wide``.
        wide: Columns that are gone over, at least n: whole vectors of eight numbers have no remainder. What is written
            behind n has no meaning.
    """
    wide = max(n, wide)
    for i in range(wide):
        out[i] = 0.0
    for j in range(0, n - 3, 4):
        a, b, c, d = vector[j], vector[j + 1], vector[j + 2], vector[j + 3]
        one, two, three, four = matrix[j], matrix[j + 1], matrix[j + 2], matrix[j + 3]
        for i in range(wide):
            out[i] += a * one[i] + b * two[i] + c * three[i] + d * four[i]
    for j in range(n - n % 4, n):
        a, one = vector[j], matrix[j]
        for i in range(wide):
            out[i] += a * one[i]


@njit(cache=True, nogil=True)
def total(values: NDArray[np.float64], n: int) -> float:
    """The sum of the first n numbers, in four sums side by side."""
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    for i in range(0, n - 3, 4):
        a += values[i]
        b += values[i + 1]
        c += values[i + 2]
        d += values[i + 3]
    for i in range(n - n % 4, n):
        a += values[i]
    return (a + b) + (c + d)


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
def largest_of_tridiagonal(diagonal: NDArray[np.float64], squares: NDArray[np.float64], above: float) -> float:
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
