"""``wasl link``, ``resolve`` and ``evaluate``: deliveries to pairs, pairs to persons, persons against truth."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from wasl.audit.events import EventKind
from wasl.cli.audit_trail import record_event
from wasl.cli.output import JsonFlag, emit, progress, say, show_table
from wasl.errors import InputError
from wasl.registers.exchange.whole_files import write_whole

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from wasl.linkage.model.pairs import ScoredPairs
    from wasl.linkage.plan import LinkagePlan
    from wasl.linkage.quality.evaluate import Evaluation

__all__ = ["evaluate_files", "link_files", "register", "resolve_files", "review_files"]

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
    as_json: JsonFlag = False,
) -> None:
    """Score the pairs of deliveries and, with join maps, resolve them into persons.

    Example: wasl link morocco dgsn.parquet cnss.parquet --join dgsn.join --join cnss.join --out linked
    """
    result = link_files(plan, deliveries, join or [], out, onto=onto, engine=engine, threads=threads, model=model)
    if as_json:
        emit(result)
        return
    _say_linked(result)


def resolve(
    plan: Annotated[str, typer.Argument(help="Linkage plan: a TOML file or a shipped name.", metavar="PLAN")],
    pairs: Annotated[Path, typer.Argument(help="pairs.parquet of `wasl link`.", metavar="PAIRS")],
    join: Annotated[list[Path], typer.Option("--join", help="Join map of a delivery; repeat for each.")],
    out: Annotated[Path, typer.Option(help="Folder to write to.")],
    onto: Annotated[Path | None, typer.Option(help="Earlier spine.parquet, whose persons keep their ids.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Resolve scored pairs into persons: the spine keeper's half.

    Example: wasl resolve morocco linked/pairs.parquet --join dgsn.join --join cnss.join --out resolved
    """
    result = resolve_files(plan, pairs, join, out, onto=onto)
    if as_json:
        emit(result)
        return
    _say_linked(result)


