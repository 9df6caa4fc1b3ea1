"""Evidence from the meetings of two records: their number, and the passes of a number where they do not meet."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.persons.records import Records
from wasl.linkage.persons.sums import codes_of, logistic, parts_of, settled, sums_by

__all__ = ["MEETING_BOUND", "MEETING_SHARE", "shared_passes", "weight_of_meeting", "weight_of_other_numbers"]

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
    group: NDArray[np.integer],
    in_pass: NDArray[np.integer],
    left: NDArray[np.integer],
    right: NDArray[np.integer],
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
    could, met = _packed(left, right, records), _packed_meetings(len(odds), group, in_pass, len(records.passes))
    sources = len(records.sources)
    classes = len(AGREEMENT_CLASSES) + 1
    cells = sources**2 * classes
    cell = np.empty(len(odds), np.min_scalar_type(cells))
    for part in parts_of(len(odds)):
        between = records.source[left[part]].astype(np.int64) * sources + records.source[right[part]]
        cell[part] = between * classes + np.searchsorted(AGREEMENT_CLASSES, odds[part])
    added = np.zeros(len(odds))
    for _ in range(MEETING_ROUNDS):
        counted = [_Meeting(cells, classes) for _ in records.passes]
        for part in parts_of(len(odds)):
            p = logistic(odds[part], added[part])
            for number, one in enumerate(counted):
                one.count(p, cell[part], _bit(could[part], number), _bit(met[part], number))
        ratios = [one.ratio() for one in counted]
        still = True
        for part in parts_of(len(odds)):
            now = np.zeros(part.stop - part.start)
            for number, ratio in enumerate(ratios):
                if ratio is not None:
                    apart = np.flatnonzero(_bit(could[part], number) & ~_bit(met[part], number))
                    now[apart] += ratio[cell[part][apart]]
            now = np.maximum(now, -OTHER_NUMBER_BOUND)
            still = still and settled(added[part], now, 1e-6)
            added[part] = now
        if still:
            break
    return added


class _Meeting:
    """Counts the matches and the others that meet in a pass, part by part."""

    def __init__(self, cells: int, classes: int) -> None:
        self._cells, self._classes = cells, classes
        self._others = self._others_met = 0.0
        self._held, self._met = np.zeros(cells), np.zeros(cells)

    def count(
        self,
        p: NDArray[np.float64],
        cell: NDArray[np.integer],
        could: NDArray[np.bool_],
        met: NDArray[np.bool_],
    ) -> None:
        """Count pairs with their probabilities, cells, and whether they could meet and did."""
        met = met & could
        self._others += float((1.0 - p[could]).sum())
        self._others_met += float((1.0 - p[met]).sum())
        sums_by(cell[could], p[could], self._cells, self._held)
        sums_by(cell[met], p[met], self._cells, self._met)

    def ratio(self) -> NDArray[np.float64] | None:
        """(cells) what not to meet adds to the log-odds; None where the pass is not one of an identifier."""
        u = (self._others_met + 0.5) / (self._others + 1.0)
        if u > DIFFERENT_PEOPLE_MEET or not self._held.any():
            return None
        held, met = self._held.reshape(-1, self._classes), self._met.reshape(-1, self._classes)
        pooled = (met.sum(axis=0) + 0.5) / (held.sum(axis=0) + 1.0)
        # How often numbers change differs from register to register.
        m = (met + LIKE_OTHERS * pooled) / (held + LIKE_OTHERS)
        ratio: NDArray[np.float64] = np.minimum(np.log(np.maximum(1.0 - m, 1e-12) / (1.0 - u)), 0.0).reshape(-1)
        return ratio


def _packed(left: NDArray[np.integer], right: NDArray[np.integer], records: Records) -> NDArray[np.uint8]:
    """(pairs, passes / 8) bits: the passes in which both records have a row."""
    packed = np.empty((len(left), max(-(-len(records.passes) // 8), 1)), np.uint8)
    for part in parts_of(len(left)):
        packed[part] = np.packbits(records.in_pass[left[part]] & records.in_pass[right[part]], axis=1)
    return packed


def _packed_meetings(
    total: int, group: NDArray[np.integer], in_pass: NDArray[np.integer], passes: int
) -> NDArray[np.uint8]:
    """(pairs, passes / 8) bits: the passes in which the two records met."""
    packed = np.zeros((total, max(-(-passes // 8), 1)), np.uint8)
    for part in parts_of(len(group)):
        np.bitwise_or.at(packed, (group[part], in_pass[part] >> 3), (128 >> (in_pass[part] & 7)).astype(np.uint8))
    return packed


def _bit(packed: NDArray[np.uint8], number: int) -> NDArray[np.bool_]:
    """(pairs) the bit of a pass."""
    bits: NDArray[np.bool_] = (packed[:, number >> 3] & np.uint8(128 >> (number & 7))) != 0
    return bits


def shared_passes(
    left: NDArray[np.integer], right: NDArray[np.integer], records: Records, chosen: NDArray[np.bool_] | None = None
) -> NDArray[np.int16]:
    """(pairs) in how many passes, or in how many of the chosen ones, both records have a row."""
    shared = np.zeros(len(left), np.int16)
    in_pass = records.in_pass if chosen is None else records.in_pass[:, chosen]
    for part in parts_of(len(left)):
        shared[part] = (in_pass[left[part]] & in_pass[right[part]]).sum(axis=1)
    return shared


def weight_of_meeting(
    odds: NDArray[np.float64], met: NDArray[np.integer], chances: NDArray[np.integer]
) -> NDArray[np.float64]:
    """(pairs) what the number of passes that showed a pair adds to its log-odds.

    Fitted by EM: how often matches and others are met, given in how many passes they could have been.

    Args:
        odds: (pairs) log-odds so far.
        met: (pairs) passes that showed the pair.
        chances: (pairs) passes in which both records have a row.
    """
    most = int(met.max(initial=0)) + 1
    values = chances.astype(np.int32) * np.int32(most) + met.astype(np.int32)
    cells, cell = codes_of(values, int(values.max(initial=0)) + 1)
    del values
    _, group = np.unique(cells // most, return_inverse=True)
    weight = np.zeros(len(cells))
    for _ in range(MEETING_ROUNDS):
        held = np.zeros((2, len(weight)))
        for part in parts_of(len(odds)):
            probability = logistic(odds[part], MEETING_SHARE * weight[cell[part]])
            sums_by(cell[part], probability, len(weight), held[0])
            sums_by(cell[part], 1.0 - probability, len(weight), held[1])
        ratio = np.zeros(len(weight))
        for sign, share in zip((1.0, -1.0), held + 0.5, strict=True):
            ratio += sign * np.log(share / np.bincount(group, weights=share)[group])
        before, weight = weight, np.clip(ratio, -MEETING_BOUND, MEETING_BOUND)
        if np.allclose(before, weight, atol=1e-6):
            break
    added: NDArray[np.float64] = (MEETING_SHARE * weight)[cell]
    return added
