"""Bodies of requests: read within a deadline, parsed once as JSON or TOML, and part of what makes a repeat a repeat."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import json
import math
import re
import tomllib
from typing import Any

from anyio.to_thread import run_sync
from fastapi import Request
from starlette.requests import ClientDisconnect

from wasl.registers.exchange.digests import digest_bytes
from wasl.registers.plain_toml import MOST_KEY_DOTS, KeyDepthError, read_toml
from wasl.service.ports import Receipt
from wasl.web.problems import HttpProblem
from wasl.web.settings import ServiceSettings

__all__ = ["STREAMS", "TOML", "TOML_TYPE", "parse_json", "parse_toml", "take_receipt", "toml_openapi"]

STREAMS = "x-wasl-streams"
"""Marks a route that reads its body itself."""

TOML = "x-wasl-toml"
"""Marks a route that takes TOML: the field of the body that the file stands for; empty: the file is the whole body."""

TOML_TYPE = "application/toml"
IDEMPOTENCY_KEY = re.compile(r"[!-~]{1,200}")
TOML_PLACE = re.compile(r"\(at (line \d+, column \d+|end of document)\)")

MAX_JSON_VALUES = 100_000
"""Values in one body: Python needs up to 100 bytes for each, so 1 MB of text becomes 10 MB at most."""

NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""The escape of a NUL character in JSON; after an escaped backslash it is plain text."""

INLINE_BYTES = 4096
"""A body up to this size is parsed where it is; a longer one in a thread, so that nobody waits for it."""


async def take_receipt(request: Request, *, streams: bool, toml: str | None = None) -> Receipt | None:
    """The idempotency key and what the request is, once its body (of routes that do not stream it) is read.

    Raises:
        HttpProblem: 400, 408, 413, 415 or 422.
    """
    if request.method == "GET":
        return None
    parts = [request.method, request.url.path, request.url.query]
    if streams:
        parts.append(request.headers.get("content-digest", ""))
    else:
        parts.append(digest_bytes(await _body(request, toml)))
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if IDEMPOTENCY_KEY.fullmatch(key) is None:
        raise HttpProblem(400, "an Idempotency-Key has 1 to 200 visible ASCII characters.")
    return Receipt(key, hashlib.sha256("\0".join(parts).encode()).hexdigest())


def toml_openapi(field: str) -> dict[str, Any]:
    """The OpenAPI description of a body in TOML, beside that of JSON."""
    what = f"the document of the field '{field}' itself" if field else "the same fields, a table for each document"
    return {"requestBody": {"content": {TOML_TYPE: {"schema": {"type": "string", "description": f"TOML: {what}"}}}}}


def parse_json(body: bytes) -> Any:
    """The value of a JSON body that any database can store.

    Raises:
        HttpProblem: 400, 413 or 422; the offending text is not repeated.
    """
    if body.count(b",") + body.count(b"[") + body.count(b"{") > MAX_JSON_VALUES:
        raise _too_many_values()
    try:
        value = json.loads(
            body.decode("utf-8-sig"),
            parse_constant=_refuse_constant,
            parse_float=_finite,
            parse_int=_whole,
            object_pairs_hook=_object,
        )
        return _storable(value)
    except (ValueError, RecursionError) as error:
        raise HttpProblem(400, "the body is not plain JSON in UTF-8.") from error


def parse_toml(text: str) -> Any:
    """The value of a TOML text that any database can store; dates and times become text.

    Raises:
        HttpProblem: 400, 413 or 422; the offending text is not repeated, only its place.
    """
    if text.count(",") + text.count("[") + text.count("=") > MAX_JSON_VALUES:
        raise _too_many_values()
    try:
        return _storable(_plain(read_toml(text)))
    except KeyDepthError as error:
        raise HttpProblem(400, f"a key of the TOML has more than {MOST_KEY_DOTS} dots.") from error
    except tomllib.TOMLDecodeError as error:
        place = TOML_PLACE.search(str(error))
        where = f" at {place.group(1)}" if place else ""
        raise HttpProblem(400, f"the document is not TOML{where}.", remedy="See https://toml.io.") from error
    except (ValueError, RecursionError) as error:
        raise HttpProblem(400, "the document is TOML that has no JSON form.") from error


async def _body(request: Request, toml: str | None) -> bytes:
    """The body, read within the deadline; it is parsed here, once, and off the event loop when it is long."""
    settings: ServiceSettings = request.app.state.settings
    try:
        async with asyncio.timeout(settings.body_seconds):
            body = await request.body()
    except TimeoutError as error:
        raise HttpProblem(408, "the request's body did not arrive in time.") from error
    except ClientDisconnect as error:
        raise HttpProblem(400, "the request broke off.") from error
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media in (TOML_TYPE, "text/toml"):
        if toml is None:
            raise HttpProblem(415, "this route takes JSON; TOML is taken where documents are sent.")
        value = await _parsed(_from_toml, body)
        _as_json(request, {toml: value} if toml else value)
    elif body and "json" in media:
        request._json = await _parsed(parse_json, body)
    return body


async def _parsed(parse: Any, body: bytes) -> Any:
    return parse(body) if len(body) <= INLINE_BYTES else await run_sync(parse, body)


def _from_toml(body: bytes) -> Any:
    try:
        return parse_toml(body.decode())
    except UnicodeDecodeError as error:
        raise HttpProblem(400, "the body is not in UTF-8.") from error


def _as_json(request: Request, value: Any) -> None:
    """Let the route see a JSON request with this value."""
    request._json = value
    others = [(name, text) for name, text in request.scope["headers"] if name != b"content-type"]
    request.scope["headers"] = [*others, (b"content-type", b"application/json")]
    del request._headers  # made from the scope when it is next asked for


def _plain(value: Any) -> Any:
    """A TOML value as JSON has it.

    Raises:
        ValueError: It holds infinity, no number, or a whole number beyond 64 bits.
    """
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):  # noqa: PLR0124
        raise ValueError("not a number")
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
        raise ValueError("not a number")
    return value


def _storable(value: Any) -> Any:
    """The value, if a database can store it.

    Raises:
        HttpProblem: It holds a NUL character.
        ValueError: It is not valid Unicode.
    """
    if NUL.search(json.dumps(value, ensure_ascii=False).encode()):
        raise HttpProblem(422, "the body holds a NUL character.")
    return value


def _too_many_values() -> HttpProblem:
    return HttpProblem(413, f"the body holds more than {MAX_JSON_VALUES:,} values.")


def _finite(text: str) -> float:
    """A number that a float can hold; ``1e400`` is none."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("not a number")
    return value


def _whole(text: str) -> int:
    """A whole number of 64 bits, which every database stores."""
    value: int = _plain(int(text))
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are different: readers disagree on which of two values counts.

    Raises:
        HttpProblem: A name stands there twice.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        raise HttpProblem(400, "an object in the body names a field twice.", remedy="Name each field once.")
    return found


def _refuse_constant(_name: str) -> float:
    raise ValueError("not a number")
