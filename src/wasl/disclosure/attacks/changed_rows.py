"""Persons who left or joined between two releases, by the values that both release as they are.

Two files of one size can differ by a person who left and another who joined. No count of persons differs then. But who
knows that a person left finds the values of that person: those of the first file that the second has not.

*Does not protect against* changes of k persons and more at once, of which some are known.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wasl.disclosure.attacks.differencing import Exposure
from wasl.disclosure.keys.classes import group, pack_keys
from wasl.disclosure.keys.coding import Frame, as_arrow, code_columns, code_together

__all__ = ["by_values"]


def by_values(released: Frame, earlier: Sequence[Frame], columns: Sequence[str], *, k: int) -> tuple[Exposure, ...]:
    """The persons whose values are in one of two releases only, where they are fewer than k.

    Args:
        released: The new release, number 0.
        earlier: The earlier ones, numbers 1 and up.
        columns: Columns that are neither keys nor weights; those that both files have are compared together.
        k: The threshold.
    """
    found = []
    for number, frame in enumerate(earlier, start=1):
        shared = [name for name in columns if all(name in as_arrow(one).column_names for one in (released, frame))]
        if not shared:
            continue
        own = code_columns(released, shared)
        packed = pack_keys(code_together(own, code_columns(frame, shared)))
        classes = group(packed.words, packed.full_mask)
        rows = len(own[0].codes)
        new, old = (np.bincount(ids, minlength=len(classes)) for ids in (classes.ids[:rows], classes.ids[rows:]))
        for more, larger, smaller in ((new - old, 0, number), (old - new, number, 0)):
            persons = int(more[more > 0].sum())
            if 1 <= persons < k:
                found.append(Exposure(persons, larger, smaller, persons))
    return tuple(found)
