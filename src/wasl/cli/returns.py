"""``wasl return`` prepares the result of a linkage for one holder; ``wasl open`` opens it there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wasl.cli.audit_trail import record_event, recorded_refusal
from wasl.cli.authorized import PurposeOption, held_by_files, say_standing
from wasl.cli.output import JsonFlag, emit, say, show_table
from wasl.errors import InputError
from wasl.registers.exchange.whole_files import write_whole

if TYPE_CHECKING:
    from wasl.locale import Language
    from wasl.registers.schema import RegisterSchema

__all__ = ["open_file", "register", "return_files"]


def register(app: typer.Typer) -> None:
    """Add the verbs ``return`` and ``open``."""
    app.command("return")(prepare)
    app.command("open")(open_at_home)


def prepare(
    folder: Annotated[Path, typer.Argument(help="Folder that `wasl link` or `wasl resolve` wrote.", metavar="LINKED")],
    of: Annotated[str, typer.Option("--of", help="The register whose holder gets the return.")],
    out: Annotated[Path, typer.Option(help="Return to write (Parquet).")],
    plan: Annotated[str, typer.Option(help="The plan of the linkage: a TOML file or a shipped name.")] = "morocco",
    payload: Annotated[
        list[Path] | None, typer.Option("--payload", help="Payloads of the registers, for rates of agreement.")
    ] = None,
    schema: Annotated[
        list[str] | None,
        typer.Option("--schema", help="NAME=SCHEMA of a register whose schema does not ship under its name."),
    ] = None,
    join: Annotated[Path | None, typer.Option(help="The register's join map: which records could be compared.")] = None,
    earlier: Annotated[
        list[Path] | None, typer.Option("--earlier", help="Returns of earlier rounds of the same register.")
    ] = None,
    purpose: PurposeOption = "",
    as_json: JsonFlag = False,
) -> None:
    """Prepare what one holder gets back about its own records; registers with return = "none" get nothing.

    Example: wasl return linked --of dgsn-permits --payload dgsn.payload --payload cnss.payload --out dgsn.return
    """
    result = return_files(
        folder,
        of,
        out,
        plan=plan,
        payloads=payload or (),
        schemas=schema or (),
        join=join,
        earlier=earlier or (),
        purpose=purpose,
    )
    if as_json:
        emit(result)
        return
    say(f"{of}: {result['records']:,} records, {result['persons']:,} persons")
    rows = [
        (one["register"], "record by record" if one["told"] else "counts only", one["linked"] or "withheld")
        for one in result["registers"]
    ]
    show_table("linked to", ("register", "told", "records"), rows)
    if result["registers_not_shown"]:
        say(f"Of {result['registers_not_shown']} registers nothing is told: their schemas say so.")
    for name in result["rules_without_register"]:
        say(f"Warning: a rule tells of {name!r}, which is not in this linkage.")
    say_standing(result)
    say(f"return: {out}")


def return_files(
    folder: Path,
    of: str,
    out: Path,
    *,
    plan: str = "morocco",
    payloads: Sequence[Path] = (),
    schemas: Sequence[str] = (),
    join: Path | None = None,
    earlier: Sequence[Path] = (),
    purpose: str = "",
) -> dict[str, Any]:
    """Read the linkage, prepare the return of one register, write it and record the event."""
    from wasl.linkage.plan import LinkagePlan
    from wasl.registers.exchange.holder_return import HolderReturn
    from wasl.registers.exchange.join_map import JoinMap
    from wasl.registers.exchange.parquet_tables import read_parquet
    from wasl.registers.exchange.payload import Payload
    from wasl.workflow.act import RunOptions
    from wasl.workflow.holder_return import holder_return

    place = folder / "report.json"
    if not place.is_file():
        raise InputError(f"{place}: no such file.", remedy="Name the folder that `wasl link --out` wrote.")
    spine, _ = read_parquet(folder / "spine.parquet", "spine")
    links, _ = read_parquet(folder / "links.parquet", "links")
    read = [Payload.read(path) for path in payloads]
    report = json.loads(place.read_text(encoding="utf-8"))
    projects = [str(one.get("project", "")) for one in report.get("sources", ())]
    with recorded_refusal(of, project=min(projects, default="")):
        act = holder_return(
            LinkagePlan.load(plan),
            _schemas(spine.column("register").cast("string").unique().to_pylist(), schemas),
            of,
            spine,
            links,
            read,
            report,
            RunOptions(**held_by_files([*projects, *(one.project for one in read)], purpose)),
            join=JoinMap.read(join) if join is not None else None,
            earlier=[HolderReturn.read(path) for path in earlier],
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    act.result.write(out)
    record_event(act.event, project=act.result.project, subject=of)
    return {**act.report, "told": list(act.result.told), "return": str(out)}


def _schemas(registers: Sequence[str], given: Sequence[str]) -> dict[str, RegisterSchema]:
    """The schema of each register of a spine: as given, or the shipped one of its name.

    Raises:
        InputError: A register has neither.
    """
    from wasl.errors import SchemaError
    from wasl.registers.schema import RegisterSchema

    named: dict[str, str] = {}
    for word in given:
        name, mark, path = word.partition("=")
        if not mark:
            raise InputError(f"--schema {word}: not NAME=SCHEMA.", remedy="Write for example --schema jobs=jobs.toml.")
        named[name] = path
    found = {}
    for name in registers:
        try:
            found[name] = RegisterSchema.load(named.get(name, name))
        except SchemaError:
            if name in named:
                raise
            raise InputError(
                f"no schema ships under the name of the register {name!r}.",
                remedy=f"Give --schema {name}=SCHEMA.toml.",
            ) from None
    return found


def open_at_home(
    file: Annotated[Path, typer.Argument(help="The return.", metavar="RETURN")],
    keep_map: Annotated[Path, typer.Option("--keep-map", help="The keep map of the delivery; it never left you.")],
    out: Annotated[Path, typer.Option(help="Workbook to write (.xlsx).")],
    language: Annotated[str, typer.Option(help="Language of the workbook: fr, ar or en.")] = "fr",
    as_json: JsonFlag = False,
) -> None:
    """Open a return with your keep map: a workbook by your own record numbers.

    Example: wasl open dgsn.return --keep-map dgsn-keep.csv --out result.xlsx
    """
    from wasl.locale import LANGUAGES

    if language not in LANGUAGES:
        raise InputError(f"unknown language {language!r}.", remedy=f"Choose {', '.join(LANGUAGES)}.")
    result = open_file(file, keep_map, out, language=language)
    if as_json:
        emit(result)
        return
    say(f"{result['register']}: {result['records']:,} records opened")
    if result["unknown_records"]:
        say(f"{result['unknown_records']:,} records of the return are not in the keep map.")
    if result["absent_records"]:
        say(f"{result['absent_records']:,} records of the keep map are not in the return.")
    say(f"workbook: {out}")


def open_file(file: Path, keep_map: Path, out: Path, *, language: Language = "fr") -> dict[str, Any]:
    """Open a return with the keep map, write the workbook and record the event."""
    from wasl.audit.events import ReturnOpened
    from wasl.cli.evaluation import read_csv
    from wasl.holder.returned import open_return, return_workbook
    from wasl.registers.exchange.digests import digest_table
    from wasl.registers.exchange.holder_return import HolderReturn

    returned = HolderReturn.read(file)
    opened = open_return(returned, read_csv(keep_map))
    write_whole(out, return_workbook(opened, language), mode=0o600)
    record_event(
        ReturnOpened(
            run=returned.run,
            return_digest=digest_table(returned.rows),
            records=opened.rows.num_rows,
            unknown_records=opened.unknown_records,
        ),
        project=returned.project,
        subject=returned.register,
    )
    return {
        "register": returned.register,
        "run": returned.run,
        "records": opened.rows.num_rows,
        "unknown_records": opened.unknown_records,
        "absent_records": opened.absent_records,
        "told": list(returned.told),
        "summary": dict(returned.summary),
        "workbook": str(out),
    }
