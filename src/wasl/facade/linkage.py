"""The library's functions that bring records together: encode, link, merge."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa

if TYPE_CHECKING:
    from wasl.audit.events import LinkageCompleted, RegistersMerged, SpineResolved
    from wasl.holder.encode import Encoded
    from wasl.holder.keys import LinkageKey
    from wasl.linkage.model.pairs import ScoredPairs
    from wasl.linkage.plan import LinkagePlan
    from wasl.linkage.resolve import Resolution
    from wasl.locale import Language
    from wasl.registers.exchange.delivery import Delivery
    from wasl.registers.exchange.join_map import JoinMap
    from wasl.registers.reading.reader import RegisterTable
    from wasl.registers.schema import RegisterSchema
    from wasl.workflow.act import Act
    from wasl.workflow.merge import Decision, Merge

__all__ = ["LinkageResult", "encode", "link", "merge"]

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
    purpose: str = "",
) -> LinkageResult:
    """Deliveries to scored pairs and, with their join maps, to persons.

    Args:
        deliveries: Two or more deliveries of one round, or one to deduplicate.
        plan: How pairs are compared, scored and resolved.
        joins: The join map of each delivery.
        threads: Threads; 0 means one per processor.
        run: Name of the run, kept with the persons.
        onto: An earlier spine, whose persons keep their ids.
        purpose: The purpose it serves, where this machine stores an authorization of the project with several.

    Raises:
        MismatchError: The deliveries were not made to be compared.
        AuthorizationError: An authorization of the project is stored on this machine, and does not cover this.
    """
    from wasl.settings import Settings
    from wasl.storage.held_acts import held_by_files, recorded_excess
    from wasl.workflow.act import RunOptions
    from wasl.workflow.link import link as link_deliveries
    from wasl.workflow.resolve import resolve

    home = Settings().home_dir
    projects = [one.header.project for one in deliveries]
    options = RunOptions(threads=threads, **held_by_files(home, projects), purpose=purpose)
    with recorded_excess(home, plan.name, project=min(projects, default="")):
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
    language: Language = "fr",
) -> Act[Merge, RegistersMerged]:
    """One office's own two registers, compared by their record numbers.

    Registers of two offices are refused, whatever this machine stores: they meet only as deliveries, in `link`.

    Both are encoded in memory, so the registers are linked by the same engine as everywhere else. The key is made of
    both registers and thrown away: the same registers have the same doubtful pairs each time, and a clerk comes to an
    end.
    Candidates are then looked at in the clear, too. The result holds the office's own values and stays with it.

    Args:
        left: The first register, as `read_register` gives it (with dropped columns, so that they are compared, too).
        right: The second register.
        schemas: What their columns are.
        decisions: What clerks decided on doubtful pairs of an earlier merge.
        threads: Threads; 0 means one per processor.
        progress: Told how far the comparison is.
        language: Of the workbook and the report.

    Raises:
        InputError: The registers share too little to be compared.
        AuthorizationError: The schemas name two holders.
    """
    from wasl.holder.clear_pairs import clear_persons
    from wasl.holder.comparable import comparable_columns
    from wasl.holder.keys import LinkageKey
    from wasl.holder.validity import validity_of
    from wasl.linkage.model.pairs import binary_column
    from wasl.linkage.plan import LinkagePlan
    from wasl.registers.exchange.digests import digest_table
    from wasl.settings import Settings
    from wasl.storage.held_acts import recorded_excess
    from wasl.workflow.act import RunOptions
    from wasl.workflow.authorized import require_one_office
    from wasl.workflow.merge import OwnRegister, Variable
    from wasl.workflow.merge import merge as merge_registers

    home = Settings().home_dir
    with recorded_excess(home, f"{schemas[0].register_id}, {schemas[1].register_id}"):
        require_one_office(schemas)
    of_both = "".join(digest_table(one.table) for one in (left, right))
    key = LinkageKey.new("merge", hashlib.sha256(of_both.encode()).digest())
    own: list[OwnRegister] = []
    names = [schema.register_id for schema in schemas]
    if names[0] == names[1]:
        names = [f"{names[0]}-a", f"{names[1]}-b"]
    features = [{str(spec.feature) for spec in schema.fields} for schema in schemas]
    whole_name = any("full_name" in one and "surname" not in one for one in features)
    for table, schema, name in zip((left, right), schemas, names, strict=True):
        encoded = encode(table, schema, key, profile=MERGE_PROFILE, name=name)
        own.append(
            OwnRegister(
                name=name,
                title=schema.title_in(language),
                delivery=encoded.delivery,
                join_map=encoded.join_map,
                record=encoded.records,
                record_id=binary_column(encoded.record_ids),
                variables={
                    variable: Variable(column.label, column.shown, column.compared)
                    for variable, column in comparable_columns(
                        table.table, schema, language, whole_name=whole_name
                    ).items()
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
    options = RunOptions(threads=threads, progress=progress, language=language)
    return merge_registers(plan, own, options, clear=clear, decisions=decisions)
