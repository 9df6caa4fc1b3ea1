"""What stands before every route: who asks, how often, and whether the table of permissions allows the route's action.

The order is: size of the head, the token, the rate, the permission; only then is the body read, in bounded time and
size. A route cannot be declared without an action (`Routes`), so none can be forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from ipaddress import ip_address
from typing import Annotated, Any

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import Depends, Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from wasl.errors import AccessError
from wasl.service.access import ANONYMOUS, PUBLIC_ACTIONS, Action, Actor
from wasl.service.identities import bind_identity
from wasl.service.log import deny, record_look
from wasl.service.ports import Caller, Office
from wasl.service.users import token_actor
from wasl.web.bodies import STREAMS, TOML, take_receipt, toml_openapi
from wasl.web.middleware import LEAVE, Metrics
from wasl.web.noise import Noise
from wasl.web.oidc import Account, OidcVerifier
from wasl.web.problems import MEDIA_TYPE, HttpProblem, Problem
from wasl.web.rate_limits import Rate
from wasl.web.secrets import BEARER, SecretCheck, TokenHolders
from wasl.web.settings import ServiceSettings
from wasl.web.topic_router import TopicRouter

__all__ = ["AnyCaller", "Doorkeeper", "Routes", "office_of"]

PLAIN_TARGET = re.compile(r"[A-Za-z0-9/._@{}-]{1,180}")
SEVEN_PROBLEMS = (401, 403, 404, 409, 422, 429, 503)
READ_LOGGED = "x-wasl-logged-as"
"""Names the sensitive record a route shows; the log then tells who read it."""

ACTION = "x-wasl-action"

HASHES_AT_A_TIME = 2
"""Argon2 computations that run beside each other: each takes 19 MB and about 20 ms of a processor."""


class Doorkeeper:
    """Admits callers.

    Attributes:
        office: Surroundings.
        metrics: Counts denials and limits.
        noise: Counts denials of callers without a token.
        oidc: Verifies OIDC tokens; None without an issuer.
    """

    def __init__(self, office: Office, settings: ServiceSettings, metrics: Metrics) -> None:
        self.office = office
        self.metrics = metrics
        self.noise = Noise(office)
        self.oidc = OidcVerifier(settings) if settings.oidc_issuer else None
        self._secrets = SecretCheck()
        self._holders = TokenHolders()
        self._hashing = CapacityLimiter(HASHES_AT_A_TIME)
        self._known = Rate(per_minute=settings.requests_per_minute, at_a_time=settings.concurrent_requests)
        self._unknown = Rate(per_minute=settings.anonymous_requests_per_minute, at_a_time=settings.concurrent_requests)

    async def admit(self, request: Request, action: Action) -> tuple[Caller, Callable[[], None]]:
        """The caller, who may do the action here, and what to call when the request is over. The body is not read.

        Raises:
            HttpProblem: 401 without a valid token, 429 when there are too many requests.
            AccessError: The action is not allowed; the attempt is logged.
        """
        authorization = request.headers.get("authorization")
        actor = await self.recognize(request, authorization) if authorization else ANONYMOUS
        return await self.admit_actor(request, actor, action)

    async def recognize(self, request: Request, authorization: str) -> Actor:
        """The actor of an ``Authorization`` header.

        Raises:
            HttpProblem: 401 when the token is not valid, 429 when too many unknown tokens came from the address.
        """
        return await self._recognize(authorization, _address(request))

    async def admit_actor(self, request: Request, actor: Actor, action: Action) -> tuple[Caller, Callable[[], None]]:
        """The caller that an actor makes, who may do the action here, and what to call when the request is over.

        Raises:
            HttpProblem: 401 when this needs a token, 429 when there are too many requests.
            AccessError: The action is not allowed; the attempt is logged.
        """
        known = actor.role is not None
        rate = self._known if known else self._unknown
        key = f"actor {actor.token_id or actor.name}" if known else _address(request)
        self._hurry(rate, key)
        caller = Caller(actor, self.office.now(), _id(request))
        project, register = (request.path_params.get(name) for name in ("project", "register"))
        try:
            if known or action not in PUBLIC_ACTIONS:
                caller.check(action, project=project, register=register)
        except AccessError as error:
            rate.leave(key)
            if not known:
                self.noise.count("no token")
                self.metrics.denied.inc()
                raise _unauthorized(error.message, error.remedy) from error
            await run_sync(self.deny, request, caller, "not permitted")
            raise
        return caller, lambda: rate.leave(key)

    def deny(self, request: Request, caller: Caller, reason: str) -> None:
        """Log a denied attempt of a known caller, with what it was aimed at."""
        self.metrics.denied.inc()
        path = request.url.path
        if PLAIN_TARGET.fullmatch(path) is None:
            path = getattr(request.scope.get("route"), "path", "")
        deny(
            self.office,
            caller,
            what=f"{request.method} {path}",
            reason=reason,
            target=str(request.path_params.get("project", "")),
            address_class=address_class(request.client.host if request.client else ""),
        )

    def note_read(self, request: Request, caller: Caller, shown: str) -> None:
        """Log that a sensitive record was read, before it is shown."""
        names = request.path_params
        subject = next((names[name] for name in ("release", "run", "user") if name in names), "")
        record_look(
            self.office, caller, project=names.get("project", ""), subject=f"{shown} {subject}".strip(), what=shown
        )

    async def _recognize(self, authorization: str, address: str) -> Actor:
        """The actor of an ``Authorization`` header; unknown tokens are counted against the address they come from.

        Raises:
            HttpProblem: 401 when the token is not valid, 429 when too many unknown tokens came from the address.
        """
        known = self._secrets.remembers(authorization)
        if not known:
            self._hurry(self._unknown, address)
        try:
            actor = await self._actor(authorization)
        except AccessError as error:
            if not known:
                self._unknown.leave(address)
            self.noise.count("no valid token")
            self.metrics.denied.inc()
            raise _unauthorized(error.message, error.remedy) from error
        if not known:
            self._unknown.leave(address, refund=True)
            self._secrets.remember(authorization)
        return actor

    async def _actor(self, authorization: str) -> Actor:
        scheme, _, token = authorization.partition(" ")
        token = token.strip()
        own = BEARER.fullmatch(token)
        if scheme.lower() != "bearer" or not token:
            raise AccessError("the Authorization header is not 'Bearer <token>'.")
        if own is not None:
            identifier, secret = own.groups()
            mark = self.office.ledger.change_mark()
            known = self._holders.find(token, mark, self.office.now())
            if known is not None:
                return known
            actor, expires_at, secret_hash, fits = await run_sync(self._look_up, identifier, secret)
            if fits or await run_sync(self._secrets.fits, secret, secret_hash, limiter=self._hashing):
                self._holders.keep(token, mark, actor, expires_at)
                return actor
        elif self.oidc is not None:
            return await run_sync(self._oidc_actor, token)
        raise AccessError("this token is not valid (any more).", remedy="Ask the administrator for a new one.")

    def _look_up(self, identifier: str, secret: str) -> tuple[Actor, datetime, str, bool]:
        """The actor of a token, its end, the hash of its secret, and whether this secret is known to fit it."""
        with self.office.ledger.reading() as state:
            actor, expires_at, secret_hash = token_actor(state, identifier, self.office.now())
        return actor, expires_at, secret_hash, self._secrets.fitted(secret, secret_hash)

    def _oidc_actor(self, token: str) -> Actor:
        assert self.oidc is not None  # noqa: S101 - asked by the caller
        return self.user_of(self.oidc.account(token), "")

    def user_of(self, account: Account, request_id: str) -> Actor:
        """The actor of an account, under the user name that is bound to it.

        Raises:
            AccessError: The name is another's, or the user is disabled.
        """
        caller = Caller(account.actor, self.office.now(), request_id)
        name = bind_identity(self.office, caller, issuer=account.issuer, subject=account.subject)
        return replace(account.actor, name=name)

    def _hurry(self, rate: Rate, key: str) -> None:
        """Count a request against a rate.

        Raises:
            HttpProblem: It is one too many.
        """
        wait = rate.enter(key)
        if wait:
            self.metrics.limited.inc()
            raise HttpProblem(
                429,
                "too many requests.",
                remedy="Wait as long as Retry-After says.",
                headers={"Retry-After": str(max(1, round(wait)))},
            )


class GuardedRoute(APIRoute):
    """A route whose caller is admitted before anything of the body is read."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, behind its guard."""
        serve = super().get_route_handler()
        extra = self.openapi_extra or {}
        action, streams, toml = Action(extra[ACTION]), bool(extra.get(STREAMS)), extra.get(TOML)
        shown = str(extra.get(READ_LOGGED, ""))

        async def guarded(request: Request) -> Response:
            doorkeeper: Doorkeeper = request.app.state.doorkeeper
            caller, leave = await doorkeeper.admit(request, action)
            request.scope[LEAVE] = leave  # called when the answer is sent
            receipt = await take_receipt(request, streams=streams, toml=toml)
            caller = replace(caller, receipt=receipt)
            request.state.caller = caller
            try:
                response = await serve(request)
                if shown and response.status_code < HTTPStatus.BAD_REQUEST:
                    await run_sync(doorkeeper.note_read, request, caller, shown)
                return response
            except AccessError:
                # Scope that only the use case knows (four eyes, another's thing): denied attempts are logged too.
                await run_sync(doorkeeper.deny, request, caller, "not permitted here")
                raise

        return guarded


