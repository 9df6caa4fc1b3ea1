"""Leases of jobs to workers: each has an end, and attempt numbers fence off a worker presumed dead.

A worker takes the oldest job that is queued, or whose lease has run out because its worker died, and renews the lease
while it works. Every taking raises the attempt number; a result is committed only under the latest attempt
(`SqlWriter.hold`), so a worker that was merely slow cannot commit beside its successor. Leases are no business of the
log: the events of a job are those of the run or release it works on.

A clock that is set back makes times that were written before lie ahead. A lease that ends later than any lease can is
cut to one lease from now. A job that would wait longer than any job can is free. A worker that was seen in a time to
come counts as not seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from wasl.service.records import Job, JobStatus
from wasl.storage.ledger import SqlLedger, SqlReader
from wasl.storage.tables import jobs, workers

__all__ = ["LONGEST_WAIT_SECONDS", "Crew", "JobLeases"]


LONGEST_WAIT_SECONDS = 3600.0
"""The longest time for which a job is put off before it is tried again."""

AHEAD = 2.0
"""How many times its longest span a stored time may lie ahead: clocks of two machines differ a little."""


@dataclass(frozen=True, slots=True)
class Crew:
    """The workers, and the waiting jobs.

    Attributes:
        workers: Workers that were heard of lately and can work.
        failing: What keeps the others from working.
        queued, running, parked: Jobs in each state.
        oldest: When the job was made that has waited longest and could be taken; ISO 8601, or empty.
    """

    workers: int
    failing: tuple[str, ...]
    queued: int
    running: int
    parked: int
    oldest: str


class JobLeases:
    """The queue of jobs.

    Attributes:
        ledger: Where the jobs are.
        lease_seconds: How long a worker may be silent before its job goes to another.
    """

    def __init__(self, ledger: SqlLedger, *, lease_seconds: float) -> None:
        self.ledger = ledger
        self.lease_seconds = lease_seconds

    def take(self, worker: str, now: float) -> Job | None:
        """The oldest job nobody works on, leased to this worker; None when there is none."""
        running = jobs.c.status == JobStatus.RUNNING.value
        free = sa.or_(_due(now), sa.and_(running, jobs.c.lease_until < now))
        ahead = sa.and_(running, jobs.c.lease_until > now + AHEAD * self.lease_seconds)
        with self.ledger.reading() as reader:
            if reader._connection.execute(sa.select(jobs.c.id).where(sa.or_(free, ahead)).limit(1)).first() is None:
                return None  # the usual case takes no write lock
        with self.ledger.engine.begin() as connection:
            connection.execute(sa.update(jobs).where(ahead).values(lease_until=now + self.lease_seconds))
            chosen = sa.select(jobs.c.id).where(free).order_by(jobs.c.id).limit(1)
            if connection.dialect.name == "postgresql":
                chosen = chosen.with_for_update(skip_locked=True)
            job_id = connection.execute(chosen).scalar_one_or_none()
            if job_id is None:
                return None
            connection.execute(
                sa.update(jobs)
                .where(jobs.c.id == job_id)
                .values(
                    status=JobStatus.RUNNING.value,
                    worker=worker,
                    lease_until=now + self.lease_seconds,
                    attempt=jobs.c.attempt + 1,
                    version=jobs.c.version + 1,
                )
            )
            return SqlReader(connection).get(Job, job_id)

    def renew(self, job: Job, percent: int, now: float) -> bool:
        """Prolong the lease and note the progress.

        Returns:
            Whether the worker should go on: False when another took over or somebody asked to stop.
        """
        with self.ledger.engine.begin() as connection:
            row = connection.execute(
                sa.update(jobs)
                .where(jobs.c.id == job.id, jobs.c.attempt == job.attempt, jobs.c.status == JobStatus.RUNNING.value)
                .values(lease_until=now + self.lease_seconds, percent=percent)
                .returning(jobs.c.cancel_asked)
            ).one_or_none()
        return row is not None and not row.cancel_asked

    def release(self, job: Job, *, not_before: float = 0.0, failed: bool = False) -> None:
        """Give a job back unfinished, for another worker to take.

        Args:
            job: The job, as it was taken.
            not_before: When it may be taken again, in seconds since 1970; 0 for at once.
            failed: Whether it broke down; an orderly shutdown or a full disk is no failure.
        """
        with self.ledger.engine.begin() as connection:
            connection.execute(
                sa.update(jobs)
                .where(jobs.c.id == job.id, jobs.c.attempt == job.attempt, jobs.c.status == JobStatus.RUNNING.value)
                .values(
                    status=JobStatus.QUEUED.value,
                    lease_until=0,
                    worker="",
                    not_before=not_before,
                    failures=jobs.c.failures + int(failed),
                    version=jobs.c.version + 1,
                )
            )

    def see(self, worker: str, now: float, failure: str = "") -> None:
        """Note that a worker lives, and what keeps it from working, if anything does."""
        with self.ledger.engine.begin() as connection:
            values = {"seen_at": now, "failure": failure}
            if not connection.execute(sa.update(workers).where(workers.c.name == worker).values(values)).rowcount:
                connection.execute(sa.insert(workers).values(name=worker, **values))

    def leave(self, worker: str) -> None:
        """Note that a worker ended."""
        with self.ledger.engine.begin() as connection:
            connection.execute(sa.delete(workers).where(workers.c.name == worker))

    def crew(self, now: float, *, silent_seconds: float) -> Crew:
        """The workers and the queue at this moment; workers silent for longer are not counted."""
        with self.ledger.reading() as reader:
            execute = reader._connection.execute
            lately = workers.c.seen_at.between(now - silent_seconds, now + silent_seconds)
            seen = execute(sa.select(workers.c.failure).where(lately)).scalars()
            failures = [str(failure) for failure in seen]
            grouped = execute(sa.select(jobs.c.status, sa.func.count()).group_by(jobs.c.status))
            counts: dict[str, int] = {str(status): int(count) for status, count in grouped}
            oldest = execute(sa.select(sa.func.min(jobs.c.created_at)).where(_due(now))).scalar_one()
        return Crew(
            workers=failures.count(""),
            failing=tuple(sorted({failure for failure in failures if failure})),
            queued=int(counts.get("queued", 0)),
            running=int(counts.get("running", 0)),
            parked=int(counts.get("parked", 0)),
            oldest=str(oldest or ""),
        )

    def waiting(self) -> int:
        """How many jobs are queued or running."""
        with self.ledger.reading() as reader:
            query = sa.select(sa.func.count()).where(jobs.c.status.in_(["queued", "running"]))
            return int(reader._connection.execute(query).scalar_one())


def _due(now: float) -> sa.ColumnElement[bool]:
    """Whether a job waits for a worker and may be taken now."""
    waited = sa.or_(jobs.c.not_before <= now, jobs.c.not_before > now + AHEAD * LONGEST_WAIT_SECONDS)
    return sa.and_(jobs.c.status == JobStatus.QUEUED.value, waited)
