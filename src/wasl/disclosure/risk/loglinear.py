"""File risk from a log-linear model of the keys: how rare is a combination, not only in this sample.

Cell counts of the sample are Poisson with mean ``μ``, those of the rest of the population with ``μ (1 - π) / π``. The
expected counts come from a model of the cross-classification of the keys, so that a sample unique in a region of the
table where many are expected counts little.

Source: Skinner, Holmes (1998), J. Official Statistics 14(4); Elamir, Skinner (2006), J. Official Statistics 22(3);
Skinner, Shlomo (2008), J. American Statistical Association 103(483).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from wasl.disclosure.keys.classes import equivalence_classes
from wasl.disclosure.keys.coding import CodedColumn, Frame, coded
from wasl.errors import InputError

__all__ = ["LoglinearRisk", "expected_counts", "loglinear_risk"]

Model = Literal["main", "two-way"]
MAX_CELLS = 4_000_000


@dataclass(frozen=True, slots=True)
class LoglinearRisk:
    """Risk under a log-linear model.

    Attributes:
        model: ``main`` effects, or all ``two-way`` interactions.
        population_uniques: τ₁, expected sample uniques that are unique in the population.
        correct_matches: τ₂, expected correct matches of sample uniques, Σ E[1/F | f = 1].
        dispersion: Mean of ``((f - μ)² - f) / μ²`` weighted by μ, near 0 when the model fits; above it risk is
            understated.
        risk: Per row, E[1/F | f = 1] for sample uniques, 0 for others.
    """

    model: Model
    population_uniques: float
    correct_matches: float
    dispersion: float
    risk: NDArray[np.float64] = field(repr=False)


def loglinear_risk(
    data: Frame | Sequence[CodedColumn],
    keys: Sequence[str] | None = None,
    *,
    fraction: float,
    model: Model = "two-way",
) -> LoglinearRisk:
    """File and row risk under a log-linear model; a missing value is a category.

    For a sample unique with expected count μ and ``h = μ (1 - π) / π``: ``P(F = 1) = exp(-h)`` and
    ``E[1/F] = (1 - exp(-h)) / h``.

    Args:
        data: A frame, or key columns already coded.
        keys: The key variables, when ``data`` is a frame.
        fraction: Sampling fraction π, in (0, 1].
        model: Which terms; ``two-way`` needs the whole table in memory.

    Raises:
        InputError: The fraction is not in (0, 1], or the table has too many cells for the model.
    """
    if not 0.0 < fraction <= 1.0:
        raise InputError(f"the sampling fraction is {fraction}, but must lie in (0, 1].")
    columns = coded(data, keys)
    classes = equivalence_classes(columns)
    means = expected_counts(columns, model)[classes.first]
    rest = means * (1.0 - fraction) / fraction
    unique = classes.sizes == 1
    match = np.where(rest > 1e-12, -np.expm1(-rest) / np.maximum(rest, 1e-300), 1.0)
    risk = np.where(unique, match, 0.0)
    excess = (classes.sizes - means) ** 2 - classes.sizes
    return LoglinearRisk(
        model=model,
        population_uniques=float(np.exp(-rest[unique]).sum()),
        correct_matches=float(risk.sum()),
        dispersion=float(np.sum(excess / means) / np.sum(means)) if len(means) else 0.0,
        risk=risk[classes.ids],
    )


def expected_counts(columns: Sequence[CodedColumn], model: Model) -> NDArray[np.float64]:
    """The fitted count of each row's cell.

    Main effects have a closed form, ``n Π (n_v / n)``; two-way interactions are fitted by iterative proportional
    fitting of the whole table to all two-way margins.

    Raises:
        InputError: The table is too large for ``two-way``.
    """
    codes = [column.codes.astype(np.int64) + 1 for column in columns]
    shape = tuple(len(column.labels) + 1 for column in columns)
    n = len(codes[0])
    if model == "main" or len(columns) < 3:
        if len(columns) == 2 and model == "two-way":
            cells = codes[0] * shape[1] + codes[1]
            return np.asarray(np.bincount(cells)[cells], np.float64)
        product = np.full(n, float(n))
        for code in codes:
            product *= np.bincount(code)[code] / n
        return np.asarray(product)
    if np.prod([float(size) for size in shape]) > MAX_CELLS:
        raise InputError(
            f"the keys' table has more than {MAX_CELLS} cells, too many for two-way interactions.",
            remedy="Use model='main', or group categories first.",
        )
    pairs = list(combinations(range(len(columns)), 2))
    margins = {}
    for a, b in pairs:
        counts = np.bincount(codes[a] * shape[b] + codes[b], minlength=shape[a] * shape[b])
        margins[a, b] = counts.reshape(shape[a], shape[b]).astype(np.float64)
    table = np.ones(shape)
    for _ in range(200):
        change = 0.0
        for a, b in pairs:
            others = tuple(v for v in range(len(shape)) if v not in (a, b))
            fitted = table.sum(axis=others)
            ratio = np.divide(margins[a, b], fitted, out=np.zeros_like(fitted), where=fitted > 0)
            change = max(change, float(np.max(np.abs(fitted - margins[a, b]))))
            table *= np.expand_dims(ratio, others)
        if change < 1e-8 * n:
            break
    return np.asarray(table[tuple(codes)])
