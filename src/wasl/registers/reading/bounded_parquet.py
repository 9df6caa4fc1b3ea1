"""Parquet files of microdata, in memory that is bounded by the file and not by what its texts unpack to.

A dictionary page holds a text once and rows refer to it, so 50 kB can stand for 200 GB. Texts are read as dictionaries
and measured first. A file of a stranger comes through the service, which measures the pages before
(`wasl.service.parquet_pages`).

*Does not protect against* delta encodings of texts, which Arrow unpacks before it makes a dictionary.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from wasl.errors import InputError

__all__ = ["LONGEST_TEXT", "MOST_TEXT", "read_bounded"]

LONGEST_TEXT = 32_767
"""Bytes of one text; a cell of Excel has as many characters at most."""

MOST_TEXT = 2_000_000_000
"""Bytes of all texts of a column; Arrow's offsets reach as far."""


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
    for place, name in enumerate(table.column_names):
        column = table.column(name)
        if pa.types.is_dictionary(column.type) and _is_text(column.type.value_type):
            _require_short(path, column, name)
        if name in texts:
            table = table.set_column(place, kinds.field(name), column.cast(kinds.field(name).type))
    return table


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _require_short(path: Path, column: pa.ChunkedArray, name: str) -> None:
    total = 0
    for chunk in column.chunks:
        lengths = pc.binary_length(chunk.dictionary)
        if (pc.max(lengths).as_py() or 0) > LONGEST_TEXT:
            raise InputError(
                f"{path}: column {name!r} has texts of more than {LONGEST_TEXT:,} bytes, as no variable has.",
                remedy="Leave the column out.",
            )
        total += pc.sum(lengths.cast(pa.int64()).take(chunk.indices)).as_py() or 0
    if total > MOST_TEXT:
        raise InputError(
            f"{path}: the texts of column {name!r} have {total:,} bytes; at most {MOST_TEXT:,} are read.",
            remedy="Leave the column out, or use codes.",
        )
