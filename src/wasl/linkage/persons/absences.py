"""What two records have in common by what neither has: rows that are absent from the same passes.

A record has no row in a pass if it lacks a part of the block. A person without a known day of birth lacks it in most
registers. Two such records are likelier to be one person than one with a whole birth date and one without.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.persons.records import Records
from wasl.linkage.persons.sums import logistic, parts_of, settled

__all__ = ["weight_of_absence"]

USUAL = (0.5, 0.99)
"""A trait is compared in a register if the share of its records that have it lies between. A trait that all have, or
none, is no evidence."""
SAME_TRAIT = 0.7
"""Passes that share more than this part of the records absent from either ask for the same trait."""
LIKE_OTHERS = 10.0
"""Pairs of other registers behind the shares of a pair of registers."""
ABSENCE_BOUND = 2.0
"""Most that the traits add to or take from a pair, in natural-log units: a factor of 7. Of foreigners in 13 synthetic
registers, linked together, 130 wrong and 198 missed pairs became 121 and 168 (first draw), 107 and 231 became 96 and
183 (second)."""
ROUNDS = 20


def weight_of_absence(
    odds: NDArray[np.float64], left: NDArray[np.integer], right: NDArray[np.integer], records: Records
) -> NDArray[np.float64]:
    """(pairs) what it adds to the log-odds that both records, or only one of them, lack a trait.

    Fitted by EM, with the pairs' log-odds as the beginning. Of the pairs in which a record lacks the trait, EM
    gives the share in which both lack it, among matches and others, by pair of registers.

    Args:
        odds: (pairs) log-odds so far.
        left: (pairs) the first record.
        right: (pairs) the second record.
        records: Their passes.
    """
    sources = len(records.sources)
    traits = []
    for present, usual in _traits(records):
        place = _told(left, right, present, usual, records)
        if len(place):
            a, b = left[place], right[place]
            between = records.source[a].astype(np.int64) * sources + records.source[b]
            own = between.astype(np.min_scalar_type(sources**2))
            traits.append((place, ~present[a] & ~present[b], own))
    added = np.zeros(len(odds))
    if not traits:
        return added
    for _ in range(ROUNDS):
        probability = logistic(odds, added)
        before, added = added, np.zeros(len(odds))
        for place, both, own in traits:
            ratio = np.zeros((2, sources**2))
            for sign, share in ((1.0, probability[place]), (-1.0, 1.0 - probability[place])):
                pooled = (share[both].sum() + 0.5) / (share.sum() + 1.0)
                held = np.bincount(own, weights=share, minlength=sources**2) + LIKE_OTHERS
                rate = (np.bincount(own[both], weights=share[both], minlength=sources**2) + LIKE_OTHERS * pooled) / held
                ratio += sign * np.log(np.stack([1.0 - rate, rate]))
            added[place] += ratio[both.astype(np.int64), own]
        np.clip(added, -ABSENCE_BOUND, ABSENCE_BOUND, out=added)
        if settled(before, added, 1e-6):
            break
    return added


def _told(
    left: NDArray[np.integer],
    right: NDArray[np.integer],
    present: NDArray[np.bool_],
    usual: NDArray[np.bool_],
    records: Records,
) -> NDArray[np.int32]:
    """The pairs of registers that usually record a trait of which a record lacks it."""
    found = [np.empty(0, np.int32)]
    usually = usual[records.source]
    for part in parts_of(len(left)):
        a, b = left[part], right[part]
        told = usually[a] & usually[b] & ~(present[a] & present[b])
        found.append((np.flatnonzero(told) + part.start).astype(np.int32))
    return np.concatenate(found)


def _traits(records: Records) -> list[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Each trait: (records) whether the record has it, (sources) whether the register usually records it.

    A trait is what at least two passes ask for. A record that the leak meter left out is absent from one pass only.
    """
    size = np.maximum(np.bincount(records.source, minlength=len(records.sources)), 1)
    asked = []
    for number in range(len(records.passes)):
        present = records.in_pass[:, number]
        share = np.bincount(records.source, weights=present, minlength=len(size)) / size
        usual = (share >= USUAL[0]) & (share <= USUAL[1])
        absent = ~present & usual[records.source]
        if absent.any():
            asked.append((absent, present, usual))
    found: list[tuple[NDArray[np.bool_], NDArray[np.bool_]]] = []
    for absent, present, usual in sorted(asked, key=lambda one: -int(one[0].sum())):
        alike = sum((absent & other).sum() > SAME_TRAIT * (absent | other).sum() for other, _, _ in asked)
        if alike > 1 and all((absent & known).sum() > SAME_TRAIT * absent.sum() for known, _ in found):
            found.append((present, usual))
    return found
