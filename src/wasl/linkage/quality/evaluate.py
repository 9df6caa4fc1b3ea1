"""Linkage against truth: pairwise and cluster precision, recall and F1, calibration, and results by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from wasl.errors import InputError
from wasl.linkage.quality.truth import clean_truth, require_columns

__all__ = ["Calibration", "Evaluation", "Score", "evaluate"]

BINS = 10
CURVE = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999)
"""Thresholds of the precision-recall curve."""


@dataclass(frozen=True, slots=True)
class Score:
    """Precision, recall and F1 of a set of pairs or clusters.

    Attributes:
        found, true, right: Counts of what was found, what is true, and what is both.
    """

    found: int
    true: int
    right: int

    @property
    def precision(self) -> float:
        """Share of the found that is true (1 when nothing was found)."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Share of the true that was found (1 when nothing is true)."""
        return self.right / self.true if self.true else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        both = self.found + self.true
        return 2 * self.right / both if both else 1.0

    def to_json(self) -> dict[str, float | int]:
        """The score as a JSON value."""
        return {
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
            "found": self.found,
            "true": self.true,
            "right": self.right,
        }


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
    spine: pa.Table, truth: pd.DataFrame, keep_maps: Sequence[pd.DataFrame] = (), links: pa.Table | None = None
) -> Evaluation:
    """Evaluate a spine.

    Args:
        spine: ``person_id, register, record_id``.
        truth: ``register, record, person`` and perhaps columns to group by (``group_…``); `record` is a holder's
            record number, or a record id in hexadecimal digits.
        keep_maps: ``register, record, record_id`` (hexadecimal), as `wasl encode --keep-map` writes them.
        links: Candidate pairs with probabilities, for calibration.

    Raises:
        InputError: A column is missing, a record is there twice, the truth has no record of the spine, or it names a
            register that was not linked and lacks one that was.
    """
    cleaned = clean_truth(truth)
    truth = cleaned.rows
    known = _known(spine, truth.assign(**{PLACE: np.arange(len(truth))}), keep_maps)
    strange = _strange(known, truth)
    known = known.drop(columns=PLACE)
    judged = known[known["person"].notna()]
    if judged.empty:
        raise InputError(
            "the truth contains none of the records of the spine, or no person for any of them.",
            remedy="Check that both come from the same registers. Give the keep maps that `wasl encode --keep-map` "
            "wrote, or a truth by record id.",
        )
    _refuse_other_registers(judged, known, strange)
    person = judged["person_id"].to_numpy()
    true = pd.factorize(judged["person"])[0]
    register = judged["register"].to_numpy()
    pairwise = _pairs(person, true, np.zeros(len(true), np.int64), same_side=True)
    registers = sorted(set(register.tolist()))
    codes = np.array([registers.index(name) for name in register])
    by_registers: dict[str, Score] = {}
    for a in range(len(registers)):
        for b in range(a, len(registers)):
            mine = np.isin(codes, (a, b))
            score = _pairs(person[mine], true[mine], codes[mine], same_side=a == b)
            if score.found or score.true:
                by_registers[f"{registers[a]} – {registers[b]}"] = score
    by_group: dict[str, dict[str, Score]] = {}
    for column in [name for name in truth.columns if name not in ("register", "record", "person")]:
        values = judged[column].fillna("").astype(str).to_numpy()
        if len(set(values.tolist())) > 200:
            continue
        by_group[str(column)] = {
            value: _pairs(person[values == value], true[values == value], codes[values == value], same_side=True)
            for value in sorted(set(values.tolist()))
        }
    links = None if links is None else _known_links(links, judged)
    return Evaluation(
        pairwise,
        _clusters(person, true),
        _calibration(links) if links is not None else None,
        _curve(links, true, codes) if links is not None else (),
        by_registers,
        by_group,
        len(known) - len(judged),
        cleaned.without_person,
        cleaned.without_record,
        strange,
    )


PLACE = " place"
"""Column with the place of a row of the truth; no heading begins with a space."""


def _strange(known: pd.DataFrame, truth: pd.DataFrame) -> dict[str, int]:
    """By register, how many rows of the truth name no record of the spine."""
    found = np.zeros(len(truth), np.bool_)
    found[known[PLACE].dropna().to_numpy(np.int64)] = True
    counts = truth["register"].astype(str)[~found].value_counts(sort=False)
    return {str(name): int(count) for name, count in sorted(counts.items())}


def _refuse_other_registers(judged: pd.DataFrame, known: pd.DataFrame, strange: Mapping[str, int]) -> None:
    """Refuse a truth that names a register which was not linked, and knows nobody of one that was.

    Most probably one register has two names. The figures of the other registers would be taken for those of the whole.

    Raises:
        InputError: Names the registers.
    """
    linked = set(known["register"].tolist())
    without, others = sorted(linked - set(judged["register"].tolist())), sorted(set(strange) - linked)
    if without and others:
        raise InputError(
            f"the truth names registers that were not linked ({', '.join(others)}), and gives no person for any record "
            f"of {', '.join(without)}.",
            remedy=f"Write the registers as they were linked ({', '.join(sorted(linked))}), or leave the rows of other "
            "registers out of the truth.",
        )


