"""The nouns of a merge: an office's own register, its variables, and a clerk's decision on two records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wasl.errors import InputError
from wasl.registers.exchange.delivery import Delivery
from wasl.registers.exchange.join_map import JoinMap

__all__ = ["Decision", "OwnRegister", "Variable", "first_rows", "rows_of_ids", "rows_of_numbers"]


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of a register, as written and in one spelling.

    Attributes:
        label: What a reader sees.
        shown: (rows) as the register writes it.
        compared: (rows) in one spelling; two registers disagree where these differ.
        sound: (rows) of names, the script, a space and what is heard: a name in two scripts is one where that agrees.
    """

    label: str
    shown: pa.ChunkedArray = field(repr=False)
    compared: pa.ChunkedArray = field(repr=False)
    sound: pa.ChunkedArray | None = field(default=None, repr=False)

    def differs(self, other: Variable, rows: pa.Array, others: pa.Array) -> NDArray[np.bool_]:
        """Whether two records disagree, pair by pair: both have a value, and it is not one name in two scripts."""
        x, y = (one.combine_chunks().take(at) for one, at in ((self.compared, rows), (other.compared, others)))
        differ = pc.fill_null(pc.not_equal(x.cast(pa.string()), y.cast(pa.string())), False)
        if self.sound is not None and other.sound is not None:
            x, y = (one.combine_chunks().take(at) for one, at in ((self.sound, rows), (other.sound, others)))
            script, heard = r"^(\w+) .*$", r"^\w+ "
            same = pc.and_(
                pc.not_equal(*(pc.replace_substring_regex(one, script, r"\1") for one in (x, y))),
                pc.equal(*(pc.replace_substring_regex(one, heard, "") for one in (x, y))),
            )
            differ = pc.and_(differ, pc.invert(pc.fill_null(same, False)))
        return np.asarray(differ.to_numpy(zero_copy_only=False), dtype=bool)


@dataclass(frozen=True, slots=True)
class OwnRegister:
    """A register of the office, encoded under a key that is thrown away, and in the clear.

    Attributes:
        name: Its name.
        title: What a reader sees.
        delivery: Its encoding.
        join_map: What opens the encoding.
        record: (rows) the record numbers, as texts.
        record_id: (rows) the keyed id of each record, 16 bytes.
        variables: What the register says, by variable.
        spells: ``record, from, until``: the months in which records hold, or None where the register dates nothing.
    """

    name: str
    title: str
    delivery: Delivery
    join_map: JoinMap
    record: pa.StringArray = field(repr=False)
    record_id: pa.FixedSizeBinaryArray = field(repr=False)
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


def first_rows(registers: Sequence[OwnRegister]) -> NDArray[np.int64]:
    """Where each register begins when their rows are counted one after the other, and where the last one ends."""
    return np.concatenate([[0], np.cumsum([len(one.record) for one in registers])]).astype(np.int64)


def rows_of_ids(registers: Sequence[OwnRegister], of: pa.DictionaryArray, record_id: pa.Array) -> NDArray[np.int64]:
    """The rows of records by their keyed ids, the rows of all registers counted one after the other.

    Args:
        registers: The registers.
        of: (records) the register of each.
        record_id: (records) 16 bytes.

    Raises:
        InputError: An id is in no register; says how many.
    """
    return _rows(registers, of, record_id, [one.record_id for one in registers])


def rows_of_numbers(registers: Sequence[OwnRegister], of: pa.DictionaryArray, record: pa.Array) -> NDArray[np.int64]:
    """The rows of records by their numbers; see :func:`rows_of_ids`."""
    return _rows(registers, of, record, [one.record for one in registers])


def _rows(
    registers: Sequence[OwnRegister], of: pa.DictionaryArray, wanted: pa.Array, held: Sequence[pa.Array]
) -> NDArray[np.int64]:
    codes, names = np.asarray(of.indices), of.dictionary.to_pylist()
    rows = np.full(len(wanted), -1, np.int64)
    for one, first, there in zip(registers, first_rows(registers), held, strict=False):
        mine = np.flatnonzero(codes == names.index(one.name)) if one.name in names else np.empty(0, np.int64)
        place = pc.fill_null(pc.index_in(wanted.take(pa.array(mine)), value_set=there).cast(pa.int64()), -1)
        rows[mine] = np.where(np.asarray(place) < 0, -1, first + np.asarray(place))
    unknown = int((rows < 0).sum())
    if unknown:
        raise InputError(f"{unknown} of the records looked for are in neither register.")
    return rows
