"""Pairs met in several passes become one: their scores are put together without counting the same evidence twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.persons.absences import weight_of_absence
from wasl.linkage.persons.meetings import shared_passes, weight_of_meeting, weight_of_other_numbers
from wasl.linkage.persons.opened_pairs import RecordPairs
from wasl.linkage.persons.own_numbers import highest_odds
from wasl.linkage.persons.records import Records
from wasl.linkage.persons.sums import PART, counts_by, logistic
from wasl.linkage.persons.totals import keep_totals
from wasl.registers.compiled import njit

__all__ = ["TWO_REGISTERS", "Meetings", "MergedPairs", "averaged", "group_meetings", "log_odds", "merge_meetings",
           "merge_passes"]  # fmt: skip

LIMIT = 1e-12
GIVEN = "given"
"""A part of the names of passes whose blocks are made of given names (`given-year`, `birth-given`)."""
TWO_REGISTERS = 2
"""Among more registers rivals only take probability away (``competition.py``). The chance that neither record has a
match is not divided out, and no totals are kept. A score class holds pairs of many registers: what rivals lost in one
pair of registers went to doubtful pairs of another. Of 70 and 65 pairs of registers of a synthetic Morocco (draws 2026
and 7) 47 and 44 had precision .99 and recall .97 so, 37 and 33 with kept totals. The calibration error of hard
registers was .009, and .019 with them. Between two registers kept totals are better: F1 of foreigners .932 with them,
.926 without. Sets of passes (``conflicts.py``) are needed among more registers only."""


@dataclass(frozen=True, slots=True)
class MergedPairs:
    """Pairs of records, each once, sorted by left and right.

    Attributes:
        left, right: (pairs) int32 places in the records.
        weight: (pairs) float64, mean match weight of the passes that showed the pair.
        probability: (pairs) float64.
        met: (pairs) int16, passes that showed the pair.
        pattern: (pairs) int32, pattern of the pass with the highest probability.
        in_pass: (pairs) int16, that pass.
        most: (pairs) float64, highest probability, below 1 where numbers of their own differ; None: 1 for all.
        shown: (pairs) int64, number of the set of passes that showed the pair; None: not known (of two registers).
        numbered: (pairs) whether both records share a number that a person has one of; None: not known.
        same_given: (pairs) whether they met in a block of given names, so that these sound alike; None: not known.
    """

    left: NDArray[np.int32] = field(repr=False)
    right: NDArray[np.int32] = field(repr=False)
    weight: NDArray[np.float64] = field(repr=False)
    probability: NDArray[np.float64] = field(repr=False)
    met: NDArray[np.int16] = field(repr=False)
    pattern: NDArray[np.int32] = field(repr=False)
    in_pass: NDArray[np.int16] = field(repr=False)
    most: NDArray[np.float64] | None = field(default=None, repr=False)
    shown: NDArray[np.int64] | None = field(default=None, repr=False)
    numbered: NDArray[np.bool_] | None = field(default=None, repr=False)
    same_given: NDArray[np.bool_] | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.left)

    def at(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> MergedPairs:
        """The chosen pairs."""
        most = None if self.most is None else self.most[chosen]
        shown = None if self.shown is None else self.shown[chosen]
        numbered = None if self.numbered is None else self.numbered[chosen]
        same_given = None if self.same_given is None else self.same_given[chosen]
        return MergedPairs(
            self.left[chosen], self.right[chosen], self.weight[chosen], self.probability[chosen], self.met[chosen],
            self.pattern[chosen], self.in_pass[chosen], most, shown, numbered, same_given,
        )  # fmt: skip


SECOND_LOOK = 2 / 3
"""Weight of a second measurement in that mean: it knows the words of names and the parts of dates, and the first does
not. On 12 draws of ANAPEC's two registers 5 pairs were wrong and 5 missed. With one half it was 8 and 5, with all of it
10 and 5."""


def log_odds(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Natural log-odds, finite."""
    p = np.clip(probability, LIMIT, 1 - LIMIT)
    return np.log(p) - np.log1p(-p)


@dataclass(frozen=True, slots=True)
class Meetings:
    """The meetings of pairs, those of a pair one after the other, the likeliest first; and the pairs.

    Attributes:
        left, right: (pairs) int32 places in the records.
        odds, weight: (pairs) float64, means over the passes that showed the pair.
        met: (pairs) int16, how many passes did.
        pattern: (pairs) int32, pattern of the pass with the highest probability.
        top: (pairs) int16, that pass.
        group: (meetings) int32, the pair of each.
        in_pass: (meetings) int16, its pass.
        probability: (meetings) float64.
        alike: (pairs) whether half or more of the passes that vote say that the pair looks like twins.
    """

    left: NDArray[np.int32] = field(repr=False)
    right: NDArray[np.int32] = field(repr=False)
    odds: NDArray[np.float64] = field(repr=False)
    weight: NDArray[np.float64] = field(repr=False)
    met: NDArray[np.int16] = field(repr=False)
    pattern: NDArray[np.int32] = field(repr=False)
    top: NDArray[np.int16] = field(repr=False)
    group: NDArray[np.int32] = field(repr=False)
    in_pass: NDArray[np.int16] = field(repr=False)
    probability: NDArray[np.float64] = field(repr=False)
    alike: NDArray[np.bool_] = field(repr=False)


