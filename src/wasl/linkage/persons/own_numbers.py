"""Evidence from numbers of their own: different numbers are one person's only as often as numbers change.

Twins share surname, birth date, sex, nationality and address, and each has a passport. A filter of all name words tells
them from a misspelled name only in part. Pairs that share a number are matches, however their names are written, so
they show how matches agree on everything else. A number is renewed whatever the name is. So matches with different
numbers agree as those with an equal one do, and their number follows from the pairs that agree well:

    matches with different numbers, at an agreement c  =  ρ · pairs with an equal number, at c

where ρ is the ratio of both among the pairs that agree well. It is taken apart for pairs with one different number and
for pairs with two or more. Where more pairs have different numbers than that, the rest are twins and other relatives.
The probability of a pair is at most the share of matches.

*Does not hold for:* registers that have fewer than ``LEAST_EQUAL`` equal numbers; they are left as they are. Twins
whose names look alike to the filters agree well and are not bounded.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.persons.meetings import shared_passes
from wasl.linkage.persons.records import Records

__all__ = ["highest_odds"]

CLASSES = 8
"""Classes of agreement of the pairs that do not agree well: equal parts of the log-odds from `LOWEST` on."""
LOWEST = 0.0
WELL = 0.9
"""This share of the pairs with an equal number agrees well."""
LEAST_EQUAL = 30
"""Pairs of two registers with an equal number, below which nothing is concluded."""
TWIN_SHARE = 0.01
"""Twins for each match of two registers: one birth in 80 is of twins (UN, Demographic Yearbook)."""
LIKE_OTHERS = 10.0
"""Pairs of all registers behind the ratio ρ of two of them."""


def highest_odds(
    total: int,
    group: NDArray[np.integer],
    in_pass: NDArray[np.integer],
    of_pass: NDArray[np.float64],
    ends: tuple[NDArray[np.integer], NDArray[np.integer]],
    records: Records,
    numbers: Sequence[str],
) -> NDArray[np.float64]:
    """(pairs) highest log-odds where both records have numbers of their own and share none; infinite elsewhere.

    Args:
        total: Pairs.
        group: (meetings) the pair of each meeting.
        in_pass: (meetings) its pass.
        of_pass: (meetings) log-odds of the pass.
        ends: (pairs) the first and the second record.
        records: Their passes.
        numbers: Passes whose block is a number that a person has one of.
    """
    highest = np.full(total, np.inf)
    mine = np.array([name in set(numbers) for name in records.passes], np.bool_)
    left, right = ends
    if not mine.any():
        return highest
    held = shared_passes(left, right, records, mine)
    number = mine[in_pass]
    met = np.bincount(group[~number], minlength=total)
    shared = np.bincount(group[number], minlength=total) > 0
    equal, different = shared & (met > 0), (held > 0) & ~shared & (met > 0)
    if equal.sum() < LEAST_EQUAL or not different.any():
        return highest
    agreement = np.bincount(group[~number], weights=of_pass[~number], minlength=total) / np.maximum(met, 1)
    well = float(np.quantile(agreement[equal], 1.0 - WELL))
    place = np.searchsorted(np.linspace(min(LOWEST, well - 1.0), well, CLASSES), agreement, side="right")
    between = records.source[left].astype(np.int64) * len(records.sources) + records.source[right]
    sides = len(records.sources) ** 2
    found = _table(between[equal], place[equal], sides)
    shares = (found.sum(axis=0) + 0.5) / (found.sum() + 0.5 * (CLASSES + 1))
    known = found.sum(axis=1)
    for several in (False, True):
        here = different & ((held > 1) == several)
        apart = _table(between[here], place[here], sides)
        pooled = float(apart[:, -1].sum()) / max(float(found[:, -1].sum()), 1.0)
        ratio = (apart[:, -1] + LIKE_OTHERS * pooled) / (found[:, -1] + LIKE_OTHERS)
        matches = (ratio * known)[:, None] * shares
        twins = (TWIN_SHARE / CLASSES * known)[:, None]
        others = np.maximum(twins, apart - matches - np.sqrt(apart))  # more than chance makes of the expected matches
        bound = np.log(np.maximum(matches, 1e-9)) - np.log(np.maximum(others, 1e-9))
        told = here & (place < CLASSES) & (known[between] >= LEAST_EQUAL)
        highest[told] = bound[between[told], place[told]]
    return highest


def _table(between: NDArray[np.int64], place: NDArray[np.int64], sides: int) -> NDArray[np.float64]:
    """(pairs of registers, classes of agreement) counts."""
    cells = CLASSES + 1
    counts = np.bincount(between * cells + place, minlength=sides * cells)
    return counts.reshape(-1, cells).astype(np.float64)
