"""The matrix: every role, every route, own and other projects and registers, as the table of permissions says.

Threats: a holder through the API wants another holder's records; a wrong tenant.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from fastapi.routing import APIRoute
from service_support import (
    OTHER_PROJECT,
    OTHER_REGISTER,
    PROJECT,
    REGISTER,
    Service,
    invite,
)

from wasl.service.access import INSTALLATION_WIDE, PERMISSIONS, PUBLIC_ACTIONS, REGISTER_BOUND, Action, Role
from wasl.web.app import TOPICS

ROUTES = [route for topic in TOPICS for route in topic.routes.router.routes if isinstance(route, APIRoute)]
NOWHERE = "0" * 32


@dataclass(frozen=True)
class Asked:
    """A request to make: which route, and where."""

    method: str
    path: str
    action: Action
    project: str | None
    register: str | None


def action_of(route: APIRoute) -> Action:
    return Action((route.openapi_extra or {})["x-wasl-action"])


def asked(route: APIRoute) -> Iterator[Asked]:
    """The route at every place it has: own and other project, own and other register."""
    method = next(iter(route.methods))
    projects = (PROJECT, OTHER_PROJECT) if "{project}" in route.path else (None,)
    registers = (REGISTER, OTHER_REGISTER) if "{register}" in route.path else (None,)
    for project in projects:
        for register in registers:
            path = route.path.replace("{project}", str(project)).replace("{register}", str(register))
            for name in ("submission", "run", "release", "job", "user", "token", "menu", "order", "pair"):
                path = path.replace(f"{{{name}}}", NOWHERE)
            yield Asked(method, path, action_of(route), project, register)


def test_every_route_names_an_action_of_the_table() -> None:
    assert ROUTES
    assert {action_of(route) for route in ROUTES} == set(Action)


def test_every_action_is_in_the_table() -> None:
    assert set(PERMISSIONS) == set(Action)


def test_nobody_may_both_request_and_decide() -> None:
    for first in (Action.RELEASE_PREPARE, Action.RELEASE_REQUEST, Action.RELEASE_PUBLISH):
        for second in (Action.RELEASE_APPROVE, Action.RELEASE_REFUSE):
            assert not PERMISSIONS[first] & PERMISSIONS[second]


def test_the_administrator_touches_neither_data_nor_releases() -> None:
    data = ("delivery", "join-map", "payload", "pairs", "links", "spine", "release", "review", "linkage", "package")
    mine = {action for action, roles in PERMISSIONS.items() if Role.ADMIN in roles}
    assert not {action for action in mine if action.value.split(".")[0] in data}


def test_similarity_scores_never_leave_the_linkage_and_spine_roles() -> None:
    assert PERMISSIONS[Action.PAIRS_READ] == {Role.LINKAGE}
    assert PERMISSIONS[Action.LINKS_READ] == {Role.SPINE}


@pytest.mark.parametrize("role", [*Role, None], ids=lambda role: str(role or "public"))
def test_matrix(shared_service: Service, role: Role | None) -> None:
    """The answer is 401 or 403 exactly where the table and the scope of the token say so."""
    wrong: list[str] = []
    denied = 0
    before = shared_service.log_size()
    granted_writes = 0
    scopes = (PROJECT,) if role in REGISTER_BOUND or role is None else (PROJECT, None)
    for scope in scopes:
        client = shared_service.client(role, scope)
        for route in ROUTES:
            for one in asked(route):
                answer = client.request(one.method, one.path, json={} if one.method != "GET" else None)
                refused = answer.status_code in (401, 403) and one.action is not Action.INVITATION_REDEEM
                expected = not allowed(role, scope, one)
                if refused != expected:
                    wrong.append(f"{one.method} {one.path} [{scope}]: {answer.status_code}")
                unready = one.path.endswith("/ready") and answer.status_code == 503  # no worker runs here
                assert answer.status_code < 500 or unready, f"{one.method} {one.path}: {answer.text}"
                denied += refused
                granted_writes += not refused and answer.status_code < 400 and one.method != "GET"
    assert not wrong
    if role is not None:  # denials of the public are counted, see test_edge
        assert shared_service.log_size() >= before + denied + granted_writes


def allowed(role: Role | None, scope: str | None, one: Asked) -> bool:
    if one.action in PUBLIC_ACTIONS:
        return True
    if role is None or role not in PERMISSIONS[one.action]:
        return False
    if scope is not None and (one.path == "/v1/audit/export" or one.action in INSTALLATION_WIDE):
        return False
    if scope is not None and one.project not in (None, scope):
        return False
    return role not in REGISTER_BOUND or one.register in (None, REGISTER)


@pytest.mark.parametrize("token", ["", "wasl_x", "wasl_" + "0" * 32 + "_" + "A" * 43, "eyJhbGciOiJub25lIn0.e30."])
def test_a_token_nobody_issued_is_refused(shared_service: Service, token: str) -> None:
    answer = shared_service.bearer(token).get("/v1/projects")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_revoked_token_is_dead_at_once(shared_service: Service) -> None:
    admin = shared_service.client(Role.ADMIN, None)
    admin.post("/v1/users", json={"name": "brief"})
    issued = invite(admin, "brief", role="admin")
    brief = shared_service.bearer(issued["secret"])
    assert brief.get("/v1/whoami").json()["name"] == "brief"
    revoked = admin.post(f"/v1/tokens/{issued['id']}/revoke", headers={"If-Match": f'"v{issued["version"]}"'})
    assert revoked.json()["revoked"] is True
    assert brief.get("/v1/whoami").status_code == 401


def test_a_disabled_user_has_no_tokens(shared_service: Service) -> None:
    admin = shared_service.client(Role.ADMIN, None)
    admin.post("/v1/users", json={"name": "gone"})
    issued = invite(admin, "gone", role="admin")
    assert admin.post("/v1/users/gone/disable", headers={"If-Match": '"v1"'}).status_code == 200
    assert shared_service.bearer(issued["secret"]).get("/v1/whoami").status_code == 401


def test_a_token_is_shown_once(shared_service: Service) -> None:
    admin = shared_service.client(Role.ADMIN, None)
    admin.post("/v1/users", json={"name": "once"})
    ask = {"json": {"role": "admin"}, "headers": {"Idempotency-Key": "token-for-once"}}
    first = admin.post("/v1/users/once/tokens", **ask).json()
    again = admin.post("/v1/users/once/tokens", **ask).json()
    assert first["id"] == again["id"]
    assert (bool(first["part"]), again["part"]) == (True, "")
    place, parts = f"/v1/invitations/{first['id']}", {"parts": [first["part"]]}
    assert admin.post(place, json={"parts": ["wrong"]}).status_code == 403
    assert admin.post(place, json=parts).json()["secret"].startswith(f"wasl_{first['id']}_")
    assert admin.post(place, json=parts).status_code == 403


def test_a_holders_token_needs_its_register(shared_service: Service) -> None:
    admin = shared_service.client(Role.ADMIN, None)
    answer = admin.post(f"/v1/users/{NOWHERE}/tokens", json={"role": "holder", "project": PROJECT})
    assert answer.status_code == 422
