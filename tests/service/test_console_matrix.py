"""The matrix over pages: every role, every page, own and other projects and registers, as the table says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute
from pages_support import PlainBrowser
from service_support import OTHER_PROJECT, OTHER_REGISTER, PROJECT, REGISTER, Service

from wasl.service.access import INSTALLATION_WIDE, PERMISSIONS, PUBLIC_ACTIONS, REGISTER_BOUND, Action, Role
from wasl.web.console.routes import PAGE_TOPICS

PAGES = [route for topic in PAGE_TOPICS for route in topic.pages.router.routes if isinstance(route, APIRoute)]
NAMES = ("submission", "run", "release", "job", "user", "token", "pair", "what", "menu", "order", "dossier", "name")
NOWHERE = "0" * 32


def action_of(route: APIRoute) -> Action:
    return Action((route.openapi_extra or {})["x-wasl-action"])


def places(route: APIRoute) -> Iterator[tuple[str, str | None, str | None]]:
    projects = (PROJECT, OTHER_PROJECT) if "{project}" in route.path else (None,)
    registers = (REGISTER, OTHER_REGISTER) if "{register}" in route.path else (None,)
    for project in projects:
        for register in registers:
            path = route.path.replace("{project}", str(project)).replace("{register}", str(register))
            for name in NAMES:
                path = path.replace(f"{{{name}}}", NOWHERE)
            yield path.replace("{index}", "0"), project, register


def allowed(role: Role | None, scope: str | None, action: Action, project: str | None, register: str | None) -> bool:
    if action in PUBLIC_ACTIONS:
        return True
    if role is None or role not in PERMISSIONS[action]:
        return False
    if scope is not None and (action in INSTALLATION_WIDE or (project is not None and project != scope)):
        return False
    return not (role in REGISTER_BOUND and register is not None and register != REGISTER)


def test_every_page_names_an_action() -> None:
    assert len(PAGES) > 80
    assert all(action_of(route) for route in PAGES)


@pytest.mark.parametrize("role", [*Role, None], ids=lambda role: str(role or "public"))
def test_matrix_of_pages(shared_service: Service, role: Role | None) -> None:
    """A page answers 403, or leads to the sign-in, exactly where the table and the reach of the token say so."""
    wrong: list[str] = []
    scopes = (PROJECT,) if role in REGISTER_BOUND or role is None else (PROJECT, None)
    for scope in scopes:
        browser = PlainBrowser(shared_service.address)
        if role is not None:
            assert browser.sign_in(shared_service.token(role, scope)).status_code == 303
        token = browser.token("/console/account" if role is not None else "/console/sign-in")
        for route in PAGES:
            if route.path.startswith(("/console/sign-", "/console/account/sign-out", "/console/oidc")):
                continue
            method = next(iter(route.methods))
            for path, project, register in places(route):
                answer = browser.get(path) if method == "GET" else browser.post(path, {"form_token": token})
                to_sign_in = answer.headers.get("location", "").startswith("/console/sign-in")
                refused = answer.status_code == 403 or to_sign_in
                if (route.path, method) == ("/console/invitation", "POST"):
                    continue  # refuses whatever invitation is not one
                if (route.path, method) == ("/console/projects", "POST") and scope is not None:
                    continue  # the name of the new project is in the form, and is not the token's
                if route.path == "/console/log/export" and scope is not None:
                    continue  # holds every project's entries: the function refuses it, beside the table
                if refused == allowed(role, scope, action_of(route), project, register):
                    wrong.append(f"{method} {path} [{scope}]: {answer.status_code}")
                assert answer.status_code < 500, f"{method} {path}: {answer.text[-800:]}"
    assert not wrong
