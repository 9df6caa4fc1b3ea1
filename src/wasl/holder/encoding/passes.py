"""Encodes one pass: blocks and their secrets, tokens, diffused filters, and what the leak meter lets out."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.errors import LeakError
from wasl.holder.encoding.blocking_keys import PartDigests
from wasl.holder.encoding.blocks import (
    Blocks,
    block_hashes,
    one_row_per_person,
    order_renamed,
    rows_with,
    sort_into_blocks,
)
from wasl.holder.encoding.filters import KeyedGroup, PreparedGroup, key_groups, measure_pass, release_group
from wasl.holder.encoding.label_columns import fixed_bytes
from wasl.holder.encoding.pseudonym import LABEL_BYTES, hash_messages, permute_labels
from wasl.holder.keys import RoundKey
from wasl.holder.profile import EncodingPass, EncodingProfile, Part
from wasl.registers.exchange.delivery_header import PassSummary
from wasl.registers.exchange.encoded_rows import PART_ROWS, RowSink

__all__ = ["BlockFigures", "PassRows", "encode_pass", "token_parts"]

SPLIT_TURNS = 8
"""Most blocks one block is split into."""
RELEASED_AT_A_TIME = 4 * PART_ROWS
"""Rows made together: thirty megabytes of two groups of 256 bits. Whole parts, so that the parts of a delivery do
not depend on it."""


@dataclass(frozen=True, slots=True)
class BlockFigures:
    """Blocks of a pass, for ``--explain``: each size and T that occurs, and how often. No value and no label."""

    pass_name: str
    sizes: NDArray[np.int64] = field(repr=False)
    leaks: NDArray[np.float64] = field(repr=False)
    counts: NDArray[np.int64] = field(repr=False)


@dataclass(frozen=True, slots=True)
class PassRows:
    """A pass, encoded.

    Attributes:
        members: Every record that a row stands for, the one in it included.
        stands: The record in the row that stands for it.
        left_out: Records whose rows would have leaked.
        summary: Counts and achieved figures, for the header.
        figures: Sizes and T of its blocks.
    """

    members: NDArray[np.int32]
    stands: NDArray[np.int32]
    left_out: NDArray[np.int32]
    summary: PassSummary
    figures: BlockFigures

    def summed_up(self) -> PassRows:
        """Counts and figures alone: all that is kept of a pass once its rows are delivered."""
        return replace(
            self,
            members=np.zeros(0, np.int32),
            stands=np.zeros(0, np.int32),
            left_out=np.zeros(0, np.int32),
        )


def token_parts(profile: EncodingProfile, name: str, parts: Container[Part]) -> tuple[Part, ...] | None:
    """The parts of a token, or None where the register lacks one."""
    wanted = profile.token_by_name[name].parts
    return tuple(wanted) if all(part in parts for part in wanted) else None


def encode_pass(
    step: EncodingPass,
    profile: EncodingProfile,
    key: RoundKey,
    parts: Mapping[Part, PartDigests],
    filters: Mapping[str, PreparedGroup],
    record_ids: NDArray[np.uint8],
    by_id: NDArray[np.int32],
    person: NDArray[np.int32],
    rng: np.random.Generator,
    threads: int,
    sink: RowSink,
) -> PassRows:
    """A pass, one row per person and block.

    Under ``split``, what a block cannot hold goes to a block of its own, under another label and key.

    Args:
        step: Which pass.
        profile: How to encode.
        key: The project's key in this round.
        parts: Parts of blocks and tokens, by name.
        filters: Groups, by name.
        record_ids: (records, 16) bytes.
        by_id: (records,) the records in the order of their ids.
        person: For each record the first record of the same person.
        rng: Draws the samples of the leak meter.
        threads: Threads over which blocks are spread.
        sink: Where the rows go, some at a time.
    """
    members = rows_with(step, parts, by_id)
    groups = key_groups(step, profile, key, [filters[group] for group in step.groups if group in filters])
    tokens = _tokens(step, profile, key, parts)
    hashed = block_hashes(step, key, parts, members, 0)
    chosen, stands = one_row_per_person(hashed, members, person, [group.present for group in groups], record_ids)
    everybody = len(chosen) == len(members)  # then every member stands for itself
    some = members if everybody else members[chosen]
    hashed = hashed if everybody else hashed.take(chosen, axis=0)
    stands_for = members if everybody else members[stands]
    del chosen, stands
    turns: list[_Turn] = []
    nothing = np.zeros((0, 32), np.uint8)
    while True:
        blocks = sort_into_blocks(some, hashed)
        hashed = nothing  # not held while blocks are measured
        turns.append(_measure_turn(step, profile, groups, tokens, blocks, rng, threads))
        some = turns[-1].left_out
        if profile.excess != "split" or not len(some) or len(turns) == SPLIT_TURNS:
            break
        hashed = block_hashes(step, key, parts, some, len(turns))
    _require_few_left_out(step, profile, turns)
    return _release(step, profile, key, groups, tokens, record_ids, turns, members, stands_for, threads, sink)


@dataclass(frozen=True, slots=True)
class _Turn:
    """Blocks, which of their rows may be released, and T of each block."""

    blocks: Blocks
    keep: NDArray[np.bool_]
    leaks: NDArray[np.float64]

    @property
    def kept(self) -> NDArray[np.int32]:
        """Places of the rows that may be released."""
        return np.flatnonzero(self.keep).astype(np.int32)

    @property
    def left_out(self) -> NDArray[np.int32]:
        """Records that may not."""
        return self.blocks.rows[~self.keep]

    @property
    def kept_sizes(self) -> NDArray[np.int64]:
        """Rows of each block that may be released."""
        if not len(self.leaks):
            return np.zeros(0, np.int64)
        return np.add.reduceat(self.keep, self.blocks.starts[:-1], dtype=np.int64)


def _measure_turn(
    step: EncodingPass,
    profile: EncodingProfile,
    groups: list[KeyedGroup],
    tokens: dict[str, PartDigests],
    blocks: Blocks,
    rng: np.random.Generator,
    threads: int,
) -> _Turn:
    keep, leaks = measure_pass(groups, profile, blocks, _classes(tokens, blocks.rows), rng, threads)
    if profile.excess == "refuse" and len(leaks) and leaks.max() > profile.leak_limit:
        raise LeakError(
            f"pass {step.name!r}: T = {leaks.max():.2f} in a block of {int(blocks.sizes[leaks.argmax()])} records, "
            f"above the limit of {profile.leak_limit:g}.",
            remedy="Compose the pass of finer blocks, raise taps, or release fewer groups in it.",
        )
    return _Turn(blocks, keep, leaks)


def _require_few_left_out(step: EncodingPass, profile: EncodingProfile, turns: list[_Turn]) -> None:
    total, left = len(turns[0].blocks.rows), len(turns[-1].left_out)
    if total and left > profile.drop_limit * total:
        largest = max(int(turn.kept_sizes.max(initial=0)) for turn in turns)
        raise LeakError(
            f"pass {step.name!r}: {left} of {total} records would have to be left out to keep T within "
            f"{profile.leak_limit:g} (largest block: {largest} records).",
            remedy="Compose the pass of finer blocks, raise taps, or release fewer groups in it.",
        )


def _release(
    step: EncodingPass,
    profile: EncodingProfile,
    key: RoundKey,
    groups: list[KeyedGroup],
    tokens: dict[str, PartDigests],
    record_ids: NDArray[np.uint8],
    turns: list[_Turn],
    members: NDArray[np.int32],
    stands: NDArray[np.int32],
    threads: int,
    sink: RowSink,
) -> PassRows:
    """Deliver the rows of all turns, shuffled together; ``stands`` is the record in each member's row.

    The rows are made ``RELEASED_AT_A_TIME`` in the order in which they are delivered, so that no more of them are held.
    """
    whole = len(turns) == 1 and bool(turns[0].keep.all())  # then the rows are those of the one turn, and not copied
    found = turns[0].blocks.rows if whole else np.concatenate([turn.blocks.rows[turn.keep] for turn in turns])
    where = None if whole else np.concatenate([turn.kept for turn in turns])
    of_turn = np.repeat(np.arange(len(turns), dtype=np.int8), [int(turn.keep.sum()) for turn in turns])
    row_key = key.derive("row-id", pass_=step.name)
    order = order_renamed(row_key, record_ids, found)
    block_of = [turn.blocks.block_of for turn in turns]
    block, block_labels = _blocks_of(turns, block_of)
    released, set_bits = np.zeros(len(record_ids), dtype=bool), dict.fromkeys((group.name for group in groups), 0)
    present = dict.fromkeys(set_bits, 0)
    for start in range(0, len(order), RELEASED_AT_A_TIME):
        some = order[start : start + RELEASED_AT_A_TIME]
        rows = found[some]
        released[rows] = True
        at = some if where is None else where[some]
        places = [_in_block_order(at, of_turn[some] == number) for number in range(len(turns))]
        columns = {f"token_{name}": fixed_bytes(t.of(rows), t.present[rows]) for name, t in tokens.items()}
        for group in groups:
            filters = np.zeros((len(some), profile.released_bits // 64), np.uint64)
            there = group.present[rows]
            present[group.name] += int(there.sum())
            for number, turn in enumerate(turns):
                chosen, mine = places[number]
                if not there.all():
                    held = there[mine]
                    chosen, mine = chosen[held], mine[held]
                set_bits[group.name] += release_group(
                    group, profile, turn.blocks, block_of[number], chosen, mine, filters, threads
                )
            columns[f"filter_{group.name}"] = fixed_bytes(filters.view(np.uint8), there)
            del filters
        del places
        row_ids = permute_labels(row_key, record_ids.take(rows, axis=0))  # after the filters, which need more room
        labels = {"block": fixed_bytes(block_labels.take(block[some], axis=0)), "row_id": fixed_bytes(row_ids)}
        sink.add(step.name, pa.table(labels | columns))
        del labels, columns, row_ids
    del found, where, of_turn, block
    fill = {
        name: round(set_bits[name] / (count * profile.bits), 4) if count else 0.0 for name, count in present.items()
    }
    summary, figures = _figures(step, turns, len(order), fill)
    taken = released[stands]
    return PassRows(members[taken], stands[taken], turns[-1].left_out, summary, figures)


def _blocks_of(turns: list[_Turn], block_of: list[NDArray[np.int32]]) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """The block of every row that is released, counted over all turns, and the labels of the blocks of all turns."""
    if len(turns) == 1:
        keep = turns[0].keep
        return block_of[0] if keep.all() else block_of[0][keep], turns[0].blocks.labels
    before = np.cumsum([0, *(len(turn.blocks.labels) for turn in turns[:-1])]).astype(np.int32)
    block = [own[turn.keep] + first for turn, own, first in zip(turns, block_of, before, strict=True)]
    return np.concatenate(block), np.concatenate([turn.blocks.labels for turn in turns])


def _in_block_order(
    where: NDArray[np.int32], of_turn: NDArray[np.bool_]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The rows of a turn among some that are delivered together, block by block.

    Args:
        where: (some) the place of each row among the rows of its turn.
        of_turn: (some) whether it is of this one.

    Returns:
        Their places among the rows of the turn, ascending, and their places among the rows delivered together.
    """
    mine = np.flatnonzero(of_turn).astype(np.int32)
    chosen = where[mine]
    order = np.argsort(chosen)
    return chosen[order], mine[order]


