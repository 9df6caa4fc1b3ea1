"""The truth file: what spreadsheets write is read, what would mislead is refused or left out with its count."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wasl.cli.evaluation import read_csv
from wasl.errors import InputError
from wasl.linkage.quality import text_keys, text_tables
from wasl.linkage.quality.evaluate import evaluate
from wasl.linkage.quality.truth import clean_truth, parse_table

ROWS = "register,record,person\na,R1,é1\nb,R2,é1\n"


@pytest.mark.parametrize(
    "data",
    [
        ROWS.encode(),
        ROWS.encode("utf-8-sig"),
        ROWS.replace(",", ";").encode("cp1252"),
        ROWS.replace(",", ";").replace("\n", "\r\n").encode("utf-8-sig"),
        ("sep=;\n" + ROWS.replace(",", ";")).encode(),
        ROWS.replace(",", "\t").encode("utf-16"),
        ROWS.replace("register,record,person", "Register, Record ,Person").encode(),
        ROWS.replace("register,record,person", "Registre,Enregistrement,Personne").encode(),
        ROWS.replace("R1", " R1 ").replace("a,", " a ,").encode(),
        ROWS.replace("\nb", "\n\n;;\nb").replace(";;", ",,").encode(),
        (ROWS.replace("\n", ",\n")).encode(),
        ROWS.replace("R1", "'R1").replace("R2", "'R2").encode(),
        ROWS.replace("register,record,person", "registro,registro_id,persona").encode(),
        ROWS.replace("register,record,person", "السجل,التسجيل,الشخص").encode(),
        ROWS.replace("register,record,person", "Register,Datensatz,Personen-ID").encode(),
        ROWS.replace("register,record,person", "rejestr,rekord,osoba").encode(),
    ],
)
def test_what_spreadsheets_write_is_read(data):
    truth = clean_truth(parse_table(data, "truth.csv"))
    assert truth.rows[["register", "record", "person"]].to_numpy().tolist() == [["a", "R1", "é1"], ["b", "R2", "é1"]]
    assert truth.without_person == 0


@pytest.mark.parametrize("empty", ["", " ", None, float("nan"), "\u200b"])
def test_an_empty_person_is_unknown_not_a_person(empty):
    frame = pd.DataFrame({"register": list("aab"), "record": ["1", "2", "3"], "person": ["p", empty, empty]})
    truth = clean_truth(frame)
    assert (len(truth.rows), truth.without_person) == (1, 2)


@pytest.mark.parametrize("second", ["p", "q", ""])
def test_a_doubled_record_is_refused_with_its_rows(second):
    frame = pd.DataFrame({"register": list("aab"), "record": ["1", "1 ", "1"], "person": ["p", second, "p"]})
    with pytest.raises(InputError, match=r"2 rows .* rows 2, 3"):
        clean_truth(frame)


@pytest.mark.parametrize("first", ["dgsn,E0009848,316", "a,R123,p1", "12345;678;1"])
def test_a_truth_without_headings_shows_no_record(first):
    with pytest.raises(InputError, match="looks like a record") as caught:
        clean_truth(parse_table(f"{first}\n{first.replace('3', '4')}\n".encode(), "truth.csv"))
    assert not any(cell in str(caught.value) for cell in first.replace(";", ",").split(",") if cell not in ("a", "1"))


def test_a_missing_column_is_named_with_those_found():
    with pytest.raises(InputError, match="lacks the column person") as caught:
        clean_truth(pd.DataFrame({"register": ["a"], "record": ["1"], "who": ["p"]}))
    assert "who" in str(caught.value)


NO_TABLES = [b"", b"\n\n", b"register,record,person\na,1,p,extra\n", b"\x00\x01", b"\x01,\x02\n1,2\n"]


@pytest.mark.parametrize("data", NO_TABLES)
def test_what_is_no_table_is_refused(data):
    with pytest.raises(InputError):
        parse_table(data, "truth.csv")


def test_empty_persons_make_no_true_pairs():
    spine = pa.table(
        {"person_id": list("ppqr"), "register": list("abab"), "record_id": [bytes([n]) * 16 for n in range(4)]}
    )
    truth = pd.DataFrame(
        {"register": list("abab"), "record": [f"{n:02x}" * 16 for n in range(4)], "person": ["1", "1", "", ""]}
    )
    result = evaluate(spine, truth)
    assert (result.pairwise.found, result.pairwise.true, result.pairwise.right) == (1, 1, 1)
    assert (result.unknown_records, result.without_person) == (2, 2)


HEADINGS = [
    ("register", "record", "person"), ("REGISTER", "Record no.", "Person ID"), ("Registre", "Numéro", "ID personne"),
    ("Nom du registre", "N° d'enregistrement", "N° de la personne"), ("registre", "N°", "Individu"),
    ("Register name", "record_number", "person_id"), ("السجل", "رقم", "الشخص"), ("سجل", "رقم التسجيل", "شخص"),
]  # fmt: skip
TITLES = [[], [[""]], [["Vérité terrain 2026"], [""]], [["Truth", "by hand", ""]]]
SPACES = ["", " ", "\u00a0", "\u202f", "\u200b"]
EMPTY = ["", " ", "\u00a0", "#N/A", "#REF!", "#NOM?", "NULL", "n/a", "NaN", "<NA>"]
TABLE = [["a, b; c", "R1", "é1"], ["b", "R2", "é1"], ["b", "3", "x"]]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(HEADINGS), st.sampled_from(TITLES), st.sampled_from(SPACES), st.sampled_from(EMPTY),
    st.sampled_from([",", ";", "\t", "|"]), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans(), st.booleans(),
    st.booleans(), st.permutations([0, 1, 2]), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
)  # fmt: skip
def test_every_dialect_of_a_spreadsheet_gives_the_same_truth(
    headings, titles, space, empty, mark, ending, quoted, told, trailing, order, encoding
):
    whole = "".join([*headings, space, empty])
    if encoding == "cp1252" and (not headings[0].isascii() or any(c in whole for c in "\u202f\u200b\u00a0")):
        encoding = "utf-8-sig"  # a file with one accent and no-break spaces alone can be of several encodings
    table = [[space + cell + space for cell in row] for row in [*TABLE, ["b", "R4", empty], ["b", "R5", empty]]]
    rows = [list(headings), *table]
    lines = [[row[place] for place in order] + [""] * trailing for row in rows]
    text = io.StringIO()
    for row in [*titles, *lines] if not told else lines:
        cells = [f'"{cell}"' if quoted or any(c in cell for c in ",;\t|") else cell for cell in row]
        text.write(mark.join(cells) + ending)
    said = f"sep={mark}{ending}" if told else ""
    truth = clean_truth(parse_table((said + text.getvalue()).encode(encoding), "truth.csv"))
    assert truth.rows[["register", "record", "person"]].to_numpy().tolist() == TABLE
    assert (truth.without_person, truth.without_record) == (2, 0)


@pytest.mark.parametrize("headings", HEADINGS)
@pytest.mark.parametrize("place", ["first sheet", "second sheet", "below a title", "from B3"])
def test_a_truth_in_a_workbook(headings, place, tmp_path: Path):
    from openpyxl import Workbook

    book = Workbook()
    page = book.active
    if place == "second sheet":
        page.append(["Read me"])
        page = book.create_sheet("truth")
    if place == "below a title":
        page.append(["Vérité"])
    down, across = (3, 2) if place == "from B3" else (page.max_row + 1, 1)
    for y, row in enumerate([headings, ["a", 12, 7], ["b", 13, 7], ["b", 14, None]]):
        for x, cell in enumerate(row):
            page.cell(down + y, across + x, cell)
    book.save(tmp_path / "truth.xlsx")
    truth = clean_truth(read_csv(tmp_path / "truth.xlsx"))
    assert truth.rows[["register", "record", "person"]].to_numpy().tolist() == [["a", "12", "7"], ["b", "13", "7"]]
    assert truth.without_person == 1


def test_a_column_of_the_usual_name_goes_before_one_that_is_called_alike():
    truth = clean_truth(parse_table(b"N;register;record;person\n1;a;R1;p\n2;b;R2;p\n", "truth.csv"))
    assert truth.rows["record"].tolist() == ["R1", "R2"]


def test_two_columns_of_one_name_are_refused():
    with pytest.raises(InputError, match="two columns are headed person"):
        parse_table(b"register,record,person,person\na,R1,p,q\n", "truth.csv")


def test_rows_without_a_record_number_are_counted():
    truth = clean_truth(pd.DataFrame({"register": list("ab"), "record": ["1", " "], "person": ["p", "q"]}))
    assert (len(truth.rows), truth.without_person, truth.without_record) == (1, 0, 1)


@pytest.mark.parametrize("rows", [1, 2, 3, 7])
def test_a_file_may_be_read_in_parts_of_any_size(rows, monkeypatch):
    lines = ["Vérité,,", "register,record,person,sex", "", *(f"a,R{n},p{n % 3},{'FM'[n % 2]}" for n in range(12))]
    data = "\n".join([*lines, 'b,"R\n12",p1', "b,R13,p2,F,,"]).encode()
    whole = parse_table(data, "truth.csv")
    monkeypatch.setattr(text_tables, "ROWS_AT_A_TIME", rows)
    monkeypatch.setattr(text_keys, "AT_A_TIME", rows)
    pd.testing.assert_frame_equal(parse_table(data, "truth.csv"), whole)
    assert len(whole) == len(clean_truth(whole).rows) == 14
    assert whole["record"][12] == "R\n12"
    with pytest.raises(InputError, match="row 18 has more cells"):
        parse_table(data + b"\nb,R14,p2,F,more\n", "truth.csv")
    doubled = whole._append(whole.iloc[4])
    with pytest.raises(InputError, match=r"2 rows .* rows 6, 16"):
        clean_truth(doubled)
