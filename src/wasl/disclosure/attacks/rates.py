"""Success rates of attacks with their intervals, and what of them the release itself is to blame for."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any

from scipy.special import ndtri

__all__ = ["AttackRisk", "Rate", "attack_risk", "rate"]


@dataclass(frozen=True, slots=True)
class Rate:
    """A success rate with its Wilson interval.

    Attributes:
        successes, attempts: Counts.
        value: Their ratio.
        low, high: Bounds at the asked confidence.
    """

    successes: int
    attempts: int
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class AttackRisk:
    """An attack on persons in the file, compared with the same attack on persons who are not, and with guessing.

    Attributes:
        attack: Which one.
        main: Success against rows the release was made from.
        control: Success against rows it was not made from; None where no control set was given.
        naive: Success of guessing without the release.
        risk, low, high: ``(main - control) / (1 - control)`` with an interval: the share of persons the release
            exposes who would have been safe otherwise. Without control set, the main rate takes its place.
    """

    attack: str
    main: Rate
    control: Rate | None
    naive: Rate | None
    risk: float
    low: float
    high: float

    def to_json(self) -> dict[str, Any]:
        """The result as a JSON value."""
        return asdict(self)


def rate(successes: int, attempts: int, *, level: float = 0.95) -> Rate:
    """A success rate with its Wilson score interval.

    Source: Wilson (1927), J. American Statistical Association 22(158).
    """
    if attempts == 0:
        return Rate(0, 0, 0.0, 0.0, 1.0)
    z = float(ndtri(0.5 + level / 2.0))
    p = successes / attempts
    centre = (p + z * z / (2 * attempts)) / (1 + z * z / attempts)
    half = z / (1 + z * z / attempts) * sqrt(p * (1 - p) / attempts + z * z / (4 * attempts**2))
    return Rate(successes, attempts, p, max(0.0, centre - half), min(1.0, centre + half))


def attack_risk(attack: str, main: Rate, control: Rate | None, naive: Rate | None = None) -> AttackRisk:
    """The excess of the main rate over the control rate; its interval by the square-and-add rule for differences.

    Source: Newcombe (1998), Statistics in Medicine 17(8), method 10.
    """
    if control is None:
        return AttackRisk(attack, main, None, naive, main.value, main.low, main.high)
    left = 1.0 - control.value
    if left <= 0.0:
        return AttackRisk(attack, main, control, naive, 0.0, 0.0, 0.0)
    difference = main.value - control.value
    low = difference - sqrt((main.value - main.low) ** 2 + (control.high - control.value) ** 2)
    high = difference + sqrt((main.high - main.value) ** 2 + (control.value - control.low) ** 2)
    risk = max(0.0, difference / left)
    return AttackRisk(attack, main, control, naive, risk, max(0.0, low / left), min(1.0, max(risk, high / left)))
