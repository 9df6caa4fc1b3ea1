"""J10: ILO, NMA and OMT take the labour-migration tables in SDMX, PX and JSON-stat, each with its own reader."""

from __future__ import annotations

import csv
import io
import json
import math
import warnings
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import sdmx
from pyaxis import pyaxis
from pyjstat import pyjstat
from pysdmx.io import read_sdmx

TABLES = ("sex-by-age", "sex-by-nationality", "region-by-activity")


@pytest.fixture(scope="module")
def published(call, tmp_path_factory):
    spec = spec_from_file_location("tables_data", Path(__file__).with_name("tables_data.py"))
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    folder = tmp_path_factory.mktemp("exchange")
    pq.write_table(module.foreign_workers(7), folder / "microdata.parquet")
    call(folder / "home", "indicators", folder / "microdata.parquet", "--period", "2024", "--out", folder / "out")
    return folder / "out"


def expected(folder, table):
    with (folder / f"{table}.csv").open(encoding="utf-8") as file:
        return [float(row["value"]) if row["value"] else math.nan for row in csv.DictReader(file)]


def total(values):
    return sum(value for value in values if not math.isnan(value))


@pytest.mark.parametrize("table", TABLES)
def test_structures_and_data_are_read_by_another_sdmx_library(published, table):
    structure = sdmx.read_sdmx(io.BytesIO((published / f"{table}.structure.sdmx-2.1.xml").read_bytes()))
    (dsd,) = structure.structure.values()
    message = sdmx.read_sdmx(io.BytesIO((published / f"{table}.data.sdmx-2.1.xml").read_bytes()), structure=dsd)
    values = [float(one.value) if one.value not in (None, "", "NaN") else math.nan for one in message.data[0].obs]
    assert total(values) == total(expected(published, table))
    assert len(values) == len(expected(published, table))
    assert "CL_FREQ" in structure.codelist


@pytest.mark.parametrize("table", TABLES)
def test_sdmx_3_is_valid_and_has_the_same_figures(published, table):
    read_sdmx(published / f"{table}.structure.sdmx-3.0.xml", validate=True)
    message = read_sdmx(published / f"{table}.data.sdmx-3.0.xml", validate=True)
    values = [float(v) if str(v) not in ("", "nan", "None") else math.nan for v in message.data[0].data["OBS_VALUE"]]
    assert total(values) == total(expected(published, table))


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_px_is_read_in_each_language(published, table, language):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pyaxis itself uses what pandas gives up
        frame = pyaxis.parse(str(published / f"{table}.px"), encoding="utf-8", lang=language)["DATA"]
    values = [float(v) if str(v) not in ("", ".", "..", "nan") else math.nan for v in frame["DATA"]]
    assert total(values) == total(expected(published, table))


@pytest.mark.parametrize("table", TABLES)
def test_json_stat_is_read(published, table):
    text = (published / f"{table}.json-stat.json").read_text(encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame = pyjstat.Dataset.read(text).write("dataframe")
    assert total(frame["value"].astype(float)) == total(expected(published, table))


def test_the_ilo_finds_its_indicators_with_concept_and_period(published):
    index = json.loads((published / "indicators.json").read_text(encoding="utf-8"))
    fed = {entry["ilo"]: entry for entry in index["tables"] if entry["ilo"]}
    assert {"MST_TEMP_SEX_AGE_CCT_NB", "MST_TEMP_SEX_ECO_CBR_NB", "MST_TEMP_SEX_OCU_CBR_NB"} <= set(fed)
    assert all("20th ICLS" in entry["concept"] and entry["reference_period"] == "2024" for entry in fed.values())
