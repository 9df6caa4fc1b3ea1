"""A day at the service, from two holders' registers to a published file and an auditor who checks it all.

Against `wasl serve` and `wasl worker` as processes of their own, on SQLite and on PostgreSQL.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "service"))

from service_support import encode_registers, folder_in_memory, new_database, release_documents, start_postgres

from wasl.audit.checkpoint import Checkpoint
from wasl.audit.notes import NoteVerifier
from wasl.audit.verification import verify_export
from wasl.client import Client
from wasl.errors import AccessError, StateError
from wasl.linkage.plan import LinkagePlan
from wasl.registers.schema import RegisterSchema

PROJECT = "simimo"
REGISTERS = ("cnss-employees", "anapec-certificates")
WASL = (sys.executable, "-m", "wasl.cli.app")
START_SECONDS = 120


@pytest.fixture(scope="module")
def outboxes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What each holder has encoded on its own premises: delivery, join map, payload."""
    return encode_registers(tmp_path_factory.mktemp("outboxes"), PROJECT)


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    yield from start_postgres(folder_in_memory())


@dataclass
class Office:
    """A running installation and who works at it."""

    address: str
    admin: Client
    _clients: dict[str, Client] = field(default_factory=dict)

    def sign_in(self, name: str, role: str, register: str | None = None) -> Client:
        if name not in self._clients:
            self.admin.add_user(name)
            project = None if role == "auditor" else PROJECT
            asked = self.admin.request_token(name, role, project=project, register=register)
            token = self.admin.redeem(asked.id, asked.part)
            self._clients[name] = Client(self.address, token.secret)
        return self._clients[name]

    def close(self) -> None:
        for client in (self.admin, *self._clients.values()):
            client.transport.close()


