"""Retention, objections and erasure: what may no longer be kept is deleted, and the log keeps digest and reason.

A holder's withdrawal stops the use of a file at once. The erasure deletes the files of withdrawn submissions, of those
older than their retention rule, and the unreleased microdata made from them. Its log entry is the certificate.

Does not protect against: copies outside the service, in backups above all; the deployment page says how to treat them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from wasl.audit.events import ErasureRequested, FilesErased, ObjectionReceived, RetentionDeclared
from wasl.errors import InputError, StateError
from wasl.registers.exchange.digests import digest_json
from wasl.registers.exchange.parquet_tables import read_parquet
from wasl.registers.exchange.payload import Payload
from wasl.service.access import Action
from wasl.service.erased_spines import Trimmed, trim_run
from wasl.service.jobs import ACTIVE, finish_job, job_caller, queue_job
from wasl.service.ports import Area, Caller, Office, Progress, Reader
from wasl.service.projects import register_id
from wasl.service.records import (
    Job,
    JobKind,
    Objection,
    Project,
    Register,
    Release,
    RetentionRule,
    Run,
    Submission,
    SubmissionKind,
    TableOrder,
)
from wasl.service.states import ReleaseStatus, ReleaseStep, next_status

__all__ = [
    "declare_retention",
    "due_day",
    "due_submissions",
    "erase",
    "named_files",
    "receive_objections",
    "request_erasure",
    "schedule_erasures",
    "without_objections",
]

LONGEST_DAYS = 36_500
MOST_RECORDS = 10_000
"""Record ids in one list of objections: 320 kB of the database."""

RECORD_ID_CHARS = 32
MOST_ATTEMPTS = 5
"""Attempts of one erasure; each repetition follows a file that became due meanwhile."""
UNRELEASED = (
    ReleaseStatus.UNSAFE,
    ReleaseStatus.PROTECTED,
    ReleaseStatus.REQUESTED,
    ReleaseStatus.REFUSED,
    ReleaseStatus.APPROVED,
)
NOT_PUBLIC = (*UNRELEASED, ReleaseStatus.PUBLISHING)
"""States in which an objection makes a release void; a job that packages it then has nothing to publish."""

AREAS = {
    SubmissionKind.DELIVERY: Area.LINKAGE,
    SubmissionKind.JOIN_MAP: Area.SPINE,
    SubmissionKind.PAYLOAD: Area.RELEASE,
}


def declare_retention(
    office: Office, caller: Caller, *, project: str, register: str, round_name: str, days: int
) -> RetentionRule:
    """Set how long what a register sent is kept; an empty register or round stands for all without a rule of its own.

    Raises:
        InputError: The number of days is not one.
    """
    caller.check(Action.RETENTION_SET, project=project)
    if not 0 <= days <= LONGEST_DAYS:
        raise InputError(f"a retention rule has between 0 and {LONGEST_DAYS:,} days.")
    name = f"{project}/{register}/{round_name}"
    with office.ledger.writing(caller) as ledger:
        ledger.get(Project, project)
        if register:
            ledger.get(Register, register_id(project, register))
        known = ledger.find(RetentionRule, name)
        rule = RetentionRule(
            id=name,
            version=0 if known is None else known.version,
            created_at=caller.stamp,
            created_by=caller.actor.name,
            project=project,
            register=register,
            round=round_name,
            days=days,
        )
        happening = RetentionDeclared(register=register, round=round_name, days=days)
        ledger.save(rule, event=caller.event(happening, project=project, subject=name))
        return ledger.get(RetentionRule, name)


def receive_objections(
    office: Office, caller: Caller, *, project: str, register: str, records: Sequence[str]
) -> Objection:
    """Take in record ids of persons who object: unreleased microdata are void, later ones leave these persons out.

    Raises:
        InputError: A record id is not one; gives its place in the list.
    """
    caller.check(Action.OBJECTION_SEND, project=project, register=register)
    given = list(dict.fromkeys(one.lower() for one in records))
    for place, one in enumerate(given):
        if len(one) != RECORD_ID_CHARS or set(one) - set("0123456789abcdef"):
            raise InputError(f"record id {place + 1} of the list is not one of {RECORD_ID_CHARS} hexadecimal digits.")
    if not 0 < len(given) <= MOST_RECORDS:
        raise InputError(f"a list of objections has between 1 and {MOST_RECORDS:,} record ids.")
    others = _records_of_same_persons(office, project, register, given)
    with office.ledger.writing(caller) as ledger:
        ledger.get(Register, register_id(project, register))
        made = [
            Objection(
                id=office.new_id(),
                created_at=caller.stamp,
                created_by=caller.actor.name,
                project=project,
                register=name,
                records=ids,
            )
            for name, ids in ((register, given), *sorted(others.items()))
        ]
        cause = "persons objected"
        void = [
            *_voided(ledger.select(Release, project=project, status=NOT_PUBLIC), cause),
            *_voided_orders(ledger.select(TableOrder, project=project, status=NOT_PUBLIC), cause),
        ]
        happening = ObjectionReceived(
            register=register,
            records=len(given),
            digest=digest_json(given),
            linked_records=sum(len(ids) for ids in others.values()),
        )
        ledger.save(*made, *void, event=caller.event(happening, project=project, subject=made[0].id))
        return ledger.get(Objection, made[0].id)


def _records_of_same_persons(
    office: Office, project: str, register: str, records: Sequence[str]
) -> dict[str, list[str]]:
    """Record ids of the same persons in other registers, as the last spine knows them: they leave the next run, too."""
    with office.ledger.reading() as state:
        runs = [run for run in state.select(Run, project=project, descending=True) if run.spine]
    if not runs:
        return {}
    spine, _ = read_parquet(office.files.path(Area.SPINE, runs[0].spine), "spine")
    registers = spine.column("register").cast(pa.string())
    ids = spine.column("record_id")
    given = pa.array([bytes.fromhex(text) for text in records], ids.type)
    persons = pc.unique(
        spine.column("person_id").filter(pc.and_(pc.equal(registers, register), pc.is_in(ids, value_set=given)))
    )
    same = pc.and_(pc.is_in(spine.column("person_id"), value_set=persons), pc.not_equal(registers, register))
    found: dict[str, list[str]] = {}
    for name, one in zip(registers.filter(same).to_pylist(), ids.filter(same).to_pylist(), strict=True):
        found.setdefault(name, []).append(one.hex())
    return found


def without_objections(
    ledger: Reader, project: str, spine: pa.Table, payloads: Sequence[Payload]
) -> tuple[pa.Table, list[Payload]]:
    """Spine and payloads without the persons who objected: all their records, in every register."""
    registers = spine.column("register").cast(pa.string())
    ids = spine.column("record_id")
    objected = pc.equal(registers, "")  # nobody yet
    listed: dict[str, list[bytes]] = {}
    for one in ledger.select(Objection, project=project):
        listed.setdefault(one.register, []).extend(bytes.fromhex(text) for text in one.records)
    if not listed:
        return spine, list(payloads)
    gone_ids = {register: pa.array(records, ids.type) for register, records in listed.items()}
    for register, records in gone_ids.items():
        objected = pc.or_(objected, pc.and_(pc.equal(registers, register), pc.is_in(ids, value_set=records)))
    persons = pc.unique(spine.column("person_id").filter(objected))
    gone = pc.is_in(spine.column("person_id"), value_set=persons)
    of_persons = ids.filter(gone).combine_chunks()
    kept = []
    for payload in payloads:
        own = payload.rows.column("record_id")
        lost = pc.is_in(own, value_set=of_persons)
        if payload.register in gone_ids:
            lost = pc.or_(lost, pc.is_in(own, value_set=gone_ids[payload.register]))
        kept.append(replace(payload, rows=payload.rows.filter(pc.invert(lost))))
    return spine.filter(pc.invert(gone)), kept


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
        return ErasureState(len(_due(state, project, office.now())), jobs)


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
            due = frozenset(one.id for one, _ in _due(state, job.project, office.now()))
            runs = state.select(Run, project=job.project)
            trimmed = {run.id: made for run in runs if (made := trim_run(office, state, run, due)) is not None}
        files = _commit(office, job, due, trimmed)
        if files is not None:
            break
    else:
        raise StateError("submissions kept arriving while files were erased.", remedy="Ask for the erasure again.")
    with office.ledger.reading() as state:
        named = named_files(state)
    for area, digest in files:
        if digest not in named:
            office.files.erase(area, digest)


def _commit(
    office: Office, job: Job, expected: frozenset[str], trimmed: Mapping[str, Trimmed]
) -> set[tuple[Area, str]] | None:
    """Log the erasure and change what it touches; gives the files to delete, or None if other files became due."""
    caller = job_caller(office, job)
    with office.ledger.writing(caller) as ledger:
        due = _due(ledger, job.project, caller.at)
        affected = {one.id for one, _ in due}
        stale = any(made.run.version != ledger.get(Run, name).version for name, made in trimmed.items())
        if affected != expected or stale:
            return None
        runs = [run for run in ledger.select(Run, project=job.project) if affected & {*run.payloads, *run.deliveries}]
        of_runs = {*(run.id for run in runs), *trimmed}
        releases = [one for one in ledger.select(Release, project=job.project, status=UNRELEASED) if one.run in of_runs]
        orders = [
            one for one in ledger.select(TableOrder, project=job.project, status=UNRELEASED) if one.run in of_runs
        ]
        unreleased = {digest for one in releases for digest in _files_of(one)}
        unreleased |= {digest for one in orders if not one.answered for digest in _files_of_order(one)}
        files = {(AREAS[one.kind], one.file) for one, _ in due} | {(Area.RELEASE, digest) for digest in unreleased}
        cause = "what it was made from was erased"
        void = [*_voided(releases, cause), *_voided_orders(orders, cause)]
        for one, rule in due:
            happening = FilesErased(files=(one.file,), reason=rule, rule=f"{one.kind} of {one.register}")
            event = caller.event(happening, project=job.project, subject=one.id)
            ledger.save(replace(one, withdrawn=True, purged=True), event=event)
        for name, made in trimmed.items():
            happening = FilesErased(
                files=tuple(sorted(made.erased)), reason="made from erased deliveries", rule="spine, links and pairs"
            )
            ledger.save(made.run, event=caller.event(happening, project=job.project, subject=name))
            files |= {(area, digest) for digest in made.erased for area in (Area.LINKAGE, Area.SPINE)}
        happening = FilesErased(
            files=tuple(sorted(unreleased)), reason="made from erased files", rule="unreleased microdata and tables"
        )
        result = {
            "submissions": len(due),
            "releases": len(releases),
            "orders": len(orders),
            "runs": len(trimmed),
            "records": sum(made.records for made in trimmed.values()),
            "files": len(files),
        }
        event = caller.event(happening, project=job.project, subject=job.id)
        finish_job(ledger, replace(job, result=result), *void, event=event)
        return files


def named_files(state: Reader) -> set[str]:
    """The digests of all files that a submission, run or release names; erased ones are not among them."""
    named = {one.file for one in state.select(Submission) if not one.purged}
    for run in state.select(Run):
        named |= {run.pairs, run.links, run.spine, run.conflicts, *map(str, run.artifacts.values())}
    for release in state.select(Release):
        named |= {release.package, *_files_of(release)}
    for order in state.select(TableOrder):
        named |= {order.package, *_files_of_order(order)}
    return named - {""}


def _files_of(release: Release) -> set[str]:
    return {release.microdata, release.protected, *map(str, release.artifacts.values())} - {""}


def _files_of_order(order: TableOrder) -> set[str]:
    return {order.protected, *map(str, order.artifacts.values())} - {""}


def _voided_orders(orders: Iterable[TableOrder], reason: str) -> list[TableOrder]:
    """The orders without their answers.

    The desk keeps the intervals of those that were answered once: whoever ordered them may know their figures, and
    later tables are audited against them.
    """
    void = []
    for one in orders:
        kept = replace(
            one,
            status=next_status(one.status, ReleaseStep.VOID),
            failure=f"{reason}; order the tables anew.",
            requested_by="",
            decided_by="",
        )
        if not one.answered:
            kept = replace(kept, protected="", artifacts={}, report={}, public_report={}, earlier=[])
        void.append(kept)
    return void


def _voided(releases: Iterable[Release], reason: str) -> list[Release]:
    """The releases without their files: to be protected anew, requested and approved anew."""
    return [
        replace(
            one,
            status=next_status(one.status, ReleaseStep.VOID),
            microdata="",
            protected="",
            artifacts={},
            risk={},
            public_report={},
            failure=f"{reason}; protect the file again.",
            requested_by="",
            decided_by="",
        )
        for one in releases
    ]


def due_day(submission: Submission, rules: Sequence[RetentionRule]) -> str | None:
    """The day from which a submission is to be erased, ISO 8601; None where no rule concerns it."""
    days = _days(submission, rules)
    return None if days is None else (_sent(submission) + timedelta(days=days)).date().isoformat()


def due_submissions(submissions: Iterable[Submission], rules: Sequence[RetentionRule], now: datetime) -> dict[str, str]:
    """The ids of the submissions to erase, each with the reason."""
    due: dict[str, str] = {}
    for one in submissions:
        days = _days(one, rules)
        if one.withdrawn:
            due[one.id] = "withdrawn by its holder"
        elif days is not None and now - _sent(one) >= timedelta(days=days):
            due[one.id] = f"kept for {days} days, as its rule says"
    return due


def _days(submission: Submission, rules: Sequence[RetentionRule]) -> int | None:
    """The days of the nearest rule: of register and round, register, round, project."""
    known = {(rule.register, rule.round): rule.days for rule in rules}
    round_name = str(submission.header.get("round", ""))
    keys = ((submission.register, round_name), (submission.register, ""), ("", round_name), ("", ""))
    return next((known[key] for key in keys if key in known), None)


def _sent(submission: Submission) -> datetime:
    return datetime.fromisoformat(submission.sent_at or submission.created_at)


def _due(ledger: Reader, project: str, now: datetime) -> list[tuple[Submission, str]]:
    """The submissions to erase, each with the reason."""
    sent = ledger.select(Submission, project=project, purged=False)
    due = due_submissions(sent, ledger.select(RetentionRule, project=project), now)
    return [(one, due[one.id]) for one in sent if one.id in due]
