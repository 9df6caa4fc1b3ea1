"""Median bands: of each cell the class in which the median of an amount lies.

The number of records in each class is protected as a table of counts, the distribution. A median band is published
where it follows from what that table would publish. A reader of the whole protected distribution learns nothing from
the median bands, and other readers know less. A count table over the same classes shares its cells with it.

Does not protect against: nothing that the distribution does not protect against. It withholds a median band more often
than is strictly needed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.errors import InputError
from wasl.tables.build import amounts_of, band_labels
from wasl.tables.cells import CellTable, Floats, Ints
from wasl.tables.hierarchy import Hierarchy
from wasl.tables.protected import ProtectedTable
from wasl.tables.specification import DimensionSpec, InputSpec, MeasureKind, TableSpec

__all__ = ["classes_of", "distribution_of", "halves", "median_bands", "require_lowest"]

_SECONDARY, _PRIMARY, _ZERO = 2, 1, 3
HALF = 1e-9
"""Share of a total within which two halves count as equal: sums of weights are exact to some 1e-12."""


def distribution_of(table: TableSpec) -> TableSpec:
    """The table of counts by class that stands behind a table of median bands."""
    source = table.input
    # The class of a record without an amount is the one of unknown values, so the total is that of all records.
    counted = InputSpec(**(source.model_dump() | {"value": "count", "measure": MeasureKind.COUNT, "bands": ()}))
    band = DimensionSpec(name=source.value, column=source.value, total=_total(table), bands=source.bands)
    return table.model_copy(
        update={
            "name": f"{table.name}.distribution",
            "input": counted,
            "dimensions": (*table.dimensions, band),
        }
    )


def _total(table: TableSpec) -> str:
    return table.dimensions[0].total


def require_lowest(table: TableSpec, data: pa.Table) -> None:
    """Refuse amounts below the lowest class: a median there would have no lower limit to be shown.

    Raises:
        InputError: Counts the records.
    """
    if table.input.value not in data.column_names:
        return  # said when the table is built
    amounts = amounts_of(data, table.input.value, table.name)
    low = int((amounts < table.input.bands[0]).sum())
    if low:
        raise InputError(
            f"table {table.name!r}: {low} records have less than the lowest limit of the classes "
            f"({table.input.bands[0]}).",
            remedy="Begin input.bands with a limit that no amount falls below.",
        )


def classes_of(band: Hierarchy, limits: Sequence[int]) -> tuple[Ints, Floats]:
    """The codes of the classes in rising order, without that of unknown amounts, and their lower limits."""
    known = band.index()
    lower = dict(zip(band_labels(tuple(limits))[1:], limits, strict=True))
    present = [label for label in lower if label in known]
    return np.array([known[label] for label in present], dtype=np.int64), np.array([lower[one] for one in present])


def halves(counts: Floats) -> NDArray[np.int64]:
    """The class of the median of each row of counts, shape (cells, classes); -1 where a row has no records.

    It is the first class up to which at least half of the records lie.
    """
    total = counts.sum(axis=1)
    if not counts.shape[1]:
        return np.full(len(counts), -1, dtype=np.int64)
    reached = np.cumsum(counts, axis=1) >= (total * 0.5 * (1 - HALF))[:, None]
    return np.where(total > 0, np.argmax(reached, axis=1), -1)


def median_bands(spec: TableSpec, below: ProtectedTable, *, whole: bool) -> ProtectedTable:
    """The table of median bands that follows from a protected distribution.

    Args:
        spec: The table.
        below: Its distribution, the classes being the last dimension.
        whole: Whether the distribution's intervals are those of the attacker; otherwise they are only parts of them,
            and every withheld count may be anything an attacker considers possible beforehand.
    """
    cells = below.cells
    band, size = cells.dimensions[-1], cells.dimensions[-1].size
    codes, limits = classes_of(band, spec.input.bands)

    def shaped(values: NDArray[np.generic]) -> NDArray[np.generic]:
        return values.reshape(-1, size)

    value = np.asarray(shaped(cells.value)[:, codes], dtype=np.float64)
    bounds = spec.protection.attacker_bounds
    hidden = np.isin(below.status, (_PRIMARY, _SECONDARY))
    low = below.low if whole else np.where(hidden, cells.value * bounds[0], cells.value)
    high = below.high if whole else np.where(hidden, cells.value * bounds[1], cells.value)
    least, most = (np.asarray(shaped(one)[:, codes], dtype=np.float64) for one in (low, high))
    median = halves(value)
    settled = _settled(median, np.maximum(least, 0.0), most)
    unsafe = shaped(below.status)[:, 0] == _PRIMARY  # too few records at all
    status = np.where(settled, 0, np.where(unsafe, _PRIMARY, _SECONDARY)).astype(np.int8)
    empty = median < 0
    status[empty] = np.where(hidden.reshape(-1, size)[empty].any(axis=1), _SECONDARY, _ZERO)
    shown = np.where(empty, np.nan, limits[np.maximum(median, 0)] if len(limits) else np.nan)
    places = cells.places.reshape(-1, size, len(cells.dimensions))[:, 0, :-1]
    table = _margin(spec, cells, places, size, shown)
    rules = np.where(status == _PRIMARY, shaped(below.rule)[:, 0], 0)
    blank = np.zeros(len(shown))
    return ProtectedTable(
        spec,
        table,
        np.where(status == 0, shown, np.nan),
        status,
        rules.astype(np.int8),
        blank,
        blank,
        np.where(status == 0, shown, np.nan),
        np.where(status == 0, shown, np.nan),
        below.rows,
        int(below.unknown.get(band.name, 0)),
        {name: count for name, count in below.unknown.items() if name != band.name},
        parts=(below,),
    )


def _settled(median: Ints, least: Floats, most: Floats) -> NDArray[np.bool_]:
    """Whether the median lies in its class whatever the counts are within their bounds."""
    number = np.arange(most.shape[1] if most.size else 0)[None, :]
    before, after = number < median[:, None], number > median[:, None]
    # Fewer than half lie before the class, whatever holds; at least half lie up to its end.
    under = (most * before).sum(axis=1) < (least * ~before).sum(axis=1)
    upto = (least * ~after).sum(axis=1) >= (most * after).sum(axis=1) * (1 - HALF)
    return np.asarray((median >= 0) & under & upto, dtype=np.bool_)


def _margin(spec: TableSpec, cells: CellTable, places: NDArray[np.int32], size: int, shown: Floats) -> CellTable:
    """The cells over the table's own dimensions: their numbers of records, and the limits to be shown."""
    total = cells.value.reshape(-1, size)[:, 0]
    return dataclasses.replace(
        cells,
        name=spec.name,
        dimensions=cells.dimensions[:-1],
        places=places,
        value=total,
        magnitude=total,
        contributors=cells.contributors.reshape(-1, size)[:, 0],
        largest=np.zeros((len(total), 0)),
        target=None,
        intruder=None,
        waived=None,
        dominance_waived=None,
        shown=shown,
        keys=None,
        counts=None,
        lone=None,
        shared=None,
        structural=None,
    )
