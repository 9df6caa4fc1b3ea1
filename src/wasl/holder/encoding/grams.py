"""From normalized features to q-grams: what two records share when they are nearly the same.

A date becomes grams by position (year, decade, month, day), by window (near years share) and without position (so
that a swapped day and month still share). A gram that counts more appears several times, numbered.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.holder.normalize import Persons
from wasl.holder.profile import GramPart, Group
from wasl.registers.compiled import njit

__all__ = ["GroupGrams", "date_grams", "digit_grams", "group_grams", "text_grams"]


CUT_AT_A_TIME = 1 << 17
"""Texts cut into grams together: some eighty bytes for each of their letters."""
RARE = 3
"""Pieces used fewer times than this are taken apart into grams instead of being prepared whole."""


@dataclass(frozen=True, slots=True)
class GroupGrams:
    """The grams of a group, record by record.

    A *piece* is a list of grams that comes as one (a word, a street, the year of a date). A frequent piece is prepared
    once per pass and not gram by gram for every record.

    Attributes:
        vocabulary: Distinct grams.
        piece_grams: Index into the vocabulary, piece after piece.
        piece_offsets: Where each piece begins; one more entry than pieces.
        pieces: Index of pieces, record after record.
        offsets: Where each record begins; one more entry than records.
        present: Whether the record has a filter in this group.
    """

    vocabulary: tuple[str, ...] = field(repr=False)
    piece_grams: NDArray[np.int32] = field(repr=False)
    piece_offsets: NDArray[np.int64] = field(repr=False)
    pieces: NDArray[np.int32] = field(repr=False)
    offsets: NDArray[np.int64] = field(repr=False)
    present: NDArray[np.bool_] = field(repr=False)

    def counts(self, first: int, last: int) -> NDArray[np.int64]:
        """Grams of each record from ``first`` to before ``last``."""
        offsets = self.offsets[first : last + 1].astype(np.int64)
        sizes = np.diff(self.piece_offsets)[self.pieces[offsets[0] : offsets[-1]]]
        running = np.concatenate(([0], np.cumsum(sizes)))
        counts: NDArray[np.int64] = running[offsets[1:] - offsets[0]] - running[offsets[:-1] - offsets[0]]
        return counts


def text_grams(text: str, q: int = 2) -> list[str]:
    """The padded q-grams of a text, spaces dropped."""
    padded = f"_{text.replace(' ', '')}_"
    return [padded[i : i + q] for i in range(len(padded) - q + 1)]


def digit_grams(text: str) -> list[str]:
    """Each character with its place, from both ends, so that a lost digit costs half."""
    return [f"{i}<{c}" for i, c in enumerate(text)] + [f"{i}>{c}" for i, c in enumerate(reversed(text))]


def date_grams(date: dt.date) -> list[str]:
    """Seventeen grams of a date: seven of the year, five each of month and day."""
    return [*year_grams(date.year), *day_month_grams("m", date.month), *day_month_grams("d", date.day)]


SPELLED = "spelling:"
"""Before the grams of words as they are written: they are not those of canonical words. In one set of grams a letter
that the rules keep would count once, and one that they change twice. On six draws of names and birth dates F1 under
`open` was .959 with one set, .968 with two, and .959 without the words as they are written."""
SPLITTERS: dict[str, Callable[[str], list[str]]] = {
    "digits": digit_grams,
    "code": lambda text: [text],
}


def year_grams(year: int) -> list[str]:
    """The year, a window around it, its decade and its last digit, and the last two digits without their order.

    The gram without order is what 1985 and 1958 share.
    """
    low, high = sorted((year // 10 % 10, year % 10))
    return [
        f"y{year}",
        *(f"w{year + shift}" for shift in (-1, 0, 1)),
        f"y3{year // 10 % 10}",
        f"y4{year % 10}",
        f"ys{low}{high}",
    ]


def day_month_grams(place: str, number: int) -> list[str]:
    """A day or a month in its place (whole and by digit), and twice without its place."""
    text = f"{number:02d}"
    return [f"{place}{text}", f"{place}1{text[0]}", f"{place}2{text[1]}", f"pa{text}", f"pb{text}"]


def group_grams(persons: Persons, group: Group) -> GroupGrams | None:
    """The grams of a group, or None where the register (or every record of it) lacks a required feature."""
    vocabulary: dict[str, int] = {}
    grams_of: list[NDArray[np.int32]] = []
    sizes_of: list[NDArray[np.int64]] = []
    before = 0
    ragged: list[tuple[NDArray[np.int32], NDArray[np.int64]]] = []
    present = np.ones(persons.count, dtype=bool)
    for part in group.parts:
        found = _part_pieces(persons, part, vocabulary)
        if found is None:
            if part.required:
                return None
            continue
        grams, sizes, pieces, offsets = found
        if part.required:
            present &= offsets[1:] > offsets[:-1]
        ragged.append((pieces + np.int32(before), offsets))
        before += len(sizes)
        grams_of.append(grams)
        sizes_of.append(sizes)
    if not ragged:
        return None
    if not vocabulary:
        return None
    pieces, offsets = _concatenate(ragged)
    grams, starts = np.concatenate(grams_of), np.concatenate(([0], np.cumsum(np.concatenate(sizes_of))))
    del ragged, grams_of, sizes_of
    grams, starts, pieces, offsets = _take_apart_rare(grams, starts, pieces, offsets, len(vocabulary))
    present &= offsets[1:] > offsets[:-1]
    if not present.any():
        return None
    return GroupGrams(tuple(vocabulary), grams, starts, pieces, _narrow(offsets), present)


def _narrow(offsets: NDArray[np.int64]) -> NDArray[Any]:
    """Offsets in four bytes each where that is enough; they are the longest-lived array of a group."""
    return offsets.astype(np.int32) if offsets[-1] < 2**31 else offsets


def _take_apart_rare(
    grams: NDArray[np.int32],
    starts: NDArray[np.int64],
    pieces: NDArray[np.int32],
    offsets: NDArray[np.int64],
    vocabulary: int,
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]:
    """Replace rare pieces by their grams, each a piece of its own; arguments and results as in ``GroupGrams``."""
    sizes = np.diff(starts)
    rare = (np.bincount(pieces, minlength=len(sizes)) < RARE) & (sizes > 1)
    number = (np.cumsum(~rare) - 1).astype(np.int32)
    taken, borders = _spread_rare(grams, starts, rare, number, pieces, offsets)
    kept = np.repeat(~rare, sizes)
    left = np.concatenate([grams[kept], np.arange(vocabulary, dtype=np.int32)])
    ends = np.cumsum(np.concatenate([sizes[~rare], np.ones(vocabulary, np.int64)]))
    return left, np.concatenate(([0], ends)), taken, borders


@njit(cache=True, nogil=True)
def _spread_rare(
    grams: NDArray[np.int32],
    starts: NDArray[np.int64],
    rare: NDArray[np.bool_],
    number: NDArray[np.int32],
    pieces: NDArray[np.int32],
    offsets: NDArray[np.int64],
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The pieces of each record, rare ones as the pieces of their grams, which are numbered after the others."""
    first = np.int32(0)
    for piece in range(len(rare)):
        first += not rare[piece]
    borders = np.empty(len(offsets), np.int64)
    borders[0] = 0
    for row in range(len(offsets) - 1):
        count = 0
        for place in range(offsets[row], offsets[row + 1]):
            piece = pieces[place]
            count += starts[piece + 1] - starts[piece] if rare[piece] else 1
        borders[row + 1] = borders[row] + count
    taken = np.empty(borders[-1], np.int32)
    out = 0
    for place in range(offsets[0], offsets[-1]):
        piece = pieces[place]
        if rare[piece]:
            for gram in range(starts[piece], starts[piece + 1]):
                taken[out] = first + grams[gram]
                out += 1
        else:
            taken[out] = number[piece]
            out += 1
    return taken, borders


