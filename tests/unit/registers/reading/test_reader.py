"""Reading registers: every malformed file is one clear error or a counted reject, and no row is ever lost."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook

from wasl.errors import RegisterError, SchemaError
from wasl.registers.reading.frames import register_from_table
from wasl.registers.reading.reader import read_register
from wasl.registers.schema import RegisterSchema

HEADER = (
    "num_inscription;num_carte_sejour;campagne;nom;prenom;sexe;date_naissance;nationalite;region;secteur;montant;statut"
)
GOOD = [
    "1;A1;2014;Diallo;Awa;F;01/02/1990;SEN;04;G;1000;financé",
    "2;A2;2017;Kone;Ali;M;28/02/1985;CIV;06;F;1 500,50;en cours",
]


@pytest.fixture
def schema():
    return RegisterSchema.load("anapec-projects")


@pytest.fixture
def write(tmp_path):
    def write(*rows: str, header: str = HEADER, encoding: str = "utf-8", end: str = "\n"):
        path = tmp_path / "register.csv"
        path.write_bytes((end.join([header, *rows]) + end).encode(encoding))
        return path

    return write


def reasons(table):
    return [(row["row"], row["column"], row["kind"]) for row in table.rejects.to_pylist()]


def test_cells_are_typed(schema, write):
    table = read_register(write(*GOOD), schema)
    assert table.table["date_naissance"].to_pylist() == [dt.date(1990, 2, 1), dt.date(1985, 2, 28)]
    assert table.table["montant"].to_pylist() == [1000.0, 1500.5]
    assert table.table["source_row"].to_pylist() == [2, 3]
    assert (table.rows_read, table.rows_rejected, table.separator, table.encoding) == (2, 0, ";", "utf-8")


@pytest.mark.parametrize("mark", [",", "\t", "|"])
def test_the_separator_is_found(schema, write, mark):
    rows = [GOOD[0].replace(";", mark)]
    assert read_register(write(*rows, header=HEADER.replace(";", mark)), schema).separator == mark


@pytest.mark.parametrize(("encoding", "expected"), [("cp1252", "cp1252"), ("utf-8-sig", "utf-8"), ("utf-16", "utf-16")])
def test_the_encoding_is_found(schema, write, encoding, expected):
    table = read_register(write("1;A1;2014;Traoré;Zoé;F;01/02/1990;SEN;04;G;1;financé", encoding=encoding), schema)
    assert table.table["nom"].to_pylist() == ["Traoré"]
    assert table.encoding == expected


def test_mojibake_is_repaired_and_counted(schema, write):
    broken = "Traoré".encode().decode("cp1252")
    table = read_register(write(f"1;A1;2014;{broken};Zoé;F;01/02/1990;SEN;04;G;1;financé"), schema)
    assert table.table["nom"].to_pylist() == ["Traoré"]
    assert table.noted("mojibake-repaired") == {"nom": 1}


def test_a_bad_date_costs_the_cell_not_the_row(schema, write):
    table = read_register(write("1;A1;2014;Diallo;Awa;F;31/02/1990;SEN;04;G;1;financé"), schema)
    assert table.table["date_naissance"].to_pylist() == [None]
    assert reasons(table) == [(2, "date_naissance", "cell")]


def test_a_hijri_date_is_understood_and_counted(schema, write):
    table = read_register(write("1;A1;2014;Diallo;Awa;F;06/07/1410;SEN;04;G;1;financé"), schema)
    assert table.table["date_naissance"].to_pylist()[0].year == 1990
    assert table.noted("hijri-dates") == {"date_naissance": 1}


def test_a_repeated_record_number_is_refused(schema, write):
    table = read_register(write(*GOOD, GOOD[0]), schema)
    assert table.table.num_rows == 2
    assert reasons(table) == [(4, "num_inscription", "row")]


def test_a_missing_required_cell_is_refused(schema, write):
    table = read_register(write(GOOD[0], "2;A2;2014;;Ali;M;28/02/1985;CIV;04;G;1;x"), schema)
    assert reasons(table) == [(3, "nom", "row")]
    assert table.rows_read == table.table.num_rows + table.rows_rejected == 2


def test_a_row_cut_wrongly_is_refused_with_its_number(schema, write):
    table = read_register(write(GOOD[0], "2;A2;2014", GOOD[1]), schema)
    assert reasons(table) == [(3, "", "row")]
    assert table.table["source_row"].to_pylist() == [2, 4]


def test_blank_lines_do_not_count(schema, write):
    table = read_register(write(GOOD[0], "", ";" * 11, GOOD[1], ""), schema)
    assert table.rows_read == 2


def test_messages_carry_no_value(schema, write):
    table = read_register(write("1;A1;2014;Secretname;Awa;F;99/99/9999;SEN;04;G;x;y"), schema)
    assert "9999" not in str(table.rejects.to_pylist())
    assert "Secretname" not in repr(table)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\n\n", "first line"),
        (HEADER.encode() + b"\n", "no rows"),
        (HEADER.replace(";nom;", ";").encode() + b"\n1;A\n", "missing column nom"),
        ((HEADER + ";nom").encode() + b"\n1;A\n", "is there 2 times"),
        (b"PK\x03\x04\x00\x00\x00", "not a readable Excel workbook"),
        (HEADER.encode() + b"\n\x81\x8d\xff\xfe", "neither UTF-8 nor Windows-1252"),
        (HEADER.encode() + b'\n1;"' + b"a;b\n" * 9000, "quotation mark"),
    ],
)
def test_a_hopeless_file_is_one_clear_error(schema, tmp_path, content, words):
    path = tmp_path / "register.csv"
    path.write_bytes(content)
    with pytest.raises(RegisterError, match=words) as caught:
        read_register(path, schema)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there(schema, tmp_path):
    with pytest.raises(RegisterError, match="no such file"):
        read_register(tmp_path / "none.csv", schema)


def test_excel_keeps_texts_and_reports_numbers(schema, tmp_path):
    book = Workbook()
    book.active.append(HEADER.split(";"))
    book.active.append(["001", 42, 2014, "Diallo", "Awa", "F", dt.date(1990, 2, 1), "SEN", "04", "G", 12.5, "financé"])
    path = tmp_path / "register.xlsx"
    book.save(path)
    table = read_register(path, schema)
    assert table.table["num_inscription"].to_pylist() == ["001"]
    assert table.table["date_naissance"].to_pylist() == [dt.date(1990, 2, 1)]
    assert table.numeric == {"num_carte_sejour": 1, "campagne": 1}
    with pytest.raises(RegisterError, match="no sheet"):
        read_register(path, schema, sheet="Feuil9")


def test_a_broken_workbook_is_one_clear_error(schema, tmp_path):
    path = tmp_path / "register.xlsx"
    path.write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(RegisterError, match="not a readable Excel"):
        read_register(path, schema)


def test_parquet_and_a_table_in_memory_read_alike(schema, write, tmp_path):
    from_csv = read_register(write(*GOOD), schema)
    columns = {name: [row.split(";")[i] for row in GOOD] for i, name in enumerate(HEADER.split(";"))}
    path = tmp_path / "register.parquet"
    pq.write_table(pa.table(columns), path)
    assert read_register(path, schema).table.equals(from_csv.table)
    assert register_from_table(pa.table(columns), schema).table.equals(from_csv.table)


def test_a_payload_variable_never_comes_from_a_name():
    data = RegisterSchema.load("anapec-projects").model_dump(by_alias=True)
    data["payload"] = [{"standard": "x", "column": "nom"}]
    with pytest.raises(ValueError, match="would carry a column of role 'name' away"):
        RegisterSchema.model_validate(data)
    data["payload"] = [{"standard": "x", "column": "date_naissance"}]
    with pytest.raises(ValueError, match="only the year may leave"):
        RegisterSchema.model_validate(data)


def test_an_unknown_schema_lists_the_shipped_ones():
    with pytest.raises(SchemaError, match="dgsn-permits"):
        RegisterSchema.load("nothing-like-it")


def test_a_frame_of_any_column_types_reads_like_its_file(schema, write):
    import pandas as pd

    from_csv = read_register(write(*GOOD), schema)
    frame = pd.read_csv(write(*GOOD), sep=";", dtype={"region": "category"})
    frame["date_naissance"] = pd.to_datetime(frame["date_naissance"], format="%d/%m/%Y")
    frame["region"] = ["04", "06"]
    frame["campagne"] = frame["campagne"].astype(float)
    table = pa.Table.from_pandas(frame, preserve_index=False)
    again = register_from_table(table, schema).table
    for name in ("num_inscription", "nom", "date_naissance", "campagne", "region"):
        assert again[name].to_pylist() == from_csv.table[name].to_pylist()
