"""Population uniques estimated from a sample: how many of the file's uniques are alone in the population, too.

All models work on the frequencies of frequencies: ``n_j`` classes of size j in a sample of n from a population of N.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, gammaln

from wasl.errors import InputError

__all__ = [
    "PopulationUniques",
    "dankar_choice",
    "pitman_uniques",
    "population_uniques",
    "snb_uniques",
    "zayatz_uniques",
]


@dataclass(frozen=True, slots=True)
class PopulationUniques:
    """Estimated numbers of classes of size 1 in the population; None where a model does not converge.

    Attributes:
        population, sampling_fraction: Size of the population and share of it in the file.
        sample_uniques: Classes of size 1 in the file.
        pitman, zayatz, snb: Estimates of the three models.
        chosen, estimate: The model picked by the decision rule of Dankar et al. and its estimate.
        share_of_sample_uniques: The estimate over what the file's uniques could be, at most 1.
    """

    population: float
    sampling_fraction: float
    sample_uniques: int
    pitman: float | None
    zayatz: float | None
    snb: float | None
    chosen: str
    estimate: float | None
    share_of_sample_uniques: float | None


def population_uniques(sizes: NDArray[np.int64], population: float) -> PopulationUniques:
    """All three models, and the one the decision rule picks.

    Args:
        sizes: Class sizes in the sample.
        population: Size of the population.

    Raises:
        InputError: The population is smaller than the sample.
    """
    n = int(sizes.sum())
    if population < n:
        raise InputError(f"the population ({population:g}) is smaller than the file ({n} rows).")
    pitman, zayatz, snb = (
        pitman_uniques(sizes, population),
        zayatz_uniques(sizes, population),
        snb_uniques(sizes, population),
    )
    chosen, estimate = dankar_choice(n / population, pitman, zayatz, snb)
    uniques = int(np.count_nonzero(sizes == 1))
    # A population unique is in the sample with probability n / N.
    expected = None if estimate is None else estimate * n / population
    share = None if expected is None or uniques == 0 else min(1.0, expected / uniques)
    return PopulationUniques(population, n / population, uniques, pitman, zayatz, snb, chosen, estimate, share)


def dankar_choice(
    fraction: float, pitman: float | None, zayatz: float | None, snb: float | None
) -> tuple[str, float | None]:
    """Up to a tenth of the population: Pitman, else Zayatz; above: the smaller of SNB and Zayatz.

    Source: Dankar, El Emam, Neisa, Roffey (2012), BMC Med. Inform. Decis. Mak. 12:66.
    """
    if fraction <= 0.1:
        return ("pitman", pitman) if pitman is not None else ("zayatz", zayatz)
    if snb is not None and (zayatz is None or snb < zayatz):
        return "snb", snb
    return "zayatz", zayatz


def pitman_uniques(sizes: NDArray[np.int64], population: float) -> float | None:
    """Population uniques under the Pitman sampling formula, its parameters by maximum likelihood.

    ``E[S_1] = Γ(θ + 1) / Γ(θ + α) · N^α``; where α ≤ 0 it is the finite form with the same ratio of gammas.

    Source: Hoshino (2001), J. Official Statistics 17(4), sections 2 and 4.
    """
    from scipy.optimize import minimize

    n, u = int(sizes.sum()), len(sizes)
    values, counts = np.unique(sizes, return_counts=True)
    if u <= 1 or u == n or not (values == 1).any():
        return 0.0 if not (values == 1).any() else None
    theta, alpha = _pitman_start(n, u, values, counts)

    def negative(parameters: NDArray[np.float64]) -> float:
        a = 1.0 / (1.0 + np.exp(-parameters[0]))
        t = np.exp(parameters[1]) - a
        likelihood = _sum_logs(t, a, u) - (gammaln(t + n) - gammaln(t + 1.0))
        likelihood += float(np.sum(counts * (gammaln(values - a) - gammaln(1.0 - a))))
        return -float(likelihood)

    start = np.array([np.log(alpha / (1.0 - alpha)), np.log(max(theta + alpha, 1e-3))])
    best = minimize(negative, start, method="Nelder-Mead", options={"maxiter": 2000, "xatol": 1e-9, "fatol": 1e-9})
    if not np.isfinite(best.fun):
        return None
    a = float(1.0 / (1.0 + np.exp(-best.x[0])))
    t = float(np.exp(best.x[1]) - a)
    estimate = float(
        np.exp(gammaln(t + 1.0) - gammaln(t + a) + gammaln(t + population - 1.0 + a) - gammaln(t + population))
        * population
    )
    return estimate if np.isfinite(estimate) else None


def zayatz_uniques(sizes: NDArray[np.int64], population: float) -> float | None:
    """Population uniques after Zayatz: the sample's own size distribution taken as the population's.

    ``P(F = 1 | f = 1) = (n_1/u) p_1(1) / Σ_j (n_j/u) p_1(j)``, ``p_1(j)`` the hypergeometric probability that a class
    of size j shows once in the sample; the estimate is ``N_1 = n_1 (N/n) P(F = 1 | f = 1)``.

    Source: Zayatz (1991), Statistical Research Division RR-91/08, US Bureau of the Census.
    """
    n = int(sizes.sum())
    values, counts = np.unique(sizes, return_counts=True)
    if not (values == 1).any():
        return 0.0
    N = float(population)
    # P(exactly one of j members among n drawn from N) = j · n · (N-j)! (N-n)! / (N! (N-n-j+1)!) in logs.
    j = values.astype(np.float64)
    possible = j - 1.0 <= N - n
    logs = np.full(len(j), -np.inf)
    ok = j[possible]
    logs[possible] = (
        np.log(ok)
        + np.log(n)
        + gammaln(N - ok + 1.0)
        + gammaln(N - n + 1.0)
        - gammaln(N + 1.0)
        - gammaln(N - n - ok + 2.0)
    )
    once = np.exp(logs)
    ones = float(counts[values == 1][0])
    conditional = ones * once[values == 1][0] / float(np.sum(counts * once))
    return float(ones * N / n * conditional)


def snb_uniques(sizes: NDArray[np.int64], population: float) -> float | None:
    """Population uniques under the shifted negative binomial model (population sizes 1 + negative binomial).

    With K population classes and sampling fraction π the sample satisfies, for class sizes with parameters (α, p),
    ``E[u] = K (1 - P(f = 0))``, ``E[n_1] = K P(f = 1)``, ``E[n_2] = K P(f = 2)``, ``E[N] = K (1 + α(1-p)/p)``;
    uniques are ``K p^α``.

    Source: Chen, Keller-McNulty (1998), J. Official Statistics 14(1).
    """
    from scipy.optimize import root

    n, u = int(sizes.sum()), len(sizes)
    n1, n2 = int(np.count_nonzero(sizes == 1)), int(np.count_nonzero(sizes == 2))
    if n1 == 0:
        return 0.0
    if n2 == 0:
        return None
    pi = n / float(population)
    if pi >= 1.0:
        return float(n1)

    def probabilities(alpha: float, p: float) -> tuple[float, float, float]:
        """P(f = 0), P(f = 1), P(f = 2) of a binomially thinned 1 + NB(α, p)."""
        q = 1.0 - p
        base = p / (1.0 - q * (1.0 - pi))
        ratio = q * pi / (1.0 - q * (1.0 - pi))
        g0 = base**alpha
        g1 = alpha * ratio * g0
        g2 = alpha * (alpha + 1.0) / 2.0 * ratio**2 * g0
        return (1 - pi) * g0, pi * g0 + (1 - pi) * g1, pi * g1 + (1 - pi) * g2

    def equations(parameters: NDArray[np.float64]) -> NDArray[np.float64]:
        alpha, p = np.exp(parameters[0]), 1.0 / (1.0 + np.exp(-parameters[1]))
        zero, one, _ = probabilities(alpha, p)
        classes = population / (1.0 + alpha * (1.0 - p) / p)
        return np.array([classes * (1.0 - zero) / u - 1.0, classes * one / n1 - 1.0])

    for start in ((0.0, 0.0), (-1.0, -2.0), (1.0, 1.0), (-2.0, -4.0), (-3.0, -1.0)):
        with np.errstate(all="ignore"):
            solution = root(equations, np.array(start), method="hybr")
        if solution.success and np.all(np.abs(solution.fun) < 1e-6):
            alpha, p = float(np.exp(solution.x[0])), float(1.0 / (1.0 + np.exp(-solution.x[1])))
            classes = population / (1.0 + alpha * (1.0 - p) / p)
            return float(classes * p**alpha)
    return None


def _sum_logs(theta: float, alpha: float, u: int) -> float:
    """Σ_{i=1}^{u-1} log(θ + iα) by gammas."""
    if alpha < 1e-12:
        return float((u - 1) * np.log(max(theta, 1e-300)))
    return float((u - 1) * np.log(alpha) + gammaln(theta / alpha + u) - gammaln(theta / alpha + 1.0))


def _pitman_start(n: int, u: int, values: NDArray[np.int64], counts: NDArray[np.int64]) -> tuple[float, float]:
    """A start from the Ewens case: θ with θ(ψ(θ + n) - ψ(θ)) = u, then α from the share of uniques."""
    from scipy.optimize import brentq

    def gap(theta: float) -> float:
        return float(theta * (digamma(theta + n) - digamma(theta)) - u)

    high = 1.0
    while gap(high) < 0 and high < 1e12:
        high *= 10.0
    theta = float(brentq(gap, 1e-9, high)) if gap(high) > 0 else high
    ones = float(counts[values == 1].sum())
    return theta, float(min(0.9, max(0.05, ones / u * 0.5)))
