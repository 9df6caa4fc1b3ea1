"""Risk of numbers after masking: how close masked values stay, and how often the nearest one is the right one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from wasl.errors import InputError

__all__ = ["LinkageRisk", "expected_linkage", "interval_risk", "linkage_risk"]

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LinkageRisk:
    """Distance-based record linkage of masked to original rows.

    Attributes:
        expected: Expected correct links; a tie among m nearest counts 1/m where the right one is among them.
        share: The same over all rows.
        within: Share of rows whose original is among the ``neighbours`` nearest.
        neighbours: How many neighbours were looked at.
    """

    expected: float
    share: float
    within: float
    neighbours: int


def interval_risk(original: Matrix, masked: Matrix, width: float = 0.01) -> float:
    """Share of rows whose original lies within ``width`` masked standard deviations of the masked value, all variables.

    Args:
        original: float64, shape (rows, variables).
        masked: The same rows after masking.
        width: Half width of the interval in standard deviations of the masked variable.

    Raises:
        InputError: The shapes differ.

    Source: Mateo-Sanz, Domingo-Ferrer, Sebé (2005), Data Min. Knowl. Discov. 11 (standard-deviation intervals).
    """
    x, y = _pair(original, masked)
    if len(x) < 2:
        return 1.0 if len(x) else 0.0
    reach = width * np.nanstd(y, axis=0, ddof=1)
    known = ~np.isnan(x)
    inside = (np.abs(x - y) <= reach) | ~known
    return float(np.mean(inside.all(axis=1) & known.any(axis=1)))


def linkage_risk(original: Matrix, masked: Matrix, *, neighbours: int = 5) -> LinkageRisk:
    """Measure the share of masked rows whose nearest original (z-scores of the original) is their own.

    Args:
        original: float64, shape (rows, variables); rows with missing values on either side are left out.
        masked: The same rows after masking.
        neighbours: A wider guess: the right row among so many nearest.

    Raises:
        InputError: The shapes differ.

    Source: Pagliuca, Seri (1999), SDC project report MI-3/D2; Domingo-Ferrer, Torra (2001), ch. 5 in Doyle et al.
    """
    x, y = _pair(original, masked)
    complete = ~(np.isnan(x).any(axis=1) | np.isnan(y).any(axis=1))
    x, y = x[complete], y[complete]
    n = len(x)
    if n == 0:
        return LinkageRisk(0.0, 0.0, 0.0, neighbours)
    spread = x.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    tree = cKDTree(x / scale)
    count = min(max(neighbours, 2), n)
    distance, _ = tree.query(y / scale, k=count)
    own = np.sqrt((((x - y) / scale) ** 2).sum(axis=1))
    tolerance = 1e-9 * (1.0 + own)
    nearest = distance[:, 0] if distance.ndim > 1 else distance
    right = own <= nearest + tolerance
    rivals = np.ones(n)
    rows = np.flatnonzero(right)
    if len(rows):
        rivals[rows] = tree.query_ball_point(y[rows] / scale, own[rows] + tolerance[rows], return_length=True)
    expected = float(np.sum(right / np.maximum(rivals, 1.0)))
    farthest = distance[:, -1] if distance.ndim > 1 else distance
    return LinkageRisk(expected, expected / n, float(np.mean(own <= farthest + tolerance)), count)


def expected_linkage(original: Matrix, masked: Matrix, rows: NDArray[np.int64] | None = None) -> float:
    """Estimate the share of masked rows whose nearest original is their own where nobody knows which is.

    A masked row and the original nearest to it count as a link if the masked row is also nearest to that original.
    Among m rows that are equally near on either side, the link is right with probability 1/m.

    Args:
        original: float64, shape (rows, variables); rows with missing values are left out.
        masked: Other rows of the same variables; z-scores of the original are compared.
        rows: Masked rows that are looked at; default: all.
    """
    x = original[~np.isnan(original).any(axis=1)]
    y = masked[~np.isnan(masked).any(axis=1)]
    if not len(x) or not len(y):
        return 0.0
    spread = x.std(axis=0)
    x, y = (matrix / np.where(spread > 0, spread, 1.0) for matrix in (x, y))
    asked = y if rows is None else y[rows[rows < len(y)]]
    originals, released = cKDTree(x), cKDTree(y)
    near, own = originals.query(asked)
    back, _ = released.query(x[own])
    slack = 1e-9 * (1.0 + near)
    mutual = np.flatnonzero(near <= back + slack)
    among_originals = originals.query_ball_point(asked[mutual], (near + slack)[mutual], return_length=True)
    among_released = released.query_ball_point(x[own[mutual]], (near + slack)[mutual], return_length=True)
    return float(np.sum(1.0 / np.maximum(np.maximum(among_originals, among_released), 1)) / len(asked))


def _pair(original: Matrix, masked: Matrix) -> tuple[Matrix, Matrix]:
    x, y = (np.atleast_2d(np.asarray(m, np.float64).T).T for m in (original, masked))
    if x.shape != y.shape:
        raise InputError(f"original and masked values differ in shape: {x.shape} and {y.shape}.")
    return x, y
