"""How far the rows of a block are seen to agree, pair by pair, before they are released: what the meter measures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wasl.registers.compiled import njit
from wasl.registers.compiled.bits import popcount
from wasl.registers.compiled.symmetric import padded

__all__ = ["agreement_by_difference", "agreement_matrices", "agreement_of_persons", "persons_of_rows"]

SAME = 0.5
"""Mean agreement from which two rows are taken as one person's, as in the union meter of the linkage unit. With seven
taps, filters that differ in a twentieth of their bits agree by .48, those of unrelated people by less than .1."""
TILE = 16
"""Rows and columns of a matrix that are written together: what is written stays in the processor's cache."""


@njit(cache=True, nogil=True)
def agreement_by_difference(words: int, taps: int) -> NDArray[np.float64]:
    """Expected agreement after diffusion, by the number of bits in which two filters of so many words differ."""
    bits = 64 * words
    return (1.0 - 2.0 * np.arange(bits + 1) / bits) ** taps


@njit(cache=True, nogil=True)
def _agreement(
    raw: NDArray[np.uint64],
    valid: NDArray[np.bool_],
    places: NDArray[np.int64],
    expected: NDArray[np.float64],
    matrix: NDArray[np.float64],
) -> None:
    """Expected agreement of released filters, pair by pair, below the diagonal of (n, n) zeros."""
    words = raw.shape[1]
    for i in range(len(places)):
        if not valid[places[i]]:
            continue
        mine, row = raw[places[i]], matrix[i]
        for j in range(i):
            if not valid[places[j]]:
                continue
            other, different = raw[places[j]], np.uint64(0)
            for word in range(words):
                different += popcount(mine[word] ^ other[word])
            row[j] = expected[np.int64(different)]


@njit(cache=True, nogil=True)
def _mirror(matrix: NDArray[np.float64]) -> None:
    """Write what is below the diagonal above it, a tile at a time."""
    n = len(matrix)
    for top in range(0, n, TILE):
        for left in range(0, top + 1, TILE):
            for i in range(top, min(top + TILE, n)):
                for j in range(left, min(left + TILE, i)):
                    matrix[j, i] = matrix[i, j]


@njit(cache=True, nogil=True)
def _equality(tokens: NDArray[np.int64], places: NDArray[np.int64], matrix: NDArray[np.float64]) -> None:
    """Write 1 where two rows share any token, into zeros."""
    for i in range(len(places)):
        for j in range(i):
            for token in range(tokens.shape[0]):
                code = tokens[token, places[i]]
                if code >= 0 and code == tokens[token, places[j]]:
                    matrix[i, j] = 1.0
                    matrix[j, i] = 1.0


@njit(cache=True, nogil=True)
def agreement_matrices(
    raw: NDArray[np.uint64],
    valid: NDArray[np.bool_],
    tokens: NDArray[np.int64],
    places: NDArray[np.int64],
    expected: NDArray[np.float64],
) -> NDArray[np.float64]:
    """What each group, all tokens, and all groups together let out about some rows, pair by pair.

    Args:
        raw: (groups, rows, words) filters before diffusion.
        valid: (groups, rows) whether a row has a filter.
        tokens: (tokens, rows) equality classes, negative where missing.
        places: (n) the rows.
        expected: See :func:`agreement_by_difference`.

    Returns:
        (groups + 2, n, n): the groups, tokens, and the sum of the groups; rows are padded with zeros to whole vectors.
    """
    groups, n = raw.shape[0], len(places)
    found = np.zeros((groups + 2, n, padded(n)))
    whole = found[groups + 1]
    for group in range(groups):
        _agreement(raw[group], valid[group], places, expected, found[group])
        for i in range(n):
            row, mine = whole[i], found[group, i]
            for j in range(i):
                row[j] += mine[j]
        _mirror(found[group])
    _mirror(whole)
    if tokens.shape[0]:
        _equality(tokens, places, found[groups])
    return found


@njit(cache=True, nogil=True)
def persons_of_rows(
    together: NDArray[np.float64], valid: NDArray[np.bool_], places: NDArray[np.int64]
) -> tuple[NDArray[np.int64], int]:
    """For each row the number of its person: rows that agree by more than ``SAME`` are one person's, also in steps.

    Args:
        together: (n, n) agreement, summed over the groups.
        valid: (groups, rows) whether a row has a filter.
        places: (n) the rows.
    """
    n = len(places)
    first = np.arange(n)
    for i in range(n):
        row = together[i]
        for j in range(i):
            if row[j] <= SAME:  # the sum of one group at least must be above it
                continue
            both = 0
            for group in range(valid.shape[0]):
                both += valid[group, places[i]] and valid[group, places[j]]
            if both and row[j] > SAME * both and first[i] != first[j]:
                low, high = min(first[i], first[j]), max(first[i], first[j])
                for k in range(n):
                    if first[k] == high:
                        first[k] = low
    number, found = np.empty(n, np.int64), 0
    for i in range(n):
        if first[i] == i:
            number[i] = found
            found += 1
        else:
            number[i] = number[first[i]]
    return number, found


@njit(cache=True, nogil=True)
def agreement_of_persons(
    whole: NDArray[np.float64], person: NDArray[np.int64], count: int, tokens: bool
) -> NDArray[np.float64]:
    """Mean agreement between persons instead of rows: (kinds, count, count), 0 on the diagonal, padded likewise.

    Args:
        whole: See :func:`agreement_matrices`.
        person: The number of each row's person.
        count: How many persons.
        tokens: Whether there are tokens; without them their matrix stays 0.
    """
    means = np.zeros((len(whole), count, padded(count)))
    rows = np.zeros(count)
    for i in range(len(person)):
        rows[person[i]] += 1.0
    for kind in range(len(whole)):
        if kind == len(whole) - 2 and not tokens:
            continue
        for i in range(len(person)):
            row, mine = means[kind, person[i]], whole[kind, i]
            for j in range(len(person)):
                row[person[j]] += mine[j]
        for i in range(count):
            row = means[kind, i]
            row[i] = 0.0
            if rows[i] > 1.0:
                for j in range(count):
                    row[j] /= rows[i] * rows[j]
        for j in range(count):
            if rows[j] > 1.0:
                for i in range(count):
                    if rows[i] == 1.0:
                        means[kind, i, j] /= rows[j]
    return means
