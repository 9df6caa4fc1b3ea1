"""Sessions of the console as the log knows them, and the actor a session stands for."""

from __future__ import annotations

from datetime import datetime

from wasl.audit.events import SignedIn, SignedOut
from wasl.errors import AccessError
from wasl.service.access import Action, Actor
from wasl.service.ports import Caller, Office, Reader
from wasl.service.records import Identity, User
from wasl.service.users import token_actor

__all__ = ["record_sign_in", "record_sign_out", "session_actor"]


def record_sign_in(office: Office, caller: Caller, *, method: str) -> None:
    """Log that a user opened a session, by ``token`` or ``oidc``."""
    caller.check(Action.WHOAMI)
    event = caller.event(SignedIn(sign_in_method=method), project=caller.actor.project or "", subject=caller.actor.name)
    with office.ledger.writing(caller) as ledger:
        ledger.save(event=event)


def record_sign_out(office: Office, caller: Caller, *, sessions: int) -> None:
    """Log that a user ended all sessions."""
    caller.check(Action.WHOAMI)
    event = caller.event(SignedOut(sessions=sessions), project=caller.actor.project or "", subject=caller.actor.name)
    with office.ledger.writing(caller) as ledger:
        ledger.save(event=event)


def session_actor(ledger: Reader, actor: Actor, now: datetime) -> Actor:
    """The actor of a session as it is now.

    A token that was revoked, a user who was disabled, or an account whose user name was released ends the session.

    Raises:
        AccessError: The token is not valid any more, the user is disabled, or no account has the user name.
    """
    if actor.token_id:
        return token_actor(ledger, actor.token_id, now)[0]
    known = ledger.find(User, actor.name)
    if known is not None and known.disabled:
        raise AccessError("this user is disabled.", remedy="Ask the administrator.")
    if not ledger.select(Identity, user=actor.name, released=False, limit=1):
        raise AccessError("this account's user name was given to another account.", remedy="Ask the administrator.")
    return actor
