"""The methods a policy can name, each as a document; what they do is in the modules they are named after."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field as Option
from pydantic import model_validator

from wasl.registers.documents import Document

__all__ = [
    "AddNoise",
    "DropVariables",
    "GroupAreas",
    "GroupCategories",
    "GroupRare",
    "LocalSuppression",
    "Method",
    "Microaggregate",
    "Pram",
    "RankSwap",
    "Recode",
    "RiskSuppression",
    "Round",
    "ShuffleValues",
    "SuppressRecords",
    "SwapRecords",
    "TopBottom",
]

Share = Annotated[float, Option(ge=0.0, le=1.0)]


class MethodBase(Document):
    """What all methods share: the variables they touch."""

    @property
    def names(self) -> tuple[str, ...]:
        """Every variable the method names."""
        return ()

    @property
    def key_names(self) -> tuple[str, ...]:
        """The variables that must be keys."""
        return ()

    @property
    def changed(self) -> tuple[str, ...]:
        """The named variables whose values the method replaces."""
        return self.names

    @property
    def numeric_names(self) -> tuple[str, ...]:
        """The named variables that must be numbers."""
        return ()

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len(set(self.names)) != len(self.names):
            raise ValueError("a variable is named twice in one method")
        return self


class Recode(MethodBase):
    """Global recoding of a variable to a level of its hierarchy."""

    kind: Literal["recode"]
    variable: str
    level: int = Option(ge=1)

    @property
    def names(self) -> tuple[str, ...]:
        """Every variable the method names."""
        return (self.variable,)


class TopBottom(MethodBase):
    """Top and bottom coding of a number.

    Attributes:
        variable: The number.
        bottom, top: Values below and above are replaced; at least one is given.
        bottom_value, top_value: What they become. Default: their mean, or the bound where the mean would disclose one.
    """

    kind: Literal["top_bottom"]
    variable: str
    bottom: float | None = None
    top: float | None = None
    bottom_value: float | None = None
    top_value: float | None = None

    @model_validator(mode="after")
    def _has_a_bound(self) -> Self:
        if self.bottom is None and self.top is None:
            raise ValueError("top and bottom coding needs bottom or top")
        if self.bottom is not None and self.top is not None and self.bottom > self.top:
            raise ValueError("bottom is above top")
        if (self.bottom is None and self.bottom_value is not None) or (self.top is None and self.top_value is not None):
            raise ValueError("a replacement is given without its bound")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Every variable the method names."""
        return (self.variable,)

    @property
    def numeric_names(self) -> tuple[str, ...]:
        """The named variables that must be numbers."""
        return self.names


class GroupCategories(MethodBase):
    """Categories grouped and renamed."""

    kind: Literal["group"]
    variable: str
    groups: dict[str, tuple[str, ...]]
    other: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Every variable the method names."""
        return (self.variable,)


class GroupRare(MethodBase):
    """Categories with too few rows grouped into one; the group itself made missing when it is still too small.

    Attributes:
        below: Categories with fewer rows are rare.
        into: Label of the group.
    """

    kind: Literal["group_rare"]
    variable: str
    below: int = Option(ge=2)
    into: str = "Other"

    @property
    def names(self) -> tuple[str, ...]:
        """Every variable the method names."""
        return (self.variable,)


class GroupAreas(MethodBase):
    """Areas with too few rows grouped with neighbours of similar size; every area with enough rows stays by itself.

    Attributes:
        variable: The area.
        below: Areas with fewer rows are small.
        neighbours: CSV without header: an area, then its neighbours with spaces between; ``;`` between the two columns.
            It lies in the policy's folder, or ships in ``config/disclosure/hierarchies``.
        classification: Code list with the names of the areas, for reports.
    """

    kind: Literal["group_areas"]
    variable: str
    below: int = Option(ge=2)
    neighbours: str
    classification: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Every variable the method names."""
        return (self.variable,)


class Round(MethodBase):
    """Numbers rounded to a base."""

    kind: Literal["round"]
    variable: str
    base: float = Option(gt=0)

    @property
    def names(self) -> tuple[str, ...]:
        """Every variable the method names."""
        return (self.variable,)

    @property
    def numeric_names(self) -> tuple[str, ...]:
        """The named variables that must be numbers."""
        return self.names


class LocalSuppression(MethodBase):
    """Local suppression until the policy's k and combinations hold.

    Attributes:
        k: Default: the policy's threshold.
        strata: k must hold inside each category of this variable.
        search: ``sets`` prefers rows that are certain company for each other, ``nearest`` the fewest cells; default:
            ``sets`` up to 8 keys (10 in small files), ``nearest`` beyond.
    """

    kind: Literal["local_suppression"]
    k: int | None = Option(default=None, ge=2)
    strata: str | None = None
    search: Literal["auto", "sets", "nearest"] = "auto"

    @property
    def names(self) -> tuple[str, ...]:
        """Every variable the method names."""
        return () if self.strata is None else (self.strata,)

    @property
    def changed(self) -> tuple[str, ...]:
        """The named variables whose values the method replaces."""
        return ()


class RiskSuppression(MethodBase):
    """Key values suppressed in rows above a risk, the least important variable first.

    Attributes:
        threshold: The largest risk allowed.
        of: The risk of the row itself, or that of its household (at least one member is re-identified).
        variables: Where to suppress, in this order; default: all keys, the least important first.
    """

    kind: Literal["risk_suppression"]
    threshold: Share
    of: Literal["individual", "household"] = "individual"
    variables: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every variable the method names."""
        return self.variables

    @property
    def key_names(self) -> tuple[str, ...]:
        """The variables that must be keys."""
        return self.variables


class SuppressRecords(MethodBase):
    """Rows that still violate a threshold removed, up to a share of the file."""

    kind: Literal["suppress_records"]
    max_share: Share


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
    retain: Share = 0.8
    matrix: tuple[tuple[float, ...], ...] | None = None
    categories: tuple[str, ...] = ()
    invariant: bool = True
    strata: str | None = None

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
    window: Share = 0.05

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
        return (*self.areas, *self.similar, *self.risk_variables)

    @property
    def changed(self) -> tuple[str, ...]:
        """The named variables whose values the method replaces."""
        return self.areas


class DropVariables(MethodBase):
    """Variables removed once they have served."""

    kind: Literal["drop"]
    variables: tuple[str, ...] = Option(min_length=1)

    @property
    def names(self) -> tuple[str, ...]:
        """Every variable the method names."""
        return self.variables


Method = Annotated[
    Recode
    | TopBottom
    | GroupAreas
    | GroupCategories
    | GroupRare
    | Round
    | LocalSuppression
    | RiskSuppression
    | SuppressRecords
    | Microaggregate
    | Pram
    | AddNoise
    | RankSwap
    | ShuffleValues
    | SwapRecords
    | DropVariables,
    Option(discriminator="kind"),
]
"""Any method, told apart by its ``kind``."""
