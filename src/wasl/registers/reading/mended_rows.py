"""Rows of a CSV file that have more or fewer cells than its header: mended where one way only is left."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace

from wasl.registers.reading.headers import Header, Wanted
from wasl.registers.reading.marks import without_marks
from wasl.registers.reading.refusals import wrong_columns
from wasl.registers.reading.shifted_rows import MOST_LINES, WholeRows

__all__ = ["MendedRows", "mend_rows", "with_row_names"]

MOST_JOINED = 200_000
"""Rows that are put together; a file with more of them is better exported again."""


@dataclass(frozen=True, slots=True)
class MendedRows:
    """Rows of another width than the header's, by what became of them.

    Attributes:
        rows: Number and cells of the rows that were mended.
        broken: Number and reason of those that were not.
        gone: Numbers of rows that are no records: blank ones, and pieces of a record that were joined.
        joined: How many of the mended rows were put together from cells or lines.
    """

    rows: list[tuple[int, list[str]]]
    broken: list[tuple[int, str]]
    gone: set[int]
    joined: int


def mend_rows(
    invalid: list[tuple[int, str]], width: int, places: dict[str, int], wanted: Wanted, mark: str, whole: WholeRows
) -> MendedRows:
    """Mend rows of another width where one way only is left.

    A row with more cells is whole where the cells beyond are blank. In blocks of 16 rows, Excel leaves out
    the separators of trailing blank cells. So a row with fewer cells is whole under two conditions: a neighbouring row
    has as few cells, and no required column is cut off. Other rows are put together as `WholeRows` says.
    """
    cut = [(number, _cells(text, mark, width)) for number, text in invalid]
    lengths = {number: len(cells) for number, cells in cut}
    last_required = max((places[name] for name in wanted.required if name in places), default=width - 1)
    found = MendedRows([], [], set(), 0)
    joined = 0
    for place, (number, cells) in enumerate(cut):
        count = len(cells)
        if number in found.gone:
            continue
        if not any(without_marks(cell) for cell in cells):  # a mark of the end of a file is no cell
            found.gone.add(number)
        elif count == width:  # quotation marks after backslashes
            found.rows.append((number, cells))
        elif count > width and not any(cell.strip() for cell in cells[width:]):
            found.rows.append((number, cells[:width]))
        elif last_required < count < width and count in (lengths.get(number - 1), lengths.get(number + 1)):
            found.rows.append((number, cells + [""] * (width - count)))
        elif count > width and joined < MOST_JOINED and (one := whole.joined(cells, mark)) is not None:
            found.rows.append((number, one))
            joined += 1
        elif count < width and joined < MOST_JOINED and (lines := _lines(cut, place, whole)):
            found.rows.append((number, lines[1]))
            found.gone.update(range(number + 1, number + lines[0]))
            joined += 1
        else:
            found.broken.append((number, wrong_columns(count, width)))
    return replace(found, joined=joined)


def _cells(text: str, mark: str, width: int) -> list[str]:
    """The cells of a row; quotation marks after backslashes belong to the cell where that gives the right width."""
    cells = next(csv.reader([text], delimiter=mark), [])
    if len(cells) != width and '\\"' in text:
        escaped = next(csv.reader([text], delimiter=mark, escapechar="\\", doublequote=False), [])
        return escaped if len(escaped) == width else cells
    return cells


def _lines(cut: Sequence[tuple[int, list[str]]], place: int, whole: WholeRows) -> tuple[int, list[str]] | None:
    """How many rows from a place on are pieces of one record, and its cells; None where they are not."""
    first = cut[place][0]
    pieces = [cut[place][1]]
    for number, cells in cut[place + 1 : place + MOST_LINES]:
        if number != first + len(pieces):
            return None
        pieces.append(cells)
        record = whole.lines_joined(pieces)
        if record is not None:
            return len(pieces), record
    return None


def with_row_names(header: Header, rows: Sequence[Sequence[str]]) -> Header:
    """The header with a column before it where all rows have one cell more that numbers them (``write.table`` of R)."""
    below = [row for row in rows[header.row + 1 :] if any(cell.strip() for cell in row)]
    if not below or any(len(row) != len(header.names) + 1 for row in below):
        return header
    if not all(names[0] for names in header.names) or not any(row[-1].strip() for row in below):
        return header
    numbers = [row[0].strip() for row in below]
    first = int(numbers[0]) if numbers[0] in ("0", "1") else 1
    if numbers != [str(number) for number in range(first, first + len(numbers))]:
        return header
    places = {name: place + 1 for name, place in header.match.places.items()}
    return replace(header, names=(("",), *header.names), match=replace(header.match, places=places))
