"""Tasks: which rows of a layout are compared with which, in pieces that threads and machines can share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.comparison.large_blocks import SubBlocks, sub_blocks
from wasl.linkage.comparison.pass_layout import PassLayout

__all__ = ["SIZE_CLASSES", "Tasks", "stratum_number", "stratum_of", "tasks_of"]

LEFT_ROWS = 256
"""Left rows of a task: their words stay in the second-level cache while the right rows pass by."""
SIZE_CLASSES = 16
"""Strata tell blocks apart by the binary logarithm of their larger side, up to this."""
MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


@dataclass(frozen=True, slots=True)
class Tasks:
    """Ranges of positions on the left against ranges of positions on the right.

    The first positions are the rows themselves; sub-blocks of hot blocks have positions of their own behind them.

    Attributes:
        table: (tasks, 6) int64: left start, left stop, right start, right stop, stratum, and the table that searches a
            hot block, -1 for other tasks.
        pairs: (tasks) int64, pairs of each task; those of hot blocks are counted in every table that shows them.
        draw: (tasks) uint64, uniform and always the same: tasks below a share of the whole range are a fair sample,
            however the blocks are spread over partitions.
        place: (positions) int32, the row at each.
        hot: Sub-blocks of blocks over the budget.
        hot_blocks, hot_pairs: Blocks over the budget, and pairs in them.
        strangers: (tasks) bool, pairs within a register that holds nobody twice: to learn from, not to link.
    """

    table: NDArray[np.int64] = field(repr=False)
    pairs: NDArray[np.int64] = field(repr=False)
    draw: NDArray[np.uint64] = field(repr=False)
    place: NDArray[np.int32] = field(repr=False)
    hot: SubBlocks = field(repr=False)
    hot_blocks: int
    hot_pairs: int
    strangers: NDArray[np.bool_] = field(repr=False)

    @property
    def candidates(self) -> NDArray[np.int64]:
        """Places of the tasks whose pairs may be matches."""
        return np.flatnonzero(~self.strangers)

    def sample(self, share: float, seed: int) -> NDArray[np.int64]:
        """Places of the tasks of a fair sample; another seed draws others."""
        if share >= 1:
            return np.arange(len(self.table))
        drawn = (self.draw ^ (np.array([seed], np.uint64) * MIX[0])) * MIX[1]
        return np.flatnonzero((drawn ^ (drawn >> np.uint64(31))) <= np.uint64(share * 2.0**64))


def stratum_number(left: int, right: int, size: int) -> int:
    """Number of a stratum: the pair of sources (left not after right), and the size class of the block."""
    return (right * (right + 1) // 2 + left) * SIZE_CLASSES + size


def stratum_of(number: int) -> tuple[int, int, int]:
    """Left source, right source and size class of a stratum number."""
    pair, size = divmod(number, SIZE_CLASSES)
    right = 0
    while (right + 1) * (right + 2) // 2 <= pair:
        right += 1
    return pair - right * (right + 1) // 2, right, size


def tasks_of(
    layout: PassLayout, within: Sequence[bool], block_pairs: int, strangers: Sequence[bool] | None = None
) -> Tasks:
    """The comparisons of one pass: every pair of rows of one block and two sources, or of one source where asked.

    Args:
        layout: Rows sorted by block and source.
        within: Per source, whether pairs within it are compared.
        block_pairs: Most pairs of a block between two sources; larger ones are cut into sub-blocks of similar rows.
        strangers: Per source, whether pairs within it are known to be of different people.
    """
    strangers = strangers or [False] * len(within)
    change = np.flatnonzero((np.diff(layout.block) != 0) | (np.diff(layout.source) != 0)) + 1
    start = np.concatenate([[0], change]).astype(np.int64)[: len(layout.block)]
    stop = np.concatenate([change, [len(layout.block)]]).astype(np.int64)[: len(layout.block)]
    block, source = layout.block[start], layout.source[start]
    number = np.cumsum(np.append(True, block[1:] != block[:-1])[: len(block)]) - 1  # of the block
    segments = np.full((len(within), int(number[-1]) + 1 if len(number) else 0), -1)
    segments[source, number] = np.arange(len(start))
    found: list[NDArray[np.int64]] = [np.empty((0, 6), np.int64)]
    for a in range(len(within)):
        for b in range(a, len(within)):
            if a == b and not (within[a] or strangers[a]):
                continue
            both = (segments[a] >= 0) & (segments[b] >= 0)
            left, right = segments[a][both], segments[b][both]
            if a == b:
                left = right = left[(stop - start)[left] > 1]
            strata = np.full(len(left), stratum_number(a, b, 0))
            none = np.full(len(left), -1)
            found.append(np.column_stack([start[left], stop[left], start[right], stop[right], strata, none]))
    spans = np.concatenate(found)
    pairs = _pairs(spans)
    alike = [stratum_number(a, a, 0) for a in range(len(within)) if strangers[a]]
    spared = (pairs > block_pairs) & np.isin(spans[:, 4], alike)
    spans, pairs = spans[~spared], pairs[~spared]
    hot = pairs > block_pairs
    inside = spans[:, 0] == spans[:, 2]
    cut = sub_blocks(
        layout.words, layout.offsets, layout.present, layout.tokens, spans[hot, :4], inside[hot], block_pairs
    )
    searched = cut.spans.copy()
    searched[:, :4] += len(layout.block)
    searched[:, 4] = spans[hot, 4][cut.spans[:, 4]]
    spans = np.concatenate([spans[~hot], searched])
    larger = np.maximum(spans[:, 1] - spans[:, 0], spans[:, 3] - spans[:, 2])
    spans[:, 4] += np.minimum(np.frexp(larger.astype(np.float64))[1], SIZE_CLASSES - 1)
    table = _cut(spans)
    if (table[1:, 0] < table[:-1, 0]).any():
        table = table[np.argsort(table[:, 0], kind="stable")]
    place = np.concatenate([np.arange(len(layout.block), dtype=np.int32), cut.place])
    # A task is known by its block, its sources, its table, and the offset of its first row in the block.
    first = place[table[:, 0]]
    offset = first - np.searchsorted(layout.block, layout.block[first])
    draw = layout.block[first] ^ (offset.astype(np.uint64) << np.uint64(20)) ^ table[:, 4].astype(np.uint64)
    draw ^= (table[:, 5] + 1).astype(np.uint64) << np.uint64(56)
    for shift, factor in ((30, MIX[0]), (27, MIX[1])):
        draw = (draw ^ (draw >> np.uint64(shift))) * factor
    draw ^= draw >> np.uint64(31)
    known = np.isin(table[:, 4] // SIZE_CLASSES * SIZE_CLASSES, alike)
    return Tasks(table, _pairs(table), draw, place, cut, int(hot.sum()), int(pairs[hot].sum()), known)


def _pairs(spans: NDArray[np.int64]) -> NDArray[np.int64]:
    """Pairs of ranges; of a range with itself, or with what begins with it, each pair once."""
    span = spans[:, 1] - spans[:, 0]
    return span * (spans[:, 3] - spans[:, 2]) - np.where(spans[:, 0] == spans[:, 2], span * (span + 1) // 2, 0)


def _cut(spans: NDArray[np.int64]) -> NDArray[np.int64]:
    """Cut ranges into tasks of few left positions."""
    pieces = -(-(spans[:, 1] - spans[:, 0]) // LEFT_ROWS)
    whole = np.repeat(np.arange(len(spans)), pieces)
    piece = np.arange(len(whole)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    table = spans[whole]
    table[:, 0] += piece * LEFT_ROWS
    table[:, 1] = np.minimum(table[:, 0] + LEFT_ROWS, table[:, 1])
    table[:, 2] = np.where(spans[whole, 0] == spans[whole, 2], table[:, 0], table[:, 2])
    return table
