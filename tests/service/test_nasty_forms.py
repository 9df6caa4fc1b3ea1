"""Every form and every address that a role finds in the console, with values that nobody meant: no internal error.

Each role walks through its pages as a browser would. Each field of each form takes each odd value once; so does each
parameter of each address. The marker among the values may stand on pages, which escape it, and in the log of acts, but
in no line of the process log.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from pages_support import PlainBrowser
from service_support import PROJECT, REGISTER, Service
from test_release_rules import Desk
from test_tables_on_demand import Desk as TablesDesk

from wasl.service.access import REGISTER_BOUND, Role

MARKER = "Fatima-Zahra-MARKER"

ODD = (
    f"{MARKER}\u202e<script>alert(1)</script>",
    "999999999999999999999999",
    "-1",
    "\ud7ff\U0010ffff\u0000"[:2],
    "../../etc/passwd",
    "x" * 1900,
    '{"a": {"a": 1, "a": 2}, "b": 1e400}',
    "a = " + "[" * 200,
    "٣",
    "1e5",
    "2026-02-30",
    " ",
    "nan",
    "a = inf",
    "a = 1979-05-27",
    '[{"a": NaN}]',
)
"""Values nobody meant: markup, huge and negative numbers, ends of Unicode, paths, long texts, broken documents, digits
of other scripts, days that are none."""

KEEPERS = (Role.ADMIN, Role.OFFICER, Role.APPROVER, Role.RELEASE, Role.LINKAGE, Role.HOLDER, Role.AUDITOR)
"""Roles whose pages have forms in which one writes."""

LEFT_ALONE = ("/sign-out", "/sessions/", "/console/sign-in", "/console/language", "/disable", "/revoke", "/erasures")
"""Forms that end what the walk needs, and a language for the rest of it."""


@dataclass
class Page(HTMLParser):
    """Links and forms of a page."""

    links: set[str] = field(default_factory=set)
    forms: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    written: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()
        self._form: dict[str, str] | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and given.get("href", "").startswith("/console"):
            self.links.add(given["href"].partition("#")[0])
        elif tag == "form":
            self._form = {}
            self.forms.append((given.get("method", "get").lower(), given.get("action", ""), self._form))
        elif self._form is not None and given.get("name"):
            if given.get("type") == "file":
                self._form["\0file"] = ""
            if tag == "textarea" or (tag == "input" and given.get("type") in ("text", "date", "number")):
                self.written.add(given["name"])
            self._select = given["name"] if tag == "select" else ""
            self._form.setdefault(given["name"], given.get("value", ""))
        elif tag == "option" and self._select and self._form is not None and not self._form[self._select]:
            self._form[self._select] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""


@pytest.fixture(scope="module")
def filled(
    resolved_template: tuple[object, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Service, str]]:
    """A project with a run, a requested release, and an open menu with an ordered table."""
    from conftest import live_copy

    with live_copy(resolved_template, tmp_path_factory.mktemp("nasty") / "data") as (service, run):  # type: ignore[arg-type]
        desk = Desk(service, run)
        desk.step(desk.prepare(), "request")
        tables = TablesDesk(service, run)
        tables.order(tables.menu(), table="by-activity")
        yield service, run


def browser_of(service: Service, role: Role) -> PlainBrowser:
    browser = PlainBrowser(service.address, language="en")
    scope = PROJECT if role in REGISTER_BOUND or role is not Role.ADMIN else None
    assert browser.sign_in(service.token(role, scope, REGISTER)).status_code == 303
    return browser


def shape_of(address: str) -> str:
    """The path without ids: pages and forms of one shape are one program."""
    return "/".join(part for part in urlsplit(address).path.split("/") if not part[:1].isdigit())


def walked(browser: PlainBrowser, most: int = 60) -> dict[str, Page]:
    """The pages a browser finds from the first one."""
    waiting, found = ["/console"], dict[str, Page]()
    seen = {"/console"}
    shapes = dict[str, int]()
    while waiting and len(found) < most:
        address = waiting.pop(0)
        answer = browser.get(address)
        assert answer.status_code < 500, (address, answer.text[:500])
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        page = Page()
        page.feed(answer.text)
        found[address] = page
        for link in sorted(page.links - seen):
            shape = shape_of(link)
            shapes[shape] = shapes.get(shape, 0) + 1
            seen.add(link)
            if shapes[shape] <= 3 and not any(word in link for word in ("/sign-out", "/static/", "lang=")):
                waiting.append(link)
    return found


@pytest.mark.parametrize("role", list(Role))
def test_odd_values_are_refused_or_taken_and_never_break_a_page(
    filled: tuple[Service, str], quiet_log: Path, role: Role
) -> None:
    service, _ = filled
    browser = browser_of(service, role)
    pages = walked(browser)
    asked = 0
    kept = set[str]()
    done: set[tuple[str, tuple[str, ...]]] = set()
    queried: set[tuple[str, str]] = set()
    for address, page in pages.items():
        split = urlsplit(address)
        names = {name for name, _ in parse_qsl(split.query, keep_blank_values=True)}
        for method, action, fields in page.forms:
            target = action or split.path
            key = (shape_of(target), tuple(sorted(fields)))
            if key in done or "\0file" in fields or any(part in target for part in LEFT_ALONE):
                continue
            done.add(key)
            if method == "get":
                names |= set(fields)
                continue
            token = browser.token("/console/account")
            for name in sorted(set(fields) - {"form_token"}):
                for value in ODD:
                    sent = {**fields, name: value, "form_token": token}
                    answer = browser.post(target, sent)
                    assert answer.status_code < 500, (target, name, value[:40], answer.status_code)
                    if answer.status_code >= 400 and name in page.written:
                        assert value.strip() in html.unescape(answer.text), (target, name, value[:40], "is not kept")
                        kept.add(target)
                    asked += 1
        new = {(shape_of(address), name) for name in names} - queried
        queried |= new
        for _, name in sorted(new):
            for value in ODD:
                answer = browser.get(f"{split.path}?{urlencode({name: value})}")
                assert answer.status_code < 500, (split.path, name, value[:40], answer.status_code)
                assert "<script>alert" not in answer.text
                asked += 1
    assert pages
    assert asked or role in (Role.SPINE, Role.REVIEWER, Role.ANALYST), "forms were found"
    assert kept or role not in KEEPERS
    assert MARKER not in quiet_log.read_text(encoding="utf-8")
