"""Attacks on deliveries as they were made, by an adversary who owns registers of the same population in clear."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wasl.attack.campaign import Target, attack_joined, attack_linkage, attack_payload
from wasl.attack.knowledge import imitate, payload_rows, record_ids
from wasl.attack.observation import match_labels, observe, observe_joined, rows_to_records, same_persons
from wasl.attack.outcomes import Outcome
from wasl.attack.scenario import shared_place
from wasl.errors import MismatchError
from wasl.holder.profile import EncodingProfile
from wasl.registers.exchange.delivery import Delivery
from wasl.registers.exchange.delivery_header import require_comparable
from wasl.registers.exchange.join_map import JoinMap
from wasl.registers.exchange.payload import Payload
from wasl.registers.reading.reader import RegisterTable
from wasl.registers.schema import RegisterSchema

__all__ = ["Delivered", "attack_delivered"]

RecordName = tuple[str, str]
"""Register and number of a record."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """One delivery, with what else the adversary holds of it and what only the scorer knows.

    Attributes:
        name: What errors call it, such as its file.
        delivery: What the linkage unit received.
        join: Its join map, for the joined view.
        payload: Its content, for the joined view.
        keep_map: The holder's own map (register, record, record_id). Only the scorer reads it.
    """

    name: str
    delivery: Delivery
    join: JoinMap | None = None
    payload: Payload | None = None
    keep_map: pa.Table | None = field(default=None, repr=False)


def attack_delivered(
    delivered: Sequence[Delivered],
    owned: Sequence[tuple[RegisterTable, RegisterSchema]],
    profile: EncodingProfile,
    rng: np.random.Generator,
    *,
    joined: bool,
    persons: Mapping[RecordName, str] | None = None,
    largest_graph: int,
    starts: int,
    report: Callable[[int, int], None] | None = None,
) -> list[Outcome]:
    """Attack deliveries, those of one round together and each round by itself.

    Args:
        delivered: Either all have a join map or none, and so for payloads and keep maps.
        owned: The adversary's registers with their schemas.
        profile: The profile the deliveries were made with.
        rng: Draws the adversary's own keys and starts.
        joined: Attack the joined view, too.
        persons: Person of each record, if the adversary's registers are others than those delivered.
        largest_graph: Larger blocks are attacked on a sample of so many records.
        starts: Starts of graph matching.
        report: Called with the attacks done and their number.

    Raises:
        MismatchError: A delivery was made with another version of the profile, or deliveries of one round cannot be
            compared.
    """
    rounds = _by_round(delivered, profile)
    knowledge = imitate(owned, profile, rng)
    names = [(schema.register_id, number) for table, schema in owned for number in _numbers(table.table, schema.record)]
    outcomes: list[Outcome] = []
    for name, of_round in rounds.items():
        target = _target(of_round, names, persons or {}, largest_graph, starts)
        found = attack_linkage(target, knowledge, rng, report=report)
        if joined:
            found += [*attack_joined(target, knowledge), *attack_payload(target, knowledge, rng)]
        if len(rounds) > 1:
            shown = f"round {name}" if name else "round without a name"
            found = [replace(each, detail=f"{shown}. {each.detail}".strip()) for each in found]
        outcomes += found
    return outcomes


def _by_round(delivered: Sequence[Delivered], profile: EncodingProfile) -> dict[str, list[Delivered]]:
    """The deliveries of each round, which can be compared with each other."""
    rounds: dict[str, list[Delivered]] = {}
    for one in delivered:
        header = one.delivery.header
        rounds.setdefault(header.round, []).append(one)
        if profile.digest != header.profile_digest:
            raise MismatchError(
                f"{one.name}: was made with another version of profile {profile.name!r}.",
                remedy="Give the profile document it was made with: --profile FILE.",
            )
    for of_round in rounds.values():
        require_comparable([one.delivery.header for one in of_round])
    return rounds


def _target(
    delivered: Sequence[Delivered],
    owned: Sequence[RecordName],
    persons: Mapping[RecordName, str],
    largest_graph: int,
    starts: int,
) -> Target:
    """The target of the attacks: with join maps the records behind the rows, with keep maps the truth, too."""
    headers = [one.delivery.header for one in delivered]
    views = observe(*(one.delivery for one in delivered))
    target = Target(
        profile=headers[0].profile,
        registers=" + ".join(header.register for header in headers),
        leak=max(header.leak for header in headers),
        records=sum(header.records for header in headers),
        passes=views,
        largest_graph=largest_graph,
        starts=starts,
    )
    joins = [one.join for one in delivered if one.join is not None]
    if not joins:
        return target
    joined = observe_joined(views, *joins)
    target = replace(target, joined=joined)
    if payloads := [one.payload for one in delivered if one.payload is not None]:
        target = replace(target, payload=payload_rows(payloads, joined.record_ids))
    keep_maps = [one.keep_map for one in delivered if one.keep_map is not None]
    if not keep_maps:
        return target
    kept = record_ids(*keep_maps)
    behind, row_of = rows_to_records(views, pa.concat_tables([join.rows for join in joins]), kept)
    names = [
        (header.register, number)
        for header, keep_map in zip(headers, keep_maps, strict=True)
        for number in _numbers(keep_map, "record")
    ]
    place = shared_place(_places(names, owned, persons), same_persons(row_of, len(kept)))
    return replace(
        target,
        joined_truth=place[match_labels(joined.record_ids, kept)],
        truth={name: np.append(place, -1)[records] for name, records in behind.items()},
        overlap=float((place >= 0).mean()),
    )


def _numbers(table: pa.Table, column: str) -> list[str]:
    """The numbers of a register's records, as text."""
    numbers: list[str] = table[column].cast(pa.string()).to_pylist()
    return numbers


def _places(
    delivered: Sequence[RecordName], owned: Sequence[RecordName], persons: Mapping[RecordName, str]
) -> npt.NDArray[np.int64]:
    """For each delivered record its place in the population, −1 where it is not there.

    The same record if the population holds the register itself, else any record of the same person by the truth.
    """
    place = {record: row for row, record in reversed(list(enumerate(owned)))}
    by_person = {persons[record]: row for record, row in place.items() if record in persons}
    found = [place.get(record, by_person.get(persons.get(record, ""), -1)) for record in delivered]
    return np.array(found, np.int64)
