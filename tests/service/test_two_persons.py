"""Threats: one administrator who publishes through puppets, grants himself a role, or locks everybody out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from service_support import PROJECT, Service, Template, give_token, make_settings, serving
from typer.testing import CliRunner

from wasl.errors import StateError
from wasl.service.access import Role
from wasl.service.users import add_user
from wasl.web.installation import Installation


@pytest.fixture
def strict(sqlite_template: Template, tmp_path: Path) -> Iterator[Service]:
    """A service with two administrators of the whole installation, who must agree."""
    folder = tmp_path / "data"
    installation = Installation.open(make_settings(folder, sqlite_template.copy(folder), two_person=True))
    with serving(installation) as address:
        running = Service(address, installation, dict(sqlite_template.tokens))
        add_user(installation.office, installation.operator(), name="second")
        running.tokens[Role.ADMIN, "second", None] = give_token(installation, "second", Role.ADMIN)
        add_user(installation.office, installation.operator(), name="puppet")
        yield running
        running.close()
    installation.close()


def admins(service: Service) -> tuple[httpx.Client, httpx.Client]:
    return service.client(Role.ADMIN, None), service.bearer(service.tokens[Role.ADMIN, "second", None])


def ask(client: httpx.Client, user: str = "puppet", **body: Any) -> httpx.Response:
    return client.post(f"/v1/users/{user}/tokens", json={"role": "approver", "project": PROJECT, **body})


def test_the_rule_is_on_by_default(tmp_path: Path) -> None:
    from wasl.web.settings import ServiceSettings

    assert ServiceSettings.model_fields["two_person"].default is True


def test_a_token_needs_two_administrators_and_its_owner(strict: Service) -> None:
    first, second = admins(strict)
    asked = ask(first).json()
    assert asked["status"] == "requested"
    place, headers = f"/v1/tokens/{asked['id']}/approve", {"If-Match": f'"v{asked["version"]}"'}
    redeem = f"/v1/invitations/{asked['id']}"
    public = strict.client(None)
    assert public.post(redeem, json={"parts": [asked["part"]]}).status_code == 403, "before the second agreed"
    assert first.post(place, headers=headers).status_code == 403, "nobody is his own second"
    approved = second.post(place, headers=headers)
    assert approved.status_code == 200, approved.text
    parts = [asked["part"], approved.json()["part"]]
    for alone in ([parts[0]], [parts[1]], [parts[0], parts[0]], [*parts[:1], "x"]):
        assert public.post(redeem, json={"parts": alone}).status_code == 403, "one part alone"
    issued = public.post(redeem, json={"parts": parts[::-1]})
    assert issued.status_code == 201
    assert public.post(redeem, json={"parts": parts}).status_code == 403, "a second time"
    assert strict.bearer(issued.json()["secret"]).get("/v1/whoami").json()["name"] == "puppet"
    with strict.installation.ledger.reading() as state:
        for kind, actor in (("TokenRequested", "admin"), ("TokenApproved", "second"), ("TokenRedeemed", "puppet")):
            assert len(state.log_entries(first=0, limit=9, kind=kind, actor=actor, subject=asked["id"])) == 1


def test_no_administrator_sees_a_secret(strict: Service) -> None:
    first, second = admins(strict)
    asked = ask(first)
    headers = {"If-Match": f'"v{asked.json()["version"]}"'}
    approved = second.post(f"/v1/tokens/{asked.json()['id']}/approve", headers=headers)
    for answer in (asked, approved, first.get("/v1/users/puppet/tokens"), second.get("/v1/users/puppet/tokens")):
        assert "wasl_" not in answer.text
        assert "secret" not in answer.text


@pytest.mark.parametrize("role", ["spine", "release", "approver", "admin"])
def test_nobody_grants_himself_a_role(strict: Service, role: str) -> None:
    first, second = admins(strict)
    project = None if role == "admin" else PROJECT
    assert ask(first, "admin", role=role, project=project).status_code == 403
    asked = ask(first, "second", role=role, project=project).json()
    headers = {"If-Match": f'"v{asked["version"]}"'}
    assert second.post(f"/v1/tokens/{asked['id']}/approve", headers=headers).status_code == 403


def test_the_operator_cannot_go_round_it(strict: Service) -> None:
    with pytest.raises(StateError, match="two administrators"):
        give_token(strict.installation, "puppet", Role.APPROVER, PROJECT)


def test_an_administrator_of_one_project_manages_no_users(strict: Service) -> None:
    bound = strict.client(Role.ADMIN, PROJECT)
    assert ask(bound).status_code == 403
    assert bound.post("/v1/users", json={"name": "x"}).status_code == 403


def test_the_last_administrator_cannot_lock_himself_out(service: Service) -> None:
    admin = service.client(Role.ADMIN, None)
    tokens = admin.get("/v1/users/admin/tokens").json()["items"]
    revoked = admin.post(f"/v1/tokens/{tokens[0]['id']}/revoke", headers={"If-Match": f'"v{tokens[0]["version"]}"'})
    disabled = admin.post("/v1/users/admin/disable", headers={"If-Match": '"v1"'})
    assert (revoked.status_code, disabled.status_code) == (409, 409)
    assert admin.get("/v1/whoami").status_code == 200


def test_one_of_two_administrators_can_go(strict: Service) -> None:
    first, second = admins(strict)
    assert first.post("/v1/users/second/disable", headers={"If-Match": '"v1"'}).status_code == 200
    assert second.get("/v1/whoami").status_code == 401
    assert first.post("/v1/users/second/enable", headers={"If-Match": '"v2"'}).status_code == 200
    assert second.get("/v1/whoami").status_code == 200


@pytest.mark.parametrize("step", ["disable", "revoke"])
def test_an_administrator_who_removes_the_other_does_not_act_alone(strict: Service, step: str) -> None:
    """Threat: one of two locks the other out, gives a puppet a role without him, and lets him in again."""
    first, second = admins(strict)
    headers = {"If-Match": '"v1"'}
    if step == "disable":
        assert first.post("/v1/users/second/disable", headers=headers).status_code == 200
    else:
        (token,) = first.get("/v1/users/second/tokens").json()["items"]
        assert first.post(f"/v1/tokens/{token['id']}/revoke", headers=headers).status_code == 200
    assert second.get("/v1/whoami").status_code == 401
    asked = ask(first).json()
    assert asked["status"] == "requested"
    redeem = strict.client(None).post(f"/v1/invitations/{asked['id']}", json={"parts": [asked["part"]]})
    assert redeem.status_code == 403
    # The operator of the machine is the way on, and is in the log.
    add_user(strict.installation.office, strict.installation.operator(), name="third")
    third = strict.bearer(give_token(strict.installation, "third", Role.ADMIN))
    approved = third.post(f"/v1/tokens/{asked['id']}/approve", headers={"If-Match": f'"v{asked["version"]}"'})
    assert approved.status_code == 200


def test_the_command_line_disables_and_enables(
    sqlite_template: Template, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wasl.cli.app import build_app

    folder = tmp_path / "data"
    url = sqlite_template.copy(folder)
    monkeypatch.setenv("WASL_DATA_DIR", str(folder))
    monkeypatch.setenv("WASL_DATABASE_URL", url)
    run = CliRunner()
    for verb, word in (("disable", "disabled"), ("enable", "enabled")):
        done = run.invoke(build_app(["wasl.cli.serve"]), ["user", verb, "auditor"])
        assert (done.exit_code, word in done.output) == (0, True), done.output
    assert run.invoke(build_app(["wasl.cli.serve"]), ["user", "enable", "auditor"]).exit_code != 0


@pytest.mark.parametrize("name", ["operator", "service", "anonymous", "system", "wasl", "root"])
def test_reserved_names_are_nobodys(service: Service, name: str) -> None:
    assert service.client(Role.ADMIN, None).post("/v1/users", json={"name": name}).status_code == 422


def test_sensitive_reads_are_logged(service: Service) -> None:
    """Threat: somebody looks through risks, decisions, tokens or the log, and nobody can tell."""
    admin, auditor = service.client(Role.ADMIN, None), service.client(Role.AUDITOR, None)
    for client, path, what in (
        (admin, "/v1/users", "users"),
        (admin, "/v1/users/auditor/tokens", "tokens"),
        (auditor, "/v1/audit/entries", "log"),
    ):
        before = service.log_size()
        assert client.get(path).status_code == 200
        with service.installation.ledger.reading() as state:
            (entry,) = state.log_entries(first=before, limit=9)
        assert b'"kind":"RecordRead"' in entry.data
        assert f'"what":"{what}"'.encode() in entry.data


def test_every_sensitive_route_is_logged() -> None:
    from fastapi.routing import APIRoute

    from wasl.web.app import TOPICS

    routes = [route for topic in TOPICS for route in topic.routes.router.routes if isinstance(route, APIRoute)]
    logged = {route.path for route in routes if (route.openapi_extra or {}).get("x-wasl-logged-as")}
    sensitive = {
        "/risk",
        "/report",
        "/review-queue",
        "/review-queue/{pair}",
        "/decisions",
        "/audit/entries",
        "/tokens",
        "/users",
        "/users/{user}",
        "/scenarios",
        "/returns/{register}",
        "/report.html",
        "/internal-report.html",
        "{project}/objections",
    }
    expected = {
        route.path
        for route in routes
        if "GET" in route.methods and any(route.path.endswith(ending) for ending in sensitive)
    }
    assert logged == expected
