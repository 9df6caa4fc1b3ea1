"""Signing in by token or by OIDC (code flow with PKCE), confirming who one is, signing out, redeeming invitations.

Source: RFC 6749 section 4.1, RFC 7636 (PKCE), RFC 9700 (security practice), OpenID Connect Core 1.0.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlencode

import httpx
import structlog
from anyio.to_thread import run_sync
from fastapi import Request
from starlette.responses import Response

from wasl.errors import AccessError
from wasl.locale import N_
from wasl.service import users
from wasl.service.access import Action, Actor
from wasl.service.sign_ins import record_sign_in, record_sign_out
from wasl.web.authorization import Doorkeeper
from wasl.web.console.forms import PageFault
from wasl.web.console.pages import AnyPage, Page, Pages
from wasl.web.console.sayings import Saying, say_problem
from wasl.web.console.sessions import GUEST_COOKIE, SESSION_COOKIE, new_id, set_cookie
from wasl.web.console.titles import title_of_register
from wasl.web.oidc import LEEWAY_SECONDS, Account, discovered
from wasl.web.problems import HttpProblem
from wasl.web.secrets import new_secret
from wasl.web.settings import ServiceSettings

__all__ = ["confirm_by_token", "pages"]

pages = Pages()

FLOW_COOKIE = "__Host-wasl-oidc"
FLOW_SECONDS = 600
EXCHANGE_SECONDS = 10.0
MOST_TOKEN = 16_384
CALLBACK = "/console/oidc/callback"


@pages("GET", "/console/sign-in", Action.STATUS_READ)
def show_sign_in(page: AnyPage) -> Response:
    """The page where one signs in."""
    return _sign_in_page(page, _inside(page.request.query_params.get("next", "")))


@pages("POST", "/console/sign-in", Action.STATUS_READ)
async def sign_in(page: AnyPage) -> Response:
    """Open a session with a token, under a new id."""
    target = _inside(page.form.text("next", most=500))
    if not page.settings.console_tokens:
        raise PageFault(
            403,
            N_("Tokens do not open sessions here."),
            N_("Sign in with your office's account; tokens are for programs."),
        )
    try:
        actor = await _token_actor(page, page.form.text("token", most=MOST_TOKEN))
    except HttpProblem as problem:
        said = say_problem(problem, page.language)
        return await run_sync(lambda: _sign_in_page(page, target, said))
    return await run_sync(lambda: _opened(page, actor, "token", target))


@pages("POST", "/console/sign-out", Action.STATUS_READ)
def sign_out(page: AnyPage) -> Response:
    """End this session."""
    if page.session is not None:
        page.sessions.close(page.session.cookie)
    return _gone(page, "signed-out")


@pages("GET", "/console/account", Action.WHOAMI)
def show_account(page: AnyPage) -> Response:
    """The caller's own sessions."""
    own = page.session.cookie if page.session is not None else ""
    found = page.sessions.of_user(page.actor.name, page.caller.at)
    rows = [
        (
            one,
            datetime.fromtimestamp(one.opened_at, UTC).isoformat(),
            datetime.fromtimestamp(one.seen_at, UTC).isoformat(),
        )
        for one in found
    ]
    project, register = page.actor.project or "", page.actor.register or ""
    with page.office.ledger.reading() as state:
        title = title_of_register(state, project, register, page.language.language) if register else ""
    return page.render(
        "account.html", register=title, rows=[(*row, page.sessions.is_own(own, row[0].id_hash)) for row in rows]
    )


@pages("POST", "/console/account/sessions/{name}/end", Action.WHOAMI)
def end_session(page: AnyPage, name: str) -> Response:
    """End one of the caller's own sessions."""
    if not page.sessions.close_one(page.actor.name, name):
        raise PageFault(404, N_("This session has ended already."))
    record_sign_out(page.office, page.caller, sessions=1)
    return page.go("/console/account", said="session-ended")


@pages("POST", "/console/account/sign-out-everywhere", Action.WHOAMI)
def sign_out_everywhere(page: AnyPage) -> Response:
    """End every session of this user."""
    ended = page.sessions.close_all(page.actor.name)
    record_sign_out(page.office, page.caller, sessions=ended)
    return _gone(page, "signed-out-everywhere")


@pages("GET", "/console/invitation", Action.INVITATION_REDEEM)
def show_invitation(page: AnyPage) -> Response:
    """The page where an invitation becomes a token."""
    return page.render("invitation.html", secret="")


