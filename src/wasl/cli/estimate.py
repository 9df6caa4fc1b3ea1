"""``wasl estimate``: calibrated weights, corrected totals, population size from linked lists."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wasl.cli.artifacts import write_artifacts
from wasl.cli.audit_trail import record_event, recorded_refusal
from wasl.cli.authorized import ProjectOption, PurposeOption, held_to, logged_project, say_standing
from wasl.cli.disclosure import read_microdata
from wasl.cli.output import JsonFlag, emit, figure, progress, say, show_table
from wasl.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

    from wasl.audit.events import EstimatesMade
    from wasl.estimation.estimate import Estimates
    from wasl.workflow.act import Act

__all__ = ["make_estimates", "register"]


def register(app: typer.Typer) -> None:
    """Add the verb ``estimate``."""
    app.command("estimate")(estimate)


def estimate(
    data: Annotated[
        list[str],
        typer.Argument(
            help="Linked persons or survey records, CSV or Parquet; for flows ROUND=FILE for each round, in order.",
            metavar="DATA...",
        ),
    ],
    spec: Annotated[str, typer.Option("--spec", help="Specification: a TOML file or a shipped name.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for estimates, weights and report.")],
    seed: Annotated[int | None, typer.Option(help="Seed of bootstrap intervals; default: a fresh one.")] = None,
    project: ProjectOption = None,
    purpose: PurposeOption = "",
    as_json: JsonFlag = False,
) -> None:
    """Estimate from linked data: reconciliation of lists, flows between rounds, weights, corrected totals.

    Writes OUT/estimates.csv, OUT/report.json and, after a calibration, OUT/weights.parquet: figures for the office,
    before disclosure control.

    Shipped names: census-linked (weights of a linked sample), reconciliation (two and three registers).

    Of several rounds, each linked onto the one before, the persons are joined by their ids. A column for each round
    says who is in its file. Flags of a round are named after it, such as in_dgsn_permits_2024.

    Example: wasl estimate persons.parquet --spec reconciliation --out estimates
    """
    act = make_estimates(data, spec, out, seed=seed, project=project, purpose=purpose)
    if as_json:
        emit({**act.report, "out": str(out)})
        return
    if act.report["results"] or act.result.weights is None:
        _show_estimates(act.report["results"])
    say_standing(act.report)
    for note in act.report["notes"]:
        say(note)
    say(f"files: {', '.join(sorted(act.artifacts))} in {out}")


def _show_estimates(results: Sequence[Mapping[str, Any]]) -> None:
    """Print the estimates, or why there is none."""
    show_table(
        "Estimates (95 % intervals; before disclosure control)",
        ("what", "group", "estimate", "low", "high"),
        [
            (row["what"], row["group"], *(figure(row[name], 1) for name in ("estimate", "low", "high")))
            if row["estimate"] is not None
            else (row["what"], row["group"], row["reason"], "", "")
            for row in results
        ],
    )


def make_estimates(
    data: Path | str | Sequence[str],
    spec: str,
    out: Path,
    *,
    seed: int | None = None,
    project: str | None = None,
    purpose: str = "",
) -> Act[Estimates, EstimatesMade]:
    """Read, estimate, write, record the event."""
    from wasl.estimation.specification import EstimateSpec
    from wasl.workflow.act import RunOptions
    from wasl.workflow.estimate import estimate as act

    document = EstimateSpec.load(spec)
    options = RunOptions(seed=secrets.randbits(63) if seed is None else seed, **held_to(project, purpose))
    logged = logged_project(project)
    with recorded_refusal(document.name, project=logged), progress("estimating"):
        made = act(_persons([str(data)] if isinstance(data, Path | str) else data), document, options)
    write_artifacts(made.artifacts, out)
    record_event(made.event, project=logged, subject=document.name)
    return made


def _persons(data: Sequence[str]) -> pa.Table:
    """The rows of one file, or the persons of several rounds.

    Raises:
        InputError: Several files are given and one has no round, or two have the same.
    """
    from wasl.estimation.rounds import join_rounds

    if len(data) == 1 and ("=" not in data[0] or Path(data[0]).exists()):
        return read_microdata(Path(data[0]))
    named = [one.partition("=") for one in data]
    names = [name for name, _, _ in named]
    if not all(name and file for name, _, file in named) or len(set(names)) < len(names):
        raise InputError(
            "several files are rounds, each with a name of its own.",
            remedy="Write them as 2023=first.parquet 2024=second.parquet, in the order of time.",
        )
    return join_rounds({name: read_microdata(Path(file)) for name, _, file in named})
