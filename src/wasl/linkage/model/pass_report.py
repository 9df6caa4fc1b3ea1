"""Parts of the report of a pass that are read from its patterns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.comparison.patterns import MISSING, Comparison, PatternCounts
from wasl.linkage.model.match_model import PassModel

__all__ = ["compared_by", "examples_of", "weight_histogram"]

EXAMPLES = 12
"""Patterns shown as waterfalls in the report of a pass."""
SELDOM = 0.05
"""A comparison that fewer of the pairs have shows nothing of the errors of matches."""


def compared_by(comparisons: Sequence[Comparison], patterns: PatternCounts) -> list[str]:
    """Names of the comparisons that more than `SELDOM` of the pairs have."""
    pairs = max(patterns.pairs, 1)
    return [
        comparison.name
        for c, comparison in enumerate(comparisons)
        if float(patterns.counts[patterns.states[:, c] != MISSING].sum()) > SELDOM * pairs
    ]


def weight_histogram(
    weight: NDArray[np.float64], probability: NDArray[np.float64], patterns: PatternCounts
) -> list[tuple[int, float, float]]:
    """Pairs and expected matches by whole match weight, for the report."""
    if len(weight) == 0:
        return []
    place = np.clip(np.floor(weight), -40, 60).astype(np.int64)
    low = int(place.min())
    pairs = np.bincount(place - low, weights=patterns.counts)
    matches = np.bincount(place - low, weights=patterns.counts * probability)
    return [(low + k, float(pairs[k]), round(float(matches[k]), 3)) for k in range(len(pairs))]


def examples_of(
    model: PassModel, weight: NDArray[np.float64], probability: NDArray[np.float64], patterns: PatternCounts
) -> list[dict[str, Any]]:
    """The patterns behind most pairs around the threshold: what a reviewer's waterfalls show."""
    doubt = patterns.counts * probability * (1 - probability)
    chosen = np.argsort(-doubt, kind="stable")[:EXAMPLES]
    return [
        {
            "states": patterns.states[k].tolist(),
            "pairs": int(patterns.counts[k]),
            "weight": float(weight[k]),
            "prior": model.prior_weight(int(patterns.stratum[k])),
            "probability": float(probability[k]),
        }
        for k in chosen.tolist()
    ]
