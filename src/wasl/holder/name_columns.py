"""The words of names, record by record: normalized once per distinct cell, over one vocabulary."""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wasl.holder.names.normalizer import normalize, written
from wasl.holder.names.other_surname import OTHER, other_surnames
from wasl.holder.names.placeholders import what_is_no_name
from wasl.holder.unused import Unused
from wasl.registers.reading.coded_columns import plain
from wasl.registers.schema import Feature, RegisterSchema

__all__ = ["WordColumn", "describe_names", "whole"]


@dataclass(frozen=True, slots=True)
class WordColumn:
    """Words of names per record, in compressed rows over a vocabulary of distinct words.

    Attributes:
        vocabulary: Canonical words, or words as they are spelled.
        skeletons: Beside each canonical word its skeleton; empty for words as they are spelled.
        words: Index into the vocabulary, record after record.
        offsets: Where each record begins; one more entry than records.
    """

    vocabulary: tuple[str, ...] = field(repr=False)
    skeletons: tuple[str, ...] = field(repr=False)
    words: NDArray[np.int32] = field(repr=False)
    offsets: NDArray[np.int64] = field(repr=False)

    @property
    def present(self) -> NDArray[np.bool_]:
        """True for records with at least one word."""
        present: NDArray[np.bool_] = self.offsets[1:] > self.offsets[:-1]
        return present


def whole(column: pa.ChunkedArray) -> pa.Array:
    """A column as one array."""
    one = column.combine_chunks()
    return pa.concat_arrays(one.chunks) if isinstance(one, pa.ChunkedArray) else one


def describe_names(
    table: pa.Table, schema: RegisterSchema, spelled: Set[str] = frozenset()
) -> tuple[dict[str, WordColumn], dict[str, WordColumn], list[Unused]]:
    """The name words of a register's records: ``names`` (all), ``surname`` and ``given``, as far as it has them.

    Args:
        table: The typed register.
        schema: What its columns are. An Arabic surname that is another name than the Latin one is among ``names``.
        spelled: Of these three the ones whose words are wanted as they are spelled, too.

    Returns:
        Canonical words; words as they are spelled; and how many cells held no name (*NEANT*, غير معروف) or letters of a
        script that is not read.
    """
    cells, notes = _name_cells(table, schema)
    if not cells:
        return {}, {}, notes
    beside = schema.by_feature.get(Feature.SURNAME_ARABIC)
    if beside is not None:
        cells[OTHER] = other_surnames([*cells.values()], plain(table[beside.name]))
    vocabulary: dict[tuple[str, str], int] = {}
    lists = {part: _words(values, vocabulary, _canonical_pairs) for part, values in cells.items()}
    words = tuple(word for word, _ in vocabulary)
    skeletons = tuple(skeleton for _, skeleton in vocabulary)
    names = _with_all_names({part: WordColumn(words, skeletons, *found) for part, found in lists.items()})
    return names, _spelled_words(cells, spelled), notes


def _name_cells(table: pa.Table, schema: RegisterSchema) -> tuple[dict[str, pa.ChunkedArray], list[Unused]]:
    """The cells of ``surname``, ``given`` and ``full`` name that hold names, and how many others there are."""
    maiden = schema.by_feature.get(Feature.MARRIED_NAME)
    found: dict[str, pa.ChunkedArray] = {}
    notes: list[Unused] = []
    for part, specs in schema.name_columns.items():
        real = [_real_names(plain(table[spec.name]), spec.name) for spec in specs]
        notes += [note for _, unused in real for note in unused]
        values = pc.coalesce(*(column for column, _ in real))
        if maiden is not None and part in ("surname", "full"):
            values = _from_birth(values, plain(table[maiden.name]), alone=part == "surname")
        found[part] = values
    return found, notes


def _spelled_words(cells: dict[str, pa.ChunkedArray], spelled: Set[str]) -> dict[str, WordColumn]:
    """The wanted words as they are spelled; of ``names`` all columns are read."""
    read = {part: values for part, values in cells.items() if part in spelled or "names" in spelled}
    vocabulary: dict[tuple[str, str], int] = {}
    lists = {part: _words(values, vocabulary, _spelled_pairs) for part, values in read.items()}
    if not lists:
        return {}
    words = tuple(word for word, _ in vocabulary)
    columns = {part: WordColumn(words, (), *found) for part, found in lists.items()}
    return {name: column for name, column in _with_all_names(columns).items() if name in spelled}


