"""Threats: unauthenticated clients that keep everybody waiting, slow clients, secrets guessed, noise in the log.

Nothing of a body is read before the token, the rate and the size are checked; heads and bodies have deadlines.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from service_support import PROJECT, REGISTER, Service, Template, make_settings, serving

from wasl.service.access import PUBLIC_ACTIONS, Action, Role
from wasl.web import bodies
from wasl.web.app import TOPICS
from wasl.web.installation import Installation
from wasl.web.secrets import SecretCheck

ROUTES = [route for topic in TOPICS for route in topic.routes.router.routes if isinstance(route, APIRoute)]
WRITES = [
    (next(iter(route.methods)), route.path)
    for route in ROUTES
    if "GET" not in route.methods and Action((route.openapi_extra or {})["x-wasl-action"]) not in PUBLIC_ACTIONS
]
ANSWER_SECONDS = 20
"""How long a test waits for an answer that should come at once: far longer than a busy machine needs."""


@pytest.fixture(scope="module")
def edge(sqlite_template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder: Path = tmp_path_factory.mktemp("edge") / "data"
    settings = make_settings(folder, sqlite_template.copy(folder), header_seconds=0.5, body_seconds=0.5)
    installation = Installation.open(settings)
    with serving(installation) as address:
        running = Service(address, installation, sqlite_template.tokens)
        yield running
        running.close()
    installation.close()


def connect(service: Service) -> socket.socket:
    host, port = service.address.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=ANSWER_SECONDS)


def head(method: str, path: str, **headers: str) -> bytes:
    for name in ("project", "register", "submission", "run", "release", "job", "user", "token"):
        path = path.replace(f"{{{name}}}", {"project": PROJECT, "register": REGISTER}.get(name, "0" * 32))
    lines = [f"{method} {path} HTTP/1.1", "Host: x", *(f"{name.replace('_', '-')}: {v}" for name, v in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def status(raw: socket.socket) -> int:
    """The status of the answer; 0 when the connection was closed without one."""
    data = raw.recv(4096)
    return int(data.split(b" ")[1]) if data else 0


@pytest.mark.parametrize(("method", "path"), WRITES)
@pytest.mark.parametrize("token", ["", "Bearer nonsense"])
def test_nothing_is_read_before_the_caller_is_known(edge: Service, method: str, path: str, token: str) -> None:
    """The head alone is sent, with a body announced: the answer comes without it."""
    headers = {"Content_Type": "application/json", "Content_Length": "1000000"}
    if token:
        headers["Authorization"] = token
    with closing(connect(edge)) as raw:
        raw.sendall(head(method, path, **headers))
        assert status(raw) == 401


def test_nothing_is_read_when_the_role_may_not(edge: Service) -> None:
    headers = {"Content_Type": "application/json", "Content_Length": "1000000"}
    with closing(connect(edge)) as raw:
        token = f"Bearer {edge.token(Role.HOLDER)}"
        raw.sendall(head("POST", "/v1/projects", Authorization=token, **headers))
        assert status(raw) == 403


def test_nothing_is_read_when_it_is_too_large(edge: Service) -> None:
    token = f"Bearer {edge.token(Role.ADMIN, None)}"
    headers = {"Content_Type": "application/json", "Content_Length": str(1 << 30)}
    with closing(connect(edge)) as raw:
        raw.sendall(head("POST", "/v1/projects", Authorization=token, **headers))
        assert status(raw) == 413


def test_eight_strangers_with_large_bodies_keep_nobody_waiting(edge: Service) -> None:
    """Each announces a megabyte and sends half of it; an authenticated request is answered all the same."""
    strangers = [connect(edge) for _ in range(8)]
    body = b'{"name": "' + b"x" * 500_000
    try:
        for raw in strangers:
            raw.sendall(head("POST", "/v1/projects", Content_Type="application/json", Content_Length="1000000"))
            raw.sendall(body)
        assert edge.client(Role.HOLDER).get("/v1/whoami").status_code == 200
        assert [status(raw) for raw in strangers] == [401] * 8
    finally:
        for raw in strangers:
            raw.close()


@pytest.mark.parametrize("sent", [b"", b"GET /v1/health HT", b"GET /v1/health HTTP/1.1\r\nHost: x\r\nX-Slow: "])
def test_a_head_that_does_not_arrive_in_time_ends_the_connection(edge: Service, sent: bytes) -> None:
    with closing(connect(edge)) as raw:
        raw.sendall(sent)
        assert raw.recv(100) == b""


def test_a_second_head_on_a_connection_has_its_deadline_too(edge: Service) -> None:
    with closing(connect(edge)) as raw:
        raw.sendall(head("GET", "/v1/health"))
        assert status(raw) == 200
        raw.sendall(b"GET /v1/hea")
        while data := raw.recv(4096):
            assert b"200" not in data.split(b"\r\n", maxsplit=1)[0]


def test_a_body_that_does_not_arrive_in_time_is_answered(edge: Service) -> None:
    token = f"Bearer {edge.token(Role.ADMIN, None)}"
    headers = {"Content_Type": "application/json", "Content_Length": "1000"}
    with closing(connect(edge)) as raw:
        raw.sendall(head("POST", "/v1/projects", Authorization=token, **headers) + b'{"name"')
        assert status(raw) == 408


def test_a_refused_body_that_goes_on_is_cut_off(edge: Service) -> None:
    with closing(connect(edge)) as raw:
        raw.sendall(head("POST", "/v1/projects", Content_Type="application/json", Content_Length="100000"))
        assert status(raw) == 401
        assert not [data for data in iter(lambda: raw.recv(4096), b"") if data.startswith(b"HTTP")]


def test_a_long_body_is_parsed_off_the_event_loop(edge: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[str] = []
    parse = bodies.parse_json

    def parse_and_note(body: bytes) -> Any:
        threads.append(threading.current_thread().name)
        return parse(body)

    monkeypatch.setattr(bodies, "parse_json", parse_and_note)
    body = json.dumps({"name": "x", "title": "y" * 200_000})
    admin = edge.client(Role.ADMIN, None)
    assert admin.post("/v1/projects", content=body, headers={"Content-Type": "application/json"}).status_code == 422
    assert threads
    assert all("AnyIO worker" in name for name in threads)


def test_a_body_of_very_many_values_is_refused(edge: Service) -> None:
    body = b'{"name": "x", "title": [' + b"0," * 200_000 + b"0]}"
    admin = edge.client(Role.ADMIN, None)
    answer = admin.post("/v1/projects", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413


def test_secrets_are_hashed_only_within_the_rate(
    sqlite_template: Template, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever knows a token's id and guesses its secret makes the server compute Argon2 a bounded number of times."""
    hashed: list[str] = []
    fits = SecretCheck.fits

    def fits_and_count(self: SecretCheck, secret: str, secret_hash: str) -> bool:
        hashed.append(secret)
        return fits(self, secret, secret_hash)

    monkeypatch.setattr(SecretCheck, "fits", fits_and_count)
    folder = tmp_path / "data"
    settings = make_settings(folder, sqlite_template.copy(folder), anonymous_requests_per_minute=3)
    installation = Installation.open(settings)
    with serving(installation) as address:
        service = Service(address, installation, sqlite_template.tokens)
        own = service.token(Role.HOLDER)
        assert service.client(Role.HOLDER).get("/v1/whoami").status_code == 200
        guesses = [own[:-5] + f"{number:05d}" for number in range(8)]
        answers = [service.bearer(guess).get("/v1/whoami").status_code for guess in guesses]
        assert answers == [401] * 3 + [429] * 5
        assert len(hashed) == 4
        assert service.client(Role.HOLDER).get("/v1/whoami").status_code == 200, "a known token goes on"
        service.close()
    installation.close()


