"""Self-checks of the fitted models: matches agree more than other pairs, and pairs are as many as predicted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.comparison.patterns import MISSING, PatternCounts
from wasl.linkage.model.match_model import MatchModel, PassModel
from wasl.linkage.model.opinions import agreement
from wasl.registers.known_names import in_words

__all__ = ["Check", "failed_checks", "find_misfit", "scoring_checks"]

MISFIT_RATIO, MISFIT_PAIRS = 2.0, 100.0
"""A misfit: so many times as many pairs as the model predicts, and the excess at least so many pairs …"""
UNFOUND_SHARE = 0.2
"""Share of the matches of two registers that the model may leave unfound, as births count them. It is 0 in every kind
of the laboratory, and .98 where the columns of names were exchanged in one register."""
MISFIT_MATCHES = 0.5
"""… and at least this share of the expected matches."""


@dataclass(frozen=True, slots=True)
class Check:
    """One self-check.

    Attributes:
        name: Stable short name.
        passed: Whether nothing was found.
        message: What was found, with numbers, and what it means.
        warning: Whether a passed check found something that its reader has to know.
    """

    name: str
    passed: bool
    message: str
    warning: bool = False

    def to_json(self) -> dict[str, Any]:
        """The check as a JSON value."""
        value = {"name": self.name, "passed": self.passed, "message": self.message}
        return value | ({"warning": True} if self.warning else {})


def failed_checks(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The failed checks of a report of scored pairs or of a resolution."""
    return [check for check in report.get("checks", []) if not check["passed"]]


def find_misfit(model: PassModel, patterns: PatternCounts) -> list[dict[str, Any]]:
    """Where far more pairs agree on two comparisons than the model predicts: a posterior predictive check.

    For every two comparisons, the pairs that reach the upper third of the levels on both are counted. The expected
    number is Σ over strata and classes of pairs · share · P(upper | class) · P(upper | class).

    Args:
        model: As fitted.
        patterns: The counts it was fitted to.

    Returns:
        One row per misfit: ``comparisons``, ``observed``, ``expected``.

    Source: A. Gelman, X.-L. Meng, H. Stern, Statistica Sinica 6 (1996).
    """
    upper = [
        np.arange(c.states) > (2 * c.states) // 3 if c.kind == "filter" else np.arange(3) > 1 for c in model.comparisons
    ]
    found = []
    for a in range(len(upper)):
        for b in range(a + 1, len(upper)):
            one, two = patterns.states[:, a], patterns.states[:, b]
            there = (one != MISSING) & (two != MISSING)
            observed = float(patterns.counts[there & upper[a][one] & upper[b][two]].sum())
            pairs = np.bincount(patterns.stratum[there], weights=patterns.counts[there], minlength=len(model.prior))
            chance = _upper(model.probabilities[a], upper[a]) * _upper(model.probabilities[b], upper[b])
            expected = float((pairs[:, None] * model.prior * chance).sum())
            excess = observed - expected
            if observed > MISFIT_RATIO * expected and excess > max(
                MISFIT_PAIRS, MISFIT_MATCHES * model.expected_matches
            ):
                names = [model.comparisons[k].name for k in (a, b)]
                found.append({"comparisons": names, "observed": observed, "expected": expected})
    return found


def _upper(table: NDArray[np.float64], upper: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(classes) probability of the upper levels of a comparison."""
    chance: NDArray[np.float64] = table[:, upper].sum(axis=1) / table[:, 1:].sum(axis=1)
    return chance


def _misfit(name: str, row: Mapping[str, Any]) -> str:
    """Two comparisons that agree together more often than predicted, as a phrase of a check."""
    kind1, kind2 = map(in_words, row["comparisons"])
    step = in_words(name)
    return f"{kind1} and {kind2} in pass {step} ({row['observed']:,.0f} for {row['expected']:,.0f})"


def scoring_checks(model: MatchModel, passes: Sequence[Mapping[str, Any]]) -> list[Check]:
    """Checks of the models alone.

    Args:
        model: Of all passes.
        passes: Their reports.
    """
    faults = []
    for part in model.passes:
        for comparison, m, u in zip(part.comparisons, part.m, part.u, strict=True):
            if comparison.states > 2 and _level(m) <= _level(u):
                kind, step = in_words(comparison.name), in_words(part.name)
                faults.append(f"{kind} in pass {step}")
    misfits = [_misfit(flow["pass"], row) for flow in passes for row in flow.get("misfit", [])]
    return [
        _unfound([row for flow in passes for row in flow.get("unfound", [])]),
        Check(
            "m-above-u",
            not faults,
            f"matches agree less than other pairs on {'; '.join(faults)}: the model took something else for matches."
            if faults
            else "matches agree more than other pairs on every comparison.",
        ),
        Check(
            "model-fit",
            not misfits,
            f"more pairs agree together than the model predicts: {'; '.join(misfits)}. Comparisons are dependent."
            if misfits
            else "pairs agree together as often as the model predicts.",
        ),
    ]


def _unfound(rows: Sequence[Mapping[str, Any]]) -> Check:
    """Whether births show many more matches than the model expects."""
    worst = max(rows, key=lambda row: float(row["missed"] / max(row["missed"] + row["expected"], 1.0)), default=None)
    failed = worst is not None and worst["missed"] > UNFOUND_SHARE * (worst["missed"] + worst["expected"])
    return Check(
        "unfound-matches",
        not failed,
        f"{worst['excess']:,.0f} more pairs of {worst['left']} and {worst['right']} agree on {worst['comparison']} "
        f"than chance allows. The model expects {worst['expected']:,.0f} matches among them. The others differ in "
        "what else is compared. Perhaps columns were exchanged in one register, or names are written in another way."
        if failed and worst is not None
        else "births show no matches that the model does not expect.",
    )


def _level(table: NDArray[np.float64]) -> float:
    held = table.copy()
    held[MISSING] = 0.0
    return float(agreement(held))