def _with_all_names(columns: dict[str, WordColumn]) -> dict[str, WordColumn]:
    """The columns with ``names`` for the words of all, and without the column of whole names."""
    own = {name: column for name, column in columns.items() if name not in ("full", OTHER)}
    return own | {"names": _join([*columns.values()])}


def _canonical_pairs(text: str) -> list[tuple[str, str]]:
    """The canonical words of a name and their skeletons."""
    name = normalize(text)
    return list(zip(name.words, name.skeletons, strict=True))


def _spelled_pairs(text: str) -> list[tuple[str, str]]:
    """The words of a name as they are spelled, without skeletons."""
    return [(word, "") for word in written(text)]


def _real_names(column: pa.ChunkedArray, name: str) -> tuple[pa.ChunkedArray, list[Unused]]:
    """A column of names without cells that hold no name, and how many those were."""
    encoded = whole(column).dictionary_encode()
    kinds = [what_is_no_name(text) for text in encoded.dictionary.to_pylist()]
    if not any(kinds):
        return column, []
    held = np.bincount(np.asarray(encoded.indices.drop_null(), dtype=np.int64), minlength=len(kinds))
    present = int(held.sum())
    notes = []
    for kind in ("names-placeholder", "names-unreadable"):
        count = int(sum(n for own, n in zip(kinds, held.tolist(), strict=True) if own == kind))
        if count:
            notes.append(Unused(kind, name, count, present))
    drop = pa.array([kind is not None for kind in kinds]).take(encoded.indices)
    kept = pc.if_else(pc.fill_null(drop, True), pa.scalar(None, pa.string()), whole(column))
    return pa.chunked_array([kept]), notes


def _from_birth(names: pa.ChunkedArray, maiden: pa.ChunkedArray, *, alone: bool) -> pa.ChunkedArray:
    """Names with the surname from birth, where it is known, in the place of the first word (or of all, ``alone``)."""
    known = pc.fill_null(pc.match_substring_regex(maiden, r"\pL"), False)
    given = pa.scalar("") if alone else pc.replace_substring_regex(names, r"^\s*\S+", "")
    return pc.if_else(known, pc.binary_join_element_wise(maiden, given, " "), names)


def _words(
    values: pa.ChunkedArray, vocabulary: dict[tuple[str, str], int], pairs_of: Callable[[str], list[tuple[str, str]]]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The words of each cell by their places in the vocabulary, which grows, and where each cell begins."""
    encoded = whole(values).dictionary_encode()
    lists = [
        [vocabulary.setdefault(pair, len(vocabulary)) for pair in pairs_of(text)]
        for text in encoded.dictionary.to_pylist()
    ]
    lists.append([])  # where the cell is missing
    taken = pa.array(lists, pa.large_list(pa.int32())).take(encoded.indices.fill_null(len(lists) - 1).cast(pa.int64()))
    return (
        np.asarray(taken.values if taken.offset == 0 else taken.flatten(), dtype=np.int32),
        np.asarray(taken.offsets, dtype=np.int64),
    )


def _join(columns: list[WordColumn]) -> WordColumn:
    """All words of several columns, record by record."""
    if len(columns) == 1:
        return columns[0]
    counts = [column.offsets[1:] - column.offsets[:-1] for column in columns]
    total = np.sum(counts, axis=0)
    offsets = np.concatenate(([0], np.cumsum(total)))
    words = np.empty(int(offsets[-1]), np.int32)
    start = offsets[:-1].copy()
    for column, count in zip(columns, counts, strict=True):
        rows = np.repeat(np.arange(len(count)), count)
        within = np.arange(len(column.words)) - np.repeat(column.offsets[:-1], count)
        words[start[rows] + within] = column.words
        start += count
    return WordColumn(columns[0].vocabulary, columns[0].skeletons, words, offsets)