def test_denials_without_a_token_are_counted_not_logged_one_by_one(service: Service) -> None:
    before = service.log_size()
    for _ in range(20):
        assert service.client(None).get("/v1/projects").status_code == 401
    for _ in range(10):
        assert service.bearer("wrong").get("/v1/projects").status_code == 401
    assert service.log_size() == before
    with serving(service.installation) as address:  # a process that ends logs what it has counted
        other = Service(address, service.installation, service.tokens)
        for _ in range(7):
            other.client(None).get("/v1/users")
        other.close()
    with service.installation.ledger.reading() as state:
        entries = state.log_entries(first=before, limit=100)
    assert len(entries) == 1
    assert b"7 requests" in entries[0].data


def test_a_denial_names_its_target(service: Service) -> None:
    path = f"/v1/projects/{PROJECT}/linkage-runs/{'0' * 32}/spine"
    assert service.client(Role.HOLDER).get(path).status_code == 403
    entries = service.client(Role.AUDITOR, None).get("/v1/audit/entries", params={"kind": "AccessDenied"}).json()
    assert entries["items"][-1]["subject"] == f"GET {path}"


def test_metrics_have_a_bounded_number_of_labels(service: Service) -> None:
    for number in range(30):
        service.client(None).request(f"M{number}", f"/v1/nowhere/{number}")
        service.client(None).request(f"M{number}", "/v1/health")
    text = service.client(Role.ADMIN, None).get("/v1/metrics").text
    methods = {line.split('method="')[1].split('"')[0] for line in text.splitlines() if 'method="' in line}
    assert methods <= {"GET", "POST", "other"}
    assert not [line for line in text.splitlines() if "nowhere/" in line]


def test_a_slow_upload_is_given_up(sqlite_template: Template, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    settings = make_settings(
        folder, sqlite_template.copy(folder), upload_stall_seconds=0.2, upload_bytes_per_second=1_000_000
    )
    installation = Installation.open(settings)
    with serving(installation) as address:
        service = Service(address, installation, sqlite_template.tokens)
        with closing(connect(service)) as raw:
            raw.sendall(
                head(
                    "POST",
                    f"/v1/projects/{PROJECT}/registers/{REGISTER}/deliveries",
                    Authorization=f"Bearer {service.token(Role.HOLDER)}",
                    Content_Type="application/octet-stream",
                    Content_Digest="sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:",
                    Content_Length="1000000",
                )
            )
            answered = threading.Event()

            def dribble() -> None:
                while not answered.wait(0.02):
                    try:
                        raw.sendall(b"x")
                    except OSError:
                        return

            sender = threading.Thread(target=dribble)
            sender.start()
            try:
                assert status(raw) == 408
            finally:
                answered.set()
                sender.join()
        service.close()
    installation.close()
