"""The work of linear and integer programs, counted, so that a search can end at the same point on every machine.

A unit of work is about what a core of 2.5 GHz does in a second. It is computed from what the programs did: simplex
iterations, rows of the program, and solves. None of these depends on the clock or on other work of the machine. The
same version of HiGHS on the same kind of processor counts the same.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

__all__ = ["Clock", "Meter"]

SOLVE = 3e-4
"""Units of one solve beyond its iterations, with what precedes and follows it."""
ITERATION = 2e-5
"""Units of one simplex iteration, whatever the size of the program."""
ITERATION_OF_ROW = 5e-8
"""Units of one simplex iteration for each row of the program. These three were measured on 370 to 1,985 cells."""
INTEGER = 3
"""Units of an iteration of an integer program, as a multiple of another's: rounding, cuts and branching among them."""
CHECK, CHECK_OF_ROWS = 2e-3, 1.5e-9
"""Units between two of HiGHS's questions whether an integer program is to end: at least, and for each squared row.
Measured on programs of 400 to 5,000 rows; it tells no iterations meanwhile."""


@dataclass(slots=True)
class Meter:
    """The work done so far, in units."""

    units: float = 0.0

    def add(self, iterations: float, rows: int, *, integer: bool = False) -> None:
        """Count one solve of a program."""
        step = (ITERATION + ITERATION_OF_ROW * rows) * (INTEGER if integer else 1)
        self.units += SOLVE + max(iterations, 0.0) * step


@dataclass(slots=True)
class Clock:
    """The limit of a search: seconds, or units of work, or both.

    Attributes:
        seconds: Limit of time; infinity: none.
        work: Limit of work in units; None: none. With it all shares of the limit are shares of work.
        meter: Counts the work.
    """

    seconds: float
    work: float | None = None
    meter: Meter = field(default_factory=Meter)
    began: float = field(default_factory=time.monotonic)

    @property
    def limit(self) -> float:
        """The limit that shares are taken of: units of work where they are limited, else seconds."""
        return self.seconds if self.work is None else self.work

    def now(self) -> float:
        """Units or seconds since the beginning."""
        return time.monotonic() - self.began if self.work is None else self.meter.units

    def left(self) -> float:
        """Units or seconds left of the limit."""
        return self.limit - self.now()

    def late(self) -> bool:
        """Whether the limit of time has struck."""
        return time.monotonic() - self.began >= self.seconds

    def checks(self, units: float, rows: int) -> int | None:
        """Number of checks after which an integer program has done the given work and ends; None: no limit."""
        if self.work is None:
            return None
        return max(math.ceil(units / max(CHECK, CHECK_OF_ROWS * rows * rows)), 1)
