"""Suppressed cells that a reader of the file fills in, because another released column determines them.

The thresholds must hold for the file that a reader has: with these cells filled in. Columns that are no keys count,
too: design weights that are equal within a region tell the region.

Source: Hundepool et al. (2012), Statistical Disclosure Control, section 3.4 (detail through design variables).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.disclosure.keys.coding import MISSING, CodedColumn
from wasl.disclosure.keys.determined import SURE, relations_of
from wasl.disclosure.keys.variable_types import is_number_type
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
    """The released file with those suppressed cells of keys filled in that other released columns tell.

    Cells that are filled in can tell others, so it is repeated until nothing follows.

    Args:
        original: The file before protection.
        released: The file after it.
        kept: For each row of ``released``, its row in ``original``.
    """
    file = released
    cells: dict[str, int] = {}
    sources: dict[str, tuple[str, ...]] = {}
    for _ in released.keys:
        filled = _filled_once(original, file, kept)
        for name, (count, used) in filled.found.items():
            cells[name] = cells.get(name, 0) + count
            sources[name] = tuple(dict.fromkeys((*sources.get(name, ()), *used)))
        file = filled.file
        if not filled.found:
            break
    return FollowedCells(file, cells, sources)


@dataclass(frozen=True, slots=True)
class _Filled:
    """A file after one round; for each key with cells filled in, how many, and from which columns."""

    file: WorkingFile
    found: dict[str, tuple[int, tuple[str, ...]]]


def _filled_once(original: WorkingFile, released: WorkingFile, kept: NDArray[np.int64]) -> _Filled:
    """The cells that the released columns tell as they are."""
    file, found = released, {}
    columns = None
    for name in released.keys:
        column = released.coded([name])[0]
        if not np.any(column.codes < 0):
            continue
        columns = columns or _readable(released)
        before = original.coded([name])[0].codes[kept]
        truth = _before_suppression(before, column.codes)
        if truth is None:
            continue
        codes, used = _followed(column, [other for other in columns if other.name != name], truth)
        # What was missing in the original was not suppressed.
        filled = (codes >= 0) & (column.codes < 0) & (before >= 0)
        if not filled.any():
            continue
        found[name] = (int(np.count_nonzero(filled)), used)
        file = file.with_column(name, column.with_codes(np.where(filled, codes, column.codes)).decode())
    return _Filled(file, found)


CLASSES = 50
"""Classes of a number of many values, such as a weight that differs from region to region, but within them, too."""
MANY_VALUES = 200


def _readable(released: WorkingFile) -> list[CodedColumn]:
    """The released columns, and numbers of many values in classes of about the same size."""
    columns = list(released.coded(released.table.column_names))
    for column in tuple(columns):
        kind = released.table.column(column.name).type
        if len(column.labels) <= MANY_VALUES or not is_number_type(kind):
            continue
        values = released.numbers(column.name)
        ends = np.unique(np.nanquantile(values, np.arange(1, CLASSES) / CLASSES))
        codes = np.where(np.isnan(values), MISSING, np.searchsorted(ends, values, side="right")).astype(np.int32)
        columns.append(CodedColumn(column.name, codes, pa.array([str(place) for place in range(len(ends) + 1)])))
    return columns


def _followed(
    coarse: CodedColumn, others: Sequence[CodedColumn], truth: NDArray[np.int32]
) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """The codes of a column with those missing cells filled in that other columns tell, and which told.

    In a file with many suppressed cells, few combinations are complete, and columns seem to determine each other. So
    a relation counts only if what it fills in is true: always, or nearly always where it has exceptions.

    Args:
        coarse: A column as released.
        others: The other columns as released.
        truth: Codes of the cells before they were suppressed; -1 where that is not known.
    """
    codes, used = coarse.codes.copy(), []
    for relation in relations_of(coarse, others):
        places = np.flatnonzero((codes < 0) & (relation.codes >= 0))
        fill, true = relation.codes[places], truth[places]
        wrong = (fill != true) & (true >= 0)
        if not len(places) or np.count_nonzero(wrong) > (0.0 if relation.exact else (1 - SURE) * len(places)):
            continue
        codes[places[~wrong]] = fill[~wrong]
        used += [name for name in relation.sources if name not in used]
    return codes, tuple(used)


def _before_suppression(original: NDArray[np.int32], released: NDArray[np.int32]) -> NDArray[np.int32] | None:
    """The released codes as they were before cells were suppressed, -1 where no row shows the category.

    None where the column was changed by chance: what was suppressed is then not known from the original.
    """
    both = (original >= 0) & (released >= 0)
    class_of = np.full(int(original.max(initial=-1)) + 2, MISSING, np.int32)
    class_of[original[both]] = released[both]
    return class_of[original] if np.array_equal(class_of[original[both]], released[both]) else None
