"""Keyed diffusion: every released bit is the XOR of t secret bits of the filter, other ones in every block.

Each tap i sees the filter in its own secret order of bits (a permutation per pass and group). In block b, released
word w is the XOR over taps of word ``choice[b, i, w]`` of that order, rotated by ``turn[b, i, w]``; both come from the
block's secret. So a released bit is the XOR of t secret positions, as in the paper, but whole words are computed at
once and a block of one record costs no more than a share of a large one.

*Source:* Armknecht, Heng, Schnell, "Strengthening privacy-preserving record linkage using diffusion", PoPETs 2023(2).

*Does not protect against:* graph matching inside one block when many records share it (see the leak meter); linear
algebra on more records of one block than released bits, unless bits ≥ 2 · released bits.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from wasl.holder.pseudonym import prf_stream

__all__ = ["block_schedule", "identity_permutation", "spread_rows", "tap_permutations"]


def tap_permutations(key: bytes, taps: int, bits: int) -> NDArray[np.uint16]:
    """The secret order of bits each tap sees: (taps, bits); entry p is where bit p goes.

    Sorting 64-bit pseudo-random numbers; equal ones (chance below 2**-40) keep their order.
    """
    seeds = np.zeros((taps, 12), np.uint8)
    seeds[:, 0] = np.arange(taps)
    numbers = prf_stream(key, seeds, bits * 8 // 16).view("<u8").reshape(taps, bits)
    order = np.argsort(numbers, axis=1, kind="stable")
    permutations = np.empty((taps, bits), np.uint16)
    np.put_along_axis(permutations, order, np.arange(bits, dtype=np.uint16)[None, :], axis=1)
    return permutations


def identity_permutation(bits: int) -> NDArray[np.uint16]:
    """One tap that leaves every bit in place: for undiffused filters."""
    return np.arange(bits, dtype=np.uint16)[None, :]


def block_schedule(
    key: bytes, block_seeds: NDArray[np.uint8], taps: int, bits: int, released_bits: int
) -> NDArray[np.uint8]:
    """For each block, tap and released word: which word of the tap's order, turned by how many bits.

    Returns:
        (blocks, taps, released words, 2) bytes: word number and turn.
    """
    words = released_bits // 64
    size = taps * words * 2
    stream = prf_stream(key, block_seeds, -(-size // 16))[:, :size].reshape(-1, taps, words, 2)
    schedule = np.empty_like(stream)
    schedule[..., 0] = stream[..., 0] & np.uint8(bits // 64 - 1)
    schedule[..., 1] = stream[..., 1] & np.uint8(63)
    return schedule


@njit(cache=True, nogil=True)
def spread_rows(
    rows: NDArray[np.int64],
    blocks: NDArray[np.int64],
    offsets: NDArray[np.int64],
    pairs: NDArray[np.int32],
    masks: NDArray[np.uint64],
    schedule: NDArray[np.uint8],
    raw: NDArray[np.uint64],
    released: NDArray[np.uint64],
) -> None:
    """Filters of the given rows: undiffused into ``raw`` (for the meter, never released), diffused into ``released``.

    Args:
        rows: Records to encode.
        blocks: Block number of each of them.
        offsets: Where each record's (piece, level) pairs begin.
        pairs: The pairs, record after record.
        masks: (pairs, taps, words).
        schedule: (blocks, taps, released words, 2), or empty for undiffused filters.
        raw: (rows, words) output.
        released: (rows, released words) output.
    """
    taps, words = masks.shape[1], masks.shape[2]
    size = taps * words
    prepared = masks.reshape(len(masks), size)
    filters = np.empty(size, np.uint64)
    out_words = released.shape[1]
    plain = schedule.shape[0] == 0
    for i in range(len(rows)):
        row = rows[i]
        first, last = offsets[row], offsets[row + 1]
        if first == last:
            continue
        filters[:] = prepared[pairs[first]]
        for place in range(first + 1, last):
            piece = prepared[pairs[place]]
            for word in range(len(filters)):
                filters[word] |= piece[word]
        raw[i] = filters[:words]
        if plain:
            released[i] = filters[:out_words]
            continue
        recipe, out = schedule[blocks[i]], released[i]
        for tap in range(taps):
            base = np.uint64(tap * words)
            for word in range(out_words):
                source = filters[base + np.uint64(recipe[tap, word, 0])]
                turn = np.uint64(recipe[tap, word, 1])
                out[word] ^= (source << turn) | (source >> ((np.uint64(64) - turn) & np.uint64(63)))
