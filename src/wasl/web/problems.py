"""Errors as problems (RFC 9457): what is wrong, what to do next, and nothing of what was sent."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import sqlalchemy as sa
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from wasl import errors
from wasl.locale import N_, messages, negotiate
from wasl.registers.document_faults import safe_fault
from wasl.storage.obstacles import Obstacle, obstacle_of

__all__ = ["PROBLEMS", "HttpProblem", "Problem", "install", "problem_response", "request_id", "unforeseen"]

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = "5"

PROBLEMS: dict[type[errors.WaslError], tuple[int, str]] = {
    errors.WaslError: (400, N_("The request cannot be served")),
    errors.InputError: (422, N_("The input is at fault")),
    errors.SchemaError: (422, N_("The document does not hold together")),
    errors.RegisterError: (422, N_("The register file cannot be read")),
    errors.DeliveryError: (422, N_("The submission is malformed")),
    errors.KeyFileError: (422, N_("The key is malformed")),
    errors.MismatchError: (422, N_("The submissions do not belong together")),
    errors.ThresholdError: (409, N_("A threshold is not met")),
    errors.LeakError: (409, N_("The encoding would leak too much")),
    errors.PolicyError: (409, N_("Protection cannot reach the thresholds")),
    errors.VerificationError: (409, N_("A digest, signature or proof does not verify")),
    errors.AccessError: (403, N_("Not allowed")),
    errors.AuthorizationError: (403, N_("The authorization does not cover this")),
    errors.StateError: (409, N_("Not possible in the present state")),
    errors.StaleError: (412, N_("Changed by somebody else meanwhile")),
    errors.NotFoundError: (404, N_("Not found")),
    errors.MissingExtraError: (501, N_("Not installed here")),
}
"""The status and title of every error of wasl's."""

PHRASES = (
    N_("Bad Request"),
    N_("Unauthorized"),
    N_("Forbidden"),
    N_("Not Found"),
    N_("Method Not Allowed"),
    N_("Request Timeout"),
    N_("Conflict"),
    N_("Gone"),
    N_("Length Required"),
    N_("Precondition Failed"),
    N_("Unsupported Media Type"),
    N_("Misdirected Request"),
    N_("Precondition Required"),
    N_("Too Many Requests"),
    N_("Internal Server Error"),
    N_("Not Implemented"),
    N_("Bad Gateway"),
    N_("Service Unavailable"),
    N_("Insufficient Storage"),
    N_("Request too large"),
    N_("The request is not as the API describes it"),
    N_("Faults in the request: {count}."),
    N_("See 'fields' and /v1/openapi.json."),
    N_("a text or number in the request cannot be stored."),
    N_("the database does not answer; nothing was changed."),
    N_("Repeat the request, with the same Idempotency-Key."),
    N_("the disk is full; nothing was changed."),
    N_("a folder of the service cannot be written; nothing was changed."),
    N_("the service could not read or write a file."),
    N_("Tell the administrator; repeat the request later."),
    N_("something went wrong inside the service; nothing was changed."),
    N_("Tell the administrator the request id."),
)
"""Titles of HTTP, and what this module says itself; `wasl.locale` recognizes them."""


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = Field(examples=["urn:wasl:problem:state-error"], description="the kind of problem")
    title: str = Field(examples=["Not possible in the present state"], description="the kind of problem, in words")
    status: int = Field(examples=[409], description="the HTTP status")
    detail: str = Field(examples=["the project 'simimo' is closed."], description="what is wrong here")
    remedy: str = Field(default="", description="what to do about it")
    request_id: str = Field(default="", description="quote it when you ask for help")
    fields: list[str] = Field(default=[], description="where the request is at fault, and why")


class HttpProblem(Exception):  # noqa: N818 - it is a problem
    """A problem of HTTP itself, raised by the web layer."""

    def __init__(
        self, status: int, detail: str, *, remedy: str = "", slug: str = "", headers: dict[str, str] | None = None
    ) -> None:
        self.status, self.detail, self.remedy = status, detail, remedy
        self.slug = slug or HTTPStatus(status).phrase.lower().replace(" ", "-")
        self.headers = headers or {}
        super().__init__(detail)


def problem_response(
    request_id: str,
    *,
    status: int,
    slug: str,
    title: str,
    detail: str,
    remedy: str = "",
    fields: list[str] | None = None,
    headers: dict[str, str] | None = None,
    wishes: str = "",
) -> JSONResponse:
    """The response that tells of a problem, in the language that the caller wishes; English without a wish.

    Args:
        request_id: Under which the request is logged.
        status: Of HTTP.
        slug: The kind of problem; the same in every language.
        title: The kind of problem in words, in English like what follows.
        detail: What is wrong here.
        remedy: What to do about it.
        fields: Where the request is at fault, and why.
        headers: Of the response.
        wishes: ``Accept-Language`` of the request.
    """
    words = messages(negotiate(wishes, default="en"))
    problem = Problem(
        type=f"urn:wasl:problem:{slug}",
        title=words.sentence(title),
        status=status,
        detail=words.sentence(detail),
        remedy=words.sentence(remedy),
        request_id=request_id,
        fields=[words.sentence(one) for one in fields or []],
    )
    said = {"Content-Language": words.language, "Vary": "Accept-Language", **(headers or {})}
    return JSONResponse(problem.model_dump(), status_code=status, headers=said, media_type=MEDIA_TYPE)


