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
from wasl.cli.language import said, spoken
from wasl.cli.memory import let_go_of_memory
from wasl.cli.output import JsonFlag, emit, progress, say, show_table
from wasl.cli.recorded_files import read_objections
from wasl.errors import InputError, ThresholdError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from wasl.linkage.model.labels import Labels
    from wasl.linkage.model.pairs import ScoredPairs
    from wasl.linkage.plan import LinkagePlan
    from wasl.registers.exchange.join_map import JoinMap
    from wasl.registers.exchange.objections import ObjectionLists
    from wasl.workflow.act import Artifact

__all__ = ["evaluate_files", "link_files", "read_labels", "read_pairs", "register", "resolve_files", "review_files"]

Engine = Literal["local", "spark"]
QUALITY = ("precision", "recall", "f1")


def register(app: typer.Typer) -> None:
    """Add the verbs ``link``, ``resolve`` and ``evaluate``."""
    app.command("link")(link)
    app.command("resolve")(resolve)
    app.command("evaluate")(evaluate)


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


def evaluate(
    folder: Annotated[Path, typer.Argument(help="Folder with spine.parquet and links.parquet.", metavar="DIR")],
    truth: Annotated[
        Path | None, typer.Option(help="CSV or .xlsx: register, record, person; further columns are groups.")
    ] = None,
    keep_map: Annotated[
        list[Path] | None, typer.Option("--keep-map", help="register, record, record_id, of `wasl encode --keep-map`.")
    ] = None,
    reviewed: Annotated[
        Path | None, typer.Option(help="review.csv of the linkage with its decisions filled in.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Compare persons with the truth, or estimate from reviewers' decisions: precision, recall and F1.

    Example: wasl evaluate linked --truth truth.csv --keep-map dgsn-keep.csv --keep-map cnss-keep.csv
    """
    if truth is None and reviewed is None:
        raise InputError("nothing to evaluate with.", remedy="Give --truth FILE, --reviewed FILE, or both.")
    result: dict[str, Any] = {}
    if reviewed is not None:
        result["review"] = review_files(folder, reviewed)
    if truth is not None:
        result |= evaluate_files(folder, truth, keep_map)
    if as_json:
        emit(result)
        return
    if reviewed is not None:
        found = result["review"]
        rows = [(said(name), *(f"{found[name][k]:.4f}" for k in ("value", "low", "high"))) for name in QUALITY]
        title = f"from {found['decided']:,} decided of {found['drawn']:,} drawn pairs"
        show_table(title, ("", "estimate", "95 % from", "to"), rows)
    if truth is None:
        return
    rows = [
        (name, *(f"{score[k]:.4f}" for k in ("precision", "recall", "f1")), score["found"], score["true"])
        for name, score in (
            (said("pairs"), result["pairwise"]),
            (said("persons"), result["cluster"]),
            *result["by_registers"].items(),
        )
    ]
    show_table("against truth", ("", "precision", "recall", "F1", "found", "true"), rows)
    if result["calibration"]:
        say(
            f"expected calibration error: {result['calibration']['expected_calibration_error']:.4f}; by chance alone, "
            f"were every probability right: {result['calibration']['error_by_chance']:.4f}"
        )
    if result["without_person"] or result["without_record"]:
        say(
            f"left out of the truth: {result['without_person']:,} rows without a person, {result['without_record']:,} "
            "without a record number."
        )
    if result["unknown_records"]:
        say(f"{result['unknown_records']:,} records were not judged: the truth gives them no person.")


def _say_linked(result: dict[str, Any]) -> None:
    rows = [(f["pass"], f["rows"], f["blocks"], f["pairs_compared"], f["pairs_kept"]) for f in result["passes"]]
    show_table("pairs", ("pass", "rows", "blocks", "compared", "kept"), rows)
    for flow in result["passes"]:
        if flow["hot_pairs"]:
            say(
                f"pass {flow['pass']}: {flow['hot_blocks']:,} blocks over candidates.block_pairs were cut into sub-"
                f"blocks of similar rows: {flow['hot_compared']:,} of their {flow['hot_pairs']:,} pairs were compared, "
                f"with about {flow['hot_completeness']:.0%} of the matches"
            )
        for warning in flow.get("warnings", []):
            say(f"pass {flow['pass']}: {warning}")
    for check in result.get("checks", []):
        if check.get("warning"):
            say(f"warning, check {check['name']}: {check['message']}")
    if "persons" in result:
        say(f"{result['records']:,} records are {result['persons']:,} persons")
        say(f"{result['grades']['review']:,} pairs to review, {result['conflicts']:,} conflicts")
    if result.get("objected"):
        say(f"{result['objected_found']:,} of {result['objected']:,} objected records were found, and left out")
    say_standing(result)
    for name, path in result["files"].items():
        say(f"{name}: {path}")


def _require_checks(result: Mapping[str, Any], *, accept: bool, quiet: bool) -> None:
    """End with exit code 3 if self-checks failed and the user did not accept it; the files are written in any case.

    Raises:
        ThresholdError: Names the failed checks.
    """
    failed = [f"{check['name']}: {check['message']}" for check in result.get("checks", []) if not check["passed"]]
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
    from wasl.settings import Settings
    from wasl.workflow.act import RunOptions
    from wasl.workflow.link import link as link_deliveries
    from wasl.workflow.objections import deliveries_without, maps_without

    let_go_of_memory()
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
    maps = [JoinMap.open(path) for path in joins]
    if heeded is not None:
        read = deliveries_without(read, maps_without(maps, heeded.by_register())[1])
    workers = Settings().threads if threads is None else threads
    earlier = read_pairs(model).model if model is not None else None
    decided = read_labels(labels) if labels is not None else None
    project = read[0].header.project if read else ""
    with recorded_refusal(document.name, project=project), progress("linking") as report_progress:
        options = RunOptions(
            threads=workers,
            progress=report_progress,
            language=spoken().language,
            **held_by_files([one.header.project for one in read], purpose),
        )
        act = link_deliveries(document, read, options, engine=engine, model=earlier, labels=decided)
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
    document = LinkagePlan.load(plan)
    scored = read_pairs(pairs)
    maps = [JoinMap.open(path) for path in joins]
    heeded = None if objections is None else read_objections(objections)
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
    from wasl.linkage.model.labels import labels_of
    from wasl.registers.exchange.parquet_tables import read_parquet

    design, _ = read_parquet(reviewed.parent / "review.parquet", "review sample")
    return labels_of(design, read_csv(reviewed))


def review_files(folder: Path, reviewed: Path) -> dict[str, Any]:
    """Estimate quality from reviewers' decisions, add it to the report, and record the event."""
    from wasl.registers.exchange.parquet_tables import read_parquet
    from wasl.workflow.act import RunOptions
    from wasl.workflow.evaluate import evaluate_review

    design, _ = read_parquet(folder / "review.parquet", "review sample")
    report = _read_report(folder)
    if report is None:
        raise InputError(
            f"{folder / 'report.json'}: no such file.", remedy="Name the folder that `wasl link --out` wrote."
        )
    act = evaluate_review(design, read_csv(reviewed), report, RunOptions(seed=0, language=spoken().language))
    write_artifacts(act.artifacts, folder)
    record_event(act.event, subject=f"{folder.name}, by review")
    return dict(act.report)


def evaluate_files(folder: Path, truth: Path, keep_maps: Sequence[Path] | None = None) -> dict[str, Any]:
    """Compare the linkage in a folder with the truth, add the result to its report, and record the event."""
    from wasl.registers.exchange.parquet_tables import read_parquet
    from wasl.workflow.act import RunOptions
    from wasl.workflow.evaluate import evaluate as evaluate_spine

    spine, _ = read_parquet(folder / "spine.parquet", "spine")
    links_path = folder / "links.parquet"
    links = read_parquet(links_path, "links")[0] if links_path.is_file() else None
    found = list(keep_maps or []) or sorted({*folder.glob("keep-map*.csv"), *folder.parent.glob("keep-map*.csv")})
    act = evaluate_spine(
        spine,
        read_csv(truth),
        RunOptions(language=spoken().language),
        keep_maps=[read_csv(path) for path in found],
        links=links,
        report=_read_report(folder),
    )
    write_artifacts(act.artifacts, folder)
    record_event(act.event, subject=folder.name)
    return dict(act.report)


def _read_report(folder: Path) -> dict[str, Any] | None:
    """The linkage report in a folder, or None."""
    import json

    path = folder / "report.json"
    if not path.is_file():
        return None
    value = json.loads(path.read_text(encoding="utf-8"))
    return value if isinstance(value, dict) else None


def read_csv(path: Path) -> pd.DataFrame:
    """A truth, a keep map or reviewed pairs, as a spreadsheet writes them: CSV, or the sheet of a workbook that fits.

    Raises:
        InputError: The file is missing, or is not one of these.
    """
    from wasl.linkage.quality.truth import parse_table, table_of
    from wasl.registers.reading.sources import check_file
    from wasl.registers.reading.workbooks import sheet_rows

    if not path.is_file():
        raise InputError(f"{path}: no such file.")
    workbook = path.stat().st_size and check_file(path) == "excel"
    if not workbook and path.suffix.lower() in (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"):
        raise InputError(f"{path}: cannot be read as a workbook.", remedy="Save it again as .xlsx or CSV.")
    if not workbook:
        return parse_table(path.read_bytes(), str(path))
    sheets = sheet_rows(path, None, None)
    return table_of([[[cell or "" for cell in row] for row in rows] for rows in sheets.values()], str(path))
