"""Users and their tokens: a token's secret is shown once and kept only as a hash."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from wasl.audit.events import (
    TokenApproved,
    TokenIssued,
    TokenRedeemed,
    TokenRequested,
    TokenRevoked,
    UserAdded,
    UserDisabled,
    UserEnabled,
)
from wasl.errors import AccessError, InputError, StateError
from wasl.service.access import RESERVED_NAMES, Action, Actor, Role
from wasl.service.ports import Caller, Office, Reader
from wasl.service.projects import register_id
from wasl.service.records import Project, Register, Token, TokenStatus, User

__all__ = [
    "Invitation",
    "IssuedToken",
    "add_user",
    "administrators",
    "approve_token",
    "disable_user",
    "enable_user",
    "issue_token",
    "needs_two",
    "redeem_token",
    "request_token",
    "revoke_token",
    "token_actor",
]

USER_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,62}")


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token and, this once, its secret."""

    token: Token
    secret: str

    def __repr__(self) -> str:
        return f"IssuedToken({self.token.id})"


@dataclass(frozen=True, slots=True)
class Invitation:
    """A token that waits for its owner, and the caller's part of the invitation."""

    token: Token
    part: str

    def __repr__(self) -> str:
        return f"Invitation({self.token.id})"


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
    """Make all tokens of a user useless.

    Raises:
        StateError: He is the last administrator.
    """
    caller.check(Action.USER_MANAGE)
    with office.ledger.writing(caller) as ledger:
        user = ledger.get(User, name)
        _require_another_administrator(ledger, caller.at, without_user=name)
        event = caller.event(UserDisabled(), subject=name)
        ledger.save(replace(user, version=version, disabled=True), event=event)
        return ledger.get(User, name)


def enable_user(office: Office, caller: Caller, *, name: str, version: int) -> User:
    """Make the tokens of a disabled user work again, those that are neither revoked nor expired.

    Raises:
        StateError: The user is not disabled.
    """
    caller.check(Action.USER_MANAGE)
    with office.ledger.writing(caller) as ledger:
        user = ledger.get(User, name)
        if not user.disabled:
            raise StateError(f"the user {name!r} is not disabled.")
        ledger.save(replace(user, version=version, disabled=False), event=caller.event(UserEnabled(), subject=name))
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
    """Issue a token whose secret the caller sees: for the operator of the machine, while there is one administrator.

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
        StateError: The user is disabled, or two administrators must agree.
    """
    secret, secret_hash = new_secret()
    token = replace(_new_token(office, caller, user, role, project, register, days), secret_hash=secret_hash)
    with office.ledger.writing(caller) as ledger:
        if needs_two(office, ledger, caller):
            raise StateError(
                "two administrators must agree to a token.",
                remedy="One of them asks for it (POST /v1/users/{user}/tokens), another one approves it.",
            )
        _require_scope(ledger, token)
        happening = TokenIssued(user=user, token_role=role.value, register=register or "", expires=token.expires_at)
        ledger.save(token, event=caller.event(happening, project=project or "", subject=token.id))
        return IssuedToken(ledger.get(Token, token.id), f"wasl_{token.id}_{secret}")


def request_token(
    office: Office,
    caller: Caller,
    *,
    user: str,
    role: Role,
    project: str | None,
    register: str | None,
    days: int,
    new_part: Callable[[], str],
) -> Invitation:
    """Ask for a token for another user; its owner redeems it with the invitation, and only he sees the secret.

    Where two administrators must agree, the invitation has two parts: the one who asks gets the first here, the one
    who approves gets the second. Neither can redeem the token alone.

    Raises:
        AccessError: An administrator asks for a token for himself.
        InputError: The scope does not hold together, or the life is too long.
        StateError: The user is disabled.
    """
    if user == caller.actor.name:
        raise AccessError("nobody grants himself a role.", remedy="Another administrator must ask for it.")
    part = new_part()
    token = _new_token(office, caller, user, role, project, register, days)
    with office.ledger.writing(caller) as ledger:
        _require_scope(ledger, token)
        both = needs_two(office, ledger, caller)
        asked = TokenStatus.REQUESTED if both else TokenStatus.INVITED
        token = replace(token, status=asked, invitation=[_hashed(part)])
        kind = TokenRequested if both else TokenIssued
        happening = kind(user=user, token_role=role.value, register=register or "", expires=token.expires_at)
        ledger.save(token, event=caller.event(happening, project=project or "", subject=token.id))
        return Invitation(ledger.get(Token, token.id), part)


