"""Pairs and whole persons counted from the sizes of clusters: found, true, and both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Score", "count_clusters", "count_pairs"]


@dataclass(frozen=True, slots=True)
class Score:
    """Precision, recall and F1 of a set of pairs or clusters.

    Attributes:
        found, true, right: Counts of what was found, what is true, and what is both.
    """

    found: int
    true: int
    right: int

    @property
    def precision(self) -> float:
        """Share of the found that is true (1 when nothing was found)."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Share of the true that was found (1 when nothing is true)."""
        return self.right / self.true if self.true else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        both = self.found + self.true
        return 2 * self.right / both if both else 1.0

    def to_json(self) -> dict[str, float | int]:
        """The score as a JSON value."""
        return {
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
            "found": self.found,
            "true": self.true,
            "right": self.right,
        }


def _choose_two(counts: NDArray[np.integer[Any]]) -> int:
    return int((counts * (counts - 1) // 2).sum())


def _met(*keys: NDArray[np.integer[Any]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The combinations of small numbers that occur, as a row of one of each, and how often each does."""
    joined = np.zeros(len(keys[0]), np.int64)
    span = 1
    for key in keys:
        width = int(key.max(initial=0)) + 1
        if span * width >= 2**62:
            joined = np.unique(joined, return_inverse=True)[1].astype(np.int64)
            span = int(joined.max(initial=0)) + 1
        joined = joined * width + key
        span *= width
    order = np.argsort(joined)
    joined = joined[order]
    starts = np.flatnonzero(np.append(True, joined[1:] != joined[:-1])) if len(joined) else np.empty(0, np.int64)
    return order[starts], np.diff(starts, append=len(joined))


def count_pairs(
    person: NDArray[np.integer[Any]], true: NDArray[np.integer[Any]], side: NDArray[np.integer[Any]], *, same_side: bool
) -> Score:
    """Count pairs from the sizes of clusters and of their intersections; no pair is listed."""

    def pairs(*keys: NDArray[np.integer[Any]]) -> int:
        return _choose_two(_met(*keys)[1])

    within = 0 if same_side else 1
    found = pairs(person) - (pairs(person, side) if within else 0)
    real = pairs(true) - (pairs(true, side) if within else 0)
    right = pairs(person, true) - (pairs(person, true, side) if within else 0)
    return Score(found, real, right)


def count_clusters(person: NDArray[np.int32], true: NDArray[np.int32]) -> Score:
    """Persons of two and more records that were found exactly."""
    found, real = np.bincount(person), np.bincount(true)
    one, both = _met(person, true)
    exact = (both == found[person[one]]) & (both == real[true[one]])
    return Score(int((found > 1).sum()), int((real > 1).sum()), int((exact & (both > 1)).sum()))
