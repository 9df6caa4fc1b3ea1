"""Bloom filters of q-grams under a key, by random hashing, at a steady fill.

Each gram has up to 128 secret positions (HMAC-SHA-256 of the gram, counted, two bytes a position); a record uses as
many of them as bring its filter to the wanted fill: short names would else be recognised by their light filters.
Records of similar length use almost the same number, so what they share stays shared.

*Source:* Schnell, Bachteler, Reiher, BMC Med Inform Decis Mak 9:41 (2009); random instead of double hashing after
Niedermeyer et al., J Priv Confid 6(2) (2014).

*Does not protect against:* pattern mining and graph matching on what it returns; only diffused filters are released.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from wasl.holder.grams import GroupGrams
from wasl.holder.pseudonym import hash_words

__all__ = ["LEVELS", "POSITIONS", "gram_positions", "levels_for", "pair_pieces", "tap_masks"]

POSITIONS = 128
"""Most positions a gram can have."""

LEVELS = np.array([5, 6, 7, 8, 9, 11, 13, 15, 18, 21, 24, 28, 33, 39, 46, 54, 63, 74, 87, 102, 128], dtype=np.int64)
"""Positions per gram a record may use: a geometric ladder, so that like lengths meet on one rung."""


def gram_positions(key: bytes, vocabulary: tuple[str, ...], bits: int) -> NDArray[np.uint16]:
    """The secret positions of each gram: (grams, 128), each below ``bits`` (a power of two)."""
    rounds = range(POSITIONS * 2 // 32)
    hashed = hash_words(key, [chr(counter) + gram for gram in vocabulary for counter in rounds])
    positions = hashed.reshape(len(vocabulary), -1).view("<u2") & np.uint16(bits - 1)
    return np.ascontiguousarray(positions, dtype=np.uint16)


def levels_for(gram_counts: NDArray[np.int64], bits: int, fill: float) -> NDArray[np.int64]:
    """Index into ``LEVELS`` for records of so many grams, to come nearest to the fill.

    With n grams of k positions the expected fill is 1 − (1 − 1/bits)^(n·k).
    """
    wanted = math.log1p(-fill) / math.log1p(-1 / bits) / np.maximum(gram_counts, 1)
    borders = np.sqrt(LEVELS[:-1] * LEVELS[1:])
    return np.searchsorted(borders, wanted).astype(np.int64)


def pair_pieces(grams: GroupGrams, bits: int, fill: float) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Give every (piece, level) in use a number: the pairs as (n, 2), and each record's pairs in order."""
    held = np.diff(grams.offsets)
    codes = grams.pieces.astype(np.int64) * len(LEVELS) + np.repeat(levels_for(grams.counts, bits, fill), held)
    used = np.zeros(max(1, len(grams.piece_offsets) - 1) * len(LEVELS), dtype=bool)
    used[codes] = True
    numbers = np.cumsum(used) - 1
    places = np.flatnonzero(used)
    pairs = np.stack([places // len(LEVELS), places % len(LEVELS)], axis=1)
    return pairs, numbers[codes].astype(np.int32)


@njit(cache=True, nogil=True)
def _set_masks(
    pairs: NDArray[np.int64],
    piece_grams: NDArray[np.int32],
    piece_offsets: NDArray[np.int64],
    levels: NDArray[np.int64],
    positions: NDArray[np.uint16],
    permutations: NDArray[np.uint16],
    masks: NDArray[np.uint64],
) -> None:
    for pair in range(len(pairs)):
        piece = pairs[pair, 0]
        for place in range(piece_offsets[piece], piece_offsets[piece + 1]):
            gram = piece_grams[place]
            for tap in range(len(permutations)):
                for j in range(levels[pairs[pair, 1]]):
                    bit = permutations[tap, positions[gram, j]]
                    masks[pair, tap, bit >> 6] |= np.uint64(1) << np.uint64(bit & 63)


def tap_masks(
    grams: GroupGrams, pairs: NDArray[np.int64], positions: NDArray[np.uint16], permutations: NDArray[np.uint16]
) -> NDArray[np.uint64]:
    """The filter of one piece at one level, once per tap in that tap's order of bits: (pairs, taps, words)."""
    taps, bits = permutations.shape
    masks = np.zeros((max(1, len(pairs)), taps, bits // 64), np.uint64)
    _set_masks(pairs, grams.piece_grams, grams.piece_offsets, LEVELS, positions, permutations, masks)
    return masks
