"""A register held in memory as a table or frame, typed as if it had been read from a file."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from wasl.errors import RegisterError
from wasl.registers.reading.headers import Header, match_header, wanted_columns
from wasl.registers.reading.missing_columns import require
from wasl.registers.reading.reader import RegisterTable, type_register
from wasl.registers.reading.source import Source, text_of
from wasl.registers.schema import RegisterSchema

__all__ = ["register_from_table"]


def register_from_table(table: pa.Table, schema: RegisterSchema, *, with_dropped: bool = False) -> RegisterTable:
    """A register held in memory, typed as if it had been read from a file.

    Args:
        table: Its columns, of any type that can be read as text.
        schema: What they are.
        with_dropped: As of `read_register`.

    Raises:
        RegisterError: A column is missing.
    """
    wanted = wanted_columns(schema, with_dropped=with_dropped)
    match = match_header([(name,) for name in table.column_names], wanted)
    require("table", Header(0, tuple((name,) for name in table.column_names), match), wanted, [table.column_names])
    places = match.places
    columns: dict[str, pa.ChunkedArray] = {}
    numeric: dict[str, int] = {}
    notes: list[tuple[str, str, int]] = []
    for name in wanted.names:
        if name not in places:
            columns[name] = pa.chunked_array([pa.nulls(table.num_rows, pa.string())])
            continue
        column = table.column(places[name])
        if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
            numeric[name] = len(column) - column.null_count
        elif pa.types.is_timestamp(column.type) and column.type.tz is not None:
            notes.append(("dates-with-zone", name, len(column) - column.null_count))
        try:
            columns[name] = text_of(column)
        except (pa.ArrowException, OverflowError) as error:
            raise RegisterError(f"table: column {name!r} of type {column.type} cannot be read as text.") from error
    rows = pa.array(np.arange(2, table.num_rows + 2, dtype=np.int64))
    iso = ("%Y-%m-%d",)
    tolerant = schema.model_copy(
        update={
            "fields": tuple(
                f.model_copy(update={"format": (*f.format, *iso)}) if f.type == "date" and f.format else f
                for f in schema.fields
            )
        }
    )
    source = Source(
        pa.table(columns),
        rows,
        numeric=numeric,
        notes=tuple(notes),
        surplus=match.surplus,
        absent=match.absent,
        renamed=match.renamed,
    )
    return type_register(source, tolerant, "table")
