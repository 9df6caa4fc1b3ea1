"""Users and tokens, for administrators."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import Request, Response
from pydantic import BaseModel, Field

from wasl.service import users
from wasl.service.access import Action, Role
from wasl.service.records import Token, User
from wasl.web.api.pagination import Page, Paging
from wasl.web.api.parameters import Identifier, UserName, UserWord
from wasl.web.api.versions import IF_MATCH, SeenVersion, tag
from wasl.web.api.views import InvitationView, IssuedTokenView, TokenView, UserView
from wasl.web.authorization import AnyCaller, Routes, office_of
from wasl.web.idempotency import once
from wasl.web.secrets import new_part, new_secret

routes = Routes("users")

DEFAULT_DAYS = 90


class NewUser(BaseModel):
    """A user to add."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._@-]{0,62}$", examples=["amina"])
    title: str = Field(default="", max_length=200, examples=["Release desk, HCP"])


class NewToken(BaseModel):
    """A token to issue."""

    role: Role = Field(examples=["holder"])
    project: str | None = Field(default=None, max_length=63, examples=["simimo"])
    register_name: str | None = Field(default=None, alias="register", max_length=63, examples=["cnss-employees"])
    days: int = Field(default=DEFAULT_DAYS, strict=True, ge=1, le=3660)


class Redemption(BaseModel):
    """The parts of an invitation."""

    parts: list[Annotated[str, Field(max_length=100, examples=["hJ3kq0mB1sXw7yZ2aC4dEg"])]] = Field(
        min_length=1, max_length=2
    )


class WhoAmI(BaseModel):
    """The user, role and reach of the token."""

    name: UserWord
    role: Role | None = Field(examples=["holder"])
    project: str | None = Field(examples=["simimo"])
    register_name: str | None = Field(serialization_alias="register", examples=["cnss-employees"])


@routes("GET", "/whoami", Action.WHOAMI)
async def whoami(caller: AnyCaller) -> WhoAmI:
    """The user, the role and the reach of this token."""
    actor = caller.actor
    return WhoAmI(name=actor.name, role=actor.role, project=actor.project, register_name=actor.register)


@routes("GET", "/users", Action.USER_MANAGE, logged_as="users")
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
    tag(response, found, at=f"/v1/users/{name}")
    return UserView.of(found)


@routes("GET", "/users/{user}", Action.USER_MANAGE, logged_as="users")
def read_user(request: Request, response: Response, user: UserName) -> UserView:
    """A user."""
    with office_of(request).ledger.reading() as state:
        found = state.get(User, user)
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


@routes("POST", "/users/{user}/enable", Action.USER_MANAGE, openapi_extra=IF_MATCH)
def enable_user(
    request: Request, response: Response, caller: AnyCaller, user: UserName, version: SeenVersion
) -> UserView:
    """Let a disabled user in again."""
    office = office_of(request)
    once(request, caller, lambda: users.enable_user(office, caller, name=user, version=version))
    with office.ledger.reading() as state:
        found = state.get(User, user)
    tag(response, found)
    return UserView.of(found)


@routes("GET", "/users/{user}/tokens", Action.USER_MANAGE, logged_as="tokens")
def list_tokens(request: Request, user: UserName, paging: Paging) -> Page[TokenView]:
    """A user's tokens, without their secrets."""
    with office_of(request).ledger.reading() as state:
        state.get(User, user)
        found = state.select(Token, after=paging.after, limit=paging.limit + 1, user=user)
    return paging.page(TokenView, found)


@routes("POST", "/users/{user}/tokens", Action.USER_MANAGE, status=201)
def request_token(
    request: Request, response: Response, caller: AnyCaller, user: UserName, body: NewToken
) -> InvitationView:
    """Ask for a token for a user. The answer holds a part of the invitation, in this one response.

    Give it to the user: he redeems the invitation and sees the secret, once. Where a second administrator must
    approve, that administrator gets the other part.
    """
    office = office_of(request)
    parts: list[str] = []

    def ask() -> Token:
        asked = users.request_token(
            office,
            caller,
            user=user,
            role=body.role,
            project=body.project,
            register=body.register_name,
            days=body.days,
            new_part=new_part,
        )
        parts.append(asked.part)
        return asked.token

    return _invitation(request, response, once(request, caller, ask), parts)


@routes("POST", "/tokens/{token}/approve", Action.USER_MANAGE, openapi_extra=IF_MATCH)
def approve_token(
    request: Request, response: Response, caller: AnyCaller, token: Identifier, version: SeenVersion
) -> InvitationView:
    """Agree to a token that another administrator asked for; the answer holds the other part of the invitation."""
    office = office_of(request)
    parts: list[str] = []

    def approve() -> Token:
        approved = users.approve_token(office, caller, token=token, version=version, new_part=new_part)
        parts.append(approved.part)
        return approved.token

    return _invitation(request, response, once(request, caller, approve), parts)


@routes("POST", "/invitations/{token}", Action.INVITATION_REDEEM, status=201)
def redeem_invitation(
    request: Request, response: Response, caller: AnyCaller, token: Identifier, body: Redemption
) -> IssuedTokenView:
    """Redeem an invitation: the answer holds the token's secret, in this one response and nowhere else."""
    office = office_of(request)
    issued = users.redeem_token(
        office, replace(caller, receipt=None), token=token, parts=body.parts, new_secret=new_secret
    )
    tag(response, issued.token, at=f"/v1/users/{issued.token.user}/tokens")
    return IssuedTokenView.of(issued.token).model_copy(update={"secret": issued.secret})


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


def _invitation(request: Request, response: Response, name: str, parts: list[str]) -> InvitationView:
    with office_of(request).ledger.reading() as state:
        found = state.get(Token, name)
    tag(response, found, at=f"/v1/users/{found.user}/tokens")
    return InvitationView.of(found).model_copy(update={"part": "".join(parts)})
