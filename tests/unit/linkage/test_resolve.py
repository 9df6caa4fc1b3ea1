"""Pairs to persons: assignment, clusters, spine, ids that stay."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from numpy.testing import assert_array_equal

from wasl.errors import MismatchError
from wasl.linkage.model.opinions import falling
from wasl.linkage.model.pairs import ScoredPairs
from wasl.linkage.persons.assignment import assign_one_to_one
from wasl.linkage.persons.clustering import chance_of_meeting, cluster_records
from wasl.linkage.persons.spine import SPINE_SCHEMA
from wasl.linkage.quality.estimates import never_met
from wasl.linkage.quality.evaluate import evaluate
from wasl.linkage.quality.report import render_report
from wasl.linkage.resolve import CONFLICTS_SCHEMA, LINKS_SCHEMA, resolve
from wasl.linkage.score import score_pairs
from wasl.registers.exchange.digests import digest_table
from wasl.registers.exchange.join_map import JoinMap
from wasl.registers.exchange.parquet_tables import write_parquet
from wasl.registers.exchange.spilled_arrays import arrays_in_file


@pytest.fixture(scope="module")
def scored(three_registers, plan):
    return score_pairs(plan, [r.delivery for r in three_registers])


@pytest.fixture(scope="module")
def resolution(scored, three_registers, plan):
    return resolve(plan, scored, [r.join for r in three_registers], run="first")


def test_every_record_is_in_the_spine_once(resolution, three_registers):
    assert resolution.spine.schema == SPINE_SCHEMA
    assert resolution.spine.num_rows == 400 + 300 + 200
    assert len(set(resolution.spine.column("record_id").to_pylist())) == 900
    assert resolution.links.schema == LINKS_SCHEMA
    assert resolution.conflicts.schema == CONFLICTS_SCHEMA


def test_persons_are_those_of_the_truth(resolution, three_registers):
    truth = pd.concat([r.truth for r in three_registers])
    result = evaluate(resolution.spine, truth, [r.keep for r in three_registers], resolution.links)
    assert result.pairwise.f1 > 0.97
    assert result.cluster.f1 > 0.95
    assert result.calibration.error < 0.05


def test_quality_is_estimated_without_truth(resolution, three_registers):
    truth = pd.concat([r.truth for r in three_registers])
    true = evaluate(resolution.spine, truth, [r.keep for r in three_registers]).pairwise
    quality = resolution.report["quality"]
    for name in ("precision", "recall", "f1"):
        assert quality[name]["low"] <= getattr(true, name) <= quality[name]["high"]
    rows = {(row["left"], row["right"]): row for row in quality["reconciliation"]}
    # 600 people; alpha holds 400, beta 300, 200 of them both: 100 are in neither, were they drawn independently.
    assert rows["alpha", "beta"]["neither"]["low"] <= 100 <= rows["alpha", "beta"]["neither"]["high"]


def test_pairs_met_once_tell_of_pairs_never_met():
    met = np.repeat([1, 2, 3], [40, 80, 80])
    missing, variance = never_met(met, np.ones(200), np.full(200, 3))
    assert missing == pytest.approx(2 / 3 * 40 * 39 / (2 * 81))
    assert variance > 0
    assert never_met(np.ones(50, int), np.ones(50), np.ones(50, int))[0] == 0


def test_no_person_is_twice_in_a_duplicate_free_register(resolution):
    rows = resolution.spine.select(["person_id", "register"]).to_pandas()
    assert not rows.duplicated().any()


def test_pairs_read_back_resolve_the_same(scored, resolution, three_registers, plan):
    table = scored.to_table()
    again = ScoredPairs.from_table(table.replace_schema_metadata(None), dict(table.schema.metadata))
    result = resolve(plan, again, [r.join for r in reversed(three_registers)], run="first")
    assert result.spine.equals(resolution.spine)
    assert result.links.equals(resolution.links)


def test_pairs_that_were_set_aside_resolve_as_those_in_memory(resolution, three_registers, plan, tmp_path):
    with arrays_in_file(tmp_path) as store:
        stored = score_pairs(plan, [r.delivery for r in three_registers], store=store)
        found = resolve(plan, stored, [r.join for r in three_registers], run="first")
    assert found.spine.equals(resolution.spine)
    assert found.links.equals(resolution.links)


@pytest.mark.parametrize("rows", [7, 100, 10_000])
def test_pairs_and_join_maps_in_files_resolve_as_those_in_memory(
    rows, scored, resolution, three_registers, plan, tmp_path
):
    parts = three_registers
    write_parquet(scored.to_table(), tmp_path / "pairs.parquet", row_group=rows)
    for number, part in enumerate(parts):
        part.join.write(tmp_path / f"{number}.parquet")
    stored = ScoredPairs.open(tmp_path / "pairs.parquet")
    joins = [JoinMap.open(tmp_path / f"{number}.parquet") for number in range(len(parts))]
    assert stored.pairs.num_rows == 0 < len(stored) == len(scored)
    assert stored.digest == digest_table(scored.pairs)
    assert stored.in_memory().pairs.equals(scored.pairs)
    found = resolve(plan, stored, joins, run="first")
    for name in ("spine", "links", "conflicts", "changes", "review"):
        assert getattr(found, name).equals(getattr(resolution, name)), name
    assert found.report["quality"] == resolution.report["quality"]


def test_a_missing_or_foreign_join_map_is_refused(scored, three_registers, open_pair, plan):
    with pytest.raises(MismatchError, match="has no join map"):
        resolve(plan, scored, [r.join for r in three_registers[:2]], run="x")
    with pytest.raises(MismatchError, match="not linked"):
        resolve(plan, scored, [open_pair[0].join, *[r.join for r in three_registers]], run="x")


def test_building_onto_its_own_spine_changes_nothing(scored, resolution, three_registers, plan):
    again = resolve(plan, scored, [r.join for r in three_registers], run="second", onto=resolution.spine)
    assert again.spine.equals(resolution.spine)
    assert again.changes.num_rows == 0


def test_persons_keep_their_ids_when_a_register_is_added(resolution, scored, three_registers, plan):
    first_two = three_registers[:2]
    before = resolve(plan, score_pairs(plan, [r.delivery for r in first_two]), [r.join for r in first_two], run="a")
    after = resolve(plan, scored, [r.join for r in three_registers], run="b", onto=before.spine)
    old = dict(
        zip(before.spine.column("record_id").to_pylist(), before.spine.column("person_id").to_pylist(), strict=True)
    )
    new = dict(
        zip(after.spine.column("record_id").to_pylist(), after.spine.column("person_id").to_pylist(), strict=True)
    )
    kept = sum(new[record] == person for record, person in old.items())
    moved = [row for row in after.changes.to_pylist() if row["change"] != "new"]
    assert len(old) - kept <= sum(row["records"] for row in moved)
    assert kept > 0.98 * len(old)
    same = after.spine.column("run").to_pylist().count("a")
    assert same == kept
    # The same persons as without the detour, whatever they are called.
    names = [
        pd.factorize(np.array(s.column("person_id").to_pylist(), object))[0] for s in (after.spine, resolution.spine)
    ]
    assert_array_equal(names[0], names[1])


def test_registers_not_delivered_again_stay_in_the_spine(resolution, three_registers, plan):
    first_two = three_registers[:2]
    pairs = score_pairs(plan, [r.delivery for r in first_two])
    after = resolve(plan, pairs, [r.join for r in first_two], run="later", onto=resolution.spine)
    assert after.spine.num_rows == resolution.spine.num_rows
    assert after.spine.column("register").to_pylist().count("gamma") == 200


def test_a_merge_and_a_split_are_listed(scored, resolution, three_registers, plan):
    rows = resolution.spine.to_pandas()
    sizes = rows.groupby("person_id")["record_id"].transform("size")
    torn = rows.index[(sizes == 3) & (rows["register"] == "alpha")][0]
    rows.at[torn, "person_id"] = b"\x01" * 16  # an earlier run had this record apart
    two = rows["person_id"][sizes == 1].unique()[:2]
    rows.loc[rows["person_id"] == two[1], "person_id"] = two[0]  # and had taken these two for one person
    earlier = pa.Table.from_pandas(rows, preserve_index=False).cast(SPINE_SCHEMA)
    after = resolve(plan, scored, [r.join for r in three_registers], run="later", onto=earlier)
    changes = {row["change"]: row for row in after.changes.to_pylist()}
    assert set(changes) == {"merged", "split"}
    assert changes["merged"]["other_person_id"] == b"\x01" * 16


@pytest.mark.parametrize("seed", range(4))
def test_assignment_is_optimal(seed):
    rng = np.random.default_rng(seed)
    left, right = (side.ravel() for side in np.meshgrid(np.arange(4), np.arange(10, 14), indexing="ij"))
    gain = rng.normal(0.5, 1.0, 16)
    best = 0.0
    for order in itertools.permutations(range(4)):
        best = max(best, sum(max(gain[4 * i + j], 0.0) for i, j in enumerate(order)))
    chosen = assign_one_to_one(left, right, gain)
    assert np.isclose(gain[chosen].sum(), best)
    assert len(set(left[chosen])) == len(set(right[chosen])) == chosen.sum()


def test_assignment_prefers_the_whole_to_the_first():
    left, right = np.array([0, 0, 1]), np.array([5, 6, 5])
    assert assign_one_to_one(left, right, np.array([3.0, 2.5, 2.9])).tolist() == [False, True, True]


def test_a_weak_link_does_not_chain_two_persons():
    left = np.array([0, 0, 1, 3, 3, 4, 2])
    right = np.array([1, 2, 2, 4, 5, 5, 3])
    probability = np.array([0.99, 0.99, 0.99, 0.99, 0.99, 0.99, 0.6])
    arguments = (6, left, right, probability, np.ones(7, bool), np.zeros(6, np.int32), np.array([False]))
    cluster, refused = cluster_records(*arguments, -1.0)
    assert cluster.tolist() == [0, 0, 0, 3, 3, 3]
    assert refused.tolist() == [0, 0, 0, 0, 0, 0, 2]
    assert cluster_records(*arguments, 0.0)[0].tolist() == [0] * 6


def test_a_register_has_a_person_once():
    left, right = np.array([0, 1]), np.array([2, 2])
    cluster, refused = cluster_records(
        3, left, right, np.array([0.9, 0.8]), np.ones(2, bool), np.array([0, 0, 1]), np.array([True, True]), 0.0
    )
    assert cluster.tolist() == [0, 1, 0]
    assert refused.tolist() == [0, 1]


def test_how_often_records_of_a_person_meet_is_told_from_chains():
    chain_left, chain_right = np.arange(0, 300, 3), np.arange(1, 300, 3)
    left = np.concatenate([chain_left, chain_left + 1, chain_left[:50]])
    right = np.concatenate([chain_right, chain_right + 1, chain_left[:50] + 2])
    assert chance_of_meeting(300, left, right, np.ones(len(left), bool)) == pytest.approx(0.5, abs=0.02)


def test_pooling_makes_values_fall():
    assert falling(np.array([0.1, 0.3, 0.2, 0.4])).tolist() == pytest.approx([0.25] * 4)
    assert falling(np.array([0.5, 0.1, 0.2, 0.1])).tolist() == pytest.approx([0.5, 0.15, 0.15, 0.1])


def test_the_page_needs_nothing_from_outside_and_shows_no_encoding(resolution):
    page = render_report(resolution.report)
    assert "<svg" in page
    assert "http" not in page
    assert "<script" not in page
    for row in resolution.spine.column("record_id").to_pylist()[:50]:
        assert row.hex() not in page


def test_registers_that_share_nobody_and_no_block_resolve_to_singles(plan, simulator):
    people = simulator.persons(8, seed=30)
    parts = [
        simulator.delivered(people.iloc[:4].assign(year="Y1900", given="aaaaaa", month="M01"), "alpha"),
        simulator.delivered(people.iloc[4:].assign(year="Y1901", given="bbbbbb", month="M02"), "beta"),
    ]
    scored = score_pairs(plan, [part.delivery for part in parts])
    assert scored.pairs.num_rows == 0
    table = scored.to_table()
    scored = ScoredPairs.from_table(table.replace_schema_metadata(None), dict(table.schema.metadata))
    found = resolve(plan, scored, [part.join for part in parts], run="x")
    assert found.spine.num_rows == found.report["persons"] == 8
    assert found.links.num_rows == 0
    assert "<h1>" in render_report(found.report)
