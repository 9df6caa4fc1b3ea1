"""`wasl push` and `wasl pull` over a line that breaks: words, nothing half-written, and nobody else's file is touched.

The server is a socket with a script: each request gets the next answer of it, byte for byte.
"""

from __future__ import annotations

import base64
import errno
import hashlib
import io
import json
import re
import socketserver
import ssl
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from test_serve import certificate
from typer.testing import CliRunner

from wasl.audit.notes import NoteSigner
from wasl.cli.app import build_app
from wasl.client import Client, transport
from wasl.errors import InputError, KeyFileError, VerificationError, WaslError
from wasl.publication.manifest import FileEntry, Manifest, sign_manifest

RELEASE = "0" * 32
Script = list[bytes | Callable[[bytes, bytes], bytes]]


class Line:
    """A server with a script; keeps what it was asked."""

    def __init__(self, script: Script) -> None:
        self.script = list(script)
        self.heads: list[bytes] = []

    def answer(self, stream: Any) -> bytes:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            got = stream.readline()
            if not got:
                return b""
            head += got
        found = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        body = stream.read(int(found.group(1))) if found else b""
        self.heads.append(head)
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        return step(head, body) if callable(step) else step


@contextmanager
def line(*script: bytes | Callable[[bytes, bytes], bytes]) -> Iterator[tuple[str, Line]]:
    script_of = Line(list(script))

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(script_of.answer(self.rfile))

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", script_of
        server.shutdown()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(transport, "FIRST_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(transport, "LONGEST_PAUSE_SECONDS", 0.0)
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "home"))


