"""``wasl evaluate``: persons compared with the truth, or quality estimated from reviewers' decisions."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wasl.cli.artifacts import write_artifacts
from wasl.cli.audit_trail import record_event
from wasl.cli.language import said, spoken
from wasl.cli.output import JsonFlag, emit, figure, say, show_table
from wasl.errors import InputError, RegisterError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["evaluate_files", "read_csv", "read_table", "register", "review_files"]

QUALITY = ("precision", "recall", "f1")
SPINE_COLUMNS = ("person_id", "register", "record_id")
LINK_COLUMNS = ["left_register", "left_record_id", "right_register", "right_record_id", "probability"]
LINKS_AT_A_TIME = 1 << 17


def register(app: typer.Typer) -> None:
    """Add the verb ``evaluate``."""
    app.command("evaluate")(evaluate)


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
        rows = [(said(name), *(figure(found[name][k], 4) for k in ("value", "low", "high"))) for name in QUALITY]
        title = f"from {found['decided']:,} decided of {found['drawn']:,} drawn pairs"
        show_table(title, ("", "estimate", "95 % from", "to"), rows)
    if truth is None:
        return
    rows = [
        (name, *(figure(score[k], 4) for k in ("precision", "recall", "f1")), score["found"], score["true"])
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
    if result["strange_rows"]:
        rows_of = ", ".join(f"{register} ({count:,})" for register, count in result["strange_rows"].items())
        say(f"rows of the truth that name no linked record, by register: {rows_of}")


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
    from wasl.registers.exchange.parquet_tables import opened_parquet, read_parquet
    from wasl.workflow.act import RunOptions
    from wasl.workflow.evaluate import evaluate as evaluate_spine

    report = _read_report(folder)
    found = list(keep_maps or []) or sorted({*folder.glob("keep-map*.csv"), *folder.parent.glob("keep-map*.csv")})
    spine, _ = read_parquet(folder / "spine.parquet", "spine", columns=SPINE_COLUMNS)
    with ExitStack() as opened:
        links = None
        if (folder / "links.parquet").is_file():
            file = opened.enter_context(opened_parquet(folder / "links.parquet", "links", mapped=False))
            links = file.iter_batches(batch_size=LINKS_AT_A_TIME, columns=LINK_COLUMNS)
        act = evaluate_spine(
            spine,
            partial(read_table, truth),
            RunOptions(language=spoken().language),
            keep_maps=[partial(read_table, path) for path in found],
            links=links,
            report=report,
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
    """Reviewed pairs, a return or a list, as a spreadsheet writes them; see :func:`read_table`."""
    import pandas as pd

    table = read_table(path)
    return pd.DataFrame({name: table.column(name).to_pylist() for name in table.column_names}, dtype=object)


def read_table(path: Path) -> pa.Table:
    """A truth, a keep map or reviewed pairs, as a spreadsheet writes them: CSV, or the sheet of a workbook that fits.

    A CSV file is read a part at a time: it may have ten million rows.

    Raises:
        InputError: The file is missing, or is not one of these.
    """
    import pyarrow as pa

    from wasl.linkage.quality.text_tables import codec_of, columns_of_text
    from wasl.linkage.quality.truth import table_of
    from wasl.registers.reading.encodings import detect_encoding
    from wasl.registers.reading.sources import check_file
    from wasl.registers.reading.workbooks import sheet_rows

    if not path.is_file():
        raise InputError(f"{path}: no such file.")
    workbook = path.stat().st_size and check_file(path) == "excel"
    if not workbook and path.suffix.lower() in (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"):
        raise InputError(f"{path}: cannot be read as a workbook.", remedy="Save it again as .xlsx or CSV.")
    if not workbook:
        try:
            encoding = codec_of(detect_encoding(path))
        except RegisterError as error:
            raise InputError(str(error)) from None
        return columns_of_text(lambda: path.open(encoding=encoding, newline=""), str(path))
    sheets = sheet_rows(path, None, None)
    frame = table_of([[[cell or "" for cell in row] for row in rows] for rows in sheets.values()], str(path))
    return pa.table({str(name): pa.array(frame[name], pa.large_string()) for name in frame.columns})
