"""One variable of the microdata: each person's value, by trust in registers, and what every register says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wasl.errors import InputError
from wasl.registers.exchange.payload import Payload
from wasl.workflow.microdata_spec import VariableSpec

__all__ = ["IntArray", "Resolved", "factorize", "resolve_variable"]

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Resolved:
    """A variable.

    Attributes:
        values: Each person's value, from the register of most trust that knows it.
        conflicts: Kept persons whose trusted registers disagree.
        said: For each register that has the variable, trusted or not, the code of each person's value, or -1.
        labels: The value of each code.
        totals: For a sum: over the rows of the first source, and over kept persons.
    """

    values: pa.Array = field(repr=False)
    conflicts: int
    said: dict[str, IntArray] = field(repr=False)
    labels: pa.Array = field(repr=False)
    totals: tuple[float, float] | None = None


def resolve_variable(
    variable: VariableSpec,
    payloads: Sequence[Payload],
    located: Sequence[IntArray],
    n: int,
    keep: npt.NDArray[np.bool_],
) -> Resolved | None:
    """The variable of each person; None where it is optional and no payload of its sources has it.

    Args:
        variable: Its name, sources, and which of several records counts.
        payloads: The payloads.
        located: For each payload the person of each row, or -1.
        n: The number of persons.
        keep: The persons that stand in the microdata.

    Raises:
        InputError: No payload has it, or a sum is asked of what is no number.
    """
    having = [i for i, payload in enumerate(payloads) if variable.name in payload.rows.column_names]
    rank = {name: i for i, name in enumerate(variable.sources)}
    trusted = [i for i in having if not rank or payloads[i].register in rank]
    if not trusted:
        if variable.optional:
            return None
        where = f"none of the payloads of {', '.join(variable.sources)}" if having else "none of the payloads"
        raise InputError(
            f"variable {variable.name!r} is in {where}.", remedy="Correct the specification, or set optional = true."
        )
    if rank:
        trusted.sort(key=lambda i: rank[payloads[i].register])
    if variable.pick == "sum":
        return _summed(variable, payloads, located, trusted, n, keep)
    ordered = trusted + [i for i in having if i not in trusted]
    columns = [payloads[i].rows.column(variable.name) for i in ordered]
    values = pa.chunked_array([chunk for column in columns for chunk in _unified(column, columns[0].type).chunks])
    persons = np.concatenate([located[i] for i in ordered])
    source = np.repeat(np.arange(len(ordered)), [len(located[i]) for i in ordered])
    usable = np.flatnonzero((persons >= 0) & values.is_valid().to_numpy(zero_copy_only=False))
    codes, distinct = factorize(values.take(pa.array(usable)))
    within = _within(codes, distinct, variable, _times(variable, payloads, ordered)[usable])
    order = _order(persons[usable], source[usable], within)
    p, s, c = persons[usable][order], source[usable][order], codes[order]
    said = _by_register(p, s, c, [payloads[i].register for i in ordered], n)
    believed = s < len(trusted)
    p, s, c = p[believed], s[believed], c[believed]
    result = np.full(n, -1, np.int64)
    chosen = _starts(p)
    result[p[chosen]] = c[chosen]
    per_source = _starts(p, s)
    disagree = np.zeros(n, bool)
    p, c = p[per_source], c[per_source]
    disagree[p[1:][(p[1:] == p[:-1]) & (c[1:] != c[:-1])]] = True
    resolved = distinct.take(pa.array(result, mask=result < 0))
    return Resolved(resolved, int(np.count_nonzero(disagree & keep)), said, distinct)


def factorize(column: pa.ChunkedArray) -> tuple[IntArray, pa.Array]:
    """Codes 0..n-1 and the distinct values they stand for."""
    encoded = column.combine_chunks()
    encoded = encoded if pa.types.is_dictionary(encoded.type) else encoded.dictionary_encode()
    return encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64), encoded.dictionary


def _summed(
    variable: VariableSpec,
    payloads: Sequence[Payload],
    located: Sequence[IntArray],
    trusted: Sequence[int],
    n: int,
    keep: npt.NDArray[np.bool_],
) -> Resolved:
    """Each person's sum over the records of the first register of most trust that knows the person.

    Raises:
        InputError: The variable is no number.
    """
    sums, counted = np.zeros(n), np.zeros(n, bool)
    over_rows = 0.0
    for register in dict.fromkeys(payloads[i].register for i in trusted):
        added, there = np.zeros(n), np.zeros(n, bool)
        for i in trusted:
            if payloads[i].register != register:
                continue
            column = payloads[i].rows.column(variable.name)
            if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
                raise InputError(f"variable {variable.name!r} is to be summed, but holds {column.type} cells.")
            amounts = np.asarray(column.cast(pa.float64()).fill_null(float("nan")).to_numpy(zero_copy_only=False))
            known = ~np.isnan(amounts)
            over_rows += float(amounts[known].sum()) if register == payloads[trusted[0]].register else 0.0
            placed = known & (located[i] >= 0)
            added += np.bincount(located[i][placed], weights=amounts[placed], minlength=n)
            there[located[i][placed]] = True
        new = there & ~counted
        sums[new], counted[new] = added[new], True
    values = pa.array(sums, mask=~counted)
    return Resolved(values, 0, {}, pa.array([], pa.float64()), (over_rows, float(sums[counted & keep].sum())))


def _unified(column: pa.ChunkedArray, target: pa.DataType) -> pa.ChunkedArray:
    plain = column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
    return plain.cast(target.value_type if pa.types.is_dictionary(target) else target)


def _times(variable: VariableSpec, payloads: Sequence[Payload], ordered: Sequence[int]) -> IntArray:
    """What orders the records in time, or all zero; records without it come first.

    Raises:
        InputError: No payload has the one variable that orders. Of a list none is needed: a register that dates
            nothing has one record for each person.
    """
    if not variable.orders:
        return np.zeros(sum(payloads[i].rows.num_rows for i in ordered), np.int64)
    by = variable.by if isinstance(variable.by, str) else ""
    if by and not any(by in payloads[i].rows.column_names for i in ordered):
        raise InputError(
            f"variable {variable.name!r} is ordered by {by!r}, which none of its payloads has.",
            remedy="Correct the specification.",
        )
    parts = []
    for i in ordered:
        rows = payloads[i].rows
        dated = [rows.column(name) for name in variable.orders if name in rows.column_names]
        if not dated:
            parts.append(np.zeros(rows.num_rows, np.int64))
            continue
        times = dated[0] if len(dated) == 1 else pc.coalesce(*(_unified(one, pa.string()) for one in dated))
        encoded = pc.dictionary_encode(times).combine_chunks()
        rank = _ranks(encoded.dictionary)
        parts.append(np.append(rank, -1)[encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)])
    return np.concatenate(parts)


def _within(codes: IntArray, distinct: pa.Array, variable: VariableSpec, times: IntArray) -> IntArray:
    """What orders a person's records in one register, so that the picked one comes first."""
    if variable.pick in ("first", "last"):
        rank = np.empty(len(codes), np.int64)
        rank[np.lexsort((np.arange(len(codes)), times))] = np.arange(len(codes))
    else:
        rank = _ranks(distinct)[codes]
    return rank if variable.pick in ("first", "min") else -rank


