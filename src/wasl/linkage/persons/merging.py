"""Pairs met in several passes become one: their scores are put together without counting the same evidence twice."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.persons.absences import weight_of_absence
from wasl.linkage.persons.records import RecordPairs, Records

__all__ = ["MergedPairs", "log_odds", "merge_passes"]

LIMIT = 1e-12
MEETING_SHARE, MEETING_BOUND, MEETING_ROUNDS = 0.5, 3.0, 30
"""How much the number of meetings counts (what is compared in passes tells half of it already), the most it may say in
natural-log units, and rounds of EM."""
DIFFERENT_PEOPLE_MEET = 0.02
"""A pass in which at most this share of the pairs of different people meet is taken for one of an identifier. Mistyped
and reused numbers are rarer; two people share a name and a year of birth much more often."""
LIKE_OTHERS = 10.0
"""Matches of other registers behind the share of matches of two registers that meet in a pass."""
OTHER_NUMBER_BOUND = 2.5
"""Most that differing numbers take from a pair, in natural-log units: a factor of 12. Of 26,074 true pairs between 67
pairs of synthetic registers, linked in twos, 1,032 were wrong or missed with this bound, 997 with 5 (509 wrong, 488
missed), 1,220 without this evidence; linked together 610, 636 and 656 (2026-11-27). A passport is replaced more often
than a model fitted on few pairs can tell, so the smaller bound is taken."""


@dataclass(frozen=True, slots=True)
class MergedPairs:
    """Pairs of records, each once, sorted by left and right.

    Attributes:
        left, right: (pairs) int64 places in the records.
        weight: (pairs) float64, mean match weight of the passes that showed the pair.
        probability: (pairs) float64.
        met: (pairs) int32, passes that showed the pair.
        pattern: (pairs) int32, pattern of the pass with the highest probability.
        in_pass: (pairs) int32, that pass.
    """

    left: NDArray[np.int64] = field(repr=False)
    right: NDArray[np.int64] = field(repr=False)
    weight: NDArray[np.float64] = field(repr=False)
    probability: NDArray[np.float64] = field(repr=False)
    met: NDArray[np.int32] = field(repr=False)
    pattern: NDArray[np.int32] = field(repr=False)
    in_pass: NDArray[np.int32] = field(repr=False)

    def __len__(self) -> int:
        return len(self.left)

    def at(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> MergedPairs:
        """The chosen pairs."""
        return MergedPairs(*(getattr(self, name)[chosen] for name in self.__slots__))


def log_odds(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Natural log-odds, finite."""
    p = np.clip(probability, LIMIT, 1 - LIMIT)
    return np.log(p) - np.log1p(-p)


def merge_passes(pairs: RecordPairs, records: Records) -> MergedPairs:
    """One row per pair of records.

    Every pass shows the same underlying likeness through its own keys: the passes that show a pair are repeated
    measurements, so their log-odds are averaged, not added. How many of the passes that could show a pair do is a
    measurement of its own: people meet themselves in most, namesakes in one.

    Args:
        pairs: Pairs met in passes.
        records: Their records.
    """
    key = pairs.left * np.int64(len(records)) + pairs.right
    order = np.lexsort((pairs.in_pass, -pairs.probability, key))
    key = key[order]
    first = np.ones(len(key), np.bool_)
    first[1:] = key[1:] != key[:-1]
    group = np.cumsum(first) - 1
    total = int(first.sum())
    met = np.bincount(group, minlength=total).astype(np.int32)
    odds = np.bincount(group, weights=log_odds(pairs.probability[order]), minlength=total) / np.maximum(met, 1)
    weight = np.bincount(group, weights=pairs.weight[order], minlength=total) / np.maximum(met, 1)
    top = order[first]
    left, right = pairs.left[top], pairs.right[top]
    chances = (records.in_pass[left] & records.in_pass[right]).sum(axis=1)
    met_often = _weight_of_meeting(odds, met, chances)
    met_often += _weight_of_other_numbers(odds + met_often, group, pairs.in_pass[order], left, right, records)
    met_often += weight_of_absence(odds + met_often, left, right, records)
    probability = 1.0 / (1.0 + np.exp(-(odds + met_often)))
    return MergedPairs(
        left, right, weight + met_often / np.log(2), probability, met, pairs.pattern[top], pairs.in_pass[top]
    )


