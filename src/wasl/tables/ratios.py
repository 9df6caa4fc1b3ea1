"""Ratios: numerator and denominator are protected as two tables, and a ratio is published where both may be.

An attacker who knew every numerator and denominator behind a published ratio would know more than the ratios tell.
The pattern withstands that attacker, so it withstands the real one. Beside another table of one of its parts, both are
one quantity, and their cells one system.

Does not protect against: nothing that the two tables do not protect against; it withholds a ratio more often than is
strictly needed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wasl.errors import InputError
from wasl.tables.earlier import EarlierTable
from wasl.tables.earlier_file import EarlierFile
from wasl.tables.medians import distribution_of, median_bands
from wasl.tables.protected import ProtectedTable
from wasl.tables.specification import MeasureKind, ProtectionMethod, TableSpec, TablesSpec

__all__ = ["figures_of", "linked_parts", "with_parts"]

_SECONDARY, _PRIMARY, _ZERO = 2, 1, 3


def with_parts(spec: TablesSpec, earlier: Sequence[EarlierTable | EarlierFile]) -> tuple[TablesSpec, list[int]]:
    """The specification with the tables behind its figures, and for each table the number of its original.

    In place of a ratio it has two tables of sums, in place of median bands their distribution. A mean beside counts
    has the table of the numbers it is divided by: mean and sum together give the number.
    """
    counted = _counted(spec, earlier)
    tables: list[TableSpec] = []
    origin: list[int] = []
    for number, table in enumerate(spec.tables):
        made = _parts(table, counted)
        tables += made
        origin += [number] * len(made)
    same = len(tables) == len(spec.tables) and all(a is b for a, b in zip(tables, spec.tables, strict=True))
    return (spec if same else spec.model_copy(update={"tables": tuple(tables)})), origin


def _counted(spec: TablesSpec, earlier: Sequence[EarlierTable | EarlierFile]) -> set[str]:
    """The weights under which records are counted, in these tables or in earlier ones."""
    found = {
        table.input.weight
        for table in spec.tables
        if table.input.counts or table.input.shown is MeasureKind.MEDIAN_BAND
    }
    for item in earlier:
        if isinstance(item, EarlierTable):
            parts = item.quantity.split("|")
            if parts[:4] == ["microdata", "count", "count", ""]:
                found.add(parts[4])
    return found


def _parts(table: TableSpec, counted: set[str]) -> list[TableSpec]:
    source, below = table.input, f"{table.name}.denominator"
    if source.shown is MeasureKind.MEDIAN_BAND:
        return [distribution_of(table)]
    if source.shown is MeasureKind.RATIO:
        # Each sum takes only records that have both values, as the ratio does.
        above_input = source.model_copy(update={"measure": MeasureKind.SUM})
        below_input = above_input.model_copy(update={"value": source.denominator, "denominator": source.value})
        return [
            table.model_copy(update={"input": above_input, "decimals": None}),
            table.model_copy(update={"input": below_input, "decimals": None, "name": below}),
        ]
    if source.shown is MeasureKind.MEAN and source.weight in counted and _suppressed(table):
        count = {"value": "count", "measure": MeasureKind.COUNT, "denominator": source.value}
        counts = source.model_copy(update=count)
        return [table, table.model_copy(update={"input": counts, "decimals": None, "name": below})]
    return [table]


def _suppressed(table: TableSpec) -> bool:
    return table.protection.method is ProtectionMethod.SUPPRESSION


def linked_parts(spec: TablesSpec, sources: Sequence[pa.Table]) -> TablesSpec:
    """The specification in which a part of a ratio and another table of the same column are one quantity.

    A ratio takes only records that have both of its values. Where no record lacks the other one, its parts are the sums
    of all records.

    Args:
        spec: The tables, those of sums in place of the ratios.
        sources: The data of each.

    Raises:
        InputError: Records lack one of the values, and another table of the column has them.
    """
    tables = []
    for table, data in zip(spec.tables, sources, strict=True):
        source = table.input
        if source.shown not in (MeasureKind.SUM, MeasureKind.COUNT) or not source.denominator:
            tables.append(table)
            continue
        if source.counts:  # the numbers of a mean are those of all records where none lacks the amount
            whole = not _missing(data, source.denominator).any()
            update = {"input": source.model_copy(update={"denominator": ""})} if whole else {}
            tables.append(table.model_copy(update=update))
            continue
        absent = _missing(data, source.denominator) & ~_missing(data, source.value)
        left_out = int(absent.sum())
        if not left_out:
            tables.append(table.model_copy(update={"input": source.model_copy(update={"denominator": ""})}))
            continue
        beside = [
            other.name
            for other in spec.tables
            if other.input.value == source.value and other.input.denominator != source.denominator
        ]
        if beside:
            raise InputError(
                f"{left_out} records have {source.value!r} and lack {source.denominator!r}: the ratio leaves them out, "
                f"{beside[0]!r} does not, and together they tell of these records.",
                remedy="Publish the two sums in place of the ratio, or leave the records out of both tables.",
            )
        tables.append(table)
    return spec.model_copy(update={"tables": tuple(tables)})


def _missing(data: pa.Table, column: str) -> NDArray[np.bool_]:
    return np.asarray(pc.is_null(data.column(column), nan_is_null=True).to_numpy(), dtype=np.bool_)


def figures_of(
    spec: TablesSpec, origin: Sequence[int], tables: Sequence[ProtectedTable], *, whole: bool
) -> list[ProtectedTable]:
    """The tables of the specification, made of the tables behind their figures.

    Args:
        spec: The specification.
        origin: For each protected table the number of its original.
        tables: The protected tables.
        whole: Whether their intervals are those of the attacker, and not only parts of them.
    """
    result: list[ProtectedTable] = []
    for number, table in enumerate(spec.tables):
        parts = [part for part, of in zip(tables, origin, strict=True) if of == number]
        if table.input.shown is MeasureKind.MEDIAN_BAND:
            result.append(median_bands(table, parts[0], whole=whole))
        elif len(parts) == 1:
            result.append(parts[0])
        else:
            result.append(_divided(table, *parts))
    return result


def _divided(spec: TableSpec, above: ProtectedTable, below: ProtectedTable) -> ProtectedTable:
    """A ratio or a mean, where neither the value nor what it is divided by is withheld."""
    numerator, denominator = above.cells.value, below.cells.value
    exists = denominator != 0
    ratio = np.divide(numerator, denominator, out=np.full(len(numerator), np.nan), where=exists)
    if spec.input.shown is MeasureKind.MEAN:
        assert above.cells.shown is not None  # noqa: S101 - a mean has its figures
        ratio = above.cells.shown
    status = np.where(above.status == _ZERO, _ZERO, 0).astype(np.int8)
    if spec.input.shown is MeasureKind.RATIO:
        status[~exists] = _ZERO
    status[(above.status == _SECONDARY) | (below.status == _SECONDARY)] = _SECONDARY
    status[(above.status == _PRIMARY) | (below.status == _PRIMARY)] = _PRIMARY
    hidden = (status == _PRIMARY) | (status == _SECONDARY)
    shown = ratio if spec.decimals is None else np.round(ratio, spec.decimals)
    return dataclasses.replace(
        above,
        spec=spec,
        cells=dataclasses.replace(above.cells, shown=ratio, below=denominator),
        published=np.where(hidden, np.nan, shown),
        status=status,
        rule=np.where(above.rule > 0, above.rule, below.rule).astype(np.int8),
        parts=(below,),
    )
