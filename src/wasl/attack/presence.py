"""Several periods: in which deliveries a row id appears, if row ids persist.

Within one round a record has the same row ids in every delivery. The periods in which a row id appears are then those
in which the person was in the register. One person has a permit from March 2024 to May 2025, another is employed in
seven of twelve months.
The adversary knows these dates. In rounds of their own, two deliveries have no row id and no block label in common, and
the adversary has nothing but single deliveries.

*Source:* linkage of pseudonyms over time, the intersection attack of Ganta, Kasiviswanathan, Smith, KDD 2008.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from wasl.attack.block_likelihood import match_blocks
from wasl.attack.claims import Claims
from wasl.attack.knowledge import KnownPass
from wasl.attack.observation import PassView

__all__ = ["Linked", "link_periods", "match_presence"]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Linked:
    """Rows of a pass over all periods, each row id once.

    Attributes:
        view: The rows; a row's filters are those of its first period.
        present: In which periods each row appears, (rows, periods).
        first: Place of each row's first appearance among the rows of all periods.
    """

    view: PassView
    present: Bools = field(repr=False)
    first: Ints = field(repr=False)

    @property
    def linked(self) -> int:
        """Row ids that appear in more than one period."""
        return int(np.count_nonzero(self.present.sum(axis=1) > 1))


def link_periods(view: PassView, periods: int) -> Linked:
    """The rows of a pass by row id; the source of a row in ``view`` is its period, counted from 0."""
    ids = np.ascontiguousarray(view.row_ids).view(f"V{view.row_ids.shape[1]}").ravel()
    _, first, number = np.unique(ids, return_index=True, return_inverse=True)
    present = np.zeros((len(first), periods), bool)
    present[number, view.source] = True
    return Linked(view.take(first), present, first.astype(np.int64))


def match_presence(linked: Linked, known: KnownPass, attendance: Bools, taps: int, rng: np.random.Generator) -> Claims:
    """Rows (places in ``linked.view``) and own rows taken for the same person.

    Args:
        linked: The rows of all periods.
        known: The pass as the adversary encodes it, with everybody of any period.
        attendance: The periods in which each own row was in the register, (own rows, periods).
        taps: Input bits per released bit.
        rng: Breaks ties.
    """
    _, code = np.unique(np.concatenate([linked.present, attendance]), axis=0, return_inverse=True)
    code = code.astype(np.int64).ravel()
    seen, own = code[: len(linked.present)], code[len(linked.present) :]
    some = np.flatnonzero(np.isin(own, seen))
    return match_blocks(
        replace(linked.view, source=seen),
        replace(known, view=replace(known.view, source=own)),
        taps,
        rng,
        own=some,
        by_source=True,
    )
