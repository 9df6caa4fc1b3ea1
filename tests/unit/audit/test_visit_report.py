"""The visit report: counts of a period, what an auditor looks at one by one, a page in each language."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from wasl.audit.events import AccessDenied, AuditEvent, KeyCreated, ReleaseWithdrawn
from wasl.audit.visit_report import SHOWN, WORDS, render_visit, visit_report
from wasl.cli.app import build_app
from wasl.cli.audit_trail import open_log, record_event
from wasl.errors import InputError, VerificationError


def event(happening, day, actor="amina", project="p"):
    return AuditEvent(happening, f"{day}T10:00:00.000Z", actor, project, "s")


LOG = [
    event(KeyCreated(), "2026-02-28"),
    event(KeyCreated(), "2026-03-01"),
    event(AccessDenied(reason="role"), "2026-03-02", actor="<b>omar</b>"),
    event(ReleaseWithdrawn(from_status="published", to_status="withdrawn", protected="d"), "2026-03-31"),
    event(KeyCreated(), "2026-04-01"),
]


def test_both_days_are_in_the_period():
    found = visit_report(enumerate(LOG), first_day="2026-03-01", last_day="2026-03-31")
    assert (found.entries, found.total, found.first_entry, found.last_entry) == (3, 5, 1, 3)
    assert found.by_kind == {"KeyCreated": 1, "AccessDenied": 1, "ReleaseWithdrawn": 1}
    assert [index for index, _ in found.watched] == [2, 3]


def test_without_days_the_whole_log_counts():
    assert visit_report(enumerate(LOG)).entries == 5
    assert visit_report([]).first_entry is None


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_the_page_is_whole_and_shows_no_markup_of_others(language):
    page = render_visit(visit_report(enumerate(LOG)), language, origin="wasl.local/x", state="5 / abc")
    assert f'lang="{language}"' in page
    assert ('dir="rtl"' in page) == (language == "ar")
    assert "<b>omar" not in page
    assert "&lt;b&gt;omar" in page
    assert WORDS["title"][language] in page
    assert "<script" not in page


def test_a_long_list_is_cut_and_the_rest_counted():
    many = [event(AccessDenied(reason="role"), "2026-03-02") for _ in range(SHOWN + 7)]
    page = render_visit(visit_report(enumerate(many)), "en")
    assert page.count("<li") == SHOWN
    assert "+ 7 more entries" in page


def test_every_word_has_each_language():
    assert all(set(words) == {"fr", "ar", "en"} for words in WORDS.values())


def run(*words):
    return CliRunner().invoke(build_app(["wasl.cli.audit"]), ["audit", "report", *map(str, words)])


def test_the_verb_verifies_first(tmp_path, monkeypatch):
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "home"))
    for number in range(3):
        record_event(KeyCreated(), subject=f"k{number}")
    shown = run("--json", "--out", tmp_path / "visit.html", "--language", "ar")
    assert shown.exit_code == 0, shown.output
    assert json.loads(shown.stdout)["entries"] == 3
    assert 'dir="rtl"' in (tmp_path / "visit.html").read_text(encoding="utf-8")
    export = tmp_path / "log.jsonl"
    export.write_bytes(b"".join(open_log().export()))
    assert isinstance(run(export).exception, InputError)
    assert run(export, "--public-key", open_log().verifier(), "--json").exit_code == 0
    export.write_bytes(export.read_bytes().replace(b'"k1"', b'"k9"'))
    assert isinstance(run(export, "--public-key", open_log().verifier()).exception, VerificationError)
    assert isinstance(run("--from", "March").exception, InputError)
