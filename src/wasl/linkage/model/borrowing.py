"""What matches look like, where the pairs of a pass alone do not tell: lent by other passes, or a prior opinion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.comparison.patterns import MISSING, Comparison
from wasl.linkage.model.evidence import PSEUDO_PAIRS, Evidence, Setup
from wasl.linkage.model.match_model import PassModel
from wasl.linkage.model.opinions import agreeing

__all__ = ["ENOUGH_COMPARISONS", "lenders", "lenders_of", "may_borrow", "with_opinion"]

ENOUGH_COMPARISONS = 3
"""A mixture of two classes with independent comparisons is identified from three comparisons on.
Source: J. Kruskal, Linear Algebra and its Applications 18 (1977); E. Allman et al., Annals of Statistics 37 (2009)."""
LENDING_SHARE = 0.25
"""Least share of matches among the pairs of a pass with two comparisons that lends its m-probabilities."""


def lenders(fitted: Sequence[PassModel]) -> list[PassModel]:
    """The models that lend m-probabilities to passes with fewer comparisons, or with wider blocks.

    Passes with enough comparisons lend. Where there are none, passes with two comparisons lend if many of their pairs
    are matches. A block that fixes a name and a part of the date leaves hardly any strangers. A pass with one
    comparison lends to none, since its own m-probabilities rest on a count of strangers.

    Args:
        fitted: Models fitted so far.
    """
    rich = [model for model in fitted if len(model.comparisons) >= ENOUGH_COMPARISONS]
    return rich or [
        model
        for model in fitted
        if len(model.comparisons) == ENOUGH_COMPARISONS - 1 and model.expected_matches >= LENDING_SHARE * model.pairs
    ]


def may_borrow(evidence: Evidence, borrowed: Sequence[PassModel]) -> bool:
    """Whether a pass follows these lenders; those with two comparisons only lend where a record is matched once."""
    if all(len(model.comparisons) >= ENOUGH_COMPARISONS for model in borrowed):
        return True
    return len(evidence.comparisons) >= ENOUGH_COMPARISONS - 1 and bool(evidence.matched_once.any())


def lenders_of(comparison: Comparison, borrowed: Sequence[PassModel]) -> list[tuple[float, NDArray[np.float64]]]:
    """Expected matches and (states) m-probabilities of the comparison in each pass that has it."""
    return [
        (model.expected_matches, model.m[c])
        for model in borrowed
        for c, other in enumerate(model.comparisons)
        if (other.name, other.states) == (comparison.name, comparison.states) and model.expected_matches > 0
    ]


def with_opinion(setup: Setup, evidence: Evidence, borrowed: Sequence[PassModel], share: float) -> Setup:
    """The setup with an opinion on m-probabilities: those of passes with more comparisons, else that most agree.

    Args:
        setup: Classes and options.
        evidence: Pattern counts.
        borrowed: The passes with more comparisons.
        share: Of the possible matches, stands behind the opinion.
    """
    opinion = []
    for comparison in evidence.comparisons:
        known = lenders_of(comparison, borrowed)
        total = sum(weight for weight, _ in known)
        if total > 0:
            table = sum(weight / total * m for weight, m in known) * np.ones(comparison.states)
            table[MISSING] = 0.0
            opinion.append(table / table.sum())
        else:
            opinion.append(agreeing(comparison, 2.0))
    possible = float(np.minimum(evidence.capacity, evidence.per_stratum).sum())
    return replace(setup, opinion=tuple(opinion), weight=max(PSEUDO_PAIRS, share * possible))
