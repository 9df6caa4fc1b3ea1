"""SHA-256 digests of documents, bytes and tables; the same content has the same digest wherever it lies."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["canonical_json", "digest_bytes", "digest_columns", "digest_json", "digest_rows", "digest_table"]


def canonical_json(value: Any) -> bytes:
    """JSON with sorted keys, no spaces, UTF-8: one spelling per value. Floats must be finite."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def digest_bytes(data: bytes) -> str:
    """``sha256:`` and 64 hexadecimal digits."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def digest_json(value: Any) -> str:
    """The digest of a JSON value's canonical bytes."""
    return digest_bytes(canonical_json(value))


def digest_table(table: pa.Table, *, prefix: bytes = b"") -> str:
    """The digest of a table's schema and values in row order, whatever its chunks, slices and file format.

    Validity bitmaps and offsets are normalized first, so equal tables have equal digests. A prefix gives another
    digest, which does not follow from the one without.
    """
    hasher = hashlib.sha256(prefix)
    for name in table.column_names:
        column = table.column(name)
        kind = column.type
        if pa.types.is_dictionary(kind):
            column = column.cast(kind.value_type)
        hasher.update(canonical_json([name, str(column.type), len(column)]))
        for chunk in column.chunks:
            hasher.update(np.asarray(chunk.is_valid().cast(pa.uint8())).data)
        for dense in _dense_chunks(column):
            for buffer in dense.buffers()[1:]:
                if buffer is not None:
                    hasher.update(memoryview(buffer))
    return "sha256:" + hasher.hexdigest()


def digest_columns(
    columns: Sequence[tuple[str, pa.DataType]], rows: int, read: Callable[[str], Iterator[pa.Array]]
) -> str:
    """The digest of a table as ``digest_table`` gives it, of columns that are read a part at a time.

    Args:
        columns: Names and types: strings (in dictionaries or not) and values of a fixed width.
        rows: Rows of the table.
        read: Gives the parts of a column in order, as often as it is asked.
    """
    hasher = hashlib.sha256()
    for name, kind in columns:
        held = kind.value_type if pa.types.is_dictionary(kind) else kind
        hasher.update(canonical_json([name, str(held), rows]))
        for part in read(name):
            hasher.update(np.asarray(part.is_valid().cast(pa.uint8())).data)
        if not pa.types.is_string(held):
            for part in read(name):
                for dense in _dense_chunks(pa.chunked_array([part])):
                    hasher.update(memoryview(dense.buffers()[1]))
            continue
        _hash_texts(hasher, partial(_texts, read, name, held))
    return "sha256:" + hasher.hexdigest()


def _texts(read: Callable[[str], Iterator[pa.Array]], name: str, kind: pa.DataType) -> Iterator[pa.Array]:
    """The texts of a column that are there, part by part."""
    return (part.cast(kind).drop_null() for part in read(name))


def _hash_texts(hasher: Any, parts: Callable[[], Iterator[pa.Array]]) -> None:
    """Offsets and letters of texts, as those of one array; nothing where there is no text."""
    end = -1
    for part in parts():
        if len(part):
            if end < 0:
                hasher.update(np.zeros(1, np.int32).data)
                end = 0
            ends = np.cumsum(np.asarray(pc.binary_length(part), dtype=np.int64)) + end
            end = int(ends[-1])
            hasher.update(ends.astype(np.int32).data)
    for part in parts():
        for dense in _dense_chunks(pa.chunked_array([part])):
            hasher.update(memoryview(dense.buffers()[2]))


def digest_rows(table: pa.Table, part: int) -> str:
    """The digest of a table as the list of the digests of its parts of so many rows.

    A file with row groups of that size can be checked group by group, in flat memory.
    """
    return digest_json([digest_table(table.slice(start, part)) for start in range(0, table.num_rows, part)])


def _dense_chunks(column: pa.ChunkedArray) -> Iterator[pa.Array]:
    """The values that are there, in arrays whose buffers hold exactly them.

    Values of a fixed width are the same bytes however they are chunked; others are put in one array first, because
    their offsets count from its beginning.
    """
    fixed = pa.types.is_fixed_size_binary(column.type) or _is_plain_number(column.type)
    chunks = column.chunks if fixed else [pa.concat_arrays(column.chunks)] if column.num_chunks else []
    for chunk in chunks:
        dense = chunk.drop_null() if chunk.null_count else chunk
        if not len(dense):
            continue
        if fixed:
            width = column.type.bit_width // 8
            data = dense.buffers()[1].slice(dense.offset * width, len(dense) * width)
            yield pa.Array.from_buffers(column.type, len(dense), [None, data])
        else:  # take() rewrites the buffers from offset zero
            yield dense.take(pa.array(np.arange(len(dense), dtype=np.int64)))


def _is_plain_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_date(kind))
