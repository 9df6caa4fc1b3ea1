"""Encodes a register: the delivery for the linkage unit, the join map for the spine keeper, the payload for the desk.

*Source:* the scheme is described in ``docs/encoding.md``.

*Does not protect against:* collusion of the linkage unit with a holder of the key.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from numpy.typing import NDArray

from wasl.errors import LeakError, RegisterError
from wasl.holder.duplicates import number_persons
from wasl.holder.encoded import Encoded, EncodedRecords, JoinRows, LeftOut, Stamp, assemble
from wasl.holder.encoding.blocking_keys import PartDigests, digest_parts
from wasl.holder.encoding.blocks import order_labels
from wasl.holder.encoding.filters import PreparedGroup, prepare_group
from wasl.holder.encoding.grams import group_grams
from wasl.holder.encoding.passes import BlockFigures, PassRows, encode_pass, token_parts
from wasl.holder.encoding.pseudonym import LABEL_BYTES, hash_labels, hash_words
from wasl.holder.few_features import note_few_features
from wasl.holder.keys import LinkageKey, RoundKey
from wasl.holder.normalize import Persons, describe_persons
from wasl.holder.payload import HarmonizedColumn, payload_columns
from wasl.holder.profile import EncodingPass, EncodingProfile, Part
from wasl.registers.exchange.encoded_rows import RowSink, RowsInMemory
from wasl.registers.exchange.join_rows import JoinSink, JoinsInMemory
from wasl.registers.exchange.spilled_arrays import ArraysInMemory, ArrayStore, SetAside
from wasl.registers.reading.frames import register_from_table
from wasl.registers.reading.reader import RegisterTable
from wasl.registers.schema import RegisterSchema

__all__ = ["BlockFigures", "Encoded", "LeftOut", "encode"]


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
    joins: JoinSink | None = None,
    store: ArrayStore | None = None,
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
        joins: Where the rows of the join map go, pass by pass; they are kept in memory if not said.
        store: Where what is known of the register waits for the passes that need it; in memory if not said.

    Raises:
        RegisterError: No record, or the register has no feature that any pass asks for.
        LeakError: The profile is weak and nobody consented, or a pass would leak more than the profile allows; says
            which, and what to do.
    """
    profile.require_consent(given=consent_weak_profile)
    table = register if isinstance(register, RegisterTable) else register_from_table(_as_table(register), schema)
    del register  # whoever keeps no reference of their own lets go of what is not used any more
    if table.table.num_rows == 0:
        raise RegisterError("the register has no record that could be read.", remedy="See the rejects.")
    stamp = Stamp(schema, key, profile, name or schema.register_id, period, round_name, created, signer)
    described = _describe(table, stamp)
    rejected, rejects, reading = table.rows_rejected, table.rejects, table.notes
    del table
    pa.default_memory_pool().release_unused()  # a tenth of a kilobyte for each record would stay with the process
    prepared = _prepare(described, stamp, store or ArraysInMemory())
    known = prepared.records(rejected, described)
    unused = (*described.persons.notes, *note_few_features(schema, profile, described.persons.count))
    del described  # what a register says is not held while it is encoded
    pa.default_memory_pool().release_unused()

    columns = _columns(prepared, profile)
    sink = into(columns.widths(profile))
    left_out = _left_out(profile, columns.steps, set(prepared.parts), prepared.filters, schema)
    joined = JoinRows(joins or JoinsInMemory(), prepared.key, prepared.record_ids, prepared.by_id)
    encoded = _encode_passes(columns.steps, prepared, profile, sink, joined, left_out, rng, threads, progress)
    _require_passes(encoded, stamp)
    del prepared
    joined.add_alone()
    assembled = assemble(
        stamp,
        known,
        encoded,
        sink.kept(),
        joined.sink,
        token_names=columns.tokens,
        group_names=columns.groups,
        left_out=tuple(left_out),
    )
    return replace(assembled, unused=unused, rejects=rejects, reading=reading)


@dataclass(frozen=True, slots=True)
class _Described:
    """Content of a register: held until blocks and filters are prepared.

    Attributes:
        persons: The normalized features.
        numbers: The holder's record numbers.
        harmonized: The payload's columns.
    """

    persons: Persons
    numbers: pa.Array
    harmonized: tuple[HarmonizedColumn, ...]


@dataclass(frozen=True, slots=True)
class _Prepared:
    """Keyed forms of a register's content, of which passes are made.

    Attributes:
        key: The project's key in this round.
        parts: Parts of blocks and tokens that the register has.
        filters: Groups that it has.
        record_ids: (records, 16) the keyed ids.
        by_id: (records) the records in the order of their ids.
        person: (records) the person of each record, as far as the register itself shows.
    """

    key: RoundKey
    parts: SetAside[PartDigests]
    filters: SetAside[PreparedGroup]
    record_ids: NDArray[np.uint8]
    by_id: NDArray[np.int32]
    person: NDArray[np.int32]

    def records(self, rejects: int, described: _Described) -> EncodedRecords:
        """The records and their ids."""
        return EncodedRecords(
            rejects, described.harmonized, described.numbers, self.record_ids, self.by_id, self.person
        )


