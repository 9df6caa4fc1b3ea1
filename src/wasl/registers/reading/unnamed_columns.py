"""Columns without a name that programs add to a text file: numbers of rows, and blanks behind the last separator."""

from __future__ import annotations

import csv
import io

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["with_first_name", "without_unnamed"]


def with_first_name(text: str, separator: str) -> str:
    """The text with an empty first heading where the header has one cell too few and the rows are numbered (R)."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        header, *others = (row for _, row in zip(range(4), rows, strict=False))
    except (csv.Error, ValueError):
        return text
    numbers = [row[0].strip() for row in others if row]
    counted = numbers in ([str(first + place) for place in range(len(numbers))] for first in (0, 1))
    wider = others and all(len(row) == len(header) + 1 for row in others) and all(cell.strip() for cell in header)
    return separator + text if wider and counted else text


def without_unnamed(table: pa.Table) -> tuple[pa.Table, bool]:
    """The table without an unnamed first column that numbers its rows, and without unnamed blank columns at its end.

    Returns:
        The table, and whether numbers of rows were left out.
    """
    while table.num_columns > 1 and not table.column_names[-1].strip() and _is_blank(table.column(-1)):
        table = table.remove_column(table.num_columns - 1)
    if table.num_columns < 2 or table.column_names[0].strip() or not table.num_rows:
        return table, False
    numbers = table.column(0).combine_chunks()
    for first in (0, 1):
        expected = pa.array(range(first, first + table.num_rows)).cast(pa.string())
        if pc.all(pc.equal(numbers, expected), skip_nulls=False).as_py():
            return table.remove_column(0), True
    return table, False


def _is_blank(column: pa.ChunkedArray) -> bool:
    return not pc.any(pc.not_equal(pc.utf8_trim_whitespace(column), "")).as_py()
