"""Addresses compared in the clear, word by word, by an office that holds both records.

The words of all parts of an address are laid side by side, because one register writes *12 rue Atlas* in one column
and the other in two. A word counts by how rare it is: the share found of an address is

    Σ over the common words of -log(share of the records with the word)  /  Σ over all words of the address,

where the address with less to compare decides. A part that only one register has says nothing.

A household has one address and often one telephone. Agreement on them has weight only where the names or the birth date
agree, too: it does not tell a person from a brother.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.holder.comparable import fold
from wasl.holder.name_columns import whole
from wasl.holder.spelled_words import same_roughly, spelled
from wasl.registers.compiled import njit
from wasl.registers.reading.coded_columns import plain
from wasl.registers.schema import Feature, RegisterSchema

__all__ = ["ADDRESSES", "ADDRESS_LEVELS", "ADDRESS_PARTS", "ClearAddresses", "clear_addresses"]

ADDRESS_PARTS = (
    Feature.STREET, Feature.ADDRESS_DETAIL, Feature.STREET_NUMBER, Feature.LOCALITY, Feature.POSTCODE, Feature.REGION,
)  # fmt: skip
ADDRESS_LEVELS = ("without weight", "another", "the town at most", "a part", "nearly all", "all")
ADDRESSES = (0.0, 0.75, 0.5, 0.25, 0.5, 3.0)
"""Pairs of opinion on how addresses of one person agree, by `ADDRESS_LEVELS`; one person in ten has moved. A level
without opinion has no weight."""
LIMITS = (0.15, 0.5, 0.85, 0.999)
"""Shares found from which the levels after the second begin. A town with its postcode has a third to a half of the
weight of an address, and a street number a fifth."""
MOST_WORDS = 64
WORDS = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class ClearAddresses:
    """The words of the addresses of records, record after record.

    Attributes:
        offsets, words: Words as numbers.
        letters, lengths: (words, letters) and (words) how each word is spelled; 0 letters where it has to be equal.
        told: (words) minus the logarithm of the share of records with the word.
    """

    offsets: NDArray[np.int64] = field(repr=False)
    words: NDArray[np.int64] = field(repr=False)
    letters: NDArray[np.uint8] = field(repr=False)
    lengths: NDArray[np.int64] = field(repr=False)
    told: NDArray[np.float64] = field(repr=False)

    def levels(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
        """(pairs) into ``ADDRESS_LEVELS``; 0 where one of the two has no address."""
        share = _shares_found(left, right, self.offsets, self.words, self.letters, self.lengths, self.told)
        return np.where(share < 0, 0, 1 + np.searchsorted(LIMITS, share, side="right")).astype(np.int64)


def clear_addresses(tables: Sequence[pa.Table], schemas: Sequence[RegisterSchema]) -> ClearAddresses | None:
    """The words of addresses of typed registers, in one numbering; None where not every register has some.

    Args:
        tables: The typed tables.
        schemas: What their columns are.
    """
    vocabulary: dict[str, int] = {}
    rows, words, first = [], [], 0
    for table, schema in zip(tables, schemas, strict=True):
        columns = [schema.by_feature[part].name for part in ADDRESS_PARTS if part in schema.by_feature]
        if not columns:
            return None
        for column in columns:
            row, word = _words_of(table[column], vocabulary)
            rows.append(first + row)
            words.append(word)
        first += table.num_rows
    row = np.concatenate(rows)
    order = np.argsort(row, kind="stable")
    row, word = row[order], np.concatenate(words)[order]
    offsets = np.searchsorted(row, np.arange(first + 1)).astype(np.int64)
    letters, lengths = spelled([text if text.isalpha() else "" for text in vocabulary])
    share = np.bincount(word, minlength=len(vocabulary)) / max(first, 1)
    return ClearAddresses(offsets, word, letters, lengths, -np.log(np.clip(share, 1e-9, 0.999)))


def _words_of(column: pa.ChunkedArray, vocabulary: dict[str, int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The words of a column, by row: (words) their rows, and their numbers in a vocabulary that is extended."""
    cells = whole(plain(column)).cast(pa.string()).dictionary_encode()
    found = [
        [vocabulary.setdefault(fold(word), len(vocabulary)) for word in WORDS.findall(text or "") if fold(word)]
        for text in cells.dictionary.to_pylist()
    ]
    held = np.array([len(numbers) for numbers in found] + [0], np.int64)
    start = np.cumsum(held) - held
    flat = np.array([number for numbers in found for number in numbers], np.int64)
    code = np.asarray(cells.indices.fill_null(len(found)), dtype=np.int64)
    row = np.repeat(np.arange(len(code)), held[code])
    within = np.arange(len(row)) - np.repeat(np.cumsum(held[code]) - held[code], held[code])
    return row, flat[start[code][row] + within]


@njit(cache=True, nogil=True)
def _shares_found(
    left: np.ndarray,
    right: np.ndarray,
    offsets: np.ndarray,
    words: np.ndarray,
    letters: np.ndarray,
    lengths: np.ndarray,
    told: np.ndarray,
) -> np.ndarray:
    """(pairs) share found of the address with less to compare; -1 where one of the two is empty."""
    share = np.full(len(left), -1.0)
    laid, taken = np.zeros(MOST_WORDS, np.bool_), np.zeros(MOST_WORDS, np.bool_)
    for k in range(len(left)):
        a, b = offsets[left[k]], offsets[right[k]]
        n, m = min(offsets[left[k] + 1] - a, MOST_WORDS), min(offsets[right[k] + 1] - b, MOST_WORDS)
        mine, other = 0.0, 0.0
        for i in range(n):
            mine += told[words[a + i]]
        for j in range(m):
            other += told[words[b + j]]
        if n == 0 or m == 0 or min(mine, other) <= 0.0:
            continue
        if other < mine:
            a, b, n, m = b, a, m, n
        taken[:m] = False
        laid[:n] = False
        found = 0.0
        for roughly in (False, True):
            for i in range(n):
                x = words[a + i]
                for j in range(m):
                    if laid[i] or taken[j]:
                        continue
                    y = words[b + j]
                    same = same_roughly(letters[x], letters[y], lengths[x], lengths[y]) if roughly else x == y
                    if same:
                        laid[i], taken[j] = True, True
                        found += told[x]
        share[k] = min(found / min(mine, other), 1.0)
    return share