def _figures(
    step: EncodingPass, turns: list[_Turn], rows: int, fill: dict[str, float]
) -> tuple[PassSummary, BlockFigures]:
    sizes = np.concatenate([turn.kept_sizes for turn in turns])
    leaks = np.concatenate([turn.leaks for turn in turns])
    occupied = sizes > 0  # of a sampled block above the limit no row is released: its T does not count
    summary = PassSummary(
        step.name,
        rows,
        int(occupied.sum()),
        int(sizes.max(initial=0)),
        float(np.round(leaks[occupied].max(initial=0.0), 4)),
        fill,
        len(turns[-1].left_out),
    )
    # Nearly all blocks of a large register are of one or two rows, and T of these is 0.
    many = occupied & ((sizes > 2) | (leaks > 0))
    kinds, counts = _distinct_pairs(sizes[many].astype(np.float64), leaks[many])
    few = [(size, int(np.count_nonzero(occupied & ~many & (sizes == size)))) for size in (1, 2)]
    few = [(size, count) for size, count in few if count]
    figures = BlockFigures(
        step.name,
        np.concatenate([kinds[0].astype(np.int64), [size for size, _ in few]]).astype(np.int64)[::-1],
        np.concatenate([kinds[1], np.zeros(len(few))])[::-1],
        np.concatenate([counts, [count for _, count in few]]).astype(np.int64)[::-1],
    )
    return summary, figures


