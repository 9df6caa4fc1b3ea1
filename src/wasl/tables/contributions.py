"""Contributors of the cells: their number, the largest contributions, and waivers.

If every record is a contributor of its own, the largest ones of a total are among the largest ones of its parts. A
contributor with records in several cells is counted anew in every combination of levels.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wasl.errors import InputError
from wasl.registers.compiled import njit
from wasl.tables.cells import Contributor, Floats, Ints
from wasl.tables.hierarchy import Hierarchy
from wasl.tables.specification import InputSpec, TableSpec

__all__ = ["Contributions", "contributions_of", "largest_records", "lone_records", "outsiders_of", "roll_up"]


@dataclass(frozen=True, slots=True)
class Contributions:
    """Contributors of the cells, as the primary rules need them."""

    contributors: Floats
    largest: Floats
    target: Floats | None = None
    intruder: Floats | None = None
    waived: NDArray[np.bool_] | None = None
    dominance_waived: NDArray[np.bool_] | None = None
    lone: dict[int, Contributor] = field(default_factory=dict)


def largest_records(key: Ints, value: Floats, cells: int, depth: int, dimensions: tuple[Hierarchy, ...]) -> Floats:
    """The largest values of every cell, each record being a contributor of its own; shape (cells, depth)."""
    top = np.zeros((cells, depth))
    if not depth:
        return top
    _insert(key, value, top)
    strides = np.cumprod([1, *[d.size for d in dimensions[:0:-1]]])[::-1].astype(np.int64)
    for dimension, stride in zip(dimensions, strides, strict=True):
        _merge_up(top, dimension.parents.astype(np.int64), stride, dimension.size)
    return top


@njit(cache=True)
def _insert(key: Ints, value: Floats, top: Floats) -> None:
    depth = top.shape[1]
    for i in range(len(key)):
        row = top[key[i]]
        x = value[i]
        if x <= row[depth - 1]:
            continue
        j = depth - 1
        while j > 0 and row[j - 1] < x:
            row[j] = row[j - 1]
            j -= 1
        row[j] = x


@njit(cache=True)
def _merge_up(top: Floats, parents: Ints, stride: int, size: int) -> None:
    cells, depth = top.shape
    block = stride * size
    for outer in range(0, cells, block):
        for code in range(size - 1, 0, -1):
            for inner in range(stride):
                child = outer + code * stride + inner
                row = top[outer + parents[code] * stride + inner]
                for k in range(depth):
                    x = top[child, k]
                    if x <= row[depth - 1]:
                        break
                    j = depth - 1
                    while j > 0 and row[j - 1] < x:
                        row[j] = row[j - 1]
                        j -= 1
                    row[j] = x


def contributions_of(
    data: pa.Table,
    spec: TableSpec,
    dimensions: tuple[Hierarchy, ...],
    places: list[NDArray[np.int32]],
    value: Floats,
    weight: Floats | None,
    cells: int,
) -> Contributions:
    """The same where a contributor may have several records, a weight, or a waiver.

    A contributor with records in several cells is one contributor of their total, so each combination of levels is
    counted from the records.
    """
    source, depth = spec.input, max(spec.depth, 1)
    who, names = _contributor(data, source)
    alone = np.full(cells, -1, dtype=np.int64)
    waiver = _consents(data.column(source.waiver), source.waiver, spec.name) if source.waiver else None
    units = weight if weight is not None and spec.primary.weighted else None
    result = Contributions(
        np.zeros(cells),
        np.zeros((cells, depth)),
        np.zeros(cells),
        np.zeros(cells),
        np.zeros(cells, np.bool_),
        np.zeros((cells, depth), np.bool_),
    )
    ancestors = [_ancestors(dimension, place) for dimension, place in zip(dimensions, places, strict=True)]
    for levels in itertools.product(*[range(int(d.depths.max()) + 1) for d in dimensions]):
        key = np.zeros(len(value), dtype=np.int64)
        there = np.ones(len(value), dtype=np.bool_)
        for dimension, ancestor, level in zip(dimensions, ancestors, levels, strict=True):
            key = key * dimension.size + ancestor[level]
            there &= ancestor[level] >= 0
        rows = np.flatnonzero(there)
        if len(rows):
            _level(
                key[rows],
                who[rows],
                value[rows],
                None if units is None else units[rows],
                None if waiver is None else waiver[rows],
                result,
                alone,
            )
    if spec.protection.singletons:
        for cell in np.flatnonzero(alone >= 0).tolist():
            number = int(alone[cell]) - data.num_rows
            result.lone[cell] = names[number] if number >= 0 else ("", int(alone[cell]))
    return result


def lone_records(key: Ints, count: Floats, cells: int, dimensions: tuple[Hierarchy, ...]) -> dict[int, Contributor]:
    """The record that is alone in each cell, every record being a contributor of its own."""
    number = np.bincount(key, weights=np.arange(len(key), dtype=np.float64), minlength=cells)
    roll_up(number, dimensions)  # the sum of the numbers of one record is its number
    return {cell: ("", int(number[cell])) for cell in np.flatnonzero(count == 1).tolist()}


def roll_up(array: NDArray[Any], dimensions: tuple[Hierarchy, ...]) -> None:
    """Add every code to the code above it, along one dimension after the other, in place."""
    shaped = array.reshape([d.size for d in dimensions])
    for axis, dimension in enumerate(dimensions):
        view = np.moveaxis(shaped, axis, 0)
        for code in range(dimension.size - 1, 0, -1):  # children stand after their parents
            view[dimension.parents[code]] += view[code]


def outsiders_of(
    data: pa.Table, source: InputSpec, members: Sequence[str], weight: Floats | None
) -> tuple[NDArray[np.bool_], int]:
    """The records of those who are no members of a coalition, and the number of members without records.

    A record of a sampling weight other than 1 stands for others, too. All of a holding are members where one is.
    """
    who, _ = _contributor(data, source)
    named, found = np.zeros(data.num_rows, dtype=np.bool_), set[str]()
    for name in (source.holding, source.contributor):
        if not name:
            continue
        column = data.column(name).cast(pa.string())
        hit = pc.fill_null(pc.is_in(column, value_set=pa.array(members, pa.string())), fill_value=False)
        named |= np.asarray(hit.to_numpy(), dtype=np.bool_)
        found |= set(pc.unique(column.filter(hit)).to_pylist())
    outside = ~np.isin(who, who[named])
    if weight is not None:
        outside |= weight != 1
    return outside, len(set(members) - found)


def _contributor(data: pa.Table, source: InputSpec) -> tuple[Ints, list[Contributor]]:
    """A number per contributor: the holding where there is one, else the contributor, else the record itself.

    Returns:
        The numbers, and the contributors that are no records: their numbers begin with that of rows.
    """
    names: list[Contributor] = []
    rows = np.arange(data.num_rows, dtype=np.int64)
    who, taken = rows.copy(), np.zeros(len(rows), dtype=np.bool_)
    base = data.num_rows
    for kind, name in (("holding", source.holding), ("contributor", source.contributor)):
        if not name:
            continue
        encoded = data.column(name).combine_chunks().dictionary_encode()
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.chunk(0)
        known = ~np.asarray(encoded.is_null().to_numpy(zero_copy_only=False), np.bool_) & ~taken
        indices = encoded.indices.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
        who[known] = base + indices[known]
        taken |= known
        base += len(encoded.dictionary)
        names += [(kind, str(one)) for one in encoded.dictionary.to_pylist()]
    return who, names


def _consents(column: pa.ChunkedArray, name: str, table: str) -> NDArray[np.bool_]:
    """The records whose contributor consents to be recognized: true, ``"true"`` or 1; a blank is no consent.

    Raises:
        InputError: The column contains anything else but false, ``"false"`` and 0.
    """
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = pc.utf8_lower(pc.utf8_trim_whitespace(column))
        yes, no = pa.array(["true", "1"], column.type), pa.array(["false", "0", ""], column.type)
    elif pa.types.is_boolean(column.type):
        yes, no = pa.array([True]), pa.array([False])
    elif pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        column = column.cast(pa.float64())
        yes, no = pa.array([1.0]), pa.array([0.0])
    else:
        yes, no = pa.array([], column.type), pa.array([], column.type)
    given = pc.is_in(column, value_set=yes)
    other = pc.and_not(pc.is_valid(column), pc.or_(given, pc.is_in(column, value_set=no)))
    if strange := int(pc.sum(other.cast(pa.int64())).as_py() or 0):
        raise InputError(
            f"table {table!r}: column {name!r} (input.waiver) has {strange} values other than true, false, 1 and 0.",
            remedy="Write true where the contributor consents to be recognized, and false elsewhere.",
        )
    return np.asarray(given.to_numpy(), dtype=np.bool_)


def _ancestors(dimension: Hierarchy, place: NDArray[np.int32]) -> list[Ints]:
    """For each depth, the code of that depth above (or at) each row's code; -1 below it."""
    result = []
    for level in range(int(dimension.depths.max()) + 1):
        above = np.full(dimension.size, -1, dtype=np.int64)
        for code in range(dimension.size):
            if dimension.depths[code] == level:
                above[code] = code
            elif dimension.depths[code] > level:
                above[code] = above[dimension.parents[code]]
        result.append(above[place])
    return result


