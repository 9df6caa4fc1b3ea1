"""Encodes one pass: blocks and their secrets, tokens, diffused filters, and what the leak meter lets out."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.errors import LeakError
from wasl.holder.bloom import gram_positions, tap_masks
from wasl.holder.columns import fixed_bytes
from wasl.holder.diffusion import block_schedule, identity_permutation, spread_rows, tap_permutations
from wasl.holder.grams import GroupGrams
from wasl.holder.keys import LinkageKey
from wasl.holder.leak import measure_blocks
from wasl.holder.parts import PartDigests
from wasl.holder.profile import EncodingPass, EncodingProfile, Part
from wasl.holder.pseudonym import LABEL_BYTES, hash_messages, permute_labels
from wasl.registers.delivery import PassSummary

__all__ = ["BlockFigures", "PassRows", "PreparedGroup", "encode_pass", "token_parts"]

ROWS_AT_A_TIME = 1 << 15
SPLIT_TURNS = 8
"""Most blocks one block is split into."""


@dataclass(frozen=True, slots=True)
class BlockFigures:
    """Blocks of a pass, for ``--explain``: sizes and T, largest first. No value and no label."""

    pass_name: str
    sizes: NDArray[np.int64] = field(repr=False)
    leaks: NDArray[np.float64] = field(repr=False)


@dataclass(frozen=True, slots=True)
class PreparedGroup:
    """A group, ready to be encoded under any pass's key."""

    name: str
    grams: GroupGrams
    pairs: NDArray[np.int64]
    row_pairs: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class PassRows:
    """A pass, encoded.

    Attributes:
        rows: Records in it, in the order released; of a person with several records in a block, one.
        row_ids: Their ids under the pass's key.
        members: Every record that a row stands for, the one in it included.
        member_rows: The row that stands for each member.
        left_out: Records whose rows would have leaked.
        columns: What is released about each.
        summary: Counts and achieved figures, for the header.
        figures: Sizes and T of its blocks.
    """

    rows: NDArray[np.int64]
    row_ids: NDArray[np.uint8]
    members: NDArray[np.int64]
    member_rows: NDArray[np.int64]
    left_out: NDArray[np.int64]
    columns: dict[str, pa.Array]
    summary: PassSummary
    figures: BlockFigures


def token_parts(profile: EncodingProfile, name: str, parts: dict[Part, PartDigests]) -> list[PartDigests] | None:
    """The parts of a token, or None where the register lacks one."""
    wanted = profile.token_by_name[name].parts
    return [parts[part] for part in wanted] if all(part in parts for part in wanted) else None


def encode_pass(
    step: EncodingPass,
    profile: EncodingProfile,
    key: LinkageKey,
    parts: dict[Part, PartDigests],
    filters: dict[str, PreparedGroup],
    record_ids: NDArray[np.uint8],
    person: NDArray[np.int64],
    rng: np.random.Generator,
    threads: int,
) -> PassRows:
    """A pass, one row per person and block.

    Under ``split``, what a block cannot hold goes to a block of its own, under another label and key.

    Args:
        step: Which pass.
        profile: How to encode.
        key: The project's key.
        parts: Parts of blocks and tokens, by name.
        filters: Groups, by name.
        record_ids: (records, 16) bytes.
        person: For each record the first record of the same person.
        rng: Draws the samples of the leak meter.
        threads: Threads over which blocks are spread.
    """
    members = _rows_with(step, parts, len(record_ids))
    hashed = _block_hashes(step, key, parts, members, 0)
    chosen, stands = _one_row_per_person(hashed, members, person, step, filters, record_ids)
    turns = [
        _encode_turn(step, profile, key, parts, filters, record_ids, rng, threads, members[chosen], hashed[chosen])
    ]
    while profile.excess == "split" and len(turns[-1].left_out) and len(turns) < SPLIT_TURNS:
        among = turns[-1].left_out
        hashed = _block_hashes(step, key, parts, among, len(turns))
        turns.append(_encode_turn(step, profile, key, parts, filters, record_ids, rng, threads, among, hashed))
    whole = _joined(turns) if len(turns) > 1 else turns[0]
    whole = _with_members(whole, members, members[stands], len(record_ids))
    total = len(whole.rows) + len(whole.left_out)
    if total and len(whole.left_out) > profile.drop_limit * total:
        raise LeakError(
            f"pass {step.name!r}: {len(whole.left_out)} of {total} records would have to be left out to keep T within "
            f"{profile.leak_limit:g} (largest block: {whole.summary.largest_block} records).",
            remedy="Compose the pass of finer blocks, raise taps, or release fewer groups in it.",
        )
    return whole


