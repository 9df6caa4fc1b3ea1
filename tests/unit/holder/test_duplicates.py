"""Whom a register itself shows to be one person, and what becomes of their rows."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from wasl.holder.duplicates import PERSONAL, number_persons
from wasl.holder.encode import encode
from wasl.holder.keys import LinkageKey
from wasl.holder.normalize import describe_persons
from wasl.holder.profile import EncodingProfile
from wasl.linkage.plan import LinkagePlan
from wasl.linkage.resolve import resolve
from wasl.linkage.score import score_pairs
from wasl.population.generate import generate
from wasl.registers.reading.frames import register_from_table
from wasl.registers.schema import RegisterSchema

KEY = LinkageKey.new("duplicates", bytes(range(32)))
SCHEMA = RegisterSchema.load("taechir-contracts")


def contracts(*rows):
    """Contracts with name, given name, birth date and passport number."""
    columns = {field.name: [""] * len(rows) for field in SCHEMA.fields}
    columns[SCHEMA.record] = [f"TC{n:07d}" for n in range(len(rows))]
    frame = pd.DataFrame(columns)
    frame["sexe"], frame["nationalite"] = "M", "Sénégal"
    for n, (surname, given, birth, passport) in enumerate(rows):
        frame.loc[n, ["nom", "prenom", "date_naissance", "num_passeport"]] = [surname, given, birth, passport]
    return register_from_table(pa.Table.from_pandas(frame, preserve_index=False), SCHEMA)


def numbered(*rows):
    return number_persons(describe_persons(contracts(*rows).table, SCHEMA, set())).tolist()


def test_the_same_name_in_another_spelling_and_order_with_the_same_birth_date_is_the_same_person():
    assert numbered(
        ("Diallo", "Mamadou", "1990-05-17", ""),
        ("MAMADU", "DIALO", "1990-05-17", ""),
        ("Diop", "Awa", "1990-05-17", ""),
    ) == [0, 0, 2]


def test_an_identifier_needs_the_names_and_a_part_of_the_birth_beside_it():
    assert numbered(
        ("Diallo", "Mamadou", "1990-05-17", "A1234567"),
        ("DIALO", "Mamadu", "1990-05-06", "A1234567"),
        ("Diallo", "Mamadou", "1991-05-17", "A1234567"),
        ("Diallo", "Mamadou", "1962-02-03", "A1234567"),
        ("Ndiaye", "Fatou", "1990-05-17", "A1234567"),
        ("Diallo", "Aminata", "1990-05-17", "A1234567"),
    ) == [0, 0, 0, 3, 4, 5]


def test_a_record_without_a_birth_is_of_the_one_person_that_bears_its_name_and_number():
    undated = ("Diallo", "Mamadou", "", "A1234567")
    one, father = ("Diallo", "Mamadou", "1990-05-17", "A1234567"), ("Diallo", "Mamadou", "1962-02-03", "A1234567")
    assert numbered(undated, one, undated) == [0, 0, 0]
    assert numbered(undated, one, father) == [0, 1, 2]


def test_an_unknown_day_of_birth_and_a_single_name_say_too_little():
    assert numbered(
        ("Diallo", "Mamadou", "1990-01-01", ""),
        ("Diallo", "Mamadou", "1990-01-01", ""),
        ("Diallo", "", "1990-05-17", ""),
        ("Diallo", "", "1990-05-17", ""),
    ) == [0, 1, 2, 3]


TWINS = [("Hassan", "Houcine"), ("Assane", "Ousseynou"), ("Karim", "Karima"), ("Mohamed", "Mahmoud")]


@pytest.mark.parametrize("pair", TWINS)
def test_twins_with_names_of_one_skeleton_are_two_persons(pair):
    one, other = pair
    assert numbered(("Alaoui", one, "1990-05-17", ""), ("Alaoui", other, "1990-05-17", "")) == [0, 1]
    assert numbered(("Alaoui", one, "1990-05-17", "A1234567"), ("Alaoui", other, "1990-05-17", "B7654321")) == [0, 1]


def test_conflicting_identifiers_forbid_what_everything_else_says():
    assert numbered(
        ("Diallo", "Mamadou", "1990-05-17", "A1234567"),
        ("Diallo", "Mamadou", "1990-05-17", "B7654321"),
    ) == [0, 1]


def test_a_record_between_two_persons_joins_neither():
    records = (
        ("Diallo", "Mamadou", "1990-05-17", "A1234567"),
        ("Diallo", "Mamadou", "1990-05-17", ""),
        ("Diallo", "Mamadou", "1990-05-17", "B7654321"),
        ("DIALO", "Mamadu", "1990-05-17", "A1234567"),
    )
    assert numbered(*records) == [0, 1, 2, 0]
    assert numbered(*records[::-1]) == [0, 1, 2, 0]


@pytest.mark.parametrize("identifier", PERSONAL)
def test_every_personal_identifier_forbids_a_merge(identifier):
    both = describe_persons(contracts(*[("Diallo", "Mamadou", "1990-05-17", "")] * 3).table, SCHEMA, set())
    assert number_persons(both).tolist() == [0, 0, 0]
    both.codes[identifier] = pa.array(["A1", "B2", "A1"])
    assert number_persons(both).tolist() == [0, 1, 0]
    both.codes.pop(identifier)
    both.codes["certificate"] = pa.array(["A1", "B2", "A1"])
    assert number_persons(both).tolist() == [0, 0, 0]


def test_a_register_declared_free_of_duplicates_is_left_as_it_is():
    twice = contracts(("Diallo", "Mamadou", "1990-05-17", "A1"), ("Diallo", "Mamadou", "1990-05-17", "A1"))
    free = SCHEMA.model_copy(update={"duplicate_free": True})
    made = encoded(twice, free)
    assert made.merged.num_rows == 0
    assert {step.rows for step in made.delivery.header.passes} == {2}


def test_the_holder_is_told_what_was_merged():
    made = encoded(
        contracts(
            ("Diop", "Awa", "1988-03-09", "C1"),
            ("Diallo", "Mamadou", "1990-05-17", "A1"),
            ("Diop", "Awa", "1988-03-09", "C1"),
            ("Sow", "Awa", "1977-03-09", ""),
            ("Diallo", "Mamadou", "1990-05-17", "A1"),
        )
    )
    assert made.merged.to_pydict() == {
        "group": [1, 1, 2, 2],
        "record": ["TC0000000", "TC0000002", "TC0000001", "TC0000004"],
    }


def encoded(table, schema=SCHEMA, **changes):
    profile = EncodingProfile.load("guarded").model_copy(update=changes)
    return encode(table, schema, KEY, profile, created="2026-01-01T00:00:00Z", rng=np.random.default_rng(1))


def test_a_person_has_one_row_in_a_block_and_every_record_finds_it():
    made = encoded(
        contracts(
            ("Diallo", "Mamadou", "1990-05-17", "A1234567"),
            ("Diallo", "Mamadou", "1990-05-17", "A1234567"),
            ("Diop", "Awa", "1988-03-09", "B7654321"),
        )
    )
    rows = made.delivery.rows
    for step in ("passport", "birth", "word-1"):
        here = rows.filter(pc.equal(rows["pass"].cast(pa.string()), step))
        assert here.num_rows == 2, step
        joined = made.join_map.rows
        joined = joined.filter(pc.equal(joined["pass"].cast(pa.string()), step))
        assert joined.num_rows == 3
        assert set(joined["row_id"].to_pylist()) == set(here["row_id"].to_pylist())


def test_records_that_share_a_row_are_one_person_in_the_spine_and_none_is_lost():
    population = generate(400, 3)
    schema = RegisterSchema.load("dgsn-permits")
    parts = [
        encoded(register_from_table(population.registers["taechir-contracts"], SCHEMA)),
        encoded(register_from_table(population.registers["dgsn-permits"], schema), schema),
    ]
    plan = LinkagePlan.load("morocco")
    scored = score_pairs(plan, [part.delivery for part in parts])
    result = resolve(plan, scored, [part.join_map for part in parts], run="spec")
    assert result.spine.num_rows == sum(part.delivery.header.records for part in parts)
    assert result.report["taken_as_one"] > 0
    person = dict(zip(result.spine["record_id"].to_pylist(), result.spine["person_id"].to_pylist(), strict=True))
    joined = parts[0].join_map.rows.to_pandas().dropna()
    for _, shared in joined.groupby(["pass", "row_id"], observed=True):
        assert len({person[record] for record in shared["record_id"]}) == 1


def test_a_profile_may_keep_one_row_per_record():
    twice = contracts(("Diallo", "Mamadou", "1990-05-17", "A1"), ("Diallo", "Mamadou", "1990-05-17", "A1"))
    assert encoded(twice, rows="record").delivery.header.passes[0].rows == 2
    assert encoded(twice).delivery.header.passes[0].rows == 1
