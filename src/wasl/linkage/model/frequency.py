"""Term frequency without terms: agreeing with somebody rare weighs more than agreeing with somebody frequent.

A frequent name has many near neighbours, a frequent document number many equal ones. For each pair, the rows of the
other side are counted that lie as near to the record's filter as the pair's other row (or have its token). This number,
divided by the average number among strangers, corrects the weight of the pair. Rows that are likely matches of the
record do not count. Both records' views are averaged, few neighbours are believed little, and no comparison is
corrected by more than ``BOUND``.

The frequency of a value of the *block* needs no correction: the prior of a pair depends on the size of its block.

Source: W. Winkler, Frequency-Based Matching in the Fellegi-Sunter Model, 1989, for the terms; neighbourhoods are ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.linkage.comparison.pass_layout import Source, fixed_cells
from wasl.linkage.comparison.patterns import Comparison, read_pattern
from wasl.linkage.model.match_model import PassModel
from wasl.linkage.persons.ids import cells_of, texts_of
from wasl.registers.compiled import njit
from wasl.registers.compiled.bits import popcount

__all__ = ["adjust_for_frequency", "column_of"]

SMOOTHING = 10.0
"""Neighbours of prior opinion: a density that rests on fewer says little."""
BOUND = 3.0
"""Most natural-log units by which the frequency of one comparison corrects a pair."""
REFERENCE = 2048
"""Of a block's rows of one source, so many are looked at; row ids are keyed, so the first ones are a fair sample."""
FAR = np.int64(1 << 30)


