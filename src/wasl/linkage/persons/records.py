"""Records behind rows: opens the pairs of rows with the join maps, which say what rows are the same record.

Records that share a row are one person's, says their holder, who sees the names. They are compared and clustered as
one; the spine lists them all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from wasl.errors import DeliveryError, MismatchError
from wasl.linkage.model.pairs import ScoredPairs
from wasl.registers.exchange.delivery_header import LABEL_BYTES
from wasl.registers.exchange.join_map import JoinMap

__all__ = ["RecordPairs", "Records", "Roster", "distinct_ids", "open_pairs", "records_of"]

IDS = np.dtype((np.void, LABEL_BYTES))
_ShownRows: TypeAlias = "tuple[NDArray[np.uint64], NDArray[np.void], NDArray[np.int64]]"
"""Sorted first halves of row ids, the ids, and their records."""


def cells_of(column: pa.ChunkedArray | pa.Array) -> NDArray[np.void]:
    """A column of 16-byte ids as (rows) void16, comparable by their bytes."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks else pa.array([], pa.binary(LABEL_BYTES))
    if len(array) == 0:
        return np.empty(0, IDS)
    data = np.frombuffer(array.buffers()[1], np.uint8)
    return data[array.offset * LABEL_BYTES : (array.offset + len(array)) * LABEL_BYTES].view(IDS)


def texts_of(column: pa.ChunkedArray) -> tuple[NDArray[np.int32], list[str]]:
    """A column of text as codes (-1 where null) and the distinct texts."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    array = column.unify_dictionaries().combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        if not array.num_chunks:
            return np.empty(0, np.int32), []
        array = array.chunk(0)
    codes = array.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    return codes, array.dictionary.to_pylist()


def order_key(ids: NDArray[np.void]) -> NDArray[np.uint64]:
    """The first half of ids as numbers in the order of their bytes."""
    return (
        np.ascontiguousarray(ids.view(np.uint8).reshape(-1, LABEL_BYTES)[:, :8])
        .view(">u8")
        .reshape(-1)
        .astype(np.uint64)
    )


@dataclass(frozen=True, slots=True)
class Roster:
    """Every record of the join maps, sorted by register and record id.

    Attributes:
        registers: Register names, sorted.
        register: (all) int32 into `registers`.
        record_id: (all) void16.
        place: (all) int64, where the record stands among the `Records`.
    """

    registers: tuple[str, ...]
    register: NDArray[np.int32] = field(repr=False)
    record_id: NDArray[np.void] = field(repr=False)
    place: NDArray[np.int64] = field(repr=False)

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
        rows: Per source label and pass: sorted first halves of the ids of rows that pairs name, the ids, their records.
        roster: Every record.
    """

    registers: tuple[str, ...]
    sources: tuple[str, ...]
    register: NDArray[np.int32] = field(repr=False)
    source: NDArray[np.int32] = field(repr=False)
    record_id: NDArray[np.void] = field(repr=False)
    passes: tuple[str, ...]
    in_pass: NDArray[np.bool_] = field(repr=False)
    rows: Mapping[tuple[str, str], tuple[NDArray[np.uint64], NDArray[np.void], NDArray[np.int64]]] = field(repr=False)
    roster: Roster = field(repr=False)

    def __len__(self) -> int:
        return len(self.record_id)