def answered(body: bytes, *, status: str = "200 OK", cut: int | None = None, **headers: str) -> bytes:
    """An answer whose connection ends after ``cut`` bytes of the body."""
    named = {"Content-Length": str(len(body)), "Connection": "close"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    head = f"HTTP/1.1 {status}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in named.items()) + "\r\n"
    return head.encode() + body[: len(body) if cut is None else cut]


def sent(data: bytes, *, cut: int | None = None, start: int = 0) -> bytes:
    """The package, or the rest of it, as the service sends it."""
    raw = hashlib.sha256(data).digest()
    marks = {"ETag": f'"{raw.hex()}"', "Repr_Digest": f"sha-256=:{base64.b64encode(raw).decode()}:"}
    if not start:
        return answered(data, cut=cut, **marks)
    part = {"Content_Range": f"bytes {start}-{len(data) - 1}/{len(data)}"}
    return answered(data[start:], status="206 Partial Content", cut=cut, **marks, **part)


def package(signer: NoteSigner, text: bytes = b"hello", **further: bytes) -> bytes:
    files = {"data/x.csv": text, "public-key.txt": f"{signer.verifier}\n".encode()}
    entries = {name: FileEntry.of(data) for name, data in files.items() if name.startswith("data/")}
    told = Manifest("x", "1", "X", "2026-01-01T00:00:00+00:00", "wasl", 1, "", "", str(signer.verifier), "", entries)
    manifest = told.to_bytes()
    files |= {"manifest.json": manifest, "manifest.json.sig": sign_manifest(manifest, "x", signer), **further}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


@pytest.fixture
def signer() -> NoteSigner:
    return NoteSigner.generate("wasl.example.ma")


def run(*words: str, env: dict[str, str] | None = None) -> Any:
    """The JSON a verb prints, or the error it ends with."""
    done = CliRunner().invoke(build_app(["wasl.cli.client"]), [*words, "--json"], env=env)
    return json.loads(done.stdout) if done.exit_code == 0 else done.exception


def pull(address: str, folder: Path, *words: str) -> Any:
    return run("pull", RELEASE, "--server", address, "--out", str(folder / "release"), *words)


def left(folder: Path) -> set[str]:
    """What lies in a folder, but for the home folder of the user."""
    return {path.name for path in folder.iterdir()} - {"home"}


def test_a_pull_goes_on_after_cuts_refusals_and_a_replaced_file(signer: NoteSigner, tmp_path: Path) -> None:
    old, new = package(signer, b"old" * 5000), package(signer, b"new" * 500)
    again = answered(b"", status="503 Service Unavailable", Retry_After="0")
    cases: list[tuple[bytes, tuple[Any, ...], list[str]]] = [
        (old, (sent(old, cut=4000), sent(old, start=4000)), ["", "4000"]),
        (
            old,
            (b"", again, sent(old, cut=1), sent(old, cut=10, start=1), again, sent(old, start=11)),
            ["", "", "", "1"],
        ),
        (old, (sent(old, cut=300), sent(old)), ["", "300"]),  # a server that knows no ranges
        (new, (sent(old, cut=300), sent(new)), ["", "300"]),  # replaced: If-Range gives it whole
        (new, (sent(old, cut=9000), answered(b"", status="416 Range Not Satisfiable"), sent(new)), ["", "9000", ""]),
    ]
    for number, (whole, script, ranges) in enumerate(cases):
        folder = tmp_path / str(number)
        folder.mkdir()
        with line(*script) as (address, asked):
            got = pull(address, folder)
        assert got["digest"] == "sha256:" + hashlib.sha256(whole).hexdigest(), number
        assert left(folder) == {"release"}
        heads = [re.search(rb"range: bytes=(\d+)-", head.lower()) for head in asked.heads]
        assert [found.group(1).decode() if found else "" for found in heads][: len(ranges)] == ranges, number
        for head in asked.heads:
            assert (b"range: bytes" in head.lower()) <= (b"if-range:" in head.lower())


def test_a_pull_that_fails_leaves_nothing_and_gives_its_reason(signer: NoteSigner, tmp_path: Path) -> None:
    good = package(signer)
    damaged = bytearray(good)
    damaged[40:60] = bytes(20)
    moved = answered(b"", status="301 Moved Permanently", Location="https://elsewhere.example/")
    other = NoteSigner.generate("other")
    cases: list[tuple[bytes, str, int, list[str]]] = [
        (sent(good, cut=50), "does not answer", 1, []),
        (b"", "does not answer", 1, []),
        (answered(good, Repr_Digest=f"sha-256=:{'A' * 43}=:"), "not what the service says it sent", 3, []),
        (answered(good[:-30]), "not a release package", 3, []),
        (answered(bytes(damaged)), "not a release package", 3, []),
        (answered(b"<html>please sign in</html>"), "not a release package", 3, []),
        (sent(package(signer, **{"../out": b""})), "outside its folder", 3, []),
        (sent(package(signer, more=b"")), "it was added", 3, []),
        (sent(good), "not signed by the given key", 3, ["--public-key", str(other.verifier)]),
        (moved, "leads to another address", 1, []),
        (answered(b"no", status="404 Not Found"), "answered 404", 1, []),
        (answered(b"[]", status="500 Oh"), "answered 500", 1, []),
    ]
    for number, (answer, words, code, further) in enumerate(cases):
        folder = tmp_path / str(number)
        folder.mkdir()
        with line(answer) as (address, _):
            error = pull(address, folder, *further)
        assert isinstance(error, WaslError), (number, error)
        assert (words in str(error), error.exit_code) == (True, code), (number, str(error))
        assert left(folder) == set(), number
    assert not (tmp_path / "home" / "pins.json").exists(), "no key of a package that is not there is pinned"


def test_a_wrong_key_in_the_command_is_found_before_anything_is_fetched(tmp_path: Path) -> None:
    with line(b"") as (address, asked):
        assert isinstance(pull(address, tmp_path, "--public-key", "x" * 300), KeyFileError)
    assert (asked.heads, left(tmp_path)) == ([], set())


def test_a_changed_key_is_refused_under_every_spelling_of_the_address(signer: NoteSigner, tmp_path: Path) -> None:
    other = package(NoteSigner.generate("wasl.example.ma"))
    with line(sent(package(signer)), sent(package(signer)), sent(other)) as (address, _):
        assert pull(address, tmp_path / "a")["verified"] is False
        assert pull(address, tmp_path / "b")["verified"] is True
        for number, spelling in enumerate((address, address + "/", address.replace("http://", "HTTP://"))):
            error = pull(spelling, tmp_path / f"c{number}")
            assert isinstance(error, VerificationError), error
            assert "before and now uses" in str(error)
            assert left(tmp_path / f"c{number}") == set()


def test_files_beside_the_folder_stay_as_they_are(signer: NoteSigner, tmp_path: Path) -> None:
    """An archive or a half file of that name may be the user's own."""
    own = {name: name.encode() for name in ("release.zip", "release.zip.partial", "release.partial")}
    for name, data in own.items():
        (tmp_path / name).write_bytes(data)
    with line(sent(package(signer))) as (address, _):
        assert pull(address, tmp_path)["files"] == 4
        (tmp_path / "x.partial").write_bytes(b"mine")
        with Client(address) as client:
            client.download_published(RELEASE, tmp_path / "x")
    assert {name: (tmp_path / name).read_bytes() for name in own} == own
    assert (tmp_path / "x.partial").read_bytes() == b"mine"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES])
@pytest.mark.parametrize("place", ["archive", "folder", "pins"])
def test_no_room_or_right_for_a_pull(
    signer: NoteSigner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, place: str
) -> None:
    from wasl.cli import client, publication

    def fail(*_: object, **__: object) -> Any:
        raise OSError(number, "as the system says")

    if place == "archive":
        monkeypatch.setattr(transport, "file_digest", fail)
    elif place == "folder":
        monkeypatch.setattr(publication.os, "fsync", fail)
    else:
        monkeypatch.setattr(client, "pin_key", fail)
    with line(sent(package(signer))) as (address, _):
        error = pull(address, tmp_path)
    assert isinstance(error, OSError), error
    assert error.filename == str(tmp_path), "a full disk names no file: the folder is named instead"
    monkeypatch.undo()
    assert left(tmp_path) == set()


