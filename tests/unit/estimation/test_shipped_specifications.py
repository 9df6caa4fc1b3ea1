from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from wasl.cli.app import build_app
from wasl.errors import InputError
from wasl.estimation.estimate import make_estimates
from wasl.estimation.specification import EstimateSpec, Margin
from wasl.registers.codes.classification import CodeList
from wasl.registers.documents import config_dir

SHIPPED = sorted(path.stem for path in (config_dir() / "estimates").glob("*.toml"))
REGIONS = sorted(CodeList.load("region").entries)


@pytest.fixture
def sample():
    """A made-up linked sample: every region, both sexes, households in strata."""
    rng = np.random.default_rng(3)
    n = 900
    return pa.table(
        {
            "weight": rng.uniform(100, 200, n),
            "stratum": rng.choice(["S0", "S1"], n),
            "household": [f"H{number // 3}" for number in range(n)],
            "region": rng.choice(REGIONS, n),
            "sex": rng.choice(["F", "M"], n),
        }
    )


@pytest.fixture
def lists():
    """Made-up persons on at least one of three independent lists, and how many there are in truth."""
    rng = np.random.default_rng(4)
    n = 4000
    on = rng.random((n, 3)) < (0.6, 0.5, 0.4)
    names = ("in_dgsn_permits", "in_cnss_employees", "in_taechir_contracts")
    table = pa.table({"sex": rng.choice(["F", "M"], n), **{name: on[:, i] for i, name in enumerate(names)}})
    return table.filter(pa.array(on.any(axis=1))), n


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "home"))
    app = build_app(["wasl.cli.estimate", "wasl.cli.schema"])

    def call(data, name, *words):
        pq.write_table(data, tmp_path / "data.parquet")
        given = ["estimate", str(tmp_path / "data.parquet"), "--spec", name, "--out", str(tmp_path / "out")]
        done = CliRunner().invoke(app, [*given, "--seed", "1", *words])
        assert done.exit_code == 0, done.output
        return done

    return call


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_specification_bears_its_name(name):
    assert EstimateSpec.load(name).name == name


def test_margins_of_the_census_agree_and_have_sources():
    margins = EstimateSpec.load("census-linked").calibration.margins
    sums = {sum(margin.totals.values()) + (margin.others or 0) for margin in margins}
    assert sums == {148_152}  # foreigners in the 2024 census
    assert {margin.variable for margin in margins} == {"region", "sex"}
    assert all(margin.source for margin in margins)
    assert set(margins[0].totals) < set(REGIONS)


def test_weights_of_a_linked_sample_meet_region_and_sex(run, sample, tmp_path):
    report = json.loads(run(sample, "census-linked", "--json").stdout)
    weights = pq.read_table(tmp_path / "out" / "weights.parquet").to_pandas()
    assert weights.shape == (sample.num_rows, 2 + 30)
    for margin in EstimateSpec.load("census-linked").calibration.margins:
        codes = sample.column(margin.variable).to_pandas()
        for code, total in margin.totals.items():
            assert weights.loc[codes == code, "calibrated_weight"].sum() == pytest.approx(total)
        if margin.others is not None:
            assert weights.loc[~codes.isin(list(margin.totals)), "calibrated_weight"].sum() == pytest.approx(18_964)
    assert any(
        note.startswith("calibration: the weights add up to") and "148,152 after" in note for note in report["notes"]
    )
    assert any("RGPH 2014" in note for note in report["notes"])  # what is taken from an older census is said


def test_two_and_three_registers_are_reconciled(run, lists, tmp_path):
    data, truth = lists
    rows = {
        (row["what"], row["group"]): row for row in json.loads(run(data, "reconciliation", "--json").stdout)["results"]
    }
    assert set(rows) == {("persons", g) for g in ("total", "sex=F", "sex=M")} | {("persons, all lists", "total")}
    for row in (rows["persons", "total"], rows["persons, all lists", "total"]):
        assert row["low"] < truth < row["high"]
    assert data.num_rows < truth


def test_links_taken_as_perfect_are_said(run, lists):
    assert "links are taken as perfect" in " ".join(run(lists[0], "reconciliation").output.split())
    rated = EstimateSpec.model_validate(
        {"name": "r", "reconciliation": {"first": "in_dgsn_permits", "second": "in_cnss_employees",
                                         "quality": {"recall": 0.97}}}
    )  # fmt: skip
    assert make_estimates(lists[0], rated, seed=1).report["notes"] == []


def test_records_without_a_code_are_not_among_the_others(sample):
    missing = pa.array([None, *sample.column("region").to_pylist()[1:]], pa.string())
    without = sample.set_column(sample.column_names.index("region"), "region", missing)
    with pytest.raises(InputError, match="_U"):
        make_estimates(without, EstimateSpec.load("census-linked"), seed=1)


@pytest.mark.parametrize("given", [{"others": 3.0}, {"total": 4.0, "others": 3.0}])
def test_others_go_with_totals_of_categories(given):
    with pytest.raises(ValidationError):
        Margin.model_validate({"variable": "sex", **given})
