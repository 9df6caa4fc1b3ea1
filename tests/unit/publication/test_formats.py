"""Each format read back holds the same values, with labels where it can."""

from __future__ import annotations

import csv
import datetime as dt
import io
from functools import partial

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
import pytest

from wasl.publication.columns import typed_columns
from wasl.publication.formats import csv_bytes, parquet_bytes, safe_text
from wasl.publication.spss import spss_file
from wasl.publication.stata import stata_file


@pytest.fixture
def columns(table, description):
    return typed_columns(table, description)


def read(reader, data, tmp_path):
    path = tmp_path / "data"
    path.write_bytes(data)
    return reader(path)


def test_csv_reads_back(columns):
    rows = list(csv.DictReader(io.StringIO(csv_bytes(columns).decode())))
    assert rows[0] == {
        "sex": "F",
        "status": "1",
        "age": "[20,30)",
        "wage": "1500.5",
        "months": "1",
        "entry": "2020-05-01",
        "remark": "'=SUM(A1)",
        "weight": "1",
    }
    assert rows[1]["wage"] == rows[1]["months"] == rows[1]["entry"] == ""
    assert rows[2]["remark"] == 'x,"y"'


@pytest.mark.parametrize("formula", ["=1+1", "+A1", "-A1", "@SUM(A1)", "\t=1", "\r=1", "-2+3", "=", "+"])
def test_formulas_are_made_harmless(formula):
    assert safe_text(pa.array([formula])).to_pylist() == ["'" + formula]


@pytest.mark.parametrize("text", ["-5", "+5", "-5.25", "-1,5", "text", "", "[20,30)", "a=b", None])
def test_other_texts_stay_as_they_are(text):
    assert safe_text(pa.array([text], pa.string())).to_pylist() == [text]


def test_parquet_reads_back_with_labels(columns):
    table = pq.read_table(pa.BufferReader(parquet_bytes(columns)))
    assert table.column("status").to_pylist() == ["1", "9", "1", None]
    assert table.schema.field("sex").metadata[b"label"] == b"Sex"


def test_spss_reads_back_with_variable_and_value_labels(columns, created, tmp_path):
    data = spss_file(columns, title="Workers", created=created).data
    frame, meta = read(partial(pyreadstat.read_sav, user_missing=True), data, tmp_path)
    assert meta.column_names_to_labels["status"] == "Status"
    assert meta.missing_ranges["status"] == [{"lo": 9.0, "hi": 9.0}]
    assert meta.variable_value_labels["status"] == {1: "Employee", 2: "Self-employed", 9: "Not stated"}
    assert meta.variable_value_labels["sex"] == {"F": "Female", "M": "Male"}
    assert frame["status"].tolist()[:3] == [1, 9, 1]
    assert pd.isna(frame["status"][3])
    assert frame["sex"].tolist() == ["F", "M", "", "F"]
    assert frame["wage"].tolist()[0] == 1500.5
    assert str(frame["entry"][0]) == "2020-05-01"
    assert meta.file_label == "Workers"
    assert meta.variable_measure["wage"] == "scale"
    assert str(meta.creation_time).startswith("2026-03-01 09:30")


def test_stata_reads_back_with_variable_and_value_labels(columns, created, tmp_path):
    data = stata_file(columns, title="Workers", created=created).data
    frame, meta = read(partial(pyreadstat.read_dta, user_missing=True), data, tmp_path)
    assert meta.column_names_to_labels["status"] == "Status"
    assert meta.variable_value_labels["status"] == {1: "Employee", 2: "Self-employed", "a": "9 Not stated"}
    assert frame["status"].tolist()[:3] == [1, "a", 1]
    assert meta.missing_user_values["status"] == ["a"]
    plain, _ = read(pyreadstat.read_dta, data, tmp_path)
    assert plain["status"].isna().tolist() == [False, True, False, True]
    sexes = meta.variable_value_labels["sex"]
    assert [sexes.get(value) for value in frame["sex"]] == ["F Female", "M Male", None, "F Female"]
    assert frame["months"].tolist()[0] == 1
    assert str(meta.creation_time).startswith("2026-03-01 09:30")


def test_spss_takes_missing_codes_that_are_texts(description, created, tmp_path):
    codes = [{"code": "yes", "label": "Yes"}, {"code": "unknown", "label": "Not known", "missing": True}]
    variable = description.variables[1].model_validate(
        {"name": "answer", "label": "Answer", "kind": "code", "codes": codes}
    )
    columns = typed_columns(
        pa.table({"answer": ["yes", "unknown", None]}), description.model_copy(update={"variables": (variable,)})
    )
    _, meta = read(
        partial(pyreadstat.read_sav, user_missing=True), spss_file(columns, title="", created=created).data, tmp_path
    )
    assert meta.missing_ranges["answer"] == [{"lo": "unknown", "hi": "unknown"}]


@pytest.mark.parametrize("longest", ["Rabat-Salé-Kénitra", "x" * 200])
def test_a_code_longer_than_every_value_of_the_file_does_not_stop_the_release(description, longest):
    import pyarrow as pa

    from wasl.publication.columns import typed_columns

    codes = [{"code": "A", "label": "Short"}, {"code": longest, "label": "Long"}]
    variable = description.variables[0].model_validate({"name": "v", "label": "V", "kind": "code", "codes": codes})
    only = description.model_copy(update={"variables": (variable,)})
    table = pa.table({"v": ["A", None]})
    file = spss_file(typed_columns(table, only), title="t", created=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    assert len(file.data) > 100
