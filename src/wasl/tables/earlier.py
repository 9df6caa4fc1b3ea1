"""Tables published before, which an attacker combines with the new ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.errors import InputError
from wasl.registers.exchange.digests import digest_bytes, digest_json
from wasl.tables.cells import RELATIVE, CellTable, Floats
from wasl.tables.earlier_file import Axis
from wasl.tables.hierarchy import Hierarchy

__all__ = ["EarlierTable", "comparable", "read_earlier"]


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

    @property
    def digest(self) -> str:
        """The digest of everything that the audit of later tables reads of it; its name is no part."""
        table = self.table
        dimensions = [[d.name, list(d.codes), np.asarray(d.parents).tolist()] for d in table.dimensions]
        arrays = (table.places.astype("<i4"), table.value, self.hidden, self.lower, self.upper)
        cells = digest_bytes(b"".join(np.ascontiguousarray(one).tobytes() for one in arrays))
        axes = [[axis.column, list(axis.bands)] for axis in self.axes()]
        return digest_json([self.quantity, dimensions, axes, bool(self.perturbed), cells])

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
    dimensions = tuple(_hierarchy(item) for item in described["dimensions"])
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
    value = internal.column("value").cast(pa.float64()).to_numpy()
    status = np.array(internal.column("status").to_pylist())
    blank = np.zeros(len(value))
    return EarlierTable(
        f"{release}/{described['name']}",
        str(described["quantity"]),
        CellTable(str(described["name"]), dimensions, places, value, np.abs(value), blank, np.zeros((len(value), 0))),
        np.isin(status, ("primary", "secondary")),
        internal.column("lower_level").cast(pa.float64()).to_numpy(),
        internal.column("upper_level").cast(pa.float64()).to_numpy(),
        bool((status == "perturbed").any()),
        tuple(str(item.get("column", item["name"])) for item in described["dimensions"]),
        tuple(tuple(int(limit) for limit in item.get("bands", ())) for item in described["dimensions"]),
    )


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
    other values (another period, revised data).
    """
    known: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}
    if earlier:
        for table, quantity in zip(tables, quantities, strict=True):
            known |= {(quantity, key): float(v) for key, v in zip(_keys(table), table.value, strict=True)}
    kept, left_out = [], []
    for item in earlier:
        if item.perturbed:
            left_out.append(f"{item.name}: its figures are perturbed")
            continue
        pairs = [
            (known[item.quantity, key], float(value))
            for key, value in zip(_keys(item.table), item.table.value, strict=True)
            if (item.quantity, key) in known
        ]
        different = sum(abs(a - b) > RELATIVE * max(abs(a), 1.0) for a, b in pairs)
        if not pairs:
            left_out.append(f"{item.name}: it has no cell in common with the new tables")
        elif different:
            left_out.append(f"{item.name}: {different} of {len(pairs)} common cells have other values")
        else:
            kept.append(item)
    return kept, left_out


def _keys(table: CellTable) -> list[frozenset[tuple[str, str]]]:
    names = [[(d.name, code) for code in d.codes] for d in table.dimensions]
    return [frozenset(names[d][place] for d, place in enumerate(places) if place) for places in table.places.tolist()]
