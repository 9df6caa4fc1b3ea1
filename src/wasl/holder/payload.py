"""From a register's columns to the payload: standard names, standard codes, nothing that identifies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wasl.registers.codes.classification import Harmonized, code_list, harmonize
from wasl.registers.reading.coded_columns import plain
from wasl.registers.reading.partial_dates import years
from wasl.registers.schema import FieldRole, RegisterSchema

__all__ = ["HarmonizedColumn", "Numbering", "payload_columns"]

Numbering = Callable[[pa.Array], NDArray[np.uint64]]
"""A keyed hash of texts."""


@dataclass(frozen=True, slots=True)
class HarmonizedColumn:
    """A payload variable.

    Attributes:
        standard, column: Its standard name and the column it comes from.
        values: In standard codes.
        harmonized: How well the classification covered it; None where no classification applies.
    """

    standard: str
    column: str
    values: pa.ChunkedArray = field(repr=False)
    harmonized: Harmonized | None


def payload_columns(table: pa.Table, schema: RegisterSchema, number: Numbering | None = None) -> list[HarmonizedColumn]:
    """The payload variables of a typed register: its payload columns, and what the schema derives from others.

    Codes go through their classification; unknown and ambiguous spellings become missing and are counted. Numbers are
    divided as the schema says. Dates are coarsened to the precision of the schema: the first day of the month or
    quarter stands for it. Of a birth date only the year is taken.

    Args:
        table: The typed register.
        schema: What its columns are.
        number: Gives household numbers of the register others that lead back to nothing; without it households are
            left out.
    """
    columns: list[HarmonizedColumn] = []
    for spec in schema.fields:
        if spec.role is not FieldRole.PAYLOAD or spec.name not in table.column_names:
            continue
        values = plain(table[spec.name])
        if spec.optional and values.null_count == len(values):
            continue  # the file has no such column
        if spec.type in ("integer", "decimal") and spec.divisor != 1:
            values = pc.divide(values.cast(pa.float64()), spec.divisor)
        if spec.type == "date" and spec.precision != "day":
            values = pc.floor_temporal(values, unit=spec.precision)
        columns.append(_coded(schema, spec.standard or spec.name, spec.name, values, spec.classification))
    for variable in schema.payload:
        spec = schema.by_name[variable.column]
        values = plain(table[variable.column])
        if variable.transform == "year":
            columns.append(
                HarmonizedColumn(variable.standard, spec.name, pa.chunked_array([years(table, variable.column)]), None)
            )
        elif variable.transform == "household":
            if number is not None:
                columns.append(HarmonizedColumn(variable.standard, spec.name, _numbered(values, number), None))
        else:
            columns.append(_coded(schema, variable.standard, spec.name, values, spec.classification))
    return columns


def _numbered(values: pa.ChunkedArray, number: Numbering) -> pa.ChunkedArray:
    """The household of each record as a number; null where the register has none.

    The numbers run from 1 in the order of the keyed hashes, so neither number nor order shows the register's own.
    """
    encoded = values.cast(pa.string()).combine_chunks().dictionary_encode()
    order = np.argsort(number(encoded.dictionary), kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(1, len(order) + 1)
    return pa.chunked_array([pa.array(rank).take(encoded.indices)])


def _coded(
    schema: RegisterSchema, standard: str, column: str, values: pa.ChunkedArray, classification: str | None
) -> HarmonizedColumn:
    if classification is None or not pa.types.is_string(values.type):
        return HarmonizedColumn(standard, column, values, None)
    harmonized = harmonize(values, code_list(schema, classification))
    return HarmonizedColumn(standard, column, harmonized.values, harmonized)
