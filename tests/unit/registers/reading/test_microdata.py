"""Microdata are read exactly, or refused with the column's name."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
import pytest

from wasl.errors import InputError, WaslError
from wasl.registers.reading.microdata import open_microdata, read_microdata


def written(folder, content, name="data.csv", encoding="utf-8"):
    path = folder / name
    path.write_bytes(content.encode(encoding))
    return path


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1252"])
def test_separators_and_encodings(tmp_path, separator, encoding):
    rows = [["région", "ville", "n"], ["Fès-Meknès", "Salé", "1"], ["Béni Mellal", "Fès", "2"]]
    path = written(tmp_path, "\r\n".join(separator.join(row) for row in rows) + "\r\n", encoding=encoding)
    found = open_microdata(path)
    assert found.table.to_pydict() == {name: [rows[1][j], rows[2][j]] for j, name in enumerate(rows[0])}
    assert found.separator == separator


def test_arabic_in_windows_1256(tmp_path):
    cities = ["الرباط", "الدار البيضاء", "مراكش", "فاس", "طنجة", "أكادير", "وجدة", "مكناس"]
    path = written(tmp_path, "ville;n\n" + "".join(f"{city};{n}\n" for n, city in enumerate(cities)), encoding="cp1256")
    found = open_microdata(path)
    assert found.table.column("ville").to_pylist() == cities
    assert found.findings == ("the file was read as cp1256.",)


def test_text_stays_text(tmp_path):
    path = written(
        tmp_path,
        'code,country,date,flag,big,empty\n06.141,NA,2024-01-02,true,9007199254740993,\n6.141,nan,,"",1e5,""\n',
    )
    assert read_microdata(path).to_pydict() == {
        "code": ["06.141", "6.141"],
        "country": ["NA", "nan"],
        "date": ["2024-01-02", None],
        "flag": ["true", None],
        "big": ["9007199254740993", "1e5"],
        "empty": [None, None],
    }


def test_what_a_separator_line_says_and_quoted_cells(tmp_path):
    path = written(tmp_path, 'sep=|\n"a|b"|c\n"x\ny"|"say ""hi"""\n')
    assert read_microdata(path).to_pydict() == {"a|b": ["x\ny"], "c": ['say "hi"']}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("\n\n", "first line is empty"),
        ("a,b\n", "no rows"),
        ("a,b,a\n1,2,3\n", "several columns are called a"),
        ("a, a\n1,2\n", "several columns are called a"),
        ("a,,b\n1,2,3\n", "column 2 has no name"),
        ("a;b\n1;2\n1;2;3\n4\n", "2 rows do not have 2 columns, the first is row 3"),
    ],
)
def test_csv_files_that_cannot_be_exact(tmp_path, content, message):
    with pytest.raises(InputError, match=message):
        read_microdata(written(tmp_path, content))


@pytest.mark.parametrize("name", ["x.xlsx", "x.sas7bdat", "x.parquet", "x.sav", "x.dta", "x.csv"])
def test_other_files(tmp_path, name):
    with pytest.raises(WaslError, match=name):
        read_microdata(tmp_path / name)
    (tmp_path / name).write_bytes(b"\x00\x01nothing of that kind\x00")
    with pytest.raises(WaslError, match=name):
        read_microdata(tmp_path / name)


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (pa.array([[1], [2]]), "'x' holds .* not single values"),
        (pa.array([1.0, float("-inf")]), "'x' is infinite in 1 rows"),
        (pa.array([b"1", b"2"]), "'x' holds binary"),
    ],
)
def test_parquet_columns_that_cannot_be_exact(tmp_path, column, message):
    pq.write_table(pa.table({"x": column}), tmp_path / "x.parquet")
    with pytest.raises(InputError, match=message):
        read_microdata(tmp_path / "x.parquet")


def test_parquet_keeps_big_integers_and_ordered_categories(tmp_path):
    order = pd.Categorical(["b", "a"], categories=["b", "a"], ordered=True)
    table = pa.table({"big": pa.array([2**63 + 1, 2**53 + 1], pa.uint64()), "o": pa.array(order)})
    pq.write_table(table, tmp_path / "x.parquet")
    found = read_microdata(tmp_path / "x.parquet")
    assert found.column("big").to_pylist() == [2**63 + 1, 2**53 + 1]
    assert found.column("o").type.ordered
    assert found.column("o").combine_chunks().dictionary.to_pylist() == ["b", "a"]


