"""Sessions, forms and headers of the console: what another site, another browser or an old session can do.

Threats: injected script, a form of another site, a frame, a fixed session, a stolen database, an open browser.
"""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from pages_support import PlainBrowser
from service_support import OTHER_PROJECT, PROJECT, Service, give_token

from wasl.service import users
from wasl.service.access import Role
from wasl.service.projects import change_project
from wasl.service.records import Project, Token
from wasl.storage.sessions import SessionTable
from wasl.web.console.sessions import SESSION_COOKIE, Sessions

MARKUP = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


@pytest.fixture
def own(own_service: Service) -> Service:
    return own_service


def signed_in(service: Service, role: Role, project: str | None = PROJECT) -> PlainBrowser:
    browser = PlainBrowser(service.address)
    answer = browser.sign_in(service.token(role, project))
    assert answer.status_code == 303, answer.text[-500:]
    assert answer.headers["location"] == "/console"
    return browser


def test_the_cookie_of_a_session_is_for_this_host_alone_and_scripts_cannot_read_it(own: Service) -> None:
    browser = PlainBrowser(own.address)
    answer = browser.sign_in(own.token(Role.LINKAGE))
    line = next(one for one in answer.headers.get_list("set-cookie") if one.startswith(SESSION_COOKIE))
    marks = {part.strip().lower() for part in line.split(";")[1:]}
    assert {"secure", "httponly", "samesite=strict", "path=/"} <= marks
    assert not any(mark.startswith("domain") for mark in marks)


def test_the_database_holds_no_id_of_a_session(own: Service) -> None:
    browser = signed_in(own, Role.LINKAGE)
    for path in own.installation.settings.home.glob("wasl.db*"):
        assert browser.jar[SESSION_COOKIE].encode() not in path.read_bytes()


def test_an_id_that_a_browser_brings_along_never_becomes_a_session(own: Service) -> None:
    browser = PlainBrowser(own.address, jar={SESSION_COOKIE: "A" * 43})
    browser.sign_in(own.token(Role.LINKAGE))
    assert browser.jar[SESSION_COOKIE] != "A" * 43
    assert PlainBrowser(own.address, jar={SESSION_COOKIE: "A" * 43}).get("/console").status_code == 303


def test_signing_in_again_ends_the_session_before(own: Service) -> None:
    browser = signed_in(own, Role.LINKAGE)
    before = dict(browser.jar)
    browser.sign_in(own.token(Role.AUDITOR))
    assert browser.jar[SESSION_COOKIE] != before[SESSION_COOKIE]
    assert PlainBrowser(own.address, jar=before).get("/console").status_code == 303


def test_a_wrong_token_opens_no_session(own: Service) -> None:
    browser = PlainBrowser(own.address)
    answer = browser.sign_in("wasl_" + "0" * 32 + "_" + "x" * 43)
    assert answer.status_code == 401
    assert SESSION_COOKIE not in browser.jar
    assert "x" * 43 not in answer.text


def test_a_revoked_token_ends_its_sessions_at_once(own: Service) -> None:
    installation = own.installation
    token = give_token(installation, f"linkage-{PROJECT}", Role.LINKAGE, PROJECT)
    browser = PlainBrowser(own.address)
    browser.sign_in(token)
    assert browser.get("/console").status_code == 200
    identifier = token.split("_")[1]
    with installation.ledger.reading() as state:
        version = state.get(Token, identifier).version
    users.revoke_token(installation.office, installation.operator(), token=identifier, version=version)
    assert browser.get("/console").headers["location"].startswith("/console/sign-in")
    again = browser.get("/console/log?actor=x").headers["location"]
    assert parse_qs(urlsplit(again).query) == {"said": ["session-over"], "next": ["/console/log?actor=x"]}
    assert "said=" not in PlainBrowser(browser.address).get("/console").headers["location"], "nobody was signed in"


@pytest.mark.parametrize("minutes", [31, 11 * 60])
def test_a_session_ends_after_its_limits(own: Service, minutes: int) -> None:
    """Thirty minutes without a request, ten hours in all; the second limit holds although the session is used."""
    office = own.installation.office
    sessions = Sessions(own.installation.engine, office, own.installation.settings)
    with office.ledger.reading() as state:
        actor, *_ = users.token_actor(state, own.token(Role.LINKAGE).split("_")[1], office.now())
    opened = office.now()
    cookie = sessions.open(actor, opened)
    step = timedelta(minutes=20)
    if minutes > 60:
        for number in range(1, 30):
            found = sessions.find(cookie, opened + number * step)
            assert (found is not None) == (number * step <= timedelta(hours=10))
    else:
        assert sessions.find(cookie, opened + timedelta(minutes=29)) is not None
        assert sessions.find(cookie, opened + timedelta(minutes=29 + 31)) is None


def test_signing_out_everywhere_ends_every_session_of_the_user(own: Service) -> None:
    first, second = signed_in(own, Role.AUDITOR), signed_in(own, Role.AUDITOR)
    other = signed_in(own, Role.LINKAGE)
    first.send("/console/account/sign-out-everywhere", shown_on="/console/account")
    assert first.get("/console").status_code == second.get("/console").status_code == 303
    assert other.get("/console").status_code == 200


