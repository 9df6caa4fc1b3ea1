"""The edge every request passes: request id, limits, security headers, one log line, metrics, and no stray error."""

from __future__ import annotations

import itertools
import re
import secrets
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import structlog
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wasl.web.log_sender import active_counts
from wasl.web.problems import HttpProblem, problem_response, unforeseen

if TYPE_CHECKING:
    from wasl.web.condition import Condition

__all__ = ["LEAVE", "SECURITY_HEADERS", "Edge", "Metrics"]

LEAVE = "wasl_leave"
"""Where a request's scope carries what is called once its answer is sent."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Methods that metrics tell apart; a client can invent any number of others."""

SECURITY_HEADERS = {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "cache-control": "no-store",
}
"""Sent with every response that does not say otherwise."""

_SECURITY_HEADERS = [(name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]

_PROCESS = secrets.token_hex(10)
_NUMBERS = itertools.count(secrets.randbits(40))
"""Request ids are unique, not secret: a random start for each process, then a count."""

EITHER_HOST = ("/v1/catalogue", "/v1/health", "/v1/ready")
"""Parts of the API that are served under every host name: what is public, and the state of the service."""

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
UPLOAD_PATH = re.compile(r"/(deliveries|join-maps|payloads|pairs)$")
"""Routes that stream their body to disk under a limit of their own."""


def _log_lines(state: str) -> float:
    return active_counts().get(state, 0)


class Metrics:
    """Counters for Prometheus; per process."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self.requests = Counter(
            "wasl_requests", "Requests served", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram("wasl_request_seconds", "Time to serve a request", ["route"], registry=self.registry)
        self.active = Gauge("wasl_requests_active", "Requests being served", registry=self.registry)
        self.uploaded = Counter("wasl_uploaded_bytes", "Bytes of files taken in", registry=self.registry)
        self._log_lines = Gauge(
            "wasl_log_lines", "Log lines for the syslog server, by state", ["state"], registry=self.registry
        )
        self.scanned = Counter("wasl_scanned", "Uploads shown to the scanner", ["verdict"], registry=self.registry)
        for state in ("sent", "waiting", "dropped") if active_counts() else ():
            self._log_lines.labels(state).set_function(partial(_log_lines, state))
        self.denied = Counter("wasl_denied", "Attempts denied", registry=self.registry)
        self.limited = Counter("wasl_rate_limited", "Requests refused for their rate", registry=self.registry)
        self.jobs = Counter("wasl_jobs", "Jobs ended", ["kind", "outcome"], registry=self.registry)

        self.workers = Gauge("wasl_workers", "Job workers that can work", registry=self.registry)
        self.queue = Gauge("wasl_jobs_waiting", "Jobs by state", ["state"], registry=self.registry)
        self.key_held = Gauge("wasl_signing_key_held", "1 when the signing key's file is there", registry=self.registry)
        self.checkpoint_age = Gauge(
            "wasl_checkpoint_age_seconds", "Age of the last signed checkpoint; -1 before", registry=self.registry
        )

    def show(self, found: Condition) -> None:
        """Set the gauges to the state of the installation."""
        self.workers.set(found.crew.workers)
        for state in ("queued", "running", "parked"):
            self.queue.labels(state).set(getattr(found.crew, state))
        self.key_held.set(found.key_held)
        self.checkpoint_age.set(-1.0 if found.checkpoint_age_seconds is None else found.checkpoint_age_seconds)

    @classmethod
    def shared(cls) -> Metrics:
        """Metrics beside the process's own (memory, file descriptors, collections)."""
        return cls(REGISTRY)


class Edge:
    """Middleware around the whole application."""

    def __init__(
        self, app: ASGIApp, *, max_json_bytes: int, max_header_bytes: int, metrics: Metrics, console_host: str = ""
    ) -> None:
        self.app = app
        self.console_host = console_host.encode()
        self.max_json_bytes = max_json_bytes
        self.max_header_bytes = max_header_bytes
        self.metrics = metrics
        self.log = structlog.get_logger()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope["wasl_request_id"] = request_id
        began = time.perf_counter()
        status = 500
        started = False

        async def send_marked(message: Message) -> None:
            nonlocal status, started
            if message["type"] == "http.response.start":
                status, started = message["status"], True
                _add_headers(message, request_id)
            await send(message)

        self.metrics.active.inc()
        try:
            refusal = self._refusal(scope)
            if refusal is not None:
                await refusal(scope, receive, send_marked)
                return
            await self.app(scope, self._limited(scope, receive), send_marked)
        except HttpProblem as problem:  # from the body limit, while the application was reading
            if not started:
                await _problem(scope, problem)(scope, receive, send_marked)
        except Exception as error:  # nothing may pass: a server's log would quote the message
            response = await unforeseen(Request(scope), error)
            if started:
                raise RuntimeError("the response was broken off") from None
            await response(scope, receive, send_marked)
        finally:
            self.metrics.active.dec()
            leave = scope.pop(LEAVE, None)
            if leave is not None:
                leave()
            self._note(scope, request_id, status, time.perf_counter() - began)

    def _refusal(self, scope: Scope) -> Callable[[Scope, Receive, Send], Awaitable[None]] | None:
        """The problem of a request that is refused by its head alone."""
        headers = scope["headers"]
        if sum(len(name) + len(value) for name, value in headers) > self.max_header_bytes:
            return _problem(scope, HttpProblem(431, "the request's headers are too large."))
        names = {name for name, _ in headers}
        if b"transfer-encoding" in names and b"content-length" in names:
            # RFC 9112, section 6.1: the connection ends, for a proxy may see another end of the body.
            close = {"Connection": "close"}
            return _problem(scope, HttpProblem(400, "the request gives the length of its body twice.", headers=close))
        if b"%00" in scope.get("raw_path", b"") or b"%00" in scope.get("query_string", b""):
            return _problem(scope, HttpProblem(400, "the request's address holds a NUL character."))
        if _repeated(scope.get("query_string", b"")):
            return _problem(scope, HttpProblem(400, "the request's address gives a parameter twice."))
        if _embedded(headers):
            return _problem(scope, HttpProblem(403, "a page of another site loads this as a part of itself."))
        if self.console_host and self._misdirected(scope):
            return _problem(scope, HttpProblem(421, "this address is served under the service's other host name."))
        if not UPLOAD_PATH.search(scope["path"]):
            declared = next((value for name, value in headers if name == b"content-length"), b"0")
            if not declared.isdigit() or int(declared) > self.max_json_bytes:
                return _problem(scope, self._too_large())
        return None

    def _misdirected(self, scope: Scope) -> bool:
        """Whether the API is asked for under the console's name, or the console under another.

        A script of one application then belongs to another origin than the other's. Pages link to public packages.
        """
        host = next((value for name, value in scope["headers"] if name == b"host"), b"").partition(b":")[0].lower()
        path = scope["path"]
        if host == self.console_host:
            return bool(path.startswith("/v1/") and not path.startswith(EITHER_HOST))
        return bool(path == "/console" or path.startswith("/console/"))

    def _too_large(self) -> HttpProblem:
        return HttpProblem(413, f"the request's body is larger than {self.max_json_bytes:,} bytes.")

    def _limited(self, scope: Scope, receive: Receive) -> Receive:
        """``receive`` with a limit on the body of every route but uploads, whose limit is their own."""
        if UPLOAD_PATH.search(scope["path"]):
            return receive
        received = 0

        async def receive_limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.max_json_bytes:
                raise self._too_large()
            return message

        return receive_limited

    def _note(self, scope: Scope, request_id: str, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unknown")
        method = scope["method"] if scope["method"] in METHODS else "other"
        self.metrics.requests.labels(method, route, str(status)).inc()
        self.metrics.seconds.labels(route).observe(seconds)
        caller = scope.get("state", {}).get("caller")
        self.log.info(
            "request",
            request_id=request_id,
            method=method,
            route=route,
            status=status,
            milliseconds=round(seconds * 1000, 1),
            actor=caller.actor.name if caller is not None else "",
        )


def _embedded(headers: Sequence[tuple[bytes, bytes]]) -> bool:
    """Whether a browser says that a page of another site loads this as a script, a picture, a frame or data.

    A link of another site leads here as before. Source: W3C, Fetch Metadata Request Headers.
    """
    said = {name: value for name, value in headers if name.startswith(b"sec-fetch-")}
    if said.get(b"sec-fetch-site", b"none") != b"cross-site":
        return False
    return said.get(b"sec-fetch-mode") != b"navigate" or said.get(b"sec-fetch-dest") != b"document"


def _repeated(query: bytes) -> bool:
    """Whether a query names a parameter twice: a proxy may have looked at the first, and a route reads the last."""
    if b"&" not in query:
        return False
    names = [name for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True)]
    return len(set(names)) < len(names)


def _request_id(scope: Scope) -> str:
    sent = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"").decode("latin-1")
    return sent if REQUEST_ID.fullmatch(sent) else f"{_PROCESS}{next(_NUMBERS):012x}"


def _problem(scope: Scope, problem: HttpProblem) -> ASGIApp:
    wishes = next((value for name, value in scope["headers"] if name == b"accept-language"), b"").decode("latin-1")
    return problem_response(
        scope["wasl_request_id"],
        wishes=wishes,
        status=problem.status,
        slug=problem.slug,
        title=problem.slug.replace("-", " ").capitalize(),
        detail=problem.detail,
        remedy=problem.remedy,
        headers=problem.headers,
    )


def _add_headers(message: MutableMapping[str, Any], request_id: str) -> None:
    present = {name for name, _ in message["headers"]}
    message["headers"] = [
        *message["headers"],
        *(header for header in _SECURITY_HEADERS if header[0] not in present),
        (b"x-request-id", request_id.encode()),
    ]
