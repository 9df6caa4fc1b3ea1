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

__all__ = ["PassLayout", "Source", "Tasks", "lay_out", "pass_names", "sources_of", "tasks_of"]

LEFT_ROWS = 256
"""Left rows of a task: their words stay in the second-level cache while the right rows pass by."""
SIZE_CLASSES = 16


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
        strata: (left source, right source, size class) of each stratum number.
        hot_blocks, hot_pairs: Blocks over the budget, and pairs in them that are not compared.
    """

    table: NDArray[np.int64] = field(repr=False)
    pairs: NDArray[np.int64] = field(repr=False)
    strata: tuple[tuple[int, int, int], ...]
    hot_blocks: int = 0
    hot_pairs: int = 0


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


def lay_out(sources: Sequence[Source], name: str) -> PassLayout:
    """Lay out one pass of all sources for comparison.

    Groups and tokens that a source lacks are missing in its rows; those missing in every row of the pass are left out.
    """
    places = [rows_of_pass(source.delivery, name) for source in sources]
    block = np.concatenate([_half(s.delivery.rows.column("block"), p) for s, p in zip(sources, places, strict=True)])
    source = np.concatenate([np.full(len(p), i, np.int16) for i, p in enumerate(places)])
    row = np.concatenate(places)
    order = np.argsort(block, kind="stable")
    inverse = np.empty_like(order)
    inverse[order] = np.arange(len(order))
    target = np.split(inverse, np.cumsum([len(rows) for rows in places])[:-1])

    tokens = _tokens(sources, places, target)
    widths = _widths(sources)
    used = [
        group for group in widths if any(_holds(s, f"filter_{group}", p) for s, p in zip(sources, places, strict=True))
    ]
    offsets = np.concatenate([[0], np.cumsum([widths[group] for group in used])]).astype(np.int64)
    words = np.zeros((len(row), int(offsets[-1])), np.uint64)
    present = np.zeros((len(row), len(used)), np.uint8)
    for part, rows, to in zip(sources, places, target, strict=True):
        for g, group in enumerate(used):
            if group in part.delivery.header.filter_bits:
                cells, valid = _fixed(part.delivery.rows.column(f"filter_{group}"), rows, widths[group] * 8)
                words[to, offsets[g] : offsets[g + 1]] = cells.view("<u8")
                present[to, g] = valid
    bits = np.zeros(present.shape, np.int32)
    count_bits(words, offsets, bits)
    names = tuple(tokens)
    matrix = np.column_stack([tokens[token] for token in names]) if names else np.zeros((len(row), 0), np.uint64)
    return PassLayout(
        name, tuple(used), names, words, offsets, bits, present, np.ascontiguousarray(matrix),
        source[order], row[order], block[order],
    )  # fmt: skip


def _widths(sources: Sequence[Source]) -> dict[str, int]:
    """Words of every filter group of any source, by name.

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
    return dict(sorted(widths.items()))


def _holds(source: Source, name: str, rows: NDArray[np.int64]) -> bool:
    """Whether a column is there and not null in all of some rows."""
    if name not in source.delivery.rows.column_names or len(rows) == 0:
        return False
    column = source.delivery.rows.column(name)
    return column.null_count < len(column) and bool(column.is_valid().to_numpy()[rows].any())


def _tokens(
    sources: Sequence[Source], places: Sequence[NDArray[np.int64]], target: Sequence[NDArray[np.int64]]
) -> dict[str, NDArray[np.uint64]]:
    """First halves of the tokens that two rows at least could share, by name, in the order of the layout."""
    size = sum(len(rows) for rows in places)
    found: dict[str, NDArray[np.uint64]] = {}
    for token in sorted({token for source in sources for token in source.delivery.header.token_names}):
        column = np.zeros(size, np.uint64)
        for part, rows, to in zip(sources, places, target, strict=True):
            if token in part.delivery.header.token_names:
                column[to] = _half(part.delivery.rows.column(f"token_{token}"), rows)
        if column.any():
            found[token] = column
    return found


def tasks_of(layout: PassLayout, within: Sequence[bool], block_pairs: int) -> Tasks:
    """The comparisons of one pass: every pair of rows of one block and two sources, or of one source where asked.

    Args:
        layout: Rows sorted by block and source.
        within: Per source, whether pairs within it are compared.
        block_pairs: Most pairs of a block between two sources.
    """
    if len(layout.block) == 0:
        return Tasks(np.empty((0, 5), np.int64), np.empty(0, np.int64), ())
    change = np.flatnonzero((np.diff(layout.block) != 0) | (np.diff(layout.source) != 0)) + 1
    start = np.concatenate([[0], change]).astype(np.int64)
    stop = np.concatenate([change, [len(layout.block)]]).astype(np.int64)
    block, source = layout.block[start], layout.source[start]
    segments = [np.flatnonzero(source == s) for s in range(len(within))]
    tables: list[NDArray[np.int64]] = []
    strata: list[tuple[int, int, int]] = []
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
            for k in np.unique(size[~hot]):
                chosen = (size == k) & ~hot
                spans = np.column_stack([start[left], stop[left], start[right], stop[right]])[chosen]
                tables.append(_cut(spans, len(strata), within=a == b))
                strata.append((a, b, int(k)))
    table = np.concatenate(tables) if tables else np.empty((0, 5), np.int64)
    table = table[np.argsort(table[:, 0], kind="stable")]
    span = table[:, 1] - table[:, 0]
    pairs = span * (table[:, 3] - table[:, 2])
    inside = (table[:, 0] <= table[:, 2]) & (table[:, 2] < table[:, 1])
    pairs -= np.where(inside, span * (span + 1) // 2, 0)
    return Tasks(table, pairs, tuple(strata), hot_blocks, hot_pairs)


def _cut(spans: NDArray[np.int64], stratum: int, *, within: bool) -> NDArray[np.int64]:
    """Cut ranges into tasks of at most ``LEFT_ROWS`` left rows, all of one stratum."""
    pieces = -(-(spans[:, 1] - spans[:, 0]) // LEFT_ROWS)
    whole = np.repeat(np.arange(len(spans)), pieces)
    piece = np.arange(len(whole)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    table = np.empty((len(whole), 5), np.int64)
    table[:, 0] = spans[whole, 0] + piece * LEFT_ROWS
    table[:, 1] = np.minimum(table[:, 0] + LEFT_ROWS, spans[whole, 1])
    table[:, 2] = table[:, 0] if within else spans[whole, 2]
    table[:, 3] = spans[whole, 3]
    table[:, 4] = stratum
    return table
