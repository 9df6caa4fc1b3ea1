"""Encodes one pass: blocks and their secrets, tokens, diffused filters, and what the leak meter lets out."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.errors import LeakError
from wasl.holder.blocks import Blocks, block_hashes, one_row_per_person, order_labels, rows_with, sort_into_blocks
from wasl.holder.columns import fixed_bytes
from wasl.holder.filters import KeyedGroup, PreparedGroup, key_groups, measure_pass, release_group
from wasl.holder.keys import LinkageKey
from wasl.holder.parts import PartDigests
from wasl.holder.profile import EncodingPass, EncodingProfile, Part
from wasl.holder.pseudonym import LABEL_BYTES, hash_messages, permute_labels
from wasl.registers.delivery import PassSummary

__all__ = ["BlockFigures", "PassRows", "encode_pass", "token_parts"]

SPLIT_TURNS = 8
"""Most blocks one block is split into."""


@dataclass(frozen=True, slots=True)
class BlockFigures:
    """Blocks of a pass, for ``--explain``: sizes and T, largest first. No value and no label."""

    pass_name: str
    sizes: NDArray[np.int64] = field(repr=False)
    leaks: NDArray[np.float64] = field(repr=False)


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
    members = rows_with(step, parts, len(record_ids))
    groups = key_groups(step, profile, key, [filters[group] for group in step.groups if group in filters])
    hashed = block_hashes(step, key, parts, members, 0)
    chosen, stands = one_row_per_person(hashed, members, person, [group.present for group in groups], record_ids)
    some = members if len(chosen) == len(members) else members[chosen]
    hashed = hashed if len(chosen) == len(members) else hashed[chosen]
    turns: list[PassRows] = []
    while True:
        blocks = sort_into_blocks(some, hashed)
        turns.append(_encode_turn(step, profile, key, parts, groups, record_ids, rng, threads, blocks))
        some = turns[-1].left_out
        if profile.excess != "split" or not len(some) or len(turns) == SPLIT_TURNS:
            break
        hashed = block_hashes(step, key, parts, some, len(turns))
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
    groups: list[KeyedGroup],
    record_ids: NDArray[np.uint8],
    rng: np.random.Generator,
    threads: int,
    blocks: Blocks,
) -> PassRows:
    tokens = _tokens(step, profile, key, parts, blocks.rows)
    keep, leaks = measure_pass(groups, profile, blocks, _classes(tokens, len(blocks.rows)), rng, threads)
    if profile.excess == "refuse" and len(leaks) and leaks.max() > profile.leak_limit:
        raise LeakError(
            f"pass {step.name!r}: T = {leaks.max():.2f} in a block of {int(blocks.sizes[leaks.argmax()])} records, "
            f"above the limit of {profile.leak_limit:g}.",
            remedy="Compose the pass of finer blocks, raise taps, or release fewer groups in it.",
        )
    kept = np.flatnonzero(keep)
    row_ids = permute_labels(key.derive("row-id", pass_=step.name), record_ids[blocks.rows[kept]])
    shuffle = order_labels(row_ids)
    order = kept[shuffle]
    rows = blocks.rows[order]
    place = np.full(len(blocks.rows), -1, np.int64)
    place[order] = np.arange(len(order))
    columns = {
        "block": fixed_bytes(blocks.labels[blocks.block_of[order]]),
        "row_id": fixed_bytes(row_ids[shuffle]),
        **{f"token_{t}": fixed_bytes(values[order], present[order]) for t, (values, present) in tokens.items()},
    }
    fill = {}
    for group in groups:
        there = kept[group.present[blocks.rows[kept]]]
        released, set_bits = release_group(group, profile, blocks, there, place[there], len(order), threads)
        columns[f"filter_{group.name}"] = fixed_bytes(released.view(np.uint8), group.present[rows])
        fill[group.name] = round(set_bits / (len(there) * profile.bits), 4) if len(there) else 0.0
    sizes = np.bincount(blocks.block_of[kept], minlength=len(leaks))
    occupied = sizes > 0
    summary = PassSummary(
        step.name,
        len(order),
        int(occupied.sum()),
        int(sizes.max()) if len(order) else 0,
        float(np.round(leaks.max(), 4)) if len(leaks) else 0.0,
        fill,
        len(keep) - len(kept),
    )
    by_size = np.argsort(-sizes[occupied], kind="stable")
    figures = BlockFigures(step.name, sizes[occupied][by_size], leaks[occupied][by_size])
    left_out = blocks.rows[~keep]
    return PassRows(rows, row_ids[shuffle], rows, np.arange(len(rows)), left_out, columns, summary, figures)


def _tokens(
    step: EncodingPass,
    profile: EncodingProfile,
    key: LinkageKey,
    parts: dict[Part, PartDigests],
    rows: NDArray[np.int64],
) -> dict[str, tuple[NDArray[np.uint8], NDArray[np.bool_]]]:
    """The tokens of some rows by name, and which rows have them; a token the register lacks a part of is left out."""
    tokens = {}
    for token in step.tokens:
        digests = token_parts(profile, token, parts)
        if digests is not None:
            present = np.logical_and.reduce([d.present[rows] for d in digests])
            message = np.concatenate([d.digests[rows] for d in digests], axis=1)
            hashed = hash_messages(key.derive("token", pass_=step.name, group=token), message)
            tokens[token] = (np.ascontiguousarray(hashed[:, :LABEL_BYTES]), present)
    return tokens


def _classes(tokens: dict[str, tuple[NDArray[np.uint8], NDArray[np.bool_]]], rows: int) -> NDArray[np.int64]:
    """Rows with equal tokens as equal numbers, -1 where missing: (tokens, rows)."""
    classes = [
        np.where(present, values[:, :8].copy().view("<i8").ravel() & np.int64(2**62 - 1), np.int64(-1))
        for values, present in tokens.values()
    ]
    return np.array(classes, dtype=np.int64).reshape(len(classes), rows)
