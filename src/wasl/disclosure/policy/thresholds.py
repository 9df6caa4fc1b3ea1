"""Thresholds of a disclosure policy: what must hold for the file that leaves, and the conditions of its release."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field as Option
from pydantic import model_validator

from wasl.disclosure.policy.variables import Share
from wasl.registers.documents import Document

__all__ = [
    "AllCombinations",
    "CombinationRule",
    "ReleaseRules",
    "SensitiveRule",
    "Thresholds",
]


ORDINARY_C = 2.0
"""The c of recursive diversity where none is given (Machanavajjhala et al. 2007, section 4.2). The most frequent value
is then less than twice as frequent as all values from the l-th on together."""


class CombinationRule(Document):
    """A named set of keys that must occur ``k`` times together."""

    name: str
    keys: tuple[str, ...] = Option(min_length=1)
    k: int = Option(ge=2)

    @model_validator(mode="after")
    def _once_each(self) -> Self:
        if len(set(self.keys)) != len(self.keys):
            raise ValueError(f"combination {self.name!r} names a key twice")
        return self


class AllCombinations(Document):
    """Every set of up to ``size`` keys must occur ``k`` times together."""

    size: int = Option(ge=1)
    k: int = Option(ge=2)


class SensitiveRule(Document):
    """What every class of indistinguishable rows must satisfy for one variable; several rules may name the same one.

    Attributes:
        variable: The variable, of any role. For a key, the classes are those of the other keys.
        l_distinct, l_entropy: Least (effective) number of categories.
        l_recursive, recursive_c: Least recursive (c, l)-diversity.
        t, distance: Largest earth mover's distance to the whole file, and its ground distance.
        alpha: Largest share of one category ((α, k)-anonymity).
        beta: Largest relative gain of a category's share.
        delta: Largest absolute log ratio of shares.
        bands: Cut points that turn a numeric variable into the categories that are counted.
    """

    variable: str
    l_distinct: int | None = Option(default=None, ge=1)
    l_entropy: float | None = Option(default=None, ge=1)
    l_recursive: int | None = Option(default=None, ge=1)
    recursive_c: float = Option(default=ORDINARY_C, gt=0)
    t: Share | None = None
    distance: Literal["equal", "ordered", "hierarchical"] = "equal"
    alpha: Share | None = None
    beta: float | None = Option(default=None, ge=0)
    delta: float | None = Option(default=None, ge=0)
    bands: tuple[float, ...] = ()

    @model_validator(mode="after")
    def _bands_ascend(self) -> Self:
        if any(low >= high for low, high in pairwise(self.bands)):
            raise ValueError("bands must ascend, without repeats")
        if self.distance != "equal" and self.t is None:
            raise ValueError(f"the rule for {self.variable!r} has a distance, which belongs to t, but no t")
        if self.recursive_c != ORDINARY_C and self.l_recursive is None:
            raise ValueError(f"the rule for {self.variable!r} has recursive_c, which belongs to l_recursive")
        return self

    @property
    def states_a_limit(self) -> bool:
        """Whether the rule bounds anything: one value in each class, or a share of 1, is no limit."""
        least = (self.l_distinct, self.l_entropy, self.l_recursive)
        return (
            any(limit is not None and limit > 1 for limit in least)
            or any(limit is not None and limit < 1 for limit in (self.t, self.alpha))
            or any(limit is not None and limit < float("inf") for limit in (self.beta, self.delta))
        )


class Thresholds(Document):
    """What must hold for the file that leaves.

    Attributes:
        k: Least frequency of every key combination.
        k_map: Least frequency in the population table given to ``assess`` and ``protect``.
        combinations: Named sets of keys with a k of their own.
        all_combinations: A k for every set of up to so many keys.
        sensitive: Rules for sensitive variables.
        individual_risk, household_risk: Largest risk of a row (a probability).
        global_risk: Largest share of expected re-identifications.
        suda_dis: Largest DIS score of a row.
        interval_risk: Largest share of rows all of whose released numbers lie within 1 % of a standard deviation of
            the originals. A file that was not masked has 1.
        linkage_risk: Largest share of rows whose released numbers are nearest to their own originals.
        suppressed_cells: Largest share of suppressed cells of any key.
        removed_rows: Largest share of removed rows.
    """

    k: int | None = Option(default=None, ge=2)
    k_map: int | None = Option(default=None, ge=2)
    combinations: tuple[CombinationRule, ...] = ()
    sensitive: tuple[SensitiveRule, ...] = ()
    individual_risk: Share | None = None
    household_risk: Share | None = None
    global_risk: Share | None = None
    suda_dis: Share | None = None
    all_combinations: AllCombinations | None = None
    interval_risk: Share | None = None
    linkage_risk: Share | None = None
    suppressed_cells: Share | None = None
    removed_rows: Share | None = None

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        names = [rule.name for rule in self.combinations]
        if len(set(names)) != len(names):
            raise ValueError("two combinations have the same name")
        return self

    @property
    def bound_risk(self) -> bool:
        """Whether any rule limits a risk; a risk of 1, and caps on suppression and removal alone, do not."""
        frequencies = (self.k, self.k_map, self.all_combinations)
        rows = (self.individual_risk, self.household_risk, self.global_risk, self.suda_dis)
        risks = (*rows, self.interval_risk, self.linkage_risk)
        return (
            bool(self.combinations or self.sensitive)
            or any(limit is not None for limit in frequencies)
            or any(limit is not None and limit < 1.0 for limit in risks)
        )


class ReleaseRules(Document):
    """Conditions of a release beside the risk thresholds, checked by the gate.

    Attributes:
        min_age_days: Least age of the data, from the reference date to the day of release.
        reference_date: The day the data describe.
        max_keys: Largest number of identifying variables.
        random_order: Rows are always shuffled by protect; the key remains so that policies can state it.
        min_category_rows: Least number of rows of every category of the named variables (population threshold).
        min_category_population: Least weighted size of every category of the named variables.
        forbidden: Columns that must not be in the file.
    """

    min_age_days: int | None = Option(default=None, ge=0)
    reference_date: date | None = None
    max_keys: int | None = Option(default=None, ge=1)
    random_order: Literal[True] = True
    min_category_rows: dict[str, Annotated[int, Option(ge=2)]] = Option(default={})
    min_category_population: dict[str, Annotated[float, Option(gt=0)]] = Option(default={})
    forbidden: tuple[str, ...] = ()
