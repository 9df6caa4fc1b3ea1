"""The limit of the data of two registers: a classifier trained on the truth of other draws, without encodings.

It compares names by letters and by words with their frequency, birth dates, sex, nationality and every number. Pairs of
two other draws of the population, with their truth, train gradient boosting. For every pair of registers the
threshold is the one that is best when the truth is known. Where this classifier reaches the goal and the linkage does
not, the linkage, its encoding or its passes are the reason. Where the classifier misses it too, the two registers
alone probably do not allow it. That is no proof: another classifier may reach it, and so may a linkage that sees the
other registers as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import scipy.sparse as sp
from numpy.typing import NDArray

from wasl.holder.normalize import IDENTIFIERS, Persons, describe_persons
from wasl.registers.reading.frames import register_from_table
from wasl.registers.schema import RegisterSchema

__all__ = ["ClearRecords", "clear_records", "reach_of_the_data"]

LARGEST_BLOCK = 150
"""Records of a larger block are not paired by it: they share a frequent value and meet in a narrower one."""
STRANGERS_KEPT = 200_000
"""Pairs of different people the classifier is trained on, at most, drawn from all."""


@dataclass(frozen=True, slots=True)
class ClearRecords:
    """Records of several registers, in the clear, one after the other.

    Attributes:
        registers: Their names.
        register: (records) which of them.
        person: (records) who it is.
        letters: (records, pairs of letters) how often each stands in the names.
        words: (records, words) whether a word, as it sounds, is in the names.
        birth: (records) ``yyyymmdd``, 0 for unknown parts.
        codes: Per feature, (records) a number per value; -1 where missing.
    """

    registers: tuple[str, ...]
    register: NDArray[np.int64] = field(repr=False)
    person: NDArray[np.int64] = field(repr=False)
    letters: sp.csr_matrix = field(repr=False)
    words: sp.csr_matrix = field(repr=False)
    birth: NDArray[np.int64] = field(repr=False)
    codes: Mapping[str, NDArray[np.int64]] = field(repr=False)


def clear_records(registers: Mapping[str, pa.Table], truth: pd.DataFrame) -> ClearRecords:
    """The records of registers, read and normalized as a holder does before it encodes.

    Args:
        registers: Name to table.
        truth: ``register, record, person``.
    """
    owner = truth.astype({"register": str, "record": str}).set_index(["register", "record"])["person"]
    described: list[Persons] = []
    person, register = [], []
    for number, (name, table) in enumerate(registers.items()):
        schema = RegisterSchema.load(name)
        read = register_from_table(table, schema).table
        described.append(describe_persons(read, schema, set()))
        records = read.column(schema.record).to_pandas().astype(str)
        keys = pd.MultiIndex.from_arrays([[name] * len(records), records])
        person.append(owner.reindex(keys).fillna(-1).to_numpy(np.int64))
        register.append(np.full(len(records), number, np.int64))
    births = [
        np.zeros(one.count, np.int64) if one.birth_codes is None else one.birth_codes.astype(np.int64)
        for one in described
    ]
    letters, words = _names(described)
    names = sorted({name for one in described for name in one.codes})
    codes = {name: _factorized([one.codes.get(name) for one in described], described) for name in names}
    return ClearRecords(
        tuple(registers),
        np.concatenate(register),
        np.concatenate(person),
        letters,
        words,
        np.concatenate(births),
        codes,
    )


def _factorized(columns: Sequence[pa.Array | None], described: Sequence[Persons]) -> NDArray[np.int64]:
    """A number per value over all registers; -1 where it is missing or the register has no such column."""
    texts = [
        np.full(one.count, None, object) if column is None else column.to_pandas().to_numpy(object)
        for column, one in zip(columns, described, strict=True)
    ]
    found: NDArray[np.int64] = pd.factorize(np.concatenate(texts))[0].astype(np.int64)
    return found


def _names(described: Sequence[Persons]) -> tuple[sp.csr_matrix, sp.csr_matrix]:
    """Pairs of letters and sounds of words of every record, as sparse counts."""
    letters: dict[str, int] = {}
    sounds: dict[str, int] = {}
    rows: tuple[list[NDArray[np.int64]], list[NDArray[np.int64]]] = ([], [])
    columns: tuple[list[NDArray[np.int64]], list[NDArray[np.int64]]] = ([], [])
    first = 0
    for one in described:
        held = one.names["names"]
        record = np.repeat(np.arange(first, first + one.count), np.diff(held.offsets))
        spelled = [
            np.array([letters.setdefault(f" {word} "[k : k + 2], len(letters)) for k in range(len(word) + 1)], np.int64)
            for word in held.vocabulary
        ]
        sizes = np.array([len(found) for found in spelled], np.int64)
        rows[0].append(np.repeat(record, sizes[held.words]))
        columns[0].append(np.concatenate([spelled[word] for word in held.words.tolist()]))
        heard = np.array([sounds.setdefault(skeleton, len(sounds)) for skeleton in held.skeletons], np.int64)
        rows[1].append(record)
        columns[1].append(heard[held.words])
        first += one.count
    made = []
    for row, column, width in zip(rows, columns, (len(letters), len(sounds)), strict=True):
        ends = np.concatenate(row), np.concatenate(column)
        made.append(sp.csr_matrix((np.ones(len(ends[0]), np.float32), ends), shape=(first, width)))
    made[1].data[:] = 1.0
    return made[0], made[1]


def _candidates(records: ClearRecords) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs across registers that share a number, a birth date, a word and the year of birth, or all words."""
    size = len(records.register)
    year = records.birth // 10_000
    coo = records.words.tocoo()
    whole = np.where((records.birth % 100 > 0) & (records.birth > 0), records.birth, -1)
    day_month = np.where(whole > 0, records.birth % 10_000, -1)
    groups = [(np.arange(size), codes) for name, codes in records.codes.items() if name in _NUMBERS]
    groups.append((np.arange(size), whole))
    groups.append(
        (coo.row.astype(np.int64), np.where(year[coo.row] > 0, coo.col * np.int64(10_000) + year[coo.row], -1))
    )
    groups.append(
        (coo.row.astype(np.int64), np.where(whole[coo.row] > 0, coo.col * np.int64(10_000) + day_month[coo.row], -1))
    )
    weights = np.random.default_rng(0).integers(1, 2**40, records.words.shape[1])
    groups.append((np.arange(size), np.asarray(records.words @ weights.astype(np.float64)).astype(np.int64)))
    found = [_pairs_of(record, value) for record, value in groups]
    left, right = (np.concatenate(side) for side in zip(*found, strict=True))
    apart = records.register[left] != records.register[right]
    key = np.unique(np.minimum(left, right)[apart] * np.int64(size) + np.maximum(left, right)[apart])
    return key // size, key % size