@contextmanager
def running(folder: Path, url: str, **settings: str) -> Iterator[Office]:
    """`wasl serve` on a free port; with PostgreSQL its jobs are done by a `wasl worker` beside it."""
    folder.mkdir(parents=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    apart = url.startswith("postgresql")
    environment = {
        **os.environ,
        "WASL_DATA_DIR": str(folder),
        "WASL_DATABASE_URL": url,
        "WASL_POLL_SECONDS": "0.1",
        "WASL_WORKERS_IN_PROCESS": "0" if apart else "1",
        "WASL_MIN_FREE_BYTES": "0",
        **settings,
    }
    if apart:
        subprocess.run([*WASL, "migrate"], env=environment, check=True, stdout=subprocess.DEVNULL)
    processes = []
    with (folder / "serve.log").open("wb") as log:
        processes.append(subprocess.Popen([*WASL, "serve", "--port", str(port)], env=environment, stderr=log))
        try:
            address = f"http://127.0.0.1:{port}"
            token = _first_token(folder / "serve.log", address)
            if apart:
                processes.append(subprocess.Popen([*WASL, "worker"], env=environment, stderr=log))
            office = Office(address, Client(address, token))
            try:
                yield office
            finally:
                office.close()
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(60)


def _first_token(log: Path, address: str) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        lines = [line for line in log.read_text(encoding="utf-8").splitlines() if line.startswith("First admin")]
        if lines:
            with Client(address) as public:
                public.transport.attempts = 20
                public.log_key()
            return lines[0].rsplit(" ", 1)[1]
        time.sleep(0.1)
    raise AssertionError(f"the service did not start: {log.read_text(encoding='utf-8')[-2000:]}")


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_day_at_the_service(
    request: pytest.FixtureRequest, tmp_path: Path, outboxes: dict[str, Path], database: str
) -> None:
    if database == "sqlite":
        url = f"sqlite:///{tmp_path / 'wasl.db'}"
    else:
        url = new_database(request.getfixturevalue("postgres"))
    with running(tmp_path / "data", url) as office:
        open_the_project(office)
        kept_note = office.sign_in("court", "auditor").checkpoint(sign=True)
        holders_push(office, outboxes)
        run = link_review_resolve(office)
        published = release_goes_public(office, run)
        public_downloads_and_verifies(office, published, tmp_path)
        auditor_verifies_the_day(office, kept_note, tmp_path, run)


def open_the_project(office: Office) -> None:
    office.admin.create_project(PROJECT, "Foreign workers 2024")
    for name in REGISTERS:
        office.admin.declare_register(PROJECT, RegisterSchema.load(name))


def holders_push(office: Office, outboxes: dict[str, Path]) -> None:
    for name, folder in outboxes.items():
        holder = office.sign_in(name.split("-", maxsplit=1)[0], "holder", name)
        sent: list[tuple[int, int]] = []
        delivery = folder / "delivery.parquet"
        holder.send_delivery(PROJECT, name, delivery, lambda done, of, seen=sent: seen.append((done, of)))
        assert sent[-1] == (delivery.stat().st_size, delivery.stat().st_size)
        holder.send_join_map(PROJECT, name, folder / "join.parquet")
        holder.send_payload(PROJECT, name, folder / "payload.parquet")
    with pytest.raises(AccessError):
        office.sign_in("cnss", "holder").submissions(PROJECT, "anapec-certificates")


def link_review_resolve(office: Office) -> str:
    linkage, spine = office.sign_in("lu", "linkage"), office.sign_in("keeper", "spine")
    run = linkage.request_linkage(PROJECT, LinkagePlan.load("morocco").model_dump(mode="json"))
    linkage.wait(run.job, timeout_seconds=300)
    queue = linkage.review_queue(PROJECT, run.id)
    first, second = office.sign_in("rim", "reviewer"), office.sign_in("said", "reviewer")
    for pair in queue[:3]:
        first.decide(PROJECT, run.id, pair.id, "same")
        second.decide(PROJECT, run.id, pair.id, "different" if pair is queue[0] else "same")
    if queue:
        assert [p.id for p in linkage.review_queue(PROJECT, run.id, "disputed")] == [queue[0].id]
    resolving = spine.request_resolution(PROJECT, run.id)
    spine.wait(resolving.job, timeout_seconds=300)
    assert linkage.run(PROJECT, run.id).status == "resolved"
    with pytest.raises(AccessError):
        linkage.download_run(PROJECT, run.id, "spine", Path("spine.parquet"))
    return run.id


def release_goes_public(office: Office, run: str) -> str:
    desk, approver = office.sign_in("desk", "release"), office.sign_in("head", "approver")
    wanted = release_documents()
    lax = json.loads(json.dumps(wanted["policy"]))
    lax["thresholds"]["k"] = 3
    release = desk.prepare_release(PROJECT, run=run, title="Public-use file", seed=7, **{**wanted, "policy": lax})
    desk.wait(release.job, timeout_seconds=300)
    release = desk.release(PROJECT, release.id)
    assert release.status == "protected", release.failure
    release = desk.step(release, "request")
    with pytest.raises(AccessError):
        desk.step(release, "approve", {})
    release = approver.step(release, "refuse", {"reason": "a public-use file needs k = 5."})
    with pytest.raises(StateError):
        desk.step(release, "publish")
    release = desk.step(release, "protect", {"policy": wanted["policy"]})
    desk.wait(release.job, timeout_seconds=300)
    release = desk.release(PROJECT, release.id)
    assert release.status == "protected", release.failure
    release = desk.step(release, "request")
    release = approver.step(release, "approve", {"reason": "k = 5 holds."})
    release = desk.step(release, "publish")
    desk.wait(release.job, timeout_seconds=300)
    release = desk.release(PROJECT, release.id)
    assert (release.status, release.requested_by, release.decided_by) == ("published", "desk", "head")
    return release.id


def public_downloads_and_verifies(office: Office, release: str, folder: Path) -> None:
    with Client(office.address) as public:
        assert [one.id for one in public.catalogue()] == [release]
        with pytest.raises(AccessError):
            public.whoami()
    pull = [*WASL, "pull", release, "--server", office.address, "--out", str(folder / "release"), "--json"]
    home = {**os.environ, "WASL_HOME": str(folder / "home")}
    first = json.loads(subprocess.run(pull, check=True, capture_output=True, env=home).stdout)
    assert (first["verified"], first["key"]) == (False, "new")
    shutil.rmtree(folder / "release")
    answer = json.loads(subprocess.run(pull, check=True, capture_output=True, env=home).stdout)
    assert (answer["verified"], answer["key"], answer["signer"]) == (True, "pinned", first["signer"])
    table = next((folder / "release" / "data").glob("*.csv"))
    verify = [*WASL, "verify", str(folder / "release")]
    home = {**os.environ, "WASL_HOME": str(folder / "home")}
    assert subprocess.run(verify, capture_output=True, env=home, check=False).returncode == 0
    table.write_bytes(table.read_bytes().replace(b"Africa", b"Europe", 1))
    assert subprocess.run(verify, capture_output=True, env=home, check=False).returncode == 3


def auditor_verifies_the_day(office: Office, kept_note: str, folder: Path, run: str) -> None:
    auditor = office.sign_in("court", "auditor")
    verifier = NoteVerifier.parse(auditor.log_key())
    since = Checkpoint.open(kept_note, verifier)
    auditor.export_log(folder / "log.jsonl")
    lines = (folder / "log.jsonl").read_bytes().splitlines(keepends=True)
    result = verify_export(lines, verifier, since=since)
    assert result.verified
    assert result.entries > since.size
    kinds = [entry["kind"] for entry in auditor.entries()]
    for kind in ("DeliveryReceived", "LinkageCompleted", "SpineResolved", "ReleaseRefused", "ReleasePublished"):
        assert kind in kinds
    assert kinds.count("AccessDenied") >= 3
    sentence = next(entry for entry in auditor.entries(kind="ReleaseApproved"))
    assert "head" in sentence["fr"]
    assert "head" in sentence["en"]
    job = auditor.wait(auditor.request_reproduction(PROJECT, run).id, timeout_seconds=300)
    assert job.result["same"] is True
    changed = [line.replace(b'"actor":"head"', b'"actor":"desk"') for line in lines]
    assert changed != lines
    assert not verify_export(changed, verifier, since=since).verified
    assert not verify_export(lines[:-5], verifier, since=since).verified
