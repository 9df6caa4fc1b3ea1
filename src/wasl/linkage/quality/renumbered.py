"""Registers that number their records anew between two rounds: persons who stay would count as gone and as new.

A person of an earlier spine goes on by its records. Where a register gives a person another number, and no other
register knows the person by an old one, nothing shows that it is the same. Where another register does, it shows how
often the numbers change.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.linkage.model.checks import Check
from wasl.linkage.persons.ids import cells_of, distinct_ids, texts_of
from wasl.linkage.persons.records import Roster
from wasl.linkage.persons.spine import find_rows

__all__ = ["Renumbered", "check_record_numbers", "count_renumbered"]

OFTEN = 0.02
"""Share of the persons whom another register shows in both rounds. By wrong links alone it was 1 of 548 (four registers
of the synthetic Morocco, 1,047 persons in both rounds)."""
LEAST_CHANGED = 5
"""Fewer persons with another number are chance."""


@dataclass(frozen=True, slots=True)
class Renumbered:
    """Persons of a register whom another register shows in both rounds.

    Attributes:
        register: The register.
        known: Persons with a record in it in both rounds, who go on by a record of another register.
        changed: Those of them none of whose records in it has an earlier number.
    """

    register: str
    known: int
    changed: int

    @property
    def often(self) -> bool:
        """Whether numbers change so often that persons are lost."""
        return self.changed >= LEAST_CHANGED and self.changed > OFTEN * self.known


def count_renumbered(records: Roster, person_id: NDArray[np.void], onto: pa.Table) -> list[Renumbered]:
    """Count, per register that both rounds have, the persons whom other registers show and whose number changed.

    Args:
        records: The records of this run.
        person_id: (records) void16.
        onto: The earlier spine.
    """
    codes, names = texts_of(onto.column("register"))
    number_of = {name: number for number, name in enumerate(records.registers)}
    register = np.array([number_of.get(name, -1) for name in names], np.int32)[codes] if names else codes
    persons, earlier = distinct_ids(cells_of(onto.column("person_id")))
    now = find_rows([person_id], [persons])
    at = find_rows([cells_of(onto.column("record_id")), register], [records.record_id, records.register])
    stays = at >= 0
    stays[stays] = now[at[stays]] == earlier[stays]  # the record is there again, and is the same person's

    def by_person(rows: NDArray[np.bool_], person: NDArray[np.int64]) -> NDArray[np.bool_]:
        found = np.zeros(len(persons), np.bool_)
        found[person[rows]] = True
        return found

    both = [number for number in number_of.values() if number in register]
    steady = np.zeros(len(persons), np.int16)  # registers by which each person goes on
    for number in both:
        steady += by_person(stays & (register == number), earlier)
    counted = []
    for number in both:
        same = by_person(stays & (register == number), earlier)
        known = by_person(register == number, earlier) & by_person((records.register == number) & (now >= 0), now)
        known &= steady > same
        counted.append(Renumbered(records.registers[number], int(known.sum()), int((known & ~same).sum())))
    return counted


def check_record_numbers(counted: list[Renumbered]) -> Check:
    """Warn where persons who stayed have another record number: most of them count as gone and as new."""
    often = [one for one in counted if one.often]
    told = "; ".join(f"{one.register} {one.changed:,}/{one.known:,}" for one in often)
    message = (
        f"of the persons whom another register shows in both rounds, many have another record number ({told}). Persons "
        "who are in no other register and have another number count as gone and as new. Have the register encoded by a "
        "number that stays with the person."
        if often
        else "no register is seen to number its records anew."
    )
    return Check("record-numbers", True, message, warning=bool(often))
