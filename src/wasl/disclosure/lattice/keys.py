"""Keys of base classes at a node of the lattice: group numbers of all variables, packed into few words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wasl.disclosure.keys.coding import CodedColumn
from wasl.disclosure.keys.hierarchy import Hierarchy
from wasl.registers.compiled import njit

__all__ = ["group_numbers", "node_words", "pack_groups"]


def group_numbers(hierarchy: Hierarchy, column: CodedColumn, level: int) -> NDArray[np.int64]:
    """For missing (first) and each category, the number of its group at a level; missing is a group of its own."""
    codes, _ = hierarchy.codes_at(column.texts, level)
    return np.concatenate([[0], codes.astype(np.int64) + 1])


def pack_groups(
    groups: list[list[NDArray[np.int64]]], heights: int
) -> tuple[NDArray[np.uint64], NDArray[np.int64], int]:
    """Every variable's group numbers, shifted to the variable's field: shape (variables, levels, categories)."""
    widest = max(len(levels[0]) for levels in groups)
    packed = np.zeros((len(groups), heights, widest), np.uint64)
    homes = np.zeros(len(groups), np.int64)
    word = used = 0
    for v, levels in enumerate(groups):
        bits = int(max(level.max() for level in levels)).bit_length() or 1
        if used + bits > 63:
            word, used = word + 1, 0
        homes[v] = word
        for number, level in enumerate(levels):
            packed[v, number, : len(level)] = level.astype(np.uint64) << np.uint64(used)
        used += bits
    return packed, homes, word + 1


@njit(cache=True, nogil=True)
def node_words(codes, rows, levels, packed, homes, width):  # type: ignore[no-untyped-def]
    """The packed generalized keys of some base classes at a node."""
    words = np.zeros((rows.shape[0], width), np.uint64)
    for v in range(codes.shape[1]):
        table = packed[v, levels[v]]
        home = homes[v]
        for i in range(rows.shape[0]):
            words[i, home] |= table[codes[rows[i], v]]
    return words