def wishes(request: Request) -> str:
    """The languages that the caller of a request wishes."""
    return request.headers.get("accept-language", "")


def install(app: FastAPI) -> None:
    """Answer every error with a problem."""
    app.add_exception_handler(errors.WaslError, _wasl)
    app.add_exception_handler(HttpProblem, _http_problem)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(sa.exc.DataError, _unstorable)
    app.add_exception_handler(sa.exc.DBAPIError, _database)
    app.add_exception_handler(sa.exc.TimeoutError, _database)
    app.add_exception_handler(OSError, _disk)


def status_of(error: errors.WaslError) -> int:
    """The HTTP status of an error."""
    return next(PROBLEMS[kind][0] for kind in type(error).__mro__ if kind in PROBLEMS)


def request_id(request: Request) -> str:
    """The id under which the request is logged."""
    return str(request.scope.get("wasl_request_id", ""))


def _slug(name: str) -> str:
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).lstrip("-")


async def _wasl(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.WaslError)  # noqa: S101 - by registration
    kind = next(kind for kind in type(error).__mro__ if kind in PROBLEMS)
    status, title = PROBLEMS[kind]
    return problem_response(
        request_id(request),
        wishes=wishes(request),
        status=status,
        slug=_slug(kind.__name__),
        title=title,
        detail=error.message,
        remedy=error.remedy,
    )


async def _http_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, HttpProblem)  # noqa: S101 - by registration
    return problem_response(
        request_id(request),
        wishes=wishes(request),
        status=error.status,
        slug=error.slug,
        title=HTTPStatus(error.status).phrase,
        detail=error.detail,
        remedy=error.remedy,
        headers=error.headers,
    )


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - by registration
    phrase = HTTPStatus(error.status_code).phrase
    return problem_response(
        request_id(request),
        wishes=wishes(request),
        status=error.status_code,
        slug=phrase.lower().replace(" ", "-"),
        title=phrase,
        detail=f"{phrase.lower()}.",
        headers=dict(error.headers or {}),
    )


async def _validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - by registration
    # Where and why, never what: the input may be anything.
    fields = [f"{'.'.join(str(part)[:60] for part in item['loc'])}: {safe_fault(item)}" for item in error.errors()]
    return problem_response(
        request_id(request),
        wishes=wishes(request),
        status=422,
        slug="invalid-request",
        title="The request is not as the API describes it",
        detail=f"Faults in the request: {len(fields)}.",
        remedy="See 'fields' and /v1/openapi.json.",
        fields=fields[:50],
    )


async def _unstorable(request: Request, _error: Exception) -> Response:
    return problem_response(
        request_id(request),
        wishes=wishes(request),
        status=422,
        slug="invalid-request",
        title="The request is not as the API describes it",
        detail="a text or number in the request cannot be stored.",
    )


async def _database(request: Request, error: Exception) -> Response:
    if obstacle_of(error) is not None:
        return await _disk(request, error)
    _log(request, error, "database")
    return problem_response(
        request_id(request),
        wishes=wishes(request),
        status=503,
        slug="service-unavailable",
        title="Service Unavailable",
        detail="the database does not answer; nothing was changed.",
        remedy="Repeat the request, with the same Idempotency-Key.",
        headers={"Retry-After": RETRY_SECONDS},
    )


async def _disk(request: Request, error: Exception) -> Response:
    _log(request, error, "disk")
    obstacle = obstacle_of(error)
    if obstacle is None:
        status, slug, title = 500, "internal-error", "Internal Server Error"
        detail = "the service could not read or write a file."
    elif obstacle is Obstacle.FULL:
        status, slug, title = 507, "insufficient-storage", "Insufficient Storage"
        detail = "the disk is full; nothing was changed."
    else:
        status, slug, title = 503, "service-unavailable", "Service Unavailable"
        detail = "a folder of the service cannot be written; nothing was changed."
    return problem_response(
        request_id(request),
        wishes=wishes(request),
        status=status,
        slug=slug,
        title=title,
        detail=detail,
        remedy="Tell the administrator; repeat the request later.",
        headers={"Retry-After": RETRY_SECONDS} if status == 503 else None,
    )


async def unforeseen(request: Request, error: Exception) -> Response:
    """The response to an error nobody thought of."""
    _log(request, error, "unforeseen")
    return problem_response(
        request_id(request),
        wishes=wishes(request),
        status=500,
        slug="internal-error",
        title="Internal Server Error",
        detail="something went wrong inside the service; nothing was changed.",
        remedy="Tell the administrator the request id.",
    )


def _log(request: Request, error: BaseException, kind: str) -> None:
    """Log the kind of error and where it arose, never its message, which may quote what was sent."""
    frames: list[str] = []
    trace: Any = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"{code.co_filename.rsplit('/site-packages/')[-1]}:{trace.tb_lineno}:{code.co_name}")
        trace = trace.tb_next
    structlog.get_logger().error(
        "request failed", kind=kind, error=type(error).__name__, request_id=request_id(request), where=frames[-8:]
    )
