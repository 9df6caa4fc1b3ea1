"""The act of the spine keeper: scored pairs and join maps to persons."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.audit.events import SpineResolved
from wasl.linkage.model.pairs import ScoredPairs
from wasl.linkage.persons.merging import MergedPairs
from wasl.linkage.persons.records import Records
from wasl.linkage.plan import LinkagePlan
from wasl.linkage.quality.breakdown import UNMET_KEY
from wasl.linkage.quality.report import render_report, render_review
from wasl.linkage.resolve import Resolution
from wasl.linkage.resolve import resolve as resolve_pairs
from wasl.registers.exchange.digests import digest_table
from wasl.registers.exchange.join_map import JoinMap
from wasl.registers.exchange.objections import ObjectionLists
from wasl.registers.exchange.plain_json import json_bytes, plain_json
from wasl.workflow.act import Act, Artifact, RunOptions
from wasl.workflow.authorized import asked_for_sources, hold, sources_of_maps
from wasl.workflow.objections import maps_in_memory, maps_without, pairs_without, records_found

__all__ = ["apply_decisions", "resolve"]

REVIEW_COLUMNS = ("pair", "left_register", "left_record_id", "right_register", "right_record_id")


def resolve(
    plan: LinkagePlan,
    scored: ScoredPairs,
    joins: Sequence[JoinMap],
    options: RunOptions,
    *,
    run: str,
    onto: pa.Table | None = None,
    decisions: Mapping[int, str] | None = None,
    look: Callable[[MergedPairs, Records], NDArray[np.float64]] | None = None,
    objections: ObjectionLists | None = None,
) -> Act[Resolution, SpineResolved]:
    """Resolve scored pairs into persons.

    Args:
        plan: Costs, assignment and constraints.
        scored: Pairs of rows with probabilities.
        joins: One join map per linked delivery.
        options: Progress; the authorization to which the act is held, and the day.
        run: Name of this run, kept with the records it places.
        onto: The spine to build onto: its persons keep their ids.
        decisions: Reviewers' decisions by row of ``scored.pairs``: ``same`` or ``different``. They replace the
            model's probabilities.
        look: A second measurement of the pairs, see :func:`wasl.linkage.resolve.resolve`.
        objections: Records that are left out, with the pairs of their rows.

    Returns:
        Artifacts ``spine.parquet`` (its metadata hold the probability of an unmet match per register),
        ``links.parquet``, ``conflicts.parquet``, ``changes.parquet``, ``review.parquet``, ``review.csv``,
        ``review.html``, ``report.json`` and ``report.html``.

    Raises:
        AuthorizationError: The authorization in the options does not cover the linkage.
        MismatchError: A join map is missing or belongs to another delivery.
        DeliveryError: A pair names a row that is in no join map.
    """
    standing = None
    if options.authorization is not None:
        sources = sources_of_maps(joins, scored.report["sources"])
        keys = scored.pairs.column("pass").cast(pa.string()).unique().to_pylist()
        standing = hold(options, asked_for_sources("resolve", sources, options, keys=keys))
    decisions = decisions or {}
    heeded = objections if objections is not None and objections.lists else None
    whole, found = scored, 0
    if heeded is not None:
        joins = maps_in_memory(joins, heeded.by_register())
    join_digests = _join_digests(scored, joins)
    if heeded is not None:
        found = records_found(joins, heeded.by_register())
        joins, rows = maps_without(joins, heeded.by_register())
        scored, decisions = pairs_without(scored.in_memory(), rows, decisions)
    decided = replace(scored, pairs=apply_decisions(scored.in_memory().pairs, decisions)) if decisions else scored
    if options.progress:
        options.progress(0, 2)
    resolution = resolve_pairs(plan, decided, joins, run=run, onto=onto, look=look)
    if options.progress:
        options.progress(1, 2)
    chances = resolution.report["quality"]["unmet"]
    unmet = {source["register"]: chances[source["label"]] for source in scored.report["sources"]}
    report = plain_json(resolution.report)
    if heeded is not None:
        report |= {"objected": heeded.count, "objected_found": found}
    if standing is not None:
        report["authorization"] = standing.to_json()
    rows = resolution.review.to_pylist()
    artifacts: dict[str, Artifact] = {
        "spine.parquet": resolution.spine.replace_schema_metadata({UNMET_KEY: json.dumps(unmet).encode()}),
        "links.parquet": resolution.links,
        "conflicts.parquet": resolution.conflicts,
        "changes.parquet": resolution.changes,
        "review.parquet": resolution.review,
        "review.csv": _review_sheet(rows),
        "review.html": render_review(rows, scored.model.passes, options.language).encode(),
        "report.json": json_bytes(report),
        "report.html": render_report(report, options.language).encode(),
    }
    event = SpineResolved(
        run=run,
        plan_digest=plan.digest,
        pairs_digest=whole.digest,
        join_digests=join_digests,
        onto_digest=None if onto is None else digest_table(onto),
        decided=len(decisions),
        records=resolution.report["records"],
        persons=resolution.report["persons"],
        links=resolution.links.num_rows,
        conflicts=resolution.conflicts.num_rows,
        failed_checks=tuple(check["name"] for check in resolution.report["checks"] if not check["passed"]),
        spine_digest=digest_table(resolution.spine),
        objected=heeded.count if heeded else None,
        objections_digest=heeded.digest if heeded else None,
        authorization=standing.decision if standing else None,
    )
    if options.progress:
        options.progress(2, 2)
    return Act(artifacts, event, report, resolution)


def _join_digests(scored: ScoredPairs, joins: Sequence[JoinMap]) -> tuple[str, ...]:
    """The digest of each join map, in the order of the linked deliveries."""
    by_delivery = {join.delivery_digest: join.rows_digest for join in joins}
    wanted = (source["delivery_digest"] for source in scored.report["sources"])
    return tuple(by_delivery[digest] for digest in wanted if digest in by_delivery)


def apply_decisions(pairs: pa.Table, decisions: Mapping[int, str]) -> pa.Table:
    """The scored pairs with reviewers' decisions in place of the model's probabilities.

    A pair decided ``same`` gets probability 1; a pair decided ``different`` is removed.
    """
    places = np.fromiter(decisions, np.int64, len(decisions))
    same = np.array([decisions[int(place)] == "same" for place in places])
    probability = pairs.column("probability").to_numpy().copy()
    probability[places] = np.where(same, 1.0, 0.0)
    keep = np.ones(pairs.num_rows, bool)
    keep[places[~same]] = False
    column = pairs.column_names.index("probability")
    return pairs.set_column(column, pairs.schema.field(column), pa.array(probability)).filter(pa.array(keep))


def _review_sheet(rows: Sequence[Mapping[str, object]]) -> bytes:
    """The reviewers' sheet as CSV; it shows neither probability nor grade."""
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\n")
    writer.writerow([*REVIEW_COLUMNS, "decision"])
    for row in rows:
        cells = (row[name] for name in REVIEW_COLUMNS)
        writer.writerow([*(cell.hex() if isinstance(cell, bytes) else cell for cell in cells), ""])
    return sheet.getvalue().encode()
