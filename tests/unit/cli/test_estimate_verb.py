from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from wasl.cli.app import build_app

SPEC = """
name = "autumn"
[reconciliation]
first = "permits"
second = "employees"
by = ["sex"]
quality = { recall = 0.97, precision = 0.99, recall_error = 0.004 }
[multiple_systems]
lists = ["permits", "employees", "certificates"]
[calibration]
weight = "w"
distance = "raking"
replicates = 10
margins = [{ variable = "sex", totals = { F = 2600, M = 2500 } }]
[[linked_totals]]
value = "wage"
probability = "p"
recall = 0.9
"""


def test_all_estimates_of_a_specification(tmp_path, monkeypatch):
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "home"))
    rng = np.random.default_rng(0)
    n = 3000
    p = np.where(rng.random(n) < 0.5, 0.97, np.nan)
    table = {
        "permits": rng.random(n) < 0.7,
        "employees": rng.random(n) < 0.6,
        "certificates": rng.random(n) < 0.5,
        "sex": rng.choice(["F", "M"], n),
        "w": np.ones(n),
        "p": p,
        "wage": np.where(np.isnan(p), np.nan, rng.gamma(2, 10, n)),
    }
    pq.write_table(pa.table(table), tmp_path / "persons.parquet")
    (tmp_path / "e.toml").write_text(SPEC)
    words = ["estimate", str(tmp_path / "persons.parquet"), "--spec", str(tmp_path / "e.toml"), "--seed", "1"]
    done = CliRunner().invoke(
        build_app(["wasl.cli.estimate", "wasl.cli.schema"]), [*words, "--out", str(tmp_path), "--json"]
    )
    assert done.exit_code == 0, done.output
    printed = json.loads(done.stdout)
    by_group = {(row["what"], row["group"]): row for row in printed["results"]}
    assert {("persons", "total"), ("persons", "sex=F"), ("persons", "sex=M")} <= by_group.keys()
    total = by_group["persons", "total"]
    assert total["missed"] > 0
    assert total["low"] < total["estimate"] < total["high"]
    weights = pq.read_table(tmp_path / "weights.parquet")
    women = np.array(table["sex"]) == "F"
    assert weights.column("calibrated_weight").to_numpy()[women].sum() == pytest.approx(2600)
    assert weights.num_columns == 12
