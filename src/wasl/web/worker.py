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
from wasl.errors import StaleError, StateError
from wasl.service.access import Actor
from wasl.service.erasure import schedule_erasures
from wasl.service.job_handlers import park, perform
from wasl.service.jobs import JobStopped
from wasl.service.log import sign_checkpoint
from wasl.service.ports import Caller, Office
from wasl.service.records import Job
from wasl.storage.leases import LONGEST_WAIT_SECONDS, JobLeases
from wasl.storage.obstacles import Obstacle, obstacle_of
from wasl.web.middleware import Metrics

__all__ = ["SEEN_SECONDS", "SERVICE", "Worker"]

SERVICE = Actor("service", None)
"""In whose name the service signs its log on schedule."""

RENEWALS_PER_LEASE = 4
PERCENT = 100
SEEN_SECONDS = 15.0
SEEN_EVERY = timedelta(seconds=SEEN_SECONDS)
"""Between two notes of a worker that it lives; `ready` forgets it after four times as long."""

OBSTACLE_SECONDS = 60.0
"""After which a job is tried again that found no room or no folder to write; this is no failure of the job."""


class Worker:
    """One thread's worth of work.

    Attributes:
        office, leases: Surroundings, and the queue.
        poll_seconds: Between looks for a job.
        max_attempts: Breakdowns for no known reason after which a job is parked.
        retry_seconds: Before the first repetition of a job that broke down; doubled each time.
        checkpoint_minutes: After which a log that grew is signed.
        erasure_hours: After which what is due is erased; 0: only when it is asked for.
        witness: Called when the log was signed.
    """

    def __init__(
        self,
        office: Office,
        leases: JobLeases,
        *,
        poll_seconds: float,
        max_attempts: int,
        retry_seconds: float,
        checkpoint_minutes: float,
        erasure_hours: float = 0.0,
        witness: Callable[[], None] = lambda: None,
        metrics: Metrics | None = None,
    ) -> None:
        self.office = office
        self.leases = leases
        self.poll_seconds = poll_seconds
        self.max_attempts = max_attempts
        self.retry_seconds = retry_seconds
        self.checkpoint_every = timedelta(minutes=checkpoint_minutes)
        self.erasure_every = timedelta(hours=erasure_hours)
        self.witness = witness
        self.metrics = metrics
        self.name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
        self.log = structlog.get_logger().bind(worker=self.name)
        self._signed_at: datetime | None = None
        self._looked_at: datetime | None = None
        self._seen_at = 0.0
        self._failure = ""
        self._obstacle = ("", 0.0)  # what, and until when it counts: its job may have been cancelled

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop. Whatever goes wrong is noted where `ready` sees it, and tried again."""
        while not stop.is_set():
            try:
                failure = self._sign_when_due()
                self._erase_when_due()
                worked = self.work_once(stop)
                failure = failure or (self._obstacle[0] if self._now() < self._obstacle[1] else "")
            except Exception as error:  # a worker that dies unseen leaves every job waiting
                failure, worked = type(error).__name__, False
                self.log.warning("worker waits", error=failure, where=_where(error))
            self._be_seen(failure)
            if not worked:
                stop.wait(self.poll_seconds)
        try:
            self.leases.leave(self.name)
        except sa.exc.SQLAlchemyError as error:
            self.log.warning("worker did not sign off", error=type(error).__name__)

    def work_once(self, stop: threading.Event | None = None) -> bool:
        """Do one job, if there is one; gives whether there was."""
        job = self.leases.take(self.name, self._now())
        if job is None:
            return False
        self.log.info("job taken", job=job.id, kind=job.kind.value, attempt=job.attempt)
        self._obstacle = ("", 0.0)
        outcome = self._do(job, stop or threading.Event())
        self.log.info("job left", job=job.id, kind=job.kind.value, outcome=outcome)
        if self.metrics is not None:
            self.metrics.jobs.labels(job.kind.value, outcome).inc()
        return True

    def _now(self) -> float:
        return self.office.now().timestamp()

    def _do(self, job: Job, stop: threading.Event) -> str:
        with _Heartbeat(self.leases, job, self._now, stop, self._be_seen) as beat:
            try:
                perform(self.office, job, beat.progress)
            except JobStopped:
                if stop.is_set():
                    self.leases.release(job)
                    return "released"
                return "lost"
            except StaleError:
                # On PostgreSQL two transactions may change one row; the later one reads again and begins anew.
                self.log.info("job waits: another change came between", job=job.id)
                self.leases.release(job, not_before=self._now() + min(LONGEST_WAIT_SECONDS, self.retry_seconds))
                return "collided"
            except StateError:
                return "lost"
            except (OSError, sa.exc.OperationalError) as error:
                obstacle = obstacle_of(error)
                if obstacle is not None:
                    return self._waits(job, obstacle)
                if isinstance(error, OSError):
                    return self._broke_down(job, error)
                self.log.warning("job waits for the database", job=job.id, error=type(error).__name__)
                self.leases.release(job, not_before=self._now() + min(LONGEST_WAIT_SECONDS, self.retry_seconds))
                return "no database"
            except Exception as error:  # whatever it is, the job must not vanish
                return self._broke_down(job, error)
        return "done"

    def _waits(self, job: Job, obstacle: Obstacle) -> str:
        """Leave a job for later that could not be written, and note why where `ready` sees it."""
        self.log.error("job waits", job=job.id, obstacle=obstacle.value)
        self._obstacle = (obstacle.value, self._now() + OBSTACLE_SECONDS + SEEN_SECONDS)
        self.leases.release(job, not_before=self._now() + OBSTACLE_SECONDS)
        return "no room" if obstacle is Obstacle.FULL else "no folder"

    def _broke_down(self, job: Job, error: Exception) -> str:
        """Count a failure of the job: it is tried again later each time, and parked after the last."""
        # The kind only: a message may quote what was read.
        self.log.error("job broke down", job=job.id, error=type(error).__name__, where=_where(error))
        failures = job.failures + 1
        if failures >= self.max_attempts:
            park(self.office, job, failures=failures, cause=type(error).__name__)
            return "parked"
        pause = min(LONGEST_WAIT_SECONDS, self.retry_seconds * 2.0 ** (failures - 1))
        self.leases.release(job, not_before=self._now() + pause, failed=True)
        return "broke down"

    def _sign_when_due(self) -> str:
        """Sign the log if it grew; gives why it could not be signed, or nothing. Work goes on meanwhile."""
        now = self.office.now()
        if self._signed_at is not None and not _passed(now - self._signed_at, self.checkpoint_every):
            return self._failure
        self._signed_at = now
        self._failure = ""
        try:
            with self.office.ledger.reading() as state:
                note, size = state.latest_checkpoint(), state.log_size()
            signed = Checkpoint.parse(note.rpartition("\n\n")[0] + "\n").size if note else 0
            if size > signed + 1:  # the signing itself is an entry
                sign_checkpoint(self.office, Caller(SERVICE, now))
            self.witness()
        except (sa.exc.SQLAlchemyError, OSError):
            self._signed_at = None
            raise
        except Exception as error:
            self._failure = f"the log was not signed ({type(error).__name__})"
            self.log.error("the log was not signed", error=type(error).__name__, where=_where(error))
        return self._failure

    def _erase_when_due(self) -> None:
        """Ask for the erasure of what is withdrawn or past its retention, in the service's own name."""
        now = self.office.now()
        if not self.erasure_every:
            return
        if self._looked_at is not None and not _passed(now - self._looked_at, self.erasure_every):
            return
        self._looked_at = now
        for job in schedule_erasures(self.office, Caller(SERVICE, now)):
            self.log.info("erasure is due", job=job.id, project=job.project)

    def _be_seen(self, failure: str = "") -> None:
        now = self._now()
        if not _passed(timedelta(seconds=now - self._seen_at), SEEN_EVERY) and failure == self._failure:
            return
        try:
            self.leases.see(self.name, now, failure)
            self._seen_at = now
        except sa.exc.SQLAlchemyError as error:
            self.log.warning("worker is not seen", error=type(error).__name__)


