"""A worker: takes jobs, does them, renews its lease meanwhile, and signs the log when it is due."""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog

from wasl.audit.checkpoint import Checkpoint
from wasl.errors import StateError
from wasl.service.access import Actor
from wasl.service.job_handlers import abandon, perform
from wasl.service.jobs import JobStopped
from wasl.service.log import sign_checkpoint
from wasl.service.ports import Caller, Office
from wasl.service.records import Job
from wasl.storage.leases import JobLeases
from wasl.web.middleware import Metrics

__all__ = ["SERVICE", "Worker"]

SERVICE = Actor("service", None)
"""In whose name the service signs its log on schedule."""

RENEWALS_PER_LEASE = 4
PERCENT = 100


class Worker:
    """One thread's worth of work.

    Attributes:
        office, leases: Surroundings, and the queue.
        poll_seconds: Between looks for a job.
        max_attempts: How often a job is tried that breaks down for no known reason.
        checkpoint_minutes: After which a log that grew is signed.
    """

    def __init__(
        self,
        office: Office,
        leases: JobLeases,
        *,
        poll_seconds: float,
        max_attempts: int,
        checkpoint_minutes: float,
        metrics: Metrics | None = None,
    ) -> None:
        self.office = office
        self.leases = leases
        self.poll_seconds = poll_seconds
        self.max_attempts = max_attempts
        self.checkpoint_every = timedelta(minutes=checkpoint_minutes)
        self.metrics = metrics
        self.name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
        self.log = structlog.get_logger().bind(worker=self.name)
        self._signed_at: datetime | None = None

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop; a database that is away is waited for."""
        while not stop.is_set():
            try:
                self._sign_when_due()
                worked = self.work_once(stop)
            except (sa.exc.SQLAlchemyError, OSError) as error:
                self.log.warning("worker waits", error=type(error).__name__)
                worked = False
            if not worked:
                stop.wait(self.poll_seconds)

    def work_once(self, stop: threading.Event | None = None) -> bool:
        """Do one job, if there is one; gives whether there was."""
        job = self.leases.take(self.name, self.office.now().timestamp())
        if job is None:
            return False
        self.log.info("job taken", job=job.id, kind=job.kind.value, attempt=job.attempt)
        outcome = self._do(job, stop or threading.Event())
        self.log.info("job left", job=job.id, kind=job.kind.value, outcome=outcome)
        if self.metrics is not None:
            self.metrics.jobs.labels(job.kind.value, outcome).inc()
        return True

    def _do(self, job: Job, stop: threading.Event) -> str:
        if job.attempt > self.max_attempts:
            abandon(self.office, job, f"broke down {self.max_attempts} times; see the worker's log.")
            return "given up"
        with _Heartbeat(self.leases, job, lambda: self.office.now().timestamp(), stop) as beat:
            try:
                perform(self.office, job, beat.progress)
            except JobStopped:
                if stop.is_set():
                    self.leases.release(job)
                    return "released"
                return "lost"
            except StateError:
                return "lost"
            except Exception as error:  # whatever it is, the job must not vanish
                # The kind only: a message may quote what was read.
                self.log.error("job broke down", job=job.id, error=type(error).__name__, where=_where(error))
                stop.wait(self.poll_seconds)
                self.leases.release(job)
                return "broke down"
        return "done"

    def _sign_when_due(self) -> None:
        now = self.office.now()
        if self._signed_at is not None and now - self._signed_at < self.checkpoint_every:
            return
        self._signed_at = now
        with self.office.ledger.reading() as state:
            note, size = state.latest_checkpoint(), state.log_size()
        signed = Checkpoint.open(note, self.office.signer.verifier).size if note else 0
        if size > signed + 1:  # the signing itself is an entry
            sign_checkpoint(self.office, Caller(SERVICE, now))


class _Heartbeat:
    """Renews a job's lease in a thread of its own, and tells the work when to stop."""

    def __init__(self, leases: JobLeases, job: Job, now: Callable[[], float], stop: threading.Event) -> None:
        self._leases, self._job, self._now, self._stop = leases, job, now, stop
        self._percent = 0
        self._lost = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"lease-{job.id}", daemon=True)

    def __enter__(self) -> _Heartbeat:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def progress(self, done: int, total: int) -> None:
        """Note the progress; raises JobStopped when the job is no longer this worker's to do."""
        self._percent = min(PERCENT - 1, PERCENT * done // max(total, 1))
        if self._lost.is_set() or self._stop.is_set():
            raise JobStopped

    def _beat(self) -> None:
        pause = min(1.0, self._leases.lease_seconds / RENEWALS_PER_LEASE)
        renewed, last = self._now(), -1
        while not self._over.wait(pause):
            due = self._now() - renewed >= self._leases.lease_seconds / RENEWALS_PER_LEASE
            if not due and self._percent == last:
                continue
            try:
                if not self._leases.renew(self._job, self._percent, self._now()):
                    self._lost.set()
                    return
                renewed, last = self._now(), self._percent
            except sa.exc.SQLAlchemyError:
                continue  # the database is away: the lease may run out, and then the attempt number decides


def _where(error: BaseException) -> list[str]:
    frames: list[str] = []
    trace = error.__traceback__
    while trace is not None:
        frames.append(f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}")
        trace = trace.tb_next
    return frames[-8:]
