"""Clerks use every page and form of the desk, and every verb of a holder; every socket and file is watched."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import httpx
import numpy as np
import pandas as pd
import pytest
from fastapi.routing import APIRoute

from wasl.desk.app import Desk, create_desk
from wasl.desk.guard import HEADERS, WITH_KEYS, Guard
from wasl.desk.workspace import Workspace
from wasl.facade import link
from wasl.holder.keyfile import seal_open
from wasl.holder.keys import SECRET_BYTES, LinkageKey
from wasl.linkage.plan import LinkagePlan
from wasl.registers.exchange.delivery import Delivery
from wasl.registers.exchange.join_map import JoinMap
from wasl.registers.schema import RegisterSchema
from wasl.workflow.act import RunOptions
from wasl.workflow.holder_return import holder_return

pytestmark = pytest.mark.slow

DATA = Path(__file__).parents[2] / "synthetic_data"
ROWS = 200
NAMED = "Benkirane Soukaina"
"""Stands in the name of each file that is sent, as clerks name their files."""
PATIENCE_SECONDS = 300.0
WATCH = """
import os, sys
def watch(event, details):
    if event in ("socket.connect", "socket.sendto", "socket.bind", "socket.getaddrinfo"):
        target = details[0] if event == "socket.getaddrinfo" else details[1][0]
        with open(os.environ["WATCHED"], "a") as file:
            file.write(f"{event} {target}\\n")
