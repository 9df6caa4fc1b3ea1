"""Reads the truth that a linkage is compared with, as spreadsheets write it, and refuses what would mislead."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wasl.errors import InputError, RegisterError
from wasl.linkage.persons.ids import distinct_ids
from wasl.linkage.quality.table_headers import HEADER_ROWS, NEEDED, claimed_names, named
from wasl.linkage.quality.text_keys import codes_in, in_parts, text_keys, text_table
from wasl.linkage.quality.text_tables import SEPARATORS, codec_of, columns_of_text
from wasl.registers.reading.encodings import encoding_of
from wasl.registers.reading.marks import without_apostrophe, without_equals, without_marks

__all__ = ["HEADER_ROWS", "Truth", "clean_truth", "parse_table", "readings_of", "require_columns", "table_of"]

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
    "#nv",
    "#wert!",
    "#bezug!",
    "#valor!",
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
        *("(null)", "[null]", "<null>", "\\n", "nat", "(vide)", "vide", "(blank)", "(empty)", "missing", "manquant"),
        *("sans", "tbd", "à déterminer", "a determiner", "non apparié", "non trouvé", "not found", "no match"),
        *("unmatched", "desconocido", "desconocida", "desconhecido", "sconosciuto", "unbekannt", "bilinmiyor"),
        *(
            "فارغ",
            "غير موجود",
            "غير مطابق",
            "aucun",
            "aucune",
            "indéterminé",
            "non déterminé",
            "غير معروف",
            "غير محدد",
            "مجهول",
            "لا يوجد",
        ),
    ]
)
"""A failed look-up leaves such a text in a cell, a program writes it for an empty one, or a reviewer who does not know.
It is no person, nor is a text without a letter or digit (``-``, ``?``)."""
UNTIDY = r"[^\x21-\x7e ]|^ | $|  |^=|^'"
"""RE2: a text that may be untidy: a character that is not plain, spaces at an end or beside another, a formula."""
ROWS_SHOWN = 5
Rows = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Truth:
    """The person of each record.

    Attributes:
        table: ``register, record, person`` and the columns to group by, as text without spaces around it.
        without_person: Rows whose person is empty: the person is unknown, so the row says nothing and is left out.
        without_record: Rows without a record number, likewise.
    """

    table: pa.Table = field(repr=False)
    without_person: int
    without_record: int = 0

    @property
    def rows(self) -> pd.DataFrame:
        """The table as a frame."""
        frame: pd.DataFrame = self.table.to_pandas()
        return frame


def parse_table(data: bytes, where: str) -> pd.DataFrame:
    """A CSV file in memory as text columns; see :func:`wasl.linkage.quality.text_tables.columns_of_text`.

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
    table = columns_of_text(lambda: io.TextIOWrapper(io.BytesIO(data), codec_of(encoding), newline=""), where)
    return pd.DataFrame({name: table.column(name).to_pylist() for name in table.column_names}, dtype=object)


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
        known = [len(claimed_names(row)) for _, row in filled[:HEADER_ROWS]]
        if filled:
            found.append((max(known), known.index(max(known)), filled))
    if not found:
        raise InputError(f"{where}: the file has no header.", remedy=f"Its first line names {', '.join(NEEDED)}.")
    _, start, filled = max(found, key=lambda one: one[0])  # of equal ones the first
    header = named(filled[start][1], where)
    if not any(name and name.isprintable() for name in header):  # bytes that are no text
        raise InputError(f"{where}: the file has no header.", remedy=f"Its first line names {', '.join(NEEDED)}.")
    width = len(header)
    wrong = [place for place, row in filled[start + 1 :] if any(map(str.strip, row[width:]))]
    if wrong:
        raise InputError(f"{where}: row {wrong[0]} has more cells than the header.", remedy="Quote cells with commas.")
    cells = [(list(row) + [""] * width)[:width] for _, row in filled[start + 1 :]]
    frame = pd.DataFrame(cells, columns=header, dtype=object)
    return frame.loc[:, [name for name in frame.columns if name]]


