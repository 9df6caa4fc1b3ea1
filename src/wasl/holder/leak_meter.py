"""The leak meter: how visible the similarity structure inside a block is to somebody without the key.

Two filters that differ in a share d of bits agree, after diffusion with t taps, by (1 − 2d)^t on average, against
noise of 1/√L_out. Graph matching needs the top eigenvalue λ of the double-centred matrix of expected agreement to
stand out of the noise; **T = λ / √(n / L_out)** is that ratio for a block of n records. Own trials: attacks failed at
T ≤ 1.6 and won from about 3; 1 is where an eigenvector begins to show at all.

T is taken over everything released about a record in the block. That is each group by itself, all groups together
(their noise averages out), and equality of tokens (which has no noise and is weighed as if it had).

*Source:* the threshold is that of spiked random matrices (Baik, Ben Arous, Péché, Ann Probab 33(5), 2005).

Where the linkage unit is to find the duplicates of one register, rows that agree by more than ``SAME`` count as one
person. They are kept or left out together: a split that takes them apart hides the very pairs that are looked for.

*Does not protect against:* an adversary with known pairs in the block. The meter leaves out what block sizes and gaps
tell by themselves, and how many rows a person has where those count as one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numba import njit
from numpy.typing import NDArray

from wasl.holder.eigenvalues import centre, times_above, top_eigenvalue
from wasl.registers.compiled.bits import popcount

__all__ = ["LARGEST_EXACT", "BlockLeaks", "measure_blocks", "rows_to_measure"]

SMALLEST = 3
"""Two records look alike from both sides: nothing tells which is which."""
LARGEST_EXACT = 500
"""Blocks above this size are measured on a sample of that many records, and T grows with √(n / sample)."""

SAME = 0.5
"""Mean agreement from which two rows are taken as one person's, as in the union meter of the linkage unit. With seven
taps, filters that differ in a twentieth of their bits agree by .48, those of unrelated people by less than .1."""


FAR = 2.0
"""Times the limit from which a twentieth of a block is left out at a time, and not a fortieth."""


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
def _persons(
    together: NDArray[np.float64], valid: NDArray[np.bool_], places: NDArray[np.int64]
) -> tuple[NDArray[np.int64], int]:
    """For each row the number of its person: rows that agree by more than ``SAME`` are one person's, also in steps.

    Args:
        together: (n, n) agreement, summed over the groups.
        valid: (groups, rows) whether a row has a filter.
        places: (n) the rows.
    """
    n = len(places)
    first = np.arange(n)
    for i in range(n):
        for j in range(i):
            both = 0
            for group in range(valid.shape[0]):
                both += valid[group, places[i]] and valid[group, places[j]]
            if both and together[i, j] > SAME * both and first[i] != first[j]:
                low, high = min(first[i], first[j]), max(first[i], first[j])
                for k in range(n):
                    if first[k] == high:
                        first[k] = low
    number, found = np.empty(n, np.int64), 0
    for i in range(n):
        if first[i] == i:
            number[i] = found
            found += 1
        else:
            number[i] = number[first[i]]
    return number, found


@njit(cache=True, nogil=True)
def _between(whole: NDArray[np.float64], person: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """Mean agreement between persons instead of rows: (kinds, count, count), 0 on the diagonal."""
    means = np.zeros((len(whole), count, count))
    rows = np.zeros(count)
    for i in range(len(person)):
        rows[person[i]] += 1.0
        for j in range(len(person)):
            if person[i] != person[j]:
                for kind in range(len(whole)):
                    means[kind, person[i], person[j]] += whole[kind, i, j]
    for kind in range(len(whole)):
        means[kind] /= np.outer(rows, rows)
    return means


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
    collapse: bool,
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
        collapse: Whether rows that are one person's to the eye count as one, and are kept or left out together.
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
        person, units = np.arange(n), np.arange(n)
        if collapse:
            person, count = _persons(whole[groups + 1], valid, places)
            if count < n:
                whole, units, n = _between(whole, person, count), np.arange(count), count
        scale = np.sqrt(size / len(places)) if sampled else 1.0
        while True:
            noise = np.sqrt(n / released_bits)
            worst = 0.0
            if collapse and n < SMALLEST:
                leak[block] = 0.0
                break
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
                centred = centre(matrix)
                # A norm below what was found already need not be resolved into its eigenvalues.
                enough = max(0.05 * limit * noise, min(worst, limit) * unit / scale)
                # While records are left out, it matters only that T is above the limit, and not by how much.
                above = times_above(centred, limit * unit / scale, shift) if drop else 0.0
                value = above * limit if above else top_eigenvalue(centred, enough, shift) / unit * scale
                worst = max(worst, value)
                if value > limit:
                    score += (centred * centred).sum(axis=1)
            if worst <= limit or not drop:
                leak[block] = worst
                break
            if sampled:
                lost[block] = True
                break
            # Leave out the persons that stand out most, a few at a time in large blocks.
            worst_first = np.argsort(-score)
            out = max(1, n // (40 if worst < FAR * limit else 20))
            chosen = np.ones(n, np.bool_)
            for i in range(out):
                chosen[worst_first[i]] = False
                for row in range(len(places)):
                    if person[row] == units[worst_first[i]]:
                        keep[places[row]] = False
            left = np.flatnonzero(chosen)
            if len(left) < SMALLEST:
                break
            units, n = units[left], len(left)
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
    collapse: bool = False,
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
        collapse: Whether rows that agree by more than ``SAME`` count as one person, kept or left out as one. For a
            register that is to be searched for its duplicates: who is in it twice shows to the linkage unit either way.
    """
    leak = np.zeros(len(sizes))
    keep = np.ones(raw.shape[1], dtype=bool)
    lost = np.zeros(len(sizes), dtype=bool)
    _measure(raw, valid, tokens, starts, sizes, max(1, taps), released_bits, limit, drop, collapse, leak, keep, lost)
    return BlockLeaks(leak, keep, lost)
