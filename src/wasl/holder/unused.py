"""Cells that are there and cannot be used for linkage, counted: whoever encodes is told of them."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Unused"]


@dataclass(frozen=True, slots=True)
class Unused:
    """Cells that were there and could not be used for linkage.

    Attributes:
        check: ``identifiers-void``, ``identifiers-shared``, ``names-placeholder``, ``names-unreadable``,
            ``spellings-unknown``.
        column: The column.
        count, of: How many cells, among how many that were there.
    """

    check: str
    column: str
    count: int
    of: int
