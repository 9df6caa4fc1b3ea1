"""Lone contributors: each knows the cells without other contributors, whether they are unsafe or withheld for others.

A contributor who waives protection has safe cells. If they are withheld, it still knows them, and attacks the others.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wasl.tables.build import Built
from wasl.tables.cells import Ints
from wasl.tables.specification import TablesSpec
from wasl.tables.system import System

__all__ = ["guarded_alike", "lone_contributors"]


def guarded_alike(spec: TablesSpec) -> TablesSpec:
    """The specification in which all tables consider lone contributors where one does: they are one problem."""
    if not any(table.protection.singletons for table in spec.tables):
        return spec
    tables = (
        table.model_copy(update={"protection": table.protection.model_copy(update={"singletons": True})})
        for table in spec.tables
    )
    return spec.model_copy(update={"tables": tuple(tables)})


def lone_contributors(built: Sequence[Built], system: System) -> tuple[Ints, ...]:
    """The cells of each lone contributor that may be withheld.

    A total with one contributor is the same one's as its only part. Where the data identify contributors, all cells in
    which one of them is alone are that one's, be they in one sum, in one table, or not.
    """
    lone = np.zeros(system.relations.cells, dtype=np.bool_)
    for item, member in zip(built, system.members, strict=False):
        lone[member[item.table.contributors == 1]] = True
    lone &= ~system.fixed | system.unsafe
    parent = {int(cell): int(cell) for cell in np.flatnonzero(lone)}

    def root(cell: int) -> int:
        while parent[cell] != cell:
            cell = parent[cell]
        return cell

    relations = system.relations
    for row in range(system.sums):
        cells = relations.index[relations.start[row] : relations.start[row + 1]]
        if lone[cells[0]]:
            for part in cells[1:]:
                if lone[part]:
                    parent[root(int(part))] = root(int(cells[0]))
    first: dict[tuple[str, str | int, int], int] = {}
    for item, member in zip(built, system.members, strict=False):
        for place, (kind, who) in (item.table.lone or {}).items():
            cell = int(member[place])
            if lone[cell]:
                one = (kind, who, item.data if kind == "" else 0)  # rows have numbers of their own in each data set
                parent[root(cell)] = root(first.setdefault(one, cell))
    groups: dict[int, set[int]] = {}
    for cell in parent:
        groups.setdefault(root(cell), set()).add(cell)
    follows = _Zeros(system)
    return tuple(np.array(sorted(follows.beside(cells)), dtype=np.int64) for cells in groups.values())


class _Zeros:
    """Cells that are the same as one's own because everything else in a sum is zero and known to be.

    An unsafe zero is known unless the rules protect zeros: its attacker bounds are multiples of zero.
    """

    def __init__(self, system: System) -> None:
        relations = system.relations
        empty = (system.value == 0) & (system.magnitude == 0)
        self._zero = empty & ((system.fixed & ~system.unsafe) | system.nudged)
        rows = range(system.sums)
        self._sums = [relations.index[relations.start[row] : relations.start[row + 1]].tolist() for row in rows]
        self._of: dict[int, list[int]] = {}
        for row, cells in enumerate(self._sums):
            for cell in cells:
                self._of.setdefault(cell, []).append(row)

    def beside(self, own: set[int]) -> set[int]:
        """The cells with all that follow from them: nothing that is withheld could keep these from their owner.

        Others contribute nothing to them but zeros, which everybody knows.
        """
        known, pending = set(own), list(own)
        while pending:
            for row in self._of.get(pending.pop(), ()):
                rest = [cell for cell in self._sums[row] if cell not in known and not self._zero[cell]]
                if len(rest) == 1:
                    known.add(rest[0])
                    pending.append(rest[0])
        return known
