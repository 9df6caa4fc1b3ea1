"""Agreement levels of filters: how far apart two filters may be to count as the same, close, or unlike.

Diffused filters are half full, and unrelated ones differ in about half their bits whatever their records hold: what
counts is the Hamming distance as a share of that chance distance. Undiffused filters keep their weight, and the Dice
coefficient allows for it. Which of the two applies is read off the filters themselves.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.layout import PassLayout

__all__ = ["choose_limits", "limit_table", "uses_dice"]

DIFFUSED_FILL = 0.40
"""Filters fuller than this on average are taken for diffused: plain ones are made about a quarter full."""
LEAST_PAIRS = 10
"""A band of distances that holds fewer pairs of the sample is joined with the next worse one."""
SHARES = (0.0, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9)
"""Limits of the levels as shares of the chance distance, best level first; the last level is everything beyond."""


def uses_dice(layout: PassLayout) -> NDArray[np.int32]:
    """Per group: 0 where the Hamming distance is compared, else what 1 - Dice is scaled to (the filter's bits)."""
    dice = np.zeros(len(layout.groups), np.int32)
    for g in range(len(layout.groups)):
        there = layout.present[:, g] == 1
        size = int(layout.offsets[g + 1] - layout.offsets[g]) * 64
        if there.any() and layout.bits[there, g].mean() / size < DIFFUSED_FILL:
            dice[g] = size
    return dice


def choose_limits(
    layout: PassLayout, histogram: NDArray[np.int64], dice: NDArray[np.int32], most: int
) -> list[list[int]]:
    """Largest distance of every level but the worst, best level first, per group.

    Args:
        layout: For the filters' lengths.
        histogram: (groups, distances) pairs of a sample by (scaled) distance.
        dice: See :func:`uses_dice`.
        most: Most levels.
    """
    limits = []
    for g in range(len(layout.groups)):
        size = int(layout.offsets[g + 1] - layout.offsets[g]) * 64
        chance = size if dice[g] else size / 2
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
