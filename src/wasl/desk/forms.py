"""Forms that the desk's pages send: their size, their lines of text, and the small files in them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps

from fastapi import Request
from starlette.datastructures import FormData
from starlette.responses import Response

from wasl.desk.workspace import Workspace
from wasl.errors import InputError

__all__ = ["closing_form", "line_of", "require_room", "small_file"]

LONGEST_LINE = 200
SECRET_BYTES = 1 << 20
"""A key file or an identity is far smaller."""


async def require_room(request: Request, workspace: Workspace) -> None:
    """Refuse a form whose files are too large; it is read to its end, so that the browser shows the answer.

    Raises:
        InputError: It is too large, or its size is not stated.
    """
    stated = request.headers.get("content-length", "")
    try:
        if not stated.isdigit():
            raise InputError("the size of this form is not stated.", remedy="Send it from the page of the desk.")
        workspace.require_room(int(stated))
    except InputError:
        async for _ in request.stream():
            pass
        raise


def closing_form(act: Callable[..., Awaitable[Response]]) -> Callable[..., Awaitable[Response]]:
    """The handler of a form, which deletes the files on their way in when it has read them."""

    @wraps(act)
    async def closing(request: Request, **names: str) -> Response:
        try:
            return await act(request, **names)
        finally:
            form = getattr(request.state, "form", None)
            if form is not None:
                await form.close()

    return closing


def line_of(form: FormData, name: str) -> str:
    """A line of text of a form."""
    return " ".join(str(form.get(name, "")).split())[:LONGEST_LINE]


async def small_file(form: FormData, name: str) -> bytes:
    """The content of a small file that a form sent; it is never written to disk by the desk."""
    sent = form.get(name)
    return b"" if sent is None or isinstance(sent, str) else (await sent.read(SECRET_BYTES))
