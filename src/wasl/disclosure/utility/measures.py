"""Utility: what protection cost the users of the file.

Original and protected file are row-aligned here (removed rows taken out of both, before rows are shuffled). A recoded
variable is compared with the original recoded the same way, so that loss of detail and distortion are told apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wasl.disclosure.keys.coding import CodedColumn, Frame, as_arrow, code_column, numeric_column
from wasl.disclosure.utility.information_loss import (
    confidence_overlap,
    eigenvalue_drift,
    hellinger,
    il1,
    il1s,
    propensity_mse,
    regression_overlap,
    total_variation,
)

__all__ = ["NumberUtility", "UtilityReport", "VariableUtility", "category_map", "compare", "crosstabs", "recoded_alike"]

MAX_TABLES = 45
"""Two-way tables compared at most."""

MODEL_ROWS = 10_000
"""Models (propensity, regressions) are fitted on at most so many evenly spaced rows of each file."""


@dataclass(frozen=True, slots=True)
class VariableUtility:
    """One categorical variable before and after.

    Attributes:
        categories_before, categories_after: Number of categories.
        suppressed: Share of cells that became missing.
        detail_kept: Entropy after over entropy before: 1 when no category was merged.
        changed: Share of known cells whose (recoded) category is another one.
        hellinger: Distance of the distributions, after recoding the original alike.
    """

    categories_before: int
    categories_after: int
    suppressed: float
    detail_kept: float
    changed: float
    hellinger: float


@dataclass(frozen=True, slots=True)
class NumberUtility:
    """One numeric variable before and after.

    Attributes:
        mean_before, mean_after, sd_before, sd_after: Moments.
        il1s: Mean of ``|x - x'| / (√2 sd)``.
        overlap: Overlap of the 95 % confidence intervals of the mean, 1 when they coincide.
    """

    mean_before: float
    mean_after: float
    sd_before: float
    sd_after: float
    il1s: float
    overlap: float


@dataclass(frozen=True, slots=True)
class UtilityReport:
    """What protection cost, variable by variable and together.

    Attributes:
        rows_before, rows_after: Rows.
        variables: Categorical variables.
        numbers: Numeric variables.
        il1: 100 · Σ |x - x'| / |x| over the numeric cells with x ≠ 0.
        eigenvalues: Σ |λ - λ'| / λ of the correlation matrices.
        crosstabs: Mean total variation distance of all two-way tables.
        pmse: Propensity mean squared error and its ratio to what chance alone gives.
        regressions: For each numeric variable, mean overlap of the coefficients' confidence intervals.
        suppressed_cells: Share of all categorical cells that became missing.
    """

    rows_before: int
    rows_after: int
    variables: dict[str, VariableUtility]
    numbers: dict[str, NumberUtility]
    il1: float | None
    eigenvalues: float | None
    crosstabs: float | None
    worst_crosstab: tuple[str, str, float] | None
    pmse: float
    pmse_ratio: float
    regressions: dict[str, float] = field(default_factory=dict)
    suppressed_cells: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """The report as a JSON value."""
        return asdict(self)


def compare(
    original: Frame,
    protected: Frame,
    *,
    categorical: Sequence[str],
    numeric: Sequence[str] = (),
    rows_before: int | None = None,
    aligned: bool = True,
) -> UtilityReport:
    """Compare two files.

    Args:
        original: The file before.
        protected: The file after; the same rows in the same order unless ``aligned`` is false.
        categorical: Variables compared as categories, present in both.
        numeric: Variables compared as numbers, present in both.
        rows_before: Rows before any were removed.
        aligned: False for synthetic files, whose rows correspond to nobody's.

    Raises:
        InputError: A variable is missing in one of the files.
    """
    before, after = as_arrow(original), as_arrow(protected)
    old = [code_column(name, before.column(name)) for name in categorical]
    new = [code_column(name, after.column(name)) for name in categorical]
    mapped = [recoded_alike(a, b) if aligned else _on_labels(a, b) for a, b in zip(old, new, strict=True)]
    variables = {a.name: _variable(a, b, m, aligned=aligned) for a, b, m in zip(old, new, mapped, strict=True)}
    x = np.column_stack([numeric_column(before, name) for name in numeric]) if numeric else np.empty((len(before), 0))
    y = np.column_stack([numeric_column(after, name) for name in numeric]) if numeric else np.empty((len(after), 0))
    numbers = {name: _number(x[:, j], y[:, j], aligned=aligned) for j, name in enumerate(numeric)}
    distances = crosstabs(mapped, new)
    design_before, design_after = _designs(mapped, new, x, y)
    pmse, ratio = propensity_mse(design_before, design_after)
    cells = sum(int(np.sum(b.codes < 0)) - int(np.sum(a.codes < 0)) for a, b in zip(old, new, strict=True))
    total = sum(len(b.codes) for b in new)
    return UtilityReport(
        rows_before=rows_before if rows_before is not None else before.num_rows,
        rows_after=after.num_rows,
        variables=variables,
        numbers=numbers,
        il1=il1(x, y) if numeric and aligned else None,
        eigenvalues=eigenvalue_drift(x, y) if len(numeric) > 1 else None,
        crosstabs=float(np.mean([d for _, _, d in distances])) if distances else None,
        worst_crosstab=max(distances, key=lambda item: item[2]) if distances else None,
        pmse=pmse,
        pmse_ratio=ratio,
        regressions=_regressions(mapped, new, x, y, numeric),
        suppressed_cells=cells / total if total else 0.0,
    )


def recoded_alike(before: CodedColumn, after: CodedColumn) -> NDArray[np.int32]:
    """The original's codes in the protected file's categories."""
    target = category_map(before, after)
    return np.asarray(target[before.codes])


def category_map(before: CodedColumn, after: CodedColumn) -> NDArray[np.int32]:
    """For each original category (and, last, missing), the protected category most of its rows went to; -1 for none.

    A category that still exists maps to itself, whatever happened to its rows.
    """
    known = (before.codes >= 0) & (after.codes >= 0)
    table = np.zeros((len(before.labels) + 1, max(len(after.labels), 1)), np.int64)
    np.add.at(table, (before.codes[known], after.codes[known]), 1)
    same = {text: code for code, text in enumerate(after.texts)}
    target = np.where(table.sum(axis=1) > 0, table.argmax(axis=1), -1).astype(np.int32)
    for code, text in enumerate(before.texts):
        target[code] = same.get(text, target[code])
    target[-1] = -1
    return target


def _on_labels(before: CodedColumn, after: CodedColumn) -> NDArray[np.int32]:
    """The original's codes in the numbering of another file's categories; what it lacks becomes missing."""
    same = {text: code for code, text in enumerate(after.texts)}
    target = np.array([*(same.get(text, -1) for text in before.texts), -1], np.int32)
    return np.asarray(target[before.codes])


def _shares(codes: NDArray[np.int32], width: int) -> NDArray[np.float64]:
    counts = np.bincount(codes[codes >= 0], minlength=width).astype(np.float64)
    return np.asarray(counts / max(counts.sum(), 1.0))


def _entropy(shares: NDArray[np.float64]) -> float:
    positive = shares[shares > 0]
    return float(-(positive * np.log(positive)).sum())


def _variable(before: CodedColumn, after: CodedColumn, mapped: NDArray[np.int32], *, aligned: bool) -> VariableUtility:
    width = len(after.labels)
    p, q = _shares(mapped, width), _shares(after.codes, width)
    fine = _entropy(_shares(before.codes, len(before.labels)))
    kept = abs(_entropy(p)) / fine if fine > 0 else 1.0
    lost = (float(np.mean(after.codes < 0)) if len(after.codes) else 0.0) - (
        float(np.mean(before.codes < 0)) if len(before.codes) else 0.0
    )
    changed = 0.0
    if aligned:
        both = (mapped >= 0) & (after.codes >= 0)
        changed = float(np.mean(mapped[both] != after.codes[both])) if both.any() else 0.0
    return VariableUtility(len(before.labels), width, max(lost, 0.0), min(kept, 1.0), changed, hellinger(p, q))


def _number(x: NDArray[np.float64], y: NDArray[np.float64], *, aligned: bool) -> NumberUtility:
    u, v = x[~np.isnan(x)], y[~np.isnan(y)]
    return NumberUtility(
        mean_before=float(u.mean()) if len(u) else float("nan"),
        mean_after=float(v.mean()) if len(v) else float("nan"),
        sd_before=float(u.std(ddof=1)) if len(u) > 1 else 0.0,
        sd_after=float(v.std(ddof=1)) if len(v) > 1 else 0.0,
        il1s=il1s(x[:, None], y[:, None]).mean if aligned else float("nan"),
        overlap=confidence_overlap(u, v),
    )


def crosstabs(mapped: list[NDArray[np.int32]], new: list[CodedColumn]) -> list[tuple[str, str, float]]:
    """Total variation distance of each two-way table, over rows known in both variables."""
    result = []
    for (i, a), (j, b) in list(combinations(enumerate(new), 2))[:MAX_TABLES]:
        width = len(b.labels) + 1
        cells = (len(a.labels) + 1) * width

        def table(
            first: NDArray[np.int32], second: NDArray[np.int32], size: int = cells, step: int = width
        ) -> NDArray[np.float64]:
            known = (first >= 0) & (second >= 0)
            counts = np.bincount(first[known].astype(np.int64) * step + second[known], minlength=size)
            return counts / max(int(known.sum()), 1)

        distance = total_variation(table(mapped[i], mapped[j]), table(a.codes, b.codes))
        result.append((a.name, b.name, distance))
    return result


def _spread_rows(rows: int) -> NDArray[np.int64]:
    """At most ``MODEL_ROWS`` evenly spaced row numbers."""
    return np.arange(rows) if rows <= MODEL_ROWS else np.linspace(0, rows - 1, MODEL_ROWS).astype(np.int64)


def _designs(
    mapped: list[NDArray[np.int32]], new: list[CodedColumn], x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Main-effect design matrices of evenly spaced rows: dummies of frequent categories and missing, scaled numbers."""
    left: list[NDArray[np.float64]] = []
    right: list[NDArray[np.float64]] = []
    rows_x, rows_y = _spread_rows(len(x)), _spread_rows(len(y))
    for codes, column in zip(mapped, new, strict=True):
        shares = _shares(column.codes, len(column.labels))
        frequent = np.argsort(-shares, kind="stable")[1:21]
        before, after = codes[rows_x], column.codes[rows_y]
        for category in [-1, *frequent]:
            left.append((before == category).astype(np.float64))
            right.append((after == category).astype(np.float64))
    for j in range(x.shape[1]):
        centre, spread = np.nanmean(x[:, j]), np.nanstd(x[:, j]) or 1.0
        left.append(np.nan_to_num((x[rows_x, j] - centre) / spread))
        right.append(np.nan_to_num((y[rows_y, j] - centre) / spread))
    return np.column_stack(left), np.column_stack(right)


def _regressions(
    mapped: list[NDArray[np.int32]],
    new: list[CodedColumn],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    numeric: Sequence[str],
) -> dict[str, float]:
    """For each numeric variable, the overlap of the coefficients of a regression on the categorical ones."""
    if not new:
        return {}
    result = {}
    empty_x, empty_y = np.empty((len(x), 0)), np.empty((len(y), 0))
    design_x, design_y = _designs(mapped, new, empty_x, empty_y)
    for j, name in enumerate(numeric):
        result[name] = regression_overlap(design_x, x[_spread_rows(len(x)), j], design_y, y[_spread_rows(len(y)), j])
    return result
