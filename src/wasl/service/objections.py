"""Objections: persons whose records leave the next run, and the microdata and tables made after they objected.

A run leaves out the records of persons who objected before it was asked for. The record ids of a run's objections are
pinned to it. Their rows leave the deliveries before they are compared, and the join maps before persons are resolved.
Where the join maps are kept by another installation (strong mode), the pairs of these rows are dropped when the spine
keeper resolves the run.

Does not protect against: in strong mode the linkage unit still compares the rows, for it cannot know whose they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wasl.audit.events import ObjectionReceived
from wasl.errors import InputError, StateError
from wasl.linkage.model.pairs import ScoredPairs
from wasl.registers.exchange.delivery import Delivery
from wasl.registers.exchange.digests import digest_json
from wasl.registers.exchange.join_map import JoinMap
from wasl.registers.exchange.parquet_tables import read_parquet
from wasl.registers.exchange.payload import Payload
from wasl.registers.exchange.remaining_rows import RemainingRows
from wasl.service.access import Action
from wasl.service.pins import pinned_payloads
from wasl.service.ports import Area, Caller, Office, Reader
from wasl.service.projects import register_id
from wasl.service.records import Objection, Register, Release, Run, TableOrder
from wasl.service.unreleased import NOT_PUBLIC, voided_orders, voided_releases

__all__ = [
    "RowsOfObjectors",
    "deliveries_without",
    "maps_without",
    "objected_records",
    "objections_logged",
    "pairs_without",
    "pin_objections",
    "receive_objections",
    "require_same_persons",
    "without_objections",
]

MOST_RECORDS = 10_000
"""Record ids in one list of objections: 320 kB of the database."""

RECORD_ID_CHARS = 32

RowsOfObjectors = Mapping[str, pa.Array]
"""Row ids that a run leaves out, by digest of the delivery."""


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


def pin_objections(ledger: Reader, project: str) -> list[str]:
    """The ids of all objections of a project, as they stand now."""
    return [one.id for one in ledger.select(Objection, project=project)]


def require_same_persons(ledger: Reader, run: Run, seen: Sequence[str]) -> None:
    """Refuse to keep what was made from a run if persons objected, or a holder withdrew, while it was made.

    Raises:
        StateError: They did.
    """
    pinned_payloads(ledger, ledger.get(Run, run.id))
    if pin_objections(ledger, run.project) != list(seen):
        raise StateError("persons objected while this was made from their data.", remedy="Protect it again.")


def objected_records(ledger: Reader, run: Run) -> dict[str, pa.Array]:
    """The record ids that a run leaves out, by register."""
    found: dict[str, list[bytes]] = {}
    for name in run.objections:
        one = ledger.get(Objection, name)
        found.setdefault(one.register, []).extend(bytes.fromhex(text) for text in one.records)
    return {register: pa.array(ids, pa.binary(16)) for register, ids in found.items()}


def objections_logged(ledger: Reader, run: Run) -> dict[str, Any]:
    """The log's fields on the objections of a run: the number of records that leave, and a digest of their list."""
    records = sorted({record for name in run.objections for record in ledger.get(Objection, name).records})
    return {"objected": len(records), "objections_digest": digest_json(records)} if records else {}


def maps_without(maps: Sequence[JoinMap], records: Mapping[str, pa.Array]) -> tuple[list[JoinMap], dict[str, pa.Array]]:
    """The join maps without the records of objectors, and the row ids of these records by digest of the delivery.

    Records that share a row were declared one person by their holder, so they leave together.
    """
    kept, rows = [], {}
    for one in maps:
        ids = records.get(one.register)
        if ids is None or not len(ids):
            kept.append(one)
            continue
        whole = one if one.file is None else JoinMap.read(one.file)  # rows that lie in a file could not be filtered
        table = whole.rows
        gone = _of(table, "record_id", ids)
        while True:
            row_ids = table.column("row_id").filter(gone).drop_null().combine_chunks()
            owners = table.column("record_id").filter(_of(table, "row_id", row_ids)).combine_chunks()
            wider = pc.or_(gone, _of(table, "record_id", owners))
            if pc.sum(wider).as_py() == pc.sum(gone).as_py():
                break
            gone = wider
        rows[one.delivery_digest] = row_ids
        kept.append(replace(whole, rows=table.filter(pc.invert(gone))))
    return kept, rows


def deliveries_without(deliveries: Sequence[Delivery], rows: RowsOfObjectors) -> list[Delivery]:
    """The deliveries without some rows; the headers, and so the digests that name them, stay."""
    return [
        replace(one, source=RemainingRows(one.source, rows[one.digest])) if len(rows.get(one.digest, ())) else one
        for one in deliveries
    ]


def pairs_without(
    scored: ScoredPairs, rows: RowsOfObjectors, decisions: Mapping[int, str]
) -> tuple[ScoredPairs, dict[int, str]]:
    """The pairs without those of some rows, and the decisions under their new places."""
    gone = np.zeros(scored.pairs.num_rows, np.bool_)
    for source in scored.report["sources"]:
        ids = rows.get(source["delivery_digest"])
        if ids is None or not len(ids):
            continue
        for side in ("left", "right"):
            here = pc.equal(scored.pairs.column(f"{side}_register").cast(pa.string()), source["label"])
            gone |= np.asarray(pc.and_(here, _of(scored.pairs, f"{side}_row_id", ids)))
    if not gone.any():
        return scored, dict(decisions)
    place = np.cumsum(~gone) - 1
    moved = {int(place[old]): verdict for old, verdict in decisions.items() if not gone[old]}
    return replace(scored, pairs=scored.pairs.filter(pa.array(~gone))), moved


def _of(table: pa.Table, column: str, values: pa.Array) -> pa.ChunkedArray:
    return pc.is_in(table.column(column), value_set=values.cast(table.schema.field(column).type))
