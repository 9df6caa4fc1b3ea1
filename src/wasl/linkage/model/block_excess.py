"""Matches that a pass shows by the number of its pairs alone.

In registers that hold a person once, pairs of one register that share a block are strangers. Their number gives the
expected number of strangers of two registers that share a block. Pairs beyond that number are matches, whatever is
compared in the pass. If dates slipped by a row in one register, matches share the block of all names and agree on
nothing else. Then no model believes them.

*Does not hold for:* registers of which one holds persons several times, or blocks of which most were cut by their
holder. Their error is as large as their number.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.model.known_nonmatches import Strangers
from wasl.linkage.model.trust_in_counts import counted_matches

__all__ = ["BlockExcess", "count_excess"]


@dataclass(frozen=True, slots=True)
class BlockExcess:
    """Pairs of two registers that share a block of a pass, beyond strangers.

    Attributes:
        left, right: Labels of the registers.
        excess: How many.
        error: Its standard deviation.
    """

    left: str
    right: str
    excess: float
    error: float

    def to_json(self) -> dict[str, Any]:
        """The count as a JSON value."""
        return {
            "left": self.left,
            "right": self.right,
            "excess": round(self.excess, 1),
            "error": round(self.error, 1),
        }


def count_excess(
    known: Strangers | None,
    telling: Collection[str],
    strata: Sequence[tuple[str, str, int]],
    per_stratum: NDArray[np.float64],
    share: float,
) -> list[BlockExcess]:
    """Count for every two registers whose pairs within both are strangers'.

    Args:
        known: Expected strangers of each stratum; None where no register tells.
        telling: Labels of the registers whose pairs within are known to be strangers'.
        strata: (left label, right label, size class).
        per_stratum: (strata) pairs counted.
        share: Of all pairs of the pass, how many were counted.
    """
    if known is None:
        return []
    found = []
    for left, right in sorted({(left, right) for left, right, _ in strata if left != right}):
        if left not in telling or right not in telling:
            continue
        here = np.array([(a, b) == (left, right) for a, b, _ in strata], np.bool_)
        excess, error = counted_matches(known, per_stratum, here)
        found.append(BlockExcess(left, right, excess / share, error / share))
    return found
