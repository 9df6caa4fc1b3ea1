"""How far the number of matches that counted non-matches leave over is trusted.

In registers without duplicates, pairs within a register are counted non-matches. They show how many pairs between two
registers are non-matches, up to chance. The rest are matches.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.model.borrowing import ENOUGH_COMPARISONS
from wasl.linkage.model.known_nonmatches import Strangers

__all__ = ["TRUST", "are_matches", "counted_matches", "is_faint", "trust_in"]

TRUST = 3.0
"""Known non-matches count up to this many times the pairs at hand when the priors are fitted."""
LEAST_TRUST = 1.0
"""Least of that trust where no block was cut: with less the calibration error of FEBRL 4 with relatives planted was
.029."""
OWN_ERROR, COUNT_VARIANCE = 0.1, 4.0
"""Relative error of the number of matches that EM finds without counted non-matches; and variance of the difference of
two counts of non-matches, per pair. Frequent names make these counts vary twice as much as independent pairs would.
Between registers of foreigners, 762 matches were expected in the pass of surname and year with the full trust; 647 were
there."""
CUT_ERROR = 1.0
"""Non-matches by which the count can be too low, per row of a block that its holder may have cut. Two pieces of fixed
size n hold n² pairs between registers and n (n - 1) within one, so the count is too low by up to one for each row.
Between registers of foreigners, 2,146 matches were expected in the pass of given name and year; 1,400 were there."""
FAINT = 4.0
"""Matches are faint where the pairs beyond the counted non-matches are fewer than so many standard deviations of that
difference. Between registers of 5,000 with 3 % in common they are .3 to 3.7, and 5.7 and more in the wide passes of the
laboratory's foreigners."""


CERTAIN, EXPLAINED = 3.0, 0.5
"""A class with fewer than the second share of the counted matches, less the first number of standard deviations, does
not hold all of them. Where every birth was a month late, the class of full agreement held 0 to 45 of 1,010."""


def counted_matches(
    known: Strangers, per_stratum: NDArray[np.float64], chosen: NDArray[np.bool_] | None = None
) -> tuple[float, float]:
    """Matches that counted non-matches leave over, and the standard deviation of that number.

    Args:
        known: Counted non-matches.
        per_stratum: (strata) pairs.
        chosen: (strata) which are looked at; None: all whose pairs are not known to be non-matches.
    """
    here = ~known.known if chosen is None else chosen
    others = float(known.pairs[here].sum())
    variance = COUNT_VARIANCE * others + (CUT_ERROR * known.large_rows) ** 2
    return max(float(per_stratum[here].sum()) - others, 0.0), float(np.sqrt(variance))


def are_matches(known: Strangers | None, per_stratum: NDArray[np.float64], others: float) -> bool:
    """Whether a second class of matches holds matches, because the first class has far fewer than were counted.

    Relatives and namesakes live within registers too, and are counted there. So pairs that only meet between two
    registers that hold a person once are matches, also where an error that all of them share makes births differ.

    Args:
        known: Counted non-matches, if there are any.
        per_stratum: (strata) pairs.
        others: Pairs of the first class.
    """
    if known is None or not known.known.any():
        return False
    matches, error = counted_matches(known, per_stratum)
    return others < EXPLAINED * (matches - CERTAIN * error)


def is_faint(known: Strangers, per_stratum: NDArray[np.float64], comparisons: int) -> bool:
    """Whether chance can have made as many pairs as there are matches, and few comparisons tell them apart.

    Then no level may take for errors of matches what chance brought more between the registers than within them.

    Args:
        known: Counted non-matches.
        per_stratum: (strata) pairs.
        comparisons: How many the pass makes.
    """
    open_ = ~known.known
    others = float(known.pairs[open_].sum())
    matches = max(float(per_stratum[open_].sum()) - others, 0.0)
    few = comparisons < ENOUGH_COMPARISONS
    return few and matches < FAINT * float(np.sqrt(COUNT_VARIANCE * others))


def trust_in(known: Strangers, per_stratum: NDArray[np.float64], faint: bool = False) -> float:
    """How many times the pairs at hand counted non-matches weigh when the priors are fitted.

    The number of matches is what is left of all pairs when the expected non-matches are taken away. Its variance is
    that of two counts of non-matches. Where they far outnumber the matches, the difference says little. It says hardly
    anything where holders cut their large blocks: pairs within a register are then too few.

    Args:
        known: Counted non-matches.
        per_stratum: (strata) pairs.
        faint: Whether chance can have made as many pairs as there are matches: then nothing is trusted at least.
    """
    open_ = ~known.known
    others = float(known.pairs[open_].sum())
    matches = max(float(per_stratum[open_].sum()) - others, 0.0)
    counted = COUNT_VARIANCE * others
    variance = max(counted + (CUT_ERROR * known.large_rows) ** 2, 1e-9)
    certain = (OWN_ERROR * matches) ** 2 / variance
    least = 0.0 if faint else LEAST_TRUST * counted / variance
    return min(TRUST, max(certain, least)) * known.weight
