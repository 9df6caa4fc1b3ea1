"""Cover inequalities: what a cut still asks of the other cells once some of its cells are suppressed.

A cut asks for a sum of weights of at least 1. Suppose that all cells of a set A are suppressed and that their weights
come to a < 1. The others must still bring 1 - a, and a cell of larger weight brings no more than that:
``sum over the others of min(1, weight / (1 - a)) * suppressed >= 1``. Every pattern satisfies this, whether it
suppresses the cells of A or not. Patterns between 0 and 1 that take a small part of a large cell do not.

*Source:* R. Carr, L. Fleischer, V. Leung and C. Phillips, "Strengthening integrality gaps for capacitated network
design and covering problems", SODA 2000, 106-115 (knapsack-cover inequalities).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wasl.tables.cells import Floats
from wasl.tables.suppression.attack import SMALL, Cut

__all__ = ["CoverCuts"]

THRESHOLDS = (0.999, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05)
"""The sets A that are tried: the cells of which the pattern suppresses at least this part."""
VIOLATED = 1e-3
"""An inequality whose left side falls short of 1 by less is not worth a row of the program."""
LEAST_REST = 1e-4
"""Where the set leaves less than this to the others, no inequality is made: it would ask for more precision than the
weights have, which come from linear programs."""
BETTER = 1e-6
"""An inequality of another set counts as better if its left side is lower by this."""


class CoverCuts:
    """All cuts found so far, and the cover inequalities of them that a pattern violates."""

    def __init__(self) -> None:
        self._start = np.zeros(1, dtype=np.int64)
        self._cells = np.zeros(0, dtype=np.int64)
        self._weight = np.zeros(0)
        self._given: set[tuple[bytes, bytes]] = set()

    def note(self, cuts: Sequence[Cut]) -> None:
        """Remember cuts."""
        if not cuts:
            return
        ends = self._start[-1] + np.cumsum([len(cut.cells) for cut in cuts])
        self._start = np.concatenate([self._start, ends])
        self._cells = np.concatenate([self._cells, *(cut.cells.astype(np.int64) for cut in cuts)])
        self._weight = np.concatenate([self._weight, *(cut.weight for cut in cuts)])

    def violated(self, pattern: Floats) -> list[Cut]:
        """The most violated cover inequality of each cut, where there is one that was not given before."""
        count = len(self._start) - 1
        if not count:
            return []
        row = np.repeat(np.arange(count), np.diff(self._start))
        at = pattern[self._cells]
        best, chosen = np.full(count, 1 - VIOLATED), np.full(count, np.inf)
        for threshold in THRESHOLDS:
            taken = at >= threshold
            certain = np.bincount(row, weights=self._weight * taken, minlength=count)
            rest = np.maximum(1 - certain, LEAST_REST)
            part = np.where(taken, 0.0, np.minimum(1.0, self._weight / rest[row]))
            left = np.bincount(row, weights=part * at, minlength=count)
            better = (rest > LEAST_REST) & (certain > 0) & (left < best - BETTER)
            best[better], chosen[better] = left[better], threshold
        found = []
        for number in np.flatnonzero(np.isfinite(chosen)).tolist():
            entries = slice(self._start[number], self._start[number + 1])
            others = at[entries] < chosen[number]
            cells, weight = self._cells[entries], self._weight[entries]
            weight = np.minimum(1.0, weight[others] / (1 - weight[~others].sum()))
            cut = Cut(cells[others][weight > SMALL].astype(np.int32), weight[weight > SMALL])
            key = (cut.cells.tobytes(), np.round(cut.weight, 9).tobytes())
            if key not in self._given:
                self._given.add(key)
                found.append(cut)
        return found
