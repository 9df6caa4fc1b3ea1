"""Blocks recognized by likelihood: which own block an observed block is, and who is who inside.

A block shows how many rows of which register it holds, which filters they have, and how similar they are to each other.
Six registers together show much: in a block on the passport number, the rows of one person in the registers that know
the person. The adversary computes, for each observed block and each own block of the same composition, the likelihood
of the observed similarities, and turns likelihoods into posteriors. If the key selects the word that blocks follow, the
own blocks of several arrangements are candidates.

*Source:* Bayes' rule on the noise of released bits (``similarity``); nearest candidates by a k-d tree.

*Does not find:* a block whose composition the adversary's registers do not have (overlap well below 1).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from wasl.attack.balance import best_pair, posteriors
from wasl.attack.claims import Claims
from wasl.attack.equality import same_sources
from wasl.attack.knowledge import KnownPass
from wasl.attack.observation import PassView
from wasl.attack.similarity import expected_pairs, pair_agreement
from wasl.registers.compiled import njit

__all__ = ["match_blocks", "row_classes"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Words = npt.NDArray[np.uint64]

LARGEST = 60
"""Larger blocks are left to graph matching."""

CANDIDATES = 40
"""Own blocks compared exactly with an observed block, where more than ``EXHAUSTIVE`` have its composition."""

EXHAUSTIVE = 400

ABSENT_STABLE, ABSENT_UNSTABLE = 0.02, 0.5
"""Prior probability that a block is not among the candidates, where blocks do not or do depend on the key.

In a trial with 1,000 permits, about half of the blocks of several persons of a word pass were among those of 16
arrangements."""


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Blocks as sets of rows, those of one composition together.

    Attributes:
        rows: Rows, block by block, in each block by class.
        starts: Where each block begins, and the number of rows.
        composition: Hash of the classes in each block.
        share: Share of arrangements in which the block occurs.
    """

    rows: Ints = field(repr=False)
    starts: Ints = field(repr=False)
    composition: Words = field(repr=False)
    share: Floats = field(repr=False)


def row_classes(view: PassView, known: PassView, by_source: bool | None = None) -> tuple[Ints, Ints]:
    """A number for what is visible of a row by itself: its source, and which filters and tokens it has.

    Sources count if ``by_source``; by default, if the adversary owns the very registers that were delivered.
    """
    if by_source is None:
        by_source = same_sources(view, known)
    groups = sorted(set(view.present) & set(known.present))
    tokens = sorted(name for name in set(view.classes) & set(known.classes) if not name.startswith("="))
    sides = []
    for side in (view, known):
        code = side.source.copy() if by_source else np.zeros(len(side), np.int64)
        for has in [side.present[group] for group in groups] + [side.classes[token] >= 0 for token in tokens]:
            code = 2 * code + has
        sides.append(code)
    return sides[0], sides[1]


def match_blocks(
    view: PassView,
    known: KnownPass,
    taps: int,
    rng: np.random.Generator,
    *,
    rows: Ints | None = None,
    own: Ints | None = None,
    arrangements: int = 16,
    by_source: bool | None = None,
) -> Claims:
    """Rows of a pass and own rows taken for the same person, with posteriors.

    Args:
        view: The pass as observed.
        known: The pass as the adversary encodes it.
        taps: Input bits per released bit.
        rng: Breaks ties, and draws orders inside blocks.
        rows: Observed rows of the blocks to attack; default all.
        own: Own rows to consider; default all.
        arrangements: Arrangements used at most.
        by_source: See ``row_classes``.
    """
    left_class, right_class = row_classes(view, known.view, by_source)
    rows = np.arange(len(view)) if rows is None else rows
    own = np.arange(len(known.view)) if own is None else own
    observed = _candidates(view.block[None, rows], rows, left_class)
    expected = _candidates(known.arrangements[:arrangements][:, own], own, right_class)
    absent = ABSENT_STABLE if known.stable else ABSENT_UNSTABLE
    groups = sorted(set(view.filters) & set(known.view.filters))
    found: list[Claims] = []
    for value in np.intersect1d(observed.composition, expected.composition):
        left = np.flatnonzero(observed.composition == value)
        right = np.flatnonzero(expected.composition == value)
        size = int(observed.starts[left[0] + 1] - observed.starts[left[0]])
        members = observed.rows[observed.starts[left][:, None] + np.arange(size)]
        own_members = expected.rows[expected.starts[right][:, None] + np.arange(size)]
        if size > LARGEST:
            continue
        if size == 1 or not groups:
            found.append(_alike(members, own_members, rng))
            continue
        classes = left_class[members[0]]
        prior = np.log(np.maximum(expected.share[right], 1e-9))
        found.append(_compare(view, known, members, own_members, classes, prior, absent, groups, taps, rng))
    return Claims.together(found)


