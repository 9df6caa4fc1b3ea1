"""J5: MIEPEEC's contract requests become persons, and the persons a public-use and a scientific-use file."""

from __future__ import annotations

import json

import pandas as pd
import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.slow

REGISTERS = ("taechir-contracts", "dgsn-permits", "cnss-employees")


@pytest.fixture(scope="module")
def contracts(linked_registers, tmp_path_factory):
    return linked_registers(tmp_path_factory.mktemp("taechir"), REGISTERS, persons=6000)


@pytest.fixture(scope="module")
def microdata(call, contracts):
    out = contracts.folder / "microdata.parquet"
    words = ["assemble", contracts.spine, *contracts.payloads, "--spec", "taechir-contracts", "--out", out, "--json"]
    return out, json.loads(call(contracts.home, *words).stdout)


def test_requests_of_one_person_become_one_row(contracts, microdata):
    table = pq.read_table(microdata[0])
    records = contracts.persons("taechir-contracts")
    people = records["person"].nunique()
    assert len(records) > 1.5 * people  # most persons have several requests
    assert abs(table.num_rows - people) <= 0.02 * people
    assert sum(table["contracts"].to_pylist()) == len(records)
    assert records.groupby("found")["person"].nunique().eq(1).mean() >= 0.99
    assert records.groupby("person")["found"].nunique().eq(1).mean() >= 0.98


def test_first_renewal_artist_and_seconded_are_told_apart(contracts, microdata):
    table = pq.read_table(microdata[0]).to_pandas()
    register = pd.read_csv(contracts.folder / "taechir-contracts.csv", dtype=str)
    register = register.merge(contracts.persons("taechir-contracts"), left_on="num_demande", right_on="record")
    assert set(table["contract_type"]) == {"first", "renewal", "artist", "seconded"}
    spellings = {"first": "première", "renewal": "renouvellement", "artist": "artiste", "seconded": "détaché"}
    for kind, written in spellings.items():
        true = register.loc[register["type_demande"].str.lower() == written, "person"].nunique()
        assert true > 0
        assert abs(int(table[f"ever_{kind}"].sum()) - true) <= max(2, 0.03 * true), kind
    # The terms are those of the last request by its date, not of the last row.
    dates = pd.to_datetime(register["date_depot"], format="mixed", errors="coerce", dayfirst=False)
    last = register.assign(day=dates).sort_values("day").groupby("found").last()["type_demande"].str.lower()
    ours = table.assign(found=table["person_id"].map(str)).set_index("found")["contract_type"].map(spellings)
    both = pd.concat([last, ours], axis=1, join="inner", keys=["register", "microdata"])
    assert (both["register"] == both["microdata"]).mean() >= 0.97


def test_what_registers_say_of_the_same_persons_is_in_the_report(microdata):
    _, report = microdata
    pairs = {(one["variable"], one["register_a"], one["register_b"]): one for one in report["concordance"]}
    one = pairs["sex", "dgsn-permits", "taechir-contracts"]
    assert one["persons"] > 200
    assert one["agreement"] >= 0.97
    assert report["left_out"] == []


@pytest.mark.parametrize("use", ["puf", "suf"])
def test_the_file_is_protected_published_and_verified(call, contracts, microdata, use, tmp_path):
    home, name = contracts.home, f"taechir-contracts-{use}"
    call(home, "protect", microdata[0], "--policy", name, "--out", tmp_path / "safe", "--seed", "1")
    call(home, "publish", tmp_path / "safe", "--description", name, "--out", tmp_path / "release")
    verified = json.loads(call(home, "verify", tmp_path / "release", "--json").stdout)
    assert verified["verified"] is True
    data = pd.read_csv(tmp_path / "release" / "data" / f"{name}.csv", dtype=str)
    assert "person_id" not in data
    assert {"first", "renewal"} <= set(data["contract_type"].dropna())
    keys = ["region", "sex", "age_group", "nationality", "contract_type", "activity_broad", "skill_level"]
    complete = data.dropna(subset=keys)
    assert complete.groupby(keys).size().min() >= 1
    report = json.loads((tmp_path / "release" / "report" / "public-report.json").read_text(encoding="utf-8"))
    assert {item["code"] for item in report["areas"][0]["areas"]} >= {"06", "04", "09"}


def test_a_payload_that_lacks_an_optional_variable_is_said(call, contracts, tmp_path):
    own = ["--payload", contracts.folder / "taechir-contracts.payload"]
    words = ["assemble", contracts.spine, *own, "--spec", "taechir-contracts", "--out", tmp_path / "micro.parquet"]
    spec = (tmp_path / "spec.toml", "hours")
    text = 'name = "t"\ninclude = ["taechir-contracts"]\n[[variables]]\nname = "sex"\n'
    spec[0].write_text(f'{text}[[variables]]\nname = "{spec[1]}"\noptional = true\n', encoding="utf-8")
    call(contracts.home, *words)
    words[words.index("taechir-contracts")] = spec[0]
    printed = call(contracts.home, *words[:-1], tmp_path / "less.parquet").stdout
    assert "warning: hours is left out" in printed
    log = call(contracts.home, "audit", "show", "--json").stdout
    assert "variables_left_out" in log
