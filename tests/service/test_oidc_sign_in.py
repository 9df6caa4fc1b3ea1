"""Signing in by OIDC, whole: code flow with PKCE against an identity provider that runs in the test.

The provider answers over HTTP, signs with keys of its own, checks the code, the redirect address, the client and the
verifier of PKCE, and can be told to misbehave: to hang, to be away, to change keys, to sign what is wrong.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from pages_support import PlainBrowser
from service_support import PROJECT, Service, Template, give_token, make_settings, serving, wait_until

from wasl.errors import InputError
from wasl.service.access import Role
from wasl.service.identities import release_identity
from wasl.service.records import User
from wasl.service.users import add_user, disable_user
from wasl.storage.tables import TABLES
from wasl.web.console import sign_in as sign_in_module
from wasl.web.installation import Installation
from wasl.web.oidc import IssuerKeys, discovered
from wasl.web.settings import ServiceSettings, load_settings

CLIENT = "wasl-console"
CALLBACK = "/console/oidc/callback"


@cache
def signing_key(name: str) -> ECKey:
    return ECKey.generate_key("P-256", parameters={"kid": name, "use": "sig", "alg": "ES256"})


@dataclass
class Provider:
    """An identity provider.

    Attributes:
        keys: Names of the keys it publishes; it signs with the last.
        person: Claims of the person at its sign-in page.
        changes: Claims that it changes in tokens; None leaves one out.
        metadata: What it changes in its metadata.
        open: Set while it answers; a request waits until it is.
        away: Whether it refuses every request.
        codes: What each code was asked for with.
        refused: Why it refused to exchange a code.
    """

    address: str = ""
    keys: list[str] = field(default_factory=lambda: ["first"])
    person: dict[str, Any] = field(default_factory=lambda: {"sub": "1001", "preferred_username": "amina"})
    changes: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    open: threading.Event = field(default_factory=threading.Event)
    away: bool = False
    signed_in_at: float = field(default_factory=time.time)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    def token(self, audience: str, **more: Any) -> str:
        """A signed token of the person."""
        now = int(time.time())
        claims: dict[str, Any] = {"iss": self.address, "aud": audience, "iat": now, "exp": now + 300}
        claims |= {"auth_time": int(self.signed_in_at), "wasl_role": "release", "wasl_project": PROJECT}
        claims |= self.person | more | self.changes
        key = signing_key(self.keys[-1])
        held = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode({"alg": "ES256", "kid": self.keys[-1]}, held, key)

    def sign_in(self, address: str) -> str:
        """What its sign-in page does for a person who signs in; gives the address the browser is sent back to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code"
        assert (asked["client_id"], asked["code_challenge_method"]) == (CLIENT, "S256")
        if asked.get("prompt") == "login":
            self.signed_in_at = time.time()
        code = hashlib.sha256(address.encode()).hexdigest()
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?code={code}&state={asked['state']}&iss={self.address}"

    def exchange(self, sent: dict[str, str]) -> dict[str, Any] | None:
        """The tokens for a code, once, if everything fits what the code was asked for with."""
        asked = self.codes.pop(sent.get("code", ""), None)
        verifier = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).decode().rstrip("=")
        if asked is None or sent["redirect_uri"] != asked["redirect_uri"] or sent["client_id"] != CLIENT:
            self.refused.append("code")
            return None
        if challenge != asked["code_challenge"]:
            self.refused.append("PKCE")
            return None
        return {"token_type": "Bearer", "id_token": self.token(CLIENT, nonce=asked["nonce"])}

    def get(self, path: str) -> Any:
        """The documents it publishes."""
        if path == "/.well-known/openid-configuration":
            ends = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
            published = {name: f"{self.address}/{end}" for name, end in ends.items()}
            return {"issuer": self.address, **published, **self.metadata}
        return KeySet([signing_key(name) for name in self.keys]).as_dict(private=False)


@contextmanager
def running(provider: Provider) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(provider.get(self.path))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            self.answer(provider.exchange({name: values[0] for name, values in parse_qs(body).items()}))

        def answer(self, value: Any) -> None:
            provider.open.wait(60)
            status = 503 if provider.away else 400 if value is None else 200
            data = json.dumps({"error": "invalid_grant"} if value is None else value).encode()
            try:
                self.send_response(status)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
            except OSError:
                pass  # who asked does not wait any more

        def log_message(self, *_: object) -> None:
            """Nothing is written."""

    provider.open.set()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    provider.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        provider.open.set()
        server.shutdown()
        server.server_close()


