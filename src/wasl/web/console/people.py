"""Users and their tokens: asked for by one administrator, agreed to by another, redeemed by their owner."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from wasl.errors import InputError, NotFoundError, StateError
from wasl.service import users
from wasl.service.access import Action, Role
from wasl.service.ports import Caller
from wasl.service.records import Project, Register, Token, User
from wasl.web.console.pages import AnyPage, Page, Pages
from wasl.web.console.sayings import say_error
from wasl.web.console.titles import register_title
from wasl.web.problems import status_of
from wasl.web.secrets import new_part

__all__ = ["pages"]

pages = Pages()

SHOWN = 200
DEFAULT_DAYS = 90


@pages("GET", "/console/users", Action.USER_MANAGE, logged_as="users")
def show_users(page: AnyPage) -> Response:
    """The users."""
    return _users_page(page)


def _users_page(page: Page, fault: Any = None) -> Response:
    with page.office.ledger.reading() as state:
        found = state.select(User, limit=SHOWN)
        tokens = state.select(Token, revoked=False)
    roles: dict[str, set[str]] = {}
    for one in tokens:
        roles.setdefault(one.user, set()).add(one.role)
    status = fault.status if fault else 200
    return page.render("users.html", status=status, fault=fault, users=found, roles=roles)


@pages("POST", "/console/users", Action.USER_MANAGE)
def add_user(page: AnyPage) -> Response:
    """Add a user."""
    name, title = page.form.text("name", most=63), page.form.text("title", most=200)
    try:
        made = page.once(lambda caller: users.add_user(page.office, caller, name=name, title=title))
    except (InputError, StateError) as error:
        return _users_page(page, say_error(error, status_of(error), page.language))
    return page.go(f"/console/users/{made}", said="user-added")


@pages("GET", "/console/users/{user}", Action.USER_MANAGE, logged_as="tokens")
def show_user(page: AnyPage, user: str) -> Response:
    """A user with the tokens, without their secrets."""
    return _user_page(page, user)


@pages("POST", "/console/users/{user}/tokens", Action.USER_MANAGE)
def ask_for_token(page: AnyPage, user: str) -> Response:
    """Ask for a token; the answer holds a part of the invitation, in this one answer."""
    form = page.form
    role_text, days = form.text("role", most=20), form.number("days", least=1, most=3660)
    project, register = form.text("project", most=63) or None, form.text("register", most=63) or None
    parts: list[str] = []

    def ask(caller: Caller) -> Token:
        if role_text not in set(Role):
            raise InputError("choose a role.")
        asked = users.request_token(
            page.office,
            caller,
            user=user,
            role=Role(role_text),
            project=project,
            register=register,
            days=days,
            new_part=new_part,
        )
        parts.append(asked.part)
        return asked.token

    try:
        token = page.once(ask)
    except (InputError, NotFoundError, StateError) as error:
        return _user_page(page, user, fault=say_error(error, status_of(error), page.language))
    return _user_page(page, user, token=token, part="".join(parts))


@pages("POST", "/console/users/{user}/tokens/{token}/approve", Action.USER_MANAGE, confirms=True)
def approve(page: AnyPage, user: str, token: str) -> Response:
    """Agree to a token that another administrator asked for; the answer holds the other part of the invitation."""
    approved = users.approve_token(page.office, page.caller, token=token, version=page.form.version, new_part=new_part)
    return _user_page(page, user, token=token, part=approved.part)


@pages("POST", "/console/users/{user}/tokens/{token}/revoke", Action.USER_MANAGE)
def revoke(page: AnyPage, user: str, token: str) -> Response:
    """Make a token useless."""
    version = page.form.version
    page.once(lambda caller: users.revoke_token(page.office, caller, token=token, version=version))
    return page.go(f"/console/users/{user}", said="token-revoked")


@pages("POST", "/console/users/{user}/disable", Action.USER_MANAGE)
def disable(page: AnyPage, user: str) -> Response:
    """Make all tokens of a user useless, and end the user's sessions."""
    version = page.form.version
    page.once(lambda caller: users.disable_user(page.office, caller, name=user, version=version))
    page.sessions.close_all(user)
    return page.go(f"/console/users/{user}", said="user-disabled")


@pages("POST", "/console/users/{user}/enable", Action.USER_MANAGE)
def enable(page: AnyPage, user: str) -> Response:
    """Let a disabled user in again."""
    version = page.form.version
    page.once(lambda caller: users.enable_user(page.office, caller, name=user, version=version))
    return page.go(f"/console/users/{user}", said="user-enabled")


def _user_page(page: Page, user: str, *, token: str = "", part: str = "", fault: Any = None) -> Response:
    with page.office.ledger.reading() as state:
        found = state.get(User, user)
        tokens = state.select(Token, user=user, descending=True, limit=SHOWN)
        projects = state.select(Project)
        registers = state.select(Register)
        two = users.needs_two(page.office, state, page.caller)
    return page.render(
        "user.html",
        status=fault.status if fault else 200,
        fault=fault,
        user=found,
        tokens=tokens,
        projects_all=projects,
        registers=registers,
        reach=_reach(page, projects, registers),
        roles=[role.value for role in Role],
        token=token,
        part=part,
        two=two,
        days=min(DEFAULT_DAYS, page.office.limits.token_days),
        now=page.caller.stamp,
    )


def _reach(page: Page, projects: list[Project], registers: list[Register]) -> dict[tuple[str, str], str]:
    """Titles of what a token can reach: of each project, and of each register with that of its project."""
    titles = {(one.id, ""): one.title or one.id for one in projects}
    for one in registers:
        title = register_title(one.definition, page.language.language) or one.name
        titles[one.project, one.name] = f"{titles.get((one.project, ''), one.project)} / {title}"
    return titles
