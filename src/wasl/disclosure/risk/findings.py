"""Findings: which rules of a policy a file breaks, and in which rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wasl.disclosure.risk.risk_report import Failure

__all__ = ["Findings"]

ROUNDING = 1e-12
"""Tolerance for shares and entropies, which are sums of rounded numbers."""


@dataclass(slots=True)
class Findings:
    """The failing rules and rows found so far.

    Attributes:
        violating: The rows that break a rule, (rows,).
        failures: The rules that do not hold, in the order they were looked at.
    """

    violating: NDArray[np.bool_]
    failures: list[Failure] = field(default_factory=list)

    @classmethod
    def of(cls, rows: int) -> Findings:
        """Nothing found yet in a file of so many rows."""
        return cls(np.zeros(rows, np.bool_))

    def hold_rows(self, rule: str, values: NDArray[np.float64], limit: float | None, *, least: bool) -> None:
        """Hold each row's value to a limit: no lower if ``least``, else no higher. Without a limit, nothing is held."""
        if limit is None:
            return
        wrong = values < limit if least else values > limit
        if wrong.any():
            self._add_rows(rule, values, wrong, limit, least=least)

    def hold_classes(
        self, rule: str, values: NDArray[Any], limit: float | None, ids: NDArray[np.integer[Any]], *, least: bool
    ) -> int | None:
        """The same for a value of each class; returns the rows in failing classes, nothing without a limit.

        Args:
            rule: Its name in the policy.
            values: One of each class, (classes,).
            limit: What is allowed.
            ids: The class of each row, (rows,).
            least: Whether the limit is the least that is allowed.
        """
        if limit is None:
            return None
        wrong = (values < limit - ROUNDING if least else values > limit + ROUNDING)[ids]
        if wrong.any():
            self._add_rows(rule, values, wrong, limit, least=least)
        return int(np.count_nonzero(wrong))

    def hold_share(self, rule: str, found: float, limit: float | None, rows: int | None = None) -> None:
        """Hold one figure of the whole file to the most that is allowed."""
        if limit is not None and found > limit:
            self.failures.append(Failure(rule, found, float(limit), rows))

    def _add_rows(
        self, rule: str, values: NDArray[Any], wrong: NDArray[np.bool_], limit: float, *, least: bool
    ) -> None:
        self.violating |= wrong
        worst = float(values.min() if least else values.max())
        self.failures.append(Failure(rule, worst, float(limit), int(np.count_nonzero(wrong))))
