"""Record keys: a stable random number per record, derived from its identifier with a secret.

The same record gets the same key in every table ever made with the secret. The same set of records therefore gets the
same noise wherever it appears. Nobody can average the noise away by asking again.

Does not protect against: whoever has the secret and the identifiers, who can compute and remove all noise.
"""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wasl.errors import InputError
from wasl.registers.compiled.sha256 import hash_rows

__all__ = ["RECORD_KEY", "add_record_keys", "record_key_id"]

RECORD_KEY = "record_key"
"""Column of record keys; integers from 0 up to the modulus."""

CHUNK = 1 << 17
"""Records hashed at a time: 2^17 messages of 64 bytes are 8 MB."""


def record_key_id(secret: bytes) -> str:
    """The name of a secret of record keys, from which it cannot be computed."""
    return hashlib.sha256(b"wasl record key\0" + secret).hexdigest()[:16]


def add_record_keys(data: pa.Table, column: str, secret: bytes, modulus: int) -> pa.Table:
    """The data with a column of record keys.

    Args:
        data: Microdata.
        column: Column of the stable identifier of a record; empty if the data have a column ``record_key``.
        secret: At least 16 bytes, the same for all tables of an office.
        modulus: Keys are below it.

    Raises:
        InputError: There are neither identifiers nor keys, an identifier is missing or occurs twice, or keys are not
            integers in the range.
    """
    if not column:
        return _checked(data, modulus)
    identifiers = data.column(column)
    if identifiers.null_count:
        raise InputError(f"column {column!r}: {identifiers.null_count} records have no identifier for a record key.")
    if pc.count_distinct(identifiers).as_py() != data.num_rows:
        raise InputError(
            f"column {column!r} is the same in several records, so their noise would not be independent.",
            remedy="Name a column that identifies each record.",
        )
    keys = np.empty(data.num_rows, dtype=np.uint64)
    at = 0
    for start in range(0, data.num_rows, CHUNK):
        part = identifiers.slice(start, CHUNK).combine_chunks()
        block = _hash(part, secret)
        keys[at : at + len(block)] = block % np.uint64(modulus)
        at += len(block)
    kept = data.drop_columns([RECORD_KEY]) if RECORD_KEY in data.column_names else data
    return kept.append_column(RECORD_KEY, pa.array(keys))


def _hash(identifiers: pa.Array, secret: bytes) -> NDArray[np.uint64]:
    if len(secret) < 16:
        raise InputError("the secret of the record keys is shorter than 16 bytes.")
    texts = (
        identifiers.cast(pa.large_string())
        if not isinstance(identifiers, pa.ChunkedArray)
        else pa.concat_arrays([chunk.cast(pa.large_string()) for chunk in identifiers.chunks])
    )
    lengths = np.asarray(pc.binary_length(texts).to_numpy(zero_copy_only=False), dtype=np.int64)
    width = int(lengths.max(initial=0))
    messages = np.zeros((len(texts), len(secret) + 4 + width), dtype=np.uint8)
    messages[:, : len(secret)] = np.frombuffer(secret, dtype=np.uint8)
    messages[:, len(secret) : len(secret) + 4] = lengths.astype("<u4").view(np.uint8).reshape(-1, 4)
    raw = np.frombuffer(texts.buffers()[2] or b"", dtype=np.uint8)
    offsets = np.frombuffer(texts.buffers()[1], dtype=np.int64)[texts.offset : texts.offset + len(texts) + 1]
    used = raw[offsets[0] : offsets[-1]]
    row = np.repeat(np.arange(len(texts)), lengths)
    place = np.arange(len(used)) - np.repeat(offsets[:-1] - offsets[0], lengths)
    messages[row, len(secret) + 4 + place] = used
    return hash_rows(messages)[:, :8].copy().view("<u8").reshape(-1)


def _checked(data: pa.Table, modulus: int) -> pa.Table:
    if RECORD_KEY not in data.column_names:
        raise InputError(
            "the cell-key method needs a stable key per record.",
            remedy=f"Name the identifying column (input.record), or give a column {RECORD_KEY!r}.",
        )
    try:
        keys = np.asarray(data.column(RECORD_KEY).cast(pa.int64()).to_numpy())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InputError(f"column {RECORD_KEY!r} contains values that are not integers.") from error
    if len(keys) and (keys.min() < 0 or keys.max() >= modulus):
        raise InputError(f"column {RECORD_KEY!r}: keys must lie between 0 and {modulus - 1}.")
    position = data.column_names.index(RECORD_KEY)
    return data.set_column(position, RECORD_KEY, pa.array(keys.astype(np.uint64)))
