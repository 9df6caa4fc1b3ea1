"""The E step of the model of a pass: the pairs that are expected of every class, given tables and class shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp, log

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.model.evidence import Evidence
from wasl.registers.compiled import njit

__all__ = ["FLOOR", "Expected", "expect"]

FLOOR = 1e-7
"""Least probability of a state: no state is impossible in any class."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Result of an E step.

    Attributes:
        log_likelihood: Of the counted pairs.
        tables: (comparisons, classes, states) expected pairs.
        shares: (strata, classes) expected pairs.
        posterior: (patterns, classes) expected pairs.
    """

    log_likelihood: float
    tables: NDArray[np.float64] = field(repr=False)
    shares: NDArray[np.float64] = field(repr=False)
    posterior: NDArray[np.float64] = field(repr=False)


@njit(cache=True, nogil=True)
def _sum_expected(
    states: np.ndarray,
    stratum: np.ndarray,
    counts: np.ndarray,
    log_tables: np.ndarray,
    log_prior: np.ndarray,
    tables: np.ndarray,
    shares: np.ndarray,
    posterior: np.ndarray,
) -> float:
    """Add up what is expected of every class, given the parameters.

    Args:
        states: (patterns, comparisons) int8.
        stratum: (patterns) int64.
        counts: (patterns) float64.
        log_tables: (comparisons, classes, states) logarithms of the tables, 0 where missing.
        log_prior: (strata, classes).
        tables: (comparisons, classes, states), added to.
        shares: (strata, classes), added to.
        posterior: (patterns, classes), written.

    Returns:
        The log-likelihood.
    """
    classes = log_prior.shape[1]
    joint = np.empty(classes)
    likelihood = 0.0
    for p in range(states.shape[0]):
        top = -1e308
        for k in range(classes):
            value = log_prior[stratum[p], k]
            for c in range(states.shape[1]):
                value += log_tables[c, k, states[p, c]]
            joint[k] = value
            top = max(top, value)
        total = 0.0
        for k in range(classes):
            joint[k] = exp(joint[k] - top)
            total += joint[k]
        likelihood += counts[p] * (top + log(total))
        for k in range(classes):
            pairs = counts[p] * joint[k] / total
            posterior[p, k] = pairs
            shares[stratum[p], k] += pairs
            for c in range(states.shape[1]):
                tables[c, k, states[p, c]] += pairs
    return likelihood


def expect(evidence: Evidence, tables: Sequence[NDArray[np.float64]], prior: NDArray[np.float64]) -> Expected:
    """The E step."""
    classes = prior.shape[1]
    widest = max((table.shape[1] for table in tables), default=1)
    logs = np.zeros((len(tables), classes, widest))
    for c, table in enumerate(tables):
        logs[c, :, 1 : table.shape[1]] = np.log(np.maximum(table[:, 1:], FLOOR))
    sums, shares = np.zeros_like(logs), np.zeros(prior.shape)
    posterior = np.empty((len(evidence.counts), classes))
    log_prior = np.log(np.maximum(prior, 1e-300))
    likelihood = _sum_expected(
        evidence.states, evidence.stratum, evidence.counts, logs, log_prior, sums, shares, posterior
    )
    return Expected(float(likelihood), sums, shares, posterior)
