"""Sessions of the console as the log knows them, and the actor a session stands for."""

from __future__ import annotations

from datetime import datetime

from wasl.audit.events import SignedIn, SignedOut
from wasl.errors import AccessError
from wasl.service.access import Action, Actor
from wasl.service.ports import Caller, Office, Reader
from wasl.service.records import User
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
    """The actor of a session as it is now: a token that was revoked, or a user who was disabled, ends the session.

    Raises:
        AccessError: The token is not valid any more, or the user is disabled.
    """
    if actor.token_id:
        return token_actor(ledger, actor.token_id, now)[0]
    known = ledger.find(User, actor.name)
    if known is not None and known.disabled:
        raise AccessError("this user is disabled.", remedy="Ask the administrator.")
    return actor