def test_addresses_that_are_none(tmp_path: Path) -> None:
    for address in ("wasl.example.ma", "ftp://wasl.example.ma", "http://[::1", "file:///etc/passwd"):
        for words in (["pull", "--list"], ["pull", RELEASE, "--out", str(tmp_path / "r")]):
            error = run(*words, "--server", address)
            assert isinstance(error, InputError), (address, error)
            assert "begins with https" in str(error)


def test_another_program_at_the_address() -> None:
    for body in (b"<html>", b"[1]", b'"x"', b"null", b'{"items": 1}', b"{}", b"\xff"):
        with line(answered(body)) as (address, _):
            error = run("pull", "--list", "--server", address)
        assert isinstance(error, WaslError), (body, error)
        assert "not a service of wasl" in str(error), body


def test_a_certificate_that_is_not_accepted_is_refused_at_once_and_in_words(tmp_path: Path) -> None:
    import socket

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate(tmp_path, "localhost"))
    met: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    taken, _ = listening.accept()
                except OSError:
                    return
                met.append(1)
                try:
                    context.wrap_socket(taken, server_side=True).close()
                except OSError:
                    taken.close()

        threading.Thread(target=serve, daemon=True).start()
        error = run("pull", "--list", "--server", f"https://127.0.0.1:{listening.getsockname()[1]}")
    assert isinstance(error, VerificationError), error
    assert "certificate of the service is not accepted" in str(error)
    assert "clock" in str(error)
    assert len(met) == 1


def holder(body: bytes) -> bytes:
    return answered(body, Content_Type="application/json")


WHO = holder(b'{"name": "h", "role": "holder", "project": "p", "register": "r", "newer": 1}')
DONE = {"id": "s", "version": 1, "kind": "delivery", "project": "p", "register": "r", "digest": "d", "rows": 3}
DONE["size_bytes"] = 1


def push(address: str, *files: Path, env: dict[str, str] | None = None) -> Any:
    words = [str(files[0])] + [word for file in files[1:] for word in ("--join", str(file))]
    return run("push", *words, "--server", address, env=env or {"WASL_TOKEN": "wasl_t"})


def test_a_push_goes_on_after_cuts_under_one_key(tmp_path: Path) -> None:
    file = tmp_path / "delivery.parquet"
    file.write_bytes(b"x" * 100_000)
    taken: list[bytes] = []

    def take(_head: bytes, body: bytes) -> bytes:
        taken.append(body)
        return holder(json.dumps(DONE).encode())

    with line(WHO, b"", answered(b"", status="502 Bad Gateway"), b"HTTP/1.1 201 Cre", take) as (address, asked):
        assert push(address, file)["sent"][0]["rows"] == 3
    assert taken == [file.read_bytes()]
    keys = {re.search(rb"idempotency-key: (\w+)", head.lower()).group(1) for head in asked.heads[1:]}  # type: ignore[union-attr]
    assert (len(asked.heads), len(keys)) == (5, 1)


def test_a_file_that_changes_while_it_is_sent_is_named(tmp_path: Path) -> None:
    """Written to in place it is refused; replaced by another one, the one of the beginning is sent."""
    file = tmp_path / "delivery.parquet"
    whole = b"x" * 3_000_000
    refused = answered(b'{"detail": "the body is not what its Content-Digest says."}', status="400 Bad Request")

    def shorten(_head: bytes, _body: bytes) -> bytes:
        file.write_bytes(b"y")
        return b""

    def rewrite(_head: bytes, _body: bytes) -> bytes:
        file.write_bytes(b"y" * len(whole))
        return refused

    def lengthen(_head: bytes, _body: bytes) -> bytes:
        file.write_bytes(whole + b"y")
        return refused

    for change in (shorten, rewrite, lengthen):
        file.write_bytes(whole)
        with line(WHO, change, refused) as (address, _):
            error = push(address, file)
        assert isinstance(error, InputError), error
        assert "was changed while it was sent" in str(error)

    taken: list[bytes] = []

    def replace(_head: bytes, _body: bytes) -> bytes:
        other = tmp_path / "other"
        other.write_bytes(b"z")
        other.replace(file)
        return b""

    def take(_head: bytes, body: bytes) -> bytes:
        taken.append(body)
        return holder(json.dumps(DONE).encode())

    file.write_bytes(whole)
    with line(WHO, replace, take) as (address, _):
        assert push(address, file)["sent"][0]["rows"] == 3
    assert taken == [whole]


def test_nothing_is_sent_where_a_file_or_a_token_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "delivery.parquet"
    file.write_bytes(b"x")
    with line(WHO) as (address, asked):
        assert "no such file" in str(push(address, file, tmp_path / "gone"))
        for token in ("", "  ", "é", "two words", "رمز"):
            error = push(address, file, env={"WASL_TOKEN": token})
            assert isinstance(error, InputError), (token, error)
            place = tmp_path / "token"
            for data in (token.encode(), token.encode("utf-16")):
                place.write_bytes(data)
                error = run("push", str(file), "--server", address, "--token-file", str(place))
                assert isinstance(error, InputError), (token, error)
                assert "holds no token" in str(error)
    assert asked.heads == []
