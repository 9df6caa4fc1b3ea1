"""Records that two others fit: one by its names, another by its birth date and a part of the names.

Twins that are linked in place of one person look so. A register in which a column slipped by a row looks the same. The
names of a record are its own person's, and its birth date is that of the person in the row before. Nothing in the pairs
shows which of the two is right.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.model.checks import Check
from wasl.linkage.persons.merging import MergedPairs
from wasl.linkage.persons.records import Records
from wasl.linkage.quality.least_precision import LEAST_LINKS

__all__ = ["check_torn", "count_torn"]

FITS = 0.5
"""Probability, before rivals count, from which a pair fits."""
TORN = 0.025
"""Share of the linked pairs. Among foreigners whose names are damaged it was .003 to .011, and 0 to .005 in the other
kinds of the laboratory. Where the birth dates of a third of a register slipped by a row it was .03 to .19, and more
where all did."""


def count_torn(
    before: MergedPairs, together: NDArray[np.bool_], like_twins: NDArray[np.bool_], records: Records
) -> int:
    """Linked pairs that look like twins, of which a record has another candidate that does not.

    Args:
        before: Pairs with probabilities that each ignore the others.
        together: (pairs) whether they were linked.
        like_twins: (pairs) whether they agree on the birth date and differ in the given name.
        records: Their records.
    """
    apart = records.source[before.left] != records.source[before.right]
    rival = apart & ~together & ~like_twins & (before.probability >= FITS)
    fits = np.zeros(len(records), np.bool_)
    fits[before.left[rival]] = True
    fits[before.right[rival]] = True
    chosen = apart & together & like_twins
    return int((fits[before.left[chosen]] | fits[before.right[chosen]]).sum())


def check_torn(torn: int, links: int) -> Check:
    """Whether so many linked pairs have a rival of another kind that a column may have slipped.

    Args:
        torn: Of :func:`count_torn`.
        links: Linked pairs.
    """
    failed = torn >= LEAST_LINKS and torn > TORN * links
    return Check(
        "torn-records",
        not failed,
        f"in {torn:,} of {links:,} linked pairs the birth date fits one record and the names fit another one. "
        "Perhaps a column slipped by a row in one register, or twins were linked. Compare rows with their source."
        if failed
        else "hardly any record has names that fit one record and a birth date that fits another.",
    )
