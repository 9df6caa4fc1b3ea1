"""Audits a microdata file that is about to be published against the tables of its population that are public."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wasl.errors import PolicyError
from wasl.tables.cells import join_tables
from wasl.tables.earlier import EarlierTable, comparable
from wasl.tables.earlier_file import EarlierFile
from wasl.tables.interval_audit import audit_intervals
from wasl.tables.system import System, learn, widen

__all__ = ["FileAudit", "audit_file", "require_tables_safe"]


@dataclass(frozen=True, slots=True)
class FileAudit:
    """The withheld cells that follow from a file and the published tables together.

    Attributes:
        tables: Names of the tables that were compared.
        withheld: Unsafe cells of them.
        exact: How many of these can be computed.
        within: How many can be computed within their protection levels.
        worst: Labels of the first such cells.
        left_out: What was not compared, and why.
    """

    tables: tuple[str, ...]
    withheld: int
    exact: int
    within: int
    worst: tuple[str, ...]
    left_out: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """True if every withheld cell stays protected."""
        return not self.exact and not self.within

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "passed": self.passed,
            "tables": list(self.tables),
            "withheld": self.withheld,
            "exact": self.exact,
            "within_level": self.within,
            "cells": list(self.worst),
            "left_out": list(self.left_out),
        }


def audit_file(
    file: EarlierFile, tables: Sequence[EarlierTable], *, attacker_bounds: tuple[float, float] = (0.0, 2.0)
) -> FileAudit:
    """The intervals of withheld cells for a reader of the tables and of the file.

    Tables of one quantity form one system. Tables that disagree with each other are of other data; each forms a
    system of its own.

    Args:
        file: The file that is about to be published.
        tables: The published tables.
        attacker_bounds: What everybody is assumed to know of a cell, as multiples of its value.
    """
    used: list[str] = []
    # Values behind ratios and median bands count as published where the figures were: the reader is taken to know more.
    left_out = [f"{table.name}: its figures are perturbed" for table in tables if table.perturbed]
    withheld = exact = within = 0
    worst: list[str] = []
    for group in _systems([part for table in tables if not table.perturbed for part in table.parts]):
        cells = [table.table for table in group]
        quantities = [table.quantity for table in group]
        members, relations, value = join_tables(cells, quantities)
        system = System.empty(members, relations, value)
        hidden, public = np.zeros(relations.cells, np.bool_), np.zeros(relations.cells, np.bool_)
        for table, member in zip(group, members, strict=True):
            widen(system, member, table.table.magnitude, attacker_bounds)
            hidden[member[table.hidden]] = True
            public[member[~table.hidden]] = True
            system.lower[member] = np.maximum(system.lower[member], table.lower)
            system.upper[member] = np.maximum(system.upper[member], table.upper)
        system.unsafe = hidden & ((system.lower > 0) | (system.upper > 0))
        shown, reasons = learn(system, file, cells, quantities, [table.axes() for table in group])
        left_out += reasons
        if shown is None:
            continue
        used += [table.name for table in group]
        audit = audit_intervals(
            relations,
            value,
            hidden & ~public & ~shown,
            system.down,
            system.up,
            unsafe=system.unsafe,
            lower=system.lower,
            upper=system.upper,
        )
        withheld, exact, within = (
            withheld + int(system.unsafe.sum()),
            exact + len(audit.exact),
            within + len(audit.within),
        )
        for cell in [*audit.exact, *audit.within]:
            where = next((t, m) for t, m in zip(group, members, strict=True) if cell in m)
            worst.append(f"{where[0].name}: {where[0].table.label(int(np.flatnonzero(where[1] == cell)[0]))}")
    return FileAudit(tuple(used), withheld, exact, within, tuple(worst[:10]), tuple(left_out))


def require_tables_safe(found: FileAudit) -> None:
    """Refuse a file that tells withheld cells.

    Raises:
        PolicyError: Names the first cells.
    """
    if not found.passed:
        raise PolicyError(
            f"release.tables: together with published tables the file tells {found.exact} withheld cells exactly and "
            f"{found.within} within their protection levels: {'; '.join(found.worst)}.",
            remedy="Recode or suppress the variables of these tables further, or leave one of them out of the file.",
        )


def _systems(tables: Sequence[EarlierTable]) -> list[list[EarlierTable]]:
    """Tables that agree in all common cells, put together in the order given."""
    groups: list[list[EarlierTable]] = []
    for table in tables:
        for group in groups:
            if all(_agree(table, other) for other in group):
                group.append(table)
                break
        else:
            groups.append([table])
    return groups


def _agree(one: EarlierTable, other: EarlierTable) -> bool:
    kept, left_out = comparable([one.table], [one.quantity], [other])
    return bool(kept) or "common cells have other values" not in left_out[0]
