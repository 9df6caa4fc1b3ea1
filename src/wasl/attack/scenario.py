"""Staged situations: registers split between holders and an adversary, and encoded, with the truth known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wasl.attack.campaign import Target
from wasl.attack.claims import Claims
from wasl.attack.insider import match_with_key
from wasl.attack.knowledge import EPOCH, Knowledge, imitate, payload_table, record_ids, record_rows
from wasl.attack.observation import fixed_bytes, match_labels, observe, observe_joined, same_persons
from wasl.attack.outcomes import Outcome
from wasl.attack.tally import Tally
from wasl.errors import InputError
from wasl.holder.encode import Encoded, encode
from wasl.holder.keys import SECRET_BYTES, LinkageKey
from wasl.holder.profile import EncodingProfile
from wasl.registers.schema import RegisterSchema

__all__ = ["Register", "shared_place", "split", "stage", "stage_insider"]

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
    arrangements: int = 16,
    largest_graph: int = 2500,
    starts: int = 6,
) -> tuple[Target, Knowledge]:
    """Deliveries of the registers held, and the knowledge of an adversary; records in both have the same number.

    Args:
        held: The holders' registers, encoded under one key.
        owned: The adversary's, in the same order of registers.
        profile: How the holders encode.
        rng: Draws the holders' key and the adversary's.
        truth: Columns ``register``, ``record``, ``person``: which records are one person's. Without it, records that
            share a row are one person's.
        told: Whether the adversary is told who shares a block, where that depends on the key.
        keys: Keys the adversary averages over.
        arrangements: Keys under which the adversary computes blocks.
        largest_graph: See ``Target``.
        starts: See ``Target``.
    """
    key = LinkageKey(rng.bytes(SECRET_BYTES), "staged")
    made = [
        encode(table, schema, key, profile, created=EPOCH, rng=rng, consent_weak_profile=True) for table, schema in held
    ]
    views = observe(*(encoded.delivery for encoded in made))
    joined = observe_joined(views, *(encoded.join_map for encoded in made))
    knowledge = imitate(owned, profile, rng, keys, blocks=key if told else None, arrangements=arrangements)
    if truth is not None:
        knowledge = replace(knowledge, person=_true_persons(owned, truth))

    behind, row_of = record_rows(made, views)
    place = _places(made, owned)
    place = shared_place(place, same_persons(row_of, len(place)))
    kept = record_ids(*(encoded.keep_map for encoded in made))
    target = Target(
        profile=profile.name,
        registers=" + ".join(schema.register_id for _, schema in held),
        leak=max(encoded.delivery.header.leak for encoded in made),
        records=len(kept),
        passes=views,
        truth={name: np.append(place, -1)[rows] for name, rows in behind.items()},
        joined=joined,
        joined_truth=place[match_labels(joined.record_ids, kept)],
        payload=payload_table(made, joined.record_ids),
        files=_files(made[0], held[0]),
        overlap=float((place >= 0).mean()),
        largest_graph=largest_graph,
        starts=starts,
        view="told" if told else "linkage",
    )
    return target, knowledge


def stage_insider(
    held: Sequence[Register], profile: EncodingProfile, rng: np.random.Generator, truth: pa.Table | None = None
) -> Outcome:
    """The outcome of a holder of the key attacking deliveries, who owns the same persons under numbers of its own.

    Args:
        held: The registers. The insider encodes a copy under a register name of its own, so that no row id matches.
        profile: How the holders encode.
        rng: Draws the key, and the order of the insider's copy.
        truth: As in ``stage``.
    """
    key = LinkageKey(rng.bytes(SECRET_BYTES), "staged")
    orders = [rng.permutation(len(table)) for table, _ in held]
    theirs = [
        encode(table, schema, key, profile, created=EPOCH, rng=rng, consent_weak_profile=True) for table, schema in held
    ]
    mine = [
        encode(
            table.take(pa.array(order)),
            schema,
            key,
            profile,
            created=EPOCH,
            rng=rng,
            name=f"own {place}",
            consent_weak_profile=True,
        )
        for place, ((table, schema), order) in enumerate(zip(held, orders, strict=True))
    ]
    views = observe(*(encoded.delivery for encoded in [*theirs, *mine]))
    behind, _ = record_rows([*theirs, *mine], views)
    place = np.concatenate([_places(theirs, held), _places(mine, held)])
    count = sum(len(table) for table, _ in held)
    person = np.arange(count) if truth is None else _true_persons(held, truth)
    tally = Tally(person)
    exposed = []
    for name, view in views.items():
        own = np.flatnonzero(view.source >= len(theirs))
        real = place[behind[name]]
        claims = match_with_key(view, len(theirs), rng)
        tally.add(Claims(claims.rows, real[own[claims.own]], claims.posterior), real)
        exposed.append(person[real[view.source < len(theirs)]])
    persons = np.unique(np.concatenate(exposed))
    certain, right = tally.certain
    return Outcome(
        profile=profile.name,
        view="insider",
        attack="encode and compare",
        registers=" + ".join(schema.register_id for _, schema in held),
        population=count,
        records=count,
        overlap=1.0,
        claimed=tally.claimed,
        exposed=len(persons),
        correct=tally.best(persons),
        anywhere=tally.anywhere(persons),
        leak=max(encoded.delivery.header.leak for encoded in theirs),
        certain=certain,
        certain_right=right,
        certain_persons=tally.certain_persons(persons),
    )


def _places(made: Sequence[Encoded], owned: Sequence[Register]) -> Ints:
    """For each record of the keep maps its place in the registers owned, by its number; −1 if it is not there."""
    places, before = [], 0
    for encoded, (table, schema) in zip(made, owned, strict=True):
        numbers = table[schema.record].cast(pa.string()).combine_chunks()
        found = pc.index_in(encoded.keep_map["record"].combine_chunks(), value_set=numbers)
        places.append(np.asarray(pc.fill_null(pc.add(found.cast(pa.int64()), before), -1), np.int64))
        before += len(table)
    return np.concatenate(places)


def _files(encoded: Encoded, held: Register) -> dict[str, Ints]:
    """By file made of a register: the place in the register of each of its records, in the order of the file."""
    table, schema = held
    numbers = pc.index_in(
        encoded.keep_map["record"].combine_chunks(), value_set=table[schema.record].cast(pa.string()).combine_chunks()
    )
    source = np.asarray(pc.fill_null(numbers.cast(pa.int64()), -1), np.int64)
    kept = record_ids(encoded.keep_map)

    def places(column: pa.ChunkedArray) -> Ints:
        """Each record once, where the file first has it."""
        found = match_labels(fixed_bytes(column)[0], kept)
        _, first = np.unique(found, return_index=True)
        return source[found[np.sort(first)]]

    joined = encoded.join_map.rows
    files = {"payload": places(encoded.payload.rows["record_id"]), "join map": places(joined["record_id"])}
    for name in pc.unique(pc.drop_null(joined["pass"].cast(pa.string()))).to_pylist():
        of_pass = pc.equal(joined["pass"].cast(pa.string()), name)
        files[f"join map, {name}"] = places(joined.filter(of_pass)["record_id"])
    behind, _ = record_rows([encoded], observe(encoded.delivery))
    return files | {f"delivery, {name}": source[records[records >= 0]] for name, records in behind.items()}


def _true_persons(owned: Sequence[Register], truth: pa.Table) -> Ints:
    """For each record owned, counted through all registers, the first record of the same person."""
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
