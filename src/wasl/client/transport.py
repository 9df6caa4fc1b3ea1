"""Requests that are repeated until they are answered, and problems turned back into wasl's errors."""

from __future__ import annotations

import base64
import hashlib
import random
import re
import secrets
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

import httpx

from wasl.client.failures import no_address, no_service, refusal_of, require_another_attempt
from wasl.errors import InputError, VerificationError, WaslError

__all__ = ["Progress", "Transport", "file_digest"]

Progress = Callable[[int, int], None]
"""Called with (bytes done, bytes in all)."""

RETRIABLE = frozenset({408, 425, 429, 502, 503, 504})
CHUNK_BYTES = 1 << 20
FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 15.0
MOST_DOUBLINGS = 10
ANNOUNCED = re.compile(r"sha-256=:([A-Za-z0-9+/=]+):")
PART = re.compile(r"bytes (\d{1,18})-")


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
        try:
            self._http = http or httpx.Client(base_url=address.rstrip("/"), timeout=timeout_seconds)
        except httpx.InvalidURL as error:
            raise no_address() from error
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
        return _json(self._send(method, path, headers=headers, json=body, params=params))

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
        """Stream a file to a route, under its digest; gives the JSON it answers.

        Raises:
            InputError: The file was changed while it was sent; the service keeps nothing of it.
        """
        with file.open("rb") as stream:
            outgoing = _Outgoing.of(file, stream)
            headers = {
                "Content-Type": media_type,
                "Content-Length": str(outgoing.size),
                "Content-Digest": f"sha-256=:{base64.b64encode(outgoing.digest).decode()}:",
            }
            try:
                answer = self._send(
                    "POST", path, headers=headers, params=params, content=lambda: outgoing.chunks(progress)
                )
            except WaslError as error:
                outgoing.require_unchanged(error)
                raise
        return _json(answer)

    def download(self, path: str, out: Path, progress: Progress | None = None) -> str:
        """Fetch a file into place, whole or not at all, going on where a broken connection stopped; gives its digest.

        A file that the service replaced meanwhile is fetched from its beginning.

        Raises:
            VerificationError: What arrived is not what the service says it sent.
        """
        arriving = _Arriving(out.with_name(f".{out.name}.{secrets.token_hex(4)}.partial"))
        try:
            for attempt in range(self.attempts):
                last = attempt + 1 == self.attempts
                try:
                    waiting = self._fetch(path, arriving, progress, last=last)
                except (httpx.InvalidURL, httpx.RequestError) as error:
                    require_another_attempt(error, last=last)
                    waiting = ""
                if waiting is None:
                    break
                self._pause(attempt, waiting)
            found = file_digest(arriving.path)
            if arriving.announced and arriving.announced != found:
                raise VerificationError("what arrived is not what the service says it sent.")
            arriving.path.replace(out)
        finally:
            arriving.path.unlink(missing_ok=True)
        return "sha256:" + found.hex()

    def _fetch(self, path: str, arriving: _Arriving, progress: Progress | None, *, last: bool) -> str | None:
        """Fetch what is not there yet; gives None when all is there, else how long the service asks to wait."""
        have = arriving.size()
        headers = {"Accept-Encoding": "identity"}  # packed on the way, it would have another digest
        if have and arriving.etag:
            headers |= {"Range": f"bytes={have}-", "If-Range": arriving.etag}
        elif have:
            headers |= {"Range": f"bytes={have}-"}
        with self._http.stream("GET", path, headers=headers) as response:
            if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE and not last:
                arriving.path.unlink()  # it became shorter than what is here
                return ""
            if response.status_code in RETRIABLE and not last:
                return str(response.headers.get("retry-after", ""))
            if response.status_code not in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT):
                response.read()
                raise refusal_of(response)
            if not _goes_on(response, have):
                have = 0
            arriving.etag = response.headers.get("etag", "")
            announced = ANNOUNCED.search(response.headers.get("repr-digest", ""))
            arriving.announced = base64.b64decode(announced.group(1)) if announced else b""
            length = response.headers.get("content-length", "")
            total = have + (int(length) if length.isdigit() else 0)
            with arriving.path.open("ab" if have else "wb") as file:
                for chunk in response.iter_raw():  # as it comes, so that a broken line loses nothing
                    file.write(chunk)
                    have += len(chunk)
                    if progress is not None:
                        progress(have, total)
        return None

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
            except (httpx.InvalidURL, httpx.RequestError) as error:
                require_another_attempt(error, last=last)
                self._pause(attempt, None)
                continue
            if response.is_success:
                return response
            if response.status_code not in RETRIABLE or last:
                raise refusal_of(response)
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


@dataclass
class _Arriving:
    """A download so far: the hidden file beside its place, and what the service called the version it sent."""

    path: Path
    etag: str = ""
    announced: bytes = b""

    def size(self) -> int:
        """Bytes that are there."""
        return self.path.stat().st_size if self.path.exists() else 0


@dataclass(frozen=True)
class _Outgoing:
    """A file while it is sent: the one that was there at the beginning, also when another one takes its name."""

    file: Path
    stream: BufferedReader
    size: int
    digest: bytes

    @classmethod
    def of(cls, file: Path, stream: BufferedReader) -> _Outgoing:
        digest = hashlib.file_digest(stream, "sha256").digest()
        return cls(file, stream, stream.tell(), digest)

    def chunks(self, progress: Progress | None) -> Iterator[bytes]:
        """The bytes, as many as were announced.

        Raises:
            InputError: The file became shorter.
        """
        self.stream.seek(0)
        done = 0
        while chunk := self.stream.read(min(CHUNK_BYTES, self.size - done)):
            yield chunk
            done += len(chunk)
            if progress is not None:
                progress(done, self.size)
        if done < self.size:
            raise self._changed()

    def require_unchanged(self, error: WaslError) -> None:
        """Name the true reason of a failure.

        Raises:
            InputError: The file was written to since its digest was taken.
        """
        self.stream.seek(0)
        if hashlib.file_digest(self.stream, "sha256").digest() != self.digest:
            raise self._changed() from error

    def _changed(self) -> InputError:
        return InputError(
            f"{self.file}: the file was changed while it was sent; the service keeps nothing of it.",
            remedy="Send it again when no program writes to it.",
        )


def _goes_on(response: httpx.Response, have: int) -> bool:
    """Whether what arrives is the rest of what is here, and not the file from its beginning."""
    if response.status_code != httpx.codes.PARTIAL_CONTENT:
        return False
    part = PART.match(response.headers.get("content-range", ""))
    return part is None or int(part.group(1)) == have


def _json(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError as error:
        raise no_service() from error
