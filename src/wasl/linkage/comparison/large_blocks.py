"""Hot blocks cut into sub-blocks of similar rows, so that no block blows up time or memory.

A block with more pairs than the plan allows is searched by several tables. In each, rows fall into sub-blocks by bits
drawn from their filters, or by an equal token: rows that are alike meet in one table or another, others hardly ever.
Every table gets an equal part of the block's budget and uses as few bits as keep it. A pair that several tables show is
compared in the first of them only. The draw does not depend on the data, the engine or the order of rows.

Source: bit sampling, P. Indyk, R. Motwani, Approximate Nearest Neighbors, STOC 1998; completeness after A. Chao,
Estimating the Population Size for Capture-Recapture Data with Unequal Catchability, Biometrics 43 (1987), tables being
occasions.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wasl.registers.compiled import njit

__all__ = ["FILTER_TABLES", "SubBlocks", "completeness", "sub_blocks"]

FILTER_TABLES = 8
"""Tables by bits of filters: one per group, the rest over all groups."""
SAMPLED_BITS = 32
SEED = 20_261_122


@dataclass(frozen=True, slots=True)
class SubBlocks:
    """Sub-blocks of hot blocks, table by table.

    Attributes:
        place: (positions) int32 row at each position.
        owner: (positions) int32 row of `buckets` that belongs to it.
        buckets: (members, tables) int32 sub-block of each row of a hot block; rows that are in none share no number.
        spans: (sub-blocks, 6) int64: left start, left stop, right start, right stop among the positions, hot block,
            table.
    """

    place: NDArray[np.int32] = field(repr=False)
    owner: NDArray[np.int32] = field(repr=False)
    buckets: NDArray[np.int32] = field(repr=False)
    spans: NDArray[np.int64] = field(repr=False)

    @classmethod
    def none(cls) -> SubBlocks:
        """No hot blocks."""
        empty = np.empty(0, np.int32)
        return cls(empty, empty, np.empty((0, 0), np.int32), np.empty((0, 6), np.int64))


@njit(cache=True, nogil=True)
def _sampled(words: np.ndarray, rows: np.ndarray, word: np.ndarray, bit: np.ndarray) -> np.ndarray:
    """The sampled bits of rows as one number each, first bit highest."""
    signs = np.zeros(len(rows), np.uint64)
    for i in range(len(rows)):
        row = words[rows[i]]
        sign = np.uint64(0)
        for k in range(len(word)):
            sign = (sign << np.uint64(1)) | ((row[word[k]] >> bit[k]) & np.uint64(1))
        signs[i] = sign
    return signs


def sub_blocks(
    words: NDArray[np.uint64],
    offsets: NDArray[np.int64],
    present: NDArray[np.uint8],
    tokens: NDArray[np.uint64],
    hot: NDArray[np.int64],
    within: NDArray[np.bool_],
    block_pairs: int,
) -> SubBlocks:
    """Cut hot blocks.

    Args:
        words: (rows, words) filters of all groups.
        offsets: (groups + 1) first word of each group.
        present: (rows, groups) whether the group is not missing.
        tokens: (rows, tokens), 0 where missing.
        hot: (hot blocks, 4) ranges of left and right rows.
        within: (hot blocks) whether both are the same rows.
        block_pairs: Most pairs of a block, over all tables.
    """
    if len(hot) == 0:
        return SubBlocks.none()
    left, right = hot[:, 1] - hot[:, 0], np.where(within, 0, hot[:, 3] - hot[:, 2])
    starts = np.column_stack([hot[:, 0], hot[:, 2]]).reshape(-1)
    sizes = np.column_stack([left, right]).reshape(-1)
    part = np.repeat(np.arange(len(sizes)), sizes)
    member = np.arange(len(part))
    rows = starts[part] + member - (np.cumsum(sizes) - sizes)[part]
    block, side = part // 2, part % 2
    searches = _searches(words, offsets, present, tokens, rows)
    budget = max(1, block_pairs // max(1, len(searches)))
    buckets = np.empty((len(rows), len(searches)), np.int32)
    places: list[NDArray[np.int64]] = []
    spans: list[NDArray[np.int64]] = []
    base = 0
    for table, (sign, there, bits) in enumerate(searches):
        chosen = np.flatnonzero(there)
        order = chosen[np.lexsort((sign[chosen], block[chosen]))]
        found, number, by_side = _table(sign[order], bits, block[order], side[order], within, budget)
        order = order[by_side]
        buckets[:, table] = -1 - member
        kept = number >= 0
        buckets[order[kept], table] = number[kept]
        spans.append(np.column_stack([found[:, :4] + base, found[:, 4], np.full(len(found), table)]))
        places.append(order)
        base += len(order)
    owner = np.concatenate(places)
    return SubBlocks(rows[owner].astype(np.int32), owner.astype(np.int32), buckets, np.concatenate(spans))


def _searches(
    words: NDArray[np.uint64],
    offsets: NDArray[np.int64],
    present: NDArray[np.uint8],
    tokens: NDArray[np.uint64],
    rows: NDArray[np.int64],
) -> list[tuple[NDArray[np.uint64], NDArray[np.bool_], int]]:
    """Per table, what rows are sorted by, which of them have it, and of how many bits it is."""
    groups = len(offsets) - 1
    searches = [(tokens[rows, k], tokens[rows, k] != 0, 64) for k in range(tokens.shape[1])]
    rng = np.random.default_rng(SEED)
    for table in range(FILTER_TABLES if groups else 0):
        one = table if table < groups else None
        first, stop = (0, offsets[-1]) if one is None else (offsets[one], offsets[one + 1])
        drawn = rng.choice(int(stop - first) * 64, SAMPLED_BITS, replace=False) + int(first) * 64
        sign = _sampled(words, rows, drawn // 64, (drawn % 64).astype(np.uint64))
        searches.append(
            (sign, (present[rows] if one is None else present[rows, one : one + 1]).any(axis=1), SAMPLED_BITS)
        )
    return searches


def _table(
    sign: NDArray[np.uint64],
    bits: int,
    block: NDArray[np.int64],
    side: NDArray[np.int64],
    within: NDArray[np.bool_],
    budget: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Sub-blocks of one table.

    Args:
        sign: (rows) what they are sorted by within their block.
        bits: How many bits of it there are; of 64 all or none, of fewer a beginning.
        block: (rows) hot block.
        side: (rows) 0 left, 1 right.
        within: (blocks) whether there is one side only.
        budget: Most pairs per block.

    Returns:
        (sub-blocks, 5) left start, left stop, right start, right stop, block, of those with pairs; (rows) the number of
        each row's sub-block, -1 where it was left out because not even all bits bring it within the budget; and (rows)
        the order that puts the left rows of every sub-block first, in which the ranges hold.
    """
    common = np.full(len(sign), -1, np.int64)  # leading bits shared with the row before
    common[1:] = bits - np.frexp((sign[1:] ^ sign[:-1]).astype(np.float64))[1]
    common[1:][block[1:] != block[:-1]] = -1
    needed = np.full(len(within), bits, np.int64)
    undecided = np.ones(len(within), np.bool_)
    for level in range(bits) if bits < 64 else ():
        start, _, pairs = _runs(common < level, side, block, within)
        total = np.bincount(block[start], weights=pairs, minlength=len(within))
        needed[undecided & (total <= budget)] = level
        undecided &= total > budget
        if not undecided.any():
            break
    start, lefts, pairs = _runs(common < needed[block] if len(block) else common < 0, side, block, within)
    stop = np.append(start[1:], len(sign))
    of = block[start]
    ascending = np.lexsort((pairs, of))
    spent = np.cumsum(pairs[ascending])
    before = np.searchsorted(of[ascending], np.arange(len(within)))
    spent -= np.append(0.0, spent)[before][of[ascending]]
    kept = np.zeros(len(start), np.bool_)
    kept[ascending] = spent <= budget
    run = np.repeat(np.arange(len(start)), stop - start)
    number = np.where(kept, np.arange(len(start)), -1)[run]
    middle = start + lefts
    spans = np.column_stack([start, middle, np.where(within[of], start, middle), stop, of])
    return spans[kept & (pairs > 0)], number, np.lexsort((side, run))


def _runs(
    begins: NDArray[np.bool_], side: NDArray[np.int64], block: NDArray[np.int64], within: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Where runs start, their left rows, and their pairs."""
    start = np.flatnonzero(begins)
    size = np.diff(np.append(start, len(begins)))
    lefts = np.add.reduceat(1 - side, start) if len(start) else np.empty(0, np.int64)
    pairs = np.where(within[block[start]], lefts * (lefts - 1) // 2, lefts * (size - lefts))
    return start, lefts, pairs.astype(np.float64)


def completeness(tables: NDArray[np.int64], probability: NDArray[np.float64]) -> float:
    """Estimated share of the matches of hot blocks that some table showed; rather too high than too low.

    Args:
        tables: (pairs) how many tables showed each pair.
        probability: (pairs) that it is a match.
    """
    expected = np.bincount(tables, weights=probability, minlength=3)
    found, once, twice = float(expected[1:].sum()), float(expected[1]), float(expected[2])
    if found == 0:
        return 1.0
    unseen = once * once / (2 * twice) if twice > 0 else once * max(once - 1, 0) / 2
    return found / (found + unseen)
