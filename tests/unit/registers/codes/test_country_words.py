# ruff: noqa: E501 (tables of words)
"""Countries and their people in another order of words, shortened, in another gender or number."""

from __future__ import annotations

import pytest

from wasl.registers.codes.classification import CodeList

COUNTRIES = CodeList.load("nationality")
SEX = CodeList.load("sex")
PEOPLE = [key for key, codes in COUNTRIES.spellings.items() if key.isascii() and " " not in key and len(key) > 5 and len(codes) == 1
          and key.endswith(("IEN", "AIS", "AIN", "OIS", "EEN"))]  # fmt: skip


@pytest.mark.parametrize("key", PEOPLE)
def test_other_genders_and_numbers_mean_the_same_people(key):
    code = COUNTRIES.codes(key)
    feminine = key + ("NE" if key.endswith("N") and not key.endswith("AIN") else "E")
    forms = [f"{key.title()}({feminine[len(key) :].lower()})", f"{feminine}S", key if key.endswith("S") else f"{key}S"]
    for form in forms:
        assert COUNTRIES.codes(form) in (code, COUNTRIES.codes(feminine)), form


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Congo (Rép. dém.)", "COD"),
        ("Congo, Democratic Republic of the", "COD"),
        ("République Démocratique Congo", "COD"),
        ("Congo (Rép.)", "COG"),
        ("Rép. du Yémen", "YEM"),
        ("Sénégal, République du", "SEN"),
        ("République du Mali", "MLI"),
        ("Royaume du Maroc", "MAR"),
        ("Sénégalaises", "SEN"),
        ("Ivoirien(ne)", "CIV"),
        ("Ivoiriens", "CIV"),
        ("سنغاليين", "SEN"),
        ("Sud-soudanaise", "SSD"),
        ("cap-verdienne", "CPV"),
    ],
)
def test_one_country(text, code):
    assert COUNTRIES.codes(text) == (code,)


@pytest.mark.parametrize("text", ["congolais", "guinéenne", "soudanais"])
def test_people_of_several_countries_meet_under_their_parent(text):
    assert len(COUNTRIES.codes(text)) > 1
    assert COUNTRIES.comparable(text)


@pytest.mark.parametrize(
    "text", ["République", "Rép. dém.", "the", "MARINE", "Rabat", "XX", "franco-marocaine", "Yougoslavie", "ÉTAT", "S"]
)
def test_what_names_no_country_stays_unknown(text):
    assert COUNTRIES.codes(text) == ()


def test_no_spelling_of_the_list_changes_by_its_words():
    for key, codes in COUNTRIES.spellings.items():
        assert COUNTRIES.codes(key) == codes


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("M", "uomo Mann mężczyzna homem bărbat муж мужской"),
        ("F", "donna Frau vrouw kobieta mulher femeie жен женский hembra"),
    ],
)
def test_sex_in_the_languages_of_the_headings(code, words):
    assert {SEX.codes(word) for word in words.split()} == {(code,)}
