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


def wages(linked):
    """Declared wage in dirhams of each true person of the social-security register."""
    declared = pd.read_csv(linked.folder / "cnss-employees.csv", dtype=str)
    records = linked.truth[linked.truth["register"] == "cnss-employees"]
    both = records.merge(declared, left_on="record", right_on="num_immatriculation")
    return (both.set_index("person")["salaire_reel"].astype(float) / 100).groupby(level=0).sum()


@pytest.fixture(scope="module")
def totals(call, linked, tmp_path_factory):
    """Totals of wages: links taken as they are, corrected for false links, and for missed links as well; then of the
    sampled persons alone, where only linkage is random."""
    folder = tmp_path_factory.mktemp("totals")
    words = ["assemble", linked.spine, *linked.payloads, "--spec", "census-totals", "--out", folder / "sample.parquet"]
    call(linked.home, *words)
    report = json.loads((linked.folder / "linked" / "report.json").read_text(encoding="utf-8"))
    pair = {"census-sample", "cnss-employees"}
    (quality,) = [one for one in report["quality"]["by_registers"] if {one["left"], one["right"]} == pair]
    recall, low = quality["recall"]["value"], quality["recall"]["low"]
    common = 'value = "wage"\nweight = "weight"\nstrata = "stratum"\ncluster = "household"\n'
    sure = pq.read_table(folder / "sample.parquet").to_pandas()
    sure["taken_as_true"] = sure["probability_cnss_employees"].mask(sure["probability_cnss_employees"].notna(), 1.0)
    sure.drop(columns="person_id").to_parquet(folder / "sample.parquet")
    (folder / "e.toml").write_text(
        'name = "wages"\n'
        f'[[linked_totals]]\nprobability = "taken_as_true"\nrecall = 1.0\n{common}'
        f'[[linked_totals]]\nprobability = "probability_cnss_employees"\nrecall = 1.0\n{common}'
        f'[[linked_totals]]\nprobability = "probability_cnss_employees"\nrecall = {recall}\n'
        f"recall_error = {(recall - low) / 1.96:.6f}\n{common}"
        f'[[linked_totals]]\nvalue = "wage"\nprobability = "probability_cnss_employees"\nrecall = {recall}\n'
        f"recall_error = {(recall - low) / 1.96:.6f}\ncensus = true\n",
        encoding="utf-8",
    )
    words = ["estimate", folder / "sample.parquet", "--spec", folder / "e.toml", "--out", folder / "found"]
    call(linked.home, *words)
    return pd.read_csv(folder / "found" / "estimates.csv")


def test_totals_are_corrected_for_links_that_are_missed_or_false(linked, totals):
    """Recommendation 14: the wages of foreigners, from a tenth of them and the links, with an interval."""
    true = wages(linked)
    naive, without_false, corrected, sampled = totals["estimate"]
    assert without_false < naive
    assert corrected > without_false
    for row in totals.itertuples():
        assert row.low < row.estimate < row.high
    width = totals["high"] - totals["low"]
    assert totals["low"][2] <= true.sum() <= totals["high"][2]
    assert width[2] > width[1]
    interviewed = linked.persons("census-sample")["person"]
    known = true[true.index.isin(interviewed)].sum()
    assert sampled == pytest.approx(known, rel=0.1)
    assert totals["low"][3] <= known <= totals["high"][3]
    assert width[3] < 0.5 * width[2]
