"""The edge: security headers, request ids, rates, OIDC, problems for every error, every setting documented."""

from __future__ import annotations

import threading
import time
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from service_support import PROJECT, Service, Template, make_settings, serving

from wasl import errors
from wasl.errors import AccessError, WaslError
from wasl.service.access import PUBLIC_ACTIONS, Action, Actor, Role
from wasl.web.installation import Installation
from wasl.web.middleware import SECURITY_HEADERS
from wasl.web.oidc import IssuerKeys, OidcVerifier
from wasl.web.problems import PROBLEMS
from wasl.web.rate_limits import Rate
from wasl.web.settings import ServiceSettings

ISSUER = "https://login.example.ma/realms/hcp"


@pytest.mark.parametrize("path", ["/v1/health", "/v1/projects", "/nowhere", "/v1/openapi.json"])
def test_every_response_carries_the_security_headers(service: Service, path: str) -> None:
    answer = service.client(None).get(path, headers={"X-Request-Id": "mine-1"})
    for name, value in SECURITY_HEADERS.items():
        assert answer.headers[name] == value
    assert answer.headers["x-request-id"] == "mine-1"
    assert "server" not in answer.headers or "uvicorn" in answer.headers["server"]


def test_a_request_id_that_is_none_is_replaced(service: Service) -> None:
    answer = service.client(None).get("/v1/health", headers={"X-Request-Id": "<script>"})
    assert answer.headers["x-request-id"] != "<script>"


def test_the_request_id_is_in_the_problem_and_in_the_log(service: Service) -> None:
    answer = service.client(Role.HOLDER).post("/v1/projects", json={}, headers={"X-Request-Id": "find-me"})
    assert (answer.status_code, answer.json()["request_id"]) == (403, "find-me")
    entries = service.client(Role.AUDITOR, None).get("/v1/audit/entries", params={"kind": "AccessDenied"}).json()
    assert entries["items"][-1]["request"] == "find-me"


def test_ready_says_what_is_behind_it(service: Service) -> None:
    ready = service.client(None).get("/v1/ready").json()
    assert ready["status"] == "ready"
    assert ready["entries"] > 0


def test_too_many_requests_are_told_when_to_come_back(sqlite_template: Template, tmp_path: Path) -> None:
    url = sqlite_template.copy(tmp_path / "data")
    settings = make_settings(tmp_path / "data", url, requests_per_minute=5, anonymous_requests_per_minute=3)
    installation = Installation.open(settings)
    with serving(installation) as address:
        service = Service(address, installation, sqlite_template.tokens)
        answers = [service.client(Role.HOLDER).get("/v1/whoami") for _ in range(7)]
        assert [answer.status_code for answer in answers].count(429) == 2
        assert int(answers[-1].headers["retry-after"]) >= 1
        wrong = [service.bearer("wrong").get("/v1/whoami").status_code for _ in range(5)]
        assert wrong == [401, 401, 401, 429, 429]
        service.close()
    installation.close()


def test_console_and_api_under_names_of_their_own(sqlite_template: Template, tmp_path: Path) -> None:
    """Where the operator gives the console a host name, its cookies and the API's tokens have other origins."""
    url = sqlite_template.copy(tmp_path / "data")
    installation = Installation.open(make_settings(tmp_path / "data", url, console_host="console.example.ma"))
    with serving(installation) as address:
        service = Service(address, installation, sqlite_template.tokens)

        def asked(path: str, host: str) -> int:
            client = service.client(Role.AUDITOR, None)
            return client.get(path, headers={"Host": host}, follow_redirects=False).status_code

        for host in ("console.example.ma", "CONSOLE.example.ma:8443"):
            assert [asked(path, host) for path in ("/v1/projects", "/v1/openapi.json")] == [421, 421]
            assert [asked(path, host) for path in ("/v1/catalogue", "/v1/health", "/", "/console/sign-in")] == [200] * 4
        for host in ("api.example.ma", "console.example.ma.evil.ma", ""):
            assert [asked(path, host) for path in ("/console", "/console/sign-in", "/console/log")] == [421] * 3
            assert [asked(path, host) for path in ("/v1/projects", "/v1/catalogue", "/")] == [200] * 3
        service.close()
    installation.close()


@pytest.mark.parametrize("path", ["/v1/catalogue", "/v1/openapi.json", "/console/sign-in", "/", "/v1/projects"])
@pytest.mark.parametrize(
    ("site", "mode", "dest", "refused"),
    [
        ("cross-site", "no-cors", "script", True),
        ("cross-site", "no-cors", "image", True),
        ("cross-site", "cors", "empty", True),
        ("cross-site", "navigate", "iframe", True),
        ("cross-site", "navigate", "object", True),
        ("cross-site", "navigate", "document", False),
        ("same-origin", "cors", "empty", False),
        ("same-origin", "no-cors", "script", False),
        ("none", "navigate", "document", False),
    ],
)
def test_a_page_of_another_site_cannot_load_this_as_a_part_of_itself(
    shared_service: Service, path: str, site: str, mode: str, dest: str, refused: bool
) -> None:
    said = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest}
    answer = shared_service.client(Role.AUDITOR, None).get(path, headers=said)
    assert (answer.status_code == 403) is refused, answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


