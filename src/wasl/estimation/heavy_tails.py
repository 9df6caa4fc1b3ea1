"""Whether few large amounts may carry a sum, so that a sample does not show how far the sum is from the truth.

A sample that misses the large amounts shows too small a sum and too small an error. Its interval then lies below the
truth. The amounts that the sample has show how long the upper tail is.

*Source:* W. Cochran, "Sampling Techniques" (1977), section 2.15: the normal interval needs more units the more skewed
the amounts are. The skewness is that of a lognormal distribution, from the spread of the logarithms above their median.

Does not protect against: an upper tail of which the sample has no unit, such as few large firms among small ones. Nor
against skewed amounts in samples of fewer than about 12 clusters, which are too few to show a tail.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri

__all__ = ["tail_reason"]

FEWEST_CONTRIBUTING = 12
"""Clusters with an amount, where most have none. With 9 of 100, .89 of the intervals held the truth."""
FEWEST_FREE, MANY_FREE = 5, 12
"""Clusters with an amount, less their strata, from which on the spread of their logarithms is judged, and well."""
LONGEST_TAIL = 0.7
"""Squared skewness of the sum. Above it, fewer than .93 of the intervals held the truth (docs/estimates.md)."""
SURE_OF_FEW, SURE_OF_MANY = 0.001, 0.02
"""A tail is called long where one that is not would show the same spread in so small a share of samples."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def tail_reason(sums: Floats, stratum: Ints) -> str:
    """Why the interval of a sum cannot be known; empty where nothing speaks against it.

    Args:
        sums: Weighted sum of each cluster of the sample, of amounts that are never negative.
        stratum: Its stratum.
    """
    there = sums > 0
    contributing = int(there.sum())
    if contributing * 2 < len(sums) and contributing < FEWEST_CONTRIBUTING:
        return f"only {contributing} of {len(sums)} clusters have an amount, and {FEWEST_CONTRIBUTING} are needed"
    spread, free = _upper_spread(np.log(sums[there]), stratum[there])
    if free < FEWEST_FREE:
        return ""
    least = spread * free / float(chdtri(free, SURE_OF_MANY if free >= MANY_FREE else SURE_OF_FEW))
    if 3 * least - np.log(contributing) > np.log(LONGEST_TAIL):
        return "few large amounts carry it, and a sample may miss such amounts"
    return ""


def _upper_spread(logarithms: Floats, stratum: Ints) -> tuple[float, int]:
    """Variance of logarithms as their spread above the median of their stratum shows it, and its degrees of freedom."""
    order = np.lexsort((logarithms, stratum))
    values, own = logarithms[order], stratum[order]
    _, first, number, count = np.unique(own, return_index=True, return_inverse=True, return_counts=True)
    middle = (values[first + (count - 1) // 2] + values[first + count // 2]) / 2
    above = np.maximum(values - middle[number.reshape(-1)], 0.0)
    free = int((count - 1).sum())
    return 2 * float((above**2).sum()) / max(free, 1), free
