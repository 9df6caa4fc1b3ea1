"""A second measurement of pairs, by comparisons that no encoding carries: Fellegi and Sunter's model, u known.

One office holds both registers and compares its candidates in the clear. The u-probabilities are counted on random
pairs of its records. Names and unknown birth dates depend on sex and nationality, the traits. So pairs that agree in
them are counted apart. The m-probabilities are fitted by EM, beginning with the probabilities of the first
measurement. The number of possible pairs of two registers is known, so the prior needs no candidates.

    odds of a pair = matches · Π m / (pairs · share of the traits among strangers · Π u)

The two measurements repeat each other in part. Their log-odds are averaged, as those of passes are.

Source: I. Fellegi, A. Sunter (1969); u from random pairs: W. Winkler (2006), as Splink does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["Look", "second_look"]

ITERATIONS, SETTLED = 200, 1e-5
STRANGERS_BEHIND = 50.0
"""Random pairs of all traits behind the u-probabilities of one trait."""
LEAST_U = 1e-6
LEAST_M = 1e-12
LEAST_MATCHES = 0.5
"""Between two registers with fewer expected matches."""
STRONGEST = 25.0
"""Most log-odds of a second measurement."""


@dataclass(frozen=True, slots=True)
class Look:
    """What pairs look like in the clear.

    Attributes:
        side: (pairs) which two registers.
        trait: (pairs) how the traits agree.
        levels: Of each comparison, (pairs) the level.
    """

    side: NDArray[np.int64] = field(repr=False)
    trait: NDArray[np.int64] = field(repr=False)
    levels: tuple[NDArray[np.int64], ...] = field(repr=False)


def second_look(
    probability: NDArray[np.float64],
    pairs: Look,
    strangers: Look,
    alike: Look,
    possible: NDArray[np.float64],
    opinions: Sequence[NDArray[np.float64]],
    opinion_on_traits: NDArray[np.float64],
) -> NDArray[np.float64]:
    """(pairs) log-odds of the second measurement alone.

    Args:
        probability: (pairs) what the first measurement says.
        pairs: The candidates.
        strangers: Random pairs of the same records.
        alike: Random pairs of those that agree in the traits. Nearly all candidates do, and among all random pairs too
            few of them have the same birth date.
        possible: (sides) pairs of records of two registers.
        opinions: Of each comparison, (levels) pairs of matches that stand behind its m-probabilities. A level without
            any has no weight.
        opinion_on_traits: (traits) the same for the traits.
    """
    traits, sides = len(opinion_on_traits), len(possible)
    seen = np.bincount(strangers.side * traits + strangers.trait, minlength=sides * traits).reshape(sides, traits)
    share = (seen + 0.5) / (seen + 0.5).sum(axis=1, keepdims=True)
    against = np.log(possible[pairs.side] * share[pairs.side, pairs.trait])
    for levels, random, more, opinion in zip(pairs.levels, strangers.levels, alike.levels, opinions, strict=True):
        counted = _counted(strangers.trait, random, traits, len(opinion))
        told = opinion > 0
        table = _strangers_levels(counted * told, (counted + _counted(alike.trait, more, traits, len(opinion))) * told)
        table[:, ~told] = 1.0
        against += np.log(table[pairs.trait, levels])
    found, odds = probability, np.zeros(len(probability))
    for _ in range(ITERATIONS):
        expected = np.maximum(np.bincount(pairs.side, weights=found, minlength=sides), LEAST_MATCHES)
        odds = np.log(expected[pairs.side]) - against
        for levels, opinion in zip((*pairs.levels, pairs.trait), (*opinions, opinion_on_traits), strict=True):
            m = np.where(opinion > 0, np.bincount(levels, weights=found, minlength=len(opinion)) + opinion, 0.0)
            odds += np.where(opinion > 0, np.log(np.maximum(m, LEAST_M) / m.sum()), 0.0)[levels]
        odds = np.clip(odds, -STRONGEST, STRONGEST)
        before, found = found, 1.0 / (1.0 + np.exp(-odds))
        if len(found) == 0 or float(np.abs(found - before).max()) < SETTLED:
            break
    return odds


def _counted(trait: NDArray[np.int64], levels: NDArray[np.int64], traits: int, count: int) -> NDArray[np.float64]:
    """(traits, levels) pairs."""
    return np.bincount(trait * count + levels, minlength=traits * count).reshape(traits, count).astype(np.float64)


def _strangers_levels(random: NDArray[np.float64], seen: NDArray[np.float64]) -> NDArray[np.float64]:
    """(traits, levels) u-probabilities, those of all random pairs standing behind rare traits.

    Args:
        random: (traits, levels) random pairs.
        seen: (traits, levels) random pairs, and those drawn for their traits.
    """
    pooled = (random.sum(axis=0) + 0.5) / (random.sum() + 0.5 * random.shape[1])
    table: NDArray[np.float64] = (seen + STRANGERS_BEHIND * pooled) / (
        seen.sum(axis=1, keepdims=True) + STRANGERS_BEHIND
    )
    return np.maximum(table, LEAST_U)
