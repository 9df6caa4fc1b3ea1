"""The part of a specification that says how tables are protected."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field as Option
from pydantic import field_validator, model_validator

from wasl.registers.documents import Document

__all__ = ["CellKeyOptions", "ProtectionMethod", "ProtectionSpec", "RoundingOptions", "limits", "require_common"]


DEFAULT_SECONDS = 60.0
"""Time limit of a search where the specification states no limit."""


class ProtectionMethod(StrEnum):
    """The method that protects a table."""

    SUPPRESSION = "suppression"
    CELL_KEY = "cell-key"
    ROUNDING = "rounding"
    NONE = "none"


ROUNDING = 1e-9
"""By how much a variance may pass its limits through rounding of floating-point numbers."""


class CellKeyOptions(Document):
    """Parameters of the cell-key method; kept from users of the tables.

    Attributes:
        maximum: D, the largest noise.
        variance: V, the variance of the noise.
        small: j_s: after perturbation no count lies in 1..j_s.
        stay: Probability that a count keeps its value; default: what maximum entropy gives.
        modulus: Record keys are integers below it.
        additive: Whether the noise is adjusted until totals add up (``True``) or each cell stands alone.
        shares: For sums: mean noise as a share of the largest contribution of a cell, the second largest, and so on.
    """

    maximum: int = Option(default=5, ge=1, le=50)
    variance: float = Option(default=3.0, gt=0)
    small: int = Option(default=0, ge=0, le=20)
    stay: float | None = Option(default=None, gt=0, lt=1)
    modulus: int = Option(default=2**32, ge=256, le=2**32)
    additive: bool = False
    shares: tuple[Annotated[float, Option(gt=0, lt=1)], ...] = Option(
        default=(0.1, 0.06, 0.03), min_length=1, max_length=10
    )

    @field_validator("shares")
    @classmethod
    def _falling(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if list(value) != sorted(value, reverse=True):
            raise ValueError("the shares of smaller contributions are not larger than those of larger ones")
        return value

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        """The variance is reached far from zero; near it, where counts cannot be negative, as far as it can be."""
        squares = (self.maximum + 1) * (2 * self.maximum + 1) / 6  # mean of 1, 4, ... D^2
        moved = 2 * self.maximum / (2 * self.maximum + 1) if self.stay is None else 1 - self.stay
        least, most = 0.0 if self.stay is None else moved, moved * squares
        if not least - ROUNDING <= self.variance <= most + ROUNDING:
            raise ValueError(
                f"with this maximum and stay the variance of the noise lies between {least:.4g} and {most:.4g}"
            )
        return self


class RoundingOptions(Document):
    """Base and kind of rounding: to the nearest multiple, at random, or such that the table still adds up."""

    base: int = Option(default=5, ge=2)
    kind: Literal["conventional", "random", "controlled"] = "controlled"


class ProtectionSpec(Document):
    """The protection of a table and its parameters.

    Attributes:
        method: ``suppression``, ``cell-key``, ``rounding`` or ``none``.
        lower, upper: Protection levels for cells unsafe by frequency or dominance, as shares of the value. Where some
            contributions are negative, they are shares of the sum of absolute contributions. p % and pq rules give
            their own. Without them dominance gives its own, too, and frequency takes a tenth.
        attacker_bounds: What everybody is assumed to know beforehand, as multiples of the value.
        cost: What a suppressed cell costs: its ``value``, ``one``, or its ``contributors``.
        singletons: Whether a lone contributor, who knows its own cells, must not recognize others. What one of several
            linked tables states holds for all.
        coalitions: Contributors (or holdings) who pool what they know; per coalition the names of its members, as in
            the columns ``contributor`` or ``holding``. Together they know every cell to which nobody else contributes,
            and must not recognize other unsafe cells.
        search: ``exact``, ``fast`` (heuristic), ``modular`` (sub-tables of a hierarchy one after the other, then the
            whole) or ``auto``: exact while time remains, modular for tables of more than 10,000 cells.
        time_limit_seconds: After that, the best feasible answer found so far is taken. Default: 60; none with
            ``work_limit``.
        work_limit: The same in units of work, each about a second of one core. Work is counted from what the programs
            do, so that two searches ended by it have the same pattern, on whatever machine.
        gap: Relative gap between cost and bound at which the search may stop.
        cell_key, rounding: Parameters of these methods.
    """

    method: ProtectionMethod = ProtectionMethod.SUPPRESSION
    lower: float | None = Option(default=None, ge=0)
    upper: float | None = Option(default=None, ge=0)
    attacker_bounds: tuple[float, float] = (0.0, 2.0)
    cost: Literal["value", "one", "contributors"] = "value"
    singletons: bool = False
    coalitions: tuple[Annotated[tuple[str, ...], Option(min_length=2)], ...] = Option(default=(), max_length=50)
    search: Literal["auto", "exact", "fast", "modular"] = "auto"
    time_limit_seconds: float | None = Option(default=None, gt=0)
    work_limit: float | None = Option(default=None, gt=0)
    gap: float = Option(default=0.0, ge=0, lt=1)
    cell_key: CellKeyOptions = CellKeyOptions()
    rounding: RoundingOptions = RoundingOptions()

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        low, high = self.attacker_bounds
        if not low <= 1 <= high or low == high:
            raise ValueError("attacker_bounds must enclose 1: the true value is among what is possible")
        return self


def require_common(protections: Sequence[ProtectionSpec]) -> None:
    """Refuse linked tables that state different settings of what they have in common.

    Raises:
        ValueError: Names the setting.
    """
    common = {
        ProtectionMethod.SUPPRESSION: ("search", "gap"),
        ProtectionMethod.ROUNDING: ("rounding",),
    }
    for name in ("method", *common.get(protections[0].method, ())):
        if any(getattr(one, name) != getattr(protections[0], name) for one in protections):
            raise ValueError(
                "linked tables are protected by one method"
                if name == "method"
                else f"linked tables are one problem: give all of them the same protection.{name}"
            )


def limits(protections: Sequence[ProtectionSpec]) -> tuple[float, float | None]:
    """The limits of the common search: seconds (infinity: none), and units of work (None: none).

    The largest that a table states counts. Where none states any, the limit is ``DEFAULT_SECONDS``.
    """
    work = max((item.work_limit for item in protections if item.work_limit is not None), default=None)
    default = DEFAULT_SECONDS if work is None else math.inf
    return max((s.time_limit_seconds for s in protections if s.time_limit_seconds is not None), default=default), work
