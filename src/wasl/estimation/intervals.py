"""What every estimate consists of: a value, its standard error, an interval; or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import stdtrit

__all__ = ["Z95", "Estimate", "lognormal_interval", "normal_interval", "student_interval"]

Z95 = 1.959964
"""97.5 percent point of the normal distribution."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """An estimate with its 95 percent interval.

    Attributes:
        value, error, low, high: None where nothing can be estimated.
        reason: Why nothing can be estimated; empty otherwise.
    """

    value: float | None
    error: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str = ""

    @classmethod
    def impossible(cls, reason: str) -> Estimate:
        """No estimate, and why."""
        return cls(None, reason=reason)

    def to_json(self) -> dict[str, Any]:
        """As JSON values; ``cannot be estimated`` is written out."""
        if self.value is None:
            return {"estimate": "cannot be estimated", "reason": self.reason}
        return {"estimate": self.value, "standard_error": self.error, "low": self.low, "high": self.high}


def normal_interval(value: float, variance: float) -> Estimate:
    """An estimate with a symmetric interval."""
    error = float(np.sqrt(max(variance, 0.0)))
    return Estimate(value, error, value - Z95 * error, value + Z95 * error)


def lognormal_interval(value: float, variance: float, seen: float) -> Estimate:
    """An estimate of a population of which ``seen`` are known: the logarithm of the rest is taken as normal.

    *Source:* A. Chao, Biometrics 43 (1987), 783-791.
    """
    error = float(np.sqrt(max(variance, 0.0)))
    rest = value - seen
    if rest <= 0 or error == 0:
        return Estimate(value, error, max(value - Z95 * error, 0.0), value + Z95 * error)
    factor = float(np.exp(Z95 * np.sqrt(np.log1p(variance / rest**2))))
    return Estimate(value, error, seen + rest / factor, seen + rest * factor)


def student_interval(value: float, variance: float, degrees: float, *, positive: bool) -> Estimate:
    """An estimate whose variance was itself estimated, from few units.

    The total of amounts that are never negative is skewed to the right, and so is its error: the interval is then one
    of the logarithm.

    Args:
        value: The estimate.
        variance: Its variance.
        degrees: Degrees of freedom of the variance.
        positive: Whether no amount is negative.
    """
    error = float(np.sqrt(max(variance, 0.0)))
    reach = float(stdtrit(degrees, 0.975)) * error
    if positive and value > 0:
        factor = float(np.exp(reach / value))
        return Estimate(value, error, value / factor, value * factor)
    return Estimate(value, error, value - reach, value + reach)
