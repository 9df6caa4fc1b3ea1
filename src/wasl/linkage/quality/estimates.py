"""Quality without truth: how many links are wrong and how many are missing, as the probabilities themselves say.

Expected false links are the sum of (1 − p) over the links. Missing links have three parts. The first is the sum of p
over pairs that were not linked. The second is the number of matches that the model expects among pairs below the
written ones. The third is the number of matches that met in no pass: a capture-recapture estimate over the passes, each
of which catches a pair or does not. Pairs that are together by way of a third record are subtracted from it. It is at
least the number estimated from these pairs for persons with two records.

The intervals allow for chance and for a model whose error rates are wrong by three quarters (standard deviation).

*Does not hold for:* sources whose records depend on each other in ways the model does not see. Capture-recapture
between sources assumes that membership in one is independent of membership in the other.

Source: A. Chao, Estimating the Population Size for Capture-Recapture Data with Unequal Catchability, Biometrics 43
(1987); D. Chapman (1951) for two sources.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.persons.meetings import shared_passes
from wasl.linkage.persons.merging import MergedPairs
from wasl.linkage.persons.records import Records
from wasl.linkage.persons.sums import counts_by
from wasl.linkage.quality.open_ends import open_ends_of

__all__ = [
    "MODEL_ERROR",
    "Estimate",
    "estimate_quality",
    "estimate_ratio",
    "never_met",
    "spread_of",
]

Z = 1.96
MODEL_ERROR = 0.75
"""Relative error allowed for an expected number of wrong or missed pairs, as a standard deviation. At .5 the true
precision of foreigners with damaged names (.909) fell just outside the interval (from .910)."""
WIDER = 2.0
"""Factor on the distance of the lower end of precision from 1. Without it the interval held the true precision in 5 of
10 draws of small registers of names and birth dates and of the 19th century, with it in 9. Of 63 runs on unusual
registers it held in 56 without it, and in 62 with it."""
TOGETHER = 0.015
"""Share of the matches with errors in several comparisons at once, as exchanged names are, as a standard deviation. A
model of independent comparisons expects none, and one block of all pairs has no passes to count them by. In kinds of
the laboratory under `open` such matches were .02 to .025, and the interval of recall began at .98."""
THRESHOLDS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and its 95 % interval."""

    value: float
    low: float
    high: float

    def to_json(self) -> dict[str, float]:
        """The estimate as a JSON value."""
        return {"value": self.value, "low": self.low, "high": self.high}


def never_met(
    met: NDArray[np.integer], weight: NDArray[np.float64], chances: NDArray[np.integer]
) -> tuple[float, float]:
    """Expected matches that met in no pass, and the variance of that number.

    Args:
        met: (pairs) passes that showed the pair.
        weight: (pairs) probability that it is a match.
        chances: (pairs) passes in which both records have a row.
    """
    free = chances > 1
    once = float(weight[free & (met == 1)].sum())
    twice = float(weight[free & (met == 2)].sum())
    held = float(weight[free].sum())
    occasions = float(weight[free] @ chances[free]) / held if held else 1.0
    share = (occasions - 1.0) / occasions  # few occasions leave fewer uncaught than many of the same counts would
    missing = share * once * max(once - 1.0, 0.0) / (2.0 * (twice + 1.0))
    ratio = once / (twice + 1.0)
    return missing, share * twice * (0.5 * ratio**2 + share * ratio**3 + 0.25 * share * ratio**4)


def spread_of(expected: float, variance: float) -> float:
    """Standard deviation of an expected number: chance, and a model whose error rates are wrong by `MODEL_ERROR`."""
    return float(np.sqrt(variance + (MODEL_ERROR * expected) ** 2))


def estimate_ratio(right: float, other: float, spread: float) -> Estimate:
    """Right / (right + other) when `other` is uncertain."""
    low, high = max(other - Z * spread, 0.0), other + Z * spread + 3.0  # three: what none seen still allows for
    total = max(right, 1e-9)
    return Estimate(total / (total + other), total / (total + high), total / (total + low))


def estimate_quality(
    pairs: MergedPairs,
    together: NDArray[np.bool_],
    records: Records,
    expected_below: float,
    duplicate_free: NDArray[np.bool_],
    cluster: NDArray[np.integer],
    unknown: str = "",
    room: float = 0.0,
    all_pairs: bool = False,
) -> dict[str, Any]:
    """Estimated precision, recall and F1, by pair of registers too, and who is in neither of two sources.

    Args:
        pairs: Candidate pairs.
        together: (pairs) whether they were linked.
        records: Their records.
        expected_below: Matches expected among pairs that were compared but not written out.
        duplicate_free: (sources) whether a person is in it at most once.
        cluster: (records) their persons: records that never met can be together by way of a third.
        unknown: Why the matches that never met cannot be estimated; empty where they can.
        room: Matches of all registers that births show beyond those the model expects, certain or not.
        all_pairs: Whether a pass compared all pairs, so that nothing but the model estimates what was missed.
    """
    chances = shared_passes(pairs.left, pairs.right, records)
    joined = _joined(records, cluster)
    beside = float(np.triu(joined).sum()) - float(together.sum())
    alone = _alone(pairs, together, cluster)
    open_ends = open_ends_of(pairs, together, cluster, records)
    everything = _Candidates.of(pairs, together, chances, slice(None))
    hidden = TOGETHER if all_pairs else 0.0
    whole = _estimates(everything, expected_below, beside, open_ends * float(alone.sum()), room, hidden)
    whole |= _widened(whole)
    linked = _Linked(pairs, together, chances, joined, open_ends, alone, hidden)
    by_registers, reconciliation = _between_registers(linked, records, expected_below, duplicate_free)
    total = float(pairs.probability.sum()) + whole["missed_parts"]["below"] + whole["missed_parts"]["never_met"]
    if unknown:
        whole |= _without_recall(whole, unknown)
        by_registers = [row | _without_recall(row, unknown) for row in by_registers]
    return {
        **whole,
        "by_threshold": _by_threshold(pairs.probability, total),
        "by_registers": by_registers,
        "reconciliation": reconciliation,
    }


