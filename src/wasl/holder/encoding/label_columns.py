"""Columns of labels: fixed-width bytes, and their text form."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

__all__ = ["fixed_bytes", "hexadecimal"]


def fixed_bytes(values: NDArray[np.uint8], present: NDArray[np.bool_] | None = None) -> pa.Array:
    """Rows of bytes, given away, as fixed-size binary; absent rows are null and their bytes are wiped in place."""
    data = np.ascontiguousarray(values)
    width = data.shape[1]
    if present is None or present.all():
        return pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), len(data), [None, pa.py_buffer(data)])
    data[~present] = 0
    bitmap = pa.py_buffer(np.packbits(present, bitorder="little"))
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), len(data), [bitmap, pa.py_buffer(data)])


def hexadecimal(labels: NDArray[np.uint8]) -> pa.Array:
    """Labels as text."""
    text = pa.py_buffer(labels.tobytes().hex().encode())
    offsets = np.arange(len(labels) + 1, dtype=np.int32) * (2 * labels.shape[1])
    return pa.StringArray.from_buffers(len(labels), pa.py_buffer(offsets), text)
