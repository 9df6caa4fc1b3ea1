"""``wasl assemble``: the release desk's step from the spine and the payloads to microdata."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from wasl.cli.audit_trail import record_event, recorded_refusal
from wasl.cli.authorized import PurposeOption, held_by_files, say_standing
from wasl.cli.output import JsonFlag, emit, say, show_table
from wasl.registers.exchange.whole_files import write_whole

__all__ = ["assemble_files", "register"]

MOST_COMPARISONS = 20
"""Comparisons of two registers on one variable that are printed: nine registers have some 400. All are in the file."""


def register(app: typer.Typer) -> None:
    """Add the verb ``assemble``."""
    app.command("assemble")(assemble)


def assemble(
    spine: Annotated[Path, typer.Argument(help="spine.parquet of a linkage, or its folder.", metavar="SPINE")],
    payload: Annotated[list[Path], typer.Option("--payload", help="A payload; repeat for each register.")],
    out: Annotated[Path, typer.Option(help="Microdata file to write (Parquet).")],
    spec: Annotated[str, typer.Option(help="What to assemble: a TOML file or a shipped name.")] = "foreign-workers",
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Day that ages and stays refer to, instead of the specification's."),
    ] = None,
    objections: Annotated[
        Path | None, typer.Option(help="List of record ids of persons who object, JSON or CSV; they are left out.")
    ] = None,
    purpose: PurposeOption = "",
    as_json: JsonFlag = False,
) -> None:
    """Join payloads to the spine: one row per person, with the harmonized variables of the specification.

    Example: wasl assemble linked/spine.parquet --payload dgsn.parquet --payload cnss.parquet --out micro.parquet
    """
    result = assemble_files(spine, payload, spec, out, on=on and on.date(), objections=objections, purpose=purpose)
    if as_json:
        emit(result)
        return
    rows = [(name, f"{share:.1%}", result["conflicts"].get(name, "")) for name, share in result["coverage"].items()]
    show_table(f"{result['persons']:,} persons", ("variable", "known", "registers disagree"), rows)
    agree = [
        (one["variable"], one["register_a"], one["register_b"], one["persons"], f"{one['agreement']:.1%}")
        for one in sorted(result["concordance"], key=lambda one: one["agreement"] if one["persons"] else 1.0)
        if one["persons"]
    ]
    heads = ("variable", "register", "and", "persons", "agree")
    show_table("What registers say of the same persons", heads, agree[:MOST_COMPARISONS])
    if more := len(agree[MOST_COMPARISONS:]):
        say(f"The comparisons with the least agreement are shown; {more:,} more agree as well or better.")
    for name, total in result["totals"].items():
        say(f"{name}: {total['payloads']:,.1f} in the payloads, {total['microdata']:,.1f} in the microdata")
    for name in result["left_out"]:
        say(f"warning: {name} is left out: no payload has it.")
    if result.get("objected"):
        say(f"{result['objected']:,} objected records; {result['persons_objected']:,} persons left out")
    say_standing(result)
    say(f"microdata: {out}")
    say(f"false and missed matches by group, for the desk itself: {result['quality']}")
    say(f"value by value where two registers know a person, for the desk itself: {result['concordance_table']}")


def assemble_files(
    spine: Path,
    payloads: list[Path],
    spec: str,
    out: Path,
    *,
    on: date | None = None,
    objections: Path | None = None,
    purpose: str = "",
) -> dict[str, Any]:
    """Read, assemble and write the microdata; returns its counts and records the event.

    Args:
        spine: The spine, or the folder that `wasl link` wrote it to.
        payloads: One or more per register.
        spec: A specification's file or shipped name.
        out: The file to write; quality and concordance stand beside it.
        on: The reference date instead of the specification's, or None.
        objections: A list of objections, or None.
        purpose: The purpose that it serves, where several are authorized.
    """
    from wasl.cli.recorded_files import read_objections
    from wasl.registers.exchange.parquet_tables import read_parquet, write_parquet
    from wasl.registers.exchange.payload import Payload
    from wasl.workflow.act import RunOptions
    from wasl.workflow.assemble import assemble as assemble_spine
    from wasl.workflow.microdata import MicrodataSpec

    specification = MicrodataSpec.load(spec)
    if on is not None:
        specification = specification.model_copy(update={"reference_date": on})
    persons, metadata = read_parquet(spine / "spine.parquet" if spine.is_dir() else spine, "spine")
    read = [Payload.read(path) for path in payloads]
    heeded = None if objections is None else read_objections(objections)
    projects = [one.project for one in read]
    with recorded_refusal(specification.name, project=min(projects, default="")):
        options = RunOptions(**held_by_files(projects, purpose))
        act = assemble_spine(persons.replace_schema_metadata(metadata), read, specification, options, objections=heeded)
    quality, concordance = out.with_suffix(".quality.csv"), out.with_suffix(".concordance.csv")
    out.parent.mkdir(parents=True, exist_ok=True)
    write_parquet(act.result.table, out)
    write_whole(quality, act.artifacts["quality.csv"])
    write_whole(concordance, act.artifacts["concordance.csv"])
    record_event(act.event, project=min(projects, default=""), subject=specification.name)
    return {"microdata": str(out), "quality": str(quality), "concordance_table": str(concordance), **act.report}
