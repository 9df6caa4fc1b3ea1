"""The desk: who is let in, what a clerk does with a register, and that nothing in clear leaves."""

from __future__ import annotations

import io
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import openpyxl
import pyarrow.parquet as pq
import pytest
import uvicorn

from wasl.desk.app import Desk, create_desk
from wasl.desk.guard import COOKIE, Guard
from wasl.desk.workspace import Workspace
from wasl.facade import encode
from wasl.holder.keyfile import seal_open
from wasl.holder.keys import SECRET_BYTES, LinkageKey
from wasl.population.generate import generate
from wasl.registers.schema import RegisterSchema
from wasl.storage.local_log import LocalLog

KEY = LinkageKey(bytes(range(SECRET_BYTES)), "simimo")
PATIENCE_SECONDS = 300.0


@contextmanager
def running(desk: Desk, listener: socket.socket) -> Iterator[httpx.Client]:
    """The desk on its own socket, and a browser without cookies."""
    server = uvicorn.Server(uvicorn.Config(create_desk(desk), log_level="critical", lifespan="off"))
    thread = threading.Thread(target=lambda: server.run(sockets=[listener]))
    thread.start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=PATIENCE_SECONDS) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def stranger(desk: Desk, listener: socket.socket) -> Iterator[httpx.Client]:
    """A browser that did not open the printed address."""
    with running(desk, listener) as client:
        yield client


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


@pytest.fixture
def desk(tmp_path: Path, listener: socket.socket) -> Iterator[Desk]:
    hosts = frozenset({f"127.0.0.1:{listener.getsockname()[1]}"})
    made = Desk(tmp_path / "home", Guard(hosts), Workspace(tmp_path / "home"), language="en")
    yield made
    made.close()


@pytest.fixture
def client(stranger: httpx.Client, desk: Desk) -> httpx.Client:
    """The browser of the user."""
    assert stranger.get(f"/open/{desk.guard.ticket}").status_code == 303
    return stranger


def post(client: httpx.Client, desk: Desk, path: str, *, files: dict | None = None, **fields: str):
    data = {"form_token": desk.guard.form_token, **fields}
    answer = client.post(path, data=data, files=files or {"nothing": ("", b"")})
    if answer.status_code != 303 or not answer.headers["location"].startswith("/tasks/"):
        return answer
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        shown = client.get(answer.headers["location"])
        if shown.status_code != 200:
            return client.get(shown.headers["location"]) if shown.status_code == 303 else shown
        assert "refresh" in shown.headers
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture(scope="module")
def registers() -> dict[str, bytes]:
    made = generate(1000, seed=5)
    return {name: table.to_pandas().to_csv(index=False).encode() for name, table in made.registers.items()}


def test_only_the_browser_of_the_printed_address_is_let_in(stranger: httpx.Client, desk: Desk) -> None:
    assert stranger.get("/").status_code == 403
    assert stranger.get("/open/wrong").status_code == 403
    ticket = desk.guard.ticket
    answer = stranger.get(f"/open/{ticket}")
    assert "httponly" in answer.headers["set-cookie"].lower()
    assert "samesite=strict" in answer.headers["set-cookie"].lower()
    assert stranger.get("/").status_code == 200
    stranger.cookies.clear()
    assert stranger.get(f"/open/{ticket}").status_code == 403  # good once
    assert ticket not in repr(desk.guard) + str(answer.headers)


def test_another_host_name_is_refused(client: httpx.Client, desk: Desk) -> None:
    for host in ("evil.example:4711", "127.0.0.1:1", "127.0.0.1", "localhost"):
        assert client.get("/", headers={"host": host}).status_code == 421
    cookie = {"cookie": f"{COOKIE}={desk.guard.session}"}
    assert client.get("/", headers={"host": "evil.example", **cookie}).status_code == 421


@pytest.mark.parametrize(
    "headers",
    [{"sec-fetch-site": "cross-site"}, {"origin": "http://evil.example"}, {"origin": "null"}],
)
def test_a_form_from_elsewhere_is_refused(client: httpx.Client, desk: Desk, headers: dict[str, str]) -> None:
    answer = client.post("/merges", data={"form_token": desk.guard.form_token}, headers=headers)
    assert answer.status_code == 403


def test_a_form_without_the_token_of_the_session_is_refused(client: httpx.Client) -> None:
    answer = client.post("/registers", data={"form_token": "x"}, files={"file": ("a.csv", b"a")})
    assert answer.status_code == 422
    assert "not one of your session" in answer.text


def test_pages_load_nothing_from_elsewhere_and_are_not_kept(client: httpx.Client) -> None:
    answer = client.get("/")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert not re.search(r"(src|href)=\"(https?:)?//", answer.text)
    assert "<script" not in answer.text
    assert client.get("/desk.css").headers["content-type"].startswith("text/css")


@pytest.mark.parametrize(("language", "word"), [("fr", "Le bureau du détenteur"), ("ar", "مكتب الجهة الحائزة")])
def test_the_desk_speaks_three_languages(client: httpx.Client, language: str, word: str) -> None:
    page = client.get(f"/?lang={language}").text
    assert word in page
    assert f'dir="{"rtl" if language == "ar" else "ltr"}"' in page
    assert word in client.get("/").text  # remembered


