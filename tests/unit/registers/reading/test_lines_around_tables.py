# ruff: noqa: E501 (tables of words)
"""Notes below a table are no persons; headings that stand twice are named; a draft refuses what it cannot read."""

from __future__ import annotations

import tomllib

import pytest
from openpyxl import Workbook

from wasl.errors import RegisterError
from wasl.registers.documents import validate_document
from wasl.registers.reading.draft import draft_register
from wasl.registers.reading.reader import read_register
from wasl.registers.schema import RegisterSchema

COLUMNS = ["N° dossier", "Nom", "Prénom", "Sexe", "Né(e) le", "Nationalité"]
ROWS = [
    [f"D{n:05d}", ("Diallo", "Tazi")[n % 2], ("Awa", "Ali")[n % 2], "FM"[n % 2], f"0{n % 9 + 1}/02/1990", "SEN"]
    for n in range(40)
]
NOTES = ["Source : DGSN, extraction du 12/03/2026", "(*) données provisoires", "Note: les dates sont provisoires", "NB : à vérifier",
         "Les champs vides sont inconnus", "المصدر: المديرية العامة", "ملاحظة: أرقام مؤقتة", "Printed by the office"]  # fmt: skip


def written(tmp_path, rows):
    path = tmp_path / "file.csv"
    path.write_text("\n".join(";".join(row) for row in rows) + "\n", encoding="utf-8")
    return path


def read(path):
    schema = validate_document(RegisterSchema, tomllib.loads(draft_register(path)), "draft")
    return read_register(path, schema)


@pytest.mark.parametrize("place", [0, 3, 5])
@pytest.mark.parametrize("note", NOTES)
@pytest.mark.parametrize("count", [1, 2])
def test_notes_below_a_table_are_refused_and_counted(tmp_path, note, count, place):
    line = [""] * place + [note] + [""] * (len(COLUMNS) - 1 - place)
    found = read(written(tmp_path, [COLUMNS, *ROWS, *[line] * count]))
    assert (found.table.num_rows, found.rows_rejected) == (len(ROWS), count)
    assert "a note below the table, not a record" in found.rejects["reason"].to_pylist()


@pytest.mark.parametrize(
    "last",
    [
        ["D99999", "", "", "", "", ""],
        ["", "Ben Ali", "", "", "", ""],
        ["D99999", "Sow", "", "", "", ""],
        ["", "", "Awa Marie", "", "", ""],
    ],
)
def test_a_short_record_is_no_note(tmp_path, last):
    found = read(written(tmp_path, [COLUMNS, *ROWS, last]))
    assert "a note below the table, not a record" not in found.rejects["reason"].to_pylist()


def test_only_the_last_rows_can_be_notes(tmp_path):
    line = ["Source : DGSN", *[""] * (len(COLUMNS) - 1)]
    found = read(written(tmp_path, [COLUMNS, *ROWS[:20], line, *ROWS[20:]]))
    assert "a note below the table, not a record" not in found.rejects["reason"].to_pylist()


@pytest.mark.parametrize("heading", COLUMNS[1:])
def test_a_draft_names_the_headings_that_stand_twice(tmp_path, heading):
    place = COLUMNS.index(heading)
    text = draft_register(written(tmp_path, [[*COLUMNS, heading], *([*row, row[place]] for row in ROWS)]))
    assert f"# Left out, because several columns have this heading: {heading}." in text


def test_a_draft_refuses_lines_in_quotation_marks_as_a_whole(tmp_path):
    lines = [['"' + ",".join(f'""{cell}""' for cell in row) + '"'] for row in [COLUMNS, *ROWS]]
    with pytest.raises(RegisterError, match="quotation marks as a whole"):
        draft_register(written(tmp_path, lines))


def test_a_draft_refuses_a_header_deeper_than_it_looks(tmp_path):
    book = Workbook()
    for row in [["Rapport"], *[[]] * 70, COLUMNS, *ROWS]:
        book.active.append(row)
    path = tmp_path / "file.xlsx"
    book.save(path)
    with pytest.raises(RegisterError, match="--header-row"):
        draft_register(path)
