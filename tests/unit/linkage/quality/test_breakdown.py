"""False and missed matches by group: the estimates cover what the truth says, and the desk gets them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from wasl.linkage.persons.records import records_of
from wasl.linkage.plan import LinkagePlan
from wasl.linkage.quality.breakdown import BREAKDOWN_SCHEMA, attributes_of, break_down, by_group
from wasl.linkage.resolve import resolve
from wasl.linkage.score import score_pairs


def test_rates_are_the_doubts_left():
    single = np.array([False] * 4 + [True] * 4)
    probability = np.array([0.9, 0.9, 1.0, 1.0, 0.5, 1.0, 1.0, 1.0])
    unmet = np.array([0.0] * 4 + [0.0, 0.1, 0.1, 0.0])
    (found,) = by_group(single, probability, unmet, np.zeros(8, np.int64), ["all"])
    assert (found.records, found.linked) == (8, 4)
    assert found.false_match.value == pytest.approx(0.2 / 4)
    assert found.missed_match.value == pytest.approx(0.7 / (3.8 + 0.7))
    assert found.false_match.low <= found.false_match.value <= found.false_match.high


def test_small_groups_are_shown_together_and_gaps_are_named():
    n = 100
    spine = pa.table({"register": ["r"] * n, "grade": ["link"] * 60 + ["single"] * 40, "probability": [0.99] * n})
    values = ["SEN"] * 60 + ["CIV"] * 3 + ["MLI"] * 2 + [None] * 35
    rows = break_down(spine, {"nationality": values}, {"r": 0.2})
    assert rows.schema == BREAKDOWN_SCHEMA
    groups = {(row["attribute"], row["group"]): row for row in rows.to_pylist()}
    assert set(groups) == {
        ("register", "r"), ("nationality", "SEN"), ("nationality", "unknown"), ("nationality", "others"),
    }  # fmt: skip
    assert groups["nationality", "others"]["records"] == 5
    assert groups["register", "r"]["missed_match"] == pytest.approx(40 * 0.21 / (60 * 0.99 + 40 * 0.21))


@pytest.fixture(scope="module")
def registers():
    from wasl.holder.encode import encode
    from wasl.holder.keys import LinkageKey
    from wasl.holder.profile import EncodingProfile
    from wasl.lab.self_test import SIX
    from wasl.population.generate import generate
    from wasl.registers.schema import RegisterSchema

    population = generate(3000, 11)
    key = LinkageKey.new("breakdown", bytes(range(32)))
    parts = []
    for name in SIX:
        table = population.registers[name]
        schema = RegisterSchema.load(name)
        options = EncodingProfile.load("guarded", family=schema.profiles)
        parts.append(encode(table, schema, key, options, created="", rng=np.random.default_rng(0)))
    return population, parts


def test_the_intervals_cover_the_truth_of_six_registers(registers):
    population, parts = registers
    plan = LinkagePlan.load("morocco")
    scored = score_pairs(plan, [part.delivery for part in parts])
    joins = [part.join_map for part in parts]
    result = resolve(plan, scored, joins, run="x")
    attributes = attributes_of(result.spine, [part.payload for part in parts])
    assert set(attributes) == {"nationality", "sex", "birth_period"}
    rows = break_down(result.spine, attributes, result.report["quality"]["unmet"]).to_pandas()

    keep = pd.concat([part.keep_map.to_pandas() for part in parts])
    owner = population.truth.to_pandas().astype(str).merge(keep.astype(str), on=["register", "record"])
    roster = records_of(scored, joins).roster
    unit = dict(zip([bytes(r).hex() for r in roster.record_id], roster.place.tolist(), strict=True))
    spine = result.spine.to_pandas()
    spine["id"] = [r.hex() for r in spine["record_id"]]
    spine["unit"] = spine["id"].map(unit)
    spine["true"] = spine["id"].map(owner.set_index("record_id")["person"])
    spine["register"] = spine["register"].astype(str)
    spine = spine.assign(**attributes).fillna(dict.fromkeys(attributes, "unknown"))
    single = spine["grade"].astype(str) == "single"
    matched = spine.groupby("true")["unit"].transform("nunique") > 1
    rightly = spine.groupby(["person_id", "true"])["unit"].transform("nunique") > 1
    covered = []
    for row in rows[rows["group"] != "others"].itertuples():
        mine = spine[row.attribute] == row.group
        false = float((~rightly[mine & ~single]).mean()) if (mine & ~single).any() else 0.0
        missed = float((single & matched)[mine].sum() / max(matched[mine].sum(), 1))
        covered.append(row.false_match_low <= false <= row.false_match_high)
        covered.append(row.missed_match_low <= missed <= row.missed_match_high)
    assert len(covered) > 40
    assert np.mean(covered) >= 0.93


def test_the_desk_gets_the_breakdown_beside_the_microdata(registers, tmp_path, monkeypatch):
    from wasl.cli.linkage import link_files
    from wasl.cli.microdata import assemble_files

    monkeypatch.setenv("WASL_HOME", str(tmp_path / "home"))
    _, parts = registers
    deliveries, joins, payloads = [], [], []
    for part in parts:
        name = part.delivery.header.register
        for paths, what, suffix in (
            (deliveries, part.delivery, "parquet"),
            (joins, part.join_map, "join"),
            (payloads, part.payload, "payload"),
        ):
            paths.append(tmp_path / f"{name}.{suffix}")
            what.write(paths[-1])
    link_files("morocco", deliveries, joins, tmp_path / "linked", threads=1)
    made = assemble_files(
        tmp_path / "linked" / "spine.parquet", payloads, "foreign-workers", tmp_path / "micro.parquet"
    )
    rows = pd.read_csv(made["quality"])
    assert list(rows) == BREAKDOWN_SCHEMA.names
    assert set(rows["attribute"]) == {"register", "nationality", "sex", "birth_period"}
    assert (rows[rows["attribute"] == "register"]["records"].sum()) == sum(len(p.keep_map) for p in parts)
    assert rows["missed_match"].between(0, 1).all()
