"""The address of a page in another language: an answer to a form has none, and a search is kept."""

from __future__ import annotations

import pytest
from fastapi import Request

from wasl.web.console.addresses import address_in, page_address

ORIGIN = "http://wasl.example"


def asked(method: str, path: str, query: str = "", referer: str = "") -> Request:
    headers = [(b"host", b"wasl.example"), *([(b"referer", referer.encode())] if referer else [])]
    scope = {"type": "http", "method": method, "path": path, "query_string": query.encode(), "headers": headers}
    return Request(scope | {"scheme": "http", "server": ("wasl.example", 80), "root_path": ""})


@pytest.mark.parametrize(
    ("request_", "shown", "arabic"),
    [
        (asked("GET", "/console"), "/console", "/console?lang=ar"),
        (
            asked("GET", "/console/log", "actor=x%26y&said=decided&lang=fr"),
            "/console/log?actor=x%26y&said=decided&lang=fr",
            "/console/log?actor=x%26y&lang=ar",
        ),
        (
            asked("POST", "/console/users/a/tokens", referer=f"{ORIGIN}/console/users/a"),
            "/console/users/a",
            "/console/users/a?lang=ar",
        ),
        (asked("POST", "/console/users/a/tokens"), "/console", "/console?lang=ar"),
        (asked("POST", "/console/users", referer="http://other.example/trap"), "/console", "/console?lang=ar"),
        (asked("POST", "/console/users", referer=f"{ORIGIN}.other.example/trap"), "/console", "/console?lang=ar"),
    ],
)
def test_a_page_has_an_address_to_come_back_to(request_: Request, shown: str, arabic: str) -> None:
    assert page_address(request_) == shown
    assert address_in(request_, "ar") == arabic
