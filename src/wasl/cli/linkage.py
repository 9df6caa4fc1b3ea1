"""``wasl link``, ``resolve`` and ``evaluate``: deliveries to pairs, pairs to persons, persons against truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from wasl.cli.artifacts import write_artifacts
from wasl.cli.audit_trail import record_event, recorded_refusal
from wasl.cli.authorized import PurposeOption, held_by_files, say_standing
from wasl.cli.filled_in import keep_review
from wasl.cli.language import spoken
from wasl.cli.memory import let_go_of_memory
from wasl.cli.output import JsonFlag, emit, progress, say, show_table
from wasl.cli.recorded_files import read_objections
from wasl.errors import InputError, ThresholdError
from wasl.locale.code_words import CHECK_WORDS
from wasl.registers.known_names import in_words, known_as

if TYPE_CHECKING:
    import pyarrow as pa

    from wasl.linkage.model.labels import Labels
    from wasl.linkage.model.pairs import ScoredPairs
    from wasl.linkage.plan import LinkagePlan
    from wasl.registers.exchange.join_map import JoinMap
    from wasl.registers.exchange.objections import ObjectionLists
    from wasl.workflow.act import Artifact

__all__ = ["link_files", "read_labels", "read_pairs", "register", "resolve_files"]

Engine = Literal["local", "spark"]


def register(app: typer.Typer) -> None:
    """Add the verbs ``link`` and ``resolve``."""
    app.command("link")(link)
    app.command("resolve")(resolve)


def link(
    plan: Annotated[str, typer.Argument(help="Linkage plan: a TOML file or a shipped name.", metavar="PLAN")],
    deliveries: Annotated[
        list[Path], typer.Argument(help="Deliveries; one alone is deduplicated.", metavar="DELIVERY...")
    ],
    out: Annotated[Path, typer.Option(help="Folder to write to.")],
    join: Annotated[list[Path] | None, typer.Option("--join", help="Join map of a delivery; repeat for each.")] = None,
    onto: Annotated[Path | None, typer.Option(help="Earlier spine.parquet, whose persons keep their ids.")] = None,
    engine: Annotated[Engine, typer.Option(help="Where the work runs.")] = "local",
    threads: Annotated[int | None, typer.Option(min=0, help="Threads; 0: one per processor.")] = None,
    model: Annotated[
        Path | None, typer.Option(help="pairs.parquet of an earlier run whose model is used as it is.")
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(help="review.csv of an earlier run, with decisions, beside its review.parquet."),
    ] = None,
    objections: Annotated[
        Path | None,
        typer.Option(help="List of record ids of persons who object, JSON or CSV; needs the join maps."),
    ] = None,
    accept: Annotated[bool, typer.Option("--accept", help="End with exit code 0 even if self-checks failed.")] = False,
    purpose: PurposeOption = "",
    as_json: JsonFlag = False,
) -> None:
    """Score the pairs of deliveries and, with join maps, resolve them into persons.

    Example: wasl link morocco dgsn.parquet cnss.parquet --join dgsn.join --join cnss.join --out linked
    """
    result = link_files(
        plan,
        deliveries,
        join or [],
        out,
        onto=onto,
        engine=engine,
        threads=threads,
        model=model,
        labels=labels,
        objections=objections,
        purpose=purpose,
    )
    if as_json:
        emit(result)
    else:
        _say_linked(result)
    _require_checks(result, accept=accept, quiet=as_json)


def resolve(
    plan: Annotated[str, typer.Argument(help="Linkage plan: a TOML file or a shipped name.", metavar="PLAN")],
    pairs: Annotated[Path, typer.Argument(help="pairs.parquet of `wasl link`.", metavar="PAIRS")],
    join: Annotated[list[Path], typer.Option("--join", help="Join map of a delivery; repeat for each.")],
    out: Annotated[Path, typer.Option(help="Folder to write to.")],
    onto: Annotated[Path | None, typer.Option(help="Earlier spine.parquet, whose persons keep their ids.")] = None,
    objections: Annotated[
        Path | None,
        typer.Option(help="List of record ids of persons who object, JSON or CSV; needs the join maps."),
    ] = None,
    accept: Annotated[bool, typer.Option("--accept", help="End with exit code 0 even if self-checks failed.")] = False,
    purpose: PurposeOption = "",
    as_json: JsonFlag = False,
) -> None:
    """Resolve scored pairs into persons: the spine keeper's half.

    Example: wasl resolve morocco linked/pairs.parquet --join dgsn.join --join cnss.join --out resolved
    """
    result = resolve_files(plan, pairs, join, out, onto=onto, objections=objections, purpose=purpose)
    if as_json:
        emit(result)
    else:
        _say_linked(result)
    _require_checks(result, accept=accept, quiet=as_json)


def _say_linked(result: dict[str, Any]) -> None:
    rows = [
        (known_as(f["pass"], spoken()), f["rows"], f["blocks"], f["pairs_compared"], f["pairs_kept"])
        for f in result["passes"]
    ]
    show_table("pairs", ("pass", "rows", "blocks", "compared", "kept"), rows)
    for flow in result["passes"]:
        step = in_words(flow["pass"])
        if flow["hot_pairs"]:
            say(
                f"pass {step}: {flow['hot_blocks']:,} blocks over candidates.block_pairs were cut into sub-"
                f"blocks of similar rows: {flow['hot_compared']:,} of their {flow['hot_pairs']:,} pairs were compared, "
                f"with about {flow['hot_completeness']:.0%} of the matches"
            )
        for warning in flow.get("warnings", []):
            say(f"pass {step}: {warning}")
    for check in result.get("checks", []):
        if check.get("warning"):
            say(f"warning, check “{check_words(check['name'])}”: {check['message']}")
    if "persons" in result:
        say(f"{result['records']:,} records are {result['persons']:,} persons")
        say(f"{result['grades']['review']:,} pairs to review, {result['conflicts']:,} conflicts")
    if result.get("changes"):
        counts = {name: result["changes"].get(name, 0) for name in ("new", "left", "merged", "split", "moved")}
        say(
            f"Against the earlier spine: {counts['new']:,} persons new, {counts['left']:,} no longer in a register, "
            f"{counts['merged']:,} merged, {counts['split']:,} split, {counts['moved']:,} with records of another"
        )
    if result.get("objected"):
        say(f"{result['objected_found']:,} of {result['objected']:,} objected records were found, and left out")
    say_standing(result)
    for name, path in result["files"].items():
        say(f"{name}: {path}")


def check_words(name: str) -> str:
    """The English words for a check; `said` translates the sentence around them."""
    return CHECK_WORDS.get(name, name)


def _require_checks(result: Mapping[str, Any], *, accept: bool, quiet: bool) -> None:
    """End with exit code 3 if self-checks failed and the user did not accept it; the files are written in any case.

    Raises:
        ThresholdError: Names the failed checks.
    """
    failed = [
        f"{check_words(check['name'])}: {check['message']}" for check in result.get("checks", []) if not check["passed"]
    ]
    if not failed:
        return
    text = f"{len(failed)} self-check{'s' if len(failed) > 1 else ''} of the linkage failed. " + " ".join(failed)
    if not accept:
        raise ThresholdError(text, remedy="Read report.html and review a sample; --accept ends with exit code 0.")
    if not quiet:
        say(f"accepted: {text}")


FILE_KEYS = {"report.html": "page", "review.csv": "review_sheet", "review.html": "review_page"}
"""Names under which ``--json`` lists files whose stem is not their name."""


def _write(artifacts: Mapping[str, Artifact], out: Path) -> dict[str, str]:
    written = write_artifacts(artifacts, out)
    return {FILE_KEYS.get(name, Path(name).stem): path for name, path in written.items()}


def _run_id() -> str:
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")


def _read_spine(path: Path | None) -> pa.Table | None:
    from wasl.registers.exchange.parquet_tables import read_parquet

    return None if path is None else read_parquet(path, "spine")[0]


def link_files(
    plan: str | Path,
    deliveries: Sequence[Path],
    joins: Sequence[Path],
    out: Path,
    *,
    onto: Path | None = None,
    engine: Engine = "local",
    threads: int | None = None,
    model: Path | None = None,
    labels: Path | None = None,
    objections: Path | None = None,
    run: str | None = None,
    purpose: str = "",
) -> dict[str, Any]:
    """Read the inputs, link, and with join maps resolve; returns the report with the files written."""
    from wasl.linkage.plan import LinkagePlan
    from wasl.registers.exchange.delivery import Delivery
    from wasl.registers.exchange.join_map import JoinMap
    from wasl.registers.exchange.spilled_arrays import arrays_in_file
    from wasl.settings import Settings
    from wasl.workflow.act import RunOptions
    from wasl.workflow.link import link as link_deliveries
    from wasl.workflow.objections import deliveries_without, maps_without

    let_go_of_memory()
    if joins:
        keep_review(out / "review.csv")
    if onto is not None and not joins:
        raise InputError("--onto needs join maps: without them there are no persons.", remedy="Add --join FILE.")
    if objections is not None and not joins:
        raise InputError(
            "--objections needs join maps: without them nobody knows whose rows are meant.",
            remedy="Add --join FILE, or give the list to the spine keeper: wasl resolve --objections.",
        )
    heeded = None if objections is None else read_objections(objections)
    document = LinkagePlan.load(plan)
    read = [Delivery.read(path) for path in deliveries]
    objected = heeded.by_register() if heeded is not None else {}
    maps = [JoinMap.open(path, objected) for path in joins]
    if heeded is not None:
        read = deliveries_without(read, maps_without(maps, objected)[1])
    workers = Settings().threads if threads is None else threads
    earlier = read_pairs(model).model if model is not None else None
    decided = read_labels(labels) if labels is not None else None
    project = read[0].header.project if read else ""
    with arrays_in_file(out if out.is_dir() else out.absolute().parent) as store:
        with recorded_refusal(document.name, project=project), progress("linking") as report_progress:
            options = RunOptions(
                threads=workers,
                progress=report_progress,
                language=spoken().language,
                **held_by_files([one.header.project for one in read], purpose),
            )
            act = link_deliveries(document, read, options, engine=engine, model=earlier, labels=decided, store=store)
        artifacts = {name: act.artifacts[name] for name in act.artifacts if not joins or name == "pairs.parquet"}
        files = _write(artifacts, out)
        record_event(act.event, project=_project(act.result), subject=document.name)
        if not joins:
            return {**act.report, "files": files}
        report = _resolve_into(document, act.result, maps, out, run or _run_id(), _read_spine(onto), heeded, purpose)
    report["files"] = files | report["files"]
    return report


def resolve_files(
    plan: str | Path,
    pairs: Path,
    joins: Sequence[Path],
    out: Path,
    *,
    onto: Path | None = None,
    objections: Path | None = None,
    run: str | None = None,
    purpose: str = "",
) -> dict[str, Any]:
    """Read scored pairs and join maps, and resolve; returns the report with the files written."""
    from wasl.linkage.plan import LinkagePlan
    from wasl.registers.exchange.join_map import JoinMap

    let_go_of_memory()
    keep_review(out / "review.csv")
    document = LinkagePlan.load(plan)
    scored = read_pairs(pairs)
    heeded = None if objections is None else read_objections(objections)
    maps = [JoinMap.open(path, heeded.by_register() if heeded is not None else ()) for path in joins]
    return _resolve_into(document, scored, maps, out, run or _run_id(), _read_spine(onto), heeded, purpose)


def read_pairs(path: Path) -> ScoredPairs:
    """The scored pairs in a file that `wasl link` wrote."""
    from wasl.linkage.model.pairs import ScoredPairs

    return ScoredPairs.open(path)


def _project(scored: ScoredPairs) -> str:
    sources = scored.report["sources"]
    return str(sources[0]["project"]) if sources else ""


def _resolve_into(
    plan: LinkagePlan,
    scored: ScoredPairs,
    joins: Sequence[JoinMap],
    out: Path,
    run: str,
    onto: pa.Table | None,
    objections: ObjectionLists | None,
    purpose: str,
) -> dict[str, Any]:
    from wasl.workflow.act import RunOptions
    from wasl.workflow.resolve import resolve as resolve_pairs

    projects = [str(one.get("project", "")) for one in scored.report["sources"]]
    with recorded_refusal(run, project=_project(scored)), progress("resolving") as report_progress:
        held = held_by_files([*projects, *(one.project for one in joins)], purpose)
        options = RunOptions(progress=report_progress, language=spoken().language, **held)
        act = resolve_pairs(plan, scored, joins, options, run=run, onto=onto, objections=objections)
    files = _write(act.artifacts, out)
    record_event(act.event, project=_project(scored), subject=run)
    return {**act.report, "files": files}


def read_labels(reviewed: Path) -> Labels:
    """Decisions in a review.csv, with the sample beside it."""
    from wasl.cli.evaluation import read_csv
    from wasl.linkage.model.labels import labels_of
    from wasl.registers.exchange.parquet_tables import read_parquet

    design, _ = read_parquet(reviewed.parent / "review.parquet", "review sample")
    return labels_of(design, read_csv(reviewed))
