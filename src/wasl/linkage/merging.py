"""Pairs met in several passes become one: their scores are put together without counting the same evidence twice."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.records import RecordPairs, Records

__all__ = ["MergedPairs", "compete", "merge_passes"]

LIMIT = 1e-12


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
    measurements, so their log-odds are averaged, not added.

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
    return MergedPairs(
        pairs.left[top], pairs.right[top], weight, 1 / (1 + np.exp(-odds)), met, pairs.pattern[top], pairs.in_pass[top]
    )


def compete(pairs: MergedPairs, records: Records, duplicate_free: NDArray[np.bool_]) -> MergedPairs:
    """Probabilities given that a record matches at most one record of a duplicate-free register.

    A record with two candidates in such a register can be at most one of them: the odds of each candidate are set
    against "none" and against its rivals on both sides, p = o / (1 + sum of the rivals' odds + o).

    Args:
        pairs: Pairs with probabilities that each ignore the others.
        records: Their records.
        duplicate_free: (sources) whether a person appears at most once.
    """
    odds = np.exp(log_odds(pairs.probability))
    rivals = np.zeros(len(pairs))
    sources = np.int64(len(records.sources))
    for mine, theirs in ((pairs.left, pairs.right), (pairs.right, pairs.left)):
        unique, place = np.unique(mine * sources + records.source[theirs], return_inverse=True)
        total = np.bincount(place, weights=odds, minlength=len(unique))[place]
        rivals += np.where(duplicate_free[records.source[theirs]], np.maximum(total - odds, 0.0), 0.0)
    probability = odds / (1.0 + odds + rivals)
    return MergedPairs(pairs.left, pairs.right, pairs.weight, probability, pairs.met, pairs.pattern, pairs.in_pass)
