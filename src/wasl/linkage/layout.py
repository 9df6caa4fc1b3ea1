"""Deliveries laid out for comparison: the rows of one pass, block by block, as matrices of words and tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.errors import MismatchError
from wasl.linkage.kernels import count_bits
from wasl.registers.delivery import LABEL_BYTES, Delivery

__all__ = [
    "SIZE_CLASSES",
    "PassLayout",
    "Source",
    "Tasks",
    "columns_of",
    "lay_out",
    "pass_names",
    "rows_of_pass",
    "sources_of",
    "stratum_number",
    "stratum_of",
    "tasks_of",
]

LEFT_ROWS = 256
"""Left rows of a task: their words stay in the second-level cache while the right rows pass by."""
SIZE_CLASSES = 16
"""Strata tell blocks apart by the binary logarithm of their larger side, up to this."""
MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


@dataclass(frozen=True, slots=True)
class Source:
    """One delivery as a side of pairs.

    Attributes:
        label: The register's name; where two deliveries bear the same name, with the period or a number behind ``@``.
        register: The register's name.
        delivery: What it is.
    """

    label: str
    register: str
    delivery: Delivery = field(repr=False)


def sources_of(deliveries: Sequence[Delivery]) -> tuple[Source, ...]:
    """The deliveries in an order that does not depend on how they were given, each with a label of its own."""
    ordered = sorted(deliveries, key=lambda d: (d.header.register, d.header.period, d.digest))
    sources: list[Source] = []
    for position, delivery in enumerate(ordered):
        header = delivery.header
        namesakes = [other.header for other in ordered if other.header.register == header.register]
        label = header.register
        if len(namesakes) > 1:
            periods = [other.period for other in namesakes]
            number = sum(other.header.register == header.register for other in ordered[: position + 1])
            label += f"@{header.period if len(set(periods)) == len(periods) and header.period else number}"
        sources.append(Source(label, header.register, delivery))
    return tuple(sources)


@dataclass(frozen=True, slots=True)
class Tasks:
    """Ranges of left rows against ranges of right rows.

    Attributes:
        table: (tasks, 5) int64: left start, left stop, right start, right stop, stratum.
        pairs: (tasks) int64, pairs of each task.
        draw: (tasks) uint64, uniform and always the same: tasks below a share of the whole range are a fair sample,
            however the blocks are spread over partitions.
        hot_blocks, hot_pairs: Blocks over the budget, and pairs in them that are not compared.
    """

    table: NDArray[np.int64] = field(repr=False)
    pairs: NDArray[np.int64] = field(repr=False)
    draw: NDArray[np.uint64] = field(repr=False)
    hot_blocks: int = 0
    hot_pairs: int = 0

    def sample(self, share: float, seed: int) -> NDArray[np.int64]:
        """Places of the tasks of a fair sample; another seed draws others."""
        if share >= 1:
            return np.arange(len(self.table))
        drawn = (self.draw ^ (np.array([seed], np.uint64) * MIX[0])) * MIX[1]
        return np.flatnonzero((drawn ^ (drawn >> np.uint64(31))) <= np.uint64(share * 2.0**64))


@dataclass(frozen=True, slots=True)
class PassLayout:
    """The rows of one pass of all sources, sorted by block and source.

    Attributes:
        name: The pass.
        groups, token_names: Filter groups and tokens, in the order of the columns below.
        words: (rows, words) uint64, filters of all groups side by side.
        offsets: (groups + 1) int64, first word of each group.
        bits: (rows, groups) int32, set bits.
        present: (rows, groups) uint8.
        tokens: (rows, tokens) uint64, first half of each token, 0 where missing.
        source: (rows) int16.
        row: (rows) int64, place in the source's delivery.
        block: (rows) uint64, first half of the block label.
    """

    name: str
    groups: tuple[str, ...]
    token_names: tuple[str, ...]
    words: NDArray[np.uint64] = field(repr=False)
    offsets: NDArray[np.int64] = field(repr=False)
    bits: NDArray[np.int32] = field(repr=False)
    present: NDArray[np.uint8] = field(repr=False)
    tokens: NDArray[np.uint64] = field(repr=False)
    source: NDArray[np.int16] = field(repr=False)
    row: NDArray[np.int64] = field(repr=False)
    block: NDArray[np.uint64] = field(repr=False)


def pass_names(deliveries: Sequence[Delivery]) -> tuple[str, ...]:
    """The passes of the deliveries, sorted."""
    return tuple(sorted({summary.name for delivery in deliveries for summary in delivery.header.passes}))


def _fixed(column: pa.ChunkedArray, rows: NDArray[np.int64], width: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """The cells of a fixed-size binary column at some rows, as (rows, width) bytes, zero where null; and presence."""
    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks else pa.array([], array.type)
    buffer = array.buffers()[1]
    cells = np.frombuffer(buffer, np.uint8)[array.offset * width : (array.offset + len(array)) * width]
    chosen = cells.reshape(-1, width)[rows]
    valid = np.ones(len(rows), np.bool_)
    if array.null_count:
        valid = array.is_valid().to_numpy(zero_copy_only=False)[rows]
        chosen[~valid] = 0
    return chosen, valid


def _half(column: pa.ChunkedArray, rows: NDArray[np.int64]) -> NDArray[np.uint64]:
    cells, _ = _fixed(column, rows, LABEL_BYTES)
    return np.ascontiguousarray(cells[:, :8]).view("<u8").reshape(-1).astype(np.uint64, copy=False)


def rows_of_pass(delivery: Delivery, name: str) -> NDArray[np.int64]:
    """Places of the rows of one pass in a delivery."""
    column = delivery.rows.column("pass")
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    column = column.unify_dictionaries().combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        column = column.chunk(0) if column.num_chunks else pa.array([], column.type)
    names = column.dictionary.to_pylist()
    if name not in names:
        return np.empty(0, np.int64)
    return np.flatnonzero(column.indices.to_numpy() == names.index(name)).astype(np.int64)


def columns_of(sources: Sequence[Source]) -> tuple[dict[str, int], tuple[str, ...]]:
    """Words of every filter group, and the names of all tokens, of any of the sources.

    Raises:
        MismatchError: Two sources give a group different lengths.
    """
    widths: dict[str, int] = {}
    for source in sources:
        for group, bits in source.delivery.header.filter_bits.items():
            if bits % 64 or widths.setdefault(group, bits // 64) != bits // 64:
                raise MismatchError(
                    f"filters of group {group!r} of {source.label!r} differ in length from another delivery's.",
                    remedy="Encode all registers with the same profile document.",
                )
    tokens = {token for source in sources for token in source.delivery.header.token_names}
    return dict(sorted(widths.items())), tuple(sorted(tokens))


def lay_out(
    name: str, parts: Sequence[tuple[pa.Table, NDArray[np.int64]]], widths: dict[str, int], token_names: Sequence[str]
) -> PassLayout:
    """Lay out the rows of one pass for comparison.

    Args:
        name: The pass.
        parts: Per source, a table with a delivery's columns and the places of the rows to take.
        widths: Words of each filter group; a group a source lacks is missing in its rows.
        token_names: Tokens, likewise.
    """
    places = [rows for _, rows in parts]
    block = np.concatenate([_half(table.column("block"), rows) for table, rows in parts])
    source = np.concatenate([np.full(len(rows), i, np.int16) for i, rows in enumerate(places)])
    row = np.concatenate(places)
    order = np.argsort(block, kind="stable")
    inverse = np.empty_like(order)
    inverse[order] = np.arange(len(order))
    target = np.split(inverse, np.cumsum([len(rows) for rows in places])[:-1])

    offsets = np.concatenate([[0], np.cumsum(list(widths.values()))]).astype(np.int64)
    words = np.zeros((len(row), int(offsets[-1])), np.uint64)
    present = np.zeros((len(row), len(widths)), np.uint8)
    tokens = np.zeros((len(row), len(token_names)), np.uint64)
    for (table, rows), to in zip(parts, target, strict=True):
        for g, (group, width) in enumerate(widths.items()):
            if f"filter_{group}" in table.column_names:
                cells, valid = _fixed(table.column(f"filter_{group}"), rows, width * 8)
                words[to, offsets[g] : offsets[g + 1]] = cells.view("<u8")
                present[to, g] = valid
        for k, token in enumerate(token_names):
            if f"token_{token}" in table.column_names:
                tokens[to, k] = _half(table.column(f"token_{token}"), rows)
    bits = np.zeros(present.shape, np.int32)
    count_bits(words, offsets, bits)
    return PassLayout(
        name, tuple(widths), tuple(token_names), words, offsets, bits, present, tokens,
        source[order], row[order], block[order],
    )  # fmt: skip


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


def tasks_of(layout: PassLayout, within: Sequence[bool], block_pairs: int) -> Tasks:
    """The comparisons of one pass: every pair of rows of one block and two sources, or of one source where asked.

    Args:
        layout: Rows sorted by block and source.
        within: Per source, whether pairs within it are compared.
        block_pairs: Most pairs of a block between two sources.
    """
    if len(layout.block) == 0:
        return Tasks(np.empty((0, 5), np.int64), np.empty(0, np.int64), np.empty(0, np.uint64))
    change = np.flatnonzero((np.diff(layout.block) != 0) | (np.diff(layout.source) != 0)) + 1
    start = np.concatenate([[0], change]).astype(np.int64)
    stop = np.concatenate([change, [len(layout.block)]]).astype(np.int64)
    block, source = layout.block[start], layout.source[start]
    segments = [np.flatnonzero(source == s) for s in range(len(within))]
    tables: list[NDArray[np.int64]] = []
    hot_blocks = hot_pairs = 0
    for a in range(len(within)):
        for b in range(a, len(within)):
            if a == b and not within[a]:
                continue
            if a == b:
                left = right = segments[a][(stop - start)[segments[a]] > 1]
            else:
                _, at_left, at_right = np.intersect1d(
                    block[segments[a]], block[segments[b]], assume_unique=True, return_indices=True
                )
                left, right = segments[a][at_left], segments[b][at_right]
            larger = np.maximum(stop[left] - start[left], stop[right] - start[right])
            size = np.minimum(np.frexp(larger.astype(np.float64))[1], SIZE_CLASSES - 1)
            pairs = (stop[left] - start[left]) * (stop[right] - start[right]) // (2 if a == b else 1)
            hot = pairs > block_pairs
            hot_blocks += int(hot.sum())
            hot_pairs += int(pairs[hot].sum())
            spans = np.column_stack([start[left], stop[left], start[right], stop[right], size])[~hot]
            spans[:, 4] += stratum_number(a, b, 0)
            tables.append(_cut(spans, within=a == b))
    table = np.concatenate(tables) if tables else np.empty((0, 5), np.int64)
    table = table[np.argsort(table[:, 0], kind="stable")]
    span = table[:, 1] - table[:, 0]
    pairs = span * (table[:, 3] - table[:, 2])
    inside = (table[:, 0] <= table[:, 2]) & (table[:, 2] < table[:, 1])
    pairs -= np.where(inside, span * (span + 1) // 2, 0)
    # A task is known by its block, its sources and the offset of its first row in the block.
    first_of_block = np.searchsorted(layout.block, layout.block[table[:, 0]])
    draw = layout.block[table[:, 0]] ^ ((table[:, 0] - first_of_block).astype(np.uint64) << np.uint64(20))
    draw ^= table[:, 4].astype(np.uint64)
    for shift, factor in ((30, MIX[0]), (27, MIX[1])):
        draw = (draw ^ (draw >> np.uint64(shift))) * factor
    return Tasks(table, pairs, draw ^ (draw >> np.uint64(31)), hot_blocks, hot_pairs)


def _cut(spans: NDArray[np.int64], *, within: bool) -> NDArray[np.int64]:
    """Cut ranges (left start, left stop, right start, right stop, stratum) into tasks of few left rows."""
    pieces = -(-(spans[:, 1] - spans[:, 0]) // LEFT_ROWS)
    whole = np.repeat(np.arange(len(spans)), pieces)
    piece = np.arange(len(whole)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    table = np.empty((len(whole), 5), np.int64)
    table[:, 0] = spans[whole, 0] + piece * LEFT_ROWS
    table[:, 1] = np.minimum(table[:, 0] + LEFT_ROWS, spans[whole, 1])
    table[:, 2] = table[:, 0] if within else spans[whole, 2]
    table[:, 3] = spans[whole, 3]
    table[:, 4] = spans[whole, 4]
    return table