@pytest.mark.parametrize("way", ["/console/sign-out", "/console/account/sign-out-everywhere"])
def test_signing_out_empties_the_browsers_cache_and_cookie(own: Service, way: str) -> None:
    browser = signed_in(own, Role.AUDITOR)
    answer = browser.send(way, shown_on="/console/account")
    assert '"cache"' in answer.headers["clear-site-data"]
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert browser.get("/console").status_code == 303


def test_pages_forbid_frames_and_every_foreign_source(own: Service) -> None:
    browser = signed_in(own, Role.AUDITOR)
    for path in ("/", "/console", "/console/log", "/console/sign-in", "/nowhere-at-all", "/console/nowhere"):
        headers = browser.get(path).headers
        policy = {part.split()[0]: part.split()[1:] for part in headers["content-security-policy"].split("; ")}
        assert policy["default-src"] == ["'none'"]
        assert policy["frame-ancestors"] == ["'none'"]
        assert headers["x-frame-options"] == "DENY"
        for name in ("script-src", "style-src", "form-action"):
            assert policy.get(name, ["'self'"]) == ["'self'"]
        assert "unsafe" not in headers["content-security-policy"]


def test_no_page_has_inline_script_or_style(own: Service) -> None:
    browser = signed_in(own, Role.ADMIN, None)
    for path in ("/", "/verify", "/console", "/console/users", "/console/projects", "/console/queue"):
        text = browser.get(path).text
        assert "style=" not in text
        assert "<style" not in text
        assert " onclick" not in text
        assert "<script>" not in text


def test_markup_that_people_write_is_shown_and_never_run(own: Service) -> None:
    installation = own.installation
    with installation.ledger.reading() as state:
        version = state.get(Project, PROJECT).version
    change_project(installation.office, installation.operator(), name=PROJECT, version=version, title=MARKUP)
    users.add_user(installation.office, installation.operator(), name="painter", title=MARKUP)
    browser = signed_in(own, Role.ADMIN, None)
    for path in ("/console/projects", f"/console/projects/{PROJECT}", "/console/users", "/console/users/painter"):
        text = browser.get(path).text
        assert "&lt;script&gt;" in text, path
        assert "<script>alert" not in text
        assert "<img src=x" not in text
    searched = (
        browser.get(
            "/",
        ).text
        + browser.get(f"/?q={MARKUP}").text
    )
    assert "<script>alert" not in searched


def test_where_one_goes_after_signing_in_stays_on_this_service(own: Service) -> None:
    for target in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\nb"):
        browser = PlainBrowser(own.address)
        answer = browser.send(
            "/console/sign-in", {"token": own.token(Role.LINKAGE), "next": target}, shown_on="/console/sign-in"
        )
        assert answer.headers["location"] == "/console", target


def test_an_act_that_binds_needs_the_token_once_more(own: Service) -> None:
    """After five minutes; the session goes on under a new id."""
    installation = own.installation
    table = SessionTable(installation.engine)
    browser = signed_in(own, Role.ADMIN, None)
    path = f"/console/projects/{PROJECT}/retention"
    key = hashlib.sha256(browser.jar[SESSION_COOKIE].encode()).hexdigest()
    old = table.find(key)
    assert old is not None
    table.remove(key)
    table.add(dataclasses.replace(old, confirmed_at=old.confirmed_at - 600), forget_before=0)
    refused = browser.send(f"{path}/erasures", {"reason": "kept <b>"}, shown_on=path)
    assert refused.status_code == 403
    assert "kept &lt;b&gt;</textarea>" in refused.text
    assert 'name="confirmation"' in refused.text, "the page of the fault takes the proof and sends the form again"
    wrong = browser.send(f"{path}/erasures", {"confirmation": own.token(Role.ADMIN, OTHER_PROJECT)}, shown_on=path)
    assert wrong.status_code == 403
    before = browser.jar[SESSION_COOKIE]
    given = browser.send(f"{path}/erasures", {"confirmation": own.token(Role.ADMIN, None)}, shown_on=path)
    assert given.status_code == 303, given.text
    assert browser.jar[SESSION_COOKIE] != before
    assert browser.get("/console").status_code == 200
    assert PlainBrowser(own.address, jar={SESSION_COOKIE: before}).get("/console").status_code == 303


def test_one_shown_form_has_one_effect(own: Service) -> None:
    browser = signed_in(own, Role.ADMIN, None)
    fields: dict[str, object] = {"name": "amina", "once": "k1"}
    first = browser.send("/console/users", fields, shown_on="/console/users")
    second = browser.send("/console/users", fields, shown_on="/console/users")
    assert first.headers["location"] == second.headers["location"]
    assert browser.send("/console/users", {**fields, "once": "k2"}, shown_on="/console/users").status_code == 409


def test_a_denied_page_is_logged_and_shown_as_a_page(own: Service) -> None:
    browser = signed_in(own, Role.REVIEWER)
    before = own.log_size()
    answer = browser.get(f"/console/projects/{PROJECT}/releases")
    assert answer.status_code == 403
    assert answer.headers["content-type"].startswith("text/html")
    assert own.log_size() == before + 1
