"""The candidates of a merge, looked at in the clear: what the office's own two registers say beyond their encodings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.linkage.model.pairs import binary_column
from wasl.linkage.model.second_look import Look, second_look
from wasl.linkage.persons.merging import MergedPairs
from wasl.linkage.persons.records import Records, Roster
from wasl.registers.exchange.delivery_header import LABEL_BYTES
from wasl.workflow.own_registers import Decision, OwnRegister, first_rows, rows_of_ids, rows_of_numbers

__all__ = ["Clear", "ClearLook", "look_of_merge"]

RANDOM_PAIRS = 400_000
"""Random pairs of records that u-probabilities are counted on."""
LINKED = 0.5
"""Random pairs that are candidates of this probability are left out."""


class Clear(Protocol):
    """The records of both registers, one after the other, as they compare in the clear."""

    @property
    def opinions(self) -> tuple[NDArray[np.float64], ...]:
        """Of each comparison, pairs of opinion by level."""

    @property
    def opinion_on_traits(self) -> NDArray[np.float64]:
        """Pairs of opinion by trait."""

    @property
    def alike(self) -> NDArray[np.int64]:
        """(records) a number that those share who agree in the traits, -1 where one is not known."""

    def __len__(self) -> int:
        """Records."""

    def levels(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
        """Of each comparison, (pairs) the level."""

    def apart(self, levels: Sequence[NDArray[np.int64]]) -> tuple[NDArray[np.int64], ...]:
        """The levels of candidates, without what the persons of a household share and which may not be one person's."""

    def traits(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
        """(pairs) how the traits agree."""


ClearLook: TypeAlias = Callable[[MergedPairs, Records], NDArray[np.float64]]


def look_of_merge(
    persons: Clear, registers: Sequence[OwnRegister], decisions: Sequence[Decision], seed: int
) -> ClearLook:
    """A function from pairs of records to their log-odds in the clear.

    Args:
        persons: The records of both registers.
        registers: The two registers.
        decisions: What clerks decided; these pairs are not looked at.
        seed: Of the draw of random pairs.

    Returns:
        Of pairs and records: (pairs) log-odds, NaN for pairs that clerks decided.
    """
    first = first_rows(registers)
    decided = _rows_of_decisions(registers, decisions)

    def look(pairs: MergedPairs, records: Records) -> NDArray[np.float64]:
        row, roster = _rows_of(registers, records), records.roster
        place = np.empty(len(persons), np.int64)  # several records can be taken as one
        place[_rows_of(registers, roster)] = roster.place
        left, right = row[pairs.left], row[pairs.right]
        register = np.searchsorted(first[1:-1], np.arange(len(persons)), side="right")
        sizes = np.diff(first).astype(np.float64)
        possible = np.outer(sizes, sizes) - np.diag(sizes * (sizes + 1) / 2)
        rng = np.random.default_rng(seed)
        known = _known_pairs(pairs)
        first_row, second_row = rng.integers(0, len(place), (2, RANDOM_PAIRS))
        strangers = _strangers(first_row, second_row, place, known)
        alike = _strangers(*_alike_pairs(persons.alike, rng), place, known)
        seen = _seen(persons, left, right, register, len(sizes))
        odds = second_look(
            pairs.probability,
            replace(seen, levels=persons.apart(seen.levels)),
            _seen(persons, *strangers, register, len(sizes)),
            _seen(persons, *alike, register, len(sizes)),
            np.maximum(possible.reshape(-1), 1.0),
            persons.opinions,
            persons.opinion_on_traits,
        )
        odds[_among(place[left], place[right], place[decided])] = np.nan
        return odds

    return look


def _rows_of(registers: Sequence[OwnRegister], records: Records | Roster) -> NDArray[np.int64]:
    """The row of each record, the rows of both registers counted one after the other."""
    ids = np.ascontiguousarray(records.record_id).view(np.uint8).reshape(-1, LABEL_BYTES)
    of = pa.DictionaryArray.from_arrays(pa.array(records.register), pa.array(list(records.registers), pa.string()))
    return rows_of_ids(registers, of, binary_column(ids))


def _rows_of_decisions(registers: Sequence[OwnRegister], decisions: Sequence[Decision]) -> NDArray[np.int64]:
    """(decisions, 2) the rows of the records that were decided on."""
    ends = [(one.register_a, one.record_a) for one in decisions] + [(one.register_b, one.record_b) for one in decisions]
    of = pa.array([name for name, _ in ends], pa.string()).dictionary_encode()
    rows = rows_of_numbers(registers, of, pa.array([record for _, record in ends], pa.string()))
    return rows.reshape(2, -1).T


def _seen(
    persons: Clear, left: NDArray[np.int64], right: NDArray[np.int64], register: NDArray[np.int64], count: int
) -> Look:
    """What pairs look like."""
    sides = np.sort(np.stack([register[left], register[right]]), axis=0)
    return Look(sides[0] * count + sides[1], persons.traits(left, right), persons.levels(left, right))


def _known_pairs(pairs: MergedPairs) -> NDArray[np.int64]:
    """(pairs, 2) the records of pairs of one person, as far as the first measurement knows."""
    linked = pairs.probability >= LINKED
    return np.stack([pairs.left[linked], pairs.right[linked]], axis=1).astype(np.int64)


def _alike_pairs(alike: NDArray[np.int64], rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of random pairs of records that share a number of ``alike``, each such pair as likely as another."""
    rows = np.flatnonzero(alike >= 0)
    rows = rows[np.argsort(alike[rows], kind="stable")]
    if not len(rows):
        return rows, rows
    held = np.bincount(alike[rows])
    first = np.cumsum(held) - held
    group = rng.choice(len(held), RANDOM_PAIRS, p=held**2.0 / (held**2.0).sum())
    left, right = (rows[first[group] + rng.integers(0, held[group])] for _ in range(2))
    return left, right


def _strangers(
    left: NDArray[np.int64], right: NDArray[np.int64], place: NDArray[np.int64], known: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The pairs of rows that are of different people, as far as known.

    Args:
        left: (pairs) rows.
        right: (pairs) the other rows.
        place: (rows) the record of each.
        known: (pairs, 2) the records of pairs of one person.
    """
    apart = (place[left] != place[right]) & ~_among(place[left], place[right], known)
    return left[apart], right[apart]


def _among(
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    ends: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """(pairs) whether the two records, in either order, are one of the pairs (pairs, 2) of ``ends``."""
    most = np.int64(max(int(left.max(initial=0)), int(right.max(initial=0)), int(ends.max(initial=0)))) + 1
    keys = np.minimum(ends[:, 0], ends[:, 1]) * most + np.maximum(ends[:, 0], ends[:, 1])
    found: NDArray[np.bool_] = np.isin(np.minimum(left, right) * most + np.maximum(left, right), keys)
    return found
