from __future__ import annotations

import json
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from wasl.audit.events import AuditEvent
from wasl.cli.app import build_app
from wasl.cli.audit_trail import open_log
from wasl.errors import InputError, KeyFileError, VerificationError

DESCRIPTION = """
id = "small"
title = "Small"
abstract = "Small."
conditions = "None."
producer = { name = "HCP" }
period = { start = 2024-01-01, end = 2024-12-31 }
variables = [
  { name = "sex", label = "Sex", kind = "code", classification = "sex" },
  { name = "age", label = "Age", kind = "integer" },
]
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "d.toml").write_text(DESCRIPTION)
    (tmp_path / "safe").mkdir()
    pq.write_table(pa.table({"sex": ["F", "M"], "age": [30, 40]}), tmp_path / "safe/protected.parquet")
    (tmp_path / "safe/public-report.json").write_text('{"k": 5}')
    (tmp_path / "safe/public-report.html").write_text("<p>")
    (tmp_path / "safe/report.json").write_text('{"confidential": true}')
    return tmp_path


def run(*words, expect=None):
    result = CliRunner().invoke(build_app(["wasl.cli.publication"]), list(map(str, words)))
    if expect is not None:
        assert isinstance(result.exception, expect), result.exception
        return result
    assert result.exit_code == 0, (result.output, result.exception)
    return result


def publish(*more, expect=None):
    return run("publish", "safe", "--description", "d.toml", "--out", "release", *more, expect=expect)


def test_publish_then_verify(place):
    said = json.loads(publish("--json").stdout)
    assert said["rows"] == 2
    assert "report/report.json" not in said["files"]
    assert json.loads(run("verify", "release", "--json").stdout)["verified"]
    assert "as signed by" in run("verify", "release", "--public-key", said["public_key"]).stdout
    run("verify", "release", "--public-key", place / "home/publication.vkey")
    kinds = [AuditEvent.parse(data).kind for data in open_log().events()]
    assert kinds[0] == "ReleasePublished"
    assert set(kinds[1:]) == {"ReleaseVerified"}


def test_the_manifest_carries_the_checkpoint_of_the_log(place):
    publish()
    run("publish", "safe", "--description", "d.toml", "--out", "second")
    assert json.loads((place / "release/manifest.json").read_text())["log_checkpoint"] == ""
    assert json.loads((place / "second/manifest.json").read_text())["log_checkpoint"].startswith("wasl.local/")


@pytest.mark.parametrize("deed", ["change", "remove", "add"])
def test_tampering_exits_3_and_names_the_file(place, deed):
    publish()
    file = place / "release/data/small.csv"
    if deed == "change":
        file.write_bytes(file.read_bytes()[:-1] + b"X")
    elif deed == "remove":
        file.unlink()
    else:
        file = place / "release/data/extra.csv"
        file.touch()
    result = run("verify", "release", "--json", expect=VerificationError)
    assert result.exception.exit_code == 3
    assert f"data/{file.name}" in str(result.exception)
    assert [fault["file"] for fault in json.loads(result.stdout)["faults"]] == [f"data/{file.name}"]


def test_a_release_is_never_overwritten(place):
    publish()
    before = sorted(path.name for path in place.iterdir())
    publish(expect=InputError)
    assert sorted(path.name for path in place.iterdir()) == before


def test_own_key_is_made_once_and_another_can_be_given(place):
    publish()
    key = place / "home/publication.key"
    assert key.stat().st_mode & 0o077 == 0
    run("publish", "safe", "--description", "d.toml", "--out", "second", "--signing-key", key)
    assert (place / "second/public-key.txt").read_bytes() == (place / "release/public-key.txt").read_bytes()
    (place / "bad.key").write_text("nonsense")
    run("publish", "safe", "--description", "d.toml", "--out", "third", "--signing-key", "bad.key", expect=KeyFileError)


@pytest.mark.parametrize("lost", ["protected.parquet", "public-report.json"])
def test_what_was_not_protected_is_not_published(place, lost):
    (place / "safe" / lost).unlink()
    publish(expect=InputError)
    assert not (place / "release").exists()


def test_missing_folders_are_said_so(place):
    run("publish", "nowhere", "--description", "d.toml", "--out", "release", expect=InputError)
    run("verify", "nowhere", expect=InputError)


def test_nothing_half_written_is_left_behind(place, monkeypatch):
    monkeypatch.setattr("wasl.cli.publication.os.fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    publish(expect=OSError)
    assert sorted(path.name for path in place.iterdir()) == ["d.toml", "home", "safe"]


def zipped(place, change=lambda path, data: data):
    with zipfile.ZipFile(place / "release.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted((place / "release").rglob("*")):
            if path.is_file():
                name = path.relative_to(place / "release").as_posix()
                archive.writestr(name, change(name, path.read_bytes()))
    return place / "release.zip"


def test_a_zipped_release_verifies_and_a_changed_one_does_not(place):
    publish()
    run("verify", zipped(place))
    changed = zipped(place, lambda path, data: data + b"x" if path == "data/small.csv" else data)
    assert "data/small.csv" in str(run("verify", changed, expect=VerificationError).exception)
    archive = zipped(place)
    data = bytearray(archive.read_bytes())
    data[data.index(b"data/small.csv") + 20] ^= 1
    archive.write_bytes(data)
    assert "data/small.csv" in str(run("verify", archive, expect=VerificationError).exception)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_twice_in_an_archive_is_refused(place):
    publish()
    with zipfile.ZipFile(zipped(place), "a") as archive:
        archive.writestr("data/small.csv", b"other")
    run("verify", place / "release.zip", expect=VerificationError)


def test_no_release_without_its_event(place, monkeypatch):
    publish()
    log = open_log()
    log.lines_path.write_bytes(b"")
    run("publish", "safe", "--description", "d.toml", "--out", "second", expect=VerificationError)
    assert sorted(path.name for path in place.iterdir()) == ["d.toml", "home", "release", "safe"]
