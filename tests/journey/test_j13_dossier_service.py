"""J13 in the service: the officer's dossier, a decision that strikes a pass out, a refusal, an amendment."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "service"))
sys.path.insert(0, str(Path(__file__).parent))

from service_support import encode_registers
from test_service_day import PROJECT, REGISTERS, holders_push, open_the_project, running

from wasl.errors import AccessError
from wasl.linkage.plan import LinkagePlan

pytestmark = pytest.mark.slow


def test_what_the_authority_struck_out_is_refused_until_it_decides_anew(tmp_path: Path) -> None:
    outboxes = encode_registers(tmp_path / "outboxes", PROJECT, persons=300)
    plan = LinkagePlan.load("morocco").model_dump(mode="json")
    today = datetime.now(UTC).date()
    days = {"decided": str(today - timedelta(days=1)), "expires": str(today + timedelta(days=400))}
    with running(tmp_path / "data", f"sqlite:///{tmp_path / 'wasl.db'}") as office:
        open_the_project(office)
        holders_push(office, outboxes)
        officer, linker = office.sign_in("dpo", "officer"), office.sign_in("linker", "linkage")
        court = office.sign_in("court", "auditor")

        dossier = officer.draw_up_dossier(PROJECT, {"controller": {"name": {"fr": "HCP"}}})
        assert dossier.number == 1
        assert set(dossier.document["scope"]["registers"]) == set(REGISTERS)
        assert "purposes" in dossier.holes
        officer.download_dossier(PROJECT, dossier.id, "dossier.ar.docx", tmp_path / "dossier.docx")
        assert (tmp_path / "dossier.docx").read_bytes()[:2] == b"PK"
        with pytest.raises(AccessError):
            linker.draw_up_dossier(PROJECT, {})

        officer.store_authorization(PROJECT, dossier.id, decision="D-1", without=["key:passport"], **days)
        with pytest.raises(AccessError, match="key:passport"):
            linker.request_linkage(PROJECT, plan)
        with pytest.raises(AccessError):
            linker.store_authorization(PROJECT, dossier.id, decision="D-2", **days)

        again = officer.draw_up_dossier(PROJECT, {"controller": {"name": {"fr": "HCP"}}})
        assert again.number == 2
        officer.store_authorization(PROJECT, again.id, decision="D-2", **days)
        run = linker.request_linkage(PROJECT, plan)
        court.wait(run.job, poll_seconds=0.1)
        assert linker.run(PROJECT, run.id).status == "scored"
        assert [one.decision for one in court.authorizations(PROJECT)] == ["D-1", "D-2"]

        stored = officer.authorizations(PROJECT)[-1]
        with pytest.raises(AccessError):
            linker.revoke_authorization(PROJECT, stored.id, reason="none of the linkage unit's")
        assert officer.revoke_authorization(PROJECT, stored.id, reason="letter").document["revoked"] == str(today)
        with pytest.raises(AccessError, match="revoked"):
            linker.request_linkage(PROJECT, plan)

        entries = list(court.entries(project=PROJECT))
        kinds = [entry["kind"] for entry in entries]
        assert kinds.count("AuthorizationExceeded") == 2
        assert kinds.count("AuthorizationRevoked") == 1
        assert kinds.count("AuthorizationStored") == 2
        completed = next(entry for entry in entries if entry["kind"] == "LinkageCompleted")
        assert completed["detail"]["authorization"] == "D-2"
