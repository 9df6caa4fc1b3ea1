"""Excel workbooks to text columns: the sheet and the header are found, merged cells filled, formulas checked."""

from __future__ import annotations

import datetime as dt
import io
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from wasl.errors import RegisterError, WaslError
from wasl.registers.reading.dates import EXCEL_DAY_0
from wasl.registers.reading.fast_rows import fast_rows
from wasl.registers.reading.headers import Header, Wanted, find_header
from wasl.registers.reading.missing_columns import require
from wasl.registers.reading.other_workbooks import OtherSheet, OtherWorkbook, is_other_workbook
from wasl.registers.reading.source import HEADER_PLACE, SHEET_NAME, Source, complete, without_headings
from wasl.registers.reading.width import MOST_COLUMNS, narrow_tables, width_of
from wasl.registers.schema import FileLayout

__all__ = ["hidden_sheets", "read_workbook", "sheet_rows"]

PREFACE_ROWS = 60
CHUNK = 1 << 20
TAIL = 4096
"""Bytes of one chunk kept for the next: longer than any one cell that is searched for."""
DAY_0_OF_1904 = dt.date(1904, 1, 1)
"""Day 0 of serials in workbooks of old versions of Excel for Mac."""
MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^<>]*?ref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')
CELL_WITH_FORMULA = re.compile(
    rb'<(?:\w+:)?c(?=\s)(?:(?!\sr=")[^<>])*+\sr="([A-Z]+)(\d+)"[^<>]*+>\s*<(?:\w+:)?f\b[^<>]*?(?:/>|>[^<]*</(?:\w+:)?f>)\s*+'
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*+</(?:\w+:)?c>"
)
"""A cell that has a formula and no stored value: a program wrote it and no spreadsheet ever computed it."""


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A sheet, its first rows and its header."""

    name: str
    hidden: bool
    rows: tuple[tuple[str | None, ...], ...]
    header: Header | None
    merged: tuple[tuple[int, int, int, int], ...] = ()


def read_workbook(path: Path, wanted: Wanted, layout: FileLayout) -> Source:
    """The wanted columns of a workbook.

    Raises:
        RegisterError: Not a workbook; no such sheet; several sheets have the columns; a column is missing; a column
            that every record needs holds formulas without stored values.
    """
    with _workbook(path) as book:
        sheet = _choose(path, book, wanted, layout)
        header = sheet.header
        if header is None:
            raise RegisterError(f"{path}: the sheet is empty; its first row should name the columns.")
        require(f"{path}, sheet {sheet.name!r}" if len(book.sheetnames) > 1 else str(path), header, wanted, sheet.rows)
        page = book[sheet.name]
        unvalued = _formulas_without_value(page)
        places = header.match.places
        cells, numeric, numbers = _cells(_all_rows(path, page), places, header.row)
    if not numbers:
        raise RegisterError(f"{path}: there are columns but no rows.", remedy="Export the register again.")
    notes: list[tuple[str, str, int]] = []
    for name, place in places.items():
        without = sum(1 for row, column in unvalued if column == place and row > header.row)
        if without and name in wanted.required:
            raise RegisterError(
                f"{path}: column {name!r} holds {without} formulas without a stored value.",
                remedy="Open the workbook in Excel or LibreOffice, save it there, or paste the values.",
            )
        if without:
            notes.append(("formulas-without-value", name, without))
    notes += _fill_merged(cells, numbers, places, sheet.merged)
    table = pa.table({name: pa.array(values, pa.string()) for name, values in cells.items()})
    table, rows_of_file, repeats = without_headings(table, pa.array(numbers, pa.int64()), header)
    if repeats:
        notes.append(("headings-repeated", "", repeats))
    if not table.num_rows:
        raise RegisterError(f"{path}: there are columns but no rows.", remedy="Export the register again.")
    place_of_header = HEADER_PLACE.format(row=header.row + 1) if header.row else ""
    named = SHEET_NAME.format(name=repr(sheet.name)) if len(book.sheetnames) > 1 else ""
    return Source(
        complete(table, wanted.names),
        rows_of_file,
        surplus=header.match.surplus,
        absent=header.match.absent,
        numeric={name: count for name, count in numeric.items() if count},
        notes=tuple(notes),
        renamed=header.match.renamed,
        layout="; ".join(text for text in (named, place_of_header) if text),
        day_zero=DAY_0_OF_1904 if book.epoch.year == 1904 else EXCEL_DAY_0,
    )


def sheet_rows(path: Path, sheet: str | None, count: int | None) -> dict[str, list[tuple[str | None, ...]]]:
    """The first rows (all without ``count``) of each sheet of a workbook, or of the one asked for, as text.

    Raises:
        RegisterError: Not a workbook, or no such sheet.
    """
    with _workbook(path) as book:
        if sheet is not None and sheet not in book.sheetnames:
            raise RegisterError(f"{path}: no sheet {sheet!r}.", remedy=f"Sheets: {', '.join(book.sheetnames)}.")
        pages = [page for page in book.worksheets if sheet in (None, page.title)]
        if count is not None:
            return narrow_tables(path, {page.title: list(_rows(page, count)) for page in pages})
        return {page.title: [tuple(map(_cell_text, row)) for row in _all_rows(path, page)] for page in pages}


def hidden_sheets(path: Path) -> frozenset[str]:
    """The sheets of a workbook that a spreadsheet does not show.

    Raises:
        RegisterError: Not a workbook.
    """
    with _workbook(path) as book:
        return frozenset(page.title for page in book.worksheets if page.sheet_state != "visible")


@contextmanager
def _workbook(path: Path) -> Iterator[Any]:
    """An open workbook. Whatever the parsers of archives and XML raise on a damaged file becomes one error.

    Raises:
        RegisterError: Not a workbook, or a damaged one.
    """
    from openpyxl import load_workbook

    if is_other_workbook(path):
        yield OtherWorkbook(path)
        return
    book = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # the content, not the path: openpyxl judges a path by its ending
            book = load_workbook(io.BytesIO(path.read_bytes()), read_only=True, data_only=True)
            yield book
    except WaslError:
        raise
    except Exception as error:  # zipfile, zlib, expat and openpyxl read the file
        raise RegisterError(f"{path}: not a readable Excel workbook.", remedy="Save it again as .xlsx.") from error
    finally:
        if book is not None:
            book.close()


def _rows(page: Any, count: int | None = None) -> Iterator[tuple[str | None, ...]]:
    """The rows of a sheet as text, whatever dimension the file states."""
    page.reset_dimensions()
    for row in page.iter_rows(values_only=True, max_row=count):
        yield tuple(_cell_text(cell) for cell in row)


def _choose(path: Path, book: Any, wanted: Wanted, layout: FileLayout) -> _Sheet:
    """The sheet asked for, or the one whose header matches best."""
    names = [page.title for page in book.worksheets]
    if layout.sheet is not None:
        if layout.sheet not in names:
            raise RegisterError(f"{path}: no sheet {layout.sheet!r}.", remedy=f"Sheets: {', '.join(names)}.")
        names = [layout.sheet]
    if not names:
        raise RegisterError(f"{path}: the workbook has no sheet with cells.")
    sheets = [_look(book[name], wanted, layout.header_row) for name in names]
    narrow_tables(path, {sheet.name: sheet.rows for sheet in sheets})
    best = max(sheets, key=lambda sheet: (_fit(sheet), not sheet.hidden))
    equal = [
        sheet
        for sheet in sheets
        if _fit(sheet) == _fit(best) and _fit(best)[0] > 0 and sheet.hidden == best.hidden and _has_rows(sheet)
    ]
    if len(equal) > 1:
        raise RegisterError(
            f"{path}: {len(equal)} sheets have the columns: {', '.join(repr(sheet.name) for sheet in equal)}.",
            remedy="Say which with --sheet (or `sheet` in the schema's [file]), or put them in one sheet.",
        )
    return best


def _look(page: Any, wanted: Wanted, header_row: int | None) -> _Sheet:
    merged = tuple(_merged(page))
    rows = [list(row) for row in _rows(page, PREFACE_ROWS)]
    for top, left, bottom, right in merged:  # a merged heading is that of all its columns and rows
        if top < len(rows) and left < len(rows[top]):
            for row in rows[top : bottom + 1]:
                row.extend([None] * (right + 1 - len(row)))
            value = rows[top][left]
            for place in range(left + 1, right + 1):
                rows[top][place] = rows[top][place] or value
    kept = tuple(tuple(row) for row in rows)
    header = find_header(kept, wanted, header_row) if width_of(kept) <= MOST_COLUMNS else None
    return _Sheet(page.title, page.sheet_state != "visible", kept, header, merged)


def _fit(sheet: _Sheet) -> tuple[int, int]:
    if sheet.header is None:
        return 0, -1_000
    return len(sheet.header.match.places), -len(sheet.header.match.missing)


def _has_rows(sheet: _Sheet) -> bool:
    return sheet.header is not None and any(any(row) for row in sheet.rows[sheet.header.row + 1 :])


def _all_rows(path: Path, page: Any) -> Iterable[Sequence[object]]:
    """The rows of a sheet as values."""
    page.reset_dimensions()
    if isinstance(page, OtherSheet):
        return page.iter_rows()
    shown = list(page.iter_rows(values_only=True, max_row=PREFACE_ROWS))
    fast = fast_rows(io.BytesIO(path.read_bytes()), page.title, lambda: _source(page), shown, _column)
    if fast is not None:
        return fast
    page.reset_dimensions()
    rows: Iterable[Sequence[object]] = page.iter_rows(values_only=True)
    return rows


def _cells(
    rows: Iterable[Sequence[object]], places: dict[str, int], header: int
) -> tuple[dict[str, list[str | None]], dict[str, int], list[int]]:
    """The wanted cells of the rows after the header, the numbers among them by column, and the rows' numbers."""
    cells: dict[str, list[str | None]] = {name: [] for name in places}
    numeric = dict.fromkeys(places, 0)
    numbers: list[int] = []
    for number, row in enumerate(rows, start=1):
        if number <= header + 1 or all(cell is None or cell == "" for cell in row):
            continue
        numbers.append(number)
        for name, place in places.items():
            cell = row[place] if place < len(row) else None
            numeric[name] += isinstance(cell, (int, float)) and not isinstance(cell, bool)
            cells[name].append(_cell_text(cell))
    return cells, numeric, numbers