class TestRate:
    def test_a_bucket_refills_with_time(self) -> None:
        now = [0.0]
        rate = Rate(per_minute=2, at_a_time=9, clock=lambda: now[0])
        assert [rate.enter("a") for _ in range(2)] == [0.0, 0.0]
        assert rate.enter("a") == pytest.approx(30.0)
        assert rate.enter("b") == 0.0
        now[0] = 30.0
        assert rate.enter("a") == 0.0

    def test_only_so_many_at_a_time(self) -> None:
        rate = Rate(per_minute=100, at_a_time=1)
        assert rate.enter("a") == 0.0
        assert rate.enter("a") > 0
        rate.leave("a")
        assert rate.enter("a") == 0.0

    def test_a_clock_that_steps_back_refills_nothing(self) -> None:
        now = [100.0]
        rate = Rate(per_minute=1, at_a_time=9, clock=lambda: now[0])
        rate.enter("a")
        now[0] = 0.0
        assert rate.enter("a") > 0


@cache
def issuers_key() -> RSAKey:
    return RSAKey.generate_key(2048, parameters={"kid": "k1", "use": "sig", "alg": "RS256"})


class TestOidc:
    @pytest.fixture
    def key(self) -> RSAKey:
        return issuers_key()

    def verifier(self, tmp_path: Path, key: RSAKey) -> OidcVerifier:
        settings = make_settings(tmp_path, "sqlite://", oidc_issuer=ISSUER, oidc_audience="wasl")
        answers = {
            f"{ISSUER}/.well-known/openid-configuration": {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys"},
            f"{ISSUER}/keys": KeySet([key]).as_dict(private=False),
        }
        keys = IssuerKeys(settings, fetch=answers.__getitem__)
        assert keys.refresh()
        return OidcVerifier(settings, keys)

    def token(self, key: RSAKey, **changes: Any) -> str:
        claims = {
            "iss": ISSUER,
            "aud": "wasl",
            "sub": "248289761001",
            "exp": int(time.time()) + 600,
            "preferred_username": "Amina",
            "wasl_role": "release",
            "wasl_project": PROJECT,
            **changes,
        }
        return jwt.encode({"alg": "RS256", "kid": "k1"}, {k: v for k, v in claims.items() if v is not None}, key)

    def test_a_good_token_makes_an_actor(self, tmp_path: Path, key: RSAKey) -> None:
        actor = self.verifier(tmp_path, key).account(self.token(key)).actor
        assert (actor.name, actor.role, actor.project) == ("amina", Role.RELEASE, PROJECT)

    @pytest.mark.parametrize(
        "changes",
        [
            {"iss": "https://evil.example"},
            {"aud": "another"},
            {"exp": int(time.time()) - 600},
            {"exp": None},
            {"sub": None},
            {"sub": ""},
            {"sub": 7},
            {"nonce": "n"},
            {"typ": "ID"},
            {"auth_time": "yesterday"},
            {"wasl_role": "emperor"},
            {"wasl_role": None},
            {"preferred_username": "a b\nc"},
            {"preferred_username": "operator"},
            {"preferred_username": "Service"},
            {"wasl_role": "holder"},
            {"wasl_role": "holder", "wasl_project": "*", "wasl_register": "cnss-employees"},
            {"wasl_role": "holder", "wasl_project": None, "wasl_register": "cnss-employees"},
        ],
    )
    def test_a_bad_token_is_refused(self, tmp_path: Path, key: RSAKey, changes: dict[str, Any]) -> None:
        with pytest.raises(AccessError):
            self.verifier(tmp_path, key).account(self.token(key, **changes))

    def test_a_token_signed_by_another_key_is_refused(self, tmp_path: Path, key: RSAKey) -> None:
        other = RSAKey.generate_key(2048, parameters={"kid": "k1", "use": "sig", "alg": "RS256"})
        with pytest.raises(AccessError):
            self.verifier(tmp_path, key).account(self.token(other))

    @pytest.mark.parametrize("algorithm", ["none", "HS256"])
    def test_an_unsigned_or_shared_secret_token_is_refused(self, tmp_path: Path, key: RSAKey, algorithm: str) -> None:
        import base64
        import json

        def part(value: dict[str, Any]) -> str:
            return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

        forged = f"{part({'alg': algorithm, 'kid': 'k1'})}.{part({'iss': ISSUER, 'aud': 'wasl'})}.AAAA"
        with pytest.raises(AccessError):
            self.verifier(tmp_path, key).account(forged)


def test_every_error_is_a_problem() -> None:
    known = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, WaslError)}
    assert set(PROBLEMS) == known
    assert all(400 <= status < 600 for status, _ in PROBLEMS.values())


def test_settings_come_from_the_environment_then_from_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "wasl.toml"
    file.write_text('port = 9001\nhost = "10.0.0.1"\n', encoding="utf-8")
    monkeypatch.setenv("WASL_CONFIG", str(file))
    monkeypatch.setenv("WASL_PORT", "9002")
    settings = ServiceSettings()
    assert (settings.port, settings.host) == (9002, "10.0.0.1")


