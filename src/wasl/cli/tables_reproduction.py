"""``wasl audit reproduce --tables``: recorded tables made again from their data or from the deliveries on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wasl.cli.output import emit, progress, say
from wasl.errors import InputError, VerificationError

if TYPE_CHECKING:
    import pyarrow as pa

    from wasl.audit.recorded_tables import RecordedTables
    from wasl.cli.reproduction import Given
    from wasl.tables.specification import TablesSpec
    from wasl.workflow.reproduce_tables import FromSpine

__all__ = ["TableDocuments", "tables_again"]

METHOD_NOTE = "method.html"
DATA_FILES = (".csv", ".parquet", ".pq", ".tsv", ".txt")


@dataclass(frozen=True, slots=True)
class TableDocuments:
    """What tables were made by.

    Attributes:
        tables: Their specification: a file or a shipped name.
        period: Reference period of indicators, or empty.
        seed: Of their protection.
        earlier: Folders of releases they were audited against.
        record_key: File with the secret of the record keys.
        spec, on: Specification of the microdata, and the day that `wasl assemble --on` was given.
        spine: The spine, instead of linking again.
    """

    tables: str
    period: str
    seed: int | None
    earlier: Sequence[Path]
    record_key: Path | None
    spec: str | None
    on: datetime | None
    spine: Path | None


def tables_again(name: str, given: Given, documents: TableDocuments, log: Path | None, *, as_json: bool) -> None:
    """Make recorded tables again, record that it was done, and print the comparison.

    Raises:
        InputError: An input, a document, the seed or the secret is missing or another one.
        VerificationError: Something came out otherwise.
    """
    from wasl.audit.recorded_tables import find_tables
    from wasl.cli.audit_trail import record_event, recorded_refusal
    from wasl.cli.authorized import held_by_files
    from wasl.cli.reproduction import microdata_specification, recorded_events
    from wasl.cli.tables import read_before, read_hierarchies
    from wasl.tables.specification import TablesSpec
    from wasl.workflow.act import RunOptions
    from wasl.workflow.reproduce_tables import reproduce_tables

    if documents.seed is None:
        raise InputError("tables need --seed.", remedy="It is in report.json, which the release desk keeps.")
    from_deliveries = documents.spec is not None
    place = Path(name)
    assembly = "" if documents.spec is None else microdata_specification(documents.spec, documents.on).digest
    wanted, files = _published(place)
    recorded = find_tables(recorded_events(log), specification_digest=assembly, **(wanted or {"tables": name}))
    spec = TablesSpec.load(documents.tables)
    folders = [Path(documents.tables).parent, *(one if one.is_dir() else one.parent for one in given.inputs), Path()]
    source = (
        _from_spine(recorded, given, documents)
        if from_deliveries
        else _recorded_data(recorded, spec, given.inputs, documents.period)
    )
    held = held_by_files([recorded.project])
    with recorded_refusal(recorded.tables, project=recorded.project), progress("making tables again") as bar:
        act = reproduce_tables(
            recorded,
            source,
            spec,
            read_hierarchies(spec, folders),
            RunOptions(threads=given.threads, seed=documents.seed, progress=bar, **held),
            earlier=[item for path in documents.earlier for item in read_before(path)],
            secret=b"" if documents.record_key is None else _secret(documents.record_key),
            period=documents.period,
            files=files,
        )
    record_event(act.event, project=recorded.project, subject=recorded.tables)
    found = act.result
    if as_json:
        emit(act.report)
    if found.differing:
        limited = spec.protection.time_limit_seconds is not None and "tables" in found.differing
        raise VerificationError(
            f"tables {recorded.tables} came out otherwise: {', '.join(found.differing)} differ from the log.",
            remedy="Their search has a limit of time (protection.time_limit_seconds), so it may end otherwise."
            if limited
            else "Use the release of wasl that made them.",
        )
    if not as_json:
        say(f"tables {recorded.tables} reproduced: {', '.join(found.table_digests)}")
        if found.files[0]:
            say(f"{found.files[0]} published files are byte for byte the same.")


def _published(place: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Digests by which the log knows tables in a folder, and those of their published files; nothing for a name.

    Raises:
        InputError: The folder holds neither a package nor what `wasl tables` wrote.
    """
    from wasl.publication.manifest import Manifest
    from wasl.registers.exchange.digests import digest_bytes, digest_table
    from wasl.registers.exchange.parquet_tables import read_parquet
    from wasl.workflow.tabulate import internal_artifacts

    if not place.is_dir():
        return {}, {}
    manifest = place / "manifest.json"
    if manifest.is_file():
        data = manifest.read_bytes()
        entries = Manifest.parse(data).files
        kept = {path.rpartition("/")[2]: one.digest for path, one in entries.items() if path.startswith("data/")}
        if f"report/{METHOD_NOTE}" in entries:
            kept[METHOD_NOTE] = entries[f"report/{METHOD_NOTE}"].digest
        return {"manifest_digest": digest_bytes(data)}, kept
    if not (place / METHOD_NOTE).is_file():
        raise InputError(f"{place}: neither manifest.json nor {METHOD_NOTE}.", remedy="Name a folder of tables.")
    names = [path.name for path in place.iterdir() if path.is_file()]
    public = sorted(set(names) - set(internal_artifacts(names)))
    tables = [digest_table(read_parquet(place / name, "table")[0]) for name in public if name.endswith(".parquet")]
    return {"table_digests": tuple(tables)}, {name: digest_bytes((place / name).read_bytes()) for name in public}


