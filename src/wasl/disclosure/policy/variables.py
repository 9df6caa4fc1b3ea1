"""Variables of a disclosure policy: role, type, hierarchy and the meaning of missing values."""

from __future__ import annotations

from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field as Option
from pydantic import model_validator

from wasl.disclosure.keys.frequencies import Missing
from wasl.registers.documents import Document

__all__ = [
    "HierarchySpec",
    "LevelRule",
    "MissingRule",
    "Role",
    "Share",
    "VariableSpec",
    "VariableType",
]

Share = Annotated[float, Option(ge=0.0, le=1.0)]


class Role(StrEnum):
    """Role of a variable for an intruder: known beforehand (key), wanted (sensitive), or technical."""

    KEY = "key"
    SENSITIVE = "sensitive"
    WEIGHT = "weight"
    HOUSEHOLD = "household"
    FREE = "free"
    DROP = "drop"


class VariableType(StrEnum):
    """Type of the values of a variable: unordered categories, ordered categories, numbers, or days."""

    NOMINAL = "nominal"
    ORDINAL = "ordinal"
    NUMBER = "number"
    DATE = "date"


class LevelRule(Document):
    """One level of a hierarchy, made by exactly one rule.

    Attributes:
        width, origin, bottom, top: Intervals of a numeric variable; below bottom and from top on are open.
        breaks: Cut points of a numeric variable, ascending; below the first and from the last on are open.
        closed: Which end belongs to the interval: ``left`` is [15, 20), ``right`` is (15, 20].
        date: A day becomes its month, quarter, half-year, year or decade.
        prefix: Keep so many leading characters of a code.
        groups, other: Named groups of the level below's categories; what is in none becomes ``other`` (or is an
            error).
        to_all: One category for everything.
    """

    width: float | None = Option(default=None, gt=0)
    origin: float = 0.0
    bottom: float | None = None
    top: float | None = None
    breaks: tuple[float, ...] = ()
    closed: Literal["left", "right"] = "left"
    date: Literal["month", "quarter", "half-year", "year", "decade"] | None = None
    prefix: int | None = Option(default=None, ge=1)
    groups: dict[str, tuple[str, ...]] | None = None
    other: str | None = None
    to_all: bool = False

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        rules = [self.width is not None, bool(self.breaks), self.date is not None, self.prefix is not None]
        if sum([*rules, self.groups is not None, self.to_all]) != 1:
            raise ValueError("a level needs exactly one of width, breaks, date, prefix, groups, to_all")
        if any(low >= high for low, high in pairwise(self.breaks)):
            raise ValueError("breaks must ascend, without repeats")
        if self.width is None and (self.bottom is not None or self.top is not None or self.origin):
            raise ValueError("origin, bottom and top belong to width; breaks have open ends of their own")
        if self.bottom is not None and self.top is not None and self.bottom >= self.top:
            raise ValueError("bottom must be below top")
        if self.closed == "right" and not self.numeric:
            raise ValueError("closed belongs to width and breaks: other levels have no intervals")
        if self.other is not None and self.groups is None:
            raise ValueError("other belongs to groups")
        return self

    @property
    def numeric(self) -> bool:
        """Whether the rule cuts numbers into intervals."""
        return self.width is not None or bool(self.breaks)


class HierarchySpec(Document):
    """A hierarchy: a table (CSV, one column per level) or rules, one per level.

    Attributes:
        file: CSV without header; relative to the policy's folder, or shipped in ``config/disclosure/hierarchies``.
        levels: Rules, from the finest to the coarsest.
    """

    file: str | None = None
    levels: tuple[LevelRule, ...] = ()

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.file is None) == (not self.levels):
            raise ValueError("a hierarchy needs either a file or levels")
        return self


class VariableSpec(Document):
    """One variable of the data.

    Attributes:
        name, label, label_fr: The column, and what a reader sees.
        label_ar: The label in Arabic.
        role: What it is to an intruder.
        type: How its values are read. Where it is not given, a variable that the policy uses as a number is a number,
            and any other stays as the file has it (text stays text).
        order: For ``ordinal``: all categories, the lowest first.
        missing: Spellings that mean missing in this variable only, besides ``[missing] codes``.
        level: ``household``: all members of a household share the value, so it is suppressed for all of them at once.
            Where it is not given, a key whose value never differs inside a household counts as such.
        importance: For keys: 1 is the most important and is suppressed last; default: by number of categories.
        hierarchy: How it can be generalized.
        optional: Whether the data may lack it. Variables of role ``drop`` may always be absent.
        never_suppress: Whether its cells must stay: no method makes them missing. If the thresholds then cannot be
            reached, protection is refused.
    """

    name: str
    label: str = ""
    label_fr: str = ""
    label_ar: str = ""
    role: Role
    type: VariableType | None = None
    order: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    level: Literal["person", "household"] | None = None
    importance: int | None = Option(default=None, ge=1)
    hierarchy: HierarchySpec | None = None
    optional: bool = False
    never_suppress: bool = False

    @model_validator(mode="after")
    def _order_fits(self) -> Self:
        if self.order and self.type is not VariableType.ORDINAL:
            raise ValueError(f"{self.name}: an order belongs to the type 'ordinal'")
        if self.type is VariableType.ORDINAL and not self.order:
            raise ValueError(f"{self.name}: the type 'ordinal' needs order = [lowest, …, highest]")
        if len(set(self.order)) != len(self.order):
            raise ValueError(f"{self.name}: a category is in the order twice")
        if self.importance is not None and self.role is not Role.KEY:
            raise ValueError(f"{self.name}: importance belongs to keys: nothing else is suppressed by it")
        if self.never_suppress and self.role is Role.DROP:
            raise ValueError(f"{self.name}: never_suppress belongs to variables that are released")
        if self.hierarchy is not None and self.type is not None:
            for rule in self.hierarchy.levels:
                if rule.numeric and self.type is not VariableType.NUMBER:
                    raise ValueError(f"{self.name}: width and breaks need the type 'number'")
                if rule.date is not None and self.type is not VariableType.DATE:
                    raise ValueError(f"{self.name}: a date rule needs the type 'date'")
        return self


class MissingRule(Document):
    """The meaning of a missing key value.

    Attributes:
        semantics: ``wildcard``: compatible with every value; ``category``: a category of its own.
        alpha: Under ``wildcard``, how much a possible match through missing values counts.
        codes: Spellings that mean missing in every variable, besides empty cells. A number is compared by value:
            the code "99" also meets 99.0.
    """

    semantics: Literal["wildcard", "category"] = "wildcard"
    alpha: Share = 1.0
    codes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _alpha_counts(self) -> Self:
        if self.semantics == "category" and self.alpha != 1.0:
            raise ValueError("alpha belongs to the semantics 'wildcard': a category matches itself only")
        return self

    @property
    def meaning(self) -> Missing:
        """The same, as the kernels take it."""
        return Missing(self.alpha if self.semantics == "wildcard" else None)
