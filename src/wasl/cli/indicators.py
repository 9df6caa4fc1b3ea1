"""``wasl indicators``: the shipped set of tables for a period, protected together."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wasl.cli.authorized import ProjectOption, PurposeOption
from wasl.cli.output import JsonFlag, emit, say
from wasl.cli.tables import make_tables, show_tables
from wasl.registers.reading.reference_periods import required_period

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the verb ``indicators``."""
    app.command("indicators")(indicators)


def indicators(
    data: Annotated[Path, typer.Argument(help="Linked microdata, one row a person, CSV or Parquet.", metavar="DATA")],
    period: Annotated[str, typer.Option("--period", help="Reference period: 2024, 2024-Q1, 2024-03, 2020/2024.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the tables and the reports.")],
    spec: Annotated[str, typer.Option("--spec", help="Set of tables: a shipped name or a file.")] = "foreign-workers",
    earlier: Annotated[
        list[Path] | None,
        typer.Option("--earlier", help="OUT folder of tables or of protected microdata published before; repeatable."),
    ] = None,
    project: ProjectOption = None,
    purpose: PurposeOption = "",
    as_json: JsonFlag = False,
) -> None:
    """Make the shipped set of tables for a period in one run, protected together, with SDMX, PX and JSON-stat files.

    Sets: foreign-workers, taechir-contracts, refugees-employment, cnss-pensioners, placed-abroad. The set of foreign
    workers also gives a profile of each region in three languages. Ages are derived from years of birth, regions from
    provinces. Tables whose columns the data lack are left out and named. indicators.json is the index.

    Example: wasl indicators foreign-workers.parquet --period 2024 --out indicators

    Example: wasl indicators contracts.parquet --spec taechir-contracts --period 2024 --out contracts
    """
    made = make_tables(
        [data], spec, out, earlier=earlier or [], period=required_period(period), project=project, purpose=purpose
    )
    names = {table.name for table in made.result.spec.tables}
    left_out = made.report["left_out"]
    if as_json:
        shown = {name: value for name, value in made.report.items() if name != "tables"}
        emit({**shown, "tables": sorted(names), "left_out": left_out, "out": str(out)})
        return
    show_tables(made, out)
    if left_out:
        say(f"left out, because the data lack their columns: {', '.join(left_out)}")