@pytest.fixture
def survey():
    return pd.DataFrame(
        {
            "sex": [1.0, 2.0, 1.0, 2.0],
            "answer": [1.0, 97.0, 99.0, 2.0],
            "wage": [1200.5, 900.0, None, 3000.0],
            "age": [30.0, 40.0, 50.0, None],
            "town": ["Fès", "سلا", "", "NA"],
        }
    )


def test_spss_with_labels_and_user_missing_codes(tmp_path, survey):
    pyreadstat.write_sav(
        survey,
        str(tmp_path / "s.sav"),
        variable_value_labels={"sex": {1: "Homme", 2: "Femme"}, "answer": {1: "Oui", 2: "Non", 97: "Refus"}},
        column_labels={"sex": "Sexe"},
        missing_ranges={"answer": [{"lo": 97, "hi": 99}]},
    )
    found = open_microdata(tmp_path / "s.sav")
    assert found.table.to_pydict() == {
        "sex": ["1", "2", "1", "2"],
        "answer": ["1", None, None, "2"],
        "wage": [1200.5, 900.0, None, 3000.0],
        "age": [30, 40, 50, None],
        "town": ["Fès", "سلا", None, "NA"],
    }
    assert found.labels["sex"] == {"1": "Homme", "2": "Femme"}
    assert found.labels["answer"] == {"1": "Oui", "2": "Non"}
    assert found.reasons["answer"] == {"97": "Refus", "99": ""}
    assert found.titles["sex"] == "Sexe"
    assert found.missing == {"answer": {"97": 1, "99": 1}}
    assert found.findings == ("answer: cells with a user-missing code are missing (97: 1, 99: 1).",)


def test_stata_with_labels_and_tagged_missing_values(tmp_path, survey):
    frame = survey.assign(answer=pd.Series([1, "a", "b", 2], dtype=object))
    pyreadstat.write_dta(
        frame,
        str(tmp_path / "s.dta"),
        variable_value_labels={"sex": {1: "Homme", 2: "Femme"}, "answer": {1: "Oui", "a": "Refus"}},
        missing_user_values={"answer": ["a", "b"]},
        version=15,
    )
    found = open_microdata(tmp_path / "s.dta")
    assert found.table.column("sex").to_pylist() == ["1", "2", "1", "2"]
    assert found.table.column("answer").to_pylist() == ["1", None, None, "2"]
    assert found.missing == {"answer": {".a": 1, ".b": 1}}
    assert found.table.column("town").to_pylist() == ["Fès", "سلا", None, "NA"]
    assert found.labels["sex"] == {"1": "Homme", "2": "Femme"}


def test_dates_and_big_numbers_of_spss(tmp_path):
    frame = pd.DataFrame({"day": pd.to_datetime(["2024-02-29", "1999-12-31"]), "x": [1.0, 2.0]})
    pyreadstat.write_sav(frame.assign(day=frame["day"].dt.date), str(tmp_path / "d.sav"))
    assert [str(d) for d in read_microdata(tmp_path / "d.sav").column("day").to_pylist()] == [
        "2024-02-29",
        "1999-12-31",
    ]
    pyreadstat.write_sav(pd.DataFrame({"id": [2.0**60, 1.0]}), str(tmp_path / "b.sav"))
    with pytest.raises(InputError, match="'id' holds whole numbers beyond 2\\^53"):
        read_microdata(tmp_path / "b.sav")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("said", ["", "sep=;"])
def test_line_ends(tmp_path, end, said):
    lines = [*([said] if said else []), "ville;n", "Fès;1", "Salé;2"]
    path = written(tmp_path, end.join(lines) + end)
    assert read_microdata(path).to_pydict() == {"ville": ["Fès", "Salé"], "n": ["1", "2"]}


def test_line_ends_that_are_mixed(tmp_path):
    path = written(tmp_path, "ville;n\nFès;1\rSalé;2\r\nOujda;3\n")
    assert read_microdata(path).to_pydict() == {"ville": ["Fès", "Salé", "Oujda"], "n": ["1", "2", "3"]}


