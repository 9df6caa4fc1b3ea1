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
from numpy.typing import NDArray

from wasl.holder.agreement import (
    agreement_by_difference,
    agreement_matrices,
    agreement_of_persons,
    persons_of_rows,
)
from wasl.holder.thinning import SMALLEST, thin_block
from wasl.registers.compiled import njit

__all__ = ["LARGEST_EXACT", "BlockLeaks", "measure_blocks", "rows_to_measure"]

LARGEST_EXACT = 500
"""Blocks above this size are measured on a sample of that many records, and T grows with √(n / sample)."""


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
    expected = agreement_by_difference(raw.shape[2], taps)
    for block in range(len(starts) - 1):
        first, n, size = starts[block], starts[block + 1] - starts[block], sizes[block]
        if n == 0:
            continue
        places = np.arange(first, first + n)
        whole = agreement_matrices(raw, valid, tokens, places, expected)
        person, count = np.arange(n), n
        if collapse:
            person, count = persons_of_rows(whole[groups + 1], valid, places)
            if count < n:
                whole = agreement_of_persons(whole, person, count, tokens.shape[0] > 0)
        sampled = size > n
        scale = np.sqrt(size / n) if sampled else 1.0
        out = np.zeros(count, np.bool_)
        leak[block], lost[block] = thin_block(
            whole, groups, released_bits, limit, scale, drop, not sampled, collapse, out
        )
        for i in range(n):
            if out[person[i]]:
                keep[places[i]] = False


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
