"""Pairs within a register that look like one person, where a register is said to hold nobody twice.

Pairs within such a register are counted as non-matches. If the word is wrong, copies of a person are among them. Then
complete agreement seems frequent among strangers, and the matches between the registers are taken for strangers. So the
pairs that agree on everything compared are counted first. Of strangers there are at most

    pairs of the block · BLOCK_FIXES · min over the comparisons of the share of all pairs that are equal.

*Does not see:* copies where all that is compared is shared by many, as sex and town are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.comparison.pass_layout import Source, fixed_cells
from wasl.linkage.comparison.patterns import MISSING, Comparison, PatternCounts
from wasl.linkage.model.frequency import column_of

__all__ = ["Doubles", "find_doubles", "most_doubles"]

BLOCK_FIXES = 100.0
"""Strangers of one block agree at most so many times as often as others. Among persons of one birth year 60 times as
many share the date, and of one day and month 60 times as many."""
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
    name: str,
    sources: Sequence[Source],
    telling: Sequence[bool],
    patterns: PatternCounts,
    strata: Sequence[tuple[str, str, int]],
    comparisons: Sequence[Comparison],
    rows: Mapping[str, int],
    share: float,
) -> list[Doubles]:
    """Count the pairs within each register whose pairs are counted as strangers.

    Args:
        name: The pass.
        sources: The deliveries.
        telling: (sources) whether pairs within them are counted as non-matches.
        patterns: Counted patterns.
        strata: (left label, right label, size class).
        comparisons: Of the pass.
        rows: Of the pass, by register.
        share: Of all pairs of the pass, how many were counted.
    """
    alike = _alike(patterns.states, comparisons)
    found = []
    for source, tells in zip(sources, telling, strict=True):
        inside = np.array([left == right == source.label for left, right, _ in strata], np.bool_)
        if not tells or not inside.any():
            continue
        mine = inside[patterns.stratum]
        pairs = float(patterns.counts[mine & alike].sum()) / share
        if pairs >= LEAST:
            held = float(patterns.counts[mine].sum()) / share
            chance = min(1.0, BLOCK_FIXES * _least_share(name, source, comparisons))
            found.append(Doubles(source.label, rows[source.label], pairs, held * chance))
    return found


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


def _alike(states: NDArray[np.int8], comparisons: Sequence[Comparison]) -> NDArray[np.bool_]:
    """(patterns) whether all that is compared is in the upper third of the levels, and something is compared."""
    alike, compared = np.ones(len(states), np.bool_), np.zeros(len(states), np.bool_)
    for c, comparison in enumerate(comparisons):
        state = states[:, c]
        least = (2 * comparison.states) // 3 if comparison.kind == "filter" else 1
        alike &= (state > least) | (state == MISSING)
        compared |= state != MISSING
    return alike & compared


def _least_share(name: str, source: Source, comparisons: Sequence[Comparison]) -> float:
    """Least share, over the comparisons, of the pairs of a register that are equal; 1 where nothing is compared."""
    least = 1.0
    for comparison in comparisons:
        prefix = "filter" if comparison.kind == "filter" else "token"
        column = column_of([source], name, f"{prefix}_{comparison.name}")[0]
        if column is None or len(column) - column.null_count < 2:
            continue
        cells = fixed_cells(column.drop_null())
        _, held = np.unique(cells.view(f"V{cells.shape[1]}").reshape(-1), return_counts=True)
        least = min(least, float((held * (held - 1.0)).sum()) / (len(cells) * (len(cells) - 1.0)))
    return least
