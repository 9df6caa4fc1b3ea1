"""Bloom filters of q-grams under a key, by random hashing, at a steady fill.

Each gram has up to 128 secret positions (HMAC-SHA-256 of the gram, counted, two bytes a position). A record uses as
many of them as bring its filter to the wanted fill. Otherwise filters of short names would have few bits and be
recognised. Records of similar length use almost the same number, so what they share stays shared.

*Source:* Schnell, Bachteler, Reiher, BMC Med Inform Decis Mak 9:41 (2009); random instead of double hashing after
Niedermeyer et al., J Priv Confid 6(2) (2014).

*Does not protect against:* pattern mining and graph matching on what it returns; only diffused filters are released.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from wasl.holder.encoding.grams import GroupGrams
from wasl.holder.encoding.pseudonym import TextsByLength, hash_texts, texts_by_length
from wasl.registers.compiled import njit
from wasl.registers.compiled.bits import popcount, prefetch

__all__ = [
    "AHEAD",
    "LEVELS",
    "POSITIONS",
    "counted_grams",
    "gather_filters",
    "gram_positions",
    "levels_for",
    "pair_pieces",
    "piece_masks",
]

POSITIONS = 128
"""Most positions a gram can have."""

LEVELS = np.array([5, 6, 7, 8, 9, 11, 13, 15, 18, 21, 24, 28, 33, 39, 46, 54, 63, 74, 87, 102, 128], dtype=np.int64)
"""Positions per gram a record may use: a geometric ladder, so that like lengths meet on one rung."""

LEVELLED_AT_A_TIME = 1 << 18
"""Records whose pieces are given their level together."""

AHEAD = (24, 16, 8)
"""How many records ahead their place, their pairs and what these set are asked for."""


def counted_grams(vocabulary: tuple[str, ...]) -> TextsByLength:
    """Every gram with each counter, as it is hashed under the key of each pass."""
    counters = [chr(counter) for counter in range(POSITIONS * 2 // 32)]
    return texts_by_length([counter + gram for gram in vocabulary for counter in counters])


def gram_positions(key: bytes, counted: TextsByLength, bits: int) -> NDArray[np.uint16]:
    """The secret positions of each gram of :func:`counted_grams`, below ``bits`` (a power of two): (grams, 128)."""
    hashed = hash_texts(key, counted).reshape(-1, POSITIONS * 2)
    positions = hashed.view("<u2") & np.uint16(bits - 1)
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
    used = np.zeros(max(1, len(grams.piece_offsets) - 1) * len(LEVELS), dtype=bool)
    row_pairs = np.empty(len(grams.pieces), np.int32)
    for start in range(0, len(grams.offsets) - 1, LEVELLED_AT_A_TIME):
        some = grams.offsets[start : start + LEVELLED_AT_A_TIME + 1]
        levels = np.repeat(levels_for(grams.counts(start, start + LEVELLED_AT_A_TIME), bits, fill), np.diff(some))
        codes = grams.pieces[some[0] : some[-1]].astype(np.int64) * len(LEVELS) + levels
        used[codes] = True
        row_pairs[some[0] : some[-1]] = codes
    numbers = (np.cumsum(used) - 1).astype(np.int32)
    places = np.flatnonzero(used)
    pairs = np.stack([places // len(LEVELS), places % len(LEVELS)], axis=1)
    for start in range(0, len(row_pairs), LEVELLED_AT_A_TIME):
        row_pairs[start : start + LEVELLED_AT_A_TIME] = numbers[row_pairs[start : start + LEVELLED_AT_A_TIME]]
    return pairs, row_pairs


@njit(cache=True, nogil=True)
def _set_masks(
    pairs: NDArray[np.int64],
    piece_grams: NDArray[np.int32],
    piece_offsets: NDArray[np.int64],
    levels: NDArray[np.int64],
    positions: NDArray[np.uint16],
    masks: NDArray[np.uint64],
) -> None:
    for pair in range(len(pairs)):
        piece = pairs[pair, 0]
        for place in range(piece_offsets[piece], piece_offsets[piece + 1]):
            gram = piece_grams[place]
            for j in range(levels[pairs[pair, 1]]):
                bit = positions[gram, j]
                masks[pair, bit >> 6] |= np.uint64(1) << np.uint64(bit & 63)


def piece_masks(
    grams: GroupGrams, pairs: NDArray[np.int64], positions: NDArray[np.uint16], bits: int
) -> NDArray[np.uint64]:
    """The filter of one piece at one level: (pairs, words)."""
    masks = np.zeros((max(1, len(pairs)), bits // 64), np.uint64)
    _set_masks(pairs, grams.piece_grams, grams.piece_offsets, LEVELS, positions, masks)
    return masks


@njit(cache=True, nogil=True)
def gather_filters(
    rows: NDArray[np.int64],
    first: int,
    last: int,
    places: NDArray[np.int64],
    offsets: NDArray[np.int64],
    pairs: NDArray[np.int32],
    masks: NDArray[np.uint64],
    words: int,
    filters: NDArray[np.uint64],
) -> int:
    """Undiffused filters of some records: the OR of what their pieces set.

    Records of a block lie anywhere in a register, so what the next ones need is asked for while one is worked on.

    Args:
        rows: Records, of which those from ``first`` to before ``last`` are wanted.
        first: The first of them.
        last: The end of them.
        places: Where in ``filters`` each of the wanted goes.
        offsets: Where each record's (piece, level) pairs begin.
        pairs: The pairs, record after record.
        masks: (pairs · words), flat as ``filters``, so that rows need no view each.
        words: Words of a filter.
        filters: (places · words) output.

    Returns:
        Bits set in all of them.
    """
    width = np.uint64(words)
    count = np.uint64(0)
    for i in range(first, last):
        if i + AHEAD[0] < len(rows):
            prefetch(offsets, np.uint64(rows[i + AHEAD[0]]))
        if i + AHEAD[1] < len(rows):
            prefetch(pairs, np.uint64(offsets[rows[i + AHEAD[1]]]))
        if i + AHEAD[2] < len(rows):
            row = rows[i + AHEAD[2]]
            for place in range(offsets[row], offsets[row + 1]):
                piece = np.uint64(pairs[place]) * width
                for word in range(0, words, 8):
                    prefetch(masks, piece + np.uint64(word))
        out = np.uint64(places[i - first]) * width
        for word in range(words):
            filters[out + np.uint64(word)] = 0
        for place in range(offsets[rows[i]], offsets[rows[i] + 1]):
            piece = np.uint64(pairs[place]) * width
            for word in range(words):
                filters[out + np.uint64(word)] |= masks[piece + np.uint64(word)]
        for word in range(words):
            count += popcount(filters[out + np.uint64(word)])
    return int(count)
