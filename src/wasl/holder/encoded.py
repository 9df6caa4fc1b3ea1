"""What comes out of encoding: delivery, join map, payload and keep map, put together and signed.

*Does not protect against:* a person who holds two of them; each is for another reader.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pyarrow as pa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from numpy.typing import NDArray

from wasl.holder.duplicates import list_merged
from wasl.holder.encoding.label_columns import fixed_bytes, hexadecimal
from wasl.holder.encoding.passes import BlockFigures, PassRows
from wasl.holder.encoding.pseudonym import permute_labels
from wasl.holder.keys import LinkageKey, RoundKey
from wasl.holder.payload import HarmonizedColumn
from wasl.holder.profile import EncodingProfile
from wasl.holder.reading_rules import rules_digest
from wasl.holder.unused import Unused
from wasl.registers.exchange.delivery import Delivery
from wasl.registers.exchange.delivery_header import SCHEME_VERSION, DeliveryHeader
from wasl.registers.exchange.encoded_rows import PART_ROWS, EncodedRows, parts_digest
from wasl.registers.exchange.join_map import JoinMap
from wasl.registers.exchange.join_rows import JoinSink, join_rows
from wasl.registers.exchange.payload import Payload
from wasl.registers.reading.reader import REJECTS_SCHEMA, ReadingNote
from wasl.registers.schema import RegisterSchema

__all__ = ["Encoded", "EncodedRecords", "JoinRows", "LeftOut", "Stamp", "assemble"]


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


@dataclass(frozen=True, slots=True, repr=False)
class Encoded:
    """What comes out of encoding, each part for another reader.

    Attributes:
        delivery: For the linkage unit.
        join_map: For the spine keeper.
        payload: For the release desk.
        records: The holder's record numbers.
        record_ids: (records, 16) the keyed ids.
        merged: Stays with the holder: ``group, record``, the records that were taken as one person.
        harmonized: How payload variables were coded; stays with the holder (it can show unknown spellings).
        blocks: Figures per pass.
        leak_limit: The largest T the profile allows.
        left_out: Passes and groups of the profile that are not in the delivery, and why.
        unused: Cells that were there and could not be used (void identifiers, placeholders, unknown codes), counted.
        rejects: Stays with the holder: ``row, column, kind, reason`` of each row and cell that could not be read.
        reading: Repairs, assumptions and losses in reading the register.
    """

    delivery: Delivery
    join_map: JoinMap
    payload: Payload
    records: pa.Array = field(repr=False)
    record_ids: NDArray[np.uint8] = field(repr=False)
    merged: pa.Table = field(repr=False)
    harmonized: tuple[HarmonizedColumn, ...] = field(repr=False)
    blocks: tuple[BlockFigures, ...] = field(repr=False)
    leak_limit: float = 1.0
    left_out: tuple[LeftOut, ...] = ()
    unused: tuple[Unused, ...] = ()
    rejects: pa.Table = field(default_factory=REJECTS_SCHEMA.empty_table, repr=False)
    reading: tuple[ReadingNote, ...] = ()

    def __repr__(self) -> str:
        """The register, its records and its passes, counted."""
        header = self.delivery.header
        return (
            f"Encoded({header.register}: {header.records:,} records in {len(header.passes)} passes, "
            f"{header.rejects:,} rows rejected)"
        )

    @property
    def notes(self) -> tuple[ReadingNote, ...]:
        """Repairs, assumptions and unusable cells, counted by check and column; no value."""
        found = [*self.reading, *(ReadingNote(one.check, one.column, one.count) for one in self.unused)]
        named = {(note.check, note.column) for note in found}
        for column in self.harmonized:
            if (spellings := column.harmonized) is None:
                continue
            unknown = spellings.present - spellings.mapped - spellings.ambiguous
            for check, count in (("spellings-unknown", unknown), ("spellings-ambiguous", spellings.ambiguous)):
                if count and (check, column.column) not in named:
                    found.append(ReadingNote(check, column.column, count))
        return tuple(found)

    @property
    def keep_map(self) -> pa.Table:
        """What stays with the holder: ``register, record, record_id`` (hexadecimal)."""
        return pa.table(
            {
                "register": pa.repeat(self.delivery.header.register, len(self.records)),
                "record": self.records,
                "record_id": hexadecimal(self.record_ids),
            }
        )

    @property
    def passes_left_out(self) -> tuple[str, ...]:
        """Names of the passes that are not in the delivery."""
        return tuple(item.name for item in self.left_out if item.kind == "pass")


@dataclass(frozen=True, slots=True)
class Stamp:
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
class EncodedRecords:
    """The records of a register and their ids.

    Attributes:
        rejects: Rows refused at reading.
        harmonized: The payload's columns.
        number: (records) the holder's record numbers.
        record_id: (records, 16) the keyed ids.
        by_id: (records) the records in the order of their ids.
        person: (records) the person of each record, as far as the register itself shows.
    """

    rejects: int
    harmonized: tuple[HarmonizedColumn, ...] = field(repr=False)
    number: pa.Array = field(repr=False)
    record_id: NDArray[np.uint8] = field(repr=False)
    by_id: NDArray[np.int32] = field(repr=False)
    person: NDArray[np.int32] = field(repr=False)


def assemble(
    stamp: Stamp,
    records: EncodedRecords,
    encoded: list[PassRows],
    rows: EncodedRows,
    joins: JoinSink,
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
        joins: The rows of the join map.
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
        records=len(records.number),
        rejects=records.rejects,
        token_names=tuple(token_names),
        filter_bits=dict.fromkeys(group_names, stamp.profile.released_bits),
        leak=max(step.summary.leak for step in encoded),
        passes=tuple(step.summary for step in encoded),
        content_digest=parts_digest(rows.parts),
        created=stamp.created,
        round=stamp.round_name,
        weaknesses=stamp.profile.weaknesses,
        rules=rules_digest(),
        holds_once=stamp.schema.duplicate_free,
    )
    delivery = Delivery(header, rows) if stamp.signer is None else Delivery(header, rows).signed(stamp.signer)
    payload_rows = pa.table(
        {
            "record_id": fixed_bytes(records.record_id),
            **{column.standard: column.values for column in records.harmonized},
        }
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
    join_map = JoinMap.of(delivery.digest, delivery.header, *joins.kept())
    if stamp.signer is not None:
        join_map, payload = join_map.signed(stamp.signer), payload.signed(stamp.signer)
    return Encoded(
        delivery,
        join_map,
        payload,
        records.number,
        records.record_id,
        list_merged(records.person, records.number),
        records.harmonized,
        tuple(step.figures for step in encoded),
        stamp.profile.leak_limit,
        left_out,
    )


class JoinRows:
    """The join map's rows, pass after pass and by record id within each: the order of the register does not show.

    A record that is in no pass is listed once, without pass and row id. It has no birth date and no number and can
    never be linked, but it is a person and must not be lost.

    Args:
        sink: Where they go.
        key: The project's key in this round.
        record_ids: (records, 16) bytes.
        by_id: (records,) the records in the order of their ids.
    """

    def __init__(self, sink: JoinSink, key: RoundKey, record_ids: NDArray[np.uint8], by_id: NDArray[np.int32]) -> None:
        self.sink = sink
        self._key, self._record_ids, self._by_id = key, record_ids, by_id
        self._untaken = np.ones(len(by_id), dtype=bool)

    def add(self, rows: PassRows) -> None:
        """The records of a pass, which are in the order of their ids, some at a time."""
        self._untaken[rows.members] = False
        row_key = self._key.derive("row-id", pass_=rows.summary.name)
        for start in range(0, len(rows.members), PART_ROWS):
            some = slice(start, start + PART_ROWS)
            ids = self._record_ids.take(rows.members[some], axis=0)
            labels = permute_labels(row_key, self._record_ids.take(rows.stands[some], axis=0))
            self.sink.add(join_rows(fixed_bytes(ids), rows.summary.name, fixed_bytes(labels)))

    def add_alone(self) -> None:
        """The records that are in no pass."""
        alone = self._by_id[self._untaken[self._by_id]]
        if len(alone):
            self.sink.add(join_rows(fixed_bytes(self._record_ids[alone])))
