from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from wasl.cli.app import build_app
from wasl.cli.tables import read_for_tables
from wasl.errors import InputError
from wasl.registers.codes.classification import CodeList
from wasl.registers.documents import config_dir
from wasl.tables.specification import TablesSpec


def test_shipped_set_is_protected_together(tmp_path, monkeypatch):
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "home"))
    rng = np.random.default_rng(3)
    n = 900
    table = {
        "sex": rng.choice(["M", "F", None], n, p=[0.6, 0.38, 0.02]),
        "province": rng.choice(["01.051", "01.151", "09.001", "04.421"], n, p=[0.3, 0.1, 0.02, 0.58]),
        "nationality": rng.choice(["FRA", "SEN", "CIV", "PHL"], n, p=[0.5, 0.4, 0.095, 0.005]),
        "activity_section": rng.choice(["A", "F", "G", "I"], n, p=[0.01, 0.3, 0.3, 0.39]),
    }
    pq.write_table(pa.table(table), tmp_path / "micro.parquet")
    app = build_app(["wasl.cli.indicators", "wasl.cli.schema"])
    words = [
        "indicators",
        str(tmp_path / "micro.parquet"),
        "--period",
        "2024",
        "--out",
        str(tmp_path / "out"),
        "--json",
    ]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    printed = json.loads(done.stdout)
    assert printed["tables"] == ["region-by-activity", "sex-by-activity", "sex-by-nationality", "sex-by-province"]
    assert {"sex-by-age", "sex-by-occupation", "sex-by-motive", "coverage"} <= set(printed["left_out"])
    assert printed["audit"]["passed"]
    assert printed["primary"] > 0
    assert (tmp_path / "out" / "sex-by-province.data.sdmx-3.0.xml").is_file()
    px = (tmp_path / "out" / "sex-by-province.px").read_text()
    assert "Tanger-Tétouan-Al Hoceïma" in px


@pytest.mark.parametrize(
    ("written", "period"),
    [("T1 2025", "2025-Q1"), ("mars 2025", "2025-03"), ("مارس ٢٠٢٥", "2025-03"), ("2024/2025", "2024-01-01/P2Y")],
)
def test_a_period_is_written_as_people_write_it(tmp_path, monkeypatch, written, period):
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "home"))
    rng = np.random.default_rng(4)
    columns = {name: rng.choice(codes, 400) for name, codes in CODES.items()}
    pq.write_table(pa.table(columns), tmp_path / "micro.parquet")
    words = ["indicators", tmp_path / "micro.parquet", "--period", written, "--out", tmp_path / "out"]
    done = CliRunner().invoke(build_app(["wasl.cli.indicators"]), [str(word) for word in words])
    assert done.exit_code == 0, (done.output, done.exception)
    index = json.loads((tmp_path / "out" / "indicators.json").read_text(encoding="utf-8"))
    assert index["period"] == period
    assert f'REFPERIOD="{period}"' in (tmp_path / "out" / "sex-by-nationality.px").read_text(encoding="utf-8")
    words[3] = "printemps"
    refused = CliRunner().invoke(build_app(["wasl.cli.indicators"]), [str(word) for word in words]).exception
    assert isinstance(refused, InputError)
    assert "2024-Q1" in str(refused.remedy)


def test_columns_under_other_names_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "home"))
    pq.write_table(pa.table({"Sexe": ["M"], "région": ["09"], "sex": ["M"]}), tmp_path / "m.parquet")
    words = ["indicators", tmp_path / "m.parquet", "--period", "2025", "--out", tmp_path / "out"]
    refused = CliRunner().invoke(build_app(["wasl.cli.indicators"]), [str(word) for word in words]).exception
    assert isinstance(refused, InputError)
    assert "they have sex; their columns are Sexe, région, sex." in str(refused)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_csv_file_is_read_as_offices_write_it(tmp_path, monkeypatch, encoding, separator):
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "home"))
    rng = np.random.default_rng(6)
    rows = [
        [rng.choice(codes) for codes in CODES.values()] + [f"{rng.integers(2, 90)},50", "né à Fès"] for _ in range(300)
    ]
    lines = [[*CODES, "wage", "remarque"], *rows]
    text = "\r\n".join(separator.join(f'"{cell}"' for cell in line) for line in lines)
    (tmp_path / "m.csv").write_bytes(text.encode(encoding))
    read = read_for_tables(tmp_path / "m.csv", TablesSpec.load("foreign-workers"), "2025")
    assert read.num_rows == 300
    assert read["wage"].to_pylist() == [float(row[3].replace(",", ".")) for row in rows]
    assert read["activity_section"].to_pylist() == [row[2] for row in rows]
    words = ["indicators", tmp_path / "m.csv", "--period", "2025", "--out", tmp_path / "out"]
    done = CliRunner().invoke(build_app(["wasl.cli.indicators"]), [str(word) for word in words])
    assert done.exit_code == 0, (done.output, done.exception)


CODES = {"sex": ["M", "F"], "nationality": ["FRA", "SEN"], "activity_section": ["F", "G"]}

SETS = sorted(path.stem for path in (config_dir() / "tables").glob("*.toml"))


@pytest.mark.parametrize("name", SETS)
def test_every_shipped_table_has_titles_concept_source_and_residence_in_three_languages(name):
    for table in TablesSpec.load(name).tables:
        for text in ("title", "concept", "residence"):
            assert all(getattr(table, f"{text}{language}") for language in ("", "_fr", "_ar")), (table.name, text)
        assert table.source
        for dimension in table.dimensions:
            assert dimension.label
            assert dimension.label_fr
            assert dimension.label_ar
            for classification in dimension.classifications:
                assert all(entry.label_ar for entry in CodeList.load(classification).entries.values()), classification


def test_stock_flows_and_nationals_abroad_of_the_ilo_are_all_fed():
    fed = {table.ilo for name in SETS for table in TablesSpec.load(name).tables if table.ilo}
    assert {indicator[:3] for indicator in fed} == {"MST", "MFL", "MNA"}
    assert len(fed) == sum(bool(table.ilo) for name in SETS for table in TablesSpec.load(name).tables)
