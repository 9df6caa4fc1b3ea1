from __future__ import annotations

import csv
import io

import pyarrow as pa

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
    english, french = (
        dictionary_html(description, summaries, language=language, rows=4, created="2026-03-01").decode()
        for language in ("en", "fr")
    )
    assert "Foreign workers &lt;public use&gt;" in english
    assert "Travailleurs étrangers" in french
    assert "lignes renseignées" in french
    for page in (english, french):
        assert "<script" not in page
        assert page.count("<section>") == len(description.variables)


def test_both_languages_say_the_same():
    assert set(WORDS["en"]) == set(WORDS["fr"])


def test_intervals_without_a_meaning_stand_in_their_order(description):
    codes = ["2000+", "<1970", "1970-1979", "1980-1989", "other", "[5,10)", "-5"]
    columns = typed_columns(
        pa.table({"age": codes}), description.model_copy(update={"variables": (description.variables[2],)})
    )
    found = [code.code for code in columns[0].variable.codes]
    assert found == ["-5", "[5,10)", "<1970", "1970-1979", "1980-1989", "2000+", "other"]
