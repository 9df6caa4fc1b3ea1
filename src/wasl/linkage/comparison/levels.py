"""Agreement levels of filters: how far apart two filters may be to count as the same, close, or unlike.

Diffused filters are half full, and unrelated ones differ in about half their bits. So the measure is the Hamming
distance as a share of that chance distance. Undiffused filters keep their weight, and the Dice coefficient allows for
it. The fill of the filters decides between the two.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.comparison.engine import PassSums, Steps

__all__ = ["choose_limits", "limit_table", "uses_dice"]

DIFFUSED_FILL = 0.40
"""Filters fuller than this on average are taken for diffused: plain ones are made about a quarter full."""
SHARES = (0.0, 0.2, 0.35, 0.5, 0.65, 0.75, 0.82, 0.88, 0.92, 0.96)
"""Limits of the levels as shares of the chance distance, best level first; the last level is everything beyond.

Seven input bits are combined in one bit of a diffused filter. A date with one changed part differs in about an eighth
of its input bits and lies near .85 of the chance distance. With two changed parts it lies near .97. Strangers lie near
1 with a deviation of .03 (1,024 bits) or .06 (256 bits). Against limits up to .9, these raise F1 on FEBRL 3 from .9833
to .985 (guarded) and from .9916 to .994 (open), on hard registers from .964 to .968 and from .967 to .972."""


def uses_dice(steps: Steps, sums: PassSums) -> NDArray[np.int32]:
    """Per group: 0 where the Hamming distance is compared, else what 1 - Dice is scaled to (the filter's bits)."""
    dice = np.zeros(len(steps.widths), np.int32)
    for g, words in enumerate(steps.widths.values()):
        size = words * 64
        if sums.filters[g] and sums.bits[g] / sums.filters[g] / size < DIFFUSED_FILL:
            dice[g] = size
    return dice


def choose_limits(steps: Steps, most: int) -> list[list[int]]:
    """Largest distance of every level but the worst, best level first, per group.

    Fewer levels than `SHARES` has are spread over it evenly; the tightest and the loosest limit are always among them.

    Args:
        steps: For the filters' lengths and what is compared.
        most: Most levels.
    """
    kept = np.unique(np.linspace(0, len(SHARES) - 1, min(most - 1, len(SHARES))).round().astype(int))
    limits = []
    for g, words in enumerate(steps.widths.values()):
        size = words * 64
        chance = size if steps.dice[g] else size / 2
        limits.append(sorted({int(SHARES[k] * chance) for k in kept.tolist()}))
    return limits


def limit_table(limits: Sequence[Sequence[int]]) -> NDArray[np.int32]:
    """(groups, limits) int32, filled up with -1, which no distance stays within."""
    widest = max((len(cuts) for cuts in limits), default=0)
    table = np.full((len(limits), widest), -1, np.int32)
    for g, cuts in enumerate(limits):
        table[g, : len(cuts)] = cuts
    return table
