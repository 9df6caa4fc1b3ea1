"""The address of the page that a reader sees: to come back to it, and to see it in another language."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from fastapi import Request

__all__ = ["address_in", "page_address", "sent_from"]

PASSING = frozenset({"lang", "said"})
"""Fields of an address that belong to one visit."""


def sent_from(request: Request) -> str:
    """The page of this site that a form or link stood on; empty where the browser does not say."""
    origin = str(request.base_url).rstrip("/")
    sent = request.headers.get("referer", "")
    return sent.removeprefix(origin) if sent.startswith(origin + "/") else ""


def page_address(request: Request, home: str = "/console") -> str:
    """The address that shows this page, or for the answer to a form the page that the form stood on.

    An answer to a form has no address of its own: who opened it would find nothing there.
    """
    if request.method != "GET":
        return sent_from(request) or home
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def address_in(request: Request, language: str) -> str:
    """The address of this page in a language, with what was searched for."""
    path, _, query = page_address(request).partition("?")
    kept = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name not in PASSING]
    return f"{path}?{urlencode([*kept, ('lang', language)])}"
