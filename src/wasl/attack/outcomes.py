"""Success of an attack: how many of the persons it could have named it did name, with an interval."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Outcome", "wilson"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One attack on one delivery, or on several together.

    Attributes:
        profile, view, attack: What was attacked, from which view (``linkage``, ``joined``, or ``told``: linkage, and
            told who shares a block), and how.
        registers: Whose deliveries.
        population: Records of the adversary's population.
        records: Records in the delivery.
        overlap: Share of the delivery's records that are in the population, as set up or measured; None unknown.
        claimed: Rows the attack named.
        exposed: Persons it could have named: in the population, and not known to it beforehand; None unknown.
        correct: Persons named rightly in the pass where the attack did best (rows of two passes cannot be joined, so
            nobody can pool the guesses of several); None where the truth is not given.
        anywhere: Persons of whom any row in any pass was named rightly, lucky guesses of all passes together.
        leak: Largest T of the delivery.
        detail: Anything else worth telling.
    """

    profile: str
    view: str
    attack: str
    registers: str
    population: int
    records: int
    overlap: float | None
    claimed: int
    exposed: int | None
    correct: int | None
    anywhere: int | None
    leak: float
    detail: str = ""

    @property
    def rate(self) -> float | None:
        """Re-identification rate: correct over exposed."""
        if self.correct is None or not self.exposed:
            return None
        return self.correct / self.exposed

    def to_json(self) -> dict[str, Any]:
        """The outcome with its rate and its 95 % interval."""
        value = dataclasses.asdict(self)
        value["rate"] = self.rate
        value["interval"] = wilson(self.correct, self.exposed) if self.correct is not None and self.exposed else None
        return value


def wilson(successes: int, trials: int, z: float = 1.959964) -> tuple[float, float]:
    """The 95 % interval of a share.

    *Source:* Wilson, J Am Stat Assoc 22, 1927.

    >>> [round(x, 3) for x in wilson(0, 100)]
    [0.0, 0.037]
    """
    if trials <= 0:
        return 0.0, 1.0
    share = successes / trials
    centre = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * float(np.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials)))
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    return low, 1.0 if successes == trials else min(1.0, centre + half)
