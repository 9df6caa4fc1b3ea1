"""The state of a search: the best pattern, the bound, and the clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wasl.tables.suppression.heuristic import cost_of
from wasl.tables.suppression.nearby import Nearby
from wasl.tables.suppression.problem import Problem
from wasl.tables.suppression.work_meter import Clock

__all__ = ["SearchProgress", "State"]

SearchProgress = Callable[[str, float, float], None]
"""Called with (what is being done, bound, cost of the best pattern; infinity before there is one)."""


@dataclass(slots=True)
class State:
    """The best pattern, the bound, and the clock of a search.

    Attributes:
        base: Cost that every pattern has beyond that of the problem's own cells.
        answer: The last answer of the integer program; it need not protect.
        blends_idle: Whether attacks on blends of patterns gave few further cuts.
        interrupted: Whether the search ended before its proof, by time, by work or by the user.
        by_user: Whether it was the user.
        by_work: Whether it was the limit of work.
        slow: Whether attacking all unsafe cells once takes a large share of the time; the search then attacks less.
        nearby: Attacks that use the sums near the target only; None where the search is not slow.
    """

    problem: Problem
    clock: Clock
    stop: Callable[[], bool] | None
    progress: SearchProgress | None
    base: float = 0.0
    slow: bool = False
    nearby: Nearby | None = None
    blends_idle: bool = False
    answer: NDArray[np.bool_] | None = None
    best: NDArray[np.bool_] | None = None
    cost: float = float("inf")
    bound: float = 0.0
    interrupted: bool = False
    by_user: bool = False
    by_work: bool = False
    steps: dict[str, Any] = field(default_factory=dict)

    @property
    def limit(self) -> float:
        """Seconds of the limit; units of work where work is limited. All shares are shares of it."""
        return self.clock.limit

    def left(self) -> float:
        """Seconds left, or units of work."""
        return self.clock.left()

    def over(self) -> bool:
        """Whether time or work is used up, or the user asked to end."""
        if not self.interrupted:
            self.by_user = self.stop is not None and self.stop()
            self.by_work = not self.by_user and self.clock.work is not None and self.left() <= 0
            self.interrupted = self.by_user or self.by_work or self.clock.late()
        return self.interrupted

    @property
    def ended_by(self) -> str:
        """What ended the search before its proof."""
        if not self.interrupted:
            return "programs"
        return "user" if self.by_user else "work" if self.by_work else "time"

    def past(self, left: float) -> bool:
        """Whether the search is over, or less than the given seconds or units are left."""
        return self.over() or self.left() < left

    def offer(self, pattern: NDArray[np.bool_] | None) -> None:
        """Keep a protecting pattern if it is the cheapest so far."""
        if pattern is None:
            return
        cost = cost_of(self.problem, pattern)
        if self.best is None or cost < self.cost:
            self.best, self.cost = pattern, cost

    def raise_bound(self, bound: float) -> None:
        """Note that no pattern costs less."""
        if np.isfinite(bound):
            self.bound = max(self.bound, min(bound, self.cost))

    def report(self, what: str) -> None:
        """Tell the user about bound and cost."""
        if self.progress is not None:
            self.progress(what, self.bound + self.base, self.cost + self.base)

    def closed(self, gap: float) -> bool:
        """Whether the best pattern is within the gap of the bound."""
        return self.best is not None and self.cost - self.bound <= max(gap, 1e-9) * max(self.cost + self.base, 1e-12)
