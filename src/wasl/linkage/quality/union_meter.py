"""The union meter: how visible the structure inside a block is in all deliveries of a round together.

A holder measures T on its own delivery before it leaves (see the leak meter of encoding). The linkage unit holds the
deliveries of all registers, in which a block has more persons. Here T is estimated from what the unit really sees: the
agreement of released filters, which is the expected agreement plus noise of 1/√L for L bits.

Noise alone has large eigenvalues, so eigenvalue and eigenvector are taken from different bits. The top eigenvector v is
that of the centred agreement in the even bits of all filters; its value v'Av comes from the odd bits. The noise of the
two is independent, so the value is not inflated. **T = v'Av / √(n / L)** for n persons. Where no structure shows, T is
about 0. Where the holder measures T above 3, the two agree within a third; below 2 the unit sees less than is there.

Rows of one person agree almost entirely, which identifies nobody: rows whose mean agreement is above ``SAME`` are taken
as one person first.

*Source:* cross-validated eigenvalues, Chen et al., arXiv:2108.03336; the threshold is that of spiked random matrices
(Baik, Ben Arous, Péché, Ann Probab 33(5), 2005).

*Does not protect against:* anything by itself. The meter measures deliveries that the unit already has, also for a pass
that is not used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wasl.errors import LeakError
from wasl.linkage.comparison.pass_layout import Source, fixed_cells, in_threads
from wasl.linkage.model.checks import Check
from wasl.linkage.quality.eigenvectors import top_eigenvector
from wasl.registers.compiled import njit
from wasl.registers.compiled.bits import popcount
from wasl.registers.compiled.symmetric import dot, multiply

__all__ = ["UnionLeak", "check_union", "measure_union", "usable_passes"]

SAME = 0.5
"""Mean agreement from which two rows are taken as one person's. With seven taps, filters that differ in a twentieth of
their bits agree by .48, those of unrelated people by less than .1."""
SMALLEST = 3
"""In a block of two persons nothing tells which is which."""
LARGEST = 300
"""Rows of a block that are looked at; of more, the first in the order of their ids, which is random."""
EVEN_BITS = np.uint64(0x5555555555555555)
MOST_ROWS = 200_000
"""Rows measured in a pass. The largest blocks come first: T grows with the size of a block."""
MOST_PAIRS = 4_000_000
"""Pairs of rows measured in a pass, likewise. The work grows with the pairs: some .2 µs each, so that a pass takes at
most a second however many rows it has. One block of ``LARGEST`` rows is 45,000 pairs."""
CHUNK_BLOCKS = 512
"""Blocks that a thread measures at once."""


@dataclass(frozen=True, slots=True)
class UnionLeak:
    """T of a pass over all deliveries.

    Attributes:
        name: The pass.
        leak: T of each measured block, largest block first.
        persons: Persons of each measured block.
        blocks: Blocks of the pass in all deliveries.
    """

    name: str
    leak: NDArray[np.float64] = field(repr=False)
    persons: NDArray[np.int64] = field(repr=False)
    blocks: int

    @property
    def largest(self) -> float:
        """The largest T, 0 where no block was measured."""
        return float(self.leak.max(initial=0.0))

    def to_json(self) -> dict[str, Any]:
        """Counts and figures for the report."""
        return {
            "pass": self.name,
            "blocks": self.blocks,
            "blocks_measured": len(self.leak),
            "largest_block_persons": int(self.persons.max(initial=0)),
            "largest": round(self.largest, 3),
            "above_1": int((self.leak > 1.0).sum()),
        }


def measure_union(name: str, sources: Sequence[Source], workers: int = 1) -> UnionLeak:
    """T of the blocks of a pass over all deliveries of a round.

    The parts are not checked against their digests here: whoever links the pass, or leaves it out, reads them again.

    Args:
        name: The pass.
        sources: The deliveries.
        workers: Threads; the result does not depend on it.
    """
    pieces = [
        (source.delivery.source, number) for source in sources for number in source.delivery.source.numbers_of(name)
    ]
    if not pieces:
        return UnionLeak(name, np.empty(0), np.empty(0, np.int64), 0)
    groups = sorted({c for rows, _ in pieces for c in rows.held_in(name) if c.startswith("filter_")})
    labels = in_threads(lambda piece: _halves(piece[0].peek(piece[1], ("block",)).column("block")), pieces, workers)
    begins = np.cumsum([0, *map(len, labels)])
    among, block, sizes, blocks = _largest_blocks(np.concatenate(labels))

    def ids_of(k: int) -> NDArray[np.uint64]:
        rows, number = pieces[k]
        own = among[slice(*np.searchsorted(among, begins[k : k + 2]))] - begins[k]
        if not len(own):
            return np.empty(0, np.uint64)
        chosen: NDArray[np.uint64] = _halves(rows.peek(number, ("row_id",)).column("row_id"))[own]
        return chosen

    ids = np.concatenate(in_threads(ids_of, range(len(pieces)), workers))
    order, starts = _first_rows(among, block, ids)
    if not groups or len(starts) < 2:
        return UnionLeak(name, np.empty(0), np.empty(0, np.int64), blocks)
    width = {column: kind.byte_width // 8 for rows, _ in pieces for column, kind in rows.columns if column in groups}
    target = np.full(int(begins[-1]), -1, np.int64)
    target[order] = np.arange(len(order))
    filters = np.zeros((len(groups), len(order), max(width.values())), np.uint64)
    present = np.zeros((len(groups), len(order)), np.bool_)

    def read_filters(k: int) -> None:
        rows, number = pieces[k]
        to = target[begins[k] : begins[k + 1]]
        there = np.flatnonzero(to >= 0)
        held = [column for column in groups if column in rows.held_in_part(number)]
        if not len(there) or not held:
            return
        table = rows.peek(number, held)
        for g, column in enumerate(groups):
            if column in held:
                cells = fixed_cells(table.column(column)).view("<u8").astype(np.uint64, copy=False)
                filters[g, to[there], : cells.shape[1]] = cells[there]
                valid = table.column(column).is_valid().to_numpy(zero_copy_only=False)
                present[g, to[there]] = np.asarray(valid, bool)[there]

    in_threads(read_filters, range(len(pieces)), workers)
    used = np.array([width[column] for column in groups], np.int64)
    firsts = range(0, len(starts) - 1, CHUNK_BLOCKS)
    measured = in_threads(lambda k: _measure(filters, present, used, starts[k : k + CHUNK_BLOCKS + 1]), firsts, workers)
    leak, persons = (np.concatenate(side) for side in zip(*measured, strict=True))
    leak *= np.sqrt(sizes / np.diff(starts))  # T grows with the square root of a block's persons
    kept = persons >= SMALLEST
    return UnionLeak(name, leak[kept], persons[kept], blocks)


def usable_passes(leaks: Sequence[UnionLeak], limit: float | None) -> list[str]:
    """The passes whose largest T is within the plan's limit.

    Raises:
        LeakError: No pass is.
    """
    usable = [leak.name for leak in leaks if limit is None or leak.largest <= limit]
    if leaks and not usable:
        raise LeakError(
            f"every pass is above the plan's limit of T over all deliveries ({limit:g}); the smallest largest T is "
            f"{min(leak.largest for leak in leaks):.2f}.",
            remedy="Encode under a profile with finer blocks, or raise candidates.union_leak in the plan knowingly.",
        )
    return usable


def check_union(leaks: Sequence[UnionLeak], limit: float | None) -> Check:
    """The self-check of the union meter."""
    above = [leak for leak in leaks if limit is not None and leak.largest > limit]
    if above:
        listed = ", ".join(f"{leak.name} ({leak.largest:.2f})" for leak in above)
        message = f"passes above the limit of T over all deliveries ({limit:g}) were not used: {listed}."
    else:
        highest = max((leak.largest for leak in leaks), default=0.0)
        bound = "the plan sets no limit" if limit is None else f"the plan's limit is {limit:g}"
        message = f"the largest T over all deliveries is {highest:.2f}; {bound}."
    return Check("union-leak", not above, message)


def _halves(column: Any) -> NDArray[np.uint64]:
    """The first eight bytes of 16-byte labels."""
    halves: NDArray[np.uint64] = fixed_cells(column).view("<u8")[:, 0].astype(np.uint64)
    return halves


def _largest_blocks(
    labels: NDArray[np.uint64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], int]:
    """The blocks to measure.

    Returns:
        Their rows, ascending; the block of each, counted from the largest; the rows of each block; and how many blocks
        there are.
    """
    order = np.argsort(labels)
    edges = np.flatnonzero(np.diff(labels[order])) + 1
    starts = np.concatenate(([0], edges, [len(order)]))
    sizes = np.diff(starts)
    large = np.flatnonzero(sizes >= SMALLEST)
    large = large[np.argsort(-sizes[large], kind="stable")]
    looked_at = np.minimum(sizes[large], LARGEST)
    spent = (np.cumsum(looked_at) <= MOST_ROWS + LARGEST) & (np.cumsum(looked_at * looked_at) <= 2 * MOST_PAIRS)
    large = large[spent]
    held = sizes[large]
    within = np.arange(held.sum()) - np.repeat(np.cumsum(held) - held, held)
    rows, block = order[np.repeat(starts[large], held) + within], np.repeat(np.arange(len(large)), held)
    ascending = np.argsort(rows)
    return rows[ascending], block[ascending], held, len(sizes)


def _first_rows(
    rows: NDArray[np.int64], block: NDArray[np.int64], ids: NDArray[np.uint64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of every block the first rows in the order of their ids, block by block, and where each block begins."""
    order = np.lexsort((ids, block))
    sizes = np.bincount(block)
    within = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    begins = np.concatenate(([0], np.cumsum(np.minimum(sizes, LARGEST)))).astype(np.int64)
    return rows[order[within < LARGEST]], begins


