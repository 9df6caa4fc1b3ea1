"""Effects of the objections that a holder sent: the runs and unreleased files that leave these persons out.

Does not protect against: a holder who learns from the number of persons left out of a file that persons of its list
are in it. A register whose schema says ``return = "none"`` is told no such number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from wasl.errors import NotFoundError
from wasl.registers.documents import validate_document
from wasl.registers.exchange.parquet_tables import opened_parquet
from wasl.registers.schema import RegisterSchema
from wasl.service.access import Action
from wasl.service.log import event_of
from wasl.service.ports import Area, Caller, LogEntry, Office, Reader
from wasl.service.projects import register_id
from wasl.service.records import Objection, Register, Release, Run, Submission, SubmissionKind, TableOrder
from wasl.service.states import ReleaseStatus

__all__ = ["CAUSE", "FileEffect", "SentObjections", "sent_objections", "sent_objections_of"]

CAUSE = "persons objected"
"""The beginning of the failure of a file that an objection made void."""

ENTRIES_AT_A_TIME = 5000

BATCH_ROWS = 500_000
"""Record ids read at a time: 8 MB."""

WITH_RECORDS = {SubmissionKind.JOIN_MAP: Area.SPINE, SubmissionKind.PAYLOAD: Area.RELEASE}
"""The kinds of files that name records, and where they are kept."""


@dataclass(frozen=True, slots=True)
class FileEffect:
    """A file of the project and what an objection did to it.

    Attributes:
        file: The release, or the order of tables.
        effect: ``void``, ``left out``, ``public before``, ``withdrawn before``, ``in the making`` or ``not made``.
        persons: Persons who objected that it lost, of all lists; None where that is not known, or not told.
    """

    file: Release | TableOrder
    effect: str
    persons: int | None


@dataclass(frozen=True, slots=True)
class SentObjections:
    """A list of objections that a holder sent.

    Attributes:
        objection: The list.
        entry: Number of the entry of the log that records it.
        digest: The digest of the list in that entry.
        runs: Runs that leave its records out, the newest first.
        earlier_runs: How many runs with a spine were asked for before it arrived.
        files: The effect on each file and order of the project.
        known: How many of its records stand in files of the register that are kept here; None where none is kept.
    """

    objection: Objection
    entry: int
    digest: str
    runs: Sequence[Run]
    earlier_runs: int
    files: Sequence[FileEffect]
    known: int | None


def sent_objections(office: Office, caller: Caller, *, project: str, register: str) -> list[SentObjections]:
    """The lists of a register's holder, the newest first; without those that follow from lists of other holders."""
    caller.check(Action.OBJECTION_SEND, project=project, register=register)
    with office.ledger.reading() as state:
        events = [(one.index, event_of(one.data)) for one in _entries(state, project)]
        own = {event.subject: (index, event) for index, event in events if event.detail.get("register") == register}
        lists = state.select(Objection, project=project, register=register, descending=True)
        runs = state.select(Run, project=project, descending=True)
        files: list[Release | TableOrder] = [*state.select(Release, project=project)]
        files += state.select(TableOrder, project=project)
        told = _told(state, project, register)
        found = _found_records(office, state, lists)
    return [
        SentObjections(
            objection=one,
            entry=own[one.id][0],
            digest=str(own[one.id][1].detail["digest"]),
            runs=[run for run in runs if one.id in run.objections],
            earlier_runs=sum(bool(run.spine) and run.created_at < one.created_at for run in runs),
            files=[_effect(file, one, told=told) for file in files],
            known=None if found is None else len(found.intersection(one.records)),
        )
        for one in lists
        if one.id in own
    ]


def sent_objections_of(
    office: Office, caller: Caller, *, project: str, register: str, objection: str
) -> SentObjections:
    """One list that a register's holder sent.

    Raises:
        NotFoundError: There is no such list, or another holder sent it.
    """
    for one in sent_objections(office, caller, project=project, register=register):
        if one.objection.id == objection:
            return one
    raise NotFoundError("there is no such list of objections of this register.")


def _entries(state: Reader, project: str) -> Iterator[LogEntry]:
    """The entries of the log that record a list of the project."""
    first = 0
    while True:
        some = state.log_entries(first=first, limit=ENTRIES_AT_A_TIME, kind="ObjectionReceived", project=project)
        yield from some
        if len(some) < ENTRIES_AT_A_TIME:
            return
        first = some[-1].index + 1


def _found_records(office: Office, state: Reader, lists: Sequence[Objection]) -> frozenset[str] | None:
    """Those record ids of lists of one register that stand in its join maps or payloads; None where none is kept.

    The newest file comes first. Reading ends where every id is found, so it is long only for ids that are in no file.
    """
    if not lists:
        return None
    one_register: dict[str, Any] = {"project": lists[0].project, "register": lists[0].register, "purged": False}
    kept = state.select(Submission, kind=tuple(WITH_RECORDS), descending=True, **one_register)
    missing = {bytes.fromhex(record) for one in lists for record in one.records}
    found: set[bytes] = set()
    for one in kept:
        with opened_parquet(office.files.path(WITH_RECORDS[one.kind], one.file), one.kind.value) as file:
            for batch in file.iter_batches(BATCH_ROWS, columns=["record_id"]):
                given = pa.array(sorted(missing), batch.column(0).type)
                here = set(batch.column(0).filter(pc.is_in(batch.column(0), value_set=given)).to_pylist())
                found, missing = found | here, missing - here
                if not missing:
                    break
        if not missing:
            break
    return frozenset(one.hex() for one in found) if kept else None


def _told(state: Reader, project: str, register: str) -> bool:
    found = state.get(Register, register_id(project, register))
    schema = validate_document(RegisterSchema, dict(found.definition), f"the schema of {register!r}")
    return schema.returns != "none"


def _effect(file: Release | TableOrder, objection: Objection, *, told: bool) -> FileEffect:
    public = file.status in (ReleaseStatus.PUBLISHED, ReleaseStatus.WITHDRAWN)
    lost = file.risk.get("records_objected") if isinstance(file, Release) else None
    if public and file.published_at < objection.created_at:
        effect = "public before" if file.status is ReleaseStatus.PUBLISHED else "withdrawn before"
    elif file.failure.startswith(CAUSE):
        effect = "void"
    elif file.status is ReleaseStatus.UNSAFE:
        effect = "not made"
    elif file.status is ReleaseStatus.PROTECTING:
        effect = "in the making"
    else:
        effect = "left out"
    persons = int(lost) if told and effect == "left out" and lost is not None else None
    return FileEffect(file, effect, persons)
