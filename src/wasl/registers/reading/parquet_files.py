"""Parquet files to text columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from wasl.errors import RegisterError
from wasl.registers.reading.headers import Header, Wanted, match_header, require
from wasl.registers.reading.source import Source, complete, text_of

__all__ = ["column_names", "read_parquet"]


def column_names(path: Path) -> list[str]:
    """The columns of a Parquet file.

    Raises:
        RegisterError: Not Parquet.
    """
    try:
        return list(pq.read_schema(path).names)
    except (OSError, pa.ArrowException, ValueError) as error:
        raise RegisterError(f"{path}: not a readable Parquet file.") from error


def read_parquet(path: Path, wanted: Wanted) -> Source:
    """The wanted columns of a Parquet file as text.

    Raises:
        RegisterError: Not Parquet, a column is missing or has no text form, or there are no rows.
    """
    try:
        file = pq.ParquetFile(path)
        names = tuple((name,) for name in file.schema_arrow.names)
        match = match_header(names, wanted)
        require(str(path), Header(0, names, match), wanted, [[name for (name,) in names]])
        raw = file.read(columns=[names[place][0] for place in match.places.values()]).rename_columns(list(match.places))
    except (OSError, pa.ArrowException, ValueError) as error:
        raise RegisterError(f"{path}: not a readable Parquet file.") from error
    numeric: dict[str, int] = {}
    zoned: list[tuple[str, str, int]] = []
    columns = {}
    for name in raw.column_names:
        column = raw[name]
        kind = column.type
        if pa.types.is_integer(kind) or pa.types.is_floating(kind):
            numeric[name] = len(column) - column.null_count
        if pa.types.is_timestamp(kind) and kind.tz is not None:
            zoned.append(("dates-with-zone", name, len(column) - column.null_count))
        try:
            columns[name] = text_of(column)
        except (pa.ArrowException, OverflowError) as error:
            raise RegisterError(f"{path}: column {name!r} of type {kind} cannot be read as text.") from error
    if raw.num_rows == 0:
        raise RegisterError(f"{path}: there are columns but no rows.", remedy="Export the register again.")
    rows = pa.array(np.arange(2, raw.num_rows + 2, dtype=np.int64))
    return Source(
        complete(pa.table(columns), wanted.names),
        rows,
        surplus=match.surplus,
        numeric=numeric,
        notes=tuple(zoned),
        renamed=match.renamed,
    )
