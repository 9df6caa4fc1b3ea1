"""The act of the release desk that joins payloads to a spine: microdata, one row per person."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from wasl.audit.events import MicrodataAssembled
from wasl.errors import InputError
from wasl.linkage.quality.breakdown import UNMET_KEY, attributes_of, break_down
from wasl.registers.exchange.digests import digest_table
from wasl.registers.exchange.objections import ObjectionLists
from wasl.registers.exchange.payload import Payload
from wasl.registers.exchange.plain_json import plain_json
from wasl.workflow.act import Act, RunOptions
from wasl.workflow.assess import without_person_id
from wasl.workflow.authorized import asked_for_sources, hold, sources_of_payloads
from wasl.workflow.concordance import concordance_csv
from wasl.workflow.microdata import Microdata, MicrodataSpec, assemble_microdata
from wasl.workflow.objections import payload_without, persons_of, spine_without

__all__ = ["assemble"]


def assemble(
    spine: pa.Table,
    payloads: Sequence[Payload],
    specification: MicrodataSpec,
    options: RunOptions,
    *,
    objections: ObjectionLists | None = None,
) -> Act[Microdata, MicrodataAssembled]:
    """Join payloads to the spine: the persons the specification asks for, with their variables.

    Args:
        spine: ``spine.parquet`` of the act `resolve`, with its metadata.
        payloads: One or more per register.
        specification: Who is in, and which register is trusted for what.
        options: The authorization to which the act is held, and the day.
        objections: Persons with one of these records are left out, with all their records in every register.

    Returns:
        Artifacts ``microdata.parquet``, ``quality.csv`` (false and missed matches by register, nationality, sex
        and birth period, as the linkage estimates them) and ``concordance.csv`` (for each variable and pair of
        registers, what one and the other say of the same persons).

    Raises:
        AuthorizationError: The authorization in the options does not cover the registers of the spine.
        MismatchError: A payload's register is not in the spine.
        InputError: A variable that is not optional is in no payload, or the spine has no grades and probabilities.
    """
    standing = None
    if options.authorization is not None:
        sources = sources_of_payloads(payloads, spine.column("register").cast(pa.string()).unique().to_pylist())
        standing = hold(options, asked_for_sources("assemble", sources, options))
    left_out = 0
    heeded = objections if objections is not None and objections.lists else None
    if heeded is not None:
        records = heeded.by_register()
        gone = persons_of(spine, records)
        payloads = [payload_without(payload, spine, gone, records) for payload in payloads]
        left_out = len(pc.unique(spine.column("person_id").filter(gone)))
        spine = spine_without(spine, gone)
    microdata = assemble_microdata(spine, payloads, specification)
    event = MicrodataAssembled(
        specification_digest=specification.digest,
        spine_digest=digest_table(spine),
        payload_digests=tuple(digest_table(payload.rows) for payload in payloads),
        persons=microdata.table.num_rows,
        variables=microdata.table.num_columns,
        unmatched_records=microdata.unmatched_records,
        microdata_digest=digest_table(microdata.table),
        variables_left_out=microdata.left_out or None,
        objected=heeded.count if heeded else None,
        objections_digest=heeded.digest if heeded else None,
        data_digest=digest_table(without_person_id(microdata.table)),
        authorization=standing.decision if standing else None,
    )
    report: dict[str, object] = {
        "persons": microdata.table.num_rows,
        "coverage": microdata.coverage,
        "conflicts": microdata.conflicts,
        "unmatched_records": microdata.unmatched_records,
        "left_out": list(microdata.left_out),
        "totals": {name: {"payloads": rows, "microdata": kept} for name, (rows, kept) in microdata.totals.items()},
        "concordance": [one.to_json() for one in microdata.concordance],
        "digest": event.microdata_digest,
    }
    if heeded is not None:
        report |= {"objected": heeded.count, "persons_objected": left_out}
    if standing is not None:
        report["authorization"] = standing.to_json()
    artifacts = {
        "microdata.parquet": microdata.table,
        "quality.csv": _quality(spine, payloads),
        "concordance.csv": concordance_csv(microdata.concordance),
    }
    return Act(artifacts, event, plain_json(report), microdata)


def _quality(spine: pa.Table, payloads: Sequence[Payload]) -> bytes:
    """False and missed matches by group as CSV."""
    if not {"grade", "probability"} <= set(spine.column_names):
        raise InputError(
            "the spine has no columns 'grade' and 'probability'.", remedy="Give spine.parquet of `wasl link`."
        )
    unmet = json.loads((spine.schema.metadata or {}).get(UNMET_KEY, b"{}"))
    rows = break_down(spine, attributes_of(spine, payloads), unmet)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(rows.column_names)
    for row in rows.to_pylist():
        writer.writerow([f"{value:.5f}" if isinstance(value, float) else value for value in row.values()])
    return text.getvalue().encode()
