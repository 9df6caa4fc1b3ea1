"""Goals of a lattice search: conditions on classes, with what merging classes may do to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wasl.disclosure.keys.classes import Classes
from wasl.disclosure.risk.diversity import ClassCounts
from wasl.disclosure.risk.reidentification import individual_risk

__all__ = ["Goal", "k_goal", "k_map_goal", "risk_goal", "sensitive_goal"]


DENSE = 8
"""Cells of classes by categories, per occurring one, up to which they are all counted instead of sorted."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A condition on classes.

    Attributes:
        name: What it is called in reports.
        amounts: float64, shape (rows, c): what is summed per class (counts, weights, population counts).
        violated: From the class sums, shape (classes, c), and (if ``needs_members``) the class of each base class:
            which classes violate.
        monotone: Whether merging classes can never turn a good class into a violating one, suppression or not.
        monotone_complete: The same when no row may be suppressed.
        needs_members: Whether ``violated`` looks at base classes.
    """

    name: str
    amounts: NDArray[np.float64] = field(repr=False)
    violated: Callable[[NDArray[np.float64], NDArray[np.int32] | None], NDArray[np.bool_]] = field(repr=False)
    monotone: bool
    monotone_complete: bool
    needs_members: bool = False


def k_goal(rows: int, k: int, *, sample: NDArray[np.bool_] | None = None) -> Goal:
    """k-anonymity: a class of fewer than ``k`` rows violates.

    Args:
        rows: Rows searched.
        k: The threshold.
        sample: Which of them are the file's own; default all.
    """
    amounts = np.ones((rows, 1)) if sample is None else sample.astype(np.float64)[:, None]
    return Goal("k", amounts, lambda sums, _: sums[:, 0] < k, monotone=True, monotone_complete=True)


def sensitive_goal(
    name: str,
    classes: Classes,
    counts: ClassCounts,
    violated: Callable[[ClassCounts], NDArray[np.bool_]],
    *,
    merges: bool,
) -> Goal:
    """A condition on the sensitive values of every class (l-diversity, t-closeness, …).

    Args:
        name: What it is called.
        classes: The base classes, as ``equivalence_classes`` of the key columns gives them.
        counts: The sensitive variable's counts in them.
        violated: Which classes violate, from their counts.
        merges: Whether merging a violating with a good class always gives a good one (distinct l-diversity).
    """
    owner = np.repeat(np.arange(len(classes)), np.diff(counts.start))
    width = len(counts.totals)

    def check(_sums: NDArray[np.float64], members: NDArray[np.int32] | None) -> NDArray[np.bool_]:
        place = np.arange(len(classes)) if members is None else members.astype(np.int64)
        pairs = place[owner] * width + counts.category
        if (int(place.max()) + 1) * width <= DENSE * len(pairs):
            dense = np.bincount(pairs, weights=counts.count)
            cells = np.flatnonzero(dense)
            amount = dense[cells].astype(np.int64)
        else:
            cells, inverse = np.unique(pairs, return_inverse=True)
            amount = np.bincount(inverse, weights=counts.count).astype(np.int64)
        start = np.searchsorted(cells // width, np.arange(int(place.max()) + 2)).astype(np.int64)
        return violated(ClassCounts(start, (cells % width).astype(np.int32), amount, counts.totals))

    zeros = np.zeros((len(classes.ids), 1))
    return Goal(name, zeros, check, monotone=merges, monotone_complete=True, needs_members=True)


def risk_goal(weights: NDArray[np.float64], limit: float) -> Goal:
    """Individual risk at most ``limit``; monotone only under equal weights: a class may merge with lighter rows."""
    amounts = np.column_stack([np.ones(len(weights)), weights])

    def check(sums: NDArray[np.float64], _: NDArray[np.int32] | None) -> NDArray[np.bool_]:
        risks = individual_risk(np.maximum(sums[:, 0], 1.0), sums[:, 1])
        return np.asarray((risks > limit) & (sums[:, 0] > 0))

    equal = bool(len(weights) == 0 or np.ptp(weights) == 0.0)
    return Goal("individual_risk", amounts, check, monotone=equal, monotone_complete=equal)


def k_map_goal(sample: NDArray[np.bool_], k: int) -> Goal:
    """k-map: a class with rows of the file but fewer than ``k`` of the population violates."""
    amounts = np.column_stack([sample, ~sample]).astype(np.float64)
    return Goal(
        "k_map",
        amounts,
        lambda sums, _: (sums[:, 0] > 0) & (sums[:, 1] < k),
        monotone=True,
        monotone_complete=True,
    )
