"""Tables published before, which an attacker combines with the new ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.errors import InputError
from wasl.registers.exchange.digests import digest_bytes, digest_json
from wasl.tables.cells import RELATIVE, CellTable, Floats
from wasl.tables.earlier_file import Axis
from wasl.tables.hierarchy import Hierarchy

__all__ = ["EarlierTable", "Told", "comparable", "keys_of", "read_earlier", "texts_of", "whole_of"]

COUNTED = "microdata|count|count||"
"""Begin of the quantity of numbers of records; the weight follows."""
WITHHELD = ("primary", "secondary")
Key = frozenset[tuple[str, str]]
"""The codes of a cell, with the dimension of each."""


@dataclass(frozen=True, slots=True)
class Told:
    """What published means, ratios or median bands say of the cells of a table.

    Attributes:
        figures: The published figure of each cell, NaN where there is none.
        below: Of means and ratios: the table of what the values are divided by.
        half: Of means and ratios: how far a figure may be from the exact one through rounding.
        limits: Of median bands: the lower limits of the classes, which are the table's last dimension. The figure of a
            cell stands at the total of its classes.
    """

    figures: Floats = field(repr=False)
    below: EarlierTable | None = None
    half: float = 0.0
    limits: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class EarlierTable:
    """An earlier table, as the office that made it knows it.

    Attributes:
        name: Of the release and table.
        quantity: What its values measure.
        table: Its true cells.
        hidden: Cells that were not published.
        lower, upper: Protection levels of its unsafe cells, else zero.
        perturbed: Whether its figures carry noise or are rounded.
        columns: Column of the data behind each dimension; default: the dimension's name.
        bands: Lower limits of the classes of each dimension; default: none.
        shown: Whether its values were published where they are not hidden. Those behind ratios and median bands were
            not. A mean counts as its sum.
        told: What its published figures say of its values; default: they are the values.
        gaps: Why nothing is known of what its figures say; empty otherwise.
        fewer: Where records lack one of its values: that they do, and what follows.
    """

    name: str
    quantity: str
    table: CellTable = field(repr=False)
    hidden: NDArray[np.bool_] = field(repr=False)
    lower: Floats = field(repr=False)
    upper: Floats = field(repr=False)
    perturbed: bool = False
    columns: tuple[str, ...] = ()
    bands: tuple[tuple[int, ...], ...] = ()
    shown: bool = True
    told: Told | None = None
    gaps: str = ""
    fewer: str = ""

    @property
    def parts(self) -> tuple[EarlierTable, ...]:
        """Itself, and the table of what its values are divided by where it shows means or ratios."""
        return (self,) if self.told is None or self.told.below is None else (self, self.told.below)

    @property
    def digest(self) -> str:
        """The digest of everything that the audit of later tables reads of it; its name is no part."""
        table = self.table
        dimensions = [[d.name, list(d.codes), np.asarray(d.parents).tolist()] for d in table.dimensions]
        arrays = (table.places.astype("<i4"), table.value, self.hidden, self.lower, self.upper)
        cells = digest_bytes(b"".join(np.ascontiguousarray(one).tobytes() for one in arrays))
        axes = [[axis.column, list(axis.bands)] for axis in self.axes()]
        everything: list[Any] = [self.quantity, dimensions, axes, bool(self.perturbed), cells]
        if table.cancels:
            everything.append(digest_bytes(np.ascontiguousarray(table.magnitude).tobytes()))
        if self.told is not None:
            figures = digest_bytes(np.ascontiguousarray(self.told.figures).tobytes())
            below = "" if self.told.below is None else self.told.below.digest
            everything += [figures, below, self.told.half, list(self.told.limits)]
        return digest_json(everything)

    def axes(self) -> tuple[Axis, ...]:
        """The dimensions with their columns of the data."""
        dimensions = self.table.dimensions
        columns = self.columns or tuple(dimension.name for dimension in dimensions)
        bands = self.bands or ((),) * len(dimensions)
        return tuple(Axis(d, c, b) for d, c, b in zip(dimensions, columns, bands, strict=True))


def read_earlier(release: str, described: Mapping[str, Any], internal: pa.Table) -> EarlierTable:
    """An earlier table from its entry in ``report.json`` and its internal file.

    Args:
        release: Name of the release, for messages.
        described: The entry of ``tables`` in ``report.json``.
        internal: ``internal.csv`` as a table, dimension columns as text.

    Raises:
        InputError: Report and file do not belong together.
    """
    listed = described.get("distribution", described["dimensions"])
    dimensions = tuple(_hierarchy(item) for item in listed)
    lacking = {*(d.name for d in dimensions), "value", "status", "lower_level", "upper_level"} - set(
        internal.column_names
    )
    if lacking:
        raise InputError(f"{release}: the internal file lacks the columns {', '.join(sorted(lacking))}.")
    places = np.zeros((internal.num_rows, len(dimensions)), dtype=np.int32)
    for d, dimension in enumerate(dimensions):
        known = dimension.index()
        try:
            places[:, d] = [known[code] for code in internal.column(dimension.name).to_pylist()]
        except KeyError as error:
            raise InputError(f"{release}: {dimension.name!r} has codes that its report does not list.") from error
    status = np.array(internal.column("status").to_pylist())
    value = _numbers(internal, "value")
    table = EarlierTable(
        f"{release}/{described['name']}",
        str(described["quantity"]),
        _cells(str(described["name"]), dimensions, places, value, _absolute(internal, value)),
        np.isin(status, WITHHELD),
        _numbers(internal, "lower_level"),
        _numbers(internal, "upper_level"),
        bool(described.get("perturbed", (status == "perturbed").any())),
        tuple(str(item.get("column", item["name"])) for item in listed),
        tuple(tuple(int(limit) for limit in item.get("bands", ())) for item in listed),
    )
    return _with_figures(table, described, internal)


def texts_of(described: Mapping[str, Any]) -> list[str]:
    """The columns of the internal file that are texts, from its entry in ``report.json``."""
    dimensions = described.get("distribution", described["dimensions"])
    return [*(str(item["name"]) for item in dimensions), "status", "rule"]


def _numbers(internal: pa.Table, name: str) -> Floats:
    return np.asarray(internal.column(name).cast(pa.float64()).to_numpy(), dtype=np.float64)


def _absolute(internal: pa.Table, value: Floats, name: str = "absolute") -> Floats:
    """The sums of absolute contributions; earlier versions of wasl did not write them."""
    return _numbers(internal, name) if name in internal.column_names else np.abs(value)


def _cells(
    name: str, dimensions: tuple[Hierarchy, ...], places: NDArray[np.int32], value: Floats, absolute: Floats
) -> CellTable:
    blank = np.zeros(len(value))
    return CellTable(name, dimensions, places, value, absolute, blank, np.zeros((len(value), 0)))


def _with_figures(table: EarlierTable, described: Mapping[str, Any], internal: pa.Table) -> EarlierTable:
    """The table with what its means, ratios or median bands say of its values."""
    kind, value, measure, denominator, weight = (table.quantity.split("|") + [""] * 4)[:5]
    shown = str(described.get("measure", measure))
    lack = int(described.get("rows_without_value", 0))
    if shown == "median_band":
        limits = table.bands[-1]
        told = Told(_numbers(internal, "median_band"), limits=limits)
        return replace(table, quantity=COUNTED + weight, shown=False, told=told)
    if shown not in ("mean", "ratio"):
        return table
    # Where records lack a value, numerator and denominator are those of the records that have both.
    above, beside = (denominator, value) if lack else ("", "")
    if shown == "ratio":
        below_quantity = "|".join((kind, denominator, "sum", beside, weight))
    else:
        below_quantity = "|".join((kind, "count", "count", beside, weight))
    table = replace(table, quantity="|".join((kind, value, "sum", above, weight)), shown=shown == "mean")
    if lack:
        table = replace(
            table, fewer=f"records that lack one of its values: {lack}; what they add to a sum is not protected"
        )
    if "denominator" not in internal.column_names:
        return replace(table, gaps="its internal file has no denominators; an earlier version of wasl made it")
    divided = _numbers(internal, "denominator")
    levels = [
        _numbers(internal, name) if name in internal.column_names else np.zeros(len(divided))
        for name in ("denominator_lower_level", "denominator_upper_level")
    ]
    absolute = _absolute(internal, divided, "denominator_absolute")
    below = replace(
        table,
        name=f"{table.name} (denominator)",
        quantity=below_quantity,
        table=_cells(table.table.name, table.table.dimensions, table.table.places, divided, absolute),
        lower=levels[0],
        upper=levels[1],
        shown=False,
    )
    decimals = described.get("decimals")
    half = 0.0 if decimals is None else 0.5 * 10.0 ** -int(decimals)
    return replace(table, told=Told(_numbers(internal, "published"), below, half))


def _hierarchy(item: Mapping[str, Any]) -> Hierarchy:
    parents = np.array(item["parents"], dtype=np.int32)
    depths = np.zeros(len(parents), dtype=np.int32)
    for i in range(1, len(parents)):
        depths[i] = depths[parents[i]] + 1
    return Hierarchy(str(item["name"]), tuple(str(code) for code in item["codes"]), parents, depths)


def comparable(
    tables: Sequence[CellTable], quantities: Sequence[str], earlier: Sequence[EarlierTable]
) -> tuple[list[EarlierTable], list[str]]:
    """The earlier tables of the same figures, and why the others are left out.

    No exact figure of the new tables follows from a table of another quantity, or from one whose common cells have
    other values (another period, revised data). A ratio ties two quantities: a table of its denominator then says
    something of its numerator. A sum of the records that have both values of a ratio is at most the sum of all.
    """
    known = _Figures()
    if earlier:
        for table, quantity in zip(tables, quantities, strict=True):
            known.add(table, quantity)
    kept: dict[int, EarlierTable] = {}
    reasons: dict[int, str] = {}
    unequal: set[int] = set()
    while True:
        tied = False
        for number, item in enumerate(earlier):
            if number in kept:
                continue
            reason = _apart(item, known)
            if reason:
                reasons[number] = reason
                continue
            kept[number] = item
            if any(least for part in item.parts for _, _, least in known.beside(part)):
                unequal.add(number)
            if item.told is not None:  # what it ties reaches tables that have no cell in common with the new ones
                tied = True
                for part in item.parts:
                    known.add(part.table, part.quantity)
        if not tied:
            break
    left_out = [f"{earlier[number].name}: {reason}" for number, reason in sorted(reasons.items()) if number not in kept]
    left_out += [f"{item.name}: {item.gaps}" for item in kept.values() if item.gaps]
    left_out += [f"{kept[number].name}: {kept[number].fewer}" for number in sorted(unequal) if kept[number].fewer]
    return [kept[number] for number in sorted(kept)], left_out


def whole_of(quantity: str) -> str:
    """The quantity of all records, where one is of those alone that have another value, too; else empty."""
    kind, value, measure, other, weight = (quantity.split("|") + [""] * 4)[:5]
    return "|".join((kind, value, measure, "", weight)) if other and measure in ("sum", "count") else ""


class _Figures:
    """The values of cells by quantity and codes, and the quantities that have negative contributions."""

    def __init__(self) -> None:
        self._values: dict[str, dict[Key, float]] = {}
        self._cancels: set[str] = set()

    def add(self, table: CellTable, quantity: str) -> None:
        """Take the values of a table; what is known of a cell stays."""
        known = self._values.setdefault(quantity, {})
        for key, value in zip(keys_of(table), table.value.tolist(), strict=True):
            known.setdefault(key, value)
        if table.cancels or (table.value < 0).any():
            self._cancels.add(quantity)

    def measures(self, quantity: str) -> bool:
        """Whether there are values of a quantity."""
        return quantity in self._values

    def beside(self, part: EarlierTable) -> Iterator[tuple[float, float, bool]]:
        """Pairs of values that must be equal, or of which the first is at most the second (True)."""
        values = list(zip(keys_of(part.table), part.table.value.tolist(), strict=True))
        same = self._values.get(part.quantity, {})
        yield from ((same[key], value, False) for key, value in values if key in same)
        if part.table.cancels or (part.table.value < 0).any():
            return
        for quantity, known in self._values.items():
            if quantity in self._cancels:
                continue
            if quantity == whole_of(part.quantity):
                yield from ((value, known[key], True) for key, value in values if key in known)
            elif whole_of(quantity) == part.quantity:
                yield from ((known[key], value, True) for key, value in values if key in known)


def _apart(item: EarlierTable, known: _Figures) -> str:
    """Why an earlier table is left out; empty where it is not."""
    if item.perturbed:
        return "its figures are perturbed"
    if item.gaps and not item.shown:
        return item.gaps
    pairs = [pair for part in item.parts for pair in known.beside(part)]
    different = sum((a - b if least else abs(a - b)) > RELATIVE * max(abs(a), 1.0) for a, b, least in pairs)
    if not pairs:
        unlike = any(known.measures(whole_of(part.quantity)) for part in item.parts)
        return item.fewer if unlike else "it has no cell in common with the new tables"
    return f"{different} of {len(pairs)} common cells have other values" if different else ""


def keys_of(table: CellTable) -> list[Key]:
    """The codes of each cell with their dimensions, those of totals left out."""
    names = [[(d.name, code) for code in d.codes] for d in table.dimensions]
    return [frozenset(names[d][place] for d, place in enumerate(places) if place) for places in table.places.tolist()]
