"""Reads a CSV file of any dialect of a spreadsheet into columns of text, some rows at a time.

A truth or a keep map of ten million rows takes little more memory than its texts: no row is kept as a list of cells.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from typing import TextIO

import pyarrow as pa

from wasl.errors import InputError
from wasl.linkage.quality.table_headers import HEADER_ROWS, NEEDED, claimed_names, named

__all__ = ["SEPARATORS", "codec_of", "columns_of_text"]

SEPARATORS = (",", ";", "\t", "|")
ROWS_AT_A_TIME = 1 << 16
NO_HEADER = f"Its first line names {', '.join(NEEDED)}."
Opened = Callable[[], TextIO]
Row = tuple[int, list[str]]
"""A row that is not empty, and its number in the file."""


def codec_of(encoding: str) -> str:
    """The codec to open a file with, whose encoding was found; a byte-order mark is no text."""
    return "utf-8-sig" if encoding == "utf-8" else encoding


def columns_of_text(opened: Opened, where: str) -> pa.Table:
    """The columns of a CSV file, as strings.

    It may have commas, semicolons, tabs or bars, a ``sep=`` line, titles above the header.

    Args:
        opened: Opens the file for reading, with its line ends as they are. It is opened more than once.
        where: The file, for messages.

    Raises:
        InputError: No reading has a header, a row is wider than its header, or two columns have one name.
    """
    with opened() as stream:
        first = next(_lines(stream), "").rstrip("\r\n")
    said = first.strip(' "')
    told = said.lower().startswith("sep=") and len(said) == len("sep=") + 1
    marks = [said[-1]] if told else sorted(SEPARATORS, key=first.count, reverse=True)
    heads = [(mark, _head(opened, mark, told=told)) for mark in marks]
    found = [(max(map(_known, head)), mark, head) for mark, head in heads if head]
    if not found:
        raise InputError(f"{where}: the file has no header.", remedy=NO_HEADER)
    known, mark, head = max(found, key=lambda one: one[0])  # of equal ones the first
    start = [_known(row) for row in head].index(known)
    header = named(head[start][1], where)
    if not any(name and name.isprintable() for name in header):  # bytes that are no text
        raise InputError(f"{where}: the file has no header.", remedy=NO_HEADER)
    return _columns(opened, mark, start, header, where, told=told)


def _known(row: Row) -> int:
    return len(claimed_names(row[1]))


def _lines(stream: TextIO) -> Iterator[str]:
    """The lines of a file without byte-order marks and empty lines at its beginning."""
    for line in stream:
        text = line.lstrip("\ufeff\r\n")
        if text:
            return chain([text], stream)
    return iter(())


def _rows(stream: TextIO, mark: str, *, told: bool) -> Iterator[Row]:
    """The rows of a file that are not empty, with their numbers; a line that tells the separator is none."""
    lines = _lines(stream)
    if told:
        next(lines, None)
    for number, row in enumerate(csv.reader(lines, delimiter=mark), 1):
        if any(map(str.strip, row)):
            yield number, row


def _head(opened: Opened, mark: str, *, told: bool) -> list[Row]:
    with opened() as stream:
        return list(islice(_rows(stream, mark, told=told), HEADER_ROWS))


def _columns(opened: Opened, mark: str, start: int, header: Sequence[str], where: str, *, told: bool) -> pa.Table:
    """The columns under the header, which is the row of this place among those that are not empty."""
    width = len(header)
    kept = [place for place, name in enumerate(header) if name]
    schema = pa.schema([(header[place], pa.large_string()) for place in kept])
    parts: list[pa.RecordBatch] = []
    with opened() as stream:
        rows = islice(_rows(stream, mark, told=told), start + 1, None)
        while some := list(islice(rows, ROWS_AT_A_TIME)):
            cells: list[list[str]] = []
            for number, row in some:
                if len(row) > width and any(map(str.strip, row[width:])):
                    raise InputError(
                        f"{where}: row {number} has more cells than the header.", remedy="Quote cells with commas."
                    )
                cells.append(row if len(row) >= width else row + [""] * (width - len(row)))
            columns = list(zip(*(row[:width] for row in cells), strict=True))
            parts.append(pa.record_batch([pa.array(columns[place], pa.large_string()) for place in kept], schema))
    return pa.Table.from_batches(parts, schema)
