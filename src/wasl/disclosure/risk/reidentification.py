"""Re-identification risk of each row, of the file, and of households.

*Does not protect against* anything: it measures. The measures assume an intruder who knows the key variables of a
person exactly and does not know whether that person is in the file.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wasl.errors import InputError
from wasl.registers.compiled import njit

__all__ = [
    "GlobalRisk",
    "global_risk",
    "household_risk",
    "individual_risk",
    "individual_risk_approximate",
    "outlying_risks",
    "risk_threshold",
]


@dataclass(frozen=True, slots=True)
class GlobalRisk:
    """The risk of a file.

    Attributes:
        expected: Expected number of re-identifications, the sum of individual risks.
        share: The same as a share of all rows.
        maximum: The largest individual risk.
    """

    expected: float
    share: float
    maximum: float


def individual_risk(sample: NDArray[np.float64], population: NDArray[np.float64]) -> NDArray[np.float64]:
    """Benedetti–Franconi individual risk: the posterior mean of ``1/F`` given ``f``, exact.

    With ``p = f / F`` and ``F`` given ``f`` negative binomial,
    ``r = (p / f) · Σ t_n``, ``t_0 = 1``, ``t_{n+1} = t_n (n + 1)(1 - p) / (f + 1 + n)``,
    that is ``(p / f) · ₂F₁(1, 1; f + 1; 1 - p)``. All terms are positive, so no cancellation; where p is small and the
    series slow, the same function is evaluated by Gauss's continued fraction. Fractional ``f`` (missing values under
    ``0 < alpha < 1``) is covered by the same formula.

    Args:
        sample: ``f`` per row, at least some positive number.
        population: ``F`` per row, at least ``f`` (smaller values are taken as ``f``).

    Returns:
        float64 per row in (0, 1].

    Source: Benedetti, Franconi (1998), NTTS; Franconi, Polettini (2004), PSD, LNCS 3050.
    """
    return _evaluate(sample, population, exact=True)


def individual_risk_approximate(sample: NDArray[np.float64], population: NDArray[np.float64]) -> NDArray[np.float64]:
    """The customary approximation: exact at ``f = 1`` and ``f = 2``, ``p / (f - (1 - p))`` above.

    Fractional ``f`` below 2, for which the customary formulas have no case, takes the exact value instead of 0.

    Source: Franconi, Polettini (2004), PSD, LNCS 3050, section 3.
    """
    return _evaluate(sample, population, exact=False)


def global_risk(risks: NDArray[np.float64]) -> GlobalRisk:
    """Expected re-identifications of a file, from its individual risks."""
    if len(risks) == 0:
        return GlobalRisk(0.0, 0.0, 0.0)
    return GlobalRisk(float(risks.sum()), float(risks.mean()), float(risks.max()))


def household_risk(risks: NDArray[np.float64], households: NDArray[np.int64]) -> NDArray[np.float64]:
    """For each row, the risk that at least one member of its household is re-identified: ``1 - Π (1 - r_i)``.

    Args:
        risks: Individual risk per row.
        households: Household number per row, 0 … H-1, in any order.

    Source: Franconi, Polettini (2004), section 4.
    """
    with np.errstate(divide="ignore"):
        logs = np.log1p(-np.minimum(risks, 1.0))
    certain = np.bincount(households, weights=(risks >= 1.0)) > 0
    sums = np.bincount(households, weights=np.where(risks >= 1.0, 0.0, logs))
    per_household = np.where(certain, 1.0, -np.expm1(sums))
    result: NDArray[np.float64] = per_household[households]
    return result


def risk_threshold(risks: NDArray[np.float64], max_global: float) -> float | None:
    """The largest individual-risk threshold that keeps the file's risk at ``max_global``.

    Rows at or above a threshold ``x`` are assumed to be brought down to ``x``; the file's risk is then
    ``(Σ_{r<x} r + x · #{r >= x}) / n``.

    Args:
        risks: Individual risk per row.
        max_global: The tolerated share of expected re-identifications (0.01 means one in a hundred).

    Returns:
        The threshold, an occurring risk value; None when the file already complies; 0.0 when no value is low enough.

    Raises:
        InputError: ``max_global`` is not a share.

    Source: Hundepool et al. (2012), Statistical Disclosure Control, section 3.3.3 (threshold setting).
    """
    if not 0.0 < max_global < 1.0:
        raise InputError(f"max_global is {max_global}, but is a share between 0 and 1.", remedy="Write 1 % as 0.01.")
    n = len(risks)
    ordered = np.sort(risks)
    if n == 0 or ordered.mean() <= max_global:
        return None
    values, first = np.unique(ordered, return_index=True)
    below = np.concatenate([[0.0], np.cumsum(ordered)])[first]
    files = (below + values * (n - first)) / n
    fitting = np.flatnonzero(files <= max_global)
    return float(values[fitting[-1]]) if len(fitting) else 0.0


def outlying_risks(risks: NDArray[np.float64], *, floor: float = 0.1) -> NDArray[np.bool_]:
    """Rows whose risk stands out from the main part: above ``median + 2 · MAD`` and above ``floor``.

    ``MAD`` is the median absolute deviation times 1.4826.
    """
    median = float(np.median(risks)) if len(risks) else 0.0
    spread = 1.4826 * float(np.median(np.abs(risks - median))) if len(risks) else 0.0
    result: NDArray[np.bool_] = risks > max(median + 2.0 * spread, floor)
    return result


def _evaluate(sample: NDArray[np.float64], population: NDArray[np.float64], *, exact: bool) -> NDArray[np.float64]:
    f = np.ascontiguousarray(sample, np.float64)
    F = np.ascontiguousarray(population, np.float64)
    if f.shape != F.shape:
        raise InputError("sample and population frequencies differ in length.")
    if len(f) and not f.min() > 0:
        raise InputError("a sample frequency is not positive: every row matches at least itself.")
    risks: NDArray[np.float64] = _memoized(f, np.maximum(f, F), exact)
    return risks


@njit(cache=True, nogil=True)
def _exact(f, F):  # type: ignore[no-untyped-def]
    p = f / F
    z = 1.0 - p
    if p > 0.2 or f > 60.0 * z / p:
        term = 1.0
        total = 1.0
        n = 0.0
        while term > 1e-17 * total:
            term *= (n + 1.0) * z / (f + 1.0 + n)
            total += term
            n += 1.0
        return p / f * total
    # Gauss's continued fraction of 2F1(1, 1; c; z), evaluated from the tail; its error shrinks by
    # ((1 - sqrt p) / (1 + sqrt p))^2 with every term.
    c = f + 1.0
    root = np.sqrt(p)
    terms = int(40.0 / (2.0 * np.log((1.0 + root) / (1.0 - root)))) + 3
    tail = 1.0
    for n in range(terms, 0, -1):
        odd = (1.0 + n) * (c - 1.0 + n) / ((c - 1.0 + 2.0 * n) * (c + 2.0 * n))
        even = n * (c - 2.0 + n) / ((c - 2.0 + 2.0 * n) * (c - 1.0 + 2.0 * n))
        tail = 1.0 - odd * z / tail
        tail = 1.0 - even * z / tail
    return p / f / (1.0 - z / (c * tail))


@njit(cache=True, nogil=True)
def _approximate(f, F):  # type: ignore[no-untyped-def]
    if f <= 2.0:
        return _exact(f, F)
    p = f / F
    return p / (f - (1.0 - p))


@njit(cache=True, nogil=True)
def _memoized(f, F, exact):  # type: ignore[no-untyped-def]
    """A small direct-mapped cache of (f, F): rows of one class, and classes alike, are computed once."""
    size = 1 << 16
    cached_f = np.zeros(size, np.float64)
    cached_F = np.zeros(size, np.float64)
    cached_r = np.zeros(size, np.float64)
    out = np.empty(f.shape[0], np.float64)
    for i in range(f.shape[0]):
        mixed = np.int64(f[i] * 7919.0 + F[i] * 104729.0) & (size - 1)
        if cached_f[mixed] != f[i] or cached_F[mixed] != F[i]:
            cached_f[mixed] = f[i]
            cached_F[mixed] = F[i]
            cached_r[mixed] = _exact(f[i], F[i]) if exact else _approximate(f[i], F[i])
        out[i] = cached_r[mixed]
    return out
