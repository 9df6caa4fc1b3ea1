"""Pairs met in several passes become one: their scores are put together without counting the same evidence twice."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.persons.records import RecordPairs, Records

__all__ = ["MergedPairs", "log_odds", "merge_passes"]

LIMIT = 1e-12
MEETING_SHARE, MEETING_BOUND, MEETING_ROUNDS = 0.5, 3.0, 30
"""How much the number of meetings counts (what is compared in passes tells half of it already), the most it may say in
natural-log units, and rounds of EM."""


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
    probability = 1.0 / (1.0 + np.exp(-(odds + met_often)))
    return MergedPairs(
        left, right, weight + met_often / np.log(2), probability, met, pairs.pattern[top], pairs.in_pass[top]
    )


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
