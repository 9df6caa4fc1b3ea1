"""One-to-one assignment between duplicate-free registers: the set of links that is likeliest as a whole."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["assign_one_to_one"]


def assign_one_to_one(
    left: NDArray[np.integer], right: NDArray[np.integer], gain: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Choose the pairs to link so that no record is linked twice and the sum of gains is largest.

    Args:
        left: (pairs) records of one side; pairs sorted, so that ties fall the same way however they were found.
        right: (pairs) records of the other.
        gain: (pairs) what linking is worth against not linking (log-odds above the threshold); only positive
            gains are ever linked.

    Returns:
        (pairs) bool.

    Source: sparse linear assignment after R. Jonker, A. Volgenant, Computing 38 (1987), as in scipy; every left
    record also has the choice of staying alone, at gain 0.
    """
    chosen = np.zeros(len(left), np.bool_)
    good = np.flatnonzero(gain > 0)
    if len(good) == 0:
        return chosen
    lefts, at_left = np.unique(left[good], return_inverse=True)
    rights, at_right = np.unique(right[good], return_inverse=True)
    alone = (np.bincount(at_left)[at_left] == 1) & (np.bincount(at_right)[at_right] == 1)
    chosen[good[alone]] = True
    contested = good[~alone]
    if len(contested) == 0:
        return chosen
    from scipy.sparse import csr_array  # a tenth of a second of imports, which a small job without rivals saves
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    lefts, at_left = np.unique(left[contested], return_inverse=True)
    rights, at_right = np.unique(right[contested], return_inverse=True)
    rows, columns = len(lefts), len(rights)
    top = gain[contested].max() + 1.0
    stay = np.arange(rows)
    costs = csr_array(
        (
            np.concatenate([top - gain[contested], np.full(rows, top)]),
            (np.concatenate([at_left, stay]), np.concatenate([at_right, columns + stay])),
        ),
        shape=(rows, columns + rows),
    )
    row, column = min_weight_full_bipartite_matching(costs)
    partner = np.full(rows, -1, np.int64)
    partner[row] = np.where(column < columns, column, -1)
    chosen[contested] = partner[at_left] == at_right
    return chosen
