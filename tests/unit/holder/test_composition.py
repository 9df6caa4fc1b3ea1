"""Profiles composed from the features of somebody's register."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from wasl.errors import SchemaError
from wasl.holder.composition import compose_profile, load_profile
from wasl.holder.encode import encode
from wasl.holder.keys import LinkageKey
from wasl.holder.profile import EncodingPass, EncodingProfile
from wasl.registers.documents import validate_document
from wasl.registers.schema import RegisterSchema

KEY = LinkageKey.new("composed", bytes(range(32)))
COLUMNS = {
    "surname": {"role": "name"},
    "given": {"role": "name"},
    "birth_date": {"role": "birth", "type": "date", "format": ["%Y-%m-%d"]},
    "sex": {"role": "origin"},
    "street": {"role": "contact"},
    "street_number": {"role": "contact"},
    "locality": {"role": "contact"},
    "postcode": {"role": "contact"},
    "phone": {"role": "contact"},
    "own_member": {"role": "identifier"},
    "own_team": {"role": "origin", "type": "code"},
    "own_trade": {"role": "origin"},
}
VALUES = {
    "surname": ["Diallo", "Sow", "Kone"],
    "given": ["Awa", "Ali", "Jean"],
    "birth_date": ["1990-05-17", "1981-02-03", "1977-11-30"],
    "sex": ["F", "M", "M"],
    "own_member": ["M1001", "M2417", "M8803"],
}


def schema_of(*features, name="ours"):
    fields = [{"name": "number", "role": "identifier", "required": True}]
    fields += [{"name": feature, "feature": feature, **COLUMNS[feature]} for feature in features]
    document = {"id": name, "holder": "Us", "record": "number", "profiles": "generic", "fields": fields}
    return validate_document(RegisterSchema, document, "test")


def encoded(schema, profile, empty=()):
    table = {"number": ["1", "2", "3"]}
    for field in schema.fields[1:]:
        table[field.name] = VALUES.get(field.name, [f"{field.name} {k}" for k in "abc"])
        if field.name in empty:
            table[field.name] = [None] * 3
    return encode(pa.table(table), schema, KEY, profile, created="", rng=np.random.default_rng(0))


@pytest.mark.parametrize(
    "features",
    [
        ("surname", "given", "birth_date"),
        ("surname", "birth_date", "sex", "own_member"),
        ("surname", "given", "street", "locality"),
        ("birth_date", "sex", "postcode"),
        ("own_member",),
        ("own_team", "birth_date", "own_trade"),
        tuple(COLUMNS),
    ],
)
def test_whatever_is_there_is_composed_within_the_limit(features):
    schema = schema_of(*features)
    profile = load_profile("guarded", schema)
    assert profile.weaknesses == ()
    header = encoded(schema, profile).delivery.header
    assert header.leak <= 1
    assert sum(step.rows for step in header.passes) > 0


def test_all_holders_compose_the_same_document():
    one, other = (
        schema_of("surname", "given", "birth_date", "own_member"),
        schema_of("surname", "street", name="theirs"),
    )
    assert compose_profile([one, other]).digest == compose_profile([other, one]).digest
    assert compose_profile([one]).digest != compose_profile([one, other]).digest
    assert compose_profile([one, one]).digest == compose_profile([one]).digest


def test_a_feature_of_ones_own_is_blocked_and_compared():
    profile = compose_profile([schema_of("surname", "given", "birth_date", "own_member", "own_team")])
    assert ("own_member",) in [step.block for step in profile.passes]
    assert ("birth_date", "own_team") in [step.block for step in profile.passes]
    assert "own_team" in profile.group_by_name


def test_a_misspelt_feature_is_not_taken_for_ones_own():
    with pytest.raises(SchemaError, match="feature"):
        validate_document(
            RegisterSchema,
            {
                "id": "ours",
                "holder": "Us",
                "record": "n",
                "fields": [{"name": "n", "role": "identifier", "feature": "pasport"}],
            },
            "test",
        )


def test_nothing_to_compose_from_is_said():
    with pytest.raises(SchemaError, match="nothing to compose"):
        compose_profile([schema_of("sex")])


def test_an_absent_feature_takes_no_group_away_and_a_shipped_profile_says_so():
    whole = ("surname", "given", "birth_date", "street", "street_number", "locality", "postcode")
    for absent in ("street", "locality", "postcode", "street_number"):
        schema = schema_of(*[feature for feature in whole if feature != absent])
        composed = encoded(schema, load_profile("guarded", schema))
        assert "contact" in composed.delivery.header.filter_bits
        assert [item.name for item in composed.left_out if item.kind == "group"] == []
    schema = schema_of(*[feature for feature in whole if feature != "street"])
    made = encoded(schema, EncodingProfile.load("guarded", "febrl"))
    (left,) = [item for item in made.left_out if item.kind == "group"]
    assert (left.name, left.expected, left.reason) == ("contact", False, "the register has no street")
    assert {item.name for item in made.left_out if item.kind == "pass"} == {"street"}


def test_a_group_that_no_record_has_is_said_not_to_be_usable():
    """The schema has the columns; the file's cells are empty."""
    schema = schema_of("surname", "given", "street", "locality", "postcode", "street_number", "birth_date")
    empty = ("street", "locality", "postcode", "street_number")
    made = encoded(schema, EncodingProfile.load("guarded", "febrl"), empty=empty)
    (left,) = [item for item in made.left_out if item.kind == "group"]
    assert (left.name, left.expected) == ("contact", False)
    assert left.reason.startswith("no record has a usable value for each of: ")


