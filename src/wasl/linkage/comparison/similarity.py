"""Threshold join of undiffused filters: all pairs whose Dice coefficient reaches a threshold, exactly."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.comparison.bit_rows import count_bits
from wasl.linkage.comparison.distances import LANES, tile_distances
from wasl.registers.compiled import njit

__all__ = ["similar_pairs"]

LEFT_ROWS = 512
"""Left rows compared with a tile while both stay in the second-level cache."""
SAMPLE_ROWS = 64
"""Rows of each side, evenly spread. From their pairs the number of words is chosen that are compared first."""


@njit(cache=True, nogil=True, boundscheck=False)
def _join(
    left: np.ndarray,
    left_bits: np.ndarray,
    tiles: np.ndarray,
    right_bits: np.ndarray,
    farthest: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    probe: int,
    out_left: np.ndarray,
    out_right: np.ndarray,
) -> int:
    """Pairs of some left rows with the tiles between `low` and `high` of each; returns how many, written or not.

    A distance over the first `probe` words never exceeds that over all: where it is too large for every row of a tile,
    the other words are not looked at.
    """
    words = left.shape[1]
    distances = np.zeros(LANES, np.int32)
    found = 0
    last_row = right_bits.shape[0]
    for t in range(low.min(), high.max()):
        first = t * LANES
        lanes = min(LANES, last_row - first)
        tile = tiles[t]
        for i in range(left.shape[0]):
            if t < low[i] or t >= high[i]:
                continue
            tile_distances(left[i], tile, 0, probe, distances)
            # Rows are sorted by set bits: the last of the tile allows the largest distance.
            loosest = np.int32(farthest[left_bits[i] + right_bits[first + lanes - 1]]) + np.int32(2)  # whole numbers
            near = np.int32(0)
            for lane in range(LANES):
                near |= np.int32(distances[lane] <= loosest)
            if near == 0:
                continue
            if probe < words:
                tile_distances(left[i], tile, 0, words, distances)
            for lane in range(lanes):
                if distances[lane] <= farthest[left_bits[i] + right_bits[first + lane]]:
                    if found < out_left.shape[0]:
                        out_left[found] = i
                        out_right[found] = first + lane
                    found += 1
    return found


def _set_bits(filters: NDArray[np.uint64]) -> NDArray[np.int32]:
    bits = np.zeros((len(filters), 1), np.int32)
    count_bits(filters, np.array([0, filters.shape[1]]), bits)
    return bits[:, 0]


def _probe_words(left: NDArray[np.uint64], right: NDArray[np.uint64], threshold: float) -> int:
    """How many words to compare before a tile is given up: those that cost least in a sample of pairs.

    Args:
        left: (rows, words) filters.
        right: (rows, words) filters.
        threshold: Of Dice coefficients.
    """
    words = int(left.shape[1])
    if not len(left) or not len(right):
        return words
    here, there = (side[np.linspace(0, len(side) - 1, SAMPLE_ROWS).astype(np.int64)] for side in (left, right))
    unlike = np.bitwise_count(here[:, None, :] ^ there[None, :, :]).astype(np.int64).cumsum(axis=2)
    bits = [np.bitwise_count(side).sum(axis=1, dtype=np.int64) for side in (here, there)]
    farthest = (1.0 - threshold) * (bits[0][:, None] + bits[1][None, :])
    missed = ((unlike <= farthest[:, :, None]).sum(axis=(0, 1)) + 0.5) / (SAMPLE_ROWS * SAMPLE_ROWS)
    again = 1.0 - (1.0 - np.minimum(missed, 1.0)) ** LANES  # one row that may be near is enough
    cost = np.arange(1, words + 1) + np.append(again[:-1], 0.0) * words
    return int(np.argmin(cost)) + 1


def similar_pairs(
    left: NDArray[np.uint64], right: NDArray[np.uint64], threshold: float, *, threads: int = 1
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of both sides whose Dice coefficient 2·|a∧b| / (|a|+|b|) is at least `threshold`.

    Right rows are sorted by set bits, so that only tiles within the bounds a·t/(2-t) ≤ b ≤ a·(2-t)/t are compared.

    Args:
        left: (rows, words) filters.
        right: (rows, words) filters.
        threshold: Above 0.
        threads: Threads over the left rows.

    Returns:
        Left and right rows of the pairs, sorted.
    """
    left_bits, right_bits = _set_bits(left), _set_bits(right)
    left_order, right_order = np.argsort(left_bits, kind="stable"), np.argsort(right_bits, kind="stable")
    left, left_bits = np.ascontiguousarray(left[left_order]), left_bits[left_order]
    right_bits = right_bits[right_order]
    tile_count = -(-len(right_bits) // LANES)
    padded = np.zeros((tile_count * LANES, left.shape[1]), np.uint64)
    padded[: len(right_bits)] = right[right_order]
    tiles = np.ascontiguousarray(padded.reshape(tile_count, LANES, left.shape[1]).transpose(0, 2, 1))
    total = np.arange(2 * 64 * left.shape[1] + 1)
    farthest = np.full(len(total), -1, np.int64)
    for bits in total[1:].tolist():  # largest distance d with 2·((s-d)/2)/s ≥ t, compared as the coefficient itself is
        shared = int(np.ceil(threshold * bits / 2 - 1e-9))
        shared += 0 if 2.0 * shared / bits >= threshold else 1
        farthest[bits] = bits - 2 * shared
    least = np.searchsorted(right_bits, np.floor(left_bits * threshold / (2 - threshold)), side="left")
    most = np.searchsorted(right_bits, np.ceil(left_bits * (2 - threshold) / threshold), side="right")
    low, high = (least // LANES).astype(np.int64), (-(-most // LANES)).astype(np.int64)
    probe = _probe_words(left, padded[: len(right_bits)], threshold)

    def work(first: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        rows = slice(first, first + LEFT_ROWS)
        room = 4 * LEFT_ROWS
        while True:
            out = np.empty(room, np.int64), np.empty(room, np.int64)
            part = left[rows], left_bits[rows], tiles, right_bits, farthest, low[rows], high[rows], probe
            found = _join(*part, *out)
            if found <= room:
                return left_order[first + out[0][:found]], right_order[out[1][:found]]
            room = found

    starts = range(0, len(left), LEFT_ROWS)
    if threads > 1:
        with ThreadPoolExecutor(threads) as pool:
            parts = list(pool.map(work, starts))
    else:
        parts = [work(first) for first in starts]
    pairs = [np.concatenate([part[side] for part in parts]) if parts else np.empty(0, np.int64) for side in (0, 1)]
    order = np.lexsort((pairs[1], pairs[0]))
    return pairs[0][order], pairs[1][order]
