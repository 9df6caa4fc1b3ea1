"""No file that leaves the holder, and none made from it, tells the order of the register."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.stats import spearmanr

from wasl.disclosure.policy.document import DisclosurePolicy
from wasl.disclosure.protect import protect
from wasl.holder.encode import encode
from wasl.holder.keys import LinkageKey
from wasl.holder.profile import EncodingProfile
from wasl.linkage.plan import LinkagePlan
from wasl.linkage.resolve import resolve
from wasl.linkage.score import score_pairs
from wasl.population.generate import generate
from wasl.registers.documents import validate_document
from wasl.registers.schema import RegisterSchema

KEY = LinkageKey.new("order", bytes(range(32)))
REGISTERS = ("dgsn-permits", "taechir-contracts", "cnss-employees", "anapec-certificates")
SORTED_BY = {
    "dgsn-permits": "nom",
    "taechir-contracts": "date_naissance",
    "cnss-employees": "nom_prenom",
    "anapec-certificates": "nom_prenom",
}


@pytest.fixture(scope="module")
def registers():
    made = generate(700, seed=4).registers
    return {name: made[name].sort_by(SORTED_BY[name]) for name in REGISTERS}


def encoded(table, name, profile):
    schema = RegisterSchema.load(name)
    recipe = EncodingProfile.load(profile)
    return encode(
        table,
        schema,
        KEY,
        recipe,
        created="2026-01-01",
        rng=np.random.default_rng(0),
        round_name="r",
        consent_weak_profile=True,
    )


def shuffled(table, seed):
    return table.take(pa.array(np.random.default_rng(seed).permutation(len(table))))


def written(made, folder):
    """The bytes of every file that travels."""
    folder.mkdir()
    made.delivery.write(folder / "delivery.parquet")
    made.join_map.write(folder / "join.parquet")
    made.payload.write(folder / "payload.parquet")
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("profile", ["guarded", "tokens", "open"])
@pytest.mark.parametrize("name", REGISTERS)
def test_files_are_the_same_bytes_whatever_the_order_of_the_register(registers, name, profile, tmp_path):
    ordered = written(encoded(registers[name], name, profile), tmp_path / "ordered")
    for seed in (1, 2):
        assert written(encoded(shuffled(registers[name], seed), name, profile), tmp_path / str(seed)) == ordered


def correlation(ids, place):
    """Rank correlation between a row's place in a file and the place of its record in the register."""
    there = np.array([place[value] for value in ids if value in place])
    return abs(spearmanr(np.arange(len(there)), there).statistic), 4 / np.sqrt(len(there))


@pytest.mark.parametrize("name", REGISTERS)
def test_no_output_correlates_with_its_source(registers, name):
    made = encoded(registers[name], name, "guarded")
    place = {bytes.fromhex(text): n for n, text in enumerate(made.keep_map["record_id"].to_pylist())}
    for table in (made.payload.rows, made.join_map.rows):
        found, limit = correlation(table["record_id"].to_pylist(), place)
        assert found < limit
    joined = made.join_map.rows.to_pandas().dropna()
    for step, rows in joined.groupby("pass", observed=True):
        found, limit = correlation(rows["record_id"], place)
        assert found < limit, step
        of_row = dict(zip(rows["row_id"], rows["record_id"], strict=True))
        delivered = made.delivery.rows.filter(pa.compute.equal(made.delivery.rows["pass"].cast("string"), step))
        found, limit = correlation([of_row[row] for row in delivered["row_id"].to_pylist()], place)
        assert found < limit, step


def test_pairs_spine_and_links_do_not_depend_on_the_order_of_the_registers(registers):
    plan = LinkagePlan.load("morocco")
    results = []
    for change in (lambda table: table, lambda table: shuffled(table, 5)):
        parts = [encoded(change(registers[name]), name, "guarded") for name in ("dgsn-permits", "cnss-employees")]
        scored = score_pairs(plan, [part.delivery for part in parts])
        results.append((scored.pairs, resolve(plan, scored, [part.join_map for part in parts], run="r")))
    (pairs, first), (others, second) = results
    assert pairs.equals(others)
    assert first.spine.equals(second.spine)
    assert first.links.equals(second.links)


def test_protected_microdata_are_shuffled_whatever_the_policy_says():
    rows = 400
    table = pa.table({"age": pa.array(np.arange(rows) // 5), "sex": pa.array(["F"] * rows)})
    policy = {
        "name": "order",
        "variables": [{"name": "age", "role": "free"}, {"name": "sex", "role": "key"}],
        "thresholds": {"k": 2},
        "methods": [],
    }
    done = protect(table, validate_document(DisclosurePolicy, policy, "test"), seed=3)
    found = abs(spearmanr(np.arange(rows), done.table["age"].to_numpy()).statistic)
    assert found < 4 / np.sqrt(rows)


def test_a_payload_file_keeps_no_index_of_its_source(registers, tmp_path):
    made = encoded(registers["dgsn-permits"], "dgsn-permits", "guarded")
    made.payload.write(tmp_path / "p.parquet")
    assert b"pandas" not in (pq.read_metadata(tmp_path / "p.parquet").metadata or {})
