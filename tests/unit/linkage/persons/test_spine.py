"""Persons' ids: made from their first record, handed on by the majority, and changes told."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wasl.linkage.persons.ids import IDS
from wasl.linkage.persons.records import Roster
from wasl.linkage.persons.spine import find_rows, name_persons, spine_table


def ids_of(numbers) -> np.ndarray:
    return np.frombuffer(b"".join(int(n).to_bytes(16, "big") for n in numbers), IDS)


def roster(registers: tuple[str, ...], records: list[tuple[int, int]]) -> Roster:
    ordered = sorted(records)
    register = np.array([r for r, _ in ordered], np.int32)
    return Roster(registers, register, ids_of([n for _, n in ordered]), np.arange(len(ordered)))


def spine(records: Roster, clusters: list[int], run: str, onto: pa.Table | None = None) -> tuple[pa.Table, pa.Table]:
    persons = name_persons(records, np.array(clusters), onto)
    count = len(records)
    table = spine_table(records, persons, ["link"], np.zeros(count, np.int32), np.ones(count), run, onto)
    return table, persons.changes


def person_of(table: pa.Table) -> dict[tuple[str, bytes], bytes]:
    rows = table.to_pylist()
    return {(row["register"], row["record_id"]): row["person_id"] for row in rows}


def test_an_id_is_made_from_the_first_record():
    records = roster(("a", "b"), [(0, 1), (0, 2), (1, 3)])
    table, changes = spine(records, [0, 1, 0], "r")
    expected = {
        record: hashlib.sha256(b"wasl/person\x1f0\x1f" + b"a" + b"\x1f" + record.to_bytes(16, "big")).digest()[:16]
        for record in (1, 2)
    }
    assert person_of(table) == {
        ("a", (1).to_bytes(16, "big")): expected[1],
        ("a", (2).to_bytes(16, "big")): expected[2],
        ("b", (3).to_bytes(16, "big")): expected[1],
    }
    assert changes.num_rows == 0


def test_the_majority_keeps_the_id_and_what_is_split_off_gets_a_new_one():
    records = roster(("a",), [(0, n) for n in range(5)])
    before, _ = spine(records, [0] * 5, "r1")
    after, changes = spine(records, [0, 0, 1, 1, 1], "r2", before)
    old, new = person_of(before), person_of(after)
    keys = [("a", n.to_bytes(16, "big")) for n in range(5)]
    assert [new[key] == old[key] for key in keys] == [False, False, True, True, True]
    assert [(c["change"], c["records"], c["person_id"]) for c in changes.to_pylist()] == [("split", 2, new[keys[0]])]
    # The first record's own id was the person's already: the next number is taken.
    again = hashlib.sha256(b"wasl/person\x1f1\x1f" + b"a" + b"\x1f" + bytes(16)).digest()[:16]
    assert new[keys[0]] == again


def test_records_that_leave_and_registers_not_delivered():
    both = roster(("a", "b"), [(0, 1), (0, 2), (1, 3)])
    before, _ = spine(both, [0, 1, 0], "r1")
    after, changes = spine(roster(("a",), [(0, 1)]), [0], "r2", before)
    assert [(c["change"], c["records"]) for c in changes.to_pylist()] == [("left", 1)]
    assert person_of(after)[("b", (3).to_bytes(16, "big"))] == person_of(after)[("a", (1).to_bytes(16, "big"))]
    assert after["run"].to_pylist() == ["r1", "r1"]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 6), min_size=1, max_size=25), st.lists(st.integers(0, 6), min_size=25, max_size=25))
def test_building_twice_onto_the_same_spine_changes_nothing(first, second):
    records = roster(("a", "b", "c"), [(n % 3, n) for n in range(len(first))])
    start, _ = spine(records, first, "r1")
    once, _ = spine(records, second[: len(first)], "r2", start)
    twice, changes = spine(records, second[: len(first)], "r3", once)
    assert twice.equals(once)
    assert changes.num_rows == 0


@pytest.mark.parametrize("count", [0, 1, 50])
def test_rows_are_found_by_all_their_columns(count):
    rng = np.random.default_rng(count)
    among = [ids_of(rng.permutation(100)[:count]), rng.integers(0, 2, count)]
    wanted = [ids_of(range(100)), rng.integers(0, 2, 100)]
    known = {(among[0][k].tobytes(), int(among[1][k])): k for k in range(count)}
    expected = [known.get((wanted[0][k].tobytes(), int(wanted[1][k])), -1) for k in range(100)]
    assert find_rows(wanted, among).tolist() == expected
