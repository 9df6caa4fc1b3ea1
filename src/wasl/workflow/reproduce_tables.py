"""The act that makes recorded tables again, from their data or from the deliveries on, and compares the digests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa

from wasl.audit.events import TablesProtected, TablesReproduced
from wasl.audit.recorded_tables import RecordedTables, TablesReproduction
from wasl.errors import InputError
from wasl.registers.exchange.digests import digest_bytes, digest_table
from wasl.registers.exchange.objections import ObjectionLists
from wasl.registers.exchange.parquet_tables import table_bytes
from wasl.registers.exchange.payload import Payload
from wasl.tables.cell_keys.records import record_key_id
from wasl.tables.earlier import EarlierTable
from wasl.tables.earlier_file import EarlierFile
from wasl.tables.protect import ProtectedTables
from wasl.tables.specification import TablesSpec
from wasl.workflow.act import Act, RunOptions
from wasl.workflow.assemble import assemble
from wasl.workflow.authorized import asked_for_sources, hold, hold_output, sources_of_payloads
from wasl.workflow.indicators import for_period, indicators, with_derived_columns
from wasl.workflow.microdata import MicrodataSpec, with_texts_of_persons
from wasl.workflow.protect import seed_digest
from wasl.workflow.reproduce import recorded_payloads
from wasl.workflow.tabulate import internal_artifacts, tabulate

__all__ = ["FromSpine", "reproduce_tables"]


@dataclass(frozen=True, slots=True)
class FromSpine:
    """Data of tables that are assembled again.

    Attributes:
        spine: The spine, as `reproduce` gives it.
        payloads: Payloads, its own among them; they are recognized by their digests.
        specification: What was assembled.
        objections: Records of persons who objected before it was assembled.
    """

    spine: pa.Table = field(repr=False)
    payloads: Sequence[Payload]
    specification: MicrodataSpec
    objections: ObjectionLists | None = None


def reproduce_tables(
    recorded: RecordedTables,
    source: Sequence[pa.Table] | FromSpine,
    spec: TablesSpec,
    hierarchies: Mapping[str, pa.Table],
    options: RunOptions,
    *,
    earlier: Sequence[EarlierTable | EarlierFile] = (),
    secret: bytes = b"",
    period: str = "",
    files: Mapping[str, str] | None = None,
) -> Act[TablesReproduction, TablesReproduced]:
    """Make recorded tables again and compare every step with the log.

    Args:
        recorded: What the log says of the tables.
        source: Their data, or what their data are assembled from.
        spec: Their specification.
        hierarchies: The levels of each hierarchy file named.
        options: The seed; the decisions and the day of the repetition.
        earlier: Releases they were audited against, among others; they are recognized by their digests.
        secret: Secret of the record keys (cell-key method).
        period: Reference period, where they were made as indicators.
        files: Digests of the published files by name, with which the new ones are compared.

    Raises:
        InputError: A document, the seed, the secret, a hierarchy, an earlier release or a payload is not the one the
            log names.
        AuthorizationError: No decision covers it.
    """
    _hold(recorded, source, spec, options)
    assembled = isinstance(source, FromSpine)
    data = _assembled(recorded, source) if isinstance(source, FromSpine) else tuple(source)
    spec, tabulated = _as_recorded(recorded, spec, data, period)
    _require(recorded, "seed", seed_digest(options.require_seed()), recorded.seed_digest)
    if recorded.record_key_id:
        _require(recorded, "secret of the record keys", record_key_id(secret), recorded.record_key_id)
    _require_hierarchies(recorded, spec, hierarchies)
    earlier = _recorded_earlier(recorded, earlier)
    digests = tuple(digest_table(one) for one in tabulated)
    result = TablesReproduction(recorded, digests, (), assembled)
    if digests == recorded.data_digests:
        working = RunOptions(
            threads=options.threads,
            seed=options.seed,
            progress=options.progress,
            today=dt.date.fromisoformat(recorded.made_on),
        )
        made = (
            indicators(spec, data[0], hierarchies, working, period=period, earlier=earlier, secret=secret)
            if period
            else tabulate(spec, data, hierarchies, working, earlier=earlier, secret=secret)
        )
        result = replace(result, table_digests=made.event.table_digests, files=_compared(made, files or {}))
    event = TablesReproduced(
        specification_digest=recorded.specification_digest,
        table_digests=result.table_digests,
        from_deliveries=assembled,
        files=result.files[0],
        reproduced=not result.differing,
    )
    return Act({}, event, result.to_json(), result)


def _hold(
    recorded: RecordedTables, source: Sequence[pa.Table] | FromSpine, spec: TablesSpec, options: RunOptions
) -> None:
    """Hold the repetition to the decisions; the purpose was compared when the tables were made first.

    Raises:
        AuthorizationError: It is not covered.
    """
    if options.authorization is None:
        return
    output = {"output": "tables", "variables": frozenset(spec.columns)}
    if isinstance(source, FromSpine):
        registers = source.spine.column("register").cast(pa.string()).unique().to_pylist()
        found = sources_of_payloads(_payloads(recorded, source), registers)
        asked = asked_for_sources("reproduce-tables", found, options)
        hold(options, replace(asked, **output, purpose=None))  # type: ignore[arg-type]
    else:
        hold_output("reproduce-tables", replace(options, purpose=None), output="tables", variables=spec.columns)


def _payloads(recorded: RecordedTables, source: FromSpine) -> list[Payload]:
    if recorded.assembly is None:
        raise InputError(
            f"the log does not know how the data of the tables {recorded.tables} were assembled.",
            remedy="Give their data with --inputs instead, without --plan and --spec.",
        )
    return recorded_payloads(recorded.assembly, source.spine, source.payloads, source.objections)


def _assembled(recorded: RecordedTables, source: FromSpine) -> tuple[pa.Table]:
    """The microdata, as the command line or as a service hands them to tables."""
    payloads = _payloads(recorded, source)
    assert recorded.assembly is not None  # noqa: S101 - `_payloads` refuses it
    _require(recorded, "specification of the microdata", source.specification.digest,
             recorded.assembly.specification_digest)  # fmt: skip
    table = assemble(
        source.spine, payloads, source.specification, RunOptions(), objections=source.objections
    ).result.table
    texts = with_texts_of_persons(table)
    return (texts if digest_table(texts) in recorded.data_digests else table,)


def _as_recorded(
    recorded: RecordedTables, spec: TablesSpec, data: Sequence[pa.Table], period: str
) -> tuple[TablesSpec, Sequence[pa.Table]]:
    """The specification and the data that the log has digests of: for indicators, those of the period.

    Raises:
        InputError: It is another specification.
    """
    if not period:
        _require(recorded, "specification", spec.digest, recorded.specification_digest)
        return spec, data
    complete = with_derived_columns(data[0], period)
    wanted = for_period(spec, complete.column_names, period)
    _require(recorded, "specification or the period", wanted.digest, recorded.specification_digest)
    return spec, [complete]


def _require(recorded: RecordedTables, name: str, given: str, wanted: str) -> None:
    if given != wanted:
        raise InputError(
            f"the {name} is not the one the tables {recorded.tables} were made by.",
            remedy=f"Give the one whose digest is {wanted}.",
        )


def _require_hierarchies(recorded: RecordedTables, spec: TablesSpec, hierarchies: Mapping[str, pa.Table]) -> None:
    """Refuse other hierarchies than the log names; an older log names none.

    Raises:
        InputError: Names the one that is another.
    """
    named = sorted({one.hierarchy for table in spec.tables for one in table.dimensions if one.hierarchy})
    if recorded.hierarchy_digests is None or len(named) != len(recorded.hierarchy_digests):
        return
    for name, wanted in zip(named, recorded.hierarchy_digests, strict=True):
        _require(recorded, f"hierarchy {name}", digest_table(hierarchies[name]), wanted)


def _recorded_earlier(
    recorded: RecordedTables, earlier: Sequence[EarlierTable | EarlierFile]
) -> list[EarlierTable | EarlierFile]:
    """The releases the tables were audited against, in the order of the log; an older log has their number only.

    Raises:
        InputError: One is missing; gives its digest.
    """
    if recorded.earlier_digests is None:
        if len(earlier) != recorded.earlier_releases:
            raise InputError(
                f"the tables {recorded.tables} were audited against {recorded.earlier_releases} earlier releases, "
                f"and {len(earlier)} were given.",
                remedy="Give those with --earlier.",
            )
        return list(earlier)
    known = {one.digest: one for one in earlier}
    missing = [digest for digest in recorded.earlier_digests if digest not in known]
    if missing:
        raise InputError(
            f"{len(missing)} of {len(recorded.earlier_digests)} earlier releases that the tables {recorded.tables} "
            f"were audited against are not there; the first has the digest {missing[0]}.",
            remedy="Give the folders of earlier tables and protected microdata with --earlier; the desk has them.",
        )
    return [known[digest] for digest in recorded.earlier_digests]


def _compared(made: Act[ProtectedTables, TablesProtected], files: Mapping[str, str]) -> tuple[int, tuple[str, ...]]:
    """How many published files were compared, and those that came out otherwise."""
    inside = set(internal_artifacts(list(made.artifacts)))
    again = {
        name: one if isinstance(one, bytes) else table_bytes(one)
        for name, one in made.artifacts.items()
        if name not in inside
    }
    return len(files), tuple(
        sorted(name for name in files if name not in again or digest_bytes(again[name]) != files[name])
    )
