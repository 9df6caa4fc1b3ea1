"""Laws of what the holder takes for one person, over registers that hold twins, families and gaps."""

from __future__ import annotations

import itertools

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wasl.holder.duplicates import PERSONAL, list_merged, number_persons
from wasl.holder.normalize import describe_persons
from wasl.registers.documents import validate_document
from wasl.registers.reading.reader import register_from_table
from wasl.registers.schema import RegisterSchema

LAWS = settings(max_examples=60, deadline=None)
NUMBERS = ("passport", "permit", "own_member")
FIELDS = [
    {"name": "record", "role": "identifier", "required": True},
    {"name": "surname", "role": "name", "feature": "surname"},
    {"name": "given", "role": "name", "feature": "given"},
    {"name": "birth", "role": "birth", "type": "date", "feature": "birth_date"},
    {"name": "sex", "role": "origin", "feature": "sex"},
    {"name": "file", "role": "identifier", "feature": "refugee_file"},
    *({"name": name, "role": "identifier", "feature": name} for name in NUMBERS),
]
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "surname": st.sampled_from(["Alaoui", "Haddad"]),
            "given": st.sampled_from(["Hassan", "Houcine", "Karima", "Karim", ""]),
            "birth": st.sampled_from(["1990-05-17", "1985-05-17", "1990-01-01", ""]),
            "sex": st.sampled_from(["M", "F", ""]),
            "file": st.sampled_from(["", "", "901-24C00017"]),
            **{name: st.sampled_from(["", "", f"A{n}234567", f"B{n}765432"]) for n, name in enumerate(NUMBERS, 3)},
        }
    ),
    min_size=2,
    max_size=7,
)


def schema_of(**changes):
    document = {"id": "family", "holder": "Us", "record": "record", "fields": FIELDS, **changes}
    return validate_document(RegisterSchema, document, "test")


def persons_of(rows, schema):
    columns = {name: [row.get(name) or None for row in rows] for name in (*rows[0], "record")}
    columns["record"] = [str(n) for n in range(len(rows))]
    full = {field.name: pa.array(columns.get(field.name, [None] * len(rows)), pa.string()) for field in schema.fields}
    return describe_persons(register_from_table(pa.table(full), schema).table, schema, set())


def numbered(*rows):
    return number_persons(persons_of(list(rows), schema_of())).tolist()


@LAWS
@given(ROWS)
def test_no_person_has_two_values_of_a_number(rows):
    person = numbered(*rows)
    for one, other in itertools.combinations(range(len(rows)), 2):
        if person[one] == person[other]:
            for name in ("file", *NUMBERS):
                assert len({rows[one][name], rows[other][name]} - {""}) < 2


@LAWS
@given(ROWS)
def test_records_of_one_person_agree_on_a_number_or_on_names_and_birth_with_another_of_it(rows):
    person = numbered(*rows)
    for one in range(len(rows)):
        others = [n for n in range(len(rows)) if n != one and person[n] == person[one]]
        shares = [
            any(rows[one][name] and rows[one][name] == rows[n][name] for name in ("file", "passport", "permit"))
            or all(rows[one][name] == rows[n][name] for name in ("surname", "given", "birth", "sex"))
            for n in others
        ]
        assert not others or any(shares)


@LAWS
@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_the_register_does_not_matter(rows, random):
    order = list(range(len(rows)))
    random.shuffle(order)
    person, shuffled = numbered(*rows), numbered(*(rows[n] for n in order))
    back = {n: shuffled[k] for k, n in enumerate(order)}
    for one, other in itertools.combinations(range(len(rows)), 2):
        assert (person[one] == person[other]) == (back[one] == back[other])


@LAWS
@given(ROWS)
def test_the_holder_is_told_of_exactly_those_that_were_merged(rows):
    person = number_persons(persons_of(rows, schema_of()))
    told = list_merged(person, pa.array([str(n) for n in range(len(rows))])).to_pylist()
    groups = {}
    for line in told:
        groups.setdefault(line["group"], set()).add(int(line["record"]))
    expected = {}
    for record, first in enumerate(person.tolist()):
        expected.setdefault(first, set()).add(record)
    assert sorted(map(sorted, groups.values())) == sorted(sorted(g) for g in expected.values() if len(g) > 1)


TWIN = {"surname": "Touré", "birth": "2001-09-08", "sex": "M"}


@pytest.mark.parametrize("names", [("Lassana", "Fousseni"), ("Taha", "Yassine"), ("Hassan", "Houcine")])
@pytest.mark.parametrize(
    "numbers",
    [
        ({"permit": "P1111222", "passport": "X7771234"}, {"permit": "P3333444", "passport": "Y8881234"}),
        ({"permit": "P1111222"}, {"passport": "Y8881234"}),
        ({"permit": "P1111222", "passport": "X7771234"}, {}),
        ({"permit": "P1111222", "passport": "X7771234"}, {"permit": "X7771234", "passport": "P1111222"}),
        ({"file": "901-24C00017"}, {"file": "901-24C00017"}),
        ({"own_member": "M1111222"}, {"own_member": "M1111222"}),
    ],
    ids=["own numbers", "one number each", "one has none", "swapped", "one family's file", "one own number"],
)
def test_twins_are_two_persons(names, numbers):
    one, other = ({**TWIN, "given": name, **own} for name, own in zip(names, numbers, strict=True))
    assert numbered(one, other) == [0, 1]


def test_three_siblings_of_one_birth_date_and_file_are_three_persons():
    rows = [{**TWIN, "given": name, "file": "901-24C00017"} for name in ("Hassan", "Houcine", "Hussein Ali")]
    assert numbered(*rows) == [0, 1, 2]


def test_brother_and_sister_in_one_passport_are_two_persons():
    one = {**TWIN, "given": "Adama", "passport": "X7771234"}
    assert numbered(one, {**one, "given": "Awa", "sex": "F"}) == [0, 1]
    assert numbered(one, {**one, "given": "Aadama"}) == [0, 0]


@pytest.mark.parametrize("feature", sorted({*PERSONAL, "anapec_number", "own_card", "own_2"}))
def test_every_number_forbids_a_merge_unless_it_numbers_the_records(feature):
    rows = [{**TWIN, "given": "Adama", "number": number} for number in ("K1234567", "L7654321", "")]
    field = {"name": "number", "role": "identifier", "feature": feature}
    fields = [f for f in FIELDS if f.get("feature") != feature]
    assert number_persons(persons_of(rows, schema_of(fields=[*fields, field]))).tolist() == [0, 1, 2]
    assert number_persons(persons_of(rows[1:], schema_of(fields=[*fields, field]))).tolist() == [0, 0]


@LAWS
@given(st.permutations(range(6)))
def test_a_number_and_a_word_are_never_taken_for_each_other(order):
    """Codes of numbers and of words are small. Records of other numbers and other words that met by the sums of their
    codes would be found to conflict, and records of one person would be kept apart."""
    given = ("Adama", "Brahim", "Chaima", "Driss", "Elias", "Farid")
    pairs = [*((n, n) for n in range(6)), *((n, other) for n, other in enumerate(order) if n != other)]
    rows = [
        {"surname": "Touré", "given": given[name], "passport": f"{'ABCDEF'[number]}1234567"} for number, name in pairs
    ]
    assert numbered(*rows, *rows) == [*range(len(rows)), *range(len(rows))]
