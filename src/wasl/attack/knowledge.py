"""The knowledge of an adversary without the key: its own population, encoded under keys of its own.

Two records with equal values share a block and a token under every key. Filters made under another key differ from the
true ones only in which bits collide. The adversary averages the similarities over a few keys. It leaves diffusion out
and computes its effect: t taps turn an agreement *a* into *a*^t on average.

Some blocks follow a word of the name that the key selects. The adversary does not know which. It encodes the blocks
under several keys; each gives one possible *arrangement* of the records into blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wasl.attack.observation import (
    PassView,
    Records,
    fixed_bytes,
    match_labels,
    observe,
    observe_joined,
    rows_to_records,
    same_persons,
)
from wasl.attack.word_order import WordBlocks, word_blocks
from wasl.holder.encode import Encoded, encode
from wasl.holder.encoding.blocking_keys import LETTERS
from wasl.holder.keys import SECRET_BYTES, LinkageKey, Purpose, RoundKey
from wasl.holder.normalize import describe_persons
from wasl.holder.profile import EncodingProfile
from wasl.registers.exchange.payload import Payload
from wasl.registers.reading.frames import register_from_table
from wasl.registers.reading.reader import RegisterTable
from wasl.registers.schema import RegisterSchema

__all__ = ["Knowledge", "KnownPass", "imitate", "payload_rows", "payload_table", "record_ids", "record_rows"]

EPOCH = "1970-01-01T00:00:00Z"

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class KnownPass:
    """One pass of the adversary's own encodings.

    Attributes:
        view: Blocks, tokens and undiffused filters under the first of its keys; one row per person and block.
        record: Record of the population behind each row; the first if there are several.
        row: Row of each record of the population, −1 where it has none.
        copies: The same filters under its other keys, by group.
        arrangements: Block of each row under several keys, (arrangements, rows). A single one if the blocks do not
            depend on the key.
        possible: What the blocks could follow, if they follow a word that the key selects.
    """

    view: PassView
    record: Ints = field(repr=False)
    row: Ints = field(repr=False)
    copies: tuple[dict[str, Bytes], ...] = field(repr=False)
    arrangements: Ints = field(repr=False)
    possible: WordBlocks | None = field(repr=False, default=None)

    @property
    def stable(self) -> bool:
        """True if the blocks are the same under every key."""
        return len(self.arrangements) == 1


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Everything the adversary knows.

    Attributes:
        records: Size of its population.
        passes: Its own encodings by pass.
        person: For each of its records the first record of the same person, as far as the encoding shows it.
        joined: Its records with blocks and tokens of all passes; row r is record r.
        taps: Input bits per released bit in the profile (0: undiffused).
        payload: Its records in the standard codes of the payload, row r for record r; None if the registers differ in
            their columns.
    """

    records: int
    passes: dict[str, KnownPass]
    person: Ints = field(repr=False)
    joined: PassView
    taps: int
    payload: pa.Table | None = field(repr=False, default=None)


@dataclass(frozen=True, slots=True)
class _OwnKey(LinkageKey):
    """A key of the adversary. The parts of blocks follow another key, so that the blocks are the same under all."""

    blocks: RoundKey = field(repr=False, kw_only=True)

    def for_round(self, round_name: str, profile_digest: str) -> RoundKey:
        """The round's key, except for the parts of blocks."""
        return _OwnRoundKey(self.secret, self.project, round_name, profile_digest, blocks=self.blocks)


@dataclass(frozen=True, slots=True)
class _OwnRoundKey(RoundKey):
    """A round of ``_OwnKey``."""

    blocks: RoundKey = field(repr=False, kw_only=True)

    def derive(self, purpose: Purpose, *, pass_: str = "", block: str = "", group: str = "") -> bytes:
        """Derive as any key does, except for the parts of blocks."""
        own = RoundKey(self.secret, self.project, self.round_name, self.profile_digest)
        return (self.blocks if purpose == "part" else own).derive(purpose, pass_=pass_, block=block, group=group)


