"""Whether a fitted class describes matches: it agrees as one person's records do, not as relatives' or twins' do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.comparison.patterns import MISSING, Comparison
from wasl.linkage.model.em import SAME_PERSON
from wasl.linkage.model.match_model import ERRORS, PassModel
from wasl.linkage.model.opinions import agreement
from wasl.linkage.plan import ModelOptions

__all__ = ["LEAST_AGREEMENT", "agrees", "agrees_elsewhere", "is_sound", "least_of_class", "sorted_out"]

LEAST_AGREEMENT = 0.5
"""Share of filters on which a class of matches must be above the lowest level, on average."""
UNSHARED = 0.25
"""A class of matches lies at least this share of the way from the rest to full agreement on the given name. Without
this bound a class of twins was taken for matches in the census kind: 34 false pairs under `open`, 3 with it."""
ELSEWHERE = 0.5
"""A class whose births share an error agrees on every other filter at least this many times as well as full matches do.
Where every birth was a month late the ratio was .91 and more on names, with relatives in the other register .16 to .23.
"""


def is_sound(model: PassModel, options: ModelOptions) -> bool:
    """Whether matches agree better than the rest on every filter, and more than by chance.

    Among many pairs a class can settle on chance resemblances of strangers, or on people of one name born on different
    days. It describes the data well, but what it describes are no matches.
    """
    filters = [
        (comparison, table)
        for comparison, table in zip(model.comparisons, model.probabilities, strict=True)
        if comparison.kind == "filter" and comparison.states > 2
    ]
    for comparison, full in filters:
        table = full.copy()
        table[:, MISSING] = 0.0
        level = agreement(table)
        personal = comparison.name in options.personal
        least = level[-1] + (SAME_PERSON * (1.0 - level[-1]) if personal else 0.0)
        matches = agreement(_without_missing(model, comparison))
        if matches <= least:
            return False
    if not filters or ERRORS not in model.classes:
        return True
    above_lowest = np.mean([table[: model.matching, 2:].sum(axis=1) for _, table in filters], axis=0)
    return bool((above_lowest >= LEAST_AGREEMENT).all())


def _without_missing(model: PassModel, comparison: Comparison) -> NDArray[np.float64]:
    """(states) m-probabilities of a comparison, over all classes of matches, with missing at 0."""
    m = model.m[model.comparisons.index(comparison)].copy()
    m[MISSING] = 0.0
    return m


def least_of_class(options: ModelOptions) -> dict[str, float]:
    """Per comparison, how far a class of matches must lie from the rest towards full agreement."""
    return {**dict.fromkeys(options.unshared, UNSHARED), **dict.fromkeys(options.personal, SAME_PERSON)}


def sorted_out(
    comparisons: Sequence[Comparison],
    tables: Sequence[NDArray[np.float64]],
    names: tuple[str, ...],
    least_of: Mapping[str, float],
) -> list[int] | None:
    """A new order of the classes, where one of two classes of matches turned out to hold relatives; else None.

    A class holds relatives when it agrees on a personal comparison hardly better than the rest does. A class holds
    twins when it agrees on the birth date and hardly on the given name.
    """
    if ERRORS not in names:
        return None
    good = [k for k in (0, 1) if agrees(comparisons, tables, least_of, k)]
    if len(good) != 1:
        return None
    return [good[0], 1 - good[0], *range(2, len(names))]


def agrees(
    comparisons: Sequence[Comparison], tables: Sequence[NDArray[np.float64]], least_of: Mapping[str, float], k: int
) -> bool:
    """Whether a class agrees as one person's records do, not as relatives' or twins'.

    Args:
        comparisons: Of the pass.
        tables: Their probabilities.
        least_of: Per comparison, how far the class must lie from the rest towards full agreement.
        k: The class.
    """
    for comparison, table in zip(comparisons, tables, strict=True):
        least = least_of.get(comparison.name)
        if least is not None and comparison.kind == "filter" and comparison.states > 2:
            level = np.arange(comparison.states) / (comparison.states - 1)
            rest = float(level @ table[-1])
            if float(level @ table[k]) - rest < least * (1.0 - rest):
                return False
    return True


def agrees_elsewhere(
    comparisons: Sequence[Comparison],
    tables: Sequence[NDArray[np.float64]],
    least_of: Mapping[str, float],
    matches: int,
    k: int,
) -> bool:
    """Whether a class that disagrees on personal comparisons agrees on all others about as well as matches do.

    Relatives share the surname and the address, and disagree on the given name as strangers do.

    Args:
        comparisons: Of the pass.
        tables: Their probabilities.
        least_of: Per comparison, how far a class of matches must lie from the rest towards full agreement.
        matches: The class that agrees on everything.
        k: The class in question.
    """
    for comparison, table in zip(comparisons, tables, strict=True):
        if comparison.kind != "filter" or comparison.states <= 2 or not agrees([comparison], [table], least_of, k):
            continue
        known = table.copy()
        known[:, MISSING] = 0.0
        level = agreement(known)
        if level[k] - level[-1] < ELSEWHERE * (level[matches] - level[-1]):
            return False
    return True
