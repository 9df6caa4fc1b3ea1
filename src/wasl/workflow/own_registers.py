"""The nouns of a merge: an office's own register, its variables, and a clerk's decision on two records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pyarrow as pa

from wasl.registers.exchange.delivery import Delivery
from wasl.registers.exchange.join_map import JoinMap

__all__ = ["Decision", "OwnRegister", "Variable", "rows_of"]


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of a register, as written and in one spelling.

    Attributes:
        label: What a reader sees.
        shown: (rows) as the register writes it.
        compared: (rows) in one spelling; two registers disagree where these differ.
    """

    label: str
    shown: pa.ChunkedArray = field(repr=False)
    compared: pa.ChunkedArray = field(repr=False)


@dataclass(frozen=True, slots=True)
class OwnRegister:
    """A register of the office, encoded under a key that is thrown away, and in the clear.

    Attributes:
        name: Its name.
        title: What a reader sees.
        delivery: Its encoding.
        join_map: What opens the encoding.
        record: (rows) the record numbers.
        record_id: (rows) the keyed id of each record, 16 bytes.
        variables: What the register says, by variable.
        spells: ``record, from, until``: the months in which records hold, or None where the register dates nothing.
    """

    name: str
    title: str
    delivery: Delivery
    join_map: JoinMap
    record: Sequence[str] = field(repr=False)
    record_id: Sequence[bytes] = field(repr=False)
    variables: Mapping[str, Variable] = field(repr=False)
    spells: pa.Table | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Decision:
    """A clerk's decision on two records.

    Attributes:
        register_a: Register of the first record.
        record_a: Number of the first record.
        register_b: Register of the second record.
        record_b: Number of the second record.
        decision: Whether they are the same person.
    """

    register_a: str
    record_a: str
    register_b: str
    record_b: str
    decision: Literal["same", "different"]


def rows_of(register: OwnRegister) -> dict[str, int]:
    """The row of every record."""
    return {record: row for row, record in enumerate(register.record)}
