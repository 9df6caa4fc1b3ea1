"""Microaggregation: numbers replaced by the means of small groups of similar rows.

*Does not protect against* attribute disclosure by the group's mean itself, and one-dimensional ranking leaves values
close to the originals: assess with ``continuous_risk``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray

from wasl.disclosure.methods.neighbours import build_tree, depth_of, farthest, nearest, remove
from wasl.errors import InputError

__all__ = ["Microaggregation", "mdav_groups", "microaggregate", "ranked_groups"]

Method = Literal["mdav", "ranking", "pca"]

EXACT_ROWS = 200_000
"""MDAV is exact up to this many rows; a larger file is first cut into blocks along its widest variables."""

WIDE, EXACT_ROWS_WIDE = 7, 10_000
"""From so many variables on, boxes hardly prune and the search is quadratic, so blocks are smaller.

Measured on 40,000 rows of 10 correlated variables: 1.0 s instead of 3.0 s, and 3.42 % instead of 3.30 % of the variance
lost within groups.
"""


@dataclass(frozen=True, slots=True)
class Microaggregation:
    """Masked values and how they came about.

    Attributes:
        values: float64, shape (rows, variables).
        groups: int64, group of each row, -1 where every value is missing; for ``ranking`` that of the last variable.
        sizes: int64 per group.
    """

    values: NDArray[np.float64] = field(repr=False)
    groups: NDArray[np.int64] = field(repr=False)
    sizes: NDArray[np.int64] = field(repr=False)


def microaggregate(
    values: NDArray[np.float64], size: int, *, method: Method = "mdav", exact_rows: int | None = None
) -> Microaggregation:
    """Replace each value by the mean of its group of at least ``size`` rows.

    ``mdav`` groups rows on all variables together (z-scores); ``pca`` sorts rows by their first principal component;
    ``ranking`` sorts and groups each variable by itself. Rows with missing values are grouped with rows that miss the
    same variables.

    Args:
        values: float64, shape (rows, variables), NaN where missing.
        size: Least group size.
        method: How rows are grouped.
        exact_rows: MDAV on more rows works block by block; default: 200,000, or 10,000 from 7 variables on.

    Raises:
        InputError: Fewer than ``size`` rows (or rows that miss the same variables).

    Source: Domingo-Ferrer, Mateo-Sanz (2002), IEEE TKDE 14(1); MDAV as in Domingo-Ferrer, Torra (2005), Data Min.
    Knowl. Discov. 11, algorithm 5.1 with k-sized groups from both ends.
    """
    matrix = np.asarray(values, np.float64)
    matrix = matrix[:, None] if matrix.ndim == 1 else matrix
    if size < 2:
        raise InputError(f"groups of {size} protect nothing; the least size is 2.")
    if method == "ranking":
        parts = [microaggregate(matrix[:, [j]], size, method="pca") for j in range(matrix.shape[1])]
        return Microaggregation(np.column_stack([p.values for p in parts]), parts[-1].groups, parts[-1].sizes)
    masked = matrix.copy()
    groups = np.full(len(matrix), -1, np.int64)
    sizes: list[NDArray[np.int64]] = []
    count = 0
    known = ~np.isnan(matrix)
    for pattern in np.unique(known, axis=0):
        if not pattern.any():
            continue
        rows = np.flatnonzero((known == pattern).all(axis=1))
        if len(rows) < size:
            raise InputError(
                f"{len(rows)} rows miss the same values, too few for groups of {size}.",
                remedy="Suppress or impute the missing values first.",
            )
        part = matrix[np.ix_(rows, np.flatnonzero(pattern))]
        scores = _z_scores(part)
        own = mdav_groups(scores, size, exact_rows=exact_rows) if method == "mdav" else _component_groups(scores, size)
        own_sizes = np.bincount(own)
        for position, j in enumerate(np.flatnonzero(pattern)):
            masked[rows, j] = (np.bincount(own, weights=part[:, position]) / own_sizes)[own]
        groups[rows] = own + count
        sizes.append(own_sizes)
        count += len(own_sizes)
    return Microaggregation(masked, groups, np.concatenate(sizes) if sizes else np.zeros(0, np.int64))


def mdav_groups(scores: NDArray[np.float64], size: int, *, exact_rows: int | None = None) -> NDArray[np.int64]:
    """MDAV: the group of each row.

    While at least 3k rows are left: the row r farthest from their centroid and the row s farthest from r each take
    their k - 1 nearest. Of 2k to 3k - 1 rows left, r takes k and the rest is one group; fewer are one group.

    Args:
        scores: float64, shape (rows, variables), already on comparable scales, no missing values.
        size: k.
        exact_rows: Larger files are cut in two along their widest variable until each block has at most so many rows;
            default: 200,000, or 10,000 from 7 variables on.
    """
    if exact_rows is None:
        exact_rows = EXACT_ROWS if scores.shape[1] < WIDE else EXACT_ROWS_WIDE
    rows = np.arange(len(scores))
    groups = np.empty(len(scores), np.int64)
    count = 0
    pending = [rows]
    while pending:
        block = pending.pop()
        if len(block) > max(exact_rows, 6 * size):
            widest = int(np.argmax(np.ptp(scores[block], axis=0)))
            middle = len(block) // 2
            split = block[np.argpartition(scores[block, widest], middle)]
            pending += [np.sort(split[:middle]), np.sort(split[middle:])]
            continue
        part = np.ascontiguousarray(scores[block])
        own, made = _mdav(part, size, depth_of(len(part)))
        groups[block] = own + count
        count += made
    return groups


def ranked_groups(key: NDArray[np.float64], size: int) -> NDArray[np.int64]:
    """Rows sorted by a key and cut into groups of ``size``; the last takes the remainder (up to 2·size - 1)."""
    order = np.argsort(key, kind="stable")
    count = max(1, len(key) // size)
    groups = np.empty(len(key), np.int64)
    groups[order] = np.minimum(np.arange(len(key)) // size, count - 1)
    return groups


def _component_groups(scores: NDArray[np.float64], size: int) -> NDArray[np.int64]:
    if scores.shape[1] == 1:
        return ranked_groups(scores[:, 0], size)
    _, vectors = np.linalg.eigh(np.cov(scores.T))
    first = vectors[:, -1]
    return ranked_groups(scores @ (first * np.sign(first[np.argmax(np.abs(first))])), size)


def _z_scores(values: NDArray[np.float64]) -> NDArray[np.float64]:
    spread = values.std(axis=0, ddof=1) if len(values) > 1 else np.ones(values.shape[1])
    scaled: NDArray[np.float64] = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return scaled


@njit(cache=True, nogil=True)
def _mdav(scores, size, depth):  # type: ignore[no-untyped-def]
    n, d = scores.shape
    groups = np.full(n, -1, np.int64)
    order, place, start, end, low, high, points, alive, count = build_tree(scores, depth)
    stack = np.empty(4 * (depth + 2), np.int64)
    found = np.empty(size, np.int64)
    distance = np.empty(size, np.float64)
    total = np.zeros(d, np.float64)
    for i in range(n):
        for j in range(d):
            total[j] += scores[i, j]
    left = n
    made = 0
    while left >= 2 * size:
        centre = total / left
        r = farthest(centre, order, start, end, low, high, points, alive, count, stack)
        rounds = 1
        s = r
        if left >= 3 * size:
            s = farthest(scores[r], order, start, end, low, high, points, alive, count, stack)
            rounds = 2
        for step in range(rounds):
            origin = scores[r] if step == 0 else scores[s]
            held = nearest(origin, size, order, start, end, low, high, points, alive, count, stack, found, distance)
            for h in range(held):
                row = found[h]
                groups[row] = made
                for j in range(d):
                    total[j] -= scores[row, j]
                remove(row, place, start, end, low, high, points, alive, count)
            left -= held
            made += 1
        if rounds == 1:
            break
    if left:
        for i in range(n):
            if groups[i] < 0:
                groups[i] = made
        made += 1
    return groups, made
