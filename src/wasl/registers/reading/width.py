"""How many columns a file may have: one with more is refused before its headings are compared with each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from wasl.errors import InputError

__all__ = ["MOST_COLUMNS", "doubled", "narrow_tables", "require_width", "width_of"]

Rows = TypeVar("Rows", bound=Sequence[Sequence[Any]])

MOST_COLUMNS = 5_000
"""Registers and surveys have some hundred columns. The time of reading headings grows with them, for every row that may
be the header. A register of 5,000 columns takes 16 s of processor time to check."""


def require_width(path: Path, columns: int) -> None:
    """Refuse a file of too many columns.

    Raises:
        InputError: It has more than ``MOST_COLUMNS``.
    """
    if columns > MOST_COLUMNS:
        raise InputError(
            f"{path}: {columns:,} columns; at most {MOST_COLUMNS:,} are read.",
            remedy="Keep the columns that are needed. If records stand side by side, turn the table.",
        )


def width_of(rows: Sequence[Sequence[Any]]) -> int:
    """The number of cells of the longest row."""
    return max(map(len, rows), default=0)


def narrow_tables(path: Path, sheets: Mapping[str, Rows]) -> dict[str, Rows]:
    """The sheets of a workbook that are not too wide: another sheet may hold a wide calculation beside the register.

    Raises:
        InputError: All are too wide.
    """
    narrow = {name: rows for name, rows in sheets.items() if width_of(rows) <= MOST_COLUMNS}
    if sheets and not narrow:
        require_width(path, min(map(width_of, sheets.values())))
    return narrow


def doubled(names: Sequence[str]) -> list[str]:
    """The names that stand more than once, sorted."""
    return sorted(name for name, count in Counter(names).items() if count > 1)
