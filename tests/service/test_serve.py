"""`wasl serve` on the command line: where it listens, how to sign in, and clear words for what cannot work."""

from __future__ import annotations

import datetime as dt
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PROGRAM = [sys.executable, "-c", "from wasl.cli.app import main; main()"]


def environment(folder: Path, **changes: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WASL_")}
    return {**kept, "WASL_DATA_DIR": str(folder), "WASL_HOME": str(folder / "home"), **changes}


def refused(folder: Path, *arguments: str, **changes: str) -> str:
    ended = subprocess.run(
        [*PROGRAM, "serve", *arguments], env=environment(folder, **changes), capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1, ended.stderr
    assert "Traceback" not in ended.stderr
    assert "defect" not in ended.stderr
    return " ".join(ended.stderr.split())


def lines_until(process: subprocess.Popen[str], word: str) -> Iterator[str]:
    assert process.stderr is not None
    for line in process.stderr:
        yield line
        if word in line:
            return


def test_it_says_where_it_listens_how_to_sign_in_and_where_the_manual_is(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*PROGRAM, "serve", "--port", "0"], env=environment(tmp_path), stderr=subprocess.PIPE, text=True
    )
    try:
        said = "".join(lines_until(process, "Manual"))
        address = said.split("listens on ")[1].split()[0]
        token = said.split("store it now): ")[1].split()[0]
        assert "Authorization: Bearer" in said
        assert "docs/service.md" in said
        answer = httpx.get(f"{address}/v1/whoami", headers={"Authorization": f"Bearer {token}"}, timeout=60)
        assert answer.json()["role"] == "admin"
        for path in (tmp_path / "wasl.db", tmp_path / "log.key"):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode in (0, -signal.SIGTERM)


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        number = other.getsockname()[1]
        said = refused(tmp_path, "--port", str(number))
    assert f"127.0.0.1:{number}" in said
    assert "another program listens there" in said
    assert not (tmp_path / "wasl.db").exists(), "nothing is made before it can listen"


def test_a_scanner_that_is_not_there_is_found_before_anything_is_made(tmp_path: Path) -> None:
    said = refused(tmp_path, "--port", "0", WASL_SCAN_COMMAND='["no-such-scanner"]')
    assert "no-such-scanner" in said
    assert "listens on" not in said
    assert "store it now" not in said, "a token that is shown once would be lost among the lines of a failed start"
    assert not (tmp_path / "wasl.db").exists()


@pytest.mark.parametrize("port", ["70000", "-1"])
def test_a_port_that_is_none(tmp_path: Path, port: str) -> None:
    assert "port" in refused(tmp_path, "--port", port)


@pytest.mark.parametrize(("host", "word"), [("no.such.host.invalid", "not known"), ("192.0.2.1", "not an address")])
def test_an_address_that_is_not_this_machines(tmp_path: Path, host: str, word: str) -> None:
    assert word in refused(tmp_path, "--host", host, "--port", "0")


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    places = folder / f"{name}.pem", folder / f"{name}.key"
    places[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    places[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, *form))
    return places


class TestTls:
    def test_a_missing_file(self, tmp_path: Path) -> None:
        good, key = certificate(tmp_path, "a")
        said = refused(tmp_path, WASL_TLS_CERTIFICATE=str(tmp_path / "gone.pem"), WASL_TLS_KEY=str(key))
        assert "tls_certificate: there is no file" in said
        said = refused(tmp_path, WASL_TLS_CERTIFICATE=str(good), WASL_TLS_KEY=str(tmp_path / "gone.key"))
        assert "tls_key: there is no file" in said

    def test_one_without_the_other(self, tmp_path: Path) -> None:
        good, key = certificate(tmp_path, "a")
        assert "tls_key is not set" in refused(tmp_path, WASL_TLS_CERTIFICATE=str(good))
        assert "tls_certificate is not set" in refused(tmp_path, WASL_TLS_KEY=str(key))

    def test_files_that_do_not_belong_together(self, tmp_path: Path) -> None:
        good, _ = certificate(tmp_path, "a")
        _, other = certificate(tmp_path, "b")
        said = refused(tmp_path, WASL_TLS_CERTIFICATE=str(good), WASL_TLS_KEY=str(other))
        assert "belong together" in said

    def test_files_that_are_neither(self, tmp_path: Path) -> None:
        text = tmp_path / "x.txt"
        text.write_text("hello", encoding="utf-8")
        assert "PEM" in refused(tmp_path, WASL_TLS_CERTIFICATE=str(text), WASL_TLS_KEY=str(text))


@pytest.mark.parametrize("verb", ["serve", "worker", "migrate"])
def test_an_unknown_setting_stops_every_verb(tmp_path: Path, verb: str) -> None:
    ended = subprocess.run(
        [*PROGRAM, verb],
        env=environment(tmp_path, WASL_LINKAGE_FOLDER="/data"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "WASL_LINKAGE_FOLDER" in ended.stderr
    assert not (tmp_path / "wasl.db").exists()
