"""Documents of recodings: of categories, areas and numbers."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field as Option
from pydantic import model_validator

from wasl.disclosure.policy.method_documents.base import MethodBase

__all__ = [
    "GroupAreas",
    "GroupCategories",
    "GroupRare",
    "Recode",
    "Round",
    "TopBottom",
]


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
        bottom_value, top_value: What they become; refused where some coded values have it already, and the bound where
            all have it. Default: their mean, or the bound where the mean would disclose one.
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
        if self.top is not None and self.top_value is not None and self.top_value < self.top:
            raise ValueError("top_value is below top: values above it would become smaller than values that stay")
        if self.bottom is not None and self.bottom_value is not None and self.bottom_value > self.bottom:
            raise ValueError("bottom_value is above bottom: values below it would become greater than values that stay")
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
    groups: dict[str, tuple[str, ...]] = Option(min_length=1)
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
