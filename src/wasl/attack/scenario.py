"""A staged attack: a register split between a holder and an adversary, encoded, and attacked, with the truth known."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from wasl.attack.campaign import Target
from wasl.attack.knowledge import Knowledge, imitate, record_rows
from wasl.attack.observation import match_labels, observe, observe_joined
from wasl.errors import InputError
from wasl.holder.encode import encode
from wasl.holder.keys import SECRET_BYTES, LinkageKey
from wasl.holder.profile import EncodingProfile
from wasl.registers.schema import RegisterSchema

__all__ = ["stage"]


def stage(
    register: pa.Table,
    schema: RegisterSchema,
    profile: EncodingProfile,
    records: int,
    overlap: float,
    rng: np.random.Generator,
    *,
    keys: int = 4,
    largest_graph: int = 2500,
    starts: int = 6,
) -> tuple[Target, Knowledge]:
    """Holder and adversary get ``records`` each, a share ``overlap`` of them in common and spelled alike.

    Args:
        register: Enough records: records · (2 − overlap).
        schema: The register's schema.
        profile: How the holder encodes.
        records: How many records each side has.
        overlap: Share in common.
        rng: Draws the split, the holder's key and the adversary's.
        keys: Keys the adversary averages over.
        largest_graph: See ``Target``.
        starts: See ``Target``.

    Raises:
        InputError: The register is too small.
    """
    common = round(records * overlap)
    if len(register) < 2 * records - common:
        raise InputError(
            f"a register of {len(register)} records cannot be split into two of {records} with {common} in common.",
            remedy="Generate more persons.",
        )
    order = rng.permutation(len(register))[: 2 * records - common]
    held = rng.permutation(order[:records])
    owned = rng.permutation(np.concatenate([order[:common], order[records:]]))
    place = np.full(len(register), -1, np.int64)
    place[owned] = np.arange(len(owned))

    encoded = encode(
        register.take(pa.array(held)),
        schema,
        LinkageKey(rng.bytes(SECRET_BYTES), "staged"),
        profile,
        created="1970-01-01T00:00:00Z",
        rng=rng,
    )
    # Encoding may refuse rows it cannot read: records are followed by their numbers.
    numbers = register[schema.record].combine_chunks()
    held_truth = _follow(encoded.keep_map["record"], numbers, place)
    views = observe(encoded.delivery)
    found = record_rows(encoded, views)
    joined, ids = observe_joined(views, encoded.join_map)
    knowledge = imitate(register.take(pa.array(owned)), schema, profile, rng, keys)
    kept = np.frombuffer(
        b"".join(bytes.fromhex(text) for text in encoded.keep_map["record_id"].to_pylist()), np.uint8
    ).reshape(-1, 16)
    target = Target(
        profile=profile.name,
        leak=encoded.delivery.header.leak,
        records=encoded.delivery.header.records,
        passes=views,
        truth={name: held_truth[rows] for name, rows in found.items()},
        joined=joined,
        joined_truth=held_truth[match_labels(ids, kept)],
        overlap=overlap,
        largest_graph=largest_graph,
        starts=starts,
    )
    return target, knowledge


def _follow(numbers: pa.ChunkedArray, register: pa.Array, place: np.ndarray) -> np.ndarray:
    """For each record number its place in the population, −1 where it is not there."""
    import pyarrow.compute as pc

    rows = pc.index_in(numbers.combine_chunks(), value_set=register)
    return place[np.asarray(rows, np.int64)]
