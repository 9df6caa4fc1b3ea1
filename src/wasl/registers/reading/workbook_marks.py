"""What calamine does not tell of an old, binary or OpenDocument workbook: cells in error, merged cells, the extent.

calamine holds a sheet as a full rectangle and shows a cell in error as an empty one. So the cells' places are read here
first: a sheet that is too large is refused before the rectangle is made, and cells in error keep their text.

*Source:* [MS-XLS] 2.4.28 (BoolErr), 2.4.127 (Formula), 2.4.28 (BoundSheet8); [MS-CFB] 2.2 to 2.6 (the container);
[MS-XLSB] 2.1.4 (records), 2.4 (cells); OpenDocument 1.3, part 3, 9.1 (tables).
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

__all__ = ["Marks", "counts_from_1904", "marks_of_ods", "marks_of_xls", "marks_of_xlsb", "sheets_of_xlsb"]

ERRORS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A"}
"""*Source:* [MS-XLS] 2.5.10 (BErr)."""
FORMULA, BOUND_SHEET, BEGIN, BOOLEAN_OR_ERROR = 0x0006, 0x0085, 0x0809, 0x0205
END_OF_CHAIN = 0xFFFFFFFE
ROW, CELL_ERROR, FORMULA_TEXT, FORMULA_ERROR, SHEET, MERGED = 0, 3, 8, 11, 156, 176
DATE_MODE = 0x0022
CELLS = range(1, 12)
MOST_SPACES = 50_000_000
"""Repeated spaces of a document (one element may stand for any number): fifty for each row of a full sheet."""


@dataclass(slots=True)
class Marks:
    """Places in a sheet, as (row, column) from 0.

    Attributes:
        errors: Cells in error, with the text that a spreadsheet shows.
        unvalued: Cells with a formula and an empty stored value.
        merged: Merged ranges: top, left, bottom, right.
        rows, columns: The extent of the cells that hold something.
    """

    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    unvalued: set[tuple[int, int]] = field(default_factory=set)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    rows: int = 0
    columns: int = 0

    def _holds(self, row: int, column: int) -> None:
        self.rows, self.columns = max(self.rows, row + 1), max(self.columns, column + 1)


def marks_of_xls(content: bytes) -> list[Marks]:
    """One per sheet of an old workbook, in order. Its rows and columns are bounded by the format.

    Raises:
        Exception: A damaged file (``struct.error``, ``IndexError`` or ``KeyError``).
    """
    stream = _workbook_stream(content)
    starts: dict[int, int] = {}
    marks: list[Marks] = []
    sheet: Marks | None = None
    place = 0
    while place + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, place)
        body = place + 4
        if kind == BOUND_SHEET:
            starts[struct.unpack_from("<I", stream, body)[0]] = len(marks)
            marks.append(Marks())
        elif kind == BEGIN:
            sheet = marks[starts[place]] if place in starts else None
        elif sheet is not None and kind == BOOLEAN_OR_ERROR:
            row, column, _, code, is_error = struct.unpack_from("<HHHBB", stream, body)
            if is_error:
                sheet.errors[row, column] = ERRORS.get(code, "#N/A")
        elif sheet is not None and kind == FORMULA:
            row, column, _ = struct.unpack_from("<HHH", stream, body)
            if stream[body + 12 : body + 14] == b"\xff\xff":
                if stream[body + 6] == 2:
                    sheet.errors[row, column] = ERRORS.get(stream[body + 8], "#N/A")
                elif stream[body + 6] == 3:
                    sheet.unvalued.add((row, column))
        place = body + length
    return marks


def counts_from_1904(content: bytes) -> bool:
    """Whether an old workbook counts its days from 1904."""
    stream = _workbook_stream(content)
    place = 0
    while place + 6 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, place)
        if kind == DATE_MODE:
            return bool(stream[place + 4])
        place += 4 + length
    return False


def _workbook_stream(content: bytes) -> bytes:
    """The stream ``Workbook`` of a compound file."""
    size = 1 << struct.unpack_from("<H", content, 30)[0]

    def sector(number: int) -> bytes:
        return content[(number + 1) * size : (number + 2) * size]

    tables = [n for n in struct.unpack_from("<109I", content, 76) if n < END_OF_CHAIN]
    further, count = struct.unpack_from("<II", content, 68)
    for _ in range(count):
        *listed, further = struct.unpack(f"<{size // 4}I", sector(further))
        tables += [n for n in listed if n < END_OF_CHAIN]
    chain = [n for table in tables for n in struct.unpack(f"<{size // 4}I", sector(table))]

    def follow(first: int, links: list[int]) -> Iterator[int]:
        for _ in range(len(links) + 1):
            if first >= END_OF_CHAIN:
                return
            yield first
            first = links[first]
        raise IndexError  # a chain without an end

    directory = b"".join(sector(n) for n in follow(struct.unpack_from("<I", content, 48)[0], chain))
    entries = {
        directory[at : at + struct.unpack_from("<H", directory, at + 64)[0]].decode("utf-16-le").rstrip("\0"): (
            struct.unpack_from("<II", directory, at + 116)
        )
        for at in range(0, len(directory), 128)
    }
    first, length = entries["Workbook"] if "Workbook" in entries else entries["Book"]
    if length >= struct.unpack_from("<I", content, 56)[0]:
        return b"".join(sector(n) for n in follow(first, chain))[:length]
    small_size = 1 << struct.unpack_from("<H", content, 32)[0]
    small = b"".join(sector(n) for n in follow(entries["Root Entry"][0], chain))
    links = b"".join(sector(n) for n in follow(struct.unpack_from("<I", content, 60)[0], chain))
    numbers = list(struct.unpack(f"<{len(links) // 4}I", links))
    return b"".join(small[n * small_size : (n + 1) * small_size] for n in follow(first, numbers))[:length]


def marks_of_xlsb(content: bytes) -> Marks:
    """Those of one sheet's part of a binary workbook.

    Raises:
        Exception: A damaged part (``struct.error`` or ``IndexError``).
    """
    marks = Marks()
    row = 0
    for kind, at in _records(content):
        if kind == ROW:
            row = struct.unpack_from("<I", content, at)[0]
        elif kind in CELLS:
            column = struct.unpack_from("<I", content, at)[0]
            marks._holds(row, column)
            if kind in (CELL_ERROR, FORMULA_ERROR):
                marks.errors[row, column] = ERRORS.get(content[at + 8], "#N/A")
            elif kind == FORMULA_TEXT and struct.unpack_from("<I", content, at + 8)[0] == 0:
                marks.unvalued.add((row, column))
        elif kind == MERGED:
            top, bottom, left, right = struct.unpack_from("<IIII", content, at)
            marks.merged.append((top, left, bottom, right))
    return marks


def sheets_of_xlsb(content: bytes) -> list[tuple[str, str]]:
    """The sheets' names and the identifiers of their parts, from the part ``workbook.bin``."""
    sheets = []
    for kind, at in _records(content):
        if kind == SHEET:
            identifier, end = _wide_text(content, at + 8)
            sheets.append((_wide_text(content, end)[0], identifier))
    return sheets