def _source(page: Any) -> Iterator[bytes]:
    """A sheet's XML in chunks, each beginning with the end of the one before."""
    kept = b""
    with page._get_source() as stream:
        while chunk := stream.read(CHUNK):
            yield kept + chunk
            kept = chunk[-TAIL:]


def _merged(page: Any) -> Iterator[tuple[int, int, int, int]]:
    """Merged ranges: top, left, bottom, right, from 0."""
    if isinstance(page, OtherSheet):
        yield from sorted(page.marks.merged)
        return
    found = {match.groups() for chunk in _source(page) for match in MERGED.finditer(chunk)}
    for left, top, right, bottom in sorted(found):
        yield int(top) - 1, _column(left), int(bottom) - 1, _column(right)


def _formulas_without_value(page: Any) -> set[tuple[int, int]]:
    """Cells with a formula and no stored value: (row, column) from 0."""
    if isinstance(page, OtherSheet):
        return page.marks.unvalued
    return {
        (int(match[2]) - 1, _column(match[1])) for chunk in _source(page) for match in CELL_WITH_FORMULA.finditer(chunk)
    }


def _column(letters: bytes) -> int:
    place = 0
    for letter in letters:
        place = place * 26 + letter - 64
    return place - 1


def _fill_merged(
    cells: dict[str, list[str | None]],
    numbers: list[int],
    places: dict[str, int],
    merged: tuple[tuple[int, int, int, int], ...],
) -> list[tuple[str, str, int]]:
    """Give every row of a merged range the range's value; counts the cells filled, by column."""
    at = {number - 1: index for index, number in enumerate(numbers)}
    columns = {place: name for name, place in places.items()}
    filled: dict[str, int] = {}
    for top, left, bottom, right in merged:
        source = columns.get(left)
        first = at.get(top)
        if source is None or first is None:
            continue
        value = cells[source][first]
        for place in range(left, right + 1):
            name = columns.get(place)
            if name is None or value is None:
                continue
            for row in range(top, bottom + 1):
                index = at.get(row)
                if index is not None and cells[name][index] is None:
                    cells[name][index] = value
                    filled[name] = filled.get(name, 0) + 1
    return [("cells-merged", name, count) for name, count in filled.items()]


def _cell_text(cell: object) -> str | None:
    """A workbook cell as the text a clerk sees: whole numbers without a point, dates as ISO."""
    if cell is None:
        return None
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, (dt.datetime, dt.date)):
        return f"{cell.year:04d}-{cell.month:02d}-{cell.day:02d}"
    return str(cell) or None
