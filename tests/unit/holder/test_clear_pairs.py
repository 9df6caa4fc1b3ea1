"""Pairs compared in the clear: words of names one by one, dates by their parts."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from wasl.holder.clear_pairs import BIRTH_LEVELS, BIRTHS, NAME_LEVELS, NAMES, WOMENS_NAMES, clear_persons
from wasl.registers.reading.frames import register_from_table
from wasl.registers.schema import RegisterSchema

SCHEMA = {
    "id": "office",
    "holder": "office",
    "record": "no",
    "profiles": "morocco",
    "fields": [
        {"name": "no", "role": "identifier", "required": True},
        {"name": "names", "role": "name", "feature": "full_name"},
        {"name": "sex", "type": "code", "role": "origin", "feature": "sex", "classification": "sex"},
        {"name": "birth", "type": "date", "role": "birth", "feature": "birth_date", "format": ["%Y-%m-%d"]},
        {"name": "passport", "role": "identifier", "feature": "passport", "kind": "passport"},
    ],
}


def persons(*rows):
    """One register; a row is names, sex, birth, passport, the last ones may be left out."""
    schema = RegisterSchema.model_validate(SCHEMA)
    filled = [[str(k), *row, *[None] * (4 - len(row))] for k, row in enumerate(rows)]
    names = ["no", "names", "sex", "birth", "passport"]
    columns = [pa.array(column, pa.string()) for column in zip(*filled, strict=True)]
    table = pa.table(dict(zip(names, columns, strict=True)))
    return clear_persons([register_from_table(table, schema).table], [schema])


def name_level(first, second):
    # The others make no word frequent.
    made = persons((first,), (second,), *[(f"Other{chr(97 + k % 26)}{chr(97 + k // 26)}",) for k in range(400)])
    return NAME_LEVELS[made.names(np.array([0]), np.array([1]))[0]]


@pytest.mark.parametrize(
    ("first", "second", "level"),
    [
        ("Mamadou Diallo", "DIALLO Mamadou", "all words"),
        ("Fatoumata Binta Camara", "Camara Fatoumata", "all words"),
        ("Mamadou Camara", "Camara Mamadu", "all words"),
        ("Beatrice Karpenko", "Karpenbo Beatrice", "all words, some roughly"),
        ("Khaled Issa", "Khaled Al Khalaf", "one word of several"),
        ("Amenan Aya Gueu Coulibaly", "Aya Coulibaly Konan", "two words and another"),
        ("Iman Al Masri", "Prisca Fofana", "no word"),
        ("Sidibe", "Hawa Sidibe", "the only word"),
        (None, "Hawa Sidibe", "missing"),
    ],
)
def test_words_are_laid_side_by_side(first, second, level):
    assert name_level(first, second) == level
    assert name_level(second, first) == level


def test_names_that_many_bear_are_told_from_rare_ones():
    made = persons(("Hawa Sidibe",), ("Hawa Sidibe",), *[("Hawa Sidibe",)] * 60)
    assert NAME_LEVELS[made.names(np.array([0]), np.array([1]))[0]] == "all words, frequent"


@pytest.mark.parametrize(
    ("first", "second", "level"),
    [
        ("1990-05-17", "1990-05-17", "equal"),
        ("1990-05-17", "1990-05-07", "day or month"),
        ("1990-05-17", "1990-06-17", "day or month"),
        ("1990-05-17", "1991-05-17", "the next year"),
        ("1990-05-17", "1978-05-17", "another year"),
        ("1990-05-17", "1990-08-02", "day and month"),
        ("1990-05-17", "1991-05-02", "more than one part"),
        ("1990-05-07", "1990-07-05", "day for month"),
        ("1990-05-07", "1975-07-05", "day for month, another year"),
        ("1990-01-01", "1990-08-02", "year only, of one"),
        (None, "1990-08-02", "missing"),
    ],
)
def test_dates_are_compared_by_their_parts(first, second, level):
    schema_rows = [("A B", None, first), ("A B", None, second)]
    made = persons(*schema_rows)
    births = made.births(np.array([0, 1]), np.array([1, 0]))
    found = {BIRTH_LEVELS[k] for k in births}
    # Whether 1 January is a whole date is for the reading rules of the schema to say.
    assert found == {level} or (first == "1990-01-01" and found == {"day and month"})


def test_partial_dates_by_their_year():
    codes = np.array([19900000, 19900000, 19910000, 19700000, 19900517, 0], np.int64)
    made = persons(*[("A B",)] * 6)
    object.__setattr__(made, "birth", codes)
    levels = [BIRTH_LEVELS[k] for k in made.births(np.zeros(5, np.int64), np.arange(1, 6))]
    assert levels == [
        "year only, of both", "year only, the next", "year only, another", "year only, of one", "missing",
    ]  # fmt: skip


def test_numbers_sex_and_women():
    made = persons(
        ("Hawa Ba", "F", None, "AB123457"), ("Hawa Ba", "F", None, "AB123457"), ("Hawa Ba", "M", None, "CD765431"),
    )  # fmt: skip
    left, right = np.array([0, 0]), np.array([1, 2])
    names, _, numbers, *_ = made.levels(left, right)
    assert (names >= len(NAME_LEVELS)).tolist() == [True, False]
    assert numbers.tolist() == [1, 2]
    assert made.traits(left, right).tolist() == [1, 2]


@pytest.mark.parametrize(
    ("first", "second", "level"),
    [
        ("1993-01-01", "1993-01-01", "year only, of both"),
        ("1993-01-01", "1994-01-01", "year only, the next"),
        ("1993-01-01", "1987-01-01", "year only, another"),
        ("1993-01-01", "1993-05-02", "year only, of one"),
        ("1993-01-02", "1993-01-02", "equal"),
        ("1993-02-01", "1993-02-01", "equal"),
    ],
)
def test_the_first_of_january_stands_for_an_unknown_day(first, second, level):
    made = persons(("Hawa Ba", "F", first), ("Hawa Ba", "F", second))
    assert BIRTH_LEVELS[made.births(np.array([0]), np.array([1]))[0]] == level


def test_a_name_is_frequent_or_rare_among_people_of_its_nationality():
    kept = [field for field in SCHEMA["fields"] if field["name"] in ("no", "names")]
    fields = [*kept, {"name": "nationality", "type": "code", "role": "origin", "feature": "nationality"}]
    schema = RegisterSchema.model_validate({**SCHEMA, "fields": fields})
    names = ["Patrick Kabamba"] * 6 + [f"Other{chr(97 + k % 26)} Name{chr(97 + k // 26)}" for k in range(600)]
    of = [*["COD"] * 4, "SEN", None, *["SEN"] * 600]
    written = pa.table({"no": [str(k) for k in range(len(names))], "names": names, "nationality": of})
    made = clear_persons([register_from_table(written, schema).table], [schema])
    level = [NAME_LEVELS[k] for k in made.names(np.array([0, 0, 0]), np.array([1, 4, 5]))]
    assert level == ["all words, frequent", "all words", "all words"]


def test_records_that_agree_in_sex_and_nationality_share_a_number():
    made = persons(("A B", "F"), ("C D", "M"), ("E F", "F"), ("G H", ""), ("I J", "M"))
    alike = made.alike
    assert alike[0] == alike[2] != alike[1] == alike[4]
    assert alike[3] == -1


def test_every_level_has_an_opinion_of_some_five_pairs():
    assert len(NAMES) == len(WOMENS_NAMES) == len(NAME_LEVELS)
    assert len(BIRTHS) == len(BIRTH_LEVELS)
    for opinion in (NAMES, WOMENS_NAMES, BIRTHS):
        assert min(opinion) > 0
        assert sum(opinion) == pytest.approx(5.0, abs=0.05)


def test_registers_without_names_or_births_compare_as_missing():
    bare = {**SCHEMA, "fields": [field for field in SCHEMA["fields"] if field["name"] in ("no", "passport")]}
    schema = RegisterSchema.model_validate(bare)
    written = pa.table({"no": ["1", "2"], "passport": ["AB123457", "AB123457"]})
    table = register_from_table(written, schema).table
    made = clear_persons([table, table], [schema, schema])
    names, births, numbers, *_ = made.levels(np.array([0]), np.array([3]))
    assert (names[0], births[0], numbers[0]) == (0, 0, 1)
