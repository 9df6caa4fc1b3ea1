"""Known pairs: from persons whose rows the adversary knows, to the others in their blocks.

The adversary knows the rows of some persons (its own, its clients') and is not told who shares a block. Everybody who
could share the block of a known person is a candidate for the other rows of that block. If the key
selects the word that blocks follow, the adversary learns the order of words from the known persons (``word_order``). It
weighs each arrangement by its agreement with them around a block. Rows are compared with the known rows
of their block, and certain claims are added to the known rows. Blocks without a known person are attacked by
likelihood, without the persons already known.

*Source:* the known-plaintext setting of Schäfer, Armknecht, Heng, "R+R: Revisiting graph matching attacks", ACSAC 2024;
seeds grow as in Yartseva, Grossglauser, "On the performance of percolation graph matching", COSN 2013. Blocks of more
than ``LARGEST`` rows: seeded graph matching, Fishkind et al., Pattern Recognition 87, 2019.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from wasl.attack.balance import best_pair, posteriors
from wasl.attack.block_likelihood import match_blocks, row_classes
from wasl.attack.claims import Claims
from wasl.attack.equality import same_sources
from wasl.attack.graph_matching import match_seeded
from wasl.attack.knowledge import KnownPass
from wasl.attack.observation import PassView
from wasl.attack.similarity import expected_pairs, expected_similarity, observed_similarity, pair_agreement
from wasl.attack.word_order import draw_arrangements

__all__ = ["match_known"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

LARGEST = 200
"""Larger blocks are attacked by seeded graph matching."""

COMPARED = 12
"""Known rows of a block that another row is compared with, at most."""

CONTRADICTION = 0.1
"""Weight of an arrangement for each known person it puts in the wrong block; not 0, so that one of few remains."""

ABSENT = 0.05
"""Prior probability that a row is none of the candidates."""

SURE = 0.95
"""Claims above this posterior are added to the known rows."""

TURNS = 3

ARRANGEMENTS = 32
"""Orders of words drawn."""


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Rows that may be own rows.

    Attributes:
        row, own: Pair by pair.
        prior: Log-probability that the own row is in the block of the row.
    """

    row: Ints = field(repr=False)
    own: Ints = field(repr=False)
    prior: Floats = field(repr=False)


def match_known(
    view: PassView,
    known: KnownPass,
    taps: int,
    rows: Ints,
    own: Ints,
    rng: np.random.Generator,
    largest_graph: int = 2500,
) -> Claims:
    """Other rows of a pass and own rows taken for the same person, given some pairs.

    Args:
        view: The pass as observed.
        known: The pass as the adversary encodes it.
        taps: Input bits per released bit.
        rows: Rows known.
        own: The own row of each.
        rng: Draws samples of blocks too large, and breaks ties.
        largest_graph: Blocks above this size are attacked on a sample of so many rows.
    """
    sizes = np.bincount(view.block)
    found = [
        _in_large_block(view, known, taps, rows, own, block, rng, largest_graph)
        for block in np.unique(view.block[rows])
        if sizes[block] > LARGEST
    ]
    if known.possible is not None and not known.stable:
        exact = sizes[view.block[rows]] if same_sources(view, known.view) else None
        known = replace(
            known, arrangements=draw_arrangements(known.possible, own, view.block[rows], exact, rng, ARRANGEMENTS)
        )
    small = sizes[view.block[rows]] <= LARGEST
    seen, seen_own = rows[small], own[small]
    claims = Claims.none()
    if len(seen):
        candidates = _candidates(view, known, seen, seen_own)
        for _ in range(TURNS):
            claims = _claim(view, known, taps, candidates, seen, seen_own)
            sure = np.flatnonzero(claims.posterior > SURE)
            if not len(sure):
                break
            grown = ~np.isin(claims.rows[sure], seen)
            seen = np.concatenate([seen, claims.rows[sure][grown]])
            seen_own = np.concatenate([seen_own, claims.own[sure][grown]])
            if not grown.any():
                break
    found.append(claims)
    taken = np.concatenate([own, claims.own[claims.posterior > SURE]])
    elsewhere = np.flatnonzero(~np.isin(view.block, view.block[rows]))
    free = np.flatnonzero(~np.isin(np.arange(len(known.view)), taken))
    if len(elsewhere) and len(free):
        found.append(match_blocks(view, known, taps, rng, rows=elsewhere, own=free, arrangements=ARRANGEMENTS))
    return Claims.together(found)


