"""J13: the dossier is filed and authorized; what exceeds it is refused until it is amended; the auditor sees both."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

REGISTERS = ("dgsn-permits", "cnss-employees", "anapec-certificates")
SOURCE = Path(__file__).parents[2] / "synthetic_data"


@pytest.mark.slow
def test_a_run_outside_the_authorized_dossier_is_refused_until_it_is_amended(wasl, tmp_path):
    wasl("key", "new", "--project", "simimo", "--out", tmp_path / "key")
    for name in REGISTERS:
        lines = (SOURCE / f"{name}.csv").read_text(encoding="utf-8").splitlines(keepends=True)
        (tmp_path / f"{name}.csv").write_text("".join(lines[:150]), encoding="utf-8")
        words = ["encode", tmp_path / f"{name}.csv", "--register", name, "--key", tmp_path / "key", "--round", "2026"]
        files = [tmp_path / f"{name}.parquet", "--join", tmp_path / f"{name}.join"]
        wasl(*words, "--out", *files, "--payload", tmp_path / f"{name}.payload")

    particulars = tmp_path / "particulars.toml"
    particulars.write_text('[controller]\nname = { fr = "HCP", ar = "المندوبية السامية للتخطيط" }\n', encoding="utf-8")
    asked = ["--plan", "morocco", "--policy", "public-use", "--particulars", particulars, "--retention", "730"]
    two = [word for name in REGISTERS[:2] for word in ("--register", name)]
    wasl("dossier", "simimo", *two, *asked, "--out", tmp_path / "dossier")
    first = json.loads((tmp_path / "dossier" / "dossier.json").read_text())
    assert first["scope"]["interconnections"] == [["cnss-employees", "dgsn-permits"]]
    assert "HCP" in (tmp_path / "dossier" / "dossier.fr.html").read_text(encoding="utf-8")
    assert "المندوبية" in (tmp_path / "dossier" / "dossier.ar.html").read_text(encoding="utf-8")

    today = datetime.now(UTC).date()
    days = ["--decided", str(today - timedelta(days=1)), "--expires", str(today + timedelta(days=30))]
    wasl("authorize", tmp_path / "dossier" / "dossier.json", "--decision", "D-1/2026", *days)

    deliveries = [tmp_path / f"{name}.parquet" for name in REGISTERS]
    covered = wasl("link", "morocco", *deliveries[:2], "--out", tmp_path / "covered", "--accept")
    assert "covered by authorization D-1/2026" in covered.stdout
    assert "days left: 30" in covered.stdout  # it ends soon, and that is said
    refused = wasl("link", "morocco", *deliveries, "--out", tmp_path / "refused", code=3)
    assert "register:Foreign workers with an activity certificate" in refused.stderr
    assert not (tmp_path / "refused").exists()

    three = [word for name in REGISTERS for word in ("--register", name)]
    earlier = ["--earlier", tmp_path / "dossier" / "dossier.json"]
    wasl("dossier", "simimo", *three, *asked, *earlier, "--out", tmp_path / "amended")
    amended = json.loads((tmp_path / "amended" / "dossier.json").read_text())
    assert amended["version"] == 2
    assert any("anapec-certificates" in json.dumps(one) for one in amended["added"])
    wasl("authorize", tmp_path / "amended" / "dossier.json", "--decision", "D-2/2026", *days)
    wasl("link", "morocco", *deliveries, "--out", tmp_path / "linked", "--accept")

    # a release is held to the same decision
    people = pd.DataFrame({"sex": ["1", "2"] * 50, "shoe_size": range(100)})
    people.to_csv(tmp_path / "people.csv", index=False)
    (tmp_path / "policy.toml").write_text(
        'name = "sizes"\nvariables = [{ name = "sex", role = "key" }, { name = "shoe_size", role = "free" }]\n'
        "[thresholds]\nk = 3\n"
    )
    protect = ["protect", tmp_path / "people.csv", "--policy", tmp_path / "policy.toml", "--out", tmp_path / "safe"]
    assert "--project" in wasl(*protect, code=1).stderr
    assert "variable:shoe_size" in wasl(*protect, "--project", "simimo", code=3).stderr
    wasl(*protect, "--project", "-")

    export = tmp_path / "export.jsonl"
    wasl("audit", "export", "--out", export)
    wasl("audit", "verify", export, "--public-key", tmp_path / "home" / "log.vkey")
    entries = json.loads(wasl("audit", "show", export, "--json").stdout)["entries"]
    by_kind: dict[str, list[dict]] = {}
    for entry in entries:
        by_kind.setdefault(entry["kind"], []).append(entry["detail"])
    assert len(by_kind["DossierDrawnUp"]) == len(by_kind["AuthorizationStored"]) == 2
    assert [detail["decision"] for detail in by_kind["AuthorizationExceeded"]] == ["D-1/2026", "D-2/2026"]
    assert [detail["authorization"] for detail in by_kind["LinkageCompleted"]] == ["D-1/2026", "D-2/2026"]
    said = [entry["sentences"]["fr"] for entry in entries if entry["kind"] == "AuthorizationExceeded"]
    assert all("que l'autorisation ne couvre pas" in sentence for sentence in said)


@pytest.mark.slow
def test_an_expired_or_altered_authorization_stops_the_work(wasl, tmp_path):
    wasl("key", "new", "--project", "simimo", "--out", tmp_path / "key")
    words = ["encode", SOURCE / "dgsn-permits.csv", "--register", "dgsn-permits", "--key", tmp_path / "key"]
    wasl(*words, "--out", tmp_path / "d.parquet")
    wasl("dossier", "simimo", "--register", "dgsn-permits", "--out", tmp_path / "dossier")
    today = datetime.now(UTC).date()
    ended = ["--decided", str(today - timedelta(days=9)), "--expires", str(today - timedelta(days=1))]
    file = tmp_path / "dossier" / "dossier.json"
    wasl("authorize", file, "--decision", "D-0/2025", *ended)
    assert "expired" in wasl("link", "morocco", tmp_path / "d.parquet", "--out", tmp_path / "o", code=3).stderr
    stored = next((tmp_path / "home" / "authorizations").iterdir())
    stored.write_text(stored.read_text().replace(str(today - timedelta(days=1)), str(today + timedelta(days=99))))
    assert (
        "not the authorization"
        in wasl("link", "morocco", tmp_path / "d.parquet", "--out", tmp_path / "o", code=3).stderr
    )
    stored.unlink()
    assert "missing" in wasl("link", "morocco", tmp_path / "d.parquet", "--out", tmp_path / "o", code=3).stderr
