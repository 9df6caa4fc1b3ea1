"""How many of the doubtful pairs are matches, counted by those that contradict sure ones.

Where a register holds a person once, a record with a sure partner in it matches no other record there. The sure pairs
make groups of records, one person each. Two groups that both have a record of one such register are two persons, so a
pair between them is no match. Of pairs of different people a share q contradicts the sure pairs in this way; of matches
none does. So the contradictions show how many of the pairs of a class are not matches: with R of them, R / q.

The log-odds of the pairs that are not sure are corrected by the sum of three numbers. One belongs to the class of
score, one to the set of passes that showed the pair, one to the pair of registers. All have normal priors. They
maximize the likelihood of what contradicts and what does not, where p is the corrected probability:

    P(contradiction) = (1 − p) q

A pair without contradiction is then the likelier: its odds are divided by 1 − q. A pair with one keeps the corrected
odds, and its rivals take them.

Only pairs of records between registers are corrected, and only among more than two registers. Between two, q is small
and depends on the records: F1 of the census kind of the laboratory fell from .9986 to .995, of foreigners from .870 to
.866.

*Assumes:* that records of doubtful pairs have sure partners ``AS_OFTEN`` times as often as records at large.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.persons.components import components
from wasl.linkage.persons.merging import MergedPairs, log_odds
from wasl.linkage.persons.records import Records

__all__ = ["correct_by_conflicts"]

SURE = 0.98
"""Pairs of this probability are taken for matches. With .97 and .99 the sums of wrong and missed pairs were the same
within 2 % (four draws of 16 registers)."""
AS_OFTEN = 0.75
"""Records of doubtful pairs are in a sure group less often than others: they have more errors, or a birth of which only
the year is known. Among pairs of different people with probabilities of .2 to .9 the share was .55 to .95
of that of records at large, most often .75 to .85. This is one draw of 16 registers. On four draws .7, .75 and .8 were
tried."""
MOST_OFTEN = 0.995
LIMITS = (0.01, 0.03, 0.06, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
"""Limits of the score classes."""
SCORE_VARIANCE, SHOWN_VARIANCE, BETWEEN_VARIANCE = 1.0, 0.3, 1.0
"""Of the normal priors on the corrections of a score class, of a set of passes, and of a pair of registers. Sets are
many and small, so they move little."""
ROUNDS, SETTLED = 60, 1e-3
MOST_GROUPS = 4_096
"""Of sets of registers that sure groups have, the most frequent so many are looked at."""


def correct_by_conflicts(
    pairs: MergedPairs, competed: NDArray[np.float64], records: Records, duplicate_free: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """(pairs) log-odds that agree with how many of the pairs contradict sure ones.

    Args:
        pairs: Pairs with probabilities that ignore rivals.
        competed: (pairs) their probabilities among rivals.
        records: Their records.
        duplicate_free: (sources) whether a person appears at most once.
    """
    odds = log_odds(pairs.probability)
    source = records.source.astype(np.int64)
    group, held = _groups_of(pairs, competed >= SURE, source, duplicate_free)
    left, right = group[pairs.left], group[pairs.right]
    doubtful = np.flatnonzero((left != right) & (source[pairs.left] != source[pairs.right]))
    left, right = left[doubtful], right[doubtful]
    conflict: NDArray[np.bool_] = np.any(held[left] & held[right], axis=1)
    if not conflict.any():
        return odds
    sides = np.sort(np.stack([source[pairs.left[doubtful]], source[pairs.right[doubtful]]]), axis=0)
    by_chance = _chance_of_conflict(held[group], source, len(duplicate_free))
    share = np.clip(AS_OFTEN * by_chance[sides[0], sides[1]], 0.0, MOST_OFTEN)
    classes = [
        (np.searchsorted(LIMITS, pairs.probability[doubtful]), SCORE_VARIANCE),
        (sides[0] * len(duplicate_free) + sides[1], BETWEEN_VARIANCE),
    ]
    if pairs.shown is not None:
        classes.append((pairs.shown[doubtful], SHOWN_VARIANCE))
    odds[doubtful] += _corrections(odds[doubtful], conflict, share, classes) - np.where(conflict, 0.0, np.log1p(-share))
    return odds


def _groups_of(
    pairs: MergedPairs, sure: NDArray[np.bool_], source: NDArray[np.int64], duplicate_free: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """(records) the group of sure pairs of each, and (groups, sources) whether it has a record that is there once."""
    first = components(len(source), [(pairs.left[sure], pairs.right[sure])])
    groups, group = np.unique(first, return_inverse=True)
    held = np.zeros((len(groups), len(duplicate_free)), np.bool_)
    held[group, source] = duplicate_free[source]
    return group.astype(np.int64), held


def _chance_of_conflict(held: NDArray[np.bool_], source: NDArray[np.int64], sources: int) -> NDArray[np.float64]:
    """(sources, sources) the share of pairs of records at large whose groups both have a record of one register.

    Args:
        held: (records, sources) the registers of each record's group.
        source: (records) the source of each.
        sources: How many there are.
    """
    packed = np.packbits(held, axis=1)
    kinds, kind = np.unique(packed.view(f"V{packed.shape[1]}").reshape(-1), return_inverse=True)
    often = np.argsort(-np.bincount(kind), kind="stable")[:MOST_GROUPS]
    table = np.bincount(source * len(kinds) + kind, minlength=sources * len(kinds)).reshape(sources, -1)[:, often]
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    bits = np.unpackbits(kinds.view(np.uint8).reshape(len(kinds), -1)[often], axis=1, count=sources).astype(np.float32)
    overlap = (bits @ bits.T > 0).astype(np.float64)
    chance: NDArray[np.float64] = shares @ overlap @ shares.T
    return chance


def _corrections(
    odds: NDArray[np.float64],
    conflict: NDArray[np.bool_],
    share: NDArray[np.float64],
    classes: list[tuple[NDArray[np.int64], float]],
) -> NDArray[np.float64]:
    """(pairs) the sum of the corrections of a pair's classes, by EM with a Newton step for each kind of class.

    Args:
        odds: (pairs) log-odds so far.
        conflict: (pairs) whether the pair contradicts sure ones.
        share: (pairs) how often a pair of different people does.
        classes: Of each kind, (pairs) the class and the variance of the prior on its correction.
    """
    numbered = [(np.unique(mine, return_inverse=True)[1], variance) for mine, variance in classes]
    corrections = [np.zeros(int(mine.max()) + 1) for mine, _ in numbered]
    added = np.zeros(len(odds))
    for _ in range(ROUNDS):
        largest = 0.0
        for place, (mine, variance) in enumerate(numbered):
            p = 1.0 / (1.0 + np.exp(-(odds + added)))
            match = np.where(conflict, 0.0, p / (p + (1.0 - p) * (1.0 - share)))
            slope = np.bincount(mine, weights=p * (1.0 - p)) + 1.0 / variance
            step = np.clip((np.bincount(mine, weights=match - p) - corrections[place] / variance) / slope, -1.0, 1.0)
            corrections[place] += step
            added += step[mine]
            largest = max(largest, float(np.abs(step).max()))
        if largest < SETTLED:
            break
    return added
