"""Every file that is not public is handed out only while a decision covers it, to every role, on routes and pages."""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from fastapi.routing import APIRoute
from pages_support import PlainBrowser
from service_support import PROJECT, REGISTER, Service, Template, make_settings, serving
from test_authorized_acts import (
    ID,
    MENU,
    POLICY,
    SPECIFICATION,
    STATES,
    WANTED,
    action_of,
    fill,
    held,
    named,
    refusals,
    roles_of,
)

from wasl.audit.events import ProjectChanged
from wasl.compliance.acts import FETCH, FETCHED
from wasl.disclosure.policy import DisclosurePolicy
from wasl.registers.exchange.holder_return import HolderReturn
from wasl.service.access import Action, Actor, Role
from wasl.service.artifacts import keep_artifact
from wasl.service.ports import Area, Caller
from wasl.service.records import Release, Run, Submission, SubmissionKind, TableOrder
from wasl.service.returns import return_name
from wasl.service.states import ReleaseStatus
from wasl.service.table_orders import INTERNAL
from wasl.tables.menu import order_tables
from wasl.web.app import TOPICS
from wasl.web.console.routes import PAGE_TOPICS
from wasl.web.installation import Installation
from wasl.workflow.microdata_spec import MicrodataSpec

NOT_HELD = {
    "catalogue.read": "what is public",
    "package.read": "packages of what is public; what was withdrawn has none",
    "release.risk": "the confidential report: counts and measures",
    "release.internal": "the confidential report: counts, measures and the seed",
    "dossier.read": "asks for the decision",
    "audit.export": "the log",
}
"""Permissions under which files are handed out that no decision has to cover, and why."""


def downloads(topics: Any, attribute: str) -> list[APIRoute]:
    """Routes that hand out a kept file: they send one, or call what does."""
    found = [route for topic in topics for route in getattr(topic, attribute).router.routes]
    senders = ("send_file(", "_file(", "_send(", "send_package(", "send_internal_report(")
    return [
        one
        for one in found
        if "GET" in one.methods and any(word in inspect.getsource(one.endpoint) for word in senders)
    ]


ROUTES, PAGES = downloads(TOPICS, "routes"), downloads(PAGE_TOPICS, "pages")
HELD_ROUTES = [one for one in ROUTES if action_of(one) in FETCHED]
HELD_PAGES = [one for one in PAGES if action_of(one) in FETCHED]


def test_every_download_is_held_or_has_a_reason_not_to_be() -> None:
    kinds = {action_of(one) for one in (*ROUTES, *PAGES)}
    assert kinds - FETCHED <= set(NOT_HELD)
    assert {action_of(one) for one in ROUTES} >= FETCHED
    assert {one.value for one in Action} >= FETCHED


def keep_files(installation: Installation, **changes: Any) -> None:
    """Give the run, the release and the order of the project files, and the register a delivery."""
    office = installation.office
    by = {"created_at": "2026-01-01T00:00:00Z", "created_by": "amina", "project": PROJECT}
    pairs = keep_artifact(office, Area.LINKAGE, b"pairs")
    kept = {name: keep_artifact(office, Area.SPINE, name.encode()) for name in ("links", "conflicts", "spine")}
    answer, internal = (keep_artifact(office, Area.RELEASE, text) for text in (b"answer", b"internal"))
    rows = pa.table({"record_id": pa.array([], pa.binary(16))})
    back = HolderReturn(REGISTER, "", PROJECT, ID, "2026", "", "", {}, rows)
    returned = installation.settings.data_dir / "back.parquet"
    back.write(returned)
    returns = {return_name(REGISTER): keep_artifact(office, Area.SPINE, returned.read_bytes())}
    header = {"register": REGISTER, "holder": "", "period": "2024", "project": PROJECT, "round": "2026", "passes": []}
    delivery = Submission(
        id=ID,
        **by,
        kind=SubmissionKind.DELIVERY,
        register=REGISTER,
        digest="d",
        file=pairs,
        size_bytes=5,
        rows=1,
        header=header,
    )
    caller = Caller(Actor("amina", Role.ADMIN), office.now())
    with office.ledger.writing(caller) as ledger:
        event = caller.event(ProjectChanged(closed=False), project=PROJECT, subject=ID)
        ledger.save(
            delivery,
            replace(ledger.get(Run, ID), pairs=pairs, artifacts=returns, **kept),
            replace(ledger.get(Release, ID), protected=answer, status=ReleaseStatus.APPROVED, **changes),
            replace(
                ledger.get(TableOrder, ID),
                protected=answer,
                artifacts={INTERNAL: internal},
                status=ReleaseStatus.APPROVED,
                **changes,
            ),
            event=event,
        )


def path_of(route: APIRoute, what: str = "spine") -> str:
    path = route.path.replace("{project}", PROJECT).replace("{register}", REGISTER).replace("{what}", what)
    for name in ("run", "release", "order", "submission"):
        path = path.replace(f"{{{name}}}", ID)
    return path


@contextmanager
def started(
    template: Template, folder: Path, authorization: Callable[[dt.date], Any], **changes: Any
) -> Iterator[Service]:
    installation = Installation.open(make_settings(folder, template.copy(folder), require_authorization=True))
    fill(installation, authorization(installation.office.now().date()))
    keep_files(installation, **changes)
    with serving(installation) as address:
        running = Service(address, installation, template.tokens)
        try:
            yield running
        finally:
            running.close()
    installation.close()