def _candidates(blocks: Ints, rows: Ints, classes: Ints) -> _Candidates:
    """The distinct blocks of all arrangements (arrangements, rows); −1 is no block."""
    parts: list[tuple[Ints, Ints, Words, Words]] = []
    for block in blocks:
        has = np.flatnonzero(block >= 0)
        order = has[np.lexsort((rows[has], classes[rows[has]], block[has]))]
        member, edges = rows[order], np.flatnonzero(np.diff(block[order])) + 1
        starts = np.concatenate(([0], edges)).astype(np.int64)
        if not len(order):
            continue
        counts = np.diff(np.append(starts, len(order)))
        parts.append(
            (
                member,
                counts,
                np.add.reduceat(_mix(classes[member].astype(np.uint64)), starts),
                np.add.reduceat(_mix(member.astype(np.uint64) + np.uint64(1 << 40)), starts),
            )
        )
    if not parts:
        nothing = np.zeros(0, np.int64)
        return _Candidates(nothing, np.zeros(1, np.int64), np.zeros(0, np.uint64), np.zeros(0))
    counts = np.concatenate([part[1] for part in parts])
    begins = np.concatenate(([0], np.cumsum(counts)))
    members = np.concatenate([part[0] for part in parts])
    composition = np.concatenate([part[2] for part in parts])
    _, first, times = np.unique(np.concatenate([part[3] for part in parts]), return_index=True, return_counts=True)
    kept = counts[first]
    place = np.repeat(begins[first] - np.concatenate(([0], np.cumsum(kept)[:-1])), kept) + np.arange(kept.sum())
    return _Candidates(
        members[place],
        np.concatenate(([0], np.cumsum(kept))).astype(np.int64),
        composition[first],
        times / len(blocks),
    )


