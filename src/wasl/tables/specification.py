"""The specification of protected tables: a TOML document, validated before any data are read.

`wasl schema tables` prints its JSON Schema. Several linked tables stand under ``[[tables]]``; what they do not state
themselves they take from the top of the document.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field as Option
from pydantic import field_validator, model_validator

from wasl.registers.documents import Document, Place, load_document, resolve_document
from wasl.registers.exchange.digests import digest_json
from wasl.registers.reading.reference_periods import ReferencePeriod
from wasl.tables.protection import CellKeyOptions, ProtectionMethod, ProtectionSpec, RoundingOptions, require_common

__all__ = [
    "CellKeyOptions",
    "DimensionSpec",
    "Dominance",
    "InputSpec",
    "MeasureKind",
    "PrimaryRules",
    "ProtectionMethod",
    "ProtectionSpec",
    "RoundingOptions",
    "TableSpec",
    "TablesSpec",
]


class MeasureKind(StrEnum):
    """The figure that a cell of a table shows."""

    COUNT = "count"
    SUM = "sum"
    MEAN = "mean"
    RATIO = "ratio"
    MEDIAN_BAND = "median_band"


class InputSpec(Document):
    """The meaning of rows and columns of the data.

    Attributes:
        kind: ``microdata`` (a row per record) or ``aggregate`` (a row per cell, margins included).
        file: Data file of this table, beside the specification; default: the DATA given on the command line.
        value: Column of the amount to be added up; ``count`` counts the records of microdata.
        measure: What a cell shows; default: ``count`` where the value is ``count``, else ``sum``.
        denominator: Column below the fraction line of a ratio.
        bands: Lower limits of the classes of a median band, the lowest first. A cell shows the lower limit of the class
            in which the median of the value lies.
        weight: Column of the sampling weight (microdata).
        contributor: Column that identifies who contributes a record (microdata); default: every record is one.
        holding: Column of the group a contributor belongs to; a holding counts as one contributor (microdata).
        waiver: Column that is true where the contributor consents to be recognized (microdata).
        contributors: Column with the number of contributors (aggregate).
        largest: Columns with the largest, second largest, … contribution (aggregate).
        record: Column with a stable identifier of the record, from which its record key is derived (cell-key).
    """

    kind: Literal["microdata", "aggregate"] = "microdata"
    file: str = ""
    value: str = "count"
    measure: MeasureKind | None = None
    denominator: str = ""
    bands: tuple[int, ...] = ()
    weight: str = ""
    contributor: str = ""
    holding: str = ""
    waiver: str = ""
    contributors: str = ""
    largest: tuple[str, ...] = ()
    record: str = ""

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.kind == "aggregate":
            given = [name for name in ("weight", "contributor", "holding", "waiver") if getattr(self, name)]
            if given:
                raise ValueError(f"an aggregate has no column for {', '.join(given)}: these belong to microdata")
            if self.shown in (MeasureKind.MEAN, MeasureKind.RATIO, MeasureKind.MEDIAN_BAND):
                raise ValueError("means, ratios and median bands are computed from microdata")
        elif self.contributors or self.largest:
            raise ValueError("contributors and largest are columns of an aggregate; microdata have their own")
        if self.shown is MeasureKind.RATIO and not self.denominator:
            raise ValueError("a ratio needs the column below the fraction line (input.denominator)")
        if (self.shown is MeasureKind.MEDIAN_BAND) != bool(self.bands):
            raise ValueError("input.bands gives the classes of a median band, and of no other measure")
        if self.bands and (len(self.bands) < 2 or list(self.bands) != sorted(set(self.bands))):
            raise ValueError("input.bands: give at least two limits that rise")
        if self.shown is not MeasureKind.COUNT and self.counts:
            raise ValueError(f"a {self.shown.value} needs the column of a value")
        return self

    @property
    def counts(self) -> bool:
        """True if the records themselves are counted."""
        return self.kind == "microdata" and self.value == "count"

    @property
    def shown(self) -> MeasureKind:
        """The measure, the default filled in."""
        return self.measure or (MeasureKind.COUNT if self.value == "count" else MeasureKind.SUM)


class DimensionSpec(Document):
    """One dimension of a table.

    Attributes:
        name: Its name in the output.
        column: Its column in the data; default: the name.
        total: Code of the total.
        hierarchy: CSV file of the levels, columns from coarse to fine; codes equal on two levels are one cell.
        bands: Lower limits of classes of a number; ``[15, 25, 65]`` gives ``15-24``, ``25-64``, ``65+``.
        label, label_fr, label_ar: For people.
        concept: SDMX concept; default: from the name.
        classifications: Shipped classifications whose labels the codes bear in the files.
    """

    name: str = Option(min_length=1)
    column: str = ""
    total: str = "Total"
    hierarchy: str = ""
    bands: tuple[int, ...] = ()
    label: str = ""
    label_fr: str = ""
    label_ar: str = ""
    concept: str = ""
    classifications: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.hierarchy and self.bands:
            raise ValueError(f"dimension {self.name!r}: give a hierarchy or bands, not both")
        if list(self.bands) != sorted(set(self.bands)):
            raise ValueError(f"dimension {self.name!r}: bands must rise")
        return self

    @property
    def source(self) -> str:
        """The column of the data."""
        return self.column or self.name


class Dominance(Document):
    """A cell is unsafe if its ``n`` largest contributions exceed ``k`` percent of it."""

    n: int = Option(ge=1, le=10)
    k: float = Option(gt=0, lt=100)


class PrimaryRules(Document):
    """Rules for cells that may not be published as they are.

    Attributes:
        minimum_contributors: A cell with fewer contributors (and at least one) is unsafe.
        dominance: (n, k) rules.
        p_percent: A cell is unsafe if its second largest contributor can estimate the largest to within p percent.
        pq: The same, when everybody knows every contribution to within q percent beforehand: ``[p, q]``.
        weighted: Whether a record of weight w stands for w contributors in the rules.
        zeros: Whether zeros may be published (``safe``) or say too much (``unsafe``).
        zero_level: Units an outsider must not be able to rule out for an unsafe zero.
    """

    minimum_contributors: int = Option(default=3, ge=0)
    dominance: tuple[Dominance, ...] = ()
    p_percent: float = Option(default=0.0, ge=0, lt=100)
    pq: tuple[float, float] | None = None
    weighted: bool = True
    zeros: Literal["safe", "unsafe"] = "safe"
    zero_level: float = Option(default=1.0, gt=0)

    @field_validator("pq")
    @classmethod
    def _ordered(cls, value: tuple[float, float] | None) -> tuple[float, float] | None:
        if value is not None and not 0 < value[0] < value[1] <= 100:
            raise ValueError("pq needs 0 < p < q <= 100")
        return value

    @property
    def depth(self) -> int:
        """Number of largest contributions that the rules need."""
        return max([0, *(rule.n for rule in self.dominance), *([2] if self.p_percent or self.pq else [])])


class TableSpec(Document):
    """One table.

    Attributes:
        name: Also of its file.
        title, title_fr, title_ar: For people.
        input, dimensions, primary, protection: See there.
        structural_zeros: Cells that everybody knows to be empty: per entry the codes of some dimensions, such as
            ``{ SEX = ["M"], REASON = ["maternity"] }``. Codes below them are meant, too.
        unit: Unit of the value.
        decimals: Decimals to which means and ratios are rounded before they are published; default: not rounded.
        period: Reference period in SDMX notation (``2024``, ``2024-Q1``, ``2024-03``, ``2020-01-01/P5Y``); without it
            no SDMX is written.
        agency: Abbreviation of the producer.
        concept, concept_fr, concept_ar: What is counted, in the words of the 20th ICLS.
        source: Registers or surveys the data come from.
        residence, residence_fr, residence_ar: Rule of residence.
        ilo: ILOSTAT indicator that the table feeds (MST stock, MFL flows, MNA nationals abroad).
    """

    name: str = Option(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")
    title: str = ""
    title_fr: str = ""
    title_ar: str = ""
    unit: str = ""
    decimals: int | None = Option(default=None, ge=0, le=12)
    period: ReferencePeriod = ""
    agency: str = Option(default="HCP", min_length=1)
    concept: str = ""
    concept_fr: str = ""
    concept_ar: str = ""
    source: str = ""
    residence: str = ""
    residence_fr: str = ""
    residence_ar: str = ""
    ilo: str = Option(default="", pattern=r"^((MST|MFL|MNA)(_[A-Z0-9]+)+)?$")
    input: InputSpec = InputSpec()
    dimensions: tuple[DimensionSpec, ...] = Option(min_length=1, max_length=12)
    primary: PrimaryRules = PrimaryRules()
    protection: ProtectionSpec = ProtectionSpec()
    structural_zeros: tuple[dict[str, tuple[str, ...]], ...] = ()

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        names = [dimension.name for dimension in self.dimensions]
        if len(set(names)) != len(names):
            raise ValueError("two dimensions have the same name")
        for item in self.structural_zeros:
            if not item or set(item) - set(names) or not all(item.values()):
                raise ValueError("each entry of structural_zeros gives codes of at least one dimension of the table")
        reserved = {"value", "status"} & set(names)
        if reserved:
            raise ValueError(f"{', '.join(sorted(reserved))}: these columns of the output have their own meaning")
        aggregate = self.input.kind == "aggregate"
        if aggregate and 0 < len(self.input.largest) < self.primary.depth:
            raise ValueError(f"the rules need the {self.primary.depth} largest contributions of a cell (input.largest)")
        if aggregate and self.primary.depth and not self.input.largest:
            raise ValueError("dominance, p % and pq rules need input.largest")
        if aggregate and self.primary.minimum_contributors and not self.input.contributors:
            raise ValueError("minimum_contributors needs input.contributors")
        shown = self.input.shown
        if shown is MeasureKind.RATIO and self.protection.method is not ProtectionMethod.SUPPRESSION:
            raise ValueError(
                "a ratio is protected by suppression: its numerator and denominator are protected together"
            )
        if shown is MeasureKind.MEDIAN_BAND and self.protection.method is not ProtectionMethod.SUPPRESSION:
            raise ValueError("a median band is protected by suppression: the counts by class are protected with it")
        if shown is MeasureKind.MEDIAN_BAND and self.input.value in names:
            raise ValueError(f"the median band of {self.input.value!r} cannot have this column as a dimension")
        if self.decimals is not None and shown not in (MeasureKind.MEAN, MeasureKind.RATIO):
            raise ValueError("decimals belong to means and ratios")
        if self.protection.coalitions and not (self.input.contributor or self.input.holding):
            raise ValueError("coalitions name contributors: give input.contributor or input.holding (microdata)")
        if self.protection.coalitions and self.protection.method is not ProtectionMethod.SUPPRESSION:
            raise ValueError("coalitions are considered by suppression alone")
        if self.perturbs_sums and self.input.shown is not MeasureKind.SUM:
            raise ValueError(f"the cell-key method perturbs counts and sums; use suppression for a {self.input.shown}")
        if self.perturbs_sums and self.protection.cell_key.additive:
            raise ValueError("the noise of sums is not made additive: set cell_key.additive = false")
        if self.protection.method is ProtectionMethod.CELL_KEY and aggregate:
            raise ValueError("the cell-key method needs microdata: the key of a cell is the sum of its records' keys")
        return self

    @property
    def perturbs_sums(self) -> bool:
        """True if the cells are sums to which the cell-key method adds noise."""
        return (
            self.protection.method is ProtectionMethod.CELL_KEY
            and self.input.kind == "microdata"
            and not self.input.counts
        )

    @property
    def depth(self) -> int:
        """Number of largest contributions of a cell that are needed, for rules or for noise."""
        return max(self.primary.depth, len(self.protection.cell_key.shares) if self.perturbs_sums else 0)


SHARED = (
    *("input", "primary", "protection", "dimensions", "unit", "decimals", "period", "agency", "source"),
    *("concept", "concept_fr", "concept_ar", "residence", "residence_fr", "residence_ar"),
)
"""Keys a linked table takes from the top of the document where it does not state them."""


def _name_of(data: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": data["name"]} if "name" in data else {}


class TablesSpec(Document):
    """One table, or several linked ones that are protected together.

    Attributes:
        name: Of the whole.
        tables: The tables; a document without ``[[tables]]`` is its own only table.
    """

    name: str = Option(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")
    tables: tuple[TableSpec, ...] = Option(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _spread(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        if not data.get("tables"):
            return data if "tables" in data else {**_name_of(data), "tables": [dict(data)]}
        if not isinstance(data["tables"], list | tuple):
            return data  # refused for its type
        shared = {key: data[key] for key in SHARED if key in data}
        known = {"name", "tables", *SHARED, "title", "title_fr", "title_ar"}
        unknown = sorted(set(data) - known)
        if unknown:
            raise ValueError(f"unknown keys: {', '.join(unknown)}")
        tables = []
        for number, table in enumerate(data["tables"], start=1):
            if not isinstance(table, Mapping):
                tables.append(table)
                continue
            merged: dict[str, Any] = {"name": f"{data.get('name', 'table')}-{number}"}
            for key, value in shared.items():
                own = table.get(key)
                merged[key] = {**value, **own} if isinstance(value, Mapping) and isinstance(own, Mapping) else value
            tables.append(
                {**merged, **{k: v for k, v in table.items() if k not in merged or not isinstance(v, Mapping)}}
            )
        return {**_name_of(data), "tables": tables}

    @classmethod
    def as_written(cls, data: Mapping[str, Any], place: Place) -> Place:
        """The place of a fault as its author wrote it: keys of an only table, and shared ones, stand at the top."""
        if len(place) < 2 or place[0] != "tables":
            return place
        number, keys = place[1], place[2:]
        if "tables" not in data:
            return keys
        own: Any = data["tables"][number]
        at: Any = data
        for key in keys[:2]:  # a table and its shared keys are merged two levels deep
            own = own.get(key) if isinstance(own, Mapping) else None
            at = at.get(key) if isinstance(at, Mapping) else None
            if own is None and at is not None and keys[0] in {*SHARED, "name"}:
                return keys
            if not (isinstance(own, Mapping) and isinstance(at, Mapping)):
                break
        return place

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the data that the tables show: those of the dimensions, and the amounts."""
        shown = {dimension.source for table in self.tables for dimension in table.dimensions}
        for table in self.tables:
            amount = "" if table.input.counts else table.input.value
            shown |= {name for name in (amount, table.input.denominator) if name}
        return tuple(sorted(shown))

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        names = [table.name for table in self.tables]
        if len(set(names)) != len(names):
            raise ValueError("two tables have the same name")
        require_common([table.protection for table in self.tables])
        totals: dict[str, tuple[str, str]] = {}
        for table in self.tables:
            for dimension in table.dimensions:
                known = totals.setdefault(dimension.name, (dimension.total, dimension.hierarchy))
                if known[0] != dimension.total:
                    raise ValueError(f"dimension {dimension.name!r} has two names for its total")
        return self

    @classmethod
    def load(cls, name_or_path: str | Path) -> Self:
        """The specification in a TOML file, or a shipped one by name.

        Raises:
            SchemaError: Names the file, the key and the reason.
        """
        return load_document(cls, resolve_document("tables", name_or_path))

    @property
    def protection(self) -> ProtectionSpec:
        """The settings of the common search; levels, bounds and costs are each table's own."""
        return self.tables[0].protection

    @property
    def digest(self) -> str:
        """The digest of the specification's meaning."""
        return digest_json(self.model_dump(mode="json"))
