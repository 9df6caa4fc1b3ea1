"""The candidates of a merge, looked at in the clear: what the office's own two registers say beyond their encodings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from wasl.linkage.model.second_look import Look, second_look
from wasl.linkage.persons.merging import MergedPairs
from wasl.linkage.persons.records import Records
from wasl.workflow.own_registers import Decision, OwnRegister, rows_of

__all__ = ["Clear", "ClearLook", "look_in_the_clear", "look_of_merge"]

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

    def __len__(self) -> int:
        """Records."""

    def levels(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
        """Of each comparison, (pairs) the level."""

    def traits(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
        """(pairs) how the traits agree."""


ClearLook: TypeAlias = Callable[[MergedPairs, Records], NDArray[np.float64]]


def look_in_the_clear(
    persons: Clear,
    rows: Mapping[tuple[str, bytes], int],
    decided: Sequence[tuple[int, int]],
    first_rows: Sequence[int],
    seed: int,
) -> ClearLook:
    """A function from pairs of records to their log-odds in the clear.

    Args:
        persons: The records of both registers.
        rows: The row of each record among `persons`, by register and record id.
        decided: Pairs of rows that clerks decided; they are not looked at.
        first_rows: Where each register begins among `persons`, and where the last one ends.
        seed: Of the draw of random pairs.

    Returns:
        Of pairs and records: (pairs) log-odds, NaN for pairs that clerks decided.
    """

    def look(pairs: MergedPairs, records: Records) -> NDArray[np.float64]:
        row = np.array(
            [
                rows[records.registers[register], record_id.tobytes()]
                for register, record_id in zip(records.register, records.record_id, strict=True)
            ],
            np.int64,
        )
        place = np.empty(len(persons), np.int64)  # several records can be taken as one
        roster = records.roster
        for register, record_id, unit in zip(roster.register, roster.record_id, roster.place, strict=True):
            place[rows[roster.registers[register], record_id.tobytes()]] = unit
        left, right = row[pairs.left], row[pairs.right]
        register = np.searchsorted(np.array(first_rows[1:-1]), np.arange(len(persons)), side="right")
        sizes = np.array([end - start for start, end in pairwise(first_rows)], np.float64)
        possible = np.outer(sizes, sizes) - np.diag(sizes * (sizes + 1) / 2)
        strangers = _random_pairs(pairs, place, seed)
        odds = second_look(
            pairs.probability,
            _seen(persons, left, right, register, len(sizes)),
            _seen(persons, *strangers, register, len(sizes)),
            np.maximum(possible.reshape(-1), 1.0),
            persons.opinions,
            persons.opinion_on_traits,
        )
        odds[_among(place[left], place[right], [(int(place[a]), int(place[b])) for a, b in decided])] = np.nan
        return odds

    return look


def look_of_merge(
    clear: Clear, registers: Sequence[OwnRegister], decisions: Sequence[Decision], seed: int
) -> ClearLook:
    """A second look at the candidates that clerks did not decide."""
    first = np.concatenate([[0], np.cumsum([len(one.record) for one in registers])]).tolist()
    starts = dict(zip([one.name for one in registers], first[:-1], strict=True))
    rows = {
        (one.name, record_id): start + place
        for one, start in zip(registers, first[:-1], strict=True)
        for place, record_id in enumerate(one.record_id)
    }
    row_of = {one.name: rows_of(one) for one in registers}
    decided = [
        tuple(starts[name] + row_of[name][record] for name, record in ends)
        for one in decisions
        for ends in [((one.register_a, one.record_a), (one.register_b, one.record_b))]
    ]
    return look_in_the_clear(clear, rows, [(a, b) for a, b in decided], first, seed)


def _seen(
    persons: Clear, left: NDArray[np.int64], right: NDArray[np.int64], register: NDArray[np.int64], count: int
) -> Look:
    """What pairs look like."""
    sides = np.sort(np.stack([register[left], register[right]]), axis=0)
    return Look(sides[0] * count + sides[1], persons.traits(left, right), persons.levels(left, right))


def _random_pairs(
    pairs: MergedPairs, place: NDArray[np.int64], seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of random pairs of different people, as far as the first measurement knows."""
    rng = np.random.default_rng(seed)
    left, right = rng.integers(0, len(place), (2, RANDOM_PAIRS))
    linked = pairs.probability >= LINKED
    same = _among(place[left], place[right], np.stack([pairs.left[linked], pairs.right[linked]], axis=1))
    apart = (place[left] != place[right]) & ~same
    return left[apart], right[apart]


def _among(
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    wanted: NDArray[np.int64] | Sequence[tuple[int, int]],
) -> NDArray[np.bool_]:
    """(pairs) whether the two records, in either order, are one of the wanted pairs."""
    ends = np.asarray(wanted, np.int64).reshape(-1, 2)
    most = np.int64(max(int(left.max(initial=0)), int(right.max(initial=0)), int(ends.max(initial=0)))) + 1
    keys = np.minimum(ends[:, 0], ends[:, 1]) * most + np.maximum(ends[:, 0], ends[:, 1])
    found: NDArray[np.bool_] = np.isin(np.minimum(left, right) * most + np.maximum(left, right), keys)
    return found
