"""Which worker does which job: leases with an end, and attempts that fence off a worker presumed dead.

A worker takes the oldest job that is queued, or whose lease has run out because its worker died, and renews the lease
while it works. Every taking raises the attempt number; a result is committed only under the latest attempt
(`SqlWriter.hold`), so a worker that was merely slow cannot commit beside its successor. Leases are no business of the
log: the events of a job are those of the run or release it works on.
"""

from __future__ import annotations

import sqlalchemy as sa

from wasl.service.records import Job, JobStatus
from wasl.storage.ledger import SqlLedger, SqlReader
from wasl.storage.tables import jobs

__all__ = ["JobLeases"]


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
        free = sa.or_(
            jobs.c.status == JobStatus.QUEUED.value,
            sa.and_(jobs.c.status == JobStatus.RUNNING.value, jobs.c.lease_until < now),
        )
        with self.ledger.reading() as reader:
            if reader._connection.execute(sa.select(jobs.c.id).where(free).limit(1)).first() is None:
                return None  # the usual case takes no write lock
        with self.ledger.engine.begin() as connection:
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

    def release(self, job: Job) -> None:
        """Give a job back unfinished, for another worker to take at once (an orderly shutdown)."""
        with self.ledger.engine.begin() as connection:
            connection.execute(
                sa.update(jobs)
                .where(jobs.c.id == job.id, jobs.c.attempt == job.attempt, jobs.c.status == JobStatus.RUNNING.value)
                .values(status=JobStatus.QUEUED.value, lease_until=0, worker="", version=jobs.c.version + 1)
            )

    def waiting(self) -> int:
        """How many jobs are queued or running."""
        with self.ledger.reading() as reader:
            query = sa.select(sa.func.count()).where(jobs.c.status.in_(["queued", "running"]))
            return int(reader._connection.execute(query).scalar_one())
