"""Menus of tables: what may be ordered, how it is protected, and by which rule an order is approved.

A menu offers tables of its own and, if it says so, free crossings of its dimensions. An order becomes a specification
here. An order chooses dimensions and a measure, never a threshold or a method.

Does not protect against: a menu whose dimensions together identify persons that its rules take for safe.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Literal, Self, TypeVar

from pydantic import Field as Option
from pydantic import model_validator

from wasl.errors import InputError
from wasl.registers.documents import Document, load_document, resolve_document, validate_document
from wasl.registers.exchange.digests import digest_json
from wasl.registers.reading.reference_periods import ReferencePeriod
from wasl.tables.specification import (
    DimensionSpec,
    MeasureKind,
    PrimaryRules,
    ProtectionMethod,
    ProtectionSpec,
    TablesSpec,
)

__all__ = ["ApprovalRule", "CrossingRule", "MenuMeasure", "MenuSpec", "MenuTable", "TableRequest", "order_tables"]

T = TypeVar("T")
NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"
RECORD = "person_id"
"""Column of the microdata that identifies a record, from which the cell-key method derives its record key."""
LATER = ("denominator", "bands", "decimals")
"""Keys of a measure that came later: without them a menu has the digest that events and approvals of before name."""


class ApprovalRule(StrEnum):
    """The rule that approves the answer to an order."""

    EACH = "each"
    """An approver decides on each order."""
    MENU = "menu"
    """The approver of the menu has decided beforehand for all its tables."""


class MenuMeasure(Document):
    """A figure that tables of the menu can show.

    Attributes:
        name: Of the measure.
        value: Column that is added up; ``count`` counts persons.
        measure: ``count``, ``sum``, ``mean``, ``ratio`` or ``median_band``; default: ``count`` where the value is
            ``count``, else ``sum``.
        weight: Column of the sampling weight.
        unit: Unit of the value.
        denominator: Column below the fraction line of a ratio.
        bands: Lower limits of the classes of a median band, the lowest first.
        decimals: Decimals to which means and ratios are rounded; default: not rounded.
    """

    name: str = Option(pattern=NAME)
    value: str = "count"
    measure: MeasureKind | None = None
    weight: str = ""
    unit: str = ""
    denominator: str = ""
    bands: tuple[int, ...] = ()
    decimals: int | None = Option(default=None, ge=0, le=12)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of amounts; the weight is none of them."""
        return tuple(name for name in ("" if self.value == "count" else self.value, self.denominator) if name)


class MenuTable(Document):
    """A table of the menu: its dimensions by name, and its measure (default: the first of the menu)."""

    name: str = Option(pattern=NAME)
    title: str = ""
    title_fr: str = ""
    title_ar: str = ""
    dimensions: tuple[str, ...] = Option(min_length=1, max_length=12)
    measure: str = ""


class CrossingRule(Document):
    """Limits of free crossings.

    Attributes:
        max_dimensions: Dimensions of one order; 0 allows no free crossing.
        max_cells: Cells of one order, empty ones included.
        approval: Who approves the answer.
    """

    max_dimensions: int = Option(default=0, ge=0, le=12)
    max_cells: int = Option(default=20_000, ge=1, le=200_000)
    approval: ApprovalRule = ApprovalRule.EACH


