"""From normalized features to q-grams: what two records share when they are nearly the same.

A date becomes grams by position (year, decade, month, day), by window (near years share) and without position (so
that a swapped day and month still share). A gram that counts more appears several times, numbered.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
import pyarrow as pa
from numba import njit
from numpy.typing import NDArray

from wasl.holder.normalize import Persons
from wasl.holder.profile import GramPart, Group

__all__ = ["GroupGrams", "date_grams", "digit_grams", "group_grams", "text_grams"]


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

    @property
    def counts(self) -> NDArray[np.int64]:
        """Grams of each record."""
        sizes = np.diff(self.piece_offsets)[self.pieces]
        running = np.concatenate(([0], np.cumsum(sizes)))
        counts: NDArray[np.int64] = running[self.offsets[1:]] - running[self.offsets[:-1]]
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
    lists: list[list[int]] = []
    ragged: list[tuple[NDArray[np.int32], NDArray[np.int64]]] = []
    present = np.ones(persons.count, dtype=bool)
    for part in group.parts:
        found = _part_pieces(persons, part, vocabulary)
        if found is None:
            if part.required:
                return None
            continue
        own, pieces, offsets = found
        if part.required:
            present &= offsets[1:] > offsets[:-1]
        ragged.append((pieces + np.int32(len(lists)), offsets))
        lists += own
    if not ragged:
        return None
    pieces, offsets = _concatenate(ragged)
    grams = np.fromiter(chain.from_iterable(lists), np.int32)
    starts = np.concatenate(([0], np.cumsum([len(own) for own in lists], dtype=np.int64)))
    if not vocabulary:
        return None
    grams, starts, pieces, offsets = _take_apart_rare(grams, starts, pieces, offsets, len(vocabulary))
    present &= offsets[1:] > offsets[:-1]
    if not present.any():
        return None
    return GroupGrams(tuple(vocabulary), grams, starts, pieces, offsets, present)


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
    taken, borders = _spread_rare(grams, starts, rare, pieces, offsets)
    kept = np.repeat(~rare, sizes)
    left = np.concatenate([grams[kept], np.arange(vocabulary, dtype=np.int32)])
    ends = np.cumsum(np.concatenate([np.where(rare, 0, sizes), np.ones(vocabulary, np.int64)]))
    return left, np.concatenate(([0], ends)), taken, borders


@njit(cache=True, nogil=True)
def _spread_rare(
    grams: NDArray[np.int32],
    starts: NDArray[np.int64],
    rare: NDArray[np.bool_],
    pieces: NDArray[np.int32],
    offsets: NDArray[np.int64],
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The pieces of each record, rare ones as the pieces of their grams, which are numbered after all pieces."""
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
                taken[out] = len(rare) + grams[gram]
                out += 1
        else:
            taken[out] = piece
            out += 1
    return taken, borders


def _part_pieces(
    persons: Persons, part: GramPart, vocabulary: dict[str, int]
) -> tuple[list[list[int]], NDArray[np.int32], NDArray[np.int64]] | None:
    """The pieces of one part as lists of grams, and which of them each record has."""

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
        return _number_texts(column.vocabulary, "", number), column.words, column.offsets
    if part.kind == "date":
        return None if persons.birth_codes is None else _date_pieces(persons.birth_codes, number)
    values = persons.codes.get(part.feature)
    if values is None:
        return None
    encoded, tag = values.dictionary_encode(), f"{part.feature}:"
    texts = encoded.dictionary.to_pylist()
    if part.kind == "text":
        lists = _number_texts(texts, tag, number)
    else:
        lists = [number(SPLITTERS[part.kind](text), tag) for text in texts]
    there = np.asarray(values.is_valid())
    indices = np.asarray(encoded.indices.drop_null(), dtype=np.int32)
    return lists, indices, np.concatenate(([0], np.cumsum(there)))


def _number_texts(texts: Sequence[str], tag: str, number: Callable[[Sequence[str], str], list[int]]) -> list[list[int]]:
    """The numbers of the grams of each text (see :func:`text_grams`), each distinct gram looked up once."""
    if not len(texts):
        return []
    padded = [f"_{text.replace(' ', '')}_" for text in texts]
    letters = np.frombuffer("".join(padded).encode("utf-32-le"), "<u4").astype(np.int64)
    ends = np.cumsum([len(text) for text in padded])
    pairs = np.delete(letters << 32 | np.roll(letters, -1), ends - 1)
    encoded = pa.array(pairs).dictionary_encode()
    known = [number([chr(pair >> 32) + chr(pair & 0xFFFFFFFF)], tag) for pair in encoded.dictionary.to_pylist()]
    flat = np.array(known, np.int32)[np.asarray(encoded.indices)].ravel().tolist()
    stops = ((ends - np.arange(1, len(padded) + 1)) * len(known[0])).tolist()
    return [flat[start:stop] for start, stop in zip([0, *stops], stops, strict=False)]


def _date_pieces(
    births: NDArray[np.int32], number: Callable[[Sequence[str], str], list[int]]
) -> tuple[list[list[int]], NDArray[np.int32], NDArray[np.int64]]:
    """Grams of dates by year, month and day apart: there are few of each.

    Args:
        births: ``yyyymmdd`` with 0 for unknown parts; 0 where missing.
        number: The numbers of some grams in the vocabulary.

    A partial date has the grams of the parts it gives. 1 January of a whole date stands for an unknown day: as a gap it
    says nothing, as a date it would say the wrong thing.
    """
    year, month, day = births // 10_000, births // 100 % 100, births % 100
    first_january = (month == 1) & (day == 1)
    known = [(part > 0) & ~first_january for part in (day, month, year)]
    years = year[known[2]]
    first = int(years.min()) if len(years) else 0
    last = int(years.max()) if len(years) else 0
    lists = [number(day_month_grams("d", d), "") for d in range(1, 32)]
    lists += [number(day_month_grams("m", m), "") for m in range(1, 13)]
    lists += [number(year_grams(y), "") for y in range(first, last + 1)]
    pieces = np.stack([day - 1, month - 1 + 31, year - first + 43], axis=1)
    there = np.stack(known, axis=1)
    offsets = np.concatenate(([0], np.cumsum(there.sum(axis=1))))
    return lists, pieces[there].astype(np.int32), offsets


def _concatenate(
    ragged: list[tuple[NDArray[np.int32], NDArray[np.int64]]],
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    if len(ragged) == 1:
        return ragged[0]
    counts = [offsets[1:] - offsets[:-1] for _, offsets in ragged]
    offsets = np.concatenate(([0], np.cumsum(np.sum(counts, axis=0))))
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
