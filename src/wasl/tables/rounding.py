"""Rounding: conventional, random, and controlled, which keeps all sums.

Controlled rounding replaces every value by one of the two nearest multiples of the base. All totals still are the sums
of their parts, and the distance to the true values is as small as possible. The same program makes perturbed counts
add up.

Does not protect against: conventional rounding can be undone where totals and parts are rounded separately.
"""

from __future__ import annotations

from typing import Any

import highspy
import numpy as np

from wasl.errors import PolicyError
from wasl.tables.cells import Floats, Relations
from wasl.tables.solver import quiet_model

__all__ = ["adjust", "round_controlled", "round_conventional", "round_random"]


def round_conventional(value: Floats, base: int) -> Floats:
    """The nearest multiple of the base; halves away from zero."""
    return np.asarray(np.copysign(np.floor(np.abs(value) / base + 0.5) * base, value), dtype=np.float64)


def round_random(value: Floats, base: int, rng: np.random.Generator) -> Floats:
    """One of the two nearest multiples, with probabilities that keep the expected value; multiples stay."""
    below = np.floor(value / base)
    share = value / base - below
    return (below + (rng.random(len(value)) < share)) * base


def round_controlled(relations: Relations, value: Floats, base: int, *, seconds: float) -> tuple[Floats, int]:
    """Multiples of the base that keep all sums.

    Returns:
        The rounded values, and the number of neighbouring multiples that were allowed on either side: 1 unless no
        table with the nearest multiples adds up, which can happen from three dimensions on.

    Raises:
        PolicyError: No solution was found in time.
    """
    for width in (1, 2, 3):
        below = np.floor(value / base + 1e-9) - (width - 1)
        above = np.ceil(value / base - 1e-9) + (width - 1)
        exact = np.abs(value / base - np.round(value / base)) < 1e-9
        if width == 1:
            below = np.where(exact, np.round(value / base), below)
            above = np.where(exact, np.round(value / base), above)
        zero = value == 0
        found = adjust(relations, value / base, np.where(zero, 0, below), np.where(zero, 0, above), seconds=seconds)
        if found is not None:
            return found * base, width
    raise PolicyError(
        "controlled rounding found no table that adds up.", remedy="Allow more time, or take a smaller base."
    )


def adjust(relations: Relations, wish: Floats, low: Floats, high: Floats, *, seconds: float) -> Floats | None:
    """Integers between ``low`` and ``high`` that keep all sums, with the smallest total distance to ``wish``.

    Returns:
        The integers, or None if there are none or time ran out before the first.
    """
    n = relations.cells
    nearest = np.clip(np.round(wish), low, high)
    model = quiet_model()
    model.setOptionValue("time_limit", float(seconds))
    model.setOptionValue("mip_rel_gap", 1e-4)
    # z = nearest + plus - minus; the slopes are those of |z - wish| at the next integers, which is exact within one
    # step and a lower bound beyond it.
    rest = wish - nearest
    rise, fall = np.maximum(1 - 2 * rest, 0.01), np.maximum(1 + 2 * rest, 0.01)
    model.addVars(2 * n, np.zeros(2 * n), np.concatenate([high - nearest, nearest - low]))
    columns = np.arange(2 * n, dtype=np.int32)
    model.changeColsCost(2 * n, columns, np.concatenate([rise, fall]))
    index = np.empty(2 * len(relations.index), dtype=np.int32)
    sign = np.empty(2 * len(relations.index))
    index[0::2], index[1::2] = relations.index, relations.index + n
    sign[0::2], sign[1::2] = relations.sign, -relations.sign
    right = -relations.sums(nearest)
    starts = (2 * relations.start[:-1]).astype(np.int32)
    model.addRows(relations.rows, right, right, len(index), starts, index, sign)
    model.run()
    result = _integers(model, nearest, n)
    if result is None:
        kinds: Any = np.full(2 * n, highspy.HighsVarType.kInteger)
        model.changeColsIntegrality(2 * n, columns, kinds)
        model.run()
        result = _integers(model, nearest, n)
    return result


def _integers(model: highspy.Highs, nearest: Floats, n: int) -> Floats | None:
    """The solution, if it is feasible and integer: often the linear program is, for tables of two dimensions always."""
    if model.getInfo().primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return None
    values = np.array(model.getSolution().col_value)
    moved = values[:n] - values[n:]
    if np.abs(moved - np.round(moved)).max(initial=0.0) > 1e-6:
        return None
    return np.asarray(nearest + np.round(moved), dtype=np.float64)
