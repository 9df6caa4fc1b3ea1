"""Whose a token is, is kept only while nothing was committed; and a request finds its route as before, only faster."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from fastapi import APIRouter, FastAPI
from service_support import PROJECT, Service
from starlette.routing import Match

from wasl.service.access import Actor, Role
from wasl.storage.database import ChangeMark, connect
from wasl.web.secrets import TokenHolders
from wasl.web.topic_router import TopicRouter

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
AMINA = Actor("amina", Role.RELEASE, PROJECT, None, "0" * 32, "")


@pytest.mark.parametrize("mark", [1, 0, -5])
def test_a_holder_is_found_again_while_nothing_was_committed(mark: int) -> None:
    holders = TokenHolders()
    holders.keep("token", mark, AMINA, LATER)
    assert holders.find("token", mark, NOW) == AMINA
    assert holders.find("token", mark + 1, NOW) is None
    assert holders.find("other", mark, NOW) is None
    assert holders.find("token", mark, LATER) is None  # it has ended
    assert holders.find("token", None, NOW) is None


def test_without_a_mark_nothing_is_kept() -> None:
    holders = TokenHolders()
    holders.keep("token", None, AMINA, LATER)
    assert holders.find("token", None, NOW) is None


def test_a_commit_of_any_connection_changes_the_mark(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'a.db'}")
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE t (x INTEGER)"))
    mark = ChangeMark(engine)
    seen = [mark.read()]
    assert mark.read() == seen[0] is not None
    with engine.begin() as connection:  # this process
        connection.execute(sa.text("INSERT INTO t VALUES (1)"))
    seen.append(mark.read())
    with engine.connect() as connection, connection.begin() as transaction:
        connection.execute(sa.text("INSERT INTO t VALUES (2)"))
        transaction.rollback()
    assert mark.read() == seen[-1]  # nothing was committed
    code = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('INSERT INTO t VALUES (3)'); c.commit()"
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.db")], check=True)  # another process
    seen.append(mark.read())
    assert len(set(seen)) == 3
    mark.close()
    engine.dispose()


@pytest.mark.parametrize("url", ["sqlite://", "postgresql+psycopg://nobody@localhost/none"])
def test_a_database_without_a_mark_says_so(url: str) -> None:
    engine = connect(url)
    assert ChangeMark(engine).read() is None
    engine.dispose()


def test_a_change_outside_the_service_counts_at_once(service: Service) -> None:
    """The operator's command line and other processes write to the same database."""
    client = service.client(Role.AUDITOR)
    identifier = service.token(Role.AUDITOR).split("_")[1]
    assert client.get("/v1/whoami").status_code == 200
    assert client.get("/v1/whoami").status_code == 200  # kept by now
    other = connect(str(service.installation.settings.url))
    for revoked, status in ((True, 401), (False, 200), (True, 401)):
        with other.begin() as connection:
            connection.execute(
                sa.text("UPDATE tokens SET revoked = :revoked WHERE id = :id"), {"revoked": revoked, "id": identifier}
            )
        assert client.get("/v1/whoami").status_code == status
    other.dispose()


def ask(app: FastAPI, method: str, path: str, root: str = "") -> httpx.Response:
    async def once() -> httpx.Response:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app, root_path=root), base_url="http://test"
        ) as client:
            return await client.request(method, path)

    return asyncio.run(once())


PATHS = [
    "/v1",
    "/v1/a",
    "/v1/a/",
    "/v1/a/b",
    "/v1/a/b/c",
    "/v1/files/x/y/z",
    "/v1/files/",
    "/v1/files",
    "/",
    "/a",
    "/v1/a/b%0A",
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("root", ["", "/proxy"])
def test_a_topic_router_answers_as_a_plain_one(path: str, method: str, root: str) -> None:
    answers = []
    for kind in (APIRouter, TopicRouter):
        app = FastAPI(redirect_slashes=False)
        first, second = kind(prefix="/v1"), kind(prefix="/v1")

        @first.get("/a")
        @first.post("/a")
        def one() -> str:
            return "a"

        @first.get("/a/{thing}")
        @first.get("/a/{thing}/c")
        def two(thing: str) -> str:
            return thing

        @second.get("/files/{rest:path}")
        @second.delete("/a/{thing}")
        def three(rest: str = "", thing: str = "") -> str:
            return f"{rest} {thing}"

        app.include_router(first)
        app.include_router(second)
        answer = ask(app, method, path, root)
        answers.append((answer.status_code, answer.text))
    assert answers[0] == answers[1]


def test_routes_added_later_are_found() -> None:
    router = TopicRouter(prefix="/v1")
    scope: dict[str, Any] = {"type": "http", "path": "/v1/late", "method": "GET", "root_path": ""}
    assert router.matches(scope)[0] is Match.NONE
    router.add_api_route("/late", lambda: "late")
    app = FastAPI()
    app.include_router(router)
    assert ask(app, "GET", "/v1/late").json() == "late"
