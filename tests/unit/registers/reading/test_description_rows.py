"""Lines below the heading that describe the columns are no persons; lines that look a little like them are."""

from __future__ import annotations

import itertools
import re
import tomllib

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from wasl.lab.quality.people import draw_persons
from wasl.registers.reading.description_rows import description_rows
from wasl.registers.reading.draft import draft_register
from wasl.registers.reading.frames import register_from_table
from wasl.registers.reading.reader import read_register
from wasl.registers.reading.refusals import DESCRIPTION
from wasl.registers.schema import RegisterSchema

HEADER = ("num", "nom", "prenom", "naissance", "sexe", "salaire")
PERSONS = (
    ("1001", "Alaoui", "Sara", "12/03/1990", "F", "4500"),
    ("1002", "Idrissi", "Omar", "02/11/1985", "M", "5200"),
    ("1003", "Fassi", "Ali", "22/01/1975", "M", "3800"),
)
FIELDS = (
    {"name": "num", "role": "identifier", "required": True},
    {"name": "nom", "role": "name", "feature": "surname"},
    {"name": "prenom", "role": "name", "feature": "given"},
    {"name": "naissance", "type": "date", "role": "birth", "feature": "birth_date"},
    {"name": "sexe", "type": "code", "role": "origin", "feature": "sex", "classification": "sex"},
    {"name": "salaire", "type": "integer", "role": "payload"},
)
SCHEMA = RegisterSchema.model_validate(
    {"id": "list", "holder": "list", "record": "num", "profiles": "febrl", "fields": list(FIELDS)}
)

NUMBERS = ("nombre", "Numérique", "N(8)", "integer", "entier", "8 chiffres", "رقم", "")
TEXTS = ("texte", "Text", "C(30)", "VARCHAR(50)", "chaîne de caractères", "alphabétique", "30 caractères", "نص")
DATES = ("jj/mm/aaaa", "JJ-MM-AAAA", "DD / MM / YYYY", "yyyy-mm-dd", "jjmmaaaa", "j.m.aa", "AAAA", "يوم/شهر/سنة")
CODES = ("M/F", "1 = M, 2 = F", "H ou F", "code", "C(1)", "", "M ou F", "ذ/أ")
AMOUNTS = ("DH", "en dirhams", "(MAD)", "nombre", "N(10,2)", "decimal(10,2)", "", "درهم")
WAYS = list(zip(NUMBERS, TEXTS, TEXTS[::-1], DATES, CODES, AMOUNTS, strict=True))
OTHER_LINES = (
    ("obligatoire", "obligatoire", "facultatif", "obligatoire", "facultatif", ""),
    ("required", "required", "optional", "mandatory", "optional", "optional"),
    ("Number", "Last name", "First name", "Date of birth", "Sex", "Wage"),
    ("رقم", "الاسم العائلي", "الاسم الشخصي", "تاريخ الازدياد", "الجنس", ""),
    ("A", "B", "C", "D", "E", "F"),
    ("(1)", "(2)", "(3)", "(4)", "(5)", "(6)"),
    ("", "texte", "", "jj/mm/aaaa", "", ""),
)


def mixed_ways() -> list[tuple[str, ...]]:
    """Lines whose cells come from different forms: every date mask with every type of a text."""
    return [
        (NUMBERS[k % 8], text, TEXTS[(k + 3) % 8], date, CODES[(k + 1) % 8], AMOUNTS[(k + 2) % 8])
        for k, (text, date) in enumerate(itertools.product(TEXTS, DATES))
    ]


def read(tmp_path, *lines: tuple[str, ...]):
    path = tmp_path / "list.csv"
    path.write_text("\n".join(";".join(line) for line in (HEADER, *lines, *PERSONS)) + "\n", encoding="utf-8")
    return read_register(path, SCHEMA)


@pytest.mark.parametrize("line", [*WAYS, *OTHER_LINES])
def test_a_line_that_describes_the_columns_is_no_person(tmp_path, line) -> None:
    found = read(tmp_path, line)
    assert found.table["num"].to_pylist() == ["1001", "1002", "1003"]
    assert found.table["source_row"].to_pylist() == [3, 4, 5]
    refused = found.rejects.to_pylist()
    assert all(one["row"] == 2 for one in refused)
    assert found.rows_read - found.table.num_rows in (0, 1)  # numbers of columns are a note, not a refusal
    assert found.noted("headings-repeated") or [one["reason"] for one in refused] == [DESCRIPTION]


def test_cells_of_different_forms_are_understood_in_any_mixture() -> None:
    for line in mixed_ways():
        columns = {
            name: pa.chunked_array([[cell or None]], pa.string()) for name, cell in zip(HEADER, line, strict=True)
        }
        assert description_rows(columns).tolist() == [True], line


