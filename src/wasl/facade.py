"""The functions of the library: tables in, results out; files and services are never needed."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa

if TYPE_CHECKING:
    from wasl.audit.events import (
        EstimatesMade,
        LinkageCompleted,
        ProtectionApplied,
        RegistersMerged,
        RiskAssessed,
        SpineResolved,
        TablesProtected,
    )
    from wasl.audit.notes import NoteSigner
    from wasl.disclosure.policy.document import DisclosurePolicy
    from wasl.disclosure.protect import Protection
    from wasl.disclosure.risk.risk_report import RiskReport
    from wasl.estimation.estimate import Estimates
    from wasl.estimation.specification import EstimateSpec
    from wasl.holder.encode import Encoded
    from wasl.holder.keys import LinkageKey
    from wasl.linkage.model.pairs import ScoredPairs
    from wasl.linkage.plan import LinkagePlan
    from wasl.linkage.resolve import Resolution
    from wasl.publication.description import DatasetDescription
    from wasl.registers.exchange.delivery import Delivery
    from wasl.registers.exchange.join_map import JoinMap
    from wasl.registers.reading.reader import RegisterTable
    from wasl.registers.schema import RegisterSchema
    from wasl.tables.earlier import EarlierTable
    from wasl.tables.earlier_file import EarlierFile
    from wasl.tables.protect import ProtectedTables
    from wasl.tables.specification import TablesSpec
    from wasl.workflow.act import Act
    from wasl.workflow.merge import Decision, Merge

__all__ = ["LinkageResult", "assess", "encode", "estimate", "link", "merge", "protect", "publish", "tabulate"]

MERGE_PROFILE = "guarded"
"""Profile for an office's own registers: nothing of the encoding leaves the process, so quality alone decides.

Of ANAPEC's two registers `open` linked with precision .74 to .88, `guarded` with 1.0."""

Frame: TypeAlias = "pa.Table | pd.DataFrame"


@dataclass(frozen=True, slots=True)
class LinkageResult:
    """What linking gives: scored pairs and, where join maps were given, persons.

    Attributes:
        pairs: Scored pairs of rows (``pairs.parquet``).
        links: Linked pairs of records, or None without join maps.
        spine: Persons and their records, or None without join maps.
        report: Counts, model and quality, as JSON values.
        linked: The act of the linkage unit.
        resolved: The act of the spine keeper, or None without join maps.
    """

    pairs: pa.Table = field(repr=False)
    links: pa.Table | None = field(repr=False)
    spine: pa.Table | None = field(repr=False)
    report: Mapping[str, Any] = field(repr=False)
    linked: Act[ScoredPairs, LinkageCompleted] = field(repr=False)
    resolved: Act[Resolution, SpineResolved] | None = field(repr=False)


def encode(
    data: Frame | RegisterTable,
    schema: RegisterSchema,
    key: LinkageKey,
    *,
    profile: str = "guarded",
    with_schemas: Sequence[RegisterSchema] = (),
    name: str | None = None,
    period: str = "",
    round: str = "",  # noqa: A002 - the word of the plan and the command line
    consent_weak_profile: bool = False,
) -> Encoded:
    """A register's records, encoded: ``.delivery``, ``.join_map`` and ``.payload``, which travel apart.

    Args:
        data: The register's columns as its schema names them.
        schema: What the columns are.
        key: The project's key.
        profile: Name or path of the encoding profile, or ``generic`` for one composed from the schema.
        with_schemas: Schemas of the other registers of the linkage, for a composed profile.
        name: Name of the delivery's register, when two deliveries share one schema.
        period: The period the register describes.
        round: The linkage round; only deliveries of one round can be compared.
        consent_weak_profile: Whether a profile that protects less (``open``, ``plain``) may be used.

    Raises:
        RegisterError: The columns are not those of the schema.
        LeakError: The encoding would leak more than the profile allows.
    """
    from wasl.holder.composition import load_profile
    from wasl.holder.encode import encode as encode_register

    return encode_register(
        data,
        schema,
        key,
        load_profile(profile, schema, with_schemas),
        name=name,
        period=period,
        round_name=round,
        consent_weak_profile=consent_weak_profile,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        rng=np.random.default_rng(),
    )


