"""The grey zone: scored pairs that reviewers look at, in their order, and what the reviewers' opinions come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.model.pairs import ScoredPairs
from wasl.linkage.plan import LinkagePlan

__all__ = ["REVIEWERS", "agreed_verdict", "grey_zone", "settled_places"]

REVIEWERS = 2
"""Opinions a pair needs."""


def grey_zone(scored: ScoredPairs, plan: LinkagePlan) -> NDArray[np.int64]:
    """Rows of the scored pairs to review, the least certain first.

    Args:
        scored: The pairs, before any of them is left out.
        plan: Its limits of probability.
    """
    options = plan.resolution
    probability = scored.pairs.column("probability").to_numpy()
    grey = np.flatnonzero((probability >= options.possible) & (probability < options.certain))
    order = np.argsort(np.abs(probability[grey] - options.accept), kind="stable")
    return np.asarray(grey[order], np.int64)


def agreed_verdict(verdicts: Sequence[str]) -> str:
    """What two reviewers at least, and more than say otherwise, agree on; empty when there is no such thing."""
    same, different = (sum(one == word for one in verdicts) for word in ("same", "different"))
    if max(same, different) < REVIEWERS or same == different:
        return ""
    return "same" if same > different else "different"


def settled_places(scored: ScoredPairs, plan: LinkagePlan, verdicts: Mapping[int, Sequence[str]]) -> dict[int, str]:
    """The row of each pair that reviewers agree on, and their verdict.

    Args:
        scored: The pairs, before any of them is left out.
        plan: Its limits of probability.
        verdicts: What each reviewer said last, by number of the pair in the review queue.
    """
    places = grey_zone(scored, plan)
    agreed = {number: agreed_verdict(said) for number, said in verdicts.items() if number < len(places)}
    return {int(places[number]): verdict for number, verdict in sorted(agreed.items()) if verdict}