@pages("POST", "/console/invitation", Action.INVITATION_REDEEM)
def redeem_invitation(page: AnyPage) -> Response:
    """Redeem an invitation; the secret is in this one answer and nowhere else."""
    parts = [part for part in (page.form.text("part1", most=100), page.form.text("part2", most=100)) if part]
    token = page.form.text("token", most=80)
    issued = users.redeem_token(page.office, page.caller, token=token, parts=parts, new_secret=new_secret)
    return page.render("invitation.html", secret=issued.secret)


@pages("GET", "/console/oidc/start", Action.STATUS_READ)
def show_oidc(page: AnyPage) -> Response:
    """The page whose button begins the sign-in: a link of another site cannot begin it."""
    _require_oidc(page.settings)
    asked = page.request.query_params
    return page.render("oidc.html", next=_inside(asked.get("next", "")), confirm=asked.get("confirm") == "1")


@pages("POST", "/console/oidc/start", Action.STATUS_READ)
def start_oidc(page: AnyPage) -> Response:
    """Send the browser to the issuer, with a secret of this sign-in in a cookie that lives ten minutes."""
    settings = page.settings
    _require_oidc(settings)
    flow = new_id()
    query = {
        "response_type": "code",
        "client_id": settings.oidc_client_id,
        "redirect_uri": _callback(page.request, settings),
        "scope": "openid profile",
        "state": _derived(flow, b"state"),
        "nonce": _derived(flow, b"nonce"),
        "code_challenge": _challenge(_derived(flow, b"verifier")),
        "code_challenge_method": "S256",
        "max_age": str(int(settings.session_hours * 3600)),
    }
    if settings.oidc_acr_values:
        query["acr_values"] = settings.oidc_acr_values
    if page.form.text("confirm", most=1) == "1":
        query |= {"prompt": "login", "max_age": "0"}
    address = settings.oidc_authorization_url or _discovered(settings, "authorization_endpoint")
    target = _inside(page.form.text("next", most=500))
    there = f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"
    # A page that leads on, not a redirect: browsers hold the redirects of a form to this host.
    response = page.render("leaving.html", next=there)
    response.headers["Refresh"] = f"0; url={there}"
    # Lax: the way back from the issuer is a navigation from another site.
    set_cookie(response, FLOW_COOKIE, f"{flow}.{_packed(target)}", strict=False, seconds=FLOW_SECONDS)
    return response


@pages("GET", CALLBACK, Action.STATUS_READ)
async def finish_oidc(page: AnyPage) -> Response:
    """Exchange the code for the user's token, check it, and open a session."""
    settings = page.settings
    _require_oidc(settings)
    flow, _, packed = page.request.cookies.get(FLOW_COOKIE, "").partition(".")
    asked = page.request.query_params
    fits = hmac.compare_digest(asked.get("state", "").encode(), _derived(flow, b"state").encode())
    if not (flow and fits) or asked.get("iss", settings.oidc_issuer) != settings.oidc_issuer:
        raise PageFault(400, N_("The sign-in was not begun in this browser, or took too long."), N_("Sign in again."))
    if not asked.get("code"):
        raise PageFault(403, N_("Your office's sign-in page did not let you in."), N_("Sign in again."))
    account = await run_sync(lambda: _exchanged(page, flow, str(asked["code"])))
    _require_recent(account, settings, page.caller.at.timestamp())
    doorkeeper: Doorkeeper = page.request.app.state.doorkeeper
    actor = await run_sync(lambda: doorkeeper.user_of(account, page.caller.request_id))
    proven_at = account.signed_in_at or 0.0  # where the issuer does not say, nothing is proven
    response = await run_sync(
        lambda: _opened(page, actor, "oidc", _unpacked(packed), arriving=True, proven_at=proven_at)
    )
    response.delete_cookie(FLOW_COOKIE, path="/", secure=True, httponly=True)
    return response


async def confirm_by_token(page: Page) -> None:
    """Check the token that a form carries as the proof of who its sender is; the session goes on under a new id.

    Raises:
        PageFault: 403: there is none, or it is not the token of this session.
    """
    given = page.form.text("confirmation", most=MOST_TOKEN)
    try:
        actor = await _token_actor(page, given) if given else None
    except HttpProblem as problem:
        if problem.status == 429:
            raise
        actor = None
    session = page.session
    if session is None or actor is None or actor.token_id != page.actor.token_id or not actor.token_id:
        raise PageFault(
            403,
            N_("This step needs the proof that it is you, and your token was not given or is another one."),
            N_("Go back and give the token that you signed in with."),
        )
    page.confirmed_cookie = await run_sync(page.sessions.confirm, session.cookie, page.caller.at)


async def _token_actor(page: Page, token: str) -> Actor:
    doorkeeper: Doorkeeper = page.request.app.state.doorkeeper
    return await doorkeeper.recognize(page.request, f"Bearer {token}")


