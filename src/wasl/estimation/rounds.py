"""Files of several rounds as one row a person, with a column for each round: what flows are counted from.

The persons of a round keep their ids in the next one where the spine was resolved onto the earlier one
(``wasl link --onto``). Each round has a file of its own, as ``wasl assemble`` makes it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wasl.errors import InputError

__all__ = ["join_rounds"]

PERSON = "person_id"
COUNTED = ("registers",)
"""Columns of a round that are not the person's and stand in the result once for each round, as flags do."""


def join_rounds(rounds: Mapping[str, pa.Table]) -> pa.Table:
    """One row for each person of any round.

    Args:
        rounds: By name of the round, in the order of time: one row a person, with ``person_id``.

    Returns:
        ``person_id``; for each round a column of its name, true where the person is in its file; its flags (columns of
        truth values) and number of registers as ``<column>_<round>``. Any other column has the value of the last round
        that knows it.

    Raises:
        InputError: A file has no person ids, has a person twice, or no two rounds have a person in common.
    """
    for name, table in rounds.items():
        _require_persons(name, table)
    persons = pc.unique(pa.chunked_array([_ids(table).combine_chunks() for table in rounds.values()]))
    places = {name: pc.index_in(persons, value_set=_ids(table).combine_chunks()) for name, table in rounds.items()}
    seen = np.sum([np.asarray(place.is_valid()) for place in places.values()], axis=0)
    if len(rounds) > 1 and len(persons) and int(seen.max()) < 2:
        raise InputError(
            "no two rounds have a person in common.",
            remedy="Link each round onto the spine of the one before: `wasl link --onto`.",
        )
    columns: dict[str, pa.Array | pa.ChunkedArray] = {PERSON: persons}
    shared: dict[str, pa.ChunkedArray] = {}
    for name, table in rounds.items():
        columns[name] = places[name].is_valid()
        for column in (one for one in table.column_names if one != PERSON):
            values = table.column(column).take(places[name])
            if pa.types.is_boolean(values.type) or column in COUNTED:
                columns[f"{column}_{name}"] = values
            else:
                shared[column] = _later_first(column, values, shared.get(column))
    if doubled := sorted(set(columns) & set(shared)):
        raise InputError(f"a round has the name of a column: {', '.join(doubled)}.", remedy="Name it otherwise.")
    return pa.table(columns | shared)


def _ids(table: pa.Table) -> pa.ChunkedArray:
    ids = table.column(PERSON)
    return ids.cast(pa.string()) if pa.types.is_dictionary(ids.type) or pa.types.is_large_string(ids.type) else ids


def _require_persons(name: str, table: pa.Table) -> None:
    """Check that a round has one row for each person.

    Raises:
        InputError: It has not.
    """
    if PERSON not in table.column_names:
        raise InputError(
            f"the data of round {name} lack the column 'person_id'.",
            remedy="Give the file of `wasl assemble`, not a protected one.",
        )
    ids = table.column(PERSON)
    if ids.null_count or pc.count_distinct(ids).as_py() < table.num_rows:
        raise InputError(f"the data of round {name} have a person twice, or a row without a person.")


def _later_first(name: str, later: pa.ChunkedArray, earlier: pa.ChunkedArray | None) -> pa.ChunkedArray:
    if earlier is None:
        return later
    try:
        return pc.coalesce(later, earlier.cast(later.type))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InputError(f"column {name!r} is of another kind in another round.") from error