@dataclass
class World:
    provider: Provider
    service: Service

    def browser(self) -> PlainBrowser:
        return PlainBrowser(self.service.address)

    def leave(self, browser: PlainBrowser, **fields: str) -> str:
        """Press the button of the sign-in page; gives the address at the provider."""
        fields = {"form_token": browser.token("/console/oidc/start"), "next": "/console/account", **fields}
        answer = browser.post("/console/oidc/start", fields)
        assert answer.status_code == 200, answer.text
        return answer.headers["refresh"].removeprefix("0; url=")

    def come_back(self, browser: PlainBrowser, address: str) -> Any:
        return browser.get(address.removeprefix(self.service.address))

    def sign_in(self, browser: PlainBrowser, **fields: str) -> Any:
        return self.come_back(browser, self.provider.sign_in(self.leave(browser, **fields)))

    def signed_in(self, browser: PlainBrowser) -> str:
        """Who is signed in in a browser; empty when nobody is."""
        answer = browser.get("/console/account")
        found = re.search(r"<dd><bdi>([^<]*)</bdi></dd>", answer.text) if answer.status_code == 200 else None
        return found.group(1) if found else ""

    def entries(self, kind: str) -> list[dict[str, Any]]:
        auditor = self.service.client(Role.AUDITOR, None)
        answer = auditor.get("/v1/audit/entries", params={"kind": kind, "limit": 500})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])


@contextmanager
def made(template: Template, folder: Path, **settings: Any) -> Iterator[World]:
    provider = Provider()
    with running(provider):
        options = {"oidc_issuer": provider.address, "oidc_client_id": CLIENT, "oidc_audience": "wasl-api"}
        installation = Installation.open(make_settings(folder, template.copy(folder), **options, **settings))
        with serving(installation) as address:
            service = Service(address, installation, template.tokens)
            yield World(provider, service)
            service.close()
        installation.close()


@pytest.fixture
def world(sqlite_template: Template, tmp_path: Path) -> Iterator[World]:
    with made(sqlite_template, tmp_path / "data") as found:
        wait_until(lambda: bearer(found) == 200, "the keys of the provider")
        found.provider.person = {"sub": "1002", "preferred_username": "salma"}
        yield found


def bearer(world: World, **more: Any) -> int:
    """What the API answers to an access token of the person."""
    return int(world.service.bearer(world.provider.token("wasl-api", **more)).get("/v1/whoami").status_code)


def test_the_whole_way(world: World) -> None:
    browser = world.browser()
    arrived = world.sign_in(browser)
    assert (arrived.status_code, arrived.headers["refresh"]) == (200, "0; url=/console/account")
    assert world.signed_in(browser) == "salma"
    assert world.provider.refused == []
    assert [one["detail"]["sign_in_method"] for one in world.entries("SignedIn")] == ["oidc"]
    assert "1002" not in json.dumps(world.entries("IdentityBound"))  # the log has a hash of the subject


def test_a_link_of_another_site_does_not_begin_a_sign_in(world: World) -> None:
    browser = world.browser()
    shown = browser.get("/console/oidc/start?next=/console")
    assert shown.status_code == 200
    assert "refresh" not in shown.headers
    assert "__Host-wasl-oidc" not in browser.jar
    assert browser.post("/console/oidc/start", {"form_token": "forged", "next": "/console"}).status_code == 403


@pytest.mark.parametrize(
    "change",
    [
        lambda address: re.sub(r"state=[^&]*", "state=AAAA", address),
        lambda address: re.sub(r"&state=[^&]*", "", address),
        lambda address: re.sub(r"iss=.*", "iss=https://evil.example", address),
    ],
    ids=["wrong state", "no state", "an answer of another issuer"],
)
def test_an_answer_that_was_not_asked_for_is_refused(world: World, change: Any) -> None:
    browser = world.browser()
    back = change(world.provider.sign_in(world.leave(browser)))
    assert world.come_back(browser, back).status_code == 400
    assert world.signed_in(browser) == ""


