"""Losses in one variable as the public is told them, so that no masked cell follows.

The policy decides about the figures that are stated, not the data. A figure that depends on masked cells has random
noise before it is put in a band. The reach of a number has no limit, so only the guarantees of its methods are told.

Source: as in `wasl.disclosure.report.public`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wasl.disclosure.keys.coding import CodedColumn
from wasl.disclosure.policy import DisclosurePolicy, Role
from wasl.disclosure.policy import method_documents as m
from wasl.disclosure.report.bands import DISTANCES, KEPT, SHARES, SHIFTS, Band, Blur, band_at_most
from wasl.disclosure.utility.information_loss import hellinger

__all__ = ["COARSENING", "PERTURBING", "REMOVING", "Touched", "category_losses", "number_losses", "touched_by"]

COARSENING = (m.Recode, m.GroupCategories, m.GroupRare, m.GroupAreas, m.TopBottom, m.Round)
"""Methods after which a value is a function of the original one."""

PERTURBING = (m.Pram, m.AddNoise, m.RankSwap, m.ShuffleValues, m.Microaggregate, m.SwapRecords)
"""Methods after which any value may be another person's, or nobody's."""

REMOVING = (m.SuppressRecords,)
"""Methods that remove rows; so does a search that may suppress."""

MEAN_KEPT = (m.RankSwap, m.ShuffleValues, m.Microaggregate)
"""Methods that keep the mean by construction."""

SPREAD_KEPT = (m.RankSwap, m.ShuffleValues)
"""Methods that exchange values, so that their distribution stays."""

NOISE_WIDTH = 5.0
"""Standard deviations of a mean of noise that are not exceeded but once in a million times (normal distribution)."""


@dataclass(frozen=True, slots=True)
class Touched:
    """The methods of a policy that change a variable; what the data are does not matter.

    Attributes:
        coarsened: Whether one of them makes it coarser.
        perturbed: Whether one of them exchanges or changes values.
        methods: Those that coarsen or perturb it.
    """

    coarsened: bool
    perturbed: bool
    methods: tuple[m.Method, ...]


def touched_by(policy: DisclosurePolicy, name: str) -> Touched:
    """The treatment of a variable by a policy."""
    methods = tuple(
        one for one in policy.methods if isinstance(one, (*COARSENING, *PERTURBING)) and name in one.changed
    )
    searched = policy.search is not None and name in policy.by_name and policy.by_name[name].role is Role.KEY
    return Touched(
        coarsened=searched or any(isinstance(one, COARSENING) for one in methods),
        perturbed=any(isinstance(one, PERTURBING) for one in methods),
        methods=methods,
    )


def category_losses(before: CodedColumn, after: CodedColumn, touched: Touched, blur: Blur) -> dict[str, Band | None]:
    """Detail kept, distance and share of changed cells of a categorical variable.

    Args:
        before: The original, missing where a cell is suppressed.
        after: As released.
        touched: The methods of the policy that change it.
        blur: Source of the noise of figures.
    """
    name = after.name
    both = (before.codes >= 0) & (after.codes >= 0)
    rows = int(np.count_nonzero(both))
    released = _counts(after.codes, len(after.labels))
    missing = int(np.count_nonzero(after.codes < 0))
    if not touched.perturbed:
        return {
            "detail_kept": _detail(before.codes[both], released, rows, name, blur) if touched.coarsened else Band(1, 1),
            "distance": band_at_most(_farthest(released, missing), DISTANCES),
            "changed": Band(0.0, 0.0),
        }
    if touched.coarsened or rows < 2:
        # Which of the released categories an original one became is not known but from masked cells.
        return {"detail_kept": None, "distance": None, "changed": None}
    same = on_released(before, after)[both]
    changed = np.count_nonzero(same != after.codes[both]) / rows
    original = _counts(same, len(after.labels)) / rows
    distance = hellinger(original, _counts(after.codes[both], len(after.labels)) / rows)
    return {
        "detail_kept": Band(1.0, 1.0),
        "distance": blur.band(f"{name}: distance", distance, float(np.sqrt(1.0 / rows)), DISTANCES),
        "changed": blur.band(f"{name}: changed", changed, 1.0 / rows, SHARES),
    }


def on_released(before: CodedColumn, after: CodedColumn) -> NDArray[np.int32]:
    """The original's codes in the numbering of the released categories; one that is not released becomes missing."""
    same = {text: code for code, text in enumerate(after.texts)}
    return np.array([*(same.get(text, -1) for text in before.texts), -1], np.int32)[before.codes]


