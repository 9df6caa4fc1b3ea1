"""Downloads: kept files with ranges, by their digest as ETag, each read logged before the first byte."""

from __future__ import annotations

import base64
from typing import Any

from fastapi import Request
from fastapi.responses import FileResponse, Response

from wasl.web.guard import office_of
from wasl.workflow.log import record_read
from wasl.workflow.ports import Area, Caller

__all__ = ["FILE_RESPONSES", "send_file"]

PARQUET = "application/vnd.apache.parquet"

FILE_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file", "content": {PARQUET: {"schema": {"type": "string", "format": "binary"}}}},
    206: {"description": "The part asked for with Range"},
    304: {"description": "You have it: If-None-Match names its ETag"},
    416: {"description": "The file has no such part"},
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
    media_type: str = PARQUET,
) -> Response:
    """A kept file, whole or in part; logged as read by the caller."""
    office = office_of(request)
    path = office.files.path(area, digest)
    etag = f'"{digest.removeprefix("sha256:")}"'
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers={"ETag": etag})
    record_read(office, caller, project=project, subject=subject, digest=digest)
    raw = bytes.fromhex(digest.removeprefix("sha256:"))
    headers = {"ETag": etag, "Repr-Digest": f"sha-256=:{base64.b64encode(raw).decode()}:"}
    return FileResponse(path, media_type=media_type, filename=name, headers=headers)
