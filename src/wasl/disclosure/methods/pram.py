"""Post-randomization (PRAM): categories changed by chance with known probabilities.

*Does not protect against* an intruder who only needs to be probably right: a category that stays with probability
0.8 is right four times in five. Publish that PRAM was used; the matrix lets users correct estimates.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from wasl.disclosure.keys.coding import CodedColumn, Values, coded_one
from wasl.errors import InputError
from wasl.registers.compiled import njit

__all__ = ["Randomized", "invariant_matrix", "invariant_retention", "pram", "retention_matrix"]

EVEN = 1e-12
"""Relative difference below which two flows count as equal: twelve digits are what sums of floats keep."""

WIDEST_ANGLE = 30.0
"""Bound of the angle in `_balancing_factors`. It is -½ log(n - 1) for n categories of one size, and 14 where the
largest has ``1 - EVEN`` of what the others have."""


@dataclass(frozen=True, slots=True)
class Randomized:
    """A randomized column.

    Attributes:
        column: The column after.
        matrices: The effective transition matrix of each stratum (one without strata), in code order.
        changed: Cells whose category changed.
        retained: Smallest and largest effective probability that an occurring category stays.
    """

    column: CodedColumn = field(repr=False)
    matrices: tuple[NDArray[np.float64], ...] = field(repr=False)
    changed: int
    retained: tuple[float, float] = (1.0, 1.0)


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


def invariant_retention(retain: float, frequencies: NDArray[np.float64]) -> NDArray[np.float64]:
    """An invariant matrix whose categories stay with the asked probability, rare ones included.

    The flow between two categories is the same in both directions, so ``t R = t``. Flows are proportional to
    ``d_i d_j`` with factors that make ``t_i (1 - retain)`` leave each category. If the most frequent category has more
    to give than all others together, it keeps more than asked; the others keep exactly what was asked.

    Args:
        retain: Probability that a category stays.
        frequencies: t, how often each category occurs, shape (categories,).

    Returns:
        float64, shape (categories, categories), rows sum to 1. Categories that do not occur stay as they are.

    Raises:
        InputError: ``retain`` is not a probability.
    """
    if not 0.0 <= retain <= 1.0:
        raise InputError(f"retain is {retain}, but is a probability between 0 and 1.")
    t = frequencies.astype(np.float64)
    matrix = np.eye(len(t))
    present = np.flatnonzero(t > 0)
    if len(present) < 2 or retain == 1.0:
        return matrix
    leaving = t[present] * (1.0 - retain)
    largest = int(np.argmax(leaving))
    others = leaving.sum() - leaving[largest]
    if leaving[largest] >= others * (1.0 - EVEN):
        # Everything the others give goes to the largest category, which gives the same amount back.
        flow = np.zeros((len(present), len(present)))
        flow[largest] = flow[:, largest] = leaving
        flow[largest, largest] = 0.0
    else:
        factor = _balancing_factors(leaving)
        flow = np.outer(factor, factor)
        np.fill_diagonal(flow, 0.0)
    # Rounding may let a category give more than it has; what leaves is lessened for all, so that flows stay equal.
    flow /= max(1.0, float((flow.sum(axis=1) / leaving).max()))
    stay = flow / t[present][:, None]
    np.fill_diagonal(stay, np.maximum(1.0 - stay.sum(axis=1), 0.0))
    matrix[np.ix_(present, present)] = stay
    return matrix


def _balancing_factors(leaving: NDArray[np.float64]) -> NDArray[np.float64]:
    """The factors d with ``d_i (S - d_i) = leaving_i``, S their sum; no one category gives more than all others.

    With ``S = 2 √m cosh θ`` for the largest amount m, its factor is ``√m exp θ``, and every other factor is the smaller
    root of its quadratic. So θ is the root of one function.
    """
    largest = int(np.argmax(leaving))
    unit = float(np.sqrt(leaving[largest]))
    shares = leaving / leaving[largest]

    def others(angle: float) -> NDArray[np.float64]:
        roots: NDArray[np.float64] = shares / (np.cosh(angle) + np.sqrt(np.sinh(angle) ** 2 + (1.0 - shares)))
        roots[largest] = 0.0
        return roots

    def excess(angle: float) -> float:
        return float(others(angle).sum() * np.exp(angle)) - 1.0

    angle = float(brentq(excess, -WIDEST_ANGLE, WIDEST_ANGLE, xtol=1e-15, rtol=4 * np.finfo(float).eps))
    factors = others(angle)
    factors[largest] = np.exp(angle)
    return unit * factors


def pram(
    values: Values,
    rng: np.random.Generator,
    *,
    retain: float = 0.8,
    matrix: NDArray[np.float64] | None = None,
    invariant: bool = True,
    strata: Values | None = None,
) -> Randomized:
    """Randomize a column's categories; missing stays missing.

    With ``retain`` and ``invariant``, every category keeps the asked probability (``invariant_retention``). With a
    matrix and ``invariant``, the two-stage matrix of Gouweleeuw et al. is used, whose effective retention differs from
    the given matrix's: read it from ``matrices``.

    Args:
        values: The column: coded, an array or a series.
        rng: Source of randomness.
        retain: Probability that a category stays, when no matrix is given.
        matrix: Transition probabilities, rows and columns in code order.
        invariant: Whether expected frequencies are preserved (within each stratum).
        strata: Randomized separately inside each of its categories.

    Raises:
        InputError: The matrix has another shape, or its rows are not probabilities.
    """
    column = coded_one(values)
    width = len(column.labels)
    base = retention_matrix(width, retain) if matrix is None else np.asarray(matrix, np.float64)
    if base.shape != (width, width):
        raise InputError(
            f"the matrix is {base.shape[0]} × {base.shape[1]}, but {column.name!r} has {width} categories."
        )
    if np.any(base < 0) or np.any(np.abs(base.sum(axis=1) - 1.0) > 1e-9):
        raise InputError(f"the matrix for {column.name!r} has rows that are not probabilities summing to 1.")
    groups = np.zeros(len(column.codes), np.int64) if strata is None else coded_one(strata).codes.astype(np.int64) + 1
    matrices = []
    stays: list[float] = []
    for stratum in range(int(groups.max(initial=0)) + 1):
        inside = column.codes[(groups == stratum) & (column.codes >= 0)]
        counts = np.bincount(inside, minlength=width).astype(np.float64)
        if invariant:
            matrices.append(invariant_retention(retain, counts) if matrix is None else invariant_matrix(base, counts))
        else:
            matrices.append(base)
        if counts.any():
            stays += np.diag(matrices[-1])[counts > 0].tolist()
    cumulative = np.cumsum(np.array(matrices), axis=2)
    codes = _draw(column.codes, groups, cumulative, rng.random(len(column.codes)))
    changed = int(np.count_nonzero(codes != column.codes))
    retained = (min(stays), max(stays)) if stays else (1.0, 1.0)
    return Randomized(column.with_codes(codes), tuple(matrices), changed, retained)


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
