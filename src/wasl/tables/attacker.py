"""An attacker who knows only what is published: tables, their hierarchies, and bounds everybody knows.

It shares no code with the search or the audit. It reads published rows and writes down every sum it can find. It asks
a general solver for the smallest and largest possible value of each missing cell. The test suite attacks every
protected table with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from scipy.optimize import linprog
from scipy.sparse import lil_matrix

from wasl.errors import InputError

__all__ = ["Cell", "PublishedTable", "attack_tables"]

Cell = frozenset[tuple[str, str]]
"""A cell: its dimensions with their codes; dimensions at the total are left out."""


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """A published table as anybody gets it.

    Attributes:
        rows: Dimension columns, ``value`` (null where not published).
        parents: For each dimension, every code below the total and the code above it.
        totals: For each dimension, the code of its total.
    """

    rows: pa.Table
    parents: Mapping[str, Mapping[str, str]]
    totals: Mapping[str, str]


def attack_tables(
    tables: Sequence[PublishedTable],
    *,
    prior: Mapping[Cell, tuple[float, float]] | None = None,
    known: Mapping[Cell, float] | None = None,
    slack: float = 1e-9,
    only: Sequence[Cell] | None = None,
) -> dict[Cell, tuple[float, float]]:
    """The interval of every cell that is not published, from all tables together.

    Args:
        tables: The published tables; equal cells of two tables are taken as one.
        prior: What the attacker knows beforehand; default for each missing cell: not negative.
        known: Cells the attacker knows from elsewhere, such as its own contribution.
        slack: By how much a sum of published figures may be off, as a share of its largest figure (rounding).
        only: Cells to attack; default: all missing ones.

    Raises:
        InputError: The published figures contradict each other.
    """
    value: dict[Cell, float] = dict(known or {})
    missing: dict[Cell, int] = {}
    sums: dict[tuple[Cell, str], set[Cell]] = {}
    for number, table in enumerate(tables):
        names = list(table.totals)
        columns = [table.rows.column(name).to_pylist() for name in names]
        for codes, figure in zip(zip(*columns, strict=True), table.rows.column("value").to_pylist(), strict=True):
            place = {name: code for name, code in zip(names, codes, strict=True) if code != table.totals[name]}
            cell = frozenset(place.items())
            if figure is not None:
                value.setdefault(cell, float(figure))
            elif cell not in value:
                missing.setdefault(cell, len(missing))
            for name, code in place.items():
                above = table.parents[name][code]
                rest = {k: v for k, v in place.items() if k != name}
                upper = frozenset((rest | ({} if above == table.totals[name] else {name: above})).items())
                sums.setdefault((upper, f"{number}/{name}/{above}"), set()).add(cell)
    missing = {cell: i for i, cell in enumerate(c for c in missing if c not in value)}
    if not missing:
        return {}
    present = value.keys() | missing.keys()
    rows = [(total, parts) for (total, _), parts in sums.items() if total in present]
    rows = [(total, parts) for total, parts in rows if total in missing or not missing.keys().isdisjoint(parts)]
    matrix = lil_matrix((len(rows), len(missing)))
    right, room = np.zeros(len(rows)), np.zeros(len(rows))
    for i, (total, parts) in enumerate(rows):
        for cell, sign in [(total, -1.0), *((part, 1.0) for part in parts)]:
            if cell in missing:
                matrix[i, missing[cell]] = sign
            else:
                right[i] -= sign * value[cell]
                room[i] = max(room[i], abs(value[cell]) * slack)
    scale = max(1.0, float(np.abs(right).max(initial=0.0)) / 1e4)
    bounds = [(prior or {}).get(cell, (0.0, np.inf)) for cell in missing]
    limits = [(low / scale, high / scale) for low, high in bounds]
    sparse = matrix.tocsr()
    result: dict[Cell, tuple[float, float]] = {}
    for cell in missing if only is None else only:
        if cell not in missing:
            continue
        ends = []
        for direction in (1.0, -1.0):
            objective = np.zeros(len(missing))
            objective[missing[cell]] = direction
            answer = _solve(objective, sparse, right / scale, room / scale, limits)
            if answer.status == 3:
                ends.append(-direction * np.inf)
            elif answer.status != 0:
                raise InputError("the published tables contradict each other: no values fit all of them.")
            else:
                ends.append(direction * float(answer.fun) * scale)
        result[cell] = (ends[0], ends[1])
    return result


def _solve(objective: Any, matrix: Any, right: Any, room: Any, limits: Any) -> Any:
    answer = linprog(objective, A_eq=matrix, b_eq=right, bounds=limits, method="highs")
    if answer.status != 2:
        return answer
    from scipy.sparse import vstack

    above, below = right + room + 1e-6, -(right - room - 1e-6)
    return linprog(
        objective, A_ub=vstack([matrix, -matrix]), b_ub=np.concatenate([above, below]), bounds=limits, method="highs"
    )