def _wide_text(content: bytes, at: int) -> tuple[str, int]:
    """A text and where it ends."""
    end = at + 4 + 2 * struct.unpack_from("<I", content, at)[0]
    return content[at + 4 : end].decode("utf-16-le"), end


def _records(content: bytes) -> Iterator[tuple[int, int]]:
    """The kind of each record of a binary part and where its data begin."""
    place = 0
    while place < len(content):
        kind, length = content[place], 0
        place += 1
        if kind & 0x80:
            kind = kind & 0x7F | (content[place] & 0x7F) << 7
            place += 1
        for turn in range(4):
            part = content[place]
            place += 1
            length |= (part & 0x7F) << 7 * turn
            if not part & 0x80:
                break
        yield kind, place
        place += length


def marks_of_ods(archive: zipfile.ZipFile) -> dict[str, Marks]:
    """By name of the sheet of an OpenDocument spreadsheet.

    Raises:
        Exception: A damaged document (``expat.ExpatError``, ``KeyError`` or ``ValueError``).
    """
    reader = _OdsReader()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.begin
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    with archive.open("content.xml") as stream:
        parser.ParseFile(stream)
    return reader.sheets


class _OdsReader:
    """Follows the elements of ``content.xml``. Repeated rows and cells count only where they hold something."""

    def __init__(self) -> None:
        self.sheets: dict[str, Marks] = {}
        self.depth = 0
        self.row = self.column = 0
        self.repeat_row = self.repeat_column = 1
        self.cell: dict[str, str] | None = None
        self.words: list[str] = []
        self.filled_row = False
        self.spaces = 0

    def begin(self, tag: str, attributes: dict[str, Any]) -> None:
        """An element begins."""
        if tag == "text:s":
            self.spaces += int(attributes.get("text:c", "1"))
            if self.spaces > MOST_SPACES:
                raise ValueError("more repeated spaces than a document has")
        if tag == "table:table":
            self.depth += 1
            if self.depth == 1:
                self.sheets[attributes.get("table:name", "")] = Marks()
                self.row = 0
        elif self.depth != 1:
            return
        elif tag == "table:table-row":
            self.repeat_row = int(attributes.get("table:number-rows-repeated", "1"))
            self.column, self.filled_row = 0, False
        elif tag in ("table:table-cell", "table:covered-table-cell"):
            self.repeat_column = int(attributes.get("table:number-columns-repeated", "1"))
            self.cell, self.words = attributes, []

    def text(self, words: str) -> None:
        """Characters of a cell."""
        if self.cell is not None:
            self.words.append(words)

    def end(self, tag: str) -> None:
        """An element ends."""
        if tag == "table:table":
            self.depth -= 1
        elif self.depth != 1:
            return
        elif tag == "table:table-row":
            self.row += self.repeat_row
        elif tag in ("table:table-cell", "table:covered-table-cell") and self.cell is not None:
            self._close(self.cell, "".join(self.words).strip())
            self.column += self.repeat_column
            self.cell = None

    def _close(self, cell: dict[str, str], words: str) -> None:
        marks = list(self.sheets.values())[-1]
        if words or "office:value-type" in cell:
            marks._holds(self.row + self.repeat_row - 1, self.column + self.repeat_column - 1)
        if "table:formula" in cell and cell.get("calcext:value-type") == "error":
            marks.errors[self.row, self.column] = words or "#N/A"
        elif "table:formula" in cell and not words and "office:value" not in cell:
            marks.unvalued.add((self.row, self.column))
        wide, high = (int(cell.get(f"table:number-{what}-spanned", "1")) for what in ("columns", "rows"))
        if wide > 1 or high > 1:
            marks.merged.append((self.row, self.column, self.row + high - 1, self.column + wide - 1))