def test_several_such_lines_are_refused_and_counted(tmp_path) -> None:
    found = read(tmp_path, WAYS[0], OTHER_LINES[0])
    assert found.table["num"].to_pylist() == ["1001", "1002", "1003"]
    assert found.rejects["row"].to_pylist() == [2, 3]


@pytest.mark.parametrize(
    "line",
    [
        ("1", "Nom", "Omar", "01/02/1990", "M", "10"),
        ("2", "Liste", "Code", "01/02/1990", "F", ""),
        ("3", "Entier", "Text", "1990", "M", "3000"),
        ("4", "Alaoui", "Sara", "jj/mm/aaaa", "F", ""),  # a form whose date nobody filled in
        ("5", "A", "B", "01/02/1990", "M", ""),
        ("6", "Mois", "Date", "", "", ""),
        ("7", "An", "Ann", "02/03/1991", "F", "12"),
        ("8", "Jour", "Marie", "", "F", ""),
        ("9", "", "", "", "", ""),
        ("10", "M", "F", "1990", "1", "5"),
        ("11", "Jay", "Yaya", "", "", ""),
        ("12", "Ayad", "J M", "", "", ""),
        ("13", "Day", "Aya", "1990", "", ""),
        ("14", "Maya", "Hay", "", "F", ""),
        ("15", "Amar", "Mama", "", "", ""),
        ("16", "Yay", "Yamma", "", "", ""),
        ("17", "Real", "Noms", "", "", ""),
    ],
)
def test_a_person_who_resembles_a_description_stays(tmp_path, line) -> None:
    found = read(tmp_path, line)
    assert found.table["num"].to_pylist() == [line[0], "1001", "1002", "1003"]


def test_a_description_further_down_is_a_record_like_others(tmp_path) -> None:
    """Only lines directly below the heading are looked at: what stands among persons is judged cell by cell."""
    path = tmp_path / "list.csv"
    lines = (HEADER, PERSONS[0], WAYS[1], *PERSONS[1:])
    path.write_text("\n".join(";".join(line) for line in lines) + "\n", encoding="utf-8")
    assert read_register(path, SCHEMA).table.num_rows == 4


def test_workbooks_and_tables_in_memory_are_read_likewise(tmp_path) -> None:
    book = Workbook()
    for line in (HEADER, WAYS[0], *PERSONS):
        book.active.append(list(line))
    book.save(tmp_path / "list.xlsx")
    frame = pd.DataFrame([WAYS[0], *PERSONS], columns=list(HEADER))
    for found in (
        read_register(tmp_path / "list.xlsx", SCHEMA),
        register_from_table(pa.Table.from_pandas(frame, preserve_index=False), SCHEMA),
    ):
        assert found.table["num"].to_pylist() == ["1001", "1002", "1003"]
        assert found.rejects["reason"].to_pylist() == [DESCRIPTION]


def test_a_draft_does_not_count_the_description_as_a_record(tmp_path) -> None:
    read(tmp_path, WAYS[0])
    drafted = draft_register(tmp_path / "list.csv")
    types = {one.get("feature", one["name"]): one.get("type", "string") for one in tomllib.loads(drafted)["fields"]}
    assert types["birth_date"] == "date"
    assert "3 rows" in drafted


LETTERS = st.text(alphabet="jdmayhsJDMAY /-.", min_size=1, max_size=8)


@settings(max_examples=400, deadline=None)
@given(LETTERS, LETTERS)
def test_names_of_the_letters_of_masks_are_taken_for_a_mask_only_where_they_are_one(
    surname: str, given_name: str
) -> None:
    """Names made of the letters j, d, m, a, y: no mask has a vowel between two letters of another kind."""
    columns = {
        name: pa.chunked_array([[cell, "x"]], pa.string())
        for name, cell in (("num", "17"), ("nom", surname), ("prenom", given_name))
    }
    if not (IS_MASK.fullmatch(surname.strip()) or IS_MASK.fullmatch(given_name.strip())):
        assert not description_rows(columns).any()


IS_MASK = re.compile(
    r"(?i)[jd]?[jd]?\W*m{1,4}\W*[jd]{0,2}\W*(?:a{1,4}|y{1,4})|(?:a{1,4}|y{1,4})\W*(?:m{1,4}\W*[jd]{0,2})?|hh?\W*m+.*"
)


@pytest.mark.parametrize("seed", range(3))
def test_no_drawn_person_is_taken_for_a_description(seed: int) -> None:
    people = draw_persons(2_000, np.random.default_rng(seed))
    for start in range(0, len(people), 3):
        table = pa.Table.from_pandas(people.iloc[start : start + 3].astype(str), preserve_index=False)
        assert not description_rows(dict(zip(table.column_names, table.columns, strict=True))).any()