def _known(spine: pa.Table, truth: pd.DataFrame, keep_maps: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The spine's records with the person the truth gives them (missing where it gives none)."""
    rows = pd.DataFrame(
        {
            "person_id": pd.factorize(np.array(spine.column("person_id").to_pylist(), object))[0],
            "register": spine.column("register").cast(pa.string()).to_pandas(),
            "record_id": [value.hex() for value in spine.column("record_id").to_pylist()],
        }
    )
    truth = truth.astype({"register": str, "record": str})
    by_id = truth.rename(columns={"record": "record_id"})
    if keep_maps:
        for keep in keep_maps:
            require_columns(keep, ("register", "record", "record_id"), "keep map")
        keep = pd.concat(list(keep_maps)).astype(str)[["register", "record", "record_id"]].drop_duplicates()
        exact = truth.merge(keep, on=["register", "record"])
        if exact.empty and not keep.empty:  # a register renamed for a delivery: its record numbers still are unique
            loose = keep.drop(columns="register").merge(truth.drop(columns="register"), on="record")
            exact = loose.merge(keep[["record_id", "register"]].drop_duplicates(), on="record_id")
        by_id = pd.concat([exact.drop(columns="record"), by_id])
    by_id = by_id.assign(record_id=by_id["record_id"].str.lower()).drop_duplicates(["register", "record_id"])
    return rows.merge(by_id, on=["register", "record_id"], how="left")


def _choose_two(counts: NDArray[np.integer[Any]]) -> int:
    return int((counts * (counts - 1) // 2).sum())


def _pairs(person: NDArray[np.int64], true: NDArray[np.int64], side: NDArray[np.int64], *, same_side: bool) -> Score:
    """Count pairs from the sizes of clusters and of their intersections; no pair is listed."""

    def pairs(*keys: NDArray[np.int64]) -> int:
        return _choose_two(pd.DataFrame(dict(enumerate(keys))).value_counts(sort=False).to_numpy())

    within = 0 if same_side else 1
    found = pairs(person) - within * pairs(person, side)
    real = pairs(true) - within * pairs(true, side)
    right = pairs(person, true) - within * pairs(person, true, side)
    return Score(found, real, right)


def _clusters(person: NDArray[np.int64], true: NDArray[np.int64]) -> Score:
    """Persons of two and more records that were found exactly."""
    frame = pd.DataFrame({"person": person, "true": true})
    size_found = frame.groupby("person")["true"].transform("size")
    size_true = frame.groupby("true")["person"].transform("size")
    both = frame.groupby(["person", "true"]).size().reset_index(name="both")
    found = frame.assign(size=size_found).drop_duplicates("person").set_index("person")["size"]
    real = frame.assign(size=size_true).drop_duplicates("true").set_index("true")["size"]
    exact = (both["both"].to_numpy() == found.loc[both["person"]].to_numpy()) & (
        both["both"].to_numpy() == real.loc[both["true"]].to_numpy()
    )
    plural = both["both"].to_numpy() > 1
    return Score(int((found > 1).sum()), int((real > 1).sum()), int((exact & plural).sum()))


@dataclass(frozen=True, slots=True)
class _Links:
    """Candidate pairs between records that the truth knows.

    Attributes:
        probability: (links) float64.
        persons: Of each side, (links) true person.
        registers: Of each side, (links) register.
    """

    probability: NDArray[np.float64] = field(repr=False)
    persons: tuple[NDArray[np.int64], NDArray[np.int64]] = field(repr=False)
    registers: tuple[NDArray[np.int64], NDArray[np.int64]] = field(repr=False)

    @property
    def right(self) -> NDArray[np.bool_]:
        """(links) whether both records are one person's."""
        same: NDArray[np.bool_] = self.persons[0] == self.persons[1]
        return same


def _known_links(links: pa.Table, judged: pd.DataFrame) -> _Links:
    codes = {name: code for code, name in enumerate(sorted(set(judged["register"])))}
    owner = judged.assign(true=pd.factorize(judged["person"])[0]).set_index(["register", "record_id"])["true"]
    persons, registers = [], []
    for side in ("left", "right"):
        register = links.column(f"{side}_register").cast(pa.string()).to_pandas()
        record_id = [value.hex() for value in links.column(f"{side}_record_id").to_pylist()]
        persons.append(owner.reindex(pd.MultiIndex.from_arrays([register, record_id])).to_numpy())
        registers.append(register.map(codes).to_numpy())
    known = ~(pd.isna(persons[0]) | pd.isna(persons[1]))
    mine = [side[known].astype(np.int64) for side in (*persons, *registers)]
    return _Links(links.column("probability").to_numpy()[known], (mine[0], mine[1]), (mine[2], mine[3]))


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
    links: _Links, true: NDArray[np.int64], register: NDArray[np.int64]
) -> tuple[tuple[float, float, float], ...]:
    """Precision and recall of candidate pairs by threshold.

    Between registers a person counts once for every two registers he or she is in, for any number of records. The
    records that their own register shows to be one person's are candidates as one. Within a single register every pair
    of records counts.
    """
    several = len(np.unique(register)) > 1
    width = np.int64(register.max(initial=0) + 1)
    if several:
        held = np.bincount(np.unique(true * width + register) // width)
        mine = links.registers[0] != links.registers[1]
    else:
        held = np.bincount(true)
        mine = np.ones(len(links.probability), np.bool_)
    total = int((held * (held - 1) // 2).sum())
    probability, right = links.probability[mine], links.right[mine]
    a, b = (side[mine][right] for side in links.registers)
    if several:
        key = (links.persons[0][mine][right] * width + np.minimum(a, b)) * width + np.maximum(a, b)
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