def _detail(fine: NDArray[np.int32], released: NDArray[np.float64], rows: int, name: str, blur: Blur) -> Band | None:
    """The share of the entropy that is left, between the ends that the noise on the original's entropy allows.

    The entropy of the released column is public. That of the original changes by at most (ln n + 1)/n if one of n
    records gets another value. The term of a category changes by at most ln n/n where it gains or loses its only
    record, and by at most 1/n elsewhere.
    """
    if rows < 2:
        return None
    kept = _entropy(released)
    reach = (np.log(rows) + 1.0) / rows
    low, high = blur.near(f"{name}: detail", _entropy(_counts(fine, int(fine.max(initial=0)) + 1)), reach)
    if high <= 0.0 or kept <= 0.0:
        return None if kept > 0.0 else Band(0.0, KEPT[0])
    most = 1.0 if low <= kept else kept / low
    first = int(np.searchsorted(KEPT, min(kept / high, 1.0), side="right"))
    last = int(np.searchsorted(KEPT, min(most, 1.0), side="left"))
    if first == 0 and last >= len(KEPT) - 1:
        return None
    return Band(0.0 if first == 0 else KEPT[first - 1], KEPT[min(last, len(KEPT) - 1)])


def _farthest(counts: NDArray[np.float64], missing: int) -> float:
    """The greatest Hellinger distance to the released distribution, whatever categories the missing cells had.

    The overlap of two distributions is a concave function of the counts. So it is least where all missing cells had one
    category. A category that is not released is possible, too.
    """
    known = counts.sum()
    if not missing or not known:
        return 0.0 if not missing else 1.0
    whole = known + missing
    shares = counts / known
    base = np.sqrt(shares * counts / whole)
    other = base.sum() - base + np.sqrt(shares * (counts + missing) / whole)
    least = min(float(other.min()), float(base.sum()))
    return float(np.sqrt(max(0.0, 1.0 - least)))


def _entropy(counts: NDArray[np.float64]) -> float:
    shares = counts[counts > 0] / max(counts.sum(), 1.0)
    return float(-(shares * np.log(shares)).sum())


def _counts(codes: NDArray[np.int32], width: int) -> NDArray[np.float64]:
    return np.bincount(codes[codes >= 0], minlength=width).astype(np.float64)


def number_losses(
    before: NDArray[np.float64], after: NDArray[np.float64], methods: Sequence[m.Method], *, by_household: bool
) -> dict[str, Band | None]:
    """Shift of mean and spread, each against the released spread, as far as the methods themselves guarantee it.

    Args:
        before: The original.
        after: As released.
        methods: What the policy does to the variable.
        by_household: Whether a method may act once per household; noise then evens out over fewer draws.
    """
    known = ~np.isnan(before)
    if not methods:
        exact = np.array_equal(before, after, equal_nan=True)
        return dict.fromkeys(("mean_shift", "spread_shift"), Band(0.0, 0.0) if exact else None)
    u, v = before[known], after[~np.isnan(after)]
    if len(u) != len(v) or len(v) < 2 or float(v.std()) == 0.0:
        return {"mean_shift": None, "spread_shift": None}
    if all(_keeps_mean(one) for one in methods):
        spread = all(isinstance(one, SPREAD_KEPT) for one in methods)
        same = bool(np.isclose(u.mean(), v.mean(), rtol=1e-9, atol=0.0))
        return {
            "mean_shift": Band(0.0, 0.0) if same else None,
            "spread_shift": Band(0.0, 0.0) if same and spread else None,
        }
    shifts = [_most_shift(one, v, by_household=by_household) for one in methods]
    mean = [shift[0] for shift in shifts if shift is not None and shift[0] is not None]
    wide = [shift[1] for shift in shifts if shift is not None and shift[1] is not None]
    return {
        "mean_shift": band_at_most(sum(mean), SHIFTS) if len(mean) == len(shifts) and sum(mean) < SHIFTS[-1] else None,
        "spread_shift": band_at_most(sum(wide), SHIFTS)
        if len(wide) == len(shifts) and sum(wide) < SHIFTS[-1]
        else None,
    }


def _keeps_mean(method: m.Method) -> bool:
    """Whether a method keeps the mean; top and bottom codes do where they are the mean of the coded values."""
    if isinstance(method, m.TopBottom):
        return method.top_value is None and method.bottom_value is None
    return isinstance(method, MEAN_KEPT)


def _most_shift(
    method: m.Method, released: NDArray[np.float64], *, by_household: bool
) -> tuple[float | None, float | None] | None:
    """The greatest shift of mean and of spread that a method makes, in units of the released spread; None: no limit."""
    rows, spread = len(released), float(released.std(ddof=1))
    if isinstance(method, SPREAD_KEPT):
        return 0.0, 0.0
    if isinstance(method, m.Microaggregate):
        return 0.0, None
    if isinstance(method, m.Round):
        most = method.base / 2.0 / spread
        return most, most * float(np.sqrt(rows / (rows - 1)))
    if isinstance(method, m.AddNoise) and not method.correlated and not by_household:
        by_chance = NOISE_WIDTH * method.amount / float(np.sqrt(rows))
        systematic = 1.0 - 1.0 / float(np.sqrt(1.0 + method.amount**2))
        return by_chance, systematic + by_chance * (1.0 + method.amount)
    return None