class TestIssuerKeys:
    """Threat: an identity provider that hangs or is away must not keep anybody waiting."""

    def keys(self, tmp_path: Path, fetch: Any, clock: Any = time.monotonic, **changes: Any) -> IssuerKeys:
        settings = make_settings(tmp_path, "sqlite://", oidc_issuer=ISSUER, oidc_jwks_url=f"{ISSUER}/keys", **changes)
        return IssuerKeys(settings, fetch=fetch, clock=clock)

    def test_verifying_fetches_nothing(self, tmp_path: Path) -> None:
        asked: list[str] = []
        keys = self.keys(tmp_path, asked.append)
        verifier = OidcVerifier(keys.settings, keys)
        for token in (TestOidc().token(issuers_key()), "a.b.c", "x" * 100_000):
            with pytest.raises(AccessError):
                verifier.account(token)
        assert not asked

    def test_a_provider_that_hangs_keeps_nobody_waiting(self, sqlite_template: Template, tmp_path: Path) -> None:
        released = threading.Event()
        folder = tmp_path / "data"
        settings = make_settings(folder, sqlite_template.copy(folder), oidc_issuer=ISSUER, oidc_jwks_url="http://x/")
        installation = Installation.open(settings)

        def hang(_address: str) -> Any:
            released.wait(60)
            raise ValueError

        try:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("wasl.web.oidc._fetch", hang)
                with serving(installation) as address:
                    service = Service(address, installation, sqlite_template.tokens)
                    token = TestOidc().token(issuers_key())
                    answers = [service.bearer(token).get("/v1/whoami").status_code for _ in range(5)]
                    assert answers == [401] * 5
                    assert service.client(Role.HOLDER).get("/v1/whoami").status_code == 200
                    assert not released.is_set()
                    service.close()
        finally:
            released.set()
        installation.close()

    def test_held_keys_are_used_while_the_provider_is_away(self, tmp_path: Path) -> None:
        now = [0.0]
        answers: list[Any] = [KeySet([issuers_key()]).as_dict(private=False)]

        def fetch(_address: str) -> Any:
            if not answers:
                raise ValueError
            return answers.pop()

        keys = self.keys(tmp_path, fetch, clock=lambda: now[0], oidc_stale_seconds=1000)
        assert keys.refresh()
        now[0] = 999.0
        assert not keys.refresh()
        assert OidcVerifier(keys.settings, keys).account(TestOidc().token(issuers_key())).actor.name == "amina"
        now[0] = 1001.0
        with pytest.raises(AccessError):
            keys.current()

    def test_unknown_keys_ask_for_few_fetches(self, tmp_path: Path) -> None:
        now = [0.0]
        keys = self.keys(tmp_path, lambda _a: KeySet([issuers_key()]).as_dict(private=False), clock=lambda: now[0])
        assert keys.refresh()
        wanted = 0
        for second in range(100):
            now[0] = second / 10
            keys.missing("forged")
            wanted += keys._wanted.is_set()
            keys._wanted.clear()
        assert wanted == 0, "the first ten seconds after a fetch"
        for second in range(100):
            now[0] = 20.0 + second
            keys.missing("forged")
            wanted += keys._wanted.is_set()
            keys._wanted.clear()
        assert wanted == 0, "a key the issuer was found not to have"
        keys.missing("new")
        assert keys._wanted.is_set()

    def test_a_provider_that_answers_nonsense_changes_nothing(self, tmp_path: Path) -> None:
        answers: list[Any] = [[], "x", None, {"keys": "x"}, {"keys": [{"kty": "RSA"}]}, {"keys": [1]}]
        good = KeySet([issuers_key()]).as_dict(private=False)
        sent = [good, *answers]
        keys = self.keys(tmp_path, lambda _a: sent.pop(0))
        assert keys.refresh()
        assert [keys.refresh() for _ in answers] == [False] * len(answers)
        assert keys.current().keys


class TestProjectClaim:
    """Threat: a token without a project claim reaches every project."""

    def actor(self, tmp_path: Path, **changes: Any) -> Actor:
        key = issuers_key()
        return TestOidc().verifier(tmp_path, key).account(TestOidc().token(key, **changes)).actor

    @pytest.mark.parametrize("claim", [None, "", 5, [], ["simimo"], {"a": 1}, True])
    def test_a_missing_project_claim_means_none(self, tmp_path: Path, claim: Any) -> None:
        for role in ("release", "admin", "auditor", "approver"):
            actor = self.actor(tmp_path, wasl_project=claim, wasl_role=role)
            allowed = {action for action in Action if actor.can(action, project=PROJECT)}
            assert allowed == PUBLIC_ACTIONS
            assert {action for action in Action if actor.can(action)} == allowed | {Action.WHOAMI}

    def test_all_projects_are_named_by_a_star(self, tmp_path: Path) -> None:
        assert self.actor(tmp_path, wasl_project="*").project is None