def _widened(whole: dict[str, Any]) -> dict[str, Any]:
    """Precision and F1 with wider intervals: see `WIDER`."""
    precision, f1 = dict(whole["precision"]), dict(whole["f1"])
    low = max(1.0 - WIDER * (1.0 - precision["low"]), 0.0)
    f1["low"] *= low / max(precision["low"], 1e-9)
    return {"precision": precision | {"low": low}, "f1": f1}


@dataclass(frozen=True, slots=True)
class _Linked:
    """Candidate pairs and what became of them.

    Attributes:
        pairs: Candidate pairs.
        together: (pairs) whether they were linked.
        chances: (pairs) passes in which both records stand.
        joined: (sources, sources) pairs of records in one person.
        open_ends: Matches expected to have met in no pass, for each linked person alone.
        alone: (pairs) linked pairs that stand for one person.
        hidden: See :func:`_estimates`.
    """

    pairs: MergedPairs
    together: NDArray[np.bool_]
    chances: NDArray[np.integer]
    joined: NDArray[np.int64]
    open_ends: float
    alone: NDArray[np.bool_]
    hidden: float


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Columns of some candidate pairs that the estimates need.

    Attributes:
        probability: (pairs) that they are matches.
        met: (pairs) passes that showed them.
        together: (pairs) whether they were linked.
        chances: (pairs) passes in which both records have a row.
    """

    probability: NDArray[np.float64]
    met: NDArray[np.integer]
    together: NDArray[np.bool_]
    chances: NDArray[np.integer]

    @classmethod
    def of(
        cls,
        pairs: MergedPairs,
        together: NDArray[np.bool_],
        chances: NDArray[np.integer],
        chosen: slice | NDArray[np.int64],
    ) -> _Candidates:
        """The chosen pairs."""
        return cls(pairs.probability[chosen], pairs.met[chosen], together[chosen], chances[chosen])


def _between_registers(
    linked: _Linked, records: Records, expected_below: float, duplicate_free: NDArray[np.bool_]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The estimates by pair of registers, and the persons in one, the other, both and neither of two registers.

    Args:
        linked: Candidate pairs and what became of them.
        records: Their records.
        expected_below: Matches expected among pairs that were compared but not written out; shared by probability.
        duplicate_free: (sources) whether a person is in it at most once.
    """
    pairs, together = linked.pairs, linked.together
    alone = len(records.sources) == 1
    sides = (records.source[:0],) * 2 if alone else (records.source[pairs.left], records.source[pairs.right])
    held = np.bincount(records.source, minlength=len(records.sources))
    by_registers: list[dict[str, Any]] = []
    reconciliation: list[dict[str, Any]] = []
    for a in range(len(records.sources)):
        for b in range(a, len(records.sources)):
            here = ((sides[0] == a) & (sides[1] == b)) | ((sides[0] == b) & (sides[1] == a))
            chosen = slice(None) if alone else np.flatnonzero(here)
            of_pair = _Candidates.of(pairs, together, linked.chances, chosen)
            if len(of_pair.probability) == 0:
                continue
            share = float(of_pair.probability.sum() / max(pairs.probability.sum(), 1e-9))
            beside = float(linked.joined[a, b]) - float(of_pair.together.sum())
            unmet = linked.open_ends * float(linked.alone[chosen].sum())
            found = _estimates(of_pair, expected_below * share, beside, unmet, hidden=linked.hidden)
            names = {"left": records.sources[a], "right": records.sources[b]}
            shown = ("precision", "recall", "f1", "missed", "wrong", "missed_parts")
            by_registers.append(names | {key: found[key] for key in shown})
            if a != b and duplicate_free[a] and duplicate_free[b]:
                reconciliation.append(names | _reconcile(int(held[a]), int(held[b]), int(linked.joined[a, b]), found))
    return by_registers, reconciliation