def test_a_register_is_checked_mapped_encoded_and_downloaded(
    client: httpx.Client, desk: Desk, registers: dict[str, bytes]
) -> None:
    text = registers["cnss-employees"].decode()
    first = text.splitlines()[0].split(",")
    renamed = text.replace("nom_prenom", "Zone 17", 1)
    page = post(client, desk, "/registers", files={"file": ("march.csv", renamed.encode())}, schema="cnss-employees")
    assert page.status_code == 200
    assert "cannot be read under this description yet" in page.text
    case = next(iter(desk.registers))
    page = post(client, desk, f"/registers/{case}/columns", c_nom_prenom="Zone 17")
    assert "rows read" in page.text
    assert desk.registers[case].quality is not None
    page = post(client, desk, f"/registers/{case}/encode", files={"key": ("key", seal_open(KEY))}, round="2026")
    assert "keep it; it must not leave you" in page.text
    delivery = client.get(f"/files/registers/{case}/delivery.parquet")
    names = {line.split(",")[first.index("nom_prenom")] for line in text.splitlines()[1:50]}
    leaving = b"".join(
        client.get(f"/files/registers/{case}/{name}").content
        for name in ("delivery.parquet", "join-map.parquet", "payload.parquet")
    )
    assert not [name for name in names if len(name) > 4 and name.encode() in leaving]
    assert pq.read_table(io.BytesIO(delivery.content)).num_rows
    kinds = [line for line in LocalLog(desk.home).events() if b'"RegisterEncoded"' in line]
    assert len(kinds) == 1


def test_the_desk_encodes_as_the_library_does(client: httpx.Client, desk: Desk, registers: dict[str, bytes]) -> None:
    post(client, desk, "/registers", files={"file": ("r.csv", registers["dgsn-permits"])}, schema="dgsn-permits")
    case = next(iter(desk.registers))
    post(client, desk, f"/registers/{case}/encode", files={"key": ("key", seal_open(KEY))}, round="2026")
    found = desk.registers[case]
    schema = RegisterSchema.load("dgsn-permits")
    assert found.table is not None
    own = encode(found.table, schema, KEY, round="2026").delivery.header
    assert found.encoded is not None
    assert found.encoded["records"] == own.records
    assert pq.read_table(found.files["delivery.parquet"]).num_rows == sum(one.rows for one in own.passes)


def test_a_description_is_proposed_for_an_unknown_file(client: httpx.Client, desk: Desk) -> None:
    rows = "\n".join(f"{i},Alaoui{i % 7},Karim,{1950 + i % 40}-03-{1 + i % 28:02d}" for i in range(60))
    file = ("mine.csv", f"Numéro,Nom,Prénom,Date de naissance\n{rows}\n".encode())
    page = post(client, desk, "/registers", files={"file": file}, schema="-")
    assert "60" in page.text
    assert "Quality" in page.text


def test_two_registers_are_compared_and_the_workbook_comes_back(
    client: httpx.Client, desk: Desk, registers: dict[str, bytes]
) -> None:
    files = {"file_a": ("a.csv", registers["anapec-certificates"]), "file_b": ("b.csv", registers["anapec-projects"])}
    page = post(client, desk, "/merges", files=files, schema_a="anapec-certificates", schema_b="anapec-projects")
    assert "doubtful pairs to decide" in page.text
    case = next(iter(desk.merges))
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"/files/merges/{case}/merged.xlsx").content))
    assert len(book.sheetnames) >= 3
    assert client.get(f"/files/merges/{case}/../secret").status_code in (404, 422)
    assert post(client, desk, f"/forget/merges/{case}").status_code == 303
    assert not any(desk.workspace.folder.iterdir())


def test_what_goes_wrong_is_said_without_a_value(client: httpx.Client, desk: Desk, registers: dict[str, bytes]) -> None:
    page = post(client, desk, "/registers", schema="dgsn-permits")
    assert "no file was chosen" in page.text
    page = post(client, desk, "/returns", files={"returned": ("r", b"x"), "keep_map": ("k.csv", b"x")})
    assert page.status_code == 422
    assert client.get("/registers/unknown").status_code == 422
    assert client.get("/tasks/unknown").status_code == 422
    post(client, desk, "/registers", files={"file": ("r.csv", registers["dgsn-permits"])}, schema="dgsn-permits")
    case = next(iter(desk.registers))
    page = post(client, desk, f"/registers/{case}/encode", files={"key": ("key", b"content-of-a-file")}, round="1")
    assert page.status_code == 422
    assert "content-of-a-file" not in page.text
    assert (
        "nothing was encoded yet" in post(client, desk, f"/registers/{case}/send", address="http://x", token="t").text
    )


def test_working_files_are_private_and_gone_at_the_end(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    case = workspace.new_case()
    (case / "left").write_text("behind")
    assert workspace.folder.stat().st_mode & 0o077 == 0
    again = Workspace(tmp_path)
    assert not any(again.folder.iterdir())
    again.clear()
    assert not again.folder.exists()
