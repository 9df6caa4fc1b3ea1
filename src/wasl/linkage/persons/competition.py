"""Probabilities of pairs when a record matches at most one record of a duplicate-free register.

The marginal probabilities of matchings are those of :mod:`wasl.linkage.persons.matchings`. The odds of a pair there are
its odds alone, divided by the chances that either record has no match.

With more than two registers every record has one such constraint per other duplicate-free register.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.persons.conflicts import correct_by_conflicts
from wasl.linkage.persons.matchings import Slots, marginals
from wasl.linkage.persons.merging import TWO_REGISTERS, MergedPairs, log_odds
from wasl.linkage.persons.records import Records
from wasl.linkage.persons.sums import counts_by, parts_of, sums_by

__all__ = ["compete"]

MOST_MATCHED = 0.9
"""At most this share of a register's records is taken to have a match. At 1 a record could never be free, and one weak
candidate would be certain."""
SHARE_ROUNDS = 10
"""The shares of matched records and the probabilities depend on each other; they are iterated so many times at most."""

SCORE_LIMITS = (
    0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998,
)  # fmt: skip
"""Limits of the score classes whose expected matches are kept where there are several passes."""
ALONE_SHARE, FORMULA_PAIRS = 1.0, 5.0
"""Share of the logarithm of the chance that neither record has a match, which is divided out at first where there are
several passes. It weighs as much as so many pairs of doubt. With .7 and 2 the calibration error of foreigners was lower
by .003 to .008, but F1 on FEBRL 4 with relatives planted fell below .96."""
TOTAL_ROUNDS, TOTAL_TOLERANCE = 25, 1e-3


def compete(pairs: MergedPairs, records: Records, duplicate_free: NDArray[np.bool_]) -> MergedPairs:
    """Probabilities given that a record matches at most one record of a duplicate-free register.

    Args:
        pairs: Pairs with probabilities that each ignore the others.
        records: Their records.
        duplicate_free: (sources) whether a person appears at most once.
    """
    if len(pairs) == 0 or not duplicate_free.any():
        return pairs
    sources = len(records.sources)
    between, constrained = _sides(pairs, records.source, duplicate_free)
    slots = Slots.of(_slots_of(pairs, records.source, constrained, sources))
    merged = log_odds(pairs.probability)
    odds = np.exp(merged)
    held = counts_by(records.source, sources)
    probability = pairs.probability
    for _ in range(SHARE_ROUNDS):
        alone = np.ones(len(pairs))
        for own, bound in zip(between, constrained, strict=True):
            expected = sums_by(own, probability, sources**2)
            free = 1.0 - np.minimum(expected / np.maximum(held, 1).repeat(sources), MOST_MATCHED)
            alone *= np.where(bound, free[own], 1.0)
        before = probability
        probability, _sweeps = marginals(odds / alone, slots)
        if np.abs(probability - before).max() < 1e-4:  # a hundredth of what any grade could feel
            break
    if len(records.passes) > 1 and sources > TWO_REGISTERS:
        probability = marginals(odds, slots)[0]
        told = correct_by_conflicts(pairs, probability, records, duplicate_free)
        told = np.minimum(told, log_odds(np.ones(1) if pairs.most is None else pairs.most))
        probability = marginals(np.exp(told), slots)[0]
    elif len(records.passes) > 1:
        probability = _keep_totals(merged, ALONE_SHARE * np.log(alone), slots, constrained[0] | constrained[1])
    if pairs.most is not None:  # that a record has no rival does not show whose it is
        probability = np.minimum(probability, pairs.most)
    return replace(pairs, probability=probability)


def _sides(
    pairs: MergedPairs, source: NDArray[np.int32], duplicate_free: NDArray[np.bool_]
) -> tuple[tuple[NDArray[np.integer], NDArray[np.integer]], tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Of each side of pairs: (pairs) its source and the other's as one number, and whether it has one partner at most.

    Args:
        pairs: Pairs of records.
        source: (records) their sources.
        duplicate_free: (sources) whether a person appears at most once.
    """
    sources = len(duplicate_free)
    kind = np.min_scalar_type(sources**2)
    between = np.empty((2, len(pairs)), kind)
    for part in parts_of(len(pairs)):
        here, there = source[pairs.left[part]].astype(np.int64), source[pairs.right[part]].astype(np.int64)
        between[0, part], between[1, part] = here * sources + there, there * sources + here
    other = np.tile(np.arange(sources), sources)
    once = duplicate_free[other] & (np.arange(sources).repeat(sources) != other)
    return (between[0], between[1]), (once[between[0]], once[between[1]])


def _slots_of(
    pairs: MergedPairs,
    source: NDArray[np.int32],
    constrained: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    sources: int,
) -> NDArray[np.integer]:
    """(2 · pairs) what side 0 and side 1 of each pair in turn compete for: a record and a source; -1 for nothing."""
    slot = np.empty((len(pairs), 2), np.int32 if len(source) * sources < 2**31 else np.int64)
    for part in parts_of(len(pairs)):
        ends = pairs.left[part].astype(np.int64), pairs.right[part].astype(np.int64)
        for side in (0, 1):
            taken = ends[side] * sources + source[ends[1 - side]]
            slot[part, side] = np.where(constrained[side][part], taken, -1)
    return slot.reshape(-1)


def _keep_totals(
    merged: NDArray[np.float64], alone: NDArray[np.float64], slots: Slots, rivals: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """(pairs) probabilities under the constraints, the expected matches of every score class kept.

    Rivals move probability from one pair to another. In narrow blocks the prior of a pair reflects already how few
    rivals it has. The chance that both records have no match must not be divided out a second time. The remaining
    factor is fitted, score class by score class, until the class has as many expected matches as before.

    Args:
        merged: (pairs) log-odds that ignore rivals.
        alone: (pairs) logarithm of the chance that neither record has a match, as far as it is divided out at first.
        slots: What pairs compete for.
        rivals: (pairs) whether a side of the pair is constrained.
    """
    last = len(SCORE_LIMITS)
    place = np.searchsorted(log_odds(np.array(SCORE_LIMITS)), merged)
    before = np.where(rivals, 1.0 / (1.0 + np.exp(-merged)), 0.0)
    wanted = np.bincount(place, weights=before, minlength=last + 1)
    correction, free = np.zeros(last + 1), np.ones(2 * len(merged))
    probability = before
    for _ in range(TOTAL_ROUNDS):
        shift = np.where(rivals, correction[place] - alone, 0.0)
        probability, _sweeps = marginals(np.exp(merged + shift), slots, free)
        mine = np.where(rivals, probability, 0.0)
        expected = np.bincount(place, weights=mine, minlength=last + 1)
        slope = np.bincount(place, weights=mine * (1.0 - mine), minlength=last + 1) + FORMULA_PAIRS
        step = np.clip((wanted - expected - FORMULA_PAIRS * correction) / slope, -1.0, 1.0)
        step[last] = 0.0
        if float(np.abs(step * slope).sum()) < TOTAL_TOLERANCE * float(wanted.sum()):
            break
        correction += step
        correction[last] = correction[last - 1]  # what is nearly certain says nothing of its odds
    return probability
