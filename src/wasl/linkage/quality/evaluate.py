"""Linkage against truth: pairwise and cluster precision, recall and F1, calibration, and results by group."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from wasl.errors import InputError
from wasl.linkage.persons.ids import cells_of, distinct_ids, texts_of
from wasl.linkage.quality.counted_pairs import Score, count_clusters, count_pairs
from wasl.linkage.quality.known_records import KeepMap, KnownRecords, know_records
from wasl.linkage.quality.table_headers import NEEDED
from wasl.linkage.quality.text_keys import AT_A_TIME, hexadecimal, text_keys
from wasl.linkage.quality.truth import clean_truth
from wasl.registers.exchange.delivery_header import LABEL_BYTES

__all__ = ["Calibration", "Evaluation", "Score", "evaluate"]

BINS = 10
CURVE = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999)
"""Thresholds of the precision-recall curve."""
LINK_KINDS = (np.float64, np.int32, np.int16, np.int32, np.int16)
"""Probability, and person and register of each side: twenty bytes for each link."""
MOST_VALUES = 200
"""Values of a column of the truth up to which it is one to group by."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Whether probabilities mean what they say.

    Attributes:
        bins: Per bin of probability: pairs, mean probability, share of true pairs.
        error: Expected calibration error: mean gap, weighted by pairs.
        precision_at_half: Share of true pairs among those with probability 0.5 and more.
        by_chance: The error to be expected if every probability were right: the matches among few pairs vary.
    """

    bins: tuple[tuple[int, float, float], ...]
    error: float
    precision_at_half: float
    by_chance: float

    def to_json(self) -> dict[str, Any]:
        """The calibration as a JSON value."""
        return {
            "expected_calibration_error": self.error,
            "error_by_chance": self.by_chance,
            "precision_at_half": self.precision_at_half,
            "bins": [{"pairs": n, "probability": p, "true": t} for n, p, t in self.bins],
        }


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What truth says of a linkage.

    Attributes:
        pairwise: Over pairs of records of one person.
        cluster: Over whole persons: a person counts when exactly its records are together.
        calibration: Of the candidate pairs' probabilities, or None without links.
        curve: (threshold, precision, recall) of candidate pairs by threshold, before assignment and clustering.
        by_registers: Pairwise, per pair of registers.
        by_group: Pairwise recall and precision per value of a column of the truth.
        unknown_records: Records of the spine that the truth does not know (left out).
        without_person: Records of the truth whose person is empty: unknown, and left out too.
        without_record: Rows of the truth without a record number, left out as well.
        strange: By register, rows of the truth that name no record of the spine; registers that were not linked, too.
    """

    pairwise: Score
    cluster: Score
    calibration: Calibration | None
    curve: tuple[tuple[float, float, float], ...]
    by_registers: Mapping[str, Score] = field(repr=False)
    by_group: Mapping[str, Mapping[str, Score]] = field(repr=False)
    unknown_records: int = 0
    without_person: int = 0
    without_record: int = 0
    strange: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The evaluation as a JSON value."""
        return {
            "precision": self.pairwise.precision,
            "recall": self.pairwise.recall,
            "f1": self.pairwise.f1,
            "pairwise": self.pairwise.to_json(),
            "cluster": self.cluster.to_json(),
            "calibration": self.calibration.to_json() if self.calibration else None,
            "by_threshold": [{"threshold": t, "precision": p, "recall": r} for t, p, r in self.curve],
            "by_registers": {name: score.to_json() for name, score in self.by_registers.items()},
            "by_group": {
                column: {value: score.to_json() for value, score in scores.items()}
                for column, scores in self.by_group.items()
            },
            "unknown_records": self.unknown_records,
            "without_person": self.without_person,
            "without_record": self.without_record,
            "strange_rows": dict(self.strange),
        }


def evaluate(
    spine: pa.Table,
    truth: pd.DataFrame | pa.Table | Callable[[], pa.Table],
    keep_maps: Sequence[KeepMap] = (),
    links: pa.Table | Iterable[pa.RecordBatch] | None = None,
) -> Evaluation:
    """Evaluate a spine.

    Args:
        spine: ``person_id, register, record_id``.
        truth: ``register, record, person`` and perhaps columns to group by (``group_…``); `record` is a holder's
            record number, or a record id in hexadecimal digits. What reads it may be given: then its texts are not
            held while links are looked up.
        keep_maps: ``register, record, record_id`` (hexadecimal), as `wasl encode --keep-map` writes them, or what reads
            them: one after the other, so that they are not in memory together.
        links: Candidate pairs with probabilities, for calibration; as parts, they are not in memory together.

    Raises:
        InputError: A column is missing, a record is there twice, the truth has no record of the spine, or it names a
            register that was not linked and lacks one that was.
    """
    cleaned = clean_truth(truth() if callable(truth) else truth)
    del truth
    known = know_records(spine, cleaned.table, keep_maps)
    judged = np.flatnonzero(known.truth >= 0)
    strange = _strange(known, cleaned.table)
    if not len(judged):
        raise InputError(
            "the truth contains none of the records of the spine, or no person for any of them.",
            remedy="Check that both come from the same registers. Give the keep maps that `wasl encode --keep-map` "
            "wrote, or a truth by record id.",
        )
    _refuse_other_registers(known, judged, strange)
    rows = known.truth[judged]
    person = _numbers(_person_keys(spine.column("person_id")))[judged]
    true = _numbers(text_keys(cleaned.table.column("person")))[rows]
    groups = cleaned.table.drop_columns(list(NEEDED))
    without_person, without_record = cleaned.without_person, cleaned.without_record
    del cleaned
    names = {number: name for name, number in known.registers.items()}
    present = np.unique(known.register[judged])
    registers = sorted(names[number] for number in present.tolist())
    recoded = np.full(len(known.registers), -1, np.int16)
    recoded[[known.registers[name] for name in registers]] = np.arange(len(registers))
    codes = recoded[known.register[judged]]
    found = None if links is None else _known_links(links, known, judged, true, recoded)
    return Evaluation(
        count_pairs(person, true, codes, same_side=True),
        count_clusters(person, true),
        _calibration(found) if found is not None else None,
        _curve(found, true, codes) if found is not None else (),
        _by_registers(person, true, codes, registers),
        _by_group(groups, rows, person, true, codes),
        len(known.truth) - len(judged),
        without_person,
        without_record,
        strange,
    )


def _by_registers(
    person: NDArray[np.int32], true: NDArray[np.int32], codes: NDArray[np.int16], registers: Sequence[str]
) -> dict[str, Score]:
    """Pairs of every two registers, and within each."""
    found: dict[str, Score] = {}
    for a in range(len(registers)):
        for b in range(a, len(registers)):
            mine = (codes == a) | (codes == b)
            score = count_pairs(person[mine], true[mine], codes[mine], same_side=a == b)
            if score.found or score.true:
                found[f"{registers[a]} – {registers[b]}"] = score
    return found


def _by_group(
    truth: pa.Table,
    rows: NDArray[np.int32],
    person: NDArray[np.int32],
    true: NDArray[np.int32],
    codes: NDArray[np.int16],
) -> dict[str, dict[str, Score]]:
    """Pairs among the records of each value of the columns to group by that have few values."""
    found: dict[str, dict[str, Score]] = {}
    for column in truth.column_names:
        values, texts = texts_of(truth.column(column))
        values = values[rows]
        own = np.unique(values)
        if len(own) > MOST_VALUES:
            continue
        scores = {}
        for text, value in sorted((texts[value], value) for value in own.tolist()):
            mine = values == value
            scores[text] = count_pairs(person[mine], true[mine], codes[mine], same_side=True)
        found[column] = scores
    return found


def _strange(known: KnownRecords, truth: pa.Table) -> dict[str, int]:
    """By register, how many rows of the truth name no record of the spine."""
    found = np.zeros(len(truth), np.bool_)
    found[known.truth[known.truth >= 0]] = True
    codes, texts = texts_of(truth.column("register"))
    counts = np.bincount(codes[~found], minlength=len(texts))
    return {text: count for text, count in sorted(zip(texts, counts.tolist(), strict=True)) if count}


def _refuse_other_registers(known: KnownRecords, judged: NDArray[np.int64], strange: Mapping[str, int]) -> None:
    """Refuse a truth that names a register which was not linked, and knows nobody of one that was.

    Most probably one register has two names. The figures of the other registers would be taken for those of the whole.

    Raises:
        InputError: Names the registers.
    """
    names = {number: name for name, number in known.registers.items()}
    linked = {names[number] for number in np.unique(known.register).tolist()}
    met = {names[number] for number in np.unique(known.register[judged]).tolist()}
    without, others = sorted(linked - met), sorted(set(strange) - linked)
    if without and others:
        raise InputError(
            f"the truth names registers that were not linked ({', '.join(others)}), and gives no person for any record "
            f"of {', '.join(without)}.",
            remedy=f"Write the registers as they were linked ({', '.join(sorted(linked))}), or leave the rows of other "
            "registers out of the truth.",
        )


def _person_keys(column: pa.ChunkedArray) -> NDArray[np.void]:
    """A key for each person id, which is sixteen bytes or a text."""
    if column.type == pa.binary(LABEL_BYTES):
        return cells_of(column)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return text_keys(column)
    return text_keys(hexadecimal(column))


def _numbers(keys: NDArray[np.void]) -> NDArray[np.int32]:
    """Equal keys as equal numbers, counted from 0."""
    return distinct_ids(keys)[1].astype(np.int32)


@dataclass(frozen=True, slots=True)
class _Links:
    """Candidate pairs between records that the truth knows.

    Attributes:
        probability: (links) float64.
        persons: Of each side, (links) true person.
        registers: Of each side, (links) register.
    """

    probability: NDArray[np.float64] = field(repr=False)
    persons: tuple[NDArray[np.integer[Any]], NDArray[np.integer[Any]]] = field(repr=False)
    registers: tuple[NDArray[np.integer[Any]], NDArray[np.integer[Any]]] = field(repr=False)

    @property
    def right(self) -> NDArray[np.bool_]:
        """(links) whether both records are one person's."""
        same: NDArray[np.bool_] = self.persons[0] == self.persons[1]
        return same


