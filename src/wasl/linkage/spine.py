"""The spine: which records are the same person, and persons who keep their ids from run to run."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.errors import DeliveryError
from wasl.linkage.pairs import binary_column
from wasl.linkage.records import IDS, Roster, cells_of, order_key, texts_of
from wasl.registers.delivery import LABEL_BYTES

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


def _fresh_id(register: str, record_id: bytes, taken: set[bytes]) -> bytes:
    """An id for a person first met, made from the person's first record; the record cannot be read off it."""
    number = 0
    while True:
        digest = hashlib.sha256(b"wasl/person\x1f%d\x1f" % number + register.encode() + b"\x1f" + record_id).digest()
        if digest[:LABEL_BYTES] not in taken:
            return digest[:LABEL_BYTES]
        number += 1


def _keys(register: NDArray[np.int32], ids: NDArray[np.void]) -> NDArray[np.void]:
    cells = np.empty((len(ids), LABEL_BYTES + 4), np.uint8)
    cells[:, :4] = register.astype(">i4").view(np.uint8).reshape(-1, 4)
    cells[:, 4:] = ids.view(np.uint8).reshape(-1, LABEL_BYTES)
    return cells.view((np.void, LABEL_BYTES + 4)).reshape(-1)


def name_persons(records: Roster, cluster: NDArray[np.int64], onto: pa.Table | None) -> Persons:
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
    clusters, place = np.unique(cluster, return_inverse=True)
    ids: list[bytes | None] = [None] * len(clusters)
    changes: list[tuple[str, bytes, bytes | None, int, str]] = []
    carried = SPINE_SCHEMA.empty_table()
    taken: set[bytes] = set()
    if onto is not None:
        if not set(SPINE_SCHEMA.names) <= set(onto.column_names):
            raise DeliveryError("the file given to build onto is not a spine.", remedy="Give spine.parquet of a run.")
        onto = onto.select(SPINE_SCHEMA.names).cast(SPINE_SCHEMA)
        carried = _inherit(records, place, onto, ids, changes, taken)
    first = np.full(len(clusters), len(records), np.int64)
    np.minimum.at(first, place, np.arange(len(records)))
    size = np.bincount(place, minlength=len(clusters))
    for number in np.flatnonzero([value is None for value in ids]).tolist():
        record = int(first[number])
        value = _fresh_id(records.registers[records.register[record]], records.record_id[record].tobytes(), taken)
        taken.add(value)
        ids[number] = value
        if onto is not None:
            changes.append(("new", value, None, int(size[number]), "no earlier person among its records"))
    table = np.frombuffer(b"".join(value for value in ids if value is not None), IDS)
    return Persons(table[place], carried, _changes_table(changes))


