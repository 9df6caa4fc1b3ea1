"""The filters of a pass's groups: measured before diffusion, released after it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from wasl.holder.encoding.bit_choices import BitChoices, bit_choices, spreader_by_choice
from wasl.holder.encoding.blocks import Blocks
from wasl.holder.encoding.bloom import counted_grams, gather_filters, gram_positions, pair_pieces, piece_masks
from wasl.holder.encoding.diffusion import block_schedule, plane_orders, reorder_masks, spreaders, tap_permutations
from wasl.holder.encoding.grams import GroupGrams
from wasl.holder.encoding.pseudonym import TextsByLength
from wasl.holder.keys import RoundKey
from wasl.holder.leak_meter import measure_blocks, rows_to_measure
from wasl.holder.profile import EncodingPass, EncodingProfile

__all__ = ["KeyedGroup", "PreparedGroup", "key_groups", "measure_pass", "prepare_group", "release_group"]

MEASURED_AT_A_TIME = 1 << 15
"""Rows whose blocks are measured together."""
SPREAD_AT_A_TIME = 1 << 13
"""Rows diffused together: their schedules take half a megabyte, which stays near the processor."""
LARGE_BLOCK = 256
"""From this size on a block's recipe is worth unfolding bit by bit."""
LARGE_AT_A_TIME = 1 << 14
FEW_PAIRS = 512
"""Pairs whose reordered masks are kept: two kilobytes each with seven taps, so that all stay near the processor."""
RECORDS_PER_PAIR = 32
"""Records for each pair from which reordering its masks pays: it takes the time of some fifty records."""

Job = TypeVar("Job")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class PreparedGroup:
    """A group, ready to be encoded under any pass's key.

    Attributes:
        name: The group.
        counted: What is hashed of its grams.
        grams: Its grams; which pieces a record has, the pairs tell.
        pairs: The (piece, level) pairs in use, (pairs, 2).
        row_pairs: Those of each record, record after record.
    """

    name: str
    counted: TextsByLength = field(repr=False)
    grams: GroupGrams = field(repr=False)
    pairs: NDArray[np.int64] = field(repr=False)
    row_pairs: NDArray[np.int32] = field(repr=False)


def prepare_group(name: str, grams: GroupGrams, bits: int, fill: float) -> PreparedGroup:
    """A group for filters of so many bits, filled so far."""
    pairs, row_pairs = pair_pieces(grams, bits, fill)
    bare = replace(grams, pieces=np.zeros(0, np.int32))
    return PreparedGroup(name, counted_grams(grams.vocabulary), bare, pairs, row_pairs)


@dataclass(frozen=True, slots=True)
class KeyedGroup:
    """A group under the keys of a pass.

    Attributes:
        name: The group.
        present: Whether a record has a filter in it.
        offsets, row_pairs: The (piece, level) pairs of each record.
        masks: What each pair sets in the filter: (pairs, words).
        orders: The planes each tap sees, (taps, bits); without taps, undiffused.
        reordered: Where there are few pairs, what each sets as each tap sees it; else no row.
        choices: Where the processor can choose bits, where each lies that a tap sees.
        diffusion_key: From which blocks derive their schedules.
    """

    name: str
    present: NDArray[np.bool_] = field(repr=False)
    offsets: NDArray[np.int64] = field(repr=False)
    row_pairs: NDArray[np.int32] = field(repr=False)
    masks: NDArray[np.uint64] = field(repr=False)
    orders: NDArray[np.uint16] = field(repr=False)
    reordered: NDArray[np.uint64] = field(repr=False)
    choices: BitChoices | None = field(repr=False)
    diffusion_key: bytes = field(repr=False)

    @property
    def words(self) -> int:
        """Words of an undiffused filter."""
        return int(self.masks.shape[1])


def key_groups(
    step: EncodingPass, profile: EncodingProfile, key: RoundKey, groups: Iterable[PreparedGroup]
) -> list[KeyedGroup]:
    """The groups under the pass's keys."""
    return [_key_group(step, profile, key, group) for group in groups]


def _key_group(step: EncodingPass, profile: EncodingProfile, key: RoundKey, group: PreparedGroup) -> KeyedGroup:
    derived = partial(key.derive, pass_=step.name, group=group.name)
    positions = gram_positions(derived("filter"), group.counted, profile.bits)
    masks = piece_masks(group.grams, group.pairs, positions, profile.bits)
    orders = plane_orders(tap_permutations(derived("spread"), profile.taps, profile.bits))
    few = len(masks) <= FEW_PAIRS and len(group.grams.present) >= RECORDS_PER_PAIR * len(masks)
    reordered = reorder_masks(masks if few and profile.taps else masks[:0], orders)
    return KeyedGroup(
        group.name,
        group.grams.present,
        group.grams.offsets,
        group.row_pairs,
        masks,
        orders,
        reordered,
        None if len(reordered) else bit_choices(orders),
        derived("diffusion"),
    )