@njit(cache=True, nogil=True)
def _by_left(left: np.ndarray, start: np.ndarray, order: np.ndarray) -> None:
    """Places of pairs in the order of their left records; `start` is where the pairs of each record begin, updated."""
    for k in range(left.shape[0]):
        order[start[left[k]]] = k
        start[left[k]] += 1


def group_meetings(pairs: RecordPairs, records: int, votes: NDArray[np.int8] | None = None) -> Meetings:
    """The meetings of each pair together.

    Meetings are sorted a block of left records at a time: sorting all at once would need three times their memory.

    Args:
        pairs: Pairs met in passes.
        records: How many there are.
        votes: (pairs) 1, -1 or 0: whether the pass speaks for twins; None: no pass does.
    """
    count = len(pairs.left)
    held = np.zeros(records + 1, np.int64)
    np.cumsum(counts_by(pairs.left, records), out=held[1:])
    order = np.empty(count, np.int32)
    _by_left(pairs.left, held[:-1].copy(), order)
    group, in_pass = np.empty(count, np.int32), np.empty(count, np.int16)
    probability = np.empty(count)
    columns: tuple[list[NDArray[Any]], ...] = ([], [], [], [], [], [], [], [])
    total = 0
    for start, stop in _blocks(held):
        place = order[start:stop]
        left, right, p = pairs.left[place], pairs.right[place], pairs.probability[place]
        inside = np.lexsort((pairs.in_pass[place], -p, right, left))
        place, left, right, p = place[inside], left[inside], right[inside], p[inside]
        first = np.ones(len(place), np.bool_)
        first[1:] = (left[1:] != left[:-1]) | (right[1:] != right[:-1])
        mine = np.cumsum(first) - 1
        here = int(first.sum())
        met = np.bincount(mine, minlength=here)
        top = place[first]
        columns[0].append(left[first].astype(np.int32))
        columns[1].append(right[first].astype(np.int32))
        columns[2].append(np.bincount(mine, weights=log_odds(p), minlength=here) / np.maximum(met, 1))
        columns[3].append(np.bincount(mine, weights=pairs.weight[place], minlength=here) / np.maximum(met, 1))
        columns[4].append(met.astype(np.int16))
        columns[5].append(pairs.pattern[top].astype(np.int32))
        columns[6].append(pairs.in_pass[top].astype(np.int16))
        columns[7].append(_more_for(None if votes is None else votes[place], mine, here))
        group[start:stop], in_pass[start:stop], probability[start:stop] = mine + total, pairs.in_pass[place], p
        total += here
    kinds: tuple[type[Any], ...] = np.int32, np.int32, np.float64, np.float64, np.int16, np.int32, np.int16, np.bool_
    whole: list[Any] = [_joined(column, kind) for column, kind in zip(columns, kinds, strict=True)]
    a, b, odds, weight, times, pattern, best, alike = whole
    return Meetings(a, b, odds, weight, times, pattern, best, group, in_pass, probability, alike)


def _more_for(votes: NDArray[np.int8] | None, pair: NDArray[np.integer], pairs: int) -> NDArray[np.bool_]:
    """(pairs) whether a vote is for and as many are for as against.

    Args:
        votes: (meetings) 1, -1 or 0; None for no votes.
        pair: (meetings) the pair of each.
        pairs: How many pairs there are.
    """
    if votes is None:
        return np.zeros(pairs, np.bool_)
    speak_for = np.bincount(pair[votes > 0], minlength=pairs)
    against = np.bincount(pair[votes < 0], minlength=pairs)
    more: NDArray[np.bool_] = (speak_for > 0) & (speak_for >= against)
    return more


def _joined(parts: list[NDArray[Any]], kind: type[Any]) -> NDArray[Any]:
    """The parts as one array; the list is emptied."""
    whole = np.concatenate(parts) if parts else np.empty(0, kind)
    parts.clear()
    return whole


