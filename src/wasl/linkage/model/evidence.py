"""Evidence for the model of one pass, and the assumptions of its fit."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.comparison.patterns import MISSING, Comparison, PatternCounts
from wasl.linkage.model.known_nonmatches import Strangers
from wasl.linkage.model.match_model import ERRORS, TWINS
from wasl.linkage.plan import ModelOptions

__all__ = ["PSEUDO_PAIRS", "Decided", "Evidence", "Setup"]

PSEUDO_PAIRS = 3.0
"""Pairs of prior opinion behind each m- and u-probability: too few to move a fit on a hundred matches."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The counts to which the model of one pass is fitted.

    Attributes:
        comparisons: Of the pass.
        states: (patterns, comparisons) int8.
        stratum: (patterns) int64.
        counts: (patterns) float64 pairs.
        per_stratum: (strata) float64 pairs.
        capacity: (strata) float64, most matches possible.
        strangers: Expected pairs of different people, where that is known.
        matched_once: (strata) bool, a record has at most one match there.
        rows_per_pair: (strata) float64, rows of a block for each of its pairs.
    """

    comparisons: tuple[Comparison, ...]
    states: NDArray[np.int8] = field(repr=False)
    stratum: NDArray[np.int64] = field(repr=False)
    counts: NDArray[np.float64] = field(repr=False)
    per_stratum: NDArray[np.float64] = field(repr=False)
    capacity: NDArray[np.float64] = field(repr=False)
    strangers: Strangers | None
    matched_once: NDArray[np.bool_] = field(repr=False)
    rows_per_pair: NDArray[np.float64] = field(repr=False)

    @classmethod
    def of(
        cls,
        patterns: PatternCounts,
        comparisons: tuple[Comparison, ...],
        capacity: NDArray[np.float64],
        strangers: Strangers | None,
        strata: tuple[tuple[str, str, int], ...],
    ) -> Evidence:
        """The evidence in counted patterns of the strata (left label, right label, size class)."""
        counts, pairs = patterns.counts.astype(np.float64), patterns.per_stratum
        between = np.array([left != right for left, right, _ in strata], np.bool_)
        rows = np.array([1.5 * 2.0 ** (size - 1) for _, _, size in strata])  # the middle of the size class
        per_pair = np.where(between, capacity / np.maximum(pairs, 1.0), 2.0 / np.maximum(rows - 1.0, 1.0))
        return cls(
            comparisons, patterns.states, patterns.stratum, counts, pairs, capacity, strangers,
            (capacity < pairs) & between, np.minimum(per_pair, 1.0),
        )  # fmt: skip

    @property
    def pairs(self) -> float:
        """All pairs counted."""
        return max(float(self.counts.sum()), 1.0)

    def table_of(self, weights: NDArray[np.float64], c: int) -> NDArray[np.float64]:
        """(states) weighted pairs in each state of a comparison, 0 for missing."""
        table = np.bincount(self.states[:, c], weights=weights, minlength=self.comparisons[c].states)
        table[MISSING] = 0.0
        return table.astype(np.float64)

    def marginal(self, c: int) -> NDArray[np.float64]:
        """(states) share of the pairs in each state of a comparison."""
        table = self.table_of(self.counts, c) + 1e-3
        table[MISSING] = 0.0
        share: NDArray[np.float64] = table / table.sum()
        return share


@dataclass(frozen=True, slots=True)
class Decided:
    """Pairs that reviewers decided.

    Attributes:
        states: (pairs, comparisons) int8.
        match: (pairs) bool.
        weight: (pairs) float64, pairs of prior opinion for each.
    """

    states: NDArray[np.int8] = field(repr=False)
    match: NDArray[np.bool_] = field(repr=False)
    weight: NDArray[np.float64] = field(repr=False)

    def table_of(self, comparison: Comparison, c: int, match: bool) -> NDArray[np.float64]:
        """(states) weight of the decided matches, or of the others, in each state; 0 for missing."""
        mine = self.match == match
        table = np.bincount(self.states[mine, c], weights=self.weight[mine], minlength=comparison.states)
        table[MISSING] = 0.0
        return table.astype(np.float64)


@dataclass(frozen=True, slots=True)
class Setup:
    """Assumptions of the fit of a model.

    Attributes:
        classes: Of pairs: matches first, the rest last.
        options: Of the plan.
        pinned: Per comparison (states), the u-probabilities of the rest where they are known; None: they are fitted.
        fixed: Per comparison (classes, states): only the class shares are fitted.
        opinion: Per comparison (states), what is thought of m-probabilities beforehand; None: good levels are likelier.
        weight: Pairs behind that opinion.
        bound: Whether matches must lie above the rest on every comparison.
        decided: Pairs that reviewers decided, if any.
        elsewhere: Whether pairs that disagree on all other comparisons show what strangers look like.
    """

    classes: tuple[str, ...]
    options: ModelOptions
    pinned: tuple[NDArray[np.float64], ...] | None = field(default=None, repr=False)
    fixed: tuple[NDArray[np.float64], ...] | None = field(default=None, repr=False)
    opinion: tuple[NDArray[np.float64], ...] | None = field(default=None, repr=False)
    weight: float = PSEUDO_PAIRS
    bound: bool = False
    decided: Decided | None = field(default=None, repr=False)
    elsewhere: bool = False

    @property
    def matching(self) -> int:
        """How many of the classes are matches."""
        return 2 if ERRORS in self.classes else 1

    @property
    def twins(self) -> int | None:
        """The number of the class of twins, if there is one."""
        return self.classes.index(TWINS) if TWINS in self.classes else None
