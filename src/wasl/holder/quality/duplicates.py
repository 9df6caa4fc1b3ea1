"""Persons who stand in a register more than once, found on the cleartext, which is the holder's own."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wasl.holder.name_columns import WordColumn, describe_names
from wasl.registers.schema import Feature, RegisterSchema

__all__ = ["duplicate_rows"]

SIMILAR = 0.9
"""Jaro–Winkler similarity of canonical names from which two records may be one person."""
LARGEST_GROUP = 1000
"""Records that share a date and a word are compared up to this many; more share a date that is nobody's."""
PAIRS_AT_A_TIME = 1 << 19


def duplicate_rows(table: pa.Table, schema: RegisterSchema) -> NDArray[np.bool_] | None:
    """Mark the rows that look like the person of another row; None where the register lacks names or births.

    Candidates share the skeleton of a name word and the birth date, or all skeletons and the birth date with day and
    month swapped. They are one person when their canonical names, words sorted, are similar. 1 January is no birth date
    here.

    *Source:* comparison by the Record Linkage Toolkit (recordlinkage).
    """
    names, birth = describe_names(table, schema)[0].get("names"), schema.by_feature.get(Feature.BIRTH_DATE)
    if names is None or birth is None:
        return None
    found = np.zeros(table.num_rows, dtype=bool)
    births = np.asarray(pc.fill_null(table[birth.name].cast(pa.int32()), 0))
    for pairs in _pairs(*_keys(names, _date_codes(table[birth.name]))):
        left, right = pairs[births[pairs[:, 0]] == births[pairs[:, 1]]].T
        swapped = pairs[births[pairs[:, 0]] != births[pairs[:, 1]]]
        swapped = swapped[_same_skeletons(names, *swapped.T)]
        left, right = np.concatenate([left, swapped[:, 0]]), np.concatenate([right, swapped[:, 1]])
        if len(left):
            same = _similar(names, left, right)
            found[left[same]] = True
            found[right[same]] = True
    return found


def _date_codes(births: pa.ChunkedArray) -> NDArray[np.int64]:
    """Dates as numbers that do not tell day from month; 0 where missing or 1 January."""
    year, month, day = (
        np.asarray(pc.fill_null(part(births), 0), dtype=np.int64) for part in (pc.year, pc.month, pc.day)
    )
    code = year * 10_000 + np.minimum(day, month) * 100 + np.maximum(day, month)
    return np.where((day == 1) & (month == 1), 0, code)


def _keys(names: WordColumn, dates: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """For each record with a date and each of its words, a number for both together, and the record; by number."""
    skeletons = np.asarray(pa.array(names.skeletons, pa.string()).dictionary_encode().indices, dtype=np.int64)
    row = np.repeat(np.arange(len(dates), dtype=np.int32), np.diff(names.offsets))
    dated = dates[row] > 0
    row = row[dated]
    keys = dates[row] << 32 | skeletons[names.words[dated]]
    order = np.argsort(keys, kind="stable")
    return keys[order], row[order]


def _pairs(keys: NDArray[np.int64], rows: NDArray[np.int32]) -> Iterator[NDArray[np.int64]]:
    """Pairs of different records with one key, some at a time: (pairs, 2)."""
    starts = np.concatenate(([0], np.flatnonzero(np.diff(keys)) + 1, [len(keys)][: len(keys)])).astype(np.int64)
    sizes = np.diff(starts)
    later = np.repeat(starts[1:], sizes) - np.arange(len(keys)) - 1  # how many of its group follow each entry
    later[np.repeat(sizes > LARGEST_GROUP, sizes)] = 0
    running = np.cumsum(later)
    done = 0
    while done < len(keys) and running[-1] > (running[done - 1] if done else 0):
        before = running[done - 1] if done else 0
        stop = max(done + 1, int(np.searchsorted(running, before + PAIRS_AT_A_TIME, side="right")))
        counts = later[done:stop]
        left = np.repeat(np.arange(done, stop), counts)
        right = left + 1 + np.arange(len(left)) - np.repeat(np.cumsum(counts) - counts, counts)
        pairs = np.unique(np.stack([rows[left], rows[right]], axis=1), axis=0)
        pairs = pairs[pairs[:, 0] != pairs[:, 1]]
        yield pairs.astype(np.int64)
        done = stop


def _similar(names: WordColumn, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark the pairs with similar names."""
    import recordlinkage

    rows, places = np.unique(np.concatenate([left, right]), return_inverse=True)
    frame = pd.DataFrame({"name": _spelled(names, names.vocabulary, rows).to_pandas()})
    compare = recordlinkage.Compare()
    compare.string("name", "name", method="jarowinkler", threshold=SIMILAR, label="name")
    pairs = pd.MultiIndex.from_arrays([places[: len(left)], places[len(left) :]])
    similar: NDArray[np.bool_] = compare.compute(pairs, frame)["name"].to_numpy() > 0
    return similar


def _same_skeletons(names: WordColumn, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark the pairs with the same skeletons, in any order."""
    return np.asarray(pc.equal(_spelled(names, names.skeletons, left), _spelled(names, names.skeletons, right)))


def _spelled(names: WordColumn, spellings: tuple[str, ...], rows: NDArray[np.int64]) -> pa.Array:
    """The words of some records in these spellings, sorted."""
    vocabulary = pa.array(spellings, pa.string())
    rank = np.empty(len(vocabulary), np.int64)
    rank[np.asarray(pc.sort_indices(vocabulary))] = np.arange(len(vocabulary))
    counts = np.diff(names.offsets)[rows]
    offsets = np.concatenate(([0], np.cumsum(counts)))
    owner = np.repeat(np.arange(len(rows)), counts)
    words = names.words[np.arange(len(owner)) - np.repeat(offsets[:-1] - names.offsets[rows], counts)]
    words = words[np.lexsort((rank[words], owner))]
    lists = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), vocabulary.take(pa.array(words)))
    return pc.binary_join(lists, " ")
