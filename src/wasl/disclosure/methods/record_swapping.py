"""Targeted record swapping: households at risk exchange their area with similar households elsewhere.

*Does not protect against* disclosure that does not need geography, nor small areas whose totals are known; it keeps
every non-geographic relation inside households intact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wasl.disclosure.keys.classes import equivalence_classes
from wasl.disclosure.keys.coding import CodedColumn, Frame, coded
from wasl.errors import InputError
from wasl.registers.compiled import njit

__all__ = ["Swapped", "swap_records"]


@dataclass(frozen=True, slots=True)
class Swapped:
    """Areas after swapping.

    Attributes:
        areas: The geographic columns, coarsest first.
        swapped: Households that changed their area.
        at_risk: Households that were at risk.
        unmatched: Households at risk for which no similar household elsewhere was free.
    """

    areas: tuple[CodedColumn, ...] = field(repr=False)
    swapped: int
    at_risk: int
    unmatched: int


def swap_records(
    households: NDArray[np.int64],
    areas: Frame | Sequence[CodedColumn],
    similar: Frame | Sequence[CodedColumn],
    risk_variables: Frame | Sequence[CodedColumn],
    rng: np.random.Generator,
    *,
    k: int = 3,
    rate: float = 0.02,
) -> Swapped:
    """Swap the areas of households at risk, level by level from the coarsest, and then up to a least rate.

    A household is at risk at a level when one of its members has a combination of risk variables that fewer than
    ``k`` persons of that area share. It swaps all its areas from that level down with a household of another area of
    that level, in the same area of the level above. The other household has the same size and the same ``similar``
    variables.

    Args:
        households: Household number per row, 0 … H-1.
        areas: Geographic columns, from the coarsest to the finest.
        similar: Columns whose values (of the household's first row) must agree.
        risk_variables: What makes a combination.
        rng: Source of randomness.
        k: Fewer alike is at risk.
        rate: Least share of households of every finest area that are swapped.

    Raises:
        InputError: An area is missing in some row, or differs inside a household.

    Source: Eurostat (2024), Guidelines for statistical disclosure control methods applied on geo-referenced data;
    targeted record swapping as in the 2021 EU census recommendations.
    """
    areas, similar, risk_variables = coded(areas), coded(similar), coded(risk_variables)
    count = int(households.max(initial=-1)) + 1
    first = np.full(count, -1, np.int64)
    first[households[::-1]] = np.arange(len(households))[::-1]
    place = np.empty((len(areas), count), np.int64)
    for level, column in enumerate(areas):
        if (column.codes < 0).any():
            raise InputError(f"area {column.name!r} is missing in {int((column.codes < 0).sum())} rows.")
        place[level] = column.codes[first]
        if (place[level][households] != column.codes).any():
            raise InputError(f"area {column.name!r} differs inside a household.")
    size = np.bincount(households, minlength=count)
    profile = _profile(size, [column.codes[first].astype(np.int64) for column in similar])
    done = np.zeros(count, np.bool_)
    ever, unmatched = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    for level in range(len(areas)):
        area = CodedColumn(areas[level].name, place[level][households].astype(np.int32), areas[level].labels)
        above = [CodedColumn("above", place[u][households].astype(np.int32), areas[u].labels) for u in range(level)]
        classes = equivalence_classes([*above, area, *risk_variables])
        rare = classes.sizes[classes.ids] < k
        wanted = (np.bincount(households, weights=rare, minlength=count) > 0) & ~done
        ever |= wanted
        if level == len(areas) - 1:
            wanted |= _top_up(place[level], done | wanted, rate, rng) & ~done
        parent = place[:level]
        group = _profile(profile, list(parent))
        order = np.lexsort((rng.random(count), group))
        start = np.searchsorted(group[order], np.arange(int(group.max(initial=-1)) + 2))
        partner = _pair(order, start, group, place[level], wanted, done, rng.random(count))
        moved = np.flatnonzero(partner >= 0)
        place[level:, moved] = place[level:, partner[moved]]
        done[moved] = True
        unmatched = (unmatched | (wanted & ever)) & ~done
    results = tuple(column.with_codes(place[level][households].astype(np.int32)) for level, column in enumerate(areas))
    return Swapped(results, int(done.sum()), int(ever.sum()), int(unmatched.sum()))


def _profile(base: NDArray[np.int64], parts: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """One number per distinct combination."""
    group: NDArray[np.int64] = np.unique(base, return_inverse=True)[1]
    for part in parts:
        group = np.unique(group * (int(part.max(initial=0)) + 2) + part + 1, return_inverse=True)[1]
    return group


def _top_up(
    area: NDArray[np.int64], counted: NDArray[np.bool_], rate: float, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Households drawn in each area so that at least ``rate`` of its households are swapped."""
    total = np.bincount(area)
    short = np.maximum(np.ceil(rate * total).astype(np.int64) - np.bincount(area, weights=counted).astype(np.int64), 0)
    free = np.flatnonzero(~counted)
    order = free[np.lexsort((rng.random(len(free)), area[free]))]
    starts = np.searchsorted(area[order], np.arange(len(total)))
    rank = np.arange(len(order)) - starts[area[order]]
    drawn = np.zeros(len(area), np.bool_)
    drawn[order[rank < short[area[order]]]] = True
    return drawn


@njit(cache=True, nogil=True)
def _pair(order, start, group, area, wanted, done, uniform):  # type: ignore[no-untyped-def]
    """For each household that is to move, a free one of its group in another area; -1 for none."""
    partner = np.full(area.shape[0], -1, np.int64)
    for position in range(order.shape[0]):
        h = order[position]
        if not wanted[h] or done[h] or partner[h] >= 0:
            continue
        a = start[group[h]]
        width = start[group[h] + 1] - a
        offset = int(uniform[h] * width)
        for step in range(width):
            other = order[a + (offset + step) % width]
            if other != h and partner[other] < 0 and not done[other] and area[other] != area[h]:
                partner[h] = other
                partner[other] = h
                break
    return partner