def _distinct_pairs(
    first: NDArray[np.float64], second: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The pairs of numbers that occur, (2, pairs) ascending, and how often each does."""
    order = np.lexsort((second, first))
    pairs = np.stack([first[order], second[order]])
    edges = np.flatnonzero((pairs[:, 1:] != pairs[:, :-1]).any(axis=0)) + 1
    starts = np.concatenate(([0], edges)) if len(order) else np.zeros(0, np.int64)
    return pairs[:, starts], np.diff(starts, append=len(order))


def _tokens(
    step: EncodingPass, profile: EncodingProfile, key: RoundKey, parts: Mapping[Part, PartDigests]
) -> dict[str, PartDigests]:
    """The tokens of all records by name; one the register lacks a part of is left out."""
    tokens = {}
    for token in step.tokens:
        wanted = token_parts(profile, token, parts)
        if wanted is not None:
            digests = [parts[part] for part in wanted]
            message = np.concatenate([d.digests for d in digests], axis=1)
            hashed = hash_messages(key.derive("token", pass_=step.name, group=token), message)
            present = np.logical_and.reduce([d.present for d in digests])
            places = np.arange(len(hashed), dtype=np.int32)
            tokens[token] = PartDigests(np.ascontiguousarray(hashed[:, :LABEL_BYTES]), places, present)
    return tokens


def _classes(tokens: dict[str, PartDigests], rows: NDArray[np.int32]) -> NDArray[np.int64]:
    """Rows with equal tokens as equal numbers, -1 where missing: (tokens, rows)."""
    classes = [
        np.where(t.present[rows], t.of(rows)[:, :8].copy().view("<i8").ravel() & np.int64(2**62 - 1), np.int64(-1))
        for t in tokens.values()
    ]
    return np.array(classes, dtype=np.int64).reshape(len(classes), len(rows))
