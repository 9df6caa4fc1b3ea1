"""The library's functions that bring records together: encode, link, evaluate, merge."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa

from wasl.errors import InputError
from wasl.facade.given import Frame, as_arrow, as_pandas, document, register_notes, tell

if TYPE_CHECKING:
    from wasl.audit.events import LinkageCompleted, LinkageEvaluated, RegistersMerged, SpineResolved
    from wasl.holder.encode import Encoded
    from wasl.holder.keys import LinkageKey
    from wasl.linkage.model.pairs import ScoredPairs
    from wasl.linkage.plan import LinkagePlan
    from wasl.linkage.quality.evaluate import Evaluation
    from wasl.linkage.resolve import Resolution
    from wasl.locale import Language
    from wasl.registers.exchange.delivery import Delivery
    from wasl.registers.exchange.join_map import JoinMap
    from wasl.registers.reading.reader import RegisterTable
    from wasl.registers.schema import RegisterSchema
    from wasl.workflow.act import Act
    from wasl.workflow.merge import Decision, Merge

__all__ = ["LinkageResult", "encode", "evaluate", "link", "merge", "new_key"]


@dataclass(frozen=True, slots=True, repr=False)
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

    def __repr__(self) -> str:
        """Scored pairs, records, persons and failed self-checks, counted."""
        counted = f"{self.pairs.num_rows:,} scored pairs"
        if self.spine is not None:
            counted += f", {self.spine.num_rows:,} records of {self.report['persons']:,} persons"
        failed = len(self.failed)
        return f"LinkageResult({counted}, {failed} self-check{'' if failed == 1 else 's'} failed)"

    @property
    def failed(self) -> tuple[str, ...]:
        """The self-checks that did not pass, each in a sentence: the linkage should not be used before a look at it."""
        from wasl.linkage.model.checks import failed_checks
        from wasl.locale.code_words import CHECK_WORDS

        return tuple(
            f"{CHECK_WORDS.get(check['name'], check['name'])}: {check['message']}"
            for check in failed_checks(self.report)
        )


def new_key(project: str) -> LinkageKey:
    """A fresh key of a project, from the randomness of the operating system.

    Keep it as ``wasl key new`` does, or let it go with the program: nobody can make it again.

        >>> new_key("job-market")
        LinkageKey(project='job-market')
    """
    from wasl.holder.keys import SECRET_BYTES, LinkageKey

    return LinkageKey.new(project, secrets.token_bytes(SECRET_BYTES))


def encode(
    data: Frame | RegisterTable,
    schema: RegisterSchema | str | Path,
    key: LinkageKey,
    *,
    profile: str = "guarded",
    with_schemas: Sequence[RegisterSchema | str | Path] = (),
    name: str | None = None,
    period: str = "",
    round: str = "",  # noqa: A002 - the word of the plan and the command line
    consent_weak_profile: bool = False,
) -> Encoded:
    """A register's records, encoded: ``.delivery``, ``.join_map`` and ``.payload``, which travel apart.

    Rows and cells that could not be read are in ``.rejects``; what else was lost or assumed is counted in ``.notes``. A
    `DataWarning` says both.

    Args:
        data: The register's columns as its schema names them, or what `read_register` read.
        schema: What the columns are: a schema, its file, or its shipped name.
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
    encoded = _encode(
        data,
        schema,
        key,
        profile=profile,
        with_schemas=with_schemas,
        name=name,
        period=period,
        round_name=round,
        consent_weak_profile=consent_weak_profile,
    )
    rejected = encoded.delivery.header.rejects
    tell(
        register_notes(
            encoded.delivery.header.register, rejected, encoded.rejects.num_rows - rejected, list(encoded.notes)
        )
    )
    return encoded


