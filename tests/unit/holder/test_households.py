"""Households leave in the payload under numbers of the payload's own; who lives together is kept."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from wasl.errors import DeliveryError, SchemaError
from wasl.holder.encode import encode
from wasl.holder.keys import LinkageKey
from wasl.holder.payload import payload_columns
from wasl.holder.profile import EncodingProfile
from wasl.population.generate import generate
from wasl.registers.documents import validate_document
from wasl.registers.exchange.parquet_tables import write_parquet
from wasl.registers.reading.frames import register_from_table
from wasl.registers.schema import RegisterSchema
from wasl.service.intake import ParquetFile
from wasl.service.payload_check import declared_columns, require_declared_rows
from wasl.service.ports import Limits

SURVEYS = ("survey-ene", "census-sample")


@pytest.fixture(scope="module")
def registers():
    return generate(1500, seed=3, scope="all").registers


def encoded(table, name, *, secret=7, round_name="r1"):
    schema = RegisterSchema.load(name)
    key = LinkageKey(bytes([secret]) * 32, "test")
    return encode(
        table, schema, key, EncodingProfile.load("guarded"), created="2026-01-01", rng=np.random.default_rng(0),
        round_name=round_name,
    )  # fmt: skip


def own_and_sent(table, made):
    """The office's household number and the payload's, for each record."""
    own = pd.DataFrame({"record": table["id_individu"].to_pylist(), "own": table["id_menage"].to_pylist()})
    keep = made.keep_map.to_pandas()
    sent = made.payload.rows.select(["record_id", "household", "weight"]).to_pandas()
    sent["record_id"] = [value.hex() for value in sent["record_id"]]
    return own.merge(keep, on="record").merge(sent, on="record_id")


@pytest.mark.parametrize("name", SURVEYS)
def test_records_live_together_in_the_payload_exactly_where_they_do_in_the_register(registers, name):
    table = registers[name]
    both = own_and_sent(table, encoded(table, name))
    assert len(both) == table.num_rows
    assert both.groupby("own")["household"].nunique().max() == 1
    assert both.groupby("household")["own"].nunique().max() == 1
    assert both["household"].between(1, len(both)).all()
    assert both["weight"].sum() == pytest.approx(sum(float(v) for v in table["ponderation"].to_pylist()))


def test_numbers_depend_on_the_key_the_register_and_the_round(registers):
    table = registers["census-sample"]
    first = own_and_sent(table, encoded(table, "census-sample")).set_index("record")["household"]
    again = own_and_sent(table, encoded(table, "census-sample")).set_index("record")["household"]
    assert (first == again.reindex(first.index)).all()
    for changed in ({"secret": 8}, {"round_name": "r2"}):
        other = own_and_sent(table, encoded(table, "census-sample", **changed)).set_index("record")["household"]
        assert (first == other.reindex(first.index)).mean() < 0.1
    order = np.argsort(np.argsort(own_and_sent(table, encoded(table, "census-sample"))["own"].to_numpy()))
    assert abs(np.corrcoef(order, first.to_numpy())[0, 1]) < 0.3


def test_a_missing_household_stays_missing_and_is_no_household_of_its_own():
    schema = RegisterSchema.load("survey-ene")
    rows = {field.name: ["", "", ""] for field in schema.fields}
    rows |= {"id_individu": list("abc"), "id_menage": ["M1", "", "M1"], "ponderation": ["1", "1", "1"]}
    table = register_from_table(pa.table(rows), schema).table
    found = {
        c.standard: c.values for c in payload_columns(table, schema, lambda texts: np.zeros(len(texts), np.uint64))
    }
    assert found["household"].to_pylist() == [1, None, 1]
    assert "household" not in {c.standard for c in payload_columns(table, schema)}


def document(**variable):
    return {
        "id": "s", "holder": "h", "record": "a",
        "fields": [
            {"name": "a", "role": "identifier", "required": True},
            {"name": "h", "role": "contact", "feature": "household"},
            {"name": "p", "role": "contact", "feature": "phone"},
        ],
        "payload": [{"standard": "household", **variable}],
    }  # fmt: skip


@pytest.mark.parametrize("variable", [{"column": "p", "transform": "household"}, {"column": "h", "transform": "code"}])
def test_only_a_household_column_leaves_as_household(variable):
    with pytest.raises(SchemaError, match="feature 'household'"):
        validate_document(RegisterSchema, document(**variable), "test")


def test_a_register_that_gives_nothing_back_gives_no_household():
    with pytest.raises(SchemaError, match="only codes and dates"):
        validate_document(RegisterSchema, document(column="h", transform="household") | {"return": "none"}, "test")


def test_a_number_that_no_household_can_have_is_refused(tmp_path):
    schema = RegisterSchema.load("census-sample")
    ids = pa.array([bytes([n]) * 16 for n in range(3)], pa.binary(16))
    for numbers, fits in (([1, 2, 3], True), ([1, 2, 612345678], False), ([0, 1, 2], False)):
        path = tmp_path / "payload.parquet"
        write_parquet(pa.table({"record_id": ids, "household": pa.array(numbers, pa.int64())}), path)
        file = ParquetFile(path, "payload", Limits())
        if fits:
            require_declared_rows(file, declared_columns(schema))
        else:
            with pytest.raises(DeliveryError, match="outside the declared range"):
                require_declared_rows(file, declared_columns(schema))
