"""Erasure: what may no longer be kept is deleted, and the log keeps digest and reason.

The erasure deletes the files of withdrawn submissions, of those older than their retention rule, and the unreleased
microdata made from them. Each thing erased has one entry in the log: its certificate. An erasure that finds nothing
says so in the log and certifies nothing.

Does not protect against: copies outside the service, in backups above all; the deployment page says how to treat them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from wasl.audit.events import ErasureRequested, FilesErased, Happening, NothingErased
from wasl.errors import StaleError
from wasl.service.access import Action
from wasl.service.erased_spines import Trimmed, trim_run
from wasl.service.jobs import ACTIVE, finish_job, job_caller, queue_job
from wasl.service.ports import Area, Caller, Office, Progress, Reader
from wasl.service.records import Job, JobKind, Noun, Project, Release, Run, Submission, SubmissionKind, TableOrder
from wasl.service.retention import due_now
from wasl.service.unreleased import NOT_PUBLIC, files_of_order, files_of_release, voided_orders, voided_releases

__all__ = [
    "erase",
    "named_files",
    "request_erasure",
    "schedule_erasures",
]

MOST_ATTEMPTS = 5
"""Attempts of one erasure before the job waits a moment; each repetition follows a file that became due meanwhile."""

AREAS = {
    SubmissionKind.DELIVERY: Area.LINKAGE,
    SubmissionKind.JOIN_MAP: Area.SPINE,
    SubmissionKind.PAYLOAD: Area.RELEASE,
}


def request_erasure(office: Office, caller: Caller, *, project: str) -> Job:
    """Ask that what is withdrawn or past its retention be deleted."""
    caller.check(Action.ERASE, project=project)
    with office.ledger.writing(caller) as ledger:
        ledger.get(Project, project)
        job = queue_job(office, caller, JobKind.ERASE, project=project, subject=project)
        ledger.save(job, event=caller.event(ErasureRequested(), project=project, subject=job.id))
        return ledger.get(Job, job.id)


@dataclass(frozen=True, slots=True)
class ErasureState:
    """Where the erasure of a project stands.

    Attributes:
        due: Submissions to erase now.
        jobs: The erasures that were asked for, the last first.
    """

    due: int
    jobs: list[Job]


def erasure_state(office: Office, project: str) -> ErasureState:
    """Where the erasure of a project stands."""
    with office.ledger.reading() as state:
        state.get(Project, project)
        jobs = state.select(Job, project=project, kind=JobKind.ERASE, descending=True, limit=20)
        return ErasureState(len(due_now(state, project, office.now())), jobs)


def schedule_erasures(office: Office, caller: Caller) -> list[Job]:
    """Ask for the erasure of every project where something is due and no erasure is under way."""
    asked = []
    with office.ledger.reading() as state:
        projects = [one.id for one in state.select(Project)]
    for project in projects:
        found = erasure_state(office, project)
        if not found.due or any(one.status in ACTIVE for one in found.jobs):
            continue
        job = queue_job(office, caller, JobKind.ERASE, project=project, subject=project)
        with office.ledger.writing(caller) as ledger:
            ledger.save(job, event=caller.event(ErasureRequested(), project=project, subject=job.id))
            asked.append(ledger.get(Job, job.id))
    return asked


def erase(office: Office, job: Job, progress: Progress) -> None:
    """The job: mark what is due as erased, log the certificate, and delete the files.

    A process that dies between the log and the deletion leaves files that the log shows as discarded; the next sweep
    deletes them.
    """
    for _ in range(MOST_ATTEMPTS):
        progress(0, 2)
        with office.ledger.reading() as state:
            due = frozenset(one.id for one, _ in due_now(state, job.project, office.now()))
            runs = state.select(Run, project=job.project)
            seen = {run.id: run.version for run in runs}
            trimmed = {run.id: made for run in runs if (made := trim_run(office, state, run, due)) is not None}
        files = _commit(office, job, due, trimmed, seen)
        if files is not None:
            break
    else:
        raise StaleError("submissions kept arriving while files were erased.")
    with office.ledger.reading() as state:
        named = named_files(state)
    for area, digest in files:
        if digest not in named:
            office.files.erase(area, digest)


def _commit(
    office: Office, job: Job, expected: frozenset[str], trimmed: Mapping[str, Trimmed], seen: Mapping[str, int]
) -> set[tuple[Area, str]] | None:
    """Log the erasure and change what it touches.

    Args:
        office: The surroundings.
        job: The job.
        expected: The submissions that were due.
        trimmed: The runs without their records.
        seen: Version of each run of the project then.

    Returns:
        The files to delete, or None if other files became due, or a run was made or changed, meanwhile.
    """
    caller = job_caller(office, job)
    with office.ledger.writing(caller) as ledger:
        due = due_now(ledger, job.project, caller.at)
        affected = {one.id for one, _ in due}
        every = ledger.select(Run, project=job.project)
        if affected != expected or {run.id: run.version for run in every} != seen:
            return None
        runs = [run for run in every if affected & {*run.payloads, *run.deliveries}]
        of_runs = {*(run.id for run in runs), *trimmed}
        releases = [one for one in ledger.select(Release, project=job.project, status=NOT_PUBLIC) if one.run in of_runs]
        orders = [
            one for one in ledger.select(TableOrder, project=job.project, status=NOT_PUBLIC) if one.run in of_runs
        ]
        unreleased = {digest for one in releases for digest in files_of_release(one)}
        unreleased |= {digest for one in orders if not one.answered for digest in files_of_order(one)}
        files = {(AREAS[one.kind], one.file) for one, _ in due} | {(Area.RELEASE, digest) for digest in unreleased}
        cause = "what it was made from was erased"
        void = [*voided_releases(releases, cause), *voided_orders(orders, cause)]
        acts: list[tuple[list[Noun], Happening, str]] = []
        for one, rule in due:
            happening = FilesErased(files=(one.file,), reason=rule, rule=f"{one.kind} of {one.register}")
            acts.append(([replace(one, withdrawn=True, purged=True)], happening, one.id))
        for name, made in trimmed.items():
            happening = FilesErased(
                files=tuple(sorted(made.erased)), reason="made from erased deliveries", rule="spine, links and pairs"
            )
            acts.append(([made.run], happening, name))
            files |= {(area, digest) for digest in made.erased for area in (Area.LINKAGE, Area.SPINE)}
        if unreleased:
            happening = FilesErased(
                files=tuple(sorted(unreleased)), reason="made from erased files", rule="unreleased microdata and tables"
            )
            acts.append(([], happening, job.id))
        result = {
            "submissions": len(due),
            "releases": len(releases),
            "orders": len(orders),
            "runs": len(trimmed),
            "records": sum(made.records for made in trimmed.values()),
            "files": len(files),
        }
        *earlier, (nouns, last, subject) = acts or [([], NothingErased(), job.id)]
        for changed, certificate, name in earlier:
            ledger.save(*changed, event=caller.event(certificate, project=job.project, subject=name))
        event = caller.event(last, project=job.project, subject=subject)
        finish_job(ledger, replace(job, result=result), *nouns, *void, event=event)
        return files


def named_files(state: Reader) -> set[str]:
    """The digests of all files that a submission, run or release names; erased ones are not among them."""
    named = {one.file for one in state.select(Submission) if not one.purged}
    for run in state.select(Run):
        named |= {run.pairs, run.links, run.spine, run.conflicts, *map(str, run.artifacts.values())}
    for release in state.select(Release):
        named |= {release.package, *files_of_release(release)}
    for order in state.select(TableOrder):
        named |= {order.package, *files_of_order(order)}
    return named - {""}
