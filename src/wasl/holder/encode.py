"""Encodes a register: the delivery for the linkage unit, the join map for the spine keeper, the payload for the desk.

*Source:* the scheme is described in ``docs/encoding.md``.

*Does not protect against:* collusion of the linkage unit with a holder of the key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wasl.errors import LeakError, RegisterError
from wasl.holder.bloom import gram_positions, pair_grams, tap_masks
from wasl.holder.diffusion import block_schedule, identity_permutation, spread_rows, tap_permutations
from wasl.holder.grams import GroupGrams, group_grams
from wasl.holder.keys import LinkageKey
from wasl.holder.leak import measure_blocks
from wasl.holder.parts import PartDigests, digest_parts
from wasl.holder.payload import HarmonizedColumn, payload_columns
from wasl.holder.persons import describe_persons
from wasl.holder.profile import EncodingPass, EncodingProfile, Part
from wasl.holder.pseudonym import LABEL_BYTES, hash_messages, hash_words, permute_labels
from wasl.registers.delivery import SCHEME_VERSION, Delivery, DeliveryHeader, PassSummary
from wasl.registers.digests import digest_table
from wasl.registers.join_map import JOIN_MAP_SCHEMA, JoinMap
from wasl.registers.payload import Payload
from wasl.registers.reader import RegisterTable, register_from_table
from wasl.registers.schema import RegisterSchema

__all__ = ["BlockFigures", "Encoded", "encode"]

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
class Encoded:
    """What comes out of encoding, each part for another reader.

    Attributes:
        delivery: For the linkage unit.
        join_map: For the spine keeper.
        payload: For the release desk.
        keep_map: Stays with the holder: ``register, record, record_id`` (hexadecimal).
        harmonized: How payload variables were coded; stays with the holder (it can show unknown spellings).
        blocks: Figures per pass.
        passes_left_out: Passes the register lacks the features for.
    """

    delivery: Delivery
    join_map: JoinMap
    payload: Payload
    keep_map: pa.Table = field(repr=False)
    harmonized: tuple[HarmonizedColumn, ...] = field(repr=False)
    blocks: tuple[BlockFigures, ...] = field(repr=False)
    passes_left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Filters:
    """A group, ready to be encoded under any pass's key."""

    name: str
    grams: GroupGrams
    pairs: NDArray[np.int64]
    row_pairs: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class _PassRows:
    rows: NDArray[np.int64]
    row_ids: NDArray[np.uint8]
    left_out: NDArray[np.int64]
    columns: dict[str, pa.Array]
    summary: PassSummary
    figures: BlockFigures


def encode(
    register: RegisterTable | pa.Table | pd.DataFrame,
    schema: RegisterSchema,
    key: LinkageKey,
    profile: EncodingProfile,
    *,
    created: str,
    rng: np.random.Generator,
    name: str | None = None,
    period: str = "",
    progress: Callable[[int, int], None] | None = None,
    threads: int = 1,
) -> Encoded:
    """Encode a register under a key and a profile.

    Args:
        register: As read, or a table or frame with the schema's columns.
        schema: What the columns are.
        key: The project's key.
        profile: How to encode.
        created: ISO 8601 time, for the header.
        rng: Draws the samples of the leak meter; nothing secret comes from it.
        name: The delivery's register name, when two files of one schema are linked; default the schema's id.
        period: The reference period the register describes.
        progress: Called with (steps done, steps in all).
        threads: Threads over which the rows of a pass are spread.

    Raises:
        RegisterError: No record, or the register has no feature that any pass asks for.
        LeakError: A pass would leak more than the profile allows; says which, and what to do.
    """
    table = register if isinstance(register, RegisterTable) else register_from_table(_as_table(register), schema)
    if table.table.num_rows == 0:
        raise RegisterError("the register has no record that could be read.", remedy="See the rejects.")
    register_name = name or schema.register_id
    wanted = [part for step in profile.passes for part in step.block]
    wanted += [part for token in profile.tokens for part in token.parts]
    features = {part.feature for group in profile.groups for part in group.parts}
    persons = describe_persons(table.table, schema, features | set(wanted))
    parts = digest_parts(persons, wanted, key)
    records = table.table[schema.record].combine_chunks()
    record_ids = hash_words(key.derive("record-id"), pc.binary_join_element_wise(register_name, records, "\0"))
    record_ids = np.ascontiguousarray(record_ids[:, :LABEL_BYTES])
    filters: dict[str, _Filters] = {}
    for group in profile.groups:
        grams = group_grams(persons, group)
        if grams is not None:
            filters[group.name] = _Filters(group.name, grams, *pair_grams(grams, profile.bits, group.fill))

    encoded: list[_PassRows] = []
    left_out: list[str] = []
    for done, step in enumerate(profile.passes):
        if all(part in parts for part in step.block) and (
            any(group in filters for group in step.groups) or any(_token_parts(profile, t, parts) for t in step.tokens)
        ):
            encoded.append(_encode_pass(step, profile, key, parts, filters, record_ids, rng, threads))
        else:
            left_out.append(step.name)
        if progress is not None:
            progress(done + 1, len(profile.passes))
    encoded = [step for step in encoded if len(step.rows)]
    if not encoded:
        raise RegisterError(
            f"register {register_name!r} has no feature that profile {profile.name!r} could use.",
            remedy="Check the features in the register schema, or choose another profile.",
        )
    return _assemble(
        encoded, table, schema, key, profile, record_ids, records, register_name, period, created, tuple(left_out)
    )


