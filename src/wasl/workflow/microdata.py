"""Spine and payloads to microdata: one row per person, each variable from the register that knows it best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field as Option

from wasl.errors import InputError, MismatchError
from wasl.registers.documents import Document, load_document, resolve_document
from wasl.registers.exchange.digests import digest_json
from wasl.registers.exchange.payload import Payload

IntArray = npt.NDArray[np.int64]

__all__ = ["Microdata", "MicrodataSpec", "VariableSpec", "assemble_microdata"]


class VariableSpec(Document):
    """One variable of the microdata.

    Attributes:
        name: Its name, the same in payloads and microdata.
        sources: Registers in order of trust; the first that knows the value gives it. Empty: the payloads' order.
        pick: Which of a person's several records in one register counts: the first or the last in the
            payload's order, the largest or the smallest value.
    """

    name: str
    sources: tuple[str, ...] = ()
    pick: Literal["first", "last", "max", "min"] = "first"


class MicrodataSpec(Document):
    """The persons of the microdata and the source of each variable.

    Attributes:
        include: A person is in when a record stands in at least one of these registers; empty: everybody.
        minimum_registers: ... and in at least this many different registers.
        flags: Registers whose membership becomes a variable ``in_<register>`` (dashes become underscores).
    """

    name: str
    title: str = ""
    include: tuple[str, ...] = ()
    minimum_registers: int = Option(default=1, ge=1)
    flags: tuple[str, ...] = ()
    variables: tuple[VariableSpec, ...]

    @classmethod
    def load(cls, name_or_path: str | Path) -> Self:
        """The specification in a TOML file, or a shipped one by name."""
        return load_document(cls, resolve_document("microdata", name_or_path))

    @property
    def digest(self) -> str:
        """The digest of the specification's meaning."""
        return digest_json(self.model_dump(mode="json"))


@dataclass(frozen=True, slots=True)
class Microdata:
    """The joined microdata.

    Attributes:
        table: ``person_id``, ``registers`` (how many know the person), flags, variables; one row per person,
            in order of person id.
        coverage: Share of rows with a value, by variable.
        conflicts: Persons whose registers disagree, by variable.
        unmatched_records: Payload rows whose record id is not in the spine.
    """

    table: pa.Table = field(repr=False)
    coverage: dict[str, float]
    conflicts: dict[str, int]
    unmatched_records: int


def assemble_microdata(spine: pa.Table, payloads: Sequence[Payload], spec: MicrodataSpec) -> Microdata:
    """Join payloads to the spine: the persons the specification asks for, with their variables.

    Args:
        spine: ``person_id``, ``register``, ``record_id`` (and more), one row per record.
        payloads: One or more per register; later ones of a register follow earlier ones.
        spec: Who is in, and which register is trusted for what.

    Raises:
        MismatchError: A payload's register is not in the spine.
        InputError: A variable is in no payload.
    """
    codes, persons = _factorize(spine.column("person_id"))
    n = len(persons)
    registers = spine.column("register").cast(pa.string()).to_numpy(zero_copy_only=False)
    known = set(registers)
    members = {name: _membership(codes, registers == name, n) for name in sorted(known)}
    for payload in payloads:
        if payload.register not in known:
            raise MismatchError(
                f"the payload of {payload.register!r} has no record in the spine.",
                remedy="Link that register's delivery first, or leave its payload out.",
            )

    located = [_locate(spine, registers, codes, payload) for payload in payloads]
    unmatched = sum(int(np.count_nonzero(rows < 0)) for rows in located)
    keep = _selection(members, spec, n)
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        "person_id": persons,
        "registers": pa.array(sum(members.values(), np.zeros(n, np.int8)), pa.int8()),
    }
    for name in spec.flags:
        columns[f"in_{name.replace('-', '_')}"] = pa.array(members.get(name, np.zeros(n, bool)))
    conflicts: dict[str, int] = {}
    for variable in spec.variables:
        column, conflicts[variable.name] = _resolve_variable(variable, payloads, located, n, keep)
        columns[variable.name] = column
    table = pa.table(columns).filter(pa.array(keep))
    table = table.sort_by("person_id")
    rows = max(table.num_rows, 1)
    coverage = {v.name: 1.0 - table.column(v.name).null_count / rows for v in spec.variables}
    return Microdata(table, coverage, conflicts, unmatched)


def _factorize(column: pa.ChunkedArray) -> tuple[IntArray, pa.Array]:
    """Codes 0..n-1 and the distinct values they stand for."""
    encoded = column.combine_chunks()
    encoded = encoded if pa.types.is_dictionary(encoded.type) else encoded.dictionary_encode()
    return encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64), encoded.dictionary


