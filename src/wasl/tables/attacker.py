"""An attacker who knows only what is published: tables, their hierarchies, and bounds everybody knows.

It shares no code with the search or the audit but the set-up of the solver. It reads published rows and writes down
every sum it can find. It asks for the smallest and largest possible value of each missing cell. The test suite attacks
every protected table with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import lil_matrix, vstack

from wasl.errors import InputError, WaslError
from wasl.tables.solver import quiet_model, settle

__all__ = ["QUANTITY", "Cell", "PublishedMedians", "PublishedRatio", "PublishedTable", "attack_tables"]

Floats = NDArray[np.float64]
TOLERANCE = 1e-6
"""By how much more than their rounding sums may be off, where published figures do not add up exactly; scaled."""
Cell = frozenset[tuple[str, str]]
"""A cell: its dimensions with their codes; dimensions at the total are left out."""
QUANTITY = "="
"""The name under which a cell has the quantity of its table, where the table states one."""


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """A published table as anybody gets it.

    Attributes:
        rows: Dimension columns, ``value`` (null where not published).
        parents: For each dimension, every code below the total and the code above it.
        totals: For each dimension, the code of its total.
        quantity: What its values measure; equal cells of one quantity are one.
    """

    rows: pa.Table
    parents: Mapping[str, Mapping[str, str]]
    totals: Mapping[str, str]
    quantity: str = ""


@dataclass(frozen=True, slots=True)
class PublishedRatio:
    """A published table of ratios or means: each figure is one cell divided by another.

    Attributes:
        table: The table; its figures are the ratios.
        above, below: Quantities of the two cells.
        half: How far a figure may be from the exact one.
    """

    table: PublishedTable
    above: str
    below: str
    half: float = 0.0


@dataclass(frozen=True, slots=True)
class PublishedMedians:
    """A published table of median bands: each figure is the lower limit of a class.

    Attributes:
        table: The table; its figures are the lower limits.
        classes: The name of the dimension of classes in tables of counts.
        codes: The code of each lower limit.
        below: Quantity of the counts.
    """

    table: PublishedTable
    classes: str
    codes: Mapping[float, str]
    below: str


def attack_tables(
    tables: Sequence[PublishedTable],
    *,
    figures: Sequence[PublishedRatio | PublishedMedians] = (),
    fewer: Mapping[str, str] | None = None,
    prior: Mapping[Cell, tuple[float, float]] | None = None,
    known: Mapping[Cell, float] | None = None,
    slack: float = 1e-9,
    only: Sequence[Cell] | None = None,
) -> dict[Cell, tuple[float, float]]:
    """The interval of every cell that is not published, from all tables together.

    Args:
        tables: The published tables; equal cells of two tables are taken as one.
        figures: Published ratios, means and median bands, which say something of cells.
        fewer: Quantities of some records only, with the quantity of all: a cell of the first is at most that of the
            second.
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
    told: list[tuple[dict[Cell, float], bool]] = []
    silent = [part for item in figures for part in _behind(item, told)]
    for number, table in enumerate([*tables, *silent]):
        names = list(table.totals)
        columns = [table.rows.column(name).to_pylist() for name in names]
        for codes, figure in zip(zip(*columns, strict=True), table.rows.column("value").to_pylist(), strict=True):
            place = {name: code for name, code in zip(names, codes, strict=True) if code != table.totals[name]}
            quantity = {QUANTITY: table.quantity} if table.quantity else {}
            cell = frozenset((place | quantity).items())
            if figure is not None:
                value.setdefault(cell, float(figure))
            else:
                missing.setdefault(cell, len(missing))
            for name, code in place.items():
                above = table.parents[name][code]
                rest = {k: v for k, v in place.items() if k != name}
                upper = frozenset((rest | quantity | ({} if above == table.totals[name] else {name: above})).items())
                sums.setdefault((upper, f"{number}/{name}/{above}"), set()).add(cell)
    missing = {cell: i for i, cell in enumerate(c for c in missing if c not in value)}
    if not missing:
        return {}
    present = value.keys() | missing.keys()
    for cell in present:
        of = next((code for name, code in cell if name == QUANTITY), "")
        every = frozenset({*(cell - {(QUANTITY, of)}), (QUANTITY, (fewer or {}).get(of, ""))})
        if every in present:
            told.append(({every: 1.0, cell: -1.0}, False))
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
    least, floor = _inequalities(told, missing, value)
    scale = max(1.0, float(np.abs(right).max(initial=0.0)) / 1e4)
    bounds = [(prior or {}).get(cell, (0.0, np.inf)) for cell in missing]
    limits = [(low / scale, high / scale) for low, high in bounds]
    model = _Published(matrix.tocsr(), right / scale, room / scale, limits, least, floor / scale)
    result: dict[Cell, tuple[float, float]] = {}
    for cell in missing if only is None else only:
        if cell in missing:
            low, high = model.ends(missing[cell])
            result[cell] = (low * scale, high * scale)
    return result


