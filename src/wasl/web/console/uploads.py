"""A file that a form sends: streamed to disk field by field, counted and hashed on the way.

The fields before the file carry the form's token and, where a script computed it or the holder typed it, the digest
that the file must have.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field

from anyio.to_thread import run_sync
from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from wasl.errors import InputError
from wasl.locale import N_
from wasl.service.ports import Area
from wasl.storage.files import FileStore, IncomingFile
from wasl.web.console.forms import TOKEN_FIELD, Form, PageFault, require_token
from wasl.web.console.pages import Page
from wasl.web.console.sessions import form_token
from wasl.web.middleware import Metrics
from wasl.web.scanner import Verdict, scan

__all__ = ["receive_file"]

MOST_FIELD_BYTES = 2_000
MOST_FIELDS = 20
FILE_FIELD = "file"
SHORTEST_DIGEST = 12
"""Characters of a typed digest that are enough: 48 bits tell a damaged file from a whole one."""


@dataclass
class _Reading:
    """The parts of the form that were read so far."""

    fields: dict[str, str] = field(default_factory=dict)
    name: str = ""
    header: bytearray = field(default_factory=bytearray)
    header_value: bytearray = field(default_factory=bytearray)
    value: bytearray = field(default_factory=bytearray)
    pending: bytearray = field(default_factory=bytearray)
    parts: int = 0
    file_seen: bool = False
    proved: bool = False

    def begin(self) -> None:
        self.parts += 1
        self.name = ""
        self.value.clear()
        if self.parts > MOST_FIELDS:
            raise PageFault(413, N_("The form has too many fields."))

    def header_end(self) -> None:
        if bytes(self.header).lower() == b"content-disposition":
            _, options = parse_options_header(bytes(self.header_value))
            self.name = options.get(b"name", b"").decode("utf-8", "replace")
        self.header.clear()
        self.header_value.clear()

    def data(self, chunk: bytes, start: int, end: int) -> None:
        if self.name == FILE_FIELD:
            self.file_seen = True
            self.pending += chunk[start:end]
            return
        self.value += chunk[start:end]
        if len(self.value) > MOST_FIELD_BYTES:
            raise PageFault(413, N_("A field of the form is too long."))

    def end(self) -> None:
        if self.name and self.name != FILE_FIELD:
            self.fields[self.name] = self.value.decode("utf-8", "replace").strip()


async def receive_file(page: Page, area: Area) -> tuple[IncomingFile, dict[str, str]]:
    """The file of a form, complete on disk and scanned, and the other fields.

    The token of the form is checked before the file.

    Raises:
        PageFault: The form is not one of this session, the file is missing, too large, not what its digest says, or
            not taken by the scanner.
    """
    request = page.request
    settings = page.settings
    store: FileStore = request.app.state.files
    metrics: Metrics = request.app.state.metrics
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data" or b"boundary" not in options:
        raise PageFault(415, N_("A file is sent by the form of its page."))
    if store.free_bytes() < settings.min_free_bytes:
        raise PageFault(507, N_("There is no room for another file. Tell the administrator."))
    reading = _Reading()
    parser = MultipartParser(
        options[b"boundary"],
        {
            "on_part_begin": reading.begin,
            "on_header_field": lambda data, start, end: reading.header.extend(data[start:end]),
            "on_header_value": lambda data, start, end: reading.header_value.extend(data[start:end]),
            "on_header_end": reading.header_end,
            "on_part_data": reading.data,
            "on_part_end": reading.end,
        },
    )
    incoming = await run_sync(lambda: store.receive(area, max_bytes=settings.max_upload_bytes))
    try:
        await _read(request, parser, reading, incoming.write, form_token(page.cookie))
        _require_whole(reading, incoming.stored.digest)
        verdict = await scan(incoming.path, settings, metrics)
        if verdict is Verdict.REFUSED:
            raise PageFault(422, N_("The scanner of this service refused the file. Tell the administrator."))
        if verdict is Verdict.FAILED:
            raise PageFault(503, N_("The scanner of this service does not work."), N_("Send it again later."))
    except BaseException:
        incoming.__exit__()
        page.form = Form({name: [value] for name, value in reading.fields.items()}) if reading.proved else page.form
        raise
    metrics.uploaded.inc(incoming.stored.size_bytes)
    return incoming, reading.fields


async def _read(
    request: Request, parser: MultipartParser, reading: _Reading, write: Callable[[bytes], None], token: str
) -> None:
    settings = request.app.state.settings
    stream = request.stream().__aiter__()
    try:
        while True:
            async with asyncio.timeout(settings.upload_stall_seconds):
                chunk = await anext(stream, None)
            if chunk is None:
                break
            parser.write(chunk)
            if reading.file_seen and not reading.proved:
                require_token(request, reading.fields.get(TOKEN_FIELD, ""), token)
                reading.proved = True
            if reading.pending:
                await run_sync(write, bytes(reading.pending))
                reading.pending.clear()
        parser.finalize()
    except TimeoutError as error:
        raise PageFault(408, N_("The upload stalled and was given up."), N_("Send it again.")) from error
    except ClientDisconnect as error:
        raise PageFault(400, N_("The upload broke off."), N_("Send it again.")) from error
    except FormParserError as error:
        raise PageFault(400, N_("The form cannot be read."), N_("Send it again.")) from error
    except InputError as error:
        raise PageFault(413, N_("The file is larger than this service takes.")) from error
    if not reading.proved:
        require_token(request, reading.fields.get(TOKEN_FIELD, ""), token)


def _require_whole(reading: _Reading, found: str) -> None:
    if not reading.file_seen:
        raise PageFault(422, N_("No file was chosen."), N_("Choose the file that “wasl encode” wrote."))
    announced = reading.fields.get("digest", "").lower().removeprefix("sha256:")
    digest = found.removeprefix("sha256:")
    if announced and (len(announced) < SHORTEST_DIGEST or not hmac.compare_digest(digest[: len(announced)], announced)):
        raise PageFault(
            422,
            N_("The file arrived with another digest than the one given: it was damaged, or it is another file."),
            N_("Compare the digest with the one that “wasl encode” printed, and send the file again."),
        )
