"""Compiled Hamming distances: one row of filters against sixty-four transposed rows, or against a few as they lie."""

# mypy: disable-error-code="call-arg, assignment, return-value"
# numba gives the functions their types at compile time; its intrinsics look to mypy as if they took a context.

from __future__ import annotations

import numpy as np

from wasl.registers.compiled import njit
from wasl.registers.compiled.bits import popcount

__all__ = ["LANES", "load_tile", "row_distances", "tile_distances"]

LANES = 64
"""Right rows compared at once."""
UNROLL = 16
"""Words per unrolled step: one 1024-bit filter."""
SHORT = 4
"""Words per short unrolled step: one 256-bit filter, as the guarded profiles release."""


@njit(cache=True, nogil=True, boundscheck=False)
def load_tile(words: np.ndarray, place: np.ndarray, first: int, lanes: int, tile: np.ndarray) -> None:
    """Transpose rows into a tile.

    Args:
        words: (rows, words) uint64.
        place: (positions) int32 row at each.
        first: Position of the first row.
        lanes: How many rows.
        tile: (words, 64) uint64, written.
    """
    for lane in range(lanes):
        row = words[place[first + lane]]
        for w in range(words.shape[1]):
            tile[w, lane] = row[w]


@njit(cache=True, nogil=True, boundscheck=False)
def tile_distances(row: np.ndarray, tile: np.ndarray, start: int, stop: int, out: np.ndarray) -> None:
    """Write the Hamming distances of a row to the 64 rows of a transposed tile, over some of their words.

    Args:
        row: (words) uint64.
        tile: (words, 64) uint64.
        start: First word.
        stop: The word after the last.
        out: (64) int32, written.
    """
    w = start
    # Slices, so that the compiler sees fixed bounds and unrolls; the first of them spares clearing `out`.
    if stop - start >= UNROLL:
        part, words = tile[w : w + UNROLL], row[w : w + UNROLL]
        for lane in range(LANES):
            total = np.uint64(0)
            for k in range(UNROLL):
                total += popcount(part[k, lane] ^ words[k])
            out[lane] = np.int32(total)
        w += UNROLL
    elif stop - start >= SHORT:
        part, words = tile[w : w + SHORT], row[w : w + SHORT]
        for lane in range(LANES):
            total = np.uint64(0)
            for k in range(SHORT):
                total += popcount(part[k, lane] ^ words[k])
            out[lane] = np.int32(total)
        w += SHORT
    else:
        for lane in range(LANES):
            out[lane] = 0
    while w + UNROLL <= stop:
        part, words = tile[w : w + UNROLL], row[w : w + UNROLL]
        for lane in range(LANES):
            total = np.uint64(0)
            for k in range(UNROLL):
                total += popcount(part[k, lane] ^ words[k])
            out[lane] += np.int32(total)
        w += UNROLL
    while w + SHORT <= stop:
        part, words = tile[w : w + SHORT], row[w : w + SHORT]
        for lane in range(LANES):
            total = np.uint64(0)
            for k in range(SHORT):
                total += popcount(part[k, lane] ^ words[k])
            out[lane] += np.int32(total)
        w += SHORT
    while w < stop:
        word, line = row[w], tile[w]
        for lane in range(LANES):
            out[lane] += np.int32(popcount(line[lane] ^ word))
        w += 1


@njit(cache=True, nogil=True, boundscheck=False)
def row_distances(
    words: np.ndarray,
    left: int,
    place: np.ndarray,
    first: int,
    lanes: int,
    offsets: np.ndarray,
    distances: np.ndarray,
) -> None:
    """Write the distances of a row to some rows, group by group, without a tile.

    Args:
        words: (rows, words) uint64.
        left: The row.
        place: (positions) int32 row at each.
        first: Position of the first of the others.
        lanes: How many.
        offsets: (groups + 1) int64, first word of each group.
        distances: (groups, 64) int32, written.
    """
    row = words[left]
    for g in range(offsets.shape[0] - 1):
        for lane in range(lanes):
            other = words[place[first + lane]]
            w = offsets[g]
            stop = offsets[g + 1]
            total = np.uint64(0)
            while w + UNROLL <= stop:
                for k in range(UNROLL):
                    total += popcount(other[w + k] ^ row[w + k])
                w += UNROLL
            while w < stop:
                total += popcount(other[w] ^ row[w])
                w += 1
            distances[g, lane] = np.int32(total)
