"""``wasl audit reproduce``: a recorded linkage run or release made again from its inputs, and the digests compared."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wasl.cli.output import JsonFlag, emit, progress, say
from wasl.errors import InputError, VerificationError

if TYPE_CHECKING:
    from wasl.audit.events import AuditEvent, LinkageReproduced
    from wasl.audit.reproduction import RecordedRelease, RecordedRun, ReleaseReproduction, Reproduction
    from wasl.linkage.plan import LinkagePlan
    from wasl.registers.exchange.delivery import Delivery
    from wasl.registers.exchange.join_map import JoinMap
    from wasl.registers.exchange.payload import Payload
    from wasl.workflow.act import Act

__all__ = ["reproduce"]


def reproduce(
    run: Annotated[
        str,
        typer.Argument(help="A run or the folder `wasl link` wrote; or a release or the folder of its package."),
    ],
    plan: Annotated[str, typer.Option(help="The linkage plan: a TOML file or a shipped name.")],
    inputs: Annotated[
        list[Path],
        typer.Option(help="Deliveries, join maps and payloads, or folders to find them in; repeat for each."),
    ],
    onto: Annotated[Path | None, typer.Option(help="The earlier spine the run was built onto.")] = None,
    model: Annotated[Path | None, typer.Option(help="pairs.parquet whose model the run used.")] = None,
    spec: Annotated[str | None, typer.Option(help="Of a release: the specification of its microdata.")] = None,
    policy: Annotated[str | None, typer.Option(help="Of a release: its disclosure policy.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of a release: the seed of its protection, from the desk.")] = None,
    description: Annotated[
        str | None, typer.Option(help="Of a release: its description; then the files of the package are compared, too.")
    ] = None,
    population: Annotated[Path | None, typer.Option(help="Of a release: the population table of its policy.")] = None,
    spine: Annotated[
        Path | None, typer.Option(help="Of a release: the spine after objections, where records were left out.")
    ] = None,
    log: Annotated[
        Path | None, typer.Option(help="An export of the log that recorded it; without it, this log.")
    ] = None,
    threads: Annotated[int, typer.Option(min=0, help="Threads; 0: one per processor.")] = 0,
    json_output: JsonFlag = False,
) -> None:
    """Do a recorded linkage run or release again and compare its digests; exit 3 when another one comes out.

    The inputs are recognized by the digests in the log, whatever their files are called. A release is made again from
    the deliveries to the files of its package: link, assemble, protect, package.

    The log may be this installation's or the export of another one, such as a service.

    Example: wasl audit reproduce linked/ --plan morocco --inputs deliveries/
    """
    from wasl.audit.reproduction import find_release, find_run
    from wasl.registers.exchange.digests import digest_bytes, digest_table
    from wasl.registers.exchange.parquet_tables import read_parquet

    place = Path(run)
    manifest = place / "manifest.json"
    if manifest.is_file() or policy is not None:
        digest = digest_bytes(manifest.read_bytes()) if manifest.is_file() else ""
        release = find_release(_events(log), release="" if digest else run, manifest_digest=digest)
        needed = {"--spec": spec, "--policy": policy, "--seed": seed}
        absent = [name for name, value in needed.items() if value is None]
        if spec is None or policy is None or seed is None:
            raise InputError(f"a release needs {', '.join(absent)}.", remedy="The release desk holds them.")
        documents = _Documents(spec, policy, seed, description, population)
        result = _again(
            release, documents, place if manifest.is_file() else None, plan, inputs, onto, model, spine, threads
        )
        if json_output:
            emit(result.to_json())
        if result.differing:
            raise VerificationError(
                f"release {release.release} came out otherwise: {', '.join(result.differing)} differ from the log.",
                remedy="If the run was built onto a spine or used a kept model, give --onto and --model.",
            )
        if not json_output:
            say(f"release {release.release} reproduced: table {result.found['protected']}")
            if result.files[0]:
                say(f"{result.files[0]} files of the package are byte for byte the same.")
        return
    if place.is_dir():
        recorded = find_run(_events(log), spine_digest=digest_table(read_parquet(place / "spine.parquet", "spine")[0]))
    else:
        recorded = find_run(_events(log), run=run)
    act = _run_again(recorded, plan, inputs, onto, model, threads)
    found = act.result
    if json_output:
        emit(act.report)
    if found.differing:
        raise VerificationError(
            f"run {recorded.run} gave another result: {' and '.join(found.differing)} differ from the log's digests.",
            remedy="If the run was built onto a spine or used a kept model, give --onto and --model.",
        )
    if not json_output:
        say(f"run {recorded.run} reproduced: spine {found.spine_digest}")


def _events(log: Path | None) -> Iterator[AuditEvent]:
    """The events of this log, or of an export."""
    from wasl.audit.events import AuditEvent
    from wasl.cli.audit import read_entries
    from wasl.cli.audit_trail import open_log

    return map(AuditEvent.parse, open_log().events()) if log is None else (event for _, event in read_entries(log))


def _run_again(
    recorded: RecordedRun, plan: str, inputs: Sequence[Path], onto: Path | None, model: Path | None, threads: int
) -> Act[Reproduction, LinkageReproduced]:
    """Run a recorded linkage again and record that it was.

    Raises:
        InputError: Reviewers decided pairs of it, persons objected before it, or an input is missing.
    """
    from wasl.cli.audit_trail import record_event
    from wasl.cli.linkage import read_pairs
    from wasl.linkage.plan import LinkagePlan
    from wasl.registers.exchange.parquet_tables import read_parquet
    from wasl.workflow.act import RunOptions
    from wasl.workflow.reproduce import reproduce as run_again

    if recorded.decided:
        raise InputError(
            f"reviewers decided {recorded.decided} pairs of run {recorded.run}; the log does not hold their decisions.",
            remedy="Ask the service that holds them: POST /v1/projects/{project}/linkage-runs/{run}/reproduction.",
        )
    if recorded.objected:
        raise InputError(
            f"run {recorded.run} left out {recorded.objected} records of persons who objected; the log holds a digest "
            "of their list, not the list.",
            remedy="Ask the service that holds it: POST /v1/projects/{project}/linkage-runs/{run}/reproduction.",
        )
    document = LinkagePlan.load(plan)
    if recorded.plan_digest != document.digest:
        document = _of_round(document, inputs, recorded)
    deliveries, joins = _recorded_inputs(inputs, recorded.delivery_digests)
    with progress("linking again") as report:
        act = run_again(
            recorded,
            document,
            deliveries,
            joins,
            RunOptions(threads=threads, progress=report),
            onto=None if onto is None else read_parquet(onto, "spine")[0],
            model=None if model is None else read_pairs(model).model,
        )
    record_event(act.event, project=recorded.project, subject=recorded.run)
    return act


def _of_round(plan: LinkagePlan, inputs: Sequence[Path], recorded: RecordedRun) -> LinkagePlan:
    """The plan for the round of the deliveries: a service fills in the round of a shipped plan."""
    deliveries, _ = _recorded_inputs(inputs, recorded.delivery_digests)
    rounds = {delivery.header.round for delivery in deliveries}
    return plan.model_copy(update={"round": rounds.pop()}) if len(rounds) == 1 else plan


@dataclass(frozen=True, slots=True)
class _Documents:
    """Names or files of the documents by which a release was made, and its seed."""

    spec: str
    policy: str
    seed: int
    description: str | None
    population: Path | None


def _again(
    release: RecordedRelease,
    documents: _Documents,
    package: Path | None,
    plan: str,
    inputs: Sequence[Path],
    onto: Path | None,
    model: Path | None,
    spine: Path | None,
    threads: int,
) -> ReleaseReproduction:
    """Make a recorded release again from its deliveries and payloads, and record that it was.

    Raises:
        InputError: The spine follows from no run of the log, or an input is missing.
    """
    from wasl.cli.audit_trail import record_event
    from wasl.cli.disclosure import read_microdata
    from wasl.disclosure.policy import DisclosurePolicy
    from wasl.publication.description import DatasetDescription
    from wasl.publication.manifest import Manifest
    from wasl.registers.exchange.parquet_tables import read_parquet
    from wasl.workflow.act import RunOptions
    from wasl.workflow.microdata import MicrodataSpec
    from wasl.workflow.reproduce import reproduce_release

    if spine is not None:
        table = read_parquet(spine, "spine")[0]
    elif release.run is None:
        raise InputError(
            f"the spine of release {release.release} comes from no run of the log: records were left out after "
            "objections.",
            remedy="Ask the spine keeper for it and give --spine.",
        )
    else:
        table = _run_again(release.run, plan, inputs, onto, model, threads).artifacts["spine.parquet"]
    act = reproduce_release(
        release,
        table,
        _recorded_payloads(inputs, release.payload_digests),
        MicrodataSpec.load(documents.spec),
        DisclosurePolicy.load(documents.policy),
        RunOptions(threads=threads, seed=documents.seed),
        population=None if documents.population is None else read_microdata(documents.population),
        description=None if documents.description is None else DatasetDescription.load(documents.description),
        manifest=None if package is None else Manifest.parse((package / "manifest.json").read_bytes()),
    )
    record_event(act.event, project=release.project, subject=release.release)
    return act.result


def _recorded_payloads(places: Iterable[Path], digests: Sequence[str]) -> list[Payload]:
    """The payloads of these digests, in their order.

    Raises:
        InputError: One is not among the files.
    """
    from wasl.registers.exchange.digests import digest_table
    from wasl.registers.exchange.payload import METADATA_KEY, Payload

    found: dict[str, Payload] = {}
    for path, metadata in _parquet_files(places):
        if METADATA_KEY in metadata:
            payload = Payload.read(path)
            found.setdefault(digest_table(payload.rows), payload)
    missing = [digest for digest in digests if digest not in found]
    if missing:
        raise InputError(
            f"{len(missing)} of {len(digests)} payloads are not there; the first has the digest {missing[0]}.",
            remedy="Name their files or folders with --inputs.",
        )
    return [found[digest] for digest in digests]


def _recorded_inputs(places: Iterable[Path], digests: Sequence[str]) -> tuple[list[Delivery], list[JoinMap]]:
    """The deliveries of these digests, in their order, and the join maps that open them.

    Raises:
        InputError: One is not among the files.
    """
    from wasl.registers.exchange.delivery import Delivery
    from wasl.registers.exchange.join_map import JoinMap

    deliveries: dict[str, Path] = {}
    joins: dict[str, Path] = {}
    for path, digest, is_delivery in _known_files(places):
        (deliveries if is_delivery else joins).setdefault(digest, path)
    for what, known in (("delivery", deliveries), ("join map", joins)):
        missing = [digest for digest in digests if digest not in known]
        if missing:
            raise InputError(
                f"{len(missing)} of {len(digests)} {what} files are not there; the first belongs to {missing[0]}.",
                remedy="Name their files or folders with --inputs.",
            )
    return [Delivery.read(deliveries[digest]) for digest in digests], [
        JoinMap.read(joins[digest]) for digest in digests
    ]


def _known_files(places: Iterable[Path]) -> Iterator[tuple[Path, str, bool]]:
    """Every delivery (its digest) and join map (its delivery's digest) among files and folders."""
    from wasl.registers.exchange.delivery_header import HEADER_KEY
    from wasl.registers.exchange.digests import digest_json
    from wasl.registers.exchange.join_map import METADATA_KEY

    for path, metadata in _parquet_files(places):
        if HEADER_KEY in metadata:
            yield path, digest_json(json.loads(metadata[HEADER_KEY])), True
        elif METADATA_KEY in metadata:
            yield path, str(json.loads(metadata[METADATA_KEY])["delivery_digest"]), False


def _parquet_files(places: Iterable[Path]) -> Iterator[tuple[Path, dict[bytes, bytes]]]:
    """Every Parquet file among files and folders, with its metadata."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    for place in places:
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if not path.is_file():
                continue
            try:
                yield path, pq.read_metadata(path).metadata or {}
            except (OSError, pa.ArrowException):
                continue
