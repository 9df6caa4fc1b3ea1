"""Primary rules: which cells may not be published as they are, and how far an attacker must be kept away from them.

*Sources:* the (n, k) rule, the p % rule and the pq rule with the protection levels that follow from them are those of
A. Hundepool et al., *Statistical Disclosure Control*, Wiley 2012, section 4.2.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wasl.tables.cells import CellTable, Floats
from wasl.tables.specification import PrimaryRules, ProtectionSpec

__all__ = ["PrimaryResult", "find_primary"]

DEFAULT_LEVEL = 0.10
"""Share of the value by which a cell unsafe by frequency is protected where nothing is stated; the usual preset."""

RULES = ("frequency", "dominance", "p-percent", "pq", "zero")


@dataclass(frozen=True, slots=True)
class PrimaryResult:
    """The unsafe cells.

    Attributes:
        unsafe: Which cells are unsafe.
        rule: For each cell the number + 1 of the first rule in ``RULES`` that it breaks; 0 for safe cells.
        lower, upper: Protection levels: the interval of an attacker must reach this far below and above the value.
        counts: Cells by rule, each cell counted once.
    """

    unsafe: NDArray[np.bool_] = field(repr=False)
    rule: NDArray[np.int8] = field(repr=False)
    lower: Floats = field(repr=False)
    upper: Floats = field(repr=False)
    counts: dict[str, int]


def find_primary(table: CellTable, rules: PrimaryRules, protection: ProtectionSpec) -> PrimaryResult:
    """Apply the rules to every cell.

    A cell whose contributors all waive protection is safe by frequency. The p % and pq rules protect the largest
    contribution without a waiver.

    Does not protect against: an attacker who is several contributors at once, unless they are declared a holding.
    """
    n = table.size
    rule = np.zeros(n, dtype=np.int8)
    lower, upper = np.zeros(n), np.zeros(n)
    below = DEFAULT_LEVEL if protection.lower is None else protection.lower
    above = DEFAULT_LEVEL if protection.upper is None else protection.upper
    size = table.magnitude  # where contributions cancel out, a share of the sum would protect none of them
    contributors = table.contributors

    few = (contributors > 0) & (contributors < rules.minimum_contributors)
    if table.waived is not None:
        few &= ~table.waived
    _mark(rule, few, 1)
    _raise(lower, few, below * size)
    _raise(upper, few, above * size)

    for item in rules.dominance:
        top = table.largest[:, : item.n].sum(axis=1)
        hit = (contributors > 0) & (top > item.k / 100 * table.magnitude)
        if table.dominance_waived is not None:
            hit &= ~table.dominance_waived[:, item.n - 1]
        own = 100 / item.k * top - table.magnitude
        _mark(rule, hit, 2)
        _raise(lower, hit, own if protection.lower is None else below * size)
        _raise(upper, hit, own if protection.upper is None else above * size)

    pairs = [(3, rules.p_percent, 100.0)] if rules.p_percent else []
    pairs += [(4, *rules.pq)] if rules.pq else []
    for number, p, q in pairs:
        target, other = _pair(table)
        rest = table.magnitude - target - other
        rest = np.where(rest < 1e-9 * table.magnitude, 0.0, rest)
        own = p / q * target - rest
        hit = (contributors > 0) & (target > 0) & (own > 0)
        _mark(rule, hit, number)
        _raise(lower, hit, own)
        _raise(upper, hit, own)

    if rules.zeros == "unsafe":
        empty = table.value == 0
        if table.structural is not None:
            empty &= ~table.structural
        _mark(rule, empty, 5)
        _raise(upper, empty, np.full(n, rules.zero_level))
    counts = {name: int((rule == i + 1).sum()) for i, name in enumerate(RULES) if (rule == i + 1).any()}
    return PrimaryResult(rule > 0, rule, lower, upper, counts)


def _mark(rule: NDArray[np.int8], hit: NDArray[np.bool_], number: int) -> None:
    rule[hit & (rule == 0)] = number


def _raise(level: Floats, hit: NDArray[np.bool_], own: Floats) -> None:
    level[hit] = np.maximum(level[hit], np.maximum(own[hit], 0.0))


def _pair(table: CellTable) -> tuple[Floats, Floats]:
    if table.target is not None and table.intruder is not None:
        return table.target, table.intruder
    return table.largest[:, 0], table.largest[:, 1] if table.largest.shape[1] > 1 else np.zeros(table.size)
