"""Names of published columns: which cannot be, and what they could be instead."""

from __future__ import annotations

import re
import tomllib

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasl.disclosure.policy.draft import draft_policy
from wasl.locale import messages
from wasl.publication.description import Variable, VariableKind
from wasl.publication.draft import draft_description
from wasl.registers.published_names import PUBLISHED_NAME, is_reserved, names_to_change
from wasl.registers.reading.draft import draft_register
from wasl.registers.schema import FieldRole, RegisterSchema

HEADINGS = [
    "N° Massar",
    "Année d'obtention",
    "الجهة",
    "with",
    "str5",
    "1er choix",
    "Âge",
    "x" * 40,
    "a-b",
    "_a",
    "%",
    "",
]
NAMES = st.text(alphabet=st.sampled_from("aAbéÉ1_ °'-عط%œ"), max_size=40) | st.sampled_from(
    [*HEADINGS, "sex", "Sex", "or"]
)


@given(st.lists(NAMES, max_size=12))
def test_every_name_that_cannot_be_published_gets_one_that_can(names):
    changed = names_to_change(names)
    after = [changed.get(name, name) for name in dict.fromkeys(names)]
    assert len({name.lower() for name in after}) == len(after)
    for name in after:
        assert re.fullmatch(PUBLISHED_NAME, name)
        assert not is_reserved(name)
        Variable(name=name, label="A", label_fr="A", kind=VariableKind.TEXT)


@pytest.mark.parametrize("name", ["sex", "birth_year", "N_Massar", "A1", "x" * 32])
def test_a_name_that_can_be_published_stays(name):
    assert names_to_change([name]) == {}


@pytest.mark.parametrize(
    ("name", "proposed"),
    [("N° Massar", "No_Massar"), ("Année d'obtention", "Annee_dobtention"), ("with", "with_1"),
     ("1er choix", "v_1er_choix"), ("المصلحة", "almslha"), ("تاريخ الدخول", "tarikh_aldkhoul"), ("姓名", "variable_1"),
     ("Cœur", "Coeur")],
)  # fmt: skip
def test_the_proposed_name_keeps_the_words_of_the_heading(name, proposed):
    assert names_to_change([name]) == {name: proposed}


@pytest.mark.parametrize("heading", [heading for heading in HEADINGS if heading])
def test_drafts_of_policies_and_descriptions_say_it_beside_the_variable(heading):
    table = pa.table({"sex": ["F", "M"] * 6, heading: ["a", "b", "c"] * 4})
    proposed = names_to_change([heading])[heading]
    for text in (draft_description(table, "data", {}, {}), draft_policy(table, "data", {})):
        assert text.count("This name cannot be published") == 1
        assert f'standard = "{proposed.replace("variable_1", "variable_2")}"' in text


@pytest.mark.parametrize("words", [messages("fr"), messages("ar")], ids=["fr", "ar"])
def test_a_draft_of_a_register_names_its_payload_for_publication(tmp_path, words):
    headings = [
        "N° dossier",
        "Nom",
        "Prénom",
        "Date de naissance",
        "الشعبة",
        "With",
        "Motif principal d'admission aux urgences",
    ]
    path = tmp_path / "hospital.csv"
    rows = [
        f"{n};A{n};B{n};{n % 28 + 1:02}/03/{n % 60 + 1930};{('شعبة', 'قسم')[n % 2]};{('oui', 'non')[n % 2]};M{n % 2}"
        for n in range(60)
    ]
    path.write_text("\n".join([";".join(headings), *rows]) + "\n", encoding="utf-8")
    schema = RegisterSchema.model_validate(tomllib.loads(draft_register(path, words=words)))
    leaving = [field.standard or field.name for field in schema.fields if field.role is FieldRole.PAYLOAD]
    assert len(leaving) == 3
    assert names_to_change(leaving) == {}


def test_a_draft_keeps_what_a_heading_means_for_the_policy(tmp_path):
    path = tmp_path / "patients.csv"
    headings = ["ر.ت", "الاسم الكامل", "تاريخ الازدياد", "الجماعة", "المدينة", "رقم الأسرة", "المصلحة", "معامل الترجيح"]
    rows = [f"{n};فلان {n};0{n % 9 + 1}/03/{n % 60 + 1930};طنجة{n % 3};تطوان{n % 3};{n // 4 + 1};قسم{n % 2};{n % 7},5"
            for n in range(1, 61)]  # fmt: skip
    path.write_text("\n".join([";".join(headings), *rows]) + "\n", encoding="utf-8")
    schema = RegisterSchema.model_validate(tomllib.loads(draft_register(path)))
    standards = {field.label: field.standard for field in schema.fields if field.role is FieldRole.PAYLOAD}
    assert standards["الجماعة"] == "locality"
    assert standards["المصلحة"] == "almslha"
    assert standards["معامل الترجيح"] == "weight"
    assert schema.weight == next(field.name for field in schema.fields if field.standard == "weight")
    assert ("household", "household") in {(one.standard, one.transform) for one in schema.payload}
    assert {field.label: field.role for field in schema.fields}["ر.ت"] is FieldRole.IDENTIFIER  # numbers the records


def test_drafts_of_good_names_say_nothing():
    table = pa.table({"sex": ["F", "M"] * 6, "level": ["a", "b", "c"] * 4})
    assert "cannot be published" not in draft_description(table, "data", {}, {}) + draft_policy(table, "data", {})