@njit(cache=True, nogil=True)
def _count_near(
    wanted: np.ndarray,
    words: np.ndarray,
    present: np.ndarray,
    source: np.ndarray,
    block: np.ndarray,
    first: np.ndarray,
    starts: np.ndarray,
    allowed: np.ndarray,
    limits: np.ndarray,
    exact: bool,
    near: np.ndarray,
    seen: np.ndarray,
) -> None:
    """Count, for wanted rows, the rows of their block within each limit.

    Args:
        wanted: (wanted) int64 rows.
        words: (rows, words) uint64, rows sorted by block and source.
        present: (rows) bool.
        source: (rows) int64.
        block: (rows) int64 number of the block.
        first: (blocks + 1) int64 first run of each block; a run is the rows of one block and source.
        starts: (runs + 1) int64 first row of each run.
        allowed: (sources, sources) bool, whether their rows are compared.
        limits: (limits) int64, ascending.
        exact: Whether rows are near only when equal.
        near: (wanted, limits) float64, written: rows within each limit, of those looked at.
        seen: (wanted, 2) float64, written: rows looked at, and rows there are.
    """
    counts = np.zeros(limits.shape[0], np.int64)
    for w in range(wanted.shape[0]):
        i = wanted[w]
        if not present[i]:
            continue
        for run in range(first[block[i]], first[block[i] + 1]):
            if not allowed[source[i], source[starts[run]]]:
                continue
            counts[:] = 0
            looked = 0
            for j in range(starts[run], min(starts[run + 1], starts[run] + REFERENCE)):
                if j == i or not present[j]:
                    continue
                looked += 1
                distance = np.int64(0)
                for word in range(words.shape[1]):
                    distance += np.int64(popcount(words[i, word] ^ words[j, word]))
                if exact and distance > 0:
                    distance = FAR
                for k in range(limits.shape[0]):
                    if distance <= limits[k]:
                        counts[k] += 1
            seen[w, 0] += looked
            seen[w, 1] += starts[run + 1] - starts[run]
            for k in range(limits.shape[0]):
                near[w, k] += counts[k]


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of a pass of all sources, sorted by block, source and row id.

    Attributes:
        row_id: (rows) void16.
        source, block: (rows) int64.
        first, starts: See :func:`_count_near`.
        order: (rows) int64 places in the sources, one after another.
    """

    row_id: NDArray[np.void] = field(repr=False)
    source: NDArray[np.int64] = field(repr=False)
    block: NDArray[np.int64] = field(repr=False)
    first: NDArray[np.int64] = field(repr=False)
    starts: NDArray[np.int64] = field(repr=False)
    order: NDArray[np.int64] = field(repr=False)


def column_of(sources: Sequence[Source], name: str, column: str) -> list[pa.ChunkedArray | None]:
    """A column of a pass, source by source; None where a source has none."""
    found: list[pa.ChunkedArray | None] = []
    for source in sources:
        rows = source.delivery.source
        held = column in {known for known, _ in rows.columns}
        parts = [rows.peek(number, [column]).column(column) for number in rows.numbers_of(name)] if held else []
        chunks = [chunk for part in parts for chunk in part.chunks]
        found.append(pa.chunked_array(chunks) if chunks else None)
    return found


def _rows_of(sources: Sequence[Source], name: str) -> _Rows:
    ids, blocks, number = [], [], []
    for place, (row_id, block) in enumerate(
        zip(column_of(sources, name, "row_id"), column_of(sources, name, "block"), strict=True)
    ):
        if row_id is None or block is None:
            continue
        ids.append(cells_of(row_id))
        blocks.append(cells_of(block))
        number.append(np.full(len(row_id), place, np.int64))
    row_id_all, source = np.concatenate(ids), np.concatenate(number)
    _, block_all = np.unique(np.concatenate(blocks).view("V16"), return_inverse=True)
    _, rank = np.unique(row_id_all.view("V16"), return_inverse=True)
    order = np.lexsort((rank, source, block_all))
    block_all, source = block_all[order].astype(np.int64), source[order]
    edge = np.ones(len(order), np.bool_)
    edge[1:] = (block_all[1:] != block_all[:-1]) | (source[1:] != source[:-1])
    begins = np.flatnonzero(edge)
    starts = np.append(begins, len(order)).astype(np.int64)
    first = np.searchsorted(block_all[begins], np.arange(int(block_all.max(initial=-1)) + 2)).astype(np.int64)
    return _Rows(row_id_all[order], source, block_all, first, starts, order)


def _words_of(
    sources: Sequence[Source], name: str, comparison: Comparison, rows: _Rows
) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """(rows, words) what a comparison compares, and which rows have it."""
    column = f"{comparison.kind}_{comparison.name}"
    parts = column_of(sources, name, column)
    sizes = [sum(s.delivery.source.sizes_of(name)) for s in sources]
    width = max((fixed_cells(part).shape[1] for part in parts if part is not None), default=8) // 8
    words = np.zeros((sum(sizes), width), np.uint64)
    present = np.zeros(len(words), np.bool_)
    start = 0
    for part, size in zip(parts, sizes, strict=True):
        if part is not None:
            words[start : start + size] = np.ascontiguousarray(fixed_cells(part)).view(np.uint64)
            present[start : start + size] = part.is_valid().to_numpy()
        start += size
    return words[rows.order], present[rows.order]


def adjust_for_frequency(
    pairs: pa.Table,
    sources: Sequence[Source],
    within: Sequence[bool],
    model: PassModel,
    names: Sequence[str],
    dice: Sequence[int],
) -> pa.Table:
    """Correct weights and probabilities of the pairs of a pass for how frequent what agrees is.

    Args:
        pairs: Table of ``PAIRS_SCHEMA``, of one pass.
        sources: The deliveries.
        within: (sources) whether pairs within a source are compared.
        model: The model the pairs were scored by.
        names: Comparisons whose frequency counts.
        dice: (filters) not 0 where a filter is undiffused and compared by Dice: those are left as they are.
    """
    filters = [c.name for c in model.comparisons if c.kind == "filter"]
    plain = {name for name, scale in zip(filters, dice, strict=True) if scale}
    chosen = [c for c, comparison in enumerate(model.comparisons) if comparison.name in set(names) - plain]
    if pairs.num_rows == 0 or not chosen:
        return pairs
    rows = _rows_of(sources, model.name)
    sides = _sides(pairs, sources, rows)
    wanted, place = np.unique(np.concatenate(sides), return_inverse=True)
    left, right = place[: len(sides[0])], place[len(sides[0]) :]
    allowed = ~np.eye(len(sources), dtype=np.bool_) | np.diag(np.array(within, np.bool_))
    pattern, spelled = texts_of(pairs.column("pattern"))
    met, shown = np.unique(pattern, return_inverse=True)
    states = np.array([read_pattern(spelled[code], model.comparisons) for code in met.tolist()], np.int64)[shown]
    probability = pairs.column("probability").to_numpy()
    correction = np.zeros(len(probability))
    for c in chosen:
        comparison = model.comparisons[c]
        limits = np.array(comparison.limits if comparison.kind == "filter" else (0,), np.int64)
        words, present = _words_of(sources, model.name, comparison, rows)
        near, seen = np.zeros((len(wanted), len(limits))), np.zeros((len(wanted), 2))
        _count_near(
            wanted, words, present, rows.source, rows.block, rows.first, rows.starts, allowed, limits,
            comparison.kind == "token", near, seen,
        )  # fmt: skip
        level = comparison.states - 1 - states[:, c]  # 0: the best
        agreeing = (states[:, c] > 0) & (level < len(limits))
        chance = np.array([model.u[c][comparison.states - 1 - k :].sum() for k in range(len(limits))])
        correction += _correction(near, seen, chance, np.where(agreeing, level, 0), agreeing, left, right, probability)
    odds = np.log(probability) - np.log1p(-np.minimum(probability, 1 - 1e-15)) + correction
    table = _replaced(pairs, "probability", 1.0 / (1.0 + np.exp(-odds)))
    return _replaced(table, "weight", pairs.column("weight").to_numpy() + correction / np.log(2))


def _replaced(table: pa.Table, name: str, values: NDArray[np.float64]) -> pa.Table:
    place = table.column_names.index(name)
    return table.set_column(place, table.schema.field(place), pa.array(values))


def _sides(pairs: pa.Table, sources: Sequence[Source], rows: _Rows) -> list[NDArray[np.int64]]:
    """Where the left and the right row of every pair stand among the rows."""
    order = np.argsort(rows.row_id.view("V16"), kind="stable")
    ids = rows.row_id[order].view("V16")
    number = {source.label: place for place, source in enumerate(sources)}
    found = []
    for side in ("left", "right"):
        codes, labels = texts_of(pairs.column(f"{side}_register"))
        source = np.array([number[label] for label in labels], np.int64)[codes]
        wanted = cells_of(pairs.column(f"{side}_row_id")).view("V16")
        at = np.searchsorted(ids, wanted)
        while (other := rows.source[order[at]] != source).any():  # two sources can share a row id
            at = at + other
        found.append(order[at])
    return found


def _correction(
    near: NDArray[np.float64],
    seen: NDArray[np.float64],
    chance: NDArray[np.float64],
    level: NDArray[np.int64],
    agreeing: NDArray[np.bool_],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    probability: NDArray[np.float64],
) -> NDArray[np.float64]:
    """(pairs) what one comparison adds to the log-odds."""
    matches = np.zeros_like(near)
    for k in range(near.shape[1]):
        mine = agreeing & (level <= k)
        for side in (left, right):
            matches[:, k] += np.bincount(side[mine], weights=probability[mine], minlength=len(near))
    looked = seen[:, :1] / np.maximum(seen[:, 1:], 1.0)
    strangers = np.maximum(near - looked * matches, 0.0)
    ratio = (strangers + SMOOTHING) / (seen[:, :1] * chance + SMOOTHING)
    rarity = -np.clip(np.log(ratio), -BOUND, BOUND)
    mean: NDArray[np.float64] = 0.5 * (rarity[left, level] + rarity[right, level])
    return np.where(agreeing, mean, 0.0)
