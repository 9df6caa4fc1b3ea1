"""What each kind of job does, and what is committed when it fails or is cancelled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from wasl.audit.events import (
    ComparisonFailed,
    ErasureFailed,
    Happening,
    JobCancelled,
    JobParked,
    JobQueuedAgain,
    LinkageCancelled,
    LinkageFailed,
    ProtectionFailed,
    PublicationFailed,
    ReproductionFailed,
    ResolutionFailed,
    ReturnFailed,
    TabulationFailed,
)
from wasl.errors import StaleError, StateError, WaslError
from wasl.service.access import Action
from wasl.service.erasure import erase
from wasl.service.jobs import JobStopped, finish_job, job_caller
from wasl.service.linkages import score
from wasl.service.packages import package
from wasl.service.pins import PersonsLeftError
from wasl.service.ports import Caller, Office, Progress, Reader
from wasl.service.records import Job, JobKind, JobStatus, Noun, Release, Run, TableOrder
from wasl.service.releases import protect_release
from wasl.service.resolutions import reproduce, resolve_run
from wasl.service.returns import prepare_return
from wasl.service.scenarios import compare_scenarios
from wasl.service.states import ReleaseStatus, ReleaseStep, RunStatus, next_status
from wasl.service.table_jobs import make_tables, package_tables
from wasl.service.unreleased import without_files

__all__ = ["HANDLERS", "abandon", "park", "perform", "queue_again"]

Handler = Callable[[Office, Job, Progress], None]

HANDLERS: dict[JobKind, Handler] = {
    JobKind.SCORE: score,
    JobKind.RESOLVE: resolve_run,
    JobKind.PROTECT: protect_release,
    JobKind.PACKAGE: package,
    JobKind.REPRODUCE: reproduce,
    JobKind.ERASE: erase,
    JobKind.TABULATE: make_tables,
    JobKind.RETURN: prepare_return,
    JobKind.PACKAGE_TABLES: package_tables,
    JobKind.COMPARE: compare_scenarios,
}

_FAILED: dict[JobKind, Callable[[str, str], Happening]] = {
    JobKind.SCORE: lambda job, reason: LinkageFailed(job=job, reason=reason),
    JobKind.RESOLVE: lambda job, reason: ResolutionFailed(job=job, reason=reason),
    JobKind.PROTECT: lambda job, reason: ProtectionFailed(job=job, reason=reason),
    JobKind.PACKAGE: lambda job, reason: PublicationFailed(job=job, reason=reason),
    JobKind.ERASE: lambda job, reason: ErasureFailed(job=job, reason=reason),
    JobKind.COMPARE: lambda job, reason: ComparisonFailed(job=job, reason=reason),
    JobKind.REPRODUCE: lambda job, reason: ReproductionFailed(job=job, reason=reason),
    JobKind.RETURN: lambda job, reason: ReturnFailed(job=job, reason=reason),
    JobKind.TABULATE: lambda job, reason: TabulationFailed(job=job, reason=reason),
    JobKind.PACKAGE_TABLES: lambda job, reason: PublicationFailed(job=job, reason=reason),
}
"""The event of a job that failed, by its kind: made of the job's id and the kind of error."""


_RELEASES: dict[JobKind, type[Release | TableOrder]] = {
    JobKind.PROTECT: Release,
    JobKind.PACKAGE: Release,
    JobKind.TABULATE: TableOrder,
    JobKind.PACKAGE_TABLES: TableOrder,
}
"""Jobs whose subject is a release, and of what."""


def perform(office: Office, job: Job, progress: Progress) -> None:
    """Do a job. What wasl refuses ends it as failed; a cancellation ends it as cancelled.

    Raises:
        JobStopped: Another worker has taken it over; nothing was committed.
        StaleError: Somebody changed what the job was about to change; nothing was committed.
        Exception: Anything unforeseen (a lost database, a full disk): the job is to be tried again.
    """
    try:
        if job.cancel_asked:
            raise JobStopped
        HANDLERS[job.kind](office, job, progress)
    except JobStopped:
        with office.ledger.reading() as state:
            now = state.get(Job, job.id)
        if now.attempt != job.attempt or not now.cancel_asked:
            raise
        abandon(office, now, "cancelled", status=JobStatus.CANCELLED)
    except StaleError:
        raise
    except WaslError as error:
        left = isinstance(error, PersonsLeftError)
        abandon(office, job, str(error), cause=type(error).__name__, happening=error.event, persons_left=left)


