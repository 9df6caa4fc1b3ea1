"""Persons and households: household-level variables, the household file, and its way back to the persons.

A household-level variable has one value for all members of a household. It is protected once per household: if only
one member's cell were suppressed or changed, the other members would disclose it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.disclosure.keys.coding import CodedColumn, Frame, as_arrow, code_column, require_columns
from wasl.errors import InputError

__all__ = ["extract_households", "first_members", "merge_households", "same_within", "spread_missing"]

SIZE = "household_size"


def first_members(households: NDArray[np.int64]) -> NDArray[np.int64]:
    """The first row of each household, shape (households,).

    Args:
        households: Household number per row, 0 … H-1.
    """
    first = np.full(int(households.max(initial=-1)) + 1, -1, np.int64)
    first[households[::-1]] = np.arange(len(households))[::-1]
    return first


def same_within(column: CodedColumn, households: NDArray[np.int64]) -> bool:
    """Whether no household has two different values, and at least one household has two members with a value."""
    known = np.flatnonzero(column.codes >= 0)
    numbers, codes = households[known], column.codes[known].astype(np.int64)
    count = int(households.max(initial=-1)) + 1
    if not len(known) or np.bincount(numbers, minlength=count).max() < 2:
        return False
    lowest = np.full(count, np.iinfo(np.int64).max)
    highest = np.full(count, -1, np.int64)
    np.minimum.at(lowest, numbers, codes)
    np.maximum.at(highest, numbers, codes)
    return bool((highest <= lowest).all())


def spread_missing(
    before: NDArray[np.int32], after: NDArray[np.int32], households: NDArray[np.int64]
) -> NDArray[np.int32]:
    """Codes after suppression in which a cell suppressed for one member is missing for the whole household.

    Args:
        before: Codes before suppression, -1 where missing.
        after: Codes after it.
        households: Household number per row.
    """
    struck = (after < 0) & (before >= 0)
    whole = np.bincount(households, weights=struck, minlength=int(households.max(initial=-1)) + 1) > 0
    return np.where(whole[households], np.int32(-1), after).astype(np.int32)


def extract_households(frame: Frame, household: str, variables: Sequence[str] | None = None) -> pa.Table:
    """The household file: one row per household, with its variables and ``household_size``.

    Args:
        frame: Persons.
        household: The household number; a person without one is left out.
        variables: Household-level variables; default: all that never differ inside a household.

    Raises:
        InputError: A column does not exist, or a named variable differs inside a household (how many households).
    """
    table = as_arrow(frame)
    require_columns(table, [household, *(variables or [])])
    numbers = code_column(household, table.column(household))
    rows = np.flatnonzero(numbers.codes >= 0)
    table, codes = table.take(pa.array(rows)), numbers.codes[rows].astype(np.int64)
    columns = {name: code_column(name, table.column(name)) for name in table.column_names if name != household}
    if variables is None:
        chosen = [name for name, column in columns.items() if same_within(column, codes)]
    else:
        chosen = [name for name in variables if name != household]
        for name in chosen:
            differing = _differing(columns[name], codes)
            if differing:
                raise InputError(f"{name!r} differs between the members of {differing} households.")
    first = _first_known(codes, [columns[name] for name in chosen])
    taken = {household: table.column(household).take(pa.array(first_members(codes)))}
    for name, rows_of in zip(chosen, first, strict=True):
        taken[name] = table.column(name).take(pa.array(rows_of))
    return pa.table({**taken, SIZE: pa.array(np.bincount(codes))})


def merge_households(persons: Frame, households: Frame, household: str) -> pa.Table:
    """Persons with the variables of a (protected) household file in the place of their own.

    Persons of a household that the household file no longer has are left out; a person without household stays as is.

    Args:
        persons: The persons, with the household number.
        households: One row per household.
        household: The household number in both.

    Raises:
        InputError: A household is in the household file twice.
    """
    people, units = as_arrow(persons), as_arrow(households)
    require_columns(people, [household])
    require_columns(units, [household])
    place = {value: row for row, value in enumerate(units.column(household).to_pylist())}
    if len(place) != units.num_rows:
        raise InputError(f"{units.num_rows - len(place)} households are in the household file more than once.")
    numbers = code_column(household, people.column(household))
    lookup = np.array([*(place.get(value, -2) for value in numbers.labels.to_pylist()), -1], np.int64)
    rows = lookup[numbers.codes]
    kept = np.flatnonzero(rows != -2)
    merged, rows = people.take(pa.array(kept)), rows[kept]
    source = pa.array(rows, mask=rows < 0)
    alone = rows < 0
    for name in units.column_names:
        if name in (household, SIZE):
            continue
        values = units.column(name).take(source).combine_chunks()
        if name not in merged.column_names:
            merged = merged.append_column(name, values)
            continue
        if alone.any():
            own = merged.column(name).combine_chunks()
            if own.type != values.type:
                own, values = own.cast(pa.string()), values.cast(pa.string())
            both = pa.concat_arrays([own, values])
            values = both.take(pa.array(np.where(alone, np.arange(len(alone)), np.arange(len(alone)) + len(alone))))
        merged = merged.set_column(merged.column_names.index(name), name, values)
    return merged


def _differing(column: CodedColumn, households: NDArray[np.int64]) -> int:
    known = np.flatnonzero(column.codes >= 0)
    pairs = np.unique(np.column_stack([households[known], column.codes[known]]), axis=0)
    return int(np.count_nonzero(np.bincount(pairs[:, 0]) > 1)) if len(pairs) else 0


def _first_known(households: NDArray[np.int64], columns: Sequence[CodedColumn]) -> list[NDArray[np.int64]]:
    """For each variable, a row of each household that has a value (the first row where none has)."""
    start = first_members(households)
    result = []
    for column in columns:
        rows = start.copy()
        known = np.flatnonzero(column.codes >= 0)[::-1]
        rows[households[known]] = known
        result.append(rows)
    return result
