"""Spines, links and pairs without the records of erased deliveries: keyed ids of persons are personal data, too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from wasl.linkage.model.pairs import ScoredPairs
from wasl.registers.exchange.join_map import JoinMap
from wasl.registers.exchange.parquet_tables import read_parquet
from wasl.service.artifacts import keep_artifact
from wasl.service.ports import Area, Office, Part, Reader
from wasl.service.records import Run, Submission, SubmissionKind

__all__ = ["Trimmed", "trim_run"]

TABLES = {"spine": "spine.parquet", "links": "links.parquet", "conflicts": "conflicts.parquet"}
"""Attributes of a run whose tables are kept without the erased records, and their names among the artifacts."""


@dataclass(frozen=True, slots=True)
class Trimmed:
    """A run without the records of erased deliveries.

    Attributes:
        run: The run, with new files.
        erased: Digests of the files that are to be erased.
        records: Records that left the spine.
    """

    run: Run
    erased: frozenset[str]
    records: int


def trim_run(office: Office, state: Reader, run: Run, purged: frozenset[str]) -> Trimmed | None:
    """The run without the records of deliveries that are erased, or None if it used none of them.

    Args:
        office: The surroundings.
        state: The state.
        run: The run.
        purged: Ids of the submissions that are erased now.
    """
    sent = state.select(Submission, project=run.project, kind=(SubmissionKind.DELIVERY, SubmissionKind.JOIN_MAP))
    by_digest: dict[str, list[Submission]] = {}
    for one in sent:
        digest = one.digest if one.kind is SubmissionKind.DELIVERY else str(one.header["delivery_digest"])
        by_digest.setdefault(digest, []).append(one)
    sources = run.report.get("sources", [])
    gone = [
        source for source in sources if any(one.id in purged for one in by_digest.get(source["delivery_digest"], ()))
    ]
    if not gone or not (run.pairs or run.spine):
        return None
    keep = _kept_records(office, sources, gone, by_digest, purged)
    erased: set[str] = set()
    changes: dict[str, Any] = {}
    artifacts = {name: digest for name, digest in run.artifacts.items() if not name.endswith((".parquet", ".csv"))}
    records = 0
    for attribute, name in TABLES.items():
        digest = getattr(run, attribute)
        if not digest:
            continue
        table, metadata = read_parquet(office.files.path(Area.SPINE, digest), attribute)
        left = _without(table, keep)
        records += table.num_rows - left.num_rows if attribute == "spine" else 0
        changes[attribute] = artifacts[name] = keep_artifact(office, Area.SPINE, left.replace_schema_metadata(metadata))
    if run.pairs:
        changes["pairs"] = _trimmed_pairs(office, run, {source["label"] for source in gone})
    before = {run.pairs, run.spine, run.links, run.conflicts, *map(str, run.artifacts.values())}
    report = {**run.report, "erased": {"registers": sorted(keep), "records": records}}
    changed = replace(run, **changes, artifacts=artifacts, report=report)
    after = {changed.pairs, changed.spine, changed.links, changed.conflicts, *artifacts.values()}
    erased |= before - after - {""}
    return Trimmed(changed, frozenset(erased), records)


def _kept_records(
    office: Office,
    sources: list[Mapping[str, Any]],
    gone: list[Mapping[str, Any]],
    by_digest: Mapping[str, list[Submission]],
    purged: frozenset[str],
) -> dict[str, pa.Array]:
    """For each register of an erased delivery the record ids that stay: those of its other deliveries of the run."""
    lost = {source["delivery_digest"] for source in gone}
    keep: dict[str, list[bytes]] = {source["register"]: [] for source in gone}
    for source in sources:
        if source["register"] not in keep or source["delivery_digest"] in lost:
            continue
        for one in by_digest.get(source["delivery_digest"], ()):
            if one.kind is SubmissionKind.JOIN_MAP and not one.purged and one.id not in purged:
                join = JoinMap.read(office.files.path(Area.SPINE, one.file))
                keep[source["register"]] += join.rows.column("record_id").to_pylist()
    return {register: pa.array(ids, pa.binary(16)) for register, ids in keep.items()}


def _without(table: pa.Table, keep: Mapping[str, pa.Array]) -> pa.Table:
    """The rows that name no erased record, on either side."""
    gone = pa.chunked_array([pa.array([False] * table.num_rows, pa.bool_())])
    for prefix in ("", "left_", "right_"):
        if f"{prefix}register" not in table.column_names or f"{prefix}record_id" not in table.column_names:
            continue
        ids = table.column(f"{prefix}record_id")
        for register, stay in keep.items():
            of = pc.equal(table.column(f"{prefix}register").cast(pa.string()), register)
            lost = pc.invert(pc.is_in(ids, value_set=stay.cast(ids.type)))
            gone = pc.or_(gone, pc.and_(of, lost))
    return table.filter(pc.invert(pc.fill_null(gone, False)))


def _trimmed_pairs(office: Office, run: Run, labels: set[str]) -> str:
    area = Area.SPINE if office.part is Part.SPINE else Area.LINKAGE
    table, metadata = read_parquet(office.files.path(area, run.pairs), "file of scored pairs")
    names = pa.array(sorted(labels))
    gone = [pc.is_in(table.column(f"{side}_register").cast(pa.string()), value_set=names) for side in ("left", "right")]
    left = table.filter(pc.invert(pc.or_(*gone)))
    ScoredPairs.from_table(left, metadata)
    return keep_artifact(office, area, left.replace_schema_metadata(metadata))
