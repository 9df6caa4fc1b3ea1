"""Threats: a release from an old run, a file sent twice, an approval that stays, an approval rewritten in the log."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from service_support import OTHER_REGISTER, PROJECT, REGISTER, Service, give_token, release_documents, send

from wasl.audit.merkle import leaf_hash
from wasl.errors import VerificationError
from wasl.linkage.plan import LinkagePlan
from wasl.publication.log_proofs import PROVEN, require_log_proofs
from wasl.registers.exchange.digests import canonical_json
from wasl.registers.exchange.payload import Payload
from wasl.service.access import Role
from wasl.service.log import sign_checkpoint
from wasl.service.pins import last_sent
from wasl.service.records import Run, Submission
from wasl.service.users import add_user

RUNS = f"/v1/projects/{PROJECT}/linkage-runs"
RELEASES = f"/v1/projects/{PROJECT}/releases"
KINDS = {"deliveries": "delivery", "join-maps": "join", "payloads": "payload"}


@dataclass
class Desk:
    """A project with a resolved run, and the acts of its release desk."""

    service: Service
    run: str

    def client(self, role: Role) -> Any:
        return self.service.client(role)

    def prepare(self, seed: int = 7) -> dict[str, Any]:
        body = {"run": self.run, "title": "Public-use file", "seed": seed, **release_documents()}
        answer = self.client(Role.RELEASE).post(RELEASES, json=body)
        assert answer.status_code == 202, answer.text
        self.service.work()
        return self.read(answer.json()["id"])

    def read(self, release: str) -> dict[str, Any]:
        return dict(self.client(Role.RELEASE).get(f"{RELEASES}/{release}").json())

    def step(self, shown: dict[str, Any], step: str, role: Role = Role.RELEASE, **body: Any) -> Any:
        path = f"{RELEASES}/{shown['id']}/{step}"
        return self.client(role).post(path, json=body, headers={"If-Match": f'"v{shown["version"]}"'})

    def approved(self) -> dict[str, Any]:
        shown = self.step(self.prepare(), "request").json()
        return dict(self.step(shown, "approve", Role.APPROVER, reason="looks safe").json())

    def close_project(self) -> None:
        admin = self.service.client(Role.ADMIN, None)
        version = admin.get(f"/v1/projects/{PROJECT}").json()["version"]
        headers = {"If-Match": f'"v{version}"'}
        assert admin.patch(f"/v1/projects/{PROJECT}", json={"closed": True}, headers=headers).status_code == 200


@pytest.fixture
def desk(resolved_on_each: tuple[Service, str]) -> Desk:
    return Desk(*resolved_on_each)


def other_payload(outboxes: dict[str, Path], rows: int) -> bytes:
    """A payload the holder made later, with the first rows of the one it sent."""
    whole = Payload.read(outboxes[REGISTER] / "payload.parquet")
    made = datetime.fromisoformat(whole.created) + timedelta(minutes=1)
    place = outboxes[REGISTER] / "later.parquet"
    replace(whole, rows=whole.rows.slice(0, rows), created=made.isoformat(), signer="", signature="").write(place)
    data = place.read_bytes()
    place.unlink()
    return data


class TestLastSubmissionCounts:
    def submission(self, name: str, sent_at: str) -> Submission:
        return Submission(
            id=name,
            created_at="2026-01-01T00:00:00.000Z",
            created_by="h",
            kind="payload",  # type: ignore[arg-type]
            project=PROJECT,
            register=REGISTER,
            digest=name,
            file=name,
            size_bytes=1,
            rows=1,
            header={},
            sent_at=sent_at,
        )

    def test_a_then_b_then_a_again_is_a(self) -> None:
        a = self.submission("a", "2026-01-03T00:00:00.000Z")
        b = self.submission("b", "2026-01-02T00:00:00.000Z")
        assert last_sent([a, b])[REGISTER] is a

    def test_through_the_api(self, service: Service, make_files: Callable[..., Any]) -> None:
        holder = service.client(Role.HOLDER)
        a, b = make_files(seed=1).payload, make_files(seed=2).payload
        first = send(holder, "payloads", a).json()
        second = send(holder, "payloads", b).json()
        assert send(holder, "payloads", a).json()["id"] == first["id"]
        with service.installation.ledger.reading() as state:
            latest = last_sent(state.select(Submission, kind="payload", register=REGISTER))[REGISTER]
        assert (latest.id, second["id"] != latest.id) == (first["id"], True)


class TestPinnedPayloads:
    def test_a_release_uses_the_payloads_of_its_run(self, desk: Desk, outboxes: dict[str, Path]) -> None:
        """A payload sent after the run was resolved is not used by it."""
        with desk.service.installation.ledger.reading() as state:
            pinned = state.get(Run, desk.run).payloads
        assert len(pinned) == 2
        holder = desk.service.client(Role.HOLDER)
        later = send(holder, "payloads", other_payload(outboxes, 15))
        assert later.status_code == 201, later.text
        shown = desk.prepare()
        assert shown["status"] == "protected", shown["failure"]
        with desk.service.installation.ledger.reading() as state:
            assert state.get(Run, desk.run).payloads == pinned
        risk = desk.client(Role.RELEASE).get(f"{RELEASES}/{shown['id']}/risk").json()["risk"]
        assert set(risk["coverage"]) == {REGISTER, OTHER_REGISTER}
        assert min(risk["coverage"].values()) >= 0.95

    def test_a_payload_the_holder_withdrew_is_not_published(self, desk: Desk) -> None:
        holder = desk.service.client(Role.HOLDER)
        path = f"/v1/projects/{PROJECT}/registers/{REGISTER}/payloads"
        sent = holder.get(path).json()["items"][0]
        holder.post(f"{path}/{sent['id']}/withdraw", headers={"If-Match": f'"v{sent["version"]}"'})
        body = {"run": desk.run, "title": "t", "seed": 1, **release_documents()}
        answer = desk.client(Role.RELEASE).post(RELEASES, json=body)
        assert (answer.status_code, "withdrawn" in answer.json()["detail"]) == (409, True)

    def test_a_payload_of_other_records_is_refused(self, desk: Desk, make_files: Callable[..., Any]) -> None:
        """Were a payload of another round pinned, its ids would not be in the spine."""
        from service_support import random_files

        folder = desk.service.installation.settings.home
        made = {"created": datetime.now(UTC).isoformat()}
        strange = random_files(folder, seed=9, header=made).payload
        sent = send(desk.service.client(Role.HOLDER), "payloads", strange).json()
        installation = desk.service.installation
        caller = installation.operator()
        with installation.ledger.writing(caller) as ledger:
            run = ledger.get(Run, desk.run)
            own = [one for one in run.payloads if ledger.get(Submission, one).register != REGISTER]
            from wasl.audit.events import ResolutionRequested

            event = caller.event(ResolutionRequested(), project=PROJECT, subject=run.id)
            ledger.save(replace(run, payloads=[*own, sent["id"]]), event=event)
        shown = desk.prepare()
        assert shown["status"] == "unsafe"
        assert "0.0% of the records" in shown["failure"]


class TestStates:
    def test_an_approval_can_be_taken_back(self, desk: Desk) -> None:
        shown = desk.approved()
        assert desk.step(shown, "revoke", Role.RELEASE, reason="x").status_code == 403
        assert desk.step(shown, "revoke", Role.APPROVER).status_code == 422, "without a reason"
        shown = desk.step(shown, "revoke", Role.APPROVER, reason="a doubt").json()
        assert (shown["status"], shown["reason"]) == ("refused", "a doubt")
        assert desk.step(shown, "publish").status_code == 409

    def test_reasons_stay_in_the_log_for_good(self, desk: Desk) -> None:
        shown = desk.step(desk.prepare(), "request").json()
        shown = desk.step(shown, "refuse", Role.APPROVER, reason="region too small").json()
        shown = desk.step(shown, "protect").json()
        assert shown["reason"] == ""
        entries = desk.service.client(Role.AUDITOR).get("/v1/audit/entries", params={"kind": "ReleaseRefused"}).json()
        assert entries["items"][-1]["detail"]["reason"] == "region too small"

    def test_whoever_protected_again_does_not_approve(self, desk: Desk) -> None:
        office, operator = desk.service.installation.office, desk.service.installation.operator
        add_user(office, operator(), name="both")
        second = desk.service.bearer(give_token(desk.service.installation, "both", Role.RELEASE, PROJECT))
        approver = desk.service.bearer(give_token(desk.service.installation, "both", Role.APPROVER, PROJECT))
        shown = desk.prepare()
        path = f"{RELEASES}/{shown['id']}"
        again = second.post(f"{path}/protect", json={"seed": 3}, headers={"If-Match": f'"v{shown["version"]}"'})
        assert again.status_code == 202, again.text
        desk.service.work()
        shown = desk.step(desk.read(shown["id"]), "request").json()
        headers = {"If-Match": f'"v{shown["version"]}"'}
        assert approver.post(f"{path}/approve", json={"reason": "x"}, headers=headers).status_code == 403
        assert desk.step(shown, "approve", Role.APPROVER, reason="x").status_code == 200

    def test_a_closed_project_is_closed_for_everything(self, desk: Desk, outboxes: dict[str, Path]) -> None:
        shown = desk.approved()
        desk.close_project()
        assert desk.step(shown, "publish").status_code == 409
        assert desk.step(shown, "revoke", Role.APPROVER, reason="x").status_code == 409
        body = {"run": desk.run, "title": "t", "seed": 1, **release_documents()}
        assert desk.client(Role.RELEASE).post(RELEASES, json=body).status_code == 409
        plan = LinkagePlan.load("morocco").model_dump(mode="json")
        assert desk.client(Role.LINKAGE).post(RUNS, json={"plan": plan}).status_code == 409
        assert desk.client(Role.LINKAGE).post(f"{RUNS}/{desk.run}/cancel").status_code == 409
        assert desk.client(Role.AUDITOR).get(f"{RUNS}/{desk.run}").status_code == 200, "it can be read"
        data = (outboxes[REGISTER] / "payload.parquet").read_bytes()
        assert send(desk.service.client(Role.HOLDER), "payloads", data).status_code == 409

    def test_a_withdrawn_release_leaves_a_tombstone(self, desk: Desk) -> None:
        shown = desk.approved()
        desk.step(shown, "publish")
        desk.service.work()
        shown = desk.read(shown["id"])
        assert desk.step(shown, "withdraw", Role.APPROVER).status_code == 422
        desk.close_project()
        assert desk.step(shown, "withdraw", Role.APPROVER, reason="an error was found").status_code == 200
        for path in (f"/v1/catalogue/{shown['id']}", f"/v1/catalogue/{shown['id']}/package"):
            gone = desk.service.client(None).get(path)
            assert (gone.status_code, "an error was found" in gone.json()["detail"]) == (410, True)
        assert desk.service.client(None).get("/v1/catalogue").json()["items"] == []


def forgeries(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The same proof for another entry."""
    if "event" in document:
        bare = {name: part for name, part in document.items() if name != "event"}
        other = {**document, "event": {**document["event"], "actor": "somebody"}}
        return [other, {**bare, "leaf": "A" * 43 + "="}, bare, {**document, "leaf": "A" * 43 + "="}]
    leaves = ("A" * 43 + "=", "", "AAAA", 7, None)
    return [{**document, "leaf": leaf} for leaf in leaves] + [{**document, "index": document["index"] + 1}]


