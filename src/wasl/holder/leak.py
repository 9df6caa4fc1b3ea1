"""The leak meter: how visible the similarity structure inside a block is to somebody without the key.

Two filters that differ in a share d of bits agree, after diffusion with t taps, by (1 − 2d)^t on average, against
noise of 1/√L_out. Graph matching needs the top eigenvalue λ of the double-centred matrix of expected agreement to
stand out of the noise; **T = λ / √(n / L_out)** is that ratio for a block of n records. Own trials: attacks failed at
T ≤ 1.6 and won from about 3; 1 is where an eigenvector begins to show at all.

T is taken over everything released about a record in the block: each group by itself, all groups together (their
noise averages out), and equality of tokens (which has no noise and is weighed as if it had).

*Source:* the threshold is that of spiked random matrices (Baik, Ben Arous, Péché, Ann Probab 33(5), 2005).

*Does not protect against:* an adversary with known pairs in the block; what block sizes and gaps tell by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["LARGEST_EXACT", "BlockLeaks", "measure_blocks"]

LARGEST_EXACT = 500
"""Blocks above this size are measured on a sample of that many records, and T grows with √(n / sample)."""

POWER_FROM = 64
"""Blocks above this size get their top eigenvalue by power iteration."""
POWER_STEPS = 300


@dataclass(frozen=True, slots=True)
class BlockLeaks:
    """What the meter found.

    Attributes:
        leak: T of each block, after leaving out what had to be.
        keep: Which rows may be released.
    """

    leak: NDArray[np.float64] = field(repr=False)
    keep: NDArray[np.bool_] = field(repr=False)


@njit(cache=True, nogil=True)
def _popcount(x: np.uint64) -> np.uint64:
    x = x - ((x >> np.uint64(1)) & np.uint64(0x5555555555555555))
    x = (x & np.uint64(0x3333333333333333)) + ((x >> np.uint64(2)) & np.uint64(0x3333333333333333))
    x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (x * np.uint64(0x0101010101010101)) >> np.uint64(56)


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
                different += _popcount(raw[places[i], word] ^ raw[places[j], word])
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
        return max(0.0, float(np.linalg.eigvalsh(matrix)[-1]))
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
def _measure(
    raw: NDArray[np.uint64],
    valid: NDArray[np.bool_],
    tokens: NDArray[np.int64],
    starts: NDArray[np.int64],
    taps: int,
    released_bits: int,
    limit: float,
    drop: bool,
    largest: int,
    order: NDArray[np.int64],
    leak: NDArray[np.float64],
    keep: NDArray[np.bool_],
) -> None:
    groups = raw.shape[0]
    for block in range(len(starts) - 1):
        first, size = starts[block], starts[block + 1] - starts[block]
        if size < 3:
            continue  # two records look alike from both sides: nothing tells which is which
        places = np.sort(order[first : first + size][:largest])
        while True:
            n = len(places)
            noise = np.sqrt(n / released_bits)
            scale = np.sqrt(size / n) if size > largest else 1.0
            worst = 0.0
            score = np.zeros(n)
            total = np.zeros((n, n))
            used = 0
            for group in range(groups + 1):
                if group < groups:
                    matrix = _agreement(raw[group], valid[group], places, taps)
                    if not matrix.any():
                        continue
                    total += matrix
                    used += 1
                else:
                    if tokens.shape[0] == 0:
                        continue
                    matrix = _equality(tokens, places)
                    if not matrix.any():
                        continue
                centred = _centre(matrix)
                value = _top(centred, 0.05 * limit * noise, 1.0) / noise * scale
                worst = max(worst, value)
                if value > limit:
                    score += (centred * centred).sum(axis=1)
            if used > 1:
                centred = _centre(total)
                value = _top(centred, 0.05 * limit * noise, float(used)) / (noise * np.sqrt(used)) * scale
                worst = max(worst, value)
                if value > limit:
                    score += (centred * centred).sum(axis=1)
            if worst <= limit or not drop:
                leak[block] = worst
                break
            if size > largest or n < 3:
                for place in range(first, first + size):
                    keep[place] = False
                leak[block] = 0.0
                break
            # Leave out the records that stand out most, a few at a time in large blocks.
            worst_first = np.argsort(-score)
            out = max(1, n // 40)
            chosen = np.ones(n, np.bool_)
            for i in range(out):
                chosen[worst_first[i]] = False
                keep[places[worst_first[i]]] = False
            places = places[chosen]
            if len(places) < 3:
                leak[block] = 0.0
                break


def measure_blocks(
    raw: NDArray[np.uint64],
    valid: NDArray[np.bool_],
    tokens: NDArray[np.int64],
    starts: NDArray[np.int64],
    *,
    taps: int,
    released_bits: int,
    limit: float,
    drop: bool,
    rng: np.random.Generator,
) -> BlockLeaks:
    """T of every block, leaving out records until it is within the limit if ``drop``.

    Args:
        raw: Undiffused filters, (groups, rows, words); rows of a block are adjacent.
        valid: Whether a row has a filter, (groups, rows).
        tokens: Equality classes of tokens, (tokens, rows), negative where missing.
        starts: First row of each block, and the number of rows.
        taps: Input bits per released bit; 0 for undiffused filters.
        released_bits: Length of a released filter.
        limit: Largest T allowed.
        drop: Whether to leave records out; else T is only measured.
        rng: Draws the sample of blocks too large to measure whole.
    """
    rows = raw.shape[1]
    order = np.arange(rows)
    for block in np.flatnonzero(np.diff(starts) > LARGEST_EXACT):
        order[starts[block] : starts[block + 1]] = starts[block] + rng.permutation(starts[block + 1] - starts[block])
    leak = np.zeros(len(starts) - 1)
    keep = np.ones(rows, dtype=bool)
    _measure(raw, valid, tokens, starts, max(1, taps), released_bits, limit, drop, LARGEST_EXACT, order, leak, keep)
    return BlockLeaks(leak, keep)
