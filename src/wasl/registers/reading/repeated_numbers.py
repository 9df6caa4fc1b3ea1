"""Record numbers that stand in a register more than once."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

__all__ = ["repeated_numbers"]

MANY = 1 << 20
"""Rows from which on record numbers are hashed before they are compared: a dictionary of ten million different numbers
takes more room than the register."""
HASHED_AT_A_TIME = 1 << 17


def repeated_numbers(record: pa.ChunkedArray, keep: np.ndarray) -> np.ndarray:
    """Rows whose record number an earlier accepted row already had."""
    repeated = np.zeros(len(keep), dtype=bool)
    places = np.flatnonzero(keep if len(keep) < MANY else keep & _perhaps_repeated(record))
    if not len(places):
        return repeated
    texts = record.take(pa.array(places)).combine_chunks()
    codes = (texts if isinstance(texts, pa.Array) else pa.concat_arrays(texts.chunks)).dictionary_encode()
    _, first = np.unique(np.asarray(codes.indices.fill_null(-1)), return_index=True)
    repeated[places] = True
    repeated[places[first]] = False
    return repeated


def _perhaps_repeated(record: pa.ChunkedArray) -> np.ndarray:
    """Rows whose record number has the hash of another row's: all that are repeated, hardly any other."""
    from pandas.util import hash_array

    values = np.empty(len(record), np.uint64)
    for start in range(0, len(values), HASHED_AT_A_TIME):
        texts = record.slice(start, HASHED_AT_A_TIME).cast(pa.string()).to_numpy()
        values[start : start + HASHED_AT_A_TIME] = hash_array(texts, categorize=False)
    order = np.argsort(values)
    values = values[order]
    same = values[1:] == values[:-1]
    found = np.zeros(len(order), dtype=bool)
    found[order[1:][same]] = True
    found[order[:-1][same]] = True
    return found
