"""Parquet files in memory that is bounded by the file and not by what its texts unpack to.

A dictionary page holds a text once and rows refer to it, so 50 kB can stand for 200 GB. Texts are read as dictionaries
and measured first. A file of a stranger comes through the service, which measures the pages before
(`wasl.service.parquet_pages`).

*Does not protect against* delta encodings of texts, which Arrow unpacks before it makes a dictionary.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from wasl.errors import InputError

__all__ = ["LONGEST_TEXT", "MOST_TEXT", "bounded_batches", "read_bounded"]

LONGEST_TEXT = 32_767
"""Bytes of one text; a cell of Excel has as many characters at most."""

MOST_TEXT = 2_000_000_000
"""Bytes of all texts of a column; Arrow's offsets reach as far."""

ROWS_AT_A_TIME = 1 << 17
BYTES_AT_A_TIME = 1 << 26
"""Rows, and bytes of one text column, that are unpacked at once: 64 MB, which 131,072 rows of ordinary registers do
not reach."""


MEAN_TEXT = 1_024
"""Bytes that the cells of a register's column have on average at most; an address has some 60."""


def read_bounded(path: Path, kinds: pa.Schema) -> pa.Table:
    """The rows of a Parquet file with its columns' types.

    Args:
        path: The file.
        kinds: Its schema; no name may stand in it twice.

    Raises:
        InputError: A text is longer than a cell can be, or those of a column are together; no text is quoted.
    """
    texts = [one.name for one in kinds if _is_text(one.type)]
    table = pq.ParquetFile(path, read_dictionary=texts).read().replace_schema_metadata(None)
    meter = _Meter(path, InputError)
    for place, name in enumerate(table.column_names):
        column = table.column(name)
        if pa.types.is_dictionary(column.type) and _is_text(column.type.value_type):
            for chunk in column.chunks:
                meter.add(name, chunk)
        if name in texts:
            table = table.set_column(place, kinds.field(name), column.cast(kinds.field(name).type))
    return table


def bounded_batches(path: Path, columns: Sequence[str], fault: type[InputError]) -> Iterator[list[pa.Array]]:
    """Some columns of a Parquet file, so many rows at a time that their texts fit into memory.

    Args:
        path: The file.
        columns: The columns in the wanted order.
        fault: The error that refuses the file.

    Raises:
        InputError: A text is longer than a cell can be, or those of a column are together; no text is quoted.
    """
    kinds = pq.read_schema(path)
    texts = [name for name in columns if _is_text(kinds.field(name).type)]
    file = pq.ParquetFile(path, read_dictionary=texts)
    most = min(MOST_TEXT, max(BYTES_AT_A_TIME, MEAN_TEXT * file.metadata.num_rows))
    meter = _Meter(path, fault, most)
    for batch in file.iter_batches(ROWS_AT_A_TIME, columns=list(columns)):
        pieces = 1
        for name in columns:
            column = batch.column(name)
            if pa.types.is_dictionary(column.type) and _is_text(column.type.value_type):
                pieces = max(pieces, -(-meter.add(name, column) // BYTES_AT_A_TIME))
        rows = -(-batch.num_rows // pieces)
        for start in range(0, batch.num_rows, max(rows, 1)):
            part = batch.slice(start, rows)
            yield [
                part.column(name).cast(kinds.field(name).type) if name in texts else part.column(name)
                for name in columns
            ]


def _is_text(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
    )


class _Meter:
    """Bytes that the texts of each column unpack to.

    Args:
        path: Named in errors.
        fault: The error that refuses the file.
        most: Bytes that the texts of one column may have together.
    """

    def __init__(self, path: Path, fault: type[InputError], most: int = MOST_TEXT) -> None:
        self.path, self.fault, self.most = path, fault, most
        self.total: Counter[str] = Counter()

    def add(self, name: str, chunk: pa.DictionaryArray) -> int:
        """The bytes of the texts in these rows of a column.

        Raises:
            InputError: A text is too long, or those of the column so far are together.
        """
        lengths = np.asarray(pc.fill_null(pc.binary_length(chunk.dictionary), 0), np.int64)
        if lengths.max(initial=0) > LONGEST_TEXT:
            raise self.fault(
                f"{self.path}: column {name!r} has texts of more than {LONGEST_TEXT:,} bytes, as no variable has.",
                remedy="Leave the column out.",
            )
        found = int(lengths[np.asarray(chunk.indices.drop_null(), np.int64)].sum())
        self.total[name] += found
        if self.total[name] > self.most:
            raise self.fault(
                f"{self.path}: the texts of column {name!r} have {self.total[name]:,} bytes; at most {self.most:,} "
                "are read.",
                remedy="Leave the column out, or use codes.",
            )
        return found