@dataclass(frozen=True, slots=True)
class _Columns:
    """Passes that can be encoded, and the columns that their rows have.

    Attributes:
        steps: The passes.
        tokens: Names of the tokens.
        groups: Names of the groups that filters are made of.
    """

    steps: list[EncodingPass]
    tokens: list[str]
    groups: list[str]

    def widths(self, profile: EncodingProfile) -> dict[str, int]:
        """The bytes of each column."""
        return (
            {"block": LABEL_BYTES, "row_id": LABEL_BYTES}
            | {f"token_{name}": LABEL_BYTES for name in self.tokens}
            | {f"filter_{name}": profile.released_bits // 8 for name in self.groups}
        )


def _describe(table: RegisterTable, stamp: Stamp) -> _Described:
    """The features that the profile asks for, the record numbers, and the payload's columns."""
    features = {part.feature for group in stamp.profile.groups for part in group.parts}
    wanted = features | set(_wanted_parts(stamp.profile))
    persons = describe_persons(table.table, stamp.schema, wanted, stamp.profile.spelled)
    numbers = table.table[stamp.schema.record].cast(pa.string()).combine_chunks()
    harmonized = payload_columns(table.table, stamp.schema, partial(_household_hashes, stamp))
    return _Described(persons, numbers, tuple(harmonized))


def _wanted_parts(profile: EncodingProfile) -> list[Part]:
    """The parts of all blocks and tokens."""
    return [part for step in profile.passes for part in step.block] + [
        part for token in profile.tokens for part in token.parts
    ]


def _prepare(described: _Described, stamp: Stamp, store: ArrayStore) -> _Prepared:
    """Persons, parts, ids and filters of a register, keyed for this round."""
    profile, persons = stamp.profile, described.persons
    as_they_are = profile.rows == "record" or stamp.schema.duplicate_free
    person = np.arange(persons.count, dtype=np.int32) if as_they_are else number_persons(persons)
    round_key = stamp.key.for_round(stamp.round_name, profile.digest)
    parts = digest_parts(persons, _wanted_parts(profile), round_key, store)
    record_ids = hash_labels(stamp.key.derive("record-id"), described.numbers, stamp.register)
    return _Prepared(round_key, parts, _filters(persons, profile, store), record_ids, order_labels(record_ids), person)


def _filters(persons: Persons, profile: EncodingProfile, store: ArrayStore) -> SetAside[PreparedGroup]:
    """The groups that the register has features for, ready to be filled into filters."""
    filters: SetAside[PreparedGroup] = SetAside(store)
    for group in profile.groups:
        grams = group_grams(persons, group)
        if grams is not None:
            filters.put(group.name, prepare_group(group.name, grams, profile.bits, group.fill))
        del grams
    return filters


def _columns(prepared: _Prepared, profile: EncodingProfile) -> _Columns:
    """The passes whose blocks and rows the register can give, and the columns of these rows."""
    parts, filters = prepared.parts, prepared.filters
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
    groups = {name for step in steps for name in step.groups if name in filters}
    return _Columns(
        steps,
        [token.name for token in profile.tokens if token.name in tokens],
        [group.name for group in profile.groups if group.name in groups],
    )


def _encode_passes(
    steps: list[EncodingPass],
    prepared: _Prepared,
    profile: EncodingProfile,
    sink: RowSink,
    joined: JoinRows,
    left_out: list[LeftOut],
    rng: np.random.Generator,
    threads: int,
    progress: Callable[[int, int], None] | None,
) -> list[PassRows]:
    """Encode each pass into the sink and the join map; an optional pass that would leak too much is left out.

    Raises:
        LeakError: A pass that is not optional would leak more than the profile allows.
    """
    encoded: list[PassRows] = []
    given = (prepared.key, prepared.parts, prepared.filters, prepared.record_ids, prepared.by_id, prepared.person)
    for done, step in enumerate(steps):
        try:
            rows = encode_pass(step, profile, *given, rng, threads, sink)
        except LeakError as error:
            if not step.optional:
                raise
            reason = error.message.removeprefix(f"pass {step.name!r}: ").removesuffix(".")
            left_out.append(LeftOut("pass", step.name, reason, expected=False))
            continue
        if rows.summary.rows:
            joined.add(rows)
            encoded.append(rows.summed_up())
        del rows
        if progress is not None:
            progress(done + 1, len(steps))
    return encoded


def _require_passes(encoded: list[PassRows], stamp: Stamp) -> None:
    """Refuse a register of which no pass could be encoded.

    Raises:
        RegisterError: There is none.
    """
    register_name, profile = stamp.register, stamp.profile
    if not encoded:
        raise RegisterError(
            f"register {register_name!r} has no feature that profile {profile.name!r} could use.",
            remedy="Check the features in the register schema, or choose another profile: `--profile generic` is "
            "composed from the features there are. Aggregates have no persons: they enter tables (`wasl tables`, `wasl "
            "indicators`) and are not encoded.",
        )


def _left_out(
    profile: EncodingProfile,
    steps: list[EncodingPass],
    parts: set[Part],
    filters: Container[str],
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
            needed = ", ".join([part.feature for part in group.parts if part.required] or known)
            reason = f"the register has no {absent}"
            if not missing and any(known.values()):
                reason = f"no record has a usable value for each of: {needed}"
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
        return bool(schema.name_columns)
    pieces = {name.value for field in schema.fields for name in field.piece_features.values()}
    return feature in schema.by_feature or feature in pieces or feature in schema.everyone


def _as_table(register: pa.Table | pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(register, preserve_index=False) if isinstance(register, pd.DataFrame) else register


def _household_hashes(stamp: Stamp, households: pa.Array) -> NDArray[np.uint64]:
    """A keyed hash of each household number, other in every register and round: numbers of two payloads do not meet."""
    place = "\0".join((stamp.register, stamp.round_name))
    hashed = hash_words(stamp.key.derive("household"), pc.binary_join_element_wise(place, households, "\0"))
    return np.ascontiguousarray(hashed[:, :8]).view(np.uint64).ravel()
