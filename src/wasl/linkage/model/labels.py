"""Reviewers' decisions as labels: they train m-probabilities.

A decided pair is known by its pass and its pattern, as ``review.parquet`` names them. No record and no encoding is
needed, so the linkage unit can use decisions that only the spine keeper and the reviewers can make.

Pairs are drawn for review with unequal chances, and most where the model is uncertain. So each decision counts with the
inverse of the chance its pair had of being drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from wasl.errors import InputError, MismatchError
from wasl.linkage.comparison.patterns import Comparison, read_pattern
from wasl.linkage.model.evidence import Decided
from wasl.linkage.model.opinions import agreement
from wasl.linkage.quality.review import decisions_of
from wasl.registers.known_names import in_words

__all__ = ["LabelledPatterns", "Labels", "labels_of", "use_labels"]

LEAST_LABELS = 10
"""Fewer decided matches, or fewer decided non-matches, of a pass do not say what matches look like."""
LEAST_GAP = 0.1
"""On one comparison at least, decided matches agree by this share of all levels more than decided non-matches."""
LABEL_WEIGHT = 5.0
"""Pairs of prior opinion for each decided pair. Where EM has taken something else for matches, a hundred decisions
stand against some hundred pairs; where it has not, decisions and fit agree, and the weight makes no difference."""


@dataclass(frozen=True, slots=True)
class LabelledPatterns:
    """Decided pairs of one pass.

    Attributes:
        patterns: Spelled patterns.
        match: (pairs) bool.
        weight: (pairs) float64, with mean 1.
    """

    patterns: tuple[str, ...] = field(repr=False)
    match: NDArray[np.bool_] = field(repr=False)
    weight: NDArray[np.float64] = field(repr=False)

    def states(self, name: str, comparisons: Sequence[Comparison]) -> NDArray[np.int8]:
        """(pairs, comparisons) states.

        Raises:
            MismatchError: The pairs were compared on something else.
        """
        try:
            read = [read_pattern(text, comparisons) for text in self.patterns]
            if any(state >= c.states for row in read for state, c in zip(row, comparisons, strict=True)):
                raise ValueError("a level that is not in the model")
            return np.array(read, np.int8)
        except (KeyError, ValueError, IndexError) as error:
            step = in_words(name)
            raise MismatchError(
                f"the decided pairs of pass {step} were compared on other fields than this linkage compares.",
                remedy="Use decisions on a linkage of the same profile and levels.",
            ) from error


@dataclass(frozen=True, slots=True)
class Labels:
    """Decided pairs of all passes.

    Attributes:
        by_pass: Pass to its decided pairs.
    """

    by_pass: Mapping[str, LabelledPatterns]

    @property
    def decided(self) -> int:
        """All decided pairs."""
        return sum(len(part.patterns) for part in self.by_pass.values())


def labels_of(design: pa.Table, reviewed: pd.DataFrame) -> Labels:
    """The decisions on a drawn sample as labels.

    Args:
        design: ``review.parquet``.
        reviewed: ``pair`` and ``decision``, as in ``review.csv``.

    Raises:
        InputError: A column is missing, a pair is unknown or twice, a decision is none of the three, or none is made.
    """
    sample = design.select(["pair", "inclusion", "pass", "pattern"]).to_pandas().set_index("pair")
    verdict = decisions_of(reviewed, sample)
    if verdict.empty:
        raise InputError("no pair is decided.", remedy="Fill in the column decision of review.csv.")
    decided = sample.loc[verdict.index].assign(match=verdict)
    found = {}
    for name, rows in decided.groupby("pass", observed=True):
        weight = 1.0 / rows["inclusion"].to_numpy(np.float64)
        found[str(name)] = LabelledPatterns(
            tuple(rows["pattern"].astype(str)), rows["match"].to_numpy(np.bool_), weight / weight.mean()
        )
    return Labels(found)


def use_labels(
    labels: LabelledPatterns | None, name: str, comparisons: Sequence[Comparison]
) -> tuple[Decided | None, dict[str, Any]]:
    """The decided pairs of a pass, where they are enough and do not contradict the comparisons; and what is reported.

    The report says ``matches``, ``non_matches``, ``used`` and the ``reason`` if they are not used.

    Raises:
        MismatchError: The pairs were compared on something else.
    """
    if labels is None or not comparisons:
        return None, {}
    yes, no = int(labels.match.sum()), int((~labels.match).sum())
    decided = Decided(labels.states(name, comparisons), labels.match, LABEL_WEIGHT * labels.weight)
    reason = ""
    if min(yes, no) < LEAST_LABELS:
        reason = f"fewer than {LEAST_LABELS} matches or non-matches are decided"
    elif _contradictory(decided, comparisons):
        reason = "decided matches hardly agree more than decided non-matches"
    report = {"matches": yes, "non_matches": no, "used": not reason, "reason": reason}
    return (None if reason else decided), report


def _contradictory(decided: Decided, comparisons: Sequence[Comparison]) -> bool:
    """Whether decided matches agree hardly more than decided non-matches on every comparison."""
    gaps = []
    for c, comparison in enumerate(comparisons):
        match, other = (decided.table_of(comparison, c, side) for side in (True, False))
        gaps.append(float(agreement(match / max(match.sum(), 1e-12)) - agreement(other / max(other.sum(), 1e-12))))
    return max(gaps) < LEAST_GAP