def link(
    deliveries: Sequence[Delivery],
    plan: LinkagePlan,
    *,
    joins: Sequence[JoinMap] = (),
    threads: int = 0,
    run: str = "local",
    onto: pa.Table | None = None,
) -> LinkageResult:
    """Deliveries to scored pairs and, with their join maps, to persons.

    Args:
        deliveries: Two or more deliveries of one round, or one to deduplicate.
        plan: How pairs are compared, scored and resolved.
        joins: The join map of each delivery.
        threads: Threads; 0 means one per processor.
        run: Name of the run, kept with the persons.
        onto: An earlier spine, whose persons keep their ids.

    Raises:
        MismatchError: The deliveries were not made to be compared.
    """
    from wasl.workflow.act import RunOptions
    from wasl.workflow.link import link as link_deliveries
    from wasl.workflow.resolve import resolve

    options = RunOptions(threads=threads)
    linked = link_deliveries(plan, deliveries, options)
    if not joins:
        return LinkageResult(linked.result.pairs, None, None, linked.report, linked, None)
    resolved = resolve(plan, linked.result, joins, options, run=run, onto=onto)
    found = resolved.result
    return LinkageResult(linked.result.pairs, found.links, found.spine, resolved.report, linked, resolved)


def merge(
    left: RegisterTable,
    right: RegisterTable,
    schemas: tuple[RegisterSchema, RegisterSchema],
    *,
    decisions: Sequence[Decision] = (),
    threads: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Act[Merge, RegistersMerged]:
    """One office's own two registers, compared by their record numbers.

    Both are encoded in memory under a fresh key that is thrown away, so the registers are linked by the same engine as
    everywhere else. Its candidates are then looked at in the clear, too. The result holds the office's own values and
    stays with it.

    Args:
        left: The first register, as `read_register` gives it (with dropped columns, so that they are compared, too).
        right: The second register.
        schemas: What their columns are.
        decisions: What clerks decided on doubtful pairs of an earlier merge.
        threads: Threads; 0 means one per processor.
        progress: Told how far the comparison is.

    Raises:
        InputError: The registers share too little to be compared.
    """
    from wasl.holder.clear_pairs import clear_persons
    from wasl.holder.comparable import comparable_columns
    from wasl.holder.keys import LinkageKey
    from wasl.holder.validity import validity_of
    from wasl.linkage.plan import LinkagePlan
    from wasl.workflow.act import RunOptions
    from wasl.workflow.merge import OwnRegister, Variable
    from wasl.workflow.merge import merge as merge_registers

    key = LinkageKey.new("merge", secrets.token_bytes(32))
    own: list[OwnRegister] = []
    names = [schema.register_id for schema in schemas]
    if names[0] == names[1]:
        names = [f"{names[0]}-a", f"{names[1]}-b"]
    for table, schema, name in zip((left, right), schemas, names, strict=True):
        encoded = encode(table, schema, key, profile=MERGE_PROFILE, name=name)
        kept = encoded.keep_map
        number = dict(zip(kept["record"].to_pylist(), kept["record_id"].to_pylist(), strict=True))
        records = [str(record) for record in table.table[schema.record].to_pylist()]
        own.append(
            OwnRegister(
                name=name,
                title=schema.title_fr or schema.title or name,
                delivery=encoded.delivery,
                join_map=encoded.join_map,
                record=records,
                record_id=[bytes.fromhex(number[record]) for record in records],
                variables={
                    variable: Variable(column.label, column.shown, column.compared)
                    for variable, column in comparable_columns(table.table, schema).items()
                },
                spells=validity_of(table, schema),
            )
        )
    once = {
        name: {"duplicate_free": schema.duplicate_free, "dedupe": not schema.duplicate_free}
        for name, schema in zip(names, schemas, strict=True)
    }
    plan = LinkagePlan.model_validate({**LinkagePlan.load("own-registers").model_dump(mode="json"), "registers": once})
    clear = clear_persons([left.table, right.table], schemas)
    return merge_registers(plan, own, RunOptions(threads=threads, progress=progress), clear=clear, decisions=decisions)


def assess(data: Frame, policy: DisclosurePolicy, *, population: Frame | None = None) -> Act[RiskReport, RiskAssessed]:
    """The disclosure risk of microdata under a policy; the result has the attributes of a `RiskReport`."""
    from wasl.workflow.act import RunOptions
    from wasl.workflow.assess import assess as assess_table

    return assess_table(data, policy, RunOptions(), population=population)


def protect(
    data: Frame,
    policy: DisclosurePolicy,
    *,
    seed: int,
    population: Frame | None = None,
    control: Frame | None = None,
    earlier: Sequence[Frame | EarlierTable] = (),
    attack: bool = True,
    today: date | None = None,
) -> Act[Protection, ProtectionApplied]:
    """Microdata changed until the policy's thresholds hold; the result has the attributes of a `Protection`.

    Args:
        data: The microdata.
        policy: What is done and what must hold.
        seed: Seed of everything random.
        population: Population table with the same keys, for k-map.
        control: Persons of the same population who are not in the data, for the attacks.
        earlier: Earlier releases of the same population: microdata, or tables as the office knows them.
        attack: Whether to attack the protected file.
        today: The day of release; default: today, UTC.

    Raises:
        PolicyError: The thresholds cannot be met; names the rules.
    """
    from wasl.workflow.act import RunOptions
    from wasl.workflow.protect import protect as protect_table

    options = RunOptions(seed=seed, today=today or datetime.now(UTC).date())
    return protect_table(data, policy, options, population=population, control=control, earlier=earlier, attack=attack)


def publish(
    safe: Act[Protection, ProtectionApplied],
    description: DatasetDescription,
    *,
    signer: NoteSigner | None = None,
    created: datetime | None = None,
) -> dict[str, bytes]:
    """A protected table as a signed release package: path in the package to bytes.

    Args:
        safe: What `protect` gave.
        description: What the table is and what its columns and codes mean.
        signer: The publisher's key; without it, a key made for this package alone.
        created: Time of publication; default: now.

    Raises:
        InputError: Table and description do not agree; names the column.
    """
    from wasl.audit.notes import NoteSigner
    from wasl.workflow.act import RunOptions
    from wasl.workflow.protect import public_report
    from wasl.workflow.publish import publish as publish_table

    act = publish_table(
        safe.result.table,
        public_report(safe.result),
        description,
        RunOptions(),
        signer=signer or NoteSigner.generate(f"wasl.release/{secrets.token_hex(8)}"),
        created=created or datetime.now(UTC),
    )
    return dict(act.result)


def tabulate(
    data: Frame | Sequence[Frame],
    spec: TablesSpec,
    *,
    hierarchies: Mapping[str, Frame] | None = None,
    earlier: Sequence[EarlierTable | EarlierFile] = (),
    seed: int | None = None,
    secret: bytes = b"",
    today: date | None = None,
) -> Act[ProtectedTables, TablesProtected]:
    """The tables of a specification, protected together and audited: what `wasl tables` writes, as ``.artifacts``.

    No authorization of a project is asked for: the library knows no installation that stores one.

    Args:
        data: The data of all tables, or of each table in the specification's order. Codes are text: numbers lose
            leading zeros.
        spec: The tables, how unsafe cells are found and how they are protected.
        hierarchies: The levels of each hierarchy file named, coarse to fine; default: the shipped one of that name.
        earlier: Tables and microdata files published before, with what the office knows of them
                (`wasl.tables.earlier.read_earlier`, `wasl.tables.earlier_file.read_earlier_file`).
        seed: Seed of random rounding; default: a fresh one.
        secret: Secret of the record keys (cell-key method); the same for all tables of one population.
        today: The day, which the exchange files bear; default: today, UTC.

    Raises:
        InputError: The data do not fit the specification, or a hierarchy is neither given nor shipped.
        ThresholdError: An unsafe cell cannot be protected, or is public already.
    """
    from wasl.disclosure.keys.coding import as_arrow
    from wasl.workflow.act import RunOptions
    from wasl.workflow.tabulate import tabulate as tabulate_tables

    sources = [data] if isinstance(data, pa.Table | pd.DataFrame) else list(data)
    levels = _shipped_levels(spec) | {name: as_arrow(frame) for name, frame in (hierarchies or {}).items()}
    options = RunOptions(seed=secrets.randbits(63) if seed is None else seed, today=today or datetime.now(UTC).date())
    tables = [as_arrow(source) for source in sources]
    return tabulate_tables(spec, tables, levels, options, earlier=earlier, secret=secret)


def _shipped_levels(spec: TablesSpec) -> dict[str, pa.Table]:
    """The shipped hierarchies that a specification names, all codes as text."""
    import pyarrow.csv as pacsv

    from wasl.registers.documents import config_dir

    shipped = {path.name: path for path in (config_dir() / "tables" / "hierarchies").glob("*.csv")}
    named = {dimension.hierarchy for table in spec.tables for dimension in table.dimensions}
    levels = {}
    for name in sorted(named & shipped.keys()):
        with shipped[name].open(encoding="utf-8") as file:
            columns = file.readline().strip().split(",")
        texts = pacsv.ConvertOptions(column_types=dict.fromkeys(columns, pa.string()))
        levels[name] = pacsv.read_csv(shipped[name], convert_options=texts)
    return levels


def estimate(data: Frame, spec: EstimateSpec, *, seed: int | None = None) -> Act[Estimates, EstimatesMade]:
    """Estimates from linked data, before disclosure control: what `wasl estimate` writes, as ``.artifacts``.

    Args:
        data: One row per person (reconciliation, multiple systems) or survey record.
        spec: What is asked for.
        seed: Seed of bootstrap intervals; default: a fresh one.

    Raises:
        InputError: The data do not fit the specification.
        PolicyError: Known totals cannot be met.
    """
    from wasl.disclosure.keys.coding import as_arrow
    from wasl.workflow.act import RunOptions
    from wasl.workflow.estimate import estimate as make_estimates

    return make_estimates(as_arrow(data), spec, RunOptions(seed=secrets.randbits(63) if seed is None else seed))
