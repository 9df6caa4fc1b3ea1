"""Objections at linkage: a run leaves out the records of persons who objected before it was asked for.

The record ids of a run's objections are pinned to it. Their rows leave the deliveries before they are compared, and the
join maps before persons are resolved. Where the join maps are kept by another installation (strong mode), the pairs of
these rows are dropped when the spine keeper resolves the run.

Does not protect against: in strong mode the linkage unit still compares the rows, for it cannot know whose they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wasl.errors import StateError
from wasl.linkage.model.pairs import ScoredPairs
from wasl.registers.exchange.delivery import Delivery
from wasl.registers.exchange.digests import digest_json
from wasl.registers.exchange.join_map import JoinMap
from wasl.registers.exchange.remaining_rows import RemainingRows
from wasl.service.pins import pinned_payloads
from wasl.service.ports import Reader
from wasl.service.records import Objection, Run

__all__ = [
    "RowsOfObjectors",
    "deliveries_without",
    "maps_without",
    "objected_records",
    "objections_logged",
    "pairs_without",
    "pin_objections",
    "require_same_persons",
]

RowsOfObjectors = Mapping[str, pa.Array]
"""Row ids that a run leaves out, by digest of the delivery."""


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
