"""Flows between rounds of registers: who stayed, who left, who came, with the errors of the links between the rounds.

A missed link makes one person who stayed into one who left and one who came; a false link does the reverse. With the
recall and precision of the links the number of persons in both rounds follows from the number of links, and the flows
follow from the two stocks: ``left = first - stayed``, ``came = second - stayed``.

*Source:* for the correction Y. Ding and S. Fienberg, Survey Methodology 20 (1994), 149-158; the flows are those of
persons on the registers.

Does not protect against: persons whom a register lacks though they are there; they count as having left. Nor against
links whose quality differs between those who stay in all rounds and the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wasl.estimation.dual_system import FEWEST, WIDEST, LinkQuality
from wasl.estimation.intervals import Z95, Estimate

__all__ = ["Flows", "flows_between", "stayers_of_all"]


@dataclass(frozen=True, slots=True)
class Flows:
    """Persons who stayed, left and came between two rounds."""

    stayed: Estimate
    left: Estimate
    came: Estimate


def flows_between(first: float, second: float, links: float, quality: LinkQuality | None) -> Flows:
    """The flows between two rounds.

    Args:
        first: Persons in the first round.
        second: Persons in the second round.
        links: Persons linked across the two.
        quality: Of these links; None: not known.
    """
    found = _matches(links, min(first, second), () if quality is None else (quality,))
    if isinstance(found, str):
        none = Estimate.impossible(found)
        return Flows(none, none, none)
    matches, error = found
    return Flows(
        _within(matches, error, 0.0, min(first, second)),
        _within(first - matches, error, max(first - second, 0.0), first),
        _within(second - matches, error, max(second - first, 0.0), second),
    )


def stayers_of_all(rounds: Sequence[float], links: float, qualities: Sequence[LinkQuality | None]) -> Estimate:
    """The persons in all rounds, where each round is linked to the one before.

    Args:
        rounds: Persons in each round.
        links: Persons linked across all of them.
        qualities: Of the links of each round to the one before. Their errors are taken to go the same way.
    """
    known = [quality for quality in qualities if quality is not None]
    found = _matches(links, min(rounds), known if len(known) == len(qualities) else ())
    if isinstance(found, str):
        return Estimate.impossible(found)
    return _within(*found, 0.0, min(rounds))


def _matches(links: float, ceiling: float, qualities: Sequence[LinkQuality]) -> tuple[float, float] | str:
    """Corrected number of persons in both (or all) rounds and its standard error, or why there is none."""
    if not qualities:
        return "recall and precision of the links are not known"
    if any(not (0 < q.recall <= 1 and 0 < q.precision <= 1) for q in qualities):
        return "recall and precision of the links are not known"
    if links > ceiling * (1 + 1e-9):
        return "there are more links than persons in the smaller round"
    recall = float(np.prod([q.recall for q in qualities]))
    precision = float(np.prod([q.precision for q in qualities]))
    matches = links * precision / recall
    if matches < FEWEST:
        return f"fewer than {FEWEST} matches after correction"
    missed = matches * (1 - recall) / recall
    false = links * precision * (1 - precision) / recall**2
    relative = sum(q.recall_error / q.recall + q.precision_error / q.precision for q in qualities)
    if len(qualities) == 1:  # the two figures of one review are independent
        q = qualities[0]
        relative = float(np.hypot(q.recall_error / q.recall, q.precision_error / q.precision))
    error = float(np.sqrt(missed + false + (matches * relative) ** 2))
    if matches > ceiling:
        if matches - ceiling > 3 * error + 1e-9:
            return "more matches than persons in the smaller round: recall is understated"
        matches = ceiling
    return matches, error


def _within(value: float, error: float, least: float, most: float) -> Estimate:
    low, high = max(value - Z95 * error, least), min(value + Z95 * error, most)
    if high - low > WIDEST * max(value, 0.0) and error > 0:
        return Estimate.impossible("the interval is wider than twice the estimate")
    return Estimate(value, error, low, high)