def test_an_optional_pass_above_the_limit_is_left_out_with_its_reason(make, projects, schema):
    guarded = EncodingProfile.load("guarded")
    coarse = EncodingPass(name="coarse", block=("sex",), groups=("names",), optional=True)
    recipe = guarded.model_copy(update={"name": "ours", "passes": (*guarded.passes, coarse)})
    made = make(projects(schema, 600), recipe)
    (left,) = [item for item in made.left_out if item.name == "coarse"]
    assert not left.expected
    assert "would have to be left out to keep T within 1" in left.reason
    assert made.delivery.header.leak <= 1
    assert "coarse" not in {step.name for step in made.delivery.header.passes}


TYPES = ("string", "code", "date", "month", "integer", "decimal", "boolean")
CELLS = {
    "date": ["1990-05-17", "1981-02-03", ""],
    "month": ["2024-05", "2023-11", ""],
    "integer": ["17", "204", ""],
    "decimal": ["17.5", "204", ""],
    "boolean": ["yes", "no", ""],
}


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize(
    ("role", "others"),
    [
        ("identifier", ("surname", "given")),
        ("origin", ("surname", "given")),
        ("birth", ("birth_date",)),
        ("contact", ("own_member",)),
    ],
)
def test_a_feature_of_ones_own_may_have_any_type_and_role(kind, role, others):
    base = schema_of(*others)
    field = {"name": "thing", "feature": "own_thing", "role": role, "type": kind}
    fields = [*(f.model_dump(mode="json", exclude_defaults=True) for f in base.fields), field]
    document = {"id": "ours", "holder": "Us", "record": "number", "profiles": "generic", "fields": fields}
    schema = validate_document(RegisterSchema, document, "test")
    profile = load_profile("guarded", schema)
    named = {part for step in profile.passes for part in step.block} | set(profile.group_by_name)
    assert "own_thing" in named
    table = {"number": ["1", "2", "3"], "thing": CELLS.get(kind, ["ab", "cd", ""])}
    table |= {name: VALUES[name] for name in others}
    made = encode(pa.table(table), schema, KEY, profile, created="", rng=np.random.default_rng(0))
    assert made.delivery.header.leak <= 1
    assert not [item for item in made.left_out if "own_thing" in item.reason]


def test_a_date_of_ones_own_meets_by_one_word_where_nobody_has_a_birth_date():
    fields = [
        {"name": "entry", "role": "identifier", "required": True},
        {"name": "surname", "role": "name", "feature": "surname"},
        {"name": "baptism", "role": "birth", "type": "date", "feature": "own_baptism"},
    ]
    document = {"id": "parish", "holder": "Parish", "record": "entry", "profiles": "generic", "fields": fields}
    profile = compose_profile([validate_document(RegisterSchema, document, "test")])
    assert ("word_4", "own_baptism") in [step.block for step in profile.passes]