def test_the_answer_to_another_browser_is_refused(world: World) -> None:
    """An attacker's own code, given to a victim's browser, signs nobody in."""
    attacker, victim = world.browser(), world.browser()
    back = world.provider.sign_in(world.leave(attacker))
    world.leave(victim)
    assert world.come_back(victim, back).status_code == 400
    assert world.come_back(world.browser(), back).status_code == 400


def test_a_code_counts_once_and_with_its_verifier(world: World) -> None:
    browser, other = world.browser(), world.browser()
    back = world.provider.sign_in(world.leave(browser))
    stolen = re.search(r"code=(\w+)", back)
    assert stolen is not None
    own = world.provider.sign_in(world.leave(other))
    injected = re.sub(r"code=\w+", f"code={stolen.group(1)}", own)  # a stolen code in a flow of the thief's own
    assert world.come_back(other, injected).status_code == 502
    assert world.provider.refused == ["PKCE"]
    assert world.come_back(browser, back).status_code == 502
    assert world.provider.refused == ["PKCE", "code"]


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": "AAAA"},
        {"nonce": None},
        {"iss": "https://evil.example"},
        {"aud": "another-client"},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"aud": [CLIENT, "another"]},
        {"exp": 1_700_000_000},
        {"exp": None},
        {"sub": None},
        {"wasl_role": None},
        {"typ": "Bearer"},
    ],
    ids=str,
)
def test_a_wrong_token_signs_nobody_in(world: World, changes: dict[str, Any]) -> None:
    world.provider.changes = changes
    browser = world.browser()
    assert world.sign_in(browser).status_code == 403
    assert world.signed_in(browser) == ""


@pytest.mark.parametrize("project", [None, "", ["a"], 5])
def test_an_account_without_a_project_reaches_none(world: World, project: Any) -> None:
    """A missing claim is no project, never all of them."""
    world.provider.changes = {"wasl_project": project}
    browser = world.browser()
    assert world.sign_in(browser).status_code == 200
    assert browser.get(f"/console/projects/{PROJECT}/releases").status_code == 403
    assert PROJECT not in browser.get("/console/projects").text


def test_an_id_token_is_no_access_token(world: World) -> None:
    assert bearer(world) == 200
    assert bearer(world, nonce="n") == 401
    assert world.service.bearer(world.provider.token(CLIENT)).get("/v1/whoami").status_code == 401


def test_a_forged_signature_is_refused(world: World) -> None:
    header, claims, signature = world.provider.token("wasl-api").split(".")
    forged = ".".join((header, claims, signature[:-4] + ("AAAA" if signature[-4:] != "AAAA" else "BBBB")))
    assert world.service.bearer(forged).get("/v1/whoami").status_code == 401


