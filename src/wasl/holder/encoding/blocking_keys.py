"""What blocks and tokens are made of: each part of a record as a keyed 16-byte digest, before it is keyed per pass.

- ``birth_date``: the whole date; 1 January counts as unknown, for it is what clerks write when the day is unknown.
- ``birth_year``, also of a partial date; ``birth_days``: day and month without their order (swapped days and months
  meet), not 1 January.
- ``name_skeletons``: the skeletons of all name words, without their order (swapped and unsplit names meet).
  A name of one word is missing: alone it says too little.
- ``word_1`` … ``word_5``: of the record's skeletons, the one whose keyed digest is smallest; another one in each part.
  ``word_prefix_1`` … ``_3``: the same of skeletons cut to two letters. Two records choose the same as often as they
  share words, whatever their order and whichever is missing (min-wise hashing: Broder, Compression and Complexity of
  Sequences, 1997); one word is enough.
- ``surname_skeleton``, ``given_skeleton``: of the column's words; ``names``: canonical spellings of all words.
- identifiers and codes: the normalized value.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.holder.encoding.pseudonym import LABEL_BYTES, hash_labels, hash_words
from wasl.holder.keys import RoundKey
from wasl.holder.name_columns import WordColumn
from wasl.holder.normalize import Persons
from wasl.holder.profile import Part
from wasl.registers.exchange.spilled_arrays import ArraysInMemory, ArrayStore, SetAside

__all__ = ["PartDigests", "digest_parts"]


@dataclass(frozen=True, slots=True)
class PartDigests:
    """A part of every record.

    Attributes:
        distinct: Its digests: (values, 16) bytes.
        places: Which of them is each record's.
        present: Which records have it.
    """

    distinct: NDArray[np.uint8] = field(repr=False)
    places: NDArray[np.int32] = field(repr=False)
    present: NDArray[np.bool_] = field(repr=False)

    def of(self, rows: NDArray[np.int32] | NDArray[np.int64]) -> NDArray[np.uint8]:
        """The digests of some records: (rows, 16) bytes."""
        digests: NDArray[np.uint8] = self.distinct.take(self.places[rows], axis=0)
        return digests

    @property
    def digests(self) -> NDArray[np.uint8]:
        """The digests of all records: (n, 16) bytes."""
        return self.of(np.arange(len(self.places)))


ADDED_AT_A_TIME = 1 << 18
"""Records whose words' digests are added together."""
LETTERS = {"word": None, "word_prefix": 2}
"""To how many letters skeletons are cut."""


def digest_parts(
    persons: Persons, parts: list[Part], key: RoundKey, store: ArrayStore | None = None
) -> SetAside[PartDigests]:
    """The digests of the parts that the register can give, set aside; a part it lacks is absent from the result."""
    found: SetAside[PartDigests] = SetAside(store or ArraysInMemory())
    for part in dict.fromkeys(parts):
        digests = _digest(persons, part, key.derive("part", block=part))
        if digests is not None:
            found.put(part, digests)
    return found


def _digest(persons: Persons, part: Part, key: bytes) -> PartDigests | None:
    if part in ("birth_date", "birth_year", "birth_days"):
        return None if persons.birth_codes is None else _date_part(persons.birth_codes, part, key)
    if part in ("name_skeletons", "names"):
        column = persons.names.get("names")
        spellings = () if column is None else column.vocabulary if part == "names" else column.skeletons
        return None if column is None else _word_set(column, spellings, key, fewest=2)
    if part.startswith("word_"):
        column = persons.names.get("names")
        return None if column is None else _smallest_word(column, LETTERS[part.rstrip("_0123456789")], key)
    if part in ("surname_skeleton", "given_skeleton"):
        column = persons.names.get(part.removesuffix("_skeleton"))
        return None if column is None else _word_set(column, column.skeletons, key)
    values = persons.codes.get(part)
    return None if values is None else _values(values, key)


def _values(values: pa.Array, key: bytes) -> PartDigests:
    encoded = values.dictionary_encode()
    places = np.asarray(encoded.indices.fill_null(0), dtype=np.int32)
    present = np.asarray(values.is_valid())
    digests = hash_labels(key, encoded.dictionary)
    if not len(digests):
        digests = np.zeros((1, LABEL_BYTES), np.uint8)
    return PartDigests(digests, places, present)