def _mix(values: Words) -> Words:
    """A fixed scrambling of 64-bit words (the finalizer of splitmix64)."""
    with np.errstate(over="ignore"):
        x = (values + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        return np.asarray(x ^ (x >> np.uint64(31)), np.uint64)


def _alike(members: Ints, own: Ints, rng: np.random.Generator) -> Claims:
    """Claims where nothing distinguishes the blocks of a composition: at random, each as probable as any other."""
    count = min(len(members), len(own))
    rows, records = rng.permutation(len(members))[:count], rng.permutation(len(own))[:count]
    size = members.shape[1]
    sure = 1.0 / (max(len(members), len(own)) * size)
    return Claims(members[rows].ravel(), own[records].ravel(), np.full(count * size, sure))


def _compare(
    view: PassView,
    known: KnownPass,
    members: Ints,
    own: Ints,
    classes: Ints,
    prior: Floats,
    absent: float,
    groups: list[str],
    taps: int,
    rng: np.random.Generator,
) -> Claims:
    """Claims between the observed and the own blocks of one composition, (blocks, size) rows each."""
    size = members.shape[1]
    above = np.triu_indices(size, 1)
    observed = np.zeros((len(members), len(groups), size, size), np.float32)
    expected = np.zeros((len(own), len(groups), size, size), np.float32)
    weight = np.zeros_like(expected)
    for place, group in enumerate(groups):
        there = view.present[group][members[0]]
        both = there[above[0]] & there[above[1]]
        i, j = above[0][both], above[1][both]
        if not len(i):
            continue
        bits = 8 * view.filters[group].shape[1]
        pairs = pair_agreement(view.filters[group], members[:, i].ravel(), members[:, j].ravel())
        mean, variance = expected_pairs(known, group, own[:, i].ravel(), own[:, j].ravel(), taps, bits)
        observed[:, place, i, j] = pairs.reshape(len(members), -1)
        expected[:, place, i, j] = mean.reshape(len(own), -1)
        weight[:, place, i, j] = (0.5 / variance).reshape(len(own), -1)
    observed, expected, weight = (m + m.transpose(0, 1, 3, 2) for m in (observed, expected, weight))
    constant = _constants(weight, above)
    nearest = _nearest(observed, expected, classes)
    starts = _starts(classes, rng)
    fit = _score(observed, expected, weight, constant, classes, starts, nearest)
    logit = fit + (prior + np.log1p(-absent))[nearest]
    row = np.repeat(np.arange(len(members)), nearest.shape[1])
    nobody = _broad(observed, expected, weight, above) + np.log(absent)
    found = posteriors(row, nearest.ravel(), logit.ravel(), nobody, len(own))
    best = best_pair(row, found)
    chosen = nearest.ravel()[best]
    order, stay = _orders(observed, expected, weight, classes, starts, chosen)
    records = np.take_along_axis(own[chosen], order, axis=1)
    return Claims(members.ravel(), records.ravel(), (found[best][:, None] * stay).ravel())


def _constants(weight: npt.NDArray[np.float32], above: tuple[Ints, Ints]) -> Floats:
    """Minus half the log of the variances, summed over what is compared."""
    used = weight[:, :, above[0], above[1]].astype(np.float64)
    return np.asarray((0.5 * np.log(2 * used, out=np.zeros_like(used), where=used > 0)).sum(axis=(1, 2)), np.float64)


def _broad(
    observed: npt.NDArray[np.float32],
    expected: npt.NDArray[np.float32],
    weight: npt.NDArray[np.float32],
    above: tuple[Ints, Ints],
) -> Floats:
    """Log-likelihood of each observed block if it is none of the own blocks: similarities as they are in general."""
    seen = observed[:, :, above[0], above[1]].astype(np.float64)
    own = expected[:, :, above[0], above[1]].astype(np.float64)
    used = weight[0][:, above[0], above[1]] > 0
    mean = own.mean(axis=0)
    variance = own.var(axis=0) + 0.02  # a spread of .14, so that few own blocks do not make the alternative narrow
    density = -0.5 * np.log(variance) - 0.5 * (seen - mean) ** 2 / variance
    return np.asarray((density * used).sum(axis=(1, 2)), np.float64)


def _nearest(observed: npt.NDArray[np.float32], expected: npt.NDArray[np.float32], classes: Ints) -> Ints:
    """Own blocks to compare exactly with each observed block: (observed, candidates)."""
    if len(expected) <= EXHAUSTIVE:
        return np.broadcast_to(np.arange(len(expected)), (len(observed), len(expected))).copy()
    # Mean similarity between two classes does not depend on the order of rows inside them.
    values = np.unique(classes)
    features = []
    for side in (observed, expected):
        columns = [
            side[:, :, classes == a][:, :, :, classes == b].mean(axis=(2, 3))
            for place, a in enumerate(values)
            for b in values[place:]
        ]
        features.append(np.concatenate(columns, axis=1))
    _, near = cKDTree(features[1]).query(features[0], k=CANDIDATES)
    return np.asarray(near, np.int64)


def _starts(classes: Ints, rng: np.random.Generator, count: int = 4) -> Ints:
    """Orders of the rows of a block that keep classes together: as they are, and some at random."""
    size = len(classes)
    found = [np.arange(size)]
    if len(np.unique(classes)) < size - 1:
        for _ in range(count):
            order = np.arange(size)
            for value in np.unique(classes):
                members = np.flatnonzero(classes == value)
                order[members] = rng.permutation(members)
            found.append(order)
    return np.array(found, np.int64)


@njit(cache=True, nogil=True)
def _cost(
    observed: npt.NDArray[np.float32],
    expected: npt.NDArray[np.float32],
    weight: npt.NDArray[np.float32],
    order: Ints,
    row: int,
    other: int,
) -> float:
    """Misfit of the pairs of two rows (or of one, twice the same) with all others; their own pair counts once."""
    total = 0.0
    size = observed.shape[1]
    for group in range(observed.shape[0]):
        for k in range(size):
            if k != row:
                gap = observed[group, row, k] - expected[group, order[row], order[k]]
                total += weight[group, order[row], order[k]] * gap * gap
            if row != other and k not in (row, other):
                gap = observed[group, other, k] - expected[group, order[other], order[k]]
                total += weight[group, order[other], order[k]] * gap * gap
    return total


@njit(cache=True, nogil=True)
def _fit(
    observed: npt.NDArray[np.float32],
    expected: npt.NDArray[np.float32],
    weight: npt.NDArray[np.float32],
    classes: Ints,
    starts: Ints,
    best: Ints,
) -> float:
    """The least misfit over orders of rows of one class, by exchanges of two; ``best`` gets the order."""
    size = len(classes)
    least = np.inf
    for start in range(len(starts)):
        order = starts[start].copy()
        better = True
        while better:
            better = False
            for i in range(size):
                for j in range(i):
                    if classes[i] != classes[j]:
                        continue
                    before = _cost(observed, expected, weight, order, i, j)
                    order[i], order[j] = order[j], order[i]
                    if _cost(observed, expected, weight, order, i, j) < before - 1e-6:
                        better = True
                    else:
                        order[i], order[j] = order[j], order[i]
        total = 0.0
        for i in range(size):
            total += 0.5 * _cost(observed, expected, weight, order, i, i)
        if total < least:
            least = total
            best[:] = order
    return least


@njit(cache=True, nogil=True)
def _score(
    observed: npt.NDArray[np.float32],
    expected: npt.NDArray[np.float32],
    weight: npt.NDArray[np.float32],
    constant: Floats,
    classes: Ints,
    starts: Ints,
    nearest: Ints,
) -> Floats:
    """Log-likelihood of each observed block under each of its candidates: (observed, candidates)."""
    found = np.empty(nearest.shape)
    best = np.empty(len(classes), np.int64)
    for i in range(nearest.shape[0]):
        for place in range(nearest.shape[1]):
            j = nearest[i, place]
            found[i, place] = constant[j] - _fit(observed[i], expected[j], weight[j], classes, starts, best)
    return found


@njit(cache=True, nogil=True)
def _orders(
    observed: npt.NDArray[np.float32],
    expected: npt.NDArray[np.float32],
    weight: npt.NDArray[np.float32],
    classes: Ints,
    starts: Ints,
    chosen: Ints,
) -> tuple[Ints, Floats]:
    """Order of the own rows of the block chosen for each observed block, and how probable each row's place is."""
    size = len(classes)
    orders = np.empty((len(chosen), size), np.int64)
    stay = np.ones((len(chosen), size))
    for i in range(len(chosen)):
        j = chosen[i]
        order = orders[i]
        _fit(observed[i], expected[j], weight[j], classes, starts, order)
        for a in range(size):
            against = 0.0
            for b in range(size):
                if a == b or classes[a] != classes[b]:
                    continue
                before = _cost(observed[i], expected[j], weight[j], order, a, b)
                order[a], order[b] = order[b], order[a]
                after = _cost(observed[i], expected[j], weight[j], order, a, b)
                order[a], order[b] = order[b], order[a]
                against += np.exp(min(0.0, before - after))
            stay[i, a] = 1.0 / (1.0 + against)
    return orders, stay
