"""The desk: who is let in, what a clerk does with a register, and that nothing in clear leaves."""

from __future__ import annotations

import html
import io
import json
import re
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest
import uvicorn

from wasl.desk.app import Desk, create_desk
from wasl.desk.guard import COOKIE, IDLE_SECONDS, WHOLE_SECONDS, Guard
from wasl.desk.remembered_columns import FILE
from wasl.desk.workspace import Workspace
from wasl.errors import InputError
from wasl.facade import encode
from wasl.facade.given import quietly
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


def test_columns_that_were_chosen_are_used_for_the_next_file_of_the_kind(
    client: httpx.Client, desk: Desk, registers: dict[str, bytes]
) -> None:
    """What is kept has headings and no value, lies in the user's own folder, and can be chosen anew."""
    renamed = registers["cnss-employees"].decode().replace("nom_prenom", "Zone 17", 1).encode()
    kept = desk.home / FILE
    sent = {"file": ("march.csv", renamed)}
    post(client, desk, "/registers", files=sent, schema="cnss-employees")
    case = next(iter(desk.registers))
    assert not kept.exists()  # nothing was chosen, and the file could not be read
    post(client, desk, f"/registers/{case}/columns", c_nom_prenom="Zone 17")
    assert json.loads(kept.read_text()) == {"cnss-employees": {"nom_prenom": "Zone 17"}}
    assert kept.stat().st_mode & 0o777 == 0o600
    page = post(client, desk, "/registers", files=sent, schema="cnss-employees")
    assert "rows read" in page.text
    assert "used again" in page.text
    other = post(
        client, desk, "/registers", files={"file": ("o.csv", registers["cnss-employees"])}, schema="cnss-employees"
    )
    assert "rows read" in other.text  # the file has no such heading: nothing is recalled
    assert "used again" not in other.text
    kept.write_text("[damaged")
    page = post(client, desk, "/registers", files=sent, schema="cnss-employees")
    assert "cannot be read under this description yet" in page.text


def test_a_row_that_stands_in_place_of_the_header_is_not_kept(
    client: httpx.Client, desk: Desk, registers: dict[str, bytes]
) -> None:
    headless = registers["cnss-employees"].split(b"\n", 1)[1]
    first = headless.decode().split("\n")[0].split(",")
    post(client, desk, "/registers", files={"file": ("h.csv", headless)}, schema="cnss-employees")
    case = next(iter(desk.registers))
    for heading in first:
        post(client, desk, f"/registers/{case}/columns", c_nom_prenom=heading)
    assert not (desk.home / FILE).exists()


def test_the_desk_encodes_as_the_library_does(client: httpx.Client, desk: Desk, registers: dict[str, bytes]) -> None:
    post(client, desk, "/registers", files={"file": ("r.csv", registers["dgsn-permits"])}, schema="dgsn-permits")
    case = next(iter(desk.registers))
    post(client, desk, f"/registers/{case}/encode", files={"key": ("key", seal_open(KEY))}, round="2026")
    found = desk.registers[case]
    schema = RegisterSchema.load("dgsn-permits")
    assert found.table is not None
    with quietly():
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
    assert "No file was chosen" in page.text
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
        "Nothing was encoded yet" in post(client, desk, f"/registers/{case}/send", address="http://x", token="t").text
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


