"""What the adversary can compute without the key: how a population it owns would look, encoded under keys of its own.

Whoever shares a block or a token does so under every key, and filters made under other keys differ from the true ones
only by which bits collide; averaged over a few keys, their distances are those the true filters are expected to have.
Diffusion is left out: t taps turn an agreement of 1 − 2d into (1 − 2d)^t in expectation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wasl.attack.observation import (
    PassView,
    Records,
    match_labels,
    observe,
    observe_joined,
    rows_to_records,
    same_persons,
)
from wasl.holder.encode import Encoded, encode
from wasl.holder.keys import SECRET_BYTES, LinkageKey, Purpose, RoundKey
from wasl.holder.profile import EncodingProfile
from wasl.registers.reading.reader import RegisterTable
from wasl.registers.schema import RegisterSchema

__all__ = ["Knowledge", "KnownPass", "imitate", "record_ids", "record_rows"]

EPOCH = "1970-01-01T00:00:00Z"

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class KnownPass:
    """One pass of the adversary's own encodings.

    Attributes:
        view: Blocks, tokens and undiffused filters under the first of its keys, one row per record of the pass.
        record: Record of the population behind each row, of several the first.
        row: Row of each record of the population, −1 where it has none.
        copies: The same filters under its other keys, by group.
    """

    view: PassView
    record: Ints = field(repr=False)
    row: Ints = field(repr=False)
    copies: tuple[dict[str, Bytes], ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Everything the adversary knows.

    Attributes:
        records: Size of its population.
        passes: Its own encodings by pass.
        person: For each of its records the first of the same person, as far as the encoding takes them together.
        joined: Its records with blocks and tokens of all passes, row r being record r.
        taps: Input bits per released bit in the profile (0: undiffused).
    """

    records: int
    passes: dict[str, KnownPass]
    person: Ints = field(repr=False)
    joined: PassView
    taps: int


@dataclass(frozen=True, slots=True)
class _OwnKey(LinkageKey):
    """A key of the adversary's. What blocks are made of follows another key: who meets whom is the same under all."""

    blocks: RoundKey = field(repr=False, kw_only=True)

    def for_round(self, round_name: str, profile_digest: str) -> RoundKey:
        """As of any key, but for the parts of blocks."""
        return _OwnRoundKey(self.secret, self.project, round_name, profile_digest, blocks=self.blocks)


@dataclass(frozen=True, slots=True)
class _OwnRoundKey(RoundKey):
    """See :class:`_OwnKey`."""

    blocks: RoundKey = field(repr=False, kw_only=True)

    def derive(self, purpose: Purpose, *, pass_: str = "", block: str = "", group: str = "") -> bytes:
        """As of any key, but for the parts of blocks."""
        own = RoundKey(self.secret, self.project, self.round_name, self.profile_digest)
        return (self.blocks if purpose == "part" else own).derive(purpose, pass_=pass_, block=block, group=group)


def imitate(
    populations: Sequence[tuple[RegisterTable | pa.Table, RegisterSchema]],
    profile: EncodingProfile,
    rng: np.random.Generator,
    keys: int = 4,
    blocks: LinkageKey | None = None,
) -> Knowledge:
    """The adversary's own encodings of registers it owns in clear; records are counted through all of them.

    Args:
        populations: Registers as read, or tables with their schemas' columns.
        profile: The encoding profile, which is public.
        rng: Draws the adversary's keys.
        keys: Over how many keys distances are averaged.
        blocks: The holders' key, to grant the adversary who shares a block. (Which of a name's words a block follows
            depends on the key; a real adversary would have to find that out.)
    """
    # Nothing is left out or refused, and nothing diffused: this is the adversary's own machine.
    bare = profile.model_copy(
        update={"taps": 0, "released_bits": profile.bits, "excess": "report", "drop_limit": 1.0, "leak_limit": 1e9}
    )
    known = blocks or LinkageKey(rng.bytes(SECRET_BYTES), "imitation")
    parts_key = known.for_round("", profile.digest)
    made = [_encode_all(populations, bare, rng, parts_key) for _ in range(keys)]
    views = [observe(*(encoded.delivery for encoded in each)) for each in made]
    found = [record_rows(each, view) for each, view in zip(made, views, strict=True)]
    passes = {}
    for name in views[0]:
        # Rows in the order of the records, so that the copies under other keys stand side by side.
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
        )
    joined, ids = observe_joined(views[0], *(encoded.join_map for encoded in made[0]))
    kept = record_ids(*(encoded.keep_map for encoded in made[0]))
    order = np.argsort(match_labels(ids, kept), kind="stable")
    return Knowledge(len(kept), passes, same_persons(found[0][1], len(kept)), joined.take(order), profile.taps)


def _encode_all(
    populations: Sequence[tuple[RegisterTable | pa.Table, RegisterSchema]],
    profile: EncodingProfile,
    rng: np.random.Generator,
    blocks: RoundKey,
) -> list[Encoded]:
    key = _OwnKey(rng.bytes(SECRET_BYTES), "imitation", blocks=blocks)
    return [
        # Two registers of one schema need names of their own, or their record ids would collide.
        encode(table, schema, key, profile, created=EPOCH, rng=rng, name=f"{place} {schema.register_id}")
        for place, (table, schema) in enumerate(populations)
    ]


def record_rows(encoded: Sequence[Encoded], views: dict[str, PassView]) -> tuple[Records, Records]:
    """By pass the first record (row of the keep maps, one after another) behind each row, and each record's row."""
    join_rows = pa.concat_tables([each.join_map.rows for each in encoded])
    return rows_to_records(views, join_rows, record_ids(*(each.keep_map for each in encoded)))


def record_ids(*keep_maps: pa.Table) -> Bytes:
    """The record ids of keep maps, one after another: (records, 16) bytes."""
    texts = (text for keep_map in keep_maps for text in keep_map["record_id"].to_pylist())
    return np.frombuffer(b"".join(map(bytes.fromhex, texts)), np.uint8).reshape(-1, 16)
