"""Agreement levels of filters: how far apart two filters may be to count as the same, close, or unlike.

Diffused filters are half full, and unrelated ones differ in about half their bits whatever their records hold: what
counts is the Hamming distance as a share of that chance distance. Undiffused filters keep their weight, and the Dice
coefficient allows for it. Which of the two applies is read off the filters themselves.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.comparison.engine import PassSums, Steps

__all__ = ["choose_limits", "limit_table", "uses_dice"]

DIFFUSED_FILL = 0.40
"""Filters fuller than this on average are taken for diffused: plain ones are made about a quarter full."""
LEAST_PAIRS = 1
"""A band of distances that holds fewer pairs of the sample is joined with the next worse one."""
SHARES = (0.0, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9)
"""Limits of the levels as shares of the chance distance, best level first; the last level is everything beyond."""


def uses_dice(steps: Steps, sums: PassSums) -> NDArray[np.int32]:
    """Per group: 0 where the Hamming distance is compared, else what 1 - Dice is scaled to (the filter's bits)."""
    dice = np.zeros(len(steps.widths), np.int32)
    for g, words in enumerate(steps.widths.values()):
        size = words * 64
        if sums.filters[g] and sums.bits[g] / sums.filters[g] / size < DIFFUSED_FILL:
            dice[g] = size
    return dice


def choose_limits(steps: Steps, histogram: NDArray[np.int64], most: int) -> list[list[int]]:
    """Largest distance of every level but the worst, best level first, per group.

    Args:
        steps: For the filters' lengths and what is compared.
        histogram: (groups, distances) pairs of a sample by (scaled) distance.
        most: Most levels.
    """
    limits = []
    for g, words in enumerate(steps.widths.values()):
        size = words * 64
        chance = size if steps.dice[g] else size / 2
        shares = SHARES if most > len(SHARES) else SHARES[: most - 1]
        cuts: list[int] = []
        for cut in sorted({int(share * chance) for share in shares}):
            held = histogram[g, (cuts[-1] + 1 if cuts else 0) : cut + 1].sum()
            if held >= LEAST_PAIRS:
                cuts.append(cut)
        limits.append(cuts)
    return limits


def limit_table(limits: Sequence[Sequence[int]]) -> NDArray[np.int32]:
    """(groups, limits) int32, filled up with -1, which no distance stays within."""
    widest = max((len(cuts) for cuts in limits), default=0)
    table = np.full((len(limits), widest), -1, np.int32)
    for g, cuts in enumerate(limits):
        table[g, : len(cuts)] = cuts
    return table