async def caller_of(request: Request) -> Caller:
    """The caller that the guard admitted."""
    caller: Caller = request.state.caller
    return caller


def office_of(request: Request) -> Office:
    """The surroundings of use cases."""
    office: Office = request.app.state.office
    return office


AnyCaller = Annotated[Caller, Depends(caller_of)]


class Routes:
    """Routes of one topic; each is declared with the action it needs."""

    def __init__(self, topic: str) -> None:
        self.router = TopicRouter(
            prefix="/v1", tags=[topic], route_class=GuardedRoute, generate_unique_id_function=lambda route: route.name
        )

    def __call__(
        self,
        method: str,
        path: str,
        action: Action,
        *,
        streams: bool = False,
        status: int = 200,
        logged_as: str = "",
        toml: str | None = None,
        **extra: Any,
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """A decorator that serves a path with the function below it.

        Args:
            method: Of HTTP.
            path: Below ``/v1``.
            action: What the caller must be allowed to do.
            streams: Whether the function reads the body itself.
            status: Of the answer.
            logged_as: Names the sensitive record that the route shows; the log then tells who read it.
            toml: Set where documents are sent, so that the body may be TOML: the field that the file stands for, or
                empty where the file has the fields of the JSON body.
            **extra: For FastAPI.
        """
        described: dict[int | str, dict[str, Any]] = {
            code: {"model": Problem, "content": {MEDIA_TYPE: {}}}
            for code in self._problems(method, action, streams=streams)
        }
        described |= extra.pop("responses", {})
        more = extra.pop("openapi_extra", {})
        security: dict[str, Any] = {} if action in PUBLIC_ACTIONS else {"security": [{"bearer": []}]}
        streamed: dict[str, Any] = {STREAMS: True} if streams else {}
        if logged_as:
            streamed[READ_LOGGED] = logged_as
        if toml is not None:
            streamed[TOML] = toml
            more = {**more, **toml_openapi(toml)}
        return self.router.api_route(
            path,
            methods=[method],
            status_code=status,
            responses=described,
            openapi_extra={ACTION: action.value, **streamed, **security, **more},
            **extra,
        )

    @staticmethod
    def _problems(method: str, action: Action, *, streams: bool) -> list[int]:
        codes = {400, *SEVEN_PROBLEMS}  # a token that is not valid is refused where none is needed, too
        if action in PUBLIC_ACTIONS - {Action.INVITATION_REDEEM}:
            codes.remove(403)
        if action is Action.CATALOGUE_READ:
            codes.add(410)
        if streams:
            codes.add(507)
        return sorted(codes | ({408, 412, 413, 415, 428} if method != "GET" else set()))


def address_class(host: str) -> str:
    """Where an address lies, without naming it: ``loopback``, ``private``, ``public`` or ``unknown``."""
    try:
        address = ip_address(host)
    except ValueError:
        return "unknown"
    return "loopback" if address.is_loopback else "private" if address.is_private else "public"


def _unauthorized(message: str, remedy: str) -> HttpProblem:
    return HttpProblem(401, message, remedy=remedy, headers={"WWW-Authenticate": 'Bearer realm="wasl"'})


def _address(request: Request) -> str:
    """The key under which requests without a token are counted."""
    return f"address {request.client.host if request.client else ''}"


def _id(request: Request) -> str:
    return str(request.scope.get("wasl_request_id", ""))
