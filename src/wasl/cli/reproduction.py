"""``wasl audit reproduce``: a recorded linkage run done again from its inputs, and its spine compared."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wasl.cli.output import JsonFlag, emit, progress, say
from wasl.errors import InputError, VerificationError

if TYPE_CHECKING:
    from wasl.registers.exchange.delivery import Delivery
    from wasl.registers.exchange.join_map import JoinMap

__all__ = ["reproduce"]


def reproduce(
    run: Annotated[str, typer.Argument(help="Name of the run, or the folder that `wasl link` wrote.")],
    plan: Annotated[str, typer.Option(help="The linkage plan: a TOML file or a shipped name.")],
    inputs: Annotated[
        list[Path], typer.Option(help="Deliveries and join maps, or folders to find them in; repeat for each.")
    ],
    onto: Annotated[Path | None, typer.Option(help="The earlier spine the run was built onto.")] = None,
    model: Annotated[Path | None, typer.Option(help="pairs.parquet whose model the run used.")] = None,
    log: Annotated[
        Path | None, typer.Option(help="An export of the log that recorded the run; without it, this log.")
    ] = None,
    threads: Annotated[int, typer.Option(min=0, help="Threads; 0: one per processor.")] = 0,
    json_output: JsonFlag = False,
) -> None:
    """Do a recorded linkage run again and compare its spine; exit 3 when another one comes out.

    The inputs are recognized by the digests in the log, whatever their files are called.

    The log may be this installation's or the export of another one, such as a service.

    Example: wasl audit reproduce linked/ --plan morocco --inputs deliveries/
    """
    from wasl.audit.events import AuditEvent
    from wasl.audit.reproduction import find_run
    from wasl.cli.audit import read_entries
    from wasl.cli.audit_trail import open_log, record_event
    from wasl.cli.linkage import read_pairs
    from wasl.linkage.plan import LinkagePlan
    from wasl.registers.exchange.delivery import read_parquet
    from wasl.registers.exchange.digests import digest_table
    from wasl.workflow.act import RunOptions
    from wasl.workflow.reproduce import reproduce as run_again

    events = map(AuditEvent.parse, open_log().events()) if log is None else (event for _, event in read_entries(log))
    if Path(run).is_dir():
        spine, _ = read_parquet(Path(run) / "spine.parquet", "spine")
        recorded = find_run(events, spine_digest=digest_table(spine))
    else:
        recorded = find_run(events, run=run)
    if recorded.decided:
        raise InputError(
            f"reviewers decided {recorded.decided} pairs of run {recorded.run}; the log does not hold their decisions.",
            remedy="Ask the service that holds them: POST /v1/projects/{project}/linkage-runs/{run}/reproduction.",
        )
    document = LinkagePlan.load(plan)
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
    result = act.result
    record_event(act.event, project=recorded.project, subject=recorded.run)
    if json_output:
        emit(act.report)
    if result.differing:
        raise VerificationError(
            f"run {recorded.run} gave another result: {' and '.join(result.differing)} differ from the log's digests.",
            remedy="If the run was built onto a spine or used a kept model, give --onto and --model.",
        )
    if not json_output:
        say(f"run {recorded.run} reproduced: spine {result.spine_digest}")


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
    import pyarrow as pa
    import pyarrow.parquet as pq

    from wasl.registers.exchange.delivery import HEADER_KEY
    from wasl.registers.exchange.digests import digest_json
    from wasl.registers.exchange.join_map import METADATA_KEY

    for place in places:
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if not path.is_file():
                continue
            try:
                metadata = pq.read_metadata(path).metadata or {}
            except (OSError, pa.ArrowException):
                continue
            if HEADER_KEY in metadata:
                yield path, digest_json(json.loads(metadata[HEADER_KEY])), True
            elif METADATA_KEY in metadata:
                yield path, str(json.loads(metadata[METADATA_KEY])["delivery_digest"]), False
