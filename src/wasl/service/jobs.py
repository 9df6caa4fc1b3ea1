"""Long work as jobs: queued with the state they serve, finished in one transaction with their result."""

from __future__ import annotations

from dataclasses import replace

from wasl.audit.events import AuditEvent, JobCancelled
from wasl.errors import AccessError, StateError
from wasl.locale.code_words import JOB_WORDS, ROLE_WORDS
from wasl.service.access import Action, Actor, Role
from wasl.service.ports import Caller, Office, Writer
from wasl.service.records import Job, JobKind, JobStatus, Noun

__all__ = ["ACTIVE", "JobStopped", "cancel_job", "find_job", "finish_job", "job_caller", "queue_job"]

ACTIVE = (JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.PARKED)

CANCELLED_BY = {
    JobKind.SCORE: Role.LINKAGE,
    JobKind.REPRODUCE: Role.AUDITOR,
    JobKind.RESOLVE: Role.SPINE,
    JobKind.PROTECT: Role.RELEASE,
    JobKind.PACKAGE: Role.RELEASE,
    JobKind.ERASE: Role.ADMIN,
    JobKind.TABULATE: Role.ANALYST,
    JobKind.RETURN: Role.HOLDER,
    JobKind.PACKAGE_TABLES: Role.RELEASE,
    JobKind.COMPARE: Role.RELEASE,
}
"""The role whose job it is: no other role may stop it."""

OWN_JOBS_ONLY = frozenset({Role.ANALYST, Role.HOLDER})
"""Roles that see, and stop, no job that another person asked for."""


class JobStopped(Exception):  # noqa: N818 - it is no error
    """Raised by a progress callback: the job was cancelled, or another worker has taken it over."""


def queue_job(office: Office, caller: Caller, kind: JobKind, *, project: str, subject: str) -> Job:
    """A new job, to be saved together with what it works on."""
    return Job(
        id=office.new_id(),
        created_at=caller.stamp,
        created_by=caller.actor.name,
        kind=kind,
        project=project,
        subject=subject,
    )


def find_job(office: Office, caller: Caller, job_id: str) -> Job:
    """A job of a project the caller reaches.

    Raises:
        NotFoundError: There is none.
        AccessError: It is another project's, or another person's who orders tables.
    """
    with office.ledger.reading() as state:
        job = state.get(Job, job_id)
    caller.check(Action.JOB_READ, project=job.project)
    _require_own(caller, job)
    return job


def _require_own(caller: Caller, job: Job) -> None:
    """Refuse another person's job to an analyst or a holder: it may tell of data that they do not see.

    Raises:
        AccessError: It is another's.
    """
    if caller.actor.role in OWN_JOBS_ONLY and job.created_by != caller.actor.name:
        role = ROLE_WORDS[caller.actor.role]
        raise AccessError(f"the role {role} sees the own jobs only.")


def job_caller(office: Office, job: Job) -> Caller:
    """The caller in whose name a worker acts: whoever asked for the job."""
    return Caller(Actor(job.created_by, None), office.now())


def finish_job(
    ledger: Writer, job: Job, *nouns: Noun, event: AuditEvent, status: JobStatus = JobStatus.DONE, failure: str = ""
) -> None:
    """Commit a job's outcome, if this attempt at it is still the latest.

    Raises:
        StateError: Another worker took it over; nothing is committed.
    """
    held = ledger.hold(job)
    percent = 100 if status is JobStatus.DONE else held.percent
    done = replace(held, status=status, percent=percent, failure=failure, result=job.result)
    ledger.save(*nouns, done, event=event)


def cancel_job(office: Office, caller: Caller, job_id: str) -> Job:
    """Ask a job to stop; one that nobody works on yet is picked up and dropped by the next free worker.

    Raises:
        StateError: It is finished.
    """
    with office.ledger.writing(caller) as ledger:
        job = ledger.get(Job, job_id)
        caller.check(Action.JOB_CANCEL, project=job.project)
        owner = CANCELLED_BY[job.kind]
        if caller.actor.role is not owner:
            kind, role = JOB_WORDS[job.kind], ROLE_WORDS[owner]
            raise AccessError(f"a job of the kind '{kind}' is cancelled by the role {role}.")
        _require_own(caller, job)
        if job.status not in ACTIVE:
            raise StateError(f"job {job_id} is {job.status}.", remedy="Only a queued or running job can be cancelled.")
        event = caller.event(JobCancelled(job_kind=job.kind.value), project=job.project, subject=job_id)
        queued = JobStatus.QUEUED if job.status is JobStatus.PARKED else job.status
        ledger.save(replace(job, cancel_asked=True, status=queued, not_before=0.0), event=event)
        return ledger.get(Job, job_id)
