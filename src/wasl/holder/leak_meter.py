"""The leak meter: how visible the similarity structure inside a block is to somebody without the key.

Two filters that differ in a share d of bits agree, after diffusion with t taps, by (1 − 2d)^t on average, against
noise of 1/√L_out. Graph matching needs the top eigenvalue λ of the double-centred matrix of expected agreement to
stand out of the noise; **T = λ / √(n / L_out)** is that ratio for a block of n records. Own trials: attacks failed at
T ≤ 1.6 and won from about 3; 1 is where an eigenvector begins to show at all.

T is taken over everything released about a record in the block. That is each group by itself, all groups together
(their noise averages out), and equality of tokens (which has no noise and is weighed as if it had).

*Source:* the threshold is that of spiked random matrices (Baik, Ben Arous, Péché, Ann Probab 33(5), 2005).

*Does not protect against:* an adversary with known pairs in the block; what block sizes and gaps tell by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numba import njit
from numpy.typing import NDArray

from wasl.registers.compiled.bits import popcount

__all__ = ["LARGEST_EXACT", "BlockLeaks", "measure_blocks", "rows_to_measure"]

SMALLEST = 3
"""Two records look alike from both sides: nothing tells which is which."""
LARGEST_EXACT = 500
"""Blocks above this size are measured on a sample of that many records, and T grows with √(n / sample)."""

POWER_FROM = 64
"""Blocks above this size get their top eigenvalue by power iteration."""
POWER_STEPS = 300
LAGUERRE_STEPS = 50


@dataclass(frozen=True, slots=True)
class BlockLeaks:
    """Result of the meter.

    Attributes:
        leak: T of each block, after leaving out what had to be.
        keep: Which of the measured rows may be released.
        lost: Blocks of which no row may be, those included that were not measured.
    """

    leak: NDArray[np.float64] = field(repr=False)
    keep: NDArray[np.bool_] = field(repr=False)
    lost: NDArray[np.bool_] = field(repr=False)


@njit(cache=True, nogil=True)
def _agreement(
    raw: NDArray[np.uint64], valid: NDArray[np.bool_], places: NDArray[np.int64], taps: int
) -> NDArray[np.float64]:
    """Expected agreement of released filters, pair by pair; 0 on the diagonal and where one is missing."""
    n, words = len(places), raw.shape[1]
    matrix = np.zeros((n, n))
    for i in range(n):
        if not valid[places[i]]:
            continue
        for j in range(i):
            if not valid[places[j]]:
                continue
            different = np.uint64(0)
            for word in range(words):
                different += popcount(raw[places[i], word] ^ raw[places[j], word])
            base = 1.0 - 2.0 * np.float64(different) / (64.0 * words)
            value = base
            for _ in range(taps - 1):
                value *= base
            matrix[i, j] = value
            matrix[j, i] = value
    return matrix


@njit(cache=True, nogil=True)
def _equality(tokens: NDArray[np.int64], places: NDArray[np.int64]) -> NDArray[np.float64]:
    """1 where two rows share any token, else 0."""
    n = len(places)
    matrix = np.zeros((n, n))
    for i in range(n):
        for j in range(i):
            for token in range(tokens.shape[0]):
                code = tokens[token, places[i]]
                if code >= 0 and code == tokens[token, places[j]]:
                    matrix[i, j] = 1.0
                    matrix[j, i] = 1.0
    return matrix


@njit(cache=True, nogil=True)
def _centre(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
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
def _largest_eigenvalue(matrix: NDArray[np.float64], above: float) -> float:
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
def _top(matrix: NDArray[np.float64], enough: float, shift: float) -> float:
    """Top eigenvalue of a centred matrix; its Frobenius norm instead, where already that is below ``enough``.

    Agreement with itself, left out on the diagonal, would make the matrix positive: ``shift`` (1 for each group) puts
    it back for the power iteration on large blocks.
    """
    norm = np.sqrt((matrix * matrix).sum())
    if norm <= enough:
        return float(norm)
    n = len(matrix)
    if n <= POWER_FROM:
        return max(0.0, _largest_eigenvalue(matrix, norm))
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
def _matrices(
    raw: NDArray[np.uint64], valid: NDArray[np.bool_], tokens: NDArray[np.int64], places: NDArray[np.int64], taps: int
) -> NDArray[np.float64]:
    """What each group, all tokens, and all groups together let out about some rows, pair by pair.

    Returns:
        (groups + 2, n, n): the groups, tokens, and the sum of the groups.
    """
    groups, n = raw.shape[0], len(places)
    found = np.zeros((groups + 2, n, n))
    for group in range(groups):
        found[group] = _agreement(raw[group], valid[group], places, taps)
        found[groups + 1] += found[group]
    if tokens.shape[0]:
        found[groups] = _equality(tokens, places)
    return found


@njit(cache=True, nogil=True)
def _measure(
    raw: NDArray[np.uint64],
    valid: NDArray[np.bool_],
    tokens: NDArray[np.int64],
    starts: NDArray[np.int64],
    sizes: NDArray[np.int64],
    taps: int,
    released_bits: int,
    limit: float,
    drop: bool,
    leak: NDArray[np.float64],
    keep: NDArray[np.bool_],
    lost: NDArray[np.bool_],
) -> None:
    """Measure T of every block and, if asked, leave out records until it is within the limit.

    T is the largest eigenvalue of the centred agreement matrix of a block, in units of the noise that independent rows
    would show. It is taken over each group of filters, over the tokens, and over all groups together.

    Args:
        raw: (groups, rows, words) filters before diffusion; rows of a block are adjacent.
        valid: (groups, rows) whether a row has a filter.
        tokens: (tokens, rows) equality classes, negative where missing.
        starts: (blocks + 1) first measured row of each block.
        sizes: (blocks) rows of each block, measured or not; a larger size than the rows means a sample.
        taps: Secret bits in one released bit.
        released_bits: Released bits of a filter; the noise of an agreement is their number to the power -1/2.
        limit: The largest T allowed.
        drop: Whether records may be left out.
        leak: (blocks) written: T of each block as it is released.
        keep: (rows) written: False for the records left out.
        lost: (blocks) written: True where a sampled block exceeds the limit and cannot be mended.
    """
    groups = raw.shape[0]
    for block in range(len(starts) - 1):
        first, n, size = starts[block], starts[block + 1] - starts[block], sizes[block]
        if n == 0:
            continue
        places = np.arange(first, first + n)
        whole = _matrices(raw, valid, tokens, places, taps)
        sampled = size > n
        scale = np.sqrt(size / n) if sampled else 1.0
        while True:
            noise = np.sqrt(n / released_bits)
            worst = 0.0
            score = np.zeros(n)
            used = 0
            for kind in range(groups + 2):
                matrix = whole[kind]
                if not matrix.any():
                    continue
                shift, unit = 1.0, noise
                if kind < groups:
                    used += 1
                elif kind == groups + 1:
                    if used < 2:
                        continue
                    shift, unit = float(used), noise * np.sqrt(used)
                centred = _centre(matrix)
                # A norm below what was found already need not be resolved into its eigenvalues.
                enough = max(0.05 * limit * noise, min(worst, limit) * unit / scale)
                value = _top(centred, enough, shift) / unit * scale
                worst = max(worst, value)
                if value > limit:
                    score += (centred * centred).sum(axis=1)
            if worst <= limit or not drop:
                leak[block] = worst
                break
            if sampled:
                lost[block] = True
                break
            # Leave out the records that stand out most, a few at a time in large blocks.
            worst_first = np.argsort(-score)
            out = max(1, n // 40)
            chosen = np.ones(n, np.bool_)
            for i in range(out):
                chosen[worst_first[i]] = False
                keep[places[worst_first[i]]] = False
            left = np.flatnonzero(chosen)
            if len(left) < SMALLEST:
                break
            places, n = places[left], len(left)
            smaller = np.empty((groups + 2, n, n))
            for kind in range(groups + 2):
                for i in range(n):
                    for j in range(n):
                        smaller[kind, i, j] = whole[kind, left[i], left[j]]
            whole = smaller


def rows_to_measure(starts: NDArray[np.int64], rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The rows that the meter measures: none of the smallest blocks, a sample of the largest, all of the others.

    Args:
        starts: First row of each block, and the end of the last.
        rng: Draws the samples.

    Returns:
        The rows; and where each block's begin among them.
    """
    sizes = np.diff(starts)
    looked_at = np.repeat(sizes >= SMALLEST, sizes)
    for block in np.flatnonzero(sizes > LARGEST_EXACT):
        first = starts[block] - starts[0]
        looked_at[first : first + sizes[block]] = False
        looked_at[first + rng.permutation(sizes[block])[:LARGEST_EXACT]] = True
    counts = np.where(sizes >= SMALLEST, np.minimum(sizes, LARGEST_EXACT), 0)
    return starts[0] + np.flatnonzero(looked_at), np.concatenate(([0], np.cumsum(counts)))