def _encode(
    data: Frame | RegisterTable,
    schema: RegisterSchema | str | Path,
    key: LinkageKey,
    *,
    profile: str,
    with_schemas: Sequence[RegisterSchema | str | Path] = (),
    name: str | None = None,
    period: str = "",
    round_name: str = "",
    consent_weak_profile: bool = False,
) -> Encoded:
    from wasl.holder.composition import load_profile
    from wasl.holder.encode import encode as encode_register
    from wasl.registers.schema import RegisterSchema

    described = document(RegisterSchema, schema)
    return encode_register(
        data,
        described,
        key,
        load_profile(profile, described, [document(RegisterSchema, one) for one in with_schemas]),
        name=name,
        period=period,
        round_name=round_name,
        consent_weak_profile=consent_weak_profile,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        rng=np.random.default_rng(),
    )


def link(
    deliveries: Sequence[Delivery],
    plan: LinkagePlan | str | Path,
    *,
    joins: Sequence[JoinMap] = (),
    threads: int = 0,
    run: str = "local",
    onto: pa.Table | None = None,
    purpose: str = "",
) -> LinkageResult:
    """Deliveries to scored pairs and, with their join maps, to persons.

    A self-check that does not pass is in ``.failed``, and a `DataWarning` says it.

    Args:
        deliveries: Two or more deliveries of one round, or one to deduplicate.
        plan: How pairs are compared, scored and resolved: a plan, its file, or its shipped name.
        joins: The join map of each delivery.
        threads: Threads; 0 means one per processor.
        run: Name of the run, kept with the persons.
        onto: An earlier spine, whose persons keep their ids.
        purpose: The purpose it serves, where this machine stores an authorization of the project with several.

    Raises:
        MismatchError: The deliveries were not made to be compared.
        AuthorizationError: An authorization of the project is stored on this machine, and does not cover this.
    """
    from wasl.linkage.plan import LinkagePlan
    from wasl.settings import Settings
    from wasl.storage.held_acts import held_by_files, recorded_excess
    from wasl.workflow.act import RunOptions
    from wasl.workflow.link import link as link_deliveries
    from wasl.workflow.resolve import resolve

    followed = document(LinkagePlan, plan)
    home = Settings().home_dir
    projects = [one.header.project for one in deliveries]
    options = RunOptions(threads=threads, **held_by_files(home, projects), purpose=purpose)
    with recorded_excess(home, followed.name, project=min(projects, default="")):
        linked = link_deliveries(followed, deliveries, options)
        resolved = resolve(followed, linked.result, joins, options, run=run, onto=onto) if joins else None
    if resolved is None:
        result = LinkageResult(linked.result.pairs, None, None, linked.report, linked, None)
    else:
        spine = cast("pa.Table", resolved.artifacts["spine.parquet"])  # with what assembly needs in its metadata
        result = LinkageResult(linked.result.pairs, resolved.result.links, spine, resolved.report, linked, resolved)
    tell(result.failed)
    return result


def evaluate(
    linked: LinkageResult | pa.Table, truth: Frame, *, keep_maps: Sequence[Frame] = ()
) -> Act[Evaluation, LinkageEvaluated]:
    """Persons compared with the truth: precision, recall and F1 of pairs and of persons, in ``.report``.

    Args:
        linked: What `link` gave with join maps, or a spine.
        truth: ``register, record, person``, and perhaps groups to look at apart.
        keep_maps: ``.keep_map`` of each encoding, which leads from record numbers to record ids.

    Raises:
        InputError: A column is missing, or truth and spine have no record in common.
    """
    from wasl.workflow.act import RunOptions
    from wasl.workflow.evaluate import evaluate as evaluate_spine

    return evaluate_spine(
        persons_of(linked),
        as_pandas(truth),
        RunOptions(),
        keep_maps=[as_pandas(one) for one in keep_maps],
        links=linked.links if isinstance(linked, LinkageResult) else None,
    )


def persons_of(linked: LinkageResult | pa.Table) -> pa.Table:
    """The spine of a linkage.

    Raises:
        InputError: It was made without join maps.
    """
    spine = linked.spine if isinstance(linked, LinkageResult) else linked
    if spine is None:
        raise InputError("without join maps there are no persons.", remedy="Give `link` the join map of each delivery.")
    return spine


