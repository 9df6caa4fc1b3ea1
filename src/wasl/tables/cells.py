"""The cells of tables, and the sums that tie them: every total equals the cells it is made of.

A table is a list of cells with their place in each dimension's hierarchy. The relations of one or of several linked
tables form one sparse matrix with entries +1 and -1. Suppression, audit and rounding work on this matrix alone, so
hierarchical and linked tables need no code of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wasl.errors import InputError
from wasl.tables.hierarchy import Hierarchy

__all__ = ["CellTable", "Contributor", "Relations", "added", "join_tables", "relations_of"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Contributor = tuple[str, str | int]
"""``holding`` or ``contributor`` with its name; an empty text with the row of a record that is one of its own."""

ABSOLUTE = 1e-3
"""Units by which each published figure of a sum may be off through its own rounding."""
RELATIVE = 1e-6
"""The same as a share of the total: figures in files carry six significant digits or more."""


@dataclass(frozen=True, slots=True)
class CellTable:
    """The cells of one table, before protection.

    Attributes:
        name: Of the table.
        dimensions: The hierarchies, in the table's order.
        places: Index of each cell's code in each hierarchy, shape (cells, dimensions).
        value: What a cell is worth: the count or the sum that is protected.
        magnitude: Sum of absolute contributions; equals the value where no contribution is negative.
        contributors: Number of contributors.
        largest: The largest contributions in absolute value, shape (cells, depth); sampling weights applied.
        target, intruder: The largest contribution without a waiver, and the largest other one.
        waived: Whether all contributors of the cell waive protection, shape (cells,).
        dominance_waived: Whether the j + 1 largest contributors all waive protection, shape (cells, depth).
        shown: The figure to publish, where it is not the value (means, ratios); else None.
        keys: Sum of the record keys of a cell (cell-key method); else None.
        counts: Unweighted number of records; equals the value of an unweighted count.
        lone: The contributor who is alone in a cell, for the cells that have one; None where the data name nobody.
        shared: For each coalition the cells to which its members contribute and nobody else; None without coalitions.
        structural: Cells that everybody knows to be empty; None for none.
        below: What the value is divided by to give the figure shown (means, ratios); else None.
    """

    name: str
    dimensions: tuple[Hierarchy, ...]
    places: NDArray[np.int32] = field(repr=False)
    value: Floats = field(repr=False)
    magnitude: Floats = field(repr=False)
    contributors: Floats = field(repr=False)
    largest: Floats = field(repr=False)
    target: Floats | None = field(default=None, repr=False)
    intruder: Floats | None = field(default=None, repr=False)
    waived: NDArray[np.bool_] | None = field(default=None, repr=False)
    dominance_waived: NDArray[np.bool_] | None = field(default=None, repr=False)
    shown: Floats | None = field(default=None, repr=False)
    keys: NDArray[np.uint64] | None = field(default=None, repr=False)
    counts: Floats | None = field(default=None, repr=False)
    lone: Mapping[int, Contributor] | None = field(default=None, repr=False)
    shared: NDArray[np.bool_] | None = field(default=None, repr=False)
    structural: NDArray[np.bool_] | None = field(default=None, repr=False)
    below: Floats | None = field(default=None, repr=False)

    @property
    def size(self) -> int:
        """Number of cells, margins included."""
        return len(self.value)

    @property
    def cancels(self) -> bool:
        """Whether some contributions are negative, so that they come to more than the values tell."""
        return bool((self.magnitude != np.abs(self.value)).any())

    def label(self, cell: int) -> str:
        """The codes of a cell, for messages and reports: ``REGION=09, SEX=F``; the total of all as ``total``."""
        parts = [
            f"{dimension.name}={dimension.codes[place]}"
            for dimension, place in zip(self.dimensions, self.places[cell], strict=True)
            if place
        ]
        return ", ".join(parts) or "total"

    def column(self, dimension: int) -> NDArray[np.object_]:
        """The codes of all cells in a dimension."""
        codes = np.array(self.dimensions[dimension].codes, dtype=object)
        return codes[self.places[:, dimension]]


def added(where: Ints, values: Floats, size: int) -> Floats:
    """The sum of the values at each place."""
    return np.asarray(np.bincount(where, weights=values, minlength=size), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Relations:
    """Sums: in each row, the total (-1) and its parts (+1) add up to zero.

    Rows of what published ratios and median bands say have other factors (`wasl.tables.told`).

    Attributes:
        cells: Number of columns.
        start: Where each row begins in ``index``; one entry more than rows.
        index: Column of each entry.
        sign: +1 or -1; another factor in rows of what figures say.
    """

    cells: int
    start: Ints = field(repr=False)
    index: Ints = field(repr=False)
    sign: Floats = field(repr=False)

    @property
    def rows(self) -> int:
        """Number of sums."""
        return len(self.start) - 1

    def row_of_entry(self) -> Ints:
        """The row of each entry."""
        return np.repeat(np.arange(self.rows), np.diff(self.start))

    def sums(self, values: Floats) -> Floats:
        """The sum of each row over ``values``; zero where the figures add up."""
        return added(self.row_of_entry(), self.sign * values[self.index], self.rows)

    def matrix(self) -> tuple[Floats, Ints, Ints]:
        """Data, column indices and row starts of the sparse matrix."""
        return self.sign, self.index, self.start

    def subset(self, rows: Ints) -> Relations:
        """Some of the rows, over the same cells."""
        parts = [np.arange(self.start[row], self.start[row + 1]) for row in rows]
        entries = np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)
        start = np.concatenate([[0], np.cumsum(np.diff(self.start)[rows])]).astype(np.int64)
        return Relations(self.cells, start, self.index[entries], self.sign[entries])


def relations_of(table: CellTable) -> Relations:
    """All sums within a table: along each dimension, every code that has codes below it.

    A cell that the table does not list is taken as zero; a total that it does not list gives no relation.
    """
    sizes = np.array([dimension.size for dimension in table.dimensions], dtype=np.int64)
    factor = np.concatenate([np.cumprod(sizes[::-1])[::-1][1:], [1]]).astype(np.int64)
    keys = table.places.astype(np.int64) @ factor
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    totals: list[Ints] = []
    parts: list[Ints] = []
    for d, dimension in enumerate(table.dimensions):
        place = table.places[:, d]
        below = np.flatnonzero(place > 0)
        wanted = keys[below] + (dimension.parents[place[below]].astype(np.int64) - place[below]) * factor[d]
        at = np.searchsorted(ordered, wanted)
        found = (at < len(ordered)) & (ordered[np.minimum(at, len(ordered) - 1)] == wanted)
        totals.append(order[at[found]] * len(table.dimensions) + d)  # one relation per total and dimension
        parts.append(below[found])
    return _assemble(np.concatenate(totals), np.concatenate(parts), len(table.dimensions), table.size)


def _assemble(relation: Ints, part: Ints, dimensions: int, cells: int) -> Relations:
    order = np.argsort(relation, kind="stable")
    relation, part = relation[order], part[order]
    heads, first, count = np.unique(relation, return_index=True, return_counts=True)
    start = np.concatenate([[0], np.cumsum(count + 1)]).astype(np.int64)
    index = np.empty(start[-1], dtype=np.int64)
    sign = np.ones(start[-1])
    index[start[:-1]] = heads // dimensions
    sign[start[:-1]] = -1.0
    at = np.repeat(start[:-1] + 1 - first, count) + np.arange(len(part))
    index[at] = part
    return Relations(cells, start, index, sign)


def join_tables(tables: Sequence[CellTable], quantities: Sequence[object]) -> tuple[list[Ints], Relations, Floats]:
    """The common system of several tables: cells that are the same in two tables become one.

    Two cells are the same if they show the same quantity and agree in every dimension, where a dimension that a table
    lacks counts as its total.

    Args:
        tables: The tables.
        quantities: For each table, what its values measure.

    Returns:
        For each table the number of each of its cells in the system; the relations; the values.

    Raises:
        InputError: A cell has two values, or a total differs from its parts; names table and cell.
    """
    members: list[Ints] = []
    values: list[float] = []
    known: dict[object, int] = {}
    for table, quantity in zip(tables, quantities, strict=True):
        if len(tables) == 1:
            members.append(np.arange(table.size))
            values.extend(table.value)
            break
        names = [[(d.name, code) for code in d.codes] for d in table.dimensions]
        own = np.empty(table.size, dtype=np.int64)
        for cell, places in enumerate(table.places.tolist()):
            key = (quantity, frozenset(names[d][place] for d, place in enumerate(places) if place))
            number = known.setdefault(key, len(values))
            value = float(table.value[cell])
            if number == len(values):
                values.append(value)
            elif abs(values[number] - value) > max(RELATIVE * abs(value), 2 * ABSOLUTE):
                raise InputError(
                    f"table {table.name!r}: cell {table.label(cell)} has another value than in a table linked to it.",
                    remedy="Make the tables from the same data, or protect them apart if they show different things.",
                )
            own[cell] = number
        members.append(own)
    pieces = [relations_of(table) for table in tables]
    for table, piece in zip(tables, pieces, strict=True):
        _require_sums(table, piece)
    start = [np.zeros(1, dtype=np.int64)]
    for piece in pieces:
        start.append(piece.start[1:] + start[-1][-1])
    index = np.concatenate([own[piece.index] for own, piece in zip(members, pieces, strict=True)])
    sign = np.concatenate([piece.sign for piece in pieces])
    relations = Relations(len(values), np.concatenate(start), index, sign)
    return members, _distinct(relations), np.array(values, dtype=np.float64)


def _require_sums(table: CellTable, relations: Relations) -> None:
    difference = np.abs(relations.sums(table.value))
    scale = np.abs(table.value[relations.index[relations.start[:-1]]])
    allowed = np.maximum(RELATIVE * scale, ABSOLUTE * np.diff(relations.start))
    wrong = np.flatnonzero(difference > allowed)
    if len(wrong):
        first = table.label(int(relations.index[relations.start[wrong[0]]]))
        raise InputError(
            f"table {table.name!r}: {len(wrong)} totals differ from the sum of their parts, the first at {first}.",
            remedy="Check that the file lists all cells below each total and that the hierarchy is complete.",
        )


def _distinct(relations: Relations) -> Relations:
    """The relations without repetitions, which linked tables that share margins bring."""
    seen: dict[tuple[int, ...], None] = {}
    rows = []
    for row in range(relations.rows):
        part = relations.index[relations.start[row] : relations.start[row + 1]]
        key = (int(part[0]), *sorted(part[1:].tolist()))
        if key not in seen:
            seen[key] = None
            rows.append(row)
    return relations if len(rows) == relations.rows else relations.subset(np.array(rows, dtype=np.int64))
