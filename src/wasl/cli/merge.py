"""``wasl merge``: one office's own two registers, compared by its own record numbers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from wasl.cli.artifacts import write_artifacts
from wasl.cli.audit_trail import record_event
from wasl.cli.encode_report import say_how_read
from wasl.cli.filled_in import keep_merge_decisions
from wasl.cli.language import said, spoken
from wasl.cli.output import JsonFlag, emit, progress, say, show_table
from wasl.cli.register_files import month_rule
from wasl.errors import InputError

__all__ = ["merge_files", "register"]


def register(app: typer.Typer) -> None:
    """Add the verb ``merge``."""
    app.command("merge")(merge)


def merge(
    first: Annotated[Path, typer.Argument(help="The first register: CSV, Excel or Parquet.", metavar="A")],
    second: Annotated[Path, typer.Argument(help="The second register of the same office.", metavar="B")],
    schemas: Annotated[
        list[str], typer.Option("--register", help="Schema of A, then of B: a TOML file or a shipped name.")
    ],
    out: Annotated[Path, typer.Option(help="Folder to write to.")],
    decisions: Annotated[
        Path | None,
        typer.Option(help="merged.xlsx of an earlier merge, its decisions filled in; or CSV."),
    ] = None,
    months: Annotated[
        str | None, typer.Option(help="For declarations by month (CNSS): any, average or december.")
    ] = None,
    registration: Annotated[
        Path | None, typer.Option(help="CNSS's registration file, for declarations of the fixed layout.")
    ] = None,
    threads: Annotated[int, typer.Option(min=0, help="Threads; 0: one per processor.")] = 0,
    as_json: JsonFlag = False,
) -> None:
    """Compare two registers of one office: who is in both, where they disagree, who stands twice.

    No key is needed: both are encoded in memory under a key that is thrown away. Writes OUT/merged.xlsx, merged.csv,
    report.html and report.json. The workbook and the table hold the office's own values and stay with the office. A
    register declared by month may be a folder of months; who was in both and when is then dated (overlaps.csv).

    Example: wasl merge certificates.xlsx projects.xlsx --register anapec-certificates --register anapec-projects
    --out merged
    """
    result = merge_files(
        first, second, schemas, out, decisions=decisions, months=months, registration=registration, threads=threads
    )
    if as_json:
        emit({name: value for name, value in result.items() if name != "tables"})
        return
    counts = result["merge"]
    labels = labels_of(schemas)
    disagreements = [(labels.get(name, name), count) for name, count in counts["disagreements"].items()]
    rows: list[tuple[object, ...]] = [
        *((f"records of {name}", count) for name, count in counts["records"].items()),
        (said("persons"), counts["persons"]),
        ("persons in both", counts["in_both"]),
        *((f"pairs of one person within {name}", count) for name, count in counts["duplicates"].items()),
        ("doubtful pairs to decide", counts["doubtful"]),
        *((f"persons whose registers disagree: {name}", count) for name, count in disagreements),
        *((RELATIONS[name], count) for name, count in counts["relations"].items()),
    ]
    if counts["decisions_set_aside"]:
        rows.append(("decisions set aside: a record has left its register", counts["decisions_set_aside"]))
    if counts["decided"]:
        rows.append(("decisions used", counts["decided"] - counts["decisions_without_pair"]))
        rows.append(("decisions on pairs that were never compared", counts["decisions_without_pair"]))
    show_table("merge", ("", "count"), rows)
    for name, rejected in result["rejected"].items():
        if rejected:
            say(f"{name}: {rejected} rows could not be read; `wasl check` names them.")
    if gone := counts["decisions_set_aside"]:
        say(
            f"Warning: {gone} decisions are on a record that is in neither register any more. They are in the sheet of "
            "decisions set aside, and the next merge reads them again."
        )
    _say_how_read(result)
    say(f"workbook: {out / 'merged.xlsx'}")


def _say_how_read(result: Mapping[str, Any]) -> None:
    """Say under which headings columns were found, which are lacking, and what was assumed or lost in reading."""
    from wasl.holder.quality.finding_texts import CHECKS

    for file, table in result["tables"].items():
        say_how_read(table, file)
        if table.absent:
            say(f"Not in the file, and compared nowhere: {', '.join(table.absent)}.")
    if result["warnings"]:
        rows = [
            [one["register"], CHECKS[one["check"]][spoken().language][0], one["column"], one["count"]]
            for one in result["warnings"]
        ]
        show_table("Warnings (`wasl check` shows rows and values)", ["register", "what", "column", "cells"], rows)


def labels_of(schemas: list[str]) -> dict[str, str]:
    """The label of each variable of the registers, in the language of the command line."""
    from wasl.holder.comparable import comparable_labels
    from wasl.registers.schema import RegisterSchema

    found: dict[str, str] = {}
    for schema in reversed(schemas):
        found |= comparable_labels(RegisterSchema.load(schema), spoken().language)
    return found


RELATIONS = {
    "both": "dated overlaps: spells of both at the same time",
    "first_before": "persons of the first register, later of the second",
    "second_before": "persons of the second register, later of the first",
}


def merge_files(
    first: Path,
    second: Path,
    schemas: list[str],
    out: Path,
    *,
    decisions: Path | None = None,
    months: str | None = None,
    registration: Path | None = None,
    threads: int = 0,
) -> dict[str, Any]:
    """Read both registers, merge, write the artifacts and record the event; returns the report."""
    from wasl.desk.merge_decisions import read_decisions
    from wasl.facade import merge as merge_registers
    from wasl.registers.reading.reader import read_register
    from wasl.registers.schema import RegisterSchema

    if len(schemas) != 2:
        raise InputError(
            f"{len(schemas)} schemas were given for two registers.", remedy="Give --register twice: for A, then for B."
        )
    left, right = (RegisterSchema.load(schema).for_merge() for schema in schemas)
    rule = month_rule(months)
    decided = read_decisions(decisions) if decisions is not None else []
    keep_merge_decisions(out / "merged.xlsx", set(decided))
    with progress("reading") as report:
        one, other = (
            read_register(
                place,
                schema,
                with_dropped=True,
                registration=registration,
                months=rule if schema.period is not None else None,
                progress=report,
            )
            for place, schema in ((first, left), (second, right))
        )
    with progress("comparing") as report:
        act = merge_registers(
            one, other, (left, right), decisions=decided, threads=threads, progress=report, language=spoken().language
        )
    write_artifacts(act.artifacts, out)
    record_event(act.event, subject=f"{left.register_id}, {right.register_id}")
    rejected = {first.name: one.rows_rejected, second.name: other.rows_rejected}
    return {**act.report, "rejected": rejected, "out": str(out), "tables": {first.name: one, second.name: other}}
