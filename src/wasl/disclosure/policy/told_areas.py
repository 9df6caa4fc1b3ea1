"""Variables that undo the joining of areas: a stratum that lies within one area tells which of the joined ones it is.

Strata of surveys are often drawn within regions. A file that joins small regions and keeps the stratum shows each one.
So does a weight that the rows of one region share, as design weights and weights calibrated to regions do.

Does not protect against: several variables that tell an area together, and weights that are near each other within an
area but equal for no two rows.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wasl.disclosure.keys.working_file import WorkingFile
from wasl.disclosure.policy.variables import Role

__all__ = ["told_areas"]

LEAST_ROWS = 5
"""Rows from which on it is no chance that their values occur in one area alone."""
MOST_TOLD = 0.5
"""Share of the rows outside the largest area of each group that may be told. Only rare values of a variable without
relation to areas occur in one area alone, so it stays far below."""


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
        every = before.codes.astype(np.int64)
        place, group = every[kept], after.codes.astype(np.int64)
        smaller = _outside_largest(place, group)
        of = int(np.count_nonzero(smaller))
        for name in _free(file):
            within = _within_one(every, original.coded([name])[0].codes.astype(np.int64))
            told = int(np.count_nonzero(smaller & within[kept] & (file.coded([name])[0].codes >= 0)))
            if told >= LEAST_ROWS and told > MOST_TOLD * of:
                failures.append(
                    f"release.areas: {name} tells the {area} of {told} of {of} rows whose {area} was joined with a "
                    "larger one; drop it, or make it coarser"
                )
        for name in _weights(file):
            values = _codes_of_numbers(original.table[name])
            within = _within_one(every, values)
            told = int(np.count_nonzero(smaller & within[kept]))
            if told >= LEAST_ROWS and told > MOST_TOLD * of:
                failures.append(
                    f"release.areas: weight {name} tells the {area} of {told} of {of} rows whose {area} was joined "
                    "with a larger one; give the joined areas the same weights, or join none of them"
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


def _weights(file: WorkingFile) -> list[str]:
    """The weights that the protected file has."""
    return list(file.present([spec.name for spec in file.policy.variables if spec.role is Role.WEIGHT]))


def _codes_of_numbers(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """A code for each distinct number; negative where missing."""
    encoded = pc.dictionary_encode(column.combine_chunks())
    return np.asarray(pc.fill_null(encoded.indices, -1), dtype=np.int64)


def _outside_largest(place: NDArray[np.int64], group: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark the rows that are not of the largest area of their group of joined areas.

    Args:
        place: Area of each row; negative where missing.
        group: Group of joined areas of each row; negative where missing.
    """
    known = (place >= 0) & (group >= 0)
    areas = int(place.max(initial=-1)) + 1
    rows = np.bincount(group[known] * areas + place[known], minlength=(int(group.max(initial=-1)) + 1) * areas)
    smaller = np.zeros(len(place), bool)
    if known.any():
        smaller[known] = place[known] != rows.reshape(-1, areas).argmax(axis=1)[group[known]]
    return smaller


def _within_one(place: NDArray[np.int64], value: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark the rows whose value occurs in their area alone, in at least two rows of the whole file.

    Args:
        place: Area of each row; negative where missing.
        value: Value of each row; negative where missing.
    """
    known = (place >= 0) & (value >= 0)
    lowest = np.full(int(value.max(initial=-1)) + 1, np.iinfo(np.int64).max)
    highest = np.full(len(lowest), -1)
    np.minimum.at(lowest, value[known], place[known])
    np.maximum.at(highest, value[known], place[known])
    count = np.bincount(value[known], minlength=len(lowest))
    within = np.zeros(len(value), bool)
    within[known] = ((lowest == highest) & (count >= 2))[value[known]]
    return within
