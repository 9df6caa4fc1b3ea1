"""The probability down to which pairs may be linked, so that the links have a precision that the plan asks for.

The expected precision of links is the mean of their probabilities. Where names are damaged and many strangers share a
surname, the model believes its links more than they deserve. So the expected false links are multiplied by
``FALSE_LINKS`` before they are compared with the plan's ``minimum_precision``.

*Does not hold for:* a model that took something else for matches. Its probabilities are wrong throughout; other
self-checks look for that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "FALSE_LINKS",
    "FALSE_LINKS_OF_FAINT",
    "LEAST_LINKS",
    "cautious_precision",
    "least_probability",
    "mostly_faint",
]

FALSE_LINKS, FALSE_LINKS_OF_ONE_PASS = 1.5, 1.2
"""False links for each expected one, at most, over the kinds of the laboratory: 1.2 to 1.5 among foreigners under
`guarded`, where several passes are merged; below 1 on the other kinds. Of one pass (`open`) there were fewer."""
FALSE_LINKS_OF_FAINT = 3.0
"""The same where matches are faint: chance can have made as many pairs as there are. Of ten draws with 3 % in common
there were 2.2 times as many as expected on average, and 2.9 at most; 4 on one of six fresh ones."""
LEAST_LINKS = 20
"""Shares of fewer linked pairs mean nothing."""


def cautious_precision(precision: float, passes: int = 2, faint: bool = False) -> float:
    """The precision if there are `FALSE_LINKS` times as many false links as expected."""
    return 1.0 - _factor(passes, faint) * (1.0 - precision)


def _factor(passes: int, faint: bool) -> float:
    if faint:
        return FALSE_LINKS_OF_FAINT
    return FALSE_LINKS if passes > 1 else FALSE_LINKS_OF_ONE_PASS


def mostly_faint(passes: Sequence[Mapping[str, Any]]) -> bool:
    """Whether half of the passes or more have faint matches, as their reports say."""
    return bool(passes) and 2 * sum(bool(flow.get("faint", False)) for flow in passes) >= len(passes)


def least_probability(
    linked: NDArray[np.float64], minimum: float, least: float, passes: int = 2, faint: bool = False
) -> float:
    """The probability from which pairs are linked.

    Args:
        linked: Probabilities of the linked pairs.
        minimum: Precision that the plan asks for.
        least: The probability from which linking costs less than not linking.
        passes: Passes whose scores were merged.
        faint: Whether chance can have made as many pairs as there are matches, in most passes.

    Returns:
        `least` where the links are precise enough, too few to judge, or not precise enough at any probability; else a
        higher one.
    """
    if len(linked) < LEAST_LINKS or cautious_precision(float(linked.mean()), passes, faint) >= minimum:
        return least
    falling = np.sort(linked)[::-1]
    expected = np.cumsum(falling) / np.arange(1, len(falling) + 1)
    whole = np.diff(falling, append=-1.0) < 0  # pairs of one probability are linked together
    last = np.flatnonzero(whole & (1.0 - _factor(passes, faint) * (1.0 - expected) >= minimum))
    return max(float(falling[last[-1]]), least) if len(last) and last[-1] + 1 >= LEAST_LINKS else least
