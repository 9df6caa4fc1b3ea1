"""Reads a clerk's decisions on doubtful pairs: from the workbook of a merge in any language, or from CSV."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from wasl.errors import InputError
from wasl.publication.merge_workbook import DECISION_COLUMNS, DECISION_SHEET, DECISION_WORDS, in_every_language
from wasl.workflow.merge import Decision

__all__ = ["read_decisions"]

FIRST_EDITION = "a décider"
"""Name of the sheet in workbooks of earlier releases."""
KEYS = ("register_a", "record_a", "register_b", "record_b")


def read_decisions(path: Path) -> list[Decision]:
    """The decisions in a workbook of a merge or in a CSV file with the same columns; empty ones are left out.

    Sheet, columns and decisions may be in any of wasl's languages, or have the names of CSV.

    Raises:
        InputError: The file or a column is missing, or a decision is neither ``same`` nor ``different``.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file.")
    try:
        frame = _sheet(path) if path.suffix.lower() == ".xlsx" else _text(path)
    except (ValueError, OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as decisions ({type(error).__name__}).") from error
    written = {word: name for name, text in DECISION_COLUMNS.items() for word in in_every_language(text)}
    frame.columns = [written.get(str(name).strip().casefold(), str(name)) for name in frame.columns]
    missing = [name for name in [*KEYS, "decision"] if name not in frame.columns]
    if missing:
        raise InputError(f"{path}: the decisions lack the columns {', '.join(missing)}.")
    frame = frame[frame["decision"].str.strip() != ""]
    said = {word: name for name, text in DECISION_WORDS.items() for word in (name, *in_every_language(text))}
    decision = frame["decision"].str.strip().str.casefold().map(said)
    if decision.isna().any():
        row = int(frame.index[decision.isna()][0]) + 2
        raise InputError(
            f"{path}: row {row}, column decision: neither 'same' nor 'different'.",
            remedy="Leave undecided cells empty.",
        )
    chosen = [[str(cell).strip() for cell in row] for row in frame[[*KEYS]].to_numpy()]
    return [
        Decision(a, i, b, j, "same" if word == "same" else "different")
        for (a, i, b, j), word in zip(chosen, decision, strict=True)
    ]


def _sheet(path: Path) -> pd.DataFrame:
    """The sheet of decisions of a workbook.

    Raises:
        InputError: It has none.
    """
    with pd.ExcelFile(path) as book:
        known = {*in_every_language(DECISION_SHEET), FIRST_EDITION}
        name = next((name for name in map(str, book.sheet_names) if name.casefold() in known), None)
        if name is None:
            raise InputError(f"{path}: the workbook has no sheet of decisions.")
        found: pd.DataFrame = book.parse(name, dtype=str, keep_default_na=False)
    return found


def _text(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)