def _behind(
    item: PublishedRatio | PublishedMedians, told: list[tuple[dict[Cell, float], bool]]
) -> list[PublishedTable]:
    """The unpublished tables behind published figures.

    Adds to ``told`` what the figures say: factors of cells, and whether their sum is zero or at least zero.
    """
    table = item.table
    names = list(table.totals)
    codes = list(zip(*(table.rows.column(name).to_pylist() for name in names), strict=True))
    shown = table.rows.column("value").to_pylist()
    places = [[(n, code) for n, code in zip(names, row, strict=True) if code != table.totals[n]] for row in codes]
    nothing = pa.nulls(len(shown), pa.float64())
    if isinstance(item, PublishedRatio):
        for place, figure in zip(places, shown, strict=True):
            if figure is None:
                continue
            above, below = (frozenset([*place, (QUANTITY, quantity)]) for quantity in (item.above, item.below))
            if item.half:
                told.append(({above: -1.0, below: figure + item.half}, False))
                told.append(({above: 1.0, below: item.half - figure}, False))
            else:
                told.append(({above: 1.0, below: -figure}, True))
        blank = table.rows.set_column(table.rows.column_names.index("value"), "value", nothing)
        return [PublishedTable(blank, table.parents, table.totals, quantity) for quantity in (item.above, item.below)]
    classes = [*item.codes.values(), "Total"]
    for place, figure in zip(places, shown, strict=True):
        if figure is None:
            continue
        cells = {
            limit: frozenset([*place, (item.classes, code), (QUANTITY, item.below)])
            for limit, code in item.codes.items()
        }
        told.append(({cell: 1.0 if limit <= figure else -1.0 for limit, cell in cells.items()}, False))
        told.append(({cell: 1.0 if limit >= figure else -1.0 for limit, cell in cells.items()}, False))
    columns = {name: [row[d] for row in codes for _ in classes] for d, name in enumerate(names)}
    columns |= {item.classes: classes * len(codes)}
    rows = pa.table({**columns, "value": pa.nulls(len(codes) * len(classes), pa.float64())})
    parents = {**table.parents, item.classes: dict.fromkeys(item.codes.values(), "Total")}
    return [PublishedTable(rows, parents, {**table.totals, item.classes: "Total"}, item.below)]


def _inequalities(
    told: Sequence[tuple[dict[Cell, float], bool]], missing: Mapping[Cell, int], value: Mapping[Cell, float]
) -> tuple[Any, Any]:
    """Rows of what the figures say; each is at least its right-hand side."""
    rows = [factors for factors, _ in told] + [{c: -f for c, f in factors.items()} for factors, zero in told if zero]
    matrix, floor = lil_matrix((len(rows), len(missing))), np.zeros(len(rows))
    for i, factors in enumerate(rows):
        for cell, factor in factors.items():
            if cell in missing:
                matrix[i, missing[cell]] = factor
            else:
                floor[i] -= factor * value[cell]
        floor[i] -= 1e-9 * max((abs(f) * abs(value.get(c, 0.0)) for c, f in factors.items()), default=0.0)
    return matrix.tocsr(), floor


class _Published:
    """All that is published as one linear program, asked for one cell after the other.

    Only the objective changes between two questions, so each begins at the answer before.

    Args:
        matrix, right, room: (sums, cells) and (sums): the sums, their values, and how far rounding may move them.
        limits: (cells) smallest and largest value known beforehand.
        least, floor: (figures, cells) and (figures): what other figures say, each at least its floor.
    """

    def __init__(self, matrix: Any, right: Floats, room: Floats, limits: Any, least: Any, floor: Floats) -> None:
        self._right, self._room, self._exact, self._asked = right, room, True, 0
        self._model = quiet_model()
        whole = vstack([matrix, least]).tocsc()
        program = highspy.HighsLp()
        program.num_row_, program.num_col_ = whole.shape
        program.col_cost_ = np.zeros(whole.shape[1])
        program.col_lower_, program.col_upper_ = (np.array(ends) for ends in zip(*limits, strict=True))
        program.row_lower_ = np.concatenate([right, floor])
        program.row_upper_ = np.concatenate([right, np.full(len(floor), np.inf)])
        program.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        program.a_matrix_.start_, program.a_matrix_.index_ = whole.indptr, whole.indices
        program.a_matrix_.value_ = whole.data
        self._model.passModel(program)

    def ends(self, cell: int) -> tuple[float, float]:
        """The smallest and the largest value of a cell.

        Raises:
            InputError: No values fit all published figures.
            WaslError: The solver found no answer.
        """
        self._model.changeColCost(self._asked, 0.0)
        self._asked = cell
        return self._end(1.0), -self._end(-1.0)

    def _end(self, direction: float) -> float:
        status = self._solve(direction)
        if status == highspy.HighsModelStatus.kInfeasible and self._exact:
            self._exact = False
            under, over = self._right - self._room - TOLERANCE, self._right + self._room + TOLERANCE
            for row, (low, high) in enumerate(zip(under.tolist(), over.tolist(), strict=True)):
                self._model.changeRowBounds(row, low, high)
            status = self._solve(direction)
        if status == highspy.HighsModelStatus.kUnbounded:
            return -np.inf
        if status == highspy.HighsModelStatus.kInfeasible:
            raise InputError("the published tables contradict each other: no values fit all of them.")
        if status != highspy.HighsModelStatus.kOptimal:
            raise WaslError(f"the attacker's linear program ended as {status}.", remedy="Report this as a defect.")
        return float(self._model.getInfo().objective_function_value)

    def _solve(self, direction: float) -> Any:
        self._model.changeColCost(self._asked, direction)
        return settle(self._model)
