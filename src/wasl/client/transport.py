"""Requests that are repeated until they are answered, and problems turned back into wasl's errors."""

from __future__ import annotations

import base64
import hashlib
import random
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx

from wasl import errors
from wasl.errors import WaslError

__all__ = ["Progress", "Transport", "file_digest"]

Progress = Callable[[int, int], None]
"""Called with (bytes done, bytes in all)."""

RETRIABLE = frozenset({408, 425, 429, 502, 503, 504})
CHUNK_BYTES = 1 << 20
FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 15.0
MOST_DOUBLINGS = 10
PROBLEM = re.compile(r"urn:wasl:problem:([a-z-]+)")


class Transport:
    """An HTTP session with the service.

    Every POST carries an Idempotency-Key, so a request whose answer was lost is repeated without doubling anything.

    Attributes:
        attempts: How often a request is tried.
    """

    def __init__(
        self,
        address: str,
        token: str = "",
        *,
        attempts: int = 6,
        timeout_seconds: float = 60.0,
        sleep: Callable[[float], None] = time.sleep,
        http: httpx.Client | None = None,
    ) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = http or httpx.Client(base_url=address.rstrip("/"), timeout=timeout_seconds)
        self._http.headers.update(headers)
        self.attempts = attempts
        self._sleep = sleep

    def close(self) -> None:
        """End the session."""
        self._http.close()

    def json(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        etag: str = "",
        params: Mapping[str, Any] | None = None,
    ) -> Any:
        """The JSON a route answers.

        Raises:
            WaslError: The service refused, as the class its problem names.
        """
        headers = {"If-Match": etag} if etag else {}
        return self._send(method, path, headers=headers, json=body, params=params).json()

    def text(self, method: str, path: str, *, params: Mapping[str, Any] | None = None, language: str = "") -> str:
        """The text a route answers, in the language asked for where it has several."""
        headers = {"Accept-Language": language} if language else {}
        return self._send(method, path, headers=headers, params=params).text

    def upload(
        self,
        path: str,
        file: Path,
        media_type: str,
        progress: Progress | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> Any:
        """Stream a file to a route, under its digest; gives the JSON it answers."""
        digest = base64.b64encode(file_digest(file)).decode()
        size = file.stat().st_size
        headers = {
            "Content-Type": media_type,
            "Content-Length": str(size),
            "Content-Digest": f"sha-256=:{digest}:",
        }
        return self._send(
            "POST", path, headers=headers, params=params, content=lambda: _chunks(file, size, progress)
        ).json()

    def download(self, path: str, out: Path, progress: Progress | None = None) -> str:
        """Fetch a file into place, whole or not at all, going on where a broken connection stopped; gives its digest.

        Raises:
            VerificationError: What arrived is not what the service says it sent.
        """
        partial = out.with_name(out.name + ".partial")
        partial.unlink(missing_ok=True)
        try:
            for attempt in range(self.attempts):
                try:
                    announced = self._fetch(path, partial, progress)
                    break
                except httpx.TransportError as error:
                    if attempt + 1 == self.attempts:
                        raise _unreachable(error) from error
                    self._pause(attempt, None)
            found = file_digest(partial)
            if announced and announced != found:
                raise errors.VerificationError("what arrived is not what the service says it sent.")
            partial.replace(out)
        finally:
            partial.unlink(missing_ok=True)
        return "sha256:" + found.hex()

    def _fetch(self, path: str, partial: Path, progress: Progress | None) -> bytes:
        have = partial.stat().st_size if partial.exists() else 0
        headers = {"Range": f"bytes={have}-"} if have else {}
        with self._http.stream("GET", path, headers=headers) as response:
            if response.status_code >= httpx.codes.BAD_REQUEST:
                response.read()
                raise _error(response)
            if response.status_code != httpx.codes.PARTIAL_CONTENT:
                have = 0
            total = have + int(response.headers.get("content-length", 0))
            with partial.open("ab" if have else "wb") as file:
                for chunk in response.iter_raw():  # as it comes, so that a broken line loses nothing
                    file.write(chunk)
                    have += len(chunk)
                    if progress is not None:
                        progress(have, total)
            announced = re.search(r"sha-256=:([A-Za-z0-9+/=]+):", response.headers.get("repr-digest", ""))
            return base64.b64decode(announced.group(1)) if announced else b""

    def _send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: Callable[[], Iterator[bytes]] | None = None,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
    ) -> httpx.Response:
        sent = dict(headers or {})
        if method != "GET":
            sent["Idempotency-Key"] = uuid.uuid4().hex
        for attempt in range(self.attempts):
            last = attempt + 1 == self.attempts
            try:
                response = self._http.request(
                    method,
                    path,
                    headers=sent,
                    json=json,
                    params=params,
                    content=content() if content is not None else None,
                )
            except httpx.TransportError as error:
                if last:
                    raise _unreachable(error) from error
                self._pause(attempt, None)
                continue
            if response.status_code < httpx.codes.BAD_REQUEST:
                return response
            if response.status_code not in RETRIABLE or last:
                raise _error(response)
            self._pause(attempt, response.headers.get("retry-after"))
        raise AssertionError("unreachable")

    def _pause(self, attempt: int, asked: str | None) -> None:
        pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(attempt, MOST_DOUBLINGS))
        if asked is not None and asked.isdigit():
            pause = max(pause, min(float(asked), LONGEST_PAUSE_SECONDS))
        self._sleep(pause * (0.5 + random.random()))  # noqa: S311 - spreads clients out, guards nothing


def file_digest(file: Path) -> bytes:
    """The SHA-256 of a file, 32 bytes."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()


def _chunks(file: Path, size: int, progress: Progress | None) -> Iterator[bytes]:
    done = 0
    with file.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            yield chunk
            done += len(chunk)
            if progress is not None:
                progress(done, size)


def _error(response: httpx.Response) -> WaslError:
    """The error a problem stands for."""
    try:
        problem = response.json()
        found = PROBLEM.fullmatch(str(problem.get("type", "")))
        detail, remedy = str(problem.get("detail", "")), str(problem.get("remedy", ""))
        fields = "; ".join(map(str, problem.get("fields", [])))
    except (ValueError, AttributeError):
        found, detail, remedy, fields = None, "", "", ""
    message = detail or f"the service answered {response.status_code}."
    if fields:
        message = f"{message} ({fields})"
    name = "".join(part.capitalize() for part in found.group(1).split("-")) if found else ""
    kind = getattr(errors, name, None)
    if isinstance(kind, type) and issubclass(kind, WaslError) and kind is not errors.MissingExtraError:
        return kind(message, remedy=remedy)
    by_status = {401: errors.AccessError, 403: errors.AccessError, 404: errors.NotFoundError, 428: errors.StateError}
    return by_status.get(response.status_code, WaslError)(message, remedy=remedy)


def _unreachable(error: httpx.TransportError) -> WaslError:
    return WaslError(
        f"the service does not answer ({type(error).__name__}).", remedy="Check the address and try again."
    )
