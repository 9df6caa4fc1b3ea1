"""Files that people fill in, such as decisions on pairs: no verb writes over them."""

from __future__ import annotations

from collections.abc import Set
from pathlib import Path
from typing import TYPE_CHECKING

from wasl.errors import InputError

if TYPE_CHECKING:
    from wasl.workflow.merge import Decision

__all__ = ["keep_merge_decisions", "keep_review"]


def keep_merge_decisions(workbook: Path, given: Set[Decision]) -> None:
    """Refuse to write over a workbook of a merge whose decisions were not given to this merge.

    Raises:
        InputError: It has decisions that would be lost.
    """
    from wasl.desk.merge_decisions import read_decisions

    if not workbook.is_file():
        return
    try:
        lost = len(set(read_decisions(workbook)) - given)
    except InputError as error:
        raise InputError(
            f"{workbook}: exists already, and its decisions cannot be read.", remedy="Name another folder."
        ) from error
    if lost:
        raise InputError(
            f"{workbook}: {lost} decisions were filled in, and this merge would write over them.",
            remedy=f"Give them with --decisions {workbook}, or name another folder.",
        )


def keep_review(sheet: Path) -> None:
    """Refuse to write over a review sheet that has decisions.

    Raises:
        InputError: It has decisions that would be lost.
    """
    from wasl.cli.evaluation import read_csv

    if not sheet.is_file():
        return
    rows = read_csv(sheet)
    filled = int((rows["decision"].astype(str).str.strip() != "").sum()) if "decision" in rows else len(rows)
    if filled:
        raise InputError(
            f"{sheet}: {filled} decisions were filled in, and this run would write over them.",
            remedy="Name another folder.",
        )
