"""Whole packages of odd tables: signed, read back, and valid for those who read the metadata."""

from __future__ import annotations

import datetime as dt
import io
import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv
import pyreadstat
import pytest
from lxml import etree

from wasl.publication.description import DatasetDescription
from wasl.publication.package import build_package

SCHEMA = Path(__file__).parents[2] / "vectors" / "publication" / "ddi" / "codebook.xsd"
ODD_CODES = ["*", "-", ".", "سوس", "01", "1", "TIME_PERIOD", "OBS_VALUE", 'a"b', "a;b", "=1+1", "😀", "x" * 130]


def nothing(table, _):
    return table.slice(0, 0), None


def one_row(table, _):
    return table.slice(0, 1), None


def one_category(table, _):
    return table.set_column(0, "sex", pa.array(["F"] * 4)), None


def all_missing(table, _):
    columns = {name: pa.array([None] * 4, table.schema.field(name).type) for name in table.column_names}
    return pa.table(columns), None


def odd_codes(table, description):
    document = description.model_dump(by_alias=True, mode="json")
    codes = [{"code": code, "label": f"label {code}", "label_ar": "تسمية " * 60} for code in ODD_CODES]
    for name in ("odd", "TIME_PERIOD", "OBS_VALUE"):
        document["variables"].append({"name": name, "label": 'One "two"\nthree', "kind": "code", "codes": codes})
    rows = len(ODD_CODES)
    columns = {name: pa.array((table[name].to_pylist() * 4)[:rows], table[name].type) for name in table.column_names}
    own = dict.fromkeys(("odd", "TIME_PERIOD", "OBS_VALUE"), pa.array(ODD_CODES))
    return pa.table({**columns, **own}), DatasetDescription.model_validate(document)


def long_texts(table, description):
    document = description.model_dump(by_alias=True, mode="json")
    document |= {"title": "Titre é " * 100 + ".", "title_ar": "عنوان " * 100 + ".", "abstract": "<&> ]]> " * 500 + "."}
    texts = pa.array(["é" * 20_000, "😀", "line\nbreak\r\n", None])
    return table.set_column(6, "remark", texts), DatasetDescription.model_validate(document)


@pytest.mark.parametrize("odd", [nothing, one_row, one_category, all_missing, odd_codes, long_texts])
def test_the_package_is_signed_and_every_reader_takes_it(odd, table, description, report, signer, tmp_path):
    changed, described = odd(table, description)
    described = described or description
    created = dt.datetime(2026, 3, 1, 9, 30, tzinfo=dt.UTC)
    files = build_package(changed, described, report, signer=signer, created=created).files
    names = changed.column_names
    codebook = etree.fromstring(files["metadata/ddi-codebook.xml"])
    schema = etree.XMLSchema(etree.parse(SCHEMA))
    assert schema.validate(codebook), schema.error_log
    assert [element.get("name") for element in codebook.iter("{*}var")] == names
    for path, data in files.items():
        if path.endswith((".json", ".jsonld")):
            json.loads(data)
        elif path.endswith((".xml", ".rdf")):
            etree.fromstring(data)
        elif path.endswith((".sav", ".dta")):
            (tmp_path / "file").write_bytes(data)
            reader = pyreadstat.read_sav if path.endswith("sav") else pyreadstat.read_dta
            frame, meta = reader(tmp_path / "file")
            assert [list(frame.columns), len(frame)] == [names, changed.num_rows]
            assert meta.readstat_variable_types["entry"] != "string"
    csv = next(data for path, data in files.items() if path.startswith("data/") and path.endswith(".csv"))
    options = pacsv.ParseOptions(newlines_in_values=True)
    if changed.num_rows:
        assert pacsv.read_csv(io.BytesIO(csv), parse_options=options).num_rows == changed.num_rows
    assert list(pd.read_csv(io.BytesIO(csv)).columns) == names
