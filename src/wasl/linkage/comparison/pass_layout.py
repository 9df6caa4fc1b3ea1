"""Deliveries laid out for comparison: the rows of one pass, block by block, as matrices of words and tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.errors import DeliveryError, MismatchError
from wasl.linkage.comparison.bit_rows import place_words, sort_runs
from wasl.registers.exchange.delivery import Delivery
from wasl.registers.exchange.delivery_header import LABEL_BYTES
from wasl.registers.exchange.encoded_rows import EncodedRows

__all__ = [
    "PassLayout",
    "Source",
    "columns_held",
    "columns_of",
    "fixed_cells",
    "in_threads",
    "lay_out",
    "pass_names",
    "sources_of",
]

Columns = tuple[dict[str, int], tuple[str, ...]]
"""Filter groups with their words, and tokens."""
T = TypeVar("T")
R = TypeVar("R")


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
class PassLayout:
    """The rows of one pass of all sources that meet another, sorted by block, source and row id.

    Attributes:
        name: The pass.
        groups, token_names: Filter groups and tokens, in the order of the columns below.
        words: (rows, words) uint64, filters of all groups side by side.
        offsets: (groups + 1) int64, first word of each group.
        bits: (rows, groups) int32, set bits.
        present: (rows, groups) uint8.
        tokens: (rows, tokens) uint64, first half of each token, 0 where missing.
        source: (rows) int16.
        row_id: (rows, 16) uint8.
        block: (rows) uint64, first half of the block label.
        all_rows, all_blocks: Counts, with the rows that meet none.
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
    row_id: NDArray[np.uint8] = field(repr=False)
    block: NDArray[np.uint64] = field(repr=False)
    all_rows: int
    all_blocks: int


def in_threads(work: Callable[[T], R], items: Sequence[T], threads: int) -> list[R]:
    """Run the work on all items, in threads; results in the order of the items."""
    if threads == 1 or len(items) < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, items))


def pass_names(deliveries: Sequence[Delivery]) -> tuple[str, ...]:
    """The passes of the deliveries, sorted."""
    return tuple(sorted({summary.name for delivery in deliveries for summary in delivery.header.passes}))


