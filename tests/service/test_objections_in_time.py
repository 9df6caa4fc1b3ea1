"""Objections that arrive while something is made of a person's data: whatever is not public yet stops, or begins anew.

Threat: a person objects between an approval and the publication, or during a job, and is published all the same.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from service_support import PROJECT, REGISTER, Service
from test_release_rules import Desk

from wasl.registers.exchange.payload import Payload
from wasl.service import packages, table_jobs
from wasl.service.access import Role
from wasl.workflow.publish import publish
from wasl.workflow.publish_tables import publish_tables
from wasl.workflow.tabulate import tabulate

HERE = f"/v1/projects/{PROJECT}"


@pytest.fixture
def desk(resolved: tuple[Service, str]) -> Desk:
    return Desk(*resolved)


@pytest.fixture
def tables(resolved: tuple[Service, str]) -> Any:
    from test_tables_on_demand import Desk as DeskOfTables

    return DeskOfTables(*resolved)


def object_now(service: Service, *records: str) -> None:
    path = f"{HERE}/registers/{REGISTER}/objections"
    answer = service.client(Role.HOLDER).post(path, json={"records": list(records or ("ab" * 16,))})
    assert answer.is_success, answer.text


@pytest.mark.parametrize("when", ["approved", "job queued", "job at work"])
def test_a_file_that_is_not_public_yet_is_not_published(desk: Desk, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    service = desk.service

    def publish_late(*given: Any, **options: Any) -> Any:
        object_now(service)
        return publish(*given, **options)

    shown = desk.approved()
    if when == "approved":
        object_now(service)
    asked = desk.step(shown, "publish").status_code
    assert asked in ((409, 412) if when == "approved" else (202,))
    if when == "job queued":
        object_now(service)
    if when == "job at work":
        monkeypatch.setattr(packages, "publish", publish_late)
    service.work()
    after = desk.read(shown["id"])
    assert (after["status"], "objected" in after["failure"]) == ("unsafe", True)
    assert service.client(None).get("/v1/catalogue").json()["items"] == []
    for step in ("publish", "request"):
        assert desk.step(after, step).status_code == 409


def test_tables_in_the_making_begin_anew_without_the_objectors(
    tables: Any, outboxes: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    column = Payload.read(outboxes[REGISTER] / "payload.parquet").rows["record_id"]
    objectors = [one.hex() for one in column.to_pylist()[:25]]
    rows: list[int] = []

    def tabulate_late(spec: Any, data: Any, *more: Any, **options: Any) -> Any:
        if not rows:
            object_now(tables.service, *objectors)
        rows.append(data[0].num_rows)
        return tabulate(spec, data, *more, **options)

    monkeypatch.setattr(table_jobs, "tabulate", tabulate_late)
    shown = tables.order(tables.menu(), table="by-activity")
    assert shown["status"] == "approved"
    assert len(rows) == 2
    assert rows[1] < rows[0]
    found = tables.client(Role.AUDITOR).get("/v1/audit/entries", params={"kind": "TablesProtected"}).json()["items"]
    assert [one["subject"] for one in found] == [shown["id"]]


def test_tables_that_are_being_packaged_are_not_published(tables: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def publish_late(*given: Any, **options: Any) -> Any:
        object_now(tables.service)
        return publish_tables(*given, **options)

    monkeypatch.setattr(table_jobs, "publish_tables", publish_late)
    shown = tables.order(tables.menu(), table="by-activity")
    assert tables.step(shown, "publish", Role.RELEASE).status_code == 202
    tables.service.work()
    after = tables.read(shown["id"])
    assert (after["status"], "objected" in after["failure"]) == ("unsafe", True)
    assert tables.service.client(None).get("/v1/catalogue").json()["items"] == []
