"""How many persons of two records stay apart, judged from persons of three records and more.

*Does not hold for:* registers whose persons are hardly ever in three of them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.persons.clustering import LARGEST_CHAIN
from wasl.linkage.persons.merging import MergedPairs
from wasl.linkage.persons.records import Records
from wasl.linkage.persons.sums import counts_by

__all__ = ["open_ends_of"]

LEAST_FREE = 30
"""Fewer pairs that were free to meet say nothing of how often records do."""
LEAST_SHARE = 0.02
"""Fewer of them to a person of two records are chains of false links rather than larger persons."""


def open_ends_of(
    pairs: MergedPairs, together: NDArray[np.bool_], cluster: NDArray[np.integer], records: Records
) -> float:
    """Persons of two records that stay apart to every one that was found, as larger persons show it.

    A person of three and more records holds together by a tree of pairs that met; the pairs beyond it were free to
    meet or not. Where two records are all there is, not meeting means not being found.

    Args:
        pairs: Candidate pairs.
        together: (pairs) whether they were linked.
        cluster: (records) their persons.
        records: Their records.
    """
    size = counts_by(cluster, len(cluster))
    larger = (size > 2) & (size <= LARGEST_CHAIN) & _free_to_meet(pairs, records, cluster)
    tree = float((size - 1)[larger].sum())
    free = float((size * (size - 1) // 2)[larger].sum()) - tree
    if free < max(LEAST_FREE, LEAST_SHARE * int((size == 2).sum())):
        return 0.0
    met = max(float(np.count_nonzero(together & larger[cluster][pairs.left])) - tree, 0.0)
    return (free - met) / (met + 1.0)


def _free_to_meet(pairs: MergedPairs, records: Records, cluster: NDArray[np.integer]) -> NDArray[np.bool_]:
    """(clusters) whether all pairs of its records were compared: none has two of a register not compared with itself.

    Pairs within a register are compared where the plan says `dedupe`. Else two records of one person there never meet.
    """
    source = records.source
    itself = np.zeros(len(records.sources), np.bool_)
    itself[source[pairs.left][source[pairs.left] == source[pairs.right]]] = True
    free = np.ones(len(cluster), np.bool_)
    for place in np.flatnonzero(~itself).tolist():
        free &= counts_by(cluster[source == place], len(cluster)) < 2
    return free
