"""From normalized features to q-grams: what two records share when they are nearly the same.

A date becomes grams by position (year, decade, month, day), by window (near years share) and without position (so
that a swapped day and month still share). A gram that counts more appears several times, numbered.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.holder.persons import NO_DATE, Persons
from wasl.holder.profile import GramPart, Group

__all__ = ["GroupGrams", "date_grams", "digit_grams", "group_grams", "text_grams"]

EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class GroupGrams:
    """The grams of a group, record by record.

    Attributes:
        vocabulary: Distinct grams.
        grams: Index into the vocabulary, record after record.
        offsets: Where each record begins; one more entry than records.
        present: Whether the record has a filter in this group.
    """

    vocabulary: tuple[str, ...] = field(repr=False)
    grams: NDArray[np.int32] = field(repr=False)
    offsets: NDArray[np.int64] = field(repr=False)
    present: NDArray[np.bool_] = field(repr=False)


def text_grams(text: str, q: int = 2) -> list[str]:
    """The padded q-grams of a text, spaces dropped."""
    padded = f"_{text.replace(' ', '')}_"
    return [padded[i : i + q] for i in range(len(padded) - q + 1)]


def digit_grams(text: str) -> list[str]:
    """Each character with its place, from both ends, so that a lost digit costs half."""
    return [f"{i}<{c}" for i, c in enumerate(text)] + [f"{i}>{c}" for i, c in enumerate(reversed(text))]


def date_grams(date: dt.date) -> list[str]:
    """Sixteen grams of a date: six of the year, three each of month and day, four without their order."""
    year, month, day = date.year, f"{date.month:02d}", f"{date.day:02d}"
    return [
        f"y{year}",
        *(f"w{year + shift}" for shift in (-1, 0, 1)),
        f"y3{year // 10 % 10}",
        f"y4{year % 10}",
        f"m{month}",
        f"m1{month[0]}",
        f"m2{month[1]}",
        f"d{day}",
        f"d1{day[0]}",
        f"d2{day[1]}",
        *(f"p{copy}{part}" for part in (month, day) for copy in "ab"),
    ]


def group_grams(persons: Persons, group: Group) -> GroupGrams | None:
    """The grams of a group, or None where the register has none of its required features."""
    vocabulary: dict[str, int] = {}
    ragged: list[tuple[NDArray[np.int32], NDArray[np.int64]]] = []
    present = np.ones(persons.count, dtype=bool)
    for part in group.parts:
        lists = _part_lists(persons, part, vocabulary)
        if lists is None:
            if part.required:
                return None
            continue
        if part.required:
            present &= lists[1][1:] > lists[1][:-1]
        ragged.append(lists)
    if not ragged:
        return None
    grams, offsets = _concatenate(ragged)
    present &= offsets[1:] > offsets[:-1]
    return GroupGrams(tuple(vocabulary), grams, offsets, present)


def _part_lists(
    persons: Persons, part: GramPart, vocabulary: dict[str, int]
) -> tuple[NDArray[np.int32], NDArray[np.int64]] | None:
    """Gram indices of one part, record by record."""

    def number(grams: Sequence[str], tag: str) -> list[int]:
        return [
            vocabulary.setdefault(f"{tag}{gram}" if copy == 0 else f"{tag}{gram}#{copy}", len(vocabulary))
            for gram in grams
            for copy in range(part.weight)
        ]

    if part.kind == "words":
        column = persons.names.get(part.feature)
        if column is None:
            return None
        by_word = [number(text_grams(word), "") for word in column.vocabulary]
        return _spread(by_word, column.words, column.offsets)
    if part.kind == "date":
        if persons.birth is None:
            return None
        distinct, inverse = np.unique(persons.birth, return_inverse=True)
        lists = [
            [] if day == NO_DATE or _first_january(int(day)) else number(date_grams(_date(int(day))), "")
            for day in distinct
        ]
        return _spread(lists, inverse.astype(np.int32), np.arange(persons.count + 1, dtype=np.int64))
    values = persons.codes.get(part.feature)
    if values is None:
        return None
    split: Callable[[str], list[str]] = {"text": text_grams, "digits": digit_grams, "code": lambda text: [text]}[
        part.kind
    ]
    encoded = values.dictionary_encode()
    lists = [number(split(text), f"{part.feature}:") for text in encoded.dictionary.to_pylist()] + [[]]
    indices = np.asarray(encoded.indices.fill_null(len(lists) - 1), dtype=np.int32)
    return _spread(lists, indices, np.arange(persons.count + 1, dtype=np.int64))


def _date(day: int) -> dt.date:
    return EPOCH + dt.timedelta(days=day)


def _first_january(day: int) -> bool:
    """1 January stands for an unknown day: as a gap it says nothing, as a date it would say the wrong thing."""
    date = _date(day)
    return date.month == 1 and date.day == 1


def _spread(
    lists: list[list[int]], indices: NDArray[np.int32], offsets: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Replace each index by its list; rows (given by ``offsets``) stay what they were."""
    taken = pa.array(lists, pa.large_list(pa.int32())).take(pa.array(indices, pa.int64()))
    starts = np.asarray(taken.offsets, dtype=np.int64)
    return np.asarray(taken.flatten(), dtype=np.int32), (starts - starts[0])[offsets]


def _concatenate(
    ragged: list[tuple[NDArray[np.int32], NDArray[np.int64]]],
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    if len(ragged) == 1:
        return ragged[0]
    counts = [offsets[1:] - offsets[:-1] for _, offsets in ragged]
    offsets = np.concatenate(([0], np.cumsum(np.sum(counts, axis=0))))
    values = np.empty(int(offsets[-1]), np.int32)
    start = offsets[:-1].copy()
    for (items, places), count in zip(ragged, counts, strict=True):
        rows = np.repeat(np.arange(len(count)), count)
        values[start[rows] + np.arange(len(items)) - np.repeat(places[:-1], count)] = items
        start += count
    return values, offsets
