"""What published ratios, means and median bands say of the cells behind them, as rows beside the sums of a system.

A ratio ``r`` with rounding ``h`` says ``|A - r B| <= h |B|``. A median in class ``m`` says that the classes up to ``m``
hold at least as many records as those after it. The classes from ``m`` on hold at least as many as those before it.
Each inequality becomes a row with a cell of its own, which takes up the rest, is never published, and is not negative.

A ratio is of the records that have both of its values. Their sums are at most those of all records.

Does not protect against: what follows from the fact that numbers of records are whole; sums of the records that lack
a value of a ratio.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from wasl.tables.cells import CellTable, Floats, Ints, Relations
from wasl.tables.earlier import EarlierTable, Told, keys_of, whole_of
from wasl.tables.medians import classes_of

__all__ = ["Row", "fewer_records", "known_cells", "rows_of", "with_rows"]

EXACT = 1e-12
"""Share of a ratio below which its rounding counts as none: that of the figures in files, which have 16 digits."""


@dataclass(frozen=True, slots=True)
class Row:
    """Factors of cells whose sum is zero, or at least zero.

    Attributes:
        cells: The cells.
        factor: The factor of each; the largest is 1 in size.
        equal: Whether the sum is zero.
    """

    cells: Ints
    factor: Floats
    equal: bool


def rows_of(told: Told, table: EarlierTable, member: Ints, below: Ints | None) -> Iterator[Row]:
    """The rows that the published figures of an earlier table give.

    Args:
        told: What it says.
        table: The table.
        member: The number of each of its cells in the system.
        below: The same of what its values are divided by; None for median bands.
    """
    if below is None:
        yield from _of_medians(told, table, member)
        return
    assert told.below is not None  # noqa: S101 - `below` are its cells
    divisor = told.below.table.value
    for cell in np.flatnonzero(np.isfinite(told.figures) & (divisor != 0)).tolist():
        pair = np.array([member[cell], below[cell]])
        figure, side = float(told.figures[cell]), float(np.sign(divisor[cell]))
        if told.half <= EXACT * abs(figure):
            if figure:  # a ratio of zero is a known numerator, see `known_cells`
                yield _row(pair, [-1.0, figure], equal=True)
            continue
        yield _row(pair, [-1.0, figure + side * told.half], equal=False)
        yield _row(pair, [1.0, side * told.half - figure], equal=False)


def _row(cells: Ints, factor: Sequence[float] | Floats, *, equal: bool) -> Row:
    factors = np.asarray(factor, dtype=np.float64)
    there = factors != 0
    return Row(cells[there], factors[there] / np.abs(factors).max(), equal)


def _of_medians(told: Told, table: EarlierTable, member: Ints) -> Iterator[Row]:
    band = table.table.dimensions[-1]
    codes, limits = classes_of(band, told.limits)
    for cell in np.flatnonzero(np.isfinite(told.figures)).tolist():
        classes = member[cell + codes]
        after = limits > told.figures[cell]
        yield _row(classes, np.where(after, -1.0, 1.0), equal=False)
        before = limits < told.figures[cell]
        yield _row(classes, np.where(before, -1.0, 1.0), equal=False)


def fewer_records(tables: Sequence[CellTable], quantities: Sequence[str], members: Sequence[Ints]) -> list[Row]:
    """The rows that say that sums of some records are at most those of all, where no contribution is negative.

    Args:
        tables: The tables of the system.
        quantities: What each measures.
        members: The number of each of their cells in the system.
    """
    pairs: set[tuple[int, int]] = set()
    for some, quantity, places in zip(tables, quantities, members, strict=True):
        for every, other, positions in zip(tables, quantities, members, strict=True):
            signed = any(one.cancels or (one.value < 0).any() for one in (some, every))
            if other != whole_of(quantity) or signed:
                continue
            cells = dict(zip(keys_of(every), positions.tolist(), strict=True))
            found = zip(keys_of(some), places.tolist(), strict=True)
            pairs |= {(cells[key], place) for key, place in found if key in cells}
    return [Row(np.array(pair), np.array([1.0, -1.0]), equal=False) for pair in sorted(pairs)]


def known_cells(told: Told, member: Ints, below: Ints | None) -> Ints:
    """The cells that the figures give as they are: numerators of ratios of zero, denominators without a ratio."""
    if below is None or told.below is None:
        return np.zeros(0, dtype=np.int64)
    there = np.isfinite(told.figures)
    zero = there & (told.figures == 0) & (told.half == 0)
    return np.concatenate([member[zero], below[~there & ~told.below.hidden & (told.below.table.value == 0)]])


def with_rows(relations: Relations, rows: Sequence[Row]) -> tuple[Relations, list[Row]]:
    """The relations with further rows and a new cell for the rest of each inequality.

    Returns:
        The relations, and for each new cell its row.
    """
    start, index, sign = [relations.start], [relations.index], [relations.sign]
    entries = int(relations.start[-1])
    rests: list[Row] = []
    for row in rows:
        cells, factor = row.cells, row.factor
        if not row.equal:
            cells = np.append(cells, relations.cells + len(rests))
            factor = np.append(factor, -1.0)
            rests.append(row)
        entries += len(cells)
        start.append(np.array([entries]))
        index.append(cells)
        sign.append(factor)
    whole = Relations(
        relations.cells + len(rests),
        np.concatenate(start).astype(np.int64),
        np.concatenate(index).astype(np.int64),
        np.concatenate(sign),
    )
    return whole, rests
