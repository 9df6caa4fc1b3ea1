"""A table that stays in its Parquet file and is read part by part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Self

import pyarrow as pa

from wasl.registers.exchange.digests import digest_columns
from wasl.registers.exchange.parquet_tables import opened_parquet

__all__ = ["StoredTable", "table_parts"]


@dataclass(frozen=True, slots=True)
class StoredTable:
    """A table in a file.

    Attributes:
        path: The file.
        what: What the file is, for messages.
        names: The columns that the file has.
        schema: The columns as they are read.
        edges: Where each row group begins, and where the last one ends.
    """

    path: Path
    what: str
    names: tuple[str, ...]
    schema: pa.Schema
    edges: tuple[int, ...]

    @classmethod
    def open(cls, path: Path, what: str, schema: pa.Schema) -> tuple[Self, dict[bytes, bytes]]:
        """The table in a file, and the file's metadata.

        Raises:
            DeliveryError: The file is missing or is not Parquet.
        """
        with opened_parquet(path, what, mapped=False) as file:
            edges = [0]
            for group in range(file.num_row_groups):
                edges.append(edges[-1] + file.metadata.row_group(group).num_rows)
            names = tuple(file.schema_arrow.names)
            metadata = dict(file.schema_arrow.metadata or {}) | dict(file.metadata.metadata or {})
        return cls(path.absolute(), what, names, schema, tuple(edges)), metadata

    @property
    def num_rows(self) -> int:
        """Rows of the table."""
        return self.edges[-1]

    def parts(self, columns: Sequence[str], first: int = 0, last: int | None = None) -> Iterator[tuple[int, pa.Table]]:
        """The row groups that hold some rows: where each begins, and its columns.

        Args:
            columns: Names.
            first: The first row wanted.
            last: The row after the last one wanted; None: all that follow.

        Raises:
            DeliveryError: A column has another type, or the file cannot be read.
        """
        schema = pa.schema([self.schema.field(name) for name in columns])
        end = self.num_rows if last is None else last
        with opened_parquet(self.path, self.what, mapped=False) as file:
            for group, (start, stop) in enumerate(pairwise(self.edges)):
                if start < end and first < stop:
                    yield start, _cast(file.read_row_group(group, columns=list(columns), use_threads=False), schema)

    @property
    def digest(self) -> str:
        """``digest_table`` of the table."""

        def column(name: str) -> Iterator[pa.Array]:
            """A column, row group by row group."""
            for _, part in self.parts([name]):
                yield from part.column(0).chunks

        return digest_columns([(field.name, field.type) for field in self.schema], self.num_rows, column)


def _cast(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    return rows.replace_schema_metadata(None).select(schema.names).cast(schema)


def table_parts(
    table: pa.Table, columns: Sequence[str], first: int = 0, last: int | None = None
) -> Iterator[tuple[int, pa.Table]]:
    """The wanted rows of a table in memory as one part; see :meth:`StoredTable.parts`."""
    end = table.num_rows if last is None else last
    if first < end:
        yield first, table.select(list(columns)).slice(first, end - first)
