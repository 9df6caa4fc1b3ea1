from __future__ import annotations

import json
from pathlib import Path

import pyarrow.csv as pacsv
import pytest
from typer.testing import CliRunner

from wasl.cli.app import build_app

VECTORS = Path(__file__).parents[2] / "vectors" / "tables"

SPEC = """
name = "turnover"
[input]
kind = "aggregate"
value = "TOT"
contributors = "N_OBS"
largest = ["MAX"]
[[dimensions]]
name = "ACTIVITY"
hierarchy = "activity_corr_table.csv"
[[dimensions]]
name = "SIZE"
[primary]
dominance = [{ n = 1, k = 85 }]
[protection]
lower = 0.1
upper = 0.1
search = "fast"
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "home"))
    (tmp_path / "spec.toml").write_text(SPEC)
    app = build_app(["wasl.cli.tables", "wasl.cli.schema"])

    def call(*words: str):
        data = str(VECTORS / "turnover_act_size.csv")
        return CliRunner().invoke(app, ["tables", data, "--spec", str(tmp_path / "spec.toml"), *words])

    return call


def test_files_report_and_event(run, tmp_path, capfd):
    from wasl.cli.audit_trail import open_log

    done = run("--out", str(tmp_path / "out"), "--json")
    assert done.exit_code == 0, done.output
    printed = json.loads(done.stdout)
    assert capfd.readouterr().out == ""  # the solver prints no banner beside the JSON
    saved = json.loads((tmp_path / "out" / "report.json").read_text())
    assert printed["primary"] == saved["primary"] == 77
    assert {"secondary", "cost", "bound", "proven", "seconds", "audit"} <= saved.keys()
    rows = pacsv.read_csv(tmp_path / "out" / "table.csv")
    assert rows.column_names == ["ACTIVITY", "SIZE", "value", "status"]
    assert rows.column("value").null_count == 77 + saved["secondary"]
    names = {path.name for path in (tmp_path / "out").iterdir()}
    public = {"table.csv", "table.parquet", "table.xlsx", "table.px", "table.json-stat.json", "method.html"}
    assert names == public | {"internal.csv", "report.json", "heat-map.html", "heat-map.fr.html", "heat-map.ar.html"}
    note = (tmp_path / "out" / "method.html").read_text()
    assert "85" not in note  # parameters of the rules stay in the office
    kinds = [json.loads(entry)["kind"] for entry in open_log().events()]
    assert kinds[-1] == "TablesProtected"


def test_earlier_folder_is_read_back(run, tmp_path):
    assert run("--out", str(tmp_path / "one")).exit_code == 0
    done = run("--out", str(tmp_path / "two"), "--earlier", str(tmp_path / "one"), "--json")
    assert json.loads(done.stdout)["audit"]["earlier_tables"] == ["one/turnover"]


def test_missing_hierarchy_is_named(run, tmp_path):
    (tmp_path / "spec.toml").write_text(SPEC.replace("activity_corr_table.csv", "nowhere.csv"))
    done = run("--out", str(tmp_path / "out"))
    assert done.exit_code == 1
    assert "nowhere.csv" in str(done.exception)
