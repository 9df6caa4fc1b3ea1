"""Encodes a register: the delivery for the linkage unit, the join map for the spine keeper, the payload for the desk.

*Source:* the scheme is described in ``docs/encoding.md``.

*Does not protect against:* collusion of the linkage unit with a holder of the key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from numpy.typing import NDArray

from wasl.errors import LeakError, RegisterError
from wasl.holder.duplicates import list_merged, number_persons
from wasl.holder.encoding.blocking_keys import digest_parts
from wasl.holder.encoding.blocks import order_labels
from wasl.holder.encoding.filters import PreparedGroup, prepare_group
from wasl.holder.encoding.grams import group_grams
from wasl.holder.encoding.label_columns import fixed_bytes, hexadecimal
from wasl.holder.encoding.passes import BlockFigures, PassRows, encode_pass, token_parts
from wasl.holder.encoding.pseudonym import LABEL_BYTES, hash_words
from wasl.holder.keys import LinkageKey
from wasl.holder.normalize import Unused, describe_persons
from wasl.holder.payload import HarmonizedColumn, payload_columns
from wasl.holder.profile import EncodingPass, EncodingProfile, Part
from wasl.registers.exchange.delivery import SCHEME_VERSION, Delivery, DeliveryHeader
from wasl.registers.exchange.encoded_rows import EncodedRows, RowSink, RowsInMemory, parts_digest
from wasl.registers.exchange.join_map import JOIN_MAP_SCHEMA, JoinMap
from wasl.registers.exchange.payload import Payload
from wasl.registers.reading.reader import RegisterTable, register_from_table
from wasl.registers.schema import RegisterSchema

__all__ = ["BlockFigures", "Encoded", "LeftOut", "encode"]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A pass or group of the profile that is not in the delivery.

    Attributes:
        kind: ``pass`` or ``group``.
        name: Its name.
        reason: Why, in a phrase.
        expected: Whether the register has nothing of what it is made of. If it has a part of it, that is a warning: one
            absent feature took the whole away.
    """

    kind: Literal["pass", "group"]
    name: str
    reason: str
    expected: bool


