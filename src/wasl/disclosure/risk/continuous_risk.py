"""Risk of numbers after masking: how close masked values stay, and how often the nearest one is the right one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from wasl.errors import InputError

__all__ = ["LinkageRisk", "interval_risk", "linkage_risk"]

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


def _pair(original: Matrix, masked: Matrix) -> tuple[Matrix, Matrix]:
    x, y = (np.atleast_2d(np.asarray(m, np.float64).T).T for m in (original, masked))
    if x.shape != y.shape:
        raise InputError(f"original and masked values differ in shape: {x.shape} and {y.shape}.")
    return x, y
