"""Pattern mining: bits that are always set together belong to one frequent q-gram.

In undiffused filters, the columns of a frequent gram are strongly correlated. A cluster of such columns is the pattern
of the gram, and a record with all its bits has the gram. The adversary mines its own filters in the same way, pairs the
patterns by frequency and co-occurrence, and compares records by their patterns. Diffused columns have no patterns.

*Source:* Christen, Vidanage, Ranbaduge, Schnell, "Pattern-mining based cryptanalysis of Bloom filters for
privacy-preserving record linkage", PAKDD 2018; Christen, Ranbaduge, Vatsalan, Schnell, IEEE TKDE 31(11) 2019.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wasl.attack.graph_matching import assign, refine

__all__ = ["match_patterns", "mine_patterns"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]

CORRELATION = 0.55
"""Columns at least so correlated are taken to belong to one gram. Higher values lose grams with collisions."""

FEWEST_BITS = 3
MOST_PATTERNS = 150


def mine_patterns(filters: Bytes) -> Floats:
    """The patterns of each row: (rows, patterns) of 0 and 1, the most frequent pattern first."""
    bits = np.unpackbits(filters, axis=1, bitorder="little").astype(np.float32)
    frequency = bits.mean(axis=0)
    usable = np.flatnonzero((frequency > 0.01) & (frequency < 0.95))
    if len(usable) < FEWEST_BITS:
        return np.zeros((len(bits), 0), np.float32)
    columns = bits[:, usable] - frequency[usable]
    columns /= np.linalg.norm(columns, axis=0)
    close = (columns.T @ columns) >= CORRELATION
    free = np.ones(len(usable), bool)
    patterns: list[Floats] = []
    for centre in np.argsort(-close.sum(axis=1), kind="stable"):
        cluster = np.flatnonzero(close[centre] & free)
        if not free[centre] or len(cluster) < FEWEST_BITS:
            continue
        free[cluster] = False
        patterns.append(bits[:, usable[cluster]].min(axis=1))
        if len(patterns) == MOST_PATTERNS:
            break
    if not patterns:
        return np.zeros((len(bits), 0), np.float32)
    found = np.array(patterns, np.float32).T
    return found[:, np.argsort(-found.mean(axis=0), kind="stable")]


def match_patterns(observed: Bytes, known: Bytes) -> tuple[Ints, Ints]:
    """Rows of two sets of filters, (n, bytes) and (m, bytes), paired by their patterns."""
    left, right = mine_patterns(observed), mine_patterns(known)
    if min(left.shape[1], right.shape[1]) < 5:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    frequency = assign((left.mean(axis=0)[:, None] - right.mean(axis=0)[None, :]) ** 2)
    together = refine(_cooccurrence(left), _cooccurrence(right), frequency.observed, frequency.expected)
    a, b = left[:, together.observed], right[:, together.expected]
    share = np.clip((a.mean(axis=0) + b.mean(axis=0)) / 2, 1e-3, 1 - 1e-3)
    weight = np.sqrt(1 / (share * (1 - share))).astype(np.float32)
    a, b = a * weight, b * weight
    distance = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None, :] - 2 * a @ b.T
    found = assign(distance)
    return found.observed, found.expected


def _cooccurrence(carried: Floats) -> Floats:
    return np.asarray(carried.T @ carried / len(carried), np.float32)
