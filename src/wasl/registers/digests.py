"""SHA-256 digests of documents, bytes and tables; the same content has the same digest wherever it lies."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pyarrow as pa

__all__ = ["canonical_json", "digest_bytes", "digest_json", "digest_table"]


def canonical_json(value: Any) -> bytes:
    """JSON with sorted keys, no spaces, UTF-8: one spelling per value. Floats must be finite."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def digest_bytes(data: bytes) -> str:
    """``sha256:`` and 64 hexadecimal digits."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def digest_json(value: Any) -> str:
    """The digest of a JSON value's canonical bytes."""
    return digest_bytes(canonical_json(value))


def digest_table(table: pa.Table) -> str:
    """The digest of a table's schema and values in row order, whatever its chunks, slices and file format.

    Validity bitmaps and offsets are normalized first, so equal tables have equal digests.
    """
    hasher = hashlib.sha256()
    for name in table.column_names:
        column = table.column(name).combine_chunks()
        if isinstance(column, pa.ChunkedArray):
            column = column.chunk(0) if column.num_chunks else pa.array([], column.type)
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        hasher.update(canonical_json([name, str(column.type), len(column)]))
        # take() rewrites the buffers from offset zero; nulls become an explicit byte vector.
        hasher.update(memoryview(column.is_valid().cast(pa.uint8()).buffers()[1] or b""))
        dense = column.drop_null().take(pa.array(range(len(column) - column.null_count), pa.int64()))
        for buffer in dense.buffers()[1:]:
            if buffer is not None:
                hasher.update(memoryview(buffer))
    return "sha256:" + hasher.hexdigest()
