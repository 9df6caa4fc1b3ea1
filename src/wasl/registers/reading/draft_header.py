"""Finds the header of a file for which there is no schema yet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wasl.errors import RegisterError
from wasl.registers.reading.csv_files import read_preface, refuse_whole_lines
from wasl.registers.reading.headers import ROWS_SEARCHED, Header, Wanted, find_header, unprefixed
from wasl.registers.reading.headings import HEADINGS
from wasl.registers.reading.marks import without_marks
from wasl.registers.reading.missing_columns import ON_ITS_SIDE, TRANSPOSE, of_one_column, stands_in_rows
from wasl.registers.reading.parquet_files import column_names
from wasl.registers.reading.sources import check_file
from wasl.registers.reading.width import doubled
from wasl.registers.reading.workbooks import hidden_sheets, sheet_rows
from wasl.registers.schema import FileLayout

__all__ = ["HeaderPlace", "locate"]

PURE_NUMBER = re.compile(r"[\s.,]*\d[\d\s.,]*")
LONG_NUMBER = re.compile(r"\d{5}")
FULL_DATE = re.compile(r"\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}")


@dataclass(frozen=True, slots=True)
class HeaderPlace:
    """The headings of a file, and where and how it has them.

    Attributes:
        headings: Those that stand once.
        several: Those that stand over several columns, which are left out.
        layout: Sheet, row, encoding and separator.
    """

    headings: tuple[str, ...]
    several: tuple[str, ...]
    layout: FileLayout


def locate(path: Path, sheet: str | None, encoding: str | None) -> HeaderPlace:
    """The headings that stand once, and where and how the file has them.

    Raises:
        RegisterError: The file cannot be read, its header is a record, or it has no column with a heading.
    """
    known = Wanted(tuple(HEADINGS), frozenset(HEADINGS), {name: ((), (), texts) for name, texts in HEADINGS.items()})
    kind = check_file(path)
    layout = FileLayout(sheet=sheet, encoding=encoding)
    if kind == "parquet":
        names: Sequence[str] = [texts[0] for texts in unprefixed([(name,) for name in column_names(path)])]
    else:
        if kind == "csv":
            preface, header = read_preface(path, known, layout)
            refuse_whole_lines(path, preface, header)
            rows: Sequence[Sequence[str | None]] = preface.rows
            best = _likeliest(rows, header)
            layout = layout.model_copy(update={"separator": preface.separator})
        else:
            best, chosen, rows = _best_sheet(path, sheet, known)
            layout = layout.model_copy(update={"sheet": chosen})
        layout = layout.model_copy(update={"header_row": best.row + 1})
        names = [without_marks(texts[0]) for texts in unprefixed(best.names)]
        if stands_in_rows(best, known, rows):
            raise RegisterError(f"{path}: {ON_ITS_SIDE}", remedy=TRANSPOSE)
        _require_names(path, best, names)
        if kind == "excel" and len(rows) >= ROWS_SEARCHED and sum(map(bool, names)) == 1:
            raise RegisterError(f"{path}: row {best.row + 1} names one column.", remedy=of_one_column(cut=False))
    several = set(doubled(names))
    once = [name for name in dict.fromkeys(names) if name and name not in several]
    if not once:
        raise RegisterError(f"{path}: no row names the columns.", remedy="Put a heading over each column.")
    return HeaderPlace(tuple(once), tuple(name for name in dict.fromkeys(names) if name in several), layout)


def _require_names(path: Path, header: Header, names: Sequence[str]) -> None:
    """Refuse a header that is a record: it has a date, or two cells that are numbers and nothing else.

    Raises:
        RegisterError: It is. No cell is shown.
    """
    shown = [name for name in names if name]
    numbers = sum(PURE_NUMBER.fullmatch(name) is not None for name in shown)
    long = sum(LONG_NUMBER.search(name) is not None for name in shown)
    if any(FULL_DATE.search(name) for name in shown) or numbers >= 2 or 2 * long > max(2, len(shown)):
        raise RegisterError(
            f"{path}: row {header.row + 1} was taken for the header, but it looks like a record.",
            remedy="Put the names of the columns in the first row, and choose the file again.",
        )


def _best_sheet(path: Path, sheet: str | None, known: Wanted) -> tuple[Header, str, Sequence[Sequence[str | None]]]:
    found = []
    hidden = hidden_sheets(path)
    sheets = sheet_rows(path, sheet, 60)
    for name, rows in sheets.items():
        header = find_header(rows, known)
        if header is not None:
            best = _likeliest(rows, header)
            width = sum(bool(texts[0]) for texts in best.names)
            found.append(
                (len(best.match.places), width, name not in hidden, any(map(any, rows[best.row + 1 :])), best, name)
            )
    if not found:
        raise RegisterError(f"{path}: no sheet has cells.")
    *fit, best, name = max(found, key=lambda item: item[:4])
    equal = [other for *rank, header, other in found if rank == fit and rank[0] > 1 and header.names == best.names]
    if len(equal) > 1:
        raise RegisterError(
            f"{path}: {len(equal)} sheets have the columns: {', '.join(map(repr, equal))}.",
            remedy="Say which with --sheet, or put them in one sheet.",
        )
    return best, name, sheets[name]


def _likeliest(rows: Sequence[Sequence[str | None]], header: Header) -> Header:
    """The header found by known headings; where fewer than two are known, the first row as wide as the table."""
    if len(header.match.places) >= 2:
        return header
    widths = [sum(bool(cell and cell.strip()) for cell in row) for row in rows]
    row = next(place for place, width in enumerate(widths) if width == max(widths))
    return Header(row, tuple(((cell or "").strip(),) for cell in rows[row]), header.match)
