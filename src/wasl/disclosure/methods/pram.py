"""Post-randomization (PRAM): categories changed by chance with known probabilities.

*Does not protect against* an intruder who only needs to be probably right: a category that stays with probability
0.8 is right four times in five. Publish that PRAM was used; the matrix lets users correct estimates.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numba import njit
from numpy.typing import NDArray

from wasl.disclosure.keys.coding import CodedColumn
from wasl.errors import InputError

__all__ = ["Randomized", "invariant_matrix", "pram", "retention_matrix"]


@dataclass(frozen=True, slots=True)
class Randomized:
    """A randomized column.

    Attributes:
        column: The column after.
        matrices: The transition matrix used in each stratum (one without strata).
        changed: Cells whose category changed.
    """

    column: CodedColumn = field(repr=False)
    matrices: tuple[NDArray[np.float64], ...] = field(repr=False)
    changed: int


def retention_matrix(categories: int, retain: float) -> NDArray[np.float64]:
    """A matrix that keeps a category with probability ``retain`` and else draws any other alike.

    Raises:
        InputError: ``retain`` is not a probability.
    """
    if not 0.0 <= retain <= 1.0:
        raise InputError(f"retain is {retain}, but is a probability between 0 and 1.")
    if categories <= 1:
        return np.ones((categories, categories))
    matrix = np.full((categories, categories), (1.0 - retain) / (categories - 1))
    np.fill_diagonal(matrix, retain)
    return matrix


def invariant_matrix(matrix: NDArray[np.float64], frequencies: NDArray[np.float64]) -> NDArray[np.float64]:
    """The two-stage invariant matrix ``R = P Q``, under which expected frequencies stay as they are: ``t R = t``.

    ``Q_jk = P_kj t_k / Σ_i P_ij t_i`` undoes P by Bayes' rule. Categories that do not occur stay as they are.

    Source: Gouweleeuw, Kooiman, Willenborg, de Wolf (1998), J. Official Statistics 14(4), section 4.
    """
    t = frequencies.astype(np.float64)
    reached = t @ matrix
    back = np.divide(matrix.T * t, reached[:, None], out=np.eye(len(t)), where=reached[:, None] > 0)
    result: NDArray[np.float64] = matrix @ back
    empty = t == 0
    result[empty] = np.eye(len(t))[empty]
    return result


def pram(
    column: CodedColumn,
    rng: np.random.Generator,
    *,
    retain: float = 0.8,
    matrix: NDArray[np.float64] | None = None,
    invariant: bool = True,
    strata: CodedColumn | None = None,
) -> Randomized:
    """Randomize a column's categories; missing stays missing.

    Args:
        column: What is randomized.
        rng: Source of randomness.
        retain: Probability that a category stays, when no matrix is given.
        matrix: Transition probabilities, rows and columns in code order.
        invariant: Whether expected frequencies are preserved (within each stratum).
        strata: Randomized separately inside each of its categories.

    Raises:
        InputError: The matrix has another shape, or its rows are not probabilities.
    """
    width = len(column.labels)
    base = retention_matrix(width, retain) if matrix is None else np.asarray(matrix, np.float64)
    if base.shape != (width, width):
        raise InputError(
            f"the matrix is {base.shape[0]} × {base.shape[1]}, but {column.name!r} has {width} categories."
        )
    if np.any(base < 0) or np.any(np.abs(base.sum(axis=1) - 1.0) > 1e-9):
        raise InputError(f"the matrix for {column.name!r} has rows that are not probabilities summing to 1.")
    groups = np.zeros(len(column.codes), np.int64) if strata is None else strata.codes.astype(np.int64) + 1
    matrices = []
    for stratum in range(int(groups.max(initial=0)) + 1):
        inside = column.codes[(groups == stratum) & (column.codes >= 0)]
        counts = np.bincount(inside, minlength=width).astype(np.float64)
        matrices.append(invariant_matrix(base, counts) if invariant else base)
    cumulative = np.cumsum(np.array(matrices), axis=2)
    codes = _draw(column.codes, groups, cumulative, rng.random(len(column.codes)))
    changed = int(np.count_nonzero(codes != column.codes))
    return Randomized(column.with_codes(codes), tuple(matrices), changed)


@njit(cache=True, nogil=True)
def _draw(codes, groups, cumulative, uniform):  # type: ignore[no-untyped-def]
    out = np.empty_like(codes)
    width = cumulative.shape[2]
    for i in range(codes.shape[0]):
        if codes[i] < 0:
            out[i] = codes[i]
            continue
        row = cumulative[groups[i], codes[i]]
        low = 0
        high = width - 1
        while low < high:
            middle = (low + high) >> 1
            if row[middle] > uniform[i]:
                high = middle
            else:
                low = middle + 1
        out[i] = low
    return out