def _weight_of_other_numbers(
    odds: NDArray[np.float64],
    group: NDArray[np.int64],
    in_pass: NDArray[np.int32],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    records: Records,
) -> NDArray[np.float64]:
    """(pairs) what is taken from the log-odds of a pair whose two records have different numbers.

    Two records have a row in a pass of an identifier if both hold the number, and they meet there if the numbers are
    equal. Where matches nearly always meet in such a pass, a pair that does not is hardly a match. Passes of
    identifiers are recognized by their meetings: pairs of different people hardly ever meet there.

    Fitted by EM, with the pairs' log-odds as the beginning: the share of matches and of others that meet in each pass.

    Args:
        odds: (pairs) log-odds so far.
        group: (meetings) the pair of each meeting.
        in_pass: (meetings) its pass.
        left: (pairs) the first record.
        right: (pairs) the second record.
        records: Their passes.
    """
    total, sources = len(odds), len(records.sources)
    added = np.zeros(total)
    between = records.source[left].astype(np.int64) * sources + records.source[right]
    places = []
    for number in range(len(records.passes)):
        could = records.in_pass[left, number] & records.in_pass[right, number]
        met = np.zeros(total, np.bool_)
        met[group[in_pass == number]] = True
        if could.any():
            places.append((np.flatnonzero(could), met[could]))
    for _ in range(MEETING_ROUNDS):
        probability = 1.0 / (1.0 + np.exp(-(odds + added)))
        before, added = added, np.zeros(total)
        for place, met in places:
            p = probability[place]
            matches, others = p.sum(), (1.0 - p).sum()
            u = ((1.0 - p)[met].sum() + 0.5) / (others + 1.0)
            if u > DIFFERENT_PEOPLE_MEET:
                continue
            pooled = (p[met].sum() + 0.5) / (matches + 1.0)
            own = between[place]  # how often numbers change differs from register to register
            held = np.bincount(own, weights=p, minlength=sources**2) + LIKE_OTHERS
            m = (np.bincount(own[met], weights=p[met], minlength=sources**2) + LIKE_OTHERS * pooled) / held
            ratio = np.minimum(np.log((1.0 - m) / (1.0 - u)), 0.0)
            added[place[~met]] += ratio[own[~met]]
        added = np.maximum(added, -OTHER_NUMBER_BOUND)
        if np.allclose(before, added, atol=1e-6):
            break
    return added


def _weight_of_meeting(
    odds: NDArray[np.float64], met: NDArray[np.int32], chances: NDArray[np.int64]
) -> NDArray[np.float64]:
    """(pairs) what the number of passes that showed a pair adds to its log-odds.

    Fitted by EM: how often matches and others are met, given in how many passes they could have been.

    Args:
        odds: (pairs) log-odds so far.
        met: (pairs) passes that showed the pair.
        chances: (pairs) passes in which both records have a row.
    """
    most = np.int64(met.max(initial=0)) + 1
    cells, cell = np.unique(chances * most + met, return_inverse=True)
    _, group = np.unique(cells // most, return_inverse=True)
    weight = np.zeros(len(cells))
    for _ in range(MEETING_ROUNDS):
        probability = 1.0 / (1.0 + np.exp(-(odds + MEETING_SHARE * weight[cell])))
        ratio = np.zeros(len(weight))
        for sign, share in ((1.0, probability), (-1.0, 1.0 - probability)):
            held = np.bincount(cell, weights=share, minlength=len(weight)) + 0.5
            ratio += sign * np.log(held / np.bincount(group, weights=held)[group])
        before, weight = weight, np.clip(ratio, -MEETING_BOUND, MEETING_BOUND)
        if np.allclose(before, weight, atol=1e-6):
            break
    added: NDArray[np.float64] = MEETING_SHARE * weight[cell]
    return added
