"""Workers: what breaks down is tried again, what is cancelled stops, what is lost is not committed."""

from __future__ import annotations

import errno
import itertools
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from service_support import PATIENCE_SECONDS, PROJECT, REGISTER, Service, Template, make_settings, send, wait_until

from wasl.audit.events import LinkageCancelled
from wasl.errors import StaleError, VerificationError
from wasl.linkage.plan import LinkagePlan
from wasl.service import job_handlers as duties
from wasl.service import linkages
from wasl.service.access import Role
from wasl.service.jobs import JobStopped, finish_job
from wasl.service.ports import Caller, Office, Progress
from wasl.service.records import Job, JobKind, Run
from wasl.storage.tables import jobs as jobs_table
from wasl.web.installation import Installation
from wasl.web.worker import SERVICE

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
def duty(monkeypatch: pytest.MonkeyPatch) -> list[duties.Handler]:
    """Whatever is put in here is done instead of scoring."""
    instead: list[duties.Handler] = []

    def score(office: Office, job: Job, progress: Progress) -> None:
        instead[0](office, job, progress)

    monkeypatch.setitem(duties.HANDLERS, JobKind.SCORE, score)
    return instead


def status(service: Service, run: str) -> tuple[str, str]:
    with service.installation.ledger.reading() as state:
        found = state.get(Run, run)
        return found.status.value, state.get(Job, found.job).status.value


def test_what_breaks_down_is_tried_again_and_then_parked(
    service: Service, requested: str, duty: list[duties.Handler]
) -> None:
    tried: list[int] = []

    def break_down(_office: Office, job: Job, _progress: Progress) -> None:
        tried.append(job.attempt)
        raise RuntimeError("MARKER")

    duty.append(break_down)
    service.work()
    assert tried == [1, 2, 3, 4, 5]
    assert status(service, requested) == ("requested", "parked")
    job = service.client(Role.LINKAGE).get(f"{RUNS}/{requested}").json()["job"]
    shown = service.client(Role.ADMIN).get(f"/v1/jobs/{job}").json()
    assert (shown["failures"], "RuntimeError" in shown["failure"], "MARKER" in shown["failure"]) == (5, True, False)
    assert service.client(None).get("/v1/ready").json()["parked"] == 1
    tried.clear()
    assert service.client(Role.ADMIN).post(f"/v1/jobs/{job}/retry").status_code == 200
    service.work()
    assert len(tried) == 5
    assert service.client(Role.LINKAGE).post(f"/v1/jobs/{job}/cancel").status_code == 200
    service.work()
    assert status(service, requested) == ("cancelled", "cancelled")


def test_a_job_that_collides_with_another_change_is_done_anew_and_does_not_fail(
    service: Service, requested: str, duty: list[duties.Handler]
) -> None:
    tried: list[int] = []

    def collide_twice(office: Office, job: Job, progress: Progress) -> None:
        tried.append(job.attempt)
        if len(tried) < 3:
            raise StaleError("run 'x' was changed by somebody else meanwhile.")
        with office.ledger.reading() as state:
            run = state.get(Run, job.subject)
        caller = Caller(SERVICE, office.now())
        with office.ledger.writing(caller) as ledger:
            finish_job(ledger, job, run, event=caller.event(LinkageCancelled(job=job.id), subject=run.id))

    duty.append(collide_twice)
    service.work()
    assert tried == [1, 2, 3]
    with service.installation.ledger.reading() as state:
        (job,) = state.select(Job)
    assert (job.status.value, job.failures) == ("done", 0)


def test_a_job_that_broke_down_waits_longer_each_time(
    service: Service, requested: str, duty: list[duties.Handler]
) -> None:
    def break_down(_office: Office, _job: Job, _progress: Progress) -> None:
        raise RuntimeError

    duty.append(break_down)
    worker = service.installation.worker()
    worker.retry_seconds = 100.0
    pauses = []
    for _ in range(4):
        with service.installation.engine.begin() as connection:
            connection.execute(sa.update(jobs_table).values(not_before=0.0))
        assert worker.work_once()
        with service.installation.ledger.reading() as state:
            pauses.append(state.select(Job)[0].not_before - service.installation.office.now().timestamp())
    assert all(later > 1.5 * sooner for sooner, later in itertools.pairwise(pauses))
    assert not worker.work_once(), "it is not due"


