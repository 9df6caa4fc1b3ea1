"""Lines of a table that hold no person: totals and notes below it, and descriptions of its columns above it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wasl.registers.reading.description_rows import description_rows
from wasl.registers.reading.marks import without_marks
from wasl.registers.reading.refusals import DESCRIPTION, NOTE, TOTALS

__all__ = ["lines_without_record", "note_rows", "total_rows"]

LAST_ROWS = 5
"""Totals stand at the end of a list; so many rows are looked at."""
SHARE = 0.5
"""A line of totals has at most this share of the cells that the rows before it have."""
LEAST_COLUMNS = 4
"""A table of fewer columns may have records of one cell."""
PHRASE = re.compile(r"(?<![^\W\d_])(?:[^\W\d_]{2,}+\s++\S*[^\W\d_]{2}|[^\W\d_]{3,}+\s*+:)")
"""Two words, or one before a colon."""
NOTE_BEGINS = re.compile(
    r"\W*(?:sources?|notes?|nb|n\.b|remarques?|observations?|nota|fuente|quelle|champ|lecture|données|extraction|édité|imprimé|généré"
    r"|ملاحظة|ملاحظات|المصدر|مصدر)\b\W*[:(\-]|\(\*+\)|\*+\s",
    re.IGNORECASE,
)
WORD = re.compile(
    r"\W*(?:(?:sous[ -]?|grand )?tot(?:al|aux)\b|somme\b|effectif\b|nombre (?:de|total)\b|nbre?\b|fin (?:de|du)\b"
    r"|sum of\b|end of\b|(?:ال)?مجموع\b|(?:ال)?إجمالي\b|(?:ال)?اجمالي\b|عدد\b|نهاية\b)",
    re.IGNORECASE,
)


def lines_without_record(
    columns: Mapping[str, pa.ChunkedArray], names: Sequence[str], rows: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], list[tuple[NDArray[np.int64], str, str, str]]]:
    """Find the lines that are no records.

    Args:
        columns: (rows) each column as text.
        names: The columns of names.
        rows: (rows) their numbers in the file.

    Returns:
        (rows) True for such a line; and refusals: rows, column, kind, reason.
    """
    described = description_rows(columns)
    totals = total_rows(columns, names) & ~described
    notes = note_rows(columns, names) & ~described & ~totals
    refused = [
        (rows[lines], "", "row", reason)
        for lines, reason in ((described, DESCRIPTION), (totals, TOTALS), (notes, NOTE))
        if lines.any()
    ]
    return described | totals | notes, refused


def note_rows(columns: Mapping[str, pa.ChunkedArray], names: Sequence[str]) -> NDArray[np.bool_]:
    """Find the notes below a table: its last rows, as long as they hold one cell, a phrase, and it is no name.

    Args:
        columns: (rows) each column as text.
        names: The columns of names: a cell in one of them may name a person.

    Returns:
        (rows) True for a note.
    """
    count = len(next(iter(columns.values()))) if columns else 0
    found = np.zeros(count, dtype=bool)
    if len(columns) < LEAST_COLUMNS:
        return found
    for row in range(count - 1, max(0, count - LAST_ROWS), -1):
        said = {name: str(column[row].as_py()) for name, column in columns.items() if column[row].is_valid}
        if len(said) > 1:
            break
        found[row] = bool(said) and all(
            NOTE_BEGINS.match(text) or (name not in names and PHRASE.search(text)) for name, text in said.items()
        )
        if said and not found[row]:
            break
    return found


def total_rows(columns: Mapping[str, pa.ChunkedArray], names: Sequence[str]) -> NDArray[np.bool_]:
    """Find the lines of totals: they are among the last rows, much emptier than the others, and a cell begins so.

    Args:
        columns: (rows) each column as text.
        names: The columns of names. A cell in one of them says nothing alone: somebody may be called *Total*.

    Returns:
        (rows) True for a line of totals.
    """
    count = len(next(iter(columns.values()))) if columns else 0
    found = np.zeros(count, dtype=bool)
    if count < 2:
        return found
    filled = np.zeros(count, dtype=np.int32)
    for column in columns.values():
        filled += np.asarray(pc.is_valid(column)).astype(np.int32)
    usual = float(np.median(filled))
    for row in range(max(1, count - LAST_ROWS), count):
        if filled[row] > SHARE * usual:
            continue
        said = {name: str(column[row].as_py()) for name, column in columns.items() if column[row].is_valid}
        begins = [name for name, text in said.items() if WORD.match(without_marks(text))]
        found[row] = bool(begins) and (begins[0] not in names or len(said) == 1)
    return found
