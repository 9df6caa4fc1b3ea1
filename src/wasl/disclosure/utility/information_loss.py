"""Information loss measures on arrays, each with its formula."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtri

from wasl.errors import InputError

__all__ = [
    "ScaledLoss",
    "confidence_overlap",
    "eigenvalue_drift",
    "hellinger",
    "il1",
    "il1s",
    "propensity_mse",
    "regression_overlap",
    "total_variation",
    "within_groups",
]

Matrix = NDArray[np.float64]
RELATIVE_RANK = 1e-10


@dataclass(frozen=True, slots=True)
class ScaledLoss:
    """IL1s: the sum over all cells of ``|x - x'| / (√2 s_j)`` and its mean over the cells."""

    total: float
    mean: float


def _pair(x: Matrix, y: Matrix) -> tuple[Matrix, Matrix]:
    a, b = np.asarray(x, np.float64), np.asarray(y, np.float64)
    a, b = (a[:, None], b[:, None]) if a.ndim == 1 else (a, b)
    if a.shape != b.shape:
        raise InputError(f"original and masked values differ in shape: {a.shape} and {b.shape}.")
    return a, b


def il1(x: Matrix, y: Matrix) -> float:
    """100 · Σ |x - x'| / |x| over cells with x ≠ 0, both known.

    Source: Mateo-Sanz, Sebé, Domingo-Ferrer (2004), PSD, LNCS 3050.
    """
    a, b = _pair(x, y)
    usable = (a != 0) & ~np.isnan(a) & ~np.isnan(b)
    return float(100.0 * np.sum(np.abs(a[usable] - b[usable]) / np.abs(a[usable])))


def il1s(x: Matrix, y: Matrix) -> ScaledLoss:
    """Σ |x_ij - x'_ij| / (√2 s_j), s_j the original's sample standard deviation; constant columns count nothing.

    Source: Yancey, Winkler, Creecy (2002), Inference Control in Statistical Databases, LNCS 2316.
    """
    a, b = _pair(x, y)
    if len(a) < 2:
        return ScaledLoss(0.0, 0.0)
    spread = np.nanstd(a, axis=0, ddof=1)
    varying = spread > 0
    cells = np.abs(a[:, varying] - b[:, varying]) / (np.sqrt(2.0) * spread[varying])
    known = ~np.isnan(cells)
    total = float(cells[known].sum())
    return ScaledLoss(total, total / a.size if a.size else 0.0)


def eigenvalue_drift(x: Matrix, y: Matrix) -> float:
    """Σ |λ_j - λ'_j| / λ_j over the eigenvalues of the correlation matrices, largest first.

    Eigenvalues that vanish against the largest (linearly dependent variables) are left out: their ratio is noise.
    """
    a, b = np.asarray(x, np.float64), np.asarray(y, np.float64)
    a, b = a[~np.isnan(a).any(axis=1)], b[~np.isnan(b).any(axis=1)]
    varying = (a.std(axis=0) > 0) & (b.std(axis=0) > 0) if len(a) and len(b) else np.zeros(a.shape[1], np.bool_)
    if varying.sum() < 2:
        return 0.0
    before = np.linalg.eigvalsh(np.corrcoef(a[:, varying].T))[::-1]
    after = np.linalg.eigvalsh(np.corrcoef(b[:, varying].T))[::-1]
    real = before > RELATIVE_RANK * before[0]
    return float(np.sum(np.abs(before[real] - after[real]) / before[real]))


def within_groups(x: Matrix, y: Matrix) -> float:
    """100 · SSE / SST on z-scores: the share of variance that masking by groups destroyed.

    Source: Domingo-Ferrer, Mateo-Sanz (2002), IEEE TKDE 14(1), section 3.
    """
    a, b = _pair(x, y)
    spread = a.std(axis=0, ddof=1)
    varying = spread > 0
    z = (a[:, varying] - a[:, varying].mean(axis=0)) / spread[varying]
    masked = (b[:, varying] - a[:, varying].mean(axis=0)) / spread[varying]
    total = float((z**2).sum())
    return 100.0 * float(((z - masked) ** 2).sum()) / total if total > 0 else 0.0


def hellinger(p: NDArray[np.float64], q: NDArray[np.float64]) -> float:
    """Hellinger distance ``√(½ Σ (√p - √q)²)`` of two distributions over the same categories, in [0, 1]."""
    if p.shape != q.shape:
        raise InputError("the distributions have different categories.")
    return float(np.sqrt(0.5 * np.sum((np.sqrt(p) - np.sqrt(q)) ** 2)))


def total_variation(p: NDArray[np.float64], q: NDArray[np.float64]) -> float:
    """Half the sum of absolute differences of two distributions over the same cells."""
    return float(0.5 * np.abs(p - q).sum())


