"""Persons of a second round whom another register shows, and whose record number changed."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from wasl.linkage.persons.ids import IDS, cells_of
from wasl.linkage.persons.records import Roster
from wasl.linkage.persons.spine import name_persons, spine_table
from wasl.linkage.quality.renumbered import Renumbered, check_record_numbers, count_renumbered

REGISTERS = ("a", "b", "c")


def resolved(rows: list[tuple[int, int, int]], onto=None):
    """Records (register, number, person) as a roster, their person ids, and the spine."""
    rows = sorted(set(rows))
    register = np.array([row[0] for row in rows], np.int32)
    ids = np.frombuffer(b"".join(row[1].to_bytes(16, "big") for row in rows), IDS)
    records = Roster(REGISTERS, register, ids, np.arange(len(rows)))
    persons = name_persons(records, np.array([row[2] for row in rows]), onto)
    spine = spine_table(records, persons, ["link"], np.zeros(len(rows), np.int32), np.ones(len(rows)), "r", onto)
    return records, persons.person_id, spine


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.tuples(st.integers(0, 2), st.integers(0, 15)),
        st.sampled_from(["stays", "other number", "leaves", "joins"]),
        min_size=1,
        max_size=30,
    )
)
def test_the_count_is_that_of_records_and_persons_known_by_hand(fates):
    """One record per person and register; persons are linked as they are."""
    number = {key: index for index, key in enumerate(fates)}
    first = [(key[0], number[key], key[1]) for key, fate in fates.items() if fate != "joins"]
    second = [
        (key[0], number[key] + 1_000 * (fate == "other number"), key[1])
        for key, fate in fates.items()
        if fate != "leaves"
    ]
    if not first or not second:
        return
    onto = resolved(first)[2]
    records, persons, _ = resolved(second, onto)
    counted = {one.register: (one.known, one.changed) for one in count_renumbered(records, persons, onto)}
    expected = {}
    for code, register in enumerate(REGISTERS):
        both = {person for (of, person), fate in fates.items() if of == code and fate in ("stays", "other number")}
        shown = {p for p in both if any(fates.get((of, p)) == "stays" for of in range(3) if of != code)}
        if {r for r, _, _ in first} >= {code}:
            expected[register] = (len(shown), sum(fates[code, p] == "other number" for p in shown))
    assert counted == expected


def test_persons_split_and_merged_do_not_break_the_count():
    _, before, onto = resolved([(0, n, n // 2) for n in range(20)] + [(1, 50 + n, n) for n in range(10)])
    records, after, _ = resolved([(0, n, n) for n in range(20)] + [(1, 50 + n, 3 * n) for n in range(7)], onto)
    assert len(cells_of(onto.column("person_id"))) == len(before)
    for one in count_renumbered(records, after, onto):
        assert 0 <= one.changed <= one.known <= 20


def test_the_warning_names_registers_with_many_and_not_with_few():
    often = [Renumbered("a", 257, 20), Renumbered("b", 1_000, 20), Renumbered("c", 8, 4)]
    check = check_record_numbers(often)
    assert check.passed
    assert check.warning
    assert "(a 20/257)" in check.message
    assert not check_record_numbers(often[1:]).warning
