from __future__ import annotations

import csv
import io
import re

import pyarrow as pa
import pytest

from wasl.publication.columns import typed_columns
from wasl.publication.dictionary import WORDS, dictionary_csv, dictionary_html
from wasl.publication.summary import summarize


def test_csv_counts_every_code(table, description):
    rows = list(csv.DictReader(io.StringIO(dictionary_csv(summarize(typed_columns(table, description))).decode())))
    status = [row for row in rows if row["variable"] == "status"]
    assert [(row["code"], row["rows"], row["percent"], row["missing"]) for row in status] == [
        ("", "3", "", "1"),
        ("1", "2", "66.7", ""),
        ("2", "0", "0.0", ""),
        ("9", "1", "33.3", ""),
    ]


def test_pages_escape_and_speak_their_language(table, description):
    summaries = summarize(typed_columns(table, description))
    english, french, arabic = (
        dictionary_html(description, summaries, language=language, rows=4, created="2026-03-01").decode()
        for language in ("en", "fr", "ar")
    )
    assert "Foreign workers &lt;public use&gt;" in english
    assert "Travailleurs étrangers" in french
    assert "lignes renseignées" in french
    assert 'dir="rtl"' in arabic
    assert "المتغيرات" in arabic
    assert all(page in arabic for page in ("dictionary.html", "dictionary.fr.html"))
    assert "dictionary.ar.html" in english
    for page in (english, french, arabic):
        assert "<script" not in page
        assert page.count("<section>") == len(description.variables)


def test_the_languages_say_the_same():
    assert set(WORDS["en"]) == set(WORDS["fr"]) == set(WORDS["ar"])


def test_arabic_meanings_stand_where_they_were_written(table, description):
    variables = [
        variable.model_copy(
            update={
                "label_ar": "متغير",
                "codes": tuple(code.model_copy(update={"label_ar": f"رمز {code.code}"}) for code in variable.codes),
            }
        )
        for variable in description.variables
    ]
    described = description.model_copy(update={"variables": tuple(variables), "title_ar": "العنوان"})
    summaries = summarize(typed_columns(table, described))
    page = dictionary_html(described, summaries, language="ar", rows=4, created="2026-03-01").decode()
    assert "<h1>العنوان</h1>" in page
    assert "رمز 1" in page
    rows = list(csv.DictReader(io.StringIO(dictionary_csv(summaries).decode())))
    assert {row["label_ar"] for row in rows} == {"متغير"}
    assert "رمز 1" in {row["code_label_ar"] for row in rows}


def test_intervals_without_a_meaning_stand_in_their_order(description):
    codes = ["2000+", "<1970", "1970-1979", "1980-1989", "other", "[5,10)", "-5"]
    columns = typed_columns(
        pa.table({"age": codes}), description.model_copy(update={"variables": (description.variables[2],)})
    )
    found = [code.code for code in columns[0].variable.codes]
    assert found == ["-5", "[5,10)", "<1970", "1970-1979", "1980-1989", "2000+", "other"]


@pytest.mark.parametrize(
    ("language", "rows"), [("en", "1,234,567"), ("fr", "1\u202f234\u202f567"), ("ar", "1.234.567")]
)
def test_numbers_days_and_marks_are_those_of_the_language(table, description, language, rows):
    summaries = summarize(typed_columns(table, description))
    page = dictionary_html(description, summaries, language=language, rows=1_234_567, created="2026-03-01").decode()
    assert rows in page
    assert "2026-03-01" not in page
    assert {"en": "1 March 2026", "fr": "1 mars 2026", "ar": "1 مارس 2026"}[language] in page
    if language == "ar":
        soft = re.findall(r'<p class="soft">(.*?)</p>', page, flags=re.DOTALL)
        assert soft
        assert not any(re.search("[,;] ", one) for one in soft)