def _without_recall(found: dict[str, Any], reason: str) -> dict[str, Any]:
    """Recall and F1 of an estimate as bounds: nothing is known of the matches that met in no pass."""
    precision, recall = found["precision"], found["recall"]
    most = 2 * precision["high"] * recall["high"] / max(precision["high"] + recall["high"], 1e-12)
    return {
        "recall": {
            "value": None,
            "low": 0.0,
            "high": recall["high"],
            "reason": reason,
            "if_independent": recall["value"],
        },
        "f1": {"value": None, "low": 0.0, "high": most, "reason": reason},
    }


def _joined(records: Records, cluster: NDArray[np.integer]) -> NDArray[np.int64]:
    """(sources, sources) pairs of records that are one person's, whether they met or not."""
    sources = len(records.sources)
    if sources == 1:
        held = counts_by(cluster, len(cluster))
        return np.full((1, 1), int((held * (held - 1) // 2).sum()))
    from scipy.sparse import coo_array  # not imported where one register is deduplicated

    shape = len(cluster), sources
    table = coo_array((np.ones(len(cluster), np.int64), (cluster, records.source)), shape=shape).tocsr()
    both = np.asarray((table.T @ table).todense(), np.int64)
    np.fill_diagonal(both, (np.diagonal(both) - np.bincount(records.source, minlength=sources)) // 2)
    return both


def _alone(pairs: MergedPairs, together: NDArray[np.bool_], cluster: NDArray[np.integer]) -> NDArray[np.bool_]:
    """(pairs) whether the two records are together and a person by themselves."""
    two = (counts_by(cluster, len(cluster)) == 2)[cluster]
    both: NDArray[np.bool_] = together & two[pairs.left]
    return both


def _estimates(
    pairs: _Candidates, below: float, beside: float, apart: float, room: float = 0.0, hidden: float = 0.0
) -> dict[str, Any]:
    """Precision, recall and F1 of some pairs.

    Args:
        pairs: The candidates.
        below: Matches expected among pairs that were compared but not written out.
        beside: Pairs that never met and are together by way of others.
        apart: Persons of two records expected to stay apart, judged from larger ones.
        room: Further missed matches for which there is room.
        hidden: Share of the matches that the model may not see, as a standard deviation.
    """
    p, together, chances = pairs.probability, pairs.together, pairs.chances
    linked = float(together.sum())
    sure = float(p[together].sum()) / linked if linked else 1.0
    right = (linked + beside) * sure
    wrong = (linked + beside) * (1.0 - sure)
    left_out = float(p[~together].sum())
    unmet, unmet_variance = never_met(pairs.met[together], p[together], chances[together])
    unmet = max(unmet - beside * sure, apart)
    missed = left_out + below + unmet
    wrong_spread = spread_of(wrong, float((p * (1 - p))[together].sum()))
    missed_spread = spread_of(
        missed, float((p * (1 - p))[~together].sum()) + below + unmet_variance + (room / Z) ** 2 + (hidden * right) ** 2
    )
    precision, recall = estimate_ratio(right, wrong, wrong_spread), estimate_ratio(right, missed, missed_spread)
    f1 = {
        name: 2 * getattr(precision, name) * getattr(recall, name) / (getattr(precision, name) + getattr(recall, name))
        for name in ("value", "low", "high")
    }
    return {
        "precision": precision.to_json(),
        "recall": recall.to_json(),
        "f1": f1,
        "wrong": Estimate(wrong, max(wrong - Z * wrong_spread, 0.0), wrong + Z * wrong_spread).to_json(),
        "missed": Estimate(missed, max(missed - Z * missed_spread, 0.0), missed + Z * missed_spread).to_json(),
        "missed_parts": {"not_linked": left_out, "below": below, "never_met": unmet},
    }


def _reconcile(left: int, right: int, linked: int, found: dict[str, Any]) -> dict[str, Any]:
    """Source A, source B, both, and the estimated missed; the links' own errors are in the interval."""

    def neither(both: float) -> float:
        whole = (left + 1) * (right + 1) / (both + 1) - 1
        return max(whole - left - right + both, 0.0)

    most = float(min(left, right))
    both = min(linked - found["wrong"]["value"] + found["missed"]["value"], most)
    low = min(linked - found["wrong"]["low"] + found["missed"]["high"], most)
    high = max(linked - found["wrong"]["high"] + found["missed"]["low"], 0.0)
    variance = (left + 1) * (right + 1) * (left - both) * (right - both) / ((both + 1) ** 2 * (both + 2))
    spread = Z * float(np.sqrt(max(variance, 0.0)))
    value = neither(both)
    return {
        "only_left": left - linked,
        "only_right": right - linked,
        "both": linked,
        "both_estimated": both,
        "neither": Estimate(value, max(neither(low) - spread, 0.0), neither(high) + spread).to_json(),
    }


def _by_threshold(probability: NDArray[np.float64], total: float) -> list[dict[str, float]]:
    rows: Sequence[float] = THRESHOLDS
    found = []
    for threshold in rows:
        chosen = probability[probability >= threshold]
        right = float(chosen.sum())
        found.append(
            {
                "threshold": threshold,
                "precision": right / len(chosen) if len(chosen) else 1.0,
                "recall": right / total if total else 1.0,
            }
        )
    return found
