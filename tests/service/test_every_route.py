"""Every address of the application, by every method it takes: no frame, no foreign source, no weak cookie."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from pages_support import PlainBrowser
from service_support import PROJECT, Service
from starlette.routing import BaseRoute

from wasl.service.access import Role
from wasl.web.app import create_app
from wasl.web.console.sessions import GUEST_COOKIE, SESSION_COOKIE
from wasl.web.middleware import SECURITY_HEADERS

BROUGHT = {SESSION_COOKIE: "A" * 43, GUEST_COOKIE: "B" * 43}
"""Cookies that a stranger laid into the browser."""

OWN_POLICY = {"content-security-policy", "referrer-policy", "cache-control"}
"""Headers that pages and files have a value of their own for."""


def flat(routes: list[BaseRoute]) -> Iterator[tuple[str, str]]:
    for route in routes:
        inner = getattr(route, "routes", None) or getattr(getattr(route, "original_router", None), "routes", None)
        if inner:
            yield from flat(list(inner))
        for method in getattr(route, "methods", None) or ():
            yield method, str(getattr(route, "path", ""))


@pytest.fixture(scope="module")
def addresses(shared_service: Service) -> list[tuple[str, str]]:
    found = sorted(set(flat(list(create_app(shared_service.installation).routes))))
    filled = [(method, path.replace("{project}", PROJECT)) for method, path in found]
    return [(method, re.sub(r"\{[^}]+\}", "x", path)) for method, path in filled]


def refuse_frames_and_weak_cookies(answer: httpx.Response, where: str) -> None:
    for name, value in SECURITY_HEADERS.items():
        assert answer.headers[name] == value or name in OWN_POLICY, (where, name)
    policy = answer.headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(policy), where
    assert "unsafe" not in answer.headers["content-security-policy"], where
    assert "access-control-allow-origin" not in answer.headers, where
    for line in answer.headers.get_list("set-cookie"):
        name, _, rest = line.partition("=")
        marks = {part.strip().lower() for part in rest.split(";")[1:]}
        assert name.startswith("__Host-"), where
        assert {"secure", "httponly", "path=/"} <= marks, (where, line)
        assert marks & {"samesite=strict", "samesite=lax"}, (where, line)
        assert not any(mark.startswith("domain") for mark in marks), where
        assert rest.partition(";")[0] not in BROUGHT.values(), f"{where}: a brought id is taken over"


def test_all_addresses_are_found(addresses: list[tuple[str, str]]) -> None:
    assert len(addresses) > 150
    assert {("GET", "/console"), ("POST", "/console/sign-in"), ("GET", "/v1/whoami"), ("GET", "/")} <= set(addresses)


@pytest.mark.parametrize("signed_in", [False, True])
def test_no_answer_can_be_framed_or_sets_a_weak_cookie(
    shared_service: Service, addresses: list[tuple[str, str]], signed_in: bool
) -> None:
    browser = PlainBrowser(shared_service.address, jar=dict(BROUGHT))
    if signed_in:
        assert browser.sign_in(shared_service.token(Role.ADMIN, None)).status_code == 303
        assert not set(browser.jar.values()) & {BROUGHT[SESSION_COOKIE]}
    cookies = "; ".join(f"{name}={value}" for name, value in browser.jar.items())
    token = {"Authorization": f"Bearer {shared_service.token(Role.ADMIN, None)}"} if signed_in else {}
    with httpx.Client(base_url=shared_service.address, trust_env=False, timeout=300) as client:
        for method, path in addresses:
            sent = {"Cookie": cookies} if not path.startswith("/v1") else token
            answer = client.request(method, path, headers=sent)
            assert answer.status_code != 500, (method, path)
            refuse_frames_and_weak_cookies(answer, f"{method} {path}")
