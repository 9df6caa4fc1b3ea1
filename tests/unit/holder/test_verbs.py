"""The verbs key, check and encode, as a clerk types them."""

from __future__ import annotations

import json
import stat

import numpy as np
import pytest
from typer.testing import CliRunner

from wasl.audit.events import AuditEvent
from wasl.cli.app import build_app
from wasl.cli.audit_trail import open_log
from wasl.cli.keys import read_key
from wasl.errors import KeyFileError, RegisterError
from wasl.holder.encode import encode
from wasl.holder.profile import EncodingProfile
from wasl.registers.exchange.delivery import Delivery
from wasl.registers.exchange.join_map import JoinMap
from wasl.registers.reading.reader import read_register
from wasl.registers.schema import RegisterSchema

HEADER = (
    "num_inscription;num_carte_sejour;campagne;nom;prenom;sexe;date_naissance;nationalite;region;secteur;montant;statut"
)


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    app = build_app(["wasl.cli.holder", "wasl.cli.encoding"])

    def run(*words: str):
        result = CliRunner().invoke(app, list(words), catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout) if "--json" in words else result.stdout

    return run


@pytest.fixture
def register(tmp_path):
    rows = [
        f"R{i};C{i:05d};2014;{name};Awa;F;{i % 28 + 1:02d}/03/{1960 + i};SEN;04;BTP;1000;financé"
        for i, name in enumerate(["Diallo", "Ndiaye", "Kone", "Marqueur", "Sow"])
    ]
    path = tmp_path / "register.csv"
    path.write_text("\n".join([HEADER, *rows, "R9;;2014;;x;F;;SEN;04;;;"]) + "\n", encoding="utf-8")
    return path


def test_a_key_is_made_shown_wrapped_and_never_overwritten(run, tmp_path):
    made = run("key", "new", "--project", "p", "--out", "k.key", "--json")
    assert stat.S_IMODE((tmp_path / "k.key").stat().st_mode) == 0o600
    run("key", "identity", "--out", "me")
    run("key", "wrap", "--key", "k.key", "--to", "me.pub", "--out", "w.key")
    shown = run("key", "show", "w.key", "--json")
    assert (shown["key_id"], shown["protection"]) == (made["key_id"], "recipients")
    secret = json.loads((tmp_path / "k.key").read_text())["secret"]
    assert secret not in run("key", "show", "k.key")
    with pytest.raises(KeyFileError, match="never overwritten"):
        run("key", "new", "--project", "p", "--out", "k.key")


def test_a_key_others_can_read_is_refused(run, tmp_path, register):
    run("key", "new", "--project", "p", "--out", "k.key")
    (tmp_path / "k.key").chmod(0o644)
    with pytest.raises(KeyFileError, match="chmod 600"):
        run("encode", "register.csv", "--register", "anapec-projects", "--key", "k.key", "--out", "d.parquet")


def test_encode_writes_everything_apart(run, tmp_path, register):
    run("key", "new", "--project", "p", "--out", "k.key")
    run("key", "signer", "--out", "s.key")
    told = run(
        "encode", "register.csv", "--register", "anapec-projects", "--key", "k.key", "--out", "out/d.parquet",
        "--join", "out/j.parquet", "--payload", "out/p.parquet", "--keep-map", "out/keep.csv", "--name", "other",
        "--period", "2026-10", "--sign", "s.key", "--explain", "--threads", "1", "--json",
    )  # fmt: skip
    assert (told["records"], told["rejects"], told["rows_read"], told["register"]) == (5, 1, 6, "other")
    assert set(told["files"]) == {"delivery", "join_map", "payload", "keep_map", "rejects", "explain"}
    delivery = Delivery.read(tmp_path / "out" / "d.parquet")
    assert delivery.header.signer == (tmp_path / "s.key.pub").read_text().strip()
    assert stat.S_IMODE((tmp_path / "out" / "keep.csv").stat().st_mode) == 0o600
    written = b"".join(p.read_bytes() for p in (tmp_path / "out").iterdir()) + b"".join(
        p.read_bytes() for p in (tmp_path / "home").rglob("*") if p.is_file()
    )
    assert b"Marqueur" not in written
    assert not list((tmp_path / "out").glob("*.partial"))


def test_the_log_says_under_which_profile_and_with_which_weaknesses_a_register_was_encoded(run, tmp_path, register):
    run("key", "new", "--project", "p", "--out", "k.key")
    base = ("encode", "register.csv", "--register", "anapec-projects", "--key", "k.key", "--round", "r", "--json")
    told = [
        run(*base, "--out", "g.parquet"),
        run(*base, "--out", "o.parquet", "--profile", "open", "--consent-weak-profile"),
    ]
    logged = [AuditEvent.parse(data) for data in open_log().events()]
    details = [event.detail for event in logged if event.kind == "RegisterEncoded"]
    assert [detail["profile_digest"] for detail in details] == [one["profile_digest"] for one in told]
    assert [detail.get("weaknesses", []) for detail in details] == [one["weaknesses"] for one in told]
    assert told[1]["weaknesses"]
    assert not told[0]["weaknesses"]


def test_a_join_map_of_the_verb_is_that_of_the_library(run, tmp_path, register):
    run("key", "new", "--project", "p", "--out", "k.key")
    run("encode", "register.csv", "--register", "anapec-projects", "--key", "k.key", "--out", "d", "--join", "j")
    schema = RegisterSchema.load("anapec-projects")
    made = encode(
        read_register(register, schema),
        schema,
        read_key(tmp_path / "k.key"),
        EncodingProfile.load("guarded"),
        created="",
        rng=np.random.default_rng(0),
    )
    assert JoinMap.read(tmp_path / "j").rows.equals(made.join_map.rows)


def test_a_passphrase_is_taken_from_the_environment(run, tmp_path, register, monkeypatch):
    from wasl.holder import keyfile

    monkeypatch.setattr(keyfile, "SCRYPT_N", 1 << 10)
    monkeypatch.setenv("WASL_PASSPHRASE", "a long enough sentence")
    run("key", "new", "--project", "p", "--out", "k.key", "--passphrase")
    run("encode", "register.csv", "--register", "anapec-projects", "--key", "k.key", "--out", "d.parquet")
    monkeypatch.setenv("WASL_PASSPHRASE", "something else entirely")
    with pytest.raises(KeyFileError, match="passphrase is wrong"):
        run("encode", "register.csv", "--register", "anapec-projects", "--key", "k.key", "--out", "e.parquet")


def test_check_writes_the_report_in_every_language(run, tmp_path, register):
    told = run("check", "register.csv", "--register", "anapec-projects", "--out", "q", "--json")
    assert told["rejected"] == 1
    assert {p.name for p in (tmp_path / "q").iterdir()} == {
        "quality.fr.html", "quality.ar.html", "quality.en.html", "quality.json", "rejects.csv",
    }  # fmt: skip
    assert stat.S_IMODE((tmp_path / "q" / "quality.fr.html").stat().st_mode) == 0o600
    assert "Findings" in run("check", "register.csv", "--register", "anapec-projects")


def test_a_file_at_fault_writes_nothing(run, tmp_path):
    (tmp_path / "bad.csv").write_text("a;b\n1;2\n")
    run("key", "new", "--project", "p", "--out", "k.key")
    with pytest.raises(RegisterError, match="missing columns"):
        run("encode", "bad.csv", "--register", "anapec-projects", "--key", "k.key", "--out", "d.parquet")
    assert not (tmp_path / "d.parquet").exists()
