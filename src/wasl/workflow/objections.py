"""Objections: rows of deliveries and join maps, pairs and persons that a run and a release leave out.

The service and the auditor call these functions, so that a run is made again as it was made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wasl.linkage.model.pairs import ScoredPairs
from wasl.registers.exchange.delivery import Delivery
from wasl.registers.exchange.join_map import JoinMap
from wasl.registers.exchange.payload import Payload
from wasl.registers.exchange.remaining_rows import RemainingRows

__all__ = [
    "RowsOfObjectors",
    "deliveries_without",
    "maps_in_memory",
    "maps_without",
    "pairs_without",
    "payload_without",
    "persons_of",
    "records_found",
    "spine_without",
]

RowsOfObjectors = Mapping[str, pa.Array]
"""Row ids that a run leaves out, by digest of the delivery."""


def maps_in_memory(maps: Sequence[JoinMap], records: Mapping[str, pa.Array]) -> list[JoinMap]:
    """The join maps, those of objectors read into memory: each is read once, however often it is looked at."""
    return [one.in_memory() if one.register in records else one for one in maps]


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
        whole = one.in_memory()  # rows that lie in a file could not be filtered
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


def records_found(maps: Sequence[JoinMap], records: Mapping[str, pa.Array]) -> int:
    """How many of these records are in the join maps."""
    found = 0
    for one in maps:
        if one.register in records:
            table = one.in_memory().rows
            known = table.column("record_id").filter(_of(table, "record_id", records[one.register]))
            found += len(pc.unique(known))
    return found


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


def persons_of(spine: pa.Table, records: Mapping[str, pa.Array]) -> pa.Array:
    """For each row of a spine: whether it is of a person with one of these records."""
    registers = spine.column("register").cast(pa.string())
    ids = spine.column("record_id")
    objected = pc.equal(registers, "")  # nobody yet
    for register, wanted in records.items():
        objected = pc.or_(
            objected, pc.and_(pc.equal(registers, register), pc.is_in(ids, value_set=wanted.cast(ids.type)))
        )
    persons = pc.unique(spine.column("person_id").filter(objected))
    return pc.is_in(spine.column("person_id"), value_set=persons)


def spine_without(spine: pa.Table, gone: pa.Array) -> pa.Table:
    """The spine without the rows that `persons_of` gives."""
    return spine.filter(pc.invert(gone))


def payload_without(payload: Payload, spine: pa.Table, gone: pa.Array, records: Mapping[str, pa.Array]) -> Payload:
    """A payload without the records of those persons, and without the records named that are in no spine."""
    own = payload.rows.column("record_id")
    lost = pc.is_in(own, value_set=spine.column("record_id").filter(gone).combine_chunks().cast(own.type))
    if payload.register in records:
        lost = pc.or_(lost, pc.is_in(own, value_set=records[payload.register].cast(own.type)))
    return replace(payload, rows=payload.rows.filter(pc.invert(lost)))


def _of(table: pa.Table, column: str, values: pa.Array) -> pa.ChunkedArray:
    return pc.is_in(table.column(column), value_set=values.cast(table.schema.field(column).type))
