"""Similarity of records: observed between released filters, and expected from the adversary's own encodings.

Agreement of two filters is 1 − 2·(share of differing bits). Two filters that agree by *a* before
diffusion with *t* taps agree by *a*^t after it, on average. The variance over L released bits is (1 − a^2t) / L.

*Source:* Armknecht, Heng, Schnell, PoPETs 2023(2).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from wasl.attack.knowledge import KnownPass
from wasl.attack.observation import PassView

__all__ = [
    "agreement",
    "centred",
    "expected_pairs",
    "expected_similarity",
    "observed_similarity",
    "pair_agreement",
    "visibility",
]

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]


def agreement(filters: Bytes, present: npt.NDArray[np.bool_]) -> Floats:
    """1 − 2·(share of differing bits) of every pair of packed filters (n, bytes); 0 where one is missing."""
    signs = 1.0 - 2.0 * np.unpackbits(filters, axis=1, bitorder="little").astype(np.float32)
    signs[~present] = 0.0
    return np.asarray(signs @ signs.T / np.float32(filters.shape[1] * 8), np.float32)


def observed_similarity(view: PassView, groups: Sequence[str]) -> Floats:
    """Mean agreement of the released filters over ``groups``: (rows, rows)."""
    total = np.zeros((len(view), len(view)), np.float32)
    for group in groups:
        total += agreement(view.filters[group], view.present[group])
    return np.asarray(total / max(len(groups), 1), np.float32)


def expected_similarity(known: KnownPass, rows: npt.NDArray[np.int64], groups: Sequence[str], taps: int) -> Floats:
    """The value of ``observed_similarity`` expected for some rows of the population: (rows, rows)."""
    total = np.zeros((len(rows), len(rows)), np.float32)
    for group in groups:
        present = known.view.present[group][rows]
        versions = [known.view.filters[group], *(copy[group] for copy in known.copies)]
        mean = sum((agreement(filters[rows], present) for filters in versions), np.float32(0.0)) / len(versions)
        total += mean ** max(taps, 1)
    return np.asarray(total / max(len(groups), 1), np.float32)


AT_A_TIME = 1 << 16
"""Pairs compared together: at 256 bytes a filter, their XOR takes 16 MB."""

SMALLEST_VARIANCE = 1e-5
"""Of an expected agreement. One released bit of 256 is 1/128 of agreement; its square is 6e-5."""


def pair_agreement(filters: Bytes, left: Ints, right: Ints) -> Floats:
    """Agreement of some pairs of packed filters (n, bytes): (pairs,)."""
    found = np.empty(len(left), np.float32)
    for start in range(0, len(left), AT_A_TIME):
        part = slice(start, start + AT_A_TIME)
        differing = np.bitwise_count(filters[left[part]] ^ filters[right[part]]).sum(axis=1, dtype=np.int64)
        found[part] = 1.0 - 2.0 * differing / (8.0 * filters.shape[1])
    return found


def expected_pairs(
    known: KnownPass, group: str, left: Ints, right: Ints, taps: int, released_bits: int
) -> tuple[Floats, Floats]:
    """Mean and variance of the released agreement expected of some pairs of own rows: two arrays (pairs,).

    The variance is the noise of the released bits plus what differs between the adversary's keys.
    """
    versions = [known.view.filters[group], *(copy[group] for copy in known.copies)]
    powers = np.stack([pair_agreement(filters, left, right) ** max(taps, 1) for filters in versions])
    mean = powers.mean(axis=0)
    between = powers.var(axis=0) * (1 + 1 / len(versions))
    noise = (1 - mean**2) / released_bits if taps else np.zeros_like(mean)
    return mean, np.asarray(np.maximum(between + noise, SMALLEST_VARIANCE), np.float32)


def centred(matrix: Floats) -> Floats:
    """The matrix with row and column means taken out."""
    means = matrix.mean(axis=0)
    return np.asarray(matrix - means[None, :] - means[:, None] + means.mean(), np.float32)


def visibility(expected: Floats, released_bits: int) -> tuple[float, float]:
    """SNR and T of an expected similarity against the noise of ``released_bits`` bits.

    SNR is the standard deviation off the diagonal times √bits; T the top eigenvalue over √(n / bits).
    """
    n = len(expected)
    if n < 3:
        return 0.0, 0.0
    matrix = centred(expected)
    off = matrix[~np.eye(n, dtype=bool)]
    vector = np.ones(n) + np.arange(n) / n
    for _ in range(60):
        vector = matrix @ vector
        norm = float(np.linalg.norm(vector))
        if norm == 0.0:
            return 0.0, 0.0
        vector /= norm
    return float(off.std() * np.sqrt(released_bits)), float(norm / np.sqrt(n / released_bits))
