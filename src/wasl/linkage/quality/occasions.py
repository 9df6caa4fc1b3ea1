"""How many passes could have shown a match independently of each other.

Capture-recapture takes passes for occasions. A pass is none of its own if whoever meets in it meets in another, too.
So the block of all names and the year of birth lies within the block of all names. Nor is a pass in which hardly any
match meets, as where a code means the opposite in one register. Nor are several passes that a match misses together
for one reason, as where half of the codes of sex belong to the row before. With two occasions or fewer, nothing tests
whether they are independent.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.persons.merging import Meetings, MergedPairs
from wasl.linkage.persons.records import Records

__all__ = ["share_with_few_occasions"]

SURE = 0.9
"""Pairs of this probability are taken for matches."""
LEAST_SURE = 100
"""Fewer of them do not show which pass lies within which."""
MOST_SURE = 200_000
"""So many of them are looked at."""
MET = 0.01
"""Share of the matches that meet in a pass that is an occasion."""
WITHIN = 0.99
"""Share of the meetings in a narrower pass that are meetings in the wider one, too. Blocks that the leak meter split
take a few apart."""
LEAST_APART = 10
"""So many matches do not meet in the wider pass, so that chance does not put the narrower one within it."""
TOGETHER = 0.8
"""Correlation of two passes from which a match misses both for one reason. Where codes of sex or nationality slipped by
a row it is about .9 between the passes that need them. Recall was .94 to .96, and its interval began at .96 to .99."""
INDEPENDENT_PASSES = 2
"""Of so many passes, independence cannot be tested."""


def share_with_few_occasions(pairs: MergedPairs, meetings: Meetings, records: Records) -> float:
    """Share of the likely matches that at most two independent passes could have shown; 0 where matches are too few.

    Args:
        pairs: Candidate pairs with probabilities.
        meetings: Their meetings.
        records: Their records, for the passes they stand in.
    """
    sure = np.flatnonzero(pairs.probability >= SURE)
    if len(sure) < LEAST_SURE or len(records.passes) <= INDEPENDENT_PASSES:
        return 0.0
    sure = sure[:: -(-len(sure) // MOST_SURE)]
    row = np.full(len(pairs), -1, np.int32)
    row[sure] = np.arange(len(sure), dtype=np.int32)
    mine = np.flatnonzero(row[meetings.group] >= 0)
    met = np.zeros((len(sure), len(records.passes)), np.bool_)
    met[row[meetings.group[mine]], meetings.in_pass[mine]] = True
    could = records.in_pass[pairs.left[sure]] & records.in_pass[pairs.right[sure]]
    could &= met.mean(axis=0) >= MET
    occasions = could.copy()
    for narrow, wide in zip(*np.nonzero(_within(met, could)), strict=True):
        occasions[:, narrow] &= ~could[:, wide]
    occasions &= ~_missed_together(met, could)
    return float((occasions.sum(axis=1) <= INDEPENDENT_PASSES).mean())


def _missed_together(met: NDArray[np.bool_], could: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(matches, passes) whether the match missed a pass, and every other pass that is missed for the same reason.

    Args:
        met: (matches, passes) whether the match met there.
        could: (matches, passes) whether it could.
    """
    missed = could & ~met
    reason = np.zeros((met.shape[1], met.shape[1]), np.bool_)
    for one in range(met.shape[1]):
        for other in range(one):
            both = could[:, one] & could[:, other]
            a, b = missed[both, one], missed[both, other]
            spread = float(a.std() * b.std()) if both.any() else 0.0
            if spread > 0 and (a & b).sum() >= LEAST_APART:
                shared = float((a & b).mean() - a.mean() * b.mean()) / spread
                reason[one, other] = reason[other, one] = shared >= TOGETHER
    together = np.zeros_like(met)
    for one in np.flatnonzero(reason.any(axis=1)).tolist():
        others = reason[one]
        together[:, one] = missed[:, one] & (missed[:, others] | ~could[:, others]).all(axis=1)
    return together


def _within(met: NDArray[np.bool_], could: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(passes, passes) whether the first lies within the second; of two that are the same, the later one.

    Args:
        met: (matches, passes) whether the match met there.
        could: (matches, passes) whether it could.
    """
    passes = met.shape[1]
    within = np.zeros((passes, passes), np.bool_)
    held = met.sum(axis=0)
    for narrow in range(passes):
        for wide in range(passes):
            larger = (held[wide], -wide) > (held[narrow], -narrow)
            both = met[:, narrow] & could[:, wide]
            apart = could[:, wide] & could[:, narrow] & ~met[:, wide]
            if narrow != wide and larger and both.any() and apart.sum() >= LEAST_APART:
                within[narrow, wide] = (both & met[:, wide]).sum() >= WITHIN * both.sum()
    return within
