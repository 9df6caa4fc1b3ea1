"""Records behind rows: the join maps say what rows are the same record.

Records that share a row are one person's, says their holder, who sees the names. They are compared and clustered as
one; the spine lists them all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from wasl.errors import MismatchError
from wasl.linkage.model.pairs import ScoredPairs
from wasl.linkage.persons.components import components
from wasl.linkage.persons.ids import IDS, cells_of, distinct_ids, find_ids, order_key, second_half
from wasl.registers.exchange.join_map import JoinMap

__all__ = ["PassRows", "Records", "Roster", "read_records", "records_of"]


@dataclass(frozen=True, slots=True)
class Roster:
    """Every record of the join maps, sorted by register and record id.

    Attributes:
        registers: Register names, sorted.
        register: (all) int32 into `registers`.
        record_id: (all) void16.
        place: (all) int32, where the record stands among the `Records`.
    """

    registers: tuple[str, ...]
    register: NDArray[np.int32] = field(repr=False)
    record_id: NDArray[np.void] = field(repr=False)
    place: NDArray[np.int32] = field(repr=False)

    def __len__(self) -> int:
        return len(self.record_id)


@dataclass(frozen=True, slots=True)
class Records:
    """The clustered records: those of the join maps, sorted by register and record id; records of one row count as one.

    Attributes:
        registers: Register names, sorted.
        sources: Labels of the deliveries.
        register: (records) int32 into `registers`.
        source: (records) int32 into `sources`: the delivery a record came in (the last one, if in several).
        record_id: (records) void16; of those taken as one, the smallest.
        passes: Names of passes.
        in_pass: (records, passes) bool, whether the record has a row in a pass and so could be met there.
        roster: Every record.
    """

    registers: tuple[str, ...]
    sources: tuple[str, ...]
    register: NDArray[np.int32] = field(repr=False)
    source: NDArray[np.int32] = field(repr=False)
    record_id: NDArray[np.void] = field(repr=False)
    passes: tuple[str, ...]
    in_pass: NDArray[np.bool_] = field(repr=False)
    roster: Roster = field(repr=False)

    def __len__(self) -> int:
        return len(self.record_id)


@dataclass(frozen=True, slots=True)
class PassRows:
    """The rows of one pass of one delivery, sorted by the first halves of their ids.

    Attributes:
        source: Number of the delivery.
        name: The pass.
        keys: (rows) uint64, first halves of the row ids.
        row_id: (rows) void16.
        record: (rows) int32, the record, before those that share a row are taken as one.
    """

    source: int
    name: str
    keys: NDArray[np.uint64] = field(repr=False)
    row_id: NDArray[np.void] = field(repr=False)
    record: NDArray[np.int32] = field(repr=False)


_Edges: TypeAlias = "list[tuple[NDArray[np.int32], NDArray[np.int32]]]"
"""Records that share a row."""


def _matched(joins: Sequence[JoinMap], sources: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], JoinMap]]:
    """Each source with its join map.

    Raises:
        MismatchError: A join map belongs to another delivery, or a delivery has none.
    """
    by_digest = {join.delivery_digest: join for join in joins}
    known = {source["delivery_digest"] for source in sources}
    for join in joins:
        if join.delivery_digest not in known:
            raise MismatchError(
                f"the join map of {join.register!r} belongs to a delivery that was not linked.",
                remedy="Give the join map that was written with the linked delivery.",
            )
    for source in sources:
        if source["delivery_digest"] not in by_digest:
            raise MismatchError(
                f"the delivery of {source['label']!r} has no join map.", remedy="Add it with --join, one per delivery."
            )
    return [(source, by_digest[source["delivery_digest"]]) for source in sources]


def records_of(scored: ScoredPairs, joins: Sequence[JoinMap]) -> Records:
    """The records of all join maps.

    Raises:
        MismatchError: A join map is missing or belongs to another delivery.
    """
    return read_records(scored, joins, lambda _: None)[0]


def read_records(
    scored: ScoredPairs, joins: Sequence[JoinMap], look: Callable[[PassRows], None]
) -> tuple[Records, NDArray[np.int32]]:
    """The records of all join maps, while somebody looks at the rows of one pass of one delivery after another.

    Args:
        scored: Its report names the deliveries.
        joins: One join map per delivery.
        look: Called with the rows; their records are numbered as in the roster.

    Returns:
        The records, and (all records) which of them each is taken as.

    Raises:
        MismatchError: A join map is missing or belongs to another delivery.
    """
    matched = _matched(joins, scored.report["sources"])
    registers = tuple(sorted({source["register"] for source, _ in matched}))
    ids = [_ids_in(join) for _, join in matched]
    codes = [registers.index(source["register"]) for source, _ in matched]
    id_all, register_all, origin_all, owner = _together(ids, codes)
    there: dict[str, NDArray[np.bool_]] = {}
    edges: _Edges = []
    for number, (_, join) in enumerate(matched):
        keys = order_key(ids[number])
        for name, table in join.by_pass():
            if name is not None:
                place = owner[number][find_ids(cells_of(table.column("record_id")), ids[number], keys)]
                there.setdefault(name, np.zeros(len(id_all), np.bool_))[place] = True
                row_ids = cells_of(table.column("row_id"))
                del table
                look(_sorted_rows(number, name, row_ids, place, edges))
        ids[number] = np.empty(0, IDS)  # not needed again

    # Whoever shares a row is one: the first of them stands for all.
    first = components(len(id_all), edges)
    alone = first == np.arange(len(first), dtype=np.int32)
    unit = (np.cumsum(alone, dtype=np.int32) - 1)[first]
    kept = slice(None) if alone.all() else alone
    names = tuple(sorted(there))
    in_pass = np.zeros((int(alone.sum()), len(names)), np.bool_)
    for step, name in enumerate(names):
        in_pass[unit[there.pop(name)], step] = True
    return Records(
        registers,
        tuple(source["label"] for source, _ in matched),
        register_all[kept],
        origin_all[kept],
        id_all[kept],
        names,
        in_pass,
        Roster(registers, register_all, id_all, unit),
    ), unit


def _ids_in(join: JoinMap) -> NDArray[np.void]:
    """The distinct record ids of a join map, sorted."""
    known = np.empty(0, IDS)
    for _, rows in join.by_pass():
        unique, _ = distinct_ids(cells_of(rows.column("record_id")))
        if len(known):
            new = unique[find_ids(unique, known, order_key(known)) < 0]
            known = distinct_ids(np.concatenate([known, new]))[0] if len(new) else known
        else:
            known = unique
    return known


def _together(
    ids: Sequence[NDArray[np.void]], registers: Sequence[int]
) -> tuple[NDArray[np.void], NDArray[np.int32], NDArray[np.int32], list[NDArray[np.int32]]]:
    """The records of all deliveries, sorted by register and id; a record delivered twice is one, of its later delivery.

    Args:
        ids: Of each delivery, sorted.
        registers: Of each delivery, its register.

    Returns:
        (records) id, register and delivery; and of each delivery the places of its records.
    """
    sizes = [len(unique) for unique in ids]
    if len(ids) == 1:
        zero = np.zeros(sizes[0], np.int32)
        return ids[0], zero, zero, [np.arange(sizes[0], dtype=np.int32)]
    id_all = np.concatenate(ids)
    register_all = np.repeat(np.array(registers, np.int32), sizes)
    origin_all = np.repeat(np.arange(len(ids), dtype=np.int32), sizes)
    order = np.lexsort((origin_all, second_half(id_all), order_key(id_all), register_all))
    id_all, register_all, origin_all = id_all[order], register_all[order], origin_all[order]
    last = np.ones(len(id_all), np.bool_)
    last[:-1] = (id_all[1:] != id_all[:-1]) | (register_all[1:] != register_all[:-1])
    place = np.empty(len(order), np.int32)
    place[order] = np.cumsum(last) - last
    return id_all[last], register_all[last], origin_all[last], np.split(place, np.cumsum(sizes)[:-1])


def _sorted_rows(
    source: int, name: str, row_ids: NDArray[np.void], place: NDArray[np.int32], edges: _Edges
) -> PassRows:
    """The rows of a pass of a delivery, sorted; pairs of records that share a row are added to ``edges``.

    Args:
        source: Number of the delivery.
        name: The pass.
        row_ids: The row of each record.
        place: The record.
        edges: Records that share a row.
    """
    keys = order_key(row_ids)
    by_key = np.argsort(keys, kind="stable")
    keys, row_ids, place = keys[by_key], row_ids[by_key], place[by_key]
    near = np.flatnonzero(keys[1:] == keys[:-1])
    if len(near):  # the sort is stable and by first halves: two rows that share one are practically the same row
        same = near[row_ids[near] == row_ids[near + 1]]
        edges.append((place[same], place[same + 1]))
    return PassRows(source, name, keys, row_ids, place)