@dataclass(frozen=True, slots=True)
class Encoded:
    """What comes out of encoding, each part for another reader.

    Attributes:
        delivery: For the linkage unit.
        join_map: For the spine keeper.
        payload: For the release desk.
        keep_map: Stays with the holder: ``register, record, record_id`` (hexadecimal).
        merged: Stays with the holder: ``group, record``, the records that were taken as one person.
        harmonized: How payload variables were coded; stays with the holder (it can show unknown spellings).
        blocks: Figures per pass.
        leak_limit: The largest T the profile allows.
        left_out: Passes and groups of the profile that are not in the delivery, and why.
        unused: Cells that were there and could not be used (void identifiers, placeholders, unknown codes), counted.
    """

    delivery: Delivery
    join_map: JoinMap
    payload: Payload
    keep_map: pa.Table = field(repr=False)
    merged: pa.Table = field(repr=False)
    harmonized: tuple[HarmonizedColumn, ...] = field(repr=False)
    blocks: tuple[BlockFigures, ...] = field(repr=False)
    leak_limit: float = 1.0
    left_out: tuple[LeftOut, ...] = ()
    unused: tuple[Unused, ...] = ()

    @property
    def passes_left_out(self) -> tuple[str, ...]:
        """Names of the passes that are not in the delivery."""
        return tuple(item.name for item in self.left_out if item.kind == "pass")


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
    round_name: str = "",
    consent_weak_profile: bool = False,
    progress: Callable[[int, int], None] | None = None,
    threads: int = 1,
    signer: Ed25519PrivateKey | None = None,
    into: Callable[[Mapping[str, int]], RowSink] = RowsInMemory,
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
        round_name: The linkage round the delivery is made for; only deliveries of one round can be compared. Empty
            for the round without a name.
        consent_weak_profile: Whether a profile with weaknesses may be used; see ``EncodingProfile.weaknesses``.
        progress: Called with (steps done, steps in all).
        threads: Threads over which the rows of a pass are spread.
        signer: The holder's key, to sign delivery, join map and payload with.
        into: Given the bytes of each column, where the rows go, pass by pass; they are kept in memory if not said.

    Raises:
        RegisterError: No record, or the register has no feature that any pass asks for.
        LeakError: The profile is weak and nobody consented, or a pass would leak more than the profile allows; says
            which, and what to do.
    """
    profile.require_consent(given=consent_weak_profile)
    table = register if isinstance(register, RegisterTable) else register_from_table(_as_table(register), schema)
    if table.table.num_rows == 0:
        raise RegisterError("the register has no record that could be read.", remedy="See the rejects.")
    register_name = name or schema.register_id
    wanted = [part for step in profile.passes for part in step.block]
    wanted += [part for token in profile.tokens for part in token.parts]
    features = {part.feature for group in profile.groups for part in group.parts}
    persons = describe_persons(table.table, schema, features | set(wanted))
    as_they_are = profile.rows == "record" or schema.duplicate_free
    person = np.arange(persons.count) if as_they_are else number_persons(persons)
    round_key = key.for_round(round_name, profile.digest)
    parts = digest_parts(persons, wanted, round_key)
    records = table.table[schema.record].combine_chunks()
    record_ids = hash_words(key.derive("record-id"), pc.binary_join_element_wise(register_name, records, "\0"))
    record_ids = np.ascontiguousarray(record_ids[:, :LABEL_BYTES])
    by_id = order_labels(record_ids)
    filters: dict[str, PreparedGroup] = {}
    for group in profile.groups:
        grams = group_grams(persons, group)
        if grams is not None:
            filters[group.name] = prepare_group(group.name, grams, profile.bits, group.fill)
    unused = persons.notes
    del persons  # what a register says is not held while it is encoded

    steps = [
        step
        for step in profile.passes
        if all(part in parts for part in step.block)
        and (
            not (step.groups or step.tokens)
            or any(group in filters for group in step.groups)
            or any(token_parts(profile, t, parts) for t in step.tokens)
        )
    ]
    tokens = {name for step in steps for name in step.tokens if token_parts(profile, name, parts)}
    token_names = [token.name for token in profile.tokens if token.name in tokens]
    group_names = [g.name for g in profile.groups if g.name in filters and any(g.name in step.groups for step in steps)]
    sink = into(
        {"block": LABEL_BYTES, "row_id": LABEL_BYTES}
        | {f"token_{name}": LABEL_BYTES for name in token_names}
        | {f"filter_{name}": profile.released_bits // 8 for name in group_names}
    )
    left_out = _left_out(profile, steps, set(parts), filters, schema)
    encoded: list[PassRows] = []
    for done, step in enumerate(steps):
        try:
            rows = encode_pass(step, profile, round_key, parts, filters, record_ids, by_id, person, rng, threads)
        except LeakError as error:
            if not step.optional:
                raise
            left_out.append(LeftOut("pass", step.name, error.message, expected=False))
            continue
        if rows.summary.rows:
            sink.add(step.name, pa.table(rows.columns))
            encoded.append(replace(rows, columns={}))  # what is kept of a pass is small
        del rows
        if progress is not None:
            progress(done + 1, len(steps))
    if not encoded:
        raise RegisterError(
            f"register {register_name!r} has no feature that profile {profile.name!r} could use.",
            remedy="Check the features in the register schema, or choose another profile.",
        )
    stamp = _Stamp(schema, key, profile, register_name, period, round_name, created, signer)
    assembled = _assemble(
        stamp,
        _Rows(table, records, record_ids, by_id, person),
        encoded,
        sink.kept(),
        token_names=token_names,
        group_names=group_names,
        left_out=tuple(left_out),
    )
    return replace(assembled, unused=unused)


def _left_out(
    profile: EncodingProfile,
    steps: list[EncodingPass],
    parts: set[Part],
    filters: Mapping[str, PreparedGroup],
    schema: RegisterSchema,
) -> list[LeftOut]:
    """The groups and passes that the register lacks features for.

    Args:
        profile: How to encode.
        steps: The passes that are encoded.
        parts: The parts of blocks and tokens that the register has.
        filters: The groups it has.
        schema: What its columns are.
    """
    found: list[LeftOut] = []
    for group in profile.groups:
        if group.name not in filters:
            known = {part.feature: _has_feature(schema, part.feature) for part in group.parts}
            missing = [part.feature for part in group.parts if part.required and not known[part.feature]]
            absent = ", ".join(missing or known)
            reason = f"the register has no {absent}"
            found.append(LeftOut("group", group.name, reason, expected=not any(known.values())))
    for step in profile.passes:
        if step not in steps:
            missing = [part for part in step.block if part not in parts]
            reason = f"the register has no {', '.join(missing)}" if missing else "none of its groups can be released"
            found.append(LeftOut("pass", step.name, reason, expected=True))
    return found


def _has_feature(schema: RegisterSchema, feature: str) -> bool:
    """Whether a column of the register gives a feature, or what it is composed of."""
    if feature == "names":
        return any(name in schema.by_feature for name in ("surname", "given", "full_name"))
    pieces = {name.value for field in schema.fields for name in field.piece_features.values()}
    return feature in schema.by_feature or feature in pieces


def _as_table(register: pa.Table | pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(register, preserve_index=False) if isinstance(register, pd.DataFrame) else register


@dataclass(frozen=True, slots=True)
class _Stamp:
    """The circumstances of an encoding, which every file that leaves the holder states.

    Attributes:
        schema: The register's schema.
        key: The project's key.
        profile: The encoding profile.
        register: The name of the register in the delivery.
        period: The reference period.
        round_name: The linkage round.
        created: ISO 8601 time.
        signer: The holder's key, or None.
    """

    schema: RegisterSchema
    key: LinkageKey = field(repr=False)
    profile: EncodingProfile
    register: str
    period: str
    round_name: str
    created: str
    signer: Ed25519PrivateKey | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Rows:
    """The records of a register and their ids.

    Attributes:
        table: The register as read.
        number: (records) the holder's record numbers.
        record_id: (records, 16) the keyed ids.
        by_id: (records) the records in the order of their ids.
        person: (records) the person of each record, as far as the register itself shows.
    """

    table: RegisterTable = field(repr=False)
    number: pa.Array = field(repr=False)
    record_id: NDArray[np.uint8] = field(repr=False)
    by_id: NDArray[np.int64] = field(repr=False)
    person: NDArray[np.int64] = field(repr=False)


def _assemble(
    stamp: _Stamp,
    records: _Rows,
    encoded: list[PassRows],
    rows: EncodedRows,
    *,
    token_names: list[str],
    group_names: list[str],
    left_out: tuple[LeftOut, ...],
) -> Encoded:
    """The delivery, the join map, the payload and the keep map of the encoded passes, signed where a key is given.

    Args:
        stamp: The circumstances of the encoding.
        records: The records and their ids.
        encoded: The passes.
        rows: The rows of all passes.
        token_names: The token columns of the delivery.
        group_names: The filter columns of the delivery.
        left_out: The groups and passes that were not encoded.
    """
    header = DeliveryHeader(
        scheme=SCHEME_VERSION,
        profile=stamp.profile.name,
        profile_digest=stamp.profile.digest,
        project=stamp.key.project,
        key_id=stamp.key.key_id,
        holder=stamp.schema.holder,
        register=stamp.register,
        schema_digest=stamp.schema.digest,
        period=stamp.period,
        records=records.table.table.num_rows,
        rejects=records.table.rows_rejected,
        token_names=tuple(token_names),
        filter_bits=dict.fromkeys(group_names, stamp.profile.released_bits),
        leak=max(step.summary.leak for step in encoded),
        passes=tuple(step.summary for step in encoded),
        content_digest=parts_digest(rows.parts),
        created=stamp.created,
        round=stamp.round_name,
        weaknesses=stamp.profile.weaknesses,
    )
    delivery = Delivery(header, rows) if stamp.signer is None else Delivery(header, rows).signed(stamp.signer)
    joined = _join_rows(records.record_id, records.by_id, encoded)
    harmonized = payload_columns(records.table.table, stamp.schema, partial(_household_hashes, stamp))
    payload_rows = pa.table(
        {"record_id": fixed_bytes(records.record_id), **{column.standard: column.values for column in harmonized}}
    ).take(pa.array(records.by_id))
    payload = Payload(
        stamp.register,
        stamp.schema.holder,
        stamp.period,
        stamp.schema.digest,
        payload_rows,
        project=stamp.key.project,
        round=stamp.round_name,
        created=stamp.created,
    )
    payload.refuse_identifiers(stamp.schema)
    join_map = JoinMap.of(delivery.digest, delivery.header, joined)
    if stamp.signer is not None:
        join_map, payload = join_map.signed(stamp.signer), payload.signed(stamp.signer)
    keep_map = pa.table(
        {
            "register": pa.repeat(stamp.register, len(records.number)),
            "record": records.number,
            "record_id": hexadecimal(records.record_id),
        }
    )
    return Encoded(
        delivery,
        join_map,
        payload,
        keep_map,
        list_merged(records.person, records.number),
        tuple(harmonized),
        tuple(step.figures for step in encoded),
        stamp.profile.leak_limit,
        left_out,
    )


def _household_hashes(stamp: _Stamp, households: pa.Array) -> NDArray[np.uint64]:
    """A keyed hash of each household number, other in every register and round: numbers of two payloads do not meet."""
    place = "\0".join((stamp.register, stamp.round_name))
    hashed = hash_words(stamp.key.derive("household"), pc.binary_join_element_wise(place, households, "\0"))
    return np.ascontiguousarray(hashed[:, :8]).view(np.uint64).ravel()


def _join_rows(record_ids: NDArray[np.uint8], by_id: NDArray[np.int64], encoded: list[PassRows]) -> pa.Table:
    """The join map's rows, pass after pass and by record id within each: the order of the register does not show.

    A record that is in no pass is listed once, without pass and row id. It has no birth date and no number and can
    never be linked, but it is a person and must not be lost.

    Args:
        record_ids: (records, 16) bytes.
        by_id: (records,) the records in the order of their ids.
        encoded: The passes.
    """
    rank = np.empty(len(record_ids), np.int32)
    rank[by_id] = np.arange(len(by_id), dtype=np.int32)
    orders = [np.argsort(rank[step.members]) for step in encoded]
    untaken = np.ones(len(record_ids), dtype=bool)
    for step in encoded:
        untaken[step.members] = False
    alone = by_id[untaken[by_id]]
    ids = [fixed_bytes(record_ids[step.members[order]]) for step, order in zip(encoded, orders, strict=True)]
    labels = [fixed_bytes(step.member_ids[order]) for step, order in zip(encoded, orders, strict=True)]
    names = pa.array([step.summary.name for step in encoded], pa.string())
    taken = sum(map(len, orders))
    codes = np.repeat(np.arange(len(encoded), dtype=np.int32), [len(order) for order in orders])
    codes = np.concatenate([codes, np.zeros(len(alone), np.int32)])
    passes = pa.DictionaryArray.from_arrays(pa.array(codes, mask=np.arange(len(codes)) >= taken), names)
    columns = {
        "record_id": pa.chunked_array([*ids, fixed_bytes(record_ids[alone])], pa.binary(LABEL_BYTES)),
        "pass": passes,
        "row_id": pa.chunked_array([*labels, pa.nulls(len(alone), pa.binary(LABEL_BYTES))]),
    }
    return pa.table(columns).cast(JOIN_MAP_SCHEMA)