def _date_part(births: NDArray[np.int32], part: str, key: bytes) -> PartDigests:
    """Digests of a birth date's part, of births as ``yyyymmdd`` with 0 for unknown parts; ISO text is what is hashed.

    A partial date has the parts it gives: 1985 alone has a year, 12 March of an unknown year has its days.
    """
    year, month, day = (births // 10_000).astype(np.int64), births // 100 % 100, births % 100
    if part == "birth_year":
        code, present = year, year > 0
    else:
        present = (month > 0) & (day > 0) & ~((month == 1) & (day == 1))
        if part == "birth_date":
            code, present = births.astype(np.int64), present & (year > 0)
        else:
            code = (np.minimum(day, month) * 100 + np.maximum(day, month)).astype(np.int64)
    distinct, inverse = _distinct(np.where(present, code, code[present].min() if present.any() else 0))
    texts = (
        f"{c // 10_000:04d}-{c // 100 % 100:02d}-{c % 100:02d}" if part == "birth_date" else str(c)
        for c in distinct.tolist()
    )
    return PartDigests(hash_words(key, texts)[:, :LABEL_BYTES], inverse.astype(np.int32), present)


def _distinct(codes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Distinct numbers of a small range, ascending, and where each row's stands."""
    if not len(codes):
        return codes, codes
    low = codes.min()
    used = np.zeros(int(codes.max() - low) + 1, dtype=bool)
    used[codes - low] = True
    return np.flatnonzero(used) + low, (np.cumsum(used) - 1)[codes - low]


def _word_set(column: WordColumn, spellings: tuple[str, ...], key: bytes, fewest: int = 1) -> PartDigests:
    """Digests of sets of words: the sum of the words' digests, which has no order.

    Sums are modulo 2**64 on each half, as in multiset hashing (Clarke et al., ASIACRYPT 2003, MSet-Add-Hash): under a
    secret key, two different sets of words do not meet by chance.
    """
    present = column.present if fewest == 1 else column.offsets[1:] - column.offsets[:-1] >= fewest
    words = hash_words(key, spellings)[:, :LABEL_BYTES]
    halves = np.ascontiguousarray(words).view("<u8").reshape(-1, 2) if len(words) else np.zeros((1, 2), "<u8")
    sums = np.empty((len(column.offsets) - 1, 2), "<u8")
    for start in range(0, len(sums), ADDED_AT_A_TIME):
        offsets = column.offsets[start : start + ADDED_AT_A_TIME + 1]
        running = np.zeros((offsets[-1] - offsets[0] + 1, 2), np.uint64)
        np.cumsum(halves[column.words[offsets[0] : offsets[-1]]], axis=0, out=running[1:])
        sums[start : start + ADDED_AT_A_TIME] = running[offsets[1:] - offsets[0]] - running[offsets[:-1] - offsets[0]]
    digests = sums.view(np.uint8).reshape(-1, LABEL_BYTES)
    return PartDigests(digests, np.arange(len(digests), dtype=np.int32), present)


def _smallest_word(column: WordColumn, letters: int | None, key: bytes) -> PartDigests:
    """Of each record's skeletons, cut to so many letters, the digest that is smallest."""
    if not len(column.words):
        count = len(column.offsets) - 1
        nothing = np.zeros((1, LABEL_BYTES), np.uint8)
        return PartDigests(nothing, np.zeros(count, np.int32), np.zeros(count, dtype=bool))
    cut = pa.array([skeleton[:letters] for skeleton in column.skeletons], pa.string()).dictionary_encode()
    digests = hash_words(key, cut.dictionary.to_pylist())[:, :LABEL_BYTES]
    order = np.argsort(np.ascontiguousarray(digests).view("S16").ravel(), kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    ranks = rank[np.asarray(cut.indices)][column.words]
    smallest = np.zeros(len(column.offsets) - 1, np.int64)
    smallest[column.present] = np.minimum.reduceat(ranks, column.offsets[:-1][column.present])
    return PartDigests(np.ascontiguousarray(digests), order[smallest].astype(np.int32), column.present)
