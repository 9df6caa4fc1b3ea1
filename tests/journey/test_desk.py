"""A clerk encodes a register and sends it at the desk; every socket of the process is watched."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import httpx
import pandas as pd
import pytest

from wasl.holder.keyfile import seal_open
from wasl.holder.keys import SECRET_BYTES, LinkageKey

pytestmark = pytest.mark.slow

SOURCE = Path(__file__).parents[2] / "synthetic_data" / "dgsn-permits.csv"
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


@contextmanager
def started(folder: Path) -> Iterator[tuple[str, Path]]:
    """A desk in a process of its own; its printed address, and the file that lists its sockets' targets."""
    (folder / "watch").mkdir()
    (folder / "watch" / "sitecustomize.py").write_text(WATCH)
    watched = folder / "sockets.txt"
    watched.touch()
    path = os.pathsep.join(filter(None, [str(folder / "watch"), os.environ.get("PYTHONPATH", "")]))
    env = {**os.environ, "PYTHONPATH": path, "WATCHED": str(watched), "WASL_HOME": str(folder / "home")}
    words = [sys.executable, "-m", "wasl.cli.app", "desk", "--no-browser", "--language", "en"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
    try:
        assert process.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:\d+/open/\S+", process.stdout.readline())
        assert found, process.stderr.read() if process.stderr else ""
        yield found[0], watched
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE_SECONDS)
    assert not (folder / "home" / "desk").exists()


def follow(client: httpx.Client, answer: httpx.Response) -> httpx.Response:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while answer.status_code == 303 or "refresh" in answer.headers:
        answer = client.get(answer.headers.get("location", str(answer.url)))
        assert time.monotonic() < deadline
    return answer


def test_a_clerk_sends_a_register_and_no_name_leaves(tmp_path: Path) -> None:
    service = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=service.serve_forever)
    thread.start()
    key = seal_open(LinkageKey(os.urandom(SECRET_BYTES), "simimo"))
    try:
        with started(tmp_path) as (address, watched):
            base = address.split("/open/")[0]
            with httpx.Client(base_url=base, timeout=PATIENCE_SECONDS) as client:
                page = follow(client, client.get(address))

                def send(path: str, files: dict, **fields: str) -> httpx.Response:
                    token = re.search(r'name="form_token" value="([^"]+)"', page.text)
                    data = {"form_token": token[1] if token else "", **fields}
                    return follow(client, client.post(path, data=data, files=files or {"nothing": ("", b"")}))

                page = send("/registers", {"file": (SOURCE.name, SOURCE.read_bytes())}, schema="dgsn-permits")
                case = page.url.path
                page = send(f"{case}/encode", {"key": ("key", key)}, round="2026")
                assert "keep it; it must not leave you" in page.text
                host, port = service.server_address[:2]
                page = send(f"{case}/send", {}, address=f"http://{host}:{port}", token="t")
                assert "Receipts" in page.text
            targets = {line.split()[1] for line in watched.read_text().splitlines()}
        assert targets <= {"127.0.0.1"}
    finally:
        service.shutdown()
        thread.join()
        service.server_close()
    assert len(Service.received) == 3
    everything = b"".join(Service.received)
    register = pd.read_csv(SOURCE, dtype=str, keep_default_na=False)
    for column in ("nom", "prenom", "num_passeport", "num_titre"):
        values = {value for value in register[column] if len(value) > 4}
        assert values
        assert not [value for value in values if value.encode() in everything]
