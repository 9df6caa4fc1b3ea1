"""Evidence from the meetings of two records: their number, and the passes of a number where they do not meet."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.persons.records import Records

__all__ = ["MEETING_BOUND", "MEETING_SHARE", "weight_of_meeting", "weight_of_other_numbers"]

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
AGREEMENT_CLASSES = (0.0, 2.0, 4.0)
"""Limits of log-odds between which the share of matches that meet is estimated apart. A pass whose block is made of
what is compared (birth date and surname) also meets hardly any different people. Matches that agree little meet there
as seldom as different people do, so not to meet says nothing. A number is kept or replaced whatever the name is."""


def weight_of_other_numbers(
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
    identifiers are recognized by their meetings: pairs of different people hardly ever meet there, and matches meet
    there whether they agree much or little.

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
    likeness = np.searchsorted(AGREEMENT_CLASSES, odds)
    classes = len(AGREEMENT_CLASSES) + 1
    cell = between * classes + likeness
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
            others = (1.0 - p).sum()
            u = ((1.0 - p)[met].sum() + 0.5) / (others + 1.0)
            if u > DIFFERENT_PEOPLE_MEET:
                continue
            like = likeness[place]
            pooled = np.bincount(like[met], weights=p[met], minlength=classes) + 0.5
            pooled /= np.bincount(like, weights=p, minlength=classes) + 1.0
            own = cell[place]  # how often numbers change differs from register to register
            held = np.bincount(own, weights=p, minlength=sources**2 * classes) + LIKE_OTHERS
            m = np.bincount(own[met], weights=p[met], minlength=len(held)).reshape(-1, classes) + LIKE_OTHERS * pooled
            m /= held.reshape(-1, classes)
            ratio = np.minimum(np.log(np.maximum(1.0 - m, 1e-12) / (1.0 - u)), 0.0).reshape(-1)
            added[place[~met]] += ratio[own[~met]]
        added = np.maximum(added, -OTHER_NUMBER_BOUND)
        if np.allclose(before, added, atol=1e-6):
            break
    return added


def weight_of_meeting(
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
