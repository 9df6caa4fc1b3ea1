"""J6: the register of immigrants in vocational training, described by its schema, is linked to residence permits."""

from __future__ import annotations

import json

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.slow

SPEC = """
name = "training"
title = "Immigrants in vocational training, linked to residence permits"
include = ["training"]
flags = ["dgsn-permits"]
reference_date = 2025-12-31

[[variables]]
name = "sex"
sources = ["dgsn-permits", "training"]

[[variables]]
name = "nationality"
sources = ["dgsn-permits", "training"]

[[variables]]
name = "birth_year"
sources = ["dgsn-permits", "training"]

[[variables]]
name = "training_field"
pick = "last"
by = "training_start"

[[variables]]
name = "training_result"
pick = "last"
by = "training_start"

[[variables]]
name = "region"

[[variables]]
name = "education"

[[variables]]
name = "permit_motive"
optional = true

[[derived]]
name = "age_group"
rule = "age-group"
source = "birth_year"

[[derived]]
name = "education_level"
rule = "code"
source = "education"
classification = "education-level"
"""


@pytest.fixture(scope="module")
def linked(linked_registers, tmp_path_factory):
    return linked_registers(tmp_path_factory.mktemp("training"), ("training", "dgsn-permits"), persons=5000)


def test_the_file_is_checked_at_home_first(call, linked):
    out = linked.folder / "quality"
    call(linked.home, "check", linked.folder / "training.csv", "--register", "training", "--out", out)
    assert (out / "quality.fr.html").is_file()


def test_training_finds_its_permits(linked):
    true, precision, recall = linked.pairs("training", "dgsn-permits")
    assert true >= 60
    assert precision >= 0.97
    assert recall >= 0.95


def test_who_is_in_training_is_described_with_the_permit(call, linked):
    spec, out = linked.folder / "training.toml", linked.folder / "microdata.parquet"
    spec.write_text(SPEC, encoding="utf-8")
    words = ["assemble", linked.spine, *linked.payloads, "--spec", spec, "--out", out, "--json"]
    report = json.loads(call(linked.home, *words).stdout)
    table = pq.read_table(out)
    records = linked.persons("training")
    assert abs(table.num_rows - records["person"].nunique()) <= 2
    held = set(linked.persons("dgsn-permits")["person"])
    true = records[records["person"].isin(held)]["person"].nunique()
    assert abs(pc.sum(table["in_dgsn_permits"]).as_py() - true) <= 3
    known = table.filter(table["in_dgsn_permits"])
    assert known["permit_motive"].null_count / known.num_rows < 0.02
    assert report["coverage"]["age_group"] > 0.95
    assert {one["variable"] for one in report["concordance"]} >= {"sex", "nationality", "birth_year", "age_group"}
    assert json.loads(call(linked.home, "audit", "show", "--json").stdout)
