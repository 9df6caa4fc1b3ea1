"""The guard before every page of the desk: this machine only, its one user only, forms of its own pages only.

The address that `wasl desk` prints holds a token that is good once: it becomes a cookie of this browser. A request for
another host name is refused, for a page of the web could point its name at 127.0.0.1 (DNS rebinding). A form needs the
token of the session and must come from a page of the desk. A session ends after half an hour without a request, and
after ten hours in all; the desk then prints a new address, and what was begun is still there.

Does not protect against: other programs of the same user, who can read the user's files anyway.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from wasl.errors import InputError

__all__ = ["COOKIE", "HEADERS", "WITH_KEYS", "EndedError", "Guard", "NotLetInError"]

COOKIE = "wasl_desk"
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; "
        "base-uri 'none'"
    ),
    "cache-control": "no-store",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}
"""Headers of every answer: nothing from elsewhere is loaded, nothing is kept by the browser."""
WITH_KEYS = f"{HEADERS['content-security-policy']}; script-src 'self'"
"""Of the one page that has a script, the desk's own: keys press its buttons."""


IDLE_SECONDS = 30 * 60.0
WHOLE_SECONDS = 10 * 3600.0
"""Limits of a session, the same as those of the service's console."""


STYLE = "/desk.css"
OPEN_ANEW = "Open the address that `wasl desk` printed. It works once; start the desk again for a new one."


class EndedError(InputError):
    """The session of this browser has ended."""


class NotLetInError(InputError):
    """A request that is not answered.

    Attributes:
        status: Its HTTP status.
    """

    def __init__(self, message: str, status: int, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.status = status


@dataclass(slots=True)
class Guard:
    """What this run of the desk knows of its user's browser.

    Attributes:
        hosts: Values of the Host header that are answered.
        ticket: The token of the printed address; empty once it was used.
        session: The secret in the cookie.
        form_token: The secret in every form.
        idle_seconds, whole_seconds: How long a session lasts without a request, and in all.
        clock: Seconds, which only rise.
        on_end: Called with a new ticket when a session has ended.
    """

    hosts: frozenset[str]
    ticket: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    session: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    form_token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    idle_seconds: float = IDLE_SECONDS
    whole_seconds: float = WHOLE_SECONDS
    clock: Callable[[], float] = time.monotonic
    on_end: Callable[[str], None] = lambda _ticket: None
    _opened: float = 0.0
    _seen: float = 0.0

    def require_let_in(self, request: Request) -> None:
        """Refuse a request that does not come from the user's browser, or a form of another page.

        Raises:
            NotLetInError: With the HTTP status.
        """
        if request.headers.get("host", "") not in self.hosts:
            raise NotLetInError("this address is not one of the desk.", 421)
        if request.url.path == STYLE:
            return  # the pages that refuse a browser are styled, too
        if not _same(request.cookies.get(COOKIE, ""), self.session):
            raise NotLetInError("this browser has no session of the desk.", 403, OPEN_ANEW)
        site = request.headers.get("sec-fetch-site", "same-origin")
        origin = request.headers.get("origin", "")
        elsewhere = site not in ("same-origin", "none") or (origin and origin.removeprefix("http://") not in self.hosts)
        if request.method == "POST" and elsewhere:
            raise NotLetInError("this form does not come from a page of the desk.", 403)

    def require_open(self, request: Request) -> None:
        """Refuse a request of a session that has ended; any other request keeps it open.

        The page of some work asks for its progress by itself, and so keeps the session open until the work has ended.

        Raises:
            EndedError: It has. A new ticket was made.
        """
        if request.url.path == STYLE:
            return
        now = self.clock()
        ended = now - self._seen > self.idle_seconds or now - self._opened > self.whole_seconds
        if ended:
            self.ticket = secrets.token_urlsafe(24)
            self.session, self.form_token = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
            self.on_end(self.ticket)
            raise EndedError(
                "this session of the desk has ended: nobody used it for half an hour, or it was ten hours old.",
                remedy="Open the new address that `wasl desk` printed; what you began is still there.",
            )
        self._seen = now

    def enter(self, request: Request, ticket: str) -> Response:
        """Turn the token of the printed address into a cookie, once.

        Raises:
            NotLetInError: It was used before, or is wrong.
        """
        if request.headers.get("host", "") not in self.hosts or not self.ticket or not _same(ticket, self.ticket):
            raise NotLetInError("this address was used before, or is wrong.", 403, OPEN_ANEW)
        self.ticket = ""
        self._opened = self._seen = self.clock()
        answer = RedirectResponse("/", 303, HEADERS)
        answer.set_cookie(COOKIE, self.session, httponly=True, samesite="strict", path="/")
        return answer

    def owns_form(self, sent: str) -> bool:
        """Whether a form holds the token of this session."""
        return _same(sent, self.form_token)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
