"""Compiled loops over rows of filters: bits counted, filters put where their rows lie, equal keys kept in order."""

from __future__ import annotations

import numpy as np

from wasl.registers.compiled import njit
from wasl.registers.compiled.bits import popcount

__all__ = ["count_bits", "place_words", "sort_runs"]


@njit(cache=True, nogil=True, boundscheck=False)
def count_bits(words: np.ndarray, offsets: np.ndarray, bits: np.ndarray) -> None:
    """Write the number of set bits of every row's groups.

    Args:
        words: (rows, words of all groups) uint64.
        offsets: (groups + 1) int64, first word of each group.
        bits: (rows, groups) int32, written.
    """
    for i in range(words.shape[0]):
        for g in range(offsets.shape[0] - 1):
            total = np.uint64(0)
            for w in range(offsets[g], offsets[g + 1]):
                total += popcount(words[i, w])
            bits[i, g] = np.int32(total)


@njit(cache=True, nogil=True, boundscheck=False)
def place_words(
    cells: np.ndarray,
    valid: np.ndarray,
    target: np.ndarray,
    words: np.ndarray,
    first: int,
    bits: np.ndarray,
    present: np.ndarray,
) -> None:
    """Put filters of one group where their rows lie, and count their bits.

    Args:
        cells: (filters, width) uint64.
        valid: (filters) uint8, whether the filter is not missing.
        target: (filters) int64, row of each, -1 where it is not laid out.
        words: (rows, words of all groups) uint64, written.
        first: The group's first word.
        bits: (rows) int32, written.
        present: (rows) uint8, written.
    """
    for i in range(cells.shape[0]):
        row = target[i]
        if row < 0 or valid[i] == 0:
            continue
        total = np.uint64(0)
        for w in range(cells.shape[1]):
            word = cells[i, w]
            words[row, first + w] = word
            total += popcount(word)
        bits[row] = np.int32(total)
        present[row] = np.uint8(1)


@njit(cache=True, nogil=True)
def sort_runs(order: np.ndarray, keys: np.ndarray) -> None:
    """Sort the places of equal keys.

    Args:
        order: (rows) int64 places, sorted within every run.
        keys: (rows) uint64 the key of each, sorted.
    """
    start = 0
    for i in range(1, len(order) + 1):
        if i == len(order) or keys[i] != keys[start]:
            if i - start > 1:
                order[start:i].sort()
            start = i