def test_keys_rotate(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token of a new key is refused until the keys are fetched, which it asks for; the old key goes on meanwhile."""
    monkeypatch.setattr("wasl.web.oidc.REFRESH_SECONDS", 0.0)
    old = world.provider.token("wasl-api")
    world.provider.keys.append("second")
    wait_until(lambda: bearer(world) == 200, "the new key")
    assert world.service.bearer(old).get("/v1/whoami").status_code == 200
    world.provider.keys = ["second"]
    browser = world.browser()
    assert world.sign_in(browser).status_code == 200


def test_a_provider_that_hangs_is_not_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sign-in ends with a message; requests with tokens go on, with the keys that are held."""
    monkeypatch.setattr(sign_in_module, "EXCHANGE_SECONDS", 0.05)
    monkeypatch.setattr("wasl.web.oidc.FETCH_SECONDS", 0.05)
    browser = world.browser()
    back = world.provider.sign_in(world.leave(browser))
    world.provider.open.clear()
    assert world.come_back(browser, back).status_code == 502
    token = browser.token("/console/oidc/start")
    answer = browser.post("/console/oidc/start", {"form_token": token, "next": "/console"})
    assert answer.status_code == 502  # where its sign-in page is, is asked at each sign-in
    assert bearer(world) == 200


def test_a_provider_that_is_away_leaves_the_keys_that_are_held(world: World) -> None:
    browser = world.browser()
    back = world.provider.sign_in(world.leave(browser))
    world.provider.away = True
    assert world.come_back(browser, back).status_code == 502
    assert bearer(world) == 200


def test_keys_that_are_too_old_count_no_more(sqlite_template: Template, tmp_path: Path) -> None:
    settings = {"oidc_cache_seconds": 0.05, "oidc_stale_seconds": 0.1}
    with made(sqlite_template, tmp_path / "data", **settings) as world:
        wait_until(lambda: bearer(world) == 200, "the keys of the provider")
        world.provider.away = True
        wait_until(lambda: bearer(world) == 401, "the end of the old keys")


@pytest.mark.parametrize(
    "elsewhere",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://localhost:1/keys",
        "https://127.0.0.1/keys",
        "file:///etc/passwd",
        "http://user@127.0.0.1/keys",
        "//127.0.0.1/keys",
    ],
)
@pytest.mark.parametrize("name", ["jwks_uri", "authorization_endpoint", "token_endpoint"])
def test_metadata_do_not_decide_which_machines_are_called(name: str, elsewhere: str) -> None:
    """Threat: whoever changes the issuer's metadata lets the service call machines behind the firewall."""
    settings = ServiceSettings(oidc_issuer="http://127.0.0.1:9/realm", workers_in_process=0)
    asked: list[str] = []

    def fetch(address: str) -> Any:
        asked.append(address)
        ends = dict.fromkeys(("jwks_uri", "authorization_endpoint", "token_endpoint"), "http://127.0.0.1:9/realm/x")
        return {"issuer": settings.oidc_issuer, **ends, name: elsewhere}

    with pytest.raises(ValueError, match="another host"):
        discovered(settings, name, fetch)
    if name == "jwks_uri":
        assert IssuerKeys(settings, fetch).refresh() is False
    assert set(asked) == {"http://127.0.0.1:9/realm/.well-known/openid-configuration"}


