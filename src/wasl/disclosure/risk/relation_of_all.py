"""One linear relation of many numbers: a turnover is the sum of eight kinds of sales.

Sets of four numbers and more are too many to be tried one by one. So all numbers are fitted together, without the tenth
of records that fit worst, and numbers that the relation does not need are left out again, one by one.

Source: Rousseeuw, Van Driessen (2006), Data Min. Knowl. Discov. 12 (least trimmed squares by concentration steps).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["relation_of_all"]

Values = NDArray[np.float64]

STARTS, STEPS = 20, 10
"""Fits from as few records as there are coefficients, and their improvements. With sixteen numbers and one exception in
ten records, one of 20 starts is free of them with probability 1 - (1 - .9^17)^20 = 97 %; steps mend further starts."""

ROWS_FOR_EACH = 4
"""Records for each coefficient at least; from fewer, whole numbers of few values are fitted by chance."""

MOSTLY_KNOWN = 0.9
"""A number that is missing in more records is left out: its gaps would leave too few complete ones."""


def relation_of_all(
    target: Values, columns: Sequence[Values], rng: np.random.Generator, *, sample: int, holds: float, close: float
) -> tuple[tuple[int, ...], Values] | None:
    """The numbers that give the target in nearly all records, by their places, and coefficients with the constant last.

    Args:
        target: The number that may follow; NaN where it is not known.
        columns: The others.
        rng: Which records are looked at.
        sample: Records at most.
        holds: Share of the records for which the relation must hold.
        close: Error up to which it holds for a record.
    """
    there = np.isfinite(target)
    places = [j for j, column in enumerate(columns) if np.mean(np.isfinite(column[there])) >= MOSTLY_KNOWN]
    known = np.flatnonzero(np.all([there, *(np.isfinite(columns[j]) for j in places)], axis=0))
    places = places[: max(len(known) // ROWS_FOR_EACH - 1, 0)]
    if not places:
        return None
    rows = known if len(known) <= sample else rng.choice(known, sample, replace=False)
    design = np.column_stack([*(columns[j][rows] for j in places), np.ones(len(rows))])
    scale = np.maximum(np.abs(design).max(axis=0), 1e-300)
    inside = _fitting(design / scale, target[rows], rng, holds, close)
    if inside is None:
        return None
    needed, rule = _needed(design[inside] / scale, target[rows][inside], close)
    return tuple(places[j] for j in needed), rule / np.append(scale[list(needed)], 1.0)


def _fitting(
    design: Values, target: Values, rng: np.random.Generator, holds: float, close: float
) -> NDArray[np.bool_] | None:
    """Mark the records that fit a relation; None if no start finds one that enough records fit."""
    kept = int(np.ceil(holds * len(target)))
    for _ in range(STARTS):
        chosen = np.asarray(rng.choice(len(target), design.shape[1], replace=False), np.int64)
        error = np.empty(0)
        for _ in range(STEPS):
            error = np.abs(target - design @ np.linalg.lstsq(design[chosen], target[chosen], rcond=None)[0])
            chosen = np.asarray(np.argpartition(error, kept - 1)[:kept], np.int64)
        if np.mean(error <= close) >= holds:
            return np.asarray(error <= close)
    return None


def _needed(design: Values, target: Values, close: float) -> tuple[tuple[int, ...], Values]:
    """The columns without which the fit is lost, and the coefficients; the constant comes last."""
    left = list(range(design.shape[1] - 1))
    for j in tuple(left):
        fewer = [*(i for i in left if i != j), design.shape[1] - 1]
        rule = np.linalg.lstsq(design[:, fewer], target, rcond=None)[0]
        if np.all(np.abs(target - design[:, fewer] @ rule) <= close):
            left.remove(j)
    rule = np.linalg.lstsq(design[:, [*left, design.shape[1] - 1]], target, rcond=None)[0]
    return tuple(left), np.asarray(rule, np.float64)
