"""A staged attack: registers split between holders and an adversary, encoded, and attacked, with the truth known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wasl.attack.campaign import Target
from wasl.attack.knowledge import EPOCH, Knowledge, imitate, record_ids, record_rows
from wasl.attack.observation import match_labels, observe, observe_joined, same_persons
from wasl.errors import InputError
from wasl.holder.encode import encode
from wasl.holder.keys import SECRET_BYTES, LinkageKey
from wasl.holder.profile import EncodingProfile
from wasl.registers.schema import RegisterSchema

__all__ = ["Register", "shared_place", "split", "stage"]

Ints = npt.NDArray[np.int64]
Register = tuple[pa.Table, RegisterSchema]
"""A register in clear, and its schema."""


def split(register: pa.Table, records: int, overlap: float, rng: np.random.Generator) -> tuple[pa.Table, pa.Table]:
    """Two tables of ``records`` rows each in random order, a share ``overlap`` of them in common.

    Raises:
        InputError: The register has fewer than records · (2 − overlap) rows.
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
    return register.take(pa.array(held)), register.take(pa.array(owned))


def stage(
    held: Sequence[Register],
    owned: Sequence[Register],
    profile: EncodingProfile,
    rng: np.random.Generator,
    *,
    truth: pa.Table | None = None,
    told: bool = False,
    keys: int = 4,
    largest_graph: int = 2500,
    starts: int = 6,
) -> tuple[Target, Knowledge]:
    """Deliveries of the registers held, and the knowledge of who owns others; records in both have the same number.

    Args:
        held: The holders' registers, encoded under one key.
        owned: The adversary's, in the same order of registers.
        profile: How the holders encode.
        rng: Draws the holders' key and the adversary's.
        truth: Columns ``register``, ``record``, ``person``: who stands in several records; else what encoding shows.
        told: Whether the adversary is told who shares a block, where that depends on the key.
        keys: Keys the adversary averages over.
        largest_graph: See ``Target``.
        starts: See ``Target``.
    """
    key = LinkageKey(rng.bytes(SECRET_BYTES), "staged")
    made = [encode(table, schema, key, profile, created=EPOCH, rng=rng) for table, schema in held]
    views = observe(*(encoded.delivery for encoded in made))
    joined, ids = observe_joined(views, *(encoded.join_map for encoded in made))
    knowledge = imitate(owned, profile, rng, keys, blocks=key if told else None)
    if truth is not None:
        knowledge = replace(knowledge, person=_true_persons(owned, truth))

    places, before = [], 0
    for encoded, (table, schema) in zip(made, owned, strict=True):
        # Encoding may refuse rows it cannot read: records are followed by their numbers.
        numbers = table[schema.record].combine_chunks()
        found = pc.index_in(encoded.keep_map["record"].combine_chunks(), value_set=numbers)
        places.append(np.asarray(pc.fill_null(pc.add(found.cast(pa.int64()), before), -1), np.int64))
        before += len(table)
    behind, row_of = record_rows(made, views)
    place = shared_place(np.concatenate(places), same_persons(row_of, sum(map(len, places))))
    kept = record_ids(*(encoded.keep_map for encoded in made))
    target = Target(
        profile=profile.name,
        registers=" + ".join(schema.register_id for _, schema in held),
        leak=max(encoded.delivery.header.leak for encoded in made),
        records=len(kept),
        passes=views,
        truth={name: np.append(place, -1)[rows] for name, rows in behind.items()},
        joined=joined,
        joined_truth=place[match_labels(ids, kept)],
        overlap=float((place >= 0).mean()),
        largest_graph=largest_graph,
        starts=starts,
        view="told" if told else "linkage",
    )
    return target, knowledge


def _true_persons(owned: Sequence[Register], truth: pa.Table) -> Ints:
    """For each of the records owned, counted through all registers, the first of the same person."""
    columns = (truth[name].to_pylist() for name in ("register", "record", "person"))
    person = {(register, record): person for register, record, person in zip(*columns, strict=True)}
    first: dict[str, int] = {}
    numbers = [(schema.register_id, number) for table, schema in owned for number in table[schema.record].to_pylist()]
    return np.array([first.setdefault(person[number], place) for place, number in enumerate(numbers)], np.int64)


def shared_place(place: Ints, person: Ints) -> Ints:
    """Places in the population of records, −1 for none; a person's records without one get that of another.

    Args:
        place: Of each record.
        person: For each record the first record of the same person.
    """
    best = np.full(len(place), -1, np.int64)
    np.maximum.at(best, person, place)
    return np.where(place >= 0, place, best[person])
