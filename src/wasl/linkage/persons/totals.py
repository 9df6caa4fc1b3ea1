"""Expected matches stay what the passes say when their scores are put together.

Each pass estimates how many matches there are among the pairs of one score. What other passes tell of these pairs moves
probability from some of them to others. It does not change their sum: by the law of total probability, the mean of the
probabilities given more evidence is the probability given less.

    Σ over the pairs of pass k in score class b of p = Σ of p_k     for every k and b

is solved by correcting the log-odds of pass k by one number λ_kb in each class, with a normal prior on the λ. The
merged log-odds are a mean over the passes that show the pair, so a pair that m passes show moves by λ_kb / m.

Where nothing bounds the matches from outside, a pass has no better total than the merged scores; the equations are used
between duplicate-free registers only.

Source: the equations are those of iterative proportional fitting, W. Deming, F. Stephan, Annals of Mathematical
Statistics 11 (1940), on the logistic scale.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.persons.sums import codes_of, counts_by, parts_of, sums_by

__all__ = ["keep_totals"]

LIMITS = (0.03, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 0.97, 0.99)
"""Limits of the score classes of a pass."""
VARIANCE = 0.3
"""Of the normal prior on λ: a class of few pairs keeps its merged scores."""
ROUNDS = 40
SETTLED = 1e-3
"""The iteration stops when no λ changes by more."""


def keep_totals(
    odds: NDArray[np.float64],
    group: NDArray[np.integer],
    in_pass: NDArray[np.integer],
    probability: NDArray[np.float64],
) -> NDArray[np.float64]:
    """(pairs) log-odds that keep the expected matches of every pass and score class.

    Args:
        odds: (pairs) merged log-odds.
        group: (meetings) the pair of each meeting.
        in_pass: (meetings) its pass.
        probability: (meetings) what the pass says of the pair.
    """
    classes = len(LIMITS) + 1
    most = (int(in_pass.max(initial=0)) + 1) * classes
    values = np.empty(len(in_pass), np.min_scalar_type(most))
    for some in parts_of(len(in_pass)):
        values[some] = in_pass[some].astype(np.int64) * classes + np.searchsorted(LIMITS, probability[some])
    held, cell = codes_of(values, most)
    del values
    total = len(held)
    wanted = sums_by(cell, probability, total)
    part = 1.0 / np.maximum(counts_by(group, len(odds)), 1)
    passes = [np.flatnonzero(in_pass == number).astype(np.int32) for number in np.unique(held // classes)]
    correction, found = np.zeros(total), odds.copy()
    for _ in range(ROUNDS):
        largest = 0.0
        for meetings in passes:
            pair, here = group[meetings], cell[meetings]
            p = 1.0 / (1.0 + np.exp(-found[pair]))
            expected = sums_by(here, p, total)
            slope = sums_by(here, p * (1.0 - p) * part[pair], total) + 1.0 / VARIANCE
            step = np.clip((wanted - expected - correction / VARIANCE) / slope, -1.0, 1.0)
            step[counts_by(here, total) == 0] = 0.0
            correction += step
            found[pair] += step[here] * part[pair]  # a pair is met at most once in a pass
            largest = max(largest, float(np.abs(step).max(initial=0.0)))
        if largest < SETTLED:
            break
    return found
