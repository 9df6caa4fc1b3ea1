"""Whether registers that the plan says hold a person once do so.

Three things speak against it. Pairs within the register agree on everything compared, far more often than strangers
do. Records find several equally good partners in such a register. Or its holder, who sees the
names, encoded several of its records as one person. Copies with an error in them were not encoded so, and one-to-one
assignment leaves them without their partner: the matches are missed, and no probability shows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.model.checks import Check
from wasl.linkage.persons.merging import MergedPairs
from wasl.linkage.persons.records import Records
from wasl.linkage.quality.least_precision import LEAST_LINKS

__all__ = ["check_held_once", "is_held_often"]

LIKELY, DECIDED = 0.95, 0.9
"""A record with two candidates of the first probability in a register that holds a person once, none of which reaches
the second among its rivals, was entered there twice."""
UNDECIDED = 0.015
"""Share of such records. It is at most .012 in the kinds of the laboratory. Under `open` it is .019 to .030 where 3 %
of the persons are twice in one register, and .3 where three in ten are twice in both."""
LEAST_UNDECIDED = 10
"""Fewer such records are chance."""
SHARING = 0.05
"""Share of the records of a register that its holder encoded as one person with another of it. It is .4 where three
persons in ten are there twice, some with errors. In the registers of a synthetic Morocco that hold a person once it is
0."""


def check_held_once(
    before: MergedPairs,
    pairs: MergedPairs,
    records: Records,
    duplicate_free: NDArray[np.bool_],
    doubles: Mapping[str, Mapping[str, Any]] | None = None,
) -> Check:
    """Whether anything speaks against what the plan says of registers that hold a person once.

    Args:
        before: Pairs with probabilities that each ignore the others.
        pairs: The same pairs as resolved.
        records: Their records.
        duplicate_free: (sources) whether the plan says that a person is in it at most once.
        doubles: By register, the largest count of pairs within it that look like one person, of all passes.
    """
    few, all_of_them, here, register = _undecided(before, pairs, records, duplicate_free)
    shared, size, holder = _encoded_as_one(records, duplicate_free)
    said = {label for label, once in zip(records.sources, duplicate_free, strict=True) if once}
    alike = max(
        (row for label, row in (doubles or {}).items() if label in said),
        key=lambda row: float(row["records"] / max(row["rows"], 1)),
        default=None,
    )
    failed = bool(few) or shared > SHARING * size or is_held_often(alike)
    if few:
        message = (
            f"{few:,} of {all_of_them:,} records of {here} with a partner in {register} have two or more partners "
            "there that fit equally well. The plan says that the register holds a person once. Set duplicate_free = "
            "false for it, or remove its duplicates."
        )
    elif alike is not None and (is_held_often(alike) or not shared):
        message = (
            f"{alike['pairs']:,} pairs of {alike['rows']:,} records within {alike['register']} agree on everything "
            "compared, and chance does not explain them. The plan says that the register holds a person once. Set "
            "duplicate_free = false and dedupe = true for it, or remove its duplicates."
        )
    elif shared:
        message = (
            f"the holder of {holder} encoded {shared:,} of its {size:,} records as one person with another of them. "
            "The plan says that the register holds a person once, so records of these persons with errors are not "
            "linked. Set duplicate_free = false and dedupe = true for it, or remove its duplicates."
        )
    else:
        message = "registers that hold a person once show no record with several equally good partners."
    return Check("held-once", not failed, message, warning=bool(shared or alike) and not failed)


def is_held_often(row: Mapping[str, Any] | None) -> bool:
    """Whether more than `SHARING` of the records of a register look like one person with another of it."""
    return row is not None and bool(row["records"] > SHARING * row["rows"])


def _encoded_as_one(records: Records, duplicate_free: NDArray[np.bool_]) -> tuple[int, int, str]:
    """Records that their holder took for one person with others, in a register that is said to hold a person once.

    Returns:
        How many, the records of the register, and its name: where their share is largest.
    """
    place = records.roster.place
    source = records.source[place]
    held = np.bincount(source, minlength=len(records.sources))
    several = np.bincount(place, minlength=len(records))[place] > 1
    shared = np.where(duplicate_free, np.bincount(source[several], minlength=len(records.sources)), 0)
    worst = int(np.argmax(shared / np.maximum(held, 1)))
    return int(shared[worst]), int(held[worst]), records.sources[worst]


def _undecided(
    before: MergedPairs, pairs: MergedPairs, records: Records, duplicate_free: NDArray[np.bool_]
) -> tuple[int, int, str, str]:
    """Records that find several equally good partners in a register that is said to hold a person once.

    Returns:
        How many, of how many with a partner, of which register, and the register of the partners: where the share of
        them is largest. 0 where it is nowhere above `UNDECIDED`.
    """
    sources = len(records.sources)
    a, b = records.source[before.left], records.source[before.right]
    likely = np.flatnonzero((before.probability >= LIKELY) & (a != b) & duplicate_free[a] & duplicate_free[b])
    worst, few, all_of_them, here, register = 0.0, 0, 0, "", ""
    for own, there in ((before.left, b), (before.right, a)):
        record, place = np.unique(own[likely], return_inverse=True)
        key, slot, partners = np.unique(
            place.astype(np.int64) * sources + there[likely], return_inverse=True, return_counts=True
        )
        best = np.zeros(len(key))
        np.maximum.at(best, slot, pairs.probability[likely])
        undecided = (partners > 1) & (best < DECIDED)
        side = records.source[record[key // sources]].astype(np.int64) * sources + key % sources
        held = np.bincount(side, minlength=sources**2)
        twice = np.bincount(side[undecided], minlength=sources**2)
        many = (twice > UNDECIDED * held) & (twice >= LEAST_UNDECIDED) & (held >= LEAST_LINKS)
        for code in np.flatnonzero(many).tolist():
            if twice[code] / held[code] > worst:
                worst, few, all_of_them = twice[code] / held[code], int(twice[code]), int(held[code])
                here, register = records.sources[code // sources], records.sources[code % sources]
    return few, all_of_them, here, register