class TestTheEndOfASession:
    """A session ends after half an hour without a request and after ten hours; what was begun is still there."""

    @pytest.fixture
    def clock(self, desk: Desk) -> list[float]:
        seconds = [1000.0]
        desk.guard.clock = lambda: seconds[0]
        return seconds

    @pytest.mark.parametrize("language", ["fr", "ar", "en"])
    def test_nobody_used_it(self, clock: list[float], client: httpx.Client, desk: Desk, language: str) -> None:
        printed: list[str] = []
        desk.guard.on_end = printed.append
        before = desk.guard.session
        clock[0] += IDLE_SECONDS - 1
        assert client.get("/").status_code == 200
        clock[0] += IDLE_SECONDS + 1
        answer = client.get("/", headers={"accept-language": language})
        assert answer.status_code == 403
        assert f'lang="{language}"' in answer.text
        assert '<span lang="en"' not in answer.text, "the reason is in the language"
        assert client.get("/").status_code == 403
        assert desk.guard.session != before
        assert len(printed) == 1
        assert client.get(f"/open/{printed[0]}").status_code == 303
        assert client.get("/").status_code == 200

    def test_it_is_old_although_it_was_used(self, clock: list[float], client: httpx.Client, desk: Desk) -> None:
        answers = []
        for _ in range(int(WHOLE_SECONDS // 1200) + 2):
            clock[0] += 1200
            answers.append(client.get("/").status_code)
        assert answers[:29] == [200] * 29
        assert answers[-1] == 403

    def test_cases_survive_it(self, clock: list[float], client: httpx.Client, desk: Desk) -> None:
        post(
            client,
            desk,
            "/registers",
            files={"file": ("r.csv", b"nom,date de naissance\nAlaoui,1980-01-02\n")},
            schema="-",
        )
        clock[0] += IDLE_SECONDS + 1
        client.get("/")
        client.get(f"/open/{desk.guard.ticket}")
        assert "r.csv" in client.get("/").text


class TestLargeFiles:
    """A form is refused before it is kept, with the limit, in the reader's language; nothing is left on the disk."""

    @pytest.mark.parametrize(("language", "unit"), [("fr", "Mo"), ("ar", "ميغابايت"), ("en", "MB")])
    def test_a_file_over_the_limit(self, client: httpx.Client, desk: Desk, language: str, unit: str) -> None:
        desk.workspace.most_bytes = 3_000_000
        data = {"form_token": desk.guard.form_token, "schema": "-"}
        file = {"file": ("r.csv", b"x" * 4_000_000)}
        answer = client.post("/registers", data=data, files=file, headers={"accept-language": language})
        assert answer.status_code == 422
        assert unit in answer.text
        assert "wasl check" in answer.text
        assert '<span lang="en"' not in answer.text
        assert not any(desk.workspace.folder.iterdir())
        assert not desk.registers

    def test_a_form_of_unknown_size(self, client: httpx.Client) -> None:
        answer = client.post("/registers", content=iter([b"a", b"b"]), headers={"content-type": "text/plain"})
        assert answer.status_code == 422
        assert "size" in answer.text

    def test_a_full_disk(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        usage = shutil.disk_usage(desk.workspace.folder)._replace(free=300 << 20)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
        desk.workspace.require_room(50 << 20)
        with pytest.raises(InputError, match="no room on the disk"):
            desk.workspace.require_room(150 << 20)


def test_two_registers_are_worked_on_at_a_time(desk: Desk) -> None:
    both = threading.Barrier(2, timeout=60)
    tasks = [desk.tasks.start("register", "/", lambda _: both.wait()) for _ in range(2)]
    deadline = time.monotonic() + 60
    while desk.tasks.running():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert [task.fault for task in tasks] == [None, None]


def spreadsheet(*sheets: tuple[str, list[list[object]]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


OWN = [
    ["N° dossier", "Nom", "Prénom", "Né le", "Quartier"],
    *[
        [f"D{i}", f"Alaoui{'abcdefg'[i % 7]}", "Karim", f"{1950 + i % 40}-03-{1 + i % 28:02d}", f"Q{i % 3}"]
        for i in range(60)
    ],
]
ARABIC = [["الرقم", "الاسم العائلي", "الاسم الشخصي", "تاريخ الازدياد", "الحي"], *OWN[1:]]


def lines(rows: list[list[object]], mark: str, encoding: str) -> bytes:
    return "\r\n".join(mark.join(map(str, row)) for row in rows).encode(encoding)


class TestOwnRegister:
    """A register whose kind does not ship: the description is proposed, corrected, kept, and used again."""

    @pytest.mark.parametrize(
        ("name", "data"),
        [
            ("excel.csv", lines(OWN, ";", "cp1252")),
            ("arabic.csv", lines(ARABIC, ",", "utf-8-sig")),
            ("unicode.txt", lines(OWN, "\t", "utf-16")),
            ("two.xlsx", spreadsheet(("Lisez-moi", [["Ce classeur"]]), ("Liste", OWN))),
            ("title.xlsx", spreadsheet(("F", [["Liste des dossiers"], [], *OWN]))),
        ],
    )
    def test_odd_files_are_described(self, client: httpx.Client, desk: Desk, name: str, data: bytes) -> None:
        page = post(client, desk, "/registers", files={"file": (name, data)}, schema="-")
        assert page.status_code == 200
        case = next(iter(desk.registers.values()))
        assert case.quality is not None, page.text
        assert case.quality.rows_read == 60
        assert set(case.headings) == set((ARABIC if name == "arabic.csv" else OWN)[0])

    @pytest.mark.parametrize(
        ("name", "data"),
        [
            ("empty.csv", b""),
            ("blank.csv", b"\r\n\r\n"),
            ("headings.csv", lines(OWN[:1], ";", "cp1252")),
            ("records.csv", lines(OWN[1:], ";", "cp1252")),
            ("letter.pdf", b"%PDF-1.7"),
            ("old.xls", b"\xd0\xcf\x11\xe0" + b"0" * 600),
            ("photo.csv", b"\x89PNG\r\n\x1a\n000"),
            ("empty.xlsx", spreadsheet(("F", []))),
        ],
    )
    def test_files_that_cannot_be_read_say_what_to_do(
        self, client: httpx.Client, desk: Desk, name: str, data: bytes
    ) -> None:
        for language, kind in (("fr", "-"), ("ar", "cnss-employees"), ("ar", "-"), ("fr", "cnss-employees")):
            client.get(f"/?lang={language}")
            page = post(client, desk, "/registers", files={"file": (name, data)}, schema=kind)
            assert page.status_code == 200
            alarm = page.text.split('role="alert"')[1].split("</div>")[0]
            assert name in alarm
            assert str(desk.workspace.folder) not in page.text
            assert 'lang="en"' not in alarm
            assert {"fr": "Que faire", "ar": "ما العمل"}[language] in alarm or "<select" in page.text
            assert "Alaoui" not in alarm

    def test_it_is_corrected_encoded_and_the_description_is_kept(self, client: httpx.Client, desk: Desk) -> None:
        file = ("mine.csv", lines(OWN, ";", "utf-8"))
        post(client, desk, "/registers", files={"file": file}, schema="-")
        name, case = next(iter(desk.registers.items()))
        places = {heading: place for place, heading in enumerate(case.headings)}
        chosen = {
            "N° dossier": "record",
            "Nom": "surname",
            "Prénom": "given",
            "Né le": "birth_date",
            "Quartier": "payload",
        }
        fields = {f"c_{places[heading]}": what for heading, what in chosen.items()}
        page = post(client, desk, f"/registers/{name}/columns", title="Mes dossiers", holder="Bureau", **fields)
        assert "Mes dossiers" in page.text
        assert case.schema is not None
        assert case.schema.record == "no_dossier"
        page = post(client, desk, f"/registers/{name}/encode", files={"key": ("key", seal_open(KEY))}, round="2026")
        assert "keep it; it must not leave you" in page.text
        kept = client.get(f"/files/registers/{name}/description.toml").content
        page = post(client, desk, "/registers", files={"file": file, "own_schema": ("d.toml", kept)}, schema="-")
        again = list(desk.registers.values())[-1]
        assert not again.proposed
        assert again.schema is not None
        assert again.schema.digest == case.schema.digest

    def test_two_columns_for_one_thing_are_refused_in_place(self, client: httpx.Client, desk: Desk) -> None:
        post(client, desk, "/registers", files={"file": ("mine.csv", lines(OWN, ";", "utf-8"))}, schema="-")
        name = next(iter(desk.registers))
        page = post(client, desk, f"/registers/{name}/columns", c_1="surname", c_2="surname")
        assert page.status_code == 200
        assert "several columns" in page.text
        assert 'name="c_1"' in page.text, "the columns can be chosen again"


def test_columns_that_were_recognized_stay_chosen_while_one_is_missing(
    client: httpx.Client, desk: Desk, registers: dict[str, bytes]
) -> None:
    renamed = registers["cnss-employees"].replace(b"num_immatriculation", b"Zone 17", 1)
    page = post(client, desk, "/registers", files={"file": ("a.csv", renamed)}, schema="cnss-employees")
    assert "cannot be read under this description yet" in page.text
    assert page.text.count(" selected>") >= 10
    assert "<option selected>nom_prenom</option>" in page.text


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
@pytest.mark.parametrize("column", ["date_naissance", "ville", "sexe", "num_immatriculation"])
def test_a_file_that_lacks_a_column_names_it_as_the_page_does_and_says_the_way_on(
    client: httpx.Client, desk: Desk, registers: dict[str, bytes], column: str, language: str
) -> None:
    """A clerk cannot write aliases into a schema: title rows and Windows-1256 change nothing about that."""
    table = pd.read_csv(io.BytesIO(registers["cnss-employees"]), dtype=str).drop(columns=column)
    text = "لائحة الأجراء\r\n\r\n" + table.to_csv(index=False, sep=";")
    client.get("/", params={"lang": language})
    page = post(
        client,
        desk,
        "/registers",
        files={"file": ("l.csv", text.encode("utf-8" if column == "ville" else "cp1256"))},
        schema="cnss-employees",
    ).text
    schema = RegisterSchema.load("cnss-employees")
    label = next(one.label_in(language) for one in schema.fields if one.name == column)
    alarm = re.search(r'<div class="alarm".*?</div>', page, re.DOTALL)
    assert alarm is not None
    assert label in html.unescape(alarm[0])
    assert column not in alarm[0]
    assert "aliases" not in alarm[0]
    assert f'name="c_{column}"' in page
