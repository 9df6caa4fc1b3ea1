"""Dual system estimation: how many persons there are, from two lists and their links, with linkage errors.

*Sources:* Y. Ding and S. Fienberg, "Dual system estimation of Census undercount in the presence of matching error",
Survey Methodology 20 (1994), 149-158; L. Di Consiglio and T. Tuoto, "Coverage evaluation on probabilistically linked
data", Journal of Official Statistics 31 (2015), 415-429.

Does not protect against: dependence of the lists, or persons who differ in their chance to be listed. Both bias the
estimate, and two lists cannot show it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wasl.estimation.intervals import Z95, Estimate, lognormal_interval

__all__ = ["LinkQuality", "dual_system"]

FEWEST = 7
"""Corrected matches below which the estimate's bias exceeds a few percent (Seber 1982, section 3.1: m >= 7)."""
UNSURE = 0.3
"""Variance from linkage, as a share of that from capture, above which the logarithm of the whole is taken as normal,
and not that of the persons on neither list. With 1 in its place .887 of 1,000 intervals held the truth in one of ten
designs."""
WIDEST = 2.0
"""Relative width of the interval past which a figure would mislead more than it tells."""


@dataclass(frozen=True, slots=True)
class LinkQuality:
    """Recall and precision of the links of two lists.

    Attributes:
        recall: Share of the true matches that were linked.
        precision: Share of the links that are true.
        recall_error, precision_error: Their standard errors.
    """

    recall: float = 1.0
    precision: float = 1.0
    recall_error: float = 0.0
    precision_error: float = 0.0

    @classmethod
    def of_rates(cls, links: float, second: float, hit: float, false: float) -> LinkQuality:
        """From the rates of Ding and Fienberg.

        Args:
            links: Number of links.
            second: Size of the second list.
            hit: Probability that a record of it with a match is linked.
            false: Probability that one without a match is linked.
        """
        matches = (links - false * second) / (hit - false)
        return cls(hit, hit * matches / links if links else 1.0)


def dual_system(first: float, second: float, links: float, quality: LinkQuality | None = None) -> Estimate:
    """The size of the population behind two lists.

    The matches are the links, less the false ones, plus the missed ones; the rest is the usual estimate
    ``first * second / matches``. The variance adds that of capture to that of linkage and of the quality figures.

    Args:
        first: Persons on the first list.
        second: Persons on the second list.
        links: Pairs that were linked.
        quality: Recall and precision of the links; default: no error.
    """
    q = quality or LinkQuality()
    if not (0 < q.recall <= 1 and 0 < q.precision <= 1):
        return Estimate.impossible("recall and precision of the links are not known")
    if links > min(first, second) * (1 + 1e-9):
        return Estimate.impossible("there are more links than persons on the smaller list")
    matches = links * q.precision / q.recall
    if matches < FEWEST:
        return Estimate.impossible(f"fewer than {FEWEST} matches after correction")
    ceiling = min(first, second)
    if matches > ceiling:
        if (matches - ceiling) > 3 * _matches_error(links, ceiling, q) + 1e-9:
            return Estimate.impossible("more matches than persons on the smaller list: recall is understated")
        matches = ceiling
    total = first * second / matches
    capture = first * second * (first - matches) * (second - matches) / matches**3
    linkage = (total / matches) ** 2 * _matches_error(links, matches, q) ** 2
    estimate = lognormal_interval(total, capture + linkage, first + second - matches)
    if estimate.error is not None and estimate.low is not None and estimate.high is not None:
        seen = first + second - matches
        if estimate.high - estimate.low > WIDEST * total:
            return Estimate.impossible("the interval is wider than twice the estimate")
        if linkage > UNSURE * capture and seen > 0:  # the seen persons are themselves uncertain
            factor = float(np.exp(Z95 * estimate.error / total))
            return Estimate(total, estimate.error, max(total / factor, first, second), total * factor)
    return estimate


def _matches_error(links: float, matches: float, q: LinkQuality) -> float:
    """Standard error of the corrected number of matches."""
    missed = matches * (1 - q.recall) / q.recall
    false = links * q.precision * (1 - q.precision) / q.recall**2
    figures = (matches / q.recall * q.recall_error) ** 2 + (links / q.recall * q.precision_error) ** 2
    return float(np.sqrt(missed + false + figures))