def evaluate(
    folder: Annotated[Path, typer.Argument(help="Folder with spine.parquet and links.parquet.", metavar="DIR")],
    truth: Annotated[
        Path | None, typer.Option(help="truth.csv: register, record, person; further columns are groups.")
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
        rows = [(name, *(f"{found[name][k]:.4f}" for k in ("value", "low", "high"))) for name in QUALITY]
        title = f"from {found['decided']:,} decided of {found['drawn']:,} drawn pairs"
        show_table(title, ("", "estimate", "95 % from", "to"), rows)
    if truth is None:
        return
    rows = [
        (name, *(f"{score[k]:.4f}" for k in ("precision", "recall", "f1")), score["found"], score["true"])
        for name, score in (
            ("pairs", result["pairwise"]),
            ("persons", result["cluster"]),
            *result["by_registers"].items(),
        )
    ]
    show_table("against truth", ("", "precision", "recall", "F1", "found", "true"), rows)
    if result["calibration"]:
        say(f"expected calibration error: {result['calibration']['expected_calibration_error']:.4f}")


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
    if "persons" in result:
        say(f"{result['records']:,} records are {result['persons']:,} persons")
        say(f"{result['grades']['review']:,} pairs to review, {result['conflicts']:,} conflicts")
    for name, path in result["files"].items():
        say(f"{name}: {path}")


def _run_id() -> str:
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")


def _read_spine(path: Path | None) -> pa.Table | None:
    from wasl.registers.exchange.delivery import read_parquet

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
    run: str | None = None,
) -> dict[str, Any]:
    """Read, link and write; returns the report with the files written, and records the events."""
    from wasl.linkage.plan import LinkagePlan
    from wasl.linkage.score import score_pairs
    from wasl.registers.exchange.delivery import Delivery, write_parquet
    from wasl.registers.exchange.digests import digest_table
    from wasl.registers.exchange.join_map import JoinMap
    from wasl.settings import Settings

    if onto is not None and not joins:
        raise InputError("--onto needs join maps: without them there are no persons.", remedy="Add --join FILE.")
    document = LinkagePlan.load(plan)
    read = [Delivery.read(path) for path in deliveries]
    maps = [JoinMap.read(path) for path in joins]
    workers = Settings().threads if threads is None else threads
    project = read[0].header.project if read else ""
    earlier = _read_pairs(model).model if model is not None else None
    with progress("linking") as report_progress:
        if engine == "spark":
            from wasl.engines.spark import score_pairs_on_spark

            scored = score_pairs_on_spark(document, read, progress=report_progress, model=earlier)
        else:
            scored = score_pairs(document, read, threads=workers, progress=report_progress, model=earlier)
    out.mkdir(parents=True, exist_ok=True)
    pairs_path = out / "pairs.parquet"
    write_parquet(scored.to_table(), pairs_path)
    record_event(
        EventKind.LINKAGE_COMPLETED,
        project=project,
        subject=document.name,
        detail={
            "plan_digest": document.digest,
            "delivery_digests": [source["delivery_digest"] for source in scored.report["sources"]],
            "pairs": scored.pairs.num_rows,
            "pairs_digest": digest_table(scored.pairs),
        },
    )
    files = {"pairs": str(pairs_path)}
    if not joins:
        files |= _write_report(scored.report | {"model": scored.model.to_json()}, out)
        return {**scored.report, "files": files}
    report = _resolve_into(document, scored, maps, out, run or _run_id(), _read_spine(onto), project)
    report["files"] = files | report["files"]
    return report


def resolve_files(
    plan: str | Path, pairs: Path, joins: Sequence[Path], out: Path, *, onto: Path | None = None, run: str | None = None
) -> dict[str, Any]:
    """Read scored pairs and join maps, resolve and write; returns the report and records the event."""
    from wasl.linkage.plan import LinkagePlan
    from wasl.registers.exchange.join_map import JoinMap

    document = LinkagePlan.load(plan)
    scored = _read_pairs(pairs)
    maps = [JoinMap.read(path) for path in joins]
    out.mkdir(parents=True, exist_ok=True)
    project = scored.report["sources"][0]["project"] if scored.report["sources"] else ""
    return _resolve_into(document, scored, maps, out, run or _run_id(), _read_spine(onto), project)


def _read_pairs(path: Path) -> ScoredPairs:
    from wasl.linkage.model.pairs import ScoredPairs
    from wasl.registers.exchange.delivery import read_parquet

    table, metadata = read_parquet(path, "file of scored pairs")
    return ScoredPairs.from_table(table, metadata)


def _resolve_into(
    plan: LinkagePlan,
    scored: ScoredPairs,
    joins: Sequence[Any],
    out: Path,
    run: str,
    onto: pa.Table | None,
    project: str,
) -> dict[str, Any]:
    import json

    from wasl.linkage.quality.breakdown import UNMET_KEY
    from wasl.linkage.resolve import resolve as resolve_pairs
    from wasl.registers.exchange.delivery import write_parquet
    from wasl.registers.exchange.digests import digest_table

    resolution = resolve_pairs(plan, scored, joins, run=run, onto=onto)
    files: dict[str, str] = {}
    chances = resolution.report["quality"]["unmet"]
    unmet = json.dumps({row["register"]: chances[row["label"]] for row in scored.report["sources"]}).encode()
    for name in ("spine", "links", "conflicts", "changes", "review"):
        path = out / f"{name}.parquet"
        table = getattr(resolution, name)
        write_parquet(table.replace_schema_metadata({UNMET_KEY: unmet}) if name == "spine" else table, path)
        files[name] = str(path)
    files |= _write_review(resolution.review, scored, out)
    files |= _write_report(resolution.report, out)
    record_event(
        EventKind.SPINE_RESOLVED,
        project=project,
        subject=run,
        detail={
            "plan_digest": plan.digest,
            "records": resolution.report["records"],
            "persons": resolution.report["persons"],
            "conflicts": resolution.report["conflicts"],
            "spine_digest": digest_table(resolution.spine),
        },
    )
    return {**resolution.report, "files": files}


def _write_report(report: dict[str, Any], out: Path) -> dict[str, str]:
    import json

    from wasl.linkage.quality.report import render_report

    texts = {
        "report.json": json.dumps(report, ensure_ascii=False, indent=2) + "\n",
        "report.html": render_report(report),
    }
    for name, text in texts.items():
        write_whole(out / name, text)
    return {"report": str(out / "report.json"), "page": str(out / "report.html")}


def _write_review(review: pa.Table, scored: ScoredPairs, out: Path) -> dict[str, str]:
    """The reviewers' sheet, which shows neither probability nor grade, and the waterfalls."""
    import csv
    import io

    from wasl.linkage.quality.report import render_review

    columns = ("pair", "left_register", "left_record_id", "right_register", "right_record_id")
    rows = review.to_pylist()
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\n")
    writer.writerow([*columns, "decision"])
    for row in rows:
        writer.writerow([row[name].hex() if name.endswith("_id") else row[name] for name in columns] + [""])
    write_whole(out / "review.csv", sheet.getvalue())
    write_whole(out / "review.html", render_review(rows, scored.model.passes))
    return {"review_sheet": str(out / "review.csv"), "review_page": str(out / "review.html")}


def review_files(folder: Path, reviewed: Path) -> dict[str, Any]:
    """Estimate quality from reviewers' decisions, add it to the report, and record the event."""
    import json

    import numpy as np

    from wasl.linkage.quality.review import estimate_from_review
    from wasl.registers.exchange.delivery import read_parquet

    design, _ = read_parquet(folder / "review.parquet", "review sample")
    report_path = folder / "report.json"
    if not report_path.is_file():
        raise InputError(f"{report_path}: no such file.", remedy="Name the folder that `wasl link --out` wrote.")
    report = json.loads(report_path.read_text(encoding="utf-8"))
    parts = report["quality"]["missed_parts"]
    rng = np.random.default_rng(0)
    result = estimate_from_review(design, _read_csv(reviewed), parts["below"] + parts["never_met"], rng)
    _write_report({**report, "review": result}, folder)
    record_event(
        EventKind.LINKAGE_EVALUATED,
        subject=f"{folder.name}, by review",
        detail={name: result[name]["value"] for name in QUALITY}
        | {"reviewed": result["decided"], "drawn": result["drawn"]},
    )
    return result


def evaluate_files(folder: Path, truth: Path, keep_maps: Sequence[Path] | None = None) -> dict[str, Any]:
    """Evaluate the linkage in a folder, add the result to its report, and record the event."""
    import json

    from wasl.registers.exchange.delivery import read_parquet

    evaluation = _evaluate(folder, truth, keep_maps)
    result = evaluation.to_json()
    report_path = folder / "report.json"
    if report_path.is_file():
        report = json.loads(report_path.read_text(encoding="utf-8"))
        _write_report({**report, "evaluation": result}, folder)
    record_event(
        EventKind.LINKAGE_EVALUATED,
        subject=folder.name,
        detail={name: result[name] for name in ("precision", "recall", "f1")}
        | {"records": read_parquet(folder / "spine.parquet", "spine")[0].num_rows},
    )
    return result


def _evaluate(folder: Path, truth: Path, keep_maps: Sequence[Path] | None) -> Evaluation:
    from wasl.linkage.quality.evaluate import evaluate as evaluate_spine
    from wasl.registers.exchange.delivery import read_parquet

    spine, _ = read_parquet(folder / "spine.parquet", "spine")
    links_path = folder / "links.parquet"
    links = read_parquet(links_path, "links")[0] if links_path.is_file() else None
    found = list(keep_maps or [])
    if not found:
        found = sorted({*folder.glob("keep-map*.csv"), *folder.parent.glob("keep-map*.csv")})
    return evaluate_spine(spine, _read_csv(truth), [_read_csv(path) for path in found], links)


def _read_csv(path: Path) -> pd.DataFrame:
    import pandas as pd

    if not path.is_file():
        raise InputError(f"{path}: no such file.")
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False)
    except (ValueError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a readable CSV file in UTF-8 ({type(error).__name__}).") from error