def _as_table(register: pa.Table | pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(register, preserve_index=False) if isinstance(register, pd.DataFrame) else register


def _token_parts(profile: EncodingProfile, name: str, parts: dict[Part, PartDigests]) -> list[PartDigests] | None:
    """The parts of a token, or None where the register lacks one."""
    wanted = profile.token_by_name[name].parts
    return [parts[part] for part in wanted] if all(part in parts for part in wanted) else None


def _encode_pass(
    step: EncodingPass,
    profile: EncodingProfile,
    key: LinkageKey,
    parts: dict[Part, PartDigests],
    filters: dict[str, _Filters],
    record_ids: NDArray[np.uint8],
    rng: np.random.Generator,
    threads: int,
) -> _PassRows:
    """A pass; under ``split``, what a block cannot hold goes to a block of its own, under another label and key."""
    turns = [_encode_turn(step, profile, key, parts, filters, record_ids, rng, threads, None, 0)]
    while profile.excess == "split" and len(turns[-1].left_out) and len(turns) < SPLIT_TURNS:
        among = turns[-1].left_out
        turns.append(_encode_turn(step, profile, key, parts, filters, record_ids, rng, threads, among, len(turns)))
    whole = _joined(turns) if len(turns) > 1 else turns[0]
    total = len(whole.rows) + len(whole.left_out)
    if total and len(whole.left_out) > profile.drop_limit * total:
        raise LeakError(
            f"pass {step.name!r}: {len(whole.left_out)} of {total} records would have to be left out to keep T within "
            f"{profile.leak_limit:g} (largest block: {whole.summary.largest_block} records).",
            remedy="Compose the pass of finer blocks, raise taps, or release fewer groups in it.",
        )
    return whole


def _joined(turns: list[_PassRows]) -> _PassRows:
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
    return _PassRows(rows, row_ids[order], left_out, columns, summary, figures)


def _encode_turn(
    step: EncodingPass,
    profile: EncodingProfile,
    key: LinkageKey,
    parts: dict[Part, PartDigests],
    filters: dict[str, _Filters],
    record_ids: NDArray[np.uint8],
    rng: np.random.Generator,
    threads: int,
    among: NDArray[np.int64] | None,
    turn: int,
) -> _PassRows:
    rows, labels, seeds, starts = _blocks(step, key, parts, len(record_ids), among, turn)
    tokens: dict[str, tuple[NDArray[np.uint8], NDArray[np.bool_]]] = {}
    for token in step.tokens:
        digests = _token_parts(profile, token, parts)
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
        "block": _fixed(np.repeat(labels, sizes, axis=0)[order]),
        "row_id": _fixed(row_ids[shuffle]),
        **{f"token_{t}": _fixed(values[order], present[order]) for t, (values, present) in tokens.items()},
        **{
            f"filter_{group.name}": _fixed(released[place][order].view(np.uint8), valid[place][order])
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
    return _PassRows(rows[order], row_ids[shuffle], rows[~keep], columns, summary, figures)


def _blocks(
    step: EncodingPass,
    key: LinkageKey,
    parts: dict[Part, PartDigests],
    count: int,
    among: NDArray[np.int64] | None,
    turn: int,
) -> tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.uint8], NDArray[np.int64]]:
    """Rows of the pass in block order, block labels and secret seeds, and where each block starts."""
    present = np.ones(count, dtype=bool)
    for part in step.block:
        present &= parts[part].present
    rows = np.flatnonzero(present) if among is None else among
    mark = np.full((len(rows), 1 if turn else 0), turn, np.uint8)
    message = np.concatenate([mark, *(parts[part].digests[rows] for part in step.block)], axis=1)
    hashed = hash_messages(key.derive("block", pass_=step.name), message)
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
    groups: list[_Filters],
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
        masks.append(tap_masks(group.pairs, positions, permutations))
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


