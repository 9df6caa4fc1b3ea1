"""A shipped schema finds its columns under the headings in use, and says which columns it did without."""

from __future__ import annotations

import pyarrow as pa
import pytest

from wasl.errors import RegisterError
from wasl.registers.documents import config_dir
from wasl.registers.reading.frames import register_from_table
from wasl.registers.reading.headers import match_header, wanted_columns
from wasl.registers.reading.office_headings import OFFICE_HEADINGS, headings_of
from wasl.registers.schema import FieldRole, RegisterSchema

SHIPPED = sorted(path.stem for path in (config_dir() / "registers").glob("*.toml"))


@pytest.mark.parametrize("name", SHIPPED)
def test_each_heading_in_use_is_found_where_the_others_have_their_names(name):
    schema = RegisterSchema.load(name)
    wanted = wanted_columns(schema)
    for field in schema.fields:
        others = [one.name for one in schema.fields if one.name != field.name]
        for text in OFFICE_HEADINGS.get(str(field.feature), ()) + OFFICE_HEADINGS.get(field.standard or "", ()):
            if field.name in wanted.names and text in headings_of(str(field.feature), field.standard or "")[0]:
                match = match_header([(one,) for one in (*others, text)], wanted)
                assert match.places.get(field.name) == len(others), (field.name, text)


def test_headings_say_that_they_are_numbers_and_arabic_ones_stand_beside_latin_ones():
    schema = RegisterSchema.load("dgsn-permits")
    keep = [field.name for field in schema.fields if field.name not in ("nom_arabe", "prenom_arabe")]
    match = match_header([(one,) for one in (*keep, "الاسم العائلي", "الاسم الشخصي")], wanted_columns(schema))
    assert (match.places["nom_arabe"], match.places["prenom_arabe"]) == (len(keep), len(keep) + 1)
    alone = [field.name for field in schema.fields if "nom" not in field.name]
    match = match_header([(one,) for one in (*alone, "الاسم العائلي", "الاسم الشخصي")], wanted_columns(schema))
    assert (match.places["nom"], match.places["prenom"]) == (len(alone), len(alone) + 1)
    employees = RegisterSchema.load("cnss-employees")
    others = [field.name for field in employees.fields if field.name != "num_immatriculation"]
    match = match_header([(one,) for one in (*others, "N° immatriculation CNSS")], wanted_columns(employees))
    assert match.places["num_immatriculation"] == len(others)


def test_columns_that_are_absent_or_not_read_are_said():
    schema = RegisterSchema.load("training")
    row = {field.name: "" for field in schema.fields if field.name not in ("num_passeport", "num_hcr")}
    row |= {"num_inscription": "F1", "nom": "Sagna", "prenom": "Awa", "nom du formateur": "x"}
    read = register_from_table(pa.Table.from_pylist([row]), schema)
    assert read.noted("columns-absent") == {"num_passeport": 1, "num_hcr": 1}
    assert set(read.absent) == {"num_passeport", "num_hcr"}
    assert read.surplus == ("nom du formateur",)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_merge_does_without_payload_columns_that_date_nothing(name):
    schema = RegisterSchema.load(name)
    needed = {schema.record, schema.period}
    gone = [f for f in schema.fields if f.role is FieldRole.PAYLOAD and not (f.valid or f.required or f.name in needed)]
    row = {field.name: "1" for field in schema.fields if field not in gone}
    table = pa.Table.from_pylist([row])
    if any(not field.optional for field in gone):
        with pytest.raises(RegisterError, match=r"optional = true|missing column"):
            register_from_table(table, schema)
    read = register_from_table(table, schema.for_merge())
    assert {field.name for field in gone} <= set(read.absent)
    assert read.table.num_rows + read.rows_rejected == 1
