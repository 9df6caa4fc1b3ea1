"""Noise addition: numbers moved by chance, each by itself or like the data vary together.

*Does not protect against* recognition of extreme values: an income ten times the next stays that far out; top-code
first.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wasl.errors import InputError

__all__ = ["add_correlated_noise", "add_noise"]

Matrix = NDArray[np.float64]


def add_noise(values: Matrix, amount: float, rng: np.random.Generator) -> Matrix:
    """Independent normal noise with standard deviation ``amount`` times each variable's own.

    Args:
        values: float64, shape (rows, variables); NaN stays.
        amount: Relative standard deviation of the noise (0.1 means a tenth).
        rng: Source of randomness.

    Raises:
        InputError: The amount is not positive.

    Source: Kim (1986), ASA Survey Research Methods; Brand (2002), LNCS 2316, section 2.1.
    """
    _check(amount)
    matrix = np.atleast_2d(np.asarray(values, np.float64).T).T
    spread = np.nanstd(matrix, axis=0, ddof=1)
    noisy: Matrix = matrix + rng.standard_normal(matrix.shape) * (amount * spread)
    return noisy


def add_correlated_noise(values: Matrix, amount: float, rng: np.random.Generator) -> Matrix:
    """Noise with covariance ``amount²`` times the data's, then shrunk so that mean and covariance are kept.

    ``z = m + (x + ε - m) / √(1 + amount²)``. Rows with a missing value keep their missing cells; the covariance is
    taken from complete rows.

    Raises:
        InputError: The amount is not positive, or fewer than two rows are complete.

    Source: Tendick (1991), J. Statistical Planning and Inference 27; Brand (2002), LNCS 2316, section 2.2.
    """
    _check(amount)
    matrix = np.atleast_2d(np.asarray(values, np.float64).T).T
    complete = matrix[~np.isnan(matrix).any(axis=1)]
    if len(complete) < 2:
        raise InputError("correlated noise needs at least two complete rows.")
    covariance = np.atleast_2d(np.cov(complete.T))
    eigenvalues, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(eigenvalues, 0.0))
    noise = amount * rng.standard_normal(matrix.shape) @ root.T
    mean = np.nanmean(matrix, axis=0)
    noisy: Matrix = mean + (matrix + noise - mean) / np.sqrt(1.0 + amount**2)
    return noisy


def _check(amount: float) -> None:
    if not amount > 0:
        raise InputError(f"the amount of noise is {amount:g}, but must be positive (0.1 means a tenth).")
