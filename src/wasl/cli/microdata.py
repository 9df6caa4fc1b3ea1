"""``wasl assemble``: the release desk's step from the spine and the payloads to microdata."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wasl.audit.events import EventKind
from wasl.cli.audit_trail import record_event
from wasl.cli.output import JsonFlag, emit, say, show_table
from wasl.errors import InputError
from wasl.registers.exchange.whole_files import write_whole

if TYPE_CHECKING:
    import pyarrow as pa

    from wasl.registers.exchange.payload import Payload

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
    say(f"false and missed matches by group, for the desk itself: {result['quality']}")


def assemble_files(spine: Path, payloads: list[Path], spec: str, out: Path) -> dict[str, Any]:
    """Read, assemble and write the microdata; returns its counts and records the event."""
    from wasl.registers.exchange.delivery import read_parquet, write_parquet
    from wasl.registers.exchange.digests import digest_table
    from wasl.registers.exchange.payload import Payload
    from wasl.service.microdata import MicrodataSpec, assemble_microdata

    specification = MicrodataSpec.load(spec)
    persons, metadata = read_parquet(spine, "spine")
    read = [Payload.read(path) for path in payloads]
    microdata = assemble_microdata(persons, read, specification)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_parquet(microdata.table, out)
    quality = out.with_suffix(".quality.csv")
    _write_quality(persons, metadata, read, quality)
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
        "quality": str(quality),
        "persons": microdata.table.num_rows,
        "coverage": microdata.coverage,
        "conflicts": microdata.conflicts,
        "unmatched_records": microdata.unmatched_records,
        "digest": digest,
    }


def _write_quality(spine: pa.Table, metadata: dict[bytes, bytes], payloads: Sequence[Payload], path: Path) -> None:
    """False and missed matches by register, nationality, sex and birth period, as the linkage itself estimates them."""
    from wasl.linkage.quality.breakdown import UNMET_KEY, attributes_of, break_down

    if not {"grade", "probability"} <= set(spine.column_names):
        raise InputError("the spine tells no grades and probabilities.", remedy="Give spine.parquet of `wasl link`.")
    unmet = json.loads(metadata.get(UNMET_KEY, b"{}"))
    rows = break_down(spine, attributes_of(spine, payloads), unmet)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(rows.column_names)
    for row in rows.to_pylist():
        writer.writerow([f"{value:.5f}" if isinstance(value, float) else value for value in row.values()])
    write_whole(path, text.getvalue())