@dataclass(frozen=True, slots=True)
class RecordPairs:
    """Pairs of records, each met in one pass; a pair met in several passes occurs several times.

    Attributes:
        left, right: (pairs) int64 places in the records, left before right.
        in_pass: (pairs) int32 pass.
        weight, probability: (pairs) float64.
        pattern: (pairs) int32 into `patterns`.
    """

    left: NDArray[np.int64] = field(repr=False)
    right: NDArray[np.int64] = field(repr=False)
    in_pass: NDArray[np.int32] = field(repr=False)
    weight: NDArray[np.float64] = field(repr=False)
    probability: NDArray[np.float64] = field(repr=False)
    pattern: NDArray[np.int32] = field(repr=False)
    patterns: tuple[str, ...] = field(repr=False)


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
    matched = _matched(joins, scored.report["sources"])
    registers = tuple(sorted({source["register"] for source, _ in matched}))
    ids, register, origin = [], [], []
    for number, (source, join) in enumerate(matched):
        unique = np.empty(0, IDS)
        for _, rows in join.by_pass():
            unique = _with_ids(unique, cells_of(rows.column("record_id")))
        ids.append(unique)
        register.append(np.full(len(unique), registers.index(source["register"]), np.int32))
        origin.append(np.full(len(unique), number, np.int32))
    id_all, register_all, origin_all = np.concatenate(ids), np.concatenate(register), np.concatenate(origin)
    order = np.lexsort((origin_all, _second(id_all), order_key(id_all), register_all))
    id_all, register_all, origin_all = id_all[order], register_all[order], origin_all[order]
    last = np.ones(len(id_all), np.bool_)  # a record delivered twice is one record, of its later delivery
    last[:-1] = (id_all[1:] != id_all[:-1]) | (register_all[1:] != register_all[:-1])
    place_all = np.empty(len(order), np.int64)
    place_all[order] = np.cumsum(last) - last
    id_all, register_all, origin_all = id_all[last], register_all[last], origin_all[last]

    # A pass of a delivery at a time: of its rows only those are kept that pairs name.
    named, keys_of = _named_rows(scored.pairs), [order_key(unique) for unique in ids]
    shown: dict[tuple[str, str], _ShownRows] = {}
    there: dict[str, NDArray[np.bool_]] = {}
    edges: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
    places = np.split(place_all, np.cumsum([len(unique) for unique in ids])[:-1])
    del place_all, order, last
    for (source, join), unique, keys, owner in zip(matched, ids, keys_of, places, strict=True):
        for name, table in join.by_pass():
            if name is not None:
                place = owner[_find(cells_of(table.column("record_id")), unique, keys)]
                there.setdefault(name, np.zeros(len(id_all), np.bool_))[place] = True
                wanted = named.get((source["label"], name), np.empty(0, np.uint64))
                shown[source["label"], name] = _rows_of_pass(cells_of(table.column("row_id")), place, wanted, edges)
    del ids, keys_of, places

    # Whoever shares a row is one: the first of them stands for all.
    representative, unit = _as_one(len(id_all), edges)
    pass_names = tuple(sorted(there))
    in_pass = np.zeros((len(representative), len(pass_names)), np.bool_)
    for number, name in enumerate(pass_names):
        in_pass[unit[there[name]], number] = True
    rows = {key: (keys, row_ids, unit[place]) for key, (keys, row_ids, place) in shown.items()}
    labels = tuple(source["label"] for source, _ in matched)
    roster = Roster(registers, register_all, id_all, unit)
    return Records(
        registers,
        labels,
        register_all[representative],
        origin_all[representative],
        id_all[representative],
        pass_names,
        in_pass,
        rows,
        roster,
    )


def _with_ids(known: NDArray[np.void], ids: NDArray[np.void]) -> NDArray[np.void]:
    """Sorted distinct ids, with others added."""
    unique, _ = distinct_ids(ids)
    if not len(known):
        return unique
    new = unique[_find(unique, known, order_key(known)) < 0]
    return distinct_ids(np.concatenate([known, new]))[0] if len(new) else known


def _named_rows(pairs: pa.Table) -> dict[tuple[str, str], NDArray[np.uint64]]:
    """Per source label and pass: the first halves of the row ids that pairs name, sorted."""
    passes, pass_names = texts_of(pairs.column("pass"))
    found: dict[tuple[str, str], list[NDArray[np.uint64]]] = {}
    for side in ("left", "right"):
        codes, labels = texts_of(pairs.column(f"{side}_register"))
        keys = order_key(cells_of(pairs.column(f"{side}_row_id")))
        for code, label in enumerate(labels):
            for at, name in enumerate(pass_names):
                mine = keys[(codes == code) & (passes == at)]
                if len(mine):
                    found.setdefault((label, name), []).append(np.unique(mine))
    return {key: np.unique(np.concatenate(halves)) for key, halves in found.items()}


def _rows_of_pass(
    row_ids: NDArray[np.void],
    place: NDArray[np.int64],
    wanted: NDArray[np.uint64],
    edges: list[tuple[NDArray[np.int64], NDArray[np.int64]]],
) -> _ShownRows:
    """The wanted rows of a pass of a delivery; pairs of records that share a row are added to ``edges``.

    Args:
        row_ids: The row of each record.
        place: The record.
        wanted: First halves of the ids of the rows that are looked for, sorted.
        edges: Records that share a row.
    """
    keys = order_key(row_ids)
    by_key = np.argsort(keys, kind="stable")
    keys = keys[by_key]
    near = np.flatnonzero(keys[1:] == keys[:-1])
    if len(near):  # the sort is stable and by first halves: two rows that share one are practically the same row
        first, second = by_key[near], by_key[near + 1]
        same = row_ids[first] == row_ids[second]
        edges.append((place[first[same]], place[second[same]]))
    if not len(wanted):
        kept = np.empty(0, np.int64)
    else:
        kept = np.flatnonzero(wanted[np.minimum(np.searchsorted(wanted, keys), len(wanted) - 1)] == keys)
    mine = by_key[kept]
    return keys[kept], row_ids[mine], place[mine]


