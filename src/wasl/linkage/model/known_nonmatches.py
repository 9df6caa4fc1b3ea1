"""How many pairs that share a block are of different people, counted where it can be known without a look.

In a register without duplicates, two rows of one block belong to different people. The number of these pairs gives the
rate at which two strangers share a block. It also gives the expected number of non-matches between two registers. The
agreement of these pairs is the agreement of non-matches in a block.

The expected number holds if the rows of a block are as many as chance makes them. Holders cut a block that would leak.
The pieces are alike in size, so they hold fewer pairs within a register than between two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from wasl.registers.exchange.delivery_header import DeliveryHeader, PassSummary

__all__ = ["Strangers", "expect_strangers", "tells_of_strangers"]

LARGEST_MEAN = 10
"""A pass with more rows to a block, on average, has strangers enough between registers."""

UNLIKE = 5.0
"""Two registers have rates of their own where these differ by so many standard deviations of a Poisson count."""

LARGE_CLASS = 4
"""Size class of blocks that a holder may have cut: 8 rows and more. Under `guarded` the largest pieces have some 20
rows."""


@dataclass(frozen=True, slots=True)
class Strangers:
    """Numbers of pairs of different people.

    Attributes:
        known: (strata) bool, all pairs of the stratum are.
        pairs: (strata) how many to expect of the pairs of each other stratum.
        weight: Pairs looked at in registers that hold nobody twice, per pair the expectation is about, at most 1:
            what the expectation rests on.
        large_rows: Rows of blocks that a holder may have cut, of the smaller register.
    """

    known: NDArray[np.bool_] = field(repr=False)
    pairs: NDArray[np.float64] = field(repr=False)
    weight: float
    large_rows: float = 0.0


def tells_of_strangers(name: str, header: DeliveryHeader) -> bool:
    """Whether the pairs within a register that holds nobody twice are few enough in a pass to be counted."""
    summary = _summary(name, header)
    return summary is not None and 1 < summary.rows <= LARGEST_MEAN * summary.blocks


def expect_strangers(
    name: str,
    headers: Sequence[DeliveryHeader],
    labels: Sequence[str],
    telling: Sequence[bool],
    strata: Sequence[tuple[str, str, int]],
    pairs: NDArray[np.float64],
    capacity: NDArray[np.float64],
    share: float,
) -> Strangers | None:
    """The expected pairs of strangers in every stratum; None where no register can tell.

    Args:
        name: The pass.
        headers: Of the deliveries.
        labels: Of the deliveries, as strata name them.
        telling: Whether the pairs within each are known to be strangers', and counted.
        strata: (left label, right label, size class).
        pairs: (strata) pairs counted.
        capacity: (strata) most matches among them.
        share: Of all pairs of the pass, how many were counted.
    """
    if not any(telling):
        return None
    rows = {label: summary.rows for label, header in zip(labels, headers, strict=True)
            if (summary := _summary(name, header)) is not None}  # fmt: skip
    tell = {label for label, tells in zip(labels, telling, strict=True) if tells}
    known = np.array([left == right and left in tell for left, right, _ in strata], np.bool_)
    counted = {label: float(pairs[[left == right == label for left, right, _ in strata]].sum()) for label in tell}
    looked = {label: share * rows[label] * (rows[label] - 1) / 2 for label in tell}
    possible = 0.0
    expected = np.maximum(pairs - capacity, 0.0)  # of two candidates for one person, one is a stranger
    sides = [(left, right) for left, right, _ in strata]
    for left, right in {side for side, apart in zip(sides, known, strict=True) if not apart}:
        here = np.array([side == (left, right) for side in sides])
        between = share * (rows[left] * rows[right] if left != right else rows[left] * (rows[left] - 1) / 2)
        possible += between
        room = np.minimum(capacity, pairs)[here]
        chance = _chance(left, right, counted, looked)
        missing = max(chance * between - float(expected[here].sum()), 0.0)
        expected[here] += np.minimum(missing * room / max(float(room.sum()), 1e-9), room)
    large = np.array([size >= LARGE_CLASS for _, _, size in strata], np.bool_) & ~known
    among = sum(looked.values())
    return Strangers(known, expected, min(1.0, among / max(possible, 1.0)), float(capacity[large].sum()))


def _chance(left: str, right: str, counted: Mapping[str, float], looked: Mapping[str, float]) -> float:
    """The share of pairs of strangers of two registers that share a block, from the pairs within registers.

    All registers count together. Two whose own rates differ by far more than chance do not register the same kind of
    people, or one of them holds persons twice. Strangers between two registers share a block no more often than the
    geometric mean of both rates, whatever the registers hold.

    Args:
        left: One register.
        right: The other.
        counted: Pairs that share a block within each register that tells.
        looked: Pairs within it that could.

    Source: Cauchy and Schwarz: the sum of p q over blocks is at most the root of the sums of p p and of q q.
    """
    together = (sum(counted.values()) + 0.5) / max(sum(looked.values()), 1.0)
    if left == right or not {left, right} <= set(counted):
        return together
    (a, m), (b, n) = ((counted[label], max(looked[label], 1.0)) for label in (left, right))
    if abs(a * n - b * m) <= UNLIKE * sqrt(m * n * max(a + b, 1.0)):
        return together
    return min(together, sqrt((a + 0.5) / m * (b + 0.5) / n))


def _summary(name: str, header: DeliveryHeader) -> PassSummary | None:
    return next((summary for summary in header.passes if summary.name == name), None)
