"""Pairs within a register that look like one person, where a register is said to hold nobody twice.

Pairs within such a register are counted as non-matches. If the word is wrong, copies of a person are among them. Then
complete agreement seems frequent among strangers, and the matches between the registers are taken for strangers. So the
pairs that agree on everything compared are counted first. Strangers agree on one comparison whether they agree on the
others or not. So they make of such pairs, for each comparison,

    pairs that agree on it alone · pairs that agree on all others alone / pairs that agree on neither.

The largest of these numbers is expected. A pass with one comparison is looked at if that is personal.

*Does not see:* copies in passes that compare only one thing which many share, as sex is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.comparison.patterns import MISSING, Comparison, PatternCounts

__all__ = ["Doubles", "find_doubles", "most_doubles"]

PERSONAL = 0.05
"""Share of the strangers of a block that agree on the birth date, at most. In blocks of a name and the birth year it is
1 in 365, and in those of a word and a part of the date it was .002 to .007."""
LEAST, CERTAIN = 10, 5.0
"""Fewer pairs are not looked at; and standard deviations by which they exceed what chance can bring. In registers that
hold nobody twice, of siblings, of sons with their fathers' names, and of namesakes, there were 0 in 2,800 rows."""


@dataclass(frozen=True, slots=True)
class Doubles:
    """Pairs within a register that agree on everything compared.

    Attributes:
        register: Label.
        rows: Of the register in the pass.
        pairs: Pairs that agree.
        expected: So many at most strangers make.
    """

    register: str
    rows: int
    pairs: float
    expected: float

    @property
    def contradict(self) -> bool:
        """Whether strangers do not explain the pairs."""
        return self.pairs >= LEAST and self.pairs > self.expected + CERTAIN * float(np.sqrt(self.expected))

    @property
    def records(self) -> int:
        """Records that share a person with another one, beyond chance; at most all."""
        return int(min(2.0 * max(self.pairs - self.expected, 0.0), self.rows)) if self.contradict else 0

    def to_json(self) -> dict[str, Any]:
        """The count as a JSON value."""
        return {"register": self.register, "rows": self.rows, "pairs": int(self.pairs), "records": self.records}


def find_doubles(
    labels: Sequence[str],
    patterns: PatternCounts,
    strata: Sequence[tuple[str, str, int]],
    comparisons: Sequence[Comparison],
    personal: Sequence[str],
    rows: Mapping[str, int],
    share: float,
) -> list[Doubles]:
    """Count the pairs within each register that agree on everything.

    Args:
        labels: Of the registers that are said to hold a person once, and whose pairs are counted as non-matches.
        patterns: Counted patterns.
        strata: (left label, right label, size class).
        comparisons: Of the pass.
        personal: Names of comparisons on which strangers seldom agree.
        rows: Of the pass, by register.
        share: Of all pairs of the pass, how many were counted.
    """
    agree, compared = _agreement(patterns.states, comparisons)
    several = compared.sum(axis=1) > 1
    alone = np.array([comparison.name in personal for comparison in comparisons], np.bool_)
    told = several | (compared & alone).any(axis=1)
    alike = told & (agree | ~compared).all(axis=1)
    found = []
    for label in labels:
        inside = np.array([left == right == label for left, right, _ in strata], np.bool_)
        counts = np.where(inside[patterns.stratum] & told, patterns.counts, 0.0) / share
        pairs = float(counts[alike].sum())
        if pairs >= LEAST:
            one = PERSONAL * float(counts[~several].sum())
            found.append(Doubles(label, rows[label], pairs, one + _by_chance(counts * several, agree, compared)))
    return found


def _agreement(
    states: NDArray[np.int8], comparisons: Sequence[Comparison]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(patterns, comparisons) whether each is in the upper third of its levels, and whether it is compared."""
    least = np.array([(2 * one.states) // 3 if one.kind == "filter" else 1 for one in comparisons], np.int64)
    agree: NDArray[np.bool_] = states > least
    compared: NDArray[np.bool_] = states != MISSING
    return agree, compared


def _by_chance(counts: NDArray[np.float64], agree: NDArray[np.bool_], compared: NDArray[np.bool_]) -> float:
    """Pairs that agree on everything if each comparison is independent of all others."""
    most = 0.0
    for c in range(agree.shape[1]):
        here = compared[:, c]
        others = (agree | ~compared)[:, [k for k in range(agree.shape[1]) if k != c]].all(axis=1)
        one, rest, none = (
            float(counts[here & which].sum())
            for which in (agree[:, c] & ~others, ~agree[:, c] & others, ~agree[:, c] & ~others)
        )
        most = max(most, one * rest / max(none, 1.0))
    return most


def most_doubles(reports: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The largest count of each register over the passes.

    Args:
        reports: Of the passes, each with the rows of ``Doubles.to_json`` under ``doubles``.
    """
    most: dict[str, Mapping[str, Any]] = {}
    for row in (row for report in reports for row in report.get("doubles", [])):
        if row["records"] > most.get(row["register"], {"records": 0})["records"]:
            most[row["register"]] = row
    return most
