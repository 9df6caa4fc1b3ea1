"""Sessions of browsers: a random id in a cookie, its hash in the database, and limits on how long it counts.

The cookie's name begins with ``__Host-``: a browser keeps it only when it is Secure, for this host alone and for every
path. Browsers count http://127.0.0.1 and http://localhost as secure for this purpose.

Does not protect against: another person at an open browser. Confirmations limit the acts that this person can do.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from starlette.responses import Response

from wasl.errors import AccessError
from wasl.service.access import Actor, Role
from wasl.service.ports import Office
from wasl.service.sign_ins import session_actor
from wasl.storage.sessions import SessionTable, StoredSession
from wasl.web.settings import ServiceSettings

__all__ = ["GUEST_COOKIE", "SESSION_COOKIE", "Session", "Sessions", "form_token", "new_id", "set_cookie"]

SESSION_COOKIE = "__Host-wasl-session"
GUEST_COOKIE = "__Host-wasl-guest"
"""Carries the secret of the forms that are shown before signing in."""

ID_BYTES = 32
AHEAD_SECONDS = 60.0
"""How far the clocks of two web processes may differ."""

TOUCH_SECONDS = 60.0
"""Between two notes of when a session was last used: a page view is then no write to the database."""


def new_id() -> str:
    """256 random bits as text."""
    return secrets.token_urlsafe(ID_BYTES)


def form_token(cookie: str) -> str:
    """The token that forms of this browser carry: made from its cookie, which other sites cannot read."""
    made = hmac.digest(cookie.encode(), b"wasl form token", "sha256")
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def set_cookie(response: Response, name: str, value: str, *, strict: bool = True, seconds: int | None = None) -> None:
    """Give a cookie of this host alone, which scripts cannot read."""
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path="/",
        secure=True,
        httponly=True,
        samesite="strict" if strict else "lax",
    )


@dataclass(frozen=True, slots=True)
class Session:
    """A session as a request finds it.

    Attributes:
        cookie: The id in the cookie.
        actor: Who signed in, as he is now.
        confirmed: Whether he proved who he is not long ago.
        by_token: Whether he signed in with a token of wasl's.
    """

    cookie: str
    actor: Actor
    confirmed: bool
    by_token: bool

    def __repr__(self) -> str:
        return f"Session({self.actor.name})"


class Sessions:
    """Opens, finds and ends sessions."""

    def __init__(self, engine: sa.Engine, office: Office, settings: ServiceSettings) -> None:
        self._table = SessionTable(engine)
        self._office = office
        self._idle = settings.session_idle_minutes * 60
        self._longest = settings.session_hours * 3600
        self._confirmation = settings.session_confirm_minutes * 60

    def open(self, actor: Actor, at: datetime, *, proven_at: float | None = None) -> str:
        """Open a session under a new id; gives the id, which is stored nowhere.

        Args:
            actor: Who signed in.
            at: Now.
            proven_at: When he proved who he is, seconds since 1970; None: just now.
        """
        cookie, now = new_id(), at.timestamp()
        role = actor.role.value if actor.role is not None else ""
        stored = StoredSession(
            _hash(cookie),
            actor.name,
            role,
            actor.project,
            actor.register,
            actor.token_id,
            actor.issued_by,
            now,
            now,
            now if proven_at is None else min(proven_at, now),
        )
        self._table.add(stored, forget_before=now - self._longest)
        return cookie

    def find(self, cookie: str, at: datetime) -> Session | None:
        """The session of a cookie; None when it ended, was idle too long, or its token counts no more."""
        now, key = at.timestamp(), _hash(cookie)
        stored = self._table.find(key)
        if stored is None:
            return None
        actor = Actor(
            stored.user, Role(stored.role), stored.project, stored.register, stored.token_id, stored.issued_by
        )
        over = _over(stored.opened_at, now, self._longest) or _over(stored.seen_at, now, self._idle)
        try:
            with self._office.ledger.reading() as state:
                actor = session_actor(state, actor, at)
        except AccessError:
            over = True
        if over:
            self._table.remove(key)
            return None
        if now - stored.seen_at > TOUCH_SECONDS:
            self._table.touch(key, seen_at=now)
        confirmed = not _over(stored.confirmed_at, now, self._confirmation)
        return Session(cookie, actor, confirmed, bool(stored.token_id))

    def confirm(self, cookie: str, at: datetime) -> str:
        """Note that the user proved who he is; gives the new id of the session."""
        new = new_id()
        self._table.replace(_hash(cookie), _hash(new), confirmed_at=at.timestamp())
        return new

    def close(self, cookie: str) -> None:
        """End a session."""
        self._table.remove(_hash(cookie))

    def of_user(self, user: str, at: datetime) -> list[StoredSession]:
        """The sessions of a user that still count, the one used last first."""
        now = at.timestamp()
        found = self._table.of_user(user)
        return [
            one
            for one in found
            if not _over(one.opened_at, now, self._longest) and not _over(one.seen_at, now, self._idle)
        ]

    def is_own(self, cookie: str, id_hash: str) -> bool:
        """Whether a stored session is the one of this cookie."""
        return hmac.compare_digest(_hash(cookie), id_hash)

    def close_one(self, user: str, id_hash: str) -> bool:
        """End one session of a user, named by its hash; gives whether there was such a one."""
        return self._table.remove_of_user(user, id_hash)

    def close_all(self, user: str) -> int:
        """End every session of a user; gives how many there were."""
        return self._table.remove_all(user)


def _over(since: float, now: float, seconds: float) -> bool:
    """Whether a span of time is over; it is, too, when it would begin in a time to come: the clock was set back."""
    return not -AHEAD_SECONDS <= now - since <= seconds


def _hash(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()
