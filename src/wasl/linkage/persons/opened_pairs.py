"""Pairs of rows opened as pairs of records, one pass of one delivery after the other.

Only the rows of one pass of one delivery are in memory at a time. Of each pair there are 14 bytes until both of its
records are known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wasl.errors import DeliveryError
from wasl.linkage.model.pairs import ScoredPairs
from wasl.linkage.persons.ids import cells_of, find_ids, texts_of
from wasl.linkage.persons.records import PassRows, Records, read_records
from wasl.registers.exchange.join_map import JoinMap

__all__ = ["RecordPairs", "open_pairs"]


@dataclass(frozen=True, slots=True)
class RecordPairs:
    """Pairs of records, each met in one pass; a pair met in several passes occurs several times.

    Attributes:
        left, right: (pairs) int32 places in the records, left before right.
        in_pass: (pairs) int16 pass.
        weight, probability: (pairs) float64.
        pattern: (pairs) int32 into `patterns`.
    """

    left: NDArray[np.int32] = field(repr=False)
    right: NDArray[np.int32] = field(repr=False)
    in_pass: NDArray[np.int16] = field(repr=False)
    weight: NDArray[np.float64] = field(repr=False)
    probability: NDArray[np.float64] = field(repr=False)
    pattern: NDArray[np.int32] = field(repr=False)
    patterns: tuple[str, ...] = field(repr=False)


class _Codes:
    """Texts of a column that comes in parts, as codes of all parts."""

    def __init__(self, count: int, kind: type[np.signedinteger]) -> None:
        self.codes = np.empty(count, kind)
        self.names: dict[str, int] = {}

    def put(self, first: int, codes: NDArray[np.int32], names: Sequence[str]) -> None:
        """Take the codes of a part into its own names."""
        number = np.array([self.names.setdefault(name, len(self.names)) for name in names], self.codes.dtype)
        self.codes[first : first + len(codes)] = number[codes] if len(names) else 0


class _Ends:
    """The two records of each pair, as far as they are known; -1 where not yet."""

    def __init__(self, scored: ScoredPairs) -> None:
        count = len(scored)
        self._scored = scored
        self._labels = [source["label"] for source in scored.report["sources"]]
        self.passes = _Codes(count, np.int16)
        sides = _Codes(count, np.int16), _Codes(count, np.int16)
        for first, part in scored.parts(["pass", "left_register", "right_register"]):
            self.passes.put(first, *texts_of(part.column("pass")))
            for side, codes in zip(("left", "right"), sides, strict=True):
                codes.put(first, *texts_of(part.column(f"{side}_register")))
        self._sides = sides
        self._range = self._ranges()
        self.place = np.full(count, -1, np.int32), np.full(count, -1, np.int32)

    def _ranges(self) -> dict[str, tuple[int, int]]:
        """Where the pairs of a pass lie: between the first and the last of them."""
        codes = self.passes.codes
        ranges: dict[int, tuple[int, int]] = {}
        edges = np.flatnonzero(np.diff(codes, prepend=-1, append=-1))
        for code, start, stop in zip(codes[edges[:-1]].tolist(), edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            first, _ = ranges.get(code, (start, stop))
            ranges[code] = first, stop
        return {name: ranges[code] for name, code in self.passes.names.items() if code in ranges}

    def look(self, rows: PassRows) -> None:
        """Find the records of the pairs that name these rows."""
        if rows.name not in self._range:
            return
        first, last = self._range[rows.name]
        label, number = self._labels[rows.source], self.passes.names[rows.name]
        for start, part in self._scored.parts(["left_row_id", "right_row_id"], first, last):
            here = slice(start, start + part.num_rows)
            mine = self.passes.codes[here] == number
            for side, name in enumerate(("left_row_id", "right_row_id")):
                codes = self._sides[side]
                if label not in codes.names:
                    continue
                named = np.flatnonzero(mine & (codes.codes[here] == codes.names[label]))
                if len(named):
                    found = find_ids(cells_of(part.column(name))[named], rows.row_id, rows.keys)
                    self.place[side][start + named] = np.where(found >= 0, rows.record[found], -1)


def open_pairs(scored: ScoredPairs, joins: Sequence[JoinMap]) -> tuple[Records, RecordPairs]:
    """The records of all join maps, and the pairs of rows as pairs of records.

    Raises:
        MismatchError: A join map is missing or belongs to another delivery.
        DeliveryError: A row of a pair is in no join map.
    """
    ends = _Ends(scored)
    records, unit = read_records(scored, joins, ends.look)
    left, right = _sides(ends, unit)
    number = np.array([records.passes.index(name) for name in ends.passes.names], np.int16)
    in_pass = number[ends.passes.codes] if len(number) else np.empty(0, np.int16)
    del ends
    real = left != right
    if not real.all():
        left, right, in_pass = left[real], right[real], in_pass[real]
    weight, probability, patterns = np.empty(len(left)), np.empty(len(left)), _Codes(len(left), np.int32)
    at = 0
    for start, part in scored.parts(["weight", "probability", "pattern"]):
        mine = real[start : start + part.num_rows]
        held = slice(at, at + int(mine.sum()))
        weight[held] = part.column("weight").to_numpy()[mine]
        probability[held] = part.column("probability").to_numpy()[mine]
        codes, names = texts_of(part.column("pattern"))
        patterns.put(at, codes[mine], names)
        at = held.stop
    return records, RecordPairs(left, right, in_pass, weight, probability, patterns.codes, tuple(patterns.names))


def _sides(ends: _Ends, unit: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The two records of each pair, left before right.

    Raises:
        DeliveryError: A row of a pair is in no join map.
    """
    for place in ends.place:
        unknown = int((place < 0).sum())
        if unknown:
            raise DeliveryError(
                f"{unknown} pairs name rows that are in no join map.",
                remedy="Give the join maps that were written with the linked deliveries.",
            )
    first, second = (unit[place] for place in ends.place)
    return np.minimum(first, second), np.maximum(first, second)