def approve_token(
    office: Office, caller: Caller, *, token: str, version: int, new_part: Callable[[], str]
) -> Invitation:
    """Agree to a token that another administrator asked for.

    Raises:
        AccessError: The caller asked for it himself, or it is for him.
        StateError: It is not waiting for a second administrator.
    """
    caller.check(Action.USER_MANAGE)
    part = new_part()
    with office.ledger.writing(caller) as ledger:
        found = ledger.get(Token, token)
        if caller.actor.name in (found.created_by, found.user):
            raise AccessError(
                "whoever asked for a token, or is to have it, cannot approve it.",
                remedy="Another administrator must approve.",
            )
        if found.status is not TokenStatus.REQUESTED or found.revoked:
            raise StateError(f"token {token} does not wait for a second administrator.")
        approved = replace(
            found,
            version=version,
            status=TokenStatus.INVITED,
            approved_by=caller.actor.name,
            invitation=[*found.invitation, _hashed(part)],
        )
        happening = TokenApproved(user=found.user, token_role=found.role)
        ledger.save(approved, event=caller.event(happening, project=found.project or "", subject=token))
        return Invitation(ledger.get(Token, token), part)


def redeem_token(
    office: Office, caller: Caller, *, token: str, parts: Sequence[str], new_secret: Callable[[], tuple[str, str]]
) -> IssuedToken:
    """Turn an invitation into a token and show its secret to its owner, once.

    Args:
        office: Surroundings.
        caller: The public: the invitation is what the owner has.
        token: Its id.
        parts: The parts of the invitation, in any order.
        new_secret: Makes a secret and its hash.

    Raises:
        AccessError: There is no such invitation, a part is wrong, or it was redeemed before.
    """
    refused = AccessError("this invitation is not valid (any more).", remedy="Ask your administrators for a new one.")
    given = sorted({_hashed(part) for part in parts})
    with office.ledger.reading() as state:
        _require_invitation(state, token, given, caller.at, refused)  # before the hash, which is slow on purpose
    secret, secret_hash = new_secret()
    with office.ledger.writing(caller) as ledger:
        found = _require_invitation(ledger, token, given, caller.at, refused)
        owner = replace(caller, actor=Actor(found.user, None))
        active = replace(found, status=TokenStatus.ACTIVE, secret_hash=secret_hash, invitation=[])
        happening = TokenRedeemed(token_role=found.role)
        ledger.save(active, event=owner.event(happening, project=found.project or "", subject=token))
        return IssuedToken(ledger.get(Token, token), f"wasl_{token}_{secret}")


def revoke_token(office: Office, caller: Caller, *, token: str, version: int) -> Token:
    """Make a token useless.

    Raises:
        StateError: It is revoked already, or is the last administrator's.
    """
    caller.check(Action.USER_MANAGE)
    with office.ledger.writing(caller) as ledger:
        found = ledger.get(Token, token)
        if found.revoked:
            raise StateError(f"token {token} is revoked already.")
        _require_another_administrator(ledger, caller.at, without_token=token)
        event = caller.event(TokenRevoked(), project=found.project or "", subject=token)
        ledger.save(replace(found, version=version, revoked=True), event=event)
        return ledger.get(Token, token)


def needs_two(office: Office, ledger: Reader, caller: Caller) -> bool:
    """Tell if two administrators must agree to a token, as the setting demands.

    They must once there were two. Otherwise one of two could disable the other and then act alone. They must wherever
    the caller has an account of an issuer, because the service cannot count the issuer's administrators. The operator
    of the machine can let somebody in while one administrator is left.
    """
    if not office.two_person:
        return False
    actor = caller.actor
    if actor.name in RESERVED_NAMES:
        return len(administrators(ledger, caller.at)) > 1
    return not actor.token_id or len(_ever_administrators(ledger)) > 1


