"""Recoding that loses detail on purpose: top and bottom coding, grouping, rounding, suppressing whole records.

Global recoding along a hierarchy is ``hierarchy.generalize``. A value outside what a recoding was told to expect is an
error, never a silent missing value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.disclosure.keys.coding import CodedColumn, Values, coded_one
from wasl.disclosure.keys.hierarchy import group_labels
from wasl.errors import InputError, PolicyError

__all__ = [
    "RecordSuppression",
    "group_categories",
    "group_rare",
    "round_values",
    "suppress_records",
    "top_bottom_code",
]


@dataclass(frozen=True, slots=True)
class RecordSuppression:
    """The rows that stay.

    Attributes:
        keep: bool per row.
        removed: How many rows are removed.
    """

    keep: NDArray[np.bool_] = field(repr=False)
    removed: int


LEAST_AVERAGED = 3
"""A mean replaces coded values only if at least this many are coded: of two, each person could compute the other's."""

LARGEST_SHARE = 0.1
"""p of the p % rule: without the two largest excesses, the rest must be at least this share of the largest.

Source: Hundepool et al. (2012), Statistical Disclosure Control, section 4.2.1 (p % rule; 10 % is the customary p).
"""


def top_bottom_code(
    values: NDArray[np.float64],
    *,
    bottom: float | None = None,
    top: float | None = None,
    bottom_value: float | None = None,
    top_value: float | None = None,
) -> NDArray[np.float64]:
    """Values below ``bottom`` and above ``top`` replaced by one value each; NaN stays.

    Without a given replacement, the coded values become their mean, so that the variable's total is kept. Where the
    mean would disclose a value (fewer than three values, one that dominates, or one that equals the mean), they become
    the bound itself. No coded value ever keeps its own value.

    Args:
        values: Numbers, NaN where missing.
        bottom: Lower bound; a value on it stays.
        top: Upper bound; a value on it stays.
        bottom_value: What values below become.
        top_value: What values above become.

    Returns:
        float64 per row.

    Raises:
        InputError: The bottom is above the top, or some coded values have the given replacement already.

    Does not protect against: an intruder who knows that a person's value is beyond the bound.
    """
    if bottom is not None and top is not None and bottom > top:
        raise InputError(f"bottom {bottom:g} is above top {top:g}.")
    coded = values.copy()
    for bound, value, strike in (
        (bottom, bottom_value, values < (bottom if bottom is not None else -np.inf)),
        (top, top_value, values > (top if top is not None else np.inf)),
    ):
        if bound is not None and strike.any():
            coded[strike] = _safe_mean(values[strike], bound) if value is None else _given(values[strike], value, bound)
    return coded


def _given(beyond: NDArray[np.float64], value: float, bound: float) -> float:
    """The given replacement, or the bound where every coded cell has it already (a file that was coded before).

    Raises:
        InputError: Some of the coded cells have it, and would be released as they are.
    """
    kept = int(np.count_nonzero(beyond == value))
    if kept and kept < len(beyond):
        raise InputError(
            f"the replacement is the value of {kept} coded cells already, which would be released as they are.",
            remedy=f"Choose a replacement that no cell has, such as the bound {bound:g}, or leave it out.",
        )
    return bound if kept else value


def _safe_mean(beyond: NDArray[np.float64], bound: float) -> float:
    """The mean of the values beyond a bound, or the bound where the mean would disclose one of them."""
    if len(beyond) < LEAST_AVERAGED:
        return bound
    excess = np.sort(np.abs(beyond - bound))
    mean = float(beyond.mean())
    dominated = excess[:-2].sum() < LARGEST_SHARE * excess[-1]
    if dominated or not np.isfinite(mean) or np.isclose(beyond, mean, rtol=1e-9, atol=0.0).any():
        return bound
    return mean


def group_categories(values: Values, groups: Mapping[str, Sequence[str]], *, other: str | None = None) -> CodedColumn:
    """Categories grouped and renamed; missing stays missing.

    Raises:
        InputError: A category is in no group and there is no ``other``, or in two groups.
    """
    column = coded_one(values)
    level = group_labels(column.name, column.texts, groups, other)
    targets = [level[text] for text in column.texts]
    labels = list(dict.fromkeys([*[label for label in groups if label in targets], *targets]))
    number = {label: code for code, label in enumerate(labels)}
    lookup = np.array([*(number[target] for target in targets), -1], np.int32)
    return CodedColumn(column.name, lookup[column.codes], pa.array(labels, pa.string()))


def group_rare(values: Values, below: int, into: str) -> CodedColumn:
    """Categories of fewer than ``below`` rows grouped into one; missing when the group itself is that small.

    Coarsening and suppression only: k-anonymity with missing values as wildcards is never lost by it.
    """
    column = coded_one(values)
    counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.texts))
    texts = np.array(column.texts, dtype=object)
    rare = (counts < below) & (counts > 0)
    if not rare.any():
        return column
    merged = rare | (texts == into)
    if counts[merged].sum() >= below:
        groups = {str(text): (str(text),) for text in texts[~merged]} | {into: tuple(map(str, texts[merged]))}
        return group_categories(column, groups)
    lookup = np.append(np.where(merged, -1, np.arange(len(texts))), -1).astype(np.int32)
    return CodedColumn(column.name, lookup[column.codes], column.labels)


def round_values(values: NDArray[np.float64], base: float) -> NDArray[np.float64]:
    """Values rounded to the nearest multiple of ``base``, halves to even; NaN stays.

    Raises:
        InputError: The base is not positive.
    """
    if not base > 0:
        raise InputError(f"the rounding base is {base:g}, but must be positive.")
    result: NDArray[np.float64] = np.round(values / base) * base
    return result


def suppress_records(at_risk: NDArray[np.bool_], *, max_share: float, removed_before: int = 0) -> RecordSuppression:
    """Remove whole rows, up to a share of the file.

    Args:
        at_risk: The rows to remove.
        max_share: The largest share of rows that may go (0.01 means one in a hundred).
        removed_before: Rows already removed from the same file; they count towards the cap.

    Raises:
        InputError: ``max_share`` is not a share.
        PolicyError: More rows would have to go.
    """
    if not 0.0 <= max_share <= 1.0:
        raise InputError(f"max_share is {max_share}, but is a share between 0 and 1.", remedy="Write 1 % as 0.01.")
    removed = int(np.count_nonzero(at_risk))
    rows = len(at_risk) + removed_before
    if removed + removed_before > max_share * rows:
        raise PolicyError(
            f"{removed + removed_before} of {rows} rows would have to be removed, more than the share {max_share:g}.",
            remedy="Recode further, or raise the cap knowingly.",
        )
    return RecordSuppression(~at_risk, removed)
