"""Streamed uploads: straight to disk, counted and hashed on the way, kept only if the digest is the one announced."""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
import time

from anyio.to_thread import run_sync
from fastapi import Request
from starlette.requests import ClientDisconnect

from wasl.errors import InputError
from wasl.service.ports import Area
from wasl.storage.files import FileStore, IncomingFile
from wasl.web.middleware import Metrics
from wasl.web.problems import HttpProblem
from wasl.web.scanner import Verdict, scan
from wasl.web.settings import ServiceSettings

__all__ = ["MEDIA_TYPE", "UPLOAD_OPENAPI", "receive_body"]

MEDIA_TYPE = "application/vnd.apache.parquet"
DIGEST = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]{44}):")
WRITE_BYTES = 1 << 20

UPLOAD_OPENAPI = {
    "requestBody": {
        "required": True,
        "description": "the Parquet file as `wasl encode` writes it",
        "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    },
    "parameters": [
        {
            "name": "Content-Digest",
            "in": "header",
            "required": True,
            "schema": {"type": "string", "pattern": "^sha-256=:[A-Za-z0-9+/]{43}=:$"},
            "description": "SHA-256 of the body (RFC 9530)",
            "example": "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:",
        }
    ],
}
"""OpenAPI description of a route that takes a file."""


async def receive_body(request: Request, area: Area) -> IncomingFile:
    """The request's body as a file of an area, complete and with the announced digest; not yet kept.

    Raises:
        HttpProblem: Another media type, no or a wrong digest, too large, no room, the sender stalled, or the scanner
            did not take it.
    """
    settings: ServiceSettings = request.app.state.settings
    store: FileStore = request.app.state.files
    metrics: Metrics = request.app.state.metrics
    announced = _announced(request)
    _require_size(request, settings, store)
    incoming = await run_sync(lambda: store.receive(area, max_bytes=settings.max_upload_bytes))
    try:
        await _fill(request, incoming, settings)
        if incoming.stored.digest != announced:
            raise HttpProblem(400, "the body is not what its Content-Digest says.", remedy="Send it again.")
        _require_taken(await scan(incoming.path, settings, metrics))
    except BaseException:
        incoming.__exit__()
        raise
    metrics.uploaded.inc(incoming.stored.size_bytes)
    return incoming


def _require_taken(verdict: Verdict) -> None:
    if verdict is Verdict.REFUSED:
        raise HttpProblem(422, "the scanner of this service refused the file.", remedy="Tell the administrator.")
    if verdict is Verdict.FAILED:
        raise HttpProblem(503, "the scanner of this service does not work.", remedy="Send the file again later.")


async def _fill(request: Request, incoming: IncomingFile, settings: ServiceSettings) -> None:
    buffer = bytearray()
    stream = request.stream().__aiter__()
    began, received = time.monotonic(), 0
    try:
        while True:
            async with asyncio.timeout(settings.upload_stall_seconds):
                chunk = await anext(stream, None)
            if chunk is None:
                break
            buffer += chunk
            received += len(chunk)
            late = time.monotonic() - began - settings.upload_stall_seconds
            if late > 0 and received < late * settings.upload_bytes_per_second:
                raise HttpProblem(408, "the upload is too slow and was given up.")
            if len(buffer) >= WRITE_BYTES:
                await run_sync(incoming.write, bytes(buffer))
                buffer.clear()
        await run_sync(incoming.write, bytes(buffer))
    except TimeoutError as error:
        raise HttpProblem(408, "the upload stalled and was given up.") from error
    except ClientDisconnect as error:
        raise HttpProblem(400, "the upload broke off.") from error
    except InputError as error:
        raise HttpProblem(413, error.message) from error


def _announced(request: Request) -> str:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in (MEDIA_TYPE, "application/octet-stream"):
        raise HttpProblem(415, f"a file is sent as {MEDIA_TYPE}.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise HttpProblem(415, "a file is sent without Content-Encoding; Parquet is compressed already.")
    found = DIGEST.search(request.headers.get("content-digest", ""))
    try:
        digest = base64.b64decode(found.group(1), validate=True) if found else b""
    except binascii.Error:
        digest = b""
    if len(digest) != 32:
        raise HttpProblem(400, "an upload needs Content-Digest: sha-256=:<base64>: (RFC 9530).")
    return "sha256:" + digest.hex()


def _require_size(request: Request, settings: ServiceSettings, store: FileStore) -> None:
    length = request.headers.get("content-length", "0")
    announced = int(length) if length.isdigit() and len(length) < 19 else 0
    if announced > settings.max_upload_bytes:
        raise HttpProblem(413, f"the file is larger than the {settings.max_upload_bytes:,} bytes this service takes.")
    if store.free_bytes() - announced < settings.min_free_bytes:
        raise HttpProblem(507, "there is no room for another file.", remedy="Tell the administrator.")
