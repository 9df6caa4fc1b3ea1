"""Reads the truth that a linkage is compared with, as spreadsheets write it, and refuses what would mislead."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from wasl.errors import InputError, RegisterError
from wasl.registers.reading.encodings import encoding_of
from wasl.registers.reading.headers import words_key
from wasl.registers.reading.marks import without_equals, without_marks

__all__ = ["HEADER_ROWS", "Truth", "clean_truth", "parse_table", "readings_of", "require_columns", "table_of"]

NEEDED = ("register", "record", "person")
HEADINGS = {
    "register": ("register", "registre", "السجل", "nom du registre", "register name"),
    "record": ("record", "enregistrement", "record number", "numéro d'enregistrement", "رقم التسجيل", "numéro"),
    "record_id": ("record_id", "id enregistrement", "identifiant enregistrement"),
    "person": (
        "person", "personne", "individu", "الشخص", "person id", "id personne", "identifiant de la personne",
        "numéro de la personne", "person number", "رقم الشخص", "id individu",
    ),
}  # fmt: skip
"""Headings of the columns, surest first; they are compared by their words, without order, case and accents."""
SEPARATORS = (",", ";", "\t", "|")
HEADER_ROWS = 20
"""Rows among which the header is looked for: titles and empty rows may stand above it."""
ERRORS = (
    "#n/a",
    "#na",
    "#ref!",
    "#value!",
    "#valeur!",
    "#name?",
    "#nom?",
    "#div/0!",
    "#num!",
    "#nombre!",
    "#null!",
    "#nul!",
)
NOBODY = frozenset(
    [
        *ERRORS,
        *(
            "null",
            "na",
            "n/a",
            "nan",
            "none",
            "<na>",
            "nd",
            "n/d",
            "nc",
            "inconnu",
            "inconnue",
            "unknown",
            "néant",
            "neant",
        ),
        *("aucun", "aucune", "indéterminé", "non déterminé", "غير معروف", "غير محدد", "مجهول", "لا يوجد"),
    ]
)
"""A failed look-up leaves such a text in a cell, a program writes it for an empty one, or a reviewer who does not know.
It is no person, nor is a text without a letter or digit (``-``, ``?``)."""
ROWS_SHOWN = 5
Rows = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Truth:
    """The person of each record.

    Attributes:
        rows: ``register, record, person`` and the columns to group by, as text without spaces around it.
        without_person: Rows whose person is empty: the person is unknown, so the row says nothing and is left out.
        without_record: Rows without a record number, likewise.
    """

    rows: pd.DataFrame = field(repr=False)
    without_person: int
    without_record: int = 0


def parse_table(data: bytes, where: str) -> pd.DataFrame:
    """A CSV file as text columns, however a spreadsheet writes it.

    It may have commas, semicolons, tabs or bars, a ``sep=`` line, titles above the header, and any encoding that can be
    told.

    Args:
        data: The file.
        where: Its name, for messages.

    Raises:
        InputError: It cannot be decoded or cut into columns, or has no header.
    """
    return table_of(readings_of(data, where), where)


def readings_of(data: bytes, where: str) -> list[Rows]:
    """The rows of cells of a CSV file for each way to cut it, the likeliest first.

    Raises:
        InputError: It cannot be decoded.
    """
    try:
        encoding = encoding_of(data, where)
    except RegisterError as error:
        raise InputError(str(error)) from None
    text = data.decode("utf-8-sig" if encoding == "utf-8" else encoding).lstrip("\ufeff\r\n")
    first, _, rest = text.replace("\r\n", "\n").replace("\r", "\n").partition("\n")
    said = first.strip(' "')
    if said.lower().startswith("sep=") and len(said) == len("sep=") + 1:
        return [_cut(rest, said[-1])]
    return [_cut(text, mark) for mark in sorted(SEPARATORS, key=first.count, reverse=True)]


def _cut(text: str, mark: str) -> Rows:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=mark))


def table_of(readings: Sequence[Rows], where: str) -> pd.DataFrame:
    """The reading of a file that has a header of known columns, as text columns.

    Args:
        readings: Rows of cells: of each way to cut the file, or of each sheet of a workbook, the likeliest first.
        where: The file, for messages.

    Raises:
        InputError: No reading has a header, a row is wider than its header, or two columns have one name.
    """
    found = []
    for rows in readings:
        filled = [(place, row) for place, row in enumerate(rows, 1) if any(map(str.strip, row))]
        known = [len(_claimed(row)) for _, row in filled[:HEADER_ROWS]]
        if filled:
            found.append((max(known), known.index(max(known)), filled))
    if not found:
        raise InputError(f"{where}: the file has no header.", remedy=f"Its first line names {', '.join(NEEDED)}.")
    _, start, filled = max(found, key=lambda one: one[0])  # of equal ones the first
    header = _named(filled[start][1], where)
    if not any(name and name.isprintable() for name in header):  # bytes that are no text
        raise InputError(f"{where}: the file has no header.", remedy=f"Its first line names {', '.join(NEEDED)}.")
    width = len(header)
    wrong = [place for place, row in filled[start + 1 :] if any(map(str.strip, row[width:]))]
    if wrong:
        raise InputError(f"{where}: row {wrong[0]} has more cells than the header.", remedy="Quote cells with commas.")
    cells = [(list(row) + [""] * width)[:width] for _, row in filled[start + 1 :]]
    frame = pd.DataFrame(cells, columns=header, dtype=object)
    return frame.loc[:, [name for name in frame.columns if name]]


def _claimed(header: Sequence[str]) -> dict[int, str]:
    """The usual name of each known column of a header, by its place; the surest heading of a name takes it."""
    words = [words_key(text) for text in header]
    claimed: dict[int, str] = {}
    for usual, headings in HEADINGS.items():
        keys = [words_key(heading) for heading in headings]
        ranks = [keys.index(own) if own in keys else len(keys) for own in words]
        best = min(ranks, default=len(keys))
        if best < len(keys):
            claimed |= {place: usual for place, rank in enumerate(ranks) if rank == best}
    return claimed


def _named(header: Sequence[str], where: str) -> list[str]:
    """The headings by their usual names, without marks and case; unknown headings keep their spelling.

    Raises:
        InputError: Two columns have one name.
    """
    claimed = _claimed(header)
    names = [claimed.get(place, without_marks(text)) for place, text in enumerate(header)]
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise InputError(
            f"{where}: two columns are headed {', '.join(twice)}.", remedy="Keep one of them, or rename the other."
        )
    return names


def clean_truth(truth: pd.DataFrame) -> Truth:
    """The truth's rows that say something, trimmed.

    Raises:
        InputError: A column is missing, or a record is there twice.
    """
    rows = truth.set_axis(_named([str(name) for name in truth.columns], "the truth"), axis=1)
    require_columns(rows, NEEDED, "truth")
    for column in NEEDED:
        texts = rows[column].astype(object).where(rows[column].notna(), "").astype(str)
        rows[column] = texts.map(without_marks).map(without_equals)
    rows["person"] = rows["person"].where(~rows["person"].map(_is_nobody), "")
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
    return Truth(given[named], int((~named).sum()), len(rows) - len(given))


def _is_nobody(person: str) -> bool:
    return person.casefold() in NOBODY or not any(map(str.isalnum, person))


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
