"""Uploads are shown to the office's scanner before anything reads them, and taken in only if it says so."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from service_support import PROJECT, REGISTER, Sent, Service, Template, make_settings, send, serving

from wasl.errors import InputError
from wasl.service.access import Role
from wasl.service.ports import Area
from wasl.web.app import create_app
from wasl.web.installation import Installation

SCANNER = """#!{python}
import json, os, pathlib, sys, time
file = pathlib.Path(sys.argv[-1])
says = pathlib.Path({says!r}).read_text().strip()
seen = dict(bytes=file.read_bytes()[:4].decode(), mode=oct(file.stat().st_mode & 0o777), arguments=sys.argv[1:-1],
            secrets=sorted(name for name in os.environ if name.startswith("WASL")), input=sys.stdin.read())
pathlib.Path({seen!r}).write_text(json.dumps(seen))
print("a line with a name of somebody")
time.sleep(30 if says == "sleep" else 0)
sys.exit(int(says) if says.isdigit() else 1)
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a scanner that answers as its file says, and writes down what it saw."""
    folder = tmp_path_factory.mktemp("scanner")
    text = SCANNER.format(python=sys.executable, says=str(folder / "says"), seen=str(folder / "seen"))
    (folder / "scan").write_text(text, encoding="utf-8")
    (folder / "scan").chmod(stat.S_IRWXU)
    (folder / "says").write_text("0", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def scanned(sqlite_template: Template, desk: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("scanned") / "data"
    command = (str(desk / "scan"), "--quiet")
    settings = make_settings(folder, sqlite_template.copy(folder), scan_command=command, scan_seconds=3.0)
    installation = Installation.open(settings)
    with serving(installation) as address:
        running = Service(address, installation, sqlite_template.tokens)
        yield running
        running.close()
    installation.close()


@pytest.fixture
def sent(make_files: Callable[..., Sent]) -> Sent:
    return make_files()


def left(service: Service) -> list[Path]:
    folder = service.installation.settings.folders[Area.LINKAGE]
    return [path for path in folder.rglob("*") if path.is_file() and path.name != ".wasl-area.json"]


def deliveries(service: Service) -> list[dict[str, Any]]:
    answer = service.client(Role.HOLDER).get(f"/v1/projects/{PROJECT}/registers/{REGISTER}/deliveries").json()
    return list(answer["items"])


@pytest.mark.parametrize(
    ("says", "status", "words"),
    [
        ("1", 422, "the scanner of this service refused the file"),
        ("2", 503, "the scanner of this service does not work"),
        ("137", 503, "the scanner of this service does not work"),
        ("sleep", 503, "the scanner of this service does not work"),
    ],
)
def test_what_the_scanner_does_not_take_is_not_taken_in(
    scanned: Service, desk: Path, sent: Sent, says: str, status: int, words: str
) -> None:
    before, listed = left(scanned), deliveries(scanned)
    (desk / "says").write_text(says, encoding="utf-8")
    answer = send(scanned.client(Role.HOLDER), "deliveries", sent.delivery)
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert words in answer.json()["detail"]
    assert left(scanned) == before
    assert deliveries(scanned) == listed


def test_the_scanner_sees_the_file_and_no_secret(scanned: Service, desk: Path, sent: Sent) -> None:
    (desk / "says").write_text("0", encoding="utf-8")
    answer = send(scanned.client(Role.HOLDER), "deliveries", sent.delivery)
    assert answer.status_code == 201, answer.text
    seen = json.loads((desk / "seen").read_text(encoding="utf-8"))
    assert seen == {"bytes": "PAR1", "mode": "0o600", "arguments": ["--quiet"], "secrets": [], "input": ""}


def test_verdicts_are_counted(scanned: Service, desk: Path, sent: Sent) -> None:
    (desk / "says").write_text("1", encoding="utf-8")
    send(scanned.client(Role.HOLDER), "payloads", sent.payload)
    told = scanned.client(Role.ADMIN).get("/v1/metrics").text
    assert 'wasl_scanned_total{verdict="refused"}' in told
    assert "somebody" not in told


def test_a_file_with_a_wrong_digest_is_not_shown_to_the_scanner(scanned: Service, desk: Path, sent: Sent) -> None:
    (desk / "says").write_text("0", encoding="utf-8")
    (desk / "seen").unlink(missing_ok=True)
    answer = send(scanned.client(Role.HOLDER), "deliveries", sent.delivery + b"x")
    assert answer.status_code != 201
    headers = {"Content-Digest": "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"}
    (desk / "seen").unlink(missing_ok=True)
    assert send(scanned.client(Role.HOLDER), "deliveries", sent.delivery, **headers).status_code == 400
    assert not (desk / "seen").exists()


def test_a_scanner_that_is_not_there_stops_the_start(sqlite_template: Template, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    settings = make_settings(folder, sqlite_template.copy(folder), scan_command=("no-such-scanner",))
    installation = Installation.open(settings)
    with pytest.raises(InputError, match="no program 'no-such-scanner'"):
        create_app(installation)
    installation.close()
