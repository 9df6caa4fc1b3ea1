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

from wasl.holder.eigenvalues import centre, frobenius, top_eigenvalue, top_of_centred
from wasl.registers.compiled import njit
from wasl.registers.compiled.symmetric import dot, multiply, padded, total

__all__ = ["SMALLEST", "thin_block"]

SMALLEST = 3
"""Two records look alike from both sides: nothing tells which is which."""
FAR = 2.0
"""Times the limit from which a twentieth of a block is left out at a time, and not a fortieth."""
STEPS = 8
"""Products after which the search for a quotient above the bound gives up. Far above the limit one to three suffice."""
ORDERED = 15
"""Rows up to which the one that stands out most is the first of those that do equally; the sort of more rows decides
otherwise among equal ones."""
EMPTY = 1e-12
"""Sum of squares below which a matrix has no agreement, but rounding."""


@njit(cache=True, nogil=True)
def _centred_lengths(  # type: ignore[no-untyped-def]
    matrix, n, wide, sums, squares, means, product, lengths
):
    """Squared length of each centred row, from its sum and its sum of squares; means are written. Returns their mean.

    With row means r and their mean w: Σ_j (m_ij - r_i - r_j + w)² = Σ_j m_ij² - n (r_i - w)² + Σ_j r_j² - 2 (M r)_i.
    """
    for i in range(wide):
        means[i] = sums[i] / n
    whole, all_means = 0.0, 0.0
    for i in range(n):
        whole += means[i]
        all_means += means[i] * means[i]
    whole /= n
    multiply(matrix, n, means, product, wide)
    for i in range(wide):
        lengths[i] = max(0.0, squares[i] - n * (means[i] - whole) ** 2 + all_means - 2.0 * product[i])
    return whole


