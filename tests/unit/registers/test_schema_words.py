"""Titles and labels of the shipped registers in French, Arabic and English."""

from __future__ import annotations

import re

import pytest

from wasl.registers.codes.classification import code_list
from wasl.registers.documents import config_dir
from wasl.registers.schema import RegisterSchema

SHIPPED = sorted(path.stem for path in (config_dir() / "registers").glob("*.toml"))
ARABIC = re.compile("[\u0600-\u06ff]")


@pytest.mark.parametrize("name", SHIPPED)
def test_every_title_and_label_of_a_shipped_register_is_in_arabic(name: str) -> None:
    schema = RegisterSchema.load(name)
    assert ARABIC.search(schema.title_in("ar"))
    for one in schema.fields:
        assert bool(one.label) == bool(one.label_ar), one.name
        assert not one.label_ar or ARABIC.search(one.label_in("ar")), one.name
    assert all(ARABIC.search(one.label_ar) for one in schema.payload if one.label)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_codes_of_a_shipped_register_are_in_arabic(name: str) -> None:
    schema = RegisterSchema.load(name)
    for wanted in {one.classification for one in schema.fields if one.classification}:
        without = [entry.code for entry in code_list(schema, wanted).entries.values() if not entry.label_ar]
        assert not without, (wanted, without[:5])


def test_a_text_that_is_missing_in_a_language_is_shown_in_another() -> None:
    schema = RegisterSchema.load("cnss-employees")
    bare = schema.model_copy(update={"title_ar": "", "title_fr": ""})
    assert bare.title_in("ar") == schema.title
    assert bare.model_copy(update={"title": ""}).title_in("fr") == "cnss-employees"
    unnamed = schema.fields[6].model_copy(update={"label": "", "label_fr": "", "label_ar": ""})
    assert unnamed.label_in("en") == unnamed.name


def test_arabic_words_make_no_other_schema_of_it() -> None:
    schema = RegisterSchema.load("cnss-employees")
    renamed = tuple(one.model_copy(update={"label_ar": "شيء آخر"}) for one in schema.fields)
    assert schema.model_copy(update={"title_ar": "شيء آخر", "fields": renamed}).digest == schema.digest
    assert schema.model_copy(update={"title_fr": "Autre chose"}).digest != schema.digest
