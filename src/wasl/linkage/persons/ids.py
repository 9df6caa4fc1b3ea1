"""Columns of ids and texts as arrays: ids of 16 bytes are compared by their bytes, texts by their codes."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.registers.exchange.delivery_header import LABEL_BYTES

__all__ = ["IDS", "cells_of", "distinct_ids", "find_ids", "order_key", "second_half", "texts_of"]

IDS = np.dtype((np.void, LABEL_BYTES))


def cells_of(column: pa.ChunkedArray | pa.Array) -> NDArray[np.void]:
    """A column of 16-byte ids as (rows) void16, comparable by their bytes."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks else pa.array([], pa.binary(LABEL_BYTES))
    if len(array) == 0:
        return np.empty(0, IDS)
    data = np.frombuffer(array.buffers()[1], np.uint8)
    return data[array.offset * LABEL_BYTES : (array.offset + len(array)) * LABEL_BYTES].view(IDS)


def texts_of(column: pa.ChunkedArray) -> tuple[NDArray[np.int32], list[str]]:
    """A column of text as codes (-1 where null) and the distinct texts."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    array = column.unify_dictionaries().combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        if not array.num_chunks:
            return np.empty(0, np.int32), []
        array = array.chunk(0)
    codes = array.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    return codes, array.dictionary.to_pylist()


def order_key(ids: NDArray[np.void]) -> NDArray[np.uint64]:
    """The first half of ids as numbers in the order of their bytes."""
    return _half(ids, slice(None, 8))


def second_half(ids: NDArray[np.void]) -> NDArray[np.uint64]:
    """The second half of ids as numbers in the order of their bytes."""
    return _half(ids, slice(8, None))


def _half(ids: NDArray[np.void], part: slice) -> NDArray[np.uint64]:
    bytes_ = np.ascontiguousarray(ids).view(np.uint8).reshape(-1, LABEL_BYTES)
    return np.ascontiguousarray(bytes_[:, part]).view(">u8").reshape(-1).astype(np.uint64)


def distinct_ids(ids: NDArray[np.void]) -> tuple[NDArray[np.void], NDArray[np.int64]]:
    """Distinct ids in the order of their bytes, and which of them each is."""
    high = order_key(ids)
    order = np.argsort(high)
    ordered = high[order]
    new = np.ones(len(ids), np.bool_)
    new[1:] = ordered[1:] != ordered[:-1]
    again = np.flatnonzero(~new[1:]) + 1
    if (second_half(ids[order[again]]) != second_half(ids[order[again - 1]])).any():  # hardly ever
        order = np.lexsort((second_half(ids), high))
        new[1:] = ids[order][1:] != ids[order][:-1]
    number = np.empty(len(ids), np.int64)
    number[order] = np.cumsum(new) - 1
    return ids[order[new]], number


def find_ids(wanted: NDArray[np.void], ids: NDArray[np.void], keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Places of ids among sorted ids; -1 where absent. Equal first halves are told apart by the whole id.

    Args:
        wanted: The ids looked for.
        ids: Sorted by their first halves.
        keys: Their first halves.
    """
    if len(ids) == 0:
        return np.full(len(wanted), -1, np.int64)
    place = np.searchsorted(keys, order_key(wanted))
    found: NDArray[np.int64] = np.minimum(place, len(ids) - 1, out=place).astype(np.int64, copy=False)
    while True:
        wrong = (ids[found] != wanted) & (found + 1 < len(ids))
        wrong[wrong] = keys[found[wrong] + 1] == order_key(wanted[wrong])
        if not wrong.any():
            break
        found[wrong] += 1
    found[ids[found] != wanted] = -1
    return found