@njit(cache=True, nogil=True)
def _halves_agree(
    filters: NDArray[np.uint64], present: NDArray[np.bool_], used: NDArray[np.int64], first: int, n: int
) -> NDArray[np.float64]:
    """Agreement in even and in odd bits: (groups, 2, n, n), NaN where a filter is missing."""
    groups = filters.shape[0]
    out = np.full((groups, 2, n, n), np.nan)
    for g in range(groups):
        for i in range(n):
            if not present[g, first + i]:
                continue
            for j in range(i):
                if not present[g, first + j]:
                    continue
                even, odd = np.uint64(0), np.uint64(0)
                for word in range(used[g]):
                    unlike = filters[g, first + i, word] ^ filters[g, first + j, word]
                    even += popcount(unlike & EVEN_BITS)
                    odd += popcount(unlike & ~EVEN_BITS)
                bits = 32.0 * used[g]
                out[g, 0, i, j] = out[g, 0, j, i] = 1.0 - 2.0 * np.float64(even) / bits
                out[g, 1, i, j] = out[g, 1, j, i] = 1.0 - 2.0 * np.float64(odd) / bits
    return out


@njit(cache=True, nogil=True)
def _persons_of(agree: NDArray[np.float64]) -> NDArray[np.int64]:
    """For each row the number of its person, counted from 0."""
    groups, _, n, _ = agree.shape
    first = np.arange(n)
    for i in range(n):
        for j in range(i):
            total, count = 0.0, 0
            for g in range(groups):
                for half in range(2):
                    if not np.isnan(agree[g, half, i, j]):
                        total += agree[g, half, i, j]
                        count += 1
            if count and total > SAME * count:
                low, high = min(first[i], first[j]), max(first[i], first[j])
                for k in range(n):
                    if first[k] == high:
                        first[k] = low
    number = np.full(n, -1, np.int64)
    found = 0
    for i in range(n):
        if first[i] == i:
            number[i] = found
            found += 1
    for i in range(n):
        number[i] = number[first[i]]
    return number


