"""Workers: what breaks down is tried again, what is cancelled stops, what is lost is not committed."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from service_support import PROJECT, REGISTER, Service, Template, make_settings, send

from wasl.linkage.plan import LinkagePlan
from wasl.service import job_handlers as duties
from wasl.service.access import Role
from wasl.service.jobs import JobStopped
from wasl.service.ports import Office, Progress
from wasl.service.records import Job, JobKind, Run
from wasl.web.installation import Installation

RUNS = f"/v1/projects/{PROJECT}/linkage-runs"


@pytest.fixture
def requested(service: Service, outboxes: dict[str, Path]) -> str:
    """A run that waits for a worker."""
    for register, folder in outboxes.items():
        data = (folder / "delivery.parquet").read_bytes()
        send(service.client(Role.HOLDER, register=register), "deliveries", data, register=register)
    plan = LinkagePlan.load("morocco").model_dump(mode="json")
    return str(service.client(Role.LINKAGE).post(RUNS, json={"plan": plan}).json()["id"])


@pytest.fixture
def duty(monkeypatch: pytest.MonkeyPatch) -> list[duties.Duty]:
    """Whatever is put in here is done instead of scoring."""
    instead: list[duties.Duty] = []

    def score(office: Office, job: Job, progress: Progress) -> None:
        instead[0](office, job, progress)

    monkeypatch.setitem(duties.HANDLERS, JobKind.SCORE, score)
    return instead


def status(service: Service, run: str) -> tuple[str, str]:
    with service.installation.ledger.reading() as state:
        found = state.get(Run, run)
        return found.status.value, state.get(Job, found.job).status.value


def test_what_breaks_down_is_tried_again_and_then_given_up(
    service: Service, requested: str, duty: list[duties.Duty]
) -> None:
    tried: list[int] = []

    def break_down(_office: Office, job: Job, _progress: Progress) -> None:
        tried.append(job.attempt)
        raise RuntimeError("MARKER")

    duty.append(break_down)
    service.work()
    assert tried == [1, 2, 3, 4, 5]
    assert status(service, requested) == ("failed", "failed")
    shown = service.client(Role.LINKAGE).get(f"{RUNS}/{requested}").json()
    assert "MARKER" not in shown["failure"]


def test_a_database_that_is_away_for_a_moment_does_not_end_a_run(
    service: Service, requested: str, duty: list[duties.Duty]
) -> None:
    turns = iter([True, False])

    def away_once(office: Office, job: Job, progress: Progress) -> None:
        if next(turns):
            raise sa.exc.OperationalError("SELECT 1", {}, Exception("server closed the connection"))
        original(office, job, progress)

    from wasl.service.linkages import score as original

    duty.append(away_once)
    service.work()
    assert status(service, requested) == ("scored", "done")


def test_a_running_job_stops_when_it_is_cancelled(service: Service, requested: str, duty: list[duties.Duty]) -> None:
    started = threading.Event()

    def long_work(_office: Office, _job: Job, progress: Progress) -> None:
        started.set()
        for step in range(2000):
            progress(step, 2000)
            time.sleep(0.01)

    duty.append(long_work)
    worker = threading.Thread(target=service.work)
    worker.start()
    assert started.wait(10)
    assert service.client(Role.LINKAGE).post(f"{RUNS}/{requested}/cancel").status_code == 200
    worker.join(20)
    assert not worker.is_alive()
    assert status(service, requested) == ("cancelled", "cancelled")


def test_a_worker_that_was_only_slow_commits_nothing(service: Service, requested: str, duty: list[duties.Duty]) -> None:
    from wasl.service.linkages import score as original

    def slow_then_overtaken(office: Office, job: Job, progress: Progress) -> None:
        if job.attempt == 1:
            heir = service.installation.leases.take("heir", now=time.time() + 10_000)
            assert heir is not None
            duties.perform(office, heir, lambda _done, _total: None)
        original(office, job, progress)

    duty.append(slow_then_overtaken)
    service.work()
    assert status(service, requested) == ("scored", "done")
    with service.installation.ledger.reading() as state:
        size = state.log_size()
        done = state.log_entries(first=0, limit=size, kind="LinkageCompleted", subject=requested)
    assert len(done) == 1


def test_an_orderly_end_gives_the_job_back(service: Service, requested: str, duty: list[duties.Duty]) -> None:
    stop = threading.Event()

    def until_stopped(_office: Office, _job: Job, progress: Progress) -> None:
        stop.set()
        progress(1, 2)
        raise AssertionError("progress should have stopped the work")

    duty.append(until_stopped)
    assert service.installation.worker().work_once(stop)
    assert status(service, requested) == ("requested", "queued")


def test_progress_is_seen_while_the_work_goes_on(service: Service, requested: str, duty: list[duties.Duty]) -> None:
    seen = threading.Event()

    def half(_office: Office, _job: Job, progress: Progress) -> None:
        progress(1, 2)
        if not seen.wait(10):
            raise JobStopped

    duty.append(half)
    worker = threading.Thread(target=service.installation.worker().work_once)
    worker.start()
    job = service.client(Role.LINKAGE).get(f"{RUNS}/{requested}").json()["job"]
    deadline = time.monotonic() + 10
    while service.client(Role.LINKAGE).get(f"/v1/jobs/{job}").json()["percent"] != 50:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    seen.set()
    worker.join(10)


def test_the_log_is_signed_when_it_is_due(sqlite_template: Template, tmp_path: Path) -> None:
    url = sqlite_template.copy(tmp_path / "data")
    installation = Installation.open(make_settings(tmp_path / "data", url, checkpoint_minutes=60))
    stop = threading.Event()
    worker = threading.Thread(target=installation.worker().run, args=(stop,))
    worker.start()
    deadline = time.monotonic() + 10
    note = None
    while note is None:
        assert time.monotonic() < deadline
        with installation.ledger.reading() as state:
            note = state.latest_checkpoint()
    stop.set()
    worker.join(10)
    assert note.startswith(installation.office.signer.name)
    installation.close()


def test_a_job_of_a_withdrawn_register_still_reads_what_it_was_asked_for(service: Service, requested: str) -> None:
    path = f"/v1/projects/{PROJECT}/registers/{REGISTER}/deliveries"
    holder = service.client(Role.HOLDER)
    sent = holder.get(path).json()["items"][0]
    holder.post(f"{path}/{sent['id']}/withdraw", headers={"If-Match": f'"v{sent["version"]}"'})
    service.work()
    assert status(service, requested) == ("scored", "done")
