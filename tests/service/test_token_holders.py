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
from service_support import PROJECT, Service, new_database, wait_until
from starlette.routing import Match

from wasl.service.access import Actor, Role
from wasl.service.ports import Caller
from wasl.storage.database import ChangeMark, connect
from wasl.storage.notified_mark import CHANNEL, NotifiedMark
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


def test_a_change_outside_the_service_counts(service: Service) -> None:
    """Other programs write to the same database: at once on SQLite, on PostgreSQL within a second."""
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
        if other.dialect.name == "postgresql":
            wait_until(lambda expected=status: client.get("/v1/whoami").status_code == expected, "the change")
        assert client.get("/v1/whoami").status_code == status
    other.dispose()


def test_postgresql_tells_commits_of_this_process_and_of_others(postgres: str) -> None:
    url = new_database(postgres)
    engine, other = connect(url), connect(url)
    mark = NotifiedMark(engine)
    wait_until(lambda: mark.read() is not None, "the listener")
    before = mark.count
    mark.bump()
    assert mark.count == before + 1
    with other.begin() as connection:
        connection.exec_driver_sql(f"NOTIFY {CHANNEL}")
    wait_until(lambda: mark.count == before + 2, "the announcement")
    with other.begin() as connection:  # the listener loses its connection: nothing is known until it has another
        connection.execute(
            sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = :listening"),
            {"listening": f"LISTEN {CHANNEL}"},
        )
    wait_until(lambda: mark.count == before + 3, "another connection")
    wait_until(lambda: mark.read() is not None, "the listener again")
    mark.close()
    assert mark.read() is None
    for one in (engine, other):
        one.dispose()


def test_a_write_of_the_service_counts_before_it_is_answered(service: Service) -> None:
    """Also on PostgreSQL, whose announcement to other processes may come a little later."""
    ledger = service.installation.office.ledger
    client = service.client(Role.AUDITOR)
    assert client.get("/v1/whoami").status_code == 200
    wait_until(lambda: ledger.change_mark() is not None, "a mark")
    identifier = service.token(Role.AUDITOR).split("_")[1]
    before = ledger.change_mark()
    with ledger.writing(Caller(AMINA, NOW, "r")) as writer:
        writer._connection.execute(sa.text("UPDATE tokens SET revoked = true WHERE id = :id"), {"id": identifier})
    assert ledger.change_mark() != before
    assert client.get("/v1/whoami").status_code == 401


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
