"""Comparison patterns: how a pair agrees on every group and token, packed in 64 bits and counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.comparison.engine import Steps

__all__ = [
    "DIFFERENT",
    "EQUAL",
    "GROUP_BITS",
    "MISSING",
    "TOKEN_BITS",
    "Comparison",
    "PatternCounts",
    "comparisons_of",
    "read_pattern",
]

GROUP_BITS = 4
TOKEN_BITS = 2
MISSING, DIFFERENT, EQUAL = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Comparison:
    """One thing pairs are compared on.

    Attributes:
        name: The group or token.
        kind: ``filter`` (levels by distance) or ``token`` (equal or not).
        states: Number of states: missing (0), then levels from worst to best.
        limits: For filters, the largest distance of each level from best to worst but one.
    """

    name: str
    kind: Literal["filter", "token"]
    states: int
    limits: tuple[int, ...] = ()

    def describe(self, state: int) -> str:
        """A state in words, for waterfalls: never an encoding."""
        if state == MISSING:
            return "missing"
        if self.kind == "token":
            return "equal" if state == EQUAL else "different"
        if state == self.states - 1:
            return "same"
        return "unlike" if state == 1 else f"level {state} of {self.states - 1}"


def comparisons_of(steps: Steps, limits: Sequence[Sequence[int]]) -> tuple[Comparison, ...]:
    """The comparisons of a pass, in the order of the bits of a code."""
    filters = [
        Comparison(group, "filter", len(cuts) + 2, tuple(int(cut) for cut in cuts))
        for group, cuts in zip(steps.widths, limits, strict=True)
    ]
    return (*filters, *(Comparison(name, "token", 3) for name in steps.tokens))


@dataclass(frozen=True, slots=True)
class PatternCounts:
    """Patterns met, and how often.

    Attributes:
        codes: (patterns) uint64, ascending; see :func:`wasl.linkage.comparison.kernels.sweep`.
        counts: (patterns) float64 or int64 pairs.
        states: (patterns, comparisons) int8.
        stratum: (patterns) int64 into `strata`.
        strata: (strata) int64, the stratum numbers that occur.
    """

    codes: NDArray[np.uint64] = field(repr=False)
    counts: NDArray[np.int64] = field(repr=False)
    states: NDArray[np.int8] = field(repr=False)
    stratum: NDArray[np.int64] = field(repr=False)
    strata: NDArray[np.int64] = field(repr=False)

    @classmethod
    def of(
        cls, codes: NDArray[np.uint64], counts: NDArray[np.int64], comparisons: Sequence[Comparison]
    ) -> PatternCounts:
        """Add up the counts of equal codes and unpack them."""
        unique, place = np.unique(codes, return_inverse=True)
        total = np.zeros(len(unique), np.int64)
        np.add.at(total, place, counts)
        states, number = unpack(unique, comparisons)
        strata, stratum = np.unique(number, return_inverse=True)
        return cls(unique, total, states, stratum, strata)

    def at(self, strata: NDArray[np.bool_]) -> PatternCounts:
        """The patterns of some strata only."""
        kept = strata[self.stratum]
        number = np.cumsum(strata) - 1
        stratum = number[self.stratum[kept]]
        return PatternCounts(self.codes[kept], self.counts[kept], self.states[kept], stratum, self.strata[strata])

    @property
    def pairs(self) -> int:
        """Pairs counted."""
        return int(self.counts.sum())

    @property
    def per_stratum(self) -> NDArray[np.float64]:
        """(strata) pairs counted."""
        counted = np.bincount(self.stratum, weights=self.counts, minlength=len(self.strata))
        return counted.astype(np.float64)


def unpack(codes: NDArray[np.uint64], comparisons: Sequence[Comparison]) -> tuple[NDArray[np.int8], NDArray[np.int64]]:
    """States (codes, comparisons) and stratum numbers of codes."""
    states = np.zeros((len(codes), len(comparisons)), np.int8)
    shift = 0
    for c, comparison in enumerate(comparisons):
        width = GROUP_BITS if comparison.kind == "filter" else TOKEN_BITS
        states[:, c] = (codes >> np.uint64(shift)) & np.uint64((1 << width) - 1)
        shift += width
    return states, (codes >> np.uint64(shift)).astype(np.int64)


def read_pattern(text: str, comparisons: Sequence[Comparison]) -> list[int]:
    """The states that a spelled pattern stands for, in the order of the comparisons."""
    signs = {".": MISSING, "-": DIFFERENT, "+": EQUAL}
    found = dict(part.rsplit(":", 1) for part in text.split())
    return [signs[state] if (state := found[c.name]) in signs else int(state) for c in comparisons]


def spell(states: NDArray[np.int8], comparisons: Sequence[Comparison]) -> list[str]:
    """Patterns as short text, ``birth:8 names:5 passport:+``; ``.`` is missing, ``+`` equal, ``-`` different."""
    signs = (".", "-", "+")
    return [
        " ".join(
            f"{comparison.name}:{signs[state] if comparison.kind == 'token' else (state or '.')}"
            for comparison, state in zip(comparisons, row, strict=True)
        )
        for row in states.tolist()
    ]