def abandon(
    office: Office,
    job: Job,
    reason: str,
    *,
    status: JobStatus = JobStatus.FAILED,
    cause: str = "",
    happening: object | None = None,
    persons_left: bool = False,
) -> None:
    """Commit that a job came to nothing, and put back what it worked on.

    Args:
        office: The surroundings.
        job: The job.
        reason: For the person who reads the run or release.
        status: Failed or cancelled.
        cause: The kind of error, for the log.
        happening: The event the act attached to its refusal, if it did.
        persons_left: Whether persons objected, or files were erased, while it was made: then nothing of it is kept.

    Raises:
        StateError: Another worker has taken it over; nothing was committed.
    """
    caller = job_caller(office, job)
    if status is JobStatus.CANCELLED:
        told: Happening = (
            LinkageCancelled(job=job.id) if job.kind is JobKind.SCORE else JobCancelled(job_kind=job.kind.value)
        )
    elif isinstance(happening, Happening):
        told = happening
    else:
        told = _FAILED[job.kind](job.id, cause or "abandoned")
    event = caller.event(told, project=job.project, subject=job.subject)
    with office.ledger.writing(caller) as ledger:
        back = _put_back(ledger, job, reason, status)
        if persons_left:
            back = tuple(without_files(one) if isinstance(one, Release) else one for one in back)
        finish_job(ledger, job, *back, event=event, status=status, failure=reason)


def park(office: Office, job: Job, *, failures: int, cause: str) -> None:
    """Set a job aside that breaks down every time. Its run or release stays as it is, until an administrator decides.

    Raises:
        StateError: Another worker has taken it over; nothing was committed.
    """
    caller = job_caller(office, job)
    reason = f"broke down {failures} times, the last time with {cause}; see the worker's log."
    event = caller.event(
        JobParked(job_kind=job.kind.value, failures=failures, reason=cause), project=job.project, subject=job.id
    )
    with office.ledger.writing(caller) as ledger:
        held = ledger.hold(job)
        ledger.save(replace(held, status=JobStatus.PARKED, failures=failures, failure=reason), event=event)


def queue_again(office: Office, caller: Caller, job_id: str) -> Job:
    """Queue a parked job again, once its cause is mended.

    Raises:
        StateError: It is not parked.
    """
    with office.ledger.writing(caller) as ledger:
        job = ledger.get(Job, job_id)
        caller.check(Action.JOB_RETRY, project=job.project)
        if job.status is not JobStatus.PARKED:
            raise StateError(f"job {job_id} is {job.status}.", remedy="Only a parked job can be queued again.")
        event = caller.event(JobQueuedAgain(job_kind=job.kind.value), project=job.project, subject=job_id)
        queued = replace(job, status=JobStatus.QUEUED, failures=0, not_before=0.0, failure="")
        ledger.save(queued, event=event)
        return ledger.get(Job, job_id)


def _put_back(ledger: Reader, job: Job, reason: str, status: JobStatus) -> tuple[Noun, ...]:
    if job.kind is JobKind.SCORE:
        end = RunStatus.CANCELLED if status is JobStatus.CANCELLED else RunStatus.FAILED
        return (replace(ledger.get(Run, job.subject), status=end, failure=reason),)
    if job.kind is JobKind.RESOLVE:
        return (replace(ledger.get(Run, job.subject), status=RunStatus.SCORED, failure=reason),)
    kind = _RELEASES.get(job.kind)
    if kind is not None:
        release = ledger.get(kind, job.subject)
        if release.status not in (ReleaseStatus.PROTECTING, ReleaseStatus.PUBLISHING):
            return ()  # made void meanwhile: persons objected
        packaging = release.status is ReleaseStatus.PUBLISHING
        step = ReleaseStep.PACKAGING_FAILED if packaging else ReleaseStep.THRESHOLDS_MISSED
        return (replace(release, status=next_status(release.status, step), failure=reason),)
    return ()
