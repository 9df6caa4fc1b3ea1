"""Downloads: kept files with ranges, by their digest as ETag, each read logged before the first byte."""

from __future__ import annotations

import base64
import re
from typing import Any

from fastapi import Request
from fastapi.responses import FileResponse, Response

from wasl.compliance.acts import Asked
from wasl.service.fetched import require_fetchable
from wasl.service.log import record_read
from wasl.service.ports import Area, Caller
from wasl.web.authorization import office_of
from wasl.web.problems import MEDIA_TYPE, HttpProblem, Problem

__all__ = ["FILE_RESPONSES", "MEDIA_TYPES", "ZIP", "ZIP_RESPONSES", "send_file"]

PARQUET = "application/vnd.apache.parquet"
MEDIA_TYPES = {
    "json": "application/json",
    "html": "text/html; charset=utf-8",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
"""Media types of documents by the end of their file name."""

ONE_RANGE = re.compile(r"bytes=(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))")

FILE_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file", "content": {PARQUET: {"schema": {"type": "string", "format": "binary"}}}},
    206: {"description": "The part asked for with Range"},
    304: {"description": "You have it: If-None-Match names its ETag"},
    416: {"description": "The file has no such part", "model": Problem, "content": {MEDIA_TYPE: {}}},
}

ZIP = "application/zip"
ZIP_RESPONSES: dict[int | str, dict[str, Any]] = {
    **FILE_RESPONSES,
    200: {"description": "The file", "content": {ZIP: {"schema": {"type": "string", "format": "binary"}}}},
}


def send_file(
    request: Request,
    caller: Caller,
    *,
    project: str,
    subject: str,
    area: Area,
    digest: str,
    name: str,
    asked: Asked | None,
    media_type: str = PARQUET,
) -> Response:
    """A kept file, whole or in part; logged as read by the caller.

    Args:
        request: The request.
        caller: Who reads it.
        project: Of which project.
        subject: What it is, for the log.
        area: Where it is kept.
        digest: Its SHA-256.
        name: Its name at the reader's.
        asked: What the decisions of the project have to cover for it (`wasl.service.fetched`); None: nothing, for it is
            public, the reader's own, or a report of counts and measures.
        media_type: Its type.

    Raises:
        AuthorizationError: No decision covers it on this day.
    """
    office = office_of(request)
    require_fetchable(office, caller, project=project, subject=subject, asked=asked)
    path = office.files.path(area, digest)
    etag = f'"{digest.removeprefix("sha256:")}"'
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers={"ETag": etag})
    if request.headers.get("if-range", etag) == etag:  # else the whole file is sent: RFC 9110, section 13.1.5
        _require_range(request.headers.get("range"), path.stat().st_size)
    record_read(office, caller, project=project, subject=subject, digest=digest)
    raw = bytes.fromhex(digest.removeprefix("sha256:"))
    headers = {"ETag": etag, "Repr-Digest": f"sha-256=:{base64.b64encode(raw).decode()}:"}
    return FileResponse(path, media_type=media_type, filename=name, headers=headers)


def _require_range(asked: str | None, size: int) -> None:
    """Refuse a range that the file does not have, or more than one: many small ones are a way to wear a server out.

    Raises:
        HttpProblem: 400 or 416.
    """
    if asked is None:
        return
    found = ONE_RANGE.fullmatch(asked.strip())
    if found is None:
        raise HttpProblem(400, "a download is asked for in one range of bytes.")
    first, last, suffix = (int(text) if text else None for text in found.groups())
    beyond = suffix == 0 if first is None else first >= size or (last is not None and last < first)
    if beyond:
        raise HttpProblem(416, "the file has no such part.", headers={"Content-Range": f"bytes */{size}"})
