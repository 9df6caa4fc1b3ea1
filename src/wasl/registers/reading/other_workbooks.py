"""Old (.xls), binary (.xlsb) and OpenDocument (.ods) workbooks, shown as the reader of .xlsx workbooks sees its own.

calamine reads the cells; ``workbook_marks`` reads the rest.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from wasl.errors import RegisterError, WaslError
from wasl.registers.reading.workbook_marks import (
    Marks,
    counts_from_1904,
    marks_of_ods,
    marks_of_xls,
    marks_of_xlsb,
    sheets_of_xlsb,
)

__all__ = ["OLD", "OtherSheet", "OtherWorkbook", "is_other_workbook"]

OLD = b"\xd0\xcf\x11\xe0"
"""First bytes of a compound file: an old workbook, or a workbook with a password."""
MOST_CELLS = 40_000_000
"""Cells of the rectangle around a sheet's cells: calamine takes 24 bytes for each, so 1 GB."""


class _Epoch(NamedTuple):
    year: int = 1900


class OtherSheet:
    """A sheet of such a workbook, with what the reader asks of a sheet of openpyxl."""

    def __init__(self, sheet: Any, title: str, hidden: bool, marks: Marks) -> None:
        self.title = title
        self.sheet_state = "hidden" if hidden else "visible"
        self.marks = marks
        self._sheet = sheet

    def reset_dimensions(self) -> None:
        """No stated dimension is believed anyway."""

    def iter_rows(self, *, values_only: bool = True, max_row: int | None = None) -> Iterator[tuple[object, ...]]:
        """The rows as values; empty cells are None, cells in error are their text."""
        del values_only
        rows_of_errors: dict[int, dict[int, str]] = {}
        for (row, column), text in self.marks.errors.items():
            rows_of_errors.setdefault(row, {})[column] = text
        last = max(rows_of_errors, default=-1) + 1
        read = self._sheet.to_python(skip_empty_area=False, nrows=max_row)
        read += [[]] * (last - len(read) if max_row is None else 0)
        for number, row in enumerate(read):
            cells = [None if cell == "" else cell for cell in row]
            for column, text in rows_of_errors.get(number, {}).items():
                cells.extend([None] * (column + 1 - len(cells)))
                cells[column] = text
            yield tuple(cells)


class OtherWorkbook:
    """A workbook of one of these kinds.

    Raises:
        RegisterError: A password, or a sheet too large to be read.
    """

    def __init__(self, path: Path) -> None:
        from python_calamine import CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

        content = path.read_bytes()
        try:
            all_marks = _marks(content)
            for name, marks in all_marks.items():
                if marks.rows * marks.columns > MOST_CELLS:
                    raise RegisterError(
                        f"{path}: sheet {name!r} reaches to row {marks.rows:,} and column {marks.columns:,}, more"
                        " than can be read.",
                        remedy="Delete what stands far from the table, or save the sheet as CSV.",
                    )
            book = CalamineWorkbook.from_filelike(io.BytesIO(content))
            metadata = [sheet for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
            places = [sheet.name for sheet in book.sheets_metadata]
            self.worksheets = [
                OtherSheet(
                    book.get_sheet_by_name(sheet.name),
                    sheet.name,
                    sheet.visible != SheetVisibleEnum.Visible,
                    all_marks.get(sheet.name) or all_marks.get(str(places.index(sheet.name))) or Marks(),
                )
                for sheet in metadata
            ]
            self.epoch = _Epoch(1904 if content.startswith(OLD) and counts_from_1904(content) else 1900)
            for sheet in self.worksheets:
                sheet.marks.merged = sheet.marks.merged or _merged(sheet)
        except PasswordError as error:
            raise RegisterError(
                f"{path}: the workbook has a password.", remedy="Save it without one, or as CSV."
            ) from error
        except (WaslError, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # calamine ends with a panic, which is no Exception, on some damaged files
            raise RegisterError(f"{path}: not a readable workbook.", remedy="Save it again as .xlsx or CSV.") from error

    @property
    def sheetnames(self) -> list[str]:
        """The names of the sheets."""
        return [sheet.title for sheet in self.worksheets]

    def __getitem__(self, name: str) -> OtherSheet:
        return next(sheet for sheet in self.worksheets if sheet.title == name)

    def close(self) -> None:
        """For the sake of the reader: no file is open."""


def is_other_workbook(path: Path) -> bool:
    """Whether the file is one of these kinds, by its content."""
    with path.open("rb") as stream:
        if stream.read(4) == OLD:
            return True
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            return any(name.endswith("workbook.bin") for name in names) or (
                "content.xml" in names and b"spreadsheet" in archive.read("mimetype")[:100]
            )
    except (zipfile.BadZipFile, OSError, ValueError, KeyError, NotImplementedError):
        return False


def _merged(sheet: OtherSheet) -> list[tuple[int, int, int, int]]:
    ranges = sheet._sheet.merged_cell_ranges or []
    return [(top, left, bottom, right) for (top, left), (bottom, right) in ranges]


def _marks(content: bytes) -> dict[str, Marks]:
    """Marks by name of the sheet, or by its place where the name stands elsewhere."""
    if content.startswith(OLD):
        return {str(place): marks for place, marks in enumerate(marks_of_xls(content))}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if "content.xml" in archive.namelist():
            return marks_of_ods(archive)
        return {name: marks_of_xlsb(archive.read(part)) for name, part in _parts_of_xlsb(archive)}


def _parts_of_xlsb(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """The names of the sheets of a binary workbook and their parts."""
    book = next(name for name in archive.namelist() if name.endswith("workbook.bin"))
    folder = book.rpartition("/")[0]
    links = archive.read(f"{folder}/_rels/workbook.bin.rels").decode("utf-8")
    targets: dict[str, str] = {}
    for link in re.findall(r"<(?:\w+:)?Relationship\b[^>]*>", links):
        parts = dict(re.findall(r'\b(Id|Target)="([^"]*)"', link))
        targets[parts["Id"]] = parts["Target"]
    for name, identifier in sheets_of_xlsb(archive.read(book)):
        target = targets[identifier]
        yield name, target.lstrip("/") if target.startswith("/") else f"{folder}/{target}"
