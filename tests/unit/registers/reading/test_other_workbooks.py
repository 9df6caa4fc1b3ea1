"""Old, binary and OpenDocument workbooks are read by the rules of .xlsx workbooks."""

from __future__ import annotations

import contextlib
import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.registers.reading.other_workbook_files import Error, Merged, record, wide, write

from wasl.errors import RegisterError
from wasl.registers.reading.reader import read_register
from wasl.registers.reading.sources import check_file
from wasl.registers.schema import RegisterSchema

NAMES = (
    "num_inscription num_carte_sejour campagne nom prenom sexe date_naissance nationalite region secteur montant statut"
)
COLUMNS = NAMES.split()
ROWS = [
    [1, "A1733", 2014, "Diallo", "Awa", "F", "01/02/1990", "SEN", "04", "G", 1000.0, "financé"],
    ["2", "A2733", 2017, "سعيد", "Ali", "M", "28/02/1985", "CIV", "06", "F", 1500.5, "en cours"],
]
SCHEMA = RegisterSchema.load("anapec-projects")
KINDS = pytest.mark.parametrize("ending", [".xls", ".xlsb", ".ods"])


def table(path):
    return read_register(path, SCHEMA)


@KINDS
def test_cells_are_read_as_those_of_a_workbook_of_today(tmp_path, ending):
    register = table(write(tmp_path / f"r{ending}", {"Feuil1": [COLUMNS, *ROWS]}))
    assert register.table["nom"].to_pylist() == ["Diallo", "سعيد"]
    assert register.table["num_inscription"].to_pylist() == ["1", "2"]
    assert [float(x) for x in register.table["montant"].to_pylist()] == [1000.0, 1500.5]


@KINDS
def test_the_kind_is_told_by_the_content(tmp_path, ending):
    path = write(tmp_path / f"r{ending}", {"Feuil1": [COLUMNS, *ROWS]}).rename(tmp_path / "register.csv")
    assert check_file(path) == "excel"
    assert table(path).table.num_rows == 2


@KINDS
def test_tables_that_begin_anywhere_and_the_right_sheet(tmp_path, ending):
    moved = [["Liste"], [], [None, None, *COLUMNS], *([None, None, *row] for row in ROWS)]
    path = write(tmp_path / f"r{ending}", {"Lisez-moi": [["rien"]], "Liste": moved})
    register = table(path)
    assert register.table.num_rows == 2
    assert "sheet 'Liste'" in register.layout


@KINDS
def test_sheets_that_all_have_the_columns_are_named(tmp_path, ending):
    path = write(tmp_path / f"r{ending}", {"A": [COLUMNS, *ROWS], "B": [COLUMNS, *ROWS]})
    with pytest.raises(RegisterError, match="2 sheets have the columns"):
        table(path)


@KINDS
def test_a_cell_in_error_is_seen(tmp_path, ending):
    rows = [list(row) for row in ROWS]
    rows[0][1] = Error("#REF!")
    register = table(write(tmp_path / f"r{ending}", {"Feuil1": [COLUMNS, *rows]}))
    assert register.table["num_carte_sejour"].to_pylist() == ["#REF!", "A2733"]


@KINDS
def test_merged_cells_are_filled_and_counted(tmp_path, ending):
    rows = [list(row) for row in ROWS]
    rows[0][8], rows[1][8] = Merged("04"), None
    register = table(write(tmp_path / f"r{ending}", {"Feuil1": [COLUMNS, *rows]}))
    assert register.noted("cells-merged") == {"region": 1}


@pytest.mark.parametrize("ending", [".xlsb", ".ods"])
def test_a_cell_far_from_the_table_is_refused_before_memory_is_taken(tmp_path, ending):
    path = write(tmp_path / f"r{ending}", {"Feuil1": [COLUMNS, *ROWS]})
    _edit(path, far=True)
    with pytest.raises(RegisterError, match="row 1,0"):
        table(path)


def _edit(path, *, far):
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    if path.suffix == ".ods":
        cell = b'<table:table-cell office:value-type="string"><text:p>x</text:p></table:table-cell>'
        gap = b'<table:table-row table:number-rows-repeated="1000000"><table:table-cell/></table:table-row>'
        empty = b'<table:table-cell table:number-columns-repeated="1000"/>'
        row = gap + b"<table:table-row>" + empty + cell + b"</table:table-row></table:table>"
        parts["content.xml"] = parts["content.xml"].replace(b"</table:table>", row)
    else:
        name = "xl/worksheets/sheet1.bin"
        row = record(0, struct.pack("<IIHBBBI", 1_000_000, 0, 300, 0, 0, 0, 0))
        row += record(6, struct.pack("<II", 1_000, 0) + wide("x"))
        parts[name] = parts[name].replace(record(146, b""), row + record(146, b""))
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


@settings(max_examples=40, deadline=None)
@given(
    ending=st.sampled_from([".xls", ".xlsb", ".ods"]),
    places=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), min_size=1, max_size=6),
    cut=st.floats(0.05, 1),
)
def test_a_damaged_file_is_read_or_refused_by_name(tmp_path_factory, ending, places, cut):
    path = write(tmp_path_factory.mktemp("damaged") / f"r{ending}", {"Feuil1": [COLUMNS, *ROWS]})
    content = bytearray(path.read_bytes())
    for place, value in places:
        content[int(place * len(content))] = value
    path.write_bytes(bytes(content[: max(8, int(cut * len(content)))]))
    with contextlib.suppress(RegisterError):
        table(path)


def test_other_documents_in_the_same_container_are_refused(tmp_path):
    path = tmp_path / "letter.doc"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "WordDocument".encode("utf-16-le"))
    with pytest.raises(RegisterError, match="no workbook"):
        check_file(path)
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"))
    with pytest.raises(RegisterError, match="password"):
        check_file(path)
