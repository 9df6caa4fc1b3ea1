"""Checks that an aggregate states all that its cells need to be protected.

A blank number of contributors or a blank largest contribution would make a cell look safe. A total under another code
than the stated one would be an ordinary code. The search would then miss that it is the sum of the others, and every
reader sees it.
"""

from __future__ import annotations

import numpy as np

from wasl.errors import InputError
from wasl.tables.cells import Floats, Ints
from wasl.tables.hierarchy import Hierarchy
from wasl.tables.specification import TableSpec

__all__ = ["require_complete", "require_totals"]

AGREES = 1e-6
"""Share of a sum by which published figures may differ from it by rounding."""
FEWEST = 3
"""Codes below which one equals the sum of the others by chance: of two codes with equal values none is a total."""


def require_complete(spec: TableSpec, value: Floats, contributors: Floats, largest: Floats) -> None:
    """Refuse an aggregate that lacks what the rules ask for in some cell.

    Args:
        spec: The table.
        value: Of each cell.
        contributors: Number of contributors; NaN where blank, infinity where no column states it.
        largest: The largest contributions; NaN where blank; shape (cells, stated ones).

    Raises:
        InputError: A cell with a value has no number of contributors, or lacks a contribution that its number of
            contributors promises; or smaller contributions come first.
    """
    there = value != 0
    uncounted = int((there & ~(contributors > 0)).sum()) + int((contributors < 0).sum())
    if uncounted:
        raise InputError(
            f"table {spec.name!r}: {uncounted} cells have a value but no number of contributors above 0 in column "
            f"{spec.input.contributors!r}.",
            remedy="Give the number of contributors of every cell; without it the cell would count as safe.",
        )
    for place, name in enumerate(spec.input.largest):
        expected = there & (contributors > place) & (np.isfinite(contributors) | (place == 0))
        blank = int((expected & np.isnan(largest[:, place])).sum())
        if blank:
            raise InputError(
                f"table {spec.name!r}: {blank} cells have more than {place} contributors and no contribution in column "
                f"{name!r} (input.largest).",
                remedy="Give the contribution; without it the cell would count as safe.",
            )
    falling = np.nan_to_num(largest)
    if (falling[:, 1:] > falling[:, :-1]).any():
        raise InputError(
            f"table {spec.name!r}: in {int((falling[:, 1:] > falling[:, :-1]).any(axis=1).sum())} cells a later column "
            "of input.largest is larger than an earlier one.",
            remedy="Name the columns from the largest contribution to smaller ones.",
        )


def require_totals(spec: TableSpec, dimensions: tuple[Hierarchy, ...], places: Ints, value: Floats) -> None:
    """Refuse an aggregate whose total stands under another code than the stated one.

    Raises:
        InputError: No cell has the code of a dimension's total, and one of its codes is the sum of all others.
    """
    for axis, hierarchy in enumerate(dimensions):
        code = places[:, axis]
        present = np.unique(code)
        if present[:1].tolist() == [0] or len(present) < FEWEST or hierarchy.depths.max() > 1:
            continue  # the total is there; or a hierarchy file tells what is a total
        others = np.delete(places, axis, axis=1)
        row = np.unique(others, axis=0, return_inverse=True)[1].reshape(-1)
        whole = np.bincount(row, weights=value)
        for candidate in present.tolist():
            own = np.bincount(row[code == candidate], weights=value[code == candidate], minlength=len(whole))
            if np.any(own) and np.all(np.abs(2 * own - whole) <= AGREES * np.maximum(np.abs(whole), np.abs(own))):
                name = hierarchy.codes[candidate]
                raise InputError(
                    f"table {spec.name!r}: no cell has the total {hierarchy.total!r} of dimension {hierarchy.name!r}, "
                    f"but code {name!r} is the sum of all other codes.",
                    remedy=f"State it: dimensions.total = {name!r}. If it is no total, add the cells of the total.",
                )
