"""Scored pairs: reproducible, refused where they must be, read back whole."""

from __future__ import annotations

import dataclasses

import numpy as np
import pyarrow as pa
import pytest

from wasl.errors import DeliveryError, InputError, MismatchError
from wasl.linkage.model.pairs import PAIRS_SCHEMA, ScoredPairs
from wasl.linkage.plan import LinkagePlan, ModelOptions, RegisterOptions
from wasl.linkage.score import score_pairs
from wasl.registers.exchange.delivery import Delivery
from wasl.registers.exchange.encoded_rows import RowsInMemory, parts_digest


def test_the_same_deliveries_give_the_same_pairs_whatever_the_order_and_the_threads(three_registers, plan):
    deliveries = [r.delivery for r in three_registers]
    first = score_pairs(plan, deliveries, threads=1)
    second = score_pairs(plan, deliveries[::-1], threads=2)
    assert first.pairs.equals(second.pairs)
    assert first.model.to_json() == second.model.to_json()
    assert first.pairs.schema == PAIRS_SCHEMA
    assert len(first.pairs.to_pandas()) == first.pairs.num_rows


def test_rows_in_files_or_in_another_order_give_the_same_pairs(three_registers, plan, tmp_path, monkeypatch):
    monkeypatch.setattr("wasl.registers.exchange.encoded_rows.PART_ROWS", 70)
    both = plan.model_copy(update={"registers": {"beta": RegisterOptions(dedupe=True)}})
    deliveries = [r.delivery for r in three_registers]
    first = score_pairs(both, deliveries)
    files = []
    for delivery in deliveries:
        path = tmp_path / delivery.header.register
        rows = RowsInMemory.of(delivery.rows)
        header = dataclasses.replace(delivery.header, content_digest=parts_digest(rows.parts))
        Delivery(header, rows).write(path)
        files.append(Delivery.read(path))
    assert len(files[0].source.numbers_of("year")) > 3
    rng = np.random.default_rng(5)
    shuffled = [Delivery(d.header, d.rows.take(rng.permutation(len(d.rows)))) for d in deliveries]
    for others in (files, shuffled):
        again = score_pairs(both, others, threads=2)
        assert again.pairs.equals(first.pairs)
        assert again.model.to_json() == first.model.to_json()


def test_a_part_changed_after_it_was_opened_stops_the_linkage(three_registers, plan, tmp_path):
    deliveries = [r.delivery for r in three_registers[:2]]
    path = tmp_path / "alpha"
    deliveries[0].write(path)
    opened = Delivery.read(path)
    data = bytearray(path.read_bytes())
    for place in range(2_000, 60_000, 997):
        data[place] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(DeliveryError, match=r"changed after encoding|cannot be read"):
        score_pairs(plan, [opened, deliveries[1]])


def test_most_true_pairs_score_high_and_few_others_do(three_registers, plan):
    scored = score_pairs(plan, [r.delivery for r in three_registers])
    assert sum(model.expected_matches for model in scored.model.passes) > 300
    assert all(model.fit.iterations <= 500 for model in scored.model.passes)
    assert all(flow["pairs_compared"] >= flow["pairs_kept"] > 0 for flow in scored.report["passes"])


def test_open_deliveries_need_a_plan_that_names_them(open_pair):
    with pytest.raises(MismatchError, match="profile 'open'"):
        score_pairs(LinkagePlan(name="strict"), [r.delivery for r in open_pair])


def test_deliveries_under_another_key_are_refused(three_registers, plan):
    other = three_registers[1].delivery
    other = Delivery(dataclasses.replace(other.header, key_id="another"), other.rows)
    with pytest.raises(MismatchError, match="differ in key"):
        score_pairs(plan, [three_registers[0].delivery, other])


def test_no_delivery_and_the_same_delivery_twice_are_refused(three_registers, plan):
    with pytest.raises(InputError, match="no delivery"):
        score_pairs(plan, [])
    with pytest.raises(MismatchError, match="twice"):
        score_pairs(plan, [three_registers[0].delivery] * 2)


