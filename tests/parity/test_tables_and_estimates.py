"""Tables and estimates: the library and the command line give equal artifacts (by digest) and events (by value)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

import wasl
from wasl.audit.events import AuditEvent
from wasl.cli.audit_trail import open_log
from wasl.cli.estimate import make_estimates
from wasl.cli.tables import make_tables
from wasl.errors import InputError
from wasl.estimation.specification import EstimateSpec
from wasl.registers.exchange.digests import digest_bytes, digest_table
from wasl.tables.earlier import read_earlier
from wasl.tables.specification import TablesSpec
from wasl.workflow.act import Act

SEED = 11
SECRET = b"s" * 32
TIMED = ("report.json",)
"""Reports of tables carry the seconds the search took."""
METHODS = {
    "suppression": 'method = "suppression"\nlower = 0.3\nupper = 0.3\nsearch = "exact"',
    "rounding": 'method = "rounding"\nrounding = { base = 5, kind = "random" }',
    "cell-key": 'method = "cell-key"',
}
RECORD = {"cell-key": 'record = "person"'}
SPEC = """
name = "stock"
period = "2025"
[input]
value = "count"
{record}
[primary]
minimum_contributors = 3
[protection]
{protection}
[[dimensions]]
name = "region"
hierarchy = "region.csv"
classifications = ["region"]
[[dimensions]]
name = "sex"
"""
ESTIMATES = """
name = "autumn"
[multiple_systems]
lists = ["in_dgsn_permits", "in_cnss_employees", "in_taechir_contracts"]
[calibration]
weight = "weight"
replicates = 4
margins = [{ variable = "sex", totals = { F = 900, M = 800 } }]
"""


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "home"))


@pytest.fixture
def persons(tmp_path: Path) -> Path:
    """Made-up persons: lists, region (few in the last), sex, weight."""
    rng = np.random.default_rng(5)
    n = 600
    table = pa.table(
        {
            "person": [f"p{number:04d}" for number in range(n)],
            "region": rng.choice(["01", "04", "06", "09", "12"], n, p=[0.2, 0.2, 0.39, 0.2, 0.01]),
            "sex": rng.choice(["F", "M"], n),
            "weight": rng.choice([1.0, 2.0, 4.0], n),
            **{name: rng.random(n) < 0.6 for name in ("in_dgsn_permits", "in_cnss_employees", "in_taechir_contracts")},
        }
    )
    pq.write_table(table, tmp_path / "persons.parquet")
    return tmp_path / "persons.parquet"


def _same(act: Act[Any, Any], out: Path) -> None:
    """The files in ``out`` are the artifacts, and the last event of the log is the act's."""
    written = {path.name: path.read_bytes() for path in out.iterdir()}
    assert written.keys() == act.artifacts.keys()
    digests = {
        name: digest_table(pq.read_table(pa.BufferReader(data))) if name.endswith(".parquet") else digest_bytes(data)
        for name, data in written.items()
        if name not in TIMED
    }
    assert digests
    assert digests == {name: digest for name, digest in act.digests().items() if name not in TIMED}
    assert _untimed(json.loads(written["report.json"])) == _untimed(act.report)
    assert [AuditEvent.parse(data).happening for data in open_log().events()][-1] == act.event


def _untimed(report: Mapping[str, Any]) -> dict[str, Any]:
    """The report without the seconds that the search took, wherever they stand in it."""
    return {
        name: _untimed(value) if isinstance(value, Mapping) else value
        for name, value in report.items()
        if not name.endswith("seconds")
    }


@pytest.mark.parametrize("form", ["pyarrow", "pandas"])
@pytest.mark.parametrize("method", METHODS)
def test_tables(method: str, form: str, persons: Path, tmp_path: Path) -> None:
    path = tmp_path / "stock.toml"
    path.write_text(SPEC.format(protection=METHODS[method], record=RECORD.get(method, "")), encoding="utf-8")
    (tmp_path / "record.key").write_bytes(SECRET)
    today = datetime.now(UTC).date()
    make_tables([persons], str(path), tmp_path / "out", key=tmp_path / "record.key", seed=SEED)
    table = pq.read_table(persons)
    data = table if form == "pyarrow" else table.to_pandas()
    _same(wasl.tabulate(data, TablesSpec.load(path), seed=SEED, secret=SECRET, today=today), tmp_path / "out")


def test_tables_beside_those_of_an_earlier_release(persons: Path, tmp_path: Path) -> None:
    path = tmp_path / "stock.toml"
    path.write_text(SPEC.format(protection=METHODS["suppression"], record=""), encoding="utf-8")
    spec, table = TablesSpec.load(path), pq.read_table(persons)
    make_tables([persons], str(path), tmp_path / "before", seed=SEED)
    make_tables([persons], str(path), tmp_path / "out", earlier=[tmp_path / "before"], seed=SEED)
    before = wasl.tabulate(table, spec, seed=SEED)
    earlier = [read_earlier("before", before.report["tables"][0], before.tables[0].internal())]
    act = wasl.tabulate(table, spec, earlier=earlier, seed=SEED)
    assert act.event.earlier_releases == 1
    _same(act, tmp_path / "out")


def test_a_given_hierarchy_goes_before_the_shipped_one(persons: Path, tmp_path: Path) -> None:
    path = tmp_path / "stock.toml"
    path.write_text(SPEC.format(protection=METHODS["suppression"], record=""), encoding="utf-8")
    levels = "part,region\n" + "".join(f"{'N' if code < 6 else 'S'},{code:02d}\n" for code in range(1, 13))
    (tmp_path / "region.csv").write_text(levels, encoding="utf-8")
    make_tables([persons], str(path), tmp_path / "out", seed=SEED)
    texts = pacsv.ConvertOptions(column_types={"part": pa.string(), "region": pa.string()})
    given = {"region.csv": pacsv.read_csv(tmp_path / "region.csv", convert_options=texts).to_pandas()}
    act = wasl.tabulate(pq.read_table(persons), TablesSpec.load(path), hierarchies=given, seed=SEED)
    assert {"N", "S"} <= set(act.tables[0].public()["region"].to_pylist())
    _same(act, tmp_path / "out")


def test_a_hierarchy_neither_given_nor_shipped_is_named(persons: Path) -> None:
    spec = TablesSpec.model_validate({"name": "t", "dimensions": [{"name": "region", "hierarchy": "nowhere.csv"}]})
    with pytest.raises(InputError, match=r"nowhere\.csv"):
        wasl.tabulate(pq.read_table(persons), spec)


@pytest.mark.parametrize("form", ["pyarrow", "pandas"])
def test_estimates(form: str, persons: Path, tmp_path: Path) -> None:
    path = tmp_path / "autumn.toml"
    path.write_text(ESTIMATES, encoding="utf-8")
    make_estimates(persons, str(path), tmp_path / "out", seed=SEED)
    table = pq.read_table(persons)
    data = table if form == "pyarrow" else table.to_pandas()
    act = wasl.estimate(data, EstimateSpec.load(path), seed=SEED)
    _same(act, tmp_path / "out")
    assert act.weights.num_rows == table.num_rows
