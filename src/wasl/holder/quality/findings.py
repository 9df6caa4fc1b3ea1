"""The parts of the report: findings with counts and row numbers, and figures per column."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["ROWS_SHOWN", "Breakdown", "ColumnFigures", "Finding", "QualityReport", "Weight", "finding"]

ROWS_SHOWN = 50
"""Row numbers a finding shows; the count is of all."""

Weight = Literal["problem", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found.

    Attributes:
        check: Which check, a stable word (``births-first-january``).
        weight: ``problem`` loses records or links, ``warning`` may, ``note`` is worth knowing.
        column: Where, or empty.
        count, of: How many, among how many.
        rows: First row numbers, as the file counts.
        values: Spellings with their counts, most frequent first: for the holder's eyes.
    """

    check: str
    weight: Weight
    column: str
    count: int
    of: int
    rows: tuple[int, ...] = ()
    values: tuple[tuple[str, int], ...] = ()

    @property
    def share(self) -> float:
        """The part it is of all."""
        return self.count / self.of if self.of else 0.0


def finding(
    check: str,
    weight: Weight,
    column: str,
    where: NDArray[np.bool_],
    rows: NDArray[np.int64],
    *,
    of: int | None = None,
    values: tuple[tuple[str, int], ...] = (),
) -> Finding | None:
    """A finding about the marked rows, or None when there is none."""
    places = np.flatnonzero(where)
    if not len(places):
        return None
    shown = tuple(int(row) for row in rows[places[:ROWS_SHOWN]])
    return Finding(check, weight, column, len(places), len(rows) if of is None else of, shown, values)


@dataclass(frozen=True, slots=True)
class ColumnFigures:
    """A column: cells there, missing, invalid, and how well its classification covers it (1 where none applies)."""

    column: str
    label: str
    label_fr: str
    label_ar: str
    role: str
    present: int
    missing: int
    invalid: int
    coverage: float


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Quality by month or by office: rows, and cells missing or refused among those that identify."""

    by: str
    column: str
    key: str
    rows: int
    gaps: float


@dataclass(frozen=True, slots=True)
class QualityReport:
    """Everything found in one register file."""

    register: str
    title: str
    title_fr: str
    title_ar: str
    holder: str
    file: str
    rows_read: int
    records: int
    rejected: int
    encoding: str
    separator: str
    columns: tuple[ColumnFigures, ...]
    findings: tuple[Finding, ...]
    breakdowns: tuple[Breakdown, ...]
    icls: dict[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The report as a JSON value."""
        value = asdict(self)
        for item, found in zip(value["findings"], self.findings, strict=True):
            item["share"] = round(found.share, 6)
        return value
