"""From deliveries to a published file through the API: every change is logged, and the rules cannot be got round."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from service_support import (
    OTHER_PROJECT,
    OTHER_REGISTER,
    PROJECT,
    REGISTER,
    Service,
    definition,
    give_token,
    release_documents,
    send,
)

from wasl.audit.notes import NoteVerifier
from wasl.linkage.plan import LinkagePlan
from wasl.publication.package import verify_package
from wasl.service.access import Role
from wasl.service.records import Release
from wasl.service.states import RELEASE_STEPS, ReleaseStatus, ReleaseStep
from wasl.service.users import add_user
from wasl.web.app import TOPICS
from wasl.web.installation import Installation

RUNS = f"/v1/projects/{PROJECT}/linkage-runs"
RELEASES = f"/v1/projects/{PROJECT}/releases"
KINDS = {"deliveries": "delivery", "join-maps": "join", "payloads": "payload"}

WRITES = {
    (method, route.path)
    for topic in TOPICS
    for route in topic.routes.router.routes
    if isinstance(route, APIRoute)
    for method in route.methods
    if method != "GET"
}


@dataclass
class Journal:
    """Makes changes through the API and checks that each lengthens the log."""

    service: Service
    done: set[tuple[str, str]] = field(default_factory=set)

    def __call__(self, client: httpx.Client, method: str, path: str, **request: Any) -> httpx.Response:
        before = self.service.log_size()
        answer = client.request(method, path, **request)
        assert answer.status_code < 300, f"{method} {path}: {answer.status_code} {answer.text}"
        assert self.service.log_size() > before, f"{method} {path} left no entry"
        if answer.status_code in (201, 202):
            there = client.get(answer.headers["location"])
            assert there.status_code == (401 if "invitations" in path else 200), f"{method} {path}: {there.text}"
        self.note(method, path)
        return answer

    def note(self, method: str, path: str) -> None:
        for known in WRITES:
            pattern = re.sub(r"\{\w+\}", "[^/]+", known[1])
            if known[0] == method and re.fullmatch(pattern, path.split("?", maxsplit=1)[0]):
                self.done.add(known)

    def change(self, client: httpx.Client, path: str, shown: dict[str, Any], **body: Any) -> dict[str, Any]:
        answer = self(client, "POST", path, json=body, headers={"If-Match": f'"v{shown["version"]}"'})
        return dict(answer.json())


def test_every_change_lengthens_the_log(service: Service, outboxes: dict[str, Path]) -> None:
    journal = Journal(service)
    administer(service, journal)
    submit(service, journal, outboxes)
    run = link(service, journal)
    release(service, journal, run)
    journal(service.client(Role.AUDITOR, None), "POST", "/v1/audit/checkpoint")
    elsewhere = {
        ("POST", "/v1/projects/{project}/pairs"),  # test_strong_mode
        ("POST", "/v1/jobs/{job}/retry"),  # test_worker
        ("POST", "/v1/projects/{project}/erasures"),  # test_retention
        ("POST", "/v1/projects/{project}/retention-rules"),  # test_retention
        ("POST", "/v1/projects/{project}/registers/{register}/objections"),  # test_retention
        ("POST", "/v1/tokens/{token}/approve"),  # test_two_persons
        ("POST", "/v1/projects/{project}/linkage-runs/{run}/returns/{register}"),  # test_returns
        *(("POST", path) for _, path in WRITES if "/table-menus" in path or "/tables" in path),  # test_tables_on_demand
        ("POST", "/v1/projects/{project}/dossiers"),  # test_j13_dossier_service
        ("POST", "/v1/projects/{project}/authorizations"),  # test_j13_dossier_service
        ("POST", "/v1/projects/{project}/authorizations/{authorization}/revocation"),  # test_j13_dossier_service
    }
    assert journal.done | elsewhere == WRITES


def administer(service: Service, journal: Journal) -> None:
    admin = service.client(Role.ADMIN, None)
    project = journal(admin, "POST", "/v1/projects", json={"name": "third", "title": "=cmd()"}).json()
    assert project["title"] == "=cmd()"
    changed = journal(admin, "PATCH", "/v1/projects/third", json={"closed": True}, headers={"If-Match": '"v1"'}).json()
    assert (changed["closed"], changed["version"]) == (True, 2)
    refused = admin.post("/v1/projects/third/registers", json={"definition": definition(REGISTER)})
    assert refused.status_code == 409
    journal(admin, "POST", f"/v1/projects/{PROJECT}/registers", json={"definition": definition("dgsn-permits")})
    journal(admin, "POST", "/v1/users", json={"name": "amina"})
    token = journal(admin, "POST", "/v1/users/amina/tokens", json={"role": "auditor"}).json()
    parts = {"parts": [token["part"]]}
    token = journal(service.client(None), "POST", f"/v1/invitations/{token['id']}", json=parts).json()
    journal.change(admin, f"/v1/tokens/{token['id']}/revoke", token)
    journal.change(admin, "/v1/users/amina/disable", {"version": 1})
    journal.change(admin, "/v1/users/amina/enable", {"version": 2})


def submit(service: Service, journal: Journal, outboxes: dict[str, Path]) -> None:
    for register, folder in outboxes.items():
        holder = service.client(Role.HOLDER, register=register)
        for plural, file in reversed(KINDS.items()):  # with a delivery its join map and payload would be withdrawn
            before = service.log_size()
            first = (folder / "first" / f"{file}.parquet").read_bytes()
            answer = send(holder, plural, first, register=register)
            assert answer.status_code == 201, answer.text
            assert service.log_size() > before
            journal.note("POST", str(answer.url.path))
            journal.change(holder, f"{answer.headers['location']}/withdraw", answer.json())
            again = send(holder, plural, first, register=register)
            assert again.status_code == 409, "what was withdrawn stays withdrawn"
            anew = send(holder, plural, (folder / f"{file}.parquet").read_bytes(), register=register)
            assert anew.status_code == 201, anew.text


def link(service: Service, journal: Journal) -> str:
    linkage, spine = service.client(Role.LINKAGE), service.client(Role.SPINE)
    plan = LinkagePlan.load("morocco").model_dump(mode="json")
    cancelled = journal(linkage, "POST", RUNS, json={"plan": plan}).json()
    journal(linkage, "POST", f"{RUNS}/{cancelled['id']}/cancel")
    service.work()
    assert linkage.get(f"{RUNS}/{cancelled['id']}").json()["status"] == "cancelled"
    run = journal(linkage, "POST", RUNS, json={"plan": plan}).json()
    assert spine.post(f"{RUNS}/{run['id']}/resolution").status_code == 409
    service.work()
    assert linkage.get(f"/v1/jobs/{run['job']}").json()["percent"] == 100
    assert linkage.get(f"{RUNS}/{run['id']}/report").json()["passes"]
    review(service, journal, run["id"])
    resolving = journal(spine, "POST", f"{RUNS}/{run['id']}/resolution").json()
    journal(spine, "POST", f"/v1/jobs/{resolving['job']}/cancel")
    service.work()
    assert linkage.get(f"{RUNS}/{run['id']}").json()["status"] == "scored"
    journal(spine, "POST", f"{RUNS}/{run['id']}/resolution")
    service.work()
    assert linkage.get(f"{RUNS}/{run['id']}").json()["status"] == "resolved"
    for what in ("spine", "links", "conflicts"):
        assert spine.get(f"{RUNS}/{run['id']}/{what}").content.startswith(b"PAR1")
    job = journal(service.client(Role.AUDITOR), "POST", f"{RUNS}/{run['id']}/reproduction").json()
    service.work()
    assert service.client(Role.AUDITOR).get(f"/v1/jobs/{job['id']}").json()["result"]["same"] is True
    return str(run["id"])


def review(service: Service, journal: Journal, run: str) -> None:
    first = service.client(Role.REVIEWER)
    second, third = reviewers(service, "said", "tahar")
    queue = first.get(f"{RUNS}/{run}/review-queue", params={"limit": 200}).json()["items"]
    assert queue
    pair = queue[0]["id"]
    assert not {"left_row_id", "right_row_id", "place"} & set(queue[0])
    journal(first, "POST", f"{RUNS}/{run}/decisions", json={"pair": pair, "verdict": "same"})
    assert first.post(f"{RUNS}/{run}/decisions", json={"pair": pair, "verdict": "different"}).status_code == 409
    taken = journal(first, "POST", f"{RUNS}/{run}/decisions/{pair}/take-back").json()
    assert (taken["verdict"], taken["reviewer"]) == ("", "reviewer-simimo")
    assert first.post(f"{RUNS}/{run}/decisions/{pair}/take-back").status_code == 409
    entries = service.client(Role.AUDITOR).get("/v1/audit/entries", params={"kind": "DecisionTakenBack"}).json()
    assert [(one["actor"], one["subject"]) for one in entries["items"]] == [("reviewer-simimo", pair)]
    journal(first, "POST", f"{RUNS}/{run}/decisions", json={"pair": pair, "verdict": "same"})
    evidence = first.get(f"{RUNS}/{run}/review-queue/{pair}").json()
    assert sum(step["weight"] for step in evidence["steps"]) == pytest.approx(evidence["weight"], abs=0.06)
    blind = second.get(f"{RUNS}/{run}/review-queue").json()["items"][0]
    assert blind["decisions"] == []
    assert second.get(f"{RUNS}/{run}/decisions").json()["items"] == []
    second.post(f"{RUNS}/{run}/decisions", json={"pair": pair, "verdict": "different"})
    disputed = third.get(f"{RUNS}/{run}/review-queue", params={"state": "disputed"}).json()["items"]
    assert [one["id"] for one in disputed] == [pair]
    third.post(f"{RUNS}/{run}/decisions", json={"pair": pair, "verdict": "same"})
    agreed = service.client(Role.LINKAGE).get(f"{RUNS}/{run}/review-queue", params={"state": "agreed"}).json()["items"]
    assert [(one["id"], one["verdict"], len(one["decisions"])) for one in agreed] == [(pair, "same", 3)]


def reviewers(service: Service, *names: str) -> Iterator[httpx.Client]:
    for name in names:
        add_user(service.installation.office, service.installation.operator(), name=name)
        yield service.bearer(give_token(service.installation, name, Role.REVIEWER, PROJECT))


def release(service: Service, journal: Journal, run: str) -> None:
    desk, approver = service.client(Role.RELEASE), service.client(Role.APPROVER)
    wanted = release_documents()
    hopeless = {**wanted["policy"], "methods": []}
    body = {"run": run, "title": "Public-use file", "seed": 7, **wanted, "policy": hopeless}
    shown = journal(desk, "POST", RELEASES, json=body).json()
    place = f"{RELEASES}/{shown['id']}"
    service.work()
    shown = desk.get(place).json()
    assert (shown["status"], bool(shown["failure"])) == ("unsafe", True)
    assert desk.post(f"{place}/request", headers={"If-Match": f'"v{shown["version"]}"'}).status_code == 409
    journal.change(desk, f"{place}/protect", shown, policy=wanted["policy"])
    service.work()
    shown = desk.get(place).json()
    assert shown["status"] == "protected", shown["failure"]
    assert desk.get(f"{place}/risk").json()["risk"]
    assert desk.get(f"{place}/protected").content.startswith(b"PAR1")
    compare(service, journal, place, wanted["policy"])
    shown = desk.get(place).json()
    shown = journal.change(desk, f"{place}/request", shown)
    assert approver.post(f"{place}/refuse", json={}, headers={"If-Match": f'"v{shown["version"]}"'}).status_code == 422
    shown = journal.change(approver, f"{place}/refuse", shown, reason="not yet")
    shown = journal.change(desk, f"{place}/protect", shown)
    assert shown["reason"] == ""
    service.work()
    shown = journal.change(desk, f"{place}/request", desk.get(place).json())
    stale = {**shown, "version": shown["version"] - 1}
    assert approver.post(f"{place}/approve", json={}, headers=if_match(stale)).status_code == 412
    shown = journal.change(approver, f"{place}/approve", shown)
    shown = journal.change(approver, f"{place}/revoke", shown, reason="one more look")
    journal.change(desk, f"{place}/protect", shown)
    service.work()
    shown = journal.change(desk, f"{place}/request", desk.get(place).json())
    shown = journal.change(approver, f"{place}/approve", shown)
    assert service.client(None).get("/v1/catalogue").json()["items"] == []
    journal.change(desk, f"{place}/publish", shown)
    service.work()
    shown = desk.get(place).json()
    assert shown["status"] == "published", shown["failure"]
    published(service, shown)
    journal.change(desk, f"{place}/withdraw", shown, reason="a mistake was found")
    assert service.client(None).get(f"/v1/catalogue/{shown['id']}").status_code == 410


def compare(service: Service, journal: Journal, place: str, policy: dict[str, Any]) -> None:
    """Scenarios beside the release: asked for by the desk, seen by the approver, and by nobody else."""
    desk, approver = service.client(Role.RELEASE), service.client(Role.APPROVER)
    assert desk.get(f"{place}/scenarios").status_code == 404
    body = {"scenarios": [{"name": "as it is", "policy": policy}], "groups": ["sex"]}
    assert approver.post(f"{place}/scenarios", json=body).status_code == 403
    journal(desk, "POST", f"{place}/scenarios", json=body)
    service.work()
    compared = approver.get(f"{place}/scenarios").json()
    assert [(one["name"], one["passed"]) for one in compared["scenarios"]] == [("as it is", True)]
    assert compared["scenarios"][0]["groups"]["sex"]
    assert service.client(Role.ANALYST).get(f"{place}/scenarios").status_code == 403


def published(service: Service, shown: dict[str, Any]) -> None:
    public = service.client(None)
    found = public.get(f"/v1/catalogue/{shown['id']}").json()
    assert found["manifest_digest"] == shown["manifest_digest"]
    data = public.get(f"/v1/catalogue/{shown['id']}/package").content
    key = NoteVerifier.parse(public.get("/v1/audit/key").json()["verifier"])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    verify_package(files, key).require()
    for secret in ("individual_risk", "person_id", "record_id"):
        assert secret.encode() not in b"".join(files.values()).replace(b"no person_id", b"")


def if_match(shown: dict[str, Any]) -> dict[str, str]:
    return {"If-Match": f'"v{shown["version"]}"'}


class TestFourEyes:
    """Whoever prepared or requested a release cannot decide on it, in whatever role or by whatever token."""

    def requested(self, installation: Installation) -> Release:
        office = installation.office
        caller = installation.operator()
        noun = Release(
            id=office.new_id(),
            created_at=caller.stamp,
            created_by="desk",
            project=PROJECT,
            run="",
            title="t",
            specification={},
            policy={},
            description={},
            seed=1,
            status=ReleaseStatus.REQUESTED,
            requested_by="clerk",
        )
        return replace(noun, version=1)

    @pytest.mark.parametrize("name", ["desk", "clerk"])
    def test_the_first_two_eyes_are_refused(self, installation: Installation, name: str) -> None:
        from wasl.errors import AccessError
        from wasl.service.access import Actor
        from wasl.service.ports import Caller
        from wasl.service.release_steps import require_other_eyes

        for actor in (Actor(name, Role.APPROVER), Actor("proxy", Role.APPROVER, issued_by=name)):
            with pytest.raises(AccessError):
                require_other_eyes(self.requested(installation), Caller(actor, installation.office.now()))
        other = Actor("head", Role.APPROVER, issued_by="admin")
        require_other_eyes(self.requested(installation), Caller(other, installation.office.now()))


class TestReleaseStates:
    def test_only_what_met_its_thresholds_can_be_requested(self) -> None:
        before = {status for (status, step) in RELEASE_STEPS if step is ReleaseStep.REQUEST}
        assert before == {ReleaseStatus.PROTECTED}
        entered = {step for (_, step), status in RELEASE_STEPS.items() if status is ReleaseStatus.PROTECTED}
        assert entered == {ReleaseStep.THRESHOLDS_MET}
        assert ReleaseStep.THRESHOLDS_MET.action is None

    def test_nothing_is_published_but_what_was_approved(self) -> None:
        before = {status for (status, step) in RELEASE_STEPS if step is ReleaseStep.PUBLISH}
        assert before == {ReleaseStatus.APPROVED}
        entered = {step for (_, step), status in RELEASE_STEPS.items() if status is ReleaseStatus.APPROVED}
        assert entered == {ReleaseStep.APPROVE, ReleaseStep.APPROVE_BY_RULE, ReleaseStep.PACKAGING_FAILED}

    def test_every_status_has_a_way_out_but_the_last(self) -> None:
        assert {status for status, _ in RELEASE_STEPS} == set(ReleaseStatus) - {ReleaseStatus.WITHDRAWN}


class TestTenants:
    """What belongs to one project is not found through another."""

    def test_a_thing_of_another_project_is_not_found(self, service: Service, outboxes: dict[str, Path]) -> None:
        folder = outboxes[REGISTER]
        sent = send(service.client(Role.HOLDER), "deliveries", (folder / "delivery.parquet").read_bytes())
        name = sent.json()["id"]
        run = (
            service.client(Role.LINKAGE)
            .post(RUNS, json={"plan": LinkagePlan.load("morocco").model_dump(mode="json")})
            .json()
        )
        elsewhere = service.client(Role.HOLDER, OTHER_PROJECT)
        assert elsewhere.get(f"/v1/projects/{OTHER_PROJECT}/registers/{REGISTER}/deliveries/{name}").status_code == 404
        other = service.client(Role.HOLDER, register=OTHER_REGISTER)
        path = f"/v1/projects/{PROJECT}/registers/{OTHER_REGISTER}/deliveries/{name}"
        assert other.get(path).status_code == 404
        stranger = service.client(Role.LINKAGE, OTHER_PROJECT)
        assert stranger.get(f"/v1/projects/{OTHER_PROJECT}/linkage-runs/{run['id']}").status_code == 404
        assert stranger.get(f"/v1/jobs/{run['job']}").status_code == 403
        assert stranger.post(f"/v1/jobs/{run['job']}/cancel").status_code == 403

    def test_lists_show_only_what_the_token_reaches(self, service: Service) -> None:
        holder = service.client(Role.HOLDER)
        assert [one["id"] for one in holder.get("/v1/projects").json()["items"]] == [PROJECT]
        registers = holder.get(f"/v1/projects/{PROJECT}/registers").json()["items"]
        assert [one["name"] for one in registers] == [REGISTER]

    def test_an_auditor_of_one_project_sees_its_entries_only(self, service: Service) -> None:
        entries = service.client(Role.AUDITOR).get("/v1/audit/entries", params={"limit": 500}).json()["items"]
        assert {entry["project"] for entry in entries} == {PROJECT}
        elsewhere = service.client(Role.AUDITOR).get("/v1/audit/entries", params={"project": OTHER_PROJECT})
        assert elsewhere.status_code == 403


def test_signing_the_log_twice_with_one_key_signs_it_once(service: Service) -> None:
    auditor = service.client(Role.AUDITOR, None)
    first = auditor.post("/v1/audit/checkpoint", headers={"Idempotency-Key": "sign"})
    size = service.log_size()
    second = auditor.post("/v1/audit/checkpoint", headers={"Idempotency-Key": "sign"})
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.text == second.text
    assert service.log_size() == size


def test_proofs_verify_by_themselves(service: Service) -> None:
    from wasl.audit.checkpoint import Checkpoint
    from wasl.audit.verification import verify_proof

    auditor = service.client(Role.AUDITOR, None)
    key = NoteVerifier.parse(auditor.get("/v1/audit/key").json()["verifier"])
    kept = Checkpoint.open(auditor.post("/v1/audit/checkpoint").text, key)
    entries = auditor.get("/v1/audit/entries", params={"limit": 3}).json()
    assert entries["next"] == 3
    assert all(entry["fr"].endswith(".") and entry["en"].endswith(".") for entry in entries["items"])
    inclusion = auditor.get("/v1/audit/proofs/inclusion", params={"index": 2}).json()
    verify_proof(inclusion, key)
    consistency = auditor.get("/v1/audit/proofs/consistency", params={"old_size": kept.size}).json()
    verify_proof(consistency, key, since=kept)
    assert auditor.get("/v1/audit/proofs/inclusion", params={"index": 10**6}).status_code == 404