def _joined(turns: list[PassRows]) -> PassRows:
    """The turns of a pass as one, its rows shuffled together."""
    row_ids = np.concatenate([turn.row_ids for turn in turns])
    order = np.argsort(np.ascontiguousarray(row_ids).view("S16").ravel(), kind="stable")
    columns = {
        name: pa.concat_arrays([turn.columns[name] for turn in turns]).take(pa.array(order))
        for name in turns[0].columns
    }
    sizes = np.concatenate([turn.figures.sizes for turn in turns])
    leaks = np.concatenate([turn.figures.leaks for turn in turns])
    by_size = np.argsort(-sizes, kind="stable")
    name, left_out = turns[0].summary.name, turns[-1].left_out
    summary = PassSummary(
        name,
        len(order),
        len(sizes),
        int(sizes.max()) if len(sizes) else 0,
        max(turn.summary.leak for turn in turns),
        turns[0].summary.fill,
        len(left_out),
    )
    figures = BlockFigures(name, sizes[by_size], leaks[by_size])
    rows = np.concatenate([turn.rows for turn in turns])[order]
    return PassRows(rows, row_ids[order], rows, np.arange(len(rows)), left_out, columns, summary, figures)


def _rows_with(step: EncodingPass, parts: dict[Part, PartDigests], count: int) -> NDArray[np.int64]:
    """Records that have every part of the block."""
    present = np.ones(count, dtype=bool)
    for part in step.block:
        present &= parts[part].present
    return np.flatnonzero(present)


