"""Workbooks are read by calamine where it gives what openpyxl gives: cell by cell, over what workbooks hold."""

from __future__ import annotations

import datetime as dt
import re
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from wasl.registers.reading import workbooks
from wasl.registers.reading.reader import read_register
from wasl.registers.schema import RegisterSchema

NAMES = (
    "num_inscription num_carte_sejour campagne nom prenom sexe date_naissance nationalite region secteur montant statut"
)
COLUMNS = NAMES.split()
SCHEMA = RegisterSchema.load("anapec-projects")
CELLS = st.one_of(
    st.none(),
    st.integers(-10, 10**12),
    st.sampled_from([2**53 + 1, 12345678901234567, 1234567890123456789012, -(2**60) - 1]),
    st.floats(-1e9, 1e9).map(lambda number: round(number, 3)),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cf"]), max_size=12),
    st.sampled_from(["#REF!", "#N/A", "#DIV/0!", "#VALUE!", "00123", "1E+05", " x ", "=", "TRUE"]),
    st.booleans(),
    st.dates(dt.date(1901, 1, 1), dt.date(2090, 1, 1)),
    st.dates(dt.date(1901, 1, 1), dt.date(2090, 1, 1)).map(lambda day: dt.datetime.combine(day, dt.time(13, 30))),
    st.times().map(lambda time: time.replace(microsecond=0)),
)


@pytest.fixture
def slow(monkeypatch):
    def read(path):
        with monkeypatch.context() as patch:
            patch.setattr(workbooks, "fast_rows", lambda *_: None)
            return read_register(path, SCHEMA)

    return read


def write(path, rows, change=None):
    book = Workbook()
    page = book.active
    page.append(COLUMNS)
    for r, row in enumerate(rows, start=2):
        for c, cell in enumerate(row, start=1):
            page.cell(r, c).value = cell
    if change is not None:
        change(page)
    book.save(path)
    return path


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.tuples(*[CELLS] * 10), min_size=1, max_size=5), epoch=st.sampled_from([1900, 1904]))
def test_every_cell_is_the_one_that_openpyxl_gives(tmp_path_factory, rows, epoch):
    path = tmp_path_factory.mktemp("fast") / "r.xlsx"
    plain = [["1", "A1", "2014", "Diallo"]] * workbooks.PREFACE_ROWS  # the rows that both readers compare
    write(path, [*plain, *[[str(n), "A1", *row] for n, row in enumerate(rows, start=1)]])
    if epoch == 1904:
        _edit(path, "workbook.xml", rb"<workbookPr[^>]*/>", b'<workbookPr date1904="1"/>')
    with workbooks._workbook(path) as book:
        page = book.worksheets[0]
        read = workbooks._all_rows(path, page)
        assert type(read).__name__ == "list_iterator"  # calamine has read it
        fast = [tuple(map(workbooks._cell_text, row)) for row in read]
        page.reset_dimensions()
        slow = [tuple(map(workbooks._cell_text, row)) for row in page.iter_rows(values_only=True)]
    assert len(fast) == len(slow)
    for one, two in zip(fast, slow, strict=True):
        width = max(len(one), len(two))
        assert (*one, *[None] * (width - len(one))) == (*two, *[None] * (width - len(two)))


def test_what_calamine_loses_is_kept_far_below_the_first_rows(tmp_path, slow):
    rows = [[str(n), f"A{n}", "2014", f"Nom{n}", "Awa", "F", "01/02/1990", "SEN"] for n in range(200)]
    rows[150][1], rows[160][1], rows[170][3] = "#REF!", 987654, "#N/A"
    path = write(tmp_path / "r.xlsx", rows)
    _edit(path, "sheet1.xml", b"<v>987654</v>", b"<v>12345678901234567</v>")
    fast, other = read_register(path, SCHEMA), slow(path)
    assert fast.table.equals(other.table)
    assert (fast.notes, fast.numeric) == (other.notes, other.numeric)
    assert fast.table["num_carte_sejour"].to_pylist()[150:161:10] == ["#REF!", "12345678901234567"]


def test_a_cell_far_away_is_read_by_openpyxl(tmp_path):
    path = write(tmp_path / "r.xlsx", [["1", "A1", "2014", "Diallo"]])
    _edit(path, "sheet1.xml", rb"</sheetData>", b'<row r="900000"><c r="XFA900000"><v>1</v></c></row></sheetData>')
    assert read_register(path, SCHEMA).table["nom"].to_pylist()[0] == "Diallo"


def _edit(path, part, old, new):
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = next(name for name in parts if name.endswith(part))
    parts[name], count = re.subn(old, new, parts[name])
    assert count
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
