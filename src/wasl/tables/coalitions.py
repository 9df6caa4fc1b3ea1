"""Coalitions: contributors who are no holding, each with cells of its own, and who put together what they know.

Together the members know every cell without other contributors, be it unsafe or not. To the search a coalition is
one more attacker, who starts with these cells known. The interval audit attacks once more with them.

Does not protect against: what a member knows of its own part of a cell that others contribute to. Members who use this,
too, are declared as one holding, so that the primary rules count them as one contributor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wasl.tables.build import Built
from wasl.tables.interval_audit import audit_intervals
from wasl.tables.specification import TablesSpec
from wasl.tables.system import System

__all__ = ["Coalition", "attack_together", "coalitions_of"]


@dataclass(frozen=True, slots=True)
class Coalition:
    """What one coalition knows.

    Attributes:
        members: Number of members stated.
        absent: Members without a record in any table.
        known: Cells of the system that are wholly the coalition's.
    """

    members: int
    absent: int
    known: NDArray[np.bool_] = field(repr=False)


def coalitions_of(spec: TablesSpec, built: Sequence[Built], system: System) -> list[Coalition]:
    """The coalitions of all tables; one that several tables state is one, with the cells of all of them."""
    found: dict[tuple[str, ...], Coalition] = {}
    for table, item, cells in zip(spec.tables, built, system.members, strict=False):
        if item.table.shared is None:
            continue
        for stated, own, absent in zip(table.protection.coalitions, item.table.shared, item.absent, strict=True):
            members = tuple(sorted(set(stated)))
            before = found.get(members)
            known = np.zeros(system.relations.cells, np.bool_) if before is None else before.known.copy()
            known[cells[own]] = True
            fewest = absent if before is None else min(absent, before.absent)
            found[members] = Coalition(len(members), fewest, known)
    return list(found.values())


def attack_together(
    coalitions: Sequence[Coalition], system: System, hidden: NDArray[np.bool_]
) -> tuple[list[dict[str, int]], list[int]]:
    """Attack the pattern as each coalition.

    Returns:
        For each coalition the counts of the report, and the unsafe cells that some coalition computes exactly.
    """
    reports, exact = [], set[int]()
    for item in coalitions:
        unsafe = system.unsafe & ~system.outside & ~item.known
        audit = audit_intervals(
            system.relations,
            system.value,
            hidden & ~item.known,
            system.down,
            system.up,
            unsafe=unsafe,
            lower=system.lower,
            upper=system.upper,
        )
        exact |= {int(cell) for cell in audit.exact}
        reports.append(
            {
                "members": item.members,
                "members_without_records": item.absent,
                "withheld_cells_known": int((hidden & item.known).sum()),
                "unsafe_cells_attacked": int(unsafe.sum()),
                "exact": len(audit.exact),
                "within_level": len(audit.within),
            }
        )
    return reports, sorted(exact)
