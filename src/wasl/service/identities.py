"""User names of OIDC accounts: an issuer and a subject stand for one user for good, under whatever name.

The first sign-in of an account binds its user name. Another account of the same name is refused, and an account that is
called otherwise later keeps the name that the log knows. The subject is kept as a hash.

Source: OpenID Connect Core 1.0, section 5.7 (issuer and subject are the one identifier that is never given to another).

Does not protect against: an issuer that gives one subject to two persons.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

from wasl.audit.events import IdentityBound, IdentityReleased, UserAdded
from wasl.errors import AccessError, StateError
from wasl.service.access import Action
from wasl.service.ports import Caller, Office, Reader, Writer
from wasl.service.records import Identity, Token, TokenStatus, User

__all__ = ["bind_identity", "identity_id", "release_identity"]


def identity_id(issuer: str, subject: str) -> str:
    """The id of an account: the SHA-256 of issuer and subject."""
    return hashlib.sha256(json.dumps([issuer, subject]).encode()).hexdigest()


def bind_identity(office: Office, caller: Caller, *, issuer: str, subject: str) -> str:
    """The user name of an account; at its first sign-in the one it asks for, if no other account has it.

    The account is a user from then on, whom administrators see and can disable.

    Args:
        office: Surroundings.
        caller: The account under the name that it asks for.
        issuer: Who vouches for the account.
        subject: The account's identifier with this issuer.

    Raises:
        AccessError: The name is another account's or is used with tokens of wasl's, or the user is disabled.
    """
    identifier = identity_id(issuer, subject)
    with office.ledger.reading() as state:
        known = state.find(Identity, identifier)
        if known is not None and state.find(User, known.user) is not None:
            return _enabled(state, known)
    wanted = caller.actor.name
    with office.ledger.writing(replace(caller, receipt=None)) as ledger:
        known = ledger.find(Identity, identifier)  # bound by another request meanwhile, or by an earlier release
        if known is not None:
            name = _enabled(ledger, known)
            _make_known(ledger, caller, name)
            return name
        _require_free(ledger, wanted, caller.stamp)
        _make_known(ledger, caller, wanted)
        made = Identity(
            id=identifier, created_at=caller.stamp, created_by=wanted, user=wanted, issuer=issuer, released=False
        )
        event = caller.event(
            IdentityBound(identity=identifier[:16]), project=caller.actor.project or "", subject=wanted
        )
        ledger.save(made, event=event)
    return wanted


def release_identity(office: Office, caller: Caller, *, user: str) -> Identity:
    """Let another account have a user name, as after a change of the issuer; the old account is refused from then on.

    Raises:
        StateError: No account has the name.
    """
    caller.check(Action.USER_MANAGE)
    with office.ledger.writing(caller) as ledger:
        found = ledger.select(Identity, user=user, released=False)
        if not found:
            raise StateError(f"no account of an issuer has the user name {user!r}.")
        event = caller.event(IdentityReleased(identity=found[0].id[:16]), subject=user)
        ledger.save(replace(found[0], released=True), event=event)
        return ledger.get(Identity, found[0].id)


def _make_known(ledger: Writer, caller: Caller, name: str) -> None:
    """Add the user of an account, if nobody did."""
    if ledger.find(User, name) is None:
        user = User(id=name, created_at=caller.stamp, created_by=name)
        ledger.save(user, event=caller.event(UserAdded(), subject=name))


def _enabled(state: Reader, known: Identity) -> str:
    user = state.find(User, known.user)
    if known.released:
        raise AccessError("this account's user name was given to another account.", remedy="Ask the administrator.")
    if user is not None and user.disabled:
        raise AccessError("this user is disabled.", remedy="Ask the administrator.")
    return known.user


def _require_free(state: Reader, name: str, at: str) -> None:
    if state.select(Identity, user=name, released=False):
        raise AccessError(
            "another account of the issuer has this user name.",
            remedy="The issuer gives this account another one, or the operator releases it: "
            "`wasl user release-account NAME`.",
        )
    user = state.find(User, name)
    if user is not None and user.disabled:
        raise AccessError("this user is disabled.", remedy="Ask the administrator.")
    tokens = state.select(Token, user=name, revoked=False, status=(TokenStatus.ACTIVE,)) if user is not None else []
    if any(one.expires_at > at for one in tokens):
        raise AccessError(
            "this user name is used with tokens of wasl's.",
            remedy="An administrator revokes them, or the issuer gives this account another name.",
        )