def _known_links(
    links: pa.Table | Iterable[pa.RecordBatch],
    known: KnownRecords,
    judged: NDArray[np.int64],
    true: NDArray[np.int32],
    recoded: NDArray[np.int16],
) -> _Links:
    """The links between judged records, read a part at a time.

    Args:
        links: Candidate pairs.
        known: The records of the spine.
        judged: Those of them whose person is known.
        true: The person of each of these.
        recoded: The number of each register among those judged.
    """
    owner = np.full(len(known.truth), -1, np.int32)
    owner[judged] = true
    parts: tuple[list[NDArray[Any]], ...] = tuple([np.empty(0, kind)] for kind in LINK_KINDS)
    for batch in links.to_batches(max_chunksize=AT_A_TIME) if isinstance(links, pa.Table) else links:
        sides = []
        for side in ("left", "right"):
            place = known.find(batch.column(f"{side}_register"), batch.column(f"{side}_record_id"))
            person = np.where(place >= 0, owner[place], -1)
            sides.append((person.astype(np.int32), recoded[known.register[place]]))
        both = (sides[0][0] >= 0) & (sides[1][0] >= 0)
        probability = batch.column("probability").to_numpy(zero_copy_only=False)[both]
        for column, values in zip(parts, (probability, *(own[both] for side in sides for own in side)), strict=True):
            column.append(values)
    columns = []
    for column in parts:
        columns.append(np.concatenate(column))
        column.clear()
    return _Links(columns[0], (columns[1], columns[3]), (columns[2], columns[4]))