def test_restarts_do_not_use_up_a_jobs_attempts(service: Service, requested: str, duty: list[duties.Handler]) -> None:
    original = linkages.score

    def stopped(_office: Office, _job: Job, _progress: Progress) -> None:
        stop.set()
        raise JobStopped

    duty.append(stopped)
    for _ in range(12):
        stop = threading.Event()
        assert service.installation.worker().work_once(stop)
    duty[0] = original
    service.work()
    assert status(service, requested) == ("scored", "done")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES])
def test_a_full_disk_waits(service: Service, requested: str, duty: list[duties.Handler], number: int) -> None:
    full = [True]
    original = linkages.score

    def score(office: Office, job: Job, progress: Progress) -> None:
        if full[0]:
            raise OSError(number, "No space left on device")
        original(office, job, progress)

    duty.append(score)
    for _ in range(8):
        with service.installation.engine.begin() as connection:
            connection.execute(sa.update(jobs_table).values(not_before=0.0))
        assert service.installation.worker().work_once()
        assert status(service, requested) == ("requested", "queued")
    full[0] = False
    with service.installation.engine.begin() as connection:
        connection.execute(sa.update(jobs_table).values(not_before=0.0))
    service.work()
    assert status(service, requested) == ("scored", "done")
    with service.installation.ledger.reading() as state:
        assert state.select(Job)[0].failures == 0


def test_a_role_cancels_its_own_jobs_only(service: Service, requested: str) -> None:
    job = service.client(Role.LINKAGE).get(f"{RUNS}/{requested}").json()["job"]
    for role in (Role.SPINE, Role.RELEASE, Role.AUDITOR):
        assert service.client(role).post(f"/v1/jobs/{job}/cancel").status_code == 403
    assert service.client(Role.LINKAGE).post(f"/v1/jobs/{job}/cancel").status_code == 200


def run_worker(service: Service, until: Callable[[], bool]) -> None:
    """Let a worker run until something is so."""
    stop = threading.Event()
    thread = threading.Thread(target=service.installation.worker().run, args=(stop,))
    thread.start()
    try:
        wait_until(lambda: until() or not thread.is_alive(), "a worker that has done its work")
        assert thread.is_alive()
    finally:
        stop.set()
        thread.join(PATIENCE_SECONDS)