def _membership(codes: IntArray, where: npt.NDArray[np.bool_], n: int) -> npt.NDArray[np.bool_]:
    present = np.zeros(n, bool)
    present[codes[where]] = True
    return present


def _selection(members: dict[str, npt.NDArray[np.bool_]], spec: MicrodataSpec, n: int) -> npt.NDArray[np.bool_]:
    """Mark the persons that the specification asks for."""
    wanted = [members[name] for name in spec.include if name in members]
    keep = np.logical_or.reduce(wanted) if wanted else np.full(n, not spec.include)
    several = sum(members.values(), np.zeros(n, np.int16)) >= spec.minimum_registers
    return np.asarray(keep & several)


def _locate(spine: pa.Table, registers: npt.NDArray[np.object_], codes: IntArray, payload: Payload) -> IntArray:
    """For each payload row the code of its person, or -1."""
    where = np.flatnonzero(registers == payload.register)
    ids = spine.column("record_id").combine_chunks().take(pa.array(where))
    found = pc.index_in(payload.rows.column("record_id").combine_chunks(), value_set=ids)
    position = found.fill_null(-1).to_numpy(zero_copy_only=False)
    persons = np.full(len(position), -1, np.int64)
    persons[position >= 0] = codes[where[position[position >= 0]]]
    return persons


def _resolve_variable(
    variable: VariableSpec,
    payloads: Sequence[Payload],
    located: Sequence[IntArray],
    n: int,
    keep: npt.NDArray[np.bool_],
) -> tuple[pa.Array, int]:
    """The variable's value per person, and how many kept persons have registers that disagree on it."""
    having = [i for i, payload in enumerate(payloads) if variable.name in payload.rows.column_names]
    if not having:
        raise InputError(f"variable {variable.name!r} is in none of the payloads.", remedy="Correct the specification.")
    if variable.sources:
        rank = {name: i for i, name in enumerate(variable.sources)}
        having = [i for i in having if payloads[i].register in rank]
        having.sort(key=lambda i: rank[payloads[i].register])
    columns = [payloads[i].rows.column(variable.name) for i in having]
    if not columns:
        return pa.nulls(n, pa.string()), 0
    values = pa.chunked_array([chunk for column in columns for chunk in _unified(column, columns[0].type).chunks])
    persons = np.concatenate([located[i] for i in having])
    source = np.repeat(np.arange(len(having)), [len(located[i]) for i in having])
    usable = np.flatnonzero((persons >= 0) & values.is_valid().to_numpy(zero_copy_only=False))
    codes, distinct = _factorize(values.take(pa.array(usable)))
    order = _order(persons[usable], source[usable], _within(codes, distinct, variable.pick))
    p, s, c = persons[usable][order], source[usable][order], codes[order]
    result = np.full(n, -1, np.int64)
    chosen = _starts(p)
    result[p[chosen]] = c[chosen]
    per_source = _starts(p, s)
    disagree = np.zeros(n, bool)
    p, c = p[per_source], c[per_source]
    disagree[p[1:][(p[1:] == p[:-1]) & (c[1:] != c[:-1])]] = True
    return distinct.take(pa.array(result, mask=result < 0)), int(np.count_nonzero(disagree & keep))


def _unified(column: pa.ChunkedArray, target: pa.DataType) -> pa.ChunkedArray:
    plain = column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
    return plain.cast(target.value_type if pa.types.is_dictionary(target) else target)


def _within(codes: IntArray, distinct: pa.Array, pick: str) -> IntArray:
    """What orders a person's records in one register, so that the picked one comes first."""
    if pick in ("first", "last"):
        rank = np.arange(len(codes))
    else:
        by_value = np.empty(len(distinct), np.int64)
        by_value[pc.array_sort_indices(distinct).to_numpy()] = np.arange(len(distinct))
        rank = by_value[codes]
    return rank if pick in ("first", "min") else -rank


def _order(persons: IntArray, source: IntArray, within: IntArray) -> IntArray:
    """Rows by person, then source in order of trust, then the picked record first."""
    return np.lexsort((within, source, persons))


def _starts(*keys: IntArray) -> IntArray:
    """Positions at which any of the (sorted) keys changes."""
    if not len(keys[0]):
        return np.zeros(0, np.int64)
    changed = np.logical_or.reduce([key[1:] != key[:-1] for key in keys])
    return np.flatnonzero(np.r_[True, changed])
