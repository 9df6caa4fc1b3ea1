"""How many pairs that share a block are of different people, counted where it can be known without a look.

In a register that holds nobody twice, two rows of one block are two persons. How often that happens says how often
two strangers share a block at all, and so how many pairs between two registers are strangers' to be expected; however
well or badly their filters agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wasl.registers.delivery import DeliveryHeader, PassSummary

__all__ = ["Strangers", "expect_strangers"]

MOSTLY_ALONE = 0.2
"""Where more than this share of rows has company, counts of rows and blocks no longer tell the pairs."""


@dataclass(frozen=True, slots=True)
class Strangers:
    """Expected pairs of different people.

    Attributes:
        pairs: (strata) how many, of the pairs of each stratum.
        weight: Pairs looked at in registers that hold nobody twice, per pair the expectation is about, at most 1:
            what the expectation rests on.
    """

    pairs: NDArray[np.float64] = field(repr=False)
    weight: float


def expect_strangers(
    name: str,
    headers: Sequence[DeliveryHeader],
    labels: Sequence[str],
    once: Sequence[bool],
    strata: Sequence[tuple[str, str, int]],
    pairs: NDArray[np.float64],
    capacity: NDArray[np.float64],
    share: float,
) -> Strangers | None:
    """The expected pairs of strangers in every stratum; None where the registers cannot tell.

    Args:
        name: The pass.
        headers: Of the deliveries.
        labels: Of the deliveries, as strata name them.
        once: Whether each holds nobody twice.
        strata: (left label, right label, size class).
        pairs: (strata) pairs counted.
        capacity: (strata) most matches among them.
        share: Of all pairs of the pass, how many were counted.
    """
    summaries = {
        label: summary
        for label, header in zip(labels, headers, strict=True)
        for summary in header.passes
        if summary.name == name
    }
    telling = [summaries[label] for label, free in zip(labels, once, strict=True) if free and label in summaries]
    telling = [summary for summary in telling if _alone(summary)]
    if not telling:
        return None
    seen = sum(summary.rows - summary.blocks for summary in telling)
    among = sum(summary.rows * (summary.rows - 1) / 2 for summary in telling)
    chance = (seen + 0.5) / among
    possible = 0.0
    expected = np.maximum(pairs - capacity, 0.0)  # of two candidates for one person, one is a stranger
    sides = [(left, right) for left, right, _ in strata]
    for left, right in set(sides):
        here = np.array([side == (left, right) for side in sides])
        rows = summaries[left].rows, summaries[right].rows
        between = rows[0] * rows[1] if left != right else rows[0] * (rows[0] - 1) / 2
        possible += between
        met = chance * share * between
        room = np.minimum(capacity, pairs)[here]
        missing = max(met - float(expected[here].sum()), 0.0)
        expected[here] += np.minimum(missing * room / max(float(room.sum()), 1e-9), room)
    return Strangers(expected, min(1.0, among / max(possible, 1.0)))


def _alone(summary: PassSummary) -> bool:
    return summary.rows > 1 and summary.rows - summary.blocks <= MOSTLY_ALONE * summary.rows
