"""Addresses compared in the clear: words by how rare they are, and what a household shares."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from wasl.holder.clear_addresses import ADDRESS_LEVELS, ADDRESSES
from wasl.holder.clear_pairs import clear_persons
from wasl.registers.reading.frames import register_from_table
from wasl.registers.schema import RegisterSchema

FEATURES = {
    "given": ("name", "given"),
    "surname": ("name", "surname"),
    "street": ("contact", "street"),
    "number": ("contact", "street_number"),
    "town": ("contact", "locality"),
    "postcode": ("contact", "postcode"),
    "phone": ("identifier", "phone"),
}
OTHERS = [
    {
        "given": f"Other{chr(97 + k % 26)}",
        "surname": f"Name{chr(97 + k % 23)}{chr(97 + k % 19)}",
        "street": f"rue {chr(98 + k % 20)}a{chr(98 + k % 17)}oni",
        "number": str(k % 90),
        "town": f"Town{chr(97 + k % 12)}" if k % 12 else "Kenitra",
        "postcode": str(14_000 + k % 12),
    }
    for k in range(400)
]
HOME = {"street": "12 rue Atlas", "town": "Kenitra", "postcode": "14000"}
HASSAN = {"given": "Hassan", "surname": "Berrada", **HOME}


def compared(first, second, columns=tuple(FEATURES)):
    """The levels of the pair of two records among 400 others, as seen and as they count."""
    fields = [{"name": "no", "role": "identifier", "required": True}]
    fields += [{"name": name, "role": FEATURES[name][0], "feature": FEATURES[name][1]} for name in columns]
    schema = RegisterSchema.model_validate(
        {"id": "office", "holder": "office", "record": "no", "profiles": "generic", "fields": fields}
    )
    rows = [first, second, *OTHERS]
    table = pa.table(
        {"no": [str(k) for k in range(len(rows))]}
        | {name: pa.array([row.get(name) for row in rows], pa.string()) for name in columns}
    )
    persons = clear_persons([register_from_table(table, schema).table], [schema])
    levels = persons.levels(np.array([0]), np.array([1]))
    return [int(part[0]) for part in levels], [int(part[0]) for part in persons.apart(levels)]


def address(first, second):
    return ADDRESS_LEVELS[compared(first, second)[0][3]]


@pytest.mark.parametrize(
    ("other", "level"),
    [
        (HOME, "all"),
        ({"street": "Rue Atlas", "number": "12", "town": "KÉNITRA", "postcode": "14000"}, "all"),
        ({"street": "12, rue Atlass", "town": "Kenitra", "postcode": "14000"}, "all"),
        ({"street": "12 rue Atlas", "town": "Kenitra"}, "all"),
        ({"street": "98 rue Atlas", "town": "Kenitra", "postcode": "14000"}, "a part"),
        ({"street": "77 rue Zagora", "town": "Kenitra", "postcode": "14000"}, "the town at most"),
        ({"street": "77 rue Zagora", "town": "Oujda", "postcode": "60000"}, "another"),
        ({}, "without weight"),
    ],
)
def test_words_of_an_address_count_by_how_rare_they_are(other, level):
    assert address(HOME, other) == level
    assert address(other, HOME) == level


def test_a_number_one_digit_apart_is_another():
    assert address(HOME, {**HOME, "street": "13 rue Atlas"}) != "all"


@pytest.mark.parametrize("names", [("Hassan", "Berrada"), ("Hasan", "Berrada"), ("Berrada", "Hassan")])
def test_a_person_of_the_same_names_at_the_address_counts(names):
    other = {"given": names[0], "surname": names[1], **HOME, "phone": "0612345678"}
    seen, counts = compared({**HASSAN, "phone": "0612345678"}, other)
    assert counts == seen
    assert ADDRESS_LEVELS[counts[3]] == "all"
    assert counts[4] == 1


@pytest.mark.parametrize("names", [("Khadija", "Berrada"), ("Khadija", "Alaoui")])
def test_another_person_of_the_household_gains_nothing(names):
    other = {"given": names[0], "surname": names[1], **HOME, "phone": "0612345678"}
    seen, counts = compared({**HASSAN, "phone": "0612345678"}, other)
    assert ADDRESS_LEVELS[seen[3]] == "all"
    assert counts[3:] == [0, 0]


def test_what_has_no_opinion_has_no_weight():
    assert [level for level, pairs in zip(ADDRESS_LEVELS, ADDRESSES, strict=True) if not pairs] == ["without weight"]


def test_registers_without_addresses_are_compared_without():
    seen, _ = compared({"given": "Hassan"}, {"given": "Hassan"}, ("given", "surname"))
    assert seen[3] == 0