sys.addaudithook(watch)
"""


class Service(BaseHTTPRequestHandler):
    """Takes in files and keeps what was sent to it."""

    received: ClassVar[list[bytes]] = []

    def _answer(self, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self._answer({"name": "clerk", "role": "holder", "project": "simimo", "register": "dgsn-permits"})

    def do_POST(self) -> None:
        if self.headers.get("Transfer-Encoding") == "chunked":
            data = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                data += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        Service.received.append(data)
        kind = self.path.rsplit("/", 1)[-1]
        sent = {"kind": kind, "project": "simimo", "register": "dgsn-permits", "digest": "sha256:0"}
        self._answer({"id": "1", "version": 1, **sent, "rows": 1, "size_bytes": len(data)})

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass
class Started:
    """A desk in a process of its own.

    Attributes:
        address: The printed address.
        folder: Where it may write: its home folder, the folder of temporary files, its own place.
        watched: The file that lists the targets of its sockets.
        said: What it printed, complete after its end.
    """

    address: str
    folder: Path
    watched: Path
    said: list[str] = field(default_factory=list)

    @property
    def targets(self) -> set[str]:
        return {line.split()[1] for line in self.watched.read_text().splitlines()}


def surroundings(folder: Path) -> tuple[dict[str, str], Path]:
    """The environment of a process whose sockets are watched and whose files all lie in a folder."""
    for name in ("watch", "tmp", "here"):
        (folder / name).mkdir()
    (folder / "watch" / "sitecustomize.py").write_text(WATCH)
    watched = folder / "sockets.txt"
    watched.touch()
    path = os.pathsep.join(filter(None, [str(folder / "watch"), os.environ.get("PYTHONPATH", "")]))
    own = {"PYTHONPATH": path, "WATCHED": str(watched), "WASL_HOME": str(folder / "home")}
    return {**os.environ, **own, "TMPDIR": str(folder / "tmp")}, watched


@contextmanager
def started(folder: Path) -> Iterator[Started]:
    """A desk in a process of its own."""
    env, watched = surroundings(folder)
    words = [sys.executable, "-m", "wasl.cli.app", "desk", "--no-browser", "--language", "en"]
    pipe = subprocess.PIPE
    process = subprocess.Popen(words, stdout=pipe, stderr=pipe, text=True, env=env, cwd=folder / "here")
    made = Started("", folder, watched)
    try:
        assert process.stdout is not None
        made.said.append(process.stdout.readline())
        found = re.search(r"http://127\.0\.0\.1:\d+/open/\S+", made.said[0])
        assert found, process.stderr.read() if process.stderr else ""
        made.address = found[0]
        yield made
    finally:
        process.send_signal(signal.SIGINT)
        made.said += process.communicate(timeout=PATIENCE_SECONDS)
    assert not (folder / "home" / "desk").exists()


@contextmanager
def taking_in() -> Iterator[str]:
    """The address of a service that keeps what is sent to it."""
    service = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=service.serve_forever)
    thread.start()
    Service.received.clear()
    try:
        yield "http://{}:{}".format(*service.server_address[:2])
    finally:
        service.shutdown()
        thread.join()
        service.server_close()


class Clerk:
    """A browser at the desk; keeps every address it asked for."""

    def __init__(self, client: httpx.Client, address: str) -> None:
        self.client = client
        self.asked: list[tuple[str, str]] = []
        client.event_hooks["request"] = [lambda one: self.asked.append((one.method, str(one.url)))]
        client.event_hooks["response"] = [self._strict]
        self.page = self._followed(client.get(address))

    def get(self, path: str) -> httpx.Response:
        self.page = self._followed(self.client.get(path))
        return self.page

    def fetch(self, path: str) -> bytes:
        """A file; the page that is shown stays."""
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.content

    def send(self, path: str, files: dict[str, tuple[str, bytes]] | None = None, **fields: str) -> httpx.Response:
        """Send a form of the page that is shown."""
        token = re.search(r'name="form_token" value="([^"]+)"', self.page.text)
        data = {"form_token": token[1] if token else "", **fields}
        answer = self.client.post(path, data=data, files=files or {"nothing": ("", b"")})
        self.page = self._followed(answer)
        return self.page

    def _followed(self, answer: httpx.Response) -> httpx.Response:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while answer.status_code == 303 or "refresh" in answer.headers:
            answer = self.client.get(answer.headers.get("location", str(answer.url)))
            assert time.monotonic() < deadline
        return answer

    def _strict(self, answer: httpx.Response) -> None:
        """No answer lets a browser load, run or send anything elsewhere, and none is kept."""
        keys = {"content-security-policy": WITH_KEYS} if re.search(r"/merges/\w+/pairs/\d+$", answer.url.path) else {}
        allowed = {**HEADERS, **(keys if answer.status_code == 200 else {})}
        assert {name: answer.headers.get(name) for name in HEADERS} == allowed, answer.url


def sample(register: str) -> bytes:
    lines = (DATA / f"{register}.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    return "".join(lines[: ROWS + 1]).encode()


def named(register: str, suffix: str = "csv") -> tuple[str, bytes]:
    return f"{NAMED} {register}.{suffix}", sample(register)


USED = ("dgsn-permits", "anapec-certificates", "anapec-projects", "training")


def names() -> set[bytes]:
    """Names and numbers of persons in the registers that the clerks used, and in the names of their files."""
    found: set[str] = {NAMED}
    for register in USED:
        schema = RegisterSchema.load(register)
        frame = pd.read_csv(DATA / f"{register}.csv", dtype=str, keep_default_na=False, nrows=ROWS)
        compared = [one.name for one in schema.fields if one.role.encoded and one.name in frame]
        values = {value for name in compared for value in frame[name] if len(value) > 6 and not value.isdigit()}
        values = {value for value in values if not re.fullmatch(r"[\d/. -]+", value)}
        assert values, register
        found |= values
    code_words = {one.casefold() for register in USED for one in RegisterSchema.load(register).title_fr.split()}
    return {value.encode() for value in found if value.casefold() not in code_words}


def returned(files: dict[str, bytes], folder: Path) -> bytes:
    """What comes back of a linkage of the delivery that the desk made."""
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    plan = LinkagePlan.load("morocco")
    delivery, join = Delivery.read(folder / "delivery"), JoinMap.read(folder / "join")
    linked = link([delivery], plan, joins=[join])
    assert linked.spine is not None
    assert linked.links is not None
    schemas = {"dgsn-permits": RegisterSchema.load("dgsn-permits")}
    report = {**linked.report, "sources": linked.linked.report["sources"]}
    act = holder_return(plan, schemas, "dgsn-permits", linked.spine, linked.links, [], report, RunOptions())
    act.result.write(folder / "return")
    return (folder / "return").read_bytes()


def links_of(page: httpx.Response, kind: str) -> list[str]:
    return sorted(set(re.findall(rf'"(/files/{kind}/[^"]+)"', page.text)))


def use_everything(clerk: Clerk, service: str, folder: Path) -> None:
    """Every page and form of the desk once."""
    key = seal_open(LinkageKey(np.random.default_rng(1).bytes(SECRET_BYTES), "simimo"))
    clerk.get("/desk.css")
    clerk.get("/")
    # check, map a column, encode, download, send
    clerk.send("/registers", {"file": named("dgsn-permits")}, schema="dgsn-permits")
    register = clerk.page.url.path
    clerk.send(f"{register}/columns", c_nom="nom")
    clerk.send(f"{register}/encode", {"key": (f"{NAMED}.key", key)}, round="2026")
    assert "keep it; it must not leave you" in clerk.page.text
    kept = {path.rsplit("/", 1)[-1]: clerk.fetch(path) for path in links_of(clerk.page, "registers")}
    clerk.send(f"{register}/send", address=service, token="t")
    assert "Receipts" in clerk.page.text
    # a register of another kind: a description is proposed, corrected and downloaded
    clerk.get("/")
    clerk.send("/registers", {"file": named("training")}, schema="-")
    own = clerk.page.url.path
    clerk.send(f"{own}/columns", title="Formations", holder="MIEPEEC")
    for path in links_of(clerk.page, "registers"):
        clerk.fetch(path)
    # two registers of one office
    clerk.get("/")
    files = {"file_a": named("anapec-certificates"), "file_b": named("anapec-projects")}
    clerk.send("/merges", files, schema_a="anapec-certificates", schema_b="anapec-projects")
    assert clerk.page.url.path.startswith("/merges/"), clerk.page.text
    merge = clerk.page.url.path
    books = links_of(clerk.page, "merges")
    assert books
    for path in books:
        clerk.fetch(path)
    # its doubtful pairs: one is decided, undone, decided again and taken over
    clerk.fetch("/keys.js")
    clerk.get(f"{merge}/pairs")
    assert clerk.page.url.path == f"{merge}/pairs/1", clerk.page.text
    clerk.send(f"{merge}/pairs/1", verdict="same")
    clerk.send(f"{merge}/undo")
    clerk.send(f"{merge}/pairs/1", verdict="different")
    clerk.send(f"{merge}/take-over")
    assert "1 decision is in the workbook" in clerk.page.text
    # what came back
    delivery = next(data for name, data in kept.items() if "delivery" in name or name == "dgsn-permits.parquet")
    join = next(data for name, data in kept.items() if "join" in name)
    keep = next(data for name, data in kept.items() if "keep" in name)
    back = returned({"delivery": delivery, "join": join}, folder)
    clerk.get("/")
    clerk.send("/returns", {"returned": (f"{NAMED}.return", back), "keep_map": (f"{NAMED}.csv", keep)})
    assert clerk.page.url.path.startswith("/returns/"), clerk.page.text
    opened = clerk.page.url.path
    for path in links_of(clerk.page, "returns"):
        clerk.fetch(path)
    # what goes wrong
    clerk.get("/")
    clerk.send("/registers", {"file": (f"{NAMED}.csv", b"\x00\xff" * 40)}, schema="dgsn-permits")
    clerk.send("/tasks/none/stop")
    clerk.get(f"/files/registers/none/{NAMED.split(maxsplit=1)[0].lower()[:0]}x")
    # forget one of each; the rest goes at the end
    clerk.get("/")
    for case in (register, merge, opened):
        clerk.send(f"/forget{case}")
        clerk.get("/")


def test_every_page_of_the_desk_keeps_names_on_the_machine(tmp_path: Path) -> None:
    with taking_in() as service, started(tmp_path) as desk:
        with httpx.Client(base_url=desk.address.split("/open/")[0], timeout=PATIENCE_SECONDS) as browser:
            clerk = Clerk(browser, desk.address)
            use_everything(clerk, service, tmp_path / "linkage")
        asked = [(method, url.removeprefix(str(browser.base_url).rstrip("/"))) for method, url in clerk.asked]
    assert desk.targets <= {"127.0.0.1"}
    _require_every_route(asked, tmp_path)
    values = names()
    sent = b"".join(Service.received)
    assert len(Service.received) == 3
    assert [value for value in values if value in sent] == []
    addresses = " ".join(url for _, url in asked).encode()
    assert [value for value in values if value in addresses or value.replace(b" ", b"%20") in addresses] == []
    printed = "".join(desk.said).encode()
    assert [value for value in values if value in printed] == []
    # nothing of a person is left: no temporary file, and a log without values
    shutil.rmtree(tmp_path / "linkage")
    left = [path for path in tmp_path.rglob("*") if path.is_file() and path.parent.name != "watch"]
    assert {path.name for path in left} >= {"log.jsonl", "sockets.txt"}
    assert not list((tmp_path / "tmp").rglob("*"))
    assert not list((tmp_path / "here").rglob("*"))
    assert [(path.name, value) for path in left for value in values if value in path.read_bytes()] == []


def _require_every_route(asked: list[tuple[str, str]], folder: Path) -> None:
    """Every route of the desk was asked for: a new page or form has to be used above."""
    home = folder / "routes"
    routes = create_desk(Desk(home, Guard(frozenset()), Workspace(home))).routes
    shutil.rmtree(home, ignore_errors=True)
    missing = set()
    for route in (one for one in routes if isinstance(one, APIRoute)):
        pattern = re.compile(re.sub(r"\{[^}]+\}", "[^/]+", route.path) + r"(\?.*)?")
        for method in route.methods:
            if not any(one == method and pattern.fullmatch(url) for one, url in asked):
                missing.add(f"{method} {route.path}")
    assert not missing


VERBS: dict[str, Callable[[Path], list[str]]] = {
    "check": lambda here: ["check", "dgsn-permits.csv", "--register", "dgsn-permits"],
    "schema": lambda here: ["schema", "register", "--draft", "training.csv"],
    "merge": lambda here: [
        *("merge", "anapec-certificates.csv", "anapec-projects.csv", "--out", "merged"),
        *("--register", "anapec-certificates", "--register", "anapec-projects"),
    ],
    "key": lambda here: ["key", "new", "--project", "simimo", "--out", "key"],
    "encode": lambda here: [
        *("encode", "dgsn-permits.csv", "--register", "dgsn-permits", "--key", "key", "--out", "d.parquet"),
        *("--join", "d.join", "--payload", "d.payload", "--keep-map", "keep.csv"),
    ],
    "exercise": lambda here: ["exercise", "--out", "course", "--persons", "500"],
    "months": lambda here: ["months", "declarations", "--out", "counted"],
    "open": lambda here: ["open", "back.return", "--keep-map", "keep.csv", "--out", "opened.xlsx"],
}
"""Verbs that a holder runs on files in clear, in an order in which each finds the files of those before."""

RUN = """
import json, sys
from typer.testing import CliRunner
from wasl.cli.app import VERBS, build_app
for words in json.load(open(sys.argv[1])):
    done = CliRunner().invoke(build_app([VERBS[words[0]]]), words)
    print(words[0], done.exit_code, done.output, done.exception or "")
