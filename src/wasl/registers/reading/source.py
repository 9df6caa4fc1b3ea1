"""A file's cells as text, before anything is interpreted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wasl.locale import N_
from wasl.registers.reading.coded_columns import plain
from wasl.registers.reading.counted_dates import are_eastern_midnights
from wasl.registers.reading.dates import EXCEL_DAY_0, ZONE
from wasl.registers.reading.headers import Header

HEADER_PLACE = N_("header in row {row}")
SHEET_NAME = N_("sheet {name}")
"""Words for the layout of a file."""

__all__ = ["HEADER_PLACE", "SHEET_NAME", "Source", "blank_rows", "complete", "text_of", "without_headings"]

HOUR = 3_600


@dataclass(frozen=True, slots=True)
class Source:
    """A file's cells as text.

    Attributes:
        table: The wanted columns as strings, or as codes of strings, under the schema's names; empty cells are null.
        rows: Source row number of each row, as a spreadsheet counts.
        broken: Rows that could not be cut into columns: (row, reason).
        encoding, separator: How the file was written, or empty where it does not apply.
        surplus: Columns of the file the schema does not know.
        absent: Columns of the schema that may be absent and are.
        numeric: Cells of text columns that came as numbers, by column: leading zeros may have been lost.
        notes: What was repaired or could not be read: (check, column, cells or rows).
        renamed: Wanted columns whose heading in the file is another, with that heading.
        layout: Sheet and header row, where the header is not simply row 1.
        day_zero: Day 0 of spreadsheet serials in its cells.
    """

    table: pa.Table = field(repr=False)
    rows: pa.Array = field(repr=False)
    broken: tuple[tuple[int, str], ...] = ()
    encoding: str = ""
    separator: str = ""
    surplus: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    numeric: dict[str, int] = field(default_factory=dict)
    notes: tuple[tuple[str, str, int], ...] = ()
    renamed: dict[str, str] = field(default_factory=dict)
    layout: str = ""
    day_zero: dt.date = EXCEL_DAY_0

    def without_cells(self) -> Source:
        """The description of the file, without its cells."""
        return replace(self, table=pa.table({}), rows=pa.array([], pa.int64()))


def blank_rows(table: pa.Table) -> pa.ChunkedArray:
    """Mark the rows without any cell."""
    blank = pc.is_null(table.column(0))
    for column in table.columns[1:]:
        blank = pc.and_(blank, pc.is_null(column))
    return blank


def without_headings(table: pa.Table, rows: pa.Array, header: Header) -> tuple[pa.Table, pa.Array, int]:
    """The rows without those that repeat the header, number its columns or rule a line; and their count."""
    places = header.match.places
    same = pa.chunked_array([pa.array(np.ones(table.num_rows, dtype=bool))])
    for name in table.column_names:
        headings = pa.array([text for text in header.names[places[name]] if text], pa.string())
        same = pc.and_(
            same, pc.fill_null(pc.is_in(pc.utf8_trim_whitespace(plain(table[name])), headings), fill_value=False)
        )
    repeats = np.asarray(same) | _ruled(table)
    if table.num_rows and table.num_columns > 2:
        first = [(table[name][0].as_py() or "").strip(" ()[]") for name in table.column_names]
        ordered = [text for _, text in sorted(zip((places[name] for name in table.column_names), first, strict=True))]
        if all(text.isdigit() and len(text) < 4 for text in ordered):
            numbers = [int(text) for text in ordered]
            repeats[0] |= numbers == sorted(set(numbers)) and numbers[-1] <= len(header.names)
    if not repeats.any():
        return table, rows, 0
    keep = pa.array(~repeats)
    return table.filter(keep), rows.filter(keep), int(repeats.sum())


def _ruled(table: pa.Table) -> np.ndarray:
    """Mark the rows that draw a line below the header or between groups: their cells hold dashes and the like alone."""
    first = plain(table.column(0))
    found = np.asarray(pc.fill_null(pc.match_substring_regex(first, RULE), fill_value=False))
    if not found.any() or table.num_columns < 2:
        return np.zeros(table.num_rows, dtype=bool)
    for name in table.column_names[1:]:
        found &= np.asarray(pc.fill_null(pc.match_substring_regex(plain(table[name]), RULE), fill_value=True))
    return found


DASHES = r"=_\x{2500}\x{2501}\x{2013}\x{2014}-"
RULE = rf"^[\s:|+*{DASHES}]*[{DASHES}]{{2}}[\s:|+*{DASHES}]*$"
"""RE2: two dashes or more, and what draws the lines of tables."""


def complete(table: pa.Table, wanted: Sequence[str]) -> pa.Table:
    """The wanted columns in order; an absent optional one is null throughout."""
    return pa.table(
        {name: table[name] if name in table.column_names else pa.nulls(table.num_rows, pa.string()) for name in wanted}
    )


def text_of(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A typed column as text: whole numbers without a point, dates and times as the ISO day, blank as null.

    The day of a time with a zone is the day where the time was midnight (see :func:`_local_days`).

    Raises:
        pa.ArrowException: Its type has no text form.
    """
    text = _as_text(column)
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_timestamp(kind):
        seconds = pc.floor_temporal(column, unit="second").cast(pa.timestamp("s", kind.tz))
        return pc.strftime(seconds if kind.tz is None else _local_days(seconds), format="%Y-%m-%d")
    if pa.types.is_date(kind):
        return pc.strftime(column.cast(pa.timestamp("s")), format="%Y-%m-%d")
    if pa.types.is_floating(kind):
        whole = pc.cast(column, pa.int64(), safe=False)
        same = pc.equal(pc.cast(whole, kind, safe=False), column)
        return pc.if_else(same, pc.cast(whole, pa.string()), pc.cast(column, pa.string()))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_struct(kind) or pa.types.is_map(kind):
        raise pa.ArrowNotImplementedError("nested values have no text form")
    return column.cast(pa.string())


