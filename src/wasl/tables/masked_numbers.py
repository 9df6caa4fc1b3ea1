"""Masked numbers of a microdata file that published totals tell: a total less all values that the file shows.

A file codes the wages above a bound. A table shows the wages of each region, with all its rules met. In a region with
one coded wage, the total less the other wages is this wage.

*Does not protect against* totals of sets of records that no single cell shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.errors import PolicyError
from wasl.tables.cells import Floats
from wasl.tables.earlier import EarlierTable
from wasl.tables.earlier_file import EarlierFile, Known, Measured, known_from_file

__all__ = ["masked_by_totals", "require_masked"]

CLOSE = 0.1
"""A sum is told if it is known to this share of it (p % rule, Hundepool et al. 2012, section 4.2.1)."""


def masked_by_totals(
    file: EarlierFile, truths: Mapping[str, Floats], tables: Sequence[EarlierTable], *, k: int
) -> tuple[str, ...]:
    """The published cells that tell the sum of the masked values of fewer than k of their records, as labels.

    Cells all of whose records are masked are left out: the table alone shows their sum.

    Args:
        file: The file that is about to be published.
        truths: For each masked number, the values of the file's rows before; NaN where a row is released as it was.
        tables: The published tables.
        k: Fewer records are few.
    """
    found = []
    for table in [part for whole in tables if not whole.perturbed for part in whole.parts]:
        measured = Measured.of_quantity(table.quantity)
        if not table.shown or measured is None or measured.value not in truths:
            continue
        told = _told(file, measured, truths[measured.value], table, k)
        found += [f"{table.name}: {table.table.label(int(cell))}" for cell in np.flatnonzero(told)]
    return tuple(found)


def require_masked(found: Sequence[str]) -> None:
    """Refuse a file whose masked numbers follow from published totals.

    Raises:
        PolicyError: Names the first cells.
    """
    if found:
        raise PolicyError(
            f"release.tables: masked numbers follow from {len(found)} published totals: {'; '.join(found[:10])}.",
            remedy="Mask the number in more records, coarsen the variables of these tables, or leave the number out.",
        )


def _told(file: EarlierFile, measured: Measured, truth: Floats, table: EarlierTable, k: int) -> NDArray[np.bool_]:
    """Mark the cells whose masked records are few, and whose sum is known closely."""
    name, masked = measured.value, np.isfinite(truth)
    shown = np.asarray(file.rows.column(name).cast(pa.float64()).to_numpy(), np.float64)
    exact = {one: base for one, base in file.rounded.items() if one != name}

    def known(values: Floats, rule: Measured, rounded: Mapping[str, float]) -> Known:
        place = file.rows.column_names.index(name)
        rows = file.rows.set_column(place, name, pa.array(values, mask=np.isnan(values)))
        own = replace(file, rows=rows, changed=file.changed - {name}, rounded=rounded)
        return known_from_file(own, table.axes(), table.table, rule)

    rest = known(np.where(masked, 0.0, shown), measured, file.rounded)
    persons = known(masked.astype(np.float64), Measured(name), exact)
    everybody = known(np.ones(len(truth)), Measured(name), exact)
    behind = known(np.where(masked, truth, 0.0), measured, exact)
    if rest.reason or behind.reason:
        return np.zeros(table.table.size, np.bool_)
    few = persons.exact() & (persons.low >= 0.5) & (persons.low < k - 0.5) & (persons.low < everybody.low - 0.5)
    value, true = table.table.value, behind.low
    with np.errstate(invalid="ignore"):
        wrong = np.maximum(np.abs(value - rest.low - true), np.abs(value - rest.high - true))
        close = np.isfinite(wrong) & (wrong <= CLOSE * np.abs(true))
    return np.asarray(few & behind.exact() & close & ~table.hidden)
