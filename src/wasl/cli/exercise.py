"""``wasl exercise``: a course pack with synthetic registers, tasks, and answers for the teacher."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wasl.cli.output import JsonFlag, emit, progress, say
from wasl.errors import InputError

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the verb ``exercise``."""
    app.command("exercise")(exercise)


def exercise(
    out: Annotated[Path, typer.Option(help="Folder to write to; must not exist.")],
    persons: Annotated[int, typer.Option(min=500, help="Size of the synthetic population.")] = 1500,
    seed: Annotated[int, typer.Option(min=0, help="Another seed gives another class its own registers.")] = 1,
    as_json: JsonFlag = False,
) -> None:
    """Write a course pack: registers, tasks in three languages, and a folder for the teacher with truth and answers.

    Example: wasl exercise --out course --seed 7
    """
    from wasl.cli.population import write_csv
    from wasl.lab.exercise import make_pack
    from wasl.registers.exchange.whole_files import write_whole

    if out.exists():
        raise InputError(f"{out}: exists already.", remedy="Name another folder with --out.")
    with progress("making the course pack"):
        pack = make_pack(persons, seed)
    for name, table in pack.tables.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        write_csv(table, out / name)
    for name, text in pack.texts.items():
        write_whole(out / name, text)
    files = sorted([*pack.tables, *pack.texts])
    if as_json:
        emit({"out": str(out), "persons": persons, "seed": seed, "files": files})
        return
    say(f"{out}: give your class everything but the folder 'teacher'.")
