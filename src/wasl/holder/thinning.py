"""Leaves out the rows of a block that stand out most, a few at a time, until its similarity structure does not show.

The matrices of a block shrink with every row left out. They are never centred as a whole. Means and lengths of the
centred rows follow from one product, the sums of the rows and those of their squares. So a step costs a few products
of a matrix and a vector. Centring and leaving out rows never raises the top eigenvalue (the rows left span a
subspace), so an eigenvalue once known bounds all later ones.

*Source:* Horn and Johnson, Matrix Analysis, 2nd ed., theorem 4.3.28 (interlacing).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wasl.holder.eigenvalues import centre, multiply, top_eigenvalue
from wasl.registers.compiled import njit

__all__ = ["SMALLEST", "thin_block"]

SMALLEST = 3
"""Two records look alike from both sides: nothing tells which is which."""
FAR = 2.0
"""Times the limit from which a twentieth of a block is left out at a time, and not a fortieth."""
STEPS = 8
"""Products after which the search for a quotient above the bound gives up. Far above the limit one to three suffice."""
EMPTY = 1e-12
"""Sum of squares below which a matrix has no agreement, but rounding."""


@njit(cache=True, nogil=True)
def _centred_lengths(  # type: ignore[no-untyped-def]
    matrix, n, sums, squares, means, product, lengths
):
    """Squared length of each centred row, from its sum and its sum of squares; means are written. Returns their mean.

    With row means r and their mean w: Σ_j (m_ij - r_i - r_j + w)² = Σ_j m_ij² - n (r_i - w)² + Σ_j r_j² - 2 (M r)_i.
    """
    whole, all_means = 0.0, 0.0
    for i in range(n):
        means[i] = sums[i] / n
        whole += means[i]
        all_means += means[i] * means[i]
    whole /= n
    multiply(matrix, n, means, product)
    for i in range(n):
        lengths[i] = max(0.0, squares[i] - n * (means[i] - whole) ** 2 + all_means - 2.0 * product[i])
    return whole


@njit(cache=True, nogil=True)
def _times_above(  # type: ignore[no-untyped-def]
    matrix, n, means, whole, lengths, bound, shift, vector, known, product
):
    """How many times a bound the top eigenvalue of the centred matrix is at least, if a few steps show it; else 0.

    Every Rayleigh quotient is below the top eigenvalue, so one above the bound decides.

    The steps begin at ``vector`` if it is ``known``, else at the row that stands out most; ``vector`` is overwritten.
    """
    if not known:
        start = 0
        for i in range(n):
            if lengths[i] > lengths[start]:
                start = i
        for i in range(n):
            vector[i] = matrix[start, i] - means[start] - means[i] + whole
        vector[start] += np.sqrt(lengths[start])
    for _ in range(STEPS):
        middle, length = 0.0, 0.0
        for i in range(n):
            middle += vector[i]
        middle /= n
        for i in range(n):
            vector[i] -= middle
            length += vector[i] * vector[i]
        if length == 0.0:
            return 0.0
        length = np.sqrt(length)
        along = 0.0
        for i in range(n):
            vector[i] /= length
            along += means[i] * vector[i]
        multiply(matrix, n, vector, product)
        quotient = 0.0
        for i in range(n):
            product[i] -= along  # the vector has mean 0, so that nothing else of the centring is left
            quotient += vector[i] * product[i]
        for i in range(n):
            vector[i] = product[i] + shift * vector[i]
        if quotient > bound:
            return quotient / bound
    return 0.0


@njit(cache=True, nogil=True)
def _leave_out(  # type: ignore[no-untyped-def]
    whole, n, place, sums, squares, vectors, units
):
    """Take a row and its column out of all matrices: the last takes its place."""
    last = n - 1
    for kind in range(len(whole)):
        matrix = whole[kind]
        for i in range(n):
            value = matrix[place, i]
            sums[kind, i] -= value
            squares[kind, i] -= value * value
        for i in range(n):
            matrix[place, i] = matrix[last, i]
        for i in range(n):
            matrix[i, place] = matrix[i, last]
        matrix[place, place] = matrix[last, last]
        sums[kind, place] = sums[kind, last]
        squares[kind, place] = squares[kind, last]
        vectors[kind, place] = vectors[kind, last]
    units[place] = units[last]


@njit(cache=True, nogil=True)
def thin_block(
    whole: NDArray[np.float64],
    groups: int,
    released_bits: int,
    limit: float,
    scale: float,
    drop: bool,
    mendable: bool,
    collapse: bool,
    out: NDArray[np.bool_],
) -> tuple[float, bool]:
    """T of a block; if asked, after rows are left out until it is within the limit.

    Args:
        whole: (groups + 2, n, n) agreement of the rows by each group, by tokens, and summed over the groups; 0 on the
            diagonal. Overwritten.
        groups: How many groups there are.
        released_bits: Bits of a released filter; the noise of an agreement is their number to the power -1/2.
        limit: The largest T allowed.
        scale: By how much T is larger than it shows on a sample of the block.
        drop: Whether rows may be left out.
        mendable: Whether leaving out rows helps: not those of a sample.
        collapse: Whether the rows are persons.
        out: (n) written: True for the rows left out.

    Returns:
        T as the rows left show it; whether the block is above the limit and could not be mended.
    """
    kinds, n = len(whole), whole.shape[1]
    sums, squares = np.zeros((kinds, n)), np.zeros((kinds, n))
    for kind in range(kinds):
        for i in range(n):
            for j in range(n):
                value = whole[kind, i, j]
                sums[kind, j] += value
                squares[kind, j] += value * value
    vectors, started = np.zeros((kinds, n)), np.zeros(kinds, np.bool_)
    bounds = np.full(kinds, np.inf)
    units = np.arange(n)
    means, product, lengths, score = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    while True:
        if collapse and n < SMALLEST:
            return 0.0, False
        noise = np.sqrt(n / released_bits)
        worst, used, above = 0.0, 0, False
        score[:] = 0.0
        for kind in range(kinds if drop else 0):
            if squares[kind, :n].sum() <= EMPTY:
                continue
            shift, unit = 1.0, noise
            if kind < groups:
                used += 1
            elif kind == groups + 1:
                if used < 2:
                    continue
                shift, unit = float(used), noise * np.sqrt(used)
            bound = limit * unit / scale
            if bounds[kind] <= bound:
                continue
            middle = _centred_lengths(whole[kind], n, sums[kind], squares[kind], means, product, lengths)
            norm = np.sqrt(lengths[:n].sum())
            if norm <= bound:
                bounds[kind] = norm
                continue
            times = _times_above(
                whole[kind], n, means, middle, lengths, bound, shift, vectors[kind], started[kind], product
            )
            started[kind] = True
            if times == 0.0:
                exact = top_eigenvalue(centre(whole[kind, :n, :n]), bound)
                bounds[kind] = exact
                if exact <= bound:
                    continue
                times = exact / bound
            above = True
            worst = max(worst, times * limit)
            for i in range(n):
                score[i] += lengths[i]
        if not above:
            return _leak(whole, n, groups, noise, limit, scale), False
        if not mendable:
            return worst, True
        # Leave out the rows that stand out most, a few at a time in large blocks.
        order = np.argsort(-score[:n])
        chosen = np.sort(order[: max(1, n // (40 if worst < FAR * limit else 20))])
        for place in chosen[::-1]:
            out[units[place]] = True
            _leave_out(whole, n, place, sums, squares, vectors, units)
            n -= 1
        if n < SMALLEST:
            return 0.0, False


@njit(cache=True, nogil=True)
def _leak(  # type: ignore[no-untyped-def]
    whole, n, groups, noise, limit, scale
):
    """T of the first n rows, exactly where it is not small: the largest of the kinds of agreement."""
    worst, used = 0.0, 0
    for kind in range(len(whole)):
        matrix = whole[kind, :n, :n]
        if (matrix * matrix).sum() <= EMPTY:
            continue
        unit = noise
        if kind < groups:
            used += 1
        elif kind == groups + 1:
            if used < 2:
                continue
            unit = noise * np.sqrt(used)
        # A norm below what was found already need not be resolved into its eigenvalues.
        enough = max(0.05 * limit * noise, min(worst, limit) * unit / scale)
        worst = max(worst, top_eigenvalue(centre(matrix), enough) / unit * scale)
    return worst