def _as_one(
    count: int, edges: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Records that stand for those they share a row with, and for every record the number of the one it is taken as.

    Args:
        count: Records.
        edges: Records that share a row.
    """
    if not edges:
        return np.arange(count), np.arange(count)
    left, right = (np.concatenate(side) for side in zip(*edges, strict=True))
    graph = coo_matrix((np.ones(len(left), np.bool_), (left, right)), shape=(count, count))
    _, component = connected_components(graph, directed=False)
    _, representative, unit = np.unique(component, return_index=True, return_inverse=True)
    order = np.argsort(representative, kind="stable")  # records stay sorted by register and id
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return representative[order], rank[unit]


def distinct_ids(ids: NDArray[np.void]) -> tuple[NDArray[np.void], NDArray[np.int64]]:
    """Distinct ids in the order of their bytes, and which of them each is."""
    high = order_key(ids)
    order = np.argsort(high)
    ordered = high[order]
    new = np.ones(len(ids), np.bool_)
    new[1:] = ordered[1:] != ordered[:-1]
    low = _second(ids)[order]
    if (~new[1:] & (low[1:] != low[:-1])).any():  # ids that share a half, hardly ever
        order = np.lexsort((_second(ids), high))
        new[1:] = ids[order][1:] != ids[order][:-1]
    number = np.empty(len(ids), np.int64)
    number[order] = np.cumsum(new) - 1
    return ids[order[new]], number


def _second(ids: NDArray[np.void]) -> NDArray[np.uint64]:
    return (
        np.ascontiguousarray(ids.view(np.uint8).reshape(-1, LABEL_BYTES)[:, 8:])
        .view(">u8")
        .reshape(-1)
        .astype(np.uint64)
    )


def _find(wanted: NDArray[np.void], ids: NDArray[np.void], keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Places of ids among sorted ids; -1 where absent. Equal first halves are told apart by the whole id."""
    if len(ids) == 0:
        return np.full(len(wanted), -1, np.int64)
    place = np.minimum(np.searchsorted(keys, order_key(wanted)), len(ids) - 1)
    found = place.astype(np.int64)
    while True:
        wrong = (ids[found] != wanted) & (found + 1 < len(ids))
        wrong[wrong] = keys[found[wrong] + 1] == order_key(wanted[wrong])
        if not wrong.any():
            break
        found[wrong] += 1
    found[ids[found] != wanted] = -1
    return found


def open_pairs(scored: ScoredPairs, records: Records) -> RecordPairs:
    """The pairs of rows as pairs of records.

    Raises:
        DeliveryError: A row of a pair is in no join map.
    """
    table = scored.pairs
    passes, pass_names = texts_of(table.column("pass"))
    sides: list[NDArray[np.int64]] = []
    for side in ("left", "right"):
        codes, labels = texts_of(table.column(f"{side}_register"))
        ids = cells_of(table.column(f"{side}_row_id"))
        place = np.full(len(ids), -1, np.int64)
        for code, label in enumerate(labels):
            for at, name in enumerate(pass_names):
                mine = np.flatnonzero((codes == code) & (passes == at))
                if len(mine) and (label, name) in records.rows:
                    keys, row_ids, owners = records.rows[label, name]
                    found = _find(ids[mine], row_ids, keys)
                    place[mine] = np.where(found >= 0, owners[found], -1)
        if (place < 0).any():
            raise DeliveryError(
                f"{int((place < 0).sum())} pairs name rows that are in no join map.",
                remedy="Give the join maps that were written with the linked deliveries.",
            )
        sides.append(place)
    pattern, patterns = texts_of(table.column("pattern"))
    number = np.array([records.passes.index(name) for name in pass_names], np.int32)
    left, right = np.minimum(*sides), np.maximum(*sides)
    real = left != right
    return RecordPairs(
        left[real],
        right[real],
        number[passes][real] if len(pass_names) else np.empty(0, np.int32),
        table.column("weight").to_numpy()[real],
        table.column("probability").to_numpy()[real],
        pattern[real],
        tuple(patterns),
    )
