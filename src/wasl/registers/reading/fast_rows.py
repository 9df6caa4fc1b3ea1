"""The rows of a sheet of an .xlsx workbook by calamine, where they are sure to be those that openpyxl gives.

calamine is some twenty times as fast. It holds a sheet as a full rectangle, shows a cell in error as an empty one and
rounds whole numbers above 2**53. So the sheet's XML is searched first: for its extent, for cells in error and for long
numbers. The first rows are read by both. Where anything differs, openpyxl reads the sheet.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

__all__ = ["fast_rows"]

MOST_CELLS = 40_000_000
"""Cells of the rectangle: 24 bytes for each, so 1 GB."""
ROW = re.compile(rb'<(?:\w+:)?row\s[^<>]*?\br="(\d+)"')
WIDE = re.compile(rb'<(?:\w+:)?c\s[^<>]*?\br="([A-Z]{2,3})\d')
FAR = re.compile(rb'<(?:\w+:)?c\s[^<>]*?\br="[A-Z]{1,3}(\d{6,7})"')
SPECIAL = re.compile(
    rb'<(?:\w+:)?c\s(?=[^<>]*?\br="([A-Z]+)(\d+)")(?P<attributes>[^<>]*)>(?:<(?:\w+:)?f\b[^<>]*?(?:/>|>[^<]*</(?:\w+:)?f>))?'
    rb"<(?:\w+:)?v>(?P<value>#[^<]*|-?\d{16,})</(?:\w+:)?v>"
)
ANY_SPECIAL = re.compile(rb"<(?:\w+:)?v>(?:#|-?\d{16})")
NO_PLACE = re.compile(rb'<(?:\w+:)?c(?:>|\s(?![^<>]*?\br=")[^<>]*>)')
"""A cell that does not say where it stands."""
STRINGS = (b't="s"', b't="str"', b't="inlineStr"')


def fast_rows(
    content: Any,
    title: str,
    chunks: Callable[[], Iterable[bytes]],
    shown: Sequence[tuple[object, ...]],
    column_of: Callable[[bytes], int],
) -> Iterator[Sequence[object]] | None:
    """The rows of a sheet from its first one on, or None where openpyxl has to read it.

    Args:
        content: The workbook as a file object.
        title: The name of the sheet.
        chunks: Gives the XML of the sheet in pieces that overlap.
        shown: The first rows as openpyxl gives them.
        column_of: The number of a column from its letters, from 0.
    """
    rows = columns = 0
    special: dict[tuple[int, int], object] = {}
    for chunk in chunks():
        if NO_PLACE.search(chunk) is not None:
            return None
        rows = max([rows, *map(int, ROW.findall(chunk)), *map(int, FAR.findall(chunk))])
        columns = max([columns, *(column_of(letters) + 1 for letters in set(WIDE.findall(chunk)))])
        if ANY_SPECIAL.search(chunk) is not None:
            for found in SPECIAL.finditer(chunk):
                value = found["value"]
                if any(kind in found["attributes"] for kind in STRINGS):
                    continue
                place = int(found[2]) - 1, column_of(found[1])
                special[place] = value.decode() if value.startswith(b"#") else int(value)
    if rows * max(columns, 26) > MOST_CELLS:
        return None
    read = _read(content, title)
    if read is None:
        return None
    for (row, column), value in special.items():
        if row < len(read):
            read[row] = [*read[row], *[""] * (column + 1 - len(read[row]))]
            read[row][column] = value
    return iter(read) if _same(read, shown) else None


def _read(content: Any, title: str) -> list[list[Any]] | None:
    from python_calamine import CalamineWorkbook

    try:
        return CalamineWorkbook.from_filelike(content).get_sheet_by_name(title).to_python(skip_empty_area=False)
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException:  # calamine ends with a panic, which is no Exception, on some files; openpyxl then speaks
        return None


def _same(read: Sequence[Sequence[object]], shown: Sequence[tuple[object, ...]]) -> bool:
    """Whether both have the same first rows."""
    for number, row in enumerate(shown):
        other = read[number] if number < len(read) else []
        width = max(len(row), len(other))
        for place in range(width):
            one = row[place] if place < len(row) else None
            two = other[place] if place < len(other) else None
            if (None if one == "" else one) != (None if two == "" else two) and str(one)[:10] != str(two)[:10]:
                return False
    return True