def _one_row_per_person(
    hashed: NDArray[np.uint8],
    members: NDArray[np.int64],
    person: NDArray[np.int64],
    step: EncodingPass,
    filters: dict[str, PreparedGroup],
    record_ids: NDArray[np.uint8],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of the members of a pass those that get a row, and for every member the place of the one that stands for it.

    The record with most filters stands for its person, of several the one with the smallest record id.
    """
    stands = np.arange(len(members))
    repeated = np.flatnonzero(np.bincount(person[members], minlength=len(person))[person[members]] > 1)
    if not len(repeated):
        return stands, stands
    mine = members[repeated]
    lacking = -sum(filters[group].grams.present[mine].astype(np.int64) for group in step.groups if group in filters)
    ids = np.ascontiguousarray(record_ids[mine, :8]).view(">u8").ravel()
    block = np.ascontiguousarray(hashed[repeated, :8]).view(">u8").ravel()
    order = np.lexsort((ids, np.broadcast_to(lacking, len(mine)), person[mine], block))
    first = np.ones(len(order), dtype=bool)
    first[1:] = (person[mine][order][1:] != person[mine][order][:-1]) | (block[order][1:] != block[order][:-1])
    stands[repeated[order]] = repeated[order[first]][np.cumsum(first) - 1]
    return np.flatnonzero(stands == np.arange(len(members))), stands


def _with_members(whole: PassRows, members: NDArray[np.int64], stands: NDArray[np.int64], records: int) -> PassRows:
    """The pass with every record its rows stand for."""
    place = np.full(records, -1, np.int64)
    place[whole.rows] = np.arange(len(whole.rows))
    rows = place[stands]
    return dataclasses.replace(whole, members=members[rows >= 0], member_rows=rows[rows >= 0])


def _encode_turn(
    step: EncodingPass,
    profile: EncodingProfile,
    key: LinkageKey,
    parts: dict[Part, PartDigests],
    filters: dict[str, PreparedGroup],
    record_ids: NDArray[np.uint8],
    rng: np.random.Generator,
    threads: int,
    among: NDArray[np.int64],
    hashed: NDArray[np.uint8],
) -> PassRows:
    rows, labels, seeds, starts = _blocks(among, hashed)
    tokens: dict[str, tuple[NDArray[np.uint8], NDArray[np.bool_]]] = {}
    for token in step.tokens:
        digests = token_parts(profile, token, parts)
        if digests is not None:
            present = np.logical_and.reduce([d.present[rows] for d in digests])
            message = np.concatenate([d.digests[rows] for d in digests], axis=1)
            hashed = hash_messages(key.derive("token", pass_=step.name, group=token), message)
            tokens[token] = (np.ascontiguousarray(hashed[:, :LABEL_BYTES]), present)
    groups = [filters[group] for group in step.groups if group in filters]
    valid = np.array([group.grams.present[rows] for group in groups], dtype=bool).reshape(len(groups), len(rows))
    released, keep, leaks, fill = _spread_and_measure(
        step, profile, key, groups, rows, starts, seeds, valid, _classes(tokens), rng, threads
    )
    sizes = np.diff(starts)
    dropped = int(len(rows) - keep.sum())
    if profile.excess == "refuse" and len(leaks) and leaks.max() > profile.leak_limit:
        raise LeakError(
            f"pass {step.name!r}: T = {leaks.max():.2f} in a block of {int(sizes[leaks.argmax()])} records, "
            f"above the limit of {profile.leak_limit:g}.",
            remedy="Compose the pass of finer blocks, raise taps, or release fewer groups in it.",
        )
    order = np.flatnonzero(keep)
    row_ids = permute_labels(key.derive("row-id", pass_=step.name), record_ids[rows[order]])
    shuffle = np.argsort(np.ascontiguousarray(row_ids).view("S16").ravel(), kind="stable")
    order = order[shuffle]
    columns = {
        "block": fixed_bytes(np.repeat(labels, sizes, axis=0)[order]),
        "row_id": fixed_bytes(row_ids[shuffle]),
        **{f"token_{t}": fixed_bytes(values[order], present[order]) for t, (values, present) in tokens.items()},
        **{
            f"filter_{group.name}": fixed_bytes(released[place][order].view(np.uint8), valid[place][order])
            for place, group in enumerate(groups)
        },
    }
    kept_sizes = np.add.reduceat(keep.astype(np.int64), starts[:-1]) if len(rows) else np.zeros(0, np.int64)
    occupied = kept_sizes > 0
    summary = PassSummary(
        step.name,
        len(order),
        int(occupied.sum()),
        int(kept_sizes.max()) if len(order) else 0,
        float(np.round(leaks.max(), 4)) if len(leaks) else 0.0,
        fill,
        dropped,
    )
    by_size = np.argsort(-kept_sizes[occupied], kind="stable")
    figures = BlockFigures(step.name, kept_sizes[occupied][by_size], leaks[occupied][by_size])
    kept = rows[order]
    return PassRows(kept, row_ids[shuffle], kept, np.arange(len(kept)), rows[~keep], columns, summary, figures)


def _block_hashes(
    step: EncodingPass, key: LinkageKey, parts: dict[Part, PartDigests], rows: NDArray[np.int64], turn: int
) -> NDArray[np.uint8]:
    """The keyed hash of each row's block, another one in every turn: (rows, 32) bytes."""
    mark = np.full((len(rows), 1 if turn else 0), turn, np.uint8)
    message = np.concatenate([mark, *(parts[part].digests[rows] for part in step.block)], axis=1)
    return hash_messages(key.derive("block", pass_=step.name), message)


def _blocks(
    rows: NDArray[np.int64], hashed: NDArray[np.uint8]
) -> tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.uint8], NDArray[np.int64]]:
    """Rows of the pass in block order, block labels and secret seeds, and where each block starts."""
    values = np.ascontiguousarray(hashed[:, :8]).view(">u8").ravel()
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    edges = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    starts = np.concatenate(([0], edges, [len(rows)][: len(rows)])).astype(np.int64)
    firsts = hashed[order[starts[:-1]]]
    return (
        rows[order],
        np.ascontiguousarray(firsts[:, :LABEL_BYTES]),
        np.ascontiguousarray(firsts[:, LABEL_BYTES : LABEL_BYTES + 12]),
        starts,
    )


