"""The options of the command line that describe a register's file; and tables written as CSV."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wasl.cli.language import spoken
from wasl.registers.exchange.whole_files import whole_file

if TYPE_CHECKING:
    from wasl.registers.reading.cnss_months import MonthRule

__all__ = [
    "EncodingOption",
    "HeaderRowOption",
    "MonthsOption",
    "RegisterOption",
    "RegistrationOption",
    "SheetOption",
    "month_rule",
    "write_csv",
    "write_rejects",
]

RegisterOption = Annotated[str, typer.Option("--register", help="Schema file, or a shipped one such as dgsn-permits.")]

SheetOption = Annotated[
    str | None, typer.Option("--sheet", help="Sheet of a workbook; by default the one that has the columns.")
]
EncodingOption = Annotated[
    str | None, typer.Option("--encoding", help="Encoding of a text file, such as windows-1256; found by default.")
]
HeaderRowOption = Annotated[
    int | None, typer.Option("--header-row", min=1, help="Row that names the columns; found by default.")
]
RegistrationOption = Annotated[
    Path | None, typer.Option("--registration", help="CNSS's registration file, for a monthly declaration.")
]

MonthsOption = Annotated[
    str | None,
    typer.Option("--months", help="What several months of a person become: any, average or december."),
]


def month_rule(text: str | None) -> MonthRule | None:
    """The rule of `--months`.

    Raises:
        InputError: There is no such rule.
    """
    from wasl.errors import InputError
    from wasl.registers.reading.cnss_months import MONTH_RULES

    for rule in MONTH_RULES:
        if text == rule:
            return rule
    if text is not None:
        raise InputError(f"unknown rule of months {text!r}.", remedy=f"Choose {', '.join(MONTH_RULES)}.")
    return None


def write_rejects(rejects: Any, path: Path) -> None:
    """Write what was refused as CSV, the reasons in the language of the command line."""
    from wasl.registers.reading.refusals import written_in

    write_csv(written_in(rejects, spoken()), path)


def write_csv(table: Any, path: Path, *, secret: bool = False) -> None:
    """Write a table as CSV, whole or not at all."""
    import pyarrow.csv as pacsv

    with whole_file(path, mode=0o600 if secret else 0o644) as partial:
        pacsv.write_csv(table, partial, pacsv.WriteOptions(quoting_style="needed"))
