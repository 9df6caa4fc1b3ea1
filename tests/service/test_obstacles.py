"""A full disk or a read-only folder under each write: said in words, nothing half-written, nothing lost."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from service_support import Sent, Service, send

from wasl.service.access import Role
from wasl.service.ports import Area
from wasl.storage import files
from wasl.storage.obstacles import Obstacle, obstacle_of

SLUGS = {507: "insufficient-storage", 503: "service-unavailable"}
NUMBERS = {errno.ENOSPC: 507, errno.EDQUOT: 507, errno.EROFS: 503, errno.EACCES: 503, errno.ESTALE: 503}


def kept(service: Service) -> set[Path]:
    """Every file of the areas but for their markers."""
    folders = [service.installation.files.folders[area] for area in Area]
    found = {path for folder in folders for path in folder.rglob("*") if path.is_file()}
    return {path for path in found if not path.name.startswith(".wasl-area")}


def require_refused(answer: Any, status: int) -> None:
    assert answer.status_code == status, answer.text
    assert answer.json()["type"] == f"urn:wasl:problem:{SLUGS[status]}"
    assert "nothing was changed" in answer.json()["detail"]
    assert ("retry-after" in answer.headers) == (status == 503)


@pytest.mark.parametrize(("number", "status"), NUMBERS.items())
@pytest.mark.parametrize("call", ["open", "fsync", "chmod"])
def test_each_step_of_taking_a_file_in(
    own_service: Service,
    make_files: Callable[..., Sent],
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    status: int,
    call: str,
) -> None:
    """Opened, flushed and renamed; a file that was received and is not kept leaves nothing."""
    holder, sent = own_service.client(Role.HOLDER), make_files()
    before, size = kept(own_service), own_service.log_size()
    original = getattr(os, call)
    area = str(own_service.installation.files.folders[Area.LINKAGE])

    def fail(place: Any, *words: Any, **named: Any) -> Any:
        where = str(Path(f"/proc/self/fd/{place}").readlink()) if isinstance(place, int) else str(place)
        if where.startswith(area):
            raise OSError(number, "as the system says")
        return original(place, *words, **named)

    monkeypatch.setattr(files.os, call, fail)
    require_refused(send(holder, "deliveries", sent.delivery), status)
    monkeypatch.undo()
    assert (kept(own_service), own_service.log_size()) == (before, size)
    assert send(holder, "deliveries", sent.delivery).status_code == 201


@contextmanager
def database_of(engine: sa.Engine, pragma: str) -> Iterator[None]:
    """A setting of SQLite for every transaction."""

    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(pragma)

    sa.event.listen(engine, "begin", begin)
    try:
        yield
    finally:
        sa.event.remove(engine, "begin", begin)


@pytest.mark.parametrize(
    ("pragma", "undo", "status"),
    [
        ("PRAGMA max_page_count = 1", "PRAGMA max_page_count = 4294967294", 507),
        ("PRAGMA query_only = ON", "PRAGMA query_only = OFF", 503),
    ],
)
def test_a_database_without_room_or_right_says_so(
    own_service: Service, make_files: Callable[..., Sent], pragma: str, undo: str, status: int
) -> None:
    """SQLite itself is made full or read only."""
    admin, holder, sent = own_service.client(Role.ADMIN, None), own_service.client(Role.HOLDER), make_files()
    engine, size = own_service.installation.engine, own_service.log_size()
    long = {"definition": "x", "name": "full", "title": "t" * 300}
    with database_of(engine, pragma):
        answers = [admin.post("/v1/projects", json={**long, "name": f"full-{number}"}) for number in range(40)]
        refused = [answer for answer in answers if answer.status_code != 201]
        upload = send(holder, "deliveries", sent.delivery)
    for answer in refused:
        require_refused(answer, status)
    assert refused, "the pages that were begun have room for a few"
    assert upload.status_code in (201, status)
    with database_of(engine, undo):
        made = {one["id"] for one in admin.get("/v1/projects", params={"limit": 200}).json()["items"]}
        assert {f"full-{number}" for number, answer in enumerate(answers) if answer.status_code == 201} <= made
        assert own_service.log_size() - size == len(answers) - len(refused) + (upload.status_code == 201)
        assert send(holder, "deliveries", sent.delivery).status_code in (200, 201)
        assert admin.post("/v1/projects", json={"name": "room", "title": "t"}).status_code == 201


def test_an_error_of_the_work_itself_is_no_obstacle() -> None:
    assert obstacle_of(OSError(errno.EIO, "x")) is None
    assert obstacle_of(OSError("no number")) is None
    assert obstacle_of(FileNotFoundError(errno.ENOENT, "x")) is None
    assert obstacle_of(ValueError("x")) is None
    assert obstacle_of(sa.exc.OperationalError("s", {}, Exception("x"))) is None
    assert obstacle_of(OSError(errno.ENOSPC, "x")) is Obstacle.FULL
