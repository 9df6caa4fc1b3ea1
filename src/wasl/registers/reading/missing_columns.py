"""Refuses a header that lacks a column, and says which columns of the file it may be."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from wasl.errors import RegisterError
from wasl.locale import N_
from wasl.registers.reading.headers import ENUMERATION, ROWS_SEARCHED, Header, Wanted, column_key, words_key
from wasl.registers.reading.marks import without_marks

__all__ = ["ON_ITS_SIDE", "TRANSPOSE", "of_one_column", "require", "stands_in_rows"]

ON_ITS_SIDE = N_("The names of the columns stand below each other in the first column: each record is a column.")
TRANSPOSE = N_("Exchange rows and columns (paste special, transpose), and save the file again.")
IN_ONE_CELL = N_(
    "Each row stands in one cell: divide the cells with Data, Text to Columns, or give the CSV file itself."
)
MOST_SHOWN = 4_000
"""Characters of headings that a message shows."""


def require(
    where: str, header: Header, wanted: Wanted, rows: Sequence[Sequence[str | None]], *, cut: bool = False
) -> None:
    """Refuse a header that lacks a column, with what was found in its place.

    Args:
        where: The file, and its sheet.
        header: The best header found.
        wanted: The columns to find.
        rows: The first rows of the file.
        cut: Whether a separator cuts the file into columns, so that a wrong one leaves a single column.

    Raises:
        RegisterError: A column is missing or there twice; names the row read as header, the columns found and the
            likely matches.
    """
    match = header.match
    if match.doubled:
        name = match.doubled[0]
        key = column_key(name)
        count = sum(any(column_key(text) == key for text in names) for names in header.names)
        raise RegisterError(f"{where}: column {name!r} is there {max(count, 2)} times.", remedy="Keep one of them.")
    if not match.missing:
        return
    missing = ", ".join(match.missing)
    one = len(match.missing) == 1
    head = f"{where}: missing column {missing}." if one else f"{where}: missing columns {missing}."
    if stands_in_rows(header, wanted, rows):
        raise RegisterError(f"{head} {ON_ITS_SIDE}", remedy=TRANSPOSE)
    if _looks_like_data(header, rows):
        raise RegisterError(
            f"{head} Row {header.row + 1} was read as the header, but it looks like a record, not like column names. "
            f"The first {ROWS_SEARCHED} rows were searched.",
            remedy="Put the column names in the first row, or say which row has them (header_row).",
        )
    found = ", ".join(repr(without_marks(names[0])) for names in header.names if names[0])
    likely = "; ".join(
        f"{name!r} may be {' or '.join(repr(text) for text in texts)}"
        for name in match.missing
        if (texts := _likely(name, match.surplus, wanted))
    )
    raise RegisterError(
        f"{head} Row {header.row + 1} was read as the header. Columns found: {found[:MOST_SHOWN]}"
        + (" …" if len(found) > MOST_SHOWN else ".")
        + (f" Likely: {likely}." if likely else ""),
        remedy=IN_ONE_CELL
        if not cut and _in_one_cell(header)
        else of_one_column(cut=cut)
        if sum(bool(names[0]) for names in header.names) == 1 and len(wanted.names) > 1
        else "Add the heading to the column's `aliases` in the register schema (`wasl schema register --copy NAME` "
        "copies a shipped one), or rename the file's column. Where the file does not have it, write `optional = true` "
        "there.",
    )


def _in_one_cell(header: Header) -> bool:
    """True where the only cell of the header is a line of a CSV file."""
    filled = [names[0] for names in header.names if names[0]]
    return len(filled) == 1 and any(filled[0].count(mark) > 1 for mark in ";,\t|")


def of_one_column(*, cut: bool) -> str:
    """What to do where the row read as header has one cell."""
    if cut:
        return "The columns are not divided by ; , tab | ~ or ^: state `separator` in the schema's [file] table."
    return f"The first {ROWS_SEARCHED} rows were searched: say which row (--header-row) and sheet name the columns."


def stands_in_rows(header: Header, wanted: Wanted, rows: Sequence[Sequence[str | None]]) -> bool:
    """True where the first column holds more of the headings than any row: the table is transposed."""
    first = [next((cell for cell in row if cell and cell.strip()), "") for row in rows]
    keys = {
        name: {
            column_key(text) for text in (name, *(text for group in wanted.headings.get(name, ()) for text in group))
        }
        for name in wanted.names
    }
    found = {column_key(cell) for cell in first if cell}
    return sum(bool(own & found) for own in keys.values()) > max(2, len(header.match.places))


VALUE = re.compile(r"\d{5}|\d{1,4}[/.\-]\d{1,2}[/.\-]\d{1,4}|^[\s.,\d]*\d[\s.,\d]*$")
"""A long number, a date, or a number and nothing else: no heading is one."""


def _looks_like_data(header: Header, rows: Sequence[Sequence[str | None]]) -> bool:
    """True where the row read as header is a record: its cells are a person's values and must not be shown."""
    cells = [ENUMERATION.sub("", cell) for cell in rows[header.row] if cell]
    if header.match.places:  # a record may hold a word that is a heading elsewhere
        values = sum(VALUE.search(cell) is not None for cell in cells)
        return 4 * len(header.match.places) < len(cells) and 4 * values > len(cells)
    if any(len(re.findall(r"\d", cell)) >= 2 for cell in cells):
        return True
    following = [cell for row in rows[header.row + 1 : header.row + 6] for cell in row if cell]
    return bool(following) and not any(re.search(r"\d\d", cell) for cell in following)


LIKELY_LETTERS, LIKELY_WORDS = 0.65, 0.5
"""Share of letters, and of words, that a heading has in common with the name of a column it may be. Short words of no
kinship reach .62 by letters (*hello* and *apellido*)."""


def _likely(name: str, surplus: Sequence[str], wanted: Wanted) -> list[str]:
    """Up to two headings that may be the column: words in common, or nearly the same letters."""
    texts = [name, *(text for group in wanted.headings.get(name, ()) for text in group)]
    scored = []
    for heading in surplus:
        words = words_key(heading)
        letters = max(_letters(column_key(text), column_key(heading)) for text in texts)
        common = max(len(words & words_key(text)) / max(1, len(words | words_key(text))) for text in texts)
        if letters >= LIKELY_LETTERS or common >= LIKELY_WORDS:
            scored.append((-max(letters, common), heading))
    return [heading for _, heading in sorted(scored)[:2]]


def _letters(text: str, heading: str) -> float:
    """The share of letters that two names have in common, or 0 below what counts."""
    matcher = difflib.SequenceMatcher(None, text, heading)
    least = min(LIKELY_LETTERS, LIKELY_WORDS)
    if matcher.real_quick_ratio() < least or matcher.quick_ratio() < least:
        return 0.0
    return matcher.ratio()
