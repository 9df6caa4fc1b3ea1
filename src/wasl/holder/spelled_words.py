"""Words as rows of letters, and how many letters tell two of them apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wasl.registers.compiled import njit

__all__ = ["LETTERS", "LONG", "SHORTEST", "changes", "same_roughly", "spelled"]

LETTERS = 24
"""Longest word that is compared letter by letter; longer ones by their beginning."""
SHORTEST, LONG = 4, 7
"""Words of fewer letters have to be equal; from so many letters on, two changes are still the same word roughly."""


def spelled(words: Sequence[str]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """(words, letters) the letters of words, and (words) how many they are."""
    lengths = np.array([min(len(word), LETTERS) for word in words], np.int64)
    letters = np.zeros((len(words), LETTERS), np.uint8)
    for place, word in enumerate(words):
        text = word[:LETTERS].encode("ascii", "replace")
        letters[place, : len(text)] = np.frombuffer(text, np.uint8)
    return letters, lengths


@njit(cache=True, nogil=True)
def changes(first: np.ndarray, second: np.ndarray, n: int, m: int) -> int:
    """Letters changed, dropped, added or exchanged with the next between two words (optimal string alignment).

    Args:
        first: (letters) uint8.
        second: (letters) uint8.
        n: Letters of the first.
        m: Letters of the second.
    """
    table = np.zeros((n + 1, m + 1), np.int64)
    for i in range(n + 1):
        table[i, 0] = i
    for j in range(m + 1):
        table[0, j] = j
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            cost = 0 if first[i - 1] == second[j - 1] else 1
            least = min(table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + cost)
            if i > 1 and j > 1 and first[i - 1] == second[j - 2] and first[i - 2] == second[j - 1]:
                least = min(least, table[i - 2, j - 2] + 1)
            table[i, j] = least
    return int(table[n, m])


@njit(cache=True, nogil=True)
def same_roughly(first: np.ndarray, second: np.ndarray, n: int, m: int) -> bool:
    """Whether two words are the same but for a letter or two; see `SHORTEST`.

    Args:
        first: (letters) uint8.
        second: (letters) uint8.
        n: Letters of the first.
        m: Letters of the second.
    """
    longest = max(n, m)
    return longest >= SHORTEST and changes(first, second, n, m) <= (1 if longest < LONG else 2)
