"""Rank swapping: each value exchanged with another of nearby rank, so that every margin stays exactly as it was.

*Does not protect against* an intruder with several linked variables when the window is small: assess record linkage.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wasl.errors import InputError
from wasl.registers.compiled import njit

__all__ = ["rank_swap"]


def rank_swap(values: NDArray[np.float64], window: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Swap values within ``window`` times the number of rows of ranks, variable by variable.

    Ranks are walked upwards; each value not yet swapped takes a partner drawn among the unswapped of the next
    ``window · n`` ranks; a value without one stays.

    Args:
        values: float64, shape (rows, variables) or (rows,); NaN stays where it is.
        window: Share of the rows, in (0, 1].
        rng: Source of randomness.

    Raises:
        InputError: The window is not a share.

    Source: Moore (1996), US Bureau of the Census RR 96-04; Dalenius, Reiss (1982), J. Stat. Planning and Inference 6.
    """
    if not 0.0 < window <= 1.0:
        raise InputError(f"the window is {window}, but is a share of the rows.", remedy="Write 5 % as 0.05.")
    matrix = np.asarray(values, np.float64)
    columns = matrix[:, None] if matrix.ndim == 1 else matrix
    swapped = columns.copy()
    for j in range(columns.shape[1]):
        known = np.flatnonzero(~np.isnan(columns[:, j]))
        order = known[np.argsort(columns[known, j], kind="stable")]
        reach = max(1, round(window * len(order)))
        partner = _partners(len(order), reach, rng.random(len(order)))
        swapped[order, j] = columns[order[partner], j]
    return swapped[:, 0] if matrix.ndim == 1 else swapped


@njit(cache=True, nogil=True)
def _partners(n, reach, uniform):  # type: ignore[no-untyped-def]
    """For each rank, the rank it swaps with (itself if none was free)."""
    partner = np.arange(n)
    # The unswapped ranks ahead are kept as a linked list with path compression, so that the draw skips swapped ones.
    following = np.arange(n + 1)
    for i in range(n):
        if partner[i] != i:
            continue
        last = min(n - 1, i + reach)
        if last <= i:
            continue
        drawn = i + 1 + min(int(uniform[i] * (last - i)), last - i - 1)
        free = _free(following, drawn)
        if free > last:
            free = _free(following, i + 1)
        if free > last:
            continue
        partner[i] = free
        partner[free] = i
        following[free] = free + 1
        following[i] = i + 1
    return partner


@njit(cache=True, nogil=True)
def _free(following, rank):  # type: ignore[no-untyped-def]
    """The first unswapped rank from here on."""
    root = rank
    while following[root] != root:
        root = following[root]
    while following[rank] != root and following[rank] != rank:
        held = following[rank]
        following[rank] = root
        rank = held
    return root
