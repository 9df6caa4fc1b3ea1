"""Counts and moments of published columns, for the dictionary and the codebook: of the published values only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wasl.publication.columns import Column
from wasl.publication.description import Code, VariableKind

__all__ = ["CodeCount", "VariableSummary", "summarize"]


@dataclass(frozen=True, slots=True)
class CodeCount:
    """Count of a code in a column.

    Attributes:
        code: The code and its meaning.
        rows: In how many rows.
        weighted: Sum of their weights, or None without a weight.
    """

    code: Code
    rows: int
    weighted: float | None


@dataclass(frozen=True, slots=True)
class VariableSummary:
    """Summary of the values of a column.

    Attributes:
        column: The column.
        valid, missing: Rows with and without a value. A code that means missing is a value here.
        missing_weighted: Sum of the weights of rows without a value; None without a weight.
        codes: One count per code, in the order of the code list.
        minimum, maximum: Of numbers and dates, as written in the CSV; None when there are none.
        mean, deviation: Of numbers; the deviation with n - 1.
    """

    column: Column
    valid: int
    missing: int
    codes: tuple[CodeCount, ...] = ()
    minimum: str | None = None
    maximum: str | None = None
    mean: float | None = None
    deviation: float | None = None
    missing_weighted: float | None = None

    @property
    def declared_missing(self) -> int:
        """Rows whose code means that the value is not known or not applicable."""
        return sum(count.rows for count in self.codes if count.code.missing)


def summarize(columns: Sequence[Column]) -> tuple[VariableSummary, ...]:
    """The summary of each column, weighted where one of them is the weight."""
    weight = next((column.values for column in columns if column.variable.weight), None)
    weights = None if weight is None else pc.fill_null(weight.cast(pa.float64()), 0.0).to_numpy(zero_copy_only=False)
    return tuple(_summary(column, weights) for column in columns)


def _summary(column: Column, weights: np.ndarray[tuple[int], np.dtype[np.float64]] | None) -> VariableSummary:
    missing = column.values.null_count
    valid = len(column.values) - missing
    kind = column.variable.kind
    if kind is VariableKind.CODE:
        unknown = None if weights is None else float(weights[pc.is_null(column.values).to_numpy(False)].sum())
        return VariableSummary(column, valid, missing, _code_counts(column, weights), missing_weighted=unknown)
    if kind is VariableKind.TEXT or not valid:
        return VariableSummary(column, valid, missing)
    bounds = pc.min_max(column.values).as_py()
    low, high = str(bounds["min"]), str(bounds["max"])
    if kind is VariableKind.DATE:
        return VariableSummary(column, valid, missing, minimum=low, maximum=high)
    mean = float(pc.mean(column.values).as_py())
    deviation = float(pc.stddev(column.values, ddof=1).as_py()) if valid > 1 else None
    return VariableSummary(column, valid, missing, minimum=low, maximum=high, mean=mean, deviation=deviation)


def _code_counts(column: Column, weights: np.ndarray[tuple[int], np.dtype[np.float64]] | None) -> tuple[CodeCount, ...]:
    codes = column.variable.codes
    place = pc.index_in(column.values, value_set=pa.array([code.code for code in codes], pa.string()))
    places = pc.fill_null(place, len(codes)).to_numpy(zero_copy_only=False)
    rows = np.bincount(places, minlength=len(codes) + 1)
    sums = None if weights is None else np.bincount(places, weights, minlength=len(codes) + 1)
    return tuple(
        CodeCount(code, int(rows[number]), None if sums is None else float(sums[number]))
        for number, code in enumerate(codes)
    )
