"""The noise of every count, looked up by its cell key.

Does not protect against: an attacker who knows the transition table and all records of a cell but one. The
spread of the noise limits the gain of that attacker. The parameters are therefore kept from users of the tables.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wasl.registers.compiled import njit
from wasl.tables.cell_keys.transition import transition_table
from wasl.tables.cells import Floats
from wasl.tables.specification import CellKeyOptions

__all__ = ["cell_noise"]


def cell_noise(counts: Floats, keys: NDArray[np.uint64], options: CellKeyOptions) -> NDArray[np.int64]:
    """The noise of each count: the same for the same set of records, with the transition table's distribution.

    Args:
        counts: Unweighted number of records of each cell.
        keys: Sum of their record keys.
        options: The parameters.
    """
    table = transition_table(options)
    return _look_up(
        counts.astype(np.int64), keys, np.uint64(options.modulus), table.cumulative(), np.int64(options.maximum)
    )


@njit(cache=True)
def _look_up(
    counts: NDArray[np.int64], keys: NDArray[np.uint64], modulus: np.uint64, cumulative: Floats, largest: np.int64
) -> NDArray[np.int64]:
    noise = np.empty(len(counts), dtype=np.int64)
    last = cumulative.shape[0] - 1
    for i in range(len(counts)):
        row = cumulative[min(counts[i], last)]
        uniform = (float(keys[i] % modulus) + 0.5) / float(modulus)
        j = 0
        while row[j] <= uniform:
            j += 1
        noise[i] = j - largest
    return noise
