"""J14: an analyst orders tables from the linked data without ever seeing microdata, against a live server.

The release desk offers a menu, an approver opens it. Tables of the menu are answered after protection; a free crossing
waits for the approver. What the approver let out can be published, and anybody can verify it.
"""

from __future__ import annotations

import csv
import io
import sys
import zipfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "service"))
sys.path.insert(0, str(Path(__file__).parent))

from service_support import encode_registers
from test_service_day import PROJECT, REGISTERS, Office, holders_push, open_the_project, running

from wasl.audit.notes import NoteVerifier
from wasl.client import Client
from wasl.client.views import TableOrder
from wasl.errors import AccessError, NotFoundError
from wasl.linkage.plan import LinkagePlan
from wasl.publication.package import verify_package

SPECIFICATION = {
    "name": "foreign-workers",
    "include": list(REGISTERS),
    "variables": [{"name": name} for name in ("sex", "nationality", "birth_year", "activity_section", "wage")],
}
MENU = {
    "name": "workers",
    "title": "Foreign workers on demand",
    "period": "2024",
    "approval": "menu",
    "crossings": {"max_dimensions": 2, "max_cells": 5000, "approval": "each"},
    "dimensions": [
        {"name": "sex", "label": "Sex", "classifications": ["sex"]},
        {"name": "activity_section", "label": "Activity", "classifications": ["activity"]},
        {"name": "birth_year", "label": "Year of birth", "bands": [1960, 1970, 1980, 1990]},
    ],
    "tables": [{"name": "sex-by-activity", "title": "By activity and sex", "dimensions": ["activity_section", "sex"]}],
    "protection": {"method": "suppression", "time_limit_seconds": 20, "lower": 0.3, "upper": 0.3},
}


@pytest.fixture(scope="module")
def outboxes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return encode_registers(tmp_path_factory.mktemp("outboxes"), PROJECT, persons=2000)


@pytest.mark.slow
def test_an_analyst_orders_tables(tmp_path: Path, outboxes: dict[str, Path]) -> None:
    with running(tmp_path / "data", f"sqlite:///{tmp_path / 'wasl.db'}") as office:
        open_the_project(office)
        holders_push(office, outboxes)
        run = link_and_resolve(office)
        menu = menu_is_opened(office, run)
        answered = menu_table_is_answered(office, menu, tmp_path)
        crossing = crossing_waits_for_an_approver(office, menu, answered, tmp_path)
        public_verifies(office, crossing, tmp_path)
        analyst_sees_no_microdata(office, run, tmp_path)
        auditor_reads_the_story(office, answered, crossing)


def link_and_resolve(office: Office) -> str:
    linker, keeper = office.sign_in("linker", "linkage"), office.sign_in("keeper", "spine")
    run = linker.request_linkage(PROJECT, LinkagePlan.load("morocco").model_dump(mode="json"))
    office.sign_in("court", "auditor").wait(run.job, poll_seconds=0.1)
    asked = keeper.request_resolution(PROJECT, run.id)
    keeper.wait(asked.job, poll_seconds=0.1)
    return run.id


def menu_is_opened(office: Office, run: str) -> str:
    desk, approver = office.sign_in("desk", "release"), office.sign_in("chief", "approver")
    analyst = office.sign_in("nadia", "analyst")
    menu = desk.offer_menu(PROJECT, run=run, title="Foreign workers", specification=SPECIFICATION, menu=MENU)
    with pytest.raises(Exception, match="nothing can be ordered"):
        analyst.order_tables(PROJECT, menu.id, table="sex-by-activity")
    assert approver.open_menu(menu).status == "open"
    shown = analyst.menus(PROJECT)[0]
    assert [table["name"] for table in shown.tables] == ["sex-by-activity"]
    assert shown.method == "suppression"
    return menu.id


def done(client: Client, order: TableOrder) -> TableOrder:
    client.wait(order.job, poll_seconds=0.1)
    return client.table_order(PROJECT, order.id)


