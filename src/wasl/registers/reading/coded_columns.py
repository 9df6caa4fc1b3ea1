"""Columns of text held as codes of their distinct cells, so that a large register fits into little memory.

A register of ten million persons has few distinct names, streets and dates: a code takes 4 bytes, the cell 10 to 30.
A column is held in codes if at most half of the cells of its first batch are distinct. Record numbers stay text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

__all__ = ["TextColumns", "as_codes", "is_coded", "one_array", "plain"]

MOST_DISTINCT = 0.5
"""Share of distinct cells up to which codes take less room than the text itself."""


def is_coded(column: pa.Array | pa.ChunkedArray) -> bool:
    """Whether a column is held in codes."""
    return bool(pa.types.is_dictionary(column.type))


def plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The cells of a column themselves, whether it is held in codes or not."""
    return column.cast(column.type.value_type) if is_coded(column) else column


def one_array(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """A column as one array; codes of several batches are made codes of one list."""
    if isinstance(column, pa.Array):
        return column
    if is_coded(column):
        column = column.unify_dictionaries()
    whole = column.combine_chunks()
    if isinstance(whole, pa.ChunkedArray):
        whole = pa.concat_arrays(whole.chunks) if whole.num_chunks else pa.array([], column.type)
    return whole


def as_codes(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column in codes."""
    return column if is_coded(column) else pa.chunked_array([one_array(column.dictionary_encode())])


class TextColumns:
    """Collects the text columns of a file batch by batch.

    Args:
        names: The columns.
        coded: Whether columns whose cells repeat are held in codes.
    """

    def __init__(self, names: Sequence[str], *, coded: bool) -> None:
        self._chunks: dict[str, list[pa.Array]] = {name: [] for name in names}
        self._coded: dict[str, bool] | None = {} if coded else None

    def add(self, batch: Mapping[str, pa.Array]) -> None:
        """The next rows, by column."""
        for name, chunks in self._chunks.items():
            cells = batch[name]
            if self._coded is None or not self._coded.get(name, True):
                chunks.append(cells)
                continue
            codes = cells.dictionary_encode()
            if self._coded.setdefault(name, len(codes.dictionary) <= MOST_DISTINCT * len(cells)):
                chunks.append(codes)
            else:
                chunks.append(cells)

    def table(self) -> pa.Table:
        """All rows; what was collected is given away."""
        columns = {}
        for name in list(self._chunks):
            chunks = self._chunks.pop(name)
            column = pa.chunked_array(chunks) if chunks else pa.chunked_array([pa.array([], pa.string())])
            del chunks
            columns[name] = pa.chunked_array([one_array(column)]) if is_coded(column) else column
        return pa.table(columns)
