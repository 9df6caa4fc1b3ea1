"""From data to cells: counts, sums, largest contributions and record keys over all hierarchies in one pass.

Every record falls into one cell of the finest codes. Totals are then added up along one dimension after the other.
Margins therefore cost one reading of the array of cells per dimension, whatever the number of records.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wasl.errors import InputError
from wasl.registers.compiled import njit
from wasl.tables.aggregates import require_complete, require_totals
from wasl.tables.cells import CellTable, Contributor, Floats, Ints, added
from wasl.tables.contributions import (
    Contributions,
    contributions_of,
    largest_records,
    lone_records,
    outsiders_of,
    roll_up,
)
from wasl.tables.hierarchy import UNKNOWN, Hierarchy
from wasl.tables.specification import DimensionSpec, InputSpec, MeasureKind, TableSpec
from wasl.tables.structural import structural_zeros

__all__ = ["MAX_CELLS", "Built", "amounts_of", "band_labels", "build_table"]

MAX_CELLS = 50_000_000
"""Most cells a table may have, margins included: three arrays of 8 bytes a cell are then 1.2 GB."""


@dataclass(frozen=True, slots=True)
class Built:
    """A table, and what its making left out.

    Attributes:
        table: The cells.
        rows: Rows of the data.
        unknown: For each dimension, rows without a value, counted under the code ``_U``.
        valueless: Rows left out because their value is missing.
        absent: For each coalition the number of its members without records.
        data: Number of the data it was made from: tables with one number have the same records.
    """

    table: CellTable
    rows: int
    unknown: Mapping[str, int]
    valueless: int
    absent: tuple[int, ...] = ()
    data: int = 0


def build_table(data: pa.Table, spec: TableSpec, hierarchies: Mapping[str, pa.Table]) -> Built:
    """The cells of a table, margins included.

    Args:
        data: Microdata or an aggregate, as ``spec.input`` says.
        spec: The table.
        hierarchies: For each file named by a dimension, its columns from coarse to fine.

    Raises:
        InputError: A column is missing, a code is not in its hierarchy, an aggregate repeats a cell, a structural zero
            has a value, or the table has too many cells.
    """
    _require_columns(data, spec)
    made = _from_aggregate if spec.input.kind == "aggregate" else _from_microdata
    built = made(data, spec, hierarchies)
    if not spec.structural_zeros:
        return built
    return replace(built, table=replace(built.table, structural=structural_zeros(built.table, spec)))


def _require_columns(data: pa.Table, spec: TableSpec) -> None:
    source = spec.input
    names = [d.source for d in spec.dimensions]
    names += [source.denominator, source.weight, source.contributor, source.holding, source.waiver, source.record]
    names += [source.contributors, *source.largest, "" if source.counts else source.value]
    missing = sorted({name for name in names if name and name not in data.column_names})
    if missing:
        raise InputError(
            f"table {spec.name!r}: the data lack the columns {', '.join(missing)}.",
            remedy=f"Correct the specification. The data have: {', '.join(data.column_names[:30])}.",
        )


def amounts_of(data: pa.Table, name: str, table: str) -> Floats:
    """The numbers of a column; NaN where there is none.

    Raises:
        InputError: The column contains something else, or infinite values.
    """
    column = data.column(name)
    try:
        values = np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InputError(f"table {table!r}: column {name!r} contains values that are not numbers.") from error
    if np.isinf(values).any():
        raise InputError(f"table {table!r}: column {name!r} contains infinite values.")
    return values


def _coded(
    data: pa.Table, dimension: DimensionSpec, hierarchies: Mapping[str, pa.Table], table: str, *, totals: bool
) -> tuple[Hierarchy, NDArray[np.int32], int]:
    """The hierarchy of a dimension, the index of each row's code in it, and the rows without a code."""
    column = data.column(dimension.source)
    if dimension.bands:
        column = _banded(column, dimension, table)
    if not pa.types.is_dictionary(column.type):
        if pa.types.is_floating(column.type):
            column = column.cast(pa.int64(), safe=False) if _whole(column) else column
        column = column.cast(pa.string()).dictionary_encode() if _textual(column.type) else column.dictionary_encode()
    column = column.unify_dictionaries()
    encoded = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.chunk(0) if encoded.num_chunks else pa.array([], pa.string()).dictionary_encode()
    codes = [str(code) for code in encoded.dictionary.to_pylist()]
    if dimension.hierarchy:
        hierarchy = _from_file(dimension, hierarchies)
    else:
        present = {code for code in codes if code != dimension.total}
        hierarchy = Hierarchy.flat(dimension.name, dimension.total, _natural(present, dimension))
    indices = encoded.indices.fill_null(len(codes)).to_numpy(zero_copy_only=False)
    blank = [i for i, code in enumerate(codes) if code in ("", "None")]
    unknown = int(encoded.null_count) + int(np.isin(indices, blank).sum() if blank else 0)
    if unknown:
        hierarchy = hierarchy.with_unknown()
    known = hierarchy.index()
    place = np.array([known.get(UNKNOWN if i in blank else code, -1) for i, code in enumerate(codes)] + [-1], np.int32)
    if unknown:
        place[-1] = known[UNKNOWN]
    if not totals and dimension.total in codes:
        raise InputError(
            f"table {table!r}: column {dimension.source!r} of the microdata contains the code of the total.",
            remedy='Give the total another code (dimensions.total), or say input.kind = "aggregate".',
        )
    result = place[indices]
    strange = int((result < 0).sum())
    if strange:
        bad = sorted(codes[i] for i in np.unique(indices[result < 0]) if i < len(codes))
        raise InputError(
            f"table {table!r}: {strange} rows have {len(bad)} codes of {dimension.source!r} that its hierarchy lacks.",
            remedy=f"Complete {dimension.hierarchy or 'the hierarchy'}; the first missing codes: {', '.join(bad[:5])}.",
        )
    return hierarchy, result, unknown


