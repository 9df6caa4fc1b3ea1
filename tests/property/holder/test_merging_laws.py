"""Laws of what the holder takes for one person, over registers that hold twins, families and gaps."""

from __future__ import annotations

import itertools

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wasl.holder.duplicates import IDENTIFIERS, PERSONAL, list_merged, number_persons
from wasl.holder.normalize import describe_persons
from wasl.registers.documents import validate_document
from wasl.registers.reading.frames import register_from_table
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


GIVEN = {
    "two names": ("Lassana", "Fousseni"),
    "one skeleton": ("Hassan", "Houcine"),
    "one letter apart": ("Jamal", "Kamal"),
    "one initial": ("Samir", "Said"),
    "one shortened": ("Samir", "S."),
    "one shortened by a stop": ("Mohamed", "Moh."),
    "both shortened": ("S.", "S."),
    "both shortened by a stop": ("Moh.", "Moh."),
    "a second initial": ("Mohamed A.", "Mohamed A."),
    "a second name": ("Mohamed Amine", "Mohamed Ali"),
    "a second name left out": ("Mohamed Amine", "Mohamed"),
    "one missing": ("Samir", ""),
    "both missing": ("", ""),
    "a placeholder": ("Samir", "INCONNU"),
}
SHARED = [(name,) for name in IDENTIFIERS] + [
    ("passport", "cin"),
    ("refugee_file", "passport"),
    ("cin", "own_household"),
]


@pytest.mark.parametrize("sexes", [("M", "M"), ("F", "F"), ("M", ""), ("", "")], ids="/".join)
@pytest.mark.parametrize("shared", SHARED, ids="+".join)
def test_twins_who_share_a_number_of_their_family_are_two_persons(shared, sexes):
    """Whatever their surname, their birth and what of it is known, and whatever is written for their given names."""
    fields = [field for field in FIELDS if field.get("feature") not in shared]
    fields += [{"name": name, "role": "identifier", "feature": name} for name in shared]
    schema = schema_of(fields=fields)
    number = {name: f"K{n}234567" for n, name in enumerate(shared, 4)}
    rows = []
    families = itertools.product(("", "Ben "), ("2001-09-08", "2001-01-01", ""), GIVEN.values())
    for n, (before, birth, names) in enumerate(families):
        surname = f"{before}{'bdfklmnrst'[n // 10]}a{'bdfklmnrst'[n % 10]}ouni"
        own = {name: f"{value}{n:03}" for name, value in number.items()}
        family = {"surname": surname, "birth": birth, **own}
        rows += [{**family, "given": name, "sex": sex} for name, sex in zip(names, sexes, strict=True)]
    assert number_persons(persons_of(rows, schema)).tolist() == list(range(len(rows)))


@pytest.mark.parametrize("identifier", IDENTIFIERS)
def test_the_records_of_one_person_with_one_number_are_found(identifier):
    """Another spelling, another order of the names, one wrong part of the birth, day and month exchanged, no birth, and
    another sex by mistake."""
    fields = [field for field in FIELDS if field.get("feature") != identifier]
    schema = schema_of(fields=[*fields, {"name": identifier, "role": "identifier", "feature": identifier}])
    one = {"surname": "Touré", "given": "Mohamed Amine", "birth": "2001-09-08", "sex": "M", identifier: "K4234567"}
    changes = [
        {"given": "MOHAMMED AMINE"}, {"surname": "TOURE"}, {"surname": "Mohamed Amine", "given": "Touré"},
        {"birth": "2001-09-18"}, {"birth": "2010-09-08"}, {"birth": "2001-08-09"}, {"birth": "2001-01-01"},
        {"birth": ""}, {"sex": "F"}, {"sex": ""},
    ]  # fmt: skip
    for change in changes:
        assert number_persons(persons_of([one, {**one, **change}], schema)).tolist() == [0, 0], change


@pytest.mark.parametrize("identifier", IDENTIFIERS)
def test_another_spelling_of_the_surname_needs_the_given_name_and_the_whole_birth(identifier):
    fields = [field for field in FIELDS if field.get("feature") != identifier]
    schema = schema_of(fields=[*fields, {"name": identifier, "role": "identifier", "feature": identifier}])
    one = {"surname": "Benaissa", "given": "Fatima", "birth": "1967-10-16", "sex": "F", identifier: "K4234567"}
    other = {**one, "surname": "Bouvet"}
    expected = [0, 1] if identifier == "refugee_file" else [0, 0]
    assert number_persons(persons_of([one, other], schema)).tolist() == expected
    for change in ({"birth": "1967-10-17"}, {"birth": "1967-01-01"}, {"birth": ""}, {"given": "F."}, {"given": ""}):
        assert number_persons(persons_of([one, {**other, **change}], schema)).tolist() == [0, 1]
        assert number_persons(persons_of([{**one, **change}, {**other, **change}], schema)).tolist() == (
            expected if change == {"birth": "1967-10-17"} else [0, 1]
        )


def test_a_whole_name_that_is_shortened_joins_nobody():
    field = {"name": "name", "role": "name", "feature": "full_name"}
    schema = schema_of(fields=[field, *(one for one in FIELDS if one["name"] not in ("surname", "given"))])
    both = {"birth": "2001-09-08", "sex": "M", "passport": "X7771234"}
    for name in ("Touré M.", "M Touré", "Touré Moh."):
        assert number_persons(persons_of([{**both, "name": name}] * 2, schema)).tolist() == [0, 1]
    for name in ("Touré Moussa", "M. Moussa Touré", "N'Diaye Moussa"):
        assert number_persons(persons_of([{**both, "name": name}] * 2, schema)).tolist() == [0, 0]


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
