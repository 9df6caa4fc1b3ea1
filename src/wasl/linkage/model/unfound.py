"""Matches that no model finds, counted by who is born on one day.

Between two registers more pairs agree on the birth date than chance makes agree, and the excess is matches. It does not
depend on what else is compared. Where columns of names were exchanged, or are written in another alphabet, no pair
agrees on names and birth date. The model then finds few matches, agrees with itself, and estimates a high recall. The
excess shows that the matches are there:

    excess = equal pairs between A and B  -  n_A · n_B · √(r_A · r_B),      r = share of equal pairs within a register

By the inequality of Cauchy and Schwarz no two distributions of births agree by chance more often than that. So the
excess is a lower bound, also where one register holds older people, where a day is frequent, and where a register holds
people twice. It is compared with the matches that the model expects among the same pairs.

*Does not hold for:* a single register, and passes with more than one block: there too few strangers meet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.comparison.pass_layout import Source, fixed_cells
from wasl.linkage.comparison.patterns import PatternCounts
from wasl.linkage.model.frequency import column_of
from wasl.linkage.model.match_model import PassModel

__all__ = ["Unfound", "count_unfound", "counted_once", "excess_of"]

CERTAIN = 3.0
"""Standard errors by which the excess must exceed what the model expects."""


@dataclass(frozen=True, slots=True)
class Unfound:
    """Matches of two registers that agree on a personal comparison, and those the model expects among them.

    Attributes:
        left, right: Labels of the registers.
        comparison: What agrees.
        excess: Pairs more than chance makes agree.
        error: Its standard error.
        expected: Matches the model expects among all pairs that agree.
        share: Of all matches, how many agree, as the model says.
    """

    left: str
    right: str
    comparison: str
    excess: float
    error: float
    expected: float
    share: float = field(default=1.0)

    @property
    def missed(self) -> float:
        """Matches, whether they agree or not, that the model does not expect, beyond chance."""
        return max(self.excess - self.expected - CERTAIN * self.error, 0.0) / max(self.share, 0.5)

    def to_json(self) -> dict[str, Any]:
        """The count as a JSON value."""
        return {
            "left": self.left,
            "right": self.right,
            "comparison": self.comparison,
            "excess": round(self.excess, 1),
            "error": round(self.error, 1),
            "expected": round(self.expected, 1),
            "missed": round(self.missed, 1),
        }


def count_unfound(
    sources: Sequence[Source],
    once: Sequence[bool],
    model: PassModel,
    patterns: PatternCounts,
    probability: NDArray[np.float64],
    all_pairs: float,
    personal: Sequence[str],
) -> list[Unfound]:
    """Count for every two duplicate-free registers and personal filter of a pass with one block.

    Args:
        sources: The deliveries.
        once: (sources) whether a person is in it at most once.
        model: Of the pass.
        patterns: Counted patterns.
        probability: (patterns) that their pairs are matches.
        all_pairs: Pairs of the pass; those of `patterns` can be a draw of them.
        personal: Names of comparisons.
    """
    scale = all_pairs / max(float(patterns.counts.sum()), 1.0)
    found = []
    for c, comparison in enumerate(model.comparisons):
        if comparison.kind != "filter" or comparison.name not in personal:
            continue
        held = _counts(sources, model.name, f"filter_{comparison.name}")
        best = patterns.states[:, c] == comparison.states - 1
        share = float(model.m[c][-1])
        for a, b in combinations(range(len(sources)), 2):
            if not (once[a] and once[b]):
                continue
            sides = {(sources[a].label, sources[b].label), (sources[b].label, sources[a].label)}
            mine = np.array([(left, right) in sides for left, right, _ in model.strata], np.bool_)[patterns.stratum]
            expected = scale * float((patterns.counts * probability)[best & mine].sum())
            excess, error = excess_of(held[a], held[b])
            found.append(Unfound(sources[a].label, sources[b].label, comparison.name, excess, error, expected, share))
    return found


def _counts(sources: Sequence[Source], name: str, column: str) -> list[NDArray[np.float64]]:
    """(values) per source, how many rows have each value of a filter; empty where a source has none."""
    cells, number = [], []
    for place, part in enumerate(column_of(sources, name, column)):
        if part is not None and len(part) > part.null_count:
            cells.append(fixed_cells(part.drop_null()))
            number.append(np.full(len(cells[-1]), place, np.int64))
    if not cells:
        return [np.zeros(0)] * len(sources)
    rows = np.ascontiguousarray(np.concatenate(cells))
    values, code = np.unique(rows.view(f"V{rows.shape[1]}").reshape(-1), return_inverse=True)
    source = np.concatenate(number)
    return [
        np.bincount(code[source == place], minlength=len(values)).astype(np.float64) for place in range(len(sources))
    ]


def excess_of(left: NDArray[np.float64], right: NDArray[np.float64]) -> tuple[float, float]:
    """Pairs of two registers that agree beyond chance, and the standard error of that number."""
    n, m = float(left.sum()), float(right.sum())
    if min(n, m) < 2:
        return 0.0, 0.0
    between = float(left @ right)
    within = [float((held * (held - 1.0)).sum()) for held in (left, right)]
    rates = [(pairs + 1.0) / (size * (size - 1.0)) for pairs, size in zip(within, (n, m), strict=True)]
    chance = n * m * float(np.sqrt(rates[0] * rates[1]))
    # Of numbers of equal pairs that vary as counts do; of each register half its relative variance.
    relative = sum(0.25 * 2.0 / (pairs + 1.0) for pairs in within)
    return between - chance, float(np.sqrt(between + chance**2 * relative))


def counted_once(rows: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """Matches missed by all registers, and how many more there is room for, certain or not.

    Several comparisons and passes count the same matches of two registers, so the largest count stands for all.

    Args:
        rows: Of ``Unfound.to_json``, of every pass.
    """
    missed: dict[tuple[str, str], float] = {}
    room: dict[tuple[str, str], float] = {}
    for row in rows:
        registers = (row["left"], row["right"])
        missed[registers] = max(missed.get(registers, 0.0), row["missed"])
        room[registers] = max(room.get(registers, 0.0), row["excess"] - row["expected"])
    return sum(missed.values()), sum(room.values())