def _classes(tokens: dict[str, tuple[NDArray[np.uint8], NDArray[np.bool_]]]) -> list[NDArray[np.int64]]:
    """Rows with equal tokens as equal numbers, -1 where missing."""
    return [
        np.where(present, values[:, :8].copy().view("<i8").ravel() & np.int64(2**62 - 1), np.int64(-1))
        for values, present in tokens.values()
    ]


def _spread_and_measure(
    step: EncodingPass,
    profile: EncodingProfile,
    key: LinkageKey,
    groups: list[PreparedGroup],
    rows: NDArray[np.int64],
    starts: NDArray[np.int64],
    seeds: NDArray[np.uint8],
    valid: NDArray[np.bool_],
    classes: list[NDArray[np.int64]],
    rng: np.random.Generator,
    threads: int,
) -> tuple[list[NDArray[np.uint64]], NDArray[np.bool_], NDArray[np.float64], dict[str, float]]:
    """Filters of all groups, which rows may leave, T per block, and the achieved fill; a chunk of blocks at a time."""
    words, out_words = profile.bits // 64, profile.released_bits // 64
    masks = []
    for group in groups:
        positions = gram_positions(
            key.derive("filter", pass_=step.name, group=group.name), group.grams.vocabulary, profile.bits
        )
        permutations = (
            tap_permutations(key.derive("spread", pass_=step.name, group=group.name), profile.taps, profile.bits)
            if profile.taps
            else identity_permutation(profile.bits)
        )
        masks.append(tap_masks(group.grams, group.pairs, positions, permutations))
    diffusion_keys = [key.derive("diffusion", pass_=step.name, group=group.name) for group in groups]
    released = [np.zeros((len(rows), out_words), np.uint64) for _ in groups]
    keep = np.ones(len(rows), dtype=bool)
    leaks = np.zeros(max(0, len(starts) - 1))
    set_bits = np.zeros(len(groups))
    token_classes = np.array(classes, dtype=np.int64).reshape(len(classes), len(rows))

    def work(first: int, last: int, seed: int) -> None:
        """Blocks ``first`` to ``last``."""
        low, high = starts[first], starts[last]
        block_of = np.repeat(np.arange(last - first), np.diff(starts[first : last + 1]))
        raw = np.zeros((len(groups), high - low, words), np.uint64)
        for place, group in enumerate(groups):
            schedule = (
                block_schedule(
                    diffusion_keys[place], seeds[first:last], profile.taps, profile.bits, profile.released_bits
                )
                if profile.taps
                else np.zeros((0, 1, 1, 2), np.uint8)
            )
            spread_rows(
                rows[low:high],
                block_of,
                group.grams.offsets,
                group.row_pairs,
                masks[place],
                schedule,
                raw[place],
                released[place][low:high],
            )
            set_bits[place] += np.bitwise_count(raw[place][valid[place, low:high]]).sum()
        found = measure_blocks(
            raw,
            np.ascontiguousarray(valid[:, low:high]),
            np.ascontiguousarray(token_classes[:, low:high]),
            starts[first : last + 1] - low,
            taps=profile.taps,
            released_bits=profile.released_bits,
            limit=profile.leak_limit,
            drop=profile.excess in ("drop", "split"),
            rng=np.random.default_rng(seed),
        )
        keep[low:high] = found.keep
        leaks[first:last] = found.leak

    borders = _chunk_borders(starts)
    draws = rng.integers(0, 2**63, size=len(borders))
    jobs = [(first, last, int(seed)) for (first, last), seed in zip(borders, draws, strict=True)]
    if threads > 1 and len(jobs) > 1:
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda job: work(*job), jobs))
    else:
        for job in jobs:
            work(*job)
    counts = valid.sum(axis=1) * profile.bits
    fill = {
        group.name: float(np.round(set_bits[place] / counts[place], 4)) if counts[place] else 0.0
        for place, group in enumerate(groups)
    }
    return released, keep, leaks, fill


def _chunk_borders(starts: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Runs of whole blocks of about ``ROWS_AT_A_TIME`` rows."""
    borders: list[tuple[int, int]] = []
    first = 0
    while first < len(starts) - 1:
        last = int(np.searchsorted(starts, starts[first] + ROWS_AT_A_TIME, side="right")) - 1
        last = min(max(last, first + 1), len(starts) - 1)
        borders.append((first, last))
        first = last
    return borders
