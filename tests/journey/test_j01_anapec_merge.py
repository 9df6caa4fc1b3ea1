"""J1: a clerk of ANAPEC merges the office's own two registers, decides on doubtful pairs, and merges again."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

from wasl.audit.events import AuditEvent
from wasl.cli.app import build_app
from wasl.cli.audit_trail import open_log
from wasl.errors import InputError
from wasl.population.generate import generate
from wasl.publication.merge_workbook import DECISION_SHEET

pytestmark = pytest.mark.slow

A, B = "anapec-certificates", "anapec-projects"


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """The two registers as the office keeps them, one as a workbook, and the truth, which the office does not have."""
    folder = tmp_path_factory.mktemp("anapec")
    made = generate(30000, seed=5)
    registers = {name: made.registers[name] for name in (A, B)}
    frames = {
        name: table if isinstance(table, pd.DataFrame) else table.to_pandas() for name, table in registers.items()
    }
    frames[A].to_excel(folder / "certificates.xlsx", index=False)
    frames[B].to_csv(folder / "projects.csv", index=False)
    truth = made.truth if isinstance(made.truth, pd.DataFrame) else made.truth.to_pandas()
    return folder, truth.astype(str)


def merge(folder, out, *more, expect=None):
    words = ["merge", folder / "certificates.xlsx", folder / "projects.csv", "--register", A, "--register", B]
    words += ["--out", out, *more, "--json"]
    result = CliRunner().invoke(build_app(["wasl.cli.merge"]), [str(word) for word in words])
    if expect is not None:
        assert isinstance(result.exception, expect), result.output
        return str(result.exception)
    assert result.exit_code == 0, (result.output, result.exception)
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def merged(office, tmp_path_factory):
    folder, _ = office
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WASL_HOME", str(folder / "home"))
        report = merge(folder, folder / "merged")
        log = [AuditEvent.parse(data) for data in open_log().events()]
    return folder / "merged", report, log


def test_who_is_in_both_is_found_by_record_number(merged, office):
    out, report, _ = merged
    truth = office[1]
    person = {name: truth[truth["register"] == name].set_index("record")["person"] for name in (A, B)}
    pairs = pd.read_csv(out / "merged.csv", dtype=str)
    keys = ["register_a", "record_a", "register_b", "record_b"]
    assert list(pairs.columns) == [*keys, "probability", "grade", "grade_in_words"]
    across = pairs[(pairs["register_a"] == A) & (pairs["register_b"] == B)]
    right = person[A].reindex(across["record_a"]).to_numpy() == person[B].reindex(across["record_b"]).to_numpy()
    true = person[A].reset_index().merge(person[B].reset_index(), on="person")
    # Only 27 pairs are true in this population, so one missed pair costs .04. The goal is precision .99, recall .98.
    assert right.mean() >= 0.96
    assert right.sum() >= 0.85 * len(true)
    assert report["merge"]["pairs"] == len(across)


def test_who_stands_twice_is_found(merged, office):
    out, report, _ = merged
    truth = office[1]
    person = truth[truth["register"] == A].set_index("record")["person"]
    pairs = pd.read_csv(out / "merged.csv", dtype=str)
    within = pairs[(pairs["register_a"] == A) & (pairs["register_b"] == A)]
    right = person.reindex(within["record_a"]).to_numpy() == person.reindex(within["record_b"]).to_numpy()
    sizes = person.value_counts()
    assert right.mean() >= 0.985
    assert right.sum() >= 0.975 * (sizes * (sizes - 1) // 2).sum()
    assert report["merge"]["duplicates"][A] == len(within)


def test_the_workbook_shows_where_the_registers_disagree(merged, office):
    out, report, _ = merged
    book = openpyxl.load_workbook(out / "merged.xlsx")
    assert book.sheetnames == ["Summary", "In both", "Disagreements", "Duplicates", DECISION_SHEET]
    rows = list(book["Disagreements"].iter_rows(min_row=2, values_only=True))
    assert len(rows) == sum(report["merge"]["disagreements"].values())
    assert all(left != right for *_, left, right in rows)
    cells = (cell for sheet in book for row in sheet.iter_rows() for cell in row)
    assert not [cell.coordinate for cell in cells if cell.data_type == "f"]


def test_the_log_holds_counts_only(merged, office):
    _, report, log = merged
    assert [event.kind for event in log] == ["RegistersMerged"]
    assert log[0].detail["in_both"] == report["merge"]["in_both"]
    assert all(isinstance(value, int) for value in log[0].detail.values())


def test_the_report_holds_no_record_number(merged, office):
    out, _, _ = merged
    numbers = set(office[1]["record"])
    text = (out / "report.json").read_text(encoding="utf-8")
    assert not [number for number in list(numbers)[:500] if f'"{number}"' in text]


def test_decisions_are_fed_back(merged, office, tmp_path, monkeypatch):
    out, _, _ = merged
    folder, _ = office
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "home"))
    pairs = pd.read_csv(out / "merged.csv", dtype=str)
    linked = pairs[(pairs["register_a"] == A) & (pairs["register_b"] == B) & pairs["probability"].notna()].iloc[0]
    keys = ["register_a", "record_a", "register_b", "record_b"]
    sheet = pd.DataFrame([{**linked[keys].to_dict(), "decision": "different"}])
    sheet.to_csv(tmp_path / "decisions.csv", index=False)
    again = merge(folder, tmp_path / "again", "--decisions", tmp_path / "decisions.csv")
    assert again["merge"]["decided"] == 1
    assert again["merge"]["decisions_without_pair"] == 0
    found = pd.read_csv(tmp_path / "again" / "merged.csv", dtype=str)
    direct = found[(found[keys] == linked[keys]).all(axis=1) & (found["grade"] != "indirect")]
    assert direct.empty


@pytest.mark.parametrize(
    ("sheet", "message"),
    [
        ("register_a,record_a,register_b,record_b,decision\nx,1,y,2,same\n", "neither register"),
        ("register_a,record_a,register_b,record_b,decision\nx,1,y,2,perhaps\n", "row 2, column decision"),
        ("register_a,record_a\nx,1\n", "lack the columns"),
    ],
)
def test_wrong_decisions_are_named(office, tmp_path, monkeypatch, sheet, message):
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "home"))
    Path(tmp_path / "decisions.csv").write_text(sheet, encoding="utf-8")
    assert message in merge(office[0], tmp_path / "x", "--decisions", tmp_path / "decisions.csv", expect=InputError)


def test_one_schema_for_two_registers_is_refused(office, tmp_path):
    words = ["merge", office[0] / "certificates.xlsx", office[0] / "projects.csv", "--register", A, "--out", tmp_path]
    result = CliRunner().invoke(build_app(["wasl.cli.merge"]), [str(word) for word in words])
    assert isinstance(result.exception, InputError)
    assert "--register twice" in str(result.exception)
