"""Dates of a typed register table whose day or month is unknown.

A date column holds whole dates only. Where some cells gave less, a companion column holds every cell's ``yyyymmdd``
with 0 for the unknown parts, so that the year is not lost.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

__all__ = ["date_codes", "parts_column", "whole_dates", "years"]


def parts_column(name: str) -> str:
    """The name of the companion column of a date column."""
    return f"{name} (parts)"


def whole_dates(codes: NDArray[np.int32]) -> pa.Array:
    """The dates of numbers ``yyyymmdd``, null where a part is 0."""
    year, month, day = codes // 10_000, codes // 100 % 100, codes % 100
    whole = (year > 0) & (month > 0) & (day > 0)
    months = (np.where(whole, year, 1970).astype(np.int64) - 1970) * 12 + np.where(whole, month, 1) - 1
    days = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + np.where(whole, day, 1) - 1
    return pa.array(days.astype(np.int32), pa.int32(), mask=~whole).cast(pa.date32())


def date_codes(table: pa.Table, name: str) -> NDArray[np.int32]:
    """Every row's date as ``yyyymmdd``: 0 where missing, 0 in the parts that are unknown."""
    companion = parts_column(name)
    if companion in table.column_names:
        return np.asarray(table[companion], dtype=np.int32)
    column = table[name]
    there = np.asarray(column.is_valid())
    days = np.asarray(column.cast(pa.int32()).fill_null(0), dtype=np.int64).astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    year = months.astype("datetime64[Y]").astype(np.int64) + 1970
    month = months.astype(np.int64) % 12 + 1
    day = (days - months).astype(np.int64) + 1
    return np.where(there, year * 10_000 + month * 100 + day, 0).astype(np.int32)


def years(table: pa.Table, name: str) -> pa.Array:
    """Every row's year, of whole and of partial dates; null where unknown."""
    year = date_codes(table, name) // 10_000
    return pa.array(year, pa.int32(), mask=year == 0)
