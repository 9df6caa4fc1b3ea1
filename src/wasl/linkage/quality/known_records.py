"""Looks up the records of a spine in the truth, by record numbers through keep maps or by record ids."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wasl.linkage.persons.ids import distinct_ids, find_ids, order_key
from wasl.linkage.quality.text_keys import codes_in, hexadecimal, text_keys, text_table
from wasl.linkage.quality.truth import require_columns

__all__ = ["KeepMap", "KnownRecords", "know_records"]

KeepMap: TypeAlias = pd.DataFrame | pa.Table | Callable[[], pa.Table]
"""``register, record, record_id``, or what reads it."""
NONE = np.iinfo(np.int32).max


@dataclass(frozen=True, slots=True)
class KnownRecords:
    """The records of a spine and what the truth says of them.

    Attributes:
        registers: The number of each register's name.
        register: (records) number of the record's register.
        truth: (records) row of the truth, -1 where it has none.
        ids: Keys of the distinct records, in their order; with their first halves in ``halves``.
        first: (distinct) a record with this key.
    """

    registers: dict[str, int]
    register: NDArray[np.int32] = field(repr=False)
    truth: NDArray[np.int32] = field(repr=False)
    ids: NDArray[np.void] = field(repr=False)
    halves: NDArray[np.uint64] = field(repr=False)
    first: NDArray[np.int32] = field(repr=False)

    def find(self, register: pa.Array, record_id: pa.Array) -> NDArray[np.int64]:
        """The place of some records in the spine, -1 where they are not in it."""
        codes = codes_in(pa.chunked_array([register]), self.registers)
        wanted = text_keys(hexadecimal(pa.chunked_array([record_id])), codes)
        place = find_ids(wanted, self.ids, self.halves)
        return np.where(place >= 0, self.first[place], -1) if len(self.first) else place


def know_records(spine: pa.Table, truth: pa.Table, keep_maps: Sequence[KeepMap]) -> KnownRecords:
    """Look up every record of a spine in the truth.

    A record number found through a keep map goes before a record id that the truth itself names, and an earlier row of
    the truth before a later one.

    Args:
        spine: ``register, record_id``.
        truth: ``register, record`` as text; each record once.
        keep_maps: Of the holders.

    Raises:
        InputError: A keep map lacks a column.
    """
    registers: dict[str, int] = {}
    register = codes_in(spine.column("register"), registers)
    texts = hexadecimal(spine.column("record_id"))
    widths = pc.unique(pc.binary_length(texts))
    ids, number = distinct_ids(text_keys(texts, register))
    del texts
    looked = _Looked(ids, order_key(ids), registers, np.full(len(ids), NONE, np.int32))
    if keep_maps and not looked.by_record_number(truth, keep_maps):
        # A register was renamed for a delivery: its record numbers still are unique.
        looked.by_number_alone(truth, keep_maps)
    looked.by_record_id(truth, widths)
    first = np.zeros(len(ids), np.int32)
    first[number[::-1]] = np.arange(len(number) - 1, -1, -1, dtype=np.int32)
    found = looked.row[number]
    return KnownRecords(registers, register, np.where(found == NONE, -1, found), ids, looked.halves, first)


@dataclass(frozen=True, slots=True)
class _Looked:
    """The first row of the truth found for each distinct record so far."""

    ids: NDArray[np.void]
    halves: NDArray[np.uint64]
    registers: dict[str, int]
    row: NDArray[np.int32]

    def _places(self, register: NDArray[np.int32], record_id: pa.ChunkedArray) -> NDArray[np.int64]:
        """The distinct record of the spine that each row of a keep map is, or -1."""
        return find_ids(text_keys(record_id, register, lower=True), self.ids, self.halves)

    def by_record_number(self, truth: pa.Table, keep_maps: Sequence[KeepMap]) -> bool:
        """Rows of the truth by register and record number; whether a keep map has any of them, or none has rows."""
        keys = text_keys(truth.column("record"), codes_in(truth.column("register"), self.registers))
        order = np.argsort(order_key(keys))
        keys = keys[order]
        halves, any_found, rows = order_key(keys), False, 0
        for keep in _tables(keep_maps):
            register = codes_in(keep.column("register"), self.registers)
            place = find_ids(text_keys(keep.column("record"), register), keys, halves)
            rows += len(place)
            met = np.flatnonzero(place >= 0)
            any_found |= bool(len(met))
            number = self._places(register, keep.column("record_id"))[met]
            inside = number >= 0
            np.minimum.at(self.row, number[inside], order[place[met][inside]].astype(np.int32))
        return any_found or not rows

    def by_number_alone(self, truth: pa.Table, keep_maps: Sequence[KeepMap]) -> None:
        """Rows of the truth by record number, whatever its register is called there."""
        keys, number = distinct_ids(text_keys(truth.column("record")))
        first = np.full(len(keys), NONE, np.int32)
        np.minimum.at(first, number, np.arange(len(number), dtype=np.int32))
        halves = order_key(keys)
        rows, places, alone = [], [], []
        for keep in _tables(keep_maps):
            place = find_ids(text_keys(keep.column("record")), keys, halves)
            rows.append(np.where(place >= 0, first[place], NONE) if len(first) else np.full(len(place), NONE, np.int32))
            places.append(self._places(codes_in(keep.column("register"), self.registers), keep.column("record_id")))
            alone.append(text_keys(keep.column("record_id"), lower=True))
        row, place = np.concatenate(rows), np.concatenate(places)
        _, same = distinct_ids(np.concatenate(alone))
        # Of the rows of all keep maps with one id, the first whose number the truth has.
        earliest = np.full(int(same.max(initial=-1)) + 1, len(row))
        known = np.flatnonzero(row != NONE)
        np.minimum.at(earliest, same[known], known)
        inside = np.flatnonzero((place >= 0) & (earliest[same] < len(row)))
        self.row[place[inside]] = row[earliest[same[inside]]]

    def by_record_id(self, truth: pa.Table, widths: pa.Array) -> None:
        """Rows of the truth whose record is a record id, for what no keep map gave."""
        perhaps = np.flatnonzero(np.asarray(pc.is_in(pc.binary_length(truth.column("record")), widths)))
        if not len(perhaps):
            return
        some = truth.select(["register", "record"]).take(perhaps)
        place = self._places(codes_in(some.column("register"), self.registers), some.column("record"))
        inside = np.flatnonzero(place >= 0)
        inside = inside[self.row[place[inside]] == NONE]
        np.minimum.at(self.row, place[inside], perhaps[inside].astype(np.int32))


def _tables(keep_maps: Sequence[KeepMap]) -> Iterator[pa.Table]:
    """The keep maps as texts, one at a time."""
    for keep in keep_maps:
        table = keep() if callable(keep) else keep
        names = table.column_names if isinstance(table, pa.Table) else [str(name) for name in table.columns]
        require_columns(names, ("register", "record", "record_id"), "keep map")
        whole = table.select(["register", "record", "record_id"]) if isinstance(table, pa.Table) else table
        del table
        yield text_table(whole)