class MenuSpec(Document):
    """What may be ordered.

    Attributes:
        name, title, title_fr, title_ar: Of the menu.
        agency, period: As in the specification of tables.
        dimensions: The dimensions that tables may have.
        measures: The figures that tables may show.
        tables: The tables of the menu.
        approval: Who approves the answer to an order of a table of the menu.
        crossings: Limits of free crossings.
        primary, protection: Rules and method for every table of the menu.
    """

    name: str = Option(pattern=NAME)
    title: str = ""
    title_fr: str = ""
    title_ar: str = ""
    agency: str = "HCP"
    period: ReferencePeriod = ""
    dimensions: tuple[DimensionSpec, ...] = Option(min_length=1, max_length=40)
    measures: tuple[MenuMeasure, ...] = Option(
        default=(MenuMeasure(name="persons", unit="persons"),), min_length=1, max_length=20
    )
    tables: tuple[MenuTable, ...] = Option(default=(), max_length=100)
    approval: ApprovalRule = ApprovalRule.EACH
    crossings: CrossingRule = CrossingRule()
    primary: PrimaryRules = PrimaryRules()
    protection: ProtectionSpec = ProtectionSpec()

    @classmethod
    def load(cls, name_or_path: str | Path) -> Self:
        """The menu in a TOML file, or a shipped one by name.

        Raises:
            SchemaError: Names the file, the key and the reason.
        """
        return load_document(cls, resolve_document("menus", name_or_path))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the microdata that an order can show: those of the dimensions, and the amounts."""
        shown = {one.source for one in self.dimensions} | {name for one in self.measures for name in one.columns}
        return tuple(sorted(shown))

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if not self.tables and not self.crossings.max_dimensions:
            raise ValueError("the menu offers nothing: list tables, or allow crossings (crossings.max_dimensions)")
        for kind, names in (
            ("dimensions", [one.name for one in self.dimensions]),
            ("measures", [one.name for one in self.measures]),
            ("tables", [one.name for one in self.tables]),
        ):
            if len(set(names)) != len(names):
                raise ValueError(f"two {kind} have the same name")
        method = self.protection.method
        if method not in (ProtectionMethod.SUPPRESSION, ProtectionMethod.CELL_KEY):
            raise ValueError(
                "orders are protected by suppression or cell-key: other methods change a cell anew in each table, "
                "and whoever orders often could take the mean"
            )
        if method is ProtectionMethod.CELL_KEY and self.protection.cell_key.additive:
            raise ValueError("cell_key.additive gives one cell several figures; a menu needs the same in every table")
        for table in self.tables:
            try:
                order_tables(self, TableRequest(table=table.name))
            except InputError as error:
                raise ValueError(f"table {table.name!r}: {error}") from error
        if self.crossings.max_dimensions:
            self._require_crossings()
        return self

    def _require_crossings(self) -> None:
        """Refuse a measure that no dimension can be crossed with."""
        for one in self.measures:
            others = [item for item in self.dimensions if item.name not in one.columns]
            if not others:
                raise ValueError(f"measure {one.name!r}: no dimension can be crossed with it")
            try:
                order_tables(self, TableRequest(dimensions=(others[0].name,), measure=one.name))
            except InputError as error:
                raise ValueError(f"measure {one.name!r}: {error}") from error

    @property
    def digest(self) -> str:
        """The digest of the menu's meaning. Keys that a menu did not have before count where they are set."""
        document = self.model_dump(mode="json")
        for one in document["measures"]:
            for name in LATER:
                if one[name] in ("", [], None):
                    del one[name]
        return digest_json(document)

    def approval_of(self, request: TableRequest) -> ApprovalRule:
        """The rule by which the answer to an order is approved."""
        return self.approval if request.table else self.crossings.approval


class TableRequest(Document):
    """An order: a table of the menu, or dimensions to be crossed and a measure (default: the first of the menu)."""

    kind: Literal["order"] = "order"
    table: str = Option(default="", max_length=100)
    dimensions: tuple[str, ...] = Option(default=(), max_length=12)
    measure: str = Option(default="", max_length=100)

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if bool(self.table) == bool(self.dimensions):
            raise ValueError("order either a table of the menu or dimensions to be crossed")
        if self.table and self.measure:
            raise ValueError("a table of the menu has its own measure")
        if len(set(self.dimensions)) != len(self.dimensions):
            raise ValueError("a dimension is named twice")
        return self


def order_tables(menu: MenuSpec, request: TableRequest) -> TablesSpec:
    """The specification of what was ordered.

    Raises:
        InputError: The menu does not offer it; names what it offers.
        SchemaError: The menu's rules, or the measure and the dimensions, do not fit together.
    """
    if request.table:
        offered = {one.name: one for one in menu.tables}
        table = _named(offered, request.table, "table")
        names, measure = table.dimensions, table.measure
        name, titles = table.name, {key: getattr(table, key) for key in ("title", "title_fr", "title_ar")}
    else:
        most = menu.crossings.max_dimensions
        if not most:
            raise InputError("this menu allows no free crossings.", remedy="Order one of its tables.")
        if len(request.dimensions) > most:
            raise InputError(f"this menu crosses at most {most} dimensions.", remedy="Order fewer.")
        names, measure = request.dimensions, request.measure
        name, titles = f"crossing-{digest_json(request.model_dump(mode='json'))[7:15]}", {}
    known = {one.name: one for one in menu.dimensions}
    dimensions = [_named(known, one, "dimension") for one in names]
    figure = _named({one.name: one for one in menu.measures}, measure or menu.measures[0].name, "measure")
    keyed = menu.protection.method is ProtectionMethod.CELL_KEY
    return validate_document(
        TablesSpec,
        {
            "name": name,
            **titles,
            "unit": figure.unit,
            "period": menu.period,
            "agency": menu.agency,
            "input": {
                "kind": "microdata",
                "value": figure.value,
                "measure": figure.measure,
                "weight": figure.weight,
                "denominator": figure.denominator,
                "bands": figure.bands,
                "record": RECORD if keyed else "",
            },
            "decimals": figure.decimals,
            "dimensions": [one.model_dump(mode="json") for one in dimensions],
            "primary": menu.primary.model_dump(mode="json"),
            "protection": menu.protection.model_dump(mode="json"),
        },
        f"what is ordered ({name})",
    )


def _named(offered: Mapping[str, T], name: str, what: str) -> T:
    try:
        return offered[name]
    except KeyError:
        known = ", ".join(offered) or "none"
        raise InputError(f"the menu has no {what} {name!r}.", remedy=f"It has: {known}.") from None
