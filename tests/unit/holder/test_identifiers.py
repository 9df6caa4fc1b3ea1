"""Document numbers: one spelling, and no placeholder passes for one."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasl.holder.identifiers import normalize_identifier, normalize_identifiers, shared_numbers, void_reason
from wasl.holder.normalize import describe_persons
from wasl.registers.reading.frames import register_from_table
from wasl.registers.schema import RegisterSchema

VOID = """
EN COURS|en cours de renouvellement|PAS DE PASSEPORT|Perdu|PERDU LE 12/03/2020|VOLÉ|DÉPOSÉ 2019|NEANT|Néant|aucun|SANS
#REF!|#N/A|#VALEUR!|#NOM?|####|1E+05|1,23E+08|9.99E+11|123456|12345678|0123456789|987654|000000|AB000000|1111111
XXXXXX|X|---|...|?|12/03/2020|2020-03-12|غير معروف|مجهول|لا يوجد|ضائع|N/A|null|TEST|A DEMANDER|١٢٣٤٥٦|121212
A1234****|12*****|XXXX4567|****4567|AB12…|12345678??|=A1|=VLOOKUP(A1,B:C,2)|=Feuil1!A1|AZERTY12|QWERTY1
PASSEPORT|CARTE DE SEJOUR|NON DISPONIBLE|en\u200c cours
"""


@pytest.mark.parametrize("text", [text for line in VOID.strip().splitlines() for text in line.split("|")])
def test_placeholders_are_void(text):
    assert void_reason(text) is not None
    assert normalize_identifier(text) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("AB 193456", "AB193456"),
        ("ab-193.456", "AB193456"),
        ("AB١٩٣٤٥٦", "AB193456"),
        ("AB۱۹۳۴۵۶", "AB193456"),
        ("AB１９３４５６", "AB193456"),
        ("AB123456", "AB123456"),
        ("\u200eAB193456\u200f", "AB193456"),
        ("00019345", "19345"),
        ("PASSEPORT AB193456", "AB193456"),
        ("N° 193456", "193456"),
        ("193456.0", "193456"),
        ("193456,00", "193456"),
        ("193.456", "193456"),
        ("AX193456", "AX193456"),
        ("XXL193456", "XXL193456"),
        ("16NT92301", "16NT92301"),
        ("19850312", "19850312"),
        ("12E34567", "12E34567"),
        ("U0002297", "U0002297"),
        ("777", "777"),
        ("TC0001079", "TC0001079"),
    ],
)
def test_numbers_are_kept_in_one_spelling(text, number):
    assert normalize_identifier(text) == number
    assert normalize_identifiers(pa.array([text, None])).values.to_pylist() == [number, None]


def test_void_cells_are_counted_by_reason():
    found = normalize_identifiers(pa.array(["EN COURS", "EN COURS", None, "AB193456", "1E+05", "ABCDEF"]))
    assert found.void == {"word": 2, "form": 1, "no digit": 1}


@pytest.mark.parametrize(
    ("duplicate_free", "births", "shared"), [(False, 5, True), (False, 4, False), (True, 3, True), (True, 2, False)]
)
def test_a_number_of_many_births_is_nobodys(duplicate_free, births, shared):
    numbers = pa.array(["K777123"] * births + ["K777124"] * 9)
    dates = np.array([19800101 + 7 * i for i in range(births)] + [19900101] * 9, np.int32)
    found = shared_numbers(numbers, dates, None, duplicate_free=duplicate_free)
    assert found.tolist() == [shared] * births + [False] * 9


def test_persons_without_numbers_of_their_own_share_none():
    schema = RegisterSchema.load("anapec-projects")
    count = 12
    data = {field.name: [""] * count for field in schema.fields}
    data |= {
        "num_inscription": [f"R7{i:02}4{i:02}" for i in range(count)],
        "num_carte_sejour": ["EN COURS"] * 3 + ["C888999"] * 6 + ["C888991", "C888992", ""],
        "nom": ["Diallo"] * count,
        "date_naissance": [f"{i + 10}/03/1985" for i in range(count)],
        "sexe": ["F"] * 10 + ["?", ""],
        "nationalite": ["SEN"] * 10 + ["Atlante", ""],
    }
    persons = describe_persons(register_from_table(pa.table(data), schema).table, schema, set())
    assert persons.codes["permit"].to_pylist() == [None] * 9 + ["C888991", "C888992", None]
    assert {(note.check, note.column, note.count) for note in persons.notes} == {
        ("identifiers-void", "num_carte_sejour", 3),
        ("identifiers-shared", "num_carte_sejour", 6),
        ("spellings-unknown", "sexe", 1),
        ("spellings-unknown", "nationalite", 1),
    }


@given(st.from_regex(r"[A-Z]{0,2}[1-9][0-9]{4,8}", fullmatch=True), st.integers(2, 5), st.sampled_from("*•?#"))
def test_a_number_of_which_a_part_is_hidden_is_nobodys(number, hidden, sign):
    assert void_reason(number[:-hidden] + sign * hidden) is not None
    assert void_reason(sign * hidden + number[hidden:]) is not None


@given(st.integers(10_000, 99_999_999), st.sampled_from([".0", ",0", ".00"]))
def test_a_decimal_part_that_a_program_wrote_is_no_digit(number, tail):
    assert normalize_identifier(f"{number}{tail}") == normalize_identifier(str(number))