def measure_blocks(
    raw: NDArray[np.uint64],
    valid: NDArray[np.bool_],
    tokens: NDArray[np.int64],
    starts: NDArray[np.int64],
    sizes: NDArray[np.int64],
    *,
    taps: int,
    released_bits: int,
    limit: float,
    drop: bool,
) -> BlockLeaks:
    """T of every block, leaving out records until it is within the limit if ``drop``.

    Args:
        raw: Undiffused filters of the rows to measure, (groups, rows, words); rows of a block are adjacent.
        valid: Whether a row has a filter, (groups, rows).
        tokens: Equality classes of tokens, (tokens, rows), negative where missing.
        starts: First row of each block, and the number of rows; see :func:`rows_to_measure`.
        sizes: Rows of each block, those not measured included.
        taps: Input bits per released bit; 0 for undiffused filters.
        released_bits: Length of a released filter.
        limit: Largest T allowed.
        drop: Whether to leave records out; else T is only measured.
    """
    leak = np.zeros(len(sizes))
    keep = np.ones(raw.shape[1], dtype=bool)
    lost = np.zeros(len(sizes), dtype=bool)
    _measure(raw, valid, tokens, starts, sizes, max(1, taps), released_bits, limit, drop, leak, keep, lost)
    return BlockLeaks(leak, keep, lost)
