"""Documents of perturbations: of numbers, categories and areas."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field as Option
from pydantic import model_validator

from wasl.disclosure.policy.method_documents.base import MethodBase, Share

__all__ = [
    "AddNoise",
    "Microaggregate",
    "Pram",
    "RankSwap",
    "ShuffleValues",
    "SwapRecords",
]


class Microaggregate(MethodBase):
    """Numbers replaced by the means of groups of at least ``size`` similar rows."""

    kind: Literal["microaggregate"]
    variables: tuple[str, ...] = Option(min_length=1)
    size: int = Option(default=3, ge=2)
    method: Literal["mdav", "ranking", "pca"] = "mdav"

    @property
    def names(self) -> tuple[str, ...]:
        """Every variable the method names."""
        return self.variables

    @property
    def numeric_names(self) -> tuple[str, ...]:
        """The named variables that must be numbers."""
        return self.variables


USUAL_RETENTION = 0.8
"""Probability that a category stays where none is given: that of the examples in the IHSN practice guide to SDC."""


class Pram(MethodBase):
    """Post-randomization of categories.

    Attributes:
        variables: Randomized one by one.
        retain: Probability that a category stays. Under ``invariant`` every category keeps it; only a category more
            frequent than all others together may stay more often.
        matrix: A transition matrix instead, rows in the order of ``categories``.
        invariant: Whether expected frequencies are preserved. The internal report gives the effective matrix.
        strata: Randomize within the categories of this variable.
    """

    kind: Literal["pram"]
    variables: tuple[str, ...] = Option(min_length=1)
    retain: Share = USUAL_RETENTION
    matrix: tuple[tuple[float, ...], ...] | None = None
    categories: tuple[str, ...] = ()
    invariant: bool = True
    strata: str | None = None

    @model_validator(mode="after")
    def _matrix_or_retention(self) -> Self:
        if (self.matrix is None) != (not self.categories):
            raise ValueError("matrix and categories belong together")
        if self.matrix is not None and self.retain != USUAL_RETENTION:
            raise ValueError("retain and matrix exclude each other: the diagonal of the matrix says what stays")
        if self.matrix is None and self.retain == 1.0:
            raise ValueError("retain = 1 changes no category; leave the method out")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Every variable the method names."""
        return self.variables + (() if self.strata is None else (self.strata,))

    @property
    def changed(self) -> tuple[str, ...]:
        """The named variables whose values the method replaces."""
        return self.variables


class AddNoise(MethodBase):
    """Noise added to numbers: independent, or correlated like the data."""

    kind: Literal["noise"]
    variables: tuple[str, ...] = Option(min_length=1)
    amount: float = Option(default=0.1, gt=0)
    correlated: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Every variable the method names."""
        return self.variables

    @property
    def numeric_names(self) -> tuple[str, ...]:
        """The named variables that must be numbers."""
        return self.variables


class RankSwap(MethodBase):
    """Values swapped with others of nearby rank."""

    kind: Literal["rank_swap"]
    variables: tuple[str, ...] = Option(min_length=1)
    window: Share = Option(default=0.05, gt=0.0)

    @property
    def names(self) -> tuple[str, ...]:
        """Every variable the method names."""
        return self.variables

    @property
    def numeric_names(self) -> tuple[str, ...]:
        """The named variables that must be numbers."""
        return self.variables


class ShuffleValues(MethodBase):
    """Numbers shuffled so that ranks follow a regression on other variables."""

    kind: Literal["shuffle"]
    variables: tuple[str, ...] = Option(min_length=1)
    given: tuple[str, ...] = Option(min_length=1)

    @property
    def names(self) -> tuple[str, ...]:
        """Every variable the method names."""
        return self.variables + self.given

    @property
    def numeric_names(self) -> tuple[str, ...]:
        """The named variables that must be numbers."""
        return self.variables

    @property
    def changed(self) -> tuple[str, ...]:
        """The named variables whose values the method replaces."""
        return self.variables


class SwapRecords(MethodBase):
    """Households at risk swapped between areas.

    Attributes:
        areas: Geographic variables, from the coarsest to the finest.
        similar: Household variables that must agree between swapped households.
        risk_variables: Variables whose rare combinations within an area put a household at risk.
        rate: Least share of households swapped in every area.
        k: Households with fewer than k alike in their area are swapped.
    """

    kind: Literal["swap_records"]
    areas: tuple[str, ...] = Option(min_length=1)
    similar: tuple[str, ...] = ()
    risk_variables: tuple[str, ...] = Option(min_length=1)
    rate: Share = 0.02
    k: int = Option(default=3, ge=2)

    @property
    def names(self) -> tuple[str, ...]:
        """Every variable the method names."""
        return tuple(dict.fromkeys((*self.areas, *self.similar, *self.risk_variables)))

    @property
    def lists(self) -> tuple[tuple[str, ...], ...]:
        """A variable may both put households at risk and have to agree; an area may do neither."""
        return (*self.areas, *self.similar), (*self.areas, *self.risk_variables)

    @property
    def changed(self) -> tuple[str, ...]:
        """The named variables whose values the method replaces."""
        return self.areas
