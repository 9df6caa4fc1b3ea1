"""Prior opinions on m- and u-probabilities, and the constraints every class has to meet."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.comparison.patterns import MISSING, Comparison

__all__ = ["agreeing", "agreement", "disagreeing", "falling", "raised"]

TOKEN_MATCH, TOKEN_REST = (0.0, 0.2, 0.8), (0.0, 0.99, 0.01)
"""Opinion on equal tokens: four matches in five agree (numbers change, digits are mistyped), one stranger in a hundred
does. The weight of an opinion is a few pairs, so the data decide."""
FALL = 0.25
"""Opinion on strangers: every level a quarter as frequent as the one below. Between filters of 256 bits the shares of
strangers within .96, .92 and .88 of the chance distance are .26, .10 and .03 (normal law, deviation .0625)."""
LEAST_LEVEL = 0.002
"""Opinion on strangers: no level is rarer. Where the block fixes the day and month of birth, one stranger in 90 has the
whole birth date in common. Among 10,000 rows of names and birth dates under `guarded`, 66 false pairs were linked
without this bound and 40 with it."""


def agreeing(comparison: Comparison, strength: float) -> NDArray[np.float64]:
    """A distribution over states in which every level is `strength` times as likely as the one below it."""
    if comparison.kind == "token":
        return np.array(TOKEN_MATCH)
    return _geometric(comparison, strength)


def disagreeing(comparison: Comparison) -> NDArray[np.float64]:
    """A distribution over states: every level is a quarter as likely as the one below it, or `LEAST_LEVEL`."""
    if comparison.kind == "token":
        return np.array(TOKEN_REST)
    table = np.maximum(_geometric(comparison, FALL), LEAST_LEVEL)
    table[MISSING] = 0.0
    share: NDArray[np.float64] = table / table.sum()
    return share


def _geometric(comparison: Comparison, ratio: float) -> NDArray[np.float64]:
    table: NDArray[np.float64] = np.power(ratio, np.arange(comparison.states, dtype=np.float64))
    table[MISSING] = 0
    share: NDArray[np.float64] = table / table.sum()
    return share


def agreement(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """(classes) mean level of each class, 0 for all at the worst and 1 for all at the best level.

    Args:
        table: (classes, states) probabilities.
    """
    level = np.arange(table.shape[-1]) - 1.0
    level[MISSING] = 0.0
    mean: NDArray[np.float64] = table @ level / max(table.shape[-1] - 2, 1)
    return mean


def raised(m: NDArray[np.float64], least: float) -> NDArray[np.float64]:
    """The distribution m, mixed with full agreement as far as its mean level needs to reach `least`.

    Args:
        m: (states) probabilities.
        least: Smallest mean level, as :func:`agreement` measures it.
    """
    now = float(agreement(m))
    if now >= least:
        return m
    share = (least - now) / max(1.0 - now, 1e-12)
    mixed = (1.0 - share) * m
    mixed[-1] += share
    return mixed


def falling(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The closest values that never rise.

    Source: pool adjacent violators, R. Barlow et al., Statistical Inference under Order Restrictions (1972).
    """
    means: list[float] = []
    sizes: list[int] = []
    for value in values.tolist():
        means.append(value)
        sizes.append(1)
        while len(means) > 1 and means[-1] > means[-2]:
            size = sizes[-2] + sizes[-1]
            means[-2] = (means[-2] * sizes[-2] + means[-1] * sizes[-1]) / size
            sizes[-2] = size
            del means[-1], sizes[-1]
    return np.repeat(means, sizes)
