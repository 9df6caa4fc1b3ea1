"""``wasl months``: declarations of several months as stocks, employment spells and control totals."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from wasl.cli.audit_trail import record_event
from wasl.cli.output import JsonFlag, emit, figure, progress, say, show_table
from wasl.registers.exchange.whole_files import whole_file

__all__ = ["months_files", "register"]


def register(app: typer.Typer) -> None:
    """Add the verb ``months``."""
    app.command("months")(months)


def months(
    place: Annotated[Path, typer.Argument(help="A folder of monthly declarations, or one file.", metavar="FOLDER")],
    out: Annotated[Path, typer.Option(help="Folder to write to.")],
    schema: Annotated[str, typer.Option("--register", help="Schema of the declarations.")] = "cnss-employees",
    as_json: JsonFlag = False,
) -> None:
    """Count declared employees over months: stocks, employment spells, wages and control totals of each month.

    Writes OUT/stocks.csv (a row per month), spells.csv (a row per employment spell) and months.csv (a row per person
    and month). Wages are of one month: they are added over employers, never over months, and stand in the
    files in centimes, as declared. The last two files hold insured numbers and stay with the office.

    Example: wasl months declarations-2025 --out months
    """
    result = months_files(place, out, schema)
    if as_json:
        emit(result)
        return
    heads = ("month", "employees", "lines", "days", "mean wage", "mean capped wage")
    rows = [
        (
            row["month"],
            row["employees"],
            row["lines"],
            "–" if row["jours_declares"] is None else row["jours_declares"],
            _mean(row, "salaire_reel"),
            _mean(row, "salaire_plafonne"),
        )
        for row in result["months"]
    ]
    show_table("declared employees", heads, rows)
    stock = result["stock"]
    december = "no December among the months" if stock["december"] is None else f"{stock['december']:,}"
    average = "none, because months are missing" if stock["average"] is None else f"{stock['average']:,.1f}"
    say(f"Stock: in any month {stock['any']:,}; average {average}; in December {december}.")
    say(f"{result['spells']:,} employment spells.")
    if missing := ", ".join(result["missing_months"]):
        say(
            f"Warning: no declaration of {missing}: spells end before these months and begin again after them, and who "
            "was declared in them alone is not in the stock."
        )
    if again := result["in_several_files"]:
        say(
            f"Warning: {again:,} times an employer declares a person in several files of one month: days and wages are "
            "added. Where a file corrects another one, keep the correction alone."
        )
    for row, column, reason in result["unread"]:
        say(f"Warning: line {row}, {column}: {reason}.")
    for row, column, reason in result["mismatches"]:
        say(f"Warning: line {row}, {column}: {reason}.")
    for row, reason in result["broken"]:
        say(f"Warning: line {row}: {reason}.")
    say(f"In {out}: stocks.csv, spells.csv, months.csv. Wages in them are in centimes, as declared.")


def months_files(place: Path, out: Path, schema_name: str = "cnss-employees") -> dict[str, Any]:
    """Read declarations, write stocks, spells and months, and record the event."""
    import pyarrow as pa

    from wasl.audit.events import MonthsCounted
    from wasl.errors import RegisterError
    from wasl.registers.reading.cnss_months import (
        AMOUNTS,
        IN_SEVERAL_FILES,
        declaration_files,
        monthly_rows,
        read_declarations,
        spells_of,
        stock_of,
        totals_of,
    )
    from wasl.registers.reading.headers import wanted_columns
    from wasl.registers.schema import RegisterSchema

    schema = RegisterSchema.load(schema_name)
    if schema.period is None:
        raise RegisterError(f"{schema.register_id} is not declared month by month.")
    needed = replace(wanted_columns(schema), names=(schema.record, schema.period))
    with progress("Reading"):
        declared = read_declarations(declaration_files(place), needed)
    monthly = monthly_rows(declared)
    totals = totals_of(declared, monthly)
    spells = spells_of(monthly)
    amounts = [name for name in AMOUNTS if name in monthly.column_names]
    columns = [schema.record, schema.period, "employers", "lines", *amounts]
    _write(pa.Table.from_pylist(totals), out / "stocks.csv")
    _write(spells, out / "spells.csv", secret=True)
    _write(monthly.select(columns), out / "months.csv", secret=True)
    stock = stock_of(monthly, declared.months)
    record_event(
        MonthsCounted(
            schema=schema.digest,
            months=len(declared.months),
            persons=stock["any"],
            spells=spells.num_rows,
            mismatches=len(declared.mismatches),
        ),
        subject=schema.register_id,
    )
    return {
        "files": list(declared.files),
        "months": totals,
        "stock": stock,
        "spells": spells.num_rows,
        "missing_months": list(declared.missing_months),
        "in_several_files": sum(count for check, _, count in declared.notes if check == IN_SEVERAL_FILES),
        "unread": [list(one) for one in declared.unread],
        "mismatches": [list(one) for one in declared.mismatches],
        "broken": [list(one) for one in declared.broken],
        "out": str(out),
    }


def _mean(row: dict[str, Any], name: str) -> str:
    """The mean of an amount in dirhams; a dash where the declarations of the month do not state it."""
    total = row.get(name)
    return "–" if total is None else figure(total / 100 / max(row["employees"], 1), 2)


def _write(table: Any, path: Path, *, secret: bool = False) -> None:
    import pyarrow.csv as pacsv

    with whole_file(path, mode=0o600 if secret else 0o644) as partial:
        pacsv.write_csv(table, partial, pacsv.WriteOptions(quoting_style="needed"))
