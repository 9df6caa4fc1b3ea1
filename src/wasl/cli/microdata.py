"""``wasl assemble``: the release desk's step from the spine and the payloads to microdata."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from wasl.audit.events import EventKind
from wasl.cli.journal import record_event
from wasl.cli.output import JsonFlag, emit, say, show_table

__all__ = ["assemble_files", "register"]


def register(app: typer.Typer) -> None:
    """Add the verb ``assemble``."""
    app.command("assemble")(assemble)


def assemble(
    spine: Annotated[Path, typer.Argument(help="spine.parquet of a linkage.", metavar="SPINE")],
    payload: Annotated[list[Path], typer.Option("--payload", help="A payload; repeat for each register.")],
    out: Annotated[Path, typer.Option(help="Microdata file to write (Parquet).")],
    spec: Annotated[str, typer.Option(help="What to assemble: a TOML file or a shipped name.")] = "foreign-workers",
    as_json: JsonFlag = False,
) -> None:
    """Join payloads to the spine: one row per person.

    Example: wasl assemble linked/spine.parquet --payload dgsn.parquet --payload cnss.parquet --out micro.parquet
    """
    result = assemble_files(spine, payload, spec, out)
    if as_json:
        emit(result)
        return
    rows = [(name, f"{share:.1%}", result["conflicts"][name]) for name, share in result["coverage"].items()]
    show_table(f"{result['persons']:,} persons", ("variable", "known", "registers disagree"), rows)
    say(f"microdata: {out}")


def assemble_files(spine: Path, payloads: list[Path], spec: str, out: Path) -> dict[str, Any]:
    """Read, assemble and write the microdata; returns its counts and records the event."""
    from wasl.registers.delivery import read_parquet, write_parquet
    from wasl.registers.digests import digest_table
    from wasl.registers.payload import Payload
    from wasl.workflow.microdata import MicrodataSpec, assemble_microdata

    specification = MicrodataSpec.load(spec)
    persons, _ = read_parquet(spine, "spine")
    microdata = assemble_microdata(persons, [Payload.read(path) for path in payloads], specification)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_parquet(microdata.table, out)
    digest = digest_table(microdata.table)
    record_event(
        EventKind.MICRODATA_ASSEMBLED,
        subject=specification.name,
        detail={
            "persons": microdata.table.num_rows,
            "variables": microdata.table.num_columns,
            "unmatched_records": microdata.unmatched_records,
            "spine_digest": digest_table(persons),
            "microdata_digest": digest,
        },
    )
    return {
        "microdata": str(out),
        "persons": microdata.table.num_rows,
        "coverage": microdata.coverage,
        "conflicts": microdata.conflicts,
        "unmatched_records": microdata.unmatched_records,
        "digest": digest,
    }
