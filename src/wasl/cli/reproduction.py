"""``wasl audit reproduce``: a recorded linkage run or release made again from its inputs, and the digests compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from wasl.cli.artifacts import write_artifacts
from wasl.cli.output import JsonFlag, emit, progress, say
from wasl.errors import InputError, VerificationError

if TYPE_CHECKING:
    import pyarrow as pa

    from wasl.audit.events import AuditEvent, LinkageReproduced
    from wasl.audit.recorded_releases import RecordedAssembly, RecordedRelease, ReleaseReproduction
    from wasl.audit.reproduction import RecordedRun, Reproduction
    from wasl.linkage.model.pairs import ScoredPairs
    from wasl.registers.exchange.delivery import Delivery
    from wasl.registers.exchange.objections import ObjectionLists
    from wasl.workflow.act import Act
    from wasl.workflow.microdata import MicrodataSpec

__all__ = [
    "Given",
    "microdata_specification",
    "objections_heeded",
    "recorded_events",
    "reproduce",
    "spine_of",
]


def reproduce(
    run: Annotated[
        str,
        typer.Argument(
            help="A run or the folder `wasl link` wrote; a release or tables, or the folder of their package, or the "
            "folder `wasl tables` wrote."
        ),
    ],
    inputs: Annotated[
        list[Path],
        typer.Option(
            help="Deliveries, join maps and payloads, or data of tables; or folders to find them in; repeat for each."
        ),
    ],
    plan: Annotated[
        str | None,
        typer.Option(help="The linkage plan: a TOML file or a shipped name. Tables of a data file need none."),
    ] = None,
    onto: Annotated[Path | None, typer.Option(help="The earlier spine the run was built onto.")] = None,
    model: Annotated[Path | None, typer.Option(help="pairs.parquet whose model the run used.")] = None,
    spec: Annotated[
        str | None, typer.Option(help="Of a release or tables: the specification of the microdata.")
    ] = None,
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Of a release: the day that `wasl assemble --on` was given."),
    ] = None,
    policy: Annotated[str | None, typer.Option(help="Of a release: its disclosure policy.")] = None,
    seed: Annotated[
        int | None, typer.Option(help="Of a release or tables: the seed of their protection, from the desk.")
    ] = None,
    tables: Annotated[
        str | None, typer.Option(help="Of tables: their specification; TOML, the service's JSON, or a shipped name.")
    ] = None,
    period: Annotated[str, typer.Option(help="Of indicators: their reference period.")] = "",
    earlier: Annotated[
        list[Path] | None,
        typer.Option(help="Of tables: OUT folder of a release they were audited against; repeatable."),
    ] = None,
    record_key: Annotated[
        Path | None, typer.Option(help="Of tables: file with the secret of the record keys (cell-key method).")
    ] = None,
    description: Annotated[
        str | None, typer.Option(help="Of a release: its description; then the files of the package are compared, too.")
    ] = None,
    population: Annotated[Path | None, typer.Option(help="Of a release: the population table of its policy.")] = None,
    spine: Annotated[
        Path | None, typer.Option(help="Of a release: the spine of its run, instead of linking again.")
    ] = None,
    objections: Annotated[
        list[Path] | None,
        typer.Option(help="List of objections that were left out, from the spine keeper; JSON or CSV; repeatable."),
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="review.csv with the decisions of an earlier run that the model learned from.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the spine that came out.")] = None,
    log: Annotated[
        Path | None, typer.Option(help="An export of the log that recorded it; without it, this log.")
    ] = None,
    public_key: Annotated[
        str, typer.Option("--public-key", help="With --log: the verifier key that you keep of that log.")
    ] = "",
    threads: Annotated[int, typer.Option(min=0, help="Threads; 0: one per processor.")] = 0,
    json_output: JsonFlag = False,
) -> None:
    """Do a recorded linkage run or release again and compare its digests; exit 3 when another one comes out.

    The inputs are recognized by the digests in the log, whatever their files are called. A release is made again from
    the deliveries to the files of its package: link, assemble, protect, package. Tables are made again from their data
    file, or, with --plan and --spec, from the deliveries on.

    The log may be this installation's or the export of another one, such as a service. It is verified first.

    Example: wasl audit reproduce linked/ --plan morocco --inputs deliveries/

    Example: wasl audit reproduce out/ --tables stock.toml --seed 7 --inputs microdata.parquet
    """
    from wasl.cli.log_entries import require_sound

    require_sound(log, public_key)
    place = Path(run)
    given = Given(plan, inputs, onto, model, labels, objections or (), threads)
    if tables is not None:
        from wasl.cli.tables_reproduction import TableDocuments, tables_again

        asked = TableDocuments(tables, period, seed, earlier or (), record_key, spec, on, spine)
        tables_again(run, given, asked, log, as_json=json_output)
    elif policy is not None or (place / "manifest.json").is_file():
        needed = {"--spec": spec, "--policy": policy, "--seed": seed}
        if spec is None or policy is None or seed is None:
            absent = [name for name, value in needed.items() if value is None]
            raise InputError(f"a release needs {', '.join(absent)}.", remedy="The release desk holds them.")
        documents = _Documents(spec, on, policy, seed, description, population)
        _compare_release(place, documents, given, spine, log, as_json=json_output)
    else:
        _compare_run(place, given, out, log, as_json=json_output)


def _compare_release(
    place: Path, documents: _Documents, given: Given, spine: Path | None, log: Path | None, *, as_json: bool
) -> None:
    """Make the release again that a folder of a package or a name stands for, and print the comparison.

    Raises:
        VerificationError: Something came out otherwise.
    """
    from wasl.audit.recorded_releases import find_release
    from wasl.registers.exchange.digests import digest_bytes

    manifest = place / "manifest.json"
    package = place if manifest.is_file() else None
    release = find_release(
        recorded_events(log),
        release="" if package else str(place),
        manifest_digest=digest_bytes(manifest.read_bytes()) if package else "",
        specification_digest=microdata_specification(documents.spec, documents.on).digest,
    )
    result = _again(release, documents, package, given, spine)
    if as_json:
        emit(result.to_json())
    if result.differing:
        raise VerificationError(
            f"release {release.release} came out otherwise: {', '.join(result.differing)} differ from the log.",
            remedy="Use the release of wasl that made it.",
        )
    if not as_json:
        say(f"release {release.release} reproduced: table {result.found['protected']}")
        if result.files[0]:
            say(f"{result.files[0]} files of the package are byte for byte the same.")


def _compare_run(place: Path, given: Given, out: Path | None, log: Path | None, *, as_json: bool) -> None:
    """Link the run again that a folder or a name stands for, and print the comparison.

    Raises:
        VerificationError: Something came out otherwise.
    """
    from wasl.audit.reproduction import find_run
    from wasl.registers.exchange.digests import digest_table
    from wasl.registers.exchange.parquet_tables import read_parquet

    if place.is_dir():
        spine_digest = digest_table(read_parquet(place / "spine.parquet", "spine")[0])
        recorded = find_run(recorded_events(log), spine_digest=spine_digest)
    else:
        recorded = find_run(recorded_events(log), run=str(place))
    act = _run_again(recorded, given)
    found = act.result
    if out is not None:
        write_artifacts(act.artifacts, out)
    if as_json:
        emit(act.report)
    if found.differing:
        raise VerificationError(
            f"run {recorded.run} gave another result: {' and '.join(found.differing)} differ from the log's digests.",
            remedy="Use the release of wasl that made the run; if it used a kept model, give --model.",
        )
    if not as_json:
        say(f"run {recorded.run} reproduced: spine {found.spine_digest}")


def recorded_events(log: Path | None) -> Iterator[AuditEvent]:
    """The events of this log, or of an export."""
    from wasl.audit.events import AuditEvent
    from wasl.cli.audit_trail import open_log
    from wasl.cli.log_entries import read_entries

    return map(AuditEvent.parse, open_log().events()) if log is None else (event for _, event in read_entries(log))


@dataclass(frozen=True, slots=True)
class Given:
    """Files of the person who reproduces.

    Attributes:
        plan: The linkage plan: a file or a shipped name, or None.
        inputs: Deliveries, join maps, payloads and pairs, or folders.
        onto, model, labels: Earlier spine, pairs.parquet with a kept model, review.csv with decisions.
        objections: Lists of objections.
        threads: Threads; 0: one per processor.
    """

    plan: str | None
    inputs: Sequence[Path]
    onto: Path | None
    model: Path | None
    labels: Path | None
    objections: Sequence[Path]
    threads: int


def _run_again(recorded: RecordedRun, given: Given) -> Act[Reproduction, LinkageReproduced]:
    """Run a recorded linkage again and record that it was.

    Raises:
        InputError: A file of the run is missing; names it and its digest.
    """
    from wasl.cli.audit_trail import record_event, recorded_refusal
    from wasl.cli.authorized import held_by_files
    from wasl.cli.linkage import read_labels, read_pairs
    from wasl.cli.recorded_files import objections_of, recorded_inputs, recorded_joins, recorded_pairs, recorded_spine
    from wasl.linkage.plan import LinkagePlan
    from wasl.registers.exchange.parquet_tables import read_parquet
    from wasl.workflow.act import RunOptions
    from wasl.workflow.reproduce import reproduce as run_again

    heeded = None
    if recorded.objected:
        heeded = objections_of(given.objections, recorded.objections_digest, recorded.objected)
    if given.plan is None:
        raise InputError(f"run {recorded.run} needs --plan.", remedy="Give the plan it followed: a file or a name.")
    document = LinkagePlan.load(given.plan)
    scored: ScoredPairs | None = None
    deliveries: list[Delivery] = []
    if recorded.received:
        scored = recorded_pairs(given.inputs, recorded.pairs_digest)
        joins = recorded_joins(given.inputs, scored)
        rounds = {one.round for one in joins}
    else:
        deliveries, joins = recorded_inputs(given.inputs, recorded.delivery_digests, recorded.files)
        rounds = {delivery.header.round for delivery in deliveries}
    if recorded.plan_digest != document.digest and len(rounds) == 1:  # a service fills in the round of a shipped plan
        document = document.model_copy(update={"round": rounds.pop()})
    onto = recorded_spine(given.inputs, recorded.onto_digest) if recorded.onto_digest and given.onto is None else None
    held = held_by_files([recorded.project])
    with recorded_refusal(recorded.run, project=recorded.project), progress("linking again") as report:
        act = run_again(
            recorded,
            document,
            deliveries,
            joins,
            RunOptions(threads=given.threads, progress=report, **held),
            onto=onto if given.onto is None else read_parquet(given.onto, "spine")[0],
            model=None if given.model is None else read_pairs(given.model).model,
            labels=None if given.labels is None else read_labels(given.labels),
            objections=heeded,
            scored=scored,
        )
    record_event(act.event, project=recorded.project, subject=recorded.run)
    return act


@dataclass(frozen=True, slots=True)
class _Documents:
    """Names or files of the documents by which a release was made, and its seed."""

    spec: str
    on: datetime | None
    policy: str
    seed: int
    description: str | None
    population: Path | None


def _again(
    release: RecordedRelease, documents: _Documents, package: Path | None, given: Given, spine: Path | None
) -> ReleaseReproduction:
    """Make a recorded release again from its deliveries and payloads, and record that it was.

    Raises:
        InputError: The spine follows from no run of the log, or an input is missing.
    """
    from wasl.cli.audit_trail import record_event, recorded_refusal
    from wasl.cli.authorized import held_by_files
    from wasl.cli.disclosure import read_microdata
    from wasl.cli.recorded_files import found_payloads
    from wasl.disclosure.policy import DisclosurePolicy
    from wasl.publication.description import DatasetDescription
    from wasl.publication.manifest import Manifest
    from wasl.workflow.act import RunOptions
    from wasl.workflow.reproduce import reproduce_release

    table = spine_of(release, given, spine)
    policy = DisclosurePolicy.load(documents.policy)
    held = held_by_files([release.project])
    with recorded_refusal(release.release, project=release.project):
        act = reproduce_release(
            release,
            table,
            found_payloads(given.inputs),
            microdata_specification(documents.spec, documents.on),
            policy,
            RunOptions(threads=given.threads, seed=documents.seed, **held),
            population=None if documents.population is None else read_microdata(documents.population, policy),
            description=None if documents.description is None else DatasetDescription.load(documents.description),
            manifest=None if package is None else Manifest.parse((package / "manifest.json").read_bytes()),
            objections=objections_heeded(release, table, given),
        )
    record_event(act.event, project=release.project, subject=release.release)
    return act.result


def microdata_specification(spec: str, on: datetime | None) -> MicrodataSpec:
    """The specification of microdata, with the day that `wasl assemble --on` was given."""
    from wasl.workflow.microdata import MicrodataSpec

    found = MicrodataSpec.load(spec)
    return found if on is None else found.model_copy(update={"reference_date": on.date()})


def spine_of(release: RecordedAssembly, given: Given, spine: Path | None) -> pa.Table:
    """The spine of a release's run: from a file, or by linking again.

    Raises:
        InputError: Neither is possible.
    """
    from wasl.registers.exchange.parquet_tables import read_parquet

    if spine is not None:
        return read_parquet(spine, "spine")[0]
    if release.run is None:
        raise InputError(
            f"the spine of release {release.release} ({release.spine_digest}) comes from no run of this log.",
            remedy="Ask the spine keeper for it and give --spine, or give the log of the installation that made it.",
        )
    act = _run_again(release.run, given)
    if act.result.differing:
        raise VerificationError(
            f"run {release.run.run} of release {release.release} gave another result: "
            f"{' and '.join(act.result.differing)} differ from the log's digests.",
            remedy="Use the release of wasl that made the run.",
        )
    table = act.artifacts["spine.parquet"]
    return cast("pa.Table", table)


def objections_heeded(release: RecordedAssembly, spine: pa.Table, given: Given) -> ObjectionLists | None:
    """The objections whose records were left out when the release was assembled.

    A service of release 0.1.0 did not log them. Then the lists are taken that make the spine the recorded one.

    Raises:
        InputError: The list is needed and not there.
    """
    from wasl.cli.recorded_files import ASK, objections_of, read_objections
    from wasl.registers.exchange.digests import digest_table
    from wasl.registers.exchange.objections import ObjectionLists
    from wasl.workflow.objections import persons_of, spine_without

    if release.objected:
        return objections_of(given.objections, release.objections_digest, release.objected)
    if digest_table(spine) == release.spine_digest:
        return None
    for path in given.objections:
        lists = read_objections(path).lists
        for length in range(1, len(lists) + 1):
            some = ObjectionLists(lists[:length])
            if digest_table(spine_without(spine, persons_of(spine, some.by_register()))) == release.spine_digest:
                return some
    raise InputError(
        f"release {release.release} was made from another spine than its run gave: {release.spine_digest}. If persons "
        "objected in between, their list is needed.",
        remedy=ASK,
    )
