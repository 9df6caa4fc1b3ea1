"""What may be published about a protected file: the only place where that is decided.

Anyone who has the file and the report must not be able to compute a masked value. So no figure of the original file is
published as a number. Losses are published in wide bands. A band is published only if it stays the same for any other
value of each single masked cell within a protection interval (the inversion check). Otherwise the figure is listed
under ``not_stated``. Figures that follow from the released file alone are exact.

*Does not protect against* an intruder who knows all but one of the original values. A withheld figure shows that the
last value lies near the edge of a band. The intruder then has an interval, not a value.

Source: Hundepool et al. (2012), Statistical Disclosure Control, section 4.2 (interval protection of single
contributors); the release of summary statistics is treated like the release of a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.disclosure.keys.coding import CodedColumn, code_column, numeric_column
from wasl.disclosure.policy import DisclosurePolicy, Role
from wasl.disclosure.report.areas import published_areas
from wasl.disclosure.report.sentences import LANGUAGES, sentence
from wasl.disclosure.utility.measures import UtilityReport, recoded_alike
from wasl.registers.exchange.digests import digest_table

if TYPE_CHECKING:
    from wasl.disclosure.protect import Protection
    from wasl.disclosure.synthesize import Synthesis

__all__ = ["Band", "banded", "public_facts", "synthetic_facts"]

PROTECTION = 0.2
"""A masked number must stay uncertain by at least this share of its value, upwards and downwards.

Source: twice the customary 10 % of the p % rule (Hundepool et al. 2012, section 4.2.1), because moments add up values.
"""

SHARES = (0.01, 0.05, 0.1, 0.2, 0.5, 1.0)
KEPT = (0.25, 0.5, 0.75, 0.9, 1.0)
DISTANCES = (0.05, 0.1, 0.2, 1.0)
SHIFTS = (0.05, 0.1, 0.25, 0.5, 1.0)
"""Upper ends of the bands. They are as wide as the distinctions a user needs: negligible, small, marked, large."""

ROUNDED_ROWS = 10
"""Removed records are published rounded to tens, below ten as "fewer than ten"."""


@dataclass(frozen=True, slots=True)
class Band:
    """A figure from ``low`` (excluded where it is 0) to below ``high``; equal ends are an exact figure."""

    low: float
    high: float

    def to_json(self) -> dict[str, float]:
        """The band as a JSON value."""
        return {"from": self.low, "below": self.high}


def banded(value: float, ends: Sequence[float]) -> Band:
    """The band of a figure of at least 0: exactly 0 (nothing happened), or between two ends."""
    if value <= 0.0:
        return Band(0.0, 0.0)
    place = int(np.searchsorted(ends, value, side="right"))
    if place == len(ends):
        return Band(ends[-1], ends[-1]) if value == ends[-1] else Band(ends[-1], float("inf"))
    return Band(0.0 if place == 0 else ends[place - 1], ends[place])


def public_facts(protection: Protection) -> dict[str, Any]:
    """Everything that is published about a protected file, in French, Arabic and English.

    Args:
        protection: The protected file with its original; neither is in the result.

    Returns:
        A JSON value: policy, rows, variables, methods with what they did, suppressed cells and losses in bands.
    """
    table, policy = protection.table, protection.policy
    withheld: list[str] = []
    variables, numbers = _measured(protection, withheld)
    pairs = _stable(protection.utility.crosstabs, 2.0 / max(table.num_rows, 1), DISTANCES)
    if pairs is None and protection.utility.crosstabs is not None:
        withheld.append("two-way tables")
    return {
        "policy": _policy(policy),
        "rows": table.num_rows,
        "rows_removed": _removed(protection.removed).to_json(),
        "table_digest": digest_table(table),
        "variables": _variables(table, policy),
        "methods": [
            {
                "method": change.method,
                "variables": list(change.variables),
                "description": sentence(change, "en"),
                "description_fr": sentence(change, "fr"),
                "description_ar": sentence(change, "ar"),
            }
            for change in protection.changes
            if change.took_effect
        ],
        "suppressed_cells": {
            name: {"share": banded(item.suppressed, SHARES).to_json()}
            for name, item in protection.utility.variables.items()
        },
        "areas": published_areas(protection),
        "information_loss": {
            "variables": variables,
            "numbers": numbers,
            "two_way_tables": None if pairs is None else pairs.to_json(),
            "not_stated": withheld,
        },
        "languages": list(LANGUAGES),
    }


def synthetic_facts(synthesis: Synthesis) -> dict[str, Any]:
    """Everything that is published about a synthetic file: no record is a person's, so margins protect one record."""
    table, policy, utility = synthesis.table, synthesis.policy, synthesis.utility
    step = 1.0 / max(min(utility.rows_before, utility.rows_after), 1)
    withheld: list[str] = []
    variables = {}
    for name, item in utility.variables.items():
        distance = _stable(item.hellinger, float(np.sqrt(step)), DISTANCES)
        if distance is None:
            withheld.append(f"{name}: distance")
        variables[name] = {
            "categories": item.categories_after,
            "distance": None if distance is None else distance.to_json(),
        }
    pairs = _stable(utility.crosstabs, 2.0 * step, DISTANCES)
    return {
        "policy": _policy(policy),
        "rows": table.num_rows,
        "synthetic": True,
        "model": synthesis.model,
        "table_digest": digest_table(table),
        "variables": _variables(table, policy),
        "methods": [
            {
                "method": "synthesis",
                "variables": table.column_names,
                "description": "Every record is synthetic: drawn from a statistical model of the data.",
                "description_fr": "Chaque enregistrement est synthétique : tiré d'un modèle statistique des données.",
                "description_ar": "كل تسجيل اصطناعي: مسحوب من نموذج إحصائي للبيانات.",
            }
        ],
        "information_loss": {
            "variables": variables,
            "numbers": {},
            "two_way_tables": None if pairs is None else pairs.to_json(),
            "not_stated": withheld,
        },
        "languages": list(LANGUAGES),
    }


