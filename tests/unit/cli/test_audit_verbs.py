from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from wasl.audit.events import FileRead, KeyCreated, ProjectChanged
from wasl.audit.notes import NoteSigner
from wasl.cli.app import build_app
from wasl.cli.audit_trail import open_log, record_event
from wasl.errors import InputError, KeyFileError, NotFoundError, VerificationError
from wasl.storage.local_log import actor


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    for number in range(6):
        record_event(ProjectChanged(closed=bool(number % 2)), project="p", subject=f"r{number}")
    return tmp_path


def run(*words, expect=None):
    result = CliRunner().invoke(build_app(["wasl.cli.audit"]), ["audit", *map(str, words)])
    if expect is not None:
        assert isinstance(result.exception, expect), result.exception
        return result
    assert result.exit_code == 0, (result.output, result.exception)
    return result


@pytest.fixture
def exported(home):
    run("export", "--out", "log.jsonl")
    return home / "log.jsonl"


@pytest.fixture
def key(home):
    return str(open_log().verifier())


def test_export_then_verify_with_key_line_or_file(exported, key):
    assert json.loads(run("verify", exported, "--public-key", key, "--json").stdout)["entries"] == 6
    run("key", "--out", "k.vkey")
    assert "6 entries" in run("verify", exported, "--public-key", "k.vkey").stdout
    assert run("key").stdout == f"{key}\n"


def test_export_to_stdout_is_the_export(home, key):
    (home / "out.jsonl").write_bytes(run("export").stdout_bytes)
    run("verify", "out.jsonl", "--public-key", key)
    run("export", "--json", expect=InputError)


@pytest.mark.parametrize("deed", ["alter", "remove", "swap", "truncate"])
def test_tampering_exits_3_and_names_the_entry(exported, key, deed):
    lines = exported.read_bytes().splitlines(keepends=True)
    if deed == "alter":
        lines[3] = lines[3].replace(b'"r2"', b'"rX"')
    elif deed == "remove":
        del lines[3]
    elif deed == "swap":
        lines[3], lines[5] = lines[5], lines[3]
    else:
        del lines[3:]
    exported.write_bytes(b"".join(lines))
    result = run("verify", exported, "--public-key", key, "--json", expect=VerificationError)
    assert result.exception.exit_code == 3
    assert "entry 2" in str(result.exception)
    assert json.loads(result.stdout)["first_bad_entry"] == 2


def test_kept_checkpoint_and_kept_export(exported, key, home):
    run("checkpoint", "--out", "kept.txt")
    record_event(KeyCreated(), subject="k")
    run("export", "--out", "later.jsonl")
    for kept in ("kept.txt", exported):
        assert json.loads(run("verify", "later.jsonl", "--public-key", key, "--since", kept, "--json").stdout)["since"]
    run("verify", exported, "--public-key", key, "--since", "later.jsonl", expect=VerificationError)
    exported.write_bytes(exported.read_bytes().replace(b'"r2"', b'"rX"'))
    result = run("verify", "later.jsonl", "--public-key", key, "--since", exported, expect=VerificationError)
    assert "kept from before does not verify" in str(result.exception)


def test_a_release_pins_the_log_it_was_published_from(exported, key, home):
    note = run("checkpoint").stdout
    (home / "manifest.json").write_text(json.dumps({"format": "wasl-release/1", "log_checkpoint": note}, indent=2))
    run("export", "--out", "later.jsonl")
    said = run("verify", "later.jsonl", "--public-key", key, "--since", "manifest.json", "--json")
    assert json.loads(said.stdout)["since"] == 7
    run("verify", exported, "--public-key", key, "--since", "manifest.json", expect=VerificationError)


def test_proofs_verify_alone(home, key):
    run("prove", 4, "--out", "entry.json")
    assert "proof verifies" in run("verify", "entry.json", "--public-key", key).stdout
    document = json.loads((home / "entry.json").read_text())
    assert document["event"]["subject"] == "r4"
    document["event"]["subject"] = "r5"
    (home / "entry.json").write_text(json.dumps(document))
    run("verify", "entry.json", "--public-key", key, expect=VerificationError)
    run("checkpoint", "--out", "kept.txt")
    record_event(KeyCreated(), subject="k")
    run("prove", "--since", "kept.txt", "--out", "growth.json")
    run("verify", "growth.json", "--public-key", key, "--since", "kept.txt")
    run("verify", "growth.json", "--public-key", key, expect=VerificationError)
    run("prove", 999, expect=NotFoundError)
    run("prove", expect=InputError)


@pytest.mark.parametrize("field", ["checkpoint", "index", "path", "size", "event", "format"])
def test_malformed_proofs_are_refused(home, key, field):
    run("prove", 2, "--out", "entry.json")
    document = json.loads((home / "entry.json").read_text())
    for wrong in ({**document, field: None}, {name: value for name, value in document.items() if name != field}):
        (home / "entry.json").write_text(json.dumps(wrong))
        run("verify", "entry.json", "--public-key", key, expect=VerificationError)


