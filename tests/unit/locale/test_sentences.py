"""Finished English sentences are recognized and said in French and Arabic, whatever values stand in them."""

from __future__ import annotations

import string
from functools import cache
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wasl.locale import Language, messages
from wasl.locale.messages import message_keys
from wasl.locale.pages import said
from wasl.locale.sentences import Recognizer

TRANSLATED: tuple[Language, ...] = ("fr", "ar")
VALUES = st.text(st.characters(categories=("Ll", "Lu", "Nd"), include_characters="_/-"), min_size=1, max_size=12)


@cache
def keys(language: Language) -> list[str]:
    return message_keys(files("wasl.locale").joinpath("catalogues", language), language)


@cache
def _named(language: Language) -> list[str]:
    """The messages that are sentences with named values."""
    return [key for key in keys(language) if places(key) and all(places(key)) and key[-1:] == "."]


def places(key: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(key) if name is not None]


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_message_renders_with_its_places(language: Language) -> None:
    words = messages(language)
    for key in keys(language):
        values = {name: f"⟨{name}⟩" for name in places(key) if name}
        text = words.catalogue.gettext(key).format(*["⟨⟩"], **values)
        assert all(value in text for value in values.values()), (key, text)
        assert "{" not in text.replace("{{", "") or "{{" in key


@pytest.mark.parametrize("language", TRANSLATED)
@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_a_finished_sentence_is_said_with_the_values_that_stand_in_it(language: Language, data: st.DataObject) -> None:
    named = _named(language)
    key = data.draw(st.sampled_from(named))
    values = {name: data.draw(VALUES) + "7" for name in places(key)}
    text = messages(language).sentence(key.format(**values))
    assert text != key.format(**values)
    assert all(value in text for value in values.values()), (key, text)


def test_the_message_with_the_most_text_of_its_own_wins() -> None:
    recognizer = Recognizer(["{path}: no such file.", "{path}: {reason}.", "{what} is damaged: no such file."])
    assert recognizer.find("a.csv: no such file.") == ("{path}: no such file.", {"path": "a.csv"})
    assert recognizer.find("a.csv: it burnt.") is None, "a message of two values and no words recognizes nothing"
    assert recognizer.find("it is damaged: no such file.") == ("{what} is damaged: no such file.", {"what": "it"})


def test_a_place_that_stands_twice_holds_one_value() -> None:
    recognizer = Recognizer(["{out}: verify it with wasl verify {out}"])
    assert recognizer.find("a: verify it with wasl verify a") is not None
    assert recognizer.find("a: verify it with wasl verify b") is None


def test_values_may_hold_braces_and_line_breaks() -> None:
    assert messages("fr").sentence("a{0}b\n.csv: no such file.") == "a{0}b\n.csv : ce fichier n'existe pas."


def test_sentences_one_after_the_other_and_within_another_are_said() -> None:
    french = messages("fr")
    assert (
        french.sentence("a.parquet: the file is empty. Export it as UTF-8.")
        == "a.parquet : le fichier est vide. Exportez-le en UTF-8."
    )
    assert "auteur" not in french.sentence("entry 7: the signed note is malformed.")
    assert french.sentence("entry 7: the signed note is malformed.") == "entrée 7 : la note signée est malformée."
    assert (
        french.sentence("x.csv: 12,345 rows could not be read; `wasl check` names them.")
        .replace("\u202f", " ")
        .startswith("x.csv : 12 345 lignes")
    )


def test_a_text_of_another_program_stays_as_it_is_and_is_marked_on_pages() -> None:
    strange = "ORA-00942: table or view does not exist"
    assert messages("ar").known(strange) is None
    assert messages("ar").sentence(strange) == strange
    assert said(messages("ar"), "<b>" + strange) == f'<span lang="en" dir="ltr">&lt;b&gt;{strange}</span>'


def test_half_a_translation_is_none() -> None:
    assert messages("fr").known("a.csv: no such file. The moon is full today.") is None


def test_values_are_isolated_on_arabic_pages_only() -> None:
    sentence = "/data/a.csv: no such file."
    assert "\u2068/data/a.csv\u2069" in said(messages("ar"), sentence)
    assert "\u2068" not in messages("ar").sentence(sentence)
    assert "\u2068" not in said(messages("fr"), sentence)
    assert said(messages("en"), sentence) == sentence


@pytest.mark.parametrize(
    ("english", "french", "arabic"),
    [
        ("0.05", "0,05", "0,05"),
        ("12.50", "12,50", "12,50"),
        ("2026-12-31", "31 décembre 2026", "31 دجنبر 2026"),
        ("2026-99-31", "2026-99-31", "2026-99-31"),
        ("1.2.3", "1.2.3", "1.2.3"),
        ("2026-10", "2026-10", "2026-10"),
        ("7", "7", "7"),
    ],
)
def test_numbers_and_days_in_a_sentence_are_written_as_the_language_writes_them(english, french, arabic):
    for language, expected in (("fr", french), ("ar", arabic)):
        said = messages(language)._inner("share", english, False, 1)
        assert said.replace("\u200e", "").replace("\u200f", "") == expected


@pytest.mark.parametrize("place", ["version", "path", "file", "value2", "wanted"])
def test_what_a_person_wrote_or_must_write_stays_as_it_is(place):
    assert messages("fr")._inner(place, "1.5", False, 1) == "1.5"
    assert messages("ar")._inner(place, "2026-12-31", False, 1) == "2026-12-31"