def _local_days(moments: pa.ChunkedArray) -> pa.ChunkedArray:
    """Zoned times as local times whose day is the day meant.

    A date that some program made a moment was midnight where the program ran. So a moment that is midnight in the
    column's zone has that zone's day. 22:00 and 23:00 UTC are midnight one or two hours east of Greenwich. Where all
    moments of a column share a time after noon, it is midnight farther east. Any other moment has its day in Morocco.
    """
    as_written = pc.local_timestamp(moments)
    universal = moments.cast(pa.timestamp("s", "UTC"))
    clock = pc.local_timestamp(universal)
    minutes = pc.divide(pc.unique(_seconds_of_day(clock).drop_null()), 60)
    if are_eastern_midnights(np.asarray(minutes, dtype=np.int64)) and not _are_midnights(as_written):
        return pc.add(pc.floor_temporal(clock, unit="day").cast(pa.int64()), 24 * HOUR).cast(pa.timestamp("s"))
    eastern = pc.is_in(_seconds_of_day(clock), pa.array([22 * HOUR, 23 * HOUR]))
    next_day = pc.add(clock.cast(pa.int64()), 2 * HOUR).cast(pa.timestamp("s"))
    in_morocco = pc.local_timestamp(universal.cast(pa.timestamp("s", str(ZONE))))
    return pc.if_else(pc.equal(_seconds_of_day(as_written), 0), as_written, pc.if_else(eastern, next_day, in_morocco))


def _are_midnights(moments: pa.ChunkedArray) -> bool:
    return pc.all(pc.equal(_seconds_of_day(moments), 0)).as_py() is True


def _seconds_of_day(moments: pa.ChunkedArray) -> pa.ChunkedArray:
    midnight = pc.floor_temporal(moments, unit="day")
    return pc.subtract(moments.cast(pa.int64()), midnight.cast(pa.int64()))
