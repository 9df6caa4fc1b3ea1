"""What every estimate consists of: a value, its standard error, an interval; or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Z95", "Estimate", "lognormal_interval", "normal_interval"]

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