def _ranks(distinct: pa.Array) -> IntArray:
    """The rank of each of different values, from 0."""
    ranks = np.empty(len(distinct), np.int64)
    ranks[pc.array_sort_indices(distinct).to_numpy()] = np.arange(len(distinct))
    return ranks


def _by_register(p: IntArray, s: IntArray, c: IntArray, registers: Sequence[str], n: int) -> dict[str, IntArray]:
    """The code of each person's value in each register, -1 where it has none; later payloads yield to earlier ones.

    Args:
        p: The person of each row; rows are sorted by person, then payload, the picked record first.
        s: Its payload.
        c: The code of its value.
        registers: The register of each payload.
        n: The number of persons.
    """
    said: dict[str, IntArray] = {}
    for name in dict.fromkeys(registers):
        rows = np.flatnonzero(np.isin(s, [i for i, register in enumerate(registers) if register == name]))
        first = rows[_starts(p[rows])]
        codes = np.full(n, -1, np.int64)
        codes[p[first]] = c[first]
        said[name] = codes
    return said


def _order(persons: IntArray, source: IntArray, within: IntArray) -> IntArray:
    """Rows by person, then source in order of trust, then the picked record first."""
    return np.lexsort((within, source, persons))


def _starts(*keys: IntArray) -> IntArray:
    """Positions at which any of the (sorted) keys changes."""
    if not len(keys[0]):
        return np.zeros(0, np.int64)
    changed = np.logical_or.reduce([key[1:] != key[:-1] for key in keys])
    return np.flatnonzero(np.r_[True, changed])