def _level(
    key: Ints,
    who: Ints,
    value: Floats,
    units: Floats | None,
    waiver: NDArray[np.bool_] | None,
    into: Contributions,
    lone: Ints,
) -> None:
    """Fill in the cells of one combination of levels, and the numbers of contributors who are alone in one."""
    order = np.lexsort((who, key))
    key, who, value = key[order], who[order], value[order]
    first = np.flatnonzero(np.concatenate([[True], (key[1:] != key[:-1]) | (who[1:] != who[:-1])]))
    amount = np.add.reduceat(value, first)
    cell = key[first]
    size = np.diff(np.append(first, len(key)))
    if units is None:
        stands_for = np.ones(len(first))
    else:
        ordered = units[order]
        heavy = np.add.reduceat(ordered * value, first)
        plain = np.add.reduceat(ordered, first) / size
        stands_for = np.divide(heavy, amount, out=plain, where=amount > 0)
    consents = np.zeros(len(first), np.bool_) if waiver is None else np.logical_and.reduceat(waiver[order], first)
    rank = np.lexsort((-amount, cell))
    cell, amount, stands_for, consents = cell[rank], amount[rank], stands_for[rank], consents[rank]
    head = np.flatnonzero(np.concatenate([[True], cell[1:] != cell[:-1]]))
    cells = cell[head]
    into.contributors[cells] = np.diff(np.append(head, len(cell)))
    alone = into.contributors[cells] == 1
    lone[cells[alone]] = who[first][rank][head[alone]]
    before = _units_before(stands_for, head)
    previous = np.zeros(len(cells))
    depth = into.largest.shape[1]
    assert into.waived is not None  # noqa: S101
    assert into.dominance_waived is not None  # noqa: S101
    for j in range(depth):
        taken = np.clip(j + 1 - before, 0.0, stands_for)
        top = np.add.reduceat(amount * taken, head)
        into.largest[cells, j] = top - previous
        previous = top
        into.dominance_waived[cells, j] = np.logical_and.reduceat(consents | (taken <= 0), head)
    into.waived[cells] = np.logical_and.reduceat(consents, head)
    _pair(cells, amount, consents, head, into)


def _units_before(units: Floats, head: Ints) -> Floats:
    """Units that stand before each contribution within its cell."""
    total = np.cumsum(units) - units
    return total - np.repeat(total[head], np.diff(np.append(head, len(units))))


def _pair(cells: Ints, amount: Floats, consents: NDArray[np.bool_], head: Ints, into: Contributions) -> None:
    """The largest contribution to be protected, and the largest other one."""
    assert into.target is not None  # noqa: S101
    assert into.intruder is not None  # noqa: S101
    into.target[cells] = np.maximum.reduceat(np.where(consents, 0.0, amount), head)
    second = into.largest[cells, 1] if into.largest.shape[1] > 1 else np.zeros(len(cells))
    lone = into.largest[cells, 0]
    own = ~consents[head]  # the largest is to be protected itself
    into.intruder[cells] = np.where(own, second, lone)
