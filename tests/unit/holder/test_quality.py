"""The quality report finds what was put in, counts it, and says it in two languages."""

from __future__ import annotations

import datetime as dt
import json

import pyarrow as pa
import pytest

from wasl.holder.quality.examine import examine
from wasl.holder.quality.finding_texts import CHECKS
from wasl.holder.quality.report import render_report
from wasl.holder.quality.texts import LABELS
from wasl.registers.reading.reader import read_register
from wasl.registers.schema import RegisterSchema

TODAY = dt.date(2026, 10, 1)
HEADER = (
    "num_inscription;num_carte_sejour;campagne;nom;prenom;sexe;date_naissance;nationalite;region;secteur;montant;statut"
)


def row(number: int, **changes: str) -> str:
    cells = {
        "num_inscription": f"R{number}", "num_carte_sejour": f"{100000 + number}", "campagne": "2014", "nom": "Diallo",
        "prenom": "Awa", "sexe": "F", "date_naissance": f"{number % 27 + 1:02d}/03/{1950 + number % 50}",
        "nationalite": "SEN", "region": "04", "secteur": "BTP", "montant": "1000", "statut": "financé",
    }  # fmt: skip
    return ";".join((cells | changes).values())


@pytest.fixture
def examined(tmp_path):
    def examined(*rows: str):
        path = tmp_path / "register.csv"
        path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
        schema = RegisterSchema.load("anapec-projects")
        return examine(read_register(path, schema, with_dropped=True), schema, file=path.name, today=TODAY)

    return examined


def found(report, check):
    return [f for f in report.findings if f.check == check]


@pytest.mark.parametrize(
    ("check", "changes"),
    [
        ("births-first-january", {"date_naissance": "01/01/1980"}),
        ("births-impossible", {"date_naissance": "05/02/2031"}),
        ("cells-invalid", {"date_naissance": "45/02/1980"}),
        ("hijri-dates", {"date_naissance": "05/02/1400"}),
        ("zeros-stripped", {"num_carte_sejour": "777"}),
        ("spellings-ambiguous", {"nationalite": "congolaise"}),
        ("spellings-unknown", {"nationalite": "Atlante"}),
        ("names-unsplit", {"nom": "Diallo Awa", "prenom": ""}),
        ("names-swapped", {"nom": "Awa", "prenom": "Diallo"}),
        ("mojibake-repaired", {"nom": "TraorÃ©"}),
        ("rows-rejected", {"nom": ""}),
    ],
)
def test_each_check_finds_its_row(examined, check, changes):
    clean = [row(number) for number in range(20)]
    assert not found(examined(*clean), check)
    (finding,) = found(examined(*clean, row(50, **changes)), check)
    assert finding.count == 1
    assert finding.rows in ((22,), ())


def test_repeated_persons_are_found_with_their_rows(examined):
    again = row(60, nom="JALLOW", date_naissance=row(3).split(";")[6])
    (finding,) = found(examined(*[row(number) for number in range(20)], again), "persons-repeated")
    assert finding.rows == (5, 22)
    assert finding.weight == "problem"


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"nom": "Diallo", "prenom": "Awaa"}, True),  # a word in common, the other alike
        ({"date_naissance": "03/05/1953"}, True),  # day and month swapped, all words in common
        ({"nom": "Dialo", "prenom": "Binta", "date_naissance": "03/05/1953"}, False),
        ({"date_naissance": "05/04/1953"}, False),
        ({"nom": "Diallo", "prenom": "Moussa"}, False),
    ],
)
def test_who_is_a_repeated_person(examined, changes, same):
    one = row(1, date_naissance="05/03/1953")
    other = row(2, **({"date_naissance": "05/03/1953"} | changes))
    others = [row(number, nom=f"Nom{'abcdefgh'[number % 8]}ka", prenom="Zineb") for number in range(5, 13)]
    assert bool(found(examined(one, other, *others), "persons-repeated")) is same


def test_columns_say_how_complete_and_how_covered(examined):
    report = examined(row(1), row(2, nationalite=""), row(3, nationalite="Atlante"))
    figures = {column.column: column for column in report.columns}
    assert (figures["nationalite"].present, figures["nationalite"].missing) == (2, 1)
    assert figures["nationalite"].coverage == pytest.approx(0.5)


def test_the_page_is_written_in_both_languages_and_escapes_values(examined):
    report = examined(row(1), row(2, nationalite="<script>alert(1)</script>"))
    for language, word in (("fr", "Constats"), ("en", "Findings")):
        page = render_report(report, language)
        assert word in page
        assert "<script>" not in page
    json.dumps(report.to_json())


def test_every_text_is_there_in_every_language():
    assert all(set(texts) == {"fr", "ar", "en"} for texts in [*CHECKS.values(), *LABELS.values()])


def test_an_empty_register_is_examined_too(examined):
    report = examined(row(1, nom=""))
    assert (report.records, report.rejected) == (0, 1)
    assert render_report(report, "fr")


@pytest.mark.parametrize("name", ["anapec-certificates", "taechir-contracts", "cnss-employees"])
def test_checked_columns_that_are_dropped_are_read_for_the_report_only(name, tmp_path):
    schema = RegisterSchema.load(name)
    path = tmp_path / "register.csv"
    names = [field.name for field in schema.fields]
    path.write_text(",".join(names) + "\n" + ",".join("1" if n != "nom" else "A" for n in names) + "\n")
    plain = read_register(path, schema).table.column_names
    checked = read_register(path, schema, with_dropped=True).table.column_names
    assert set(checked) - set(plain) == {f.name for f in schema.fields if f.role == "drop" and f.kind}
    assert isinstance(read_register(path, schema).table, pa.Table)


@pytest.mark.parametrize(
    ("column", "gaps", "weight"),
    [("date_naissance", 20, "problem"), ("sexe", 20, "problem"), ("num_carte_sejour", 20, "warning"),
     ("nationalite", 11, "warning"), ("nationalite", 10, None)],
)  # fmt: skip
def test_a_column_of_persons_that_is_mostly_empty_is_a_finding(examined, column, gaps, weight):
    report = examined(*[row(number, **({column: ""} if number < gaps else {})) for number in range(20)])
    assert [f.weight for f in found(report, "cells-missing") if f.column == column] == ([weight] if weight else [])


def test_years_alone_are_no_gap(examined):
    report = examined(*[row(number, date_naissance=str(1950 + number)) for number in range(20)])
    assert not found(report, "cells-missing")
