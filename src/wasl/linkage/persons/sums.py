"""Sums over millions of pairs without copies of them: by class, and part by part."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from wasl.registers.compiled import njit

__all__ = ["codes_of", "counts_by", "logistic", "parts_of", "settled", "sums_by"]

PART = 1 << 20
"""Pairs that are worked on at a time, so that temporary arrays stay small."""


def parts_of(count: int) -> Iterator[slice]:
    """Slices of so many pairs."""
    for start in range(0, count, PART):
        yield slice(start, min(start + PART, count))


@njit(cache=True, nogil=True)
def _add(total: np.ndarray, code: np.ndarray, value: np.ndarray) -> None:
    for k in range(code.shape[0]):
        total[code[k]] += value[k]


@njit(cache=True, nogil=True)
def _count(total: np.ndarray, code: np.ndarray) -> None:
    for k in range(code.shape[0]):
        total[code[k]] += 1


def sums_by(
    code: NDArray[np.integer], value: NDArray[np.float64], classes: int, total: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """``np.bincount(code, weights=value)`` for codes of any width, added to a total if one is given."""
    sums = np.zeros(classes) if total is None else total
    _add(sums, code, value)
    return sums


def counts_by(code: NDArray[np.integer], classes: int) -> NDArray[np.int64]:
    """``np.bincount(code)`` for codes of any width."""
    counts = np.zeros(classes, np.int64)
    _count(counts, code)
    return counts


def codes_of(values: NDArray[np.integer], most: int) -> tuple[NDArray[np.int64], NDArray[np.integer]]:
    """The distinct values, ascending, and which of them each is; values are small and not negative.

    Args:
        values: Of the pairs.
        most: A value above all of them.
    """
    held = np.flatnonzero(counts_by(values, most))
    number = np.zeros(most, np.min_scalar_type(max(len(held) - 1, 0)))
    number[held] = np.arange(len(held))
    return held, number[values]


def logistic(odds: NDArray[np.float64], added: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """(pairs) probabilities of log-odds, with something added to them if it is given."""
    probability = np.empty(len(odds))
    for part in parts_of(len(odds)):
        mine = odds[part] if added is None else odds[part] + added[part]
        probability[part] = 1.0 / (1.0 + np.exp(-mine))
    return probability


def settled(before: NDArray[np.float64], after: NDArray[np.float64], tolerance: float) -> bool:
    """``np.allclose(before, after, atol=tolerance)``."""
    return all(bool(np.allclose(before[part], after[part], atol=tolerance)) for part in parts_of(len(before)))