def _from_spine(recorded: RecordedTables, given: Given, documents: TableDocuments) -> FromSpine:
    from wasl.cli.recorded_files import found_payloads
    from wasl.cli.reproduction import microdata_specification, objections_heeded, spine_of
    from wasl.workflow.reproduce_tables import FromSpine

    assert documents.spec is not None  # noqa: S101 - whoever calls has seen to it
    if recorded.assembly is None:
        raise InputError(
            f"the log does not know how the data of the tables {recorded.tables} were assembled.",
            remedy="Give their data with --inputs, without --spec.",
        )
    spine = spine_of(recorded.assembly, given, documents.spine)
    return FromSpine(
        spine,
        found_payloads(given.inputs),
        microdata_specification(documents.spec, documents.on),
        objections_heeded(recorded.assembly, spine, given),
    )


def _recorded_data(recorded: RecordedTables, spec: TablesSpec, places: Sequence[Path], period: str) -> list[pa.Table]:
    """The data of the digests in the log among the files given, in their order.

    Raises:
        InputError: One is not there; gives its digest.
    """
    from wasl.cli.recorded_files import files_among
    from wasl.cli.tables import read_for_tables
    from wasl.registers.exchange.digests import digest_table
    from wasl.workflow.indicators import with_derived_columns

    known: dict[str, pa.Table] = {}
    for path in files_among(places):
        if path.suffix.lower() not in DATA_FILES:
            continue
        try:
            table = read_for_tables(path, spec, period)
        except InputError:
            continue  # another file of the folder
        known.setdefault(digest_table(with_derived_columns(table, period) if period else table), table)
        if set(recorded.data_digests) <= set(known):
            break
    missing = [digest for digest in recorded.data_digests if digest not in known]
    if missing:
        raise InputError(
            f"{len(missing)} of {len(recorded.data_digests)} data files of the tables {recorded.tables} are not there; "
            f"the first has the digest {missing[0]}.",
            remedy="Name them with --inputs, and for indicators --period; or give --plan and --spec, and what the data "
            "were assembled from.",
        )
    return [known[digest] for digest in recorded.data_digests]


def _secret(path: Path) -> bytes:
    if not path.is_file():
        raise InputError(f"{path}: no such file.")
    return path.read_bytes()
