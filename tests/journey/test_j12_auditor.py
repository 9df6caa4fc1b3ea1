"""J12: an auditor reads the log, proves entries, verifies offline, and makes a release again from the deliveries on."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

for place in (Path(__file__).parent, Path(__file__).parents[1] / "service"):
    sys.path.insert(0, str(place))

pytestmark = pytest.mark.slow

MADE_BY = ("--plan", "morocco", "--spec", "foreign-workers", "--policy", "public-use", "--seed", "1")
INPUTS = ("linkage-unit", "spine-keeper", "release-desk")


@pytest.fixture(scope="module")
def office(call, tmp_path_factory):
    """An office that went the whole way, and the auditor's own folder with the export and the key."""
    folder = tmp_path_factory.mktemp("office")
    made = json.loads(call(folder, "demo", "--scale", "0.3", "--out", folder / "demo", "--json").stdout)
    home = folder / "demo" / "log"
    call(home, "audit", "export", "--out", folder / "export")
    call(home, "audit", "key", "--out", folder / "key.txt")
    return folder, made


def inputs_of(demo: Path) -> list[str | Path]:
    return [word for name in INPUTS for word in ("--inputs", demo / name)]


def test_a_visit_report_in_each_language(call, office):
    folder, _ = office
    shown = {"fr": "Rapport", "ar": "تقرير", "en": "report"}
    for language, word in shown.items():
        page = folder / f"visit.{language}.html"
        words = ["audit", "report", folder / "export", "--public-key", folder / "key.txt", "--language", language]
        call(folder / "auditor", *words, "--from", "2020-01-01", "--to", "2099-12-31", "--out", page)
        assert word.lower() in page.read_text(encoding="utf-8").lower()


def test_the_log_is_filtered_by_person_day_and_kind(call, office):
    folder, _ = office

    def entries(*words):
        done = call(folder / "auditor", "audit", "show", folder / "export", *words, "--json")
        return json.loads(done.stdout)["entries"]

    everything = entries()
    kinds = {entry["kind"] for entry in everything}
    assert {"RegisterEncoded", "LinkageCompleted", "SpineResolved", "ReleasePublished"} <= kinds
    encoded = entries("--kind", "RegisterEncoded", "--subject", "cnss")
    assert 0 < len(encoded) < len(everything)
    assert all(entry["kind"] == "RegisterEncoded" and "cnss" in entry["subject"] for entry in encoded)
    actor, day = everything[0]["actor"], everything[0]["at"][:10]
    assert entries("--actor", actor, "--after", day) == everything
    assert entries("--actor", "nobody") == []
    assert entries("--before", day) == []


def test_an_entry_is_proved_and_verified_without_the_log(call, office, tmp_path):
    folder, _ = office
    call(folder / "demo" / "log", "audit", "prove", "3", "--out", tmp_path / "proof")
    words = ["audit", "verify", tmp_path / "proof", "--public-key", folder / "key.txt"]
    call(tmp_path / "elsewhere", *words)
    call(tmp_path / "elsewhere", "audit", "verify", folder / "export", "--public-key", folder / "key.txt")
    forged = tmp_path / "forged"
    forged.write_bytes((folder / "export").read_bytes().replace(b"RegisterEncoded", b"RegisterChecked", 1))
    call(tmp_path / "elsewhere", "audit", "verify", forged, "--public-key", folder / "key.txt", code=3)


def test_a_release_is_made_again_from_the_export_of_the_log(call, office):
    folder, _ = office
    demo = folder / "demo"
    words = ["audit", "reproduce", demo / "release", *MADE_BY, *inputs_of(demo), "--log", folder / "export"]
    report = json.loads(call(folder / "auditor", *words, "--description", "foreign-workers-puf", "--json").stdout)
    assert report["reproduced"]
    assert report["recorded"] == report["found"]
    manifest = json.loads((demo / "release" / "manifest.json").read_text(encoding="utf-8"))
    compared = [path for path in manifest["files"] if path.startswith(("data/", "metadata/"))]
    assert report["files_compared"] == len(compared) > 8
    log = call(folder / "auditor", "audit", "show", "--kind", "ReleaseReproduced", "--json").stdout
    assert json.loads(log)["entries"]


