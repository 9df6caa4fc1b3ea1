"""Downcoding: what cells at mixed levels of a hierarchy give away, once an intruder knows that recoding was minimal.

Source: Cohen (2022), USENIX Security, "Attacks on deidentification's defenses" (downcoding of minimal hierarchical
recodings).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from wasl.disclosure.keys.classes import equivalence_classes
from wasl.disclosure.keys.coding import Frame, code_columns
from wasl.disclosure.keys.hierarchy import Hierarchy, category_parts

__all__ = ["Downcoding", "downcoding"]

NO_LEVEL = -1
"""Of a cell that is missing, or whose category stands at no level of its hierarchy."""


@dataclass(frozen=True, slots=True)
class Downcoding:
    """Traces of local recoding.

    Attributes:
        levels: For each variable, how many cells stand at each level of its hierarchy.
        mixed: Variables whose cells stand at several levels.
        grouped: For each variable, cells whose category stands at no level: the policy grouped rare categories. Such
            categories are grouped wherever they stand, so they tell nothing of local recoding.
        narrowed_rows: Rows in which an intruder who knows that recoding was minimal learns more than the category
            says: a finer category would have been kept, had the class allowed it.
    """

    levels: dict[str, dict[int, int]]
    mixed: tuple[str, ...]
    grouped: dict[str, int]
    narrowed_rows: int

    def to_json(self) -> dict[str, Any]:
        """The result as a JSON value."""
        return asdict(self)


def downcoding(released: Frame, hierarchies: Mapping[str, Hierarchy], *, k: int) -> Downcoding:
    """Look for local recoding and for what its minimality tells.

    A cell at level h > 0 of a variable that elsewhere stands at a lower level was generalized for its class's sake. If
    all members had shared one child category, a minimal algorithm would have kept the child. So a class of exactly two
    possible children has both. A class of fewer than 2k rows has a child with fewer than k rows.

    Args:
        released: The release.
        hierarchies: The hierarchy of each generalized variable.
        k: The threshold the release was made for.
    """
    columns = code_columns(released, list(hierarchies))
    classes = equivalence_classes(columns)
    levels: dict[str, dict[int, int]] = {}
    narrowed = np.zeros(len(columns[0].codes), np.bool_)
    mixed, grouped = [], {}
    for column in columns:
        hierarchy = hierarchies[column.name]
        level_of = np.array([*_levels(hierarchy, column.texts), NO_LEVEL])
        cell_levels = level_of[column.codes]
        if outside := int(np.count_nonzero((cell_levels < 0) & (column.codes >= 0))):
            grouped[column.name] = outside
        known, counts = np.unique(cell_levels[cell_levels >= 0], return_counts=True)
        levels[column.name] = {int(level): int(count) for level, count in zip(known, counts, strict=True)}
        if len(known) > 1:
            mixed.append(column.name)
            lowest = known.min()
            children = np.array(
                [*(_children(hierarchy, text, int(h)) for text, h in zip(column.texts, level_of, strict=False)), 0]
            )
            raised = cell_levels > lowest
            narrowed |= raised & (children[column.codes] == 2) & (classes.sizes[classes.ids] < 2 * k)
    return Downcoding(levels, tuple(mixed), grouped, int(narrowed.sum()))


def _levels(hierarchy: Hierarchy, texts: Sequence[str]) -> list[int]:
    """The level of each category: the one level that holds all of them, else the lowest each stands at, or none."""
    sets = [set(hierarchy.leaves), *(set(level) for level in hierarchy.levels)]
    plain = [part for text in texts for part in (category_parts(hierarchy, text) or (text,))]
    common = next((number for number, level in enumerate(sets) if level.issuperset(plain)), None)
    if common is not None:
        return [common] * len(texts)
    found = [hierarchy.covered(text) for text in texts]
    return [NO_LEVEL if one is None else one[0] for one in found]


def _children(hierarchy: Hierarchy, text: str, level: int) -> int:
    """Count the categories of the level below that a category contains."""
    if level <= 0:
        return 0
    below = hierarchy.leaves if level == 1 else hierarchy.levels[level - 2]
    return len({child for child, parent in zip(below, hierarchy.levels[level - 1], strict=True) if parent == text})
