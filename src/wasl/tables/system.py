"""The cells of all tables, earlier ones included, as one system: values, levels, attacker bounds, costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wasl.errors import PolicyError
from wasl.tables.build import Built
from wasl.tables.cells import Floats, Ints, Relations, join_tables
from wasl.tables.earlier import EarlierTable, comparable
from wasl.tables.primary import PrimaryResult
from wasl.tables.specification import TableSpec, TablesSpec

__all__ = ["System", "label_of", "lone_contributors", "make_system", "quantity_of"]

NUDGE = 1e-3
"""Level of an unsafe cell whose own is zero, as a share of the median level: it must not be computable exactly."""


@dataclass(slots=True)
class System:
    """The cells of all tables as one system."""

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


def quantity_of(table: TableSpec) -> str:
    """The quantity that the values of a table measure; only cells of one quantity can be the same."""
    source = table.input
    return "|".join((source.kind, source.value, source.shown.value, source.denominator, source.weight))


def make_system(
    spec: TablesSpec, built: Sequence[Built], primary: Sequence[PrimaryResult], earlier: Sequence[EarlierTable]
) -> tuple[System, list[str], list[str]]:
    """The system, the names of the earlier tables in it, and why others are left out.

    Raises:
        PolicyError: An unsafe cell was published earlier; names the cells.
    """
    own = [item.table for item in built]
    quantities = [quantity_of(table) for table in spec.tables]
    kept, left_out = comparable(own, quantities, earlier)
    tables = [*own, *(item.table for item in kept)]
    members, relations, value = join_tables(tables, [*quantities, *(item.quantity for item in kept)])
    n = relations.cells
    system = System(
        members,
        relations,
        value,
        np.abs(value),
        np.zeros(n, np.bool_),
        np.zeros(n),
        np.zeros(n),
        np.zeros(n),
        np.zeros(n),
        np.zeros(n),
        np.zeros(n, np.bool_),
        np.zeros(n, np.bool_),
        np.zeros(n, np.bool_),
    )
    for before, member in zip(kept, members[len(own) :], strict=True):
        _bounds(system, member, before.table.magnitude, spec.tables[0].protection.attacker_bounds)
        system.fixed[member[~before.hidden]] = True
        system.outside[member[before.hidden]] = True
        system.unsafe[member[before.hidden]] = True
        system.lower[member] = np.maximum(system.lower[member], before.lower)
        system.upper[member] = np.maximum(system.upper[member], before.upper)
    public = system.fixed.copy()
    for table, item, found, member in zip(spec.tables, built, primary, members, strict=False):
        cells = item.table
        _bounds(system, member, cells.magnitude, table.protection.attacker_bounds)
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
    exposed = np.flatnonzero(system.unsafe & ~system.outside & public)
    if len(exposed):
        raise PolicyError(
            f"{len(exposed)} unsafe cells were published earlier: "
            f"{'; '.join(label_of(built, system, int(c)) for c in exposed[:10])}.",
            remedy="They cannot be protected any more. Publish the new table without these cells' categories.",
        )
    system.fixed |= (system.value == 0) & ~system.unsafe
    _nudge(system)
    return system, [item.name for item in kept], left_out


def _bounds(system: System, member: Ints, magnitude: Floats, bounds: tuple[float, float]) -> None:
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
    return "a cell of an earlier table"


def lone_contributors(built: Sequence[Built], system: System, primary: Sequence[PrimaryResult]) -> tuple[Ints, ...]:
    """The cells of each lone contributor.

    A total with one contributor is the same one's as its only part. Where the data identify contributors, all cells in
    which one of them is alone are that one's, be they in one sum or not.
    """
    lone = np.zeros(system.relations.cells, dtype=np.bool_)
    for item, found, member in zip(built, primary, system.members, strict=False):
        lone[member[found.unsafe & (item.table.contributors == 1) & (item.table.value != 0)]] = True
    parent = {int(cell): int(cell) for cell in np.flatnonzero(lone)}

    def root(cell: int) -> int:
        while parent[cell] != cell:
            cell = parent[cell]
        return cell

    relations = system.relations
    for row in range(relations.rows):
        cells = relations.index[relations.start[row] : relations.start[row + 1]]
        if lone[cells[0]]:
            for part in cells[1:]:
                if lone[part]:
                    parent[root(int(part))] = root(int(cells[0]))
    for item, member in zip(built, system.members, strict=False):
        if item.table.lone is None:
            continue
        first: dict[int, int] = {}
        for cell, who in zip(member.tolist(), item.table.lone.tolist(), strict=True):
            if who >= 0 and lone[cell]:
                parent[root(cell)] = root(first.setdefault(who, cell))
    groups: dict[int, list[int]] = {}
    for cell in parent:
        groups.setdefault(root(cell), []).append(cell)
    return tuple(np.array(sorted(cells), dtype=np.int64) for cells in groups.values())
