"""Microdata published before: what everybody can count or add up from their rows, as bounds on the cells of a table.

Each row of the file lies surely in some cells, possibly in others, and not in the rest. A blank, or a coarser code,
leaves it possible in every cell below. A cell is therefore between the sum of its sure rows and that of its possible
rows. Where the two are equal, the file publishes the cell.

Does not protect against: the knowledge that several blanks of one file give together, beyond each cell's own bounds and
the sums of the tables. A number that was given noise, or coded at its ends, counts as unknown.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.errors import InputError
from wasl.registers.exchange.digests import digest_json, digest_table
from wasl.tables.cells import ABSOLUTE, RELATIVE, CellTable, Floats, added
from wasl.tables.hierarchy import UNKNOWN, Hierarchy

__all__ = ["Axis", "EarlierFile", "Known", "Measured", "known_from_file", "read_earlier_file"]

EXACT = {"recode", "group", "group_rare", "group_areas", "drop", "shuffle_rows"}
"""Methods that coarsen or remove columns: what is left is true."""
BLANKING = {"local_suppression", "risk_suppression"}
PERMUTING = {"rank_swap", "shuffle", "swap_records"}
"""Methods that move values between rows: the counts of one column alone stay true."""
MOST = 20_000_000
"""Cells of an array over all texts or all codes: six arrays of 8 bytes are then 1 GB."""

ANY = "*"
CLOSED = re.compile(r"(-?\d+)-(-?\d+)")
ONE = re.compile(r"-?\d+")
ABOVE = re.compile(r"(-?\d+)\+|>(-?\d+)")
BELOW = re.compile(r"<(=?)(-?\d+)")


@dataclass(frozen=True, slots=True)
class EarlierFile:
    """A published microdata file and how its columns relate to the truth.

    Attributes:
        name: Of the release.
        rows: The file.
        blanked: Columns in which a blank may stand for any code.
        changed: Columns whose values are not the true ones.
        permuted: Columns whose values were moved between rows.
        rounded: Columns of numbers that were rounded, and to which base.
        removed: Records that are not in the file.
    """

    name: str
    rows: pa.Table = field(repr=False)
    blanked: frozenset[str]
    changed: frozenset[str] = frozenset()
    permuted: frozenset[str] = frozenset()
    rounded: Mapping[str, float] = field(default_factory=dict)
    removed: int = 0

    @property
    def digest(self) -> str:
        """The digest of its rows and of what was done to its columns; its name is no part."""
        sets = [sorted(one) for one in (self.blanked, self.changed, self.permuted)]
        return digest_json([digest_table(self.rows), sets, dict(self.rounded), self.removed])


@dataclass(frozen=True, slots=True)
class Axis:
    """A dimension of a table: its codes, and the column of the file that bears them.

    Attributes:
        hierarchy: The codes.
        column: Column of the data.
        bands: Lower limits of classes, where the column holds a number.
    """

    hierarchy: Hierarchy
    column: str
    bands: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Measured:
    """The sum that the cells hold: of a column (empty: of ones), times a weight (empty: none)."""

    value: str = ""
    weight: str = ""

    @classmethod
    def of_quantity(cls, quantity: str) -> Measured | None:
        """From the text that `quantity_of` makes; None for an aggregate, whose records are not known."""
        kind, value, _, _, weight = quantity.split("|")
        return None if kind != "microdata" else cls("" if value == "count" else value, weight)


@dataclass(frozen=True, slots=True)
class Known:
    """Bounds of each cell.

    Attributes:
        low, high: The bounds.
        foreign: Rows, by column, whose code the hierarchy of the table lacks; they count as possible everywhere.
        reason: Why the file says nothing; empty otherwise.
    """

    low: Floats = field(repr=False)
    high: Floats = field(repr=False)
    foreign: Mapping[str, int] = field(default_factory=dict)
    reason: str = ""

    def exact(self) -> NDArray[np.bool_]:
        """True for cells that the file publishes."""
        return np.asarray(self.high - self.low <= _tolerance(self.low), dtype=np.bool_)

    def contradicts(self, value: Floats) -> NDArray[np.bool_]:
        """True for cells whose true value lies outside the bounds: the file is of other data."""
        slack = _tolerance(value)
        return np.asarray((value < self.low - slack) | (value > self.high + slack), dtype=np.bool_)


def _tolerance(value: Floats) -> Floats:
    return np.maximum(RELATIVE * np.abs(np.where(np.isfinite(value), value, 0.0)), ABSOLUTE)


def read_earlier_file(name: str, rows: pa.Table, report: Mapping[str, Any] | None = None) -> EarlierFile:
    """A published file, with the office's report of its protection where there is one.

    Without a report every column counts as true, and every blank as any code.

    Args:
        name: Of the release, for messages.
        rows: The published rows.
        report: ``internal-report.json`` of the protection.

    Raises:
        InputError: The report names no changes.
    """
    if report is None:
        return EarlierFile(name, rows, frozenset(rows.column_names))
    if not isinstance(report.get("changes"), list):
        raise InputError(
            f"{name}: internal-report.json does not list what was changed.",
            remedy="Give the folder that `wasl protect` wrote.",
        )
    sets: dict[str, set[str]] = {"blanked": set(), "changed": set(), "permuted": set()}
    rounded: dict[str, float] = {}
    for change in report["changes"]:
        kind, names = str(change["method"]), [str(name) for name in change["variables"]]
        counts = change.get("counts") or {}
        if kind in EXACT or kind == "suppress_records" or (counts and not any(counts.values())):
            continue
        if kind in BLANKING:
            sets["blanked"].update(names)
        elif kind in PERMUTING:
            sets["permuted"].update(names)
        elif kind == "round" and change.get("parameters", {}).get("base"):
            for one in names:
                rounded[one] = max(rounded.get(one, 0.0), float(change["parameters"]["base"]))
        else:  # also a method that this version does not know: nothing is taken as true
            sets["changed"].update(names or rows.column_names)
    return EarlierFile(
        name,
        rows,
        frozenset(sets["blanked"]),
        frozenset(sets["changed"]),
        frozenset(sets["permuted"] - sets["changed"]),
        rounded,
        int(report.get("rows_removed", 0)),
    )


def known_from_file(file: EarlierFile, axes: Sequence[Axis], cells: CellTable, measured: Measured) -> Known:
    """Bounds of the cells of a table that follow from a file.

    Args:
        file: The file.
        axes: The dimensions of the table, in its order.
        cells: The cells.
        measured: The sum that the cells hold.

    Returns:
        Bounds per cell. Views of one permuted column each are taken together with that of the other columns.
    """
    nothing = Known(np.full(cells.size, -np.inf), np.full(cells.size, np.inf))
    needed = [name for name in (measured.value, measured.weight) if name]
    lacking = [name for name in needed if name not in file.rows.column_names]
    if lacking:
        return Known(nothing.low, nothing.high, reason=f"the file lacks the column {', '.join(lacking)}")
    changed = [name for name in needed if name in file.changed]
    if changed:
        return Known(nothing.low, nothing.high, reason=f"the column {', '.join(changed)} of the file is perturbed")
    amount = _amounts(file, measured)
    if amount is None:
        return Known(nothing.low, nothing.high, reason=f"a column of {', '.join(needed)} holds no numbers")
    coded = [_coded(file, axis) for axis in axes]
    foreign = {axis.column: one.foreign for axis, one in zip(axes, coded, strict=True) if one.foreign}
    if max(np.prod(shape, dtype=np.float64) for shape in zip(*(one.sure.shape for one in coded), strict=True)) > MOST:
        return Known(nothing.low, nothing.high, reason="the table has too many cells to compare with rows")
    moved = [d for d, axis in enumerate(axes) if axis.column in file.permuted]
    views = [[d for d in range(len(axes)) if d not in moved], *([d] for d in moved if not needed)]
    if any(name in file.permuted for name in needed):
        views = [[]]  # the total of a moved number is true, and nothing else
    low, high = nothing.low, nothing.high
    for view in views:
        seen = [one if d in view else one.unseen() for d, one in enumerate(coded)]
        below, above = _bounds(seen, amount, file.removed, counted=not needed)
        at = tuple(cells.places[:, d] for d in range(len(axes)))
        low, high = np.maximum(low, below[at]), np.minimum(high, above[at])
    return Known(low, high, foreign)


def _amounts(
    file: EarlierFile, measured: Measured
) -> tuple[Floats, Floats, NDArray[np.bool_], NDArray[np.bool_]] | None:
    """Least and largest amount of each row, whether it has one at all, and whether it may have any."""
    n = file.rows.num_rows
    low, high = np.ones(n), np.ones(n)
    there, open_ = np.ones(n, np.bool_), np.zeros(n, np.bool_)
    for name in (measured.value, measured.weight):
        if not name:
            continue
        try:
            values = np.asarray(file.rows.column(name).cast(pa.float64()).to_numpy(), dtype=np.float64)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return None
        missing = np.isnan(values)
        if name in file.blanked:
            open_ |= missing
        there &= ~missing
        values = np.where(missing, 0.0, values)
        half = file.rounded.get(name, 0.0) / 2
        ends = np.stack([low * (values - half), low * (values + half), high * (values - half), high * (values + half)])
        low, high = ends.min(axis=0), ends.max(axis=0)
    return np.where(there, low, 0.0), np.where(there, high, 0.0), there | open_, open_


@dataclass(frozen=True, slots=True)
class _Coded:
    """A column of the file against the codes of a dimension.

    Attributes:
        rows: Number of each row's text.
        sure: Whether a row with the text lies in the code, shape (texts, codes).
        possible: Whether it may, same shape.
        foreign: Rows whose text the dimension does not have.
    """

    rows: NDArray[np.int64]
    sure: NDArray[np.bool_]
    possible: NDArray[np.bool_]
    foreign: int = 0

    def unseen(self) -> _Coded:
        """The same with nothing known but the total."""
        sure = np.zeros((1, self.sure.shape[1]), np.bool_)
        sure[0, 0] = True
        return _Coded(np.zeros(len(self.rows), np.int64), sure, np.ones_like(sure))


def _bounds(
    coded: Sequence[_Coded],
    amount: tuple[Floats, Floats, NDArray[np.bool_], NDArray[np.bool_]],
    removed: int,
    *,
    counted: bool,
) -> tuple[Floats, Floats]:
    least, most, there, open_ = amount
    sizes = tuple(len(one.sure) for one in coded)
    key = np.ravel_multi_index(tuple(one.rows for one in coded), sizes)
    total = int(np.prod(sizes))

    def summed(values: Floats, *, sure: bool) -> Floats:
        """The sum over the rows that lie, or may lie, in each cell."""
        result = added(key[there], values[there], total).reshape(sizes)
        for one in coded:  # the first axis is used up, its codes become the last one
            result = np.tensordot(result, (one.sure if sure else one.possible).astype(np.float64), axes=(0, 0))
        return result

    low, high = summed(least, sure=True), summed(most, sure=True)
    if (least < 0).any():
        negative = np.minimum(least, 0)
        low = low + summed(negative, sure=False) - summed(negative, sure=True)
    positive = np.maximum(most, 0)
    high = high + summed(positive, sure=False) - summed(positive, sure=True)
    signed = bool((least < 0).any())
    if removed and counted:
        high = high + removed
    unbounded = summed(open_.astype(np.float64), sure=False) > 0.5 if open_.any() else np.zeros(low.shape, np.bool_)
    unbounded |= bool(removed) and not counted
    return np.where(unbounded & signed, -np.inf, low), np.where(unbounded, np.inf, high)


def _coded(file: EarlierFile, axis: Axis) -> _Coded:
    """The column of the file that bears the codes of a dimension, as far as it tells them."""
    n, size = file.rows.num_rows, axis.hierarchy.size
    above = _ancestors(axis.hierarchy)
    root = np.zeros(size, np.bool_)
    root[0] = True
    anything = _Coded(np.zeros(n, np.int64), root[None, :], np.ones((1, size), np.bool_))
    if axis.column not in file.rows.column_names or axis.column in file.changed | file.rounded.keys():
        return anything
    column = file.rows.column(axis.column)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_floating(column.type):
        values = column.drop_null().to_numpy()
        column = column.cast(pa.int64()) if np.all(values == np.round(values)) else column
    texts = column.cast(pa.string()).to_pandas()
    numbers, distinct = texts.factorize(use_na_sentinel=True)
    rows = np.where(numbers < 0, len(distinct), numbers).astype(np.int64)
    known = axis.hierarchy.index()
    blank = known.get(UNKNOWN)
    of_blank = None if axis.column in file.blanked or blank is None else [blank]
    found = [of_blank if text in ("", "None") else _codes(text, axis, known) for text in distinct] + [of_blank]
    sure = np.stack([root if not codes else above[codes].all(axis=0) for codes in found])
    below = above.T
    possible = np.stack(
        [np.ones(size, np.bool_) if not codes else (above[codes] | below[codes]).any(axis=0) for codes in found]
    )
    strange = np.array([codes is not None and not codes for codes in found])
    return _Coded(rows, sure, possible, int(strange[rows].sum()))


def _ancestors(hierarchy: Hierarchy) -> NDArray[np.bool_]:
    """Whether the second code is the first one or stands above it, shape (codes, codes)."""
    result = np.eye(hierarchy.size, dtype=np.bool_)
    for code in range(1, hierarchy.size):  # children stand after their parents
        result[code] |= result[hierarchy.parents[code]]
    return result


def _codes(text: str, axis: Axis, known: Mapping[str, int]) -> list[int] | None:
    """The codes that a text of the file may stand for; None: any; empty: the hierarchy does not have it."""
    if axis.bands and (ends := _ends(text)) is not None:
        bands = axis.bands
        first, last = (int(np.searchsorted(np.array(bands), end, side="right")) for end in ends)
        labels = [f"<{bands[0]}"]
        labels += [f"{a}-{b - 1}" if b - a > 1 else str(a) for a, b in itertools.pairwise(bands)]
        labels.append(f"{bands[-1]}+")
        return [known[label] for label in labels[first : last + 1] if label in known]
    if text in known:
        return [known[text]]
    if text == ANY:
        return None
    parts = [known[part] for part in text.split("+") if part in known]
    return parts if len(parts) == len(text.split("+")) else []


def _ends(text: str) -> tuple[float, float] | None:
    """The least and greatest whole number of a class such as ``15-19``, ``75+``, ``<15``."""
    if found := CLOSED.fullmatch(text):
        return int(found[1]), int(found[2])
    if ONE.fullmatch(text):
        return int(text), int(text)
    if found := ABOVE.fullmatch(text):
        return (int(found[1]) if found[1] else int(found[2]) + 1), np.inf
    if found := BELOW.fullmatch(text):
        return -np.inf, (int(found[2]) if found[1] else int(found[2]) - 1)
    return None