class _Heartbeat:
    """Renews a job's lease in a thread of its own, and tells the work when to stop."""

    def __init__(
        self,
        leases: JobLeases,
        job: Job,
        now: Callable[[], float],
        stop: threading.Event,
        be_seen: Callable[[], None],
    ) -> None:
        self._leases, self._job, self._now, self._stop, self._be_seen = leases, job, now, stop, be_seen
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
        renewal = timedelta(seconds=self._leases.lease_seconds / RENEWALS_PER_LEASE)
        renewed, last = self._now(), -1
        while not self._over.wait(pause):
            self._be_seen()
            due = _passed(timedelta(seconds=self._now() - renewed), renewal)
            if not due and self._percent == last:
                continue
            try:
                if not self._leases.renew(self._job, self._percent, self._now()):
                    self._lost.set()
                    return
                renewed, last = self._now(), self._percent
            except sa.exc.SQLAlchemyError:
                continue  # the database is away: the lease may run out, and then the attempt number decides


def _passed(elapsed: timedelta, span: timedelta) -> bool:
    """Whether a span of time is over; it is, too, when the clock was set back to before its beginning."""
    return not timedelta() <= elapsed < span


def _where(error: BaseException) -> list[str]:
    frames: list[str] = []
    trace = error.__traceback__
    while trace is not None:
        frames.append(f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}")
        trace = trace.tb_next
    return frames[-8:]
