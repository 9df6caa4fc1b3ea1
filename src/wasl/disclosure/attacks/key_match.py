"""Linkage by the keys where nobody knows which released row came from whom.

An intruder knows the keys of a person exactly and draws one of the released rows that fit them. If the file holds the
person's row and methods only coarsened or removed values, that row is among the *m* that fit, so the draw is right with
probability 1/m. Where methods changed values, own rows may not fit, and the figure is an upper bound.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wasl.disclosure.keys.classes import equivalence_classes
from wasl.disclosure.keys.coding import CodedColumn
from wasl.disclosure.keys.hierarchy import Hierarchy

__all__ = ["KeyMatch", "match_by_keys"]


@dataclass(frozen=True, slots=True)
class KeyMatch:
    """Expected success of the draw.

    Attributes:
        expected: Mean of 1/m over the persons attacked; 0 for a person whom no row fits.
        deviation: Standard deviation of 1/m between persons.
        targets: Persons attacked.
        without_row: Share of them whom no released row fits: removed, or changed by a method.
    """

    expected: float
    deviation: float
    targets: int
    without_row: float


def match_by_keys(
    original: Mapping[str, CodedColumn],
    released: Mapping[str, CodedColumn],
    hierarchies: Mapping[str, Hierarchy],
    rng: np.random.Generator,
    *,
    targets: int,
) -> KeyMatch:
    """Expected success of an intruder who knows the keys of original persons.

    Args:
        original: The keys as they were, by name.
        released: The keys as released.
        hierarchies: For each key its hierarchy. A released category that stands nowhere in it fits the persons whose
            own category no other released category covers, or everybody where there are none.
        rng: Draws the persons.
        targets: How many persons are attacked at most.
    """
    names = [name for name in released if name in original]
    rows = len(original[names[0]].codes) if names else 0
    if not rows:
        return KeyMatch(0.0, 0.0, 0, 0.0)
    chosen = np.sort(rng.choice(rows, min(rows, targets), replace=False))
    classes = equivalence_classes([released[name] for name in names])
    tables = [_fits(original[name], released[name], hierarchies[name]) for name in names]
    asked = [original[name].codes[chosen] for name in names]
    answers = [released[name].codes[classes.first] for name in names]
    found = np.zeros(len(chosen))
    for person in range(len(chosen)):
        fits = np.ones(len(classes), np.bool_)
        for table, own, codes in zip(tables, asked, answers, strict=True):
            fits &= table[own[person]][codes]
        found[person] = classes.sizes[fits].sum()
    success = np.where(found > 0, 1.0 / np.maximum(found, 1.0), 0.0)
    return KeyMatch(float(success.mean()), float(success.std()), len(chosen), float(np.mean(found == 0)))


def _fits(own: CodedColumn, shown: CodedColumn, hierarchy: Hierarchy) -> NDArray[np.bool_]:
    """bool, shape (own categories and missing, released categories and missing): whether one may be the other."""
    place = {text: code for code, text in enumerate(own.texts)}
    fits = np.zeros((len(own.labels) + 1, len(shown.labels) + 1), np.bool_)
    leaf = np.array([place.get(text, -1) for text in hierarchy.leaves], np.int64)
    unknown = []
    covered = hierarchy.covered_together(shown.texts)
    for code, text in enumerate(shown.texts):
        if text in covered:
            inside = leaf[covered[text]]
            fits[inside[inside >= 0], code] = True
        elif text not in place:
            unknown.append(code)
        if text in place:
            fits[place[text], code] = True
    if unknown:
        open_ones = np.logical_not(fits[: len(own.labels), :-1].any(axis=1))
        fits[: len(own.labels), unknown] = np.where(open_ones.any(), open_ones, True)[:, None]
    # A missing value fits everything, on either side: the last place, which code -1 points to.
    fits[:, -1] = True
    fits[-1, :] = True
    return fits
