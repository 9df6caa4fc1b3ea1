"""What an adversary sees in a delivery: per pass, who shares a block, who shares a token, and the released filters."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wasl.registers.delivery import Delivery
from wasl.registers.join_map import JoinMap

__all__ = ["PassView", "fixed_bytes", "labels", "match_labels", "observe", "observe_joined"]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class PassView:
    """Rows of one pass (or records, in the joined view).

    Attributes:
        name: The pass.
        row_ids: (rows, 16) bytes.
        block: Block of each row, counted from 0.
        classes: Further equality classes by name (tokens, blocks of other passes), −1 where missing.
        filters: (rows, bytes) by group, bits packed little-endian.
        present: Whether a row has a filter, by group.
    """

    name: str
    row_ids: Bytes = field(repr=False)
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
            self.block[rows],
            {name: values[rows] for name, values in self.classes.items()},
            {name: values[rows] for name, values in self.filters.items()},
            {name: values[rows] for name, values in self.present.items()},
        )


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


def observe(delivery: Delivery) -> dict[str, PassView]:
    """The passes of a delivery, as its reader sees them."""
    names = delivery.rows["pass"].cast(pa.string())
    views = {}
    for summary in delivery.header.passes:
        rows = delivery.rows.filter(pc.equal(names, summary.name))
        filters = {group: fixed_bytes(rows[f"filter_{group}"]) for group in delivery.header.filter_bits}
        views[summary.name] = PassView(
            name=summary.name,
            row_ids=fixed_bytes(rows["row_id"])[0],
            block=labels(rows["block"]),
            classes={name: labels(rows[f"token_{name}"]) for name in delivery.header.token_names},
            filters={group: data for group, (data, present) in filters.items() if present.any()},
            present={group: present for group, (_, present) in filters.items() if present.any()},
        )
    return views


def observe_joined(views: dict[str, PassView], join_map: JoinMap) -> tuple[PassView, Bytes]:
    """The records behind the rows, for whoever also holds the join map: blocks and tokens of all passes together.

    Returns:
        A view with one row per record (classes named ``pass`` and ``pass/token``), and the record ids.
    """
    ids, _ = fixed_bytes(join_map.rows["record_id"])
    row_ids, has_row = fixed_bytes(join_map.rows["row_id"])
    distinct, record = np.unique(_words(ids), return_inverse=True)
    first = np.zeros(len(distinct), np.int64)
    first[record[::-1]] = np.arange(len(record))[::-1]
    names = np.array(join_map.rows["pass"].cast(pa.string()).to_pylist(), object)
    classes: dict[str, Ints] = {}
    for name, view in views.items():
        chosen = np.flatnonzero((names == name) & has_row)
        row = match_labels(row_ids[chosen], view.row_ids)
        found = row >= 0
        for label, values in {name: view.block, **{f"{name}/{k}": v for k, v in view.classes.items()}}.items():
            column = np.full(len(distinct), -1, np.int64)
            column[record[chosen[found]]] = values[row[found]]
            classes[label] = column
    return PassView("joined", ids[first], np.zeros(len(distinct), np.int64), classes, {}, {}), ids[first]


def _words(data: Bytes) -> npt.NDArray[np.void]:
    """Rows of bytes as one comparable value each."""
    return np.ascontiguousarray(data).view(f"V{data.shape[1]}").ravel()
