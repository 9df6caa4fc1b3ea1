"""Users and their tokens: a token's secret is shown once and kept only as a hash."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from wasl.audit.events import TokenIssued, TokenRevoked, UserAdded, UserDisabled
from wasl.errors import AccessError, InputError, StateError
from wasl.service.access import RESERVED_NAMES, Action, Actor, Role
from wasl.service.ports import Caller, Office, Reader
from wasl.service.projects import register_id
from wasl.service.records import Project, Register, Token, User

__all__ = ["IssuedToken", "add_user", "disable_user", "issue_token", "revoke_token", "token_actor"]

USER_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,62}")


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token and, this once, its secret."""

    token: Token
    secret: str

    def __repr__(self) -> str:
        return f"IssuedToken({self.token.id})"


def add_user(office: Office, caller: Caller, *, name: str, title: str = "") -> User:
    """Make a user known.

    Raises:
        InputError: The name is not a short name.
        StateError: The user is known already.
    """
    caller.check(Action.USER_MANAGE)
    if USER_NAME.fullmatch(name) is None or name in RESERVED_NAMES:
        raise InputError("a user's name is made of a-z, 0-9, '.', '_', '@' and '-', 63 characters at most.")
    user = User(id=name, created_at=caller.stamp, created_by=caller.actor.name, title=title)
    with office.ledger.writing(caller) as ledger:
        ledger.save(user, event=caller.event(UserAdded(), subject=name))
        return ledger.get(User, name)


def disable_user(office: Office, caller: Caller, *, name: str, version: int) -> User:
    """Make all tokens of a user useless."""
    caller.check(Action.USER_MANAGE)
    with office.ledger.writing(caller) as ledger:
        user = ledger.get(User, name)
        event = caller.event(UserDisabled(), subject=name)
        ledger.save(replace(user, version=version, disabled=True), event=event)
        return ledger.get(User, name)


def issue_token(
    office: Office,
    caller: Caller,
    *,
    user: str,
    role: Role,
    project: str | None,
    register: str | None,
    days: int,
    new_secret: Callable[[], tuple[str, str]],
) -> IssuedToken:
    """Issue a token for one role, as far as it should reach.

    Args:
        office: Surroundings.
        caller: Who asks.
        user: For whom.
        role: What it allows.
        project: The only project it reaches; a holder's needs one.
        register: The only register it reaches; a holder's needs one.
        days: How long it lives.
        new_secret: Makes a secret and its hash.

    Raises:
        InputError: The scope does not hold together, or the life is too long.
        StateError: The user is disabled, or is to decide on what he himself administers.
    """
    caller.check(Action.USER_MANAGE)
    Actor(user, role, project, register)
    if not 1 <= days <= office.limits.token_days:
        raise InputError(f"a token lives between 1 and {office.limits.token_days} days.")
    secret, secret_hash = new_secret()
    token = Token(
        id=office.new_id(),
        created_at=caller.stamp,
        created_by=caller.actor.name,
        user=user,
        role=role.value,
        project=project,
        register=register,
        secret_hash=secret_hash,
        expires_at=replace(caller, at=caller.at + timedelta(days=days)).stamp,
    )
    with office.ledger.writing(caller) as ledger:
        if ledger.get(User, user).disabled:
            raise StateError(f"the user {user!r} is disabled.")
        if project is not None:
            ledger.get(Project, project)
        if project is not None and register is not None:
            ledger.get(Register, register_id(project, register))
        event = caller.event(
            TokenIssued(user=user, token_role=role.value, register=register or "", expires=token.expires_at),
            project=project or "",
            subject=token.id,
        )
        ledger.save(token, event=event)
        return IssuedToken(ledger.get(Token, token.id), f"wasl_{token.id}_{secret}")


def revoke_token(office: Office, caller: Caller, *, token: str, version: int) -> Token:
    """Make a token useless.

    Raises:
        StateError: It is revoked already.
    """
    caller.check(Action.USER_MANAGE)
    with office.ledger.writing(caller) as ledger:
        found = ledger.get(Token, token)
        if found.revoked:
            raise StateError(f"token {token} is revoked already.")
        event = caller.event(TokenRevoked(), project=found.project or "", subject=token)
        ledger.save(replace(found, version=version, revoked=True), event=event)
        return ledger.get(Token, token)


def token_actor(ledger: Reader, token_id: str, now: datetime) -> tuple[Actor, str]:
    """The actor a token makes, and the hash its secret must fit.

    Raises:
        AccessError: There is no such token, or it is expired or revoked, or its user disabled.
    """
    token = ledger.find(Token, token_id)
    user = None if token is None else ledger.find(User, token.user)
    dead = token is None or user is None or token.revoked or user.disabled
    if token is None or dead or datetime.fromisoformat(token.expires_at) <= now:
        raise AccessError("this token is not valid (any more).", remedy="Ask the administrator for a new one.")
    actor = Actor(token.user, Role(token.role), token.project, token.register, token.id, token.created_by)
    return actor, token.secret_hash
