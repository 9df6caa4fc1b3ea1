"""``wasl key`` and ``wasl check``: what a clerk runs at the data holder, with no server."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wasl.cli.keys import add_key_verbs
from wasl.cli.language import spoken
from wasl.cli.output import JsonFlag, emit, progress, say, show_table
from wasl.cli.register_files import (
    EncodingOption,
    HeaderRowOption,
    MonthsOption,
    RegisterOption,
    RegistrationOption,
    SheetOption,
    month_rule,
    write_rejects,
)
from wasl.registers.exchange.whole_files import write_whole

if TYPE_CHECKING:
    from wasl.holder.quality.findings import QualityReport
    from wasl.registers.reading.reader import RegisterTable

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the verbs ``key`` and ``check``."""
    add_key_verbs(app)
    app.command("check")(check_register)


def check_register(
    file: Annotated[
        Path, typer.Argument(help="The register: CSV, Excel or Parquet, or a folder of monthly declarations.")
    ],
    register: RegisterOption,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for quality.{fr,ar,en}.html, quality.json, rejects.csv."),
    ] = None,
    sheet: SheetOption = None,
    encoding: EncodingOption = None,
    header_row: HeaderRowOption = None,
    registration: RegistrationOption = None,
    months: MonthsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Examine a register: gaps, rejects, odd dates and numbers, unknown spellings, persons repeated.

    Example: wasl check permits.csv --register dgsn-permits --out quality
    """
    from wasl.audit.events import RegisterChecked
    from wasl.cli.audit_trail import record_event
    from wasl.holder.quality.examine import examine
    from wasl.registers.reading.reader import read_register
    from wasl.registers.schema import RegisterSchema

    schema = RegisterSchema.load(register)
    with progress("Reading") as report:
        table = read_register(
            file,
            schema,
            sheet=sheet,
            encoding=encoding,
            header_row=header_row,
            with_dropped=True,
            registration=registration,
            months=month_rule(months),
            progress=report,
        )
    with progress("Examining"):
        quality = examine(table, schema, file=file.name, today=datetime.now(UTC).date())
    files = _write_quality(quality, table, out) if out is not None else {}
    record_event(
        RegisterChecked(
            schema=schema.digest,
            rows=quality.rows_read,
            rejects=quality.rejected,
            findings=len(quality.findings),
        ),
        subject=schema.register_id,
    )
    if as_json:
        emit(quality.to_json() | {"files": files})
        return
    from wasl.holder.quality.finding_texts import CHECKS
    from wasl.holder.quality.texts import LABELS

    language = spoken().language
    say(f"{schema.register_id}: {quality.rows_read:,} rows read, {quality.rejected:,} rejected.")
    rows = [
        [
            LABELS[found.weight][language],
            CHECKS[found.check][language][0],
            found.column,
            found.count,
            spoken().percent(found.share, 1),
        ]
        for found in quality.findings
    ]
    show_table("Findings", ["weight", "finding", "column", "count", "share"], rows)
    for what, place in files.items():
        say(f"{what}: {place}")


def _write_quality(quality: QualityReport, table: RegisterTable, out: Path) -> dict[str, str]:
    """Write the report in both languages, as JSON, and the rejects; readable by their owner only."""
    import json

    from wasl.holder.quality.report import render_report

    out.mkdir(parents=True, exist_ok=True)
    files = {}
    texts = {
        "quality.fr.html": render_report(quality, "fr"),
        "quality.ar.html": render_report(quality, "ar"),
        "quality.en.html": render_report(quality, "en"),
        "quality.json": json.dumps(quality.to_json(), ensure_ascii=False, indent=2),
    }
    for name, text in texts.items():
        write_whole(out / name, text, mode=0o600)
        files[name] = str(out / name)
    if table.rejects.num_rows:
        write_rejects(table.rejects, out / "rejects.csv")
        files["rejects.csv"] = str(out / "rejects.csv")
    return files