def measure_pass(
    groups: list[KeyedGroup],
    profile: EncodingProfile,
    blocks: Blocks,
    classes: NDArray[np.int64],
    rng: np.random.Generator,
    threads: int,
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Find the rows that may be released, and T of each block.

    Args:
        groups: What is released about a row, besides tokens.
        profile: Holds the limit, and what to do above it.
        blocks: The rows.
        classes: Equality classes of tokens, (tokens, rows), negative where missing.
        rng: Draws the samples of large blocks.
        threads: Threads over which blocks are spread.
    """
    keep = np.ones(len(blocks.rows), dtype=bool)
    leaks = np.zeros(max(0, len(blocks.starts) - 1))
    if not groups and not len(classes):
        return keep, leaks

    def work(job: tuple[int, int, int]) -> None:
        """Measure blocks ``first`` to ``last``."""
        first, last, seed = job
        starts = blocks.starts[first : last + 1]
        places, measured = rows_to_measure(starts, np.random.default_rng(seed))
        if not len(places):
            return
        records = blocks.rows[places].astype(np.int64)
        raw = np.zeros((len(groups), len(places), profile.bits // 64), np.uint64)
        valid = np.zeros((len(groups), len(places)), dtype=bool)
        for number, group in enumerate(groups):
            valid[number] = group.present[records]
            there = np.flatnonzero(valid[number])
            _gather(group, records[there], there, raw[number])
        found = measure_blocks(
            raw,
            valid,
            np.ascontiguousarray(classes[:, places]),
            measured,
            np.diff(starts),
            taps=profile.taps,
            released_bits=profile.released_bits,
            limit=profile.leak_limit,
            drop=profile.excess in ("drop", "split"),
            collapse=profile.rows == "record",
        )
        keep[places] = found.keep
        for block in np.flatnonzero(found.lost):
            keep[starts[block] : starts[block + 1]] = False
        leaks[first:last] = found.leak

    borders = _borders(blocks.starts)
    draws = rng.integers(0, 2**63, size=len(borders))
    _each(work, [(first, last, int(seed)) for (first, last), seed in zip(borders, draws, strict=True)], threads)
    return keep, leaks


def release_group(
    group: KeyedGroup,
    profile: EncodingProfile,
    blocks: Blocks,
    block_of: NDArray[np.int32],
    chosen: NDArray[np.int32],
    places: NDArray[np.int32],
    released: NDArray[np.uint64],
    threads: int,
) -> int:
    """Write what is released of a group; returns how many bits were set before diffusion.

    Args:
        group: The group.
        profile: Holds the lengths.
        blocks: The rows.
        block_of: The block of each.
        chosen: Which of them are released and have a filter, ascending.
        places: Where each of those goes.
        released: (places, released words), written there.
        threads: Threads over which rows are spread.
    """
    if not profile.taps:
        return _gather(group, blocks.rows[chosen].astype(np.int64), places.astype(np.int64), released)
    block_of = block_of[chosen]
    compiled = spreaders(group.words, released.shape[1])

    def spread(some: NDArray[np.integer], *, large: bool) -> int:
        """Rows of one large block, or of many."""
        first = block_of[some[0]]
        seeds = blocks.seeds[first : first + 1] if large else blocks.seeds[first : block_of[some[-1]] + 1]
        schedule = block_schedule(group.diffusion_key, seeds, profile.taps, released.shape[1]).reshape(-1)
        rows, place = blocks.rows[chosen[some]].astype(np.int64), places[some].astype(np.int64)
        shared = (group.offsets, group.row_pairs, group.masks.reshape(-1), group.orders, released.reshape(-1))
        if large:
            return int(compiled.of_one(rows, place, schedule, *shared))
        blocks_of = (block_of[some] - first).astype(np.int64)
        if len(group.reordered):
            few = (group.offsets, group.row_pairs, group.masks.reshape(-1), group.reordered, released.reshape(-1))
            return int(compiled.of_few(rows, place, blocks_of, schedule, *few))
        if group.choices is not None:
            by_choice = spreader_by_choice(group.words, released.shape[1])
            filters, chosen_by = shared[:3], (group.choices.places, group.choices.tests, profile.taps)
            return int(by_choice(rows, place, blocks_of, schedule, *filters, *chosen_by, released.reshape(-1)))
        return int(compiled.of_many(rows, place, blocks_of, schedule, *shared))

    begins = np.ones(len(block_of) + 1, np.bool_)  # blocks ascend, as the rows do
    np.not_equal(block_of[1:], block_of[:-1], out=begins[1:-1])
    edges = np.flatnonzero(begins).astype(np.int32)
    sizes = np.diff(edges)
    jobs = [
        (part, True)
        for run in np.flatnonzero(sizes >= LARGE_BLOCK)
        for part in _parts(np.arange(edges[run], edges[run + 1]), LARGE_AT_A_TIME)
    ]
    small = np.arange(len(block_of), dtype=np.int32)
    if jobs:
        small = small[np.repeat(sizes < LARGE_BLOCK, sizes)]
    jobs += [(part, False) for part in _parts(small, SPREAD_AT_A_TIME)]
    return sum(_each(lambda job: spread(job[0], large=job[1]), jobs, threads))


def _gather(group: KeyedGroup, rows: NDArray[np.int64], places: NDArray[np.int64], filters: NDArray[np.uint64]) -> int:
    """Undiffused filters of some records, into their places; bits set."""
    masks = group.masks.reshape(-1)
    return int(
        gather_filters(
            rows, 0, len(rows), places, group.offsets, group.row_pairs, masks, group.words, filters.reshape(-1)
        )
    )


def _parts(places: NDArray[np.integer], size: int) -> list[NDArray[np.integer]]:
    """Runs of at most so many."""
    return [places[start : start + size] for start in range(0, len(places), size)]


def _each(work: Callable[[Job], Result], jobs: list[Job], threads: int) -> list[Result]:
    """Do all jobs, over threads where there are several."""
    if threads < 2 or len(jobs) < 2:
        return [work(job) for job in jobs]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, jobs))


def _borders(starts: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Runs of whole blocks of about ``MEASURED_AT_A_TIME`` rows."""
    borders: list[tuple[int, int]] = []
    first = 0
    while first < len(starts) - 1:
        last = int(np.searchsorted(starts, starts[first] + MEASURED_AT_A_TIME, side="right")) - 1
        last = min(max(last, first + 1), len(starts) - 1)
        borders.append((first, last))
        first = last
    return borders
