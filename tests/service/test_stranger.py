"""A stranger with a valid token: real ids of another project in addresses of his own, and odd parts of addresses.

Every route of the API and every page comes from the lists of the app, so a new one is asked by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.routing import APIRoute
from pages_support import PlainBrowser
from service_support import OTHER_PROJECT, OTHER_REGISTER, PROJECT, REGISTER, Service
from test_console_matrix import PAGES, action_of
from test_nasty_forms import MARKER
from test_release_rules import Desk
from test_tables_on_demand import Desk as TablesDesk

from conftest import live_copy
from wasl.service.access import PERMISSIONS, PUBLIC_ACTIONS, REGISTER_BOUND, Role
from wasl.service.records import (
    Job,
    Objection,
    Release,
    ReviewPair,
    Run,
    StoredAuthorization,
    Submission,
    TableMenu,
    TableOrder,
)
from wasl.web.app import TOPICS

API = [route for topic in TOPICS for route in topic.routes.router.routes if isinstance(route, APIRoute)]
PART = re.compile(r"\{(\w+)(?::\w+)?\}")
KINDS: dict[str, type[Any]] = {
    "submission": Submission,
    "run": Run,
    "release": Release,
    "job": Job,
    "pair": ReviewPair,
    "objection": Objection,
    "authorization": StoredAuthorization,
    "menu": TableMenu,
    "order": TableOrder,
}
"""The kinds of things that belong to one project, by their name in an address."""

ODD = (
    *("%2f", "%2e%2e%2f", "..%5c", "%00", "%0d%0aset-cookie:%20a=b", "%ff", "%e2%80%ae", "%EF%BC%A1", "e%CC%81", "é"),
    *("-1", "0x10", "9" * 400, "1e400", "x" * 6000, "%25%32%66", "*", "'%20or%201=1--", "{{7*7}}", "null", "%7f"),
    quote(f"<script>{MARKER}</script>"),
)
"""Parts of addresses that nobody meant: slashes, zero bytes, twins of Unicode, huge numbers, long names, code."""

QUERIES = (
    *("limit=-1", "limit=9999999999999999999999", "limit=0", "limit=1e3", "limit=٣", "limit=", "first=-5"),
    *("first=99999999999999999999", "cursor=%00", "cursor=AAAA", "after=%f0%9f", "before=0000-00-00", "kind=%00"),
    *("cursor=" + "A" * 5000, "from=-1", "from=9" * 3, "lang=../../x", "said=<script>", "next=//evil.example", "q=%00"),
)
"""Queries that nobody meant; cursors that the service never gave."""


@dataclass
class World:
    """A filled project, the ids of its things, and a service beside it."""

    service: Service
    ids: dict[str, str]


@pytest.fixture(scope="module")
def world(resolved_template: tuple[Any, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with live_copy(resolved_template, tmp_path_factory.mktemp("stranger") / "data") as (service, run):
        desk = Desk(service, run)
        desk.step(desk.prepare(), "request")
        tables = TablesDesk(service, run)
        tables.order(tables.menu(), table="by-activity")
        service.client(Role.HOLDER).post(
            f"/v1/projects/{PROJECT}/registers/{REGISTER}/objections", json={"records": ["ab" * 16]}
        )
        ids = {}
        with service.installation.ledger.reading() as state:
            for name, kind in KINDS.items():
                found = [one for one in state.select(kind) if one.project == PROJECT]
                if found:
                    ids[name] = next(
                        (one.id for one in found if getattr(one, "register", REGISTER) == REGISTER), found[0].id
                    )
        yield World(service, ids)


def path_of(route: APIRoute, project: str, register: str, ids: dict[str, str]) -> str:
    given = {"project": project, "register": register, "index": "0", **ids}
    return PART.sub(lambda found: given.get(found[1], "0" * 32), route.path)


def names_of(route: APIRoute) -> set[str]:
    return set(PART.findall(route.path))


THINGS = [route for route in (*API, *PAGES) if names_of(route) & set(KINDS)]


def test_the_world_has_a_thing_of_each_kind(world: World) -> None:
    assert set(KINDS) - set(world.ids) <= {"authorization", "pair"}
    assert len(THINGS) > 60


def is_page(route: APIRoute) -> bool:
    return route.path.startswith("/console")


def roles_of(route: APIRoute) -> list[Role]:
    action = action_of(route)
    return list(Role) if action in PUBLIC_ACTIONS else sorted(PERMISSIONS[action])


@pytest.mark.parametrize("role", list(Role))
def test_real_ids_of_another_project_or_register_are_not_found(world: World, role: Role) -> None:
    """Whatever a role may do in its own project, it does to nothing of another: neither shown nor changed."""
    service = world.service
    client = service.client(role, OTHER_PROJECT)
    browser = PlainBrowser(service.address, language="en")
    assert browser.sign_in(service.token(role, OTHER_PROJECT)).status_code == 303
    token = browser.token("/console/account")
    before = service.log_size()
    reached: list[str] = []
    denied = 0
    for route in THINGS:
        method = next(iter(route.methods))
        for project in {OTHER_PROJECT, PROJECT} if "project" in names_of(route) else {PROJECT}:
            path = path_of(route, project, REGISTER, world.ids)
            if is_page(route):
                answer = (
                    browser.get(path) if method == "GET" else browser.post(path, {"form_token": token, "version": "1"})
                )
            else:
                answer = client.request(method, path, json={"reason": "r"}, headers={"If-Match": '"v1"'})
            assert answer.status_code < 500, (method, path, answer.text[-300:])
            public = action_of(route) in PUBLIC_ACTIONS
            if answer.status_code < 400 and not public:
                reached.append(f"{method} {path}: {answer.status_code}")
            denied += answer.status_code in (403, 404)
    assert not reached
    assert denied > 50
    assert service.log_size() >= before


def test_a_holder_reaches_nothing_of_another_register(world: World) -> None:
    service = world.service
    client = service.client(Role.HOLDER, PROJECT, OTHER_REGISTER)
    reached = []
    for route in THINGS:
        if is_page(route) or "register" not in names_of(route):
            continue
        method = next(iter(route.methods))
        for register in (REGISTER, OTHER_REGISTER):
            path = path_of(route, PROJECT, register, {**world.ids})
            if "submission" not in names_of(route) and register == OTHER_REGISTER:
                continue
            answer = client.request(method, path, json={}, headers={"If-Match": '"v1"'})
            assert answer.status_code < 500, (method, path)
            if answer.status_code < 400:
                reached.append(f"{method} {path}: {answer.status_code}")
    assert not reached


@pytest.mark.parametrize("role", [Role.ADMIN, Role.HOLDER, None], ids=str)
def test_odd_parts_of_addresses_find_nothing_and_break_nothing(world: World, role: Role | None) -> None:
    """Each part of each address takes each odd value; nothing is a defect, nothing comes back as markup or header."""
    service = world.service
    client = service.client(role, None if role is Role.ADMIN else PROJECT)
    browser = PlainBrowser(service.address, language="en")
    if role is not None:
        browser.sign_in(service.token(role, None if role is Role.ADMIN else PROJECT))
    for number, route in enumerate(one for one in (*API, *PAGES) if names_of(one) and "GET" in one.methods):
        names = sorted(names_of(route))
        for shift in range(8 if role is Role.ADMIN else 3):
            odd = ODD[(number + shift) % len(ODD)]
            name = names[shift % len(names)]
            path = path_of(route, PROJECT, REGISTER, {**world.ids, name: odd})
            if name in ("project", "register"):
                path = PART.sub(lambda found, at=name, value=odd: value if found[1] == at else "0" * 32, route.path)
            answer = browser.get(path) if is_page(route) else client.get(path)
            assert answer.status_code < 500, (path[:200], answer.text[-300:])
            assert f"<script>{MARKER}" not in answer.text
            assert not [one for one in answer.headers.get_list("set-cookie") if one.startswith("a=")]


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.LINKAGE, None], ids=str)
def test_odd_queries_and_forged_cursors_break_nothing(world: World, role: Role | None) -> None:
    service = world.service
    client = service.client(role)
    browser = PlainBrowser(service.address, language="en")
    if role is not None:
        browser.sign_in(service.token(role))
    for number, route in enumerate(one for one in (*API, *PAGES) if "GET" in one.methods):
        path = path_of(route, PROJECT, REGISTER, world.ids)
        for shift in range(3 if role is Role.AUDITOR else 2):
            query = QUERIES[(number + shift) % len(QUERIES)]
            answer = browser.get(f"{path}?{query}") if is_page(route) else client.get(f"{path}?{query}")
            assert answer.status_code < 500, (path, query[:60], answer.text[-300:])
            assert "<script>" not in answer.text.replace("<script src=", "")
            assert not answer.headers.get("location", "").startswith(("//", "http"))


BODIES = {
    "gzip": ({"content-encoding": "gzip", "content-type": "application/json"}, b"\x1f\x8b\x08\x00" + b"\0" * 20),
    "deflate": ({"content-encoding": "deflate", "content-type": "application/json"}, b"x\x9c"),
    "br": ({"content-encoding": "br", "content-type": "application/json"}, b"\x0b"),
    "text": ({"content-type": "text/plain"}, b'{"reason": "r"}'),
    "form": ({"content-type": "application/x-www-form-urlencoded"}, b"reason=r"),
    "multipart": ({"content-type": "multipart/form-data; boundary=x"}, b"--x--"),
    "utf-16": ({"content-type": "application/json; charset=utf-16"}, '{"reason": "r"}'.encode("utf-16")),
    "parquet": ({"content-type": "application/vnd.apache.parquet"}, b"PAR1PAR1"),
    "no type": ({}, b'{"reason": "r"}'),
    "other host": ({"host": "evil.example", "content-type": "application/json"}, b"{}"),
    "forwarded": (
        {"x-forwarded-host": "evil.example", "x-forwarded-proto": "gopher", "x-original-url": "/v1/users"},
        b"{}",
    ),
    "override": ({"x-http-method-override": "DELETE", "content-type": "application/json"}, b"{}"),
}


@pytest.mark.parametrize("name", BODIES)
def test_bodies_of_another_kind_change_nothing(world: World, name: str) -> None:
    """Every route that takes a body, asked by a role that may: compressed, mistyped, or for another host."""
    headers, body = BODIES[name]
    service = world.service
    with service.installation.ledger.reading() as state:
        before = {
            one.id: one.version for one in (*state.select(Release), *state.select(Run), *state.select(Submission))
        }
    for route in API:
        if next(iter(route.methods)) not in ("POST", "PUT", "PATCH"):
            continue
        role = roles_of(route)[0]
        path = path_of(route, PROJECT, REGISTER, {**world.ids, "run": "0" * 32, "release": "0" * 32, "job": "0" * 32})
        client = service.client(role if role in REGISTER_BOUND or role is not Role.ADMIN else Role.ADMIN)
        answer = client.request(next(iter(route.methods)), path, content=body, headers=headers)
        assert answer.status_code < 500, (path, answer.text[-300:])
        assert "evil.example" not in answer.text
        assert "evil.example" not in str(answer.headers)
    assert versions(service) == before


def versions(service: Service) -> dict[str, int]:
    with service.installation.ledger.reading() as state:
        things = (*state.select(Release), *state.select(Run), *state.select(Submission))
    return {one.id: one.version for one in things}
