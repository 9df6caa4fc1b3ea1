"""Encoding: what leaves, what does not, and what stays equal."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from wasl.errors import DeliveryError, LeakError, RegisterError
from wasl.holder.encoding import blocks, passes, pseudonym
from wasl.holder.keys import LinkageKey
from wasl.holder.profile import EncodingProfile
from wasl.registers.exchange.delivery import Delivery
from wasl.registers.exchange.join_map import JoinMap
from wasl.registers.exchange.payload import Payload


def blocks_of(encoded, name):
    rows = encoded.delivery.rows.filter(pa.compute.equal(encoded.delivery.rows["pass"].cast("string"), name))
    return set(rows["block"].to_pylist())


def test_the_same_register_encodes_to_the_same_bytes(make, projects, schema):
    table = projects(schema, 60)
    assert make(table).delivery.digest == make(table, threads=2).delivery.digest


def test_row_order_does_not_show(make, projects, schema):
    table = projects(schema, 60)
    turned = table.take(list(range(59, -1, -1)))
    assert make(turned).delivery.rows.equals(make(table).delivery.rows)


def test_another_key_shares_nothing(make, projects, schema):
    table = projects(schema, 60)
    first, second = make(table), make(table, under=LinkageKey(bytes(32), "test"))
    for column in ("block", "row_id", "filter_names"):
        ours = set(first.delivery.rows[column].drop_null().to_pylist())
        assert not ours & set(second.delivery.rows[column].drop_null().to_pylist())


def test_passes_share_no_label_token_or_filter(make, projects, schema):
    rows = make(projects(schema, 60)).delivery.rows.to_pandas()
    for column in ("row_id", "block", "filter_names"):
        seen = rows.dropna(subset=[column]).groupby("pass", observed=True)[column].agg(set)
        for left in range(len(seen)):
            for right in range(left):
                assert not seen.iloc[left] & seen.iloc[right]


def test_swapped_and_unsplit_names_meet_in_a_block(make, projects, schema):
    table = projects(schema, 1, nom=["Diallo"], prenom=["Mamadou"])
    for surname, given in (("Mamadou", "Diallo"), ("Diallo Mamadou", ""), ("JALLOW", "Mamadu")):
        other = projects(schema, 1, nom=[surname], prenom=[given])
        assert blocks_of(make(other), "word-1") == blocks_of(make(table), "word-1")


def test_swapped_days_and_months_meet_in_a_block(make, projects, schema):
    first = projects(schema, 1, date_naissance=["05/02/1990"])
    second = projects(schema, 1, date_naissance=["02/05/1990"])
    assert blocks_of(make(first), "prefix-1") == blocks_of(make(second), "prefix-1")
    assert blocks_of(make(first), "birth") != blocks_of(make(second), "birth")


def test_first_january_is_an_unknown_day(make, projects, schema):
    encoded = make(projects(schema, 2, date_naissance=["01/01/1990", "02/01/1990"]))
    assert len(blocks_of(encoded, "birth")) == 1


def test_leading_zeros_and_separators_of_numbers_do_not_matter(make, projects, schema):
    first = projects(schema, 1, num_carte_sejour=["0012 847"])
    second = projects(schema, 1, num_carte_sejour=["12847"])
    assert blocks_of(make(first), "permit") == blocks_of(make(second), "permit")


def test_join_map_payload_and_keep_map_speak_of_the_same_records(make, projects, schema):
    encoded = make(projects(schema, 40))
    joined = set(encoded.join_map.rows["record_id"].to_pylist())
    assert set(encoded.payload.rows["record_id"].to_pylist()) == joined
    assert {bytes.fromhex(text) for text in encoded.keep_map["record_id"].to_pylist()} == joined
    assert set(encoded.join_map.rows["row_id"].drop_null().to_pylist()) == set(
        encoded.delivery.rows["row_id"].to_pylist()
    )


def test_the_payload_speaks_standard_codes(make, projects, schema):
    table = projects(schema, 1, sexe=["H"], nationalite=["sénégalais"], date_naissance=["05/02/1990"], secteur=["BTP"])
    row = make(table).payload.rows.to_pylist()[0]
    assert (row["sex"], row["nationality"], row["birth_year"], row["activity_section"]) == ("M", "SEN", 1990, "F")
    assert not {"nom", "prenom", "date_naissance", "num_carte_sejour"} & set(row)


def test_a_payload_with_a_name_is_refused(schema):
    rows = pa.table({"record_id": pa.array([bytes(16)], pa.binary(16)), "nom": ["x"]})
    with pytest.raises(DeliveryError, match="nom"):
        Payload("r", "h", "", schema.digest, rows).refuse_identifiers(schema)


def test_everything_survives_the_disk(make, projects, schema, tmp_path):
    encoded = make(projects(schema, 30))
    encoded.delivery.write(tmp_path / "d.parquet")
    encoded.join_map.write(tmp_path / "j.parquet")
    encoded.payload.write(tmp_path / "p.parquet")
    assert Delivery.read(tmp_path / "d.parquet").digest == encoded.delivery.digest
    assert JoinMap.read(tmp_path / "j.parquet").rows.equals(encoded.join_map.rows)
    assert Payload.read(tmp_path / "p.parquet").rows.num_rows == 30


def test_the_header_says_how_it_was_made(make, projects, schema, key):
    header = make(projects(schema, 30), name="other", period="2026-10").delivery.header
    assert (header.register, header.period, header.records, header.key_id) == ("other", "2026-10", 30, key.key_id)
    assert header.leak <= 1
    assert header.filter_bits == {"names": 256, "birth": 256, "origin": 256}
    for step in header.passes:
        for fill in step.fill.values():
            assert 0.16 < fill < 0.21


def test_no_block_leaks_above_the_limit_even_when_persons_repeat(make, projects, schema):
    table = projects(schema, 30)
    same = table.set_column(table.column_names.index("date_naissance"), "date_naissance", pa.array(["05/02/1990"] * 30))
    assert make(same).delivery.header.leak <= 1


def test_a_pass_that_would_leak_is_refused_with_the_remedy(make, projects, schema):
    profile = EncodingProfile.load("guarded")
    coarse = profile.passes[4].model_copy(update={"name": "coarse", "block": ("sex",), "groups": ("names",)})
    for excess in ("refuse", "drop"):
        recipe = profile.model_copy(update={"passes": (coarse,), "excess": excess})
        with pytest.raises(LeakError, match="finer blocks"):
            make(projects(schema, 600), recipe)


def test_open_reports_its_leak_and_tokens_has_none(make, projects, schema):
    table = projects(schema, 300)
    assert make(table, "open").delivery.header.leak > 1
    tokens = make(table, "tokens").delivery
    assert tokens.header.filter_bits == {}
    assert tokens.header.leak == 0


def test_a_register_without_records_or_features_is_refused(make, projects, schema):
    with pytest.raises(RegisterError, match="no record"):
        make(projects(schema, 1, nom=[""]))
    febrl = EncodingProfile.load("guarded", "febrl")
    passes = tuple(p for p in febrl.passes if "postcode" in p.block)
    with pytest.raises(RegisterError, match="no feature"):
        make(projects(schema, 3), febrl.model_copy(update={"passes": passes}))


def test_the_same_names_in_two_blocks_have_unlike_filters(make, projects, schema):
    table = projects(schema, 2, nom=["Diallo"] * 2, prenom=["Awa"] * 2, num_carte_sejour=["X111", "X222"])
    rows = make(table).delivery.rows
    permit = rows.filter(pa.compute.equal(rows["pass"].cast("string"), "permit"))
    left, right = (np.frombuffer(value, np.uint8) for value in permit["filter_names"].to_pylist())
    assert 88 < np.bitwise_count(left ^ right).sum() < 168


@pytest.mark.parametrize("released", [1, 13, 100])
@pytest.mark.parametrize("hashed", [1, 50])
def test_how_many_rows_are_worked_on_at_a_time_does_not_show(make, projects, schema, monkeypatch, released, hashed):
    table = projects(schema, 60)
    whole = make(table)
    monkeypatch.setattr(passes, "RELEASED_AT_A_TIME", released)
    monkeypatch.setattr(blocks, "HASHED_AT_A_TIME", hashed)
    monkeypatch.setattr(pseudonym, "HASHED_AT_A_TIME", hashed)
    some = make(table)
    assert some.delivery.rows.equals(whole.delivery.rows)
    assert some.delivery.header.passes == whole.delivery.header.passes
    assert some.join_map.rows.equals(whole.join_map.rows)
