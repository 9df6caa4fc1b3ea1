"""Suppressed cells that a reader of the file fills in, because another released column determines them.

The thresholds must hold for the file that a reader has: with these cells filled in. Columns that are no keys count,
too: design weights that are equal within a region tell the region.

Source: Hundepool et al. (2012), Statistical Disclosure Control, section 3.4 (detail through design variables).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wasl.disclosure.keys.coding import MISSING
from wasl.disclosure.keys.determined import followed
from wasl.disclosure.keys.working_file import WorkingFile

__all__ = ["FollowedCells", "fill_followed"]


@dataclass(frozen=True, slots=True)
class FollowedCells:
    """A file as its reader can complete it.

    Attributes:
        file: The file with the cells filled in.
        cells: For each key, how many suppressed cells follow.
        sources: For each key, the released columns from which they follow.
    """

    file: WorkingFile = field(repr=False)
    cells: dict[str, int]
    sources: dict[str, tuple[str, ...]]

    def to_json(self) -> dict[str, object]:
        """For the internal report; confidential."""
        return {name: {"cells": count, "from": list(self.sources[name])} for name, count in self.cells.items()}


def fill_followed(original: WorkingFile, released: WorkingFile, kept: NDArray[np.int64]) -> FollowedCells:
    """The released file with those suppressed cells of keys filled in that other released columns determine.

    Args:
        original: The file before protection.
        released: The file after it.
        kept: For each row of ``released``, its row in ``original``.
    """
    file, cells, sources = released, {}, {}
    columns = None
    for name in released.keys:
        column = released.coded([name])[0]
        if not np.any(column.codes < 0):
            continue
        columns = columns or released.coded(released.table.column_names)
        before = original.coded([name])[0].codes[kept]
        truth = _before_suppression(before, column.codes)
        if truth is None:
            continue
        codes, used = followed(column, [other for other in columns if other.name != name], truth)
        # What was missing in the original was not suppressed.
        filled = (codes >= 0) & (column.codes < 0) & (before >= 0)
        if not filled.any():
            continue
        cells[name], sources[name] = int(np.count_nonzero(filled)), used
        file = file.with_column(name, column.with_codes(np.where(filled, codes, column.codes)).decode())
    return FollowedCells(file, cells, sources)


def _before_suppression(original: NDArray[np.int32], released: NDArray[np.int32]) -> NDArray[np.int32] | None:
    """The released codes as they were before cells were suppressed, -1 where no row shows the category.

    None where the column was changed by chance: what was suppressed is then not known from the original.
    """
    both = (original >= 0) & (released >= 0)
    class_of = np.full(int(original.max(initial=-1)) + 2, MISSING, np.int32)
    class_of[original[both]] = released[both]
    return class_of[original] if np.array_equal(class_of[original[both]], released[both]) else None
