"""What stands before every route: who asks, how often, and whether the table of permissions allows the route's action.

A route cannot be declared without an action (`Routes`), so none can be forgotten.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Request

from wasl.errors import AccessError
from wasl.registers.exchange.digests import digest_bytes
from wasl.service.access import ANONYMOUS, PUBLIC_ACTIONS, Action, Actor
from wasl.service.log import deny
from wasl.service.ports import Caller, Office, Receipt
from wasl.service.records import User
from wasl.service.users import token_actor
from wasl.web.middleware import Metrics
from wasl.web.oidc import OidcVerifier
from wasl.web.problems import MEDIA_TYPE, HttpProblem, Problem
from wasl.web.rate_limits import Rate
from wasl.web.secrets import BEARER, SecretCheck
from wasl.web.settings import ServiceSettings

__all__ = ["AnyCaller", "Doorkeeper", "Routes", "office_of"]

IDEMPOTENCY_KEY = re.compile(r"[!-~]{1,200}")
SEVEN_PROBLEMS = (401, 403, 404, 409, 422, 429, 503)


class Doorkeeper:
    """Admits callers.

    Attributes:
        office: Surroundings.
        metrics: Counts denials and limits.
    """

    def __init__(self, office: Office, settings: ServiceSettings, metrics: Metrics) -> None:
        self.office = office
        self.metrics = metrics
        self._secrets = SecretCheck()
        self._oidc = OidcVerifier(settings) if settings.oidc_issuer else None
        self._known = Rate(per_minute=settings.requests_per_minute, at_a_time=settings.concurrent_requests)
        self._unknown = Rate(per_minute=settings.anonymous_requests_per_minute, at_a_time=settings.concurrent_requests)

    def recognize(self, authorization: str) -> Actor:
        """The actor of an ``Authorization`` header.

        Raises:
            AccessError: The token is not valid.
        """
        scheme, _, token = authorization.partition(" ")
        token = token.strip()
        own = BEARER.fullmatch(token)
        if scheme.lower() != "bearer" or not token:
            raise AccessError("the Authorization header is not 'Bearer <token>'.")
        if own is not None:
            with self.office.ledger.reading() as state:
                actor, secret_hash = token_actor(state, own.group(1), self.office.now())
            if self._secrets.fits(own.group(2), secret_hash):
                return actor
        elif self._oidc is not None:
            actor = self._oidc.actor(token)
            with self.office.ledger.reading() as state:
                known = state.find(User, actor.name)
            if known is None or not known.disabled:
                return actor
        raise AccessError("this token is not valid (any more).", remedy="Ask the administrator for a new one.")

    def hurry(self, rate: Rate, key: str) -> None:
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

    def admit(self, request: Request, action: Action, receipt: Receipt | None) -> tuple[Caller, Callable[[], None]]:
        """The caller, who may do the action here, and what to call when the request is over.

        Raises:
            HttpProblem: 401 without a valid token, 429 when there are too many requests.
            AccessError: The action is not allowed; the attempt is logged.
        """
        authorization = request.headers.get("authorization")
        address = f"address {request.client.host if request.client else ''}"
        actor, rate, key = ANONYMOUS, self._unknown, address
        if authorization:
            try:
                actor = self.recognize(authorization)
            except AccessError as error:
                self.hurry(self._unknown, address)
                self._unknown.leave(address)
                self._deny(request, Caller(ANONYMOUS, self.office.now(), _id(request)), "no valid token")
                raise _unauthorized(error.message, error.remedy) from error
            rate, key = self._known, f"actor {actor.token_id or actor.name}"
        self.hurry(rate, key)
        caller = Caller(actor, self.office.now(), _id(request), receipt)
        project, register = (request.path_params.get(name) for name in ("project", "register"))
        try:
            if actor.role is not None or action not in PUBLIC_ACTIONS:
                caller.check(action, project=project, register=register)
        except AccessError as error:
            rate.leave(key)
            self._deny(request, caller, "not permitted")
            if actor.role is None:
                raise _unauthorized(error.message, error.remedy) from error
            raise
        return caller, lambda: rate.leave(key)

    def _deny(self, request: Request, caller: Caller, reason: str) -> None:
        self.metrics.denied.inc()
        what = f"{request.method} {getattr(request.scope.get('route'), 'path', '')}"
        deny(self.office, caller, what=what, reason=reason)


class Guard:
    """The dependency before a route."""

    def __init__(self, action: Action, *, streams: bool) -> None:
        self.action = action
        self.streams = streams

    async def __call__(self, request: Request) -> AsyncIterator[None]:
        """Admit the caller, or raise a problem; whoever was admitted is in ``request.state.caller``."""
        doorkeeper: Doorkeeper = request.app.state.doorkeeper
        receipt = await self._receipt(request)
        caller, leave = await run_sync(doorkeeper.admit, request, self.action, receipt)
        request.state.caller = caller
        try:
            yield
        except AccessError:
            # Scope that only the use case knows (four eyes, another's thing): denied attempts are logged all the same.
            await run_sync(doorkeeper._deny, request, caller, "not permitted here")
            raise
        finally:
            leave()

    async def _receipt(self, request: Request) -> Receipt | None:
        if request.method == "GET":
            return None
        parts = [request.method, request.url.path, request.url.query]
        if self.streams:
            parts.append(request.headers.get("content-digest", ""))
        else:
            body = await request.body()
            _require_plain(body, request.headers.get("content-type", ""))
            parts.append(digest_bytes(body))
        key = request.headers.get("idempotency-key")
        if key is None:
            return None
        if IDEMPOTENCY_KEY.fullmatch(key) is None:
            raise HttpProblem(400, "an Idempotency-Key has 1 to 200 visible ASCII characters.")
        return Receipt(key, hashlib.sha256("\0".join(parts).encode()).hexdigest())


def caller_of(request: Request) -> Caller:
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
        self.router = APIRouter(prefix="/v1", tags=[topic])

    def __call__(
        self, method: str, path: str, action: Action, *, streams: bool = False, status: int = 200, **extra: Any
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """A decorator that serves a path with the function below it."""
        described: dict[int | str, dict[str, Any]] = {
            code: {"model": Problem, "content": {MEDIA_TYPE: {}}} for code in self._problems(method, action)
        }
        described |= extra.pop("responses", {})
        more = extra.pop("openapi_extra", {})
        security: dict[str, Any] = {} if action in PUBLIC_ACTIONS else {"security": [{"bearer": []}]}
        return self.router.api_route(
            path,
            methods=[method],
            status_code=status,
            dependencies=[Depends(Guard(action, streams=streams))],
            responses=described,
            openapi_extra={"x-wasl-action": action.value, **security, **more},
            **extra,
        )

    @staticmethod
    def _problems(method: str, action: Action) -> list[int]:
        codes = {400, *SEVEN_PROBLEMS} - ({401, 403} if action in PUBLIC_ACTIONS else set())
        return sorted(codes | ({412, 413, 428} if method != "GET" else set()))


def _require_plain(body: bytes, content_type: str) -> None:
    """Refuse JSON that no database stores: NaN, NUL characters, lone surrogates.

    Raises:
        HttpProblem: 422; the offending text is not repeated.
    """
    if not body or "json" not in content_type:
        return
    try:
        value = json.loads(body, parse_constant=_refuse_constant)
        text = json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise HttpProblem(400, "the body is not plain JSON in UTF-8.") from error
    if b"\\u0000" in text:
        raise HttpProblem(422, "the body holds a NUL character.")


def _refuse_constant(_name: str) -> float:
    raise ValueError("not a number")


def _unauthorized(message: str, remedy: str) -> HttpProblem:
    return HttpProblem(401, message, remedy=remedy, headers={"WWW-Authenticate": 'Bearer realm="wasl"'})


def _id(request: Request) -> str:
    return str(request.scope.get("wasl_request_id", ""))