def _whole(column: pa.ChunkedArray) -> bool:
    values = column.drop_null().to_numpy()
    return bool(np.all(values == np.round(values)))


def _textual(kind: pa.DataType) -> bool:
    return not (pa.types.is_integer(kind) or pa.types.is_string(kind))


def _natural(codes: set[str], dimension: DimensionSpec) -> list[str]:
    if dimension.bands:
        return [label for label in band_labels(dimension.bands) if label in codes]
    if all(code.isdigit() for code in codes):
        return sorted(codes, key=lambda code: (int(code), code))
    return sorted(codes)


def _from_file(dimension: DimensionSpec, hierarchies: Mapping[str, pa.Table]) -> Hierarchy:
    if dimension.hierarchy not in hierarchies:
        raise InputError(f"dimension {dimension.name!r}: the hierarchy {dimension.hierarchy} was not given.")
    levels = hierarchies[dimension.hierarchy]
    columns = [["" if v is None else str(v) for v in column.to_pylist()] for column in levels.columns]
    return Hierarchy.of_paths(dimension.name, dimension.total, zip(*columns, strict=True))


def band_labels(bands: tuple[int, ...]) -> list[str]:
    """The names of the classes of a number: below the first limit, between two limits, from the last one on."""
    closed = [f"{a}-{b - 1}" if b - a > 1 else str(a) for a, b in itertools.pairwise(bands)]
    return [f"<{bands[0]}", *closed, f"{bands[-1]}+"]


def _banded(column: pa.ChunkedArray, dimension: DimensionSpec, table: str) -> pa.ChunkedArray:
    values = amounts_of(pa.table({dimension.source: column}), dimension.source, table)
    missing = np.isnan(values)
    at = np.searchsorted(np.array(dimension.bands), np.where(missing, 0, values), side="right").astype(np.int32)
    indices = pa.array(at, mask=missing)
    return pa.chunked_array([pa.DictionaryArray.from_arrays(indices, pa.array(band_labels(dimension.bands)))])