def test_show_filters_and_speaks_each_language(exported):
    shown = json.loads(run("show", "--subject", "r3", "--json").stdout)["entries"]
    assert [entry["index"] for entry in shown] == [3]
    assert "a modifié" in shown[0]["sentences"]["fr"]
    assert "changed" in shown[0]["sentences"]["en"]
    assert "المشروع" in shown[0]["sentences"]["ar"]
    assert len(json.loads(run("show", exported, "--last", 2, "--json").stdout)["entries"]) == 2
    assert "modifié" in run("show", "--language", "fr").stdout
    assert json.loads(run("show", "--kind", "KeyCreated", "--json").stdout)["entries"] == []
    run("show", "--kind", "Nonsense", expect=InputError)


def test_bad_keys_are_refused(exported):
    for key in ("nonsense", "x" * 5000):
        run("verify", exported, "--public-key", key, expect=KeyFileError)


def test_what_is_no_export_is_refused(home, key):
    (home / "other.bin").write_bytes(b"\xff\x00")
    run("verify", "other.bin", "--public-key", key, expect=VerificationError)
    (home / "list.json").write_text("[1]")
    run("verify", "list.json", "--public-key", key, expect=VerificationError)


def test_subjects_with_line_separators_do_not_break_the_export(home, key):
    record_event(FileRead(), subject="a\u2028b\x85c\nd")
    run("export", "--out", "log.jsonl")
    run("verify", "log.jsonl", "--public-key", key)
    run("verify", "log.jsonl", "--public-key", key, "--since", "log.jsonl")
    shown = json.loads(run("show", "log.jsonl", "--json").stdout)["entries"]
    assert shown[-1]["subject"] == "a\u2028b\x85c\nd"


def test_show_names_a_broken_entry(home):
    log = open_log()
    log.lines_path.write_bytes(log.lines_path.read_bytes().replace(b'"r2"', b'"r2'))
    assert "entry 2" in str(run("show", expect=VerificationError).exception)


def test_markup_in_a_subject_is_shown_as_it_is(home):
    record_event(FileRead(), subject="[/x][red]")
    assert "[/x][red]" in run("show", "--last", 1).stdout


@pytest.mark.parametrize(("first", "last"), [("2026-11-28", "2026-11-28"), ("28/11/2026", ""), ("", "28.11.2026")])
def test_entries_of_days(home, monkeypatch, first, last):
    written = json.loads(run("show", "--json").stdout)["entries"]
    day = written[0]["at"][:10]
    french = f"{day[8:]}/{day[5:7]}/{day[:4]}"
    words = [*(("--from", day if "-" in first else french) if first else ())]
    words += [*(("--to", french if "." in last else day) if last else ())]
    assert len(json.loads(run("show", "--json", *words).stdout)["entries"]) == len(written)
    assert json.loads(run("show", "--json", "--to", "2020-01-01").stdout)["entries"] == []
    assert json.loads(run("show", "--json", "--from", "2099-01-01").stdout)["entries"] == []


@pytest.mark.parametrize("option", ["--from", "--to", "--after", "--before"])
@pytest.mark.parametrize("text", ["hier", "30/02/2026", "2026-13-01"])
def test_a_day_that_is_none_chooses_nothing_silently(home, option, text):
    run("show", option, text, expect=InputError)
    if option in ("--from", "--to"):
        run("report", option, text, expect=InputError)


def test_an_exchanged_period_is_refused(home):
    for verb in ("show", "report"):
        assert "before the first" in str(
            run(verb, "--from", "2026-03-02", "--to", "01/03/2026", expect=InputError).exception
        )


def test_what_rests_on_a_log_that_was_changed_is_refused(exported, key, home):
    """An auditor makes nothing again from the digests of an altered export, and reads none without a warning."""
    other = str(NoteSigner.generate("wasl.local/other").verifier)
    run("reproduce", "r", "--plan", "morocco", "--inputs", home, "--log", exported, expect=NotFoundError)
    run(
        "reproduce", "r", "--plan", "morocco", "--inputs", home, "--log", exported,
        "--public-key", other, expect=VerificationError,
    )  # fmt: skip
    assert "does not verify" not in run("show", exported).stdout
    exported.write_bytes(exported.read_bytes().replace(b'"r2"', b'"rX"'))
    for given in ([], ["--public-key", key]):
        found = run(
            "reproduce", "r", "--plan", "morocco", "--inputs", home, "--log", exported, *given, expect=Exception
        )
        assert isinstance(found.exception, VerificationError)
        assert "entry 2 was altered" in str(found.exception)
    assert "entry 2 was altered" in run("show", exported).stdout
    assert "entry 2" in json.loads(run("show", exported, "--json").stdout)["fault"]
    run("reproduce", "r", "--plan", "morocco", "--inputs", home, "--public-key", key, expect=InputError)


def test_a_choice_of_nothing_says_so_and_what_there_is(home):
    assert run("show", "--kind", "projectchanged", "--json").stdout == run("show", "--json").stdout
    assert "Projects in the log: p." in run("show", "--project", "P").stdout
    assert f"Actors in the log: {actor()}." in run("show", "--actor", "nobody at all").stdout
    assert "None of 6 entries is chosen." in run("show", "--subject", "absent").stdout
    refused = run("show", "--kind", "linkage", expect=InputError).exception
    assert "LinkageCompleted" in str(refused.remedy)
    assert "KeyCreated" not in str(refused.remedy)
    run("show", "--after", "2026-03-01", "--before", "2026-03-01", expect=InputError)


def test_a_key_file_that_is_not_there_is_said(exported):
    assert "there is no such file" in str(
        run("verify", exported, "--public-key", "no.vkey", expect=KeyFileError).exception
    )
