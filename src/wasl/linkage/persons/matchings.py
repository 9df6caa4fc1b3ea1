"""Marginal probabilities of pairs in a random matching: belief propagation.

Between duplicate-free registers the true links form a matching. Its distribution is P(M) ∝ ∏_{(i,j) ∈ M} w_ij, where
w_ij are the odds of the pair. The marginal probability of a pair is

    p_ij = w_ij x_ij x_ji / (1 + w_ij x_ij x_ji),     x_ij = 1 / (1 + Σ_{k ≠ j} w_ik x_ki),

where x_ij is the probability that record i is free, the pair (i, j) left aside. A rival of i that has its own partner k
has a small x_ki and hardly counts. The equations are solved by iteration. They are exact on graphs without cycles; on
others they are the Bethe approximation, whose free energy is convex for matchings, so that the solution is unique.

A sweep computes a slot again only if a message that it reads or wrote has changed since it was last computed. The
messages are the same to the last bit as those of sweeps over all slots, and so is the number of sweeps.

Source: L. Zdeborová, M. Mézard, The Number of Matchings in Random Graphs, J. Stat. Mech. (2006); P. Vontobel, The Bethe
Permanent of a Nonnegative Matrix, IEEE Trans. Inf. Theory 59 (2013); M. Sadinle, Bayesian Estimation of Bipartite
Matchings for Record Linkage, JASA 112 (2017).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wasl.registers.compiled import njit

__all__ = ["Slots", "marginals", "matching_marginals"]

ITERATIONS = 500
"""Sweeps of belief propagation at most; some 20 suffice on all data of the laboratory. Of a million rows with a
million, 2,649 are needed; after 500 no probability is off by more than 7e-5."""
TOLERANCE = 1e-7
"""The iteration stops when no probability changes by more."""
DAMPING = 0.3
"""Share of the old message (as a logarithm) in the new one; long chains of equal rivals oscillate without it."""


@dataclass(frozen=True, slots=True)
class Slots:
    """The constraints of pairs: each side of a pair belongs to one slot, and at most one pair of a slot is a match.

    A slot of one pair is left out: nobody competes for it, and the chance that its record is free is 1.

    Attributes:
        start: (slots + 1) int64 into `member`.
        member: (memberships) int32 or int64: pair · 2 + side.
        reader: (memberships) int32 or int64: slot of the other side of the pair, which reads the message of this side;
            -1 for none.
    """

    start: NDArray[np.int64] = field(repr=False)
    member: NDArray[np.integer] = field(repr=False)
    reader: NDArray[np.integer] = field(repr=False)

    @classmethod
    def of(cls, slot: NDArray[np.integer]) -> Slots:
        """Group the sides of pairs by slot.

        Args:
            slot: (2 · pairs) slot of side 0 and side 1 of each pair in turn; -1 where nothing is constrained.
        """
        free = int((slot < 0).sum())
        kind = np.int32 if len(slot) < 2**31 else np.int64
        order: NDArray[np.integer] = np.argsort(slot, kind="stable")[free:].astype(kind)
        edge = np.append(np.flatnonzero(np.diff(slot[order], prepend=-1) != 0), len(order)).astype(np.int64)
        size = np.diff(edge)
        member = order[(size > 1).repeat(size)]
        size = size[size > 1]
        number = np.full(len(slot), -1, kind)
        number[member] = np.arange(len(size), dtype=kind).repeat(size)
        return cls(np.append(0, np.cumsum(size)).astype(np.int64), member, number[member ^ 1])


@njit(cache=True, nogil=True)
def _iterate(
    weight: np.ndarray,
    start: np.ndarray,
    member: np.ndarray,
    reader: np.ndarray,
    free: np.ndarray,
    iterations: int,
    tolerance: float,
    damping: float,
) -> int:
    """Solve for the messages in place.

    Args:
        weight: (pairs) float64 odds.
        start: (slots + 1) int64 into `member`.
        member: (memberships) int32 or int64: pair · 2 + side.
        reader: (memberships) int32 or int64: slot that reads the message; -1 for none.
        free: (2 · pairs) float64, updated: chance that a side is free, its pair left aside; 1 where unconstrained.
        iterations: Most sweeps.
        tolerance: Largest change of a message (relative) at which the sweep stops.
        damping: Share of the old message in the new one.

    Returns:
        Sweeps done.
    """
    slots = start.shape[0] - 1
    longest = 1
    for s in range(slots):
        longest = max(longest, start[s + 1] - start[s])
    term = np.empty(longest + 1)
    before = np.empty(longest + 1)
    changed = np.ones(slots, np.uint8)  # whether a message that the slot reads or wrote differs from what it last saw
    for sweep in range(iterations):
        change = 0.0
        for s in range(slots):
            if changed[s] == 0:
                continue
            changed[s] = 0
            first, last = start[s], start[s + 1]
            count = last - first
            before[0] = 0.0
            for k in range(count):
                at = member[first + k]
                term[k] = weight[at // 2] * free[at ^ 1]
                before[k + 1] = before[k] + term[k]
            after = 0.0
            for k in range(count - 1, -1, -1):  # sums of the others without subtracting large numbers
                at = member[first + k]
                value = 1.0 / (1.0 + before[k] + after)
                after += term[k]
                value = np.exp(damping * np.log(free[at]) + (1.0 - damping) * np.log(value))
                if value != free[at]:
                    change = max(change, abs(value - free[at]))
                    free[at] = value
                    changed[s] = 1
                    if reader[first + k] >= 0:
                        changed[reader[first + k]] = 1
        if change < tolerance:
            return sweep + 1
    return iterations


def matching_marginals(weight: NDArray[np.float64], slot: NDArray[np.integer]) -> tuple[NDArray[np.float64], int]:
    """Marginal probabilities of pairs in a random matching with the given odds.

    Args:
        weight: (pairs) float64 odds, positive.
        slot: (2 · pairs) what side 0 and side 1 of each pair in turn compete for; -1 where they do not.

    Returns:
        (pairs) float64, and the sweeps that were needed.
    """
    return marginals(weight, Slots.of(slot))


def marginals(
    weight: NDArray[np.float64], slots: Slots, free: NDArray[np.float64] | None = None
) -> tuple[NDArray[np.float64], int]:
    """See :func:`matching_marginals`; what pairs compete for is sorted once for many odds.

    Args:
        weight: (pairs) float64 odds, positive.
        slots: What pairs compete for.
        free: (2 · pairs) float64 messages to begin with, updated: those of other odds, or 1; default: 1.
    """
    free = np.ones(2 * len(weight)) if free is None else free
    sweeps = _iterate(weight, slots.start, slots.member, slots.reader, free, ITERATIONS, TOLERANCE, DAMPING)
    odds = weight * free[0::2] * free[1::2]
    return odds / (1.0 + odds), sweeps
