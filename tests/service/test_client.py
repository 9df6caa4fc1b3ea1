"""The client repeats without doubling and goes on with broken downloads; push, pull and the operator's verbs."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from service_support import PROJECT, REGISTER, Sent, Service, give_token
from typer.testing import CliRunner

from wasl.cli.app import build_app
from wasl.client import Client
from wasl.client.transport import Transport
from wasl.errors import AccessError, StaleError, VerificationError, WaslError
from wasl.service.access import Role
from wasl.service.users import add_user

Answer = Callable[[httpx.Request], httpx.Response]


def transport(answer: Answer, attempts: int = 4) -> Transport:
    http = httpx.Client(transport=httpx.MockTransport(answer), base_url="http://service")
    return Transport("http://service", "t", attempts=attempts, sleep=lambda _seconds: None, http=http)


def problem(status: int, slug: str) -> httpx.Response:
    return httpx.Response(status, json={"type": f"urn:wasl:problem:{slug}", "detail": "why.", "remedy": "Do this."})


def test_a_lost_answer_is_asked_for_again_under_the_same_key() -> None:
    keys: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["idempotency-key"])
        if len(keys) == 1:
            raise httpx.ReadError("the line broke")
        return problem(503, "service-unavailable") if len(keys) == 2 else httpx.Response(201, json={"id": "x"})

    assert transport(answer).json("POST", "/v1/projects", {"name": "x"}) == {"id": "x"}
    assert len(set(keys)) == 1
    assert len(keys) == 3


def test_two_requests_have_two_keys() -> None:
    keys: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["idempotency-key"])
        return httpx.Response(201, json={})

    session = transport(answer)
    session.json("POST", "/v1/projects", {})
    session.json("POST", "/v1/projects", {})
    assert len(set(keys)) == 2


@pytest.mark.parametrize(
    ("status", "slug", "kind"),
    [(403, "access-error", AccessError), (412, "stale-error", StaleError), (401, "unauthorized", AccessError)],
)
def test_a_problem_is_an_error_of_wasl_and_is_not_repeated(status: int, slug: str, kind: type[WaslError]) -> None:
    asked: list[int] = []

    def answer(_request: httpx.Request) -> httpx.Response:
        asked.append(1)
        return problem(status, slug)

    with pytest.raises(kind) as caught:
        transport(answer).json("GET", "/v1/projects")
    assert caught.value.remedy == "Do this."
    assert len(asked) == 1


def test_a_service_that_is_away_is_said_so() -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(WaslError, match="does not answer"):
        transport(answer).json("GET", "/v1/projects")


class Body(httpx.SyncByteStream):
    """A body as it comes over the line, which may break after it."""

    def __init__(self, data: bytes, *, breaks: bool = False) -> None:
        self.data, self.breaks = data, breaks

    def __iter__(self) -> Iterator[bytes]:
        yield self.data
        if self.breaks:
            raise httpx.ReadError("the line broke")


def test_a_broken_download_goes_on_where_it_stopped(tmp_path: Path) -> None:
    data = os.urandom(1000)
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    ranges: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        ranges.append(request.headers.get("range", ""))
        headers = {"Repr-Digest": f"sha-256=:{digest}:"}
        if len(ranges) == 1:
            return httpx.Response(200, stream=Body(data[:400], breaks=True), headers=headers)
        return httpx.Response(206, stream=Body(data[400:]), headers=headers)

    out = tmp_path / "file"
    found = transport(answer).download("/v1/x", out)
    assert out.read_bytes() == data
    assert ranges == ["", "bytes=400-"]
    assert found == "sha256:" + hashlib.sha256(data).hexdigest()


def test_a_download_that_is_not_what_was_announced_is_thrown_away(tmp_path: Path) -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=Body(b"changed"), headers={"Repr-Digest": "sha-256=:" + "A" * 43 + "=:"})

    with pytest.raises(VerificationError):
        transport(answer).download("/v1/x", tmp_path / "file")
    assert not list(tmp_path.iterdir())


class TestCommands:
    def run(self, module: str, *words: str, code: int = 0, env: dict[str, str] | None = None) -> Any:
        done = CliRunner().invoke(build_app([module]), [*words, "--json"], env=env)
        if code:
            return done.exception
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    def test_push_and_pull(self, service: Service, make_files: Callable[..., Sent], tmp_path: Path) -> None:
        sent = make_files()
        for name in ("delivery", "join_map", "payload"):
            (tmp_path / name).write_bytes(getattr(sent, name))
        token = tmp_path / "token"
        token.write_text(service.token(Role.HOLDER) + "\n", encoding="utf-8")
        words = ["push", str(tmp_path / "delivery"), "--join", str(tmp_path / "join_map")]
        words += ["--payload", str(tmp_path / "payload"), "--server", service.address, "--token-file", str(token)]
        first, second = self.run("wasl.cli.client", *words), self.run("wasl.cli.client", *words)
        assert [one["kind"] for one in first["sent"]] == ["delivery", "join-map", "payload"]
        assert first == second
        assert self.run("wasl.cli.client", "pull", "--list", "--server", service.address) == {"releases": []}

    def test_push_without_a_holders_token_is_refused(self, service: Service, tmp_path: Path) -> None:
        (tmp_path / "delivery").write_bytes(b"")
        words = ("push", str(tmp_path / "delivery"), "--server", service.address)
        assert "no token" in str(self.run("wasl.cli.client", *words, code=1, env={"WASL_TOKEN": ""}))
        env = {"WASL_TOKEN": service.token(Role.AUDITOR)}
        assert "not a holder's" in str(self.run("wasl.cli.client", *words, code=1, env=env))

    def test_migrate_and_users(self, database_url: str, tmp_path: Path) -> None:
        env = {"WASL_DATA_DIR": str(tmp_path / "data"), "WASL_DATABASE_URL": database_url}
        assert self.run("wasl.cli.serve", "migrate", env=env)["before"] is None
        assert self.run("wasl.cli.serve", "user", "add", "amina", env=env)["user"] == "amina"
        words = ("user", "token", "amina", "--role", "auditor", "--days", "3")
        token = self.run("wasl.cli.serve", *words, env=env)
        assert token["token"].startswith("wasl_")
        listed = self.run("wasl.cli.serve", "user", "list", env=env)
        assert [(one["user"], one["role"]) for one in listed["tokens"]] == [("amina", "auditor")]
        self.run("wasl.cli.serve", "user", "revoke", listed["tokens"][0]["token"], env=env)
        assert self.run("wasl.cli.serve", "user", "list", env=env)["tokens"][0]["revoked"] is True
        assert "no role" in str(self.run("wasl.cli.serve", "user", "token", "amina", "--role", "king", code=1, env=env))
        assert self.run("wasl.cli.serve", "migrate", "base", env=env)["after"] is None

    def test_settings_that_are_wrong_are_said_without_their_value(self, tmp_path: Path) -> None:
        env = {"WASL_DATA_DIR": str(tmp_path), "WASL_PORT": "SECRET-VALUE"}
        error = self.run("wasl.cli.serve", "migrate", code=1, env=env)
        assert "port" in str(error)
        assert "SECRET-VALUE" not in str(error)


def test_every_page_of_a_list_is_fetched(service: Service) -> None:
    office, operator = service.installation.office, service.installation.operator
    for number in range(3):
        add_user(office, operator(), name=f"extra-{number}")
    give_token(service.installation, "extra-0", Role.AUDITOR)
    admin = service.client(Role.ADMIN, None)
    names: list[str] = []
    cursor = ""
    while True:
        page = admin.get("/v1/users", params={"limit": 4, "cursor": cursor}).json()
        names += [one["id"] for one in page["items"]]
        cursor = page["next"]
        if not cursor:
            break
    assert names == sorted(set(names))
    assert {"extra-0", "extra-1", "extra-2"} <= set(names)


def test_the_session_knows_who_it_is(service: Service) -> None:
    with Client(service.address, service.token(Role.HOLDER)) as client:
        me = client.whoami()
        assert (me.role, me.project, me.register) == ("holder", PROJECT, REGISTER)
