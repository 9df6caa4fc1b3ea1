"""Data shuffling: values re-dealt so that ranks follow what other variables predict, plus chance.

*Does not protect against* inference from the variables that predict: the better they do, the closer the new value.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from wasl.errors import InputError

__all__ = ["shuffle_values"]

Matrix = NDArray[np.float64]


def shuffle_values(confidential: Matrix, given: Matrix, rng: np.random.Generator) -> Matrix:
    """Shuffle confidential numbers so that margins are kept exactly and rank correlations with ``given`` nearly.

    Ranks become normal scores; new scores are drawn from the normal distribution conditional on the given variables
    and put in the order of the original values.

    Args:
        confidential: float64, shape (rows, variables), without missing values.
        given: float64, shape (rows, others), without missing values.
        rng: Source of randomness.

    Raises:
        InputError: A value is missing, or there are fewer rows than variables.

    Source: Muralidhar, Sarathy (2006), Management Science 52(5), section 4.
    """
    x, s = (np.atleast_2d(np.asarray(m, np.float64).T).T for m in (confidential, given))
    if np.isnan(x).any() or np.isnan(s).any():
        raise InputError("shuffling needs values without missing cells.", remedy="Impute or suppress them first.")
    n = len(x)
    if n < x.shape[1] + s.shape[1] + 2:
        raise InputError(f"{n} rows are too few to shuffle {x.shape[1]} variables given {s.shape[1]}.")
    scores = np.column_stack([_normal_scores(column) for column in np.column_stack([x, s]).T])
    p = x.shape[1]
    correlation = np.atleast_2d(np.corrcoef(scores.T))
    correlation = np.nan_to_num(correlation, nan=0.0)
    np.fill_diagonal(correlation, 1.0)
    weights = correlation[:p, p:] @ np.linalg.pinv(correlation[p:, p:], hermitian=True)
    left = correlation[:p, :p] - weights @ correlation[p:, :p]
    eigenvalues, vectors = np.linalg.eigh((left + left.T) / 2.0)
    noise = rng.standard_normal((n, p)) @ (vectors * np.sqrt(np.maximum(eigenvalues, 0.0))).T
    drawn = scores[:, p:] @ weights.T + noise
    shuffled = np.empty_like(x)
    for j in range(p):
        shuffled[np.argsort(drawn[:, j], kind="stable"), j] = np.sort(x[:, j])
    return shuffled


def _normal_scores(column: NDArray[np.float64]) -> NDArray[np.float64]:
    """Normal quantiles of mid-ranks: equal values share the mean of their ranks."""
    _, place, counts = np.unique(column, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks = (last - (counts - 1) / 2.0)[place]
    return np.asarray(ndtri((ranks - 0.5) / len(column)))