def _fixed(values: NDArray[np.uint8], present: NDArray[np.bool_] | None = None) -> pa.Array:
    """Rows of bytes as fixed-size binary; absent rows are null and their bytes are wiped."""
    data = np.ascontiguousarray(values)
    width = data.shape[1]
    if present is None or present.all():
        return pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), len(data), [None, pa.py_buffer(data)])
    data = np.where(present[:, None], data, np.uint8(0))
    bitmap = pa.py_buffer(np.packbits(present, bitorder="little"))
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), len(data), [bitmap, pa.py_buffer(data)])


def _hexadecimal(labels: NDArray[np.uint8]) -> pa.Array:
    """Labels as text."""
    text = pa.py_buffer(labels.tobytes().hex().encode())
    offsets = np.arange(len(labels) + 1, dtype=np.int32) * (2 * LABEL_BYTES)
    return pa.StringArray.from_buffers(len(labels), pa.py_buffer(offsets), text)


def _column(step: _PassRows, name: str, width: int) -> pa.Array:
    """A column of a pass, null throughout where the pass has none."""
    found = step.columns.get(name)
    return pa.nulls(len(step.rows), pa.binary(width)) if found is None else found


def _assemble(
    encoded: list[_PassRows],
    table: RegisterTable,
    schema: RegisterSchema,
    key: LinkageKey,
    profile: EncodingProfile,
    record_ids: NDArray[np.uint8],
    records: pa.Array,
    register_name: str,
    period: str,
    created: str,
    left_out: tuple[str, ...],
) -> Encoded:
    token_names = [t.name for t in profile.tokens if any(f"token_{t.name}" in step.columns for step in encoded)]
    group_names = [g.name for g in profile.groups if any(f"filter_{g.name}" in step.columns for step in encoded)]
    types = {"block": LABEL_BYTES, "row_id": LABEL_BYTES}
    types |= {f"token_{name}": LABEL_BYTES for name in token_names}
    types |= {f"filter_{name}": profile.released_bits // 8 for name in group_names}
    names = pa.array([step.summary.name for step in encoded], pa.string())
    codes = np.repeat(np.arange(len(encoded), dtype=np.int32), [len(step.rows) for step in encoded])
    passes = pa.DictionaryArray.from_arrays(pa.array(codes), names)
    columns = {"pass": pa.chunked_array([passes])}
    for column, width in types.items():
        columns[column] = pa.chunked_array([_column(step, column, width) for step in encoded], pa.binary(width))
    rows = pa.table(columns)
    header = DeliveryHeader(
        scheme=SCHEME_VERSION,
        profile=profile.name,
        profile_digest=profile.digest,
        project=key.project,
        key_id=key.key_id,
        holder=schema.holder,
        register=register_name,
        schema_digest=schema.digest,
        period=period,
        records=table.table.num_rows,
        rejects=table.rows_rejected,
        token_names=tuple(token_names),
        filter_bits=dict.fromkeys(group_names, profile.released_bits),
        leak=max(step.summary.leak for step in encoded),
        passes=tuple(step.summary for step in encoded),
        content_digest=digest_table(rows),
        created=created,
    )
    delivery = Delivery(header, rows)
    joined = _join_rows(record_ids, encoded, passes, rows["row_id"])
    by_id = np.argsort(np.ascontiguousarray(record_ids).view("S16").ravel(), kind="stable")
    harmonized = payload_columns(table.table, schema)
    payload_rows = pa.table(
        {"record_id": _fixed(record_ids), **{column.standard: column.values for column in harmonized}}
    ).take(pa.array(by_id))
    payload = Payload(register_name, schema.holder, period, schema.digest, payload_rows)
    payload.refuse_identifiers(schema)
    keep_map = pa.table(
        {
            "register": pa.array([register_name] * len(records), pa.string()),
            "record": records,
            "record_id": _hexadecimal(record_ids),
        }
    )
    return Encoded(
        delivery,
        JoinMap(register_name, delivery.digest, joined),
        payload,
        keep_map,
        tuple(harmonized),
        tuple(step.figures for step in encoded),
        left_out,
    )


def _join_rows(
    record_ids: NDArray[np.uint8], encoded: list[_PassRows], passes: pa.DictionaryArray, row_ids: pa.ChunkedArray
) -> pa.Table:
    """The join map's rows; a record that no pass could take stands there once, without pass and row id.

    Such a record (no birth date, no number) can never be linked, but it is a person and must not be lost.
    """
    taken = np.concatenate([step.rows for step in encoded])
    alone = np.setdiff1d(np.arange(len(record_ids)), taken)
    ids = _fixed(record_ids[np.concatenate([taken, alone])])
    names = pa.chunked_array([passes.cast(pa.string()), pa.nulls(len(alone), pa.string())])
    labels = pa.chunked_array([*row_ids.chunks, pa.nulls(len(alone), pa.binary(LABEL_BYTES))])
    return pa.table({"record_id": ids, "pass": names.dictionary_encode(), "row_id": labels}).cast(JOIN_MAP_SCHEMA)