"""


def test_the_verbs_of_a_holder_open_no_socket(tmp_path: Path) -> None:
    env, watched = surroundings(tmp_path)
    here = tmp_path / "here"
    for register in USED:
        (here / f"{register}.csv").write_bytes(sample(register))
    (here / "declarations").mkdir()
    (here / "declarations" / "cnss-employees-2025-03.csv").write_bytes(sample("cnss-employees"))
    (tmp_path / "run.py").write_text(RUN)

    def run(names: list[str]) -> None:
        (tmp_path / "verbs.json").write_text(json.dumps([VERBS[name](here) for name in names]))
        words = [sys.executable, str(tmp_path / "run.py"), str(tmp_path / "verbs.json")]
        done = subprocess.run(words, capture_output=True, text=True, env=env, cwd=here, check=False, timeout=600)
        assert [name for name in names if f"{name} 0" not in done.stdout] == [], done.stdout + done.stderr

    run([name for name in VERBS if name != "open"])
    sent = {"delivery": (here / "d.parquet").read_bytes(), "join": (here / "d.join").read_bytes()}
    (here / "back.return").write_bytes(returned(sent, tmp_path / "linked"))
    run(["open"])
    assert (here / "opened.xlsx").is_file()
    assert watched.read_text() == ""
    assert not list((tmp_path / "tmp").rglob("*"))
    log = (tmp_path / "home" / "log.jsonl").read_bytes()
    assert [value for value in names() if value in log] == []
