"""A table whose parts wait in a store, in the order in which they were added, until somebody reads or writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.registers.exchange.digests import digest_columns
from wasl.registers.exchange.spilled_arrays import ArrayStore

__all__ = ["SPILLED_ROWS", "SpilledTable"]

SPILLED_ROWS = 1 << 20
"""Rows of a part at most: what a reader holds of each column. As many as a row group of Parquet has by default."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Rows whose columns wait."""

    rows: int
    columns: Mapping[str, Callable[[], pa.Array]]


@dataclass(frozen=True, slots=True)
class SpilledTable:
    """A table in parts, each column of which is read when it is asked for.

    Attributes:
        schema: Columns of numbers, of values of a fixed width, and of texts in dictionaries; no cell may be missing.
            Its metadata go into a file that is written.
    """

    schema: pa.Schema
    _parts: tuple[_Part, ...] = field(repr=False)

    @classmethod
    def of(cls, table: pa.Table, store: ArrayStore) -> Self:
        """A table in memory, set aside."""
        cut = (table.slice(start, SPILLED_ROWS) for start in range(0, table.num_rows, SPILLED_ROWS))
        parts = [
            _Part(some.num_rows, {name: _set_aside(some.column(name), store) for name in some.column_names})
            for some in cut
        ]
        return cls(table.schema, tuple(parts))

    @classmethod
    def joined(cls, schema: pa.Schema, tables: Sequence[Self]) -> Self:
        """Tables of one schema as one, in this order."""
        return cls(schema, tuple(part for table in tables for part in table._parts))

    def described(self, metadata: Mapping[bytes, bytes]) -> Self:
        """The same table with other metadata."""
        return replace(self, schema=self.schema.with_metadata(dict(metadata)))

    @property
    def num_rows(self) -> int:
        """Rows of the table."""
        return sum(part.rows for part in self._parts)

    def parts(self, columns: Sequence[str], first: int = 0, last: int | None = None) -> Iterator[tuple[int, pa.Table]]:
        """The parts that hold some rows: where each begins, and its columns.

        Args:
            columns: Names.
            first: The first row wanted.
            last: The row after the last one wanted; None: all that follow.
        """
        schema = pa.schema([self.schema.field(name) for name in columns])
        start, end = 0, self.num_rows if last is None else last
        for part in self._parts:
            if start < end and first < start + part.rows:
                yield start, pa.table([part.columns[name]() for name in columns], schema=schema)
            start += part.rows

    def row_groups(self) -> Iterator[pa.Table]:
        """The rows in tables of ``SPILLED_ROWS``, but the last one: small parts are put together."""
        waiting: list[pa.Table] = []
        count = 0
        for _, part in self.parts(self.schema.names):
            waiting.append(part)
            count += part.num_rows
            while count >= SPILLED_ROWS:
                whole = pa.concat_tables(waiting)
                yield whole.slice(0, SPILLED_ROWS).unify_dictionaries()
                waiting, count = [whole.slice(SPILLED_ROWS)], count - SPILLED_ROWS
        if count:
            yield pa.concat_tables(waiting).unify_dictionaries()

    @property
    def digest(self) -> str:
        """``digest_table`` of the table."""

        def column(name: str) -> Iterator[pa.Array]:
            """A column, part by part."""
            for _, part in self.parts([name]):
                yield from part.column(0).chunks

        return digest_columns([(one.name, one.type) for one in self.schema], self.num_rows, column)


def _set_aside(column: pa.ChunkedArray, store: ArrayStore) -> Callable[[], pa.Array]:
    """What gives a column back.

    Raises:
        ValueError: A cell is missing.
    """
    if column.null_count:
        raise ValueError("a column with missing cells cannot be set aside")
    kind = column.type
    if pa.types.is_dictionary(kind):
        whole = pa.chunked_array(column.chunks, kind).unify_dictionaries().combine_chunks()
        codes = whole if isinstance(whole, pa.DictionaryArray) else pa.concat_arrays(whole.chunks)
        indices, names = store.put(np.asarray(codes.indices)), codes.dictionary
        return lambda: pa.DictionaryArray.from_arrays(pa.array(indices()), names)
    read = store.put(_cells(pa.concat_arrays(column.chunks), kind))
    return lambda: _array(read(), kind)


def _cells(values: pa.Array, kind: pa.DataType) -> NDArray[Any]:
    """The bytes of values of a fixed width: (rows, width)."""
    width = kind.bit_width // 8
    cells = np.frombuffer(values.buffers()[1] or b"", np.uint8, len(values) * width, values.offset * width)
    return cells.reshape(-1, width)


def _array(cells: NDArray[Any], kind: pa.DataType) -> pa.Array:
    return pa.Array.from_buffers(kind, len(cells), [None, pa.py_buffer(np.ascontiguousarray(cells))])
