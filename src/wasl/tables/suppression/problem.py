"""The cell suppression problem: which further cells must stay unpublished so that no unsafe one can be computed.

An attacker knows the published cells, all sums, and bounds for every unpublished cell. For an unsafe cell with value
a, lower level L and upper level U, the attacker's interval must contain [a - L, a + U]. Among all patterns that
achieve this for every unsafe cell, the cheapest is wanted.

*Source:* M. Fischetti and J. J. Salazar, "Solving the cell suppression problem on tabular data with linear
constraints", Management Science 47 (2001), 1008-1027.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wasl.tables.cells import Floats, Ints, Relations

__all__ = ["Problem", "Suppression"]


@dataclass(frozen=True, slots=True)
class Problem:
    """A cell suppression problem over one system of cells.

    Attributes:
        relations: The sums that tie the cells.
        down, up: How far below and above the true value an attacker considers a cell possible, if it is suppressed.
        unsafe: Cells that must be suppressed.
        lower, upper: Protection levels of unsafe cells.
        cost: Cost of suppressing each cell.
        fixed: Cells that are always published.
        singletons: For each lone contributor the unsafe cells that are its own, and for each coalition of contributors
            all cells that are wholly theirs; they know these and attack others.
        relief: Levels that must do against a lone contributor, by (attacker, cell, direction), where the full level
            cannot be reached although everything is suppressed: half of what can be reached.
    """

    relations: Relations
    down: Floats = field(repr=False)
    up: Floats = field(repr=False)
    unsafe: NDArray[np.bool_] = field(repr=False)
    lower: Floats = field(repr=False)
    upper: Floats = field(repr=False)
    cost: Floats = field(repr=False)
    fixed: NDArray[np.bool_] = field(repr=False)
    singletons: tuple[Ints, ...] = field(default=(), repr=False)
    relief: dict[tuple[int, int, int], float] = field(default_factory=dict, repr=False)

    @property
    def cells(self) -> int:
        """Number of cells."""
        return self.relations.cells

    @property
    def demanded(self) -> NDArray[np.bool_]:
        """Unsafe cells with a level. The others stay suppressed, but whoever computes them learns nothing new.

        Such are the cells that an earlier table withheld to protect others.
        """
        return self.unsafe & ((self.lower > 0) | (self.upper > 0))

    @property
    def attackers(self) -> range:
        """Numbers of the attackers: -1 for outsiders, then the lone contributors."""
        return range(-1, len(self.singletons))

    @property
    def symmetric(self) -> bool:
        """Whether every cell can move as far up as down: then so can every movement, turned round."""
        movable = ~self.fixed | self.unsafe
        return bool(np.array_equal(self.down[movable], self.up[movable]))

    @property
    def uneven(self) -> Ints:
        """The cells that can move further one way than the other: a movement without them can be turned round."""
        movable = ~self.fixed | self.unsafe
        return np.flatnonzero(movable & (self.down != self.up))

    def known_to(self, attacker: int) -> Ints:
        """The suppressed cells an attacker knows."""
        return self.singletons[attacker] if attacker >= 0 else np.zeros(0, dtype=np.int64)

    def targets(self, attacker: int = -1) -> list[tuple[int, int, float]]:
        """What must be protected from an attacker: (cell, +1 for upwards or -1 for downwards, level above zero).

        Where the problem is symmetric, each cell is one target.
        """
        cells = np.setdiff1d(np.flatnonzero(self.unsafe), self.known_to(attacker)).tolist()
        if self.symmetric:  # what reaches the larger level upwards reaches both, turned round
            larger = np.maximum(self.upper, self.lower)
            full = [(cell, 1, float(larger[cell])) for cell in cells if larger[cell] > 0]
        else:
            full = [(cell, 1, float(self.upper[cell])) for cell in cells if self.upper[cell] > 0]
            full += [(cell, -1, float(self.lower[cell])) for cell in cells if self.lower[cell] > 0]
        if attacker < 0 or not self.relief:
            return full
        return [(c, d, min(level, self.relief.get((attacker, c, d), level))) for c, d, level in full]


@dataclass(frozen=True, slots=True)
class Suppression:
    """A pattern that protects every unsafe cell.

    Attributes:
        suppressed: Unsafe and secondary cells.
        cost: Cost of the secondary cells.
        bound: No pattern costs less than this.
        proven: Whether the cost equals the bound, up to the asked gap.
        method: ``exact``, ``heuristic`` or ``modular``.
        interrupted: Whether time, work or the user ended the search.
        steps: What the search did, for the internal report. ``ended_by`` is ``proof``, ``gap`` (the one asked for),
            ``time``, ``work`` (see `Clock`), ``user``, or ``programs`` (the programs gave nothing more, or the search
            was to be fast).
    """

    suppressed: NDArray[np.bool_] = field(repr=False)
    cost: float
    bound: float
    proven: bool
    method: str
    interrupted: bool = False
    steps: dict[str, Any] = field(default_factory=dict)

    @property
    def gap(self) -> float:
        """Relative distance between cost and bound."""
        return 0.0 if self.cost <= 0 else max(0.0, (self.cost - self.bound) / self.cost)
