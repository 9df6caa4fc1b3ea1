"""Matches that records which stand alone never met, by register."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.persons.merging import MergedPairs
from wasl.linkage.persons.records import Records
from wasl.linkage.persons.sums import sums_by

__all__ = ["unmet_by_source"]


def unmet_by_source(
    pairs: MergedPairs,
    together: NDArray[np.bool_],
    records: Records,
    single: NDArray[np.bool_],
    by_registers: Sequence[dict[str, Any]],
) -> dict[str, float]:
    """Chance, by source, that a record that stands alone has a match it never met.

    Of the pairs expected never to have met, the same share is taken to concern records that stand alone as of the
    pairs that met and were not linked.

    Args:
        pairs: Candidate pairs.
        together: (pairs) whether they were linked.
        records: Their records.
        single: (records) whether a record stands alone.
        by_registers: The estimates of `wasl.linkage.quality.estimates.estimate_quality`.
    """
    size = len(records.sources)
    apart = ~together
    probability = pairs.probability[apart]
    alone, left_out = np.zeros(size), np.zeros(size)
    for ends in (pairs.left, pairs.right):
        side = ends[apart]
        source = records.source[side]
        left_out += sums_by(source, probability, size)
        alone += sums_by(source, probability * single[side], size)
    share = np.where(left_out > 0, alone / np.maximum(left_out, 1e-12), 1.0)
    number = {label: place for place, label in enumerate(records.sources)}
    missing = np.zeros(size)
    for row in by_registers:
        parts = row["missed_parts"]
        for label in (row["left"], row["right"]):
            missing[number[label]] += parts["below"] + parts["never_met"]
    held = np.maximum(np.bincount(records.source[single], minlength=size), 1)
    return dict(zip(records.sources, np.minimum(share * missing / held, 1.0).tolist(), strict=True))
