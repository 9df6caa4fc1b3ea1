"""The cells of all tables, earlier ones included, as one system: values, levels, attacker bounds, costs."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wasl.errors import PolicyError
from wasl.tables.build import Built
from wasl.tables.cells import CellTable, Floats, Ints, Relations, join_tables
from wasl.tables.earlier import EarlierTable, comparable
from wasl.tables.earlier_file import Axis, EarlierFile, Measured, known_from_file
from wasl.tables.primary import PrimaryResult
from wasl.tables.specification import MeasureKind, TableSpec, TablesSpec
from wasl.tables.told import Row, fewer_records, known_cells, rows_of, with_rows

__all__ = ["System", "label_of", "learn", "make_system", "quantity_of", "sub_tables", "widen"]

NOISE = 1e-12
"""Rest of an inequality, as a share of its largest term, that is rounding of floating-point numbers and no rest."""
NUDGE = 1e-3
"""Level of an unsafe cell whose own is zero, as a share of the median level: it must not be computable exactly."""


@dataclass(slots=True)
class System:
    """The cells of all tables as one system.

    After the cells of the tables stand those that take up the rest of an inequality. After the sums stand the rows of
    what published ratios, means and median bands say. ``sums`` is the number of the sums, ``before`` has the names and
    cells of earlier tables.
    """

    members: list[Ints]
    relations: Relations
    value: Floats
    magnitude: Floats
    unsafe: NDArray[np.bool_]
    lower: Floats
    upper: Floats
    down: Floats
    up: Floats
    cost: Floats
    fixed: NDArray[np.bool_]
    outside: NDArray[np.bool_]
    nudged: NDArray[np.bool_]
    sums: int
    before: tuple[tuple[str, CellTable], ...] = ()

    @classmethod
    def empty(cls, members: list[Ints], relations: Relations, value: Floats) -> System:
        """Cells of which nothing is unsafe, fixed or bounded yet."""
        n = relations.cells
        lower, upper, down, up, cost = (np.zeros(n) for _ in range(5))
        unsafe, fixed, outside, nudged = (np.zeros(n, np.bool_) for _ in range(4))
        return cls(
            members,
            relations,
            value,
            np.abs(value),
            unsafe,
            lower,
            upper,
            down,
            up,
            cost,
            fixed,
            outside,
            nudged,
            relations.rows,
        )

    @property
    def cells(self) -> int:
        """Number of cells of the tables."""
        return max(int(member.max(initial=-1)) for member in self.members) + 1

    def add_rows(self, rows: Sequence[Row]) -> None:
        """Add what figures say of the cells; the rest of each inequality is a cell that is withheld for good."""
        self.relations, rests = with_rows(self.relations, rows)
        if not rests:
            return
        terms = [row.factor * self.value[row.cells] for row in rests]
        value = np.array([float(one.sum()) if one.sum() > NOISE * np.abs(one).max() else 0.0 for one in terms])
        up = [float(row.factor @ np.where(row.factor > 0, self.up[row.cells], -self.down[row.cells])) for row in rests]
        none = np.zeros(len(rests))
        for name in ("lower", "upper", "cost"):
            setattr(self, name, np.concatenate([getattr(self, name), none]))
        for name in ("fixed", "nudged"):
            setattr(self, name, np.concatenate([getattr(self, name), none.astype(np.bool_)]))
        for name in ("unsafe", "outside"):
            setattr(self, name, np.concatenate([getattr(self, name), np.ones(len(rests), np.bool_)]))
        for name, more in (("value", value), ("magnitude", value), ("down", value), ("up", np.array(up))):
            setattr(self, name, np.concatenate([getattr(self, name), more]))


def quantity_of(table: TableSpec) -> str:
    """The quantity that the values of a table measure; only cells of one quantity can be the same.

    A mean is protected as its sum: whoever knows the number of records computes one from the other.
    """
    source = table.input
    shown = MeasureKind.SUM if source.shown is MeasureKind.MEAN else source.shown
    return "|".join((source.kind, source.value, shown.value, source.denominator, source.weight))


def make_system(
    spec: TablesSpec,
    built: Sequence[Built],
    primary: Sequence[PrimaryResult],
    earlier: Sequence[EarlierTable | EarlierFile],
) -> tuple[System, list[str], list[str]]:
    """The system, the names of the earlier tables and files in it, and why others are left out.

    Raises:
        PolicyError: An unsafe cell was published earlier; names the cells.
    """
    own = [item.table for item in built]
    quantities = [quantity_of(table) for table in spec.tables]
    kept, left_out = comparable(own, quantities, [item for item in earlier if isinstance(item, EarlierTable)])
    parts = [part for item in kept for part in item.parts]
    tables = [*own, *(part.table for part in parts)]
    quantities = [*quantities, *(part.quantity for part in parts)]
    members, relations, value = join_tables(tables, quantities)
    system = System.empty(members, relations, value)
    system.before = tuple((part.name, part.table) for part in parts)
    ours = np.zeros(relations.cells, np.bool_)
    ours[np.concatenate(members[: len(own)])] = True
    _remember(system, parts, ours, members[len(own) :], spec.protection.attacker_bounds)
    public = system.fixed.copy()
    for table, item, found, member in zip(spec.tables, built, primary, members, strict=False):
        cells = item.table
        widen(system, member, cells.magnitude, table.protection.attacker_bounds)
        system.magnitude[member] = np.maximum(system.magnitude[member], cells.magnitude)
        if table.primary.zeros == "unsafe":
            empty = member[found.unsafe & (cells.value == 0)]
            system.up[empty] = np.maximum(system.up[empty], 2 * table.primary.zero_level)
        system.unsafe[member[found.unsafe]] = True
        system.outside[member] &= ~found.unsafe
        system.lower[member] = np.maximum(system.lower[member], np.where(found.unsafe, found.lower, 0))
        system.upper[member] = np.maximum(system.upper[member], np.where(found.unsafe, found.upper, 0))
        count = np.where(np.isfinite(cells.contributors), cells.contributors, 1.0)
        kind = table.protection.cost
        system.cost[member] = np.abs(cells.value) if kind == "value" else (1.0 if kind == "one" else count)
    axes = [
        tuple(Axis(h, d.source, d.bands) for d, h in zip(table.dimensions, cells.dimensions, strict=True))
        for table, cells in zip(spec.tables, own, strict=True)
    ]
    axes += [part.axes() for part in parts]
    used = [item.name for item in kept]
    for file in (item for item in earlier if isinstance(item, EarlierFile)):
        shown, reasons = learn(system, file, tables, quantities, axes)
        left_out += reasons
        if shown is not None:
            used.append(file.name)
            system.fixed |= shown
            public |= shown
    exposed = np.flatnonzero(system.unsafe & ~system.outside & public)
    if len(exposed):
        raise PolicyError(
            f"{len(exposed)} unsafe cells were published earlier, in tables or as rows that can be counted: "
            f"{'; '.join(label_of(built, system, int(c)) for c in exposed[:10])}.",
            remedy="They cannot be protected any more. Publish the new table without these cells' categories.",
        )
    system.fixed |= (system.value == 0) & ~system.unsafe
    system.add_rows([*_told(kept, members[len(own) :]), *fewer_records(tables, quantities, members)])
    _nudge(system)
    return system, used, left_out


def _remember(
    system: System,
    parts: Sequence[EarlierTable],
    ours: NDArray[np.bool_],
    members: Sequence[Ints],
    bounds: tuple[float, float],
) -> None:
    """Enter what earlier tables published and withheld.

    Values behind ratios and median bands were not published. Such a cell stays withheld where it was unsafe, and where
    no new table shows it. Otherwise the new tables may publish it.
    """
    for before, member in zip(parts, members, strict=True):
        widen(system, member, before.table.magnitude, bounds)
        if before.shown:
            system.fixed[member[~before.hidden]] = True
        system.lower[member] = np.maximum(system.lower[member], before.lower)
        system.upper[member] = np.maximum(system.upper[member], before.upper)
    for place, before in enumerate(parts):
        if before.told is not None:
            below = members[place + 1] if before.told.below is not None else None
            system.fixed[known_cells(before.told, members[place], below)] = True
    for before, member in zip(parts, members, strict=True):
        kept = before.hidden.copy()
        if not before.shown:
            bound = (before.lower > 0) | (before.upper > 0)
            kept = (kept & bound) | (~ours[member] & ~system.fixed[member] & (before.table.value != 0))
        system.outside[member[kept]] = True
        system.unsafe[member[kept]] = True


def _told(kept: Sequence[EarlierTable], members: Sequence[Ints]) -> list[Row]:
    """The rows of what the published figures of earlier tables say."""
    rows: list[Row] = []
    place = 0
    for item in kept:
        parts = item.parts
        if item.told is not None:
            below = members[place + 1] if len(parts) > 1 else None
            rows += rows_of(item.told, item, members[place], below)
        place += len(parts)
    return rows


def learn(
    system: System,
    file: EarlierFile,
    tables: Sequence[CellTable],
    quantities: Sequence[str],
    axes: Sequence[Sequence[Axis]],
) -> tuple[NDArray[np.bool_] | None, list[str]]:
    """Narrow the attacker bounds of a system by what a published file tells.

    Args:
        system: Its bounds are changed.
        file: The file.
        tables: The tables of the system, in the order of its members.
        quantities: What the values of each measure.
        axes: The columns of the data behind the dimensions of each.

    Returns:
        The cells that the file publishes (None: it says nothing of any table), and what of it was not used, and why.
    """
    shown = np.zeros(system.relations.cells, dtype=np.bool_)
    used, reasons = False, []
    for table, quantity, own, member in zip(tables, quantities, axes, system.members, strict=True):
        measured = Measured.of_quantity(quantity)
        if measured is None:
            reasons.append(f"{file.name}: the records behind the aggregate {table.name!r} are not known")
            continue
        known = known_from_file(file, own, table, measured)
        if known.reason:
            reasons.append(f"{file.name}: {known.reason} (table {table.name!r})")
            continue
        wrong = int(known.contradicts(table.value).sum())
        if wrong:
            reasons.append(
                f"{file.name}: {wrong} of {table.size} cells of {table.name!r} have other values in its rows"
            )
            continue
        used = True
        reasons += [
            f"{file.name}: {count} rows have codes of {column!r} that the table lacks; they count as any code"
            for column, count in known.foreign.items()
        ]
        shown[member[known.exact()]] = True
        system.down[member] = np.minimum(system.down[member], np.maximum(table.value - known.low, 0.0))
        system.up[member] = np.minimum(system.up[member], np.maximum(known.high - table.value, 0.0))
    return (shown if used else None), reasons


def widen(system: System, member: Ints, magnitude: Floats, bounds: tuple[float, float]) -> None:
    """Let an attacker consider values up to the given multiples of each magnitude possible beforehand."""
    system.down[member] = np.maximum(system.down[member], magnitude * (1 - bounds[0]))
    system.up[member] = np.maximum(system.up[member], magnitude * (bounds[1] - 1))


def _nudge(system: System) -> None:
    """Give unsafe cells without a level a small one: an unsafe zero, too, must not follow from published sums."""
    levels = np.concatenate([system.upper[system.upper > 0], system.lower[system.lower > 0]])
    small = NUDGE * float(np.median(levels)) if len(levels) else NUDGE
    bare = system.unsafe & ~system.outside & (system.upper <= 0) & (system.lower <= 0)
    system.nudged |= bare
    rigid = bare & (system.up <= 0)
    system.up[rigid] = small
    system.upper[bare] = np.minimum(system.up[bare], np.maximum(small, NUDGE * np.abs(system.value[bare])))


def label_of(built: Sequence[Built], system: System, cell: int) -> str:
    """The table and codes of a cell, for messages."""
    for item, member in zip(built, system.members, strict=False):
        at = np.flatnonzero(member == cell)
        if len(at):
            prefix = f"{item.table.name}: " if len(built) > 1 else ""
            return prefix + item.table.label(int(at[0]))
    for (name, cells), member in zip(system.before, system.members[len(built) :], strict=False):
        at = np.flatnonzero(member == cell)
        if len(at):
            return f"{name}: {cells.label(int(at[0]))}"
    return "behind a figure of an earlier table"


def sub_tables(tables: Sequence[CellTable], members: Sequence[Ints]) -> list[Ints]:
    """The cells of each sub-table of all tables, from the totals down.

    A sub-table has, of each dimension, one code with others below it, and these.
    """
    found: list[tuple[int, Ints]] = []
    for table, member in zip(tables, members, strict=False):
        families: list[list[tuple[int, NDArray[np.bool_]]]] = []
        for dimension in table.dimensions:
            parents = np.asarray(dimension.parents)
            above = [code for code in range(dimension.size) if (parents[1:] == code).any()]
            families.append([])
            for code in above or [0]:
                inside = np.zeros(dimension.size, dtype=np.bool_)
                inside[1:] = parents[1:] == code
                inside[code] = True
                families[-1].append((int(dimension.depths[code]), inside))
        for chosen in itertools.product(*families):
            there = np.ones(table.size, dtype=np.bool_)
            for axis, (_, inside) in enumerate(chosen):
                there &= inside[table.places[:, axis]]
            if there.any():
                found.append((sum(depth for depth, _ in chosen), np.unique(member[there])))
    return [cells for _, cells in sorted(found, key=lambda item: item[0])]