def test_a_worker_whose_log_cannot_be_signed_goes_on_and_says_so(
    service: Service, requested: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise VerificationError("MARKER")

    monkeypatch.setattr("wasl.web.worker.sign_checkpoint", fail)
    seen: list[int] = []

    def done_and_seen() -> bool:
        answer = service.client(None).get("/v1/ready")
        if answer.status_code == 503 and "not signed" in answer.text:
            seen.append(1)
            assert "MARKER" not in answer.text
        return bool(seen) and status(service, requested) == ("scored", "done")

    run_worker(service, done_and_seen)


def test_ready_and_metrics_know_the_workers_and_the_key(service: Service) -> None:
    service.client(Role.AUDITOR, None).post("/v1/audit/checkpoint")
    ready = service.client(None).get("/v1/ready").json()
    assert (ready["workers"], ready["queued"], ready["parked"]) == (0, 0, 0)
    assert ready["checkpoint_age_seconds"] >= 0
    run_worker(service, lambda: service.client(None).get("/v1/ready").json()["workers"] == 1)
    assert service.client(None).get("/v1/ready").json()["workers"] == 0
    text = service.client(Role.ADMIN, None).get("/v1/metrics").text
    for line in ("wasl_workers 0.0", 'wasl_jobs_waiting{state="parked"} 0.0', "wasl_signing_key_held 1.0"):
        assert line in text
    key = service.installation.settings.key_path
    hidden = key.rename(key.with_name("elsewhere"))
    assert service.client(None).get("/v1/ready").status_code == 503
    assert "wasl_signing_key_held 0.0" in service.client(Role.ADMIN, None).get("/v1/metrics").text
    hidden.rename(key)
    assert service.client(None).get("/v1/ready").status_code == 200


def test_ready_says_that_jobs_wait_and_nobody_works(service: Service, requested: str) -> None:
    answer = service.client(None).get("/v1/ready")
    assert (answer.status_code, "no worker" in answer.json()["detail"]) == (503, True)


def test_a_database_that_is_away_for_a_moment_does_not_end_a_run(
    service: Service, requested: str, duty: list[duties.Handler]
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


def test_a_running_job_stops_when_it_is_cancelled(service: Service, requested: str, duty: list[duties.Handler]) -> None:
    started = threading.Event()

    def long_work(_office: Office, _job: Job, progress: Progress) -> None:
        started.set()
        for step in range(2000):
            progress(step, 2000)
            time.sleep(0.01)

    duty.append(long_work)
    worker = threading.Thread(target=service.work)
    worker.start()
    assert started.wait(PATIENCE_SECONDS)
    assert service.client(Role.LINKAGE).post(f"{RUNS}/{requested}/cancel").status_code == 200
    worker.join(20)
    assert not worker.is_alive()
    assert status(service, requested) == ("cancelled", "cancelled")


def test_a_worker_that_was_only_slow_commits_nothing(
    service: Service, requested: str, duty: list[duties.Handler]
) -> None:
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


def test_an_orderly_end_gives_the_job_back(service: Service, requested: str, duty: list[duties.Handler]) -> None:
    stop = threading.Event()

    def until_stopped(_office: Office, _job: Job, progress: Progress) -> None:
        stop.set()
        progress(1, 2)
        raise AssertionError("progress should have stopped the work")

    duty.append(until_stopped)
    assert service.installation.worker().work_once(stop)
    assert status(service, requested) == ("requested", "queued")


def test_progress_is_seen_while_the_work_goes_on(service: Service, requested: str, duty: list[duties.Handler]) -> None:
    seen = threading.Event()

    def half(_office: Office, _job: Job, progress: Progress) -> None:
        progress(1, 2)
        if not seen.wait(PATIENCE_SECONDS):
            raise JobStopped

    duty.append(half)
    worker = threading.Thread(target=service.installation.worker().work_once)
    worker.start()
    job = service.client(Role.LINKAGE).get(f"{RUNS}/{requested}").json()["job"]
    wait_until(lambda: service.client(Role.LINKAGE).get(f"/v1/jobs/{job}").json()["percent"] == 50, "half of the job")
    seen.set()
    worker.join(PATIENCE_SECONDS)


def test_the_log_is_signed_when_it_is_due(sqlite_template: Template, tmp_path: Path) -> None:
    url = sqlite_template.copy(tmp_path / "data")
    installation = Installation.open(make_settings(tmp_path / "data", url, checkpoint_minutes=60))
    stop = threading.Event()
    worker = threading.Thread(target=installation.worker().run, args=(stop,))
    worker.start()
    found: list[str] = []

    def signed() -> bool:
        with installation.ledger.reading() as state:
            note = state.latest_checkpoint()
        found.extend([note] if note else [])
        return bool(found)

    wait_until(signed, "a signed checkpoint")
    note = found[0]
    stop.set()
    worker.join(PATIENCE_SECONDS)
    assert note.startswith(installation.office.signer.name)
    installation.close()


def test_a_job_of_a_withdrawn_register_still_reads_what_it_was_asked_for(service: Service, requested: str) -> None:
    path = f"/v1/projects/{PROJECT}/registers/{REGISTER}/deliveries"
    holder = service.client(Role.HOLDER)
    sent = holder.get(path).json()["items"][0]
    holder.post(f"{path}/{sent['id']}/withdraw", headers={"If-Match": f'"v{sent["version"]}"'})
    service.work()
    assert status(service, requested) == ("scored", "done")