def _from_aggregate(data: pa.Table, spec: TableSpec, hierarchies: Mapping[str, pa.Table]) -> Built:
    coded = [_coded(data, d, hierarchies, spec.name, totals=True) for d in spec.dimensions]
    dimensions = tuple(item[0] for item in coded)
    places = np.stack([item[1] for item in coded], axis=1) if coded else np.zeros((data.num_rows, 0), np.int32)
    value = amounts_of(data, spec.input.value, spec.name)
    if np.isnan(value).any():
        raise InputError(
            f"table {spec.name!r}: {int(np.isnan(value).sum())} cells of the aggregate have no value.",
            remedy="Give the true values; wasl needs them to choose which cells protect which.",
        )
    unique, count = np.unique(places, axis=0, return_counts=True)
    if len(unique) != len(places):
        raise InputError(f"table {spec.name!r}: {int((count > 1).sum())} cells occur more than once in the aggregate.")
    contributors = (
        amounts_of(data, spec.input.contributors, spec.name)
        if spec.input.contributors
        else np.where(value != 0, np.inf, 0)
    )
    largest = (
        np.stack([np.abs(amounts_of(data, name, spec.name)) for name in spec.input.largest], axis=1)
        if spec.input.largest
        else np.zeros((len(value), 0))
    )
    require_complete(spec, value, contributors, largest)
    require_totals(spec, dimensions, places.astype(np.int64), value)
    table = CellTable(
        spec.name,
        dimensions,
        places,
        value,
        np.abs(value),
        np.nan_to_num(contributors, nan=0.0),
        np.nan_to_num(largest),
        target=np.nan_to_num(largest[:, 0]) if largest.shape[1] else None,
        intruder=np.nan_to_num(largest[:, 1]) if largest.shape[1] > 1 else None,
    )
    return Built(table, data.num_rows, {d.name: c[2] for d, c in zip(spec.dimensions, coded, strict=True)}, 0)


def _from_microdata(data: pa.Table, spec: TableSpec, hierarchies: Mapping[str, pa.Table]) -> Built:
    source = spec.input
    rows, valueless, gaps = data.num_rows, 0, None
    if needed := [name for name in ("" if source.counts else source.value, source.denominator) if name]:
        missing = [pc.is_null(data.column(name), nan_is_null=True) for name in needed]
        gaps = np.logical_or.reduce([np.asarray(one.to_numpy(), np.bool_) for one in missing])
        valueless = int(gaps.sum())
        if valueless:
            data = data.filter(pa.array(~gaps))
    coded = [_coded(data, d, hierarchies, spec.name, totals=False) for d in spec.dimensions]
    dimensions = tuple(item[0] for item in coded)
    sizes = [d.size for d in dimensions]
    cells = int(np.prod([float(size) for size in sizes]))
    if cells > MAX_CELLS:
        raise InputError(
            f"table {spec.name!r} would have {cells:,} cells; at most {MAX_CELLS:,} are possible.",
            remedy="Leave out a dimension, or use coarser codes.",
        )
    key = np.zeros(data.num_rows, dtype=np.int64)
    for size, (_, place, _) in zip(sizes, coded, strict=True):
        key *= size
        key += place
    weight = _weights(data, source, spec.name)
    value = np.ones(data.num_rows) if source.counts else amounts_of(data, source.value, spec.name)
    measured = _measure(key, cells, value, weight, spec)
    keys = _record_keys(data, key, cells)
    arrays = [array for array in measured if array is not None]
    for array in (*arrays, *([keys] if keys is not None else [])):
        roll_up(array, dimensions)
    total, absolute, count, denominator = measured
    simple = not (source.contributor or source.holding or source.waiver)
    concentrated = spec.depth > 0
    if simple and not (concentrated and weight is not None):
        largest = largest_records(key, np.abs(value), cells, spec.depth, dimensions)
        contributions = Contributions(count, largest)
        if spec.protection.singletons:
            contributions.lone.update(lone_records(key, count, cells, dimensions))
    else:
        places = [place for _, place, _ in coded]
        contributions = contributions_of(data, spec, dimensions, places, np.abs(value), weight, cells)
    shared, absent = _shared(data, spec, key, cells, weight, dimensions)
    places_of = np.empty((cells, len(sizes)), dtype=np.int32, order="F")
    for d, size in enumerate(sizes):
        shape = [1] * len(sizes)
        shape[d] = size
        places_of[:, d].reshape(sizes)[:] = np.arange(size, dtype=np.int32).reshape(shape)
    below = (count if weight is None else denominator) if spec.input.shown is MeasureKind.MEAN else None
    shown = None if below is None else np.divide(total, below, out=np.zeros_like(total), where=below > 0)
    table = CellTable(
        spec.name,
        dimensions,
        places_of,
        total,
        total if absolute is None else absolute,
        contributions.contributors,
        contributions.largest,
        target=contributions.target,
        intruder=contributions.intruder,
        waived=contributions.waived,
        dominance_waived=contributions.dominance_waived,
        shown=shown,
        keys=keys,
        counts=count,
        lone=_by_row(contributions.lone, None if gaps is None else np.flatnonzero(~gaps)),
        shared=shared,
        below=below,
    )
    unknown = {d.name: c[2] for d, c in zip(spec.dimensions, coded, strict=True)}
    return Built(table, rows, unknown, valueless, absent)