def asks(service: Service, routes: list[APIRoute], pages: list[APIRoute]) -> Iterator[tuple[APIRoute, Role, int]]:
    """Each role that may fetch, each route and page, and the status of the answer."""
    for route in routes:
        for role in roles_of(route):
            yield route, role, service.client(role).get(path_of(route)).status_code
    for role in Role:
        mine = [one for one in pages if role in roles_of(one)]
        browser = PlainBrowser(service.address, language="en")
        if mine:
            assert browser.sign_in(service.token(role)).status_code == 303
        for page in mine:
            yield page, role, browser.get(path_of(page)).status_code


def own_file(route: APIRoute, role: Role) -> bool:
    return action_of(route) == Action.DELIVERY_DOWNLOAD and role is Role.HOLDER


@pytest.mark.parametrize("state", STATES)
def test_nothing_is_handed_out_outside_the_days_of_a_decision(
    sqlite_template: Template, tmp_path: Path, state: str
) -> None:
    with started(sqlite_template, tmp_path / "data", STATES[state]) as service:
        expected = 0
        for route, role, status in asks(service, HELD_ROUTES, HELD_PAGES):
            assert status == (200 if own_file(route, role) else 403), (named(route), role)
            expected += status == 403
        found = refusals(service)
        assert [(act, excess[0]) for act, excess in found] == [(FETCH, state)] * expected
        assert expected > 20


WHOLE = {"registers": [REGISTER, "r"], "variables": [], "outputs": ["microdata", "tables"]}


def scope_of_all(installation_day: dt.date, **changes: Any) -> Any:
    names = MicrodataSpec.model_validate(SPECIFICATION).columns  # the derived ones leave the office, too
    variables = {*DisclosurePolicy.model_validate(POLICY).released(names), *order_tables(MENU, WANTED).columns}
    return held(installation_day, scope={**WHOLE, "variables": sorted(variables), **changes})


def test_everything_is_handed_out_while_a_decision_covers_it(sqlite_template: Template, tmp_path: Path) -> None:
    with started(sqlite_template, tmp_path / "data", scope_of_all) as service:
        for route, role, status in asks(service, HELD_ROUTES, HELD_PAGES):
            assert status == 200, (named(route), role)
        assert refusals(service) == []


NARROW: dict[str, tuple[dict[str, Any], set[str]]] = {
    "register": ({"registers": ["elsewhere"]}, {"pairs.read", "links.read", "spine.read", "delivery.download"}),
    "variable": ({"variables": ["shoe_size"]}, {"release.read", "tables.read", "tables.internal"}),
    "output": ({"outputs": []}, {"release.read", "tables.read", "tables.internal"}),
    "recipient": ({"recipients": ["public"]}, {"return.read", "tables.read"}),
    "purpose": (
        {"purposes": ["labour", "health"]},
        {
            *("pairs.read", "links.read", "spine.read", "return.read"),
            *("release.read", "tables.read", "tables.internal"),
        },
    ),
}
"""Scopes that are too narrow in one part, and the permissions under which something is refused then."""


@pytest.mark.parametrize("part", NARROW)
def test_a_file_is_held_to_each_part_of_the_decision(sqlite_template: Template, tmp_path: Path, part: str) -> None:
    changes, expected = NARROW[part]
    with started(sqlite_template, tmp_path / "data", lambda day: scope_of_all(day, **changes)) as service:
        statuses: dict[str, set[int]] = {}
        for route, _, status in asks(service, HELD_ROUTES, []):
            statuses.setdefault(action_of(route), set()).add(status)
        assert {action for action, found in statuses.items() if 403 in found} == expected
        assert {excess.partition(":")[0] for _, found in refusals(service) for excess in found} == {part}


@pytest.mark.parametrize("status", [ReleaseStatus.PUBLISHED, ReleaseStatus.WITHDRAWN])
def test_what_is_public_stays_public_and_what_was_withdrawn_goes_to_nobody(
    sqlite_template: Template, tmp_path: Path, status: ReleaseStatus
) -> None:
    """The day of the decision is over."""
    with started(sqlite_template, tmp_path / "data", STATES["expired"]) as service:
        office = service.installation.office
        package = keep_artifact(office, Area.PUBLIC, b"package")
        caller = Caller(Actor("amina", Role.ADMIN), office.now())
        public = {"status": status, "package": package, "published_at": "2026-01-01T00:00:00Z", "reason": "r"}
        with office.ledger.writing(caller) as ledger:
            event = caller.event(ProjectChanged(closed=False), project=PROJECT, subject=ID)
            ledger.save(*(replace(ledger.get(kind, ID), **public) for kind in (Release, TableOrder)), event=event)
        wanted = {"release.read", "tables.read", "package.read"}
        routes = [one for one in ROUTES if action_of(one) in wanted]
        for route, role, answered in asks(service, routes, [one for one in PAGES if action_of(one) in wanted]):
            assert answered == (200 if status is ReleaseStatus.PUBLISHED else 404), (named(route), role)
        anybody = service.client(None).get(f"/v1/catalogue/{ID}/package").status_code
        assert anybody == (200 if status is ReleaseStatus.PUBLISHED else 410)