def _opened(
    page: Page, actor: Actor, method: str, target: str, *, arriving: bool = False, proven_at: float | None = None
) -> Response:
    """The answer that opens a session; whatever session the browser had before ends."""
    page.caller = replace(page.caller, actor=actor)
    record_sign_in(page.office, page.caller, method=method)
    if page.session is not None:
        page.sessions.close(page.session.cookie)
    cookie = page.sessions.open(actor, page.caller.at, proven_at=proven_at)
    if arriving:
        # A browser that comes from another site keeps a strict cookie, but sends it only from the next page on.
        response = page.render("arrived.html", next=target)
        response.headers["Refresh"] = f"0; url={target}"
    else:
        response = page.go(target)
    set_cookie(response, SESSION_COOKIE, cookie)
    response.delete_cookie(GUEST_COOKIE, path="/", secure=True, httponly=True)
    return response


def _gone(page: Page, said: str) -> Response:
    page.session = None
    response = page.go("/console/sign-in", said=said)
    response.delete_cookie(SESSION_COOKIE, path="/", secure=True, httponly=True)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def _sign_in_page(page: Page, target: str, fault: Saying | None = None) -> Response:
    oidc = bool(page.settings.oidc_issuer and page.settings.oidc_client_id)
    return page.render(
        "sign_in.html",
        status=fault.status if fault else 200,
        next=target,
        fault=fault,
        oidc=oidc,
        tokens=page.settings.console_tokens,
    )


def _inside(target: str) -> str:
    """An address of this service alone; anything else becomes the first page."""
    plain = target.startswith("/") and not target.startswith("//") and "\\" not in target and target.isprintable()
    return target if plain and not target.startswith("/console/sign-in") else "/console"


def _require_oidc(settings: ServiceSettings) -> None:
    if not (settings.oidc_issuer and settings.oidc_client_id):
        raise PageFault(404, N_("This installation offers no sign-in by an office's account."), N_("Use your token."))


def _callback(request: Request, settings: ServiceSettings) -> str:
    base = settings.public_url or str(request.base_url)
    return base.rstrip("/") + CALLBACK


def _derived(flow: str, purpose: bytes) -> str:
    """A value of a sign-in: made from the secret in its cookie, so that nothing is stored between the two requests."""
    made = hmac.digest(flow.encode(), b"wasl oidc " + purpose, "sha256")
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def _packed(target: str) -> str:
    return base64.urlsafe_b64encode(target.encode()).decode().rstrip("=")


def _unpacked(packed: str) -> str:
    try:
        return _inside(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)).decode())
    except ValueError:
        return "/console"


def _discovered(settings: ServiceSettings, name: str) -> str:
    """An address that the issuer publishes."""
    try:
        return discovered(settings, name)
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        raise _unreachable(error) from error


def _require_recent(account: Account, settings: ServiceSettings, now: float) -> None:
    """Refuse a sign-in at the issuer that is older than a session may become.

    Raises:
        PageFault: It is.
    """
    at = account.signed_in_at
    if at is not None and now - at > settings.session_hours * 3600 + LEEWAY_SECONDS:
        raise PageFault(403, N_("You signed in at your office's page too long ago."), N_("Sign in there anew."))


def _exchanged(page: Page, flow: str, code: str) -> Account:
    """The account that the issuer's answer to a code names.

    Raises:
        PageFault: The issuer does not answer, or refuses the code.
        AccessError: Its token does not verify, or names no role.
    """
    settings = page.settings
    doorkeeper: Doorkeeper = page.request.app.state.doorkeeper
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": _callback(page.request, settings),
        "client_id": settings.oidc_client_id,
        "code_verifier": _derived(flow, b"verifier"),
    }
    secret = settings.oidc_client_secret.get_secret_value()
    if secret:
        fields["client_secret"] = secret
    address = settings.oidc_token_url or _discovered(settings, "token_endpoint")
    try:
        answer = httpx.post(address, data=fields, timeout=EXCHANGE_SECONDS).raise_for_status()
        token = str(answer.json()["id_token"])
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        raise _unreachable(error) from error
    if doorkeeper.oidc is None:
        raise AccessError("this token is not valid.", remedy="Sign in again.")
    return doorkeeper.oidc.account(token, nonce=_derived(flow, b"nonce"))


def _unreachable(error: Exception) -> PageFault:
    structlog.get_logger().warning("OIDC sign-in failed", error=type(error).__name__)
    return PageFault(502, N_("Your office's sign-in page does not answer as it should."), N_("Try again later."))