def _blocks(held: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Where blocks of meetings begin and end: whole left records, about `PART` meetings.

    Args:
        held: (records + 1) where the meetings of each left record begin.
    """
    start = 0
    while start < held[-1]:
        stop = int(held[np.searchsorted(held, start + PART, side="right") - 1])
        if stop <= start:  # one record has more
            stop = int(held[np.searchsorted(held, start, side="right")])
        yield start, stop
        start = stop


def merge_passes(
    pairs: RecordPairs,
    records: Records,
    duplicate_free: NDArray[np.bool_] | None = None,
    own_numbers: Sequence[str] = (),
) -> MergedPairs:
    """One row per pair of records, see :func:`merge_meetings`."""
    return merge_meetings(group_meetings(pairs, len(records)), records, duplicate_free, own_numbers)


def merge_meetings(
    meetings: Meetings,
    records: Records,
    duplicate_free: NDArray[np.bool_] | None = None,
    own_numbers: Sequence[str] = (),
) -> MergedPairs:
    """One row per pair of records.

    Every pass shows the same underlying likeness through its own keys: the passes that show a pair are repeated
    measurements, so their log-odds are averaged, not added. How many of the passes that could show a pair do is a
    measurement of its own: people meet themselves in most, namesakes in one.

    Args:
        meetings: Pairs met in passes.
        records: Their records.
        duplicate_free: (sources) whether a person appears at most once. Between such registers the expected matches
            of each pass are kept.
        own_numbers: Passes whose block is a number that a person has one of.
    """
    left, right, group, in_pass = meetings.left, meetings.right, meetings.group, meetings.in_pass
    merged = meetings.odds + weight_of_meeting(meetings.odds, meetings.met, shared_passes(left, right, records))
    merged += weight_of_other_numbers(merged, group, in_pass, left, right, records)
    merged += weight_of_absence(merged, left, right, records)
    highest = None
    if set(own_numbers) & set(records.passes):
        of_pass = log_odds(meetings.probability)
        highest = highest_odds(len(left), group, in_pass, of_pass, (left, right), records, own_numbers)
        merged = np.minimum(merged, highest)
    if duplicate_free is not None and len(records.passes) > 1:
        free = duplicate_free[records.source]
        apart = free[left] & free[right] & (records.source[left] != records.source[right])
        if apart.all():
            merged = keep_totals(merged, group, in_pass, meetings.probability)
        elif apart.any():
            mine = np.flatnonzero(apart[group]).astype(np.int32)
            merged = keep_totals(merged, group[mine], in_pass[mine], meetings.probability[mine])
        if highest is not None:
            merged = np.minimum(merged, highest)
    return MergedPairs(
        left,
        right,
        meetings.weight + (merged - meetings.odds) / np.log(2),
        logistic(merged),
        meetings.met,
        meetings.pattern,
        meetings.top,
        None if highest is None else logistic(highest),
        _sets_of_passes(in_pass, meetings.met) if len(records.sources) > TWO_REGISTERS else None,
        _met_in([name in own_numbers for name in records.passes], group, in_pass, len(left)),
        _met_in([GIVEN in name.split("-") for name in records.passes], group, in_pass, len(left)),
    )


def _met_in(
    chosen: Sequence[bool], group: NDArray[np.integer], in_pass: NDArray[np.integer], total: int
) -> NDArray[np.bool_]:
    """(pairs) whether a pair met in one of the chosen passes."""
    met = np.zeros(total, np.bool_)
    met[group[np.array(chosen, np.bool_)[in_pass]]] = True
    return met


def averaged(pairs: MergedPairs, odds: NDArray[np.float64]) -> MergedPairs:
    """The pairs with a mean of their log-odds and those of a second measurement, which repeats the first in part.

    Args:
        pairs: Pairs with probabilities.
        odds: (pairs) log-odds of the second measurement; NaN where there is none.
    """
    before = log_odds(pairs.probability)
    after = np.where(np.isnan(odds), before, (1.0 - SECOND_LOOK) * before + SECOND_LOOK * odds)
    probability = 1.0 / (1.0 + np.exp(-after))
    if pairs.most is not None:
        probability = np.minimum(probability, pairs.most)
    return replace(pairs, probability=probability, weight=pairs.weight + (after - before) / np.log(2))


def _sets_of_passes(in_pass: NDArray[np.integer], met: NDArray[np.integer]) -> NDArray[np.int64]:
    """(pairs) a number for the set of passes that showed the pair.

    Every pass has a random number of 64 bits, and a set is known by the sum of them.

    Args:
        in_pass: (meetings) the pass of each, the meetings of a pair one after the other.
        met: (pairs) how many meetings a pair has.
    """
    if not len(in_pass):
        return np.empty(0, np.int64)
    marks = np.random.default_rng(0).integers(0, 2**63, int(in_pass.max()) + 1, np.int64)
    sums: NDArray[np.int64] = np.add.reduceat(marks[in_pass], np.cumsum(met, dtype=np.int64) - met)
    return sums
