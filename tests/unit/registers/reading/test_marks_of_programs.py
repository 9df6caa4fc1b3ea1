"""What programs put around cells, rows and tables: quotation marks, rules, other separators, tables on their side."""

from __future__ import annotations

import pytest
from openpyxl import Workbook

from wasl.errors import RegisterError
from wasl.registers.reading.other_separators import OTHER_SEPARATORS
from wasl.registers.reading.reader import read_register
from wasl.registers.schema import RegisterSchema

NAMES = (
    "num_inscription num_carte_sejour campagne nom prenom sexe date_naissance nationalite region secteur montant statut"
)
COLUMNS = NAMES.split()
ROWS = [
    [f"{n:04d}", f"A{n}7331", "2014", name, "Awa", "F", f"0{n}/02/1990", "SEN", "04", "G", "1000", "financé"]
    for n, name in enumerate(["Diallo", "N'Diaye", "Kone", "El Alaoui"], 1)
]
SCHEMA = RegisterSchema.load("anapec-projects")


@pytest.fixture
def written(tmp_path):
    def written(rows, mark=";", encoding="utf-8", end=""):
        path = tmp_path / "register.csv"
        path.write_bytes(("\r\n".join(mark.join(row) for row in rows) + "\r\n" + end).encode(encoding))
        return path

    return written


def cells(path):
    return read_register(path, SCHEMA).table.drop_columns("source_row").to_pydict()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("mark", OTHER_SEPARATORS)
def test_every_separator_gives_the_same_cells(written, mark, encoding):
    rows = [[cell.replace("/", "-") for cell in row] for row in [COLUMNS, *ROWS]]
    expected = cells(written(rows))
    assert cells(written(rows, mark, encoding)) == expected
    assert read_register(written(rows, mark, encoding), SCHEMA).separator == mark


def test_rows_of_another_width_are_counted_under_any_separator(written):
    read = read_register(written([COLUMNS, *ROWS, ["5", "only", "three"]], "؛"), SCHEMA)
    assert (read.table.num_rows, read.rows_rejected) == (4, 1)


@pytest.mark.parametrize("marks", ["''", "“”", "‘’", "``", "„“", "«»", "' "])
def test_quotation_marks_around_all_cells_are_dropped_and_counted(written, marks):
    before, after = marks[0], marks[1].strip()
    quoted = [[f"{before}{cell}{after}" for cell in row] for row in ROWS]
    expected = cells(written([COLUMNS, *ROWS]))
    path = written([COLUMNS, *quoted])
    assert cells(path) == expected
    assert read_register(path, SCHEMA).noted("quotes-dropped")["nom"] == len(ROWS)


def test_one_name_that_begins_with_an_apostrophe_keeps_it_and_a_number_does_not(written):
    rows = [row.copy() for row in ROWS]
    rows[0][3], rows[1][1] = "'Abd Allah", "'00123"
    read = read_register(written([COLUMNS, *rows]), SCHEMA)
    assert read.table["nom"].to_pylist()[0] == "'Abd Allah"
    assert read.table["num_carte_sejour"].to_pylist()[1] == "00123"
    assert read.noted("quotes-dropped") == {"num_carte_sejour": 1}


@pytest.mark.parametrize("rule", ["----", "====", ":---", "────", "_____", "—-—"])
def test_lines_of_dashes_are_no_records(written, rule):
    line = [rule] * len(COLUMNS)
    read = read_register(written([COLUMNS, line, *ROWS, line]), SCHEMA)
    assert (read.table.num_rows, read.rows_rejected) == (len(ROWS), 0)
    assert read.noted("headings-repeated") == {"": 2}


@pytest.mark.parametrize("end", ["\x1a", "\0" * 300, "\ufeff", "\u200e"])
def test_marks_of_the_end_of_a_file_are_no_row(written, end):
    read = read_register(written([COLUMNS, *ROWS], end=end), SCHEMA)
    assert (read.table.num_rows, read.rows_read) == (len(ROWS), len(ROWS))


def sheet(tmp_path, rows):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    path = tmp_path / "register.xlsx"
    book.save(path)
    return path


@pytest.mark.parametrize("before", [0, 1, 3])
def test_a_table_on_its_side_is_named_and_no_value_is_shown(tmp_path, before):
    rows = [["Liste"]] * before + [list(column) for column in zip(COLUMNS, *ROWS, strict=True)]
    with pytest.raises(RegisterError, match="each record is a column") as refusal:
        read_register(sheet(tmp_path, rows), SCHEMA)
    assert not any(cell in str(refusal.value) for row in ROWS for cell in (row[1], row[3], row[6]))


@pytest.mark.parametrize("place", range(3))
def test_a_record_with_a_word_that_is_a_heading_elsewhere_shows_no_value(written, place):
    rows = [row.copy() for row in ROWS]
    rows[place][9] = "statut"
    with pytest.raises(RegisterError, match="looks like a record") as refusal:
        read_register(written(rows), SCHEMA)
    assert not any(cell in str(refusal.value) for row in ROWS for cell in (row[1], row[3], row[6]))


def test_a_sheet_of_one_cell_is_not_told_of_separators(tmp_path):
    with pytest.raises(RegisterError, match="--header-row") as refusal:
        read_register(sheet(tmp_path, [["Rapport"]] + [[]] * 70 + [COLUMNS, *ROWS]), SCHEMA)
    assert "not divided" not in str(refusal.value)
