"""From log-likelihoods of pairs to probabilities of a one-to-one correspondence.

*Source:* Sinkhorn, Ann Math Statist 35, 1964; soft assignment, Gold, Rangarajan, IEEE PAMI 18(4), 1996.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["best_pair", "posteriors"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

STEPS = 25


def posteriors(row: Ints, column: Ints, logit: Floats, nobody: Floats, columns: int) -> Floats:
    """The probability of each pair when a row matches at most one column and a column at most one row.

    Args:
        row: Row of each possible pair.
        column: Its column.
        logit: Log-likelihood plus log-prior of each pair.
        nobody: The same for "this row matches none of them", for each row.
        columns: Number of columns.
    """
    rows = len(nobody)
    if not len(row):
        return np.zeros(0)
    top = nobody.copy()
    np.maximum.at(top, row, logit)
    weight = np.exp(np.maximum(logit - top[row], -700))
    alone = np.exp(np.maximum(nobody - top, -700))
    scale = np.ones(columns)
    found = weight
    for _ in range(STEPS):
        scaled = weight * scale[column]
        total = np.bincount(row, scaled, rows) + alone
        found = scaled / total[row]
        load = np.bincount(column, found, columns)
        crowded = load > 1
        if not (load > 1.001).any():
            break
        scale[crowded] /= load[crowded]
    # The iteration approaches the limit of a column from above; a last division keeps it, and no row gains by it.
    load = np.bincount(column, found, columns)
    return np.asarray(found / np.maximum(load, 1)[column], np.float64)


def best_pair(row: Ints, posterior: Floats) -> Ints:
    """Places of the most probable pair of each row that has one, in the order of the rows."""
    order = np.lexsort((-posterior, row))
    first = np.ones(len(order), bool)
    first[1:] = row[order][1:] != row[order][:-1]
    return np.asarray(order[first], np.int64)