def _part_pieces(
    persons: Persons, part: GramPart, vocabulary: dict[str, int]
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]] | None:
    """The pieces of one part: their grams, how many each has, and which of them each record has, with its offsets."""

    def number(grams: Sequence[str], tag: str) -> list[int]:
        if part.weight == 1:
            return [vocabulary.setdefault(tag + gram, len(vocabulary)) for gram in grams]
        return [
            vocabulary.setdefault(f"{tag}{gram}" if copy == 0 else f"{tag}{gram}#{copy}", len(vocabulary))
            for gram in grams
            for copy in range(part.weight)
        ]

    if part.kind == "words":
        column = persons.names.get(part.feature)
        if column is None:
            return None
        return *_number_texts(column.vocabulary, "", number), column.words, column.offsets
    if part.kind == "spelling":
        column = persons.spelled.get(part.feature)
        if column is None:
            return None
        return *_number_texts(column.vocabulary, SPELLED, number), column.words, column.offsets
    if part.kind == "date":
        return None if persons.birth_codes is None else _date_pieces(persons.birth_codes, number)
    values = persons.codes.get(part.feature)
    if values is None:
        return None
    encoded, tag = values.dictionary_encode(), f"{part.feature}:"
    if part.kind == "text":
        grams, sizes = _number_texts(encoded.dictionary, tag, number)
    else:
        grams, sizes = _flat(number(SPLITTERS[part.kind](text.as_py()), tag) for text in encoded.dictionary)
    there = np.asarray(values.is_valid())
    indices = np.asarray(encoded.indices.drop_null(), dtype=np.int32)
    return grams, sizes, indices, np.concatenate(([0], np.cumsum(there)))


