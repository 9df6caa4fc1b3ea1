"""Outcomes of attacks: how many of the exposed persons an attack named rightly, with intervals."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Outcome", "clopper_pearson", "pool", "wilson"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One attack in one situation, or several runs of it added up.

    Attributes:
        profile: The encoding profile attacked.
        view: Who attacks with what: a key of ``situations.HOLDS``.
        attack: The attack.
        registers: Registers delivered.
        population: Records of the adversary's population.
        records: Records delivered.
        overlap: Share of delivered records that are in the population; None if unknown.
        claimed: Rows the attack named, in all passes.
        exposed: Persons it could have named: in the population, and not known to it beforehand; None if unknown.
        correct: Persons named rightly in the pass where the attack did best; None if the truth is not given.
        anywhere: Persons of whom a row was named rightly in any pass.
        leak: Largest T of the deliveries.
        detail: Remarks.
        certain: Claims with a posterior above .9; None if the attack computes no posterior.
        certain_right: How many of those claims are right.
        certain_persons: Persons named rightly by a certain claim in any pass.
        periods: Periods delivered.
        rounds: ``one`` if all periods were encoded in one round, ``each`` if every period had its own, else empty.
        known: Share of the exposed persons whose rows the adversary knew beforehand.
        runs: Runs added up, each under another seed.
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
    certain: int | None = None
    certain_right: int | None = None
    certain_persons: int | None = None
    periods: int = 1
    rounds: str = ""
    known: float = 0.0
    runs: int = 1

    @property
    def rate(self) -> float | None:
        """Share of the exposed persons named rightly in the best pass."""
        return None if self.correct is None or not self.exposed else self.correct / self.exposed

    @property
    def rate_any(self) -> float | None:
        """Share of the exposed persons named rightly in any pass."""
        return None if self.anywhere is None or not self.exposed else self.anywhere / self.exposed

    @property
    def rate_certain(self) -> float | None:
        """Share of the exposed persons named rightly by a certain claim."""
        return None if self.certain_persons is None or not self.exposed else self.certain_persons / self.exposed

    def to_json(self) -> dict[str, Any]:
        """The outcome with its rates and their 95 % intervals."""
        value = dataclasses.asdict(self)
        value["rate"] = self.rate
        value["rate_any"] = self.rate_any
        value["rate_certain"] = self.rate_certain
        for name, count in (
            ("interval", self.correct),
            ("interval_any", self.anywhere),
            ("interval_certain", self.certain_persons),
        ):
            value[name] = wilson(count, self.exposed) if count is not None and self.exposed else None
        value["certain_precision"] = (
            clopper_pearson(self.certain_right, self.certain)
            if self.certain is not None and self.certain_right is not None and self.certain
            else None
        )
        return value


def pool(runs: Sequence[Sequence[Outcome]]) -> list[Outcome]:
    """Outcomes of one situation under several seeds, added up attack by attack."""
    groups: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in (outcome for run in runs for outcome in run):
        groups.setdefault((outcome.view, outcome.attack), []).append(outcome)
    return [_add(found) for found in groups.values()]


def _add(found: list[Outcome]) -> Outcome:
    first = found[0]
    if len(found) == 1:
        return first

    def total(name: str) -> int | None:
        values = [getattr(each, name) for each in found]
        return None if any(value is None for value in values) else int(sum(values))

    return dataclasses.replace(
        first,
        population=round(sum(each.population for each in found) / len(found)),
        records=round(sum(each.records for each in found) / len(found)),
        claimed=sum(each.claimed for each in found),
        exposed=total("exposed"),
        correct=total("correct"),
        anywhere=total("anywhere"),
        certain=total("certain"),
        certain_right=total("certain_right"),
        certain_persons=total("certain_persons"),
        leak=max(each.leak for each in found),
        runs=sum(each.runs for each in found),
    )


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


def clopper_pearson(successes: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """The exact interval of a share; it never covers less than ``level``.

    *Source:* Clopper, Pearson, Biometrika 26, 1934.

    >>> [round(x, 3) for x in clopper_pearson(9, 10)]
    [0.555, 0.997]
    """
    from scipy.stats import beta

    if trials <= 0:
        return 0.0, 1.0
    tail = (1 - level) / 2
    low = 0.0 if successes == 0 else float(beta.ppf(tail, successes, trials - successes + 1))
    high = 1.0 if successes == trials else float(beta.ppf(1 - tail, successes + 1, trials - successes))
    return low, high
