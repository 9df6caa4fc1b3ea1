"""Calibration of survey weights to known totals: linear (GREG), raking, and bounded (logit) distances.

*Source:* J.-C. Deville and C.-E. Särndal, "Calibration estimators in survey sampling", JASA 87 (1992), 376-382.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from wasl.errors import InputError, PolicyError

__all__ = ["Calibration", "calibrate"]

Floats = NDArray[np.float64]
Distance = Literal["linear", "raking", "bounded"]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Calibrated weights.

    Attributes:
        weights: One per record.
        factors: Calibrated over original weight.
        iterations: Newton steps.
        largest_error: Largest relative difference between a calibrated and a known total.
    """

    weights: Floats = field(repr=False)
    factors: Floats = field(repr=False)
    iterations: int
    largest_error: float


def calibrate(
    weights: Floats,
    auxiliary: Floats,
    totals: Floats,
    *,
    distance: Distance = "raking",
    bounds: tuple[float, float] = (0.3, 3.0),
    tolerance: float = 1e-9,
    steps: int = 100,
) -> Calibration:
    """Weights near the given ones whose totals of the auxiliary variables are the known ones.

    Args:
        weights: Design weights, positive.
        auxiliary: One row per record, one column per known total.
        totals: The known totals.
        distance: ``linear`` (may give negative weights), ``raking`` (positive), ``bounded``.
        bounds: Smallest and largest factor of the bounded distance.
        tolerance: Relative difference at which a total is met.
        steps: Most Newton steps.

    Raises:
        InputError: A weight, a value or a total is missing or infinite, a weight is not positive, or the bounds do not
            enclose 1.
        PolicyError: No weights within the bounds meet the totals, for instance because these contradict each other.
    """
    low, high = bounds
    if distance == "bounded" and not low < 1 < high:
        raise InputError("the bounds of the factors must enclose 1.")
    if absent := sum(int((~np.isfinite(given)).sum()) for given in (weights, auxiliary, totals)):
        raise InputError(f"{absent} weights, auxiliary values or totals of the calibration are missing or infinite.")
    if (weights <= 0).any():
        raise InputError(f"{int((weights <= 0).sum())} design weights are not positive.")
    scale = np.maximum(np.abs(totals), 1.0)
    lagrange = np.zeros(auxiliary.shape[1])
    for step in range(1, steps + 1):
        factors, slopes = _factors(auxiliary @ lagrange, distance, low, high)
        gap = totals - auxiliary.T @ (weights * factors)
        if (np.abs(gap) <= tolerance * scale).all():
            return Calibration(weights * factors, factors, step - 1, float(np.max(np.abs(gap) / scale, initial=0.0)))
        jacobian = auxiliary.T @ (auxiliary * (weights * slopes)[:, None])
        move, *_ = np.linalg.lstsq(jacobian, gap, rcond=1e-12)
        length = 1.0
        before = float(np.abs(gap / scale).max())
        while length > 1e-4:
            trial, _ = _factors(auxiliary @ (lagrange + length * move), distance, low, high)
            after = float(np.abs((totals - auxiliary.T @ (weights * trial)) / scale).max())
            if np.isfinite(after) and after < before:
                break
            length /= 2
        lagrange = lagrange + length * move
    raise PolicyError(
        f"calibration does not meet the totals: the largest relative difference left is {before:.2g}.",
        remedy="Check that the totals agree with each other and that every category has records; widen the bounds.",
    )


def _factors(u: Floats, distance: Distance, low: float, high: float) -> tuple[Floats, Floats]:
    """Factor and its derivative for each value of the linear form."""
    if distance == "linear":
        return 1 + u, np.ones_like(u)
    if distance == "raking":
        factors = np.exp(np.clip(u, -50, 50))
        return factors, factors
    steep = (high - low) / ((1 - low) * (high - 1))
    grown = np.exp(np.clip(steep * u, -50, 50))
    below = high - 1 + (1 - low) * grown
    factors = (low * (high - 1) + high * (1 - low) * grown) / below
    return factors, (factors - low) * (high - factors) / ((1 - low) * (high - 1))
