"""Local suppression by the nearest classes, from key columns to the keys each class loses; large files in blocks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wasl.disclosure.keys.compatible import BLOCK, ShortCodes, short_codes
from wasl.disclosure.keys.frequencies import Missing
from wasl.disclosure.methods.certain_suppression import ABSENT, choose_certain, widen
from wasl.disclosure.methods.nearest_suppression import choose_nearest
from wasl.errors import PolicyError

__all__ = ["PAIRS", "join_groups", "nearest_holes", "require_reached"]

PAIRS = 10_000_000_000
"""Pairs of classes compared at most in one pass (about 10 seconds); larger files are cut into blocks of classes."""

Choose: TypeAlias = Callable[
    [ShortCodes, NDArray[np.int64], NDArray[np.int64]], tuple[NDArray[np.int64], NDArray[np.int64]]
]


def nearest_holes(
    table: Sequence[NDArray[np.int32]],
    kept: NDArray[np.bool_],
    sizes: NDArray[np.int64],
    violating: NDArray[np.int64],
    k: int,
    missing: Missing,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The keys to suppress in each class so that the violating ones have company of k rows.

    Args:
        table: For each key its codes per class, the most dispensable key first; -1 is missing.
        kept: For each key, whether it must not be suppressed.
        sizes: Rows per class.
        violating: Classes below k.
        k: The least frequency.
        missing: What a missing value means.

    Returns:
        Per class the keys it misses afterwards, as bits (bit 0 is the first key), and the classes that cannot reach k.
    """
    if missing.alpha == 1.0:
        codes, absent = short_codes(table), 0

        def choose(
            part: ShortCodes, rows: NDArray[np.int64], inside: NDArray[np.int64]
        ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
            return choose_nearest(part, rows, inside, k, kept)
    else:
        category = missing.alpha is None
        codes, absent = _with_absent(table), ABSENT

        def choose(
            part: ShortCodes, rows: NDArray[np.int64], inside: NDArray[np.int64]
        ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
            return choose_certain(part, rows, inside, k, kept, category=category)

    holes, unreached = _in_blocks(codes, sizes, violating, choose, absent)
    if len(unreached) and missing.alpha != 1.0:
        unreached = widen(codes, sizes, holes, unreached, k, kept)
    return holes, unreached


def join_groups(
    table: Sequence[NDArray[np.int32]],
    kept: NDArray[np.bool_],
    sizes: NDArray[np.int64],
    holes: NDArray[np.int64],
    alone: NDArray[np.int64],
    k: int,
) -> NDArray[np.int64]:
    """Classes without company join the nearest group; ``holes`` changes.

    Args:
        table: For each key its codes per class before suppression; -1 is missing.
        kept: For each key, whether it must not be suppressed.
        sizes: Rows per class.
        holes: Keys each class loses, as bits; what it misses already is added.
        alone: The classes without company.
        k: The least frequency.

    Returns:
        The classes that no group can take in.
    """
    for bit, codes in enumerate(table):
        holes |= (codes < 0).astype(np.int64) << bit
    return widen(_with_absent(table), sizes, holes, alone, k, kept)


def _with_absent(table: Sequence[NDArray[np.int32]]) -> ShortCodes:
    """Codes in which a missing value is a value of its own, ``ABSENT``."""
    return short_codes([codes + np.int32(1) for codes in table])


def require_reached(unreached: NDArray[np.int64], k: int) -> None:
    """Refuse where some classes (given by their rows) cannot reach k.

    Raises:
        PolicyError: Says how many rows.
    """
    if len(unreached):
        raise PolicyError(
            f"{int(unreached.sum())} rows cannot reach k = {k} by local suppression of the allowed variables.",
            remedy="Recode globally, allow more variables to be suppressed, or suppress records.",
        )


def _in_blocks(
    codes: ShortCodes,
    sizes: NDArray[np.int64],
    violating: NDArray[np.int64],
    choose: Choose,
    absent: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Holes chosen block by block; what finds no company in its block may find it in the whole file."""
    holes = np.zeros(codes.shape[1], np.int64)
    pending = np.zeros(codes.shape[1], np.bool_)
    pending[violating] = True
    stuck: list[NDArray[np.int64]] = []
    for block in _blocks(codes, len(violating)):
        inside = np.flatnonzero(pending[block])
        holes[block], left = choose(np.ascontiguousarray(codes[:, block]), sizes[block], inside)
        stuck.append(block[left])
    unreached = np.sort(np.concatenate(stuck))
    if len(unreached) and len(stuck) > 1:
        work = codes.copy()
        for bit in range(len(work)):
            work[bit, holes >> bit & 1 == 1] = absent
        found, left = choose(work, sizes, unreached)
        holes[unreached] |= found[unreached]
        unreached = left
    return holes, unreached


def _blocks(codes: ShortCodes, violating: int) -> list[NDArray[np.int64]]:
    """All classes in one block; in a large file, blocks of classes that are alike in their most important keys."""
    count = codes.shape[1]
    size = max(BLOCK, PAIRS // max(violating, 1))
    if size >= count:
        return [np.arange(count)]
    order = np.lexsort(tuple(codes))
    return np.array_split(order, -(-count // size))
