"""The three operations every engine provides for one pass: survey, count, emit.

Each operation takes laid-out rows and returns sums that can be added over partitions. The local engine runs threads
over one layout; Spark runs many layouts. The sums are equal, so the model and the pairs are equal too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.comparison import kernels
from wasl.linkage.comparison.distances import LANES
from wasl.linkage.comparison.pass_layout import (
    PassLayout,
    Source,
    columns_held,
    columns_of,
    in_threads,
    lay_out,
)
from wasl.linkage.comparison.tasks import SIZE_CLASSES, Tasks, stratum_of, tasks_of
from wasl.registers.exchange.delivery_header import LABEL_BYTES

__all__ = ["Emitted", "Engine", "PassSums", "Steps", "Threads", "count_patterns", "emit_pairs", "survey", "sweep_tasks"]

TABLE_SLOTS = 1 << 14
"""Distinct patterns a sweep can hold before its table grows, twice over."""
ROOM = 1 << 16
"""Pairs written out before a sweep pauses."""
CHUNK_PAIRS = 1 << 23
"""Pairs of a chunk of tasks, about: enough work to hide the cost of starting it."""


@dataclass(frozen=True, slots=True)
class PassSums:
    """Sums of a survey of a pass.

    Attributes:
        rows, blocks, pairs: Counts; `pairs` are those of the tasks.
        hot_blocks, hot_pairs, hot_shown: Blocks over the budget, pairs in them, and pairs of their sub-blocks, counted
            in every table that shows them.
        filters: (groups) rows that meet another and have the filter.
        bits: (groups) bits set in them.
    """

    rows: int
    blocks: int
    pairs: int
    hot_blocks: int
    hot_pairs: int
    hot_shown: int
    filters: tuple[int, ...]
    bits: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Steps:
    """Input of the steps besides the rows; small, and sent to every partition.

    Attributes:
        name: The pass.
        widths: Words of each filter group that occurs in the pass.
        tokens: Tokens that occur in it.
        within: (sources) whether pairs within a source are compared.
        once: (sources) whether a person is in it at most once.
        strangers: (sources) whether pairs within it are counted, as pairs of different people.
        block_pairs: Most pairs of a block.
        dice: (groups) see :func:`wasl.linkage.comparison.kernels.Rules`.
        limits: (groups, limits) int32, see :class:`wasl.linkage.comparison.kernels.Rules`.
        training_share: Share of the tasks that the model is trained on.
        seed: Of that sample.
    """

    name: str
    widths: dict[str, int]
    tokens: tuple[str, ...]
    within: tuple[bool, ...]
    once: tuple[bool, ...]
    strangers: tuple[bool, ...]
    block_pairs: int
    dice: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    limits: NDArray[np.int32] = field(default_factory=lambda: np.empty((0, 0), np.int32))
    training_share: float = 1.0
    seed: int = 1

    @property
    def inside(self) -> tuple[bool, ...]:
        """(sources) whether rows of one source are laid out that only meet each other."""
        return tuple(a or b for a, b in zip(self.within, self.strangers, strict=True))


@dataclass(frozen=True, slots=True)
class Emitted:
    """Pairs written out.

    Attributes:
        left_source, right_source: (pairs) int16.
        left_id, right_id: (pairs, 16) uint8 row ids.
        codes: (pairs) uint64 patterns.
        tables: (pairs) uint8, how many tables showed a pair of a hot block; 0 for others.
        hot_compared: Pairs of hot blocks compared, written out or not.
    """

    left_source: NDArray[np.int16] = field(repr=False)
    left_id: NDArray[np.uint8] = field(repr=False)
    right_source: NDArray[np.int16] = field(repr=False)
    right_id: NDArray[np.uint8] = field(repr=False)
    codes: NDArray[np.uint64] = field(repr=False)
    tables: NDArray[np.uint8] = field(repr=False)
    hot_compared: int = 0

    @classmethod
    def none(cls) -> Emitted:
        """No pairs."""
        ids, empty = np.empty((0, LABEL_BYTES), np.uint8), np.empty(0, np.int16)
        return cls(empty, ids, empty, ids, np.empty(0, np.uint64), np.empty(0, np.uint8))


class Engine(Protocol):
    """Runs the steps on the rows of a pass."""

    def columns(self, name: str) -> tuple[dict[str, int], tuple[str, ...]]:
        """Filter groups (with their words) and tokens that occur in a pass."""

    def survey(self, steps: Steps) -> PassSums:
        """Count rows, blocks and pairs."""

    def count(self, steps: Steps) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.float64]]:
        """Codes, their counts, and the most matches possible per stratum number, of the training tasks."""

    def emit(self, steps: Steps, kept: NDArray[np.uint64], known: NDArray[np.uint64]) -> Emitted:
        """Pairs of kept or unknown patterns."""


@dataclass(frozen=True, slots=True)
class Swept:
    """Result of a sweep over tasks: codes and their counts, and the pairs kept."""

    codes: NDArray[np.uint64] = field(repr=False)
    counts: NDArray[np.int64] = field(repr=False)
    left: NDArray[np.int32] = field(repr=False)
    right: NDArray[np.int32] = field(repr=False)
    pair_codes: NDArray[np.uint64] = field(repr=False)
    tables: NDArray[np.uint8] = field(repr=False)
    hot_compared: int


def sweep_tasks(
    layout: PassLayout,
    tasks: Tasks,
    chosen: NDArray[np.int64],
    limits: NDArray[np.int32],
    dice: NDArray[np.int32],
    kept: NDArray[np.uint64] | None = None,
    known: NDArray[np.uint64] | None = None,
) -> Swept:
    """Compare the pairs of some tasks.

    Args:
        layout: The rows.
        tasks: All tasks.
        chosen: Those to compare.
        limits: See :class:`wasl.linkage.comparison.kernels.Rules`.
        dice: See there.
        kept: Codes whose pairs are written out; None writes none.
        known: Codes seen in training; a code not among them is written out for the model to judge.
    """
    state = kernels.new_state()
    chosen_tasks = tasks.table[chosen]
    table = kernels.new_table(TABLE_SLOTS)
    if known is not None and kept is not None:
        slots = TABLE_SLOTS
        while 4 * len(known) > slots:
            slots *= 2
        table = kernels.new_table(slots)
        table.keep[kernels.enter_codes(table.keys, known)] = np.isin(known, kept)
        state[kernels.CODES] = len(known)
    positions = kernels.Positions(tasks.place, tasks.hot.owner, tasks.hot.buckets)
    rows = kernels.Rows(layout.words, layout.offsets, layout.bits, layout.present, layout.tokens)
    room = max(ROOM if kept is not None else 0, LANES)
    out = kernels.Written(*(np.empty(room, kind) for kind in (np.int32, np.int32, np.uint64, np.uint8)))
    found: list[list[NDArray[Any]]] = [[part[:0] for part in out]]
    while state[kernels.TASK] < len(chosen_tasks):
        written = kernels.sweep(
            chosen_tasks, positions, rows, kernels.Rules(limits, dice), table, kept is not None, state, out
        )
        if written:
            found.append([part[:written].copy() for part in out])
        if 2 * state[kernels.CODES] > len(table.keys):
            table = _grown(table)
    met = table.counts > 0
    left, right, codes, tables = (np.concatenate(parts) for parts in zip(*found, strict=True))
    hot = int(state[kernels.HOT_PAIRS])
    return Swept(table.keys[met] - np.uint64(1), table.counts[met], left, right, codes, tables, hot)


def _grown(table: kernels.CodeTable) -> kernels.CodeTable:
    """A table of four times the slots with the same codes."""
    held = table.keys != 0
    larger = kernels.new_table(4 * len(table.keys))
    places = kernels.enter_codes(larger.keys, table.keys[held] - np.uint64(1))
    larger.counts[places], larger.keep[places] = table.counts[held], table.keep[held]
    return larger


def survey(layout: PassLayout, tasks: Tasks) -> PassSums:
    """Count rows, blocks, pairs, filters and their bits."""
    mine = tasks.candidates
    there = layout.present == 1
    return PassSums(
        layout.all_rows,
        layout.all_blocks,
        int(tasks.pairs[mine].sum()),
        tasks.hot_blocks,
        tasks.hot_pairs,
        int(tasks.pairs[tasks.table[:, 5] >= 0].sum()),
        tuple(there.sum(axis=0).tolist()),
        tuple(np.where(there, layout.bits, 0).sum(axis=0, dtype=np.int64).tolist()),
    )


def _capacity(tasks: Tasks, chosen: NDArray[np.int64], once: Sequence[bool], strata: int) -> NDArray[np.float64]:
    """Most matches possible per stratum: between duplicate-free registers the smaller side, else every pair."""
    table = tasks.table[chosen]
    smaller = np.minimum(table[:, 1] - table[:, 0], table[:, 3] - table[:, 2])
    sides = [stratum_of(number) for number in range(strata)]
    one_to_one = np.array([a != b and once[a] and once[b] for a, b, _ in sides], np.bool_)
    most = np.where(one_to_one[table[:, 4]], smaller, tasks.pairs[chosen])
    most = np.where(tasks.strangers[chosen], 0, most)
    return np.bincount(table[:, 4], weights=most, minlength=strata).astype(np.float64)


def count_patterns(
    layout: PassLayout, tasks: Tasks, steps: Steps, workers: int
) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.float64]]:
    """See :meth:`Engine.count`; codes may occur several times."""
    chosen = tasks.sample(steps.training_share, steps.seed)
    swept = in_threads(
        lambda part: sweep_tasks(layout, tasks, part, steps.limits, steps.dice), _chunks(tasks, chosen), workers
    )
    strata = stratum_count(len(steps.within))
    capacity = _capacity(tasks, chosen, steps.once, strata)
    if not swept:
        return np.empty(0, np.uint64), np.empty(0, np.int64), capacity
    return np.concatenate([p.codes for p in swept]), np.concatenate([p.counts for p in swept]), capacity


def stratum_count(sources: int) -> int:
    """How many stratum numbers there are among so many sources."""
    return sources * (sources + 1) // 2 * SIZE_CLASSES


def emit_pairs(
    layout: PassLayout,
    tasks: Tasks,
    steps: Steps,
    kept: NDArray[np.uint64],
    known: NDArray[np.uint64],
    workers: int,
) -> Emitted:
    """See :meth:`Engine.emit`."""
    swept = in_threads(
        lambda part: sweep_tasks(layout, tasks, part, steps.limits, steps.dice, kept, known),
        _chunks(tasks, tasks.candidates),
        workers,
    )
    if not swept:
        return Emitted.none()
    left, right = np.concatenate([p.left for p in swept]), np.concatenate([p.right for p in swept])
    codes = np.concatenate([p.pair_codes for p in swept])
    return Emitted(
        layout.source[left],
        layout.row_id.take(left, axis=0),
        layout.source[right],
        layout.row_id.take(right, axis=0),
        codes,
        np.concatenate([p.tables for p in swept]),
        sum(p.hot_compared for p in swept),
    )


def _chunks(tasks: Tasks, chosen: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Cut chosen tasks into runs of about equal numbers of pairs."""
    if len(chosen) == 0:
        return []
    ends = np.cumsum(tasks.pairs[chosen] + 8)
    return np.split(chosen, np.flatnonzero(np.diff(ends // CHUNK_PAIRS)) + 1)


class Threads:
    """The local engine: one layout per pass, threads over its tasks."""

    def __init__(self, sources: Sequence[Source], workers: int) -> None:
        self._sources = sources
        self._workers = workers
        self._laid: tuple[PassLayout, Tasks] | None = None

    def columns(self, name: str) -> tuple[dict[str, int], tuple[str, ...]]:
        """See :class:`Engine`."""
        self._laid = None
        return columns_held([source.delivery.source for source in self._sources], name, *columns_of(self._sources))

    def _layout(self, steps: Steps) -> tuple[PassLayout, Tasks]:
        if self._laid is None:
            rows = [source.delivery.source for source in self._sources]
            layout = lay_out(steps.name, rows, steps.widths, steps.tokens, steps.inside, self._workers)
            self._laid = layout, tasks_of(layout, steps.within, steps.block_pairs, steps.strangers)
        return self._laid

    def survey(self, steps: Steps) -> PassSums:
        """See :class:`Engine`."""
        return survey(*self._layout(steps))

    def count(self, steps: Steps) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.float64]]:
        """See :class:`Engine`."""
        return count_patterns(*self._layout(steps), steps, self._workers)

    def emit(self, steps: Steps, kept: NDArray[np.uint64], known: NDArray[np.uint64]) -> Emitted:
        """See :class:`Engine`."""
        return emit_pairs(*self._layout(steps), steps, kept, known, self._workers)
