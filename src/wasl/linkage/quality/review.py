"""A sample of pairs for reviewers, and estimates for all links from their decisions.

Pairs are drawn by strata of probability; linked and unlinked pairs have strata of their own. The share of a stratum
follows its pairs times the standard deviation of their being matches (J. Neyman, JRSS 97, 1934). Strata of which the
model is certain are reviewed too: the least deviation of a stratum is ``LEAST_DEVIATION``.

Reviewers decide blind: their sheet shows neither probability nor grade. A reviewer without access to the records can
look at waterfalls, which show levels and weights, never an encoding.

*Does not hold for:* pairs that never met as candidates; recall takes their number from the model's own estimate.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from wasl.errors import InputError
from wasl.linkage.persons.sums import codes_of, counts_by, parts_of, sums_by
from wasl.linkage.quality.estimates import MODEL_ERROR, Estimate

__all__ = ["DECISIONS", "REVIEW_FIELDS", "ReviewSample", "decisions_of", "draw_sample", "estimate_from_review"]

LINKED_BANDS = (0.0, 0.5, 0.8, 0.95, 0.99, 0.999)
OTHER_BANDS = (0.0, 0.05, 0.2, 0.5)
"""Lower ends of the bands of probability, for linked pairs and for the others."""
LEAST_DEVIATION = 0.05
LEAST_DRAWN = 2
DRAWS = 4000
"""Draws from the posterior behind an interval."""
PRIOR_MEAN = 0.02, 0.98
"""However sure the model is, the opinion that stands behind a stratum before anybody looks at it is not surer."""
DECISIONS = ("match", "non-match", "unsure")
REVIEW_FIELDS = [
    ("pair", pa.int32()),
    ("linked", pa.bool_()),
    ("stratum", pa.int32()),
    ("stratum_pairs", pa.int64()),
    ("stratum_probability", pa.float64()),
    ("inclusion", pa.float64()),
]
"""Columns that the sample adds to its pairs: number, whether linked, stratum, its size and mean probability, and the
chance the pair had of being drawn.
"""


@dataclass(frozen=True, slots=True)
class ReviewSample:
    """The pairs to review.

    Attributes:
        chosen: (sample) int64 places of the pairs, in the order they are shown.
        stratum: (sample) int32.
        stratum_pairs: (sample) int64, pairs in that stratum.
        stratum_probability: (sample) float64, their mean probability.
        inclusion: (sample) float64, the chance the pair had of being drawn.
    """

    chosen: NDArray[np.int64] = field(repr=False)
    stratum: NDArray[np.int32] = field(repr=False)
    stratum_pairs: NDArray[np.int64] = field(repr=False)
    stratum_probability: NDArray[np.float64] = field(repr=False)
    inclusion: NDArray[np.float64] = field(repr=False)

    def columns(self, linked: NDArray[np.bool_]) -> list[pa.Array]:
        """The columns of ``REVIEW_FIELDS``; `linked` is of all pairs."""
        return [
            pa.array(np.arange(1, len(self.chosen) + 1, dtype=np.int32)),
            pa.array(linked[self.chosen]),
            pa.array(self.stratum),
            pa.array(self.stratum_pairs),
            pa.array(self.stratum_probability),
            pa.array(self.inclusion),
        ]


def draw_sample(
    probability: NDArray[np.float64], linked: NDArray[np.bool_], size: int, rng: np.random.Generator
) -> ReviewSample:
    """Draw pairs to review.

    Args:
        probability: (pairs) float64.
        linked: (pairs) whether they were linked.
        size: Pairs to draw, about: every stratum gets at least two.
        rng: Draws within strata, and the order in which pairs are shown.
    """
    band = np.empty(len(probability), np.uint8)
    for part in parts_of(len(band)):
        band[part] = np.where(
            linked[part],
            np.searchsorted(LINKED_BANDS, probability[part], side="right"),
            len(LINKED_BANDS) + np.searchsorted(OTHER_BANDS, probability[part], side="right"),
        )
    numbers, place = codes_of(band, 256)
    held = counts_by(place, len(numbers))
    mean = sums_by(place, probability, len(numbers)) / np.maximum(held, 1)
    drawn = _allocation(held, mean, size if len(probability) else 0)
    order = rng.permutation(len(probability))
    mixed = place[order]
    first = [order[np.flatnonzero(mixed == k)[:many]] for k, many in enumerate(drawn.tolist())]
    chosen = rng.permutation(np.concatenate([order[:0], *first]))
    mine = place[chosen]
    return ReviewSample(chosen, numbers[mine].astype(np.int32), held[mine], mean[mine], drawn[mine] / held[mine])


def _allocation(held: NDArray[np.int64], mean: NDArray[np.float64], size: int) -> NDArray[np.int64]:
    """How many to draw of each stratum."""
    if size == 0:
        return np.zeros(len(held), np.int64)
    share = held * np.maximum(np.sqrt(mean * (1.0 - mean)), LEAST_DEVIATION)
    drawn = np.zeros(len(held), np.int64)
    open_ = np.ones(len(held), np.bool_)
    while open_.any():  # a stratum that is taken whole leaves its surplus to the others
        left = max(size - int(drawn[~open_].sum()), 0)
        wanted = np.maximum(np.floor(left * share / share[open_].sum()), LEAST_DRAWN).astype(np.int64)
        full = open_ & (wanted >= held)
        if not full.any():
            drawn[open_] = wanted[open_]
            break
        drawn[full] = held[full]
        open_ &= ~full
    return drawn


def estimate_from_review(
    design: pa.Table, reviewed: pd.DataFrame, unmet: float, rng: np.random.Generator
) -> dict[str, Any]:
    """Precision and recall from reviewers' decisions, with 95 % intervals.

    Args:
        design: The sample as it was drawn, with the columns of ``REVIEW_FIELDS``.
        reviewed: ``pair`` and ``decision`` (``match``, ``non-match``; ``unsure`` or nothing: not decided).
        unmet: Matches expected among pairs that were no candidates; taken as known but for half of it.
        rng: Draws from the posterior.

    Raises:
        InputError: A column is missing, a pair is unknown or twice, or a decision is none of the three.
    """
    sample = design.select([name for name, _ in REVIEW_FIELDS]).to_pandas().set_index("pair")
    verdict = decisions_of(reviewed, sample)
    decided = sample.loc[verdict.index].assign(match=verdict)
    strata = []
    for number, rows in sample.groupby("stratum"):
        mine = decided[decided["stratum"] == number]
        strata.append(
            {
                "stratum": int(number),
                "linked": bool(rows["linked"].iloc[0]),
                "pairs": int(rows["stratum_pairs"].iloc[0]),
                "probability": float(rows["stratum_probability"].iloc[0]),
                "drawn": len(rows),
                "decided": len(mine),
                "matches": int(mine["match"].sum()),
            }
        )
    right, wrong = _totals(strata, rng, linked=True)
    missed, _ = _totals(strata, rng, linked=False)
    expected = np.maximum(unmet * (1.0 + MODEL_ERROR * rng.standard_normal(DRAWS)), 0.0)
    expected += rng.exponential(size=DRAWS)  # what none seen still allows for
    beyond = np.concatenate([[unmet], rng.poisson(expected)])
    precision, recall = right / np.maximum(right + wrong, 1e-9), right / np.maximum(right + missed + beyond, 1e-9)
    return {
        "drawn": len(sample),
        "decided": len(decided),
        "undecided": len(sample) - len(decided),
        "precision": _estimate(precision).to_json(),
        "recall": _estimate(recall).to_json(),
        "f1": _estimate(2 * precision * recall / np.maximum(precision + recall, 1e-9)).to_json(),
        "strata": strata,
    }


def decisions_of(reviewed: pd.DataFrame, sample: pd.DataFrame) -> pd.Series:
    """Whether each decided pair is a match, by its number."""
    lacking = sorted({"pair", "decision"} - set(reviewed.columns))
    if lacking:
        raise InputError(
            f"the decisions lack the column {', '.join(lacking)}.", remedy="Fill in the column of review.csv."
        )
    pair = pd.to_numeric(reviewed["pair"], errors="coerce")
    strange = ~pair.isin(sample.index) | pair.duplicated(keep=False)
    if strange.any():
        raise InputError(
            f"row {int(np.flatnonzero(strange)[0]) + 2} of the decisions: no pair of this sample, or twice.",
            remedy="Use the review.csv that was written with this linkage.",
        )
    text = reviewed["decision"].fillna("").astype(str).str.strip().str.lower()
    unknown = ~text.isin(("", *DECISIONS))
    if unknown.any():
        raise InputError(
            f"row {int(np.flatnonzero(unknown)[0]) + 2} of the decisions: not a decision.",
            remedy=f"Write one of {', '.join(DECISIONS)}.",
        )
    known = text.isin(DECISIONS[:2]).to_numpy()
    return pd.Series((text == DECISIONS[0]).to_numpy()[known], index=pair.to_numpy()[known].astype(int))


def _totals(
    strata: list[dict[str, Any]], rng: np.random.Generator, *, linked: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Matches and others among the pairs of some strata: first the estimate, then draws around it.

    The reviewed pairs are known. The rest of a stratum follows a beta distribution whose prior is the model's mean
    probability, with the weight of one pair.
    """
    matches, others = np.zeros(DRAWS + 1), np.zeros(DRAWS + 1)
    for row in strata:
        if row["linked"] is not linked:
            continue
        opinion = min(max(row["probability"], PRIOR_MEAN[0]), PRIOR_MEAN[1])
        yes, no, rest = row["matches"], row["decided"] - row["matches"], row["pairs"] - row["decided"]
        share = np.empty(DRAWS + 1)
        share[0] = yes / (yes + no) if yes + no else row["probability"]
        share[1:] = rng.beta(yes + opinion, no + 1.0 - opinion, DRAWS)
        matches += yes + rest * share
        others += no + rest * (1.0 - share)
    return matches, others


def _estimate(values: NDArray[np.float64]) -> Estimate:
    low, high = np.quantile(values[1:], (0.025, 0.975))
    return Estimate(float(values[0]), float(min(low, values[0])), float(max(high, values[0])))
