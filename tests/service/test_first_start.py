"""The first start: a database or a key that cannot be used is said in words, and the files for an operator hold."""

from __future__ import annotations

import configparser
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from service_support import Template, make_settings

from wasl.cli import serve
from wasl.cli.app import VERBS
from wasl.errors import WaslError
from wasl.web.settings import ServiceSettings, load_settings

DEPLOY = Path(__file__).parents[2] / "config" / "deploy"


def half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


DATABASES: dict[str, tuple[Callable[[Path], object], str]] = {
    "another file": (lambda path: path.write_text("hello" * 1000), "not a database"),
    "cut off": (half, "malformed"),
    "another beginning": (lambda path: path.write_bytes(b"x" * 16 + path.read_bytes()[16:]), "not a database"),
    "a folder": (folder, "unable to open"),
    "nothing": (lambda path: path.write_bytes(b""), "belongs to another installation"),
}

KEYS: dict[str, Callable[[Path], object]] = {
    "nothing": lambda path: path.write_bytes(b""),
    "no text": lambda path: path.write_bytes(b"\xff\x00\xfekey"),
    "another text": lambda path: path.write_text("PRIVATE+KEY+x+y+z"),
}


@pytest.mark.parametrize("name", DATABASES)
def test_a_database_that_cannot_be_used(sqlite_template: Template, tmp_path: Path, name: str) -> None:
    settings = make_settings(tmp_path / "data", sqlite_template.copy(tmp_path / "data"))
    serve._open(settings).close()
    spoil, words = DATABASES[name]
    for beside in ("-wal", "-shm"):
        Path(f"{settings.home / 'wasl.db'}{beside}").unlink(missing_ok=True)
    spoil(settings.home / "wasl.db")
    with pytest.raises(WaslError) as caught:
        serve._open(settings)
    assert words in str(caught.value)
    assert caught.value.remedy
    assert caught.value.exit_code == 1


def test_a_database_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    url = "postgresql+psycopg://wasl:secret-word@127.0.0.1:1/wasl"
    with pytest.raises(WaslError, match="does not answer") as caught:
        serve._open(make_settings(tmp_path, url))
    assert "secret-word" not in f"{caught.value} {caught.value.remedy}"


@pytest.mark.parametrize("name", KEYS)
def test_a_signing_key_that_cannot_be_used(sqlite_template: Template, tmp_path: Path, name: str) -> None:
    settings = make_settings(tmp_path / "data", sqlite_template.copy(tmp_path / "data"))
    KEYS[name](settings.key_path)
    with pytest.raises(WaslError, match="signing key"):
        serve._open(settings)


@pytest.mark.parametrize("name", ["wasl-web.service", "wasl-worker@.service"])
def test_units_start_verbs_that_there_are(name: str) -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(DEPLOY / name)
    service = unit["Service"]
    started = [service[key].split()[1] for key in ("ExecStartPre", "ExecStart") if key in service]
    assert started
    assert set(started) <= set(VERBS)
    assert service["UMask"] == "0077"
    variables = re.findall(r"WASL_(\w+)=", service["Environment"])
    assert all(one == "CONFIG" or one.lower() in ServiceSettings.model_fields for one in variables)
    assert service["ReadWritePaths"] == service["WorkingDirectory"] == "/var/lib/wasl"


def test_the_sample_of_settings_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASL_PLAIN_CONNECTIONS", "true")
    settings = load_settings(DEPLOY / "wasl.toml")
    assert settings.data_dir == Path("/var/lib/wasl")


def test_the_compose_file_names_settings_that_there_are() -> None:
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8") + (DEPLOY / "Containerfile").read_text(
        encoding="utf-8"
    )
    names = {one.lower() for one in re.findall(r"\bWASL_(\w+)[:=]", text)}
    assert names
    assert names <= set(ServiceSettings.model_fields)
    verbs = re.findall(r'command: \["(\w+)"\]', text)
    assert set(verbs) <= set(VERBS)


def test_the_proxy_takes_what_the_service_takes() -> None:
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    size = re.search(r"client_max_body_size (\d+)g;", text)
    heads = re.search(r"large_client_header_buffers \d+ (\d+)k;", text)
    assert size is not None
    assert heads is not None
    fields = ServiceSettings.model_fields
    assert int(size[1]) << 30 >= fields["max_upload_bytes"].default
    assert int(heads[1]) << 10 >= fields["max_header_bytes"].default
    assert "X-Forwarded-For $remote_addr;" in text, "what a caller sends as that header is not passed on"