def _inherit(
    records: Roster,
    place: NDArray[np.int64],
    onto: pa.Table,
    ids: list[bytes | None],
    changes: list[tuple[str, bytes, bytes | None, int, str]],
    taken: set[bytes],
) -> pa.Table:
    """Hand earlier ids on to clusters (written into `ids`); returns the earlier rows this run did not deliver."""
    codes, names = texts_of(onto.column("register"))
    number_of = {name: number for number, name in enumerate(records.registers)}
    register = np.array([number_of.get(name, -1) for name in names], np.int32)[codes] if names else codes
    old_records = cells_of(onto.column("record_id"))
    old_persons = cells_of(onto.column("person_id"))
    persons, person = np.unique(old_persons.view("V16"), return_inverse=True)
    taken.update(value.tobytes() for value in persons)
    keys = _keys(records.register, records.record_id)
    sorted_keys = np.argsort(keys, kind="stable")
    wanted = _keys(register, old_records)
    at = np.minimum(np.searchsorted(keys[sorted_keys], wanted), max(len(keys) - 1, 0))
    here = keys[sorted_keys][at] == wanted
    now = np.where(here, place[sorted_keys[at]], -1)

    pair, votes = np.unique(np.column_stack([person[here], now[here]]), axis=0, return_counts=True)
    by_votes = np.lexsort((pair[:, 1], pair[:, 0], -votes))
    heir: dict[int, int] = {}
    keeper: dict[int, int] = {}
    for k in by_votes.tolist():
        old, new = int(pair[k, 0]), int(pair[k, 1])
        if old not in heir and new not in keeper:
            heir[old], keeper[new] = new, old
            ids[new] = persons[old].tobytes()
    for k in range(len(pair)):
        old, new = int(pair[k, 0]), int(pair[k, 1])
        if heir.get(old) == new:
            continue
        mine = persons[old].tobytes()
        if new in keeper:
            other = persons[keeper[new]].tobytes()
            what = "merged" if old not in heir else "moved"
            changes.append((what, other, mine, int(votes[k]), "their records now link to one person"))
        else:
            value_record = int(np.flatnonzero(place == new)[0])
            value = _fresh_id(
                records.registers[records.register[value_record]], records.record_id[value_record].tobytes(), taken
            )
            taken.add(value)
            keeper[new] = old
            ids[new] = value
            changes.append(("split", value, mine, int(votes[k]), "its records no longer link to one person"))
    # Registers delivered now replace what they said before; what other registers said is carried on.
    redelivered = np.isin(register, np.unique(records.register)) & ~here
    for old in np.unique(person[redelivered]).tolist():
        gone = int((redelivered & (person == old)).sum())
        changes.append(("left", persons[old].tobytes(), None, gone, "no longer in the new delivery of its register"))
    stays = ~here & ~redelivered
    carried = onto.filter(pa.array(stays))
    if stays.any():
        new_ids: list[bytes | None] = []
        for old in person[stays].tolist():
            now_in = _now_of(old, pair, votes)
            new_ids.append(ids[now_in] if now_in is not None and old not in heir else persons[old].tobytes())
        carried = carried.set_column(0, "person_id", pa.array(new_ids, pa.binary(LABEL_BYTES)))
    return carried


def _now_of(old: int, pair: NDArray[np.int64], votes: NDArray[np.int64]) -> int | None:
    """The cluster that holds most records of an earlier person, or None."""
    mine = np.flatnonzero(pair[:, 0] == old)
    if len(mine) == 0:
        return None
    return int(pair[mine[np.argmax(votes[mine])], 1])


def _changes_table(changes: list[tuple[str, bytes, bytes | None, int, str]]) -> pa.Table:
    columns = list(zip(*sorted(changes, key=lambda c: (c[0], c[1], c[2] or b"")), strict=True)) or [(), (), (), (), ()]
    return pa.table(
        [pa.array(list(column), field.type) for column, field in zip(columns, CHANGES_SCHEMA, strict=True)],
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

    def placed(part: pa.Table) -> NDArray[np.void]:
        codes, own = texts_of(part.column("register"))
        register = np.array([names.index(name) for name in own], np.int32)[codes] if own else codes
        cells = np.empty((part.num_rows, 36), np.uint8)
        cells[:, :4] = register.astype(">i4").view(np.uint8).reshape(-1, 4)
        cells[:, 4:20] = cells_of(part.column("record_id")).view(np.uint8).reshape(-1, LABEL_BYTES)
        cells[:, 20:] = cells_of(part.column("person_id")).view(np.uint8).reshape(-1, LABEL_BYTES)
        return cells.view("V36").reshape(-1)

    old, new = placed(onto), placed(table)
    order = np.argsort(old, kind="stable")
    if len(old) == 0:
        return table
    at = np.minimum(np.searchsorted(old[order], new), len(old) - 1)
    same = old[order][at] == new
    old_runs = onto.column("run").cast(pa.string()).take(pa.array(order[at]))
    runs = pa.array(
        [before if kept else now for before, now, kept in zip(
            old_runs.to_pylist(), table.column("run").cast(pa.string()).to_pylist(), same.tolist(), strict=True
        )],
        pa.string(),
    ).dictionary_encode()  # fmt: skip
    return table.set_column(table.column_names.index("run"), "run", runs.cast(TEXT))