def clean_truth(truth: pd.DataFrame | pa.Table) -> Truth:
    """The truth's rows that say something, trimmed.

    Raises:
        InputError: A column is missing, or a record is there twice.
    """
    names = named(
        [str(name) for name in (truth.column_names if isinstance(truth, pa.Table) else truth.columns)], "the truth"
    )
    require_columns(names, NEEDED, "truth")
    table = text_table(truth).rename_columns(names)
    for column in NEEDED:
        place = table.column_names.index(column)
        table = table.set_column(place, column, in_parts(table.column(column), _trimmed))
    place = table.column_names.index("person")
    table = table.set_column(place, "person", in_parts(table.column("person"), _somebody))
    given = _not_empty(table, "record")
    doubled = _doubled(given)
    if len(doubled):
        places = [int(place) + 2 for place in doubled[:ROWS_SHOWN]]
        raise InputError(
            f"the truth has {len(doubled)} rows whose record is there more than once, for example rows "
            f"{', '.join(map(str, places))}.",
            remedy="Give each record of a register one row.",
        )
    known = _not_empty(given, "person")
    return Truth(known, len(given) - len(known), len(table) - len(given))


def _not_empty(table: pa.Table, column: str) -> pa.Table:
    """The rows with a text in a column; where all have one, nothing is copied."""
    there = pc.not_equal(table.column(column), "")
    return table.filter(there) if pc.min(there).as_py() is False else table


def _doubled(given: pa.Table) -> NDArray[np.int64]:
    """The rows whose record another row of the register has, too."""
    register = codes_in(given.column("register"), {})
    _, number = distinct_ids(text_keys(given.column("record"), register))
    return np.flatnonzero(np.bincount(number)[number] > 1) if len(number) else np.empty(0, np.int64)


def _trimmed(texts: pa.Array) -> pa.Array:
    """Texts without marks, formulas, and spaces around them; nearly all are so already."""
    return _mapped(
        texts,
        pc.match_substring_regex(texts, UNTIDY),
        lambda text: without_apostrophe(without_equals(without_marks(text))),
    )


def _tidy(text: str) -> str:
    return without_apostrophe(without_equals(without_marks(text)))


def _somebody(persons: pa.Array) -> pa.Array:
    """Persons, and an empty text where the cell names nobody."""
    plain = pc.and_(pc.match_substring_regex(persons, "[0-9A-Za-z]"), pc.string_is_ascii(persons))
    doubtful = pc.or_(pc.invert(plain), pc.is_in(pc.utf8_lower(persons), pa.array(sorted(NOBODY), persons.type)))
    return _mapped(persons, doubtful, lambda person: "" if _is_nobody(person) else person)


def _mapped(texts: pa.Array, chosen: pa.Array, change: Callable[[str], str]) -> pa.Array:
    """Texts of which the chosen ones are changed one by one."""
    places = np.flatnonzero(np.asarray(chosen))
    if not len(places):
        return texts
    values = texts.to_pylist()
    for place in places.tolist():
        values[place] = change(values[place])
    return pa.array(values, texts.type)


def _is_nobody(person: str) -> bool:
    return person.casefold() in NOBODY or not any(map(str.isalnum, person))


def require_columns(found: Sequence[str], columns: Sequence[str], what: str) -> None:
    """Refuse a table that lacks one of the columns.

    Args:
        found: The columns it has.
        columns: Those it needs.
        what: It, for the message.

    Raises:
        InputError: Names the missing columns and those found.
    """
    missing = [name for name in columns if name not in found]
    if missing and any(re.search(r"\d{3}", name) for name in found):
        raise InputError(
            f"the {what} lacks the column {', '.join(missing)}. The first row looks like a record, not like headings.",
            remedy=f"It needs {', '.join(columns)}.",
        )
    if missing:
        raise InputError(
            f"the {what} lacks the column {', '.join(missing)}.",
            remedy=f"It needs {', '.join(columns)}. Found: {', '.join(found)}.",
        )
