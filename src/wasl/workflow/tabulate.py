"""The act of making protected tables: data and a specification in, files, report and event out."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from wasl.audit.events import TablesProtected, TablesRefused
from wasl.errors import ThresholdError
from wasl.publication.table_formats.cube import Cube, CubeDimension
from wasl.publication.table_formats.json_stat import json_stat_bytes
from wasl.publication.table_formats.px import px_bytes
from wasl.publication.table_formats.sdmx import sdmx_files
from wasl.publication.table_formats.validation import require_readable
from wasl.registers.codes.classification import CodeList
from wasl.registers.exchange.digests import digest_table
from wasl.registers.exchange.plain_json import json_bytes, plain_json
from wasl.tables.cell_keys.records import record_key_id
from wasl.tables.earlier import EarlierTable
from wasl.tables.earlier_file import EarlierFile
from wasl.tables.pages import heat_map_pages, method_page
from wasl.tables.protect import STATUSES, ProtectedTable, ProtectedTables, protect_tables
from wasl.tables.specification import ProtectionMethod, TablesSpec
from wasl.tables.workbook import workbook_bytes
from wasl.workflow.act import Act, Artifact, RunOptions
from wasl.workflow.authorized import hold_output
from wasl.workflow.indicator_notes import indicator_notes
from wasl.workflow.protect import seed_digest

MOST_CELLS = 200_000
"""Cells past which no exchange files are written: pysdmx needs about a minute for as many."""

__all__ = ["cube_of", "internal_artifacts", "tabulate"]


def tabulate(
    spec: TablesSpec,
    data: Sequence[pa.Table],
    hierarchies: Mapping[str, pa.Table],
    options: RunOptions,
    *,
    earlier: Sequence[EarlierTable | EarlierFile] = (),
    secret: bytes = b"",
    stop: Callable[[], bool] | None = None,
    act: str = "tables",
) -> Act[ProtectedTables, TablesProtected]:
    """Build the tables of a specification, protect them together, and audit them.

    Args:
        spec: The tables.
        data: The data of each table, in the specification's order; one entry serves all.
        hierarchies: The levels of each hierarchy file named.
        options: The seed of random rounding, and progress in percent of the proof; the day, which the exchange files
            bear.
        earlier: Tables and microdata files published before, with what the office knows of them.
        secret: Secret of the record keys (cell-key method).
        stop: Asked now and then whether to end with the best answer so far.
        act: Name under which the authorization is asked.

    Returns:
        For a single table the artifacts ``table.{csv,parquet,xlsx,px,json-stat.json}``, with a reference period also
        ``table.{structure,data}.sdmx…``, and ``method.html``, which may be published;
        ``internal.csv``, ``report.json`` and ``heat-map.html``, ``heat-map.fr.html``, ``heat-map.ar.html``, which may
        not; linked tables bear their names.

    Raises:
        InputError: The data do not fit the specification.
        ThresholdError: An unsafe cell cannot be protected, or is public already. It carries the event `TablesRefused`.
        AuthorizationError: The authorization in the options does not cover the variables of the tables.
    """
    standing = hold_output(act, options, output="tables", variables=spec.columns)
    seed = options.require_seed()
    digests = tuple(digest_table(table) for table in data)

    def percent(_: str, bound: float, cost: float) -> None:
        if options.progress is not None:
            options.progress(int(100 * bound / cost) if cost > 0 else 100, 100)

    try:
        result = protect_tables(
            spec, data, hierarchies, earlier=earlier, secret=secret, seed=seed, progress=percent, stop=stop
        )
    except ThresholdError as error:
        error.event = TablesRefused(specification_digest=spec.digest, data_digests=digests)
        raise
    artifacts: dict[str, Artifact] = {}
    public = [table.public() for table in result.tables]
    without_workbook = []
    without_exchange = []
    for table, rows in zip(result.tables, public, strict=True):
        if options.today is None or table.cells.size > MOST_CELLS:
            without_exchange.append(table.spec.name)
        linked = len(result.tables) > 1
        stem, own = (table.spec.name, f"{table.spec.name}.internal.csv") if linked else ("table", "internal.csv")
        artifacts[f"{stem}.csv"] = _csv(rows)
        artifacts[f"{stem}.parquet"] = rows
        book = workbook_bytes(table)
        if book is None:
            without_workbook.append(table.spec.name)
        else:
            artifacts[f"{stem}.xlsx"] = book
        artifacts[own] = _csv(table.internal())
        artifacts |= {f"{stem}.{name}": data for name, data in _exchange_files(table, options.today).items()}
    report = plain_json(
        {
            **result.report,
            "seed": seed,
            "too_large_for_a_workbook": without_workbook,
            "without_exchange_files": without_exchange,
        }
    )
    artifacts["method.html"] = method_page(result).encode()
    artifacts |= {name: page.encode() for name, page in heat_map_pages(result).items()}
    artifacts["report.json"] = json_bytes(report)
    named = {one.hierarchy for table in spec.tables for one in table.dimensions if one.hierarchy}
    event = TablesProtected(
        specification_digest=spec.digest,
        data_digests=digests,
        table_digests=tuple(digest_table(rows) for rows in public),
        seed_digest=seed_digest(seed),
        method=str(report["method"]),
        tables=len(result.tables),
        cells=sum(table.cells.size for table in result.tables),
        primary=int(report["primary"]),
        secondary=int(report["secondary"]),
        proven=bool(report["proven"]),
        earlier_releases=len(earlier),
        hierarchy_digests=tuple(digest_table(hierarchies[name]) for name in sorted(named)) or None,
        earlier_digests=tuple(one.digest for one in earlier) or None,
        record_key_id=record_key_id(secret) if spec.protection.method is ProtectionMethod.CELL_KEY else None,
        made_on=options.today.isoformat() if options.today else None,
        authorization=standing.decision if standing else None,
    )
    if standing is not None:
        report["authorization"] = standing.to_json()
    return Act(artifacts, event, report, result)


def internal_artifacts(names: Sequence[str]) -> list[str]:
    """Those artifacts of the act that must not leave the office."""
    return sorted(
        name for name in names if name == "report.json" or name.startswith("heat-map.") or name.endswith("internal.csv")
    )


def _csv(table: pa.Table) -> bytes:
    target = io.BytesIO()
    pacsv.write_csv(table, target, pacsv.WriteOptions(quoting_style="needed", quoting_header="needed"))
    return target.getvalue()


def _exchange_files(table: ProtectedTable, today: dt.date | None) -> dict[str, bytes]:
    """PX and JSON-stat, and SDMX where there is a reference period; each was read back before."""
    if today is None or table.cells.size > MOST_CELLS:
        return {}
    created = dt.datetime.combine(today, dt.time(), dt.UTC)
    cube = cube_of(table)
    files = {"px": px_bytes(cube, created=created), "json-stat.json": json_stat_bytes(cube, created=created)}
    if cube.period:
        files |= sdmx_files(cube, created=created)
    require_readable(files, cube)
    return files


def cube_of(table: ProtectedTable) -> Cube:
    """The published table with labels and notes, as the writers of exchange files take it."""
    spec = table.spec
    dimensions = []
    for described, hierarchy in zip(spec.dimensions, table.cells.dimensions, strict=True):
        labels = {"en": described.label, "fr": described.label_fr, "ar": described.label_ar}
        meanings: dict[str, dict[str, str]] = {}
        for name in described.classifications:
            entries = CodeList.load(name).entries
            known = {code: entries[code] for code in hierarchy.codes if code in entries}
            meanings.setdefault("en", {}).update({code: entry.label for code, entry in known.items() if entry.label})
            meanings.setdefault("ar", {}).update({code: one.label_ar for code, one in known.items() if one.label_ar})
            french = {code: entry.label_fr for code, entry in known.items() if entry.label_fr}
            meanings.setdefault("fr", {}).update(french)
        dimensions.append(
            CubeDimension(
                described.name, labels, hierarchy.codes, tuple(hierarchy.parents.tolist()), described.concept, meanings
            )
        )
    return Cube(
        spec.name,
        {"en": spec.title, "fr": spec.title_fr, "ar": spec.title_ar},
        tuple(dimensions),
        table.cells.places,
        table.published,
        np.array(STATUSES)[table.status],
        spec.unit,
        spec.period,
        spec.agency,
        notes=indicator_notes(table),
    )
