"""Protected tables: what may be published of each, and what only the office may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.tables.cells import CellTable, Floats
from wasl.tables.primary import RULES
from wasl.tables.specification import MeasureKind, TableSpec, TablesSpec

__all__ = ["STATUSES", "ProtectedTable", "ProtectedTables"]

STATUSES = ("published", "primary", "secondary", "zero", "perturbed")


@dataclass(frozen=True, slots=True)
class ProtectedTable:
    """One protected table.

    Attributes:
        spec, cells: What it is, and its true cells.
        published: The figure to publish of each cell; NaN where there is none.
        status: Number of each cell's status in ``STATUSES``.
        rule: Number + 1 of the rule that makes a cell unsafe; 0 for safe ones.
        lower, upper: Protection levels.
        low, high: The attacker's interval.
        rows, valueless, unknown: Rows of the data; rows left out for want of a value; rows without a code.
        parts: The protected tables from which the figures are made, for the office alone: the denominators of ratios
            and means, the distribution of median bands.
    """

    spec: TableSpec
    cells: CellTable = field(repr=False)
    published: Floats = field(repr=False)
    status: NDArray[np.int8] = field(repr=False)
    rule: NDArray[np.int8] = field(repr=False)
    lower: Floats = field(repr=False)
    upper: Floats = field(repr=False)
    low: Floats = field(repr=False)
    high: Floats = field(repr=False)
    rows: int = 0
    valueless: int = 0
    unknown: Mapping[str, int] = field(default_factory=dict)
    parts: tuple[ProtectedTable, ...] = field(default=(), repr=False)

    def counts(self) -> dict[str, int]:
        """Cells by status."""
        return {name: int((self.status == i).sum()) for i, name in enumerate(STATUSES)}

    def counts_by_rule(self) -> dict[str, int]:
        """Unsafe cells by the first rule they break."""
        return {name: int((self.rule == i + 1).sum()) for i, name in enumerate(RULES) if (self.rule == i + 1).any()}

    def public(self) -> pa.Table:
        """The rows to publish: dimensions, value (null where not published), status."""
        return pa.table(
            {
                **self._dimensions(),
                "value": _figures(self.published),
                "status": pa.DictionaryArray.from_arrays(pa.array(self.status, pa.int8()), pa.array(STATUSES)).cast(
                    pa.string()
                ),
            }
        )

    def internal(self) -> pa.Table:
        """The rows for the office alone: true values, levels, intervals, and the rule that was broken.

        Where some contributions are negative, ``absolute`` has the sum of the absolute ones, from which attacker bounds
        follow. Means and ratios have a column of what the value is divided by. Median bands have the rows of their
        distribution, and the published figure beside the totals of its classes.
        """
        if self.spec.input.shown is MeasureKind.MEDIAN_BAND:
            below = self.parts[0].internal()
            size = self.parts[0].cells.dimensions[-1].size
            figure = np.full(below.num_rows, np.nan)
            figure[::size] = self.published
            return below.append_column("median_band", _figures(figure))
        rows = self._cells()
        if self.cells.cancels:
            rows = rows.append_column("absolute", _figures(self.cells.magnitude))
        if self.cells.below is None:
            return rows
        rows = rows.append_column("denominator", _figures(self.cells.below))
        if self.parts:
            rows = rows.append_column("denominator_lower_level", pa.array(self.parts[0].lower))
            rows = rows.append_column("denominator_upper_level", pa.array(self.parts[0].upper))
            if self.parts[0].cells.cancels:
                rows = rows.append_column("denominator_absolute", _figures(self.parts[0].cells.magnitude))
        return rows

    def _cells(self) -> pa.Table:
        names = pa.array([None, *RULES])
        public = self.public()
        return pa.table(
            {
                **{name: public.column(name) for name in self._dimensions()},
                "value": _figures(self.cells.value),
                "published": public.column("value"),
                "status": public.column("status"),
                "rule": names.take(pa.array(self.rule)),
                "contributors": _figures(
                    np.where(np.isfinite(self.cells.contributors), self.cells.contributors, np.nan)
                ),
                "lower_level": pa.array(self.lower),
                "upper_level": pa.array(self.upper),
                "low": _figures(self.low),
                "high": _figures(self.high),
            }
        )

    def _dimensions(self) -> dict[str, pa.Array]:
        return {
            dimension.name: pa.array(dimension.codes).take(pa.array(self.cells.places[:, d]))
            for d, dimension in enumerate(self.cells.dimensions)
        }


@dataclass(frozen=True, slots=True)
class ProtectedTables:
    """All tables of a specification, protected together.

    Attributes:
        spec: The specification.
        tables: The tables.
        report: The internal report (``report.json``).
    """

    spec: TablesSpec
    tables: tuple[ProtectedTable, ...]
    report: dict[str, Any]


def _figures(values: Floats) -> pa.Array:
    """Values as an Arrow column: whole numbers where all are, NaN as null."""
    missing = ~np.isfinite(values)
    plain = np.where(missing, 0.0, values)
    if np.all(plain == np.round(plain)) and np.abs(plain).max(initial=0.0) < 2**53:
        return pa.array(plain.astype(np.int64), mask=missing)
    return pa.array(plain, mask=missing)
