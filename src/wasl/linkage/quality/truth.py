"""Reads the truth that a linkage is compared with, as spreadsheets write it, and refuses what would mislead."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from wasl.errors import InputError, RegisterError
from wasl.registers.reading.encodings import encoding_of
from wasl.registers.reading.headers import column_key
from wasl.registers.reading.marks import without_marks

__all__ = ["Truth", "clean_truth", "parse_table", "require_columns"]

NEEDED = ("register", "record", "person")
ALIASES = {
    "register": ("registre", "السجل"),
    "record": ("enregistrement", "numero", "record_number", "رقم"),
    "person": ("personne", "individu", "person_id", "الشخص"),
    "record_id": ("id_enregistrement",),
}
"""Other headings of the columns, as keys."""
SEPARATORS = (",", ";", "\t", "|")
ROWS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Truth:
    """The person of each record.

    Attributes:
        rows: ``register, record, person`` and the columns to group by, as text without spaces around it.
        without_person: Rows whose person is empty: the person is unknown, so the row says nothing and is left out.
    """

    rows: pd.DataFrame = field(repr=False)
    without_person: int


def parse_table(data: bytes, where: str) -> pd.DataFrame:
    """A CSV file as text columns: with comma or semicolon, a ``sep=`` line, in UTF-8 or as a spreadsheet writes it.

    Args:
        data: The file.
        where: Its name, for messages.

    Raises:
        InputError: It cannot be decoded or cut into columns, or has no header.
    """
    try:
        encoding = encoding_of(data, where)
    except RegisterError as error:
        raise InputError(str(error)) from None
    text = data.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    first, _, rest = text.partition("\n")
    said = first.strip().strip('"').lower()
    if said.startswith("sep=") and len(said) == len("sep=") + 1:
        mark, text = said[-1], rest
    else:
        mark = max(SEPARATORS, key=first.count)
    lines = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=mark) if any(map(str.strip, row))]
    header = [_column(name) for name in lines[0]] if lines else []
    if not any(name.strip() and name.isprintable() for name in header):  # nothing, or bytes that are no text
        raise InputError(f"{where}: the file has no header.", remedy=f"Its first line names {', '.join(NEEDED)}.")
    width = len(header)
    wrong = [place for place, row in enumerate(lines[1:], 2) if any(map(str.strip, row[width:]))]
    if wrong:
        raise InputError(f"{where}: row {wrong[0]} has more cells than the header.", remedy="Quote cells with commas.")
    rows = [(row + [""] * width)[:width] for row in lines[1:]]
    frame = pd.DataFrame(rows, columns=header, dtype=object)
    return frame.loc[:, [name for name in frame.columns if name]]


def _column(name: str) -> str:
    """A heading by its usual name, without marks and case; unknown headings keep their spelling."""
    key = column_key(name)
    for usual, others in ALIASES.items():
        if key == usual or key in others:
            return usual
    return without_marks(name)


def clean_truth(truth: pd.DataFrame) -> Truth:
    """The truth's rows that say something, trimmed.

    Raises:
        InputError: A column is missing, or a record is there twice.
    """
    renamed = truth.rename(columns={name: _column(str(name)) for name in truth.columns})
    require_columns(renamed, NEEDED, "truth")
    rows = renamed.copy()
    for column in NEEDED:
        texts = rows[column].astype(object).where(rows[column].notna(), "").astype(str)
        rows[column] = texts.map(without_marks)
    given = rows[rows["record"] != ""]
    doubled = given.duplicated(["register", "record"], keep=False)
    if doubled.any():
        places = [int(place) + 2 for place in doubled.to_numpy().nonzero()[0][:ROWS_SHOWN]]
        raise InputError(
            f"the truth has {int(doubled.sum())} rows whose record is there more than once, for example rows "
            f"{', '.join(map(str, places))}.",
            remedy="Give each record of a register one row.",
        )
    named = given["person"] != ""
    return Truth(given[named], int((~named).sum()))


def require_columns(frame: pd.DataFrame, columns: Sequence[str], what: str) -> None:
    """Refuse a table that lacks one of the columns.

    Raises:
        InputError: Names the missing columns and those found.
    """
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise InputError(
            f"the {what} lacks the column {', '.join(missing)}.",
            remedy=f"It needs {', '.join(columns)}. Found: {', '.join(map(str, frame.columns))}.",
        )
