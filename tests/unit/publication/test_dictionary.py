from __future__ import annotations

import csv
import io

from wasl.publication.columns import typed_columns
from wasl.publication.dictionary import dictionary_csv, dictionary_html
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


def test_page_escapes_and_speaks_both_languages(table, description):
    summaries = summarize(typed_columns(table, description))
    page = dictionary_html(description, summaries, rows=4, created="2026-03-01").decode()
    assert "Foreign workers &lt;public use&gt;" in page
    assert "Travailleurs étrangers" in page
    assert "<script" not in page
    assert page.count("<section>") == len(description.variables)