def _flat(lists: Iterable[list[int]]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Lists one behind the other, and how long each is."""
    sizes: list[int] = []

    def counted() -> Iterator[list[int]]:
        for own in lists:
            sizes.append(len(own))
            yield own

    flat = np.fromiter(chain.from_iterable(counted()), np.int32)
    return flat, np.array(sizes, np.int64)


def _number_texts(
    texts: Sequence[str] | pa.Array, tag: str, number: Callable[[Sequence[str], str], list[int]]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The numbers of the grams of each text (see :func:`text_grams`), one behind the other, and how many each has."""
    found = [_number_some(texts[start : start + CUT_AT_A_TIME], tag, number) for start in
             range(0, len(texts), CUT_AT_A_TIME)]  # fmt: skip
    if not found:
        return np.zeros(0, np.int32), np.zeros(0, np.int64)
    return np.concatenate([grams for grams, _ in found]), np.concatenate([sizes for _, sizes in found])


def _number_some(
    texts: Sequence[str] | pa.Array, tag: str, number: Callable[[Sequence[str], str], list[int]]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """See :func:`_number_texts`; each distinct gram is looked up once."""
    several = texts.to_pylist() if isinstance(texts, pa.Array) else texts
    padded = [f"_{text.replace(' ', '')}_" for text in several]
    letters = np.frombuffer("".join(padded).encode("utf-32-le"), "<u4").astype(np.int64)
    ends = np.cumsum([len(text) for text in padded])
    pairs = np.delete(letters << 32 | np.roll(letters, -1), ends - 1)
    encoded = pa.array(pairs).dictionary_encode()
    known = [number([chr(pair >> 32) + chr(pair & 0xFFFFFFFF)], tag) for pair in encoded.dictionary.to_pylist()]
    flat: NDArray[np.int32] = np.array(known, np.int32)[np.asarray(encoded.indices)].ravel()
    stops = (ends - np.arange(1, len(padded) + 1)) * len(known[0])
    return flat, np.diff(stops, prepend=0).astype(np.int64)


LEAST_PARTS = 2
"""Known parts of a date that is compared."""


def _date_pieces(
    births: NDArray[np.int32], number: Callable[[Sequence[str], str], list[int]]
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]:
    """Grams of dates by year, month and day apart: there are few of each.

    Args:
        births: ``yyyymmdd`` with 0 for unknown parts; 0 where missing.
        number: The numbers of some grams in the vocabulary.

    A date without its day, or without its year, has the grams of the parts it gives. A date with one known part has no
    grams. Two filters of one year and nothing else would agree in full, as two whole dates of one person do. Blocks by
    year still use the year. 1 January of a whole date stands for an unknown day: as a gap it says nothing, as a date it
    would say the wrong thing.
    """
    year, month, day = births // 10_000, births // 100 % 100, births % 100
    first_january = (month == 1) & (day == 1)
    enough = ((day > 0).astype(np.int8) + (month > 0) + (year > 0) >= LEAST_PARTS) & ~first_january
    known = [(part > 0) & enough for part in (day, month, year)]
    years = year[known[2]]
    first = int(years.min()) if len(years) else 0
    last = int(years.max()) if len(years) else 0
    lists = [number(day_month_grams("d", d), "") for d in range(1, 32)]
    lists += [number(day_month_grams("m", m), "") for m in range(1, 13)]
    lists += [number(year_grams(y), "") for y in range(first, last + 1)]
    pieces = np.stack([day - 1, month - 1 + 31, year - first + 43], axis=1)
    there = np.stack(known, axis=1)
    offsets = np.concatenate(([0], np.cumsum(there.sum(axis=1))))
    return *_flat(lists), pieces[there].astype(np.int32), offsets


def _concatenate(
    ragged: list[tuple[NDArray[np.int32], NDArray[np.int64]]],
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    if len(ragged) == 1:
        return ragged[0]
    offsets = np.zeros(len(ragged[0][1]), np.int64)
    for _, own in ragged:
        offsets += own
    values = np.empty(int(offsets[-1]), np.int32)
    start = offsets[:-1].copy()
    for items, places in ragged:
        _put_behind(items, places, start, values)
    return values, offsets


@njit(cache=True, nogil=True)
def _put_behind(
    items: NDArray[np.int32], places: NDArray[np.int64], start: NDArray[np.int64], values: NDArray[np.int32]
) -> None:
    """Put each record's items at its start, and the start behind them."""
    for row in range(len(start)):
        for place in range(places[row], places[row + 1]):
            values[start[row]] = items[place]
            start[row] += 1
