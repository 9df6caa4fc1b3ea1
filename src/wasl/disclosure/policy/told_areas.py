"""Variables that undo the joining of areas: a stratum that lies within one area tells which of the joined ones it is.

Strata of surveys are often drawn within regions. A file that joins small regions and keeps the stratum shows each one.

Does not protect against: weights that differ between areas, and several variables that tell an area together.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.disclosure.keys.working_file import WorkingFile
from wasl.disclosure.policy.variables import Role

__all__ = ["told_areas"]

LEAST_ROWS = 5
"""Rows from which on it is no chance that a variable separates them from the rows of the largest area."""
MOST_TOLD = 0.5
"""Share of the rows outside the largest area of each group that may be told. A variable without relation to
areas stays far below it: its values occur in the largest area, too."""


def told_areas(original: WorkingFile, file: WorkingFile, kept: NDArray[np.int64]) -> list[str]:
    """The variables that tell joined areas, as sentences.

    Args:
        original: The file before protection.
        file: The protected file.
        kept: For each row of the protected file its row in the original.
    """
    areas = {method.variable for method in file.policy.methods if method.kind == "group_areas"}
    failures = []
    for area in file.present(sorted(areas)):
        before, after = original.coded([area])[0], file.coded([area])[0]
        place = before.codes[kept].astype(np.int64)
        group = after.codes.astype(np.int64)
        known = (place >= 0) & (group >= 0)
        for name in _free(file):
            told, of = _told(place[known], group[known], file.coded([name])[0].codes[known].astype(np.int64))
            if told >= LEAST_ROWS and told > MOST_TOLD * of:
                failures.append(
                    f"release.areas: {name} tells the {area} of {told} of {of} rows whose {area} was joined with a "
                    "larger one; drop it, or make it coarser"
                )
    return failures


def _free(file: WorkingFile) -> list[str]:
    """The variables that no threshold looks at and whose values several rows share: no amounts and no days."""
    roles = {spec.name: spec.role for spec in file.policy.variables}
    kinds = {field.name: field.type for field in file.table.schema}
    return [
        name
        for name, kind in kinds.items()
        if roles.get(name, Role.FREE) is Role.FREE and not (pa.types.is_floating(kind) or pa.types.is_temporal(kind))
    ]


def _told(place: NDArray[np.int64], group: NDArray[np.int64], value: NDArray[np.int64]) -> tuple[int, int]:
    """How many rows a value tells not to be of the largest area of their group, and of how many such rows.

    A value tells the area of its rows if at least two rows of the group have it, all from one area.

    Args:
        place: Area of each row.
        group: Group of joined areas of each row.
        value: Value of each row; negative where missing.
    """
    areas = int(place.max(initial=-1)) + 1
    rows = np.bincount(group * areas + place, minlength=(int(group.max(initial=-1)) + 1) * areas).reshape(-1, areas)
    smaller = place != rows.argmax(axis=1)[group] if len(rows) else np.zeros(0, bool)
    cell = group * (int(value.max(initial=-1)) + 2) + value + 1
    _, cell = np.unique(cell, return_inverse=True)
    count = np.bincount(cell)
    first = np.full(len(count), -1)
    first[cell] = place
    mixed = np.zeros(len(count), bool)
    mixed[cell[first[cell] != place]] = True
    told = smaller & (value >= 0) & ~mixed[cell] & (count[cell] >= 2)
    return int(np.count_nonzero(told)), int(np.count_nonzero(smaller))