def _in_large_block(
    view: PassView,
    known: KnownPass,
    taps: int,
    rows: Ints,
    own: Ints,
    block: int,
    rng: np.random.Generator,
    largest: int,
) -> Claims:
    """Seeded graph matching in one large block; the own block is the one that holds most of the known persons."""
    groups = sorted(set(view.filters) & set(known.view.filters))
    here = view.block[rows] == block
    left_seed, right_seed = rows[here], own[here]
    own_block = int(np.bincount(known.view.block[right_seed]).argmax())
    inside = known.view.block[right_seed] == own_block
    left_seed, right_seed = left_seed[inside], right_seed[inside]
    left = np.setdiff1d(np.flatnonzero(view.block == block), rows)
    right = np.setdiff1d(np.flatnonzero(known.view.block == own_block), own)
    if not groups or not len(left) or not len(right):
        return Claims.none()
    left, right = rng.permutation(left)[:largest], rng.permutation(right)[:largest]
    left_seed, right_seed = left_seed[: largest // 2], right_seed[: largest // 2]
    left_all, right_all = np.concatenate([left_seed, left]), np.concatenate([right_seed, right])
    seeds = np.arange(len(left_seed))
    found = match_seeded(
        observed_similarity(view.take(left_all), groups),
        expected_similarity(known, right_all, groups, taps),
        (seeds, seeds),
    )
    new = found.observed >= len(seeds)
    return Claims.guesses(left_all[found.observed[new]], right_all[found.expected[new]])


def _candidates(view: PassView, known: KnownPass, rows: Ints, own: Ints) -> _Pairs:
    """For each other row in a block of a known person: the own rows that could be it."""
    left_class, right_class = row_classes(view, known.view)
    blocks, number = np.unique(view.block[rows], return_inverse=True)
    sizes = np.bincount(view.block)[blocks]
    free = np.ones(len(known.view), bool)
    free[own] = False
    # Each known own row stands in the observed block ``true_block``, whatever an arrangement says.
    true_block = np.full(len(known.view), -1, np.int64)
    true_block[own] = number
    count = np.bincount(number, minlength=len(blocks))
    parts: list[tuple[Ints, Ints, Floats]] = []
    totals = np.zeros(len(blocks))
    exact = same_sources(view, known.view)
    for arrangement in known.arrangements:
        codes = arrangement[own]
        modal, agreeing = _modal(number, codes, len(blocks))
        members = np.flatnonzero(arrangement >= 0)
        members = members[np.argsort(arrangement[members], kind="stable")]
        ordered = arrangement[members]
        first = np.searchsorted(ordered, modal, side="left")
        width = np.searchsorted(ordered, modal, side="right") - first
        width = np.where(modal >= 0, width, 0)
        block = np.repeat(np.arange(len(blocks)), width)
        inner = np.arange(int(width.sum())) - np.repeat(np.cumsum(width) - width, width)
        member = members[first[block] + inner]
        foreign = (true_block[member] >= 0) & (true_block[member] != block)
        wrong = np.bincount(block, foreign, len(blocks)) + (count - agreeing)
        if exact and not known.stable:
            wrong += np.minimum(np.abs(sizes - width), 6) / 3.0
        weight = CONTRADICTION ** np.minimum(wrong, 30.0) * (modal >= 0)
        totals += weight
        kept = free[member]
        parts.append((block[kept], member[kept], weight[block[kept]]))
    block, member, weight = (np.concatenate(column) for column in zip(*parts, strict=True))
    key, inverse = np.unique(block * len(known.view) + member, return_inverse=True)
    share = np.bincount(inverse, weight) / np.maximum(totals[key // len(known.view)], 1e-300)
    candidate_block, candidate = key // len(known.view), key % len(known.view)
    # Pair every unknown row of a block with every candidate of its block.
    others = np.flatnonzero(np.isin(view.block, blocks) & ~np.isin(np.arange(len(view)), rows))
    place = np.searchsorted(blocks, view.block[others])
    starts = np.searchsorted(candidate_block, np.arange(len(blocks) + 1))
    width = np.diff(starts)[place]
    row = np.repeat(others, width)
    index = np.repeat(starts[place], width) + np.arange(len(row)) - np.repeat(np.cumsum(width) - width, width)
    alike = left_class[row] == right_class[candidate[index]]
    row, index = row[alike], index[alike]
    return _Pairs(row, candidate[index], np.log(np.maximum(share[index], 1e-12)))


def _modal(number: Ints, codes: Ints, count: int) -> tuple[Ints, Ints]:
    """For each group the code most of its members have (−1 if none has one), and how many have it."""
    has = codes >= 0
    modal, agreeing = np.full(count, -1, np.int64), np.zeros(count, np.int64)
    if not has.any():
        return modal, agreeing
    width = int(codes.max()) + 1
    key, times = np.unique(number[has] * width + codes[has], return_counts=True)
    order = np.argsort(times, kind="stable")  # the last of a group is its most frequent
    modal[key[order] // width] = key[order] % width
    agreeing[key[order] // width] = times[order]
    return modal, agreeing


def _claim(view: PassView, known: KnownPass, taps: int, pairs: _Pairs, rows: Ints, own: Ints) -> Claims:
    """The most probable candidate of each unknown row, by its similarity to the known rows of its block."""
    left = ~np.isin(pairs.row, rows) & ~np.isin(pairs.own, own)
    row, candidate, logit = pairs.row[left], pairs.own[left], pairs.prior[left].copy()
    if not len(row):
        return Claims.none()
    order = np.argsort(view.block[rows], kind="stable")
    seen, seen_own = rows[order], own[order]
    first = np.searchsorted(view.block[seen], view.block[row], side="left")
    width = np.minimum(np.searchsorted(view.block[seen], view.block[row], side="right") - first, COMPARED)
    pair = np.repeat(np.arange(len(row)), width)
    place = np.repeat(first, width) + np.arange(len(pair)) - np.repeat(np.cumsum(width) - width, width)
    broad = np.zeros(len(row))
    for group in sorted(set(view.filters) & set(known.view.filters)):
        both = view.present[group][row[pair]] & view.present[group][seen[place]]
        both &= known.view.present[group][candidate[pair]] & known.view.present[group][seen_own[place]]
        which, where = pair[both], place[both]
        if not len(which):
            continue
        bits = 8 * view.filters[group].shape[1]
        observed = pair_agreement(view.filters[group], row[which], seen[where]).astype(np.float64)
        mean, variance = expected_pairs(known, group, candidate[which], seen_own[where], taps, bits)
        fit = -0.5 * np.log(variance) - 0.5 * (observed - mean) ** 2 / variance
        logit += np.bincount(which, fit, len(row))
        spread = float(mean.var()) + 0.02
        general = -0.5 * np.log(spread) - 0.5 * (observed - float(mean.mean())) ** 2 / spread
        broad += np.bincount(which, general, len(row))
    number, inverse = np.unique(row, return_inverse=True)
    nobody = np.full(len(number), -np.inf)
    np.maximum.at(nobody, inverse, broad + np.log(ABSENT))
    found = posteriors(inverse, candidate, logit + np.log1p(-ABSENT), nobody, len(known.view))
    best = best_pair(inverse, found)
    return Claims(row[best], candidate[best], found[best])