@njit(cache=True, nogil=True)
def _add_up(agree: NDArray[np.float64], person: NDArray[np.int64], total: NDArray[np.float64]) -> None:
    """Mean agreement between the rows of every two persons, into (persons, persons) zeros."""
    pairs = np.zeros_like(total)
    for i in range(len(person)):
        for j in range(len(person)):
            if person[i] != person[j] and not np.isnan(agree[i, j]):
                total[person[i], person[j]] += agree[i, j]
                pairs[person[i], person[j]] += 1.0
    for i in range(len(total)):
        for j in range(len(total)):
            if pairs[i, j]:
                total[i, j] /= pairs[i, j]


@njit(cache=True, nogil=True)
def _between(agree: NDArray[np.float64], person: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """Mean agreement between persons, centred; 0 on the diagonal and where nothing can be compared."""
    total = np.zeros((count, count))
    if count == len(person):  # every row is a person's only one, in nearly all blocks
        for i in range(count):
            mine, out = agree[i], total[i]
            for j in range(count):
                out[j] = 0.0 if np.isnan(mine[j]) else mine[j]
    else:
        _add_up(agree, person, total)
    means = np.empty(count)
    for i in range(count):
        means[i] = total[i].mean()
    whole = means.mean()
    for i in range(count):
        for j in range(count):
            total[i, j] += whole - means[i] - means[j]
    return total


@njit(cache=True, nogil=True)
def _held_out(fitted: NDArray[np.float64], held: NDArray[np.float64]) -> float:
    """The value in one matrix of the other's top eigenvector."""
    vector = top_eigenvector(fitted)
    n = len(vector)
    image = np.empty(n)
    multiply(held, n, vector, image)
    return dot(vector, image, n)


@njit(cache=True, nogil=True)
def _measure(
    filters: NDArray[np.uint64], present: NDArray[np.bool_], used: NDArray[np.int64], starts: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """T and persons of each block."""
    groups = filters.shape[0]
    leak, persons = np.zeros(len(starts) - 1), np.zeros(len(starts) - 1, np.int64)
    for block in range(len(starts) - 1):
        first, n = starts[block], starts[block + 1] - starts[block]
        agree = _halves_agree(filters, present, used, first, n)
        person = _persons_of(agree)
        count = person.max() + 1
        persons[block] = count
        if count < SMALLEST:
            continue
        even, odd = np.zeros((count, count)), np.zeros((count, count))
        for g in range(groups + 1):
            if g < groups:
                one, other = _between(agree[g, 0], person, count), _between(agree[g, 1], person, count)
                even += one
                odd += other
                bits, kinds = 64.0 * used[g], 1.0
            else:
                one, other = even, odd
                bits, kinds = 64.0 * used.max(), np.float64(groups)
            value = 0.5 * (_held_out(one, other) + _held_out(other, one))
            leak[block] = max(leak[block], value / np.sqrt(count / bits * kinds))
    return leak, persons
