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
from wasl.tables.protected import ProtectedTable
from wasl.tables.specification import MeasureKind, TableSpec, TablesSpec

__all__ = ["linked_parts", "ratios_of", "with_denominators"]

_SECONDARY, _PRIMARY, _ZERO = 2, 1, 3


def with_denominators(spec: TablesSpec) -> tuple[TablesSpec, list[int]]:
    """The specification with two tables of sums for each ratio, and for each table the number of its original."""
    tables: list[TableSpec] = []
    origin: list[int] = []
    for number, table in enumerate(spec.tables):
        origin.append(number)
        if table.input.shown is not MeasureKind.RATIO:
            tables.append(table)
            continue
        value, below = table.input.value, table.input.denominator
        # Each sum takes only records that have both values, as the ratio does.
        above_input = table.input.model_copy(update={"measure": MeasureKind.SUM})
        below_input = above_input.model_copy(update={"value": below, "denominator": value})
        tables.append(table.model_copy(update={"input": above_input}))
        tables.append(table.model_copy(update={"input": below_input, "name": f"{table.name}.denominator"}))
        origin.append(number)
    return spec.model_copy(update={"tables": tuple(tables)}), origin


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
        if source.shown is not MeasureKind.SUM or not source.denominator:
            tables.append(table)
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


def ratios_of(spec: TablesSpec, origin: Sequence[int], tables: Sequence[ProtectedTable]) -> list[ProtectedTable]:
    """The tables of the specification: of each pair of sums the ratio, where neither sum is withheld."""
    result: list[ProtectedTable] = []
    for number, table in enumerate(spec.tables):
        parts = [part for part, of in zip(tables, origin, strict=True) if of == number]
        result.append(parts[0] if len(parts) == 1 else _ratio(table, *parts))
    return result


def _ratio(spec: TableSpec, above: ProtectedTable, below: ProtectedTable) -> ProtectedTable:
    numerator, denominator = above.cells.value, below.cells.value
    exists = denominator != 0
    ratio = np.divide(numerator, denominator, out=np.full(len(numerator), np.nan), where=exists)
    status = np.where(above.status == _ZERO, _ZERO, 0).astype(np.int8)
    status[~exists] = _ZERO
    status[(above.status == _SECONDARY) | (below.status == _SECONDARY)] = _SECONDARY
    status[(above.status == _PRIMARY) | (below.status == _PRIMARY)] = _PRIMARY
    hidden = (status == _PRIMARY) | (status == _SECONDARY)
    return dataclasses.replace(
        above,
        spec=spec,
        cells=dataclasses.replace(above.cells, shown=ratio),
        published=np.where(hidden, np.nan, ratio),
        status=status,
        rule=np.where(above.rule > 0, above.rule, below.rule).astype(np.int8),
    )