def imitate(
    populations: Sequence[tuple[RegisterTable | pa.Table, RegisterSchema]],
    profile: EncodingProfile,
    rng: np.random.Generator,
    keys: int = 4,
    blocks: LinkageKey | None = None,
    arrangements: int = 16,
) -> Knowledge:
    """The adversary's own encodings of registers it owns in clear; records are counted through all of them.

    Args:
        populations: Registers as read, or tables with their schemas' columns.
        profile: The encoding profile, which is public.
        rng: Draws the adversary's keys.
        keys: Keys over which similarities are averaged.
        blocks: The holders' key. It tells the adversary who shares a block, which a real adversary would have to find
            out where the key selects the word that a block follows.
        arrangements: Keys under which the blocks are computed; 1 if ``blocks`` is given.
    """
    # The adversary's own machine leaves out, refuses and diffuses nothing.
    bare = profile.model_copy(
        update={"taps": 0, "released_bits": profile.bits, "excess": "report", "drop_limit": 1.0, "leak_limit": 1e9}
    )
    told = blocks is not None
    known = blocks or LinkageKey(rng.bytes(SECRET_BYTES), "imitation")
    parts_key = known.for_round("", profile.digest)
    made = [_encode_all(populations, bare, rng, parts_key) for _ in range(keys)]
    views = [observe(*(encoded.delivery for encoded in each)) for each in made]
    found = [record_rows(each, view) for each, view in zip(made, views, strict=True)]
    others = [] if told else [_block_codes(populations, bare, rng) for _ in range(arrangements - 1)]
    choices = {} if told else _word_choices(populations, bare, rng, made[0])
    passes = {}
    for name in views[0]:
        # Rows are put in the order of the records, so that row r is the same record under every key.
        orders = [np.argsort(behind[name], kind="stable") for behind, _ in found]
        place = np.append(np.argsort(orders[0], kind="stable"), -1)
        passes[name] = KnownPass(
            view=views[0][name].take(orders[0]),
            record=found[0][0][name][orders[0]],
            row=place[found[0][1][name]],
            copies=tuple(
                {group: data[order] for group, data in view[name].filters.items()}
                for view, order in zip(views[1:], orders[1:], strict=True)
            ),
            arrangements=_arrangements(views[0][name].block[orders[0]], found[0][0][name][orders[0]], name, others),
            possible=_possible(choices.get(name), found[0][0][name][orders[0]]),
        )
    joined = observe_joined(views[0], *(encoded.join_map for encoded in made[0]))
    kept = record_ids(*(encoded.keep_map for encoded in made[0]))
    order = np.argsort(match_labels(joined.record_ids, kept), kind="stable")
    return Knowledge(
        records=len(kept),
        passes=passes,
        person=same_persons(found[0][1], len(kept)),
        joined=joined.view.take(order),
        taps=profile.taps,
        payload=payload_table(made[0], kept),
    )


def payload_table(encoded: Sequence[Encoded], record_ids: Bytes) -> pa.Table:
    """The payloads of encoded registers as one table; see ``payload_rows``."""
    return payload_rows([each.payload for each in encoded], record_ids)


def payload_rows(payloads: Sequence[Payload], record_ids: Bytes) -> pa.Table:
    """Payloads as one table, row r for record r of ``record_ids``; a column that one of them lacks is null there."""
    whole = pa.concat_tables([payload.rows for payload in payloads], promote_options="permissive")
    ids, _ = fixed_bytes(whole["record_id"])
    place = match_labels(record_ids, ids)
    return whole.drop_columns("record_id").take(pa.array(np.where(place >= 0, place, 0), mask=place < 0))


def _block_codes(
    populations: Sequence[tuple[RegisterTable | pa.Table, RegisterSchema]],
    profile: EncodingProfile,
    rng: np.random.Generator,
) -> Records:
    """Block of each record under a fresh key, −1 for none, by pass. Nothing but the blocks is encoded."""
    steps = tuple(step.model_copy(update={"groups": (), "tokens": ()}) for step in profile.passes if step.block)
    if not steps:
        return {}
    bare = profile.model_copy(update={"passes": steps, "groups": (), "tokens": ()})
    parts_key = LinkageKey(rng.bytes(SECRET_BYTES), "imitation").for_round("", profile.digest)
    made = _encode_all(populations, bare, rng, parts_key)
    views = observe(*(encoded.delivery for encoded in made))
    _, row_of = record_rows(made, views)
    return {name: np.where(row >= 0, views[name].block[row], -1) for name, row in row_of.items()}


