"""Objections: persons whose records leave the next run, and the microdata and tables made after they objected.

A run leaves out the records of persons who objected before it was asked for. The record ids of a run's objections are
pinned to it. Their rows leave the deliveries before they are compared, and the join maps before persons are resolved.
Where the join maps are kept by another installation (strong mode), the pairs of these rows are dropped when the spine
keeper resolves the run.

Does not protect against: in strong mode the linkage unit still compares the rows, for it cannot know whose they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from wasl.audit.events import ObjectionReceived
from wasl.errors import InputError
from wasl.registers.exchange.digests import digest_json
from wasl.registers.exchange.objections import ObjectionList, ObjectionLists
from wasl.registers.exchange.parquet_tables import read_parquet
from wasl.registers.exchange.payload import Payload
from wasl.service.access import Action
from wasl.service.pins import PersonsLeftError
from wasl.service.ports import Area, Caller, Office, Reader
from wasl.service.projects import register_id
from wasl.service.records import Objection, Register, Release, Run, Submission, TableOrder
from wasl.service.unreleased import NOT_PUBLIC, voided_orders, voided_releases
from wasl.workflow.objections import payload_without, persons_of, spine_without

__all__ = [
    "PersonsKnown",
    "all_objections",
    "objected_records",
    "objection_lists",
    "objections_logged",
    "objections_of",
    "persons_known",
    "pin_objections",
    "receive_objections",
    "records_in_file",
    "require_same_persons",
    "without_objections",
]

MOST_RECORDS = 10_000
"""Record ids in one list of objections: 320 kB of the database."""

RECORD_ID_CHARS = 32


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
            *voided_releases(ledger.select(Release, project=project, status=NOT_PUBLIC), cause),
            *voided_orders(ledger.select(TableOrder, project=project, status=NOT_PUBLIC), cause),
        ]
        happening = ObjectionReceived(
            register=register,
            records=len(given),
            digest=digest_json(given),
            linked_records=sum(len(ids) for ids in others.values()),
        )
        ledger.save(*made, *void, event=caller.event(happening, project=project, subject=made[0].id))
        return ledger.get(Objection, made[0].id)


def records_in_file(data: bytes, register: str) -> list[str]:
    """The record ids in a file: one a line, or a list of objections as JSON or CSV (`ObjectionLists.parse`).

    Raises:
        InputError: It is neither, or names another register.
    """
    try:
        words = data.decode("utf-8-sig").split()
    except UnicodeDecodeError:
        words = []
    if words and all(len(one) == RECORD_ID_CHARS for one in words):
        return words
    lists = ObjectionLists.parse(data, "the file").lists
    others = sum(one.register != register for one in lists)
    if others:
        raise InputError(f"{others} lists of the file are of another register than {register}.")
    return [record for one in lists for record in one.records]


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
) -> tuple[pa.Table, list[Payload], ObjectionLists]:
    """Spine and payloads without persons who objected: all their records, in every register. And the objections."""
    lists = objection_lists(ledger.select(Objection, project=project))
    if not lists.lists:
        return spine, list(payloads), lists
    records = lists.by_register()
    gone = persons_of(spine, records)
    kept = [payload_without(payload, spine, gone, records) for payload in payloads]
    return spine_without(spine, gone), kept, lists


def objection_lists(objections: Iterable[Objection]) -> ObjectionLists:
    """Objections as lists in a file."""
    return ObjectionLists(tuple(ObjectionList(one.register, tuple(one.records)) for one in objections))


def all_objections(office: Office, caller: Caller, *, project: str) -> ObjectionLists:
    """The objections of a project with their record ids, in the order in which they arrived, for the spine keeper."""
    caller.check(Action.OBJECTION_LIST, project=project)
    with office.ledger.reading() as state:
        return objection_lists(state.select(Objection, project=project))


def pin_objections(ledger: Reader, project: str) -> list[str]:
    """The ids of all objections of a project, as they stand now."""
    return [one.id for one in ledger.select(Objection, project=project)]


@dataclass(frozen=True, slots=True)
class PersonsKnown:
    """What decides whose data may be used: compared before and after long work.

    Attributes:
        spine: Digest of the run's spine; an erasure replaces it.
        payloads: The payloads that are neither withdrawn nor erased.
        objections: The objections.
    """

    spine: str
    payloads: tuple[str, ...]
    objections: tuple[str, ...]


def persons_known(ledger: Reader, run: str) -> PersonsKnown:
    """What decides whose data a run may be used with, as it stands now."""
    found = ledger.get(Run, run)
    sent = [ledger.get(Submission, one) for one in found.payloads]
    usable = tuple(one.id for one in sent if not one.withdrawn and not one.purged)
    return PersonsKnown(found.spine, usable, tuple(pin_objections(ledger, found.project)))


def require_same_persons(ledger: Reader, run: str, seen: PersonsKnown) -> None:
    """Refuse to keep what was made from a run if somebody objected, withdrew or erased while it was made.

    Raises:
        PersonsLeftError: Somebody did.
    """
    now = persons_known(ledger, run)
    if now.objections != seen.objections:
        raise PersonsLeftError("persons objected while this was made from their data.", remedy="Protect it again.")
    if now != seen:
        raise PersonsLeftError(
            "files were withdrawn or erased while this was made from them.", remedy="Protect it again."
        )


def objected_records(ledger: Reader, run: Run) -> dict[str, pa.Array]:
    """The record ids that a run leaves out, by register."""
    return objections_of(ledger, run).by_register()


def objections_logged(ledger: Reader, run: Run) -> dict[str, Any]:
    """The log's fields on the objections of a run: the number of records that leave, and a digest of their list."""
    lists = objections_of(ledger, run)
    return {"objected": lists.count, "objections_digest": lists.digest} if lists.lists else {}


def objections_of(ledger: Reader, run: Run) -> ObjectionLists:
    """The objections of a run, pinned when it was asked for."""
    return objection_lists(ledger.get(Objection, name) for name in run.objections)
