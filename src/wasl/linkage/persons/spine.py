"""The spine: which records are the same person, and persons who keep their ids from run to run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wasl.errors import DeliveryError
from wasl.linkage.model.pairs import binary_column, words_of
from wasl.linkage.persons.ids import IDS, cells_of, distinct_ids, order_key, texts_of
from wasl.linkage.persons.records import Roster
from wasl.linkage.persons.sums import parts_of
from wasl.registers.compiled import njit
from wasl.registers.compiled.sha256 import hash_rows
from wasl.registers.exchange.delivery_header import LABEL_BYTES

__all__ = ["CHANGES_SCHEMA", "SPINE_SCHEMA", "Persons", "name_persons", "spine_table"]

TEXT = pa.dictionary(pa.int32(), pa.string())
SPINE_SCHEMA = pa.schema(
    [
        ("person_id", pa.binary(LABEL_BYTES)),
        ("register", TEXT),
        ("record_id", pa.binary(LABEL_BYTES)),
        ("grade", TEXT),
        ("probability", pa.float64()),
        ("run", TEXT),
    ]
)
CHANGES_SCHEMA = pa.schema(
    [
        ("change", TEXT),
        ("person_id", pa.binary(LABEL_BYTES)),
        ("other_person_id", pa.binary(LABEL_BYTES)),
        ("records", pa.int64()),
        ("reason", TEXT),
    ]
)


CHANGES = (
    ("left", "no longer in the new delivery of its register"),
    ("merged", "their records now link to one person"),
    ("moved", "their records now link to one person"),
    ("new", "no earlier person among its records"),
    ("split", "its records no longer link to one person"),
)
"""Changes of a person between two spines, in alphabetical order, and their reasons."""
LEFT, MERGED, MOVED, NEW, SPLIT = range(5)


@dataclass(frozen=True, slots=True)
class Persons:
    """Persons of the records at hand.

    Attributes:
        person_id: (records) void16.
        carried: Rows of the earlier spine that this run did not deliver anew.
        changes: Table of ``CHANGES_SCHEMA``: merges, splits, persons new and gone.
    """

    person_id: NDArray[np.void] = field(repr=False)
    carried: pa.Table = field(repr=False)
    changes: pa.Table = field(repr=False)


def name_persons(records: Roster, cluster: NDArray[np.integer], onto: pa.Table | None) -> Persons:
    """Give every cluster of records a person id, an earlier one where it had one.

    A person of the earlier spine goes on in the cluster that holds most of its records; the others are split off
    and get new ids. A cluster that holds records of several persons keeps the id of the one it holds most records of;
    the others are merged into it. Ties go to the smallest id.

    Args:
        records: The records.
        cluster: (records) cluster number.
        onto: The earlier spine, if any.

    Raises:
        DeliveryError: The earlier spine is not a spine.
    """
    first, place = _persons_of(cluster)
    if onto is None:
        ids = _fresh_ids(records, first, np.empty(0, IDS))
        return Persons(ids[place], SPINE_SCHEMA.empty_table(), CHANGES_SCHEMA.empty_table())
    if not set(SPINE_SCHEMA.names) <= set(onto.column_names):
        raise DeliveryError("the file given to build onto is not a spine.", remedy="Give spine.parquet of a run.")
    return _inherit(records, place, first, onto.select(SPINE_SCHEMA.names).cast(SPINE_SCHEMA))


def _fresh_ids(records: Roster, first: NDArray[np.int64], taken: NDArray[np.void]) -> NDArray[np.void]:
    """Ids for persons first met, made from each person's first record; the record cannot be read off it.

    Args:
        records: The records.
        first: (persons) their first records.
        taken: Ids of earlier persons: an id among them is made anew with the next number.
    """
    ids = np.empty((len(first), LABEL_BYTES), np.uint8)
    cells = records.record_id.view(np.uint8).reshape(-1, LABEL_BYTES)
    open_, number = np.arange(len(first)), 0
    while len(open_):
        for code, name in enumerate(records.registers):
            here = open_[records.register[first[open_]] == code]
            prefix = np.frombuffer(b"wasl/person\x1f%d\x1f" % number + name.encode() + b"\x1f", np.uint8)
            for part in parts_of(len(here)):
                mine = here[part]
                messages = np.empty((len(mine), len(prefix) + LABEL_BYTES), np.uint8)
                messages[:, : len(prefix)] = prefix
                messages[:, len(prefix) :] = cells[first[mine]]
                ids[mine] = hash_rows(messages)[:, :LABEL_BYTES]
        if not len(taken):
            break
        met = find_rows([ids[open_].view(IDS).reshape(-1)], [taken]) >= 0
        open_, number = open_[met], number + 1
    return ids.view(IDS).reshape(-1)


def find_rows(wanted: Sequence[NDArray[Any]], among: Sequence[NDArray[Any]]) -> NDArray[np.int64]:
    """Where each wanted row is among distinct rows, -1 where it is not; rows are given by columns, ids as void16."""
    size = len(wanted[0])
    if len(among[0]) == 0:
        return np.full(size, -1, np.int64)
    columns: list[NDArray[Any]] = []
    for ours, theirs in zip(wanted, among, strict=True):
        both = np.concatenate([theirs, ours])
        columns += words_of(both.view(np.uint8).reshape(-1, LABEL_BYTES)) if both.dtype == IDS else [both]
    order = np.lexsort(columns)  # stable: those looked among come before those wanted
    new = np.zeros(len(order), np.bool_)
    new[:1] = True
    for column in columns:
        new[1:] |= column[order][1:] != column[order][:-1]
    leader = order[np.flatnonzero(new)][np.cumsum(new) - 1]
    found = np.empty(len(order), np.int64)
    found[order] = np.where(leader < len(among[0]), leader, -1)
    return found[len(among[0]) :]


def _persons_of(cluster: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """The first record of each cluster, in the order of their numbers, and the cluster of each record.

    Args:
        cluster: (records) cluster number.
    """
    numbers, first = np.unique(cluster, return_index=True)
    at = np.zeros(int(numbers.max(initial=-1)) + 1, np.int32)
    at[numbers] = np.arange(len(numbers), dtype=np.int32)
    return first, at[cluster]


@njit(cache=True, nogil=True)
def _hand_on(old: np.ndarray, new: np.ndarray, heir: np.ndarray, keeper: np.ndarray) -> None:
    """Each earlier person goes on in one cluster and each cluster keeps one, pairs taken in the order given."""
    for k in range(old.shape[0]):
        if heir[old[k]] < 0 and keeper[new[k]] < 0:
            heir[old[k]] = new[k]
            keeper[new[k]] = old[k]


def _inherit(records: Roster, place: NDArray[np.int32], first: NDArray[np.int64], onto: pa.Table) -> Persons:
    """Hand earlier ids on to clusters, see :func:`name_persons`.

    Args:
        records: The records.
        place: (records) the cluster of each.
        first: (clusters) first record of each.
        onto: The earlier spine.
    """
    codes, names = texts_of(onto.column("register"))
    number_of = {name: number for number, name in enumerate(records.registers)}
    register = np.array([number_of.get(name, -1) for name in names], np.int32)[codes] if names else codes
    persons, person = distinct_ids(cells_of(onto.column("person_id")))
    at = find_rows([cells_of(onto.column("record_id")), register], [records.record_id, records.register])
    here = at >= 0

    key, votes = np.unique(person[here] * np.int64(len(first)) + place[at[here]], return_counts=True)
    old, new = np.divmod(key, max(len(first), 1))
    by_votes = np.lexsort((new, old, -votes))
    heir, keeper = np.full(len(persons), -1, np.int64), np.full(len(first), -1, np.int64)
    _hand_on(old[by_votes], new[by_votes], heir, keeper)
    ids = np.empty(len(first), IDS)
    kept = keeper >= 0
    ids[kept] = persons[keeper[kept]]
    ids[~kept] = _fresh_ids(records, first[~kept], persons)

    moved = np.flatnonzero(heir[old] != new)  # records of earlier persons that went elsewhere
    _, where = np.unique(new[moved], return_index=True)
    opens = np.zeros(len(moved), np.bool_)
    opens[where] = True
    split = opens & ~kept[new[moved]]
    kind = np.where(split, SPLIT, np.where(heir[old[moved]] < 0, MERGED, MOVED))
    had = np.zeros(len(first), np.bool_)
    had[new] = True
    fresh = np.flatnonzero(~had)
    # Registers delivered now replace what they said before; what other registers said is carried on.
    redelivered = np.isin(register, np.unique(records.register)) & ~here
    gone, lost = np.unique(person[redelivered], return_counts=True)
    changes = _changes_table(
        np.concatenate([kind, np.full(len(fresh), NEW), np.full(len(gone), LEFT)]),
        np.concatenate([ids[new[moved]], ids[fresh], persons[gone]]),
        persons[old[moved]],
        np.concatenate([votes[moved], np.bincount(place, minlength=len(first))[fresh], lost]),
    )
    stays = ~here & ~redelivered
    heaviest = np.full(len(persons), -1, np.int64)  # the cluster that holds most records of each earlier person
    heaviest[old[by_votes[::-1]]] = new[by_votes[::-1]]
    left = person[stays]
    follows = (heir[left] < 0) & (heaviest[left] >= 0)
    carried_ids = persons[left]
    carried_ids[follows] = ids[heaviest[left[follows]]]
    carried = onto.filter(pa.array(stays)).set_column(0, "person_id", id_column(carried_ids))
    return Persons(ids[place], carried, changes)


def id_column(ids: NDArray[np.void]) -> pa.Array:
    """Ids as an Arrow column."""
    return binary_column(np.ascontiguousarray(ids).view(np.uint8).reshape(-1, LABEL_BYTES))


def _changes_table(
    kind: NDArray[np.int64], person: NDArray[np.void], other: NDArray[np.void], records: NDArray[np.int64]
) -> pa.Table:
    """Changes sorted by kind and persons; only the first have another person."""
    others = np.zeros(len(kind), IDS)
    others[: len(other)] = other
    columns = [words_of(np.ascontiguousarray(ids).view(np.uint8).reshape(-1, LABEL_BYTES)) for ids in (person, others)]
    order = np.lexsort((columns[1][1], columns[1][0], columns[0][1], columns[0][0], kind))
    alone = pa.array(np.arange(len(kind))[order] >= len(other))
    kinds = pa.array(kind[order].astype(np.int32))
    names, reasons = (pa.array(column, pa.string()) for column in zip(*CHANGES, strict=True))
    return pa.table(
        [
            names.take(kinds).dictionary_encode(),
            id_column(person[order]),
            pc.if_else(alone, pa.scalar(None, pa.binary(LABEL_BYTES)), id_column(others[order])),
            pa.array(records[order]),
            reasons.take(kinds).dictionary_encode(),
        ],
        schema=CHANGES_SCHEMA,
    )


def spine_table(
    records: Roster, persons: Persons, grade: list[str], grade_code: NDArray[np.int32],
    probability: NDArray[np.float64], run: str, onto: pa.Table | None,
) -> pa.Table:  # fmt: skip
    """The spine: one row per record, sorted by register and record id; a record that kept its person keeps its run."""
    size = len(records)
    runs = pa.array(np.zeros(size, np.int32)), [run]
    run_column = pa.DictionaryArray.from_arrays(runs[0], pa.array(runs[1], pa.string()))
    fresh = pa.table(
        [
            binary_column(persons.person_id.view(np.uint8).reshape(-1, LABEL_BYTES)),
            pa.DictionaryArray.from_arrays(pa.array(records.register), pa.array(records.registers, pa.string())),
            binary_column(records.record_id.view(np.uint8).reshape(-1, LABEL_BYTES)),
            pa.DictionaryArray.from_arrays(pa.array(grade_code), pa.array(grade, pa.string())),
            pa.array(probability),
            run_column,
        ],
        schema=SPINE_SCHEMA,
    )
    if onto is None:
        return fresh
    table = pa.concat_tables([fresh, persons.carried.cast(SPINE_SCHEMA)]).unify_dictionaries()
    table = _keep_runs(table, onto.select(SPINE_SCHEMA.names).cast(SPINE_SCHEMA))
    register, names = texts_of(table.column("register"))
    rank = np.argsort(np.argsort(names))[register] if names else register
    ids = cells_of(table.column("record_id"))
    return table.take(pa.array(np.lexsort((order_key(ids), rank))))


def _keep_runs(table: pa.Table, onto: pa.Table) -> pa.Table:
    """Records whose person did not change keep the run that placed them, so that running twice changes nothing."""
    names = sorted(set(texts_of(table.column("register"))[1]) | set(texts_of(onto.column("register"))[1]))

    def placed(part: pa.Table) -> list[NDArray[Any]]:
        codes, own = texts_of(part.column("register"))
        register = np.array([names.index(name) for name in own], np.int32)[codes] if own else codes
        return [cells_of(part.column("record_id")), register, cells_of(part.column("person_id"))]

    at = find_rows(placed(table), placed(onto))
    if onto.num_rows == 0:
        return table
    before = onto.column("run").cast(pa.string()).take(pa.array(np.maximum(at, 0)))
    runs = pc.if_else(pa.array(at >= 0), before, table.column("run").cast(pa.string())).dictionary_encode()
    return table.set_column(table.column_names.index("run"), "run", runs.cast(TEXT))
