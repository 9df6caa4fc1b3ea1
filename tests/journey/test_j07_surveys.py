"""J7: the labour force survey and the census sample are linked to permits; weights, strata and households are kept."""

from __future__ import annotations

import json

import pandas as pd
import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.slow

REGISTERS = ("survey-ene", "census-sample", "dgsn-permits", "cnss-employees", "taechir-contracts")
SURVEYS = {"survey-ene": "ene-linked", "census-sample": "census-linked"}


@pytest.fixture(scope="module")
def linked(linked_registers, tmp_path_factory):
    return linked_registers(tmp_path_factory.mktemp("surveys"), REGISTERS, persons=6000)


@pytest.fixture(scope="module")
def assembled(call, linked):
    """For each survey its microdata and the report of their assembly."""
    found = {}
    for register, spec in SURVEYS.items():
        out = linked.folder / f"{spec}.parquet"
        words = ["assemble", linked.spine, *linked.payloads, "--spec", spec, "--out", out, "--json"]
        found[register] = out, json.loads(call(linked.home, *words).stdout)
    return found


@pytest.mark.parametrize("register", SURVEYS)
def test_a_survey_finds_its_permits(linked, register):
    true, precision, recall = linked.pairs(register, "dgsn-permits")
    assert true >= 80
    assert precision >= 0.97
    assert recall >= 0.95


@pytest.mark.parametrize("register", SURVEYS)
def test_weights_strata_and_households_survive_encode_payload_and_assemble(linked, assembled, register):
    path, report = assembled[register]
    table = pq.read_table(path).to_pandas()
    survey = pd.read_csv(linked.folder / f"{register}.csv", dtype=str)
    weight = survey["ponderation"].astype(float)
    assert table["weight"].sum() == pytest.approx(weight.sum(), rel=1e-9)
    assert report["totals"]["weight"] == {
        "payloads": pytest.approx(weight.sum()),
        "microdata": pytest.approx(weight.sum()),
    }
    records = linked.persons(register).merge(survey, left_on="record", right_on="id_individu")
    both = records.merge(table.assign(found=table["person_id"].map(str)), on="found")
    assert len(both) == len(survey)
    once = both[~both["found"].duplicated(keep=False)]
    assert (once["strate"] == once["stratum"]).all()
    assert once.groupby("id_menage")["household"].nunique().max() == 1
    assert once.groupby("household")["id_menage"].nunique().max() == 1
    weighted = both["ponderation"].astype(float).groupby(both["strate"]).sum()
    assert table.groupby("stratum")["weight"].sum().to_dict() == pytest.approx(weighted.to_dict(), rel=0.02)


@pytest.mark.parametrize("register", SURVEYS)
def test_the_registers_tell_what_the_survey_does_not_ask(linked, assembled, register):
    table = pq.read_table(assembled[register][0]).to_pandas()
    held = set(linked.persons("dgsn-permits")["person"])
    true = linked.persons(register)["person"].isin(held).mean()
    assert table["in_dgsn_permits"].mean() == pytest.approx(true, abs=0.03)
    assert table.loc[table["in_dgsn_permits"], "permit_type"].notna().mean() > 0.95
    assert set(table["icls_category"]) >= {"migrant-worker-resident", "migrant-out-of-labour-force"}


@pytest.mark.parametrize(("register", "use"), [("survey-ene", "puf"), ("census-sample", "suf")])
def test_the_linked_survey_is_published_with_weights_and_households(call, linked, assembled, register, use, tmp_path):
    name = f"{SURVEYS[register]}-{use}"
    call(linked.home, "protect", assembled[register][0], "--policy", name, "--out", tmp_path / "safe", "--seed", "1")
    call(linked.home, "publish", tmp_path / "safe", "--description", name, "--out", tmp_path / "release")
    assert json.loads(call(linked.home, "verify", tmp_path / "release", "--json").stdout)["verified"] is True
    data = pd.read_csv(tmp_path / "release" / "data" / f"{name}.csv", dtype=str)
    before = pq.read_table(assembled[register][0]).to_pandas()
    removed = len(before) - len(data)
    assert data["weight"].astype(float).sum() == pytest.approx(
        before["weight"].sum(), rel=0.001 + removed / len(before)
    )
    assert data["household"].nunique() == pytest.approx(before["household"].nunique(), abs=removed)
    assert set(data["stratum"]) == set(before["stratum"])


def test_weights_are_calibrated_to_known_totals(call, linked, assembled, tmp_path):
    table = pq.read_table(assembled["census-sample"][0]).to_pandas().dropna(subset=["sex"])
    known = {
        code: factor * table.loc[table["sex"] == code, "weight"].sum() for code, factor in (("F", 1.1), ("M", 0.95))
    }
    table.drop(columns=["person_id"]).to_parquet(tmp_path / "sample.parquet")
    totals = ", ".join(f"{code} = {total:.3f}" for code, total in known.items())
    (tmp_path / "e.toml").write_text(
        'name = "census"\n[calibration]\nweight = "weight"\ndistance = "raking"\nreplicates = 20\n'
        f'margins = [{{ variable = "sex", totals = {{ {totals} }} }}]\n',
        encoding="utf-8",
    )
    words = ["estimate", tmp_path / "sample.parquet", "--spec", tmp_path / "e.toml", "--out", tmp_path / "estimates"]
    call(linked.home, *words)
    weights = pq.read_table(tmp_path / "estimates" / "weights.parquet").to_pandas()
    for code, total in known.items():
        chosen = (table["sex"] == code).to_numpy()
        assert weights.loc[chosen, "calibrated_weight"].sum() == pytest.approx(total, rel=1e-6)
