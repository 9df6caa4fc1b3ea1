"""Values of few persons from the means of coded values in two releases.

Top coding replaces the highest values by their mean. Three persons with the mean 50,000 in one release, and four with
the mean 60,000 in the next: the fourth has 90,000. Other persons who joined at the same time hide nothing.

*Does not protect against* an intruder who knows the values of all but one of k persons and more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.disclosure.attacks.differencing import Exposure
from wasl.disclosure.keys.classes import group, pack_keys
from wasl.disclosure.keys.coding import Frame, as_arrow, code_columns, code_together, numeric_column
from wasl.disclosure.keys.variable_types import is_number_type
from wasl.disclosure.policy import DisclosurePolicy, Role
from wasl.disclosure.policy import method_documents as m

__all__ = ["by_coded_means"]

SAME = 0.9
"""Share of the other rows that both releases must have for the values to count as those of the same time. Wages of
another year share few values; then the difference of two means tells nobody's."""

CLOSE = 0.1
"""A value is told if it is known to this share of it (p % rule, Hundepool et al. 2012, section 4.2.1)."""


@dataclass(frozen=True, slots=True)
class _Tail:
    """Coded values of one release: which rows, the value they have, and how far rounding may have moved it."""

    rows: NDArray[np.bool_]
    value: float
    unit: float

    @property
    def count(self) -> int:
        """How many rows."""
        return int(self.rows.sum())

    @property
    def total(self) -> float:
        """The sum of the values as they were."""
        return self.count * self.value


def by_coded_means(
    released: Frame, earlier: Sequence[Frame], policy: DisclosurePolicy, *, k: int
) -> tuple[Exposure, ...]:
    """Groups of fewer than k persons whose sum follows from the coded values of two releases.

    Args:
        released: The new release, number 0.
        earlier: The earlier ones, numbers 1 and up.
        policy: Its top and bottom coding; an earlier release is taken to be coded beyond the same bounds.
        k: The threshold.
    """
    found = []
    new = as_arrow(released)
    for number, frame in enumerate(earlier, start=1):
        old = as_arrow(frame)
        for method in policy.methods:
            if method.kind != "top_bottom" or not all(_is_number(table, method.variable) for table in (new, old)):
                continue
            unit = _unit(policy, method)
            for upper, bound, given in (
                (True, method.top, method.top_value),
                (False, method.bottom, method.bottom_value),
            ):
                if bound is None or given is not None:
                    continue
                tails = [_tail(table, method.variable, bound, unit, upper=upper) for table in (new, old)]
                persons = _told(tails[0], tails[1], k)
                if persons and _same_time(new, old, policy, tails):
                    larger, smaller = (0, number) if tails[0].count >= tails[1].count else (number, 0)
                    found.append(Exposure(persons, larger, smaller, persons))
    return tuple(found)


def _is_number(table: pa.Table, name: str) -> bool:
    return name in table.column_names and is_number_type(table.column(name).type)


def _unit(policy: DisclosurePolicy, coding: m.TopBottom) -> float:
    """The base to which the number is rounded after it is coded, 0 for none."""
    later = policy.methods[policy.methods.index(coding) :]
    return max((one.base for one in later if one.kind == "round" and one.variable == coding.variable), default=0.0)


def _tail(table: pa.Table, name: str, bound: float, unit: float, *, upper: bool) -> _Tail:
    """The rows that have the outermost value, if it lies beyond the bound: the mean of what was coded."""
    values = numeric_column(table, name)
    known = values[np.isfinite(values)]
    value = float((known.max() if upper else known.min()) if len(known) else bound)
    beyond = value > bound if upper else value < bound
    return _Tail((values == value) & beyond, value if beyond else bound, unit)


def _told(new: _Tail, old: _Tail, k: int) -> int:
    """The persons in one tail only, if these are fewer than k and their sum is known closely; 0 otherwise."""
    if not new.count or not old.count or new.value == old.value:
        return 0
    persons = abs(new.count - old.count)
    told = abs(new.total - old.total)
    unsure = 0.5 * (new.count * new.unit + old.count * old.unit)
    return max(persons, 1) if persons < k and unsure <= CLOSE * told else 0


def _same_time(new: pa.Table, old: pa.Table, policy: DisclosurePolicy, tails: Sequence[_Tail]) -> bool:
    """Whether nearly all other rows of the smaller file have their values in the larger one, too."""
    skip = {*policy.named(Role.KEY), policy.weight, policy.household}
    shared = [name for name in new.column_names if name in old.column_names and name not in skip]
    rest = [table.filter(pa.array(~tail.rows)) for table, tail in zip((new, old), tails, strict=True)]
    if not shared or min(table.num_rows for table in rest) == 0:
        return False
    packed = pack_keys(code_together(code_columns(rest[0], shared), code_columns(rest[1], shared)))
    classes = group(packed.words, packed.full_mask)
    rows = rest[0].num_rows
    counts = [np.bincount(ids, minlength=len(classes)) for ids in (classes.ids[:rows], classes.ids[rows:])]
    return bool(np.minimum(*counts).sum() >= SAME * min(table.num_rows for table in rest))
