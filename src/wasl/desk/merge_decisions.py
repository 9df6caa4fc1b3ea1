"""Reads a clerk's decisions on doubtful pairs: from the workbook of a merge, or from CSV."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from wasl.errors import InputError
from wasl.publication.merge_workbook import DECISION_SHEET
from wasl.workflow.merge import Decision

__all__ = ["read_decisions"]


def read_decisions(path: Path) -> list[Decision]:
    """The decisions in a workbook of a merge or in a CSV file with the same columns; empty ones are left out.

    Raises:
        InputError: The file or a column is missing, or a decision is neither ``same`` nor ``different``.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file.")
    keys = ["register_a", "record_a", "register_b", "record_b"]
    try:
        frame = (
            pd.read_excel(path, sheet_name=DECISION_SHEET, dtype=str, keep_default_na=False)
            if path.suffix.lower() == ".xlsx"
            else pd.read_csv(path, dtype=str, keep_default_na=False)
        )
    except (ValueError, OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as decisions ({type(error).__name__}).") from error
    missing = [name for name in [*keys, "decision"] if name not in frame.columns]
    if missing:
        raise InputError(f"{path}: the decisions lack the columns {', '.join(missing)}.")
    frame = frame[frame["decision"].str.strip() != ""]
    unknown = sorted(set(frame["decision"].str.strip()) - {"same", "different"})
    if unknown:
        row = int(frame.index[frame["decision"].str.strip().isin(unknown)][0]) + 2
        raise InputError(
            f"{path}: row {row}, column decision: neither 'same' nor 'different'.",
            remedy="Leave undecided cells empty.",
        )
    chosen = [[str(cell).strip() for cell in row] for row in frame[[*keys, "decision"]].to_numpy()]
    return [Decision(a, i, b, j, "same" if word == "same" else "different") for a, i, b, j, word in chosen]
