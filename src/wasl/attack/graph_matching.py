"""Graph matching: a correspondence of records from their similarities alone.

The observed and the expected similarity matrix are noisy versions of one graph with its nodes in different order. Both
are embedded by their leading eigenvectors. The embeddings agree up to a rotation. It is found by alternating between
soft correspondences (balanced by Sinkhorn's iteration) and the best rotation, first in a few dimensions. In the end,
correspondences are refined one to one by comparing whole rows of the matrices over the most certain pairs.

*Sources:* the threat: Vidanage, Christen, Ranbaduge, Schnell, "A graph matching attack on privacy-preserving record
linkage", CIKM 2020; Heng, Armknecht, Chen, Schnell, PLOS ONE 17(9) 2022 (overlap); Schäfer, Armknecht, Heng, "R+R:
Revisiting graph matching attacks on privacy-preserving record linkage", ACSAC 2024. The method: Umeyama, IEEE PAMI
10(5) 1988 (spectral); Grave, Joulin, Berthet, AISTATS 2019 (Procrustes with unknown correspondences); Sinkhorn 1967;
Fishkind et al., Pattern Recognition 87, 2019 (seeds).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment
from scipy.sparse.linalg import eigsh

from wasl.attack.similarity import centred

__all__ = ["Correspondence", "assign", "match_graphs", "match_seeded", "refine"]

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

DIMENSIONS = 60
EXACT_ASSIGNMENT = 2500
"""Up to this many nodes the assignment is optimal; above, mutual nearest neighbours are taken, as it takes time with
the cube of the number of nodes."""

SCHEDULES: tuple[tuple[int, ...], ...] = (
    (3, 4, 5, 6, 8, 10, 13, 17, 22, 30, 40),
    (3, 6, 12, 24, 48),
    (20,),
)
"""Dimensions of the embedding, stage by stage. Each schedule is one start; the best result of all is kept."""


@dataclass(frozen=True, slots=True)
class Correspondence:
    """Pairs of an observed and an expected node, with how certain each is.

    Attributes:
        observed, expected: Node numbers, pair by pair.
        margin: How much better the pair is than the next best for either node.
        agreement: Correlation of the two matrices under this correspondence.
    """

    observed: Ints = field(repr=False)
    expected: Ints = field(repr=False)
    margin: Floats = field(repr=False)
    agreement: float


def match_graphs(
    observed: Floats, expected: Floats, noise: float, rng: np.random.Generator, starts: int = 6
) -> Correspondence:
    """The best correspondence found from several starts.

    Args:
        observed: (n, n) similarities of released encodings.
        expected: (m, m) similarities expected of the population.
        noise: Standard deviation of an observed similarity.
        rng: Draws the noise that makes expected look like observed where their profiles are compared.
        starts: Most starts to try; each costs a few seconds at 1,000 nodes.
    """
    k = min(DIMENSIONS, len(observed) - 2, len(expected) - 2)
    if k < 3:
        return Correspondence(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32), 0.0)
    left, right = centred(observed), centred(expected)
    blurred = _blur(expected, noise, rng)
    left_spectrum, right_spectrum = _spectrum(left, k), _spectrum(right, k)
    profiles = _profile_distance(_profiles(observed, left_spectrum), _profiles(blurred, _spectrum(centred(blurred), k)))
    unary = profiles / np.float32(2 * np.median(profiles.min(axis=1)))
    found: Correspondence | None = None
    # The agreement of the true correspondence if both sides were the same persons: no start does much better.
    spread = float(right[~np.eye(len(right), dtype=bool)].std())
    reachable = spread / float(np.hypot(spread, noise))
    plans = [(schedule, weight) for weight in (0.3, 1.0) for schedule in SCHEDULES][:starts]
    for schedule, weight in plans:
        distance = _align(left_spectrum, right_spectrum, unary, schedule, weight)
        first = assign(distance)
        sure = np.argsort(-first.margin)[: max(20, len(observed) // 5)]
        ended = refine(left, right, first.observed[sure], first.expected[sure])
        if found is None or ended.agreement > found.agreement:
            found = ended
        if found.agreement > 0.9 * reachable:
            break
    assert found is not None  # noqa: S101 - plans is never empty
    return found


def match_seeded(observed: Floats, expected: Floats, seeds: tuple[Ints, Ints]) -> Correspondence:
    """The correspondence grown from known pairs: rows are first compared over the known columns.

    Args:
        observed: As in ``match_graphs``.
        expected: As in ``match_graphs``.
        seeds: Node numbers of known pairs, observed and expected.
    """
    return refine(centred(observed), centred(expected), *seeds, fixed=seeds)


def _blur(expected: Floats, noise: float, rng: np.random.Generator) -> Floats:
    upper = np.triu(rng.normal(0.0, noise, expected.shape).astype(np.float32), 1)
    return np.asarray(expected + upper + upper.T, np.float32)


def _spectrum(matrix: Floats, k: int) -> tuple[Floats, Floats]:
    """Leading eigenvalues and vectors of a centred matrix."""
    start = np.ones(len(matrix)) + np.arange(len(matrix)) / len(matrix)
    values, vectors = eigsh(matrix.astype(np.float64), k=k, which="LA", v0=start)
    order = np.argsort(-values)
    return np.maximum(values[order], 1e-9).astype(np.float32), vectors[:, order].astype(np.float32)


def _profiles(similarity: Floats, spectrum: tuple[Floats, Floats]) -> Floats:
    """Quantiles, mean and spread of the similarities of each node, raw and after taking out noise."""
    values, vectors = spectrum
    kept = min(30, len(values))
    means = similarity.mean(axis=0)
    smooth = (vectors[:, :kept] * values[:kept]) @ vectors[:, :kept].T + means[None, :] + means[:, None]
    return np.hstack([_quantiles(similarity), _quantiles(smooth)])


def _quantiles(matrix: Floats) -> Floats:
    n = len(matrix)
    ordered = matrix.copy()
    np.fill_diagonal(ordered, -np.inf)
    ordered.sort(axis=1)
    ordered = ordered[:, 1:]
    places = np.unique(np.round((1 - np.geomspace(1 / (n - 1), 1, 24)) * (n - 2)).astype(int))
    return np.hstack([ordered[:, places], ordered.mean(axis=1, keepdims=True), ordered.std(axis=1, keepdims=True)])


def _profile_distance(left: Floats, right: Floats, dimensions: int = 10) -> Floats:
    """Squared distances between profiles in their joint principal components, each on a like scale."""
    both = np.vstack([left, right])
    scaled = (both - both.mean(axis=0)) / (both.std(axis=0) + 1e-9)
    _, values, components = np.linalg.svd(scaled, full_matrices=False)
    kept = min(dimensions, int((values > 1e-6 * values[0]).sum()))
    scale = values[:kept] / np.sqrt(len(both))
    points = (scaled @ components[:kept].T / (scale + 0.05 * scale[0])).astype(np.float32)
    return _squared_distances(points[: len(left)], points[len(left) :])


def _squared_distances(left: Floats, right: Floats) -> Floats:
    lengths = (left**2).sum(axis=1)[:, None] + (right**2).sum(axis=1)[None, :]
    return np.asarray(np.maximum(lengths - 2 * left @ right.T, 0), np.float32)


def _align(
    left: tuple[Floats, Floats],
    right: tuple[Floats, Floats],
    unary: Floats,
    schedule: tuple[int, ...],
    weight: float,
    steps: int = 9,
) -> Floats:
    """Squared distances after the rotation that brings the embeddings together, dimension by dimension."""
    soft = _sinkhorn(-unary)
    distance = unary
    stride = max(1, len(unary) // 100)  # a hundred rows tell the median distance well enough
    for wanted in schedule:
        k = min(wanted, len(left[0]), len(right[0]))
        scale = np.sqrt(right[0][:k])
        # Noise lifts the observed eigenvalues; those of the expected matrix are the truer lengths.
        a = np.asarray(left[1][:, :k] * scale, np.float32)
        b = np.asarray(right[1][:, :k] * scale, np.float32)
        rotation = _rotation(np.asarray(a.T @ soft @ b, np.float32))
        for step in range(steps):
            distance = _squared_distances(a @ rotation, b)
            cooling = (1 - step / (steps - 1)) ** 2
            heat = 0.5 * np.median(distance.min(axis=1)) + 0.05 * np.median(distance[::stride]) * cooling
            soft = _sinkhorn(-distance / np.float32(2 * heat) - np.float32(weight) * unary)
            rotation = _rotation(np.asarray(a.T @ soft @ b, np.float32))
        distance = _squared_distances(a @ rotation, b)
    return distance


def _sinkhorn(logits: Floats, iterations: int = 10) -> Floats:
    weights = np.exp(np.maximum(logits - logits.max(axis=1, keepdims=True), -80).astype(np.float32))
    row, column = np.ones(weights.shape[0], np.float32), np.ones(weights.shape[1], np.float32)
    for _ in range(iterations):
        row = 1 / (weights @ column + np.float32(1e-30))
        column = 1 / (weights.T @ row + np.float32(1e-30))
    return np.asarray(weights * row[:, None] * column[None, :], np.float32)


def _rotation(cross: Floats) -> Floats:
    u, _, v = np.linalg.svd(cross.astype(np.float64))
    return np.asarray(u @ v, np.float32)


def assign(distance: Floats) -> Correspondence:
    """One-to-one pairs of small distance, and their margins."""
    if max(distance.shape) <= EXACT_ASSIGNMENT:
        row, column = linear_sum_assignment(distance)
    else:
        best, back = distance.argmin(axis=1), distance.argmin(axis=0)
        row = np.flatnonzero(back[best] == np.arange(len(best)))
        column = best[row]
    own = distance[row, column].copy()
    distance[row, column] = np.inf
    margin = np.minimum(distance[row].min(axis=1), distance[:, column].min(axis=0)) - own
    distance[row, column] = own
    return Correspondence(row.astype(np.int64), column.astype(np.int64), margin, 0.0)


def refine(
    left: Floats, right: Floats, row: Ints, column: Ints, fixed: tuple[Ints, Ints] | None = None, rounds: int = 60
) -> Correspondence:
    """Correspondences by whole rows over the most certain pairs, more of them each round; the best round is kept.

    Under equal noise in every entry, the squared distance of two rows over known columns is minus twice the
    log-likelihood that they are the same node.
    """
    best: Correspondence | None = None
    stalled = 0
    for turn in range(rounds):
        distance = _squared_distances(left[:, row], right[:, column])
        if fixed is not None:
            distance[fixed[0], :], distance[:, fixed[1]] = np.inf, np.inf
            distance[fixed] = 0.0
            distance[np.isinf(distance)] = np.float32(1e9)
        found = assign(distance)
        agreement = _agreement(left, right, found.observed, found.expected)
        if best is None or agreement > best.agreement:
            best, stalled = Correspondence(found.observed, found.expected, found.margin, agreement), 0
        else:
            stalled += 1
            if stalled > 4:
                break
        count = max(20, int(len(found.observed) * min(1.0, 0.25 + 0.05 * turn)))
        sure = np.argsort(-found.margin)[:count]
        row, column = found.observed[sure], found.expected[sure]
    assert best is not None  # noqa: S101 - there is at least one round
    return best


def _agreement(left: Floats, right: Floats, row: Ints, column: Ints) -> float:
    a, b = left[np.ix_(row, row)], right[np.ix_(column, column)]
    np.fill_diagonal(a, 0)
    np.fill_diagonal(b, 0)
    norm = float(np.sqrt((a * a).sum(dtype=np.float64) * (b * b).sum(dtype=np.float64)))
    return float((a * b).sum(dtype=np.float64)) / norm if norm > 0 else 0.0
