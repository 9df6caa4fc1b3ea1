"""The version of a noun: ETag of an answer, If-Match of a change."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Response

from wasl.service.records import Noun
from wasl.web.problems import HttpProblem

__all__ = [
    "IF_MATCH",
    "SeenVersion",
    "tag",
]


async def _seen_version(request: Request) -> int:
    """The version in ``If-Match``.

    Raises:
        HttpProblem: 428 without one, 400 when it is not an ETag of the service's.
    """
    sent = request.headers.get("if-match")
    if sent is None:
        raise HttpProblem(428, "a change needs If-Match.", remedy="Send the ETag of what you have read.")
    text = sent.strip().removeprefix("W/").strip('"').removeprefix("v")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise HttpProblem(400, "this If-Match is not an ETag the service gave.")
    return int(text)


SeenVersion = Annotated[int, Depends(_seen_version)]

IF_MATCH = {
    "parameters": [
        {
            "name": "If-Match",
            "in": "header",
            "required": True,
            "schema": {"type": "string", "pattern": '^(W/)?"v[0-9]{1,9}"$'},
            "description": "the ETag of what you have read",
            "example": '"v1"',
        }
    ]
}
"""OpenAPI description of a route that needs ``If-Match``."""


def tag(response: Response, noun: Noun, *, at: str = "") -> None:
    """Give a response the ETag of a noun, and where it is, or the job that makes it."""
    response.headers["ETag"] = f'"v{noun.version}"'
    if at:
        response.headers["Location"] = at