def _ever_administrators(ledger: Reader) -> set[str]:
    """The users who have, or had, a token of an administrator of the whole installation."""
    tokens = ledger.select(Token, role=Role.ADMIN.value, status=TokenStatus.ACTIVE, project=None)
    return {token.user for token in tokens}


def administrators(ledger: Reader, at: datetime, *, without_user: str = "", without_token: str = "") -> set[str]:
    """The enabled users with a live token of an administrator of the whole installation."""
    tokens = ledger.select(Token, role=Role.ADMIN.value, revoked=False, status=TokenStatus.ACTIVE, project=None)
    disabled = {user.id for user in ledger.select(User, disabled=True)} | {without_user}
    return {
        token.user
        for token in tokens
        if token.user not in disabled and token.id != without_token and datetime.fromisoformat(token.expires_at) > at
    }


def _require_another_administrator(
    ledger: Reader, at: datetime, *, without_user: str = "", without_token: str = ""
) -> None:
    """Refuse to lock the last administrator out.

    Raises:
        StateError: Nobody would be left who administers the installation.
    """
    left = administrators(ledger, at, without_user=without_user, without_token=without_token)
    if administrators(ledger, at) and not left:
        raise StateError(
            "this is the last administrator: nobody could let him in again.",
            remedy="Give another person the role first.",
        )


def _require_invitation(ledger: Reader, token: str, given: Sequence[str], at: datetime, refused: AccessError) -> Token:
    """The token these parts of an invitation are for; one refusal for every reason."""
    found = ledger.find(Token, token)
    if found is None or found.revoked or found.status is not TokenStatus.INVITED:
        raise refused
    fits = hmac.compare_digest("".join(given), "".join(sorted(found.invitation)))
    if not fits or datetime.fromisoformat(found.expires_at) <= at or ledger.get(User, found.user).disabled:
        raise refused
    return found


def _new_token(
    office: Office, caller: Caller, user: str, role: Role, project: str | None, register: str | None, days: int
) -> Token:
    caller.check(Action.USER_MANAGE)
    Actor(user, role, project, register)
    if not 1 <= days <= office.limits.token_days:
        raise InputError(f"a token lives between 1 and {office.limits.token_days} days.")
    return Token(
        id=office.new_id(),
        created_at=caller.stamp,
        created_by=caller.actor.name,
        user=user,
        role=role.value,
        project=project,
        register=register,
        secret_hash="",
        expires_at=replace(caller, at=caller.at + timedelta(days=days)).stamp,
    )


def _require_scope(ledger: Reader, token: Token) -> None:
    """Check that user, project and register of a token are there.

    Raises:
        NotFoundError: One of them is not.
        StateError: The user is disabled.
    """
    if ledger.get(User, token.user).disabled:
        raise StateError(f"the user {token.user!r} is disabled.")
    if token.project is not None:
        ledger.get(Project, token.project)
        if token.register is not None:
            ledger.get(Register, register_id(token.project, token.register))


def _hashed(part: str) -> str:
    return hashlib.sha256(part.encode()).hexdigest()


def token_actor(ledger: Reader, token_id: str, now: datetime) -> tuple[Actor, datetime, str]:
    """The actor a token makes, when the token ends, and the hash its secret must fit.

    Raises:
        AccessError: There is no such token, or it is expired or revoked, or its user disabled.
    """
    token = ledger.find(Token, token_id)
    user = None if token is None else ledger.find(User, token.user)
    dead = token is None or user is None or token.revoked or user.disabled or token.status is not TokenStatus.ACTIVE
    expires_at = now if token is None else datetime.fromisoformat(token.expires_at)
    if token is None or dead or expires_at <= now:
        raise AccessError("this token is not valid (any more).", remedy="Ask the administrator for a new one.")
    actor = Actor(token.user, Role(token.role), token.project, token.register, token.id, token.created_by)
    return actor, expires_at, token.secret_hash
