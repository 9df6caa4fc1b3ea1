"""Losses in one variable as the public is told them, so that no masked cell follows.

Source: as in `wasl.disclosure.report.public`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wasl.disclosure.keys.coding import CodedColumn
from wasl.disclosure.report.bands import (
    DISTANCES,
    KEPT,
    SHARES,
    SHIFTS,
    Band,
    band_at_most,
    fixed_band,
    same_band,
    stable_band,
)
from wasl.disclosure.utility.information_loss import hellinger
from wasl.disclosure.utility.measures import recoded_alike

__all__ = ["category_losses", "number_losses"]

PROTECTION = 0.2
"""A masked number must stay uncertain by at least this share of its value, upwards and downwards.

Source: twice the customary 10 % of the p % rule (Hundepool et al. 2012, section 4.2.1), because moments add up values.
"""


def category_losses(before: CodedColumn, after: CodedColumn) -> dict[str, Band | None]:
    """Detail kept, distance and share of changed cells of a categorical variable.

    Args:
        before: The original, missing where a cell is suppressed.
        after: As released.
    """
    mapped = recoded_alike(before, after)
    both = (before.codes >= 0) & (after.codes >= 0)
    p, q = _counts(mapped[both], len(after.labels)), _counts(after.codes, len(after.labels))
    fine = _counts(before.codes[both], len(before.labels))
    changed = int(np.count_nonzero(mapped[both] != after.codes[both]))
    if not changed:
        merged = np.count_nonzero(fine) != np.count_nonzero(p)
        kept = _entropy(p) / _entropy(fine) if merged and _entropy(fine) > 0 else 1.0
        return {
            "detail_kept": fixed_band(kept, KEPT) if merged else Band(1.0, 1.0),
            "distance": band_at_most(_farthest(q, int(np.count_nonzero(after.codes < 0))), DISTANCES),
            "changed": Band(0.0, 0.0),
        }
    n = len(before.codes)
    share = stable_band(changed / max(int(both.sum()), 1), 1.0 / max(n, 1), SHARES)
    if n < 2 or p.sum() < 2 or fine.sum() < 2 or q.sum() < 1:
        return {"detail_kept": None, "distance": None, "changed": share}
    coarse_low, coarse_high = _entropy_reach(p)
    fine_low, fine_high = _entropy_reach(fine)
    if fine_low <= 0.0:
        return {"detail_kept": None, "distance": None, "changed": share}
    kept = min(1.0, _entropy(p) / _entropy(fine))
    detail = same_band(kept, coarse_low / fine_high, min(1.0, coarse_high / fine_low), KEPT)
    total, shares = p.sum(), q / q.sum()
    gain = np.sqrt(shares) * (np.sqrt((p + 1.0) / total) - np.sqrt(p / total))
    loss = np.sqrt(shares) * (np.sqrt(np.maximum(p - 1.0, 0.0) / total) - np.sqrt(p / total))
    distance = hellinger(p / total, shares)
    overlap = 1.0 - distance**2
    low = np.sqrt(max(0.0, 1.0 - overlap - gain.max()))
    high = np.sqrt(min(1.0, max(0.0, 1.0 - overlap - loss.min())))
    return {
        "detail_kept": detail,
        "distance": same_band(distance, float(low), float(high), DISTANCES),
        "changed": share,
    }


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


def _entropy_reach(counts: NDArray[np.float64]) -> tuple[float, float]:
    """The least and the greatest entropy if one record were in another category."""
    total = counts.sum()

    def part(values: NDArray[np.float64]) -> NDArray[np.float64]:
        share = values / total
        return -np.where(share > 0, share * np.log(np.where(share > 0, share, 1.0)), 0.0)

    own = part(counts)
    more = part(counts + 1.0) - own
    less = np.where(counts > 0, part(np.maximum(counts - 1.0, 0.0)) - own, 0.0)
    whole = float(own.sum())
    return max(0.0, whole + float(more.min() + less.min())), whole + float(more.max() + less.max())


def number_losses(
    before: NDArray[np.float64], after: NDArray[np.float64], *, some_masked: bool
) -> dict[str, Band | None]:
    """Shift of mean and spread, each against the released spread, if no masked value follows from it.

    Args:
        before: The original.
        after: As released.
        some_masked: Whether a method masks some cells (top and bottom coding) while others may be exact.
    """
    known = ~np.isnan(before)
    both = known & ~np.isnan(after)
    if np.array_equal(before[known], after[known]):
        return {"mean_shift": Band(0.0, 0.0), "spread_shift": Band(0.0, 0.0)}
    if some_masked or not both[known].all():
        # One masked cell among exact ones could be solved for: only "the mean is kept" is stated.
        same = both[known].all() and np.isclose(before[known].mean(), after[known].mean(), rtol=1e-9, atol=0.0)
        return {"mean_shift": Band(0.0, 0.0) if same else None, "spread_shift": None}
    u, v = before[known], after[~np.isnan(after)]
    spread = float(v.std(ddof=1)) if len(v) > 1 else 0.0
    if len(u) < 3 or spread == 0.0:
        return {"mean_shift": None, "spread_shift": None}
    masked = before[known & (~both | (before != after))]
    n, total, squares = len(u), u.sum(), float((u**2).sum())
    # The moments the original would have if one masked value were lower or higher by the protection level.
    other = np.concatenate([masked * (1.0 - PROTECTION), masked * (1.0 + PROTECTION)])
    own = np.concatenate([masked, masked])
    means = (total + other - own) / n
    variances = np.maximum((squares + other**2 - own**2 - n * means**2) / (n - 1), 0.0)
    shifts = np.abs(means - v.mean()) / spread
    spreads = np.abs(np.sqrt(variances) / spread - 1.0)
    shift = abs(float(u.mean()) - float(v.mean())) / spread
    wider = abs(float(u.std(ddof=1)) / spread - 1.0)
    return {
        "mean_shift": same_band(shift, float(shifts.min()), float(shifts.max()), SHIFTS),
        "spread_shift": same_band(wider, float(spreads.min()), float(spreads.max()), SHIFTS),
    }