_NUMBERS = frozenset(feature.value for feature in IDENTIFIERS)


def _pairs_of(record: NDArray[np.int64], value: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All pairs of records of one value, of values that at most `LARGEST_BLOCK` records hold."""
    held = value >= 0
    record, value = record[held], value[held]
    order = np.argsort(value, kind="stable")
    record, value = record[order], value[order]
    edge = np.flatnonzero(np.diff(value, prepend=-1) != 0)
    count = np.diff(np.append(edge, len(value)))
    lefts, rights = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for size in range(2, LARGEST_BLOCK + 1):
        block = record[edge[count == size][:, None] + np.arange(size)]
        a, b = np.triu_indices(size, 1)
        lefts.append(block[:, a].reshape(-1))
        rights.append(block[:, b].reshape(-1))
    return np.concatenate(lefts), np.concatenate(rights)


def _compared(records: ClearRecords, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.float32]:
    """(pairs, comparisons) how two records agree; -1 where one of them lacks the feature."""
    a, b = records.letters[left], records.letters[right]
    both = np.asarray(a.minimum(b).sum(axis=1)).reshape(-1)
    sizes = [np.asarray(one.sum(axis=1)).reshape(-1) for one in (a, b)]
    rarity = np.log(len(records.register) / np.maximum(np.asarray(records.words.sum(axis=0)).reshape(-1), 1.0))
    common = records.words[left].multiply(records.words[right]).tocsr()
    shared = np.asarray(common.sum(axis=1)).reshape(-1)
    told = np.asarray(common @ rarity).reshape(-1)
    words = [np.asarray(records.words[side].sum(axis=1)).reshape(-1) for side in (left, right)]
    columns = [2.0 * both / np.maximum(sizes[0] + sizes[1], 1.0), both / np.maximum(np.minimum(*sizes), 1.0)]
    columns += [shared, told, np.minimum(*words), np.maximum(*words)]
    x, y = records.birth[left], records.birth[right]
    for unit, most in ((10_000, 10_000), (100, 100), (1, 100)):  # year, month, day
        p, q = x // unit % most, y // unit % most
        columns.append(np.where((p > 0) & (q > 0), np.abs(p - q), -1.0))
    columns.append(((x % 100 > 0) & (x > 0)).astype(float) + ((y % 100 > 0) & (y > 0)))
    columns.append(np.where((x // 100 % 100 == y % 100) & (y // 100 % 100 == x % 100), 1.0, 0.0))
    for codes in records.codes.values():
        known = (codes[left] >= 0) & (codes[right] >= 0)
        columns.append(np.where(known, codes[left] == codes[right], -1.0))
    return np.column_stack(columns).astype(np.float32)


def reach_of_the_data(
    records: ClearRecords,
    others: Sequence[ClearRecords],
    pairs: Sequence[tuple[str, str]],
    recall: float,
    precision: float,
) -> dict[tuple[str, str], tuple[float, float]]:
    """For every pair of registers, the precision and recall that the cleartext allows.

    Of the thresholds the one is taken whose precision and recall come nearest to the goal, both in parts of what may
    be lacking to 1.

    Args:
        records: The records to link, with their truth.
        others: Records of other draws of the same registers, with their truth.
        pairs: Pairs of registers.
        recall: Goal.
        precision: Goal.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    learned, answers = [], []
    rng = np.random.default_rng(0)
    for one in others:
        left, right = _candidates(one)
        same = (one.person[left] == one.person[right]) & (one.person[left] >= 0)
        strangers = np.flatnonzero(~same)
        chosen = np.concatenate(
            [np.flatnonzero(same), rng.permutation(strangers)[: STRANGERS_KEPT // max(len(others), 1)]]
        )
        learned.append(_compared(one, left[chosen], right[chosen]))
        answers.append(same[chosen])
    model = HistGradientBoostingClassifier(max_iter=200, learning_rate=0.08, random_state=0)
    model.fit(np.concatenate(learned), np.concatenate(answers))
    left, right = _candidates(records)
    score = model.predict_proba(_compared(records, left, right))[:, 1]
    reached = {}
    for pair in pairs:
        a, b = (records.registers.index(name) for name in pair)
        between = ((records.register[left] == a) & (records.register[right] == b)) | (
            (records.register[left] == b) & (records.register[right] == a)
        )
        mine = np.flatnonzero(between)
        reached[pair] = _best(records, (a, b), left[mine], right[mine], score[mine], (recall, precision))
    return reached


def _best(
    records: ClearRecords,
    pair: tuple[int, int],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    score: NDArray[np.float64],
    goal: tuple[float, float],
) -> tuple[float, float]:
    """Precision and recall at the best threshold, chosen with the truth; a record follows its best partner."""
    first, second = (
        pd.Series(records.person[records.register == number]).loc[lambda p: p >= 0].value_counts() for number in pair
    )
    true = float(first.mul(second, fill_value=0).sum())
    order = np.argsort(-score, kind="stable")
    kept = order
    for number, other in (pair, pair[::-1]):
        if not RegisterSchema.load(records.registers[other]).duplicate_free:
            continue
        here = np.where(records.register[left[kept]] == number, left[kept], right[kept])
        kept = kept[np.sort(np.unique(here, return_index=True)[1])]
    same = (records.person[left[kept]] == records.person[right[kept]]) & (records.person[left[kept]] >= 0)
    right_ones = np.cumsum(same)
    precision, recall = right_ones / np.arange(1, len(kept) + 1), right_ones / max(true, 1.0)
    lacking = np.maximum(np.maximum((1 - precision) / (1 - goal[1]), (1 - recall) / (1 - goal[0])), 1.0)
    if not len(kept):
        return 0.0, 0.0
    at = int(np.lexsort((-(precision + recall), lacking))[0])
    return float(precision[at]), float(recall[at])
