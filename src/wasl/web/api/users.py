"""Users and tokens, for administrators."""

from __future__ import annotations

from fastapi import Request, Response
from pydantic import BaseModel, Field

from wasl.service import users
from wasl.service.access import Action, Role
from wasl.service.records import Token, User
from wasl.web.api.views import (
    IF_MATCH,
    Identifier,
    IssuedTokenView,
    Page,
    Paging,
    SeenVersion,
    TokenView,
    UserName,
    UserView,
    tag,
)
from wasl.web.authorization import AnyCaller, Routes, office_of
from wasl.web.idempotency import once
from wasl.web.secrets import new_secret

routes = Routes("users")

DEFAULT_DAYS = 90


class NewUser(BaseModel):
    """A user to add."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._@-]{0,62}$", examples=["amina"])
    title: str = Field(default="", max_length=200, examples=["Release desk, HCP"])


class NewToken(BaseModel):
    """A token to issue."""

    role: Role
    project: str | None = Field(default=None, max_length=63, examples=["simimo"])
    register_name: str | None = Field(default=None, alias="register", max_length=63, examples=["cnss-employees"])
    days: int = Field(default=DEFAULT_DAYS, ge=1, le=3660)


class WhoAmI(BaseModel):
    """Who the token says you are."""

    name: str
    role: Role | None
    project: str | None
    register_name: str | None = Field(serialization_alias="register")


@routes("GET", "/whoami", Action.WHOAMI)
def whoami(caller: AnyCaller) -> WhoAmI:
    """Who this token is, and how far it reaches."""
    actor = caller.actor
    return WhoAmI(name=actor.name, role=actor.role, project=actor.project, register_name=actor.register)


@routes("GET", "/users", Action.USER_MANAGE)
def list_users(request: Request, paging: Paging) -> Page[UserView]:
    """The users."""
    with office_of(request).ledger.reading() as state:
        found = state.select(User, after=paging.after, limit=paging.limit + 1)
    return paging.page(UserView, found)


@routes("POST", "/users", Action.USER_MANAGE, status=201)
def add_user(request: Request, response: Response, caller: AnyCaller, body: NewUser) -> UserView:
    """Add a user."""
    office = office_of(request)
    name = once(request, caller, lambda: users.add_user(office, caller, name=body.name, title=body.title))
    with office.ledger.reading() as state:
        found = state.get(User, name)
    tag(response, found)
    return UserView.of(found)


@routes("POST", "/users/{user}/disable", Action.USER_MANAGE, openapi_extra=IF_MATCH)
def disable_user(
    request: Request, response: Response, caller: AnyCaller, user: UserName, version: SeenVersion
) -> UserView:
    """Make all tokens of a user useless."""
    office = office_of(request)
    once(request, caller, lambda: users.disable_user(office, caller, name=user, version=version))
    with office.ledger.reading() as state:
        found = state.get(User, user)
    tag(response, found)
    return UserView.of(found)


@routes("GET", "/users/{user}/tokens", Action.USER_MANAGE)
def list_tokens(request: Request, user: UserName, paging: Paging) -> Page[TokenView]:
    """A user's tokens, without their secrets."""
    with office_of(request).ledger.reading() as state:
        state.get(User, user)
        found = state.select(Token, after=paging.after, limit=paging.limit + 1, user=user)
    return paging.page(TokenView, found)


@routes("POST", "/users/{user}/tokens", Action.USER_MANAGE, status=201)
def issue_token(
    request: Request, response: Response, caller: AnyCaller, user: UserName, body: NewToken
) -> IssuedTokenView:
    """Issue a token; its secret is in this one response and nowhere else."""
    office = office_of(request)
    secrets: list[str] = []

    def issue() -> Token:
        issued = users.issue_token(
            office,
            caller,
            user=user,
            role=body.role,
            project=body.project,
            register=body.register_name,
            days=body.days,
            new_secret=new_secret,
        )
        secrets.append(issued.secret)
        return issued.token

    name = once(request, caller, issue)
    with office.ledger.reading() as state:
        found = state.get(Token, name)
    tag(response, found)
    return IssuedTokenView.of(found).model_copy(update={"secret": "".join(secrets)})


@routes("POST", "/tokens/{token}/revoke", Action.USER_MANAGE, openapi_extra=IF_MATCH)
def revoke_token(
    request: Request, response: Response, caller: AnyCaller, token: Identifier, version: SeenVersion
) -> TokenView:
    """Make a token useless."""
    office = office_of(request)
    once(request, caller, lambda: users.revoke_token(office, caller, token=token, version=version))
    with office.ledger.reading() as state:
        found = state.get(Token, token)
    tag(response, found)
    return TokenView.of(found)
