"""Microdata files and ordered tables of one project: each is audited against all that readers know already.

Threat: a reader who has the file counts in it the cells that a table withholds, or the other way round.
"""

from __future__ import annotations

from typing import Any

import pytest
from service_support import PROJECT, Service
from test_release_rules import Desk as DeskOfFiles
from test_tables_on_demand import Desk as DeskOfTables

from wasl.service import releases
from wasl.service.access import Role
from wasl.tables.earlier import EarlierTable

ORDERS = f"/v1/projects/{PROJECT}/tables"


@pytest.fixture
def desks(resolved: tuple[Service, str]) -> tuple[DeskOfFiles, DeskOfTables]:
    return DeskOfFiles(*resolved), DeskOfTables(*resolved)


def test_an_order_is_audited_against_every_file_that_readers_have(desks: tuple[DeskOfFiles, DeskOfTables]) -> None:
    files, tables = desks
    file = files.approved()
    order = tables.order(tables.menu(), dimensions=["birth_year"])
    report = tables.client(Role.RELEASE).get(f"{ORDERS}/{order['id']}/report").json()["report"]
    if "refusal" not in report:
        audit = report["audit"]
        assert file["id"] in str([*audit["earlier_tables"], *audit["earlier_tables_left_out"]])
    # What was withdrawn counts as well: somebody may have kept it.
    files.step(files.read(file["id"]), "publish")
    files.service.work()
    assert files.step(files.read(file["id"]), "withdraw", reason="an error").status_code == 200
    again = tables.order(tables.menu(), dimensions=["sex"])
    report = tables.client(Role.RELEASE).get(f"{ORDERS}/{again['id']}/report").json()["report"]
    assert "refusal" in report or file["id"] in str(report["audit"])


def test_a_file_is_audited_against_every_answer(
    desks: tuple[DeskOfFiles, DeskOfTables], monkeypatch: pytest.MonkeyPatch
) -> None:
    files, tables = desks
    order = tables.order(tables.menu(), table="by-activity")
    assert order["status"] == "approved"
    seen: list[Any] = []
    honest = releases.protect

    def protect(*given: Any, **named: Any) -> Any:
        seen.extend(named["earlier"])
        return honest(*given, **named)

    monkeypatch.setattr(releases, "protect", protect)
    files.prepare()
    assert [one.name.split("/")[0] for one in seen if isinstance(one, EarlierTable)] == [order["id"]]


def test_nothing_is_approved_that_was_not_compared_with_what_came_since(
    desks: tuple[DeskOfFiles, DeskOfTables],
) -> None:
    files, tables = desks
    menu = tables.menu(approval="each")
    first, second = files.prepare(seed=7), files.prepare(seed=7)
    order = tables.order(menu, dimensions=["birth_year"])
    requests = [files.step(one, "request").json() for one in (first, second)]
    assert files.step(requests[0], "approve", Role.APPROVER, reason="fine").status_code == 200
    late = files.step(requests[1], "approve", Role.APPROVER, reason="fine")
    assert (late.status_code, "answered since" in late.json()["detail"]) == (409, True)
    if order["status"] == "requested":
        step = tables.step(order, "approve", reason="fine")
        assert (step.status_code, "answered since" in step.json()["detail"]) == (409, True)
