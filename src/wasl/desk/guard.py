"""The guard before every page of the desk: this machine only, its one user only, forms of its own pages only.

The address that `wasl desk` prints holds a token that is good once: it becomes a cookie of this browser. A request for
another host name is refused, for a page of the web could point its name at 127.0.0.1 (DNS rebinding). A form needs the
token of the session and must come from a page of the desk.

Does not protect against: other programs of the same user, who can read the user's files anyway.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

__all__ = ["COOKIE", "HEADERS", "Guard"]

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


@dataclass(slots=True)
class Guard:
    """What this run of the desk knows of its user's browser.

    Attributes:
        hosts: Values of the Host header that are answered.
        ticket: The token of the printed address; empty once it was used.
        session: The secret in the cookie.
        form_token: The secret in every form.
    """

    hosts: frozenset[str]
    ticket: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    session: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    form_token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    def refusal(self, request: Request) -> Response | None:
        """The answer to a request that is not let in, or None."""
        if request.headers.get("host", "") not in self.hosts:
            return PlainTextResponse("This address is not one of the desk.", 421, HEADERS)
        if not _same(request.cookies.get(COOKIE, ""), self.session):
            text = "Open the address that `wasl desk` printed. It works once; start the desk again for a new one."
            return PlainTextResponse(text, 403, HEADERS)
        site = request.headers.get("sec-fetch-site", "same-origin")
        if request.method == "POST" and site not in ("same-origin", "none"):
            return PlainTextResponse("This form does not come from a page of the desk.", 403, HEADERS)
        origin = request.headers.get("origin", "")
        if request.method == "POST" and origin and origin.removeprefix("http://") not in self.hosts:
            return PlainTextResponse("This form does not come from a page of the desk.", 403, HEADERS)
        return None

    def enter(self, request: Request, ticket: str) -> Response:
        """Turn the token of the printed address into a cookie, once."""
        if request.headers.get("host", "") not in self.hosts or not self.ticket or not _same(ticket, self.ticket):
            return PlainTextResponse("This address was used before, or is wrong.", 403, HEADERS)
        self.ticket = ""
        answer = RedirectResponse("/", 303, HEADERS)
        answer.set_cookie(COOKIE, self.session, httponly=True, samesite="strict", path="/")
        return answer

    def owns_form(self, sent: str) -> bool:
        """Whether a form holds the token of this session."""
        return _same(sent, self.form_token)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