def fixed_cells(column: pa.ChunkedArray | pa.Array) -> NDArray[np.uint8]:
    """A fixed-size binary column as (rows, width) bytes; whatever lies under nulls."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks else pa.array([], array.type)
    width = array.type.byte_width
    if len(array) == 0:
        return np.empty((0, width), np.uint8)
    cells: NDArray[np.uint8] = np.frombuffer(array.buffers()[1], np.uint8, len(array) * width, array.offset * width)
    return cells.reshape(-1, width)


def _valid(column: pa.ChunkedArray) -> NDArray[np.uint8]:
    if column.null_count == 0:
        return np.ones(len(column), np.uint8)
    return np.asarray(column.is_valid(), np.uint8)


def _half(cells: NDArray[np.uint8], order: str = "<u8") -> NDArray[np.uint64]:
    """The first half of 16-byte labels as numbers."""
    halves: NDArray[np.uint64] = np.ascontiguousarray(cells).view(order)[:, 0].astype(np.uint64)
    return halves


def columns_of(sources: Sequence[Source]) -> Columns:
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


def columns_held(sources: Sequence[EncodedRows], name: str, widths: dict[str, int], tokens: Sequence[str]) -> Columns:
    """Those filter groups (with their words) and tokens that are not missing throughout a pass."""
    held = frozenset[str]().union(*(rows.held_in(name) for rows in sources))
    used = {group: width for group, width in widths.items() if f"filter_{group}" in held}
    return used, tuple(token for token in tokens if f"token_{token}" in held)


def lay_out(
    name: str,
    sources: Sequence[EncodedRows],
    widths: dict[str, int],
    token_names: Sequence[str],
    within: Sequence[bool],
    workers: int = 1,
) -> PassLayout:
    """Lay out the rows of one pass for comparison, reading a part at a time.

    Labels come first: only rows that share a block with a row they may be compared with are laid out at all.

    Args:
        name: The pass.
        sources: Rows of each source.
        widths: Words of each filter group; a group a source lacks is missing in its rows.
        token_names: Tokens, likewise.
        within: Per source, whether pairs within it are compared.
        workers: Threads that read parts.

    Raises:
        DeliveryError: A part was changed.
    """
    pieces = [(rows, number) for rows in sources for number in rows.numbers_of(name)]
    sizes = [sum(rows.sizes_of(name)) for rows in sources]
    block = np.empty(sum(sizes), np.uint64)
    row_id = np.empty((len(block), LABEL_BYTES), np.uint8)
    starts = np.cumsum([0, *(size for rows in sources for size in rows.sizes_of(name))])

    def read_labels(k: int) -> None:
        rows, number = pieces[k]
        labels = rows.peek(number, ("block", "row_id"))
        here = slice(int(starts[k]), int(starts[k + 1]))
        block[here] = _half(fixed_cells(labels.column("block")))
        row_id[here] = fixed_cells(labels.column("row_id"))

    in_threads(read_labels, range(len(pieces)), workers)
    source = np.repeat(np.arange(len(sources), dtype=np.int16), sizes)
    order = _order(block, source, row_id)
    blocks, order = _meeting(block[order], source[order], order, within)
    target = np.full(len(block), -1, np.int64)
    target[order] = np.arange(len(order))

    offsets = np.concatenate([[0], np.cumsum(list(widths.values()))]).astype(np.int64)
    words = np.zeros((len(order), int(offsets[-1])), np.uint64)
    bits = np.zeros((len(order), len(widths)), np.int32)
    present = np.zeros((len(order), len(widths)), np.uint8)
    tokens = np.zeros((len(order), len(token_names)), np.uint64)

    def read_rest(k: int) -> None:
        rows, number = pieces[k]
        table = rows.read(number)
        here = slice(int(starts[k]), int(starts[k + 1]))
        same = np.array_equal(fixed_cells(table.column("row_id")), row_id[here])
        if not same or not np.array_equal(_half(fixed_cells(table.column("block"))), block[here]):
            raise DeliveryError(f"pass {name!r}: the file was changed while it was read.")
        to = target[here]
        for g, group in enumerate(widths):
            if f"filter_{group}" in table.column_names:
                column = table.column(f"filter_{group}")
                cells = fixed_cells(column).view("<u8").astype(np.uint64, copy=False)
                place_words(cells, _valid(column), to, words, int(offsets[g]), bits[:, g], present[:, g])
        for t, token in enumerate(token_names):
            if f"token_{token}" in table.column_names:
                column = table.column(f"token_{token}")
                kept = np.flatnonzero((to >= 0) & (_valid(column) == 1))
                tokens[to[kept], t] = _half(fixed_cells(column))[kept]

    in_threads(read_rest, range(len(pieces)), workers)
    return PassLayout(
        name, tuple(widths), tuple(token_names), words, offsets, bits, present, tokens,
        source[order], row_id.take(order, axis=0), block[order], len(block), blocks,
    )  # fmt: skip


def _order(block: NDArray[np.uint64], source: NDArray[np.int16], row_id: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Rows by block, source and row id, so that the order in which they were delivered does not matter."""
    key = _half(row_id, ">u8")
    first = None
    if not bool(((key[1:] > key[:-1]) | (source[1:] > source[:-1])).all()):  # not as deliveries are written
        second = np.ascontiguousarray(row_id[:, 8:]).view(">u8").reshape(-1).astype(np.uint64)
        first = np.lexsort((second, key, source))
        block = block[first]
    order = np.argsort(block)  # the fastest sort, which loses the order of equal blocks
    sort_runs(order, block[order])
    return order if first is None else first[order]


def _meeting(
    block: NDArray[np.uint64], source: NDArray[np.int16], order: NDArray[np.int64], within: Sequence[bool]
) -> tuple[int, NDArray[np.int64]]:
    """How many blocks there are, and of the rows sorted by block and source those that meet another."""
    if len(order) == 0:
        return 0, order
    new_block = np.concatenate([[True], block[1:] != block[:-1]])
    new_segment = new_block | np.concatenate([[True], source[1:] != source[:-1]])
    start = np.flatnonzero(new_segment)
    size = np.diff(np.concatenate([start, [len(order)]]))
    block_of = np.cumsum(new_block[start]) - 1
    company = np.bincount(block_of)[block_of] > 1
    inside = np.array(within, np.bool_)[source[start]] & (size > 1)
    return int(block_of[-1]) + 1, order[np.repeat(company | inside, size)]
