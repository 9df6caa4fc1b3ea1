"""Pairs met in several passes become one: their scores are put together without counting the same evidence twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.persons.absences import weight_of_absence
from wasl.linkage.persons.meetings import weight_of_meeting, weight_of_other_numbers
from wasl.linkage.persons.own_numbers import highest_odds
from wasl.linkage.persons.records import RecordPairs, Records
from wasl.linkage.persons.totals import keep_totals

__all__ = ["MergedPairs", "averaged", "log_odds", "merge_passes"]

LIMIT = 1e-12
GIVEN = "given"
"""A part of the names of passes whose blocks are made of given names (`given-year`, `birth-given`)."""


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
        most: (pairs) float64, highest probability, below 1 where numbers of their own differ; None: 1 for all.
        shown: (pairs) int64, number of the set of passes that showed the pair; None: not known.
        numbered: (pairs) whether both records share a number that a person has one of; None: not known.
        same_given: (pairs) whether they met in a block of given names, so that these sound alike; None: not known.
    """

    left: NDArray[np.int64] = field(repr=False)
    right: NDArray[np.int64] = field(repr=False)
    weight: NDArray[np.float64] = field(repr=False)
    probability: NDArray[np.float64] = field(repr=False)
    met: NDArray[np.int32] = field(repr=False)
    pattern: NDArray[np.int32] = field(repr=False)
    in_pass: NDArray[np.int32] = field(repr=False)
    most: NDArray[np.float64] | None = field(default=None, repr=False)
    shown: NDArray[np.int64] | None = field(default=None, repr=False)
    numbered: NDArray[np.bool_] | None = field(default=None, repr=False)
    same_given: NDArray[np.bool_] | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.left)

    def at(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> MergedPairs:
        """The chosen pairs."""
        most = None if self.most is None else self.most[chosen]
        shown = None if self.shown is None else self.shown[chosen]
        numbered = None if self.numbered is None else self.numbered[chosen]
        same_given = None if self.same_given is None else self.same_given[chosen]
        return MergedPairs(
            self.left[chosen], self.right[chosen], self.weight[chosen], self.probability[chosen], self.met[chosen],
            self.pattern[chosen], self.in_pass[chosen], most, shown, numbered, same_given,
        )  # fmt: skip


def log_odds(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Natural log-odds, finite."""
    p = np.clip(probability, LIMIT, 1 - LIMIT)
    return np.log(p) - np.log1p(-p)


def merge_passes(
    pairs: RecordPairs,
    records: Records,
    duplicate_free: NDArray[np.bool_] | None = None,
    own_numbers: Sequence[str] = (),
) -> MergedPairs:
    """One row per pair of records.

    Every pass shows the same underlying likeness through its own keys: the passes that show a pair are repeated
    measurements, so their log-odds are averaged, not added. How many of the passes that could show a pair do is a
    measurement of its own: people meet themselves in most, namesakes in one.

    Args:
        pairs: Pairs met in passes.
        records: Their records.
        duplicate_free: (sources) whether a person appears at most once. Between such registers the expected matches
            of each pass are kept.
        own_numbers: Passes whose block is a number that a person has one of.
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
    merged = odds + weight_of_meeting(odds, met, chances)
    merged += weight_of_other_numbers(merged, group, pairs.in_pass[order], left, right, records)
    merged += weight_of_absence(merged, left, right, records)
    of_pass = log_odds(pairs.probability[order])
    highest = highest_odds(total, group, pairs.in_pass[order], of_pass, (left, right), records, own_numbers)
    merged = np.minimum(merged, highest)
    if duplicate_free is not None and len(records.passes) > 1:
        source = records.source
        apart = duplicate_free[source[left]] & duplicate_free[source[right]] & (source[left] != source[right])
        mine = np.flatnonzero(apart[group])
        merged = keep_totals(merged, group[mine], pairs.in_pass[order][mine], pairs.probability[order][mine])
        merged = np.minimum(merged, highest)
    probability = 1.0 / (1.0 + np.exp(-merged))
    most = 1.0 / (1.0 + np.exp(-highest))
    met_in = pairs.in_pass[order]
    return MergedPairs(
        left,
        right,
        weight + (merged - odds) / np.log(2),
        probability,
        met,
        pairs.pattern[top],
        pairs.in_pass[top],
        most,
        _sets_of_passes(pairs.in_pass[order], first),
        _met_in([name in own_numbers for name in records.passes], group, met_in, total),
        _met_in([GIVEN in name.split("-") for name in records.passes], group, met_in, total),
    )


def _met_in(
    chosen: Sequence[bool], group: NDArray[np.int64], in_pass: NDArray[np.int32], total: int
) -> NDArray[np.bool_]:
    """(pairs) whether a pair met in one of the chosen passes."""
    met: NDArray[np.bool_] = np.bincount(group[np.array(chosen, np.bool_)[in_pass]], minlength=total) > 0
    return met


def averaged(pairs: MergedPairs, odds: NDArray[np.float64]) -> MergedPairs:
    """The pairs with the mean of their log-odds and those of a second measurement, which repeats the first in part.

    Args:
        pairs: Pairs with probabilities.
        odds: (pairs) log-odds of the second measurement; NaN where there is none.
    """
    before = log_odds(pairs.probability)
    after = np.where(np.isnan(odds), before, (before + odds) / 2)
    probability = 1.0 / (1.0 + np.exp(-after))
    if pairs.most is not None:
        probability = np.minimum(probability, pairs.most)
    return replace(pairs, probability=probability, weight=pairs.weight + (after - before) / np.log(2))


def _sets_of_passes(in_pass: NDArray[np.int32], first: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(pairs) a number for the set of passes that showed the pair.

    Every pass has a random number of 64 bits, and a set is known by the sum of them.

    Args:
        in_pass: (meetings) the pass of each, the meetings of a pair one after the other.
        first: (meetings) whether it is the first of its pair.
    """
    if not len(in_pass):
        return np.empty(0, np.int64)
    marks = np.random.default_rng(0).integers(0, 2**63, int(in_pass.max()) + 1, np.int64)
    sums: NDArray[np.int64] = np.add.reduceat(marks[in_pass], np.flatnonzero(first))
    return sums
