"""What a schema states for everyone takes part in linkage as a column would, and never leaves."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError

from wasl.errors import SchemaError
from wasl.holder.encode import encode
from wasl.holder.keys import LinkageKey
from wasl.holder.profile import EncodingProfile
from wasl.registers.schema import RegisterSchema

KEY = LinkageKey.new("everyone", bytes(range(32)))
FIELDS = [
    {"name": "no", "role": "identifier", "required": True},
    {"name": "nom", "role": "name", "feature": "surname"},
    {"name": "prenom", "role": "name", "feature": "given"},
    {"name": "naissance", "type": "date", "role": "birth", "feature": "birth_date", "format": ["%Y-%m-%d"]},
    {"name": "sexe", "type": "code", "role": "origin", "feature": "sex", "classification": "sex"},
]
NATION = {
    "name": "nat", "type": "code", "role": "origin", "feature": "nationality", "classification": "nationality"
}  # fmt: skip
ROWS = {"no": ["1", "2"], "nom": ["Alami", "Tazi"], "prenom": ["Said", "Hind"],
        "naissance": ["1980-02-03", "1991-05-06"], "sexe": ["M", "F"]}  # fmt: skip


def schema(**more):
    return RegisterSchema.model_validate({"id": "abroad", "holder": "X", "record": "no", "fields": FIELDS, **more})


def labels(register, rows):
    made = encode(
        pa.table(rows), register, KEY, EncodingProfile.load("guarded"), created="", rng=np.random.default_rng(0)
    )
    return made, {step.name for step in made.delivery.header.passes if step.rows}


def blocks(made, name):
    """The public labels of the blocks of a pass."""
    source = made.delivery.source
    return {label for number in source.numbers_of(name) for label in source.read(number)["block"].to_pylist()}


@pytest.mark.parametrize("spelling", ["MAR", "Maroc", "marocaine"])
def test_it_gives_the_blocks_that_a_column_gives(spelling):
    stated, passes = labels(schema(everyone={"nationality": spelling}), ROWS)
    column, same = labels(schema(fields=[*FIELDS, NATION]), {**ROWS, "nat": ["MAR", "Maroc"]})
    without, fewer = labels(schema(), ROWS)
    assert passes == same
    assert {"birth", "word-1", "prefix-1"} <= passes - fewer
    assert blocks(stated, "birth") == blocks(column, "birth")
    assert stated.payload.rows.column_names == without.payload.rows.column_names


def test_a_spelling_that_is_no_code_is_refused():
    with pytest.raises(SchemaError, match=r"nationality\.csv"):
        labels(schema(everyone={"nationality": "Atlantis"}), ROWS)


def test_a_column_and_a_statement_exclude_each_other():
    with pytest.raises(ValidationError, match="stated for everyone"):
        schema(everyone={"sex": "F"})


def test_only_what_can_be_stated_is_accepted():
    with pytest.raises(ValidationError):
        schema(everyone={"passport": "A1"})


def test_schemas_that_state_nothing_keep_their_digest():
    assert schema().digest == schema(everyone={}).digest != schema(everyone={"nationality": "MAR"}).digest