def _policy(policy: DisclosurePolicy) -> dict[str, str]:
    return {"name": policy.name, "title": policy.title, "source": policy.source}


def _variables(table: pa.Table, policy: DisclosurePolicy) -> list[dict[str, str]]:
    """Every released column, whether the policy names it or not."""
    result = []
    for name in table.column_names:
        spec = policy.by_name.get(name)
        label = name if spec is None else spec.label or name
        result.append(
            {
                "name": name,
                "label": label,
                "label_fr": label if spec is None else spec.label_fr or label,
                "label_ar": label if spec is None else spec.label_ar or label,
                "role": "identifying" if spec is not None and spec.role is Role.KEY else "other",
            }
        )
    return result


def _removed(rows: int) -> Band:
    if rows < ROUNDED_ROWS:
        return Band(0.0, 0.0 if rows == 0 else float(ROUNDED_ROWS))
    low = rows // ROUNDED_ROWS * ROUNDED_ROWS
    return Band(float(low), float(low + ROUNDED_ROWS))


def _measured(protection: Protection, withheld: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The losses of each variable in bands; what does not pass the inversion check is added to ``withheld``."""
    original, released = protection.prepared, protection.table
    utility: UtilityReport = protection.utility
    variables: dict[str, Any] = {}
    numbers: dict[str, Any] = {}
    if original is None:
        withheld += [*utility.variables, *utility.numbers]
        return variables, numbers
    rows = pa.array(protection.origin)
    for name, item in utility.variables.items():
        before = code_column(name, original.table.column(name).take(rows))
        after = code_column(name, released.column(name))
        kept, distance = _categories(before, after, item.detail_kept, item.hellinger)
        changed = _stable(item.changed, 1.0 / max(released.num_rows, 1), SHARES)
        facts = {"detail_kept": kept, "distance": distance, "changed": changed}
        withheld += [f"{name}: {figure}" for figure, band in facts.items() if band is None]
        variables[name] = {
            "categories": item.categories_after,
            **{figure: None if band is None else band.to_json() for figure, band in facts.items()},
        }
    for name in utility.numbers:
        before_values = numeric_column(original.table.select([name]), name)[protection.origin]
        facts = _number(before_values, numeric_column(released.select([name]), name))
        withheld += [f"{name}: {figure}" for figure, band in facts.items() if band is None]
        numbers[name] = {figure: None if band is None else band.to_json() for figure, band in facts.items()}
    return variables, numbers


def _stable(value: float | None, reach: float, ends: Sequence[float]) -> Band | None:
    """The band of a figure, if it is the same within ``reach`` of it on both sides; exact 0 is left to the caller."""
    if value is None or not np.isfinite(value):
        return None
    return _same(value, value - reach, value + reach, ends)


def _same(value: float, low: float, high: float, ends: Sequence[float]) -> Band | None:
    """The band that holds the figure and both ends of what it could have been; None if they lie in several bands."""
    if value <= 0.0 and high <= 0.0:
        return banded(0.0, ends)
    top = float(ends[-1])
    place = [int(np.searchsorted(ends[:-1], min(max(v, 0.0), top), side="right")) for v in (low, value, high)]
    if place[0] != place[2]:
        return None
    return Band(0.0 if place[1] == 0 else ends[place[1] - 1], float(ends[place[1]]))


def _categories(
    before: CodedColumn, after: CodedColumn, kept: float, distance: float
) -> tuple[Band | None, Band | None]:
    """Detail kept and distance of a categorical variable, each if no single original category moves its band."""
    n = len(before.codes)
    mapped = recoded_alike(before, after)
    p, q = _counts(mapped, len(after.labels)), _counts(after.codes, len(after.labels))
    fine = _counts(before.codes, len(before.labels))
    if n < 2 or p.sum() < 2 or fine.sum() < 2 or q.sum() < 1:
        return None, None
    unchanged = len(before.labels) == len(after.labels) and np.array_equal(mapped, after.codes)
    if unchanged:
        return Band(1.0, 1.0), Band(0.0, 0.0)
    coarse_low, coarse_high = _entropy_reach(p)
    fine_low, fine_high = _entropy_reach(fine)
    if fine_low <= 0.0:
        return None, None
    detail = _same(kept, coarse_low / fine_high, min(1.0, coarse_high / fine_low), KEPT)
    total, shares = p.sum(), q / q.sum()
    gain = np.sqrt(shares) * (np.sqrt((p + 1.0) / total) - np.sqrt(p / total))
    loss = np.sqrt(shares) * (np.sqrt(np.maximum(p - 1.0, 0.0) / total) - np.sqrt(p / total))
    overlap = 1.0 - distance**2
    low = np.sqrt(max(0.0, 1.0 - overlap - gain.max()))
    high = np.sqrt(min(1.0, max(0.0, 1.0 - overlap - loss.min())))
    return detail, _same(distance, float(low), float(high), DISTANCES)


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


def _number(before: NDArray[np.float64], after: NDArray[np.float64]) -> dict[str, Band | None]:
    """Shift of mean and spread, each against the released spread, if no single masked value moves its band."""
    known = ~np.isnan(before)
    both = known & ~np.isnan(after)
    if np.array_equal(before[known], after[known]):
        return {"mean_shift": Band(0.0, 0.0), "spread_shift": Band(0.0, 0.0)}
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
        "mean_shift": _same(shift, float(shifts.min()), float(shifts.max()), SHIFTS),
        "spread_shift": _same(wider, float(spreads.min()), float(spreads.max()), SHIFTS),
    }