def _calibration(links: _Links) -> Calibration:
    place = np.minimum((links.probability * BINS).astype(np.int64), BINS - 1)
    bins = []
    error, by_chance = 0.0, 0.0
    for k in range(BINS):
        mine = place == k
        count = int(mine.sum())
        if count:
            variance = float((links.probability[mine] * (1.0 - links.probability[mine])).sum())
            by_chance += np.sqrt(2.0 / np.pi * variance) / len(links.probability)  # mean of |x| under the normal law
            bins.append((count, float(links.probability[mine].mean()), float(links.right[mine].mean())))
            error += abs(bins[-1][1] - bins[-1][2]) * count / len(links.probability)
    half = links.probability >= 0.5
    return Calibration(tuple(bins), error, float(links.right[half].mean()) if half.any() else 1.0, float(by_chance))


def _curve(
    links: _Links, true: NDArray[np.int32], register: NDArray[np.int16]
) -> tuple[tuple[float, float, float], ...]:
    """Precision and recall of candidate pairs by threshold.

    Between registers a person counts once for every two registers he or she is in, for any number of records. The
    records that their own register shows to be one person's are candidates as one. Within a single register every pair
    of records counts.
    """
    several = len(np.unique(register)) > 1
    width = np.int64(register.max(initial=0) + 1)
    if several:
        held = np.bincount(np.unique(true.astype(np.int64) * width + register) // width)
        mine = links.registers[0] != links.registers[1]
    else:
        held = np.bincount(true)
        mine = np.ones(len(links.probability), np.bool_)
    total = int((held * (held - 1) // 2).sum())
    probability, right = links.probability[mine], links.right[mine]
    a, b = (side[mine][right] for side in links.registers)
    if several:
        owner = links.persons[0][mine][right].astype(np.int64)
        key = (owner * width + np.minimum(a, b)) * width + np.maximum(a, b)
        _, place = np.unique(key, return_inverse=True)
        best = np.zeros(int(place.max(initial=-1)) + 1)
        np.maximum.at(best, place, probability[right])
    else:
        best = probability[right]
    rows = []
    for threshold in CURVE:
        chosen = probability >= threshold
        precision = float(right[chosen].mean()) if chosen.any() else 1.0
        rows.append((threshold, precision, float((best >= threshold).sum()) / total if total else 1.0))
    return tuple(rows)