WordChoice = tuple[list[list[str]], Ints]
"""The words of each record that a block could follow, and the record's cell: the other parts of the block."""


def _word_choices(
    populations: Sequence[tuple[RegisterTable | pa.Table, RegisterSchema]],
    profile: EncodingProfile,
    rng: np.random.Generator,
    made: Sequence[Encoded],
) -> dict[str, WordChoice]:
    """By pass whose block follows one word of the name: what it could follow. Others are not in the result."""
    steps, letters = [], {}
    for step in profile.passes:
        words = [part for part in step.block if part.startswith("word_")]
        rest = tuple(part for part in step.block if part not in words)
        if len(words) == 1 and rest:
            letters[step.name] = LETTERS[words[0].rstrip("_0123456789")]
            steps.append(step.model_copy(update={"block": rest}))
    if not steps:
        return {}
    cells = _block_codes(populations, profile.model_copy(update={"passes": tuple(steps)}), rng)
    skeletons: list[list[str]] = []
    for (register, schema), encoded in zip(populations, made, strict=True):
        typed = register if isinstance(register, RegisterTable) else register_from_table(register, schema)
        column = describe_persons(typed.table, schema, set()).names.get("names")
        if column is None:
            return {}
        ends = column.offsets.tolist()
        of_row = [[column.skeletons[word] for word in column.words[first:last]] for first, last in pairwise(ends)]
        numbers = encoded.keep_map["record"].combine_chunks()
        place = pc.index_in(numbers, value_set=typed.table[schema.record].cast(pa.string()).combine_chunks())
        skeletons += [of_row[row] for row in place.to_pylist()]
    return {
        name: ([[word[: letters[name]] for word in each] for each in skeletons], codes) for name, codes in cells.items()
    }


def _possible(choice: WordChoice | None, record: Ints) -> WordBlocks | None:
    return None if choice is None else word_blocks([choice[0][place] for place in record], choice[1][record])


def _arrangements(first: Ints, record: Ints, name: str, others: Sequence[Records]) -> Ints:
    """Blocks of the rows of a pass under several keys; a single arrangement if all agree.

    Args:
        first: Block of each row under the first key.
        record: Record behind each row.
        name: The pass; it is not among ``others`` if it has no block.
        others: Blocks of all records under the other keys, by pass.
    """
    rows = [other[name][record] for other in others if name in other]
    if all(_same_partition(first, other) for other in rows):
        return first[None, :]
    return np.stack([first, *rows])


def _same_partition(left: Ints, right: Ints) -> bool:
    """True if two numberings put the same rows together."""
    pairs = np.unique(np.stack([left, right]), axis=1).shape[1]
    return bool(pairs == len(np.unique(left)) == len(np.unique(right)))


def _encode_all(
    populations: Sequence[tuple[RegisterTable | pa.Table, RegisterSchema]],
    profile: EncodingProfile,
    rng: np.random.Generator,
    blocks: RoundKey,
) -> list[Encoded]:
    key = _OwnKey(rng.bytes(SECRET_BYTES), "imitation", blocks=blocks)
    return [
        # Two registers of one schema need names of their own, or their record ids would collide.
        encode(
            table,
            schema,
            key,
            profile,
            created=EPOCH,
            rng=rng,
            name=f"{place} {schema.register_id}",
            consent_weak_profile=True,
        )
        for place, (table, schema) in enumerate(populations)
    ]


def record_rows(encoded: Sequence[Encoded], views: dict[str, PassView]) -> tuple[Records, Records]:
    """By pass: the first record behind each row, and the row of each record.

    Records are counted through the keep maps, one after another.
    """
    join_rows = pa.concat_tables([each.join_map.rows for each in encoded])
    return rows_to_records(views, join_rows, record_ids(*(each.keep_map for each in encoded)))


def record_ids(*keep_maps: pa.Table) -> Bytes:
    """The record ids of keep maps, one after another: (records, 16) bytes."""
    texts = (text for keep_map in keep_maps for text in keep_map["record_id"].to_pylist())
    return np.frombuffer(b"".join(map(bytes.fromhex, texts)), np.uint8).reshape(-1, 16)