def test_published_indicators_are_made_again_from_the_deliveries_on(call, office):
    folder, made = office
    demo = folder / "demo"
    report = json.loads((demo / "release-desk" / "indicators" / "report.json").read_text(encoding="utf-8"))
    words = ["audit", "reproduce", demo / "tables", "--tables", "foreign-workers", "--seed", report["seed"]]
    words += ["--period", made["tables"]["period"], "--plan", "morocco", "--spec", "foreign-workers"]
    words += [*inputs_of(demo), "--log", folder / "export", "--json"]
    found = json.loads(call(folder / "auditor", *words).stdout)
    assert (found["reproduced"], found["from_deliveries"], found["run"]) == (True, True, "demo-all"), found["differing"]
    assert found["files_compared"] == len(made["tables"]["files"]) > 20
    page = demo / "tables" / "method.html"
    page.write_bytes(page.read_bytes() + b" ")
    spine = ["--spine", demo / "spine-keeper" / "all" / "spine.parquet"]
    assert "method.html" in call(folder / "auditor", *words, *spine, code=3).stderr
    page.write_bytes(page.read_bytes()[:-1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"--seed": "2"}, "seed"),
        ({"--policy": "scientific-use"}, "policy"),
        ({"--spec": "ene-linked"}, "specification"),
        ({"--policy": None}, "--policy"),
    ],
)
def test_what_a_release_was_not_made_by_is_refused(call, office, change, message):
    folder, _ = office
    demo = folder / "demo"
    given = dict(zip(MADE_BY[::2], MADE_BY[1::2], strict=True)) | change
    words = [word for name, value in given.items() if value is not None for word in (name, value)]
    spine = ["--spine", demo / "spine-keeper" / "all" / "spine.parquet"]  # the linkage need not be repeated here
    words = ["audit", "reproduce", demo / "release", *words, *inputs_of(demo), *spine, "--log", folder / "export"]
    assert message in call(folder / "auditor", *words, code=1).stderr


def test_another_file_in_the_package_is_named(call, office, tmp_path):
    folder, _ = office
    demo = folder / "demo"
    spine = ["--spine", demo / "spine-keeper" / "all" / "spine.parquet"]
    kept = (demo / "release" / "manifest.json").read_text(encoding="utf-8")
    package = tmp_path / "release"
    shutil.copytree(demo / "release", package)
    table = next((package / "data").glob("*.csv"))
    table.write_bytes(table.read_bytes() + b"\n")
    assert (package / "manifest.json").read_text(encoding="utf-8") == kept
    call(folder / "auditor", "verify", package, code=3)
    words = ["audit", "reproduce", "foreign-workers-puf 1.0", *MADE_BY, *inputs_of(demo), *spine]
    report = json.loads(call(folder / "auditor", *words, "--log", folder / "export", "--json").stdout)
    assert report["reproduced"]
    missing = call(folder / "auditor", *words[:3], *MADE_BY, "--inputs", demo / "linkage-unit", *spine,
                   "--log", folder / "export", code=1)  # fmt: skip
    assert "payloads are not there" in missing.stderr or "not the one" in missing.stderr


def test_a_release_of_a_service_is_made_again_from_its_log(call, tmp_path):
    from service_support import encode_registers, release_documents
    from test_service_day import PROJECT, REGISTERS, running

    from wasl.registers.schema import RegisterSchema

    outboxes = encode_registers(tmp_path / "outboxes", PROJECT)
    documents = release_documents()
    with running(tmp_path / "data", f"sqlite:///{tmp_path / 'wasl.db'}") as service:
        service.admin.create_project(PROJECT, "Foreign workers 2024")
        for name in REGISTERS:
            service.admin.declare_register(PROJECT, RegisterSchema.load(name))
            holder = service.sign_in(name.split("-", maxsplit=1)[0], "holder", name)
            holder.send_delivery(PROJECT, name, outboxes[name] / "delivery.parquet")
            holder.send_join_map(PROJECT, name, outboxes[name] / "join.parquet")
            holder.send_payload(PROJECT, name, outboxes[name] / "payload.parquet")
        linkage, keeper = service.sign_in("lu", "linkage"), service.sign_in("keeper", "spine")
        run = linkage.request_linkage(PROJECT, {"name": "morocco"})
        linkage.wait(run.job, timeout_seconds=300)
        keeper.wait(keeper.request_resolution(PROJECT, run.id).job, timeout_seconds=300)
        desk, head = service.sign_in("desk", "release"), service.sign_in("head", "approver")
        release = desk.prepare_release(PROJECT, run=run.id, title="Public-use file", seed=7, **documents)
        desk.wait(release.job, timeout_seconds=300)
        release = desk.step(desk.release(PROJECT, release.id), "request")
        release = desk.step(head.step(release, "approve", {"reason": "k = 5 holds."}), "publish")
        desk.wait(release.job, timeout_seconds=300)
        call(tmp_path / "auditor", "pull", release.id, "--server", service.address, "--out", tmp_path / "release")
        service.sign_in("court", "auditor").export_log(tmp_path / "log.jsonl")
    for name, document in documents.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
    words = ["audit", "reproduce", tmp_path / "release", "--plan", "morocco", "--seed", "7"]
    words += ["--spec", tmp_path / "specification.json", "--policy", tmp_path / "policy.json"]
    words += ["--description", tmp_path / "description.json", "--log", tmp_path / "log.jsonl"]
    words += [word for name in REGISTERS for word in ("--inputs", outboxes[name])]
    report = json.loads(call(tmp_path / "auditor", *words, "--json").stdout)
    assert report["reproduced"], report["differing"]
    assert report["files_compared"] > 8
    assert report["release"] == release.id
