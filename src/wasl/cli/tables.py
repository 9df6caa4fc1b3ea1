"""``wasl tables``: protected frequency and magnitude tables."""

from __future__ import annotations

import json
import os
import secrets
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wasl.cli.artifacts import write_artifacts
from wasl.cli.audit_trail import record_event, recorded_refusal
from wasl.cli.authorized import ProjectOption, PurposeOption, held_to, logged_project, say_standing
from wasl.cli.language import said, spoken
from wasl.cli.output import JsonFlag, emit, progress, say, show_table
from wasl.errors import InputError
from wasl.registers.exchange.whole_files import write_whole

if TYPE_CHECKING:
    import pyarrow as pa

    from wasl.audit.events import TablesProtected
    from wasl.tables.earlier import EarlierTable
    from wasl.tables.earlier_file import EarlierFile
    from wasl.tables.protect import ProtectedTables
    from wasl.tables.specification import TablesSpec
    from wasl.workflow.act import Act

__all__ = [
    "earlier_tables",
    "make_tables",
    "read_before",
    "read_for_tables",
    "read_hierarchies",
    "register",
    "show_tables",
]


def register(app: typer.Typer) -> None:
    """Add the verb ``tables``."""
    app.command("tables")(tables)


def tables(
    data: Annotated[
        list[Path],
        typer.Argument(help="Microdata or an aggregate, CSV or Parquet; several for linked tables.", metavar="DATA..."),
    ],
    spec: Annotated[str, typer.Option("--spec", help="Specification: a TOML file or a shipped name.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the tables and the reports.")],
    earlier: Annotated[
        list[Path] | None,
        typer.Option(
            "--earlier",
            help="OUT folder of tables or of protected microdata published before, or such a file; repeatable.",
        ),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option("--record-key", help="File with the secret of the record keys; default: this installation's."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of random rounding; default: a fresh one.")] = None,
    project: ProjectOption = None,
    purpose: PurposeOption = "",
    as_json: JsonFlag = False,
) -> None:
    """Make protected tables: aggregate, find unsafe cells, protect, audit against everything published before.

    Writes OUT/table.csv (.parquet, .xlsx, .px, JSON-stat, SDMX) and OUT/method.html to publish. OUT/internal.csv,
    OUT/report.json and OUT/heat-map.html are for the office alone. One Ctrl-C ends the search with the best protected
    answer found so far. So does protection.time_limit_seconds; with protection.work_limit two runs end alike on
    different machines. OUT/report.json says what ended the search (steps.ended_by).

    Example: wasl tables micro.parquet --spec tables.toml --out tables --earlier last-year
    """
    made = make_tables(data, spec, out, earlier=earlier or [], key=key, seed=seed, project=project, purpose=purpose)
    if as_json:
        shown = {name: value for name, value in made.report.items() if name != "tables"}
        listed = [{k: v for k, v in table.items() if k != "dimensions"} for table in made.report["tables"]]
        emit({**shown, "tables": listed, "out": str(out)})
        return
    show_tables(made, out)


def make_tables(
    data: Sequence[Path],
    spec: str,
    out: Path,
    *,
    earlier: Sequence[Path] = (),
    key: Path | None = None,
    seed: int | None = None,
    period: str = "",
    project: str | None = None,
    purpose: str = "",
) -> Act[ProtectedTables, TablesProtected]:
    """Read, tabulate, write, record the event; a refusal is recorded, too.

    With a period the act is `indicators`, on one data file.
    """
    from wasl.tables.specification import ProtectionMethod, TablesSpec
    from wasl.workflow.act import RunOptions
    from wasl.workflow.indicators import indicators
    from wasl.workflow.tabulate import tabulate

    document = TablesSpec.load(spec)
    folders = [Path(spec).parent, *(path.parent for path in data), Path()]
    sources = [read_for_tables(data[0], document, period)] if period else _sources(document, data, folders)
    hierarchies = read_hierarchies(document, folders)
    before = [item for path in earlier for item in read_before(path)]
    secret = _secret(key) if document.protection.method is ProtectionMethod.CELL_KEY else b""
    held = held_to(project, purpose)
    logged = logged_project(project)
    with recorded_refusal(document.name, project=logged), progress("protecting") as bar, _first_interrupt() as stop:
        options = RunOptions(seed=secrets.randbits(63) if seed is None else seed, progress=bar, **held)
        given: dict[str, Any] = {"earlier": before, "secret": secret, "stop": stop}
        made = (
            indicators(document, sources[0], hierarchies, options, period=period, **given)
            if period
            else tabulate(document, sources, hierarchies, options, **given)
        )
    write_artifacts(made.artifacts, out)
    record_event(made.event, project=logged, subject=document.name)
    return made


@contextmanager
def _first_interrupt() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C into a request to finish with the best answer; a second one interrupts as usual."""
    asked: list[int] = []
    try:
        usual = signal.getsignal(signal.SIGINT)

        def ask(number: int, frame: Any) -> None:
            if asked and callable(usual):
                usual(number, frame)
            asked.append(number)

        signal.signal(signal.SIGINT, ask)
    except ValueError:  # not the main thread: signals are somebody else's
        yield lambda: False
        return
    try:
        yield lambda: bool(asked)
    finally:
        signal.signal(signal.SIGINT, usual)


def _sources(document: TablesSpec, data: Sequence[Path], folders: Sequence[Path]) -> list[pa.Table]:
    """The data of each table: its own file, the file of its name, or the files in order."""
    named = [table.input.file for table in document.tables]
    if len(data) not in (1, len(document.tables)) and not all(named):
        raise InputError(
            f"{len(data)} data files for {len(document.tables)} tables.", remedy="Give one file, or one per table."
        )
    read: dict[Path, pa.Table] = {}
    result = []
    by_stem = {path.stem: path for path in data}
    for i, table in enumerate(document.tables):
        if table.input.file:
            path = _find(table.input.file, folders)
        else:
            path = by_stem.get(table.name, data[i if len(data) > 1 else 0])
        if path not in read:
            read[path] = read_for_tables(path, document)
        result.append(read[path])
    return result if len(read) > 1 or len(result) == 1 else result[:1]


def read_for_tables(path: Path, document: TablesSpec, period: str = "") -> pa.Table:
    """A data file as the tables of a specification, or its indicators of a period, read it: codes as text."""
    dimensions = {dimension.source for table in document.tables for dimension in table.dimensions}
    return _read(path, _columns(document) if period else dimensions)


def _columns(document: TablesSpec) -> set[str]:
    """Columns of codes that the tables name, and those that others are derived from."""
    named = {dimension.source for table in document.tables for dimension in table.dimensions if not dimension.bands}
    return named | {"province", "birth_year", "return_date"}


def _find(name: str, folders: Sequence[Path]) -> Path:
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    raise InputError(f"{name}: no such file beside the specification or the data.")


def read_hierarchies(document: TablesSpec, folders: Sequence[Path]) -> dict[str, pa.Table]:
    """The hierarchy files that a specification names: in one of the folders, else the shipped ones."""
    from wasl.registers.documents import config_dir

    places = [*folders, config_dir() / "tables" / "hierarchies"]
    names = {dimension.hierarchy for table in document.tables for dimension in table.dimensions if dimension.hierarchy}
    return {name: _read(_find(name, places), None) for name in sorted(names)}


def _read(path: Path, texts: set[str] | None) -> pa.Table:
    """A CSV or Parquet file; the columns named (all, if None) are text, so that codes keep leading zeros.

    Another column of a CSV file becomes numbers where all of its cells are numbers.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    from wasl.cli.disclosure import read_microdata
    from wasl.registers.reading.numbers import read_numbers

    table = read_microdata(path)
    if path.suffix.lower() in (".parquet", ".pq"):
        return table
    if texts is None:
        return pa.table({name: pc.fill_null(table.column(name), "") for name in table.column_names})
    for place, name in enumerate(table.column_names):
        column = table.column(place)
        if name in texts or not pa.types.is_string(column.type):
            continue
        numbers = read_numbers(pc.utf8_trim_whitespace(column)).values
        if numbers.null_count == column.null_count:
            whole = pc.all(pc.equal(numbers, pc.round(numbers))).as_py() is not False
            table = table.set_column(place, name, numbers.cast(pa.int64()) if whole else numbers)
    return table


def read_before(path: Path) -> list[EarlierTable | EarlierFile]:
    """The releases in the folder of `wasl tables` or of `wasl protect`, or a published microdata file.

    Raises:
        InputError: The folder holds neither; names it.
    """
    from wasl.cli.disclosure import read_microdata
    from wasl.tables.earlier_file import read_earlier_file

    if path.is_file():
        return [read_earlier_file(path.name, read_microdata(path))]
    rows, changes = path / "protected.parquet", path / "internal-report.json"
    if rows.is_file():
        report = json.loads(changes.read_text(encoding="utf-8")) if changes.is_file() else None
        return [read_earlier_file(path.name, read_microdata(rows), report)]
    return [*earlier_tables(path)]


def earlier_tables(folder: Path) -> list[EarlierTable]:
    """The tables in a folder that `wasl tables` wrote.

    Raises:
        InputError: The folder lacks the internal files.
    """
    from wasl.tables.earlier import read_earlier, texts_of

    report = folder / "report.json"
    if not report.is_file():
        raise InputError(
            f"{folder}: neither report.json nor protected.parquet.",
            remedy="Give the folder that `wasl tables` or `wasl protect` wrote, its internal files included.",
        )
    described = json.loads(report.read_text(encoding="utf-8"))["tables"]
    result = []
    for item in described:
        name = "internal.csv" if len(described) == 1 else f"{item['name']}.internal.csv"
        texts = set(texts_of(item))
        result.append(read_earlier(folder.name, item, _read(folder / name, texts)))
    return result


def _secret(path: Path | None) -> bytes:
    """The secret of the record keys: from a file, or this installation's own, made at first use."""
    from wasl.settings import Settings

    place = path or Settings().home_dir / "record.key"
    if place.is_file():
        return place.read_bytes()
    if path is not None:
        raise InputError(f"{path}: no such file.")
    fresh = secrets.token_bytes(32)
    write_whole(place, fresh, mode=0o600)
    os.chmod(place, 0o600)  # noqa: PTH101 - whatever the umask was
    return fresh


def show_tables(made: Act[ProtectedTables, TablesProtected], out: Path) -> None:
    """Print what was made, and which files may leave the office."""
    from wasl.registers.known_names import known_as

    report = made.report
    say_standing(report)
    rows: list[tuple[object, ...]] = [(said("method"), report["method"])]
    if report["audit"] is not None:
        rows += [
            ("unsafe cells", report["primary"]),
            ("further cells withheld", report["secondary"]),
            (said("cost"), spoken().number(report["cost"], 2)),
            ("no pattern costs less than", f"{report['bound']:,.2f}" + (" (proven)" if report["proven"] else "")),
            ("cells attacked by the audit", report["audit"]["cells_attacked"]),
            ("earlier tables considered", len(report["audit"]["earlier_tables"])),
        ]
    rows.append((said("seconds"), spoken().number(report["seconds"], 1)))
    show_table("Protected tables (confidential)", ("measure", "value"), rows)
    for table in report["tables"]:
        states = [(known_as(name, spoken()), count) for name, count in table["status"].items() if count]
        counts = spoken().parts(f"{name}{spoken().colon}{spoken().number(count)}" for name, count in states)
        say(f"{table['name']}: {table['cells']:,} cells: {counts}")
        if table["rows_without_value"]:
            say(f"{table['name']}: {table['rows_without_value']:,} rows without a value were left out.")
        for name, count in table["rows_without_code"].items():
            if count:
                say(f"{table['name']}: {count:,} rows without {name} are counted under _U.")
    if count := report.get("unsafe_cells_published"):
        say(f"{count:,} unsafe cells are published as they are: protection.method is none.")
    if count := report.get("steps", {}).get("lone_levels_lowered"):
        say(f"{count:,} levels are lower for a lone contributor: half of what is possible with everything withheld.")
    if report.get("interrupted"):
        by = {"time": "the limit of time", "work": "the limit of work"}.get(report["steps"]["ended_by"], "the user")
        say(f"The search was ended early by {by}; every unsafe cell is protected, but cheaper patterns may exist.")
    for reason in (report["audit"] or {}).get("earlier_tables_left_out", []):
        say(f"not compared: {reason}")
    from wasl.workflow.tabulate import internal_artifacts

    internal = internal_artifacts(list(made.artifacts))
    say(f"publish: {', '.join(sorted(set(made.artifacts) - set(internal)))}")
    say(f"keep: {', '.join(internal)} in {out}")