def confidence_overlap(x: NDArray[np.float64], y: NDArray[np.float64], *, level: float = 0.95) -> float:
    """Overlap of the confidence intervals of two means: 1 when they coincide, negative when they are apart.

    Source: Karr, Kohnen, Oganian, Reiter, Sanil (2006), The American Statistician 60(3).
    """
    if len(x) < 2 or len(y) < 2:
        return float("nan")
    return _interval_overlap(
        x.mean(), x.std(ddof=1) / np.sqrt(len(x)), y.mean(), y.std(ddof=1) / np.sqrt(len(y)), level
    )


def _interval_overlap(a: float, se_a: float, b: float, se_b: float, level: float) -> float:
    z = float(ndtri(0.5 + level / 2.0))
    low_a, high_a, low_b, high_b = a - z * se_a, a + z * se_a, b - z * se_b, b + z * se_b
    if high_a == low_a or high_b == low_b:
        return 1.0 if a == b else 0.0
    shared = min(high_a, high_b) - max(low_a, low_b)
    return float(0.5 * (shared / (high_a - low_a) + shared / (high_b - low_b)))


def regression_overlap(design_x: Matrix, x: NDArray[np.float64], design_y: Matrix, y: NDArray[np.float64]) -> float:
    """Mean overlap of the 95 % intervals of least-squares coefficients fitted on both files.

    Coefficients that one of the files cannot estimate are left out; NaN when none is left.
    """
    first, second = _least_squares(design_x, x), _least_squares(design_y, y)
    if first is None or second is None:
        return float("nan")
    overlaps = [
        _interval_overlap(float(a), float(sa), float(b), float(sb), 0.95)
        for a, sa, b, sb in zip(first[0], first[1], second[0], second[1], strict=True)
        if np.isfinite(sa) and np.isfinite(sb) and sa > 0 and sb > 0
    ]
    return float(np.mean(overlaps)) if overlaps else float("nan")


def _least_squares(design: Matrix, response: NDArray[np.float64]) -> tuple[Matrix, Matrix] | None:
    known = ~np.isnan(response)
    X = np.column_stack([np.ones(int(known.sum())), design[known]])
    y = response[known]
    used = X.std(axis=0) > 0
    used[0] = True
    freedom = len(y) - int(used.sum())
    if freedom < 1:
        return None
    part = X[:, used]
    gram = part.T @ part
    inverse = np.linalg.pinv(gram, hermitian=True)
    beta = inverse @ (part.T @ y)
    variance = float(np.sum((y - part @ beta) ** 2)) / freedom
    coefficients, errors = np.full(X.shape[1], np.nan), np.full(X.shape[1], np.nan)
    coefficients[used] = beta
    errors[used] = np.sqrt(np.maximum(np.diag(inverse), 0.0) * variance)
    return coefficients, errors


def propensity_mse(x: Matrix, y: Matrix) -> tuple[float, float]:
    """pMSE: how well a logistic model tells protected rows from original ones, and its ratio to chance.

    ``pMSE = mean (p_i - c)²`` with c the share of protected rows; under equal distributions its expectation is
    ``(k - 1)(1 - c)² c / N`` with k parameters. A ratio near 1 means indistinguishable.

    Args:
        x: Design matrix of the original without constant.
        y: The same of the protected file.

    Source: Snoke, Raab, Nowok, Dibben, Slavković (2018), JRSS A 181(3), sections 2 and 3.
    """
    a, b = np.asarray(x, np.float64), np.asarray(y, np.float64)
    both = np.vstack([a, b])
    target = np.concatenate([np.zeros(len(a)), np.ones(len(b))])
    share = len(b) / len(both) if len(both) else 0.0
    varying = both.std(axis=0) > 1e-12 if len(both) else np.zeros(both.shape[1], np.bool_)
    design = np.column_stack([np.ones(len(both)), both[:, varying]])
    beta = np.zeros(design.shape[1])
    beta[0] = np.log(share / (1.0 - share)) if 0.0 < share < 1.0 else 0.0
    ridge = 1e-6 * np.eye(design.shape[1])
    for _ in range(25):
        fitted = expit(design @ beta)
        weight = np.maximum(fitted * (1.0 - fitted), 1e-9)
        step = np.linalg.solve(
            design.T @ (design * weight[:, None]) + ridge, design.T @ (target - fitted) - ridge @ beta
        )
        beta += step
        if np.max(np.abs(step)) < 1e-8:
            break
    fitted = expit(design @ beta)
    pmse = float(np.mean((fitted - share) ** 2))
    parameters = int(np.linalg.matrix_rank(design.T @ design, hermitian=True))
    chance = (parameters - 1) * (1.0 - share) ** 2 * share / len(both)
    return pmse, pmse / chance if chance > 0 else 0.0
