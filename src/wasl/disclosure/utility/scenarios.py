"""Measures that compare protected files of one original, whether or not their rows can be matched to it.

Every measure comes with a sentence that says what it means (``MEANINGS``), so that a table of scenarios can be read by
those who decide between them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.disclosure.keys.coding import CodedColumn, beyond_exact, code_column
from wasl.disclosure.keys.variable_types import is_number_type
from wasl.disclosure.keys.working_file import WorkingFile
from wasl.locale import N_

__all__ = ["MEANINGS", "GroupKept", "Kept", "groups_kept", "what_is_kept"]

MEANINGS: Mapping[str, str] = {
    "rows_kept": N_("Share of the original's records that are in the file."),
    "weight_kept": N_("Sum of the weights over that of the original: 1 when totals of persons are kept."),
    "detail_kept": N_(
        "Mean entropy of categorical variables over that of the original: 1 when no category was merged."
    ),
    "suppressed": N_("Share of the categorical cells that were made missing."),
    "margins_moved": N_(
        "Mean distance of the weighted one-way tables of variables whose categories are the original's: "
        "the share of weighted persons who would have to change category."
    ),
    "means_moved": N_("Largest shift of a weighted mean, in standard deviations of the original."),
    "spread_moved": N_("Largest relative change of a weighted standard deviation."),
}
"""What each measure means, in a sentence."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The parts of the original that a file keeps; see ``MEANINGS``. None where there is nothing to compare."""

    rows_kept: float
    weight_kept: float
    detail_kept: float
    suppressed: float
    margins_moved: float | None
    means_moved: float | None
    spread_moved: float | None

    def to_json(self) -> dict[str, Any]:
        """The measures as a JSON value."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class GroupKept:
    """The parts of one group (a region, a nationality) that a file keeps.

    Attributes:
        group: The category; of the original where rows can be matched, otherwise as released.
        rows_before: Records of the group in the original; None where the released category is not one of its.
        rows_after: Records of the group in the file.
        named: Share of these records in which the group can still be read as its own category.
        suppressed: Share of the other key cells of these records that are missing.
    """

    group: str
    rows_before: int | None
    rows_after: int
    named: float
    suppressed: float

    def to_json(self) -> dict[str, Any]:
        """The measures as a JSON value."""
        return asdict(self)


def what_is_kept(original: WorkingFile, released: WorkingFile) -> Kept:
    """Measure how much of the original a protected file keeps, without matching rows.

    Args:
        original: The original, prepared.
        released: The protected file, prepared under the same roles.
    """
    own, theirs = _weights(original), _weights(released)
    skip = {original.policy.weight, original.policy.household}
    names = [name for name in original.table.column_names if name in released.table.column_names and name not in skip]
    numbers = [name for name in names if _is_number(original, name) and _is_number(released, name)]
    categories = [name for name in names if name not in numbers]
    detail, lost, cells, moved = [], 0, 0, []
    for name in categories:
        before, after = original.coded([name])[0], released.coded([name])[0]
        fine = _entropy(_shares(before, np.ones(original.rows)))
        detail.append(min(1.0, _entropy(_shares(after, np.ones(released.rows))) / fine) if fine > 0 else 1.0)
        share = float(np.mean(after.codes < 0)) - float(np.mean(before.codes < 0))
        lost += round(max(0.0, share) * released.rows)
        cells += released.rows
        if set(after.texts) <= set(before.texts):
            moved.append(_distance(before, own, after, theirs))
    shifts, spreads = [], []
    for name in numbers:
        x, y = original.numbers(name), released.numbers(name)
        if np.isfinite(x).sum() < 2 or np.isfinite(y).sum() < 2:
            continue
        (mean_x, sd_x), (mean_y, sd_y) = _moments(x, own), _moments(y, theirs)
        if sd_x > 0:
            shifts.append(abs(mean_y - mean_x) / sd_x)
            spreads.append(abs(sd_y / sd_x - 1.0))
    return Kept(
        rows_kept=released.rows / original.rows,
        weight_kept=float(theirs.sum() / own.sum()),
        detail_kept=float(np.mean(detail)) if detail else 1.0,
        suppressed=lost / cells if cells else 0.0,
        margins_moved=float(np.mean(moved)) if moved else None,
        means_moved=max(shifts, default=None),
        spread_moved=max(spreads, default=None),
    )


def groups_kept(
    original: WorkingFile, released: WorkingFile, group: str, *, origin: NDArray[np.int64] | None = None
) -> tuple[GroupKept, ...]:
    """Measure how much of each group a protected file keeps.

    Args:
        original: The original, prepared.
        released: The protected file.
        group: The variable whose categories are the groups.
        origin: For each released row its original row; None where rows cannot be matched.
    """
    before = code_column(group, original.table.column(group))
    sizes = dict(zip(before.texts, np.bincount(before.codes[before.codes >= 0]).tolist(), strict=False))
    after = None if group not in released.table.column_names else code_column(group, released.table.column(group))
    keys = [column for column in released.coded(released.keys) if column.name != group]
    holes = np.mean([column.codes < 0 for column in keys], axis=0) if keys else np.zeros(released.rows)
    if origin is None:
        if after is None:
            return ()
        texts, codes = after.texts, after.codes
    else:
        texts, codes = before.texts, before.codes[origin]
    shown = np.array([*([] if after is None else after.texts), ""], object)[
        np.full(released.rows, -1) if after is None else after.codes
    ]
    result = []
    for code, text in enumerate(texts):
        rows = np.flatnonzero(codes == code)
        result.append(
            GroupKept(
                group=text,
                rows_before=sizes.get(text),
                rows_after=len(rows),
                named=float(np.mean(shown[rows] == text)) if len(rows) and text in sizes else 0.0,
                suppressed=float(holes[rows].mean()) if len(rows) else 0.0,
            )
        )
    return tuple(sorted(result, key=lambda kept: (-(kept.rows_before or 0), kept.group)))


def _weights(file: WorkingFile) -> NDArray[np.float64]:
    weights = file.weights
    return np.ones(file.rows) if weights is None else weights


def _is_number(file: WorkingFile, name: str) -> bool:
    column = file.table.column(name)
    if name in file.keys or not is_number_type(column.type):
        return False
    return not (pa.types.is_integer(column.type) and beyond_exact(column))


def _shares(column: CodedColumn, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    known = column.codes >= 0
    sums = np.bincount(column.codes[known], weights=weights[known], minlength=len(column.labels))
    total = sums.sum()
    return np.asarray(sums / total if total > 0 else sums)


def _entropy(shares: NDArray[np.float64]) -> float:
    positive = shares[shares > 0]
    return float(-(positive * np.log(positive)).sum())


def _distance(before: CodedColumn, own: NDArray[np.float64], after: CodedColumn, theirs: NDArray[np.float64]) -> float:
    """Total variation distance of two weighted distributions over the original's categories."""
    place = {text: code for code, text in enumerate(before.texts)}
    q = np.zeros(len(before.labels))
    for text, share in zip(after.texts, _shares(after, theirs), strict=True):
        q[place[text]] = share
    return float(0.5 * np.abs(_shares(before, own) - q).sum())


def _moments(values: NDArray[np.float64], weights: NDArray[np.float64]) -> tuple[float, float]:
    known = np.isfinite(values)
    x, w = values[known], weights[known]
    mean = float((w * x).sum() / w.sum())
    return mean, float(np.sqrt((w * (x - mean) ** 2).sum() / w.sum()))