def test_a_sign_in_does_not_follow_a_header(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASL_OIDC_ISSUER", "https://login.example.ma")
    monkeypatch.setenv("WASL_OIDC_CLIENT_ID", CLIENT)
    with pytest.raises(InputError, match="public_url"):
        load_settings()
    monkeypatch.setenv("WASL_PUBLIC_URL", "https://wasl.example.ma")
    assert load_settings().public_url == "https://wasl.example.ma"


def test_the_metadata_of_another_issuer_are_refused(world: World) -> None:
    world.provider.metadata = {"issuer": "https://evil.example"}
    browser = world.browser()
    token = browser.token("/console/oidc/start")
    assert browser.post("/console/oidc/start", {"form_token": token, "next": "/console"}).status_code == 502


class TestWhoseName:
    """Issuer and subject stand for one user for good; names and addresses that are given anew do not."""

    def test_another_account_of_the_same_name_is_refused(self, world: World) -> None:
        assert world.sign_in(world.browser()).status_code == 200
        world.provider.person = {"sub": "2002", "preferred_username": "salma"}  # the successor has her address
        browser = world.browser()
        assert world.sign_in(browser).status_code == 403
        assert world.signed_in(browser) == ""
        assert bearer(world) == 401

    def test_an_account_that_is_called_otherwise_keeps_its_name(self, world: World) -> None:
        assert world.sign_in(world.browser()).status_code == 200
        world.provider.person = {"sub": "1002", "preferred_username": "salma.alaoui"}
        browser = world.browser()
        world.sign_in(browser)
        assert world.signed_in(browser) == "salma"

    def test_a_name_of_tokens_of_wasl_is_not_taken_over(self, world: World) -> None:
        installation = world.service.installation
        add_user(installation.office, installation.operator(), name="rachid")
        give_token(installation, "rachid", Role.RELEASE, PROJECT)
        world.provider.person = {"sub": "3003", "preferred_username": "rachid"}
        assert world.sign_in(world.browser()).status_code == 403
        add_user(installation.office, installation.operator(), name="hind")  # known, without a token
        world.provider.person = {"sub": "3004", "preferred_username": "hind"}
        assert world.sign_in(world.browser()).status_code == 200

    def test_a_disabled_user_stays_out_under_any_name(self, world: World) -> None:
        installation = world.service.installation
        add_user(installation.office, installation.operator(), name="salma")
        assert world.sign_in(world.browser()).status_code == 200
        disable_user(installation.office, installation.operator(), name="salma", version=1)
        world.provider.person = {"sub": "1002", "preferred_username": "another"}
        assert world.sign_in(world.browser()).status_code == 403
        assert bearer(world) == 401

    def test_the_operator_can_give_a_name_to_another_account(self, world: World) -> None:
        installation = world.service.installation
        assert world.sign_in(world.browser()).status_code == 200
        release_identity(installation.office, installation.operator(), user="salma")
        world.provider.person = {"sub": "2002", "preferred_username": "salma"}
        assert world.sign_in(world.browser()).status_code == 200
        world.provider.person = {"sub": "1002", "preferred_username": "salma"}
        assert world.sign_in(world.browser()).status_code == 403
        assert len(world.entries("IdentityReleased")) == 1

    def test_an_account_is_a_user_whom_an_administrator_disables(self, world: World) -> None:
        """Threat: somebody leaves the office, and only the issuer could end the session."""
        browser = world.browser()
        assert world.sign_in(browser).status_code == 200
        admin = world.service.client(Role.ADMIN, None)
        shown = admin.get("/v1/users/salma")
        assert shown.status_code == 200, shown.text
        disabled = admin.post("/v1/users/salma/disable", headers={"If-Match": shown.headers["etag"]})
        assert disabled.status_code == 200
        assert world.signed_in(browser) == ""
        assert bearer(world) == 401

    def test_a_released_account_has_no_session(self, world: World) -> None:
        browser = world.browser()
        assert world.sign_in(browser).status_code == 200
        installation = world.service.installation
        release_identity(installation.office, installation.operator(), user="salma")
        assert world.signed_in(browser) == ""

    def test_an_account_bound_by_an_earlier_release_becomes_a_user(self, world: World) -> None:
        assert bearer(world) == 200
        with world.service.installation.engine.begin() as connection:
            connection.execute(sa.delete(TABLES[User]).where(TABLES[User].c.id == "salma"))
        assert bearer(world) == 200
        assert world.service.client(Role.ADMIN, None).get("/v1/users/salma").status_code == 200


def test_an_administrator_of_the_issuer_does_not_act_alone(sqlite_template: Template, tmp_path: Path) -> None:
    """Threat: accounts of an issuer have no tokens, so no second administrator would be counted."""
    with made(sqlite_template, tmp_path / "data", two_person=True) as world:
        wait_until(lambda: bearer(world) == 200, "the keys of the provider")
        administrator = {"wasl_role": "admin", "wasl_project": "*"}
        world.provider.person = {"sub": "5001", "preferred_username": "driss", **administrator}
        first = world.service.bearer(world.provider.token("wasl-api"))
        world.provider.person = {"sub": "5002", "preferred_username": "loubna", **administrator}
        second = world.service.bearer(world.provider.token("wasl-api"))
        body = {"role": "approver", "project": PROJECT}
        assert first.post("/v1/users", json={"name": "puppet"}).status_code == 201
        asked = first.post("/v1/users/puppet/tokens", json=body).json()
        assert asked["status"] == "requested"
        place, headers = f"/v1/tokens/{asked['id']}/approve", {"If-Match": f'"v{asked["version"]}"'}
        assert first.post(place, headers=headers).status_code == 403
        assert second.post(place, headers=headers).status_code == 200


class TestProofs:
    """A confirmation counts from the sign-in at the provider; a second factor is demanded where the settings say so."""

    def confirmed(self, browser: PlainBrowser) -> bool:
        """Whether the browser's session counts as confirmed: a page with such a step asks for no proof."""
        text = browser.get(f"/console/projects/{PROJECT}/retention").text
        assert "/erasures" in text
        return "/console/oidc/start" not in text

    def officer(self, world: World) -> PlainBrowser:
        world.provider.person = {"sub": "4004", "preferred_username": "nadia"}
        world.provider.changes = {"wasl_role": "officer"}
        return world.browser()

    def test_a_sign_in_of_an_hour_ago_opens_a_session_but_confirms_nothing(self, world: World) -> None:
        browser = self.officer(world)
        world.provider.signed_in_at = time.time() - 3600
        assert world.sign_in(browser).status_code == 200
        assert not self.confirmed(browser)
        world.sign_in(browser, confirm="1")
        assert self.confirmed(browser)

    def test_a_provider_that_does_not_say_when_confirms_nothing(self, world: World) -> None:
        browser = self.officer(world)
        world.provider.changes["auth_time"] = None
        world.sign_in(browser, confirm="1")
        assert not self.confirmed(browser)

    def test_a_sign_in_older_than_a_session_may_become_is_refused(self, world: World) -> None:
        world.provider.signed_in_at = time.time() - 11 * 3600
        assert world.sign_in(world.browser()).status_code == 403

    @pytest.mark.parametrize(
        ("claims", "status"),
        [
            ({"acr": "gold", "amr": ["pwd", "hwk"]}, 200),
            ({"acr": "gold", "amr": ["pwd"]}, 403),
            ({"acr": "bronze", "amr": ["hwk"]}, 403),
            ({"amr": "hwk", "acr": "gold"}, 403),
            ({}, 403),
        ],
        ids=str,
    )
    def test_a_second_factor(self, strong: World, claims: dict[str, Any], status: int) -> None:
        strong.provider.changes = claims
        browser = strong.browser()
        address = strong.leave(browser)
        assert parse_qs(urlsplit(address).query)["acr_values"] == ["gold platinum"]
        assert strong.come_back(browser, strong.provider.sign_in(address)).status_code == status
        assert bearer(strong) == (200 if status == 200 else 401)

    @pytest.fixture
    def strong(self, sqlite_template: Template, tmp_path: Path) -> Iterator[World]:
        demands = {"oidc_acr_values": "gold platinum", "oidc_amr_values": "hwk otp"}
        with made(sqlite_template, tmp_path / "data", **demands) as found:
            found.provider.changes = {"acr": "gold", "amr": ["otp"]}
            wait_until(lambda: bearer(found) == 200, "the keys of the provider")
            yield found


class TestAccountsAlone:
    """With ``console_tokens = false`` people sign in by the office's account, whose second factor is demanded."""

    @pytest.fixture
    def alone(self, sqlite_template: Template, tmp_path: Path) -> Iterator[World]:
        demands = {"oidc_amr_values": "otp", "console_tokens": False}
        with made(sqlite_template, tmp_path / "data", **demands) as found:
            found.provider.changes = {"amr": ["otp"]}
            wait_until(lambda: bearer(found) == 200, "the keys of the provider")
            yield found

    def test_a_token_opens_no_session_and_serves_programs(self, alone: World) -> None:
        token = alone.service.token(Role.RELEASE)
        browser = alone.browser()
        page = browser.get("/console/sign-in").text
        assert ('name="token"' in page, "/console/oidc/start" in page) == (False, True)
        answer = browser.post("/console/sign-in", {"form_token": browser.token("/console/sign-in"), "token": token})
        assert answer.status_code == 403
        assert browser.get("/console").status_code == 303
        assert alone.service.client(Role.RELEASE).get("/v1/whoami").status_code == 200

    def test_an_account_without_a_second_factor_opens_none(self, alone: World) -> None:
        alone.sign_in(alone.browser())
        alone.provider.changes = {"amr": ["pwd"]}
        browser = alone.browser()
        assert alone.come_back(browser, alone.provider.sign_in(alone.leave(browser))).status_code == 403
        assert browser.get("/console").status_code == 303

    def test_nobody_could_sign_in(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("WASL_HOME", str(tmp_path))
        monkeypatch.setenv("WASL_CONSOLE_TOKENS", "false")
        with pytest.raises(InputError, match="nobody could sign in"):
            load_settings()


def test_a_user_sees_the_own_sessions_and_ends_one(world: World) -> None:
    first, second, stranger = world.browser(), world.browser(), world.browser()
    world.sign_in(first)
    world.sign_in(second)
    shown = first.get("/console/account").text
    ends = re.findall(r'action="(/console/account/sessions/[0-9a-f]{64}/end)"', shown)
    assert len(ends) == 1  # the other one; the own one is not ended from the list
    world.provider.person = {"sub": "5005", "preferred_username": "stranger"}
    world.sign_in(stranger)
    assert stranger.post(ends[0], {"form_token": stranger.token("/console/account")}).status_code == 404
    assert world.signed_in(second) == "salma"
    assert first.post(ends[0], {"form_token": first.token("/console/account")}).status_code == 303
    assert world.signed_in(second) == ""
    assert world.signed_in(first) == "salma"