def test_a_quotation_mark_that_stays_open_in_a_long_file(tmp_path):
    path = written(tmp_path, '"ville;n\n' + "Fès;1\n" * 40_000)
    with pytest.raises(InputError, match="first line cannot be cut"):
        read_microdata(path)


def test_a_number_whose_labels_are_of_missing_codes_alone_stays_a_number(tmp_path):
    labels = {"wage": {998.0: "refused", 999.0: "not known"}}
    frame = pd.DataFrame({"wage": [1200.0, 998.0, 999.0, 1300.0]})
    path = tmp_path / "s.sav"
    pyreadstat.write_sav(frame, str(path), variable_value_labels=labels, missing_ranges={"wage": [998.0, 999.0]})
    found = open_microdata(path)
    assert found.table.to_pydict() == {"wage": [1200, None, None, 1300]}
    assert found.labels == {}
    assert found.reasons == {"wage": {"998": "refused", "999": "not known"}}
    again = found.labelled(found.table)
    pq.write_table(again, tmp_path / "kept.parquet")
    assert open_microdata(tmp_path / "kept.parquet").reasons == found.reasons


@pytest.mark.parametrize("stored", [True, False])
@pytest.mark.parametrize(("length", "said"), [(1 << 20, "more than 32,767 bytes"), (30_000, "at most 2,000,000,000")])
def test_a_text_that_stands_once_in_the_file_and_in_each_row_is_refused(tmp_path, stored, length, said):
    """Some kilobytes on the disk; 6 to 200 GB where each row has its text."""
    codes = pa.array(np.zeros(200_000, np.int32))
    path = tmp_path / "bomb.parquet"
    text = pa.DictionaryArray.from_arrays(codes, pa.array(["x" * length]))
    pq.write_table(pa.table({"sex": text, "age": np.arange(200_000)}), path, compression="zstd", store_schema=stored)
    with pytest.raises(InputError, match=said) as refused:
        open_microdata(path)
    assert "xxx" not in str(refused.value)


def test_types_of_parquet_columns_stay(tmp_path):
    table = pa.table(
        {
            "a": ["x", None, "y", "x"],
            "d": pa.array(["u", "v", None, "u"]).dictionary_encode(),
            "n": pa.nulls(4),
            "l": pa.array(["q"] * 4, pa.large_string()),
            "i": [1, 2, 3, None],
        }
    )
    for part in (table, table.slice(0, 0)):
        pq.write_table(part, tmp_path / "t.parquet")
        found = open_microdata(tmp_path / "t.parquet").table
        assert found.schema == table.schema
        assert found.equals(part)


@pytest.mark.parametrize(
    "content",
    [
        ",a,b\n0,x,1\n1,y,2\n2,z,3\n",
        '"";"a";"b"\n"1";"x";1\n"2";"y";2\n"3";"z";3\n',
        '"a";"b"\n"1";"x";1\n"2";"y";2\n"3";"z";3\n',
        "a\tb\n0\tx\t1\n1\ty\t2\n2\tz\t3\n",
        "a;b;\nx;1;\ny;2;\nz;3;\n",
        "a;b;;\nx;1;;\ny;2;; \nz;3;;\n",
    ],
)
def test_row_numbers_and_blank_columns_without_a_name_are_left_out(tmp_path, content):
    found = open_microdata(written(tmp_path, content))
    assert found.table.to_pydict() == {"a": ["x", "y", "z"], "b": ["1", "2", "3"]}
    assert found.findings == (
        () if content.startswith("a;b;") else ("the first column has no name and numbers the rows: it is left out.",)
    )


@pytest.mark.parametrize(
    "content", [",a\n1,x\n3,y\n", ",a\n5,x\n6,y\n", "a,\nx,1\n", "a;b\n7;x;1\n8;y;2\n", "a;b\n1;x;1\n2;y\n"]
)
def test_other_columns_without_a_name_are_refused(tmp_path, content):
    with pytest.raises(InputError, match=r"has no name|do not have"):
        open_microdata(written(tmp_path, content))
