"""Low-weight codewords: sums of released columns that undo the diffusion without the key.

XOR is linear, so the released columns span a binary code. If the released bits determine a secret column of the filter
(released bits ≥ filter bits), the column is a word of the code. A column set in few records has a low weight that sums
of columns do not have by chance. Information-set decoding finds such words: it permutes the records, brings the columns
to systematic form on the first independent records, and weighs single generators and sums of two.

*Sources:* Lee, Brickell, EUROCRYPT 1988 (information-set decoding with p ≤ 2); the linearity is inherent in Armknecht,
Heng, Schnell, PoPETs 2023(2).

*Does not find:* anything in blocks of fewer records than released bits, because every word is in their code. The same
holds if filter bits ≥ 2 · released bits: no sum of released columns is a secret column.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from wasl.registers.compiled import njit

__all__ = ["Codewords", "find_codewords"]

Bits = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Codewords:
    """Result of the search.

    Attributes:
        records, released: Size of the matrix searched.
        rank: Dimension of the code.
        limit: Weight below which a random code of this size rarely has a word (0: nothing can be concluded).
        found: Distinct words of weight up to the limit, as (words, records) bits.
    """

    records: int
    released: int
    rank: int
    limit: int
    found: Bits = field(repr=False)


def find_codewords(bits: Bits, rng: np.random.Generator, permutations: int = 12) -> Codewords:
    """Words of low weight in the span of the columns of ``bits`` (records, released columns), 0 or 1.

    Args:
        bits: Released filters of one block.
        rng: Draws the information sets.
        permutations: How many of them.
    """
    records, released = bits.shape
    columns = _pack(np.ascontiguousarray(bits.T))
    found: dict[bytes, npt.NDArray[np.uint64]] = {}
    rank, limit = 0, 0
    for _ in range(permutations):
        order = rng.permutation(records)
        generators = columns.copy()
        rank = int(_systematic(generators, order.astype(np.int64)))
        limit = random_limit(records, rank)
        if limit < 1:
            break
        basis = generators[:rank]
        for word in _light_words(basis, limit):
            found.setdefault(word.tobytes(), word)
    words = np.array(list(found.values()), np.uint64).reshape(len(found), columns.shape[1])
    unpacked = np.unpackbits(words.view(np.uint8), axis=1, bitorder="little")[:, :records]
    return Codewords(records, released, rank, max(limit, 0), unpacked)


def random_limit(length: int, dimension: int, chance: float = 1e-3) -> int:
    """The largest weight below which a random [length, dimension] code has a word with probability < ``chance``."""
    if dimension <= 0 or dimension >= length:
        return 0
    weights = np.arange(1, length // 2)
    terms = gammaln(length + 1) - gammaln(weights + 1) - gammaln(length - weights + 1)
    expected = np.logaddexp.accumulate(terms) + (dimension - length) * np.log(2.0)
    return int(np.count_nonzero(expected < np.log(chance)))


def _pack(rows: Bits) -> Words:
    width = -(-rows.shape[1] // 64) * 64
    padded = np.zeros((len(rows), width), np.uint8)
    padded[:, : rows.shape[1]] = rows
    return np.packbits(padded, axis=1, bitorder="little").view(np.uint64)


@njit(cache=True, nogil=True)
def _systematic(rows: Words, order: npt.NDArray[np.int64]) -> int:
    """Bring rows to systematic form on the first independent positions of ``order``, in place; returns the rank."""
    count, words = rows.shape
    rank = 0
    for place in order:
        word, bit = place >> 6, np.uint64(place & 63)
        pivot = -1
        for row in range(rank, count):
            if (rows[row, word] >> bit) & np.uint64(1):
                pivot = row
                break
        if pivot < 0:
            continue
        if pivot != rank:
            for w in range(words):
                rows[pivot, w], rows[rank, w] = rows[rank, w], rows[pivot, w]
        for row in range(count):
            if row != rank and (rows[row, word] >> bit) & np.uint64(1):
                for w in range(words):
                    rows[row, w] ^= rows[rank, w]
        rank += 1
        if rank == count:
            break
    return rank


def _light_words(basis: Words, limit: int) -> list[npt.NDArray[np.uint64]]:
    """Generators and sums of two generators of weight 1 … limit."""
    single = np.bitwise_count(basis).sum(axis=1, dtype=np.int64)
    light = [basis[row] for row in np.flatnonzero((single > 0) & (single <= limit))]
    first, second = _light_pairs(basis, limit)
    return light + [basis[i] ^ basis[j] for i, j in zip(first.tolist(), second.tolist(), strict=True)]


@njit(cache=True, nogil=True)
def _light_pairs(basis: Words, limit: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    rank, words = basis.shape
    first, second = np.empty(10_000, np.int64), np.empty(10_000, np.int64)
    count = 0
    for i in range(rank):
        for j in range(i):
            weight = 0
            for w in range(words):
                x = basis[i, w] ^ basis[j, w]
                x = x - ((x >> np.uint64(1)) & np.uint64(0x5555555555555555))
                x = (x & np.uint64(0x3333333333333333)) + ((x >> np.uint64(2)) & np.uint64(0x3333333333333333))
                x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
                weight += (x * np.uint64(0x0101010101010101)) >> np.uint64(56)
                if weight > limit:
                    break
            if 0 < weight <= limit and count < len(first):
                first[count], second[count] = i, j
                count += 1
    return first[:count], second[:count]
