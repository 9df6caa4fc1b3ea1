"""The visible part of deliveries: by pass, rows that share a block or a token, and the released filters."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

from wasl.registers.exchange.delivery import Delivery
from wasl.registers.exchange.join_map import JoinMap

__all__ = [
    "Joined",
    "PassView",
    "fixed_bytes",
    "labels",
    "match_labels",
    "observe",
    "observe_joined",
    "rows_to_records",
    "same_persons",
]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]
Records = dict[str, Ints]
"""Numbers of records or rows, by pass."""


@dataclass(frozen=True, slots=True)
class PassView:
    """Rows of one pass (or records, in the joined view).

    Attributes:
        name: The pass.
        row_ids: (rows, 16) bytes.
        source: Which of the deliveries a row came with.
        block: Block of each row, counted from 0.
        classes: Further equality classes by name, −1 where missing: tokens, equal filters (``= group``), and in the
            joined view blocks of other passes.
        filters: (rows, bytes) by group, bits packed little-endian.
        present: Whether a row has a filter, by group.
    """

    name: str
    row_ids: Bytes = field(repr=False)
    source: Ints = field(repr=False)
    block: Ints = field(repr=False)
    classes: dict[str, Ints] = field(repr=False)
    filters: dict[str, Bytes] = field(repr=False)
    present: dict[str, Bools] = field(repr=False)

    def __len__(self) -> int:
        return len(self.block)

    def take(self, rows: Ints) -> PassView:
        """The view of some rows."""
        return PassView(
            self.name,
            self.row_ids[rows],
            self.source[rows],
            self.block[rows],
            {name: values[rows] for name, values in self.classes.items()},
            {name: values[rows] for name, values in self.filters.items()},
            {name: values[rows] for name, values in self.present.items()},
        )


@dataclass(frozen=True, slots=True)
class Joined:
    """The records behind the rows, for an adversary who also holds the join maps.

    Attributes:
        view: One row per record: blocks and tokens of all passes as classes named ``pass`` and ``pass/token``.
        record_ids: (records, 16) bytes.
        rows: By pass, the row of each record, −1 where it has none.
    """

    view: PassView
    record_ids: Bytes = field(repr=False)
    rows: dict[str, Ints] = field(repr=False)


def fixed_bytes(column: pa.ChunkedArray) -> tuple[Bytes, Bools]:
    """A fixed-size binary column as (rows, width) bytes, zeros where missing, and which rows are present."""
    width = column.type.byte_width
    filled = pc.fill_null(column, pa.scalar(bytes(width), column.type)).combine_chunks()
    whole = pa.concat_arrays(filled.chunks) if isinstance(filled, pa.ChunkedArray) else filled
    data = np.frombuffer(whole.buffers()[1], np.uint8, len(whole) * width, whole.offset * width)
    return data.reshape(len(whole), width), np.asarray(column.is_valid())


def labels(column: pa.ChunkedArray) -> Ints:
    """Equal cells as equal numbers from 0, −1 where missing."""
    data, present = fixed_bytes(column)
    _, codes = np.unique(_words(data), return_inverse=True)
    return np.where(present, codes.astype(np.int64), -1)


def match_labels(wanted: Bytes, among: Bytes) -> Ints:
    """For each label its row among distinct labels, −1 where it is not there; both (n, 16) bytes."""
    if not len(among):
        return np.full(len(wanted), -1, np.int64)
    haystack, needles = _words(among), _words(wanted)
    order = np.argsort(haystack, kind="stable")
    place = np.minimum(np.searchsorted(haystack[order], needles), len(order) - 1)
    return np.where(haystack[order[place]] == needles, order[place], -1)


def observe(*deliveries: Delivery) -> dict[str, PassView]:
    """The passes of deliveries made under one key in one round; rows of the same pass come together."""
    tables = [
        delivery.rows.drop_columns("pass")
        .append_column("pass", delivery.rows["pass"].cast(pa.string()))
        .append_column("source", pa.array(np.full(len(delivery.rows), number, np.int64)))
        for number, delivery in enumerate(deliveries)
    ]
    whole = pa.concat_tables(tables, promote_options="default")
    groups = sorted({group for delivery in deliveries for group in delivery.header.filter_bits})
    tokens = sorted({name for delivery in deliveries for name in delivery.header.token_names})
    views = {}
    for step in dict.fromkeys(summary.name for delivery in deliveries for summary in delivery.header.passes):
        rows = whole.filter(pc.equal(whole["pass"], step))
        filters = {group: fixed_bytes(rows[f"filter_{group}"]) for group in groups}
        views[step] = PassView(
            name=step,
            row_ids=fixed_bytes(rows["row_id"])[0],
            source=np.asarray(rows["source"], np.int64),
            block=labels(rows["block"]),
            classes={name: labels(rows[f"token_{name}"]) for name in tokens}
            | {f"= {group}": labels(rows[f"filter_{group}"]) for group in groups},
            filters={group: data for group, (data, present) in filters.items() if present.any()},
            present={group: present for group, (_, present) in filters.items() if present.any()},
        )
    return views


def observe_joined(views: dict[str, PassView], *join_maps: JoinMap) -> Joined:
    """The records behind the rows of deliveries, by their join maps."""
    rows = pa.concat_tables([join_map.rows for join_map in join_maps])
    ids, _ = fixed_bytes(rows["record_id"])
    row_ids, has_row = fixed_bytes(rows["row_id"])
    distinct, record = np.unique(_words(ids), return_inverse=True)
    first = np.zeros(len(distinct), np.int64)
    first[record[::-1]] = np.arange(len(record))[::-1]
    names = np.array(rows["pass"].cast(pa.string()).to_pylist(), object)
    classes: dict[str, Ints] = {}
    rows_of: dict[str, Ints] = {}
    maps = np.repeat(np.arange(len(join_maps)), [len(join_map.rows) for join_map in join_maps])
    for name, view in views.items():
        chosen = np.flatnonzero((names == name) & has_row)
        row = match_labels(row_ids[chosen], view.row_ids)
        found = row >= 0
        rows_of[name] = np.full(len(distinct), -1, np.int64)
        rows_of[name][record[chosen[found]]] = row[found]
        for label, values in {name: view.block, **{f"{name}/{k}": v for k, v in view.classes.items()}}.items():
            column = np.full(len(distinct), -1, np.int64)
            column[record[chosen[found]]] = values[row[found]]
            classes[label] = column
    nowhere = np.zeros(len(distinct), np.int64)
    return Joined(PassView("joined", ids[first], maps[first], nowhere, classes, {}, {}), ids[first], rows_of)


def rows_to_records(views: dict[str, PassView], join_rows: pa.Table, record_ids: Bytes) -> tuple[Records, Records]:
    """By pass: the first record behind each row (its place in ``record_ids``), and each record's row; −1 for none."""
    ids, _ = fixed_bytes(join_rows["record_id"])
    row_ids, has_row = fixed_bytes(join_rows["row_id"])
    record = match_labels(ids, record_ids)
    names = np.array(join_rows["pass"].cast(pa.string()).to_pylist(), object)
    behind, row_of = {}, {}
    for name, view in views.items():
        chosen = np.flatnonzero((names == name) & has_row)
        row = match_labels(row_ids[chosen], view.row_ids)
        chosen, row = record[chosen[row >= 0]], row[row >= 0]
        first = np.full(len(view), len(record_ids), np.int64)
        np.minimum.at(first, row, chosen)
        behind[name] = np.where(first < len(record_ids), first, -1)
        row_of[name] = np.full(len(record_ids), -1, np.int64)
        row_of[name][chosen] = row
    return behind, row_of


def same_persons(row_of: Records, records: int) -> Ints:
    """For each record the first record that shares a row with it, in one pass or through several."""
    graph = sparse.coo_matrix((records, records), dtype=np.bool_)
    for rows in row_of.values():
        has = np.flatnonzero(rows >= 0)
        first = np.full(int(rows.max(initial=-1)) + 1, records, np.int64)
        np.minimum.at(first, rows[has], has)
        graph += sparse.coo_matrix((np.ones(len(has), np.bool_), (has, first[rows[has]])), shape=graph.shape)
    _, component = sparse.csgraph.connected_components(graph, directed=False)
    _, first, number = np.unique(component, return_index=True, return_inverse=True)
    persons: Ints = first[number]
    return persons


def _words(data: Bytes) -> npt.NDArray[np.void]:
    """Rows of bytes as one comparable value each."""
    return np.ascontiguousarray(data).view(f"V{data.shape[1]}").ravel()
