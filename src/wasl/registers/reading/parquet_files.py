"""Parquet files to text columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from wasl.errors import RegisterError
from wasl.registers.reading.bounded_parquet import bounded_batches
from wasl.registers.reading.coded_columns import TextColumns, one_array
from wasl.registers.reading.headers import Header, Wanted, match_header
from wasl.registers.reading.missing_columns import require
from wasl.registers.reading.source import Source, complete, text_of
from wasl.registers.reading.width import require_width

__all__ = ["column_names", "read_parquet"]


def column_names(path: Path) -> list[str]:
    """The columns of a Parquet file.

    Raises:
        RegisterError: Not Parquet.
    """
    try:
        names = list(pq.read_schema(path).names)
    except (OSError, pa.ArrowException, ValueError) as error:
        raise RegisterError(f"{path}: not a readable Parquet file.") from error
    require_width(path, len(names))
    return names


def read_parquet(path: Path, wanted: Wanted, *, coded: bool = False) -> Source:
    """The wanted columns of a Parquet file as text, read some rows at a time; with ``coded``, repeating ones in codes.

    Raises:
        RegisterError: Not Parquet, a column is missing or has no text form, or there are no rows.
    """
    found = _Cells(path, coded=coded)
    try:
        file = pq.ParquetFile(path)
        require_width(path, len(file.schema_arrow.names))
        names = tuple((name,) for name in file.schema_arrow.names)
        match = match_header(names, wanted)
        require(str(path), Header(0, names, match), wanted, [[name for (name,) in names]])
        chosen = [names[place][0] for place in match.places.values()]
        found.begin(list(match.places), pa.schema([file.schema_arrow.field(name) for name in chosen]))
        for cells in bounded_batches(path, chosen, RegisterError):
            found.add(cells)
    except (OSError, pa.ArrowException, ValueError) as error:
        raise RegisterError(f"{path}: not a readable Parquet file.") from error
    if found.rows == 0:
        raise RegisterError(f"{path}: there are columns but no rows.", remedy="Export the register again.")
    return Source(
        complete(found.texts.table(), wanted.names),
        pa.array(np.arange(2, found.rows + 2, dtype=np.int64)),
        surplus=match.surplus,
        absent=match.absent,
        numeric=found.numeric,
        notes=tuple(("dates-with-zone", name, cells) for name, cells in found.zoned.items()),
        renamed=match.renamed,
    )


class _Cells:
    """The cells of a Parquet file as text, batch by batch, with counts of those that were numbers or had a zone.

    Args:
        path: Named in errors.
        coded: Whether columns whose cells repeat are held in codes.
    """

    def __init__(self, path: Path, *, coded: bool) -> None:
        self.path, self.coded = path, coded
        self.rows = 0
        self.numeric: dict[str, int] = {}
        self.zoned: dict[str, int] = {}

    def begin(self, names: list[str], schema: pa.Schema) -> None:
        """State the columns, under the names of the register's schema, and their types in the file."""
        self.kinds = dict(zip(names, schema.types, strict=True))
        self.texts = TextColumns(names, coded=self.coded)
        for name, kind in self.kinds.items():
            if pa.types.is_integer(kind) or pa.types.is_floating(kind):
                self.numeric[name] = 0
            if pa.types.is_timestamp(kind) and kind.tz is not None:
                self.zoned[name] = 0

    def add(self, columns: list[pa.Array]) -> None:
        """The next rows, in the order of the columns.

        Raises:
            RegisterError: A column has no text form.
        """
        texts: dict[str, pa.Array] = {}
        for (name, kind), column in zip(self.kinds.items(), columns, strict=True):
            for counts in (self.numeric, self.zoned):
                if name in counts:
                    counts[name] += len(column) - column.null_count
            try:
                texts[name] = one_array(text_of(pa.chunked_array([column])))
            except (pa.ArrowException, OverflowError) as error:
                raise RegisterError(f"{self.path}: column {name!r} of type {kind} cannot be read as text.") from error
        self.rows += len(columns[0]) if columns else 0
        self.texts.add(texts)
