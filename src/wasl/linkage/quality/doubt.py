"""How many of the expected matches rest on probabilities that are neither high nor low."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.model.checks import Check
from wasl.linkage.persons.merging import MergedPairs
from wasl.linkage.persons.sums import codes_of, counts_by, sums_by
from wasl.linkage.quality.least_precision import LEAST_LINKS

__all__ = ["check_one_kind", "describe_doubt"]

LOW, HIGH = 0.1, 0.9
"""Probabilities between these are in doubt."""
MUCH = 0.05
"""Share of the expected matches from which on probabilities are called uncertain. In the laboratory it is below .01 on
censuses, .03 to .08 on registers of the 19th century and of names and birth dates, and more for foreigners. Calibration
errors were .002, .01 to .03 and up to .06."""

ONE_KIND = 0.1
"""Share of the expected matches that pairs of one pattern in doubt may be before the check warns. One number of the
model decides on such pairs. It is .07 at most in the laboratory, and .19 to .22 among foreigners with names and births
only (`guarded`). Where persons are there 5 to 20 times it was .19: 153 pairs at .47, all of which were matches."""


def check_one_kind(pairs: MergedPairs, patterns: int) -> Check:
    """Whether many expected matches are of one pattern whose probability is neither high nor low.

    Args:
        pairs: Candidate pairs.
        patterns: How many patterns there are.
    """
    p = pairs.probability
    doubt = np.flatnonzero((p >= LOW) & (p < HIGH))
    kinds, kind = codes_of(
        pairs.in_pass[doubt].astype(np.int32) * patterns + pairs.pattern[doubt],
        (int(pairs.in_pass.max(initial=0)) + 1) * max(patterns, 1),
    )
    expected = sums_by(kind, p[doubt], len(kinds))
    worst = int(np.argmax(expected)) if len(expected) else 0
    most = float(expected[worst]) if len(expected) else 0.0
    decided_together = most >= LEAST_LINKS and most > ONE_KIND * float(p[p >= LOW].sum())
    held = int(counts_by(kind, len(kinds))[worst]) if decided_together else 0
    return Check(
        "one-kind",
        True,
        f"{held:,} pairs agree in the same way, and each has a probability of about {most / max(held, 1):.2f}. One "
        "number of the model decides on all of them, so they can be nearly all matches, or hardly any. Have some of "
        "them reviewed."
        if decided_together
        else "no single way of agreeing decides on many of the pairs in doubt.",
        warning=decided_together,
    )


def describe_doubt(probability: NDArray[np.float64]) -> dict[str, Any]:
    """The share of the expected matches that is in doubt, and what to think of such probabilities.

    Args:
        probability: (pairs) of all candidates.
    """
    doubt = (probability >= LOW) & (probability < HIGH)
    matches = float(probability[probability >= LOW].sum())
    share = float(probability[doubt].sum()) / matches if matches else 0.0
    uncertain = share > MUCH
    message = (
        f"{share:.0%} of the expected matches are pairs with probabilities between {LOW} and {HIGH}. There the model's "
        "assumption that comparisons are independent decides, and such probabilities can be off by several hundredths. "
        "Have a sample of these pairs reviewed."
        if uncertain
        else "Few of the expected matches are in doubt."
    )
    return {"doubtful": round(share, 4), "uncertain": uncertain, "message": message}
