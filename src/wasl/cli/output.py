"""What verbs print: one JSON value on stdout with ``--json``, else tables; progress on stderr when it is a terminal."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from wasl.cli.language import said, spoken
from wasl.registers.exchange.plain_json import json_bytes

__all__ = ["JsonFlag", "ProgressCallback", "emit", "figure", "progress", "say", "say_of", "show_table"]

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON value on stdout and nothing else there.")]

ProgressCallback = Callable[[int, int], None]
"""Called by long work with (done, total)."""


PERCENT = re.compile(r"(?<![\w.,])(-?\d+(?:\.(\d+))?) ?%")
"""A share as verbs write it; tables and lines show it as the language does."""


def emit(result: Mapping[str, Any]) -> None:
    """Print the machine-readable result, the only thing on stdout under ``--json``."""
    sys.stdout.write(json_bytes(result).decode())


def say(line: str) -> None:
    """Print a line for a person, in the language of the command line."""
    shown = said(line)
    Console(soft_wrap=True, highlight=False).print(
        shown if spoken().language == "en" else PERCENT.sub(_share, shown), markup=False
    )


def say_of(label: str, value: str) -> None:
    """Print "label: value"; a label that is translated already, or a name, stays as it is."""
    shown = f"{said(label)}{spoken().colon}{said(value) if ' ' in value else value}"
    Console(soft_wrap=True, highlight=False).print(shown, markup=False)


def figure(value: float, decimals: int | None = None) -> str:
    """A number for a table, in the language of the command line; without ``decimals`` with the digits that count."""
    words = spoken()
    return words.significant(value) if decimals is None else words.number(value, decimals)


def show_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table for a person, in the language of the command line. In Arabic the first column is on the right."""
    right_to_left = spoken().direction == "rtl"
    order = slice(None, None, -1 if right_to_left else 1)
    table = Table(title=said(title), title_justify="right" if right_to_left else "left")
    for column in columns[order]:
        # A cell that is too wide is folded: a digest or a token that is cut cannot be used.
        table.add_column(said(column), justify="right" if right_to_left else "left", overflow="fold")
    for row in rows:
        table.add_row(*(escape(_cell(cell)) for cell in row[order]))
    Console().print(table)


def _cell(cell: object) -> str:
    if isinstance(cell, int) and not isinstance(cell, bool):
        return spoken().number(cell)
    text = str(cell)
    share = PERCENT.fullmatch(text)
    if share is not None:
        return _share(share)
    shown = said(text) if " " in text else text
    return shown if spoken().language == "en" else PERCENT.sub(_share, shown)


def _share(found: re.Match[str]) -> str:
    return spoken().percent(float(found[1]) / 100, len(found[2] or ""))


@contextmanager
def progress(title: str) -> Iterator[ProgressCallback]:
    """A progress bar on stderr that long work reports to; silent when stderr is not a terminal."""
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task(said(title), total=None)

        def report(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield report