def files_in(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def menu_table_is_answered(office: Office, menu: str, tmp_path: Path) -> TableOrder:
    """The approver has decided on the menu; nobody has to decide on this order."""
    analyst = office.sign_in("nadia", "analyst")
    order = done(analyst, analyst.order_tables(PROJECT, menu, table="sex-by-activity"))
    assert (order.status, order.answered) == ("approved", True), order.failure
    analyst.download_tables(PROJECT, order.id, "file", tmp_path / "answer.zip")
    files = files_in(tmp_path / "answer.zip")
    assert not [name for name in files if "internal" in name or name == "report.json" or "heat-map" in name]
    assert {"table.csv", "table.parquet", "table.xlsx", "method.html", "table.px"} <= set(files)
    rows = list(csv.DictReader(io.StringIO(files["table.csv"].decode())))
    assert all((row["value"] == "") == (row["status"] in ("primary", "secondary")) for row in rows)
    small = [row for row in rows if row["value"] and 0 < float(row["value"]) < 3]
    assert not small
    with pytest.raises(AccessError):
        analyst.download_tables(PROJECT, order.id, "internal", tmp_path / "internal.zip")
    with pytest.raises(AccessError):
        analyst.tables_report(PROJECT, order.id)
    return order


def crossing_waits_for_an_approver(office: Office, menu: str, answered: TableOrder, tmp_path: Path) -> TableOrder:
    analyst, desk = office.sign_in("nadia", "analyst"), office.sign_in("desk", "release")
    approver, other = office.sign_in("chief", "approver"), office.sign_in("omar", "analyst")
    order = done(analyst, analyst.order_tables(PROJECT, menu, dimensions=["birth_year", "sex"], title="Ages"))
    assert (order.status, order.public_report) == ("requested", {})
    with pytest.raises(NotFoundError):
        analyst.download_tables(PROJECT, order.id, "file", tmp_path / "early.zip")
    with pytest.raises(NotFoundError):
        other.table_order(PROJECT, order.id)
    report = approver.tables_report(PROJECT, order.id)
    assert report["earlier"] == [answered.id]
    assert report["report"]["audit"]["passed"]
    approver.download_tables(PROJECT, order.id, "internal", tmp_path / "internal.zip")
    assert "internal.csv" in files_in(tmp_path / "internal.zip")
    approved = approver.step_tables(approver.table_order(PROJECT, order.id), "approve", "margins are fine")
    analyst.download_tables(PROJECT, order.id, "file", tmp_path / "ages.zip")
    published = done(desk, desk.step_tables(approved, "publish"))
    assert published.status == "published", published.failure
    return published


def public_verifies(office: Office, order: TableOrder, tmp_path: Path) -> None:
    with Client(office.address) as public:
        listed = public.catalogue()
        assert [one.id for one in listed] == [order.id]
        public.download_published(order.id, tmp_path / "package.zip")
        key = NoteVerifier.parse(public.log_key())
    files = files_in(tmp_path / "package.zip")
    verify_package(files, key).require()
    assert {"data/table.csv", "report/method.html", "log/approval.json"} <= set(files)
    assert not [name for name in files if "internal" in name]


def analyst_sees_no_microdata(office: Office, run: str, tmp_path: Path) -> None:
    analyst = office.sign_in("nadia", "analyst")
    for look in (
        lambda: analyst.releases(PROJECT),
        lambda: analyst.submissions(PROJECT, REGISTERS[0], "payloads"),
        lambda: analyst.download_run(PROJECT, run, "spine", tmp_path / "spine.parquet"),
        lambda: analyst.run(PROJECT, run),
    ):
        with pytest.raises(AccessError):
            look()


def auditor_reads_the_story(office: Office, answered: TableOrder, crossing: TableOrder) -> None:
    auditor = office.sign_in("court", "auditor")
    story = [entry["kind"] for entry in auditor.entries(subject=answered.id)]
    assert story == [
        "TablesOrdered",
        "MicrodataAssembled",
        "TablesProtected",
        "ReleaseRequested",
        "TablesApprovedByRule",
    ]
    story = [entry["kind"] for entry in auditor.entries(subject=crossing.id)]
    assert story == [
        "TablesOrdered",
        "MicrodataAssembled",
        "TablesProtected",
        "ReleaseRequested",
        "ReleaseApproved",
        "PublicationRequested",
        "TablesPublished",
    ]