@njit(cache=True, nogil=True)
def _times_above(  # type: ignore[no-untyped-def]
    matrix, n, wide, means, whole, lengths, bound, shift, vector, known, product
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
        row, mean = matrix[start], means[start]
        for i in range(wide):
            vector[i] = row[i] - mean - means[i] + whole
        vector[start] += np.sqrt(lengths[start])
    for _ in range(STEPS):
        middle = total(vector, n) / n
        for i in range(wide):
            vector[i] -= middle
        length = dot(vector, vector, n)
        if length == 0.0:
            return 0.0
        part = 1.0 / np.sqrt(length)
        for i in range(wide):
            vector[i] *= part
        along = dot(means, vector, n)
        multiply(matrix, n, vector, product, wide)
        for i in range(wide):
            product[i] -= along  # the vector has mean 0, so that nothing else of the centring is left
        quotient = dot(vector, product, n)
        for i in range(wide):
            vector[i] = product[i] + shift * vector[i]
        if quotient > bound:
            return quotient / bound
    return 0.0


@njit(cache=True, nogil=True)
def _leave_out(  # type: ignore[no-untyped-def]
    whole, live, n, wide, chosen, sums, squares, vectors, units
):
    """Take rows and their columns out of all matrices: for each, from the last on, the last row takes its place.

    Args:
        whole: (kinds, n, n) agreement.
        live: (kinds) whether there is any.
        n: Rows before.
        wide: Columns gone over, at least n.
        chosen: The rows, ascending.
        sums: (kinds, n) of each row, brought up to date.
        squares: (kinds, n) likewise.
        vectors: (kinds, n), moved likewise.
        units: (n) likewise.
    """
    count = len(chosen)
    left = n - count
    for kind in range(len(whole)):
        if not live[kind]:
            continue
        matrix, mine, squared = whole[kind], sums[kind], squares[kind]
        for place in chosen[::-1]:
            row = matrix[place]
            for i in range(wide):
                mine[i] -= row[i]
                squared[i] -= row[i] * row[i]
    for turn in range(count):
        place, last = chosen[count - 1 - turn], n - 1 - turn
        units[place] = units[last]
        for kind in range(len(whole)):
            if live[kind] and place != last:
                sums[kind, place] = sums[kind, last]
                squares[kind, place] = squares[kind, last]
                vectors[kind, place] = vectors[kind, last]
                to, row = whole[kind, place], whole[kind, last]
                for i in range(wide):
                    to[i] = row[i]
    for kind in range(len(whole)):
        if live[kind]:
            matrix = whole[kind]
            for i in range(left):
                row = matrix[i]
                for turn in range(count):
                    row[chosen[count - 1 - turn]] = row[n - 1 - turn]


@njit(cache=True, nogil=True)
def _stand_out(score: NDArray[np.float64], n: int, count: int) -> NDArray[np.int64]:
    """The rows of the first n that stand out most, ascending."""
    chosen, taken = np.empty(count, np.int64), np.zeros(n, np.bool_)
    for turn in range(count):
        most, equal = -1, False
        for i in range(n):
            if not taken[i]:
                if most < 0 or score[i] > score[most]:
                    most, equal = i, False
                elif score[i] == score[most]:
                    equal = True
        if equal and (count > 1 or n > ORDERED):
            return np.sort(np.argsort(-score[:n])[:count])
        chosen[turn] = most
        taken[most] = True
    return np.sort(chosen)


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
            diagonal. Overwritten. Rows may be longer, with zeros at their ends.
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
    full = whole.shape[2]
    work = np.zeros((3 * kinds + 4, full))
    sums, squares, vectors = work[:kinds], work[kinds : 2 * kinds], work[2 * kinds : 3 * kinds]
    means, product, lengths, score = work[3 * kinds], work[3 * kinds + 1], work[3 * kinds + 2], work[3 * kinds + 3]
    live, started = np.zeros(kinds, np.bool_), np.zeros(kinds, np.bool_)
    for kind in range(kinds):
        mine, squared = sums[kind], squares[kind]
        for i in range(n):
            row = whole[kind, i]
            for j in range(full):
                mine[j] += row[j]
                squared[j] += row[j] * row[j]
        live[kind] = total(squared, n) > EMPTY
    bounds, exact = np.full(kinds, np.inf), np.full(kinds, -1.0)
    units = np.arange(n)
    while True:
        if collapse and n < SMALLEST:
            return 0.0, False
        wide = min(padded(n), full)
        noise = np.sqrt(n / released_bits)
        worst, used, above = 0.0, 0, False
        score[:] = 0.0
        for kind in range(kinds if drop else 0):
            if not live[kind] or total(squares[kind], n) <= EMPTY:
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
            middle = _centred_lengths(whole[kind], n, wide, sums[kind], squares[kind], means, product, lengths)
            norm = np.sqrt(total(lengths, n))
            if norm <= bound:
                bounds[kind] = norm
                continue
            times = _times_above(
                whole[kind], n, wide, means, middle, lengths, bound, shift, vectors[kind], started[kind], product
            )
            started[kind] = True
            if times == 0.0:
                exact[kind] = top_eigenvalue(centre(whole[kind, :n, :n]), bound)
                bounds[kind] = exact[kind]
                if exact[kind] <= bound:
                    continue
                times = exact[kind] / bound
            above = True
            worst = max(worst, times * limit)
            for i in range(wide):
                score[i] += lengths[i]
        if not above:
            return _leak(whole, live, n, groups, noise, limit, scale, exact), False
        if not mendable:
            return worst, True
        # Leave out the rows that stand out most, a few at a time in large blocks.
        chosen = _stand_out(score, n, max(1, n // (40 if worst < FAR * limit else 20)))
        for place in chosen:
            out[units[place]] = True
        _leave_out(whole, live, n, wide, chosen, sums, squares, vectors, units)
        n -= len(chosen)
        exact[:] = -1.0
        if n < SMALLEST:
            return 0.0, False


@njit(cache=True, nogil=True)
def _leak(  # type: ignore[no-untyped-def]
    whole, live, n, groups, noise, limit, scale, exact
):
    """T of the first n rows, exactly where it is not small: the largest of the kinds of agreement.

    Args:
        whole: (kinds, n, n) agreement.
        live: (kinds) whether there is any.
        n: The rows.
        groups: How many groups there are.
        noise: Of one group.
        limit: The largest T allowed.
        scale: By how much T is larger than it shows on a sample.
        exact: (kinds) the top eigenvalue where it is known, else negative.
    """
    kinds = len(whole)
    units, norms, worst, used = np.empty(kinds), np.full(kinds, -1.0), 0.0, 0
    centred = np.empty((kinds, n, n))
    for kind in range(kinds):
        if not live[kind]:
            continue
        matrix = whole[kind, :n, :n]
        if _squares(matrix) <= EMPTY:
            continue
        units[kind] = noise
        if kind < groups:
            used += 1
        elif kind == groups + 1:
            if used < 2:
                continue
            units[kind] = noise * np.sqrt(used)
        if exact[kind] >= 0.0:
            worst = max(worst, exact[kind] / units[kind] * scale)
        else:
            centred[kind] = centre(matrix)
            norms[kind] = frobenius(centred[kind])
    # The kinds with the largest norm first. A norm below what was found already need not be resolved into its
    # eigenvalues, nor one that is small.
    while True:
        kind = -1
        for other in range(kinds):
            if norms[other] >= 0.0 and (kind < 0 or norms[other] / units[other] > norms[kind] / units[kind]):
                kind = other
        if kind < 0:
            return worst
        norm, norms[kind] = norms[kind], -1.0
        enough = max(0.05 * limit * noise, min(worst, limit) * units[kind] / scale)
        value = norm if norm <= enough else top_of_centred(centred[kind], norm)
        worst = max(worst, value / units[kind] * scale)


@njit(cache=True, nogil=True)
def _squares(matrix: NDArray[np.float64]) -> float:
    """The sum of squares."""
    n, total = len(matrix), 0.0
    for i in range(n):
        total += dot(matrix[i], matrix[i], n)
    return total