def _by_row(lone: dict[int, Contributor], rows: Ints | None) -> dict[int, Contributor]:
    """The same, a record being named by its row in the data as they were given."""
    if rows is None:
        return lone
    return {cell: (kind, int(rows[one]) if isinstance(one, int) else one) for cell, (kind, one) in lone.items()}


def _shared(
    data: pa.Table, spec: TableSpec, key: Ints, cells: int, weight: Floats | None, dimensions: tuple[Hierarchy, ...]
) -> tuple[NDArray[np.bool_] | None, tuple[int, ...]]:
    """For each coalition the cells that are wholly its own, and the number of its members without records."""
    if not spec.protection.coalitions:
        return None, ()
    count = np.bincount(key, minlength=cells).astype(np.float64)
    roll_up(count, dimensions)
    own, absent = [], []
    for members in spec.protection.coalitions:
        outside, without = outsiders_of(data, spec.input, members, weight)
        others = np.bincount(key, weights=outside, minlength=cells)
        roll_up(others, dimensions)
        own.append((others == 0) & (count > 0))
        absent.append(without)
    return np.stack(own), tuple(absent)


def _weights(data: pa.Table, source: InputSpec, table: str) -> Floats | None:
    if not source.weight:
        return None
    weight = amounts_of(data, source.weight, table)
    if np.isnan(weight).any() or (weight < 0).any():
        raise InputError(
            f"table {table!r}: {int(np.isnan(weight).sum() + (weight < 0).sum())} weights are missing or negative."
        )
    return weight


def _measure(
    key: Ints, cells: int, value: Floats, weight: Floats | None, spec: TableSpec
) -> tuple[Floats, Floats | None, Floats, Floats | None]:
    """Per finest cell: total, sum of absolute values (if any is negative), records, sum of weights."""
    count = np.bincount(key, minlength=cells).astype(np.float64)
    if spec.input.counts and weight is None:
        return count.copy(), None, count, None
    weighted = value if weight is None else value * weight
    total = added(key, weighted, cells)
    negative = bool((value < 0).any())
    absolute = added(key, np.abs(weighted), cells) if negative else None
    below = added(key, weight, cells) if weight is not None else None
    return total, absolute, count, below


def _record_keys(data: pa.Table, key: Ints, cells: int) -> NDArray[np.uint64] | None:
    from wasl.tables.cell_keys.records import RECORD_KEY

    if RECORD_KEY not in data.column_names:
        return None
    own = np.asarray(data.column(RECORD_KEY).to_numpy(), dtype=np.uint64)
    sums = np.zeros(cells, dtype=np.uint64)
    _add_keys(key, own, sums)
    return sums


@njit(cache=True)
def _add_keys(key: Ints, own: NDArray[np.uint64], sums: NDArray[np.uint64]) -> None:
    for i in range(len(key)):
        sums[key[i]] += own[i]