class TestProofs:
    """The package carries a checkpoint taken after its approval, with proofs of protection, request and approval."""

    @pytest.fixture
    def package(self, desk: Desk) -> dict[str, bytes]:
        shown = desk.approved()
        desk.step(shown, "publish")
        desk.service.work()
        data = desk.service.client(None).get(f"/v1/catalogue/{shown['id']}/package").content
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    def test_the_proofs_hold_and_a_rewritten_log_does_not_fit(self, desk: Desk, package: dict[str, bytes]) -> None:
        signer = desk.service.installation.office.signer
        assert require_log_proofs(package, signer.verifier)
        for name in PROVEN:
            document = json.loads(package[f"log/{name}.json"])
            for forged in forgeries(document):
                with pytest.raises(VerificationError):
                    require_log_proofs({**package, f"log/{name}.json": canonical_json(forged)}, signer.verifier)
            missing = {path: data for path, data in package.items() if path != f"log/{name}.json"}
            with pytest.raises(VerificationError):
                require_log_proofs(missing, signer.verifier)
        approval, request = package["log/approval.json"], package["log/request.json"]
        with pytest.raises(VerificationError):
            require_log_proofs({**package, "log/approval.json": request, "log/request.json": approval}, signer.verifier)

    def test_the_public_reads_no_figure_of_the_original_file(self, desk: Desk, package: dict[str, bytes]) -> None:
        """The entry of protection counts the original rows and states risks; its hash finds it in the log."""
        document = json.loads(package["log/protection.json"])
        assert set(document) == {"checkpoint", "format", "index", "leaf", "path", "size"}
        proofs = "/v1/audit/proofs/inclusion"
        event = desk.service.client(Role.AUDITOR).get(f"{proofs}?index={document['index']}").json()["event"]
        assert event["kind"] == "ProtectionApplied"
        assert base64.b64encode(leaf_hash(canonical_json(event))).decode() == document["leaf"]
        confidential = {"rows", "k_before", "k_after", "risk_before", "risk_after", "data_digest", "seed_digest"}
        for name, data in package.items():
            if name.endswith(".json") and name.startswith("log/"):
                assert not confidential & set(json.loads(data).get("event", {}).get("detail", {})), name
            for digest in (event["detail"]["data_digest"], event["detail"]["seed_digest"]):
                assert digest.encode() not in data, name

    def test_the_checkpoint_is_younger_than_the_approval(self, desk: Desk, package: dict[str, bytes]) -> None:
        document = json.loads(package["log/approval.json"])
        assert document["index"] < document["size"]
        manifest = json.loads(package["manifest.json"])
        assert document["checkpoint"] in manifest.values()
        sign_checkpoint(desk.service.installation.office, desk.service.installation.operator())
