"""Ratios: numerator and denominator are protected as two tables, and a ratio is published where both may be.

An attacker who knew every numerator and denominator behind a published ratio would know more than the ratios tell.
The pattern withstands that attacker, so it withstands the real one.

Does not protect against: nothing that the two tables do not protect against; it withholds a ratio more often than is
strictly needed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from wasl.tables.protected import ProtectedTable
from wasl.tables.specification import MeasureKind, TableSpec, TablesSpec

__all__ = ["ratios_of", "with_denominators"]

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