def merge(
    left: Frame | RegisterTable,
    right: Frame | RegisterTable,
    schemas: tuple[RegisterSchema | str | Path, RegisterSchema | str | Path],
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
        left: The first register: a frame, or what `read_register` read; ``with_dropped=True`` compares all columns.
        right: The second register.
        schemas: What their columns are: schemas, their files, or their shipped names.
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
    from wasl.holder.composition import fitting_profile
    from wasl.holder.keys import LinkageKey
    from wasl.holder.validity import validity_of
    from wasl.linkage.model.pairs import binary_column
    from wasl.linkage.plan import LinkagePlan
    from wasl.registers.exchange.digests import digest_table
    from wasl.registers.schema import RegisterSchema
    from wasl.settings import Settings
    from wasl.storage.held_acts import recorded_excess
    from wasl.workflow.act import RunOptions
    from wasl.workflow.authorized import require_one_office
    from wasl.workflow.merge import OwnRegister, Variable
    from wasl.workflow.merge import merge as merge_registers

    home = Settings().home_dir
    first, second = (document(RegisterSchema, schema).for_merge() for schema in schemas)
    described = (first, second)
    with recorded_excess(home, f"{described[0].register_id}, {described[1].register_id}"):
        require_one_office(described)
    registers = (_register(left, described[0]), _register(right, described[1]))
    of_both = "".join(digest_table(one.table) for one in registers)
    key = LinkageKey.new("merge", hashlib.sha256(of_both.encode()).digest())
    own: list[OwnRegister] = []
    warnings: list[dict[str, Any]] = []
    names = [schema.register_id for schema in described]
    if names[0] == names[1]:
        names = [f"{names[0]}-a", f"{names[1]}-b"]
    features = [{str(spec.feature) for spec in schema.fields} for schema in described]
    whole_name = any("full_name" in one and "surname" not in one for one in features)
    # Nothing of the encoding leaves the process, so quality alone decides. Of ANAPEC's two registers `open` linked with
    # precision .74 to .88, `guarded` with 1.0.
    profile = fitting_profile(described)
    for table, schema, name in zip(registers, described, names, strict=True):
        encoded = _encode(table, schema, key, profile=profile, with_schemas=described, name=name)
        warnings += [{"register": name, **asdict(note)} for note in encoded.notes]
        own.append(
            OwnRegister(
                name=name,
                title=schema.title_in(language),
                delivery=encoded.delivery,
                join_map=encoded.join_map,
                record=encoded.records,
                record_id=binary_column(encoded.record_ids),
                variables={
                    variable: Variable(column.label, column.shown, column.compared, column.sound)
                    for variable, column in comparable_columns(
                        table.table, schema, language, whole_name=whole_name
                    ).items()
                },
                spells=validity_of(table, schema),
            )
        )
    once = {
        name: {"duplicate_free": schema.duplicate_free, "dedupe": not schema.duplicate_free}
        for name, schema in zip(names, described, strict=True)
    }
    plan = LinkagePlan.model_validate({**LinkagePlan.load("own-registers").model_dump(mode="json"), "registers": once})
    clear = clear_persons([one.table for one in registers], described)
    options = RunOptions(threads=threads, progress=progress, language=language)
    act = merge_registers(plan, own, options, clear=clear, decisions=decisions)
    return replace(act, report={**act.report, "warnings": warnings})


def _register(data: Frame | RegisterTable, schema: RegisterSchema) -> RegisterTable:
    """The register as read; of a frame, warning of what could not be read."""
    from wasl.registers.reading.frames import register_from_table
    from wasl.registers.reading.reader import RegisterTable

    if isinstance(data, RegisterTable):
        return data
    read = register_from_table(as_arrow(data), schema, with_dropped=True)
    invalid = read.rejects.num_rows - read.rows_rejected
    tell(register_notes(schema.register_id, read.rows_rejected, invalid, read.notes), above=2)
    return read
