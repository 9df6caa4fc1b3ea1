"""Columns of text as numbers: ten million record numbers are compared by keys of sixteen bytes, a part at a time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pandas.util import hash_array

from wasl.linkage.persons.ids import IDS, texts_of

__all__ = ["codes_in", "hexadecimal", "in_parts", "text_keys", "text_table"]

HALVES = ("wasl-evaluate-hi", "wasl-evaluate-lo")
"""Keys of SipHash, for two hashes of 64 bits. That two of ten million texts agree in both has a chance below 1e-24."""
AT_A_TIME = 1 << 17
"""Texts that are Python objects at once."""
SPREAD = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
"""Odd numbers, so that other codes give other products."""


def in_parts(column: pa.ChunkedArray, change: Callable[[pa.Array], pa.Array]) -> pa.ChunkedArray:
    """A column, changed a part at a time."""
    parts = [
        change(chunk.slice(start, AT_A_TIME)) for chunk in column.chunks for start in range(0, len(chunk), AT_A_TIME)
    ]
    return pa.chunked_array(parts, column.type)


def text_table(table: pd.DataFrame | pa.Table) -> pa.Table:
    """A table with every cell as text, empty where it is missing."""
    if isinstance(table, pa.Table):
        columns = [
            column if column.type == pa.large_string() else column.cast(pa.string()).cast(pa.large_string())
            for column in table.columns
        ]
        filled = [column.fill_null("") if column.null_count else column for column in columns]
        return pa.table(filled, names=table.column_names)
    texts = [
        pa.chunked_array([pa.array(column.astype(object).where(column.notna(), "").astype(str), pa.large_string())])
        for _, column in table.items()
    ]
    return pa.table(texts, names=[str(name) for name in table.columns])


def codes_in(column: pa.ChunkedArray, vocabulary: dict[str, int]) -> NDArray[np.int32]:
    """The number of each text of a column in a vocabulary, which grows."""
    codes, texts = texts_of(column)
    numbers = np.array([vocabulary.setdefault(str(text), len(vocabulary)) for text in texts], np.int32)
    return numbers[codes] if len(texts) else np.zeros(len(codes), np.int32)


def text_keys(
    column: pa.ChunkedArray, before: NDArray[np.int32] | None = None, *, lower: bool = False
) -> NDArray[np.void]:
    """A key for each text of a column, and for the number before it: equal where both are.

    Args:
        column: Strings, none missing.
        before: (rows) numbers, not negative.
        lower: Whether capitals count as small letters.

    Returns:
        (rows) void16.
    """
    halves = np.empty((len(column), 2), np.uint64)
    for start in range(0, len(halves), AT_A_TIME):
        some = column.slice(start, AT_A_TIME)
        texts = (pc.utf8_lower(some) if lower else some).to_numpy().astype(object, copy=False)
        for half, key in enumerate(HALVES):
            halves[start : start + AT_A_TIME, half] = hash_array(texts, hash_key=key, categorize=False)
    if before is not None:
        for half, factor in enumerate(SPREAD):
            halves[:, half] ^= (before.astype(np.uint64) + np.uint64(1)) * factor
    return halves.view(IDS).reshape(-1)


def hexadecimal(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Ids as texts of hexadecimal digits."""
    parts = [
        pa.array([value.hex() for value in column.slice(start, AT_A_TIME).to_pylist()], pa.large_string())
        for start in range(0, len(column), AT_A_TIME)
    ]
    return pa.chunked_array(parts, pa.large_string())
