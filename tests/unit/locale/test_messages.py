"""Messages: texts, plurals, numbers, dates, and the language that a reader asked for."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from wasl.locale import LANGUAGES, messages, negotiate
from wasl.locale.messages import read_catalogue

ROOT = Path(__file__).resolve().parents[3]
FRENCH = ROOT / "src" / "wasl" / "locale" / "catalogues" / "fr"
HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Language: {language}\\n"\n\n'


def test_the_catalogues_are_complete() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / ".ci" / "messages.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_without_translation_comes_back_in_english(language: str) -> None:
    _ = messages(language).text  # type: ignore[arg-type]
    assert _("Nobody translated {thing}, not even once.", thing="this") == "Nobody translated this, not even once."


def test_files_of_a_folder_are_one_catalogue_with_plurals_of_the_language(tmp_path: Path) -> None:
    head = HEAD.format(language="ar")
    (tmp_path / "a.po").write_text(head + 'msgid "Sign in"\nmsgstr "تسجيل الدخول"\n', encoding="utf-8")
    forms = ["لا سجلات", "سجل واحد", "سجلان", "{count} سجلات", "{count} سجلا", "{count} سجل"]
    plural = "".join(f'msgstr[{i}] "{form}"\n' for i, form in enumerate(forms))
    (tmp_path / "b.po").write_text(
        head + f'msgid "{{count}} record"\nmsgid_plural "{{count}} records"\n{plural}', encoding="utf-8"
    )
    catalogue = read_catalogue(tmp_path, "ar")
    assert catalogue.gettext("Sign in") == "تسجيل الدخول"
    said = [catalogue.ngettext("{count} record", "{count} records", n) for n in (0, 1, 2, 3, 11, 100)]
    assert said == forms


def test_numbers_and_days_are_written_as_the_language_writes_them() -> None:
    day = dt.date(2026, 11, 27)
    assert messages("fr").number(1234567.5).replace("\u202f", " ") == "1 234 567,5"
    assert messages("en").number(1234567) == "1,234,567"
    assert messages("ar").number(1234).isascii()
    assert messages("fr").date(day) == "27 novembre 2026"
    assert "نونبر" in messages("ar").date(day)
    assert messages("fr").percent(0.125, 1).replace("\u00a0", " ") == "12,5 %"
    assert messages("fr").list(["a", "b", "c"]) == "a, b et c"


def test_signs_stand_beside_their_number_and_zero_has_none() -> None:
    for language in LANGUAGES:
        words = messages(language)
        assert [words.number(value, 1) for value in (-0.04, 0.04, -0.0)] == [words.number(0.0, 1)] * 3
        assert words.percent(-0.0001) == words.percent(0.0)
    assert messages("ar").percent(0.06, 1) == "\u200e6,0\u00a0%\u200e", "else a browser shows % 6,0"
    assert messages("ar").percent(-0.06, 1) == "\u200e-6,0\u00a0%\u200e"


def test_plain_values_keep_their_form_and_numbers_are_written() -> None:
    assert messages("en").text("{n} of {name}", n=12345, name="12345") == "12,345 of 12345"
    assert messages("en").plural("{count} file", "{count} files", 1) == "1 file"
    assert messages("en").plural("{count} file", "{count} files", 0) == "0 files"


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="there are fr, ar, en"):
        messages("de")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wishes", "language"),
    [
        ((None, None), "fr"),
        (("ar",), "ar"),
        (("de", "en_GB.UTF-8"), "en"),
        (("", "fr-MA,fr;q=0.9,ar;q=0.8"), "fr"),
        (("es, ar-MA;q=.7, en;q=.2",), "ar"),
        (("en;q=0, ar;q=0.1",), "ar"),
        (("*;q=x,,;;",), "fr"),
        (("AR",), "ar"),
    ],
)
def test_the_first_wish_that_can_be_met_counts(wishes: tuple[str | None, ...], language: str) -> None:
    assert negotiate(*wishes) == language


def test_only_the_direction_of_arabic_is_from_right_to_left() -> None:
    assert {language: messages(language).direction for language in LANGUAGES} == {"fr": "ltr", "ar": "rtl", "en": "ltr"}


@pytest.mark.parametrize("path", sorted(FRENCH.glob("*.po")), ids=lambda path: path.stem)
def test_french_says_de_for_millions_alone(path: Path) -> None:
    """ "2 jours", "2 millions de jours": the second of the three forms is that of whole millions."""
    with path.open("rb") as file:
        catalogue = read_po(file, locale="fr")
    for message in catalogue:
        if message.pluralizable and any(message.string):
            one, _, other = message.string
            assert "{count} de " not in one + other, other


@pytest.mark.parametrize("value", [-0.25, -3, -12345.5])
def test_the_minus_sign_stays_on_the_left_of_a_number_in_arabic(value: float) -> None:
    arabic, french = messages("ar"), messages("fr")
    for write in ("number", "significant", "percent"):
        assert getattr(arabic, write)(value).startswith("\u200e-")
        assert getattr(arabic, write)(-value).removeprefix("\u200e" if write == "percent" else "")[0].isdigit()
        assert getattr(french, write)(value).startswith("-")