def test_two_deliveries_of_one_register_are_two_sources(three_registers, plan):
    first = three_registers[0].delivery
    second = three_registers[1].delivery
    renamed = Delivery(dataclasses.replace(second.header, register="alpha", period="2025"), second.rows)
    scored = score_pairs(plan, [first, renamed])
    assert [source["label"] for source in scored.report["sources"]] == ["alpha@2024", "alpha@2025"]
    assert scored.pairs.num_rows == score_pairs(plan, [first, second]).pairs.num_rows


def test_one_delivery_is_compared_with_itself_and_others_where_the_plan_says_so(three_registers, plan):
    alone = score_pairs(plan, [three_registers[0].delivery])
    assert set(alone.pairs.column("right_register").to_pylist()) <= {"alpha"}
    both = plan.model_copy(update={"registers": {"beta": RegisterOptions(dedupe=True)}})
    between = {
        (s[0], s[1]) for m in score_pairs(both, [r.delivery for r in three_registers]).model.passes for s in m.strata
    }
    assert between == {("alpha", "beta"), ("alpha", "gamma"), ("beta", "gamma"), ("beta", "beta")}


def test_pairs_are_read_back_with_their_model(three_registers, plan):
    scored = score_pairs(plan, [r.delivery for r in three_registers])
    table = scored.to_table()
    again = ScoredPairs.from_table(table.replace_schema_metadata(None), dict(table.schema.metadata))
    assert again.pairs.equals(scored.pairs)
    assert again.model.to_json() == scored.model.to_json()
    with pytest.raises(DeliveryError, match="not a file of scored pairs"):
        ScoredPairs.from_table(pa.table({"x": [1]}), {})


def test_a_saved_model_is_used_as_it_is(three_registers, plan):
    deliveries = [r.delivery for r in three_registers]
    model = score_pairs(plan, deliveries).model
    same = score_pairs(plan, deliveries, model=model)
    assert all(value < 1e-6 for flow in same.report["passes"] for value in flow["drift"].values())
    again = score_pairs(plan, deliveries[:2], model=model)
    assert any(value > 0 for flow in again.report["passes"] for value in flow["drift"].values())
    for before, after in zip(model.passes, again.model.passes, strict=True):
        assert before.comparisons == after.comparisons
        for a, b in zip(before.probabilities, after.probabilities, strict=True):
            assert np.allclose(a, b, rtol=1e-12)


def test_training_on_a_draw_of_pairs_scores_all_of_them(three_registers, plan):
    small = plan.model_copy(update={"candidates": plan.candidates.model_copy(update={"training_pairs": 200})})
    deliveries = [r.delivery for r in three_registers]
    scored = score_pairs(small, deliveries)
    for flow in scored.report["passes"]:
        assert 0 < flow["pairs_trained_on"] < flow["pairs_compared"]
    assert scored.pairs.num_rows > 0.8 * score_pairs(plan, deliveries).pairs.num_rows


def test_manual_probabilities_are_kept(open_pair, plan):
    manual = plan.model_copy(update={"model": ModelOptions(m={"passport": (0.4, 0.6)}, u={"passport": (0.999, 0.001)})})
    model = score_pairs(manual, [r.delivery for r in open_pair]).model.passes[0]
    place = [comparison.name for comparison in model.comparisons].index("passport")
    assert np.allclose(model.probabilities[place][0, 1:], (0.4, 0.6))
    assert np.allclose(model.probabilities[place][-1, 1:], (0.999, 0.001))


def test_pairs_that_wait_in_a_file_are_the_pairs(three_registers, plan, tmp_path):
    from wasl.registers.exchange.parquet_tables import read_parquet, write_parquet
    from wasl.registers.exchange.spilled_arrays import arrays_in_file

    held = score_pairs(plan, [r.delivery for r in three_registers])
    with arrays_in_file(tmp_path) as store:
        stored = score_pairs(plan, [r.delivery for r in three_registers], store=store)
        assert stored.pairs.num_rows == 0
        assert (len(stored), stored.digest) == (len(held), held.digest)
        assert stored.in_memory().pairs.to_pylist() == held.pairs.to_pylist()
        write_parquet(stored.to_table(), tmp_path / "pairs.parquet")
    again = ScoredPairs.from_table(*read_parquet(tmp_path / "pairs.parquet", "pairs"))
    assert again.pairs.to_pylist() == held.pairs.to_pylist()
